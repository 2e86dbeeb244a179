package tenants

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// What is read in a snapshot is written down the same on every server; and it may
// take as long as a large town's years do.
const sqlSnapshot = `select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true),
	set_config('TimeZone', 'UTC', true), set_config('bytea_output', 'hex', true)`

// Snapshot runs fn in a read-only transaction that sees the whole commune as it stood
// at one moment, for as long as it takes: for archives. fn is run once, for it may
// have written elsewhere what it read.
func (db *DB) Snapshot(ctx context.Context, t Tenant, a Actor, fn func(*Tx) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	t = db.pools.placed(t)
	for try := 1; ; try++ {
		at, err := db.once(ctx, t, a, options, func(tx *Tx) error {
			if _, err := tx.Exec(ctx, sqlSnapshot); err != nil {
				return err
			}
			return fn(tx)
		})
		if at == notBegun && errors.Is(err, errStale) && try < maxTries {
			db.pools.flush(t.ID)
			continue
		}
		if err != nil {
			return classify(err)
		}
		return nil
	}
}
