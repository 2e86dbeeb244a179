package archive

import (
	"context"
	"fmt"
	"io"

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
// compared: a difference is fault.Internal "copy_differs", and nothing is kept. Nobody
// may write meanwhile.
func Copy(ctx context.Context, from, to *pgxpool.Pool, schema string) ([]Copied, error) {
	var there []Copied
	err := pgx.BeginTxFunc(ctx, from, readWhole, func(source pgx.Tx) error {
		if err := enter(ctx, source, schema); err != nil {
			return err
		}
		tables, err := everyTable(ctx, source, schema)
		if err != nil {
			return err
		}
		// The sums are made beside the copy, on a connection of their own.
		sums, summing := errgroup.WithContext(ctx)
		sums.Go(func() error {
			return pgx.BeginTxFunc(summing, from, readWhole, func(tx pgx.Tx) (err error) {
				if err := enter(summing, tx, schema); err != nil {
					return err
				}
				there, err = sumsOf(summing, tx, tables)
				return err
			})
		})
		err = pgx.BeginFunc(ctx, to, func(target pgx.Tx) error {
			here, err := fill(ctx, source, target, schema, tables)
			if err != nil {
				return err
			}
			if err := sums.Wait(); err != nil {
				return err
			}
			for i := range there {
				if here[i] != there[i] {
					return fault.Wrap(fault.Internal, "copy_differs", fmt.Errorf("the table %s has %d rows there and %d here", there[i].Table, there[i].Rows, here[i].Rows))
				}
			}
			return nil
		})
		if err != nil {
			_ = sums.Wait() //nolint:errcheck // the copy's own error says more
		}
		return err
	})
	return there, err
}

func enter(ctx context.Context, tx pgx.Tx, schema string) error {
	_, err := tx.Exec(ctx, sqlInSchema, quote(schema))
	return err
}

func fill(ctx context.Context, source, target pgx.Tx, schema string, tables []table) ([]Copied, error) {
	if err := enter(ctx, target, schema); err != nil {
		return nil, err
	}
	restore, err := WithoutForeignKeys(ctx, target, schema)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if err := pour(ctx, source, target, t); err != nil {
			return nil, fmt.Errorf("copy the table %s: %w", t.name, err)
		}
	}
	if err := restore(ctx); err != nil {
		return nil, err
	}
	return sumsOf(ctx, target, tables)
}

// pour streams a table from one database into the other.
func pour(ctx context.Context, source, target pgx.Tx, t table) error {
	columns := t.list()
	if _, err := target.Exec(ctx, `truncate `+quote(t.name)); err != nil { //nolint:gosec // a quoted identifier of the catalogue
		return err
	}
	r, w := io.Pipe()
	reading := make(chan error, 1)
	go func() {
		_, err := source.Conn().PgConn().CopyTo(ctx, w, `copy `+quote(t.name)+` (`+columns+`) to stdout (format binary)`)
		_ = w.CloseWithError(err) // never fails
		reading <- err
	}()
	_, err := target.Conn().PgConn().CopyFrom(ctx, r, `copy `+quote(t.name)+` (`+columns+`) from stdin (format binary)`)
	_ = r.CloseWithError(io.ErrClosedPipe) // a reader that gave up lets the writer end
	if other := <-reading; err == nil {
		err = other
	}
	return err
}

func sumsOf(ctx context.Context, tx pgx.Tx, tables []table) ([]Copied, error) {
	list := make([]Copied, len(tables))
	for i, t := range tables {
		list[i].Table = t.name
		statement := sumOfRows + `(select ` + t.list() + ` from ` + quote(t.name) + `) as r`
		if err := tx.QueryRow(ctx, statement).Scan(&list[i].Rows, &list[i].Sum); err != nil {
			return nil, err
		}
	}
	return list, nil
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
