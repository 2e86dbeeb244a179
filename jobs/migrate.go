package jobs

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// schema is where River's tables live in each cell.
const schema = "river"

const (
	sqlSchema = `create schema if not exists river`
	// Every role may insert jobs and see them, but only those that bear its own
	// name. PUBLIC rather than each role: an access list of thousands of entries
	// would be read at every statement.
	//
	// A row that River's client cannot read, or count on, stops the whole cell's jobs.
	// So a role gives the columns of our own statement alone (enqueue.go), and the
	// policy bounds what it puts there. The key is not among them, for with the next
	// one every other commune's next job would fail; nor the unique key, for with that
	// of another's job one could keep it from ever being queued. And no right to
	// update any column: it would be one to lock rows which workers want.
	//
	// River's two GIN indexes serve searches in arguments and metadata, which nobody
	// makes here, and took a third of the time of each insert.
	//
	// The index of what waits has the order of bytes, as session_user has: with the
	// database's own order the policy cannot use it, and each insert of a job read all
	// that waits for all communes.
	sqlGuard = `
grant usage on schema river to public;
revoke all on river.river_job from public;
grant select, insert (kind, args, metadata, scheduled_at, state, max_attempts, priority) on river.river_job to public;
grant usage on sequence river.river_job_id_seq to public;
alter table river.river_job enable row level security;
drop policy if exists own_jobs on river.river_job;
create policy own_jobs on river.river_job to public
  using (metadata->>'tenant' = session_user::text)
  with check (metadata = jsonb_build_object('tenant', session_user::text)
    and state in ('available', 'scheduled') and max_attempts <= 25
    and scheduled_at between '2000-01-01' and '2200-01-01' and pg_column_size(args) <= 8192);
drop index if exists river.river_job_args_index, river.river_job_metadata_index;
drop index if exists river.river_job_backlog;
create index if not exists river_job_waiting on river.river_job ((metadata->>'tenant') collate "C") where state = 'available';
`
)

// Migrate brings River's tables in a cell to the version of the library and puts
// the wall between tenants around them. It may run again at any time, as the
// cell's owner.
func Migrate(ctx context.Context, pool *pgxpool.Pool, logger *slog.Logger) error {
	if _, err := pool.Exec(ctx, sqlSchema); err != nil {
		return fmt.Errorf("river's schema: %w", err)
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: schema, Logger: logger})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("river's tables: %w", err)
	}
	if _, err := pool.Exec(ctx, sqlGuard); err != nil {
		return fmt.Errorf("the wall around river's tables: %w", err)
	}
	return nil
}
