package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
)

// days lists the jobs of the tenants' days: "night Papeete 2026-11-23".
func (r *rig) days() []string {
	return value[[]string](r, `select coalesce(array_agg(replace(j.kind, 'tenant_', '') || ' ' || t.name || ' ' || (j.args->>'day') order by t.name, j.kind, j.args->>'day'), '{}')
		from river.river_job j join platform.tenant t on t.id = (j.args->>'tenant')::bigint where j.kind in ('tenant_night', 'tenant_morning')`)
}

func TestEachTenantLivesByItsOwnClock(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, insee := range []string{"97411", "98735"} { // Saint-Denis (La Réunion, UTC+4), Papeete (Tahiti, UTC-10)
		if _, err := r.Registry.Open(t.Context(), system, tenants.Opening{HubID: r.Hub.ID, INSEE: insee}); err != nil {
			t.Fatal(err)
		}
	}
	r.exec(`update platform.tenant set state = 'opening' where id = $1`, r.Other.ID)
	at := func(moment string) {
		r.local(r.Tenant, moment)
		for range 3 {
			r.quarterAlone()
		}
	}
	r.local(r.Tenant, "2026-11-23 22:00")
	r.start()
	at("2026-11-23 22:00")
	want := []string{"night Castanet-Tolosan 2026-11-23", "morning Papeete 2026-11-23", "night Papeete 2026-11-23", "night Saint-Denis 2026-11-24"}
	if got := r.days(); !slices.Equal(got, want) {
		t.Errorf("at 22:00 in Paris, 01:00 in Saint-Denis and 11:00 in Papeete:\n%v, want\n%v", got, want)
	}
	at("2026-11-24 02:00")
	want = []string{
		"night Castanet-Tolosan 2026-11-23", "night Castanet-Tolosan 2026-11-24", "morning Papeete 2026-11-23", "night Papeete 2026-11-23",
		"morning Saint-Denis 2026-11-24", "night Saint-Denis 2026-11-24",
	}
	if got := r.days(); !slices.Equal(got, want) {
		t.Errorf("four hours later:\n%v, want\n%v", got, want)
	}
}

func TestSilenceActsTheNightAfterItsLastDay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.local(r.Tenant, "2026-12-01 10:00")
	number := r.submit(r.Tenant, letter()).Number
	state := func() string {
		return value[string](r, fmt.Sprintf(`select state || ' ' || coalesce(decided_on::text, '') from %s.request where number = $1`, r.Tenant.Schema), number)
	}
	r.local(r.Tenant, "2027-02-01 23:45")
	r.start()
	r.quarter()
	if got := state(); got != "received " {
		t.Fatalf("on the evening of the last day: %s", got)
	}
	r.local(r.Tenant, "2027-02-02 00:15")
	r.quarter()
	if got := state(); got != "implicitly_rejected 2027-02-01" {
		t.Errorf("after midnight: %s", got)
	}
	r.until("its letter", func() bool { return len(r.sink.Messages()) == 2 }) // the receipt before
	r.until("the projection", func() bool {
		return value[int](r, `select count(*) from platform.request_projection where number = $1 and state = 'implicitly_rejected' and closed_on = '2027-02-01'`, number) == 1
	})
}

func TestAnOutageIsCaughtUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.local(r.Tenant, "2026-12-01 10:00")
	for range 3 {
		r.submit(r.Tenant, letter())
	}
	// One cannot be let lapse: the others must not wait for it.
	r.exec(fmt.Sprintf(`update %s.request set state = 'closed' where number = '26-000001'`, r.Tenant.Schema))
	r.local(r.Tenant, "2027-03-15 00:30") // nothing ran for weeks
	r.start()
	r.until("the silences", func() bool {
		return value[int](r, fmt.Sprintf(`select count(*) from %s.request where state = 'implicitly_rejected' and decided_on = '2027-02-01'`, r.Tenant.Schema)) == 2
	})
	r.until("the statistics, though a silence failed", func() bool {
		return value[int](r, fmt.Sprintf(`select coalesce(sum(silent), 0) from %s.statistic_fact`, r.Tenant.Schema)) == 2
	})
}

