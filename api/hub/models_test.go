package hub_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/inherit"
)

func said(p *webtest.Page) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(p.Text("main"), "\u00a0", " ")), " ")
}

func wantSaid(t *testing.T, p *webtest.Page, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(said(p), want) {
			t.Errorf("%q is not said:\n%s", want, said(p))
		}
	}
}

// spread is a hub with three communes: one whose procedure the hub takes, one that chose a title of its
// own, and one that changed nothing.
type spread struct {
	*webtest.Deployment

	third tenants.Tenant
}

func newSpread(t *testing.T) spread {
	t.Helper()
	s := spread{Deployment: deploy(t)}
	var err error
	if s.third, err = s.Registry.Open(t.Context(), tenants.System("essai"), tenants.Opening{HubID: s.Hub.ID, INSEE: "31582"}); err != nil {
		t.Fatal(err)
	}
	s.in(t, s.third, func(tx *tenants.Tx) error { return catalogue.Install(t.Context(), tx) })
	s.publish(t, s.Tenant, func(p *catalogue.Procedure) { p.Title, p.Cost = "Terrasses du Sicoval", "Le tarif du Sicoval" })
	s.publish(t, s.Other, func(p *catalogue.Procedure) { p.Title = "Nos terrasses" })
	return s
}

func (s spread) in(t *testing.T, town tenants.Tenant, do func(*tenants.Tx) error) {
	t.Helper()
	if err := s.DB.Write(t.Context(), town, tenants.System("essai"), do); err != nil {
		t.Fatal(err)
	}
}

func (s spread) publish(t *testing.T, town tenants.Tenant, change func(*catalogue.Procedure)) {
	t.Helper()
	s.in(t, town, func(tx *tenants.Tx) error {
		e, err := catalogue.BySlug(t.Context(), tx, "terrasse")
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		change(p)
		if p, err = p.Copy(); err != nil {
			return err
		}
		_, err = catalogue.Publish(t.Context(), tx, "terrasse", p)
		return err
	})
}

// A hub takes what a commune published as its own version, proposes it to its communes, and sees how it
// stands there; nothing of a commune's own choice is overwritten, and nothing is published.
func TestAHubsModelComesToItsCommunes(t *testing.T) {
	t.Parallel()
	d := newSpread(t)
	b := signed(t, d.Deployment)
	ctx := t.Context()

	wantSaid(t, b.Get("/demarches").Want(http.StatusOK, ""), "Vous ne proposez encore aucune démarche")
	page := b.Get("/demarches?commune=" + d.Tenant.INSEE)
	wantSaid(t, page, "Terrasses du Sicoval")
	made := b.Post("/demarches", url.Values{"_csrf": {page.Form("form[method=post]").Value("_csrf")}, "commune": {d.Tenant.INSEE}, "demarche": {"terrasse"}}).Want(http.StatusOK, "/demarches/terrasse")
	wantSaid(t, made, "Votre version 1, prise à "+d.Tenant.Name, "Pas encore proposée")

	form := made.Form("form:has([value=proposer])")
	none := b.Post("/demarches/terrasse", url.Values{"_csrf": {form.Value("_csrf")}, "action": {"proposer"}})
	if none.Status != http.StatusUnprocessableEntity {
		t.Errorf("proposed to nobody: %d", none.Status)
	}
	asked := b.Post("/demarches/terrasse", url.Values{"_csrf": {form.Value("_csrf")}, "action": {"appliquer"}, "toutes": {"1"}})
	wantSaid(t, asked, "Des communes sont en cours")
	if n, err := d.Deps.Models.Tick(ctx); err != nil || n != 3 {
		t.Fatalf("brought to %d communes: %v", n, err)
	}
	wantSaid(t, b.Get("/demarches/terrasse"), d.Tenant.Name+"À jour", "2 changements en attente, dont 1 là où elle a fait un autre choix", d.third.Name+"À jour ; un brouillon est en cours")

	// The commune that changed nothing has a draft, and its inhabitants see what they saw.
	d.in(t, d.third, func(tx *tenants.Tx) error {
		draft, err := drafts.Get(ctx, tx, "terrasse")
		if err != nil {
			return err
		}
		e, err := catalogue.BySlug(ctx, tx, "terrasse")
		if draft.Procedure.Title != "Terrasses du Sicoval" || e.Procedure().Title == draft.Procedure.Title || e.Version.Number != 1 || draft.CreatedBy != d.Hub.Name {
			t.Errorf("draft %q by %s, published %q", draft.Procedure.Title, draft.CreatedBy, e.Procedure().Title)
		}
		return err
	})
	// The one that chose itself has what it had, and the hub's words beside.
	d.in(t, d.Other, func(tx *tenants.Tx) error {
		s, err := inherit.For(ctx, tx, "terrasse")
		if err != nil {
			return err
		}
		if s.Draft != nil || s.Entry.Procedure().Title != "Nos terrasses" || s.Who != d.Hub.Name || s.All != 2 || s.Conflicts != 1 {
			t.Errorf("%s: %d wait, %d conflicts, draft %v", s.Who, s.All, s.Conflicts, s.Draft)
		}
		return inherit.Keep(ctx, tx, "terrasse", s.Read())
	})
	if err := d.Deps.Models.Refresh(ctx, d.Other); err != nil {
		t.Fatal(err)
	}
	wantSaid(t, b.Get("/demarches/terrasse"), d.Other.Name+"À jour")
	wantSaid(t, b.Get("/demarches"), "Terrasses du Sicoval133000")

	// Another hub's administrators, and who only looks, cannot.
	looks, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubReader})
	if p := looks.Get("/demarches/terrasse").Want(http.StatusOK, ""); p.Has("button[value=proposer]") {
		t.Error("who only looks may propose")
	}
	b.Get("/demarches/inconnue").Want(http.StatusNotFound, "")
}

