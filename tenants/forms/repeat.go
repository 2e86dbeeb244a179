package forms

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// MaxRows bounds how often the questions of a repeated section can be answered.
const MaxRows = 50

// Repeat makes a section's questions answered several times: children, witnesses. The answers stand under the
// section's id, as a list.
type Repeat struct {
	Min  int    `json:"min,omitempty"` // answers wanted; 0: the section may stay empty
	Max  int    `json:"max"`           // at most MaxRows
	Item string `json:"item"`          // what one is called: « Enfant »
}

// KindGroup is the kind of a repeated section where it stands among fields (Visible, Summary, FieldView). No
// question of a definition has it.
const KindGroup Kind = "group"

// The actions of a page on a repeated section: values of the button named RowAction.
const (
	RowAction = "_row"
	rowAdd    = "add:"
	rowDrop   = "drop:"
)

// newGroup makes the entry that stands for a repeated section, with the index of its questions.
func newGroup(section *Section, step int) entry {
	f := &Field{ID: section.ID, Kind: KindGroup, Label: cmp.Or(section.Title, section.Repeat.Item), Optional: section.Repeat.Min <= 0}
	sub := &index{byID: map[string]int{}, steps: map[string]int{}}
	own := &Section{ID: section.ID, Fields: section.Fields}
	kinds := map[Kind]int{}
	for fi := range section.Fields {
		kinds[section.Fields[fi].Kind]++
		sub.addField(&section.Fields[fi], own, step, fi == 0)
	}
	for i := range sub.entries {
		sub.entries[i].alone = kinds[sub.entries[i].field.Kind] == 1
	}
	sub.link()
	e := newEntry(f, section, step, true)
	e.group, e.closesSection = sub, true
	return e
}

// limits gives how many rows are wanted and allowed.
func (r *Repeat) limits() (least, most int) {
	most = min(max(r.Max, 1), MaxRows)
	return min(max(r.Min, 0), most), most
}

// rowScope begins the names of a row's inputs: "enfants.0.".
func rowScope(group string, row int) string { return group + "." + strconv.Itoa(row) + "." }

// groupOf gives the repeated section that a name of a row's question belongs to, or the name itself.
func groupOf(name string) string {
	group, _, _ := strings.Cut(name, ".")
	return group
}

// scoped is the entry of a row's question, under the name that it has on a page.
func (e *entry) scoped(scope string) *entry {
	out := *e
	f := *e.field
	f.ID = scope + f.ID
	out.field = &f
	return &out
}

// full gives the rows that answer something.
func (v Value) full() []Answers {
	return slices.DeleteFunc(slices.Clone(v.rows), emptyRow)
}

func emptyRow(row Answers) bool {
	for _, v := range row {
		if !v.Empty() {
			return false
		}
	}
	return true
}

// rows validates a repeated section: each row that answers something, and as many empty ones as are wanted.
func (c *checker) rows(i int) {
	e := &c.x.entries[i]
	v := c.answers[e.field.ID]
	if v.shape != shapeRows && !v.Empty() {
		c.add(e, "", CodeWrongType, notice{})
		return
	}
	least, most := e.section.Repeat.limits()
	count := len(v.full())
	if count > most {
		c.add(e, "", CodeTooManyRows, notice{count: most})
		return
	}
	get := c.seen()
	for n, row := range v.rows {
		empty := emptyRow(row)
		if empty && count >= least {
			continue
		}
		sub := checker{
			x: e.group, answers: row, outer: get, today: c.today, opts: c.opts,
			prefix: joinIndex(e.field.ID, n) + "/", scope: rowScope(e.field.ID, n), row: e.section.Repeat.Item + " " + strconv.Itoa(n+1),
		}
		sub.visible = e.group.sightIn(row, get, nil)
		sub.questions()
		if empty && len(sub.errs) > 0 {
			count++ // said where it is to be answered
		}
		c.errs = append(c.errs, sub.errs...)
		if len(c.errs) > maxErrors {
			return
		}
	}
	if count < least {
		c.add(e, "", CodeTooFewRows, notice{count: least})
	}
}

// questions validates every visible question of a row, and refuses what it does not ask.
func (c *checker) questions() {
	for i := range c.x.entries {
		if c.visible[i] {
			c.field(i)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.answers)) {
		if _, ok := c.x.byID[id]; !ok {
			e := unknownAnswer(id)
			e.Path = c.prefix + e.Path
			c.errs = append(c.errs, e)
		}
	}
}

// pruneRows keeps of each row what its visible questions say, and drops the rows that say nothing.
func (x *index) pruneRows(v Value, outer getter) Value {
	var rows []Answers
	for _, row := range v.rows {
		visible := x.sightIn(row, outer, nil)
		kept := Answers{}
		for id, i := range x.byID {
			if a, ok := row[id]; ok && visible[i] && !a.Empty() {
				kept[id] = a
			}
		}
		if len(kept) > 0 {
			rows = append(rows, kept)
		}
	}
	return Rows(rows...)
}

// EditRows does what a button of a repeated section asks (the value posted as RowAction): it adds an empty
// row or drops one, and gives the name of the element where the page goes on. Not ok: the action says nothing that
// these answers allow, and they are given back as they are.
func (d *Definition) EditRows(a Answers, action string) (out Answers, at string, ok bool) {
	x := d.index()
	id, add := strings.CutPrefix(action, rowAdd)
	row := -1
	if !add {
		rest, drop := strings.CutPrefix(action, rowDrop)
		group, number, _ := strings.Cut(rest, ":")
		n, numeric := digits(number)
		if !drop || !numeric {
			return a, "", false
		}
		id, row = group, n
	}
	i, known := x.byID[id]
	if !known || x.entries[i].group == nil {
		return a, "", false
	}
	least, most := x.entries[i].section.Repeat.limits()
	rows := slices.Clone(a[id].rows)
	out = maps.Clone(a)
	if out == nil {
		out = Answers{}
	}
	switch {
	case add:
		for len(rows) < max(least, 1) { // those that the page showed
			rows = append(rows, Answers{})
		}
		if len(a[id].rows) == 0 && least == 0 {
			rows = rows[:0]
		}
		if len(rows) >= most {
			return a, "", false
		}
		rows = append(rows, Answers{})
		at = "f-" + strings.TrimSuffix(rowScope(id, len(rows)-1), ".")
	case row >= len(rows):
		return a, "", false
	default:
		rows = slices.Delete(rows, row, row+1)
		at = "f-" + id
	}
	out[id] = Rows(rows...)
	if len(rows) == 0 {
		delete(out, id)
	}
	return out, at, true
}

// readRows reads the rows that a page showed: it lists their numbers under the group's name.
func (in *formReader) readRows(e *entry) Value {
	var rows []Answers
	for n, number := range in.all(e.field.ID) {
		row, ok := digits(number)
		if !ok || n >= MaxRows {
			continue
		}
		a := Answers{}
		for i := range e.group.entries {
			sub := &e.group.entries[i]
			if v := in.read(sub.scoped(rowScope(e.field.ID, row)).field); !v.Empty() && sub.field.Kind != KindComputed {
				a[sub.field.ID] = v
			}
		}
		rows = append(rows, a)
	}
	return Rows(rows...)
}
