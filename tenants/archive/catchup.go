package archive

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// A large commune is copied while it goes on working ([Copy], which gives a mark), and
// catches up while its writes wait ([CatchUp]): what was written since the mark is known by
// the transaction that wrote it, what was deleted by what is left too many.

// sqlMark is the oldest transaction that a snapshot may not have seen the end of, as the
// 32 bits that rows bear.
const sqlMark = `select (pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::text`

var markShape = regexp.MustCompile(`^[0-9]{1,10}$`)

// CatchUp brings a copy up to the present, in one transaction. What was written since the
// mark is compared on both sides by count and sum, and every table by its count: what was
// not written since was compared when it was copied, and nobody has written to the copy. It
// gives the tables in which something was. mark is what [Copy] gave. Nobody may write
// meanwhile.
func CatchUp(ctx context.Context, from, to *pgxpool.Pool, schema, mark string) (caught []Copied, err error) {
	if !markShape.MatchString(mark) {
		return nil, fault.New(fault.Internal, "copy_mark")
	}
	err = pgx.BeginTxFunc(ctx, from, readWhole, func(source pgx.Tx) error {
		if err := enter(ctx, source, schema); err != nil {
			return err
		}
		tables, err := everyTable(ctx, source, schema)
		if err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, to, func(target pgx.Tx) error {
			if err := enter(ctx, target, schema); err != nil {
				return err
			}
			if err := deferKeys(ctx, target, schema, true); err != nil {
				return err
			}
			for _, t := range tables {
				news, err := catchUp(ctx, source, target, t, mark)
				if err != nil {
					return fmt.Errorf("catch up with the table %s: %w", t.name, err)
				}
				if news.Rows > 0 {
					caught = append(caught, news)
				}
			}
			return deferKeys(ctx, target, schema, false)
		})
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		// Two rows exchanged what may be there once: all is copied anew.
		caught, _, err = Copy(ctx, from, to, schema)
	}
	return caught, err
}

// deferKeys lets the foreign keys be checked at the end, or at once again.
func deferKeys(ctx context.Context, tx pgx.Tx, schema string, later bool) error {
	keys, err := foreignKeys(ctx, tx, schema)
	if err != nil {
		return err
	}
	var script strings.Builder
	how := "deferrable initially deferred"
	if !later {
		how = "not deferrable"
		script.WriteString("set constraints all immediate;\n")
	}
	for _, k := range keys { // what the catalogue gave, quoted by it or by us
		fmt.Fprintf(&script, "alter table %s alter constraint %s %s;\n", k.Table, quote(k.Name), how)
	}
	_, err = tx.Exec(ctx, script.String())
	return err
}

// catchUp writes a table's rows that were written since the mark, deletes those that are
// not there any more, and compares. The names are the catalogue's, quoted; the mark is
// digits.
func catchUp(ctx context.Context, source, target pgx.Tx, t table, mark string) (Copied, error) {
	name, news := quote(t.name), quote("news_of_"+t.name)
	since := `select ` + t.list() + ` from ` + name + ` where age(xmin) <= age('` + mark + `'::xid)`
	there, err := rowsSum(ctx, source, t, since)
	if err != nil {
		return there, err
	}
	if there.Rows > 0 {
		if _, err := target.Exec(ctx, `create temporary table `+news+` (like `+name+`) on commit drop`); err != nil { //nolint:gosec // see above
			return there, err
		}
		if err := stream(ctx, source, target, since, news, t.list()); err != nil {
			return there, err
		}
		if _, err := target.Exec(ctx, t.renewing(news)); err != nil {
			return there, err
		}
		written := `select ` + t.list() + ` from ` + name + ` where (` + t.keyList() + `) in (select ` + t.keyList() + ` from ` + news + `)`
		here, err := rowsSum(ctx, target, t, written)
		if err != nil {
			return there, err
		}
		if err := differ([]Copied{there}, []Copied{here}); err != nil {
			return there, err
		}
	}
	return there, dropGone(ctx, source, target, t)
}

// renewing is the statement that writes the rows of another table over those of the same
// keys.
func (t table) renewing(news string) string {
	var set []string
	for _, c := range t.columns {
		if c.key < 0 {
			set = append(set, quote(c.name)+" = excluded."+quote(c.name))
		}
	}
	conflict := "do nothing"
	if len(set) > 0 {
		conflict = "do update set " + strings.Join(set, ", ")
	}
	return `insert into ` + quote(t.name) + ` (` + t.list() + `) select ` + t.list() + ` from ` + news + ` on conflict (` + t.keyList() + `) ` + conflict
}

// keyList names the columns of the primary key, quoted.
func (t table) keyList() string {
	var names []string
	for _, c := range t.key() {
		names = append(names, quote(c.name))
	}
	return strings.Join(names, ", ")
}

// dropGone deletes the rows that are there no more: there are such where the copy has more
// rows, for it has all that are there.
func dropGone(ctx context.Context, source, target pgx.Tx, t table) error {
	name, keys := quote(t.name), quote("keys_of_"+t.name)
	there, err := countOf(ctx, source, name)
	if err != nil {
		return err
	}
	here, err := countOf(ctx, target, name)
	if err != nil || here == there {
		return err
	}
	if _, err := target.Exec(ctx, `create temporary table `+keys+` on commit drop as select `+t.keyList()+` from `+name+` limit 0`); err != nil { //nolint:gosec // quoted identifiers of the catalogue
		return err
	}
	if err := stream(ctx, source, target, `select `+t.keyList()+` from `+name, keys, t.keyList()); err != nil {
		return err
	}
	if _, err := target.Exec(ctx, `delete from `+name+` where (`+t.keyList()+`) not in (select `+t.keyList()+` from `+keys+`)`); err != nil { //nolint:gosec // quoted identifiers of the catalogue
		return err
	}
	if here, err = countOf(ctx, target, name); err != nil {
		return err
	}
	return differ([]Copied{{Table: t.name, Rows: there}}, []Copied{{Table: t.name, Rows: here}})
}

func countOf(ctx context.Context, tx pgx.Tx, quoted string) (n int64, err error) {
	err = tx.QueryRow(ctx, `select count(*) from `+quoted).Scan(&n) //nolint:gosec // a quoted identifier of the catalogue
	return n, err
}