func TestTheNightCounts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	for range 2 {
		r.submit(r.Tenant, letter())
	}
	r.start()
	facts := fmt.Sprintf(`select coalesce(string_agg(month || ' ' || procedure_slug || ' ' || channel || ' ' || received || ' ' || refreshed_on, ', '), '') from %s.statistic_fact`, r.Tenant.Schema)
	r.until("the facts", func() bool { return value[string](r, facts) == "2026-11-01 courrier-maire web 2 2026-11-23" })
	r.submit(r.Tenant, letter())
	citizen := tenants.NewID()
	r.exec(fmt.Sprintf(`insert into %[1]s.citizen (id, subject, email, created_at, last_seen_at) values ('%[2]s', 'x', 'x@example.org', now(), now());
		insert into %[1]s.session (token_hash, citizen_id, provider, created_at, seen_at, expires_at) values ('\x01', '%[2]s', '\x01', '2026-10-01', '2026-10-01', '2026-10-31')`,
		r.Tenant.Schema, citizen))
	r.local(r.Tenant, "2026-11-24 00:05")
	r.quarter()
	r.until("the end of what is kept of sessions", func() bool {
		return value[int](r, fmt.Sprintf(`select count(*) from %s.session`, r.Tenant.Schema)) == 0
	})
	if got := value[string](r, facts); got != "2026-11-01 courrier-maire web 3 2026-11-24" {
		t.Errorf("the next night: %s", got)
	}
}

// digests gives the mails that agents got.
func (r *rig) digests() int {
	n := 0
	for _, m := range r.sink.Messages() {
		if slices.Contains(m.To, "agent@commune.example") {
			n++
		}
	}
	return n
}

func (r *rig) hire() {
	r.t.Helper()
	r.Write(r.t, r.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `insert into agent (id, subject, email, given_name, family_name, title, role, created_at) values ($1, $2, 'agent@commune.example', 'Inès', 'Truction', 'Agente', 'instructor', $3)`,
			tenants.NewID(), "inès", tx.Now())
		return err
	})
}

func TestTheDigestComesAtItsHour(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.hire()
	r.local(r.Tenant, "2026-11-23 15:00")
	r.submit(r.Tenant, letter())
	r.local(r.Tenant, "2026-11-24 05:20")
	r.start()
	const morning = `select coalesce(string_agg(state || ' ' || case when state = 'scheduled' then (extract(epoch from scheduled_at - now()) / 60)::int::text else '' end, ','), '')
		from river.river_job where kind = 'tenant_morning' and args->>'tenant' = $1::text`
	waiting := func() string { return value[string](r, morning, fmt.Sprint(r.Tenant.ID)) }
	r.until("the morning's job to wait", func() bool { return strings.HasPrefix(waiting(), "scheduled") })
	if got := waiting(); got != "scheduled 100" {
		t.Errorf("at 05:20 the digest of 07:00 is %s minutes ahead, want 100", got)
	}
	if r.digests() != 0 {
		t.Error("a digest before its hour")
	}
	r.local(r.Tenant, "2026-11-24 07:00") // the hour comes
	r.exec(`update river.river_job set state = 'available', scheduled_at = now() where kind = 'tenant_morning'`)
	r.until("the digest", func() bool { return r.digests() == 1 })
	for _, later := range []string{"2026-11-24 07:15", "2026-11-24 12:00"} {
		r.local(r.Tenant, later)
		r.quarter()
	}
	if n := r.digests(); n != 1 {
		t.Errorf("%d digests in one morning", n)
	}
}

func TestADigestIsNotMadeUpForOnAnotherDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, now string
		digests   int
	}{
		{"after an outage, later in the morning", "2026-11-24 10:30", 1},
		{"late in the evening", "2026-11-24 21:00", 0},
		{"on a Saturday", "2026-11-28 09:00", 0},
		{"on a public holiday", "2026-12-25 09:00", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.furnish(r.Tenant)
			r.hire()
			r.local(r.Tenant, "2026-11-23 15:00")
			r.submit(r.Tenant, letter())
			r.local(r.Tenant, c.now)
			r.start()
			r.quarter()
			if n := r.digests(); n != c.digests {
				t.Errorf("%d digests, want %d", n, c.digests)
			}
		})
	}
}

func TestAMorningOfYesterdayIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.hire()
	r.local(r.Tenant, "2026-11-24 05:20")
	stop := r.start()
	r.until("the morning's job to wait", func() bool {
		return value[int](r, `select count(*) from river.river_job where kind = 'tenant_morning' and state = 'scheduled'`) == 2
	})
	stop()
	r.local(r.Tenant, "2026-11-24 15:00")
	r.submit(r.Tenant, letter())
	r.local(r.Tenant, "2026-11-25 02:00") // the program was away since
	r.exec(`update river.river_job set state = 'available', scheduled_at = now() where kind = 'tenant_morning'`)
	r.start()
	r.quarter()
	if n := value[int](r, `select count(*) from river.river_job where kind = 'tenant_morning' and state = 'completed'`); n != 2 {
		t.Errorf("%d of yesterday's jobs have ended", n)
	}
	if n := r.digests(); n != 0 {
		t.Errorf("%d digests at two in the morning", n)
	}
	r.local(r.Tenant, "2026-11-25 08:00")
	r.quarter()
	r.until("today's digest", func() bool { return r.digests() == 1 })
}
