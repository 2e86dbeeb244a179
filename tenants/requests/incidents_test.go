package requests_test

import (
	"context"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// An outage on the last day given for papers: they are accepted until the first working
// day after it, the file is not closed before, and the town's own day does not move.
func TestAnIncidentSparesWhoWasHitByIt(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	w.on("2026-12-08")
	if err := w.notice(number, "2026-12-18", insurance); err != nil { // a Friday
		t.Fatal(err)
	}
	before := w.get(number)
	w.on("2026-12-19")
	zone := w.Tenant.Zone()
	at := func(hour int) time.Time { return time.Date(2026, 12, 18, hour, 0, 0, 0, zone) }
	record := func(a tenants.Actor, from, to time.Time, what string) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.RecordIncident(ctx, tx, from, to, what)
		})
	}
	for name, err := range map[string]error{
		"incident_times": record(w.front, at(12), at(9), "panne"),
		"incident_what":  record(w.front, at(9), at(12), "  "),
		"not_allowed":    record(tenants.Guest(), at(9), at(12), "panne"),
	} {
		if !fault.Is(err, name) {
			t.Errorf("%v; want %s", err, name)
		}
	}
	if err := record(w.front, at(9), at(9).AddDate(0, 0, 30), "panne"); !fault.Is(err, "incident_times") {
		t.Errorf("an incident that is not over: %v", err)
	}
	if err := record(w.front, at(9), at(22), "panne du site"); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	if n := d.DocumentRequests[0]; n.SparedUntil.String() != "2026-12-21" || n.SparedFor != "panne du site" || n.LimitOn.String() != "2026-12-18" {
		t.Errorf("spared until %s for %q", n.SparedUntil, n.SparedFor)
	}
	if d.SilenceLastDay != before.SilenceLastDay || len(d.Drifts) != 0 {
		t.Errorf("the town's day: %s, was %s; %+v", d.SilenceLastDay, before.SilenceLastDay, d.Drifts)
	}
	w.on("2026-12-21")
	closing := requests.DecisionInput{Outcome: catalogue.OutcomeClose, Reasons: "Pièces non reçues."}
	if err := w.decide(number, closing); !fault.Is(err, "documents_limit_running") && !fault.Is(err, "outcome_invalid") {
		t.Errorf("closed on the spared day: %v", err)
	}
	var why requests.Why
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
		why, err = requests.GetWhy(ctx, tx, number)
		return err
	})
	found := false
	for _, r := range why.Reasons {
		found = found || r.Kind == calendar.StepIncident
	}
	if !found {
		t.Errorf("no reason tells of the incident: %+v", why.Reasons)
	}
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		list, err := requests.Incidents(ctx, tx)
		if err != nil || len(list) != 1 || list[0].ByProgram() {
			t.Fatalf("%+v, %v", list, err)
		}
		return requests.WithdrawIncident(ctx, tx, list[0].ID)
	})
	if n := w.get(number).DocumentRequests[0]; !n.SparedUntil.IsZero() {
		t.Errorf("an incident that was none spares until %s", n.SparedUntil)
	}
}

// What the program finds out about its own absence becomes an incident of each commune, once.
func TestTheProgramsOwnAbsenceIsAnIncident(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	start := w.on("2026-12-18").Start(w.Tenant.Zone())
	beat := func(hours int) {
		t.Helper()
		if err := w.Registry.Beat(t.Context(), start.Add(time.Duration(hours)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	beat(8)
	beat(8)
	beat(14)                                                                                     // away for six hours
	if err := w.Registry.Beat(t.Context(), start.Add(14*time.Hour+20*time.Minute)); err != nil { // a restart
		t.Fatal(err)
	}
	found, err := w.Registry.Outages(t.Context(), start)
	if err != nil || len(found) != 1 || found[0].ToAt.Sub(found[0].FromAt) != 6*time.Hour {
		t.Fatalf("%+v, %v", found, err)
	}
	for range 2 {
		w.must(system, func(ctx context.Context, tx *tenants.Tx) error { return requests.TakeOutages(ctx, tx, found) })
	}
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		list, err := requests.Incidents(ctx, tx)
		if err == nil && (len(list) != 1 || !list[0].ByProgram() || list[0].FromOn.String() != "2026-12-18") {
			t.Errorf("%+v", list)
		}
		return err
	})
}
