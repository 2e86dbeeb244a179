package jobs

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/parvis-gru/parvis/tenants"
)

// Enqueuer writes jobs in a tenant's transaction; it satisfies tenants.Enqueuer.
type Enqueuer struct {
	client *river.Client[pgx.Tx]
}

// NewEnqueuer makes an Enqueuer; it needs no connection of its own.
func NewEnqueuer(logger *slog.Logger) (*Enqueuer, error) {
	client, err := river.NewClient(riverpgxv5.New(nil), &river.Config{Schema: schema, Logger: logger})
	if err != nil {
		return nil, err
	}
	return &Enqueuer{client: client}, nil
}

// priorities gives the priority (1 is first, 4 last) of the next jobs of a tenant
// that has so many waiting.
var priorities = []struct{ upTo, priority int }{{20, 1}, {50, 2}, {100, 3}}

const lastPriority = 4

// backlogLimit bounds what is counted: each submission pays for it.
const backlogLimit = 100

// The tenant's own jobs alone are visible to its role: row-level security counts.
const sqlBacklog = `select count(*) from (select 1 from river.river_job where metadata->>'tenant' = session_user::text and state = 'available' limit $1) as waiting`

func priorityOf(waiting int) int {
	for _, p := range priorities {
		if waiting < p.upTo {
			return p.priority
		}
	}
	return lastPriority
}

// Enqueue writes the jobs, with the tenant's name on them and a priority that
// falls as its backlog grows.
func (e *Enqueuer) Enqueue(ctx context.Context, tx pgx.Tx, t tenants.Tenant, jobs []tenants.Queued) error {
	var waiting int
	if err := tx.QueryRow(ctx, sqlBacklog, backlogLimit).Scan(&waiting); err != nil {
		return err
	}
	metadata, err := json.Marshal(map[string]string{"tenant": t.Schema})
	if err != nil {
		return err
	}
	params := make([]river.InsertManyParams, len(jobs))
	for i, q := range jobs {
		params[i] = river.InsertManyParams{Args: q.Job, InsertOpts: &river.InsertOpts{
			Metadata: metadata, ScheduledAt: q.At, Priority: priorityOf(waiting + i),
		}}
	}
	_, err = e.client.InsertManyTx(ctx, tx, params)
	return err
}
