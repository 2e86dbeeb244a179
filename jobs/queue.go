package jobs

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// QueueState is how many jobs are in one state.
type QueueState struct {
	State   string
	Jobs    int64
	Waiting time.Duration // how long the one that waits longest was due; 0 where none waits
}

const sqlQueue = `select state::text as state, count(*) as jobs,
		(case when state = 'available' then greatest(0, extract(epoch from now() - min(scheduled_at))) else 0 end)::float8 as seconds
	from river.river_job where state in ('available', 'running', 'retryable', 'discarded') group by state`

// Queue tells an operator how the queue of a cell stands. States without a job are
// left out.
func Queue(ctx context.Context, pool *pgxpool.Pool) ([]QueueState, error) {
	rows, err := pool.Query(ctx, sqlQueue)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (QueueState, error) {
		var s QueueState
		var seconds float64
		err := row.Scan(&s.State, &s.Jobs, &seconds)
		s.Waiting = time.Duration(seconds * float64(time.Second))
		return s, err
	})
}
