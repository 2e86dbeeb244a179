package jobs_test

import (
	"fmt"
	"strings"
	"testing"
)

// decisions tells what silence decided: how often, on which day, and how many letters left.
func (r *rig) decisions(number string) string {
	return value[string](r, fmt.Sprintf(`select count(d.id) || ' ' || coalesce(min(d.outcome || ' ' || d.decided_on), 'none') || ' letters ' ||
		(select count(*) from %[1]s.notification n where n.request_id = r.id and n.template = 'letter_implicit') || ' lapsed ' ||
		(select count(*) from %[1]s.event e where e.subject_id = r.id::text and e.kind = 'lapsed')
		from %[1]s.request r left join %[1]s.decision d on d.request_id = r.id where r.number = $1 group by r.id`, r.Tenant.Schema), number)
}

// Whatever is done to the program or to its clock around the last midnight, the silence
// decides once, on its legal day: it rejects a letter and accepts a stall.
func TestClockAttacks(t *testing.T) {
	t.Parallel()
	const undecided, decided = "0 none letters 0 lapsed 0", "1 %s 2027-02-01 letters 1 lapsed 1"
	for _, c := range []struct {
		name    string
		moments []string // the program's clock, one look after the other
		stopped bool     // the program is stopped and started between the looks
		want    []string
	}{
		{"stopped over midnight", []string{"2027-02-01 23:50", "2027-02-02 00:20"}, true, []string{undecided, decided}},
		{"stopped for three days", []string{"2027-02-01 22:00", "2027-02-04 22:00", "2027-02-05 00:10"}, true, []string{undecided, decided, decided}},
		{"set back an hour after midnight", []string{"2027-02-02 00:15", "2027-02-01 23:15", "2027-02-01 23:45", "2027-02-02 00:15", "2027-02-02 00:30"}, false,
			[]string{decided, decided, decided, decided, decided}},
		{"set back an hour before midnight", []string{"2027-02-01 23:59", "2027-02-01 22:59", "2027-02-02 00:14", "2027-02-03 00:14"}, false,
			[]string{undecided, undecided, decided, decided}},
		{"set back while it is stopped", []string{"2027-02-02 00:30", "2027-02-01 23:30", "2027-02-02 00:00"}, true, []string{decided, decided, decided}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.furnish(r.Tenant)
			r.local(r.Tenant, "2026-12-01 10:00")
			filed := map[string]string{"implicit_rejection": r.submit(r.Tenant, letter()).Number, "implicit_acceptance": r.submit(r.Tenant, stall("2027-06-20")).Number}
			r.local(r.Tenant, c.moments[0])
			stop := r.start()
			for i, moment := range c.moments {
				if c.stopped && i > 0 {
					stop()
				}
				r.local(r.Tenant, moment)
				if c.stopped && i > 0 {
					stop = r.start()
				}
				for range 2 {
					r.quarter()
				}
				for outcome, number := range filed {
					if got, want := r.decisions(number), strings.ReplaceAll(c.want[i], "%s", outcome); got != want {
						t.Errorf("at %s: %s, want %s", moment, got, want)
					}
				}
			}
		})
	}
}

// mornings counts the mornings' work that was asked for, by commune and day.
func (r *rig) mornings(day string) int {
	return value[int](r, `select count(*) from river.river_job where kind = 'tenant_morning' and (args->>'tenant')::bigint = $1 and args->>'day' = $2`, r.Tenant.ID, day)
}

func TestAnIdleCommuneIsLeftAloneUntilSomethingIsDue(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.hire()
	look := func(moment string, want int) {
		t.Helper()
		r.local(r.Tenant, moment)
		r.quarter()
		if got := r.mornings(moment[:10]); got != want {
			t.Errorf("on %s: %d looks, want %d", moment, got, want)
		}
	}
	r.local(r.Tenant, "2026-11-30 09:00") // a Monday
	r.start()
	look("2026-11-30 09:15", 1) // nothing was known of it yet
	look("2026-12-01 09:00", 0)
	look("2026-12-02 09:00", 0)
	r.submit(r.Tenant, letter()) // its last day is 2027-02-02, its first alert on 2027-01-05
	r.quarter()
	look("2026-12-03 09:00", 1) // told of in the digest
	if n := r.digests(); n != 1 {
		t.Errorf("%d digests of the new request", n)
	}
	look("2026-12-04 09:00", 0)
	look("2026-12-07 09:00", 0)
	look("2026-12-08 09:00", 0)
	look("2026-12-10 09:00", 1) // a week later, in any case
	alerts := func() int {
		return value[int](r, fmt.Sprintf(`select count(*) from %s.deadline_alert where kind = 'j20'`, r.Tenant.Schema))
	}
	look("2027-01-04 09:00", 1)
	if alerts() != 0 {
		t.Error("an alert before its day")
	}
	look("2027-01-05 09:00", 1)
	if alerts() != 1 {
		t.Error("no alert on its day, 20 working days before the last one")
	}
	look("2027-01-06 09:00", 0)
}