// What an ended program had taken is taken up again, and what fails for good says so.
func TestAModelsWayIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	ctx := t.Context()
	by := tenants.Actor{Kind: tenants.ActorHub, HubRole: tenants.HubManager, Name: "Hélène"}
	own, _ := catalogue.Model("terrasse")
	p, err := own.Copy()
	if err != nil {
		t.Fatal(err)
	}
	p.Title = "Terrasses du Sicoval"
	d.Clock.Advance(time.Minute) // the communes are older
	m, err := d.Deps.Models.Put(ctx, by, d.Hub, p)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := d.Deps.Models.Ask(ctx, by, m, inherit.WorkPropose, []string{d.Tenant.INSEE}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if n, _ := d.Deps.Models.Tick(ended); n != 0 {
		t.Error("done by a program that had ended:", n)
	}
	d.Clock.Advance(3 * time.Minute)
	if n, err := d.Deps.Models.Tick(ctx); err != nil || n != 1 {
		t.Fatalf("not taken up: %d, %v", n, err)
	}
	if n, err := d.Deps.Models.Tick(ctx); err != nil || n != 0 {
		t.Errorf("done twice: %d, %v", n, err)
	}
	// A commune that opens afterwards is proposed it by itself; one that was there is not.
	d.Clock.Advance(time.Minute)
	late, err := d.Registry.Open(ctx, tenants.System("essai"), tenants.Opening{HubID: d.Hub.ID, INSEE: "31582"})
	if err != nil {
		t.Fatal(err)
	}
	for town, want := range map[tenants.Tenant]int{late: 1, d.Other: 0} {
		if err := d.Deps.Models.Refresh(ctx, town); err != nil {
			t.Fatal(err)
		}
		if n, err := d.Deps.Models.Tick(ctx); err != nil || n != want {
			t.Errorf("%s: %d, %v", town.Name, n, err)
		}
	}
	broken, err := own.Copy()
	if err != nil {
		t.Fatal(err)
	}
	broken.Cost = "<b>"
	if _, err := d.Deps.Models.Put(ctx, by, d.Hub, broken); !fault.Is(err, "proof_blocks") {
		t.Errorf("what the proof objects to: %v", err)
	}
	if _, err := d.Deps.Models.Put(ctx, tenants.Actor{Kind: tenants.ActorHub}, d.Hub, p); !fault.Is(err, "hub_keeper_only") {
		t.Errorf("anybody may: %v", err)
	}
}
