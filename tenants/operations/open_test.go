package operations_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func withCatalogue() pgtest.Option {
	return pgtest.WithSeed(func(ctx context.Context, tx *tenants.Tx) error { return catalogue.Install(ctx, tx) })
}

// settled lets the workers go on until nothing is left to do: the server may need a
// moment to see that a program is gone. It tells whether there was anything.
func (w *town) settled(t *testing.T, insee string) (asked bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		w.tick(t)
		list := must[[]operations.Operation](t)(w.service.OfHub(t.Context(), w.Hub.ID, 1000))
		at := slices.IndexFunc(list, func(o operations.Operation) bool { return o.INSEE == insee })
		if at < 0 || !list[at].Open() {
			return at >= 0
		}
		if time.Now().After(deadline) {
			t.Fatalf("the operation is never resumed: %+v", list[at])
		}
	}
}

const (
	sqlStrays = `select count(*) from pg_namespace n where n.nspname ~ '^t_[0-9]+$' and not exists (select 1 from platform.tenant t where t.schema_name = n.nspname)`
	sqlToldOf = `select count(*) from platform.event where tenant_id = $1 and kind = 'tenant_opened'`
	sqlBegun  = `select (select count(*) from procedure) * 100 + (select count(*) from setting where data->'setup'->>'started' = 'true' and data->'court'->>'name' <> '') as begun`
)

// begun checks that a commune was opened whole, and once.
func (w *town) begun(t *testing.T, tenant tenants.Tenant) {
	t.Helper()
	var strays, told int
	if err := w.Pool.QueryRow(t.Context(), sqlStrays).Scan(&strays); err != nil || strays != 0 {
		t.Errorf("%d schemas are nobody's: %v", strays, err)
	}
	if err := w.Pool.QueryRow(t.Context(), sqlToldOf, tenant.ID).Scan(&told); err != nil || told != 1 {
		t.Errorf("that it is open is told %d times: %v", told, err)
	}
	w.Write(t, tenant, operator, func(ctx context.Context, tx *tenants.Tx) error {
		begun, err := tenants.One[int64](ctx, tx, sqlBegun)
		if want := int64(100*len(catalogue.Starter()) + 1); err == nil && begun != want {
			t.Errorf("begins with %d; want %d", begun, want)
		}
		return err
	})
}

// Whatever the program had asked of its databases when it died, the workers open the
// commune, once and whole; where it had not yet noted that it was asked to, nothing is
// there. Each of its some 130 questions is tried: half a second each.
func TestAnOpeningKilledAnywhereIsResumed(t *testing.T) {
	t.Parallel()
	w := newTown(t, withCatalogue())
	list, stood, opened := communes.All(), map[string]int{}, false
	for n := 1; !opened && !t.Failed(); n++ {
		insee := list[n*7].INSEE
		t.Run(fmt.Sprintf("at %d", n), func(t *testing.T) {
			wire := pgtest.NewWire(t, w.URL)
			dying := w.serviceOf(w.Again(t, wire.URL, withCatalogue()))
			wire.CutAt(n)
			_, err := dying.Open(t.Context(), claire, operations.Opening{Opening: tenants.Opening{HubID: w.Hub.ID, INSEE: insee}, Ready: true})
			opened = err == nil
			wire.Cut()
			step := ""
			if asked, err := w.service.OfHub(t.Context(), w.Hub.ID, 1); err == nil && len(asked) > 0 && asked[0].INSEE == insee && asked[0].Open() {
				step = asked[0].Step
			}
			asked := w.settled(t, insee)
			tenant, err := w.Registry.ByINSEE(t.Context(), insee)
			if !asked && fault.Is(err, "not_found") {
				return
			}
			if !asked || err != nil || tenant.State != tenants.StateLive {
				t.Fatalf("asked for: %t; the commune is %+v: %v", asked, tenant, err)
			}
			if !opened {
				stood[step]++
			}
			w.begun(t, tenant)
		})
	}
	for _, step := range operations.Steps(operations.Create) {
		if stood[step] == 0 {
			t.Errorf("never killed in %q: %v", step, stood)
		}
	}
}

