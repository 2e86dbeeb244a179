package forms

import "slices"

// Met evaluates a condition that stands outside the form, in a workflow: on answers as they are stored, and on facts as
// they are now where no answer holds them.
func (c *Condition) Met(a Answers, f Facts) bool {
	return c.holds(func(id string) Value {
		if v, ok := a[id]; ok {
			return v
		}
		if _, ok := facts[id]; ok {
			return f.answer(id)
		}
		return Value{}
	}, MaxDepth)
}

// ConditionProblems tells, in French, what keeps a condition outside the form from being used: it may look at every
// question and fact. Nothing is wrong with none.
func (d *Definition) ConditionProblems(path string, cond *Condition) []Problem {
	c := examiner{d: d, x: d.index()}
	c.condition(path, cond, scope{x: c.x, place: len(c.x.entries), step: len(d.Steps)})
	return c.problems
}

// Questions names the questions that a condition looks at, each once; facts are none.
func (c *Condition) Questions() []string {
	var out []string
	add := func(ref string) {
		_, fact := facts[ref]
		if _, date := parseISO(ref); ref != "" && !fact && !date && !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	c.walk("", MaxDepth, func(_ string, part *Condition, _ bool) {
		add(part.Field)
		add(part.At)
	})
	return out
}

// Row finds the first row of a table whose cell in a column agrees, and gives its cell in another; false where none does.
func (t *Table) Row(column, wanted string, agrees func(cell string) bool) (string, bool) {
	at, to := t.column(column), t.column(wanted)
	if at < 0 || to < 0 {
		return "", false
	}
	for _, row := range t.Rows {
		if at < len(row) && to < len(row) && agrees(row[at]) {
			return row[to], true
		}
	}
	return "", false
}

// HasColumn tells whether the table has a column of that name.
func (t *Table) HasColumn(name string) bool { return t.column(name) >= 0 }
