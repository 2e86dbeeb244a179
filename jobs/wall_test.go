package jobs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

const insertJob = `insert into river.river_job (kind, args, metadata, max_attempts, state) values ('request_project', '{}', $1, 25, 'available')`

func TestATenantReachesItsOwnJobsAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.enqueue(r.Tenant, requests.ProjectArgs{Tenant: r.Tenant.ID, Request: tenants.NewID()})
	r.enqueue(r.Other, requests.ProjectArgs{Tenant: r.Other.ID, Request: tenants.NewID()}, requests.ProjectArgs{Tenant: r.Other.ID, Request: tenants.NewID()})
	conn := r.asRole(r.Tenant)
	var seen int
	if err := conn.QueryRow(t.Context(), `select count(*) from river.river_job`).Scan(&seen); err != nil || seen != 1 {
		t.Errorf("the commune sees %d jobs of 3, %v", seen, err)
	}
	if _, err := conn.Exec(t.Context(), insertJob, `{"tenant": "`+r.Tenant.Schema+`"}`); err != nil {
		t.Errorf("a job of its own: %v", err)
	}
	for name, metadata := range map[string]string{"another's name": `{"tenant": "` + r.Other.Schema + `"}`, "no name": `{}`, "the owner's": `{"tenant": "parvis_test"}`} {
		refused(t, conn, name, insertJob, metadata)
	}
	refused(t, conn, "a unique key, which would keep another's job out",
		`insert into river.river_job (kind, args, metadata, max_attempts, state, unique_key, unique_states) values ('tenant_night', '{}', $1, 25, 'available', 'k', B'11111111')`,
		`{"tenant": "`+r.Tenant.Schema+`"}`)
	for _, sql := range []string{
		`update river.river_job set kind = 'x'`, `update river.river_job set metadata = '{}'`, `update river.river_job set state = 'completed'`, `update river.river_job set args = '{}'`,
		`delete from river.river_job`, `truncate river.river_job`, `alter table river.river_job disable row level security`, `drop policy own_jobs on river.river_job`,
		`create table river.mine (id int)`, `select setval('river.river_job_id_seq', 1)`, `set role parvis_test`, `set session authorization parvis_test`,
	} {
		refused(t, conn, sql, sql)
	}
	tables := value[[]string](r, `select array_agg(relname::text) from pg_class where relnamespace = 'river'::regnamespace and relkind in ('r', 'p', 'v') and relname <> 'river_job'`)
	if len(tables) < 3 {
		t.Errorf("River's tables: %v", tables)
	}
	for _, table := range tables {
		refused(t, conn, table, `select count(*) from river.`+table)
	}
	if n := value[int](r, `select count(*) from river.river_job`); n != 4 {
		t.Errorf("%d jobs, want 4", n)
	}
}

// Each insert of a job counts what waits for the commune, behind the wall: without the
// index it reads what waits for all communes.
func TestATenantFindsItsWaitingJobsByTheIndex(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conn := r.asRole(r.Tenant)
	if _, err := conn.Exec(t.Context(), `set enable_seqscan = off`); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `explain select 1 from river.river_job where state = 'available' limit 100`)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "river_job_waiting") || !strings.Contains(text, "Index Cond: ((metadata ->> 'tenant'") {
		t.Errorf("the plan reads the jobs of all communes:\n%s", text)
	}
}

// refused runs a statement that Postgres must refuse for want of a right.
func refused(t *testing.T, conn interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
}, name, sql string, args ...any) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql, args...)
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" {
		t.Errorf("%s: got %v, want a refusal (42501)", name, err)
	}
}

func TestAJobCannotNameAnotherTenant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Other)
	number := r.submit(r.Other, letter()).ID
	r.exec(`delete from river.river_job`) // its own projection and mail
	conn := r.asRole(r.Tenant)
	forged := map[string]int64{}
	for kind, args := range map[string]any{
		"request_project":  requests.ProjectArgs{Tenant: r.Other.ID, Request: number},
		"tenant_night":     map[string]any{"tenant": r.Other.ID, "day": "2026-11-23"},
		"platform_quarter": struct{}{},
	} {
		var id int64
		err := conn.QueryRow(t.Context(), `insert into river.river_job (kind, args, metadata, max_attempts, state) values ($1, $2, $3, 25, 'available') returning id`,
			kind, args, map[string]string{"tenant": r.Tenant.Schema}).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		forged[kind] = id
	}
	r.start()
	for kind, id := range forged {
		r.until(kind+" to be refused", func() bool { return r.state(id) == "cancelled" })
	}
	if n := value[int](r, `select count(*) from platform.request_projection`); n != 0 {
		t.Errorf("a forged job wrote %d rows", n)
	}
}

func TestAJobExistsOnlyWithItsTransaction(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	changed := errors.New("changed my mind")
	err := r.DB.Write(t.Context(), r.Tenant, system, func(tx *tenants.Tx) error {
		if err := tx.Enqueue(t.Context(), requests.ProjectArgs{Tenant: r.Tenant.ID}); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		if err := errors.Join(tx.QueuePending(batch), tx.SendBatch(t.Context(), batch).Close()); err != nil {
			return err
		}
		if n, err := tenants.One[int](t.Context(), tx, `select count(*) from river.river_job`); err != nil || n != 1 {
			t.Errorf("in the transaction: %d jobs, %v", n, err)
		}
		return changed
	})
	if !errors.Is(err, changed) {
		t.Fatal(err)
	}
	if n := value[int](r, `select count(*) from river.river_job`); n != 0 {
		t.Errorf("%d jobs of a transaction that was undone", n)
	}
}
