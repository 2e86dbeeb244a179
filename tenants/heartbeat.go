package tenants

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Outage is a time in which nothing served the pages of the deployment.
type Outage struct {
	ID     ID
	FromAt time.Time
	ToAt   time.Time
}

// shortestOutage is how long the pages must have been away for their absence to be kept:
// a restart is none.
const shortestOutage = time.Hour

const (
	sqlFirstBeat = `insert into platform.heartbeat (id, beat_at) values (1, $1) on conflict (id) do nothing`
	sqlLastBeat  = `select beat_at from platform.heartbeat where id = 1 for update` // programs that start together find one outage
	sqlBeat      = `update platform.heartbeat set beat_at = greatest(beat_at, $1) where id = 1`
	sqlOutage    = `insert into platform.outage (from_at, to_at) values ($1, $2)`
	sqlOutages   = `select id, from_at, to_at from platform.outage where to_at >= $1 order by from_at`
)

// Beat says that the pages are served now. Where they were not for an hour or more
// before, that is kept as an outage.
func (r *Registry) Beat(ctx context.Context, now time.Time) error {
	return classify(pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlFirstBeat, now); err != nil {
			return err
		}
		last, err := one[time.Time](ctx, tx, sqlLastBeat)
		if err != nil {
			return err
		}
		if now.Sub(last) >= shortestOutage {
			if _, err := tx.Exec(ctx, sqlOutage, last, now); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, sqlBeat, now)
		return err
	}))
}

// Outages gives those that ended since a moment, the oldest first.
func (r *Registry) Outages(ctx context.Context, since time.Time) ([]Outage, error) {
	return all[Outage](ctx, r.pool, sqlOutages, since)
}
