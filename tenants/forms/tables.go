package forms

import "slices"

// The limits of what a form draws from a table.
const (
	MaxMatches     = 5    // conditions on a row
	MaxTableRows   = 5000 // rows of a table
	MaxTableColumn = 20   // columns of a table
	MaxCell        = 200  // characters of a cell
)

// Table is a reference table of the town: streets, schools, rates. Every row has a cell for each column.
type Table struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// Tables are the tables that a form uses, by name.
type Tables map[string]*Table

// TableChoice takes the choices of a question from a column: the texts of its rows, each once, in their order. What was
// chosen is kept as it was written, whatever the table becomes.
type TableChoice struct {
	Table  string  `json:"table"`
	Column string  `json:"column"`
	Where  []Match `json:"where,omitempty"` // on answers of earlier steps; one that is not answered leaves every row
}

// Lookup finds the number in a column of the first row that matches.
type Lookup struct {
	Table  string  `json:"table"`
	Column string  `json:"column"`
	Where  []Match `json:"where"`
}

// Match compares a column with an answer.
type Match struct {
	Column string `json:"column"`
	Field  string `json:"field"`
	Op     string `json:"op,omitempty"` // "": the same; MatchFrom, MatchTo: a bracket
}

// How a bracket holds an answer: both ends are part of it, and an empty cell is open.
const (
	MatchFrom = "from" // the cell is at most the answer
	MatchTo   = "to"   // the cell is at least the answer
)

func (t *Table) column(name string) int {
	if t == nil {
		return -1
	}
	return slices.Index(t.Columns, name)
}

// find gives the cell of the first row that matches answers that are all known.
func (t *Table) find(column string, where []Match, get getter) (string, bool) {
	i := t.column(column)
	if i < 0 {
		return "", false
	}
	for _, m := range where {
		if get(m.Field).Empty() {
			return "", false
		}
	}
	for _, row := range t.Rows {
		if i < len(row) && t.matches(row, where, get) {
			return row[i], true
		}
	}
	return "", false
}

// choices gives the texts of a column, each once; an answer that is not given leaves every row.
func (t *Table) choices(c *TableChoice, get getter) []string {
	i := t.column(c.Column)
	if i < 0 {
		return nil
	}
	where := slices.DeleteFunc(slices.Clone(c.Where), func(m Match) bool { return get(m.Field).Empty() })
	seen := map[string]bool{}
	var out []string
	for _, row := range t.Rows {
		if i < len(row) && row[i] != "" && !seen[row[i]] && t.matches(row, where, get) {
			seen[row[i]] = true
			out = append(out, row[i])
		}
	}
	return out
}

func (t *Table) matches(row []string, where []Match, get getter) bool {
	for _, m := range where {
		i := t.column(m.Column)
		if i < 0 || i >= len(row) || !m.holds(row[i], get(m.Field)) {
			return false
		}
	}
	return true
}

func (m Match) holds(cell string, v Value) bool {
	if m.Op == "" {
		if n, ok := v.Number(); ok {
			c, numeric := parseNumber(cell, "")
			return numeric && c == n
		}
		return v.text == cell
	}
	if cell == "" {
		return true
	}
	n, ok := v.Number()
	c, numeric := parseNumber(cell, "")
	if !ok || !numeric {
		return false
	}
	if m.Op == MatchFrom {
		return c <= n
	}
	return c >= n
}

// everyChoice gives the texts of a column whatever is answered.
func (t *Table) everyChoice(c *TableChoice) []string {
	return t.choices(&TableChoice{Table: c.Table, Column: c.Column}, func(string) Value { return Value{} })
}

// Cell writes a text as a table keeps it, and as an answer is compared with it: one line, trimmed, NFC, without the characters
// that only mislead.
func Cell(s string) string { return cleanLine(s) }

// drawings visits every place where the form draws from a table, with the columns that it reads there.
func (d *Definition) drawings(visit func(path, table string, columns []string)) {
	columns := func(first string, where []Match) []string {
		out := []string{first}
		for _, m := range where {
			out = append(out, m.Column)
		}
		return out
	}
	for si := range d.Steps {
		for ci := range d.Steps[si].Sections {
			for fi := range d.Steps[si].Sections[ci].Fields {
				f, path := &d.Steps[si].Sections[ci].Fields[fi], fieldPath(si, ci, fi)
				if f.Table != nil {
					visit(path+"/table", f.Table.Table, columns(f.Table.Column, f.Table.Where))
				}
				f.Compute.walk(path+"/compute", MaxDepth, func(at string, e *Expr, _ bool) {
					if e.Lookup != nil {
						visit(at+"/lookup", e.Lookup.Table, columns(e.Lookup.Column, e.Lookup.Where))
					}
				})
			}
		}
	}
}

// TableProblems says, in French, where the form draws from a table, or from a column of one, that is not among these. Check does
// not: only the commune has the tables.
func (d *Definition) TableProblems(tables Tables) []Problem {
	var out []Problem
	d.drawings(func(path, table string, columns []string) {
		t := tables[table]
		if t == nil {
			out = append(out, Problem{Path: path, Code: "table_missing", Message: "Créez d’abord la table «" + nbsp + table + nbsp + "»" + nbsp + ": la commune ne l’a pas"})
			return
		}
		for _, column := range columns {
			if t.column(column) < 0 {
				out = append(out, Problem{Path: path, Code: "table_column", Message: "Ajoutez la colonne «" + nbsp + column + nbsp + "» à la table «" + nbsp + table + nbsp + "», ou choisissez-en une autre"})
			}
		}
	})
	return out
}

// TableNames lists the tables that the form draws from, each once.
func (d *Definition) TableNames() []string { return slices.Clone(d.index().tables) }
