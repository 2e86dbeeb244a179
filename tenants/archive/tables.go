package archive

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// withheld are the tables, and columns as "table.column", that no archive holds, with
// the reason, in French, that the manifest gives.
var withheld = map[string]string{
	"session":                 "les sessions ouvertes : chacun se reconnecte",
	"api_token":               "les jetons d’API : à émettre de nouveau",
	"hub_visit":               "les visites en cours de l’intercommunalité : elles ne suivent pas la commune",
	"agent.subject":           "le lien des agents avec leur compte : ils sont invités de nouveau",
	"citizen.subject":         "le lien des usagers avec leur compte : rétabli à leur première connexion avec la même adresse",
	"citizen_identity":        "le lien des usagers avec FranceConnect : rétabli quand ils le demandent",
	"agent_identity":          "le lien des agents avec ProConnect : rétabli à leur première connexion",
	"request.tracking_sealed": "les codes de suivi chiffrés pour ce déploiement : voir codes.age",
}

// filled gives what a withheld column that may not be empty holds after an import.
var filled = map[string]string{
	"agent.subject":   `'archive:' || r.id`,
	"citizen.subject": `'archive:' || r.id`,
}

// written gives how a column that names the deployment is written without it, and
// read back with it ($1 is the new schema's name).
var written = map[string]struct{ out, in string }{
	"document.blob_key": {`substr(blob_key, strpos(blob_key, '/') + 1)`, `$1::text || '/' || r.blob_key`},
}

// column is one column of a table; key is its place in the primary key, from 0, or -1.
type column struct {
	name, kind string
	collated   bool
	key        int
}

type table struct {
	name    string
	columns []column
}

// The tables are found by what depends on the schema, which is indexed: reading all
// of pg_class costs a third of a second among ten thousand schemas.
const sqlTables = `select c.relname::text as name, a.attname::text as column_name, format_type(a.atttypid, a.atttypmod) as kind, a.attcollation <> 0 as collated,
		coalesce(array_position(i.indkey::int2[], a.attnum), -1) as key
	from pg_catalog.pg_depend d
	join pg_catalog.pg_class c on c.oid = d.objid and c.relkind in ('r', 'p')
	join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
	left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
	where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = (select oid from pg_catalog.pg_namespace where nspname = $1) and d.classid = 'pg_catalog.pg_class'::regclass
	order by c.relname, a.attnum`

// querier is a transaction: a tenant's or the owner's.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// tablesOf lists the tables of a schema that an archive holds, by name.
func tablesOf(ctx context.Context, q querier, schema string) ([]table, error) {
	list, err := everyTable(ctx, q, schema)
	return slices.DeleteFunc(list, func(t table) bool { return withheld[t.name] != "" }), err
}

func everyTable(ctx context.Context, q querier, schema string) ([]table, error) {
	rows, err := q.Query(ctx, sqlTables, schema)
	if err != nil {
		return nil, err
	}
	type found struct {
		Name, ColumnName, Kind string
		Collated               bool
		Key                    int
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[found])
	if err != nil {
		return nil, err
	}
	var list []table
	for _, f := range all {
		if len(list) == 0 || list[len(list)-1].name != f.Name {
			list = append(list, table{name: f.Name})
		}
		last := &list[len(list)-1]
		last.columns = append(last.columns, column{f.ColumnName, f.Kind, f.Collated, f.Key})
	}
	for _, t := range list {
		if len(t.key()) == 0 {
			return nil, fmt.Errorf("archive: the table %s has no primary key, so its rows have no order", t.name)
		}
	}
	return list, nil
}

// key gives the columns of the primary key, in its order.
func (t table) key() []column {
	var key []column
	for _, c := range t.columns {
		if c.key >= 0 {
			key = append(key, c)
		}
	}
	slices.SortFunc(key, func(a, b column) int { return a.key - b.key })
	return key
}

// list names the columns, quoted, for a statement.
func (t table) list() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = quote(c.name)
	}
	return strings.Join(names, ", ")
}

// shown are the columns that an archive holds.
func (t table) shown() []Column {
	var shown []Column
	for _, c := range t.columns {
		if withheld[t.name+"."+c.name] == "" {
			shown = append(shown, Column{Name: c.name, Type: c.kind})
		}
	}
	return shown
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// reading is the statement that gives a table's rows as JSON, in the order of their
// key. It is made of identifiers that the catalogue gave, quoted, and of constants: a
// commune's tables are those that its migrations made, and no list of them would know
// the next one.
func (t table) reading(columns []Column) string {
	var list []string
	for _, c := range columns {
		expression := quote(c.Name)
		if w, special := written[t.name+"."+c.Name]; special {
			expression = w.out + " as " + expression
		}
		list = append(list, expression)
	}
	var order []string
	for _, c := range t.key() {
		term := quote(t.name) + "." + quote(c.name)
		if c.collated {
			term += ` collate "C"` // the same order whatever the server's language
		}
		order = append(order, term)
	}
	return `select row_to_json(r)::text from (select ` + strings.Join(list, ", ") + ` from ` + quote(t.name) + ` order by ` + strings.Join(order, ", ") + `) as r`
}

// dump writes a table's rows, a line each, and counts them.
func dump(ctx context.Context, q querier, t table, columns []Column, w io.Writer) (int64, error) {
	rows, err := q.Query(ctx, t.reading(columns))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		if _, err := w.Write(rows.RawValues()[0]); err != nil {
			return n, err
		}
		if _, err := w.Write([]byte{'\n'}); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}
