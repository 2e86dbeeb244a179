package archive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

const (
	sqlInSchema = `select set_config('search_path', $1, true), set_config('statement_timeout', '0', true), set_config('TimeZone', 'UTC', true), set_config('bytea_output', 'hex', true)`
	sqlLines    = `create temporary table archive_line (line jsonb) on commit drop`
	sqlNoLines  = `truncate archive_line`
	// Foreign keys refer to each other in a ring (a procedure and its version): no
	// order of tables would do.
	sqlForeignKeys = `select con.conrelid::regclass::text as "table", con.conname::text as name, pg_get_constraintdef(con.oid) as definition
		from pg_catalog.pg_depend d join pg_catalog.pg_constraint con on con.conrelid = d.objid and con.contype = 'f'
		where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = (select oid from pg_catalog.pg_namespace where nspname = $1) and d.classid = 'pg_catalog.pg_class'::regclass
		order by 1, 2`
)

// Load writes an opened archive's rows into a commune's schema, which was provisioned
// at this program's version and holds nothing of worth: what is in it is replaced. All
// happens in one transaction as the cell's owner: the schema at the archive's version,
// the rows, a comparison of each table with the manifest, and the migrations since. A
// difference is fault.Invalid "archive_altered". Run twice it ends the same.
func Load(ctx context.Context, owner tenants.Beginner, t tenants.Tenant, o *Opened) error {
	return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if err := remake(ctx, tx, t, o.Manifest.SchemaVersion); err != nil {
			return err
		}
		restore, err := WithoutForeignKeys(ctx, tx, t.Schema)
		if err != nil {
			return err
		}
		if err := o.rows(ctx, tx, t); err != nil {
			return err
		}
		if err := restore(ctx); err != nil {
			return fault.Wrap(fault.Invalid, codeAltered, err) // a row that refers to none
		}
		_, err = tx.Exec(ctx, migrations.Tenant.Script(o.Manifest.SchemaVersion, t.Schema))
		return err
	})
}

// remake gives the transaction an empty schema at a version.
func remake(ctx context.Context, tx pgx.Tx, t tenants.Tenant, version int) error {
	name := quote(t.Schema)
	script := `drop schema ` + name + ` cascade; create schema ` + name + `; grant usage on schema ` + name + ` to ` + name
	if _, err := tx.Exec(ctx, script); err != nil { //nolint:gosec // a quoted identifier
		return err
	}
	if _, err := tx.Exec(ctx, sqlInSchema, name); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, migrations.Tenant[:version].Script(0, t.Schema))
	return err
}

type foreignKey struct{ Table, Name, Definition string }

func foreignKeys(ctx context.Context, tx pgx.Tx, schema string) ([]foreignKey, error) {
	rows, err := tx.Query(ctx, sqlForeignKeys, schema)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[foreignKey])
}

// WithoutForeignKeys drops the foreign keys of a schema, in whose search_path the
// transaction is, and gives what makes them again and so checks every row.
func WithoutForeignKeys(ctx context.Context, tx pgx.Tx, schema string) (restore func(context.Context) error, err error) {
	keys, err := foreignKeys(ctx, tx, schema)
	if err != nil {
		return nil, err
	}
	var drop, add strings.Builder
	for _, k := range keys { // what the catalogue gave, quoted by it or by us
		fmt.Fprintf(&drop, "alter table %s drop constraint %s;\n", k.Table, quote(k.Name))
		fmt.Fprintf(&add, "alter table %s add constraint %s %s;\n", k.Table, quote(k.Name), k.Definition)
	}
	_, err = tx.Exec(ctx, drop.String())
	return func(ctx context.Context) error {
		_, err := tx.Exec(ctx, add.String())
		return err
	}, err
}

// rows writes every table, and reads it again.
func (o *Opened) rows(ctx context.Context, tx pgx.Tx, t tenants.Tenant) error {
	tables, err := tablesOf(ctx, tx, t.Schema)
	if err != nil {
		return err
	}
	known := map[string]table{}
	for _, table := range tables {
		known[table.name] = table
	}
	if _, err := tx.Exec(ctx, sqlLines); err != nil {
		return err
	}
	if len(o.Manifest.Tables) != len(tables) {
		return fault.New(fault.Invalid, codeAltered)
	}
	for _, entry := range o.Manifest.Tables {
		table, ok := known[entry.Name]
		if !ok || !table.holds(entry.Columns) {
			return fault.New(fault.Invalid, codeAltered)
		}
		if err := o.table(ctx, tx, t, table, entry); err != nil {
			return err
		}
		if err := Compare(ctx, tx, entry); err != nil {
			return err
		}
	}
	return nil
}

