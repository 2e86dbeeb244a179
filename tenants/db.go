package tenants

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// DB opens transactions in tenants' schemas.
type DB struct {
	pools    *pools
	master   MasterKey
	enqueuer Enqueuer
	clock    func() time.Time
}

// DBConfig is what a DB needs.
type DBConfig struct {
	Cells    *Cells
	Master   MasterKey
	Enqueuer Enqueuer
	Clock    func() time.Time
	Limits   PoolLimits // of the connections to each cell; zero: DefaultPoolLimits
}

// NewDB reads the configuration; it connects to nothing yet.
func NewDB(c DBConfig) (*DB, error) {
	if c.Limits == (PoolLimits{}) {
		c.Limits = DefaultPoolLimits
	}
	if c.Cells == nil || c.Clock == nil || c.Enqueuer == nil || len(c.Master) < 32 {
		return nil, errors.New("tenants: a DB needs cells, a clock, an enqueuer and a master key")
	}
	return &DB{pools: newPools(c.Cells, c.Master, c.Limits), master: c.Master, enqueuer: c.Enqueuer, clock: c.Clock}, nil
}

// At gives a DB on the same connections with another clock: for seeding and tests.
func (db *DB) At(clock func() time.Time) *DB {
	other := *db
	other.clock = clock
	return &other
}

// Close closes the idle connections; those in use end with their transactions.
func (db *DB) Close() { db.pools.close() }

// Stats gives a moment's figures of the connections.
func (db *DB) Stats() PoolStats { return db.pools.stats() }

// Flush closes a tenant's idle connections.
func (db *DB) Flush(t Tenant) { db.pools.flush(t.ID) }

// Write runs fn in a transaction of the tenant, as the actor. What fn records and
// enqueues is written with it. A deadlock or a serialization failure is tried
// again, up to three times, so fn may change nothing but the transaction.
// Where Postgres is away the error is fault.Unavailable "database_away"; where fn asks for
// a table or a column that the tenant's schema, one version behind, does not have yet, it
// is fault.Unavailable "tenant_updating". In a context that is bound to another commune
// ([Bound]) it is fault.Internal "tenant_mixed".
func (db *DB) Write(ctx context.Context, t Tenant, a Actor, fn func(*Tx) error) error {
	return db.run(ctx, t, a, pgx.TxOptions{}, fn)
}

// Read runs fn in a read-only transaction of the tenant.
func (db *DB) Read(ctx context.Context, t Tenant, a Actor, fn func(*Tx) error) error {
	return db.run(ctx, t, a, pgx.TxOptions{AccessMode: pgx.ReadOnly}, fn)
}

const maxTries = 3

func (db *DB) run(ctx context.Context, t Tenant, a Actor, options pgx.TxOptions, fn func(*Tx) error) error {
	t = db.pools.placed(t)
	for try, moving := 1, (pause{}); ; try++ {
		stage, err := db.once(ctx, t, a, options, fn)
		switch {
		case err == nil:
			return nil
		case stage == notBegun && errors.Is(err, errStale) && try < maxTries:
			db.pools.flush(t.ID) // the server was restarted: the other idle ones are dead too
			continue
		case retryable(err) && try < maxTries:
			continue
		case stage < committing && displaced(err):
			var waited error
			if t, waited = db.pools.follow(ctx, t, &moving); waited == nil {
				continue
			}
		}
		return classify(err)
	}
}

// errStale says that a pooled connection turned out to be dead before the
// transaction began, so that nothing was done.
var errStale = errors.New("tenants: stale connection")

// stage says how far a transaction came.
type stage int

const (
	notBegun stage = iota
	begun
	committing // it may have been committed
)

func (db *DB) once(ctx context.Context, t Tenant, a Actor, options pgx.TxOptions, fn func(*Tx) error) (at stage, err error) {
	if err := bounded(ctx, t); err != nil {
		return notBegun, err
	}
	conn, err := db.pools.acquire(ctx, t)
	if err != nil {
		return notBegun, err
	}
	defer db.pools.release(conn)
	way := &course{conn: conn.dialled, options: options}
	tx := &Tx{course: way, db: db, tenant: t, actor: a, now: db.clock().UTC().Truncate(time.Microsecond), schemaAt: conn.schemaAt}
	defer func() {
		// After a commit this does nothing. A panic in fn rolls back too.
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if rollback := way.undo(undo); rollback != nil && err == nil {
			err = rollback
		}
	}()
	err = fn(tx)
	if err == nil && !way.ended && !way.stale {
		last := &pgx.Batch{}
		if err = tx.QueuePending(last); err == nil {
			err = way.end(ctx, last, false)
		}
	}
	switch { // whatever fn made of it
	case way.stale:
		return notBegun, errStale
	case err == nil:
		err = way.err
	}
	return way.stage, conn.explain(err)
}

// errBehind says that a schema which is behind lacks what was asked for.
var errBehind = errors.New("tenants: the tenant's schema is behind")

// explain marks the lack of a table (42P01) or a column (42703) as errBehind where the
// schema is behind this program; anywhere else it is a fault of ours.
func (d dialled) explain(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok && d.behind() && (pg.Code == "42P01" || pg.Code == "42703") {
		return fmt.Errorf("%w: %w", errBehind, err)
	}
	return err
}

func retryable(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// classify tells a server that is away, or too busy, and text that is none, from
// every other error.
func classify(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	_, connect := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	pg, isPg := errors.AsType[*pgconn.PgError](err)
	switch {
	case connect, network, errors.Is(err, errStale), pgconn.Timeout(err), errors.Is(err, net.ErrClosed):
		return fault.Wrap(fault.Unavailable, "database_away", err)
	case isPg && (pg.Code[:2] == "57" || pg.Code[:2] == "53" || pg.Code[:2] == "08" || pg.Code == "55P03"):
		return fault.Wrap(fault.Unavailable, "database_away", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Unavailable, "database_away", err)
	case errors.Is(err, errBehind):
		return fault.Wrap(fault.Unavailable, "tenant_updating", err)
	case isPg && slices.Contains(unreadable, pg.Code):
		return fault.New(fault.Invalid, "value_unreadable")
	}
	return err
}

// unreadable are Postgres' codes for a value that it cannot read: bytes that are no
// text (NUL, broken UTF-8), a key that is none, a date or a number out of range.
// Somebody sent it, nothing of ours is broken; and the server's words, which repeat
// the value, go no further.
var unreadable = []string{"22021", "22P02", "22P05", "22007", "22008", "22003"}
