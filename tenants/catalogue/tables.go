package catalogue

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// The kinds of what procedures share.
const (
	partTable   = "table"
	partPreview = "preview" // a file that waits to replace a table of its name
	partBlock   = "block"
)

// Limits of a commune's tables and blocks.
const (
	MaxTables    = 100     // of a commune
	MaxBlocks    = 100     // of a commune
	MaxTableFile = 1 << 20 // bytes of a table as CSV
	maxTitle     = 120     // characters of a table's or a block's title
)

// Table is a reference table of the commune: streets, schools, rates. Forms draw from it (forms.TableChoice,
// forms.Lookup); an answer keeps the text that it was given with.
type Table struct {
	Name      string // by which forms draw from it
	Title     string
	Version   tenants.ID // another one at each change
	Size      int        // rows
	ChangedAt time.Time
	ChangedBy string // the actor's name

	Content *forms.Table // nil in a list
}

const (
	partColumns = `select name, title, version, size, changed_at, changed_by from catalogue_part where kind = $1`

	sqlParts        = partColumns + ` order by title, name`
	sqlPart         = partColumns + ` and name = $2`
	sqlPartLocked   = partColumns + ` and name = $2 for update`
	sqlPartNames    = `select name from catalogue_part where kind = $1 order by name`
	sqlPartContent  = `select content from catalogue_part where kind = $1 and name = $2`
	sqlPartVersions = `select name, version from catalogue_part where kind = $1 and name = any($2::text[])`
	// Shared, so that no table goes while a version that draws from it is published.
	sqlPartShared   = `select name, version from catalogue_part where kind = $1 and name = any($2::text[]) order by name for share`
	sqlPartContents = `select name, version, content from catalogue_part where kind = $1 and name = any($2::text[])`
	sqlPutPart      = `insert into catalogue_part (kind, name, title, version, content, size, changed_at, changed_by) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (kind, name) do update set title = excluded.title, version = excluded.version, content = excluded.content, size = excluded.size, changed_at = excluded.changed_at, changed_by = excluded.changed_by`
	sqlDropPart    = `delete from catalogue_part where kind = $1 and name = $2`
	sqlOldPreviews = `delete from catalogue_part where kind = 'preview' and changed_at < $1`
	// The versions that somebody fills in now, or will: the current ones, those to come, and those of drafts.
	sqlLiveVersions = `select v.id, v.procedure_id, v.number, v.checksum, v.created_at, v.created_by from procedure_version v join procedure p on p.id = v.procedure_id
		where v.number >= (select c.number from procedure_version c where c.id = p.version_id) or exists (select 1 from draft d where d.version_id = v.id)
		order by p.position, p.slug, v.number desc`
)

type partRow struct {
	Name, Title string
	Version     tenants.ID
	Size        int
	ChangedAt   time.Time
	ChangedBy   string
}

type partVersion struct {
	Name    string
	Version tenants.ID
}

type partContent struct {
	Name    string
	Version tenants.ID
	Content json.RawMessage
}

func (r partRow) table() Table {
	return Table{Name: r.Name, Title: r.Title, Version: r.Version, Size: r.Size, ChangedAt: r.ChangedAt, ChangedBy: r.ChangedBy}
}

// TablesFor gives the tables that a procedure's form draws from. Without a query where it draws from none: it
// is nil then. Where the commune lacks one it is left out, and nothing can be chosen from it. Anyone may.
func TablesFor(ctx context.Context, tx *tenants.Tx, p *Procedure) (forms.Tables, error) {
	return tablesFor(ctx, tx, p, sqlPartVersions)
}

