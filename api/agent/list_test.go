package agent

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/staff"
)

func TestNobodyButAgentsOfTheCommuneSeesTheList(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Browser(t).Get("/agents").Want(http.StatusOK, "/agents/connexion")
	p := o.Browser(t).Get("/agents/demandes/26-000001?x=1").Want(http.StatusOK, "/agents/connexion")
	if got := p.Query.Get("retour"); got != "/agents/demandes/26-000001?x=1" {
		t.Errorf("the way back is %q", got)
	}

	var stranger staff.Agent
	o.Write(t, o.Other, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) (err error) {
		stranger, err = staff.Invite(ctx, tx, staff.NewAgent{Email: "a@ramonville.example", GivenName: "Ali", FamilyName: "Roux", Role: tenants.RoleAdmin, Subject: "elsewhere"})
		return err
	})
	b := o.Browser(t)
	b.SetCookies(cookie(o.session(t, o.Other, stranger, 1)))
	for _, path := range []string{"/agents", "/agents/reglages", "/agents/statistiques.csv", "/agents/compte/securite"} {
		b.Get(path).Want(http.StatusOK, "/agents/connexion")
	}
	o.signed(t, o.front).Get("/agents/reglages").Want(http.StatusForbidden, "/agents/reglages")
}

func TestTheListSortsByDueDateFiltersAndPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	late := o.ask(t, "signalement-voirie", streetReport)
	o.Clock.Set(o.Clock.Now().Add(70 * day))
	var last string
	for range 22 {
		last = o.ask(t, "courrier-maire", letterToMayor).Number
	}
	b := o.signed(t, o.front)
	p := b.Get("/agents").Want(http.StatusOK, "/agents")
	links := p.Texts("table.rows tbody tr td:first-child a")
	if len(links) != 20 || links[0] != late.Number {
		t.Fatalf("the page shows %q; want twenty, the late one %s first", links, late.Number)
	}
	if got := p.Text("tbody tr:first-child .late"); !strings.Contains(got, "retard") {
		t.Errorf("lateness is told by colour alone: %q", got)
	}
	if got := p.Texts(".tabs a"); !slices.Equal(got, []string{"À traiter (23)", "Mes dossiers (0)", "En attente (0)", "En retard (1)", "Terminées"}) {
		t.Errorf("the tabs say %q", got)
	}
	if size, nodes := len(p.Body), len(p.All("*")); size > 75_000 || nodes > 395 {
		t.Errorf("the list weighs %d bytes and %d nodes; at most 75 KB and 395", size, nodes)
	}
	next := p.Follow("Suivantes").Texts("table.rows tbody tr td:first-child a")
	if len(next) != 3 || !slices.Contains(next, last) {
		t.Errorf("the second page shows %q", next)
	}

	f := p.Form("form.filters")
	found := f.Set("q", "Lefèvre").Set("demarche", "signalement-voirie").Submit().Want(http.StatusOK, "/agents")
	if got := found.Texts("table.rows tbody tr td:first-child a"); !slices.Equal(got, []string{late.Number}) {
		t.Errorf("the search finds %q", got)
	}
	if p := found.Follow("En attente"); p.Query.Get("q") != "Lefèvre" || !p.Has(`a[href*="vue=retard"][href*="q="]`) {
		t.Errorf("the tab forgets the filters: %v", p.Query)
	}
	opened := found.Follow(late.Number).Want(http.StatusOK, "/agents")
	if got := opened.Text(".panel h2"); got != late.Title {
		t.Errorf("the panel shows %q", got)
	}
	if !opened.Has(`tr[aria-current="true"]`) {
		t.Error("the list does not say which request is open")
	}
	if got := opened.Follow("Historique").Texts(".panel .timeline strong"); !slices.Contains(got, "Demande reçue") {
		t.Errorf("the history says %q", got)
	}
	b.Get("/agents?suite=rien&etat=xx").Want(http.StatusOK, "/agents")
	b.Get("/agents?demande=26-999999").Want(http.StatusNotFound, "/agents")
}

func TestAnInstructorSeesTheirServicesAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	street, letter := o.ask(t, "signalement-voirie", streetReport), o.ask(t, "courrier-maire", letterToMayor)
	o.Write(t, o.Tenant, o.admin.Actor(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		o.instructor, err = staff.Update(ctx, tx, o.instructor.ID, staff.Change{
			GivenName: "Maëlle", FamilyName: "Petit", Role: tenants.RoleInstructor, Services: []tenants.ID{street.ServiceID},
		})
		return err
	})
	b := o.signed(t, o.instructor)
	if got := b.Get("/agents").Texts("table.rows tbody td:first-child"); !slices.Equal(got, []string{street.Number}) {
		t.Errorf("the instructor sees %q", got)
	}
	b.Get(requestPath(street.Number)).Want(http.StatusOK, "")
	for _, path := range []string{"", "/decision", "/pieces", "/accuse", "/demandeur"} {
		b.Get(requestPath(letter.Number)+path).Want(http.StatusNotFound, "")
	}
}
