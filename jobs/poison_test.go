package jobs_test

import (
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// What a commune's role may try with River's table and channels so that the jobs of the
// others of its cell stand still.
const (
	newJob = `insert into river.river_job (kind, args, metadata, max_attempts, state`
	ownJob = `'request_project', '{}', jsonb_build_object('tenant', session_user::text), 25, 'available'`
)

// poisons are rows that River's client could not read or count on: one of them among
// the jobs that it fetches, and it fetches none.
var poisons = map[string]string{
	"an attempt that cannot be counted on": newJob + `, attempt) values (` + ownJob + `, 32767)`,
	"a moment before all moments":          newJob + `, scheduled_at) values (` + ownJob + `, '-infinity')`,
	"a moment in no calendar":              newJob + `, scheduled_at) values (` + ownJob + `, '4713-01-01 BC')`,
	"a creation that never was":            newJob + `, created_at) values (` + ownJob + `, 'infinity')`,
	"errors that are none":                 newJob + `, errors) values (` + ownJob + `, array['{"at": 1, "attempt": "x"}'::jsonb])`,
	"keys of River's own in the metadata":  `insert into river.river_job (kind, args, metadata, max_attempts, state) values ('request_project', '{}', jsonb_build_object('tenant', session_user::text, 'snoozes', 'x'), 25, 'available')`,
	"a job that runs already":              `insert into river.river_job (kind, args, metadata, max_attempts, state) values ('request_project', '{}', jsonb_build_object('tenant', session_user::text), 25, 'running')`,
	"attempts without end":                 `insert into river.river_job (kind, args, metadata, max_attempts, state) values ('request_project', '{}', jsonb_build_object('tenant', session_user::text), 32767, 'available')`,
	"another queue":                        newJob + `, queue) values (` + ownJob + `, 'mine')`,
	"the next key of another's job":        newJob + `, id) values (` + ownJob + `, (select max(id) + 1 from river.river_job))`,
	"megabytes of arguments":               `insert into river.river_job (kind, args, metadata, max_attempts, state) values ('request_project', jsonb_build_object('x', (select string_agg(md5(i::text), '') from generate_series(1, 1000) i)), jsonb_build_object('tenant', session_user::text), 25, 'available')`,
	"a lock on a job that a worker has":    `select id from river.river_job for update`,
	"a lock shared with it":                `select id from river.river_job for key share`,
	"a lock on the table":                  `do $$ begin lock table river.river_job in exclusive mode; end $$`,
}

func TestACommuneCannotPoisonTheQueueOfItsCell(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.enqueue(r.Tenant, requests.ProjectArgs{Tenant: r.Tenant.ID, Request: tenants.NewID()})
	conn := r.asRole(r.Tenant)
	for name, sql := range poisons {
		refused(t, conn, name, sql)
	}
}

// Whoever may sign in may notify on every channel: River's workers must hear nothing
// there that does more than wake them.
func TestACommuneCannotCommandTheWorkers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Other)
	r.start()
	conn := r.asRole(r.Tenant)
	working := func(what string) {
		before := value[int](r, `select count(*) from river.river_job where state = 'completed'`)
		r.submit(r.Other, letter())
		r.until(what, func() bool {
			return value[int](r, `select count(*) from river.river_job where state = 'completed'`) > before
		})
	}
	working("the workers to work at all")
	for _, command := range []struct{ topic, payload string }{
		{"river_control", `{"action": "pause", "queue": "*"}`},
		{"river_control", `{"action": "pause", "queue": "default"}`},
		{"river_control", `{"action": "cancel", "queue": "default", "job_id": 1}`},
		{"river_leadership", `{"action": "request_resign"}`},
		{"river_insert", `no JSON`},
		{"river_insert", `{"queue": "default"}`},
	} {
		if _, err := conn.Exec(t.Context(), `select pg_notify('river.' || $1, $2)`, command.topic, command.payload); err != nil {
			t.Fatal(err)
		}
	}
	// The workers' listener hears in order. A queue that was paused would be found
	// running again by itself, but only after a minute.
	began := time.Now()
	working("another's jobs after the commands of a commune")
	if waited := time.Since(began); waited > 30*time.Second {
		t.Errorf("a commune's commands held the others' jobs back for %v", waited)
	}
}
