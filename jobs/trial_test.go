package jobs_test

import (
	"context"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

func TestTheEndOfATrialIsToldThreeTimes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	today := calendar.On(r.Clock.Now(), r.Tenant.Zone())
	if err := subscription.Start(ctx, r.Pool, r.Tenant.ID, subscription.Later, today); err != nil {
		t.Fatal(err)
	}
	r.Write(t, r.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
		for _, a := range []staff.NewAgent{
			{Email: "secretariat@castanet.example", GivenName: "Claire", FamilyName: "Vidal", Role: tenants.RoleAdmin, Subject: "1"},
			{Email: "accueil@castanet.example", GivenName: "Nour", FamilyName: "Alami", Role: tenants.RoleFront, Subject: "2"},
		} {
			if _, err := staff.Invite(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	start := r.Clock.Now()
	on := func(day int) (notices int, tenant tenants.Tenant) {
		t.Helper()
		r.Clock.Set(start.AddDate(0, 0, day))
		tenant, err := r.Registry.ByID(ctx, r.Tenant.ID)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a job may run twice
			r.Write(t, tenant, system, subscription.Remind)
		}
		r.Write(t, tenant, system, func(ctx context.Context, tx *tenants.Tx) (err error) {
			notices, err = tenants.One[int](ctx, tx, `select count(*)::int from notification where template = 'trial_ending' and recipient = 'secretariat@castanet.example'`)
			return err
		})
		return notices, tenant
	}
	for _, c := range []struct {
		day, notices int
		closed       bool
	}{{0, 0, false}, {44, 0, false}, {45, 1, false}, {54, 1, false}, {57, 2, false}, {60, 3, false}, {90, 3, false}, {91, 3, true}} {
		notices, tenant := on(c.day)
		if notices != c.notices || subscription.Closed(tenant, today.AddDays(c.day)) != c.closed {
			t.Errorf("on day %d: %d notices, closed %v", c.day, notices, subscription.Closed(tenant, today.AddDays(c.day)))
		}
	}
	var others int
	r.Write(t, r.Tenant, system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		others, err = tenants.One[int](ctx, tx, `select count(*)::int from notification where template = 'trial_ending' and recipient <> 'secretariat@castanet.example'`)
		return err
	})
	if others != 0 {
		t.Errorf("%d others are told", others)
	}
	if err := subscription.Confirm(ctx, r.Pool, r.Tenant.ID, "ville", today); err != nil {
		t.Fatal(err)
	}
	if _, tenant := on(120); subscription.Closed(tenant, today.AddDays(120)) {
		t.Error("a commune that subscribed is closed")
	}
}

func TestTheTrialsNoticeIsADaysJob(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	today := calendar.On(r.Clock.Now(), r.Tenant.Zone())
	if err := subscription.Start(t.Context(), r.Pool, r.Tenant.ID, subscription.Later, today.AddDays(-50)); err != nil {
		t.Fatal(err)
	}
	r.Write(t, r.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := staff.Invite(ctx, tx, staff.NewAgent{Email: "secretariat@castanet.example", GivenName: "Claire", FamilyName: "Vidal", Role: tenants.RoleAdmin, Subject: "1"})
		return err
	})
	r.start()
	r.quarter()
	r.until("an administrator is told", func() bool {
		for _, m := range r.sink.Messages() {
			if m.To[0] == "secretariat@castanet.example" {
				return true
			}
		}
		return false
	})
}
