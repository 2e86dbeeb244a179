package forms

import (
	"encoding/json"
	"regexp"
	"regexp/syntax"
	"strconv"
	"sync"
)

// index is what Parse prepares once, so that a check of answers compiles and searches nothing.
type index struct {
	entries  []entry
	byID     map[string]int // field id → entry; the first wins
	steps    map[string]int // step id → position; the first wins
	schema   func() json.RawMessage
	computes bool     // something is worked out
	tables   []string // the tables that it draws from, sorted
	facts    []string // the facts that conditions look at, sorted
	stops    bool     // something may stop early
}

type entry struct {
	field         *Field
	section       *Section
	step          int
	opensSection  bool           // first field of its section
	pattern       *regexp.Regexp // nil where the field has none that compiles
	choices       map[string]int // value → position
	before, after int            // entries of the dates compared with, or -1
	alone         bool           // no other field of the step has its kind
	closesSection bool           // last field of its section
	group         *index         // of the questions of a repeated section, which the entry stands for; else nil
}

func newIndex(d *Definition) *index {
	x := &index{byID: map[string]int{}, steps: map[string]int{}}
	for si := range d.Steps {
		step := &d.Steps[si]
		if _, dup := x.steps[step.ID]; !dup {
			x.steps[step.ID] = si
		}
		kinds := map[Kind]int{}
		first := len(x.entries)
		for ci := range step.Sections {
			section := &step.Sections[ci]
			if section.Repeat != nil {
				x.addEntry(newGroup(section, si))
				continue
			}
			for fi := range section.Fields {
				f := &section.Fields[fi]
				kinds[f.Kind]++
				x.addField(f, section, si, fi == 0)
				x.stops = x.stops || f.Stop != nil
			}
			if len(section.Fields) > 0 {
				x.entries[len(x.entries)-1].closesSection = true
				x.stops = x.stops || section.Stop != nil
			}
		}
		for i := first; i < len(x.entries); i++ {
			x.entries[i].alone = kinds[x.entries[i].field.Kind] == 1
		}
	}
	x.link()
	x.tables = d.usedTables()
	x.facts = d.usedFacts()
	x.schema = sync.OnceValue(func() json.RawMessage { return newSchema(d, x, nil) })
	return x
}

func (x *index) addField(f *Field, section *Section, step int, opens bool) {
	x.addEntry(newEntry(f, section, step, opens))
}

func (x *index) addEntry(e entry) {
	if _, dup := x.byID[e.field.ID]; !dup {
		x.byID[e.field.ID] = len(x.entries)
	}
	x.computes = x.computes || e.field.Kind == KindComputed || e.group != nil && e.group.computes
	x.entries = append(x.entries, e)
}

// link finds the dates that dates are compared with.
func (x *index) link() {
	for i := range x.entries {
		e := &x.entries[i]
		e.before, e.after = x.earlierDate(e.field.Before, i), x.earlierDate(e.field.After, i)
	}
}

func newEntry(f *Field, section *Section, step int, opens bool) entry {
	e := entry{field: f, section: section, step: step, opensSection: opens}
	e.pattern, _ = compilePattern(f.Pattern)
	if len(f.Choices) > 0 {
		e.choices = make(map[string]int, len(f.Choices))
		for i := range f.Choices {
			if _, dup := e.choices[f.Choices[i].Value]; !dup {
				e.choices[f.Choices[i].Value] = i
			}
		}
	}
	return e
}

// The size of a pattern, as written and as compiled. Matching takes time in proportion to it and to the
// text, which MaxTextLength bounds.
const (
	maxPattern  = 200 // bytes
	maxCompiled = 2000
)

// compilePattern compiles a field's pattern over the whole value; nil where there is none, and not ok
// where it is wrong or too heavy.
func compilePattern(pattern string) (re *regexp.Regexp, ok bool) {
	if pattern == "" {
		return nil, true
	}
	if len(pattern) > maxPattern {
		return nil, false
	}
	// Parsed alone first: "a)|(b" is right only inside our parentheses.
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	compiled, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(compiled.Inst) > maxCompiled {
		return nil, false
	}
	re, err = regexp.Compile(`^(?:` + pattern + `)$`)
	return re, err == nil
}

func (x *index) earlierDate(id string, before int) int {
	if id == "" {
		return -1
	}
	if i, ok := x.byID[id]; ok && i < before && x.entries[i].field.Kind == KindDate {
		return i
	}
	return -1
}

// index gives the prepared index; a Definition that came neither from Parse nor from Build pays for a new
// one at each call.
func (d *Definition) index() *index {
	if d.idx != nil {
		return d.idx
	}
	return newIndex(d)
}

// Step finds a step by its id.
func (d *Definition) Step(id string) (*Step, bool) {
	i, ok := d.index().steps[id]
	if !ok {
		return nil, false
	}
	return &d.Steps[i], true
}

// Field finds a field by its id.
func (d *Definition) Field(id string) (*Field, bool) {
	x := d.index()
	i, ok := x.byID[id]
	if !ok {
		return nil, false
	}
	return x.entries[i].field, true
}

// StepOf gives the id of the step where a field stands, also by the name of a FieldError in a repeated
// section, or "" for an unknown field.
func (d *Definition) StepOf(fieldID string) string {
	x := d.index()
	i, ok := x.byID[groupOf(fieldID)]
	if !ok {
		return ""
	}
	return d.Steps[x.entries[i].step].ID
}

// sight decides in one pass, from top to bottom, which entries are visible. A condition sees the
// answers of earlier visible fields only, so that an answer left behind in a field that has been
// hidden since decides nothing.
func (x *index) sight(a Answers) []bool { return x.sightIn(a, nil, nil) }

