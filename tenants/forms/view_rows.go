package forms

import (
	"encoding/json"
	"strconv"
	"strings"
)

// rows prepares what a repeated section shows: its answers, and as many empty ones as are wanted.
func (r *viewer) rows(v *StepView, fv *FieldView, e *entry) {
	least, most := e.section.Repeat.limits()
	rows := r.in.Answers[e.field.ID].rows
	for len(rows) < least {
		rows = append(rows[:len(rows):len(rows)], Answers{})
	}
	item := e.section.Repeat.Item
	for n, row := range rows {
		number := strconv.Itoa(n)
		scope := rowScope(e.field.ID, n)
		rv := RowView{ID: "f-" + strings.TrimSuffix(scope, "."), Name: e.field.ID, Number: number, Title: item + " " + strconv.Itoa(n+1)}
		if len(rows) > least {
			rv.Remove = rowDrop + e.field.ID + ":" + number
		}
		rv.Fields = r.rowFields(v, e, row, scope)
		fv.Items = append(fv.Items, rv)
	}
	if len(rows) < most {
		fv.Add, fv.AddLabel = rowAdd+e.field.ID, "Ajouter"+nbsp+": "+item
	}
}

// rowFields prepares the questions of one row, whose names begin with its scope.
func (r *viewer) rowFields(v *StepView, e *entry, row Answers, scope string) []FieldView {
	visible := e.group.sightIn(row, r.get, nil)
	get := e.group.seenIn(row, visible, r.get)
	named := Answers{}
	for id, a := range row {
		named[scope+id] = a
	}
	sub := viewer{
		x: e.group, step: r.step, get: get, in: ViewInput{Answers: named, Raw: r.in.Raw, Errors: r.in.Errors, Today: r.in.Today, Tables: r.in.Tables},
		check: checker{x: e.group, answers: row, visible: visible, today: r.check.today, outer: r.get},
	}
	var out []FieldView
	for i := range e.group.entries {
		question := &e.group.entries[i]
		showIf, shown, never := r.rowCondition(question.field.If, e.group, get, scope)
		if never {
			continue
		}
		fv := sub.field(question.scoped(scope))
		fv.ShowIf, fv.Visible, fv.Conditional = showIf, shown, question.field.If != nil
		v.HasOptional = v.HasOptional || question.field.Optional
		out = append(out, fv)
	}
	return out
}

// rowCondition resolves what stands on other pages, and names the row's own questions as the page does.
func (r *viewer) rowCondition(c *Condition, group *index, get getter, scope string) (showIf string, visible, never bool) {
	if c == nil {
		return "", true, false
	}
	own := func(id string) bool { _, ok := group.byID[id]; return ok }
	left := c.resolve(func(id string) bool { return !own(id) && r.elsewhere(id) }, get, MaxDepth)
	holds := c.holds(get, MaxDepth)
	if left.isConstant() {
		return "", holds, !holds
	}
	text, err := json.Marshal(left.renamed(func(id string) string {
		if own(id) {
			return scope + id
		}
		return id
	}))
	if err != nil {
		return "", holds, false
	}
	return string(text), holds, false
}

// renamed gives the condition with other names for what it looks at.
func (c *Condition) renamed(name func(id string) string) *Condition {
	if c == nil {
		return nil
	}
	out := *c
	out.Field, out.At = name(c.Field), name(c.At)
	out.Not = c.Not.renamed(name)
	out.And, out.Or = renamedAll(c.And, name), renamedAll(c.Or, name)
	return &out
}

func renamedAll(list []Condition, name func(id string) string) []Condition {
	if list == nil {
		return nil
	}
	out := make([]Condition, len(list))
	for i := range list {
		out[i] = *list[i].renamed(name)
	}
	return out
}

// fieldNamed gives the field of an entry or, by the name that it has on a page, of a question of its rows.
func (e *entry) fieldNamed(name string) *Field {
	if e.group == nil || name == e.field.ID {
		return e.field
	}
	scope := name[:strings.LastIndexByte(name, '.')+1]
	if i, ok := e.group.byID[strings.TrimPrefix(name, scope)]; ok {
		return e.group.entries[i].scoped(scope).field
	}
	return e.field
}
