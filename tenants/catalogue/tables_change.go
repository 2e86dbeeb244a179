package catalogue

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// previewLife is how long a file waits to be looked at.
const previewLife = 24 * time.Hour

// TablePreview is a file that waits to become a table, or to replace one.
type TablePreview struct {
	Table          // as it would be; Version names this preview
	Now     *Table // what it would replace; nil for a new one
	Added   int    // rows that are not in the table now
	Removed int    // rows of the table that are not in the file
	Same    int
	Lacks   []forms.Problem // what procedures in use draw from, and the file does not have: it cannot replace the table then
}

// PreviewTable keeps a file's rows until somebody who has seen them confirms them (ReplaceTable). An empty name makes a new
// table, named after its title. It gives the name. Administrators only. Without a title, or with one that is too long, it is
// fault.Invalid "table_title"; rows that ReadTable would refuse are "table_invalid"; beyond MaxTables it is fault.TooLarge
// "tables_full", an unknown name fault.NotFound "table_unknown".
func PreviewTable(ctx context.Context, tx *tenants.Tx, name, title string, content *forms.Table) (string, error) {
	if !tx.Actor().MayConfigure() {
		return "", fault.New(fault.Forbidden, "admin_only")
	}
	names, err := tenants.All[string](ctx, tx, sqlPartNames, partTable)
	if err != nil {
		return "", err
	}
	title = forms.Cell(title)
	switch known := slices.Contains(names, name); {
	case title == "" || len([]rune(title)) > maxTitle || markup.MatchString(title):
		return "", fault.New(fault.Invalid, "table_title")
	case name != "" && !known:
		return "", fault.New(fault.NotFound, "table_unknown")
	case !known && len(names) >= MaxTables:
		return "", fault.New(fault.TooLarge, "tables_full")
	case !known:
		name = free(named(title), names)
	}
	if content == nil || len(badRows(content, nil)) > 0 {
		return "", fault.New(fault.Invalid, "table_invalid")
	}
	if _, err := tx.Exec(ctx, sqlOldPreviews, tx.Now().Add(-previewLife)); err != nil {
		return "", err
	}
	return name, putTable(ctx, tx, Table{Name: name, Title: title, Content: content}, partPreview)
}

// named makes a table's name of its title.
func named(title string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return ' '
	}, fold.Words(title))
	name = strings.Join(strings.Fields(name), "-")
	if name = strings.Trim(name[:min(len(name), maxSlug-4)], "-"); name == "" {
		return "table"
	}
	return name
}

// Preview gives the file that waits for a table. Administrators only. None is fault.NotFound "preview_unknown".
func Preview(ctx context.Context, tx *tenants.Tx, name string) (TablePreview, error) {
	if !tx.Actor().MayConfigure() {
		return TablePreview{}, fault.New(fault.Forbidden, "admin_only")
	}
	t, err := onePart(ctx, tx, sqlPart, partPreview, name)
	if fault.Is(err, "table_unknown") {
		return TablePreview{}, fault.New(fault.NotFound, "preview_unknown")
	}
	if err != nil {
		return TablePreview{}, err
	}
	p := TablePreview{Table: t, Added: t.Size}
	now, err := onePart(ctx, tx, sqlPart, partTable, name)
	if fault.Is(err, "table_unknown") {
		return p, nil
	}
	if err != nil {
		return TablePreview{}, err
	}
	p.Now = &now
	p.Added, p.Removed, p.Same = compared(now.Content, t.Content)
	p.Lacks, err = columnsMissing(ctx, tx, name, t.Content)
	return p, err
}

// compared counts the rows that came, went and stayed. A row of other columns is another.
func compared(before, after *forms.Table) (added, removed, same int) {
	if !slices.Equal(before.Columns, after.Columns) {
		return len(after.Rows), len(before.Rows), 0
	}
	was := map[string]bool{}
	for _, row := range before.Rows {
		was[strings.Join(row, "\x00")] = true
	}
	for _, row := range after.Rows {
		if was[strings.Join(row, "\x00")] {
			same++
		}
	}
	return len(after.Rows) - same, len(before.Rows) - same, same
}

// columnsMissing says which columns the procedures in use draw from that a table would not have.
func columnsMissing(ctx context.Context, tx *tenants.Tx, name string, content *forms.Table) ([]forms.Problem, error) {
	versions, err := liveVersions(ctx, tx)
	var out []forms.Problem
	for _, v := range versions {
		if v.Procedure == nil || v.Procedure.Form == nil {
			continue
		}
		for _, problem := range v.Procedure.Form.TableProblems(forms.Tables{name: content}) {
			if problem.Code != "table_column" {
				continue // another table
			}
			problem.Message += " («\u00a0" + v.Procedure.Title + "\u00a0», version\u00a0" + strconv.Itoa(v.Number) + ")"
			if !slices.ContainsFunc(out, func(p forms.Problem) bool { return p.Message == problem.Message }) {
				out = append(out, problem)
			}
		}
	}
	return out, err
}

// ReplaceTable makes the file that waits the table, whole, as it was seen: version is the preview's. Administrators only.
// Another file that came meanwhile is fault.Conflict "preview_changed", none is fault.NotFound "preview_unknown"; where a
// procedure in use draws from a column that is not in it, it is fault.Conflict "table_columns_used".
func ReplaceTable(ctx context.Context, tx *tenants.Tx, name string, version tenants.ID) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	// In this order, as deleting does.
	if _, err := onePart(ctx, tx, sqlPartLocked, partTable, name); err != nil && !fault.Is(err, "table_unknown") {
		return err
	}
	t, err := onePart(ctx, tx, sqlPartLocked, partPreview, name)
	switch {
	case fault.Is(err, "table_unknown"):
		return fault.New(fault.NotFound, "preview_unknown")
	case err != nil:
		return err
	case t.Version != version:
		return fault.New(fault.Conflict, "preview_changed")
	}
	missing, err := columnsMissing(ctx, tx, name, t.Content)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fault.New(fault.Conflict, "table_columns_used")
	}
	if _, err := tx.Exec(ctx, sqlDropPart, partPreview, name); err != nil {
		return err
	}
	return putTable(ctx, tx, t, partTable)
}

// DropPreview throws a file that waits away; one that is not there is gone already. Administrators only.
func DropPreview(ctx context.Context, tx *tenants.Tx, name string) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	_, err := tx.Exec(ctx, sqlDropPart, partPreview, name)
	return err
}

// putTable writes a table or a preview under a new version, and who did it.
func putTable(ctx context.Context, tx *tenants.Tx, t Table, kind string) error {
	text, err := json.Marshal(t.Content)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlPutPart, kind, t.Name, t.Title, tenants.NewID(), text, len(t.Content.Rows), tx.Now(), tx.Actor().Name); err != nil {
		return err
	}
	if kind == partPreview {
		return nil
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "table", SubjectID: tableSubject + t.Name, Kind: "table_replaced", Data: map[string]any{"table": t.Name, "rows": len(t.Content.Rows)}})
}

func titleOf(title, name string) string {
	if title = forms.Cell(title); title == "" || len([]rune(title)) > maxTitle || markup.MatchString(title) {
		return name
	}
	return title
}
