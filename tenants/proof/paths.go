package proof

import (
	"math"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// MaxPaths is how many paths of a form are listed and tried.
const MaxPaths = 120

// Path is one way through the form, with answers that lead along it.
type Path struct {
	Answers  []Answer // those that decide which questions are asked
	Asked    int      // questions on it
	Stop     string   // the sentence of the stop that ends it; "" where the form can be sent
	Problems []string // what keeps it from ending
	Values   forms.Answers
}

// Answer is an example answer to a question.
type Answer struct {
	Question, Text string
}

// trial puts the ways through the sets together, and tries them.
type trial struct {
	m     *model
	sets  []explored
	paths []Path
	total float64 // distinct paths
	exact bool
}

func (t *trial) run() {
	t.total, t.exact = 1, true
	for _, s := range t.sets {
		t.total *= float64(max(len(s.paths), 1))
		t.exact = t.exact && s.exact
	}
	choice := make([]int, len(t.sets))
	if t.total <= MaxPaths {
		for {
			t.try(choice)
			if !t.step(choice) {
				return
			}
		}
	}
	// Too many: each way of each set at least once, beside the ways of the others that go on.
	for n, s := range t.sets {
		for k := range s.paths {
			if len(t.paths) >= MaxPaths {
				return
			}
			for j := range choice {
				choice[j] = t.rotated(j, k)
			}
			choice[n] = k
			t.try(choice)
		}
	}
}

// rotated gives a way of a set that does not stop, another for each turn.
func (t *trial) rotated(set, turn int) int {
	ways := t.sets[set].paths
	for n := range ways {
		if k := (turn + n) % len(ways); ways[k].stop == nil {
			return k
		}
	}
	return 0
}

// step counts on to the next combination.
func (t *trial) step(choice []int) bool {
	for n := range choice {
		if choice[n]++; choice[n] < len(t.sets[n].paths) {
			return true
		}
		choice[n] = 0
	}
	return false
}

// try runs one combination through the real validation.
func (t *trial) try(choice []int) {
	picked := forms.Answers{}
	stopAt := math.MaxInt
	for n, s := range t.sets {
		if len(s.paths) == 0 {
			return
		}
		way := s.paths[choice[n]]
		for id, v := range way.values {
			picked[id] = v
		}
		if way.stop != nil {
			stopAt = min(stopAt, way.at)
		}
	}
	p := t.m.try(picked, stopAt)
	same := func(o Path) bool { return o.Stop != "" && o.Stop == p.Stop && slices.Equal(o.Answers, p.Answers) }
	if !slices.ContainsFunc(t.paths, same) {
		t.paths = append(t.paths, p)
	}
}

// try fills the form in with the answers that decide, and examples for all others.
func (m *model) try(picked forms.Answers, stopAt int) Path {
	flat := forms.Answers{forms.FactToday: forms.Text(m.now(forms.Answers{}).Format("2006-01-02"))}
	nested := forms.Answers{}
	var p Path
	for i := range m.items {
		it := &m.items[i]
		if i > stopAt || it.fact && !it.needed {
			continue
		}
		shown := true
		for _, c := range it.shown {
			shown = shown && c.Holds(flat)
		}
		if !shown {
			continue
		}
		v, decided := picked[it.field.ID]
		switch {
		case it.field.Kind == forms.KindComputed:
			if it.needed {
				v = m.computed(it.field.ID, flat)
			}
		case !decided && it.needed: // it decides, on a path that did not foresee it
			v = m.candidates(it, flat)[0]
		case !decided:
			v = m.first(it.field, flat)
		}
		if !it.fact && it.field.Kind != forms.KindComputed {
			p.Asked++
		}
		if it.needed && it.field.Kind != forms.KindComputed && it.field.ID != forms.FactToday {
			p.Answers = append(p.Answers, Answer{Question: it.field.Label, Text: m.said(it.field, v)})
		}
		if v.Empty() {
			continue
		}
		flat[it.field.ID] = v
		if it.group == nil {
			nested[it.field.ID] = v
		} else {
			m.row(nested, it, v)
		}
	}
	facts := m.facts(flat)
	settled := m.form.Settle(nested, facts)
	for _, e := range m.form.Validate(settled, facts.Today, m.opts) {
		if e.Code == forms.CodeStopped {
			p.Stop = e.Message
			continue
		}
		p.Problems = append(p.Problems, e.Message)
	}
	p.Values = settled
	return p
}

// row answers a question of a repeated section, in as many rows as are wanted.
func (m *model) row(nested forms.Answers, it *item, v forms.Value) {
	rows, _ := nested[it.group.ID].Rows()
	for len(rows) < max(it.group.Repeat.Min, 1) && len(rows) < forms.MaxRows {
		rows = append(rows, forms.Answers{})
	}
	for _, r := range rows {
		r[it.field.ID] = v
	}
	nested[it.group.ID] = forms.Rows(rows...)
}

// first gives an example that the question takes.
func (m *model) first(f *forms.Field, a forms.Answers) forms.Value {
	for _, v := range m.example(f, a) {
		if m.allowed(f, v, a) {
			return v
		}
	}
	return forms.Value{}
}

// said writes an answer as people read it.
func (m *model) said(f *forms.Field, v forms.Value) string {
	label := func(value string) string {
		for _, c := range f.Choices {
			if c.Value == value {
				return c.Label
			}
		}
		return value
	}
	if v.Empty() {
		return "pas de réponse"
	}
	if text, ok := v.Text(); ok {
		if t, day := m.day(v, nil); day {
			return t.Format("02/01/2006")
		}
		return label(text)
	}
	if list, ok := v.List(); ok {
		for i := range list {
			list[i] = label(list[i])
		}
		return strings.Join(list, ", ")
	}
	if n, ok := v.Number(); ok {
		return strings.ReplaceAll(trimmed(n), ".", ",")
	}
	if _, ok := v.Files(); ok {
		return "un document"
	}
	if _, ok := v.Address(); ok {
		return "une adresse"
	}
	return "oui"
}