// Two hubs that claim the same commune at the same moment: one has it, whole; the other is
// told so, and leaves nothing.
func TestTwoHubsThatClaimTheSameCommune(t *testing.T) {
	t.Parallel()
	w := newTown(t, withCatalogue())
	ctx := t.Context()
	other := must[tenants.Hub](t)(w.Registry.NewHub(ctx, tenants.Hub{Slug: "muretain", SIREN: "200068641", Name: "Le Muretain Agglo", Colour: "#0b5c8a"}))
	claims := []operations.Opening{
		{Opening: tenants.Opening{HubID: w.Hub.ID, INSEE: "31395"}, Ready: true}, {Opening: tenants.Opening{HubID: other.ID, INSEE: "31395"}, Ready: true},
	}
	managers := []tenants.Actor{claire, helene}
	errs, begin := make([]error, 2), make(chan struct{})
	var both sync.WaitGroup
	for i := range claims {
		both.Go(func() {
			<-begin
			_, errs[i] = w.service.Open(ctx, managers[i], claims[i])
		})
	}
	close(begin)
	both.Wait()
	winner := slices.Index(errs, nil)
	if winner < 0 {
		t.Fatalf("neither has it: %v", errs)
	}
	if lost := errs[1-winner]; !fault.Is(lost, "operation_pending") && !fault.Is(lost, "tenant_exists") {
		t.Errorf("the other is told %v", lost)
	}
	for range 2 { // as it is then, and whatever is tried again later
		tenant := must[tenants.Tenant](t)(w.Registry.ByINSEE(ctx, "31395"))
		if tenant.HubID != claims[winner].HubID || tenant.State != tenants.StateLive {
			t.Errorf("the commune is %+v", tenant)
		}
		w.begun(t, tenant)
		w.tick(t)
		if _, err := w.service.Open(ctx, managers[1-winner], claims[1-winner]); !fault.Is(err, "tenant_exists") {
			t.Errorf("asked again: %v", err)
		}
	}
	for _, hub := range []int64{w.Hub.ID, other.ID} {
		for _, o := range must[[]operations.Operation](t)(w.service.OfHub(ctx, hub, 10)) {
			if o.Open() || o.State == operations.Done && o.INSEE == "31395" && hub != claims[winner].HubID {
				t.Errorf("hub %d is left with %+v", hub, o)
			}
		}
	}
}

func TestWhoMayOpenACommuneAndHowOften(t *testing.T) {
	t.Parallel()
	w := newTown(t, withCatalogue())
	ctx := t.Context()
	wanted := func(insee string) operations.Opening {
		return operations.Opening{Opening: tenants.Opening{HubID: w.Hub.ID, INSEE: insee}}
	}
	for insee, code := range map[string]string{w.Tenant.INSEE: "tenant_exists", "99999": "commune_unknown"} {
		if _, err := w.service.Open(ctx, claire, wanted(insee)); !fault.Is(err, code) {
			t.Errorf("%s: %v; want %s", insee, err, code)
		}
	}
	if _, err := w.service.Open(ctx, ada, wanted("31044")); !fault.Is(err, "hub_manager_only") {
		t.Errorf("by a commune: %v", err)
	}
	// While one opens it, another cannot; who asked twice sees it opened.
	must[operations.Operation](t)(w.service.Create(ctx, claire, wanted("31044")))
	if _, err := w.service.Open(ctx, helene, wanted("31044")); !fault.Is(err, "operation_pending") {
		t.Errorf("two at once: %v", err)
	}
	if tenant := must[tenants.Tenant](t)(w.service.Open(ctx, claire, wanted("31044"))); tenant.State != tenants.StateLive {
		t.Errorf("the commune is %+v", tenant)
	}
	if err := w.Registry.Cells().Limit(ctx, tenants.Cell{Name: tenants.FirstCell, Soft: 1, Hard: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.service.Open(ctx, claire, wanted("31506")); !fault.Is(err, "cells_full") {
		t.Errorf("with no room: %v", err)
	}
	if list := must[[]operations.Operation](t)(w.service.OfHub(ctx, w.Hub.ID, 10)); slices.ContainsFunc(list, operations.Operation.Open) {
		t.Errorf("something is left to do: %+v", list)
	}
}
