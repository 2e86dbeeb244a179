package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// What everyone sees is kept by each process. A change made by another one, a worker's
// for instance, is seen at once; while nobody can tell of changes, it is seen too. The
// clock stands still: age makes nothing new here.
func TestWhatEveryoneSeesIsNeverOld(t *testing.T) {
	t.Parallel()
	d := webtest.New(t)
	d.ServeAll(t, api.New(api.Config{Deps: d.Deps}))
	browser, neighbour := d.Browser(t), d.BrowserOf(t, d.Other.Slug)
	const slug = "vide-grenier"
	shown := func() bool { return browser.Get("/demarches").Has(`a[href="/demarches/` + slug + `"]`) }
	open := func(open bool) {
		t.Helper()
		err := d.DB.Write(t.Context(), d.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
			return catalogue.SetOpen(t.Context(), tx, slug, open)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	soon := func(want bool, when string) {
		t.Helper()
		for until := time.Now().Add(20 * time.Second); shown() != want; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("%s: shown is %t", when, !want)
			}
		}
	}
	soon(true, "at first")
	listening(t, d)
	age(d) // what was read before somebody listened
	for range 5 {
		open(false)
		soon(false, "closed by another process")
		open(true)
		soon(true, "opened by another process")
	}
	if !neighbour.Get("/demarches").Has(`a[href="/demarches/` + slug + `"]`) {
		t.Error("the neighbour's own procedure is gone")
	}
	if _, err := d.Pool.Exec(t.Context(), sqlDeafen); err != nil {
		t.Fatal(err)
	}
	open(false)
	soon(false, "closed while nobody listened")
}

// A version that waits for its day is what everyone sees from the first moment of it, without
// any change that a database could tell of.
func TestAPlannedVersionIsSeenOnItsDay(t *testing.T) {
	t.Parallel()
	d := webtest.New(t)
	d.ServeAll(t, api.New(api.Config{Deps: d.Deps}))
	browser := d.Browser(t)
	const slug = "vide-grenier"
	day := calendar.On(d.Clock.Now(), d.Tenant.Zone()).AddDays(1)
	d.Clock.Set(day.Start(d.Tenant.Zone()).Add(-time.Minute))
	model, _ := catalogue.Model(slug)
	p, err := model.Copy()
	if err != nil {
		t.Fatal(err)
	}
	p.Title = "Vider son grenier demain"
	admin := tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Camille", Role: tenants.RoleAdmin}
	if err := d.DB.Write(t.Context(), d.Tenant, admin, func(tx *tenants.Tx) error {
		_, err := catalogue.PublishOn(t.Context(), tx, slug, p, catalogue.Publication{On: day})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	seen := func() bool {
		list, page := browser.Get("/demarches").Text("main"), browser.Get("/demarches/"+slug).Text("h1")
		if strings.Contains(list, p.Title) != strings.Contains(page, p.Title) {
			t.Errorf("the list and the page disagree: %s", page)
		}
		return strings.Contains(page, p.Title)
	}
	if seen() {
		t.Error("a minute too early")
	}
	d.Clock.Set(day.Start(d.Tenant.Zone()))
	if !seen() {
		t.Error("not on its day")
	}
}

// age lets what is kept without a listener become old.
func age(d *webtest.Deployment) { d.Clock.Set(d.Clock.Now().Add(6 * time.Second)) }

const (
	sqlListeners = `select count(*) from pg_stat_activity where datname = current_database() and query = 'listen parvis_public'`
	sqlDeafen    = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'listen parvis_public'`
)

// listening waits until the process listens for changes.
func listening(t *testing.T, d *webtest.Deployment) {
	t.Helper()
	for n := 0; n == 0; {
		if err := d.Pool.QueryRow(t.Context(), sqlListeners).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond) // the answer to it comes after the statement
}
