package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/agent"
	"github.com/parvis-gru/parvis/api/hub"
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// both serves a hub's pages on its host, and the agents' on a commune's.
type both struct{ hub, agents webtest.Area }

func (b both) Serve(w http.ResponseWriter, r *http.Request, s web.Scope) {
	if s.Hub.ID != 0 {
		b.hub.Serve(w, r, s)
		return
	}
	b.agents.Serve(w, r, s)
}

// town opens a deployment whose first commune has an administrator who is signed in.
func town(t *testing.T) (*webtest.Deployment, *webtest.Browser) {
	t.Helper()
	d := webtest.New(t)
	d.Serve(t, both{hub.New(d.Deps), agent.New(d.Deps)})
	var token string
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		a, err := staff.Invite(ctx, tx, staff.NewAgent{Email: "claire@castanet.example", GivenName: "Claire", FamilyName: "Vidal", Role: tenants.RoleAdmin, Subject: "claire"})
		if err == nil {
			token, err = identity.CreateSession(ctx, tx, identity.Person{AgentID: a.ID}, identity.Login{Verified: true, AAL: 1})
		}
		return err
	})
	b := d.Browser(t)
	b.SetCookies([]*http.Cookie{{Name: "parvis", Value: token, Path: "/"}})
	return d, b
}

// enter follows the way in that a page of the hub gives, in a browser on the commune.
func enter(t *testing.T, d *webtest.Deployment, p *webtest.Page) *webtest.Browser {
	t.Helper()
	_, path, ok := strings.Cut(p.Attr(`#assistance .notice a`, "href"), d.Registry.Host(d.Tenant.Slug))
	if !ok {
		t.Fatal("the page gives no way in")
	}
	d.BrowserOf(t, d.Other.Slug).Get(path).Want(403, "") // a way into this commune alone
	b := d.Browser(t)
	b.Get(path)
	d.Browser(t).Get(path).Want(403, "") // once
	return b
}

