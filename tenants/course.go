package tenants

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// course is a transaction on its way: from its first statement, which brings the "begin"
// with it where it is a batch, to the last one, which takes the "commit" along. What is
// not said in a round trip of its own need not be waited for, least of all by those who
// wait for a lock of this transaction.
type course struct {
	conn    dialled
	options pgx.TxOptions
	raw     pgx.Tx // nil until the first statement
	stale   bool   // the connection turned out to be dead before anything was done
	stage   stage
	nested  bool  // of a savepoint: it ends with it
	ended   bool  // the last batch was sent
	err     error // what came of it

	events []recorded
	jobs   []Queued
}

const (
	sqlCommit      = `commit`
	sqlCommitAsync = `set local synchronous_commit = off`
	// A record of our own in the write-ahead log: its commit waits for the disk, and
	// the log is written in order, so what was committed before it is there too.
	sqlOnDisk = `select pg_logical_emit_message(true, 'parvis', '')`
)

// begun gives the transaction at the server, which it begins where nothing was said yet.
func (c *course) begun(ctx context.Context) (pgx.Tx, error) {
	if c.ended {
		panic("tenants: a statement after the transaction's end")
	}
	if c.raw != nil {
		return c.raw, nil
	}
	raw, err := c.conn.BeginTx(ctx, c.options)
	if err != nil {
		return nil, c.unbegun(ctx, err)
	}
	c.raw, c.stage = raw, begun
	return raw, nil
}

// unbegun notes that the transaction could not begin.
func (c *course) unbegun(ctx context.Context, err error) error {
	if c.conn.IsClosed() && ctx.Err() == nil {
		c.stale = true
		err = fmt.Errorf("%w: %w", errStale, err)
	}
	return err
}

// send sends a batch: the first one of the transaction begins it.
func (c *course) send(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if c.raw != nil || batch.Len() == 0 {
		raw, err := c.begun(ctx)
		if err != nil {
			return pgx.FailedBatchResults(batch, err)
		}
		return raw.SendBatch(ctx, batch)
	}
	first := &pgx.Batch{}
	first.BeginTx(c.options)
	first.QueuedQueries = append(first.QueuedQueries, batch.QueuedQueries...)
	results := c.conn.SendBatch(ctx, first)
	if _, err := results.Exec(); err != nil {
		_ = results.Close() // says the same
		return pgx.FailedBatchResults(batch, c.unbegun(ctx, err))
	}
	c.raw, c.stage = results.Tx(), begun
	return results
}

// end sends the last batch, whose last statement is the commit. Locks are given up later
// where the caller waits for them to be on disk, or before that (see [Tx.End]).
func (c *course) end(ctx context.Context, last *pgx.Batch, diskLater bool) error {
	if c.nested {
		panic("tenants: the end of a transaction inside its savepoint")
	}
	if c.raw == nil && last.Len() == 0 {
		return nil // nothing was read, nothing was written
	}
	// Begun before, by itself if need be: a dead connection is found out while nothing can
	// have been committed.
	if _, err := c.begun(ctx); err != nil {
		return err
	}
	committed := false
	if diskLater {
		last.Queue(sqlCommitAsync)
	}
	last.Queue(sqlCommit).Exec(func(tag pgconn.CommandTag) error {
		committed = true
		if tag.String() != "COMMIT" { // a statement had failed, and its error was passed over
			return pgx.ErrTxCommitRollback
		}
		return nil
	})
	if diskLater {
		last.Queue(sqlOnDisk)
	}
	err := c.raw.SendBatch(ctx, last).Close()
	c.ended, c.err = true, err
	// Where the server names an error before it says that it committed, it did not. Without
	// a word of the server nobody knows.
	if _, said := errors.AsType[*pgconn.PgError](err); !said || committed {
		c.stage = committing
	}
	return err
}

// undo rolls back what was begun and has not ended.
func (c *course) undo(ctx context.Context) error {
	if c.raw == nil || c.ended && c.conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	err := c.raw.Rollback(ctx)
	if errors.Is(err, pgx.ErrTxClosed) {
		return nil
	}
	return err
}