func tablesFor(ctx context.Context, tx *tenants.Tx, p *Procedure, sql string) (forms.Tables, error) {
	var out forms.Tables
	if p.Form == nil {
		return out, nil
	}
	names := p.tableNames()
	if len(names) == 0 {
		return out, nil
	}
	out = forms.Tables{}
	rows, err := tenants.All[partVersion](ctx, tx, sql, partTable, names)
	if err != nil {
		return nil, err
	}
	var unknown []string
	for _, r := range rows {
		if t, ok := drawn.get(versionKey{tx.Tenant().ID, r.Version}); ok {
			out[r.Name] = t
		} else {
			unknown = append(unknown, r.Name)
		}
	}
	if len(unknown) == 0 {
		return out, nil
	}
	contents, err := tenants.All[partContent](ctx, tx, sqlPartContents, partTable, unknown)
	if err != nil {
		return nil, err
	}
	for _, r := range contents {
		t, err := storedTable(r.Content)
		if err != nil {
			return nil, err
		}
		drawn.put(versionKey{tx.Tenant().ID, r.Version}, t)
		out[r.Name] = t
	}
	return out, nil
}

func storedTable(content json.RawMessage) (*forms.Table, error) {
	var t forms.Table
	if err := json.Unmarshal(content, &t); err != nil {
		return nil, fault.Wrap(fault.Internal, "table_unreadable", err)
	}
	return &t, nil
}

// TableProblems says, in French, which tables and columns a procedure draws from that the commune does not have:
// while there are any it is neither published nor opened. Anyone may.
func TableProblems(ctx context.Context, tx *tenants.Tx, p *Procedure) ([]forms.Problem, error) {
	return tableProblems(ctx, tx, p, sqlPartVersions)
}

func tableProblems(ctx context.Context, tx *tenants.Tx, p *Procedure, sql string) ([]forms.Problem, error) {
	tables, err := tablesFor(ctx, tx, p, sql)
	if err != nil || tables == nil {
		return nil, err
	}
	problems := p.Form.TableProblems(tables)
	for i := range problems {
		problems[i].Path = "form/" + problems[i].Path
	}
	return append(problems, p.routingProblems(tables)...), nil
}

// drawable refuses, as "procedure_invalid", a procedure that draws from what the commune does not have or whose workflow names it, and keeps
// the tables in place until the transaction ends.
func drawable(ctx context.Context, tx *tenants.Tx, p *Procedure) error {
	problems, err := tableProblems(ctx, tx, p, sqlPartShared)
	if err != nil {
		return err
	}
	lacking, err := WorkflowProblems(ctx, tx, p)
	if err != nil {
		return err
	}
	return refused(append(problems, lacking...))
}

// Tables lists the commune's tables by title, without their rows. Agents only.
func Tables(ctx context.Context, tx *tenants.Tx) ([]Table, error) {
	if !tx.Actor().MayRead() && !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	rows, err := tenants.All[partRow](ctx, tx, sqlParts, partTable)
	out := make([]Table, len(rows))
	for i, r := range rows {
		out[i] = r.table()
	}
	return out, err
}

// TableByName gives a table with its rows. Agents only. None is fault.NotFound "table_unknown".
func TableByName(ctx context.Context, tx *tenants.Tx, name string) (Table, error) {
	if !tx.Actor().MayRead() && !tx.Actor().MayConfigure() {
		return Table{}, fault.New(fault.Forbidden, "not_allowed")
	}
	return onePart(ctx, tx, sqlPart, partTable, name)
}

func onePart(ctx context.Context, tx *tenants.Tx, sql, kind, name string) (Table, error) {
	row, err := tenants.One[partRow](ctx, tx, sql, kind, name)
	if fault.Is(err, "not_found") {
		return Table{}, fault.New(fault.NotFound, "table_unknown")
	}
	if err != nil {
		return Table{}, err
	}
	t := row.table()
	content, err := tenants.One[json.RawMessage](ctx, tx, sqlPartContent, kind, name)
	if err != nil {
		return Table{}, err
	}
	t.Content, err = storedTable(content)
	return t, err
}

// Use is a version of a procedure that draws from a table, or holds a block.
type Use struct {
	Slug, Title string
	Number      int
}

// liveVersions gives every version that somebody fills in now, or will.
func liveVersions(ctx context.Context, tx *tenants.Tx) ([]Version, error) {
	rows, err := tenants.All[versionRow](ctx, tx, sqlLiveVersions)
	if err != nil {
		return nil, err
	}
	out := make([]Version, len(rows))
	pointers := make([]*Version, len(rows))
	for i, r := range rows {
		out[i] = r.version()
		pointers[i] = &out[i]
	}
	return out, define(ctx, tx, pointers)
}

