package hub_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
)

func TestAdministratorsAreInvitedChangedAndDeactivated(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	boss, self := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	email := d.Account(t)
	p := boss.Get("/administrateurs").Want(200, "")
	const invite = `form[action="/administrateurs"]`
	p.Form(invite).Fill(map[string]string{"email": "rien", "given_name": "", "family_name": "X", "role": "observateur"}).Submit().Want(422, "")
	who := map[string]string{"email": email, "given_name": "Paul", "family_name": "Rey", "role": "observateur"}
	p.Form(invite).Fill(who).Submit().Want(200, "/administrateurs")
	p.Form(invite).Fill(who).Submit().Want(409, "")
	if mails := d.HubMails(); len(mails) != 1 || mails[0].To != email || !strings.Contains(mails[0].Mail.Text, "/mot-de-passe") {
		t.Errorf("mails: %v", mails)
	}
	paul := d.BrowserOf(t, d.Hub.Slug)
	signIn(paul, email, webtest.Password).Want(200, "/")
	if paul.Get("/administrateurs").Has(invite) || paul.Get("/").Has(`a[href="/communes/nouvelle"]`) {
		t.Error("an observer is offered what only a manager may do")
	}
	paul.Get("/administrateurs/"+string(self.ID)).Want(403, "")

	page := boss.Get("/administrateurs").Follow("Paul Rey")
	page.Form("form:has([name=role])").Set("role", "gestionnaire").Press("Enregistrer").Want(200, "/administrateurs")
	boss.Get("/administrateurs/"+string(self.ID)).Form("form:has([name=role])").Set("role", "observateur").Press("Enregistrer").Want(409, "")
	boss.Get("/administrateurs/"+string(self.ID)).Form("form:has([value=desactiver])").Press("Retirer l’accès").Want(409, "")
	page.Form("form:has([value=desactiver])").Press("Retirer l’accès").Want(200, "/administrateurs")
	paul.Get("/").Want(200, "/connexion")
	signIn(paul, email, webtest.Password).Want(422, "")
}

// Every right is refused where it is used, whatever page asks.
func TestRightsOfAHubStandInTheDomain(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	ctx, r := t.Context(), d.Registry
	_, manager := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	for _, role := range []tenants.HubRole{tenants.HubKeeper, tenants.HubReader} {
		_, a := d.HubAdmin(t, tenants.HubAdmin{Role: role})
		refused := map[string]error{}
		_, refused["open"] = r.Open(ctx, a.Actor(), tenants.Opening{HubID: d.Hub.ID, INSEE: "31254"})
		_, refused["open, as the page does"] = d.Deps.Operations.Open(ctx, a.Actor(), operations.Opening{Opening: tenants.Opening{HubID: d.Hub.ID, INSEE: "31254"}})
		_, refused["take in"] = d.Deps.Operations.Receive(ctx, a.Actor(), strings.NewReader("x"), operations.Incoming{HubID: d.Hub.ID})
		_, refused["invite"] = r.InviteHubAdmin(ctx, a.Actor(), tenants.HubAdmin{HubID: d.Hub.ID, Subject: "x", Email: "x@y.fr", GivenName: "X", FamilyName: "Y", Role: tenants.HubReader})
		refused["change"] = r.ChangeHubAdmin(ctx, a.Actor(), d.Hub.ID, manager.ID, tenants.HubAdminChange{Role: tenants.HubReader, Active: true})
		refused["second factor"] = r.PutShared(ctx, a.Actor(), d.Hub, tenants.Shared{}, true)
		if role == tenants.HubReader {
			refused["shared"] = r.PutShared(ctx, a.Actor(), d.Hub, tenants.Shared{}, false)
		}
		for what, err := range refused {
			if f := fault.Of(err); f == nil || f.Kind != fault.Forbidden {
				t.Errorf("%s, %s: %v", role, what, err)
			}
		}
	}
	guest := tenants.Guest()
	if err := r.PutShared(ctx, guest, d.Hub, tenants.Shared{}, false); !fault.Is(err, "hub_keeper_only") {
		t.Errorf("a guest: %v", err)
	}
}

func TestWhatAHubProvidesHoldsUntilACommuneSaysOtherwise(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubKeeper})
	form := b.Get("/reglages").Want(200, "").Form(`form[action="/reglages"]`)
	bad := form.Set("dpo-email", "pas une adresse").Set("colour", "bleu").Submit().Want(422, "")
	if !bad.Has(`.error-summary a[href="#dpo-email"]`) || !bad.Has(`.error-summary a[href="#colour"]`) {
		t.Errorf("what is wrong is not told: %q", bad.Texts(".error-summary li"))
	}
	form.Fill(map[string]string{
		"phone": "05 62 24 02 02", "mediator": "Médiatrice du Sicoval", "dpo-name": "Déléguée du Sicoval", "dpo-email": "dpo@sicoval.example", "colour": "#0b5c8a",
		"court-name": "Tribunal administratif de Toulouse", "court-postal_address": "68 rue Raymond-IV, Toulouse",
	}).Submit().Want(200, "/reglages")

	if err := d.Registry.Provide(t.Context(), d.Tenant); err != nil {
		t.Fatal(err)
	}
	held := func() (s tenants.Settings, version int) {
		d.InTx(t, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) {
			var err error
			if s, version, err = tenants.GetSettings(ctx, tx); err != nil {
				t.Error(err)
			}
		})
		return s, version
	}
	s, version := held()
	if s.Mediator != "Médiatrice du Sicoval" || s.Phone != webtest.Settings().Phone {
		t.Errorf("mediator %q (the hub's), phone %q (its own)", s.Mediator, s.Phone)
	}
	// Saving what holds leaves the hub's word the hub's; a word of one's own stays.
	s.Phone = "05 62 24 02 02"
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error { return tenants.PutSettings(ctx, tx, s, version) })
	form.Fill(map[string]string{"phone": "05 00 00 00 00", "mediator": "Un autre"}).Submit().Want(200, "/reglages")
	if err := d.Registry.Provide(t.Context(), d.Tenant); err != nil {
		t.Fatal(err)
	}
	if s, _ := held(); s.Phone != "05 00 00 00 00" || s.Mediator != "Un autre" || s.DPO != webtest.Settings().DPO {
		t.Errorf("after the hub changed: %q, %q, %+v", s.Phone, s.Mediator, s.DPO)
	}
}