// holds tells whether columns are those that an archive holds of the table.
func (t table) holds(columns []Column) bool {
	shown := map[string]bool{}
	for _, c := range t.shown() {
		shown[c.Name] = true
	}
	for _, c := range columns {
		if !shown[c.Name] {
			return false
		}
		delete(shown, c.Name)
	}
	return len(shown) == 0
}

// table writes one table's rows. Bad values are the archive's fault.
func (o *Opened) table(ctx context.Context, tx pgx.Tx, t tenants.Tenant, table table, entry Table) error {
	f, err := os.Open(o.at(entry.Path))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := tx.Exec(ctx, sqlNoLines); err != nil {
		return err
	}
	lines := json.NewDecoder(bufio.NewReaderSize(f, 64<<10))
	source := pgx.CopyFromFunc(func() ([]any, error) {
		var line json.RawMessage
		err := lines.Decode(&line)
		if errors.Is(err, io.EOF) {
			return nil, nil //nolint:nilnil // pgx: the end of the rows
		}
		return []any{line}, err
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"archive_line"}, []string{"line"}, source); err != nil {
		return fault.Wrap(fault.Invalid, codeAltered, err)
	}
	insert, arguments := table.inserting(entry.Columns, t.Schema)
	if _, err := tx.Exec(ctx, insert, arguments...); err != nil {
		return fault.Wrap(fault.Invalid, codeAltered, err)
	}
	return nil
}

// inserting is the statement that makes rows of the lines: see [table.reading].
func (t table) inserting(columns []Column, schema string) (sql string, arguments []any) {
	var targets, values []string
	for _, c := range columns {
		value := "r." + quote(c.Name)
		if w, special := written[t.name+"."+c.Name]; special {
			value, arguments = w.in, []any{schema}
		}
		targets, values = append(targets, quote(c.Name)), append(values, value)
	}
	for _, c := range t.columns {
		if value, ok := filled[t.name+"."+c.name]; ok {
			targets, values = append(targets, quote(c.name)), append(values, value)
		}
	}
	return `insert into ` + quote(t.name) + ` (` + strings.Join(targets, ", ") + `) select ` + strings.Join(values, ", ") +
		` from archive_line l, jsonb_populate_record(null::` + quote(t.name) + `, l.line) as r`, arguments
}

// Compare reads a table again, in the schema that the transaction is in, and holds its
// rows and checksum against an archive's: fault.Invalid "archive_altered" where they differ.
func Compare(ctx context.Context, q querier, entry Table) error {
	key, err := keyOf(ctx, q, entry.Name)
	if err != nil {
		return err
	}
	hash := sha256.New()
	buffered := bufio.NewWriterSize(hash, 64<<10)
	n, err := dump(ctx, q, table{name: entry.Name, columns: key}, entry.Columns, buffered)
	if err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if n != entry.Rows || hex.EncodeToString(hash.Sum(nil)) != entry.SHA256 {
		return fault.Wrap(fault.Invalid, codeAltered, fmt.Errorf("the table %s came out different", entry.Name))
	}
	return nil
}

const sqlKey = `select a.attname::text as name, a.attcollation <> 0 as collated, array_position(i.indkey::int2[], a.attnum) as key
	from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])
	where i.indrelid = to_regclass(quote_ident($1)) and i.indisprimary`

func keyOf(ctx context.Context, q querier, name string) ([]column, error) {
	rows, err := q.Query(ctx, sqlKey, name)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (column, error) {
		var c column
		err := row.Scan(&c.name, &c.collated, &c.key)
		return c, err
	})
}

// Codes reads the tracking codes that came along. Without any, codes is nil. A wrong
// passphrase is fault.Invalid "passphrase".
func (o *Opened) Codes(passphrase string) (codes map[tenants.ID]string, err error) {
	if !o.found[fileCodes] || passphrase == "" {
		return nil, nil //nolint:nilnil // none came along, or none are wanted
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "passphrase", err)
	}
	f, err := os.Open(o.at(fileCodes))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := age.Decrypt(bufio.NewReader(f), identity)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "passphrase", err)
	}
	codes = map[tenants.ID]string{}
	lines := json.NewDecoder(plain)
	for {
		var c tracked
		err := lines.Decode(&c)
		if errors.Is(err, io.EOF) {
			return codes, nil
		}
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, codeAltered, err)
		}
		codes[c.Request] = c.Code
	}
}

// HasCodes tells whether the archive holds tracking codes under a passphrase.
func (o *Opened) HasCodes() bool { return o.found[fileCodes] }