func mails(t *testing.T, d *webtest.Deployment) (n int) {
	t.Helper()
	if err := d.Pool.QueryRow(t.Context(), `select count(*) from `+d.Tenant.Schema+`.notification where template = 'support'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSupportIsGivenWithTheCommunesConsentAlone(t *testing.T) {
	t.Parallel()
	d, claire := town(t)
	helene, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubKeeper})
	other, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	reader, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubReader})
	if reader.Get("/communes/31113").Has(`form[action$="/assistance"]`) {
		t.Error("an observer may ask")
	}
	const ask, in = `form[action$="/assistance"]`, `form[action$="/entrer"]`
	p := helene.Get("/communes/31113").Want(200, "")
	p.Form(ask).Set("reason", " ").Submit().Want(422, "")
	p = p.Form(ask).Set("reason", "Une liste incomplète").Set("hours", "2").Submit().Want(200, "/communes/31113")
	p.Form(ask).Set("reason", "Encore").Submit().Want(409, "")
	if p.Has(in) {
		t.Error("the door is open without the commune's consent")
	}
	if n := mails(t, d); n != 1 {
		t.Errorf("%d mails after the question", n)
	}

	answer := claire.Get("/agents/assistance").Want(200, "")
	answer.Form(`form:has([value=accepter])`).Press("Accepter pour 2 h").Want(200, "/agents/assistance")
	if n := mails(t, d); n != 3 {
		t.Errorf("%d mails after the answer", n)
	}
	if other.Get("/communes/31113").Has(in) {
		t.Error("another administrator of the hub may enter in her name")
	}
	b := enter(t, d, helene.Get("/communes/31113").Form(in).Submit().Want(200, ""))
	list := b.Get("/agents").Want(200, "/agents")
	if banner := list.Text(".notice.warning"); !strings.Contains(banner, "Hélène Garrigues") || !strings.Contains(banner, "Une liste incomplète") {
		t.Errorf("the banner says %q", banner)
	}
	neighbour := d.BrowserOf(t, d.Other.Slug)
	neighbour.SetCookies(b.Cookies())
	neighbour.Get("/agents").Want(200, "/agents/connexion")
	for _, closed := range []string{"/agents/reglages", "/agents/equipe", "/agents/assistance", "/agents/compte"} {
		b.Get(closed).Want(403, "")
	}
	history := claire.Get("/agents/assistance").Text(".timeline")
	if !strings.Contains(history, "Page consultée : /agents") || !strings.Contains(history, "Hélène Garrigues") {
		t.Errorf("the history says %q", history)
	}

	claire.Get("/agents/assistance").Form(`form:has([value=terminer])`).Press("Y mettre fin maintenant").Want(200, "")
	b.Get("/agents").Want(200, "/agents/connexion")
	if n := mails(t, d); n != 5 {
		t.Errorf("%d mails after the end", n)
	}
	if helene.Get("/communes/31113").Has(in) {
		t.Error("the door is still open")
	}
}

func TestSupportEndsByItselfAndWithTheAdministratorsRights(t *testing.T) {
	t.Parallel()
	d, claire := town(t)
	helene, admin := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubKeeper})
	const in = `form[action$="/entrer"]`
	let := func() *webtest.Browser {
		t.Helper()
		helene.Get("/communes/31113").Form(`form[action$="/assistance"]`).Set("reason", "Une question").Submit().Want(200, "")
		claire.Get("/agents/assistance").Form(`form:has([value=accepter])`).Press("Accepter pour 1 h").Want(200, "")
		b := enter(t, d, helene.Get("/communes/31113").Form(in).Submit())
		b.Get("/agents").Want(200, "/agents")
		return b
	}
	b := let()
	for range 3 {
		d.Clock.Advance(21 * time.Minute)
		claire.Get("/agents").Want(200, "")
		b.Get("/agents")
	}
	b.Get("/agents").Want(200, "/agents/connexion")
	d.Write(t, d.Tenant, tenants.System("assistance"), staff.ExpireSupports)
	if n := mails(t, d); n != 5 {
		t.Errorf("%d mails after an end by itself", n)
	}
	b = let()
	manager := tenants.Actor{Kind: tenants.ActorHub, HubRole: tenants.HubManager}
	d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	if err := d.Registry.ChangeHubAdmin(t.Context(), manager, d.Hub.ID, admin.ID, tenants.HubAdminChange{Role: tenants.HubKeeper}); err != nil {
		t.Fatal(err)
	}
	b.Get("/agents").Want(200, "/agents/connexion")
}

func TestADelegateLooksAfterSettingsAndReadsNoFile(t *testing.T) {
	t.Parallel()
	d, _ := town(t)
	plain, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	if plain.Get("/communes/31113").Has(`form[action$="/entrer"]`) {
		t.Error("somebody to whom nothing is delegated is offered to enter")
	}
	paul, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubKeeper, Delegate: true})
	b := enter(t, d, paul.Get("/communes/31113").Form(`form[action$="/entrer"]`).Submit())
	settings := b.Get("/agents/reglages").Want(200, "")
	settings.Form(`form[action="/agents/reglages"]`).Set("mayor", "Dominique Faure").Submit().Want(200, "/agents/reglages")
	b.Get("/agents/demarches").Want(200, "")
	b.Get("/agents/equipe").Want(200, "")
	b.Get("/agents/equipe").Form("main form").Fill(map[string]string{"email": "responsable@sicoval.example", "given_name": "Moi", "family_name": "Même", "role": "instructor"}).Submit().Want(422, "")
	for _, closed := range []string{"/agents", "/agents/statistiques", "/agents/assistance"} {
		b.Get(closed).Want(403, "")
	}
	b.Get("/agents/demandes/26-000001").Want(404, "")
	if got := b.Get("/agents/reglages").Text(".notice.warning"); !strings.Contains(got, "Administration déléguée") {
		t.Errorf("the banner says %q", got)
	}
}
