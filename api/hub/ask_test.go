package hub_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
)

func TestAHubAnswersTownHalls(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	ctx := t.Context()
	ask := func(insee, email string) {
		t.Helper()
		_, err := d.Deps.Openings.Ask(ctx, opening.NewHolder(), opening.Application{
			INSEE: insee, Proof: opening.ByHub, GivenName: "Claire", FamilyName: "Vidal", Position: "secretary", Email: email, Plan: "later", Accepted: true,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	suffix := strings.ToLower(opening.NewHolder()[:8])
	ask("31035", "claire."+suffix+"@auzeville.example")
	ask("31035", "quelqu.un."+suffix+"@ailleurs.example")
	b := signed(t, d)
	list := b.Get("/").Follow("Demandes d’ouverture").Want(200, "/ouvertures")
	if n := len(list.All("tbody tr")); n != 2 {
		t.Fatalf("%d requests are listed", n)
	}
	// The newer one is refused, with a reason, and the older one accepted.
	one := list.Follow("Auzeville-Tolosane")
	bad := one.Form(`form.card`).Press("Refuser").Want(422, "")
	if len(bad.All(".error-summary li")) != 1 {
		t.Error("refused without a reason")
	}
	refused := bad.Form("form.card").Set("reason", "Nous ne connaissons pas cette personne.").Press("Refuser").Want(200, one.Path)
	if refused.Has("form.card") || !strings.Contains(refused.Text("main"), "Nous ne connaissons pas") {
		t.Errorf("after the refusal: %q", refused.Text("main"))
	}
	other := b.Get("/ouvertures").Follow("Auzeville-Tolosane").Want(200, "")
	stale := other.Form("form.card")
	done := other.Form("form.card").Press("Ouvrir").Want(200, other.Path)
	if !strings.Contains(done.Text("main"), "auzeville-tolosane.localhost") {
		t.Errorf("after the opening: %q", done.Text("main"))
	}
	tenant, err := d.Registry.ByINSEE(ctx, "31035")
	if err != nil || tenant.HubID != d.Hub.ID {
		t.Fatalf("the commune: %+v, %v", tenant, err)
	}
	stale.Press("Ouvrir").Want(200, other.Path) // told, and nothing done twice
	// Another hub sees none of it.
	elsewhere, err := d.Registry.NewHub(ctx, tenants.Hub{Slug: "muretain", SIREN: "200068641", Name: "Le Muretain Agglo", Colour: "#0b5c8a"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := tenants.ParseID(one.Path[len("/ouvertures/"):])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Deps.Openings.OfHub(ctx, elsewhere.ID, id); !fault.Is(err, "opening_unknown") {
		t.Errorf("another hub reads it: %v", err)
	}
	b.Get("/ouvertures/n-importe-quoi").Want(404, "")
}
