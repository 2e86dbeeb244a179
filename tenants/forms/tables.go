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
	Columns []string
	Rows    [][]string
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

// TableNames lists the tables that the form draws from, each once.
func (d *Definition) TableNames() []string { return slices.Clone(d.index().tables) }
