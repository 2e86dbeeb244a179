package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Copied is what was compared of a table after it was copied.
type Copied struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Sum   string `json:"sum"` // of the rows' hashes: the order does not matter
}

// The sum of 64-bit hashes of whole rows, as text: the same rows give the same one in
// two databases of the same version of tables.
const sumOfRows = `select count(*), coalesce(sum(hashtextextended(r::text, 0)), 0)::text from `

var readWhole = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// Copy copies every row of a schema, secrets included, into the same schema of another
// database of this deployment, which is at the same version: in one snapshot there and
// one transaction here. What was in it is replaced. Both sides' counts and sums are then
// compared: a difference is fault.Internal "copy_differs", and nothing is kept. The mark
// lets [CatchUp] bring the copy up to what was written since.
func Copy(ctx context.Context, from, to *pgxpool.Pool, schema string) (done []Copied, mark string, err error) {
	done, err = copying(ctx, from, to, schema, func(source, target pgx.Tx, tables []table) error {
		if err := source.QueryRow(ctx, sqlMark).Scan(&mark); err != nil {
			return err
		}
		return fill(ctx, source, target, schema, tables)
	})
	return done, mark, err
}

// sqlExport lets another connection see the same snapshot.
const sqlExport = `select pg_export_snapshot()`

// copying lets do change the target's tables, then compares them with the source's.
func copying(ctx context.Context, from, to *pgxpool.Pool, schema string, do func(source, target pgx.Tx, tables []table) error) ([]Copied, error) {
	var there []Copied
	err := pgx.BeginTxFunc(ctx, from, readWhole, func(source pgx.Tx) error {
		if err := enter(ctx, source, schema); err != nil {
			return err
		}
		tables, err := everyTable(ctx, source, schema)
		if err != nil {
			return err
		}
		var snapshot string
		if err := source.QueryRow(ctx, sqlExport).Scan(&snapshot); err != nil {
			return err
		}
		// The sums are made beside the copy, on a connection of their own.
		var sums errgroup.Group
		sums.Go(func() error {
			return pgx.BeginTxFunc(ctx, from, readWhole, func(tx pgx.Tx) (err error) {
				if _, err := tx.Exec(ctx, `set transaction snapshot '`+strings.ReplaceAll(snapshot, "'", "")+`'`); err != nil { //nolint:gosec // Postgres made it
					return err
				}
				if err := enter(ctx, tx, schema); err != nil {
					return err
				}
				there, err = sumsOf(ctx, tx, tables)
				return err
			})
		})
		err = pgx.BeginFunc(ctx, to, func(target pgx.Tx) error {
			if err := enter(ctx, target, schema); err != nil {
				return err
			}
			if err := do(source, target, tables); err != nil {
				return err
			}
			here, err := sumsOf(ctx, target, tables)
			if err != nil {
				return err
			}
			return errors.Join(sums.Wait(), differ(there, here))
		})
		return errors.Join(err, sums.Wait())
	})
	return there, err
}

func differ(there, here []Copied) error {
	for i := range there {
		if here[i] != there[i] {
			return fault.Wrap(fault.Internal, "copy_differs", fmt.Errorf("the table %s has %d rows there and %d here", there[i].Table, there[i].Rows, here[i].Rows))
		}
	}
	return nil
}

func enter(ctx context.Context, tx pgx.Tx, schema string) error {
	_, err := tx.Exec(ctx, sqlInSchema, quote(schema))
	return err
}

func fill(ctx context.Context, source, target pgx.Tx, schema string, tables []table) error {
	restore, err := WithoutForeignKeys(ctx, target, schema)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if _, err := target.Exec(ctx, `truncate `+quote(t.name)); err != nil { //nolint:gosec // a quoted identifier of the catalogue
			return err
		}
		if err := stream(ctx, source, target, `select `+t.list()+` from `+quote(t.name), quote(t.name), t.list()); err != nil {
			return fmt.Errorf("copy the table %s: %w", t.name, err)
		}
	}
	return restore(ctx)
}

// stream lets the rows of a query in one database flow into a table of another.
func stream(ctx context.Context, source, target pgx.Tx, query, into, columns string) error {
	r, w := io.Pipe()
	reading := make(chan error, 1)
	go func() {
		_, err := source.Conn().PgConn().CopyTo(ctx, w, `copy (`+query+`) to stdout (format binary)`)
		_ = w.CloseWithError(err) // never fails
		reading <- err
	}()
	_, err := target.Conn().PgConn().CopyFrom(ctx, r, `copy `+into+` (`+columns+`) from stdin (format binary)`)
	_ = r.CloseWithError(io.ErrClosedPipe) // a reader that gave up lets the writer end
	if other := <-reading; err == nil {
		err = other
	}
	return err
}

func sumsOf(ctx context.Context, tx pgx.Tx, tables []table) ([]Copied, error) {
	list := make([]Copied, len(tables))
	for i, t := range tables {
		var err error
		if list[i], err = rowsSum(ctx, tx, t, `select `+t.list()+` from `+quote(t.name)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// rowsSum counts and sums the rows of a query on a table.
func rowsSum(ctx context.Context, tx pgx.Tx, t table, query string) (Copied, error) {
	c := Copied{Table: t.name}
	err := tx.QueryRow(ctx, sumOfRows+`(`+query+`) as r`).Scan(&c.Rows, &c.Sum)
	return c, err
}

// Counts gives the rows of every table of a schema, for the certificate of its erasure.
func Counts(ctx context.Context, owner *pgxpool.Pool, schema string) (map[string]int64, error) {
	counts := map[string]int64{}
	err := pgx.BeginTxFunc(ctx, owner, readWhole, func(tx pgx.Tx) error {
		if err := enter(ctx, tx, schema); err != nil {
			return err
		}
		tables, err := everyTable(ctx, tx, schema)
		if err != nil {
			return err
		}
		for _, t := range tables {
			var n int64
			if err := tx.QueryRow(ctx, `select count(*) from `+quote(t.name)).Scan(&n); err != nil { //nolint:gosec // a quoted identifier of the catalogue
				return err
			}
			counts[t.name] = n
		}
		return nil
	})
	return counts, err
}

// Analyze lets a database know the rows of a schema, so that its plans are good.
func Analyze(ctx context.Context, owner *pgxpool.Pool, schema string) error {
	return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if err := enter(ctx, tx, schema); err != nil {
			return err
		}
		tables, err := everyTable(ctx, tx, schema)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if _, err := tx.Exec(ctx, `analyze `+quote(t.name)); err != nil { //nolint:gosec // a quoted identifier of the catalogue
				return err
			}
		}
		return nil
	})
}
