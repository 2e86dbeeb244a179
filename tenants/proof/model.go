package proof

import (
	"slices"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// model is a form as a flat list of its questions, with what decides which of them are asked.
type model struct {
	form  *forms.Definition
	today time.Time
	opts  forms.Options

	items []item
	byID  map[string]int // question → item
	read  map[string][]*leaf
	last  map[string]int // the last item that looks at a question or a fact
	loose map[string]bool
	feeds map[string]bool // it is part of a formula that a condition looks at
}

// item is a question, or a fact that stands before all of them.
type item struct {
	field  *forms.Field
	path   string
	step   int
	group  *forms.Section // the repeated section that it stands in
	shown  []*condition   // all must hold
	stops  []*stop
	fact   bool
	needed bool // a condition reads it
	set    int  // of the items that must be explored together
}

// condition is one "if" of the form, with what was seen of it.
type condition struct {
	*forms.Condition

	path        string
	place       int
	leaves      []*leaf
	yes, no     bool
	loose, many bool // a computed value stands behind it; several questions hang on it (a section's)
}

// leaf is one test in a condition.
type leaf struct {
	test    forms.Condition
	path    string
	yes, no bool
}

type stop struct {
	*condition

	stop    *forms.Stop
	section bool
}

func newModel(form *forms.Definition, today time.Time, opts forms.Options) *model {
	m := &model{form: form, today: today, opts: opts, byID: map[string]int{}, read: map[string][]*leaf{}, last: map[string]int{}, loose: map[string]bool{}, feeds: map[string]bool{}}
	for _, f := range forms.FactFields() {
		m.items = append(m.items, item{field: &f, fact: true, step: -1})
	}
	for si := range form.Steps {
		for ci := range form.Steps[si].Sections {
			m.section(si, ci)
		}
	}
	for i := range m.items {
		if _, twice := m.byID[m.items[i].field.ID]; !twice {
			m.byID[m.items[i].field.ID] = i
		}
	}
	m.link()
	m.split()
	return m
}

func (m *model) section(si, ci int) {
	section := &m.form.Steps[si].Sections[ci]
	path := "steps/" + strconv.Itoa(si) + "/sections/" + strconv.Itoa(ci)
	shown := m.condition(section.If, path+"/if")
	for fi := range section.Fields {
		f := &section.Fields[fi]
		own := path + "/fields/" + strconv.Itoa(fi)
		it := item{field: f, path: own, step: si}
		if section.Repeat != nil {
			it.group = section
		}
		if shown != nil {
			shown.many = shown.many || fi > 0
			it.shown = append(it.shown, shown)
		}
		if c := m.condition(f.If, own+"/if"); c != nil {
			it.shown = append(it.shown, c)
		}
		if f.Stop != nil && section.Repeat == nil {
			it.stops = append(it.stops, &stop{condition: m.condition(f.Stop.If, own+"/stop/if"), stop: f.Stop})
		}
		if section.Stop != nil && section.Repeat == nil && fi == len(section.Fields)-1 {
			it.stops = append(it.stops, &stop{condition: m.condition(section.Stop.If, path+"/stop/if"), stop: section.Stop, section: true})
		}
		it.stops = slices.DeleteFunc(it.stops, func(s *stop) bool { return s.condition == nil })
		m.items = append(m.items, it)
	}
}

func (m *model) condition(c *forms.Condition, path string) *condition {
	if c == nil {
		return nil
	}
	out := &condition{Condition: c, path: path}
	walk(c, path, forms.MaxDepth, func(path string, part *forms.Condition) {
		l := &leaf{test: *part, path: path}
		out.leaves = append(out.leaves, l)
	})
	return out
}

// walk visits the tests of a condition.
func walk(c *forms.Condition, path string, depth int, visit func(path string, part *forms.Condition)) {
	if c == nil || depth <= 0 {
		return
	}
	if c.Field != "" {
		visit(path, c)
		return
	}
	for i := range c.And {
		walk(&c.And[i], path+"/and/"+strconv.Itoa(i), depth-1, visit)
	}
	for i := range c.Or {
		walk(&c.Or[i], path+"/or/"+strconv.Itoa(i), depth-1, visit)
	}
	walk(c.Not, path+"/not", depth-1, visit)
}

// reads gives what a test looks at.
func (l *leaf) reads() []string {
	out := []string{l.test.Field}
	if l.test.As != "" {
		at := l.test.At
		if at == "" {
			at = forms.FactToday
		}
		if _, err := time.Parse(time.DateOnly, at); err != nil {
			out = append(out, at)
		}
	}
	return out
}

// link finds what each condition reads, through formulas too.
func (m *model) link() {
	for i := range m.items {
		it := &m.items[i]
		for _, c := range it.conditions() {
			if c.place == 0 {
				c.place = i
			}
			for _, l := range c.leaves {
				for _, id := range l.reads() {
					m.read[id] = append(m.read[id], l)
					m.need(id, i, c)
				}
			}
		}
	}
}

func (it *item) conditions() []*condition {
	out := slices.Clone(it.shown)
	for _, s := range it.stops {
		out = append(out, s.condition)
	}
	return out
}

// need says that something at a place looks at a question.
func (m *model) need(id string, at int, c *condition) {
	i, known := m.byID[id]
	if !known || i > at {
		c.loose = true // a repeated section's rows, or what Check objects to
		return
	}
	m.last[id] = max(m.last[id], at)
	it := &m.items[i]
	if it.field.Kind == forms.KindComputed {
		c.loose = true
		if !m.loose[id] {
			m.loose[id] = true
			formula(it.field.Compute, forms.MaxDepth, func(in string) {
				m.feeds[in] = true
				m.need(in, i, c)
			})
		}
	}
	if it.field.Table != nil {
		c.loose = true
	}
	it.needed = true
}

// formula visits what a formula looks at.
func formula(e *forms.Expr, depth int, visit func(id string)) {
	if e == nil || depth <= 0 {
		return
	}
	for _, id := range []string{e.Field, e.Count, e.Sum} {
		if id != "" {
			visit(id)
		}
	}
	for _, s := range []*forms.Span{e.Days, e.Years} {
		if s != nil {
			visit(s.From)
			visit(s.To)
		}
	}
	if e.Lookup != nil {
		for _, w := range e.Lookup.Where {
			visit(w.Field)
		}
	}
	walk(e.If, "", forms.MaxDepth, func(_ string, part *forms.Condition) { visit(part.Field) })
	for _, list := range [][]forms.Expr{e.Add, e.Sub, e.Mul, e.Div, e.Min, e.Max} {
		for i := range list {
			formula(&list[i], depth-1, visit)
		}
	}
	for _, part := range []*forms.Expr{e.Round, e.Floor, e.Ceil, e.Then, e.Else, e.Of} {
		formula(part, depth-1, visit)
	}
}

// split puts together the items that decide about each other; those that nothing ties are
// explored apart.
func (m *model) split() {
	for i := range m.items {
		m.items[i].set = i
	}
	tie := func(i int, ids ...string) {
		for _, id := range ids {
			if j, ok := m.byID[id]; ok && !m.still(id) {
				m.join(i, j)
			}
		}
	}
	for i := range m.items {
		it := &m.items[i]
		for _, c := range it.conditions() {
			for _, l := range c.leaves {
				tie(i, l.reads()...)
			}
		}
		if it.needed && it.field.Kind == forms.KindComputed {
			formula(it.field.Compute, forms.MaxDepth, func(id string) { tie(i, id) })
		}
		tie(i, it.field.Before, it.field.After)
	}
	for i := range m.items {
		m.items[i].set = m.root(i)
	}
}

// still tells whether a name has one value throughout: today, where no condition compares it.
func (m *model) still(id string) bool {
	return id == forms.FactToday && !slices.ContainsFunc(m.read[id], func(l *leaf) bool { return l.test.Field == forms.FactToday })
}

func (m *model) root(i int) int {
	for m.items[i].set != i {
		m.items[i].set = m.items[m.items[i].set].set
		i = m.items[i].set
	}
	return i
}

func (m *model) join(i, j int) {
	if a, b := m.root(i), m.root(j); a != b {
		m.items[max(a, b)].set = min(a, b)
	}
}

// sets gives the groups of items that have something to decide, in the order of the form.
func (m *model) sets() [][]int {
	var order []int
	by := map[int][]int{}
	for i := range m.items {
		it := &m.items[i]
		if !it.needed && len(it.shown) == 0 && len(it.stops) == 0 {
			continue
		}
		if by[it.set] == nil {
			order = append(order, it.set)
		}
		by[it.set] = append(by[it.set], i)
	}
	out := make([][]int, len(order))
	for n, set := range order {
		out[n] = by[set]
	}
	return out
}
