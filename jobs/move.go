package jobs

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Queues moves and erases a tenant's jobs; it satisfies operations.Jobs.
type Queues struct{}

const (
	jobColumns = `args, attempt, attempted_at, attempted_by, created_at, errors, finalized_at, kind, max_attempts, metadata, priority, queue, state, scheduled_at, tags, unique_key, unique_states`
	// A job bears where it came from, so that one that was written here and not yet taken
	// away there, when the program ended, is not written twice.
	sqlMovable = `select id, jsonb_set(to_jsonb(j), '{metadata,moved}', to_jsonb(id::text || '@' || current_database()))::text as job
		from river.river_job j where metadata->>'tenant' = $1 and state <> 'running' order by id limit $2`
	sqlMoved = `insert into river.river_job (` + jobColumns + `) select ` + jobColumns + ` from jsonb_populate_record(null::river.river_job, $1)
		where not exists (select 1 from river.river_job where metadata->>'tenant' = $2 and metadata->>'moved' = $1::jsonb->'metadata'->>'moved')
		on conflict do nothing`
	sqlTakenAway = `delete from river.river_job where id = any($1) and state <> 'running'`
	sqlStillRun  = `select count(*) from river.river_job where metadata->>'tenant' = $1 and state = 'running'`
	sqlEraseJobs = `delete from river.river_job where metadata->>'tenant' = $1`
	sqlCountJobs = `select count(*) from river.river_job where metadata->>'tenant' = $1`
	movedAtOnce  = 500
)

// Move takes a tenant's jobs from one cell to another, but for those that run, and tells
// how many do. Run twice it ends the same.
func (Queues) Move(ctx context.Context, from, to *pgxpool.Pool, schema string) (running int, err error) {
	for {
		type movable struct {
			ID  int64
			Job string
		}
		rows, err := from.Query(ctx, sqlMovable, schema, movedAtOnce)
		if err != nil {
			return 0, err
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByName[movable])
		if err != nil {
			return 0, err
		}
		if len(list) == 0 {
			break
		}
		batch, ids := &pgx.Batch{}, make([]int64, len(list))
		for i, j := range list {
			batch.Queue(sqlMoved, j.Job, schema)
			ids[i] = j.ID
		}
		if err := pgx.BeginFunc(ctx, to, func(tx pgx.Tx) error { return tx.SendBatch(ctx, batch).Close() }); err != nil {
			return 0, err
		}
		if _, err := from.Exec(ctx, sqlTakenAway, ids); err != nil {
			return 0, err
		}
	}
	err = from.QueryRow(ctx, sqlStillRun, schema).Scan(&running)
	return running, err
}

// Count tells how many jobs a tenant has, done ones among them.
func (Queues) Count(ctx context.Context, cell *pgxpool.Pool, schema string) (n int, err error) {
	err = cell.QueryRow(ctx, sqlCountJobs, schema).Scan(&n)
	return n, err
}

// Erase removes a tenant's jobs.
func (Queues) Erase(ctx context.Context, cell *pgxpool.Pool, schema string) error {
	_, err := cell.Exec(ctx, sqlEraseJobs, schema)
	return err
}
