package tenants

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Tx is a transaction in one tenant's schema, of one actor, at one moment. It is
// used by one goroutine, and not after the function it was given to.
type Tx struct {
	course   *course // shared with what As gives
	db       *DB
	tenant   Tenant
	actor    Actor
	now      time.Time
	schemaAt int
}

// As gives the same transaction with another actor: a page first finds out, in it,
// whose session it serves.
func (tx *Tx) As(a Actor) *Tx {
	other := *tx
	other.actor = a
	return &other
}

// Tenant is whose data it is.
func (tx *Tx) Tenant() Tenant { return tx.tenant }

// Actor is who acts.
func (tx *Tx) Actor() Actor { return tx.actor }

// Now is the transaction's moment, in UTC, to the microsecond: the same throughout.
func (tx *Tx) Now() time.Time { return tx.now }

// Territory gives the tenant's public holidays and zone.
func (tx *Tx) Territory() calendar.Territory { return tx.tenant.Territory() }

// Today is the civil date in the commune, on which its legal dates rest.
func (tx *Tx) Today() calendar.Date { return calendar.On(tx.now, tx.tenant.Zone()) }

// SchemaAt tells whether the tenant's schema is at a version of the migrations, or later:
// communes are migrated one after the other while the program serves them all. It asks
// nothing of the database. For what must work before the migration too; what is new needs
// no guard, for [DB.Write] answers "tenant_updating" by itself.
func (tx *Tx) SchemaAt(version int) bool { return tx.schemaAt >= version }

// Key derives the tenant's key for one purpose.
func (tx *Tx) Key(purpose string) []byte { return tx.db.master.Tenant(tx.tenant, purpose) }

// Exec runs a statement and gives the number of rows it touched.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	raw, err := tx.course.begun(ctx)
	if err != nil {
		return 0, err
	}
	tag, err := raw.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

// Query runs a statement that gives rows, as pgx does.
func (tx *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	raw, err := tx.course.begun(ctx)
	if err != nil {
		return nil, err
	}
	return raw.Query(ctx, sql, args...)
}

// QueryRow runs a statement that gives a row, as pgx does.
func (tx *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	raw, err := tx.course.begun(ctx)
	if err != nil {
		return noRow{err}
	}
	return raw.QueryRow(ctx, sql, args...)
}

// noRow is the row of a transaction that could not begin.
type noRow struct{ err error }

func (r noRow) Scan(...any) error { return r.err }

// SendBatch sends several statements in one round trip, as pgx does. Its results
// are read and closed before the next call.
func (tx *Tx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	return tx.course.send(ctx, batch)
}

// End sends the transaction's last batch and commits with it, in one round trip; no
// statement may follow. Its locks are given up at the commit, before that is on disk, and
// the disk is waited for after it: the next who wants them does not wait for this one's
// disk. [DB.Write] returns no sooner than without it, so nothing that was answered can be
// lost; and whoever sees the change earlier and acts on it commits later in the same log.
// For a transaction that takes a lock which many want.
func (tx *Tx) End(ctx context.Context, last *pgx.Batch) error {
	if err := tx.QueuePending(last); err != nil {
		return err
	}
	return tx.course.end(ctx, last, true)
}

// CopyFrom writes many rows at once, as pgx does.
func (tx *Tx) CopyFrom(ctx context.Context, table string, columns []string, rows pgx.CopyFromSource) (int64, error) {
	raw, err := tx.course.begun(ctx)
	if err != nil {
		return 0, err
	}
	return raw.CopyFrom(ctx, pgx.Identifier{table}, columns, rows)
}

// Enqueue asks for a job. It is written with the transaction, in one round trip
// with the others, and exists only if that commits.
func (tx *Tx) Enqueue(_ context.Context, job Job, options ...EnqueueOption) error {
	q := Queued{Job: job}
	for _, o := range options {
		o(&q)
	}
	tx.course.jobs = append(tx.course.jobs, q)
	return nil
}

// QueuePending queues the writing of what was recorded and enqueued so far, for a
// caller whose batch then takes a lock that it wants to hold for as short as it can.
// Without it all is written just before the commit.
func (tx *Tx) QueuePending(batch *pgx.Batch) error {
	tx.queueEvents(batch)
	jobs := tx.course.jobs
	if len(jobs) == 0 {
		return nil
	}
	tx.course.jobs = nil
	return tx.db.enqueuer.Queue(batch, tx.tenant, jobs)
}

// flush writes what was recorded and enqueued.
func (tx *Tx) flush(ctx context.Context) error {
	batch := &pgx.Batch{}
	if err := tx.QueuePending(batch); err != nil || batch.Len() == 0 {
		return err
	}
	return tx.SendBatch(ctx, batch).Close()
}

// Savepoint runs fn in a transaction inside this one: where fn fails, what it did
// is undone and the outer transaction can go on. fn may not end it.
func (tx *Tx) Savepoint(ctx context.Context, fn func(*Tx) error) error {
	outer, err := tx.course.begun(ctx)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, outer, func(raw pgx.Tx) error {
		inner := *tx
		inner.course = &course{conn: tx.course.conn, raw: raw, nested: true}
		if err := fn(&inner); err != nil {
			return err
		}
		tx.course.events = append(tx.course.events, inner.course.events...)
		tx.course.jobs = append(tx.course.jobs, inner.course.jobs...)
		return nil
	})
}

// One reads exactly one row: into a struct by its columns' names, or into a plain
// value. No row is fault.NotFound "not_found".
func One[T any](ctx context.Context, tx *Tx, sql string, args ...any) (T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		var zero T
		return zero, err
	}
	v, err := pgx.CollectExactlyOneRow(rows, rowTo[T]())
	if errors.Is(err, pgx.ErrNoRows) {
		return v, fault.New(fault.NotFound, "not_found")
	}
	return v, err
}

// All reads every row, as [One] does; none gives an empty slice.
func All[T any](ctx context.Context, tx *Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, rowTo[T]())
}

// rowTo reads structs by name, and single values (a time and a date are some) as they are.
func rowTo[T any]() pgx.RowToFunc[T] {
	t := reflect.TypeFor[T]()
	_, isDate := any(new(T)).(pgtype.DateScanner)
	if t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() && !isDate {
		return pgx.RowToStructByName[T]
	}
	return pgx.RowTo[T]
}
