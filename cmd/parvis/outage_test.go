package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// A process that was stopped or killed says nothing more: the next one that serves finds out
// since when nobody did, once, and the commune has it in its register, where an agent can set
// it aside. A restart is no outage.
func TestDowntimeIsAnIncident(t *testing.T) {
	t.Parallel()
	s := released(t, 4)
	ctx, p := t.Context(), s.program()
	if err := migrations.Apply(ctx, p.platform, "platform", migrations.Platform); err != nil {
		t.Fatal(err)
	}
	commune, err := p.registry.BySlug(ctx, "castanet-tolosan")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.migrate(ctx, "castanet-tolosan"); err != nil {
		t.Fatal(err)
	}
	last := time.Now().Add(-3 * time.Hour).Truncate(time.Second)
	for _, at := range []time.Time{last.Add(-30 * time.Minute), last} { // half an hour apart: a restart
		if err := p.registry.Beat(ctx, at); err != nil {
			t.Fatal(err)
		}
	}
	serving, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	for range 2 { // two instances come back together
		go p.beat(serving)
	}
	var found []tenants.Outage
	for until := time.Now().Add(20 * time.Second); len(found) == 0 && time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if found, err = p.registry.Outages(ctx, last); err != nil {
			t.Fatal(err)
		}
	}
	if len(found) != 1 || !found[0].FromAt.Equal(last) || time.Since(found[0].ToAt) > time.Minute {
		t.Fatalf("found %+v, away since %s", found, last)
	}
	var list []requests.Incident
	for range 2 { // the job looks again every quarter of an hour
		if err := p.db.Write(ctx, commune, tenants.System("incidents"), func(tx *tenants.Tx) error { return requests.TakeOutages(ctx, tx, found) }); err != nil {
			t.Fatal(err)
		}
	}
	agent := tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Ada Ministre", Role: tenants.RoleAdmin}
	err = p.db.Write(ctx, commune, agent, func(tx *tenants.Tx) (err error) {
		if list, err = requests.Incidents(ctx, tx); err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(i requests.Incident) bool { return !i.ByProgram() }) // agents had noted others
		if len(list) != 1 {
			return nil
		}
		return requests.WithdrawIncident(ctx, tx, list[0].ID)
	})
	if err != nil || len(list) != 1 || !list[0].FromAt.Equal(last) {
		t.Errorf("the register: %+v, %v", list, err)
	}
}