// TableUses gives, by the name of a table, the versions that draw from it: those in force, those to come, and
// those that citizens have begun to fill in. Agents only.
func TableUses(ctx context.Context, tx *tenants.Tx) (map[string][]Use, error) {
	return uses(ctx, tx, (*Procedure).tableNames)
}

// uses gives the versions by what their forms name.
func uses(ctx context.Context, tx *tenants.Tx, names func(*Procedure) []string) (map[string][]Use, error) {
	if !tx.Actor().MayRead() && !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	versions, err := liveVersions(ctx, tx)
	out := map[string][]Use{}
	for _, v := range versions {
		if v.Procedure == nil || v.Procedure.Form == nil {
			continue
		}
		for _, name := range names(v.Procedure) {
			out[name] = append(out[name], Use{v.Procedure.Slug, v.Procedure.Title, v.Number})
		}
	}
	return out, err
}

// tableSubject begins the names that tables have in the history, which procedures' slugs are part of too.
const tableSubject = "table:"

// TableHistory tells who replaced a table, and when, the oldest first. Agents only.
func TableHistory(ctx context.Context, tx *tenants.Tx, name string) ([]tenants.RecordedEvent, error) {
	if !tx.Actor().MayRead() && !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	return tx.History(ctx, tableSubject+name)
}

// DeleteTable removes a table that nothing uses. Administrators only. One that a procedure draws from is
// fault.Conflict "table_used", one that is not there fault.NotFound "table_unknown".
func DeleteTable(ctx context.Context, tx *tenants.Tx, name string) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	if _, err := onePart(ctx, tx, sqlPartLocked, partTable, name); err != nil {
		return err
	}
	uses, err := TableUses(ctx, tx)
	if err != nil {
		return err
	}
	if len(uses[name]) > 0 {
		return fault.New(fault.Conflict, "table_used")
	}
	for _, kind := range []string{partTable, partPreview} {
		if _, err := tx.Exec(ctx, sqlDropPart, kind, name); err != nil {
			return err
		}
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "table", SubjectID: tableSubject + name, Kind: "table_deleted"})
}

// PortableTable is a table as a procedure's file carries it to another commune.
type PortableTable struct {
	Name    string     `json:"name"`
	Title   string     `json:"title"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// WithTables gives the procedure with the tables that it draws from, for a file. Administrators only.
func WithTables(ctx context.Context, tx *tenants.Tx, p *Procedure) (*Procedure, error) {
	if !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "admin_only")
	}
	tables, err := TablesFor(ctx, tx, p)
	if err != nil || len(tables) == 0 {
		return p, err
	}
	known, err := Tables(ctx, tx)
	if err != nil {
		return nil, err
	}
	out := *p
	for _, t := range known {
		if content := tables[t.Name]; content != nil {
			out.Tables = append(out.Tables, PortableTable{t.Name, t.Title, content.Columns, content.Rows})
		}
	}
	return &out, nil
}

// alone gives the procedure without the tables that its file carried.
func (p *Procedure) alone() (*Procedure, error) {
	if len(p.Tables) == 0 {
		return p, nil
	}
	out := *p
	out.Tables, out.text = nil, nil
	return out.sealed()
}

// carried puts the tables of a file into the commune's, but for those that it has already.
func carried(ctx context.Context, tx *tenants.Tx, tables []PortableTable) error {
	if len(tables) == 0 {
		return nil
	}
	names, err := tenants.All[string](ctx, tx, sqlPartNames, partTable)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if slices.Contains(names, t.Name) {
			continue
		}
		if len(names) >= MaxTables {
			return fault.New(fault.TooLarge, "tables_full")
		}
		names = append(names, t.Name)
		if !forms.TableName(t.Name) || len(t.problems()) > 0 {
			return fault.New(fault.Invalid, "table_invalid")
		}
		if err := putTable(ctx, tx, Table{Name: t.Name, Title: titleOf(t.Title, t.Name), Content: &forms.Table{Columns: t.Columns, Rows: t.Rows}}, partTable); err != nil {
			return err
		}
	}
	return nil
}