// sightIn does so for the questions of a row, around which the form's other answers stand; reached, where it is
// not nil, is called for each visible entry with what it may look at, and may answer it.
func (x *index) sightIn(a Answers, outer getter, reached func(i int, get getter)) []bool {
	visible := make([]bool, len(x.entries))
	now := 0
	get := func(id string) Value {
		i, ok := x.byID[id]
		if !ok {
			return around(a, outer, id)
		}
		if i >= now || !visible[i] {
			return Value{}
		}
		return a[id]
	}
	shown := true
	for i := range x.entries {
		e := &x.entries[i]
		now = i
		if e.opensSection {
			shown = e.section.If.holds(get, MaxDepth)
		}
		visible[i] = shown && e.field.If.holds(get, MaxDepth)
		if reached != nil && visible[i] {
			reached(i, get)
		}
	}
	return visible
}

// around gives what no question of this index has: an answer of the form around it, or a fact.
func around(a Answers, outer getter, id string) Value {
	if outer != nil {
		return outer(id)
	}
	return fact(a, id)
}

// seen gives the getter that a condition anywhere in the form may use: hidden answers are absent.
func (x *index) seen(a Answers, visible []bool) getter { return x.seenIn(a, visible, nil) }

func (x *index) seenIn(a Answers, visible []bool, outer getter) getter {
	return func(id string) Value {
		i, ok := x.byID[id]
		switch {
		case !ok:
			return around(a, outer, id)
		case visible[i]:
			return a[id]
		}
		return Value{}
	}
}

// VisibleStep is a step with at least one visible field.
type VisibleStep struct {
	*Step

	Sections []VisibleSection
}

// VisibleSection is a section with at least one visible field.
type VisibleSection struct {
	*Section

	Fields []*Field
}

// Visible gives the steps, sections and fields that these answers show, in order.
func (d *Definition) Visible(a Answers) []VisibleStep {
	x := d.index()
	visible := x.sight(a)
	var steps []VisibleStep
	lastStep := -1
	var lastSection *Section
	for i := range x.entries {
		if !visible[i] {
			continue
		}
		e := &x.entries[i]
		if e.step != lastStep {
			steps = append(steps, VisibleStep{Step: &d.Steps[e.step]})
			lastStep, lastSection = e.step, nil
		}
		step := &steps[len(steps)-1]
		if e.section != lastSection {
			step.Sections = append(step.Sections, VisibleSection{Section: e.section})
			lastSection = e.section
		}
		section := &step.Sections[len(step.Sections)-1]
		section.Fields = append(section.Fields, e.field)
	}
	return steps
}

// Prune keeps the answers of visible fields that say something: what a request stores. Its argument
// is left as it is.
func (d *Definition) Prune(a Answers) Answers {
	x := d.index()
	visible := x.sight(a)
	out := make(Answers, len(a))
	for id, i := range x.byID {
		v, ok := a[id]
		if sub := x.entries[i].group; ok && sub != nil && visible[i] {
			v = sub.pruneRows(v, x.seen(a, visible))
		}
		if ok && visible[i] && !v.Empty() {
			out[id] = v
		}
	}
	for _, id := range x.facts {
		if v, ok := a[id]; ok {
			out[id] = v
		}
	}
	return out
}

// Merge gives the answers after a step was posted: the step's own are replaced (an emptied one goes),
// except files, which are uploaded and removed one by one. Its arguments are left as they are.
func (d *Definition) Merge(into Answers, step string, from Answers) Answers {
	x := d.index()
	out := make(Answers, len(into)+len(from))
	for id, v := range into {
		out[id] = v
	}
	si, ok := x.steps[step]
	if !ok {
		return out
	}
	for i := range x.entries {
		e := &x.entries[i]
		if e.step != si || e.field.Kind == KindFile || e.field.Kind == KindComputed {
			continue
		}
		if v, given := from[e.field.ID]; given && !v.Empty() {
			out[e.field.ID] = v
		} else {
			delete(out, e.field.ID)
		}
	}
	return out
}

// Revealed gives the fields of the step that these answers show but that the posted page did not, as a
// page without script cannot show them before: it is then shown again with them. A posted page
// lists the conditional fields it showed under the input name "_shown".
func (d *Definition) Revealed(step string, a Answers, raw Raw) []string {
	x := d.index()
	si, ok := x.steps[step]
	if !ok {
		return nil
	}
	shown := map[string]bool{}
	for _, id := range raw[shownName] {
		shown[id] = true
	}
	var revealed []string
	visible := x.sight(a)
	for i := range x.entries {
		e := &x.entries[i]
		conditional := e.field.If != nil || e.section.If != nil
		switch {
		case e.step != si || !visible[i] || e.field.Kind == KindComputed:
		case e.group != nil:
			if conditional && !shown[e.field.ID] {
				revealed = append(revealed, e.field.ID)
			}
			revealed = append(revealed, e.revealed(a, x.seen(a, visible), shown)...)
		case conditional && !shown[e.field.ID]:
			revealed = append(revealed, e.field.ID)
		}
	}
	return revealed
}

// revealed does so for the rows of a repeated section.
func (e *entry) revealed(a Answers, outer getter, shown map[string]bool) []string {
	var names []string
	for n, row := range a[e.field.ID].rows {
		for i, visible := range e.group.sightIn(row, outer, nil) {
			sub := &e.group.entries[i]
			name := rowScope(e.field.ID, n) + sub.field.ID
			if visible && sub.field.If != nil && sub.field.Kind != KindComputed && !shown[name] {
				names = append(names, name)
			}
		}
	}
	return names
}

func joinIndex(path string, i int) string { return path + "/" + strconv.Itoa(i) }
