package inherit

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// Side tells who changed something since the base.
type Side string

// The sides. What upstream alone changed can be taken over as it is; where both changed it, a local
// choice stands until somebody says otherwise.
const (
	Upstream Side = "upstream"
	Local    Side = "local"
	Same     Side = "same" // both, to the same
	Conflict Side = "conflict"
)

// what says what a unit is about.
type what int

const (
	aboutText     what = iota // what is said of a part, under a name
	aboutPresence             // whether a part is there
	aboutPlace                // what holds a question or a section
	aboutOrder                // in which order the members of a list stand
)

// unit is the smallest thing that upstream and the commune can decide differently.
type unit struct {
	id   string
	side Side
	what what
	key  string // of the part
	name string // of what is said, or of the list
	gone bool   // upstream it is gone
}

// Merge is what upstream and a commune made of one procedure since its base. It never changes and
// may be shared by any number of goroutines.
type Merge struct {
	base, theirs, ours *tree
	units              []unit

	from, to, own *catalogue.Procedure
}

// Compare compares three states of a procedure: the one that the commune last had from upstream, the
// one that upstream has now, and the commune's.
func Compare(base, theirs, ours *catalogue.Procedure) (*Merge, error) {
	m := &Merge{from: base, to: theirs, own: ours}
	how := parted{
		form:     base.Form != nil && theirs.Form != nil && ours.Form != nil,
		workflow: base.Workflow != nil && theirs.Workflow != nil && ours.Workflow != nil,
	}
	for _, side := range []struct {
		of *catalogue.Procedure
		to **tree
	}{{base, &m.base}, {theirs, &m.theirs}, {ours, &m.ours}} {
		t, err := kept.taken(side.of, how)
		if err != nil {
			return nil, err
		}
		*side.to = t
	}
	m.foldTypes()
	m.compare()
	return m, nil
}

// foldTypes finds the questions whose type changed on a side: all that hangs on it is then one thing.
func (m *Merge) foldTypes() {
	var changed []string
	for key, p := range m.theirs.parts {
		if p.kind != partField {
			continue
		}
		kinds := map[string]bool{}
		for _, t := range []*tree{m.base, m.theirs, m.ours} {
			if q := t.parts[key]; q != nil {
				drawn := ""
				if q.attrs["table"] != "" {
					drawn = "table"
				}
				kinds[q.attrs["kind"]+q.attrs["block"]+drawn] = true
			}
		}
		if len(kinds) > 1 {
			changed = append(changed, key)
		}
	}
	if len(changed) == 0 {
		return
	}
	for _, t := range []**tree{&m.base, &m.theirs, &m.ours} {
		*t = (*t).clone() // they are shared
		for _, key := range changed {
			(*t).fold(key)
		}
	}
}

// compare lists what differs, in the order in which upstream's definition stands, what it no longer
// has at the end.
func (m *Merge) compare() {
	m.theirs.walk(m.part)
	m.base.walk(func(p *part) {
		if m.theirs.parts[p.key] == nil {
			m.part(p)
		}
	})
	m.ours.walk(func(p *part) {
		if m.theirs.parts[p.key] == nil && m.base.parts[p.key] == nil && !p.frame() {
			m.add(unit{id: p.key, side: Local, what: aboutPresence, key: p.key})
		}
	})
}

func (m *Merge) add(u unit) { m.units = append(m.units, u) }

// part compares one part.
func (m *Merge) part(p *part) {
	b, t, o := m.base.parts[p.key], m.theirs.parts[p.key], m.ours.parts[p.key]
	if t != nil && o != nil {
		m.texts(b, t, o)
		m.move(b, t, o)
		for _, list := range t.lists {
			m.sorted(t, list)
		}
		return
	}
	if !p.frame() {
		m.presence(b, t, o)
	}
}

// side judges a value on its three sides.
func side(base, theirs, ours string) (Side, bool) {
	switch {
	case theirs == ours:
		return Same, theirs != base
	case theirs == base:
		return Local, true
	case ours == base:
		return Upstream, true
	}
	return Conflict, true
}

func (m *Merge) texts(b, t, o *part) {
	names := slices.Clone(t.names)
	for _, name := range o.names {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		before := ""
		if b != nil {
			before = b.attrs[name]
		}
		if s, ok := side(before, t.attrs[name], o.attrs[name]); ok {
			m.add(unit{id: t.key + "@" + name, side: s, what: aboutText, key: t.key, name: name})
		}
	}
}

// move compares what holds a question or a section.
func (m *Merge) move(b, t, o *part) {
	if t.kind != partField && t.kind != partSection {
		return
	}
	before := ""
	if b != nil {
		before = b.parent
	}
	if s, ok := side(before, t.parent, o.parent); ok {
		m.add(unit{id: t.key + ">", side: s, what: aboutPlace, key: t.key})
	}
}

// sorted compares the order of what all three sides have in a list.
func (m *Merge) sorted(p *part, list string) {
	at := place(p.key, list)
	b, t, o := m.base.order[at], m.theirs.order[at], m.ours.order[at]
	common := func(of []string) string {
		var out []string
		for _, k := range of {
			if slices.Contains(b, k) && slices.Contains(t, k) && slices.Contains(o, k) {
				out = append(out, k)
			}
		}
		return strings.Join(out, "\n")
	}
	if s, ok := side(common(b), common(t), common(o)); ok {
		m.add(unit{id: at + "#", side: s, what: aboutOrder, key: p.key, name: list})
	}
}

// presence compares whether a part is there, where it lacks upstream or in the commune.
func (m *Merge) presence(b, t, o *part) {
	any := t
	if t == nil {
		any = b
	}
	if owner := any.owner(); owner != partRoot && (m.theirs.parts[owner] == nil || m.ours.parts[owner] == nil) {
		return // it comes, or goes, with what holds it
	}
	u := unit{id: any.key, what: aboutPresence, key: any.key, gone: t == nil}
	switch {
	case t == nil && o == nil:
		u.side = Same
	case t == nil && (string(m.base.written(b)) != string(m.ours.written(o)) || m.wanted(any)):
		u.side = Conflict
	case t == nil, b == nil:
		u.side = Upstream
	case string(m.base.written(b)) == string(m.theirs.written(t)):
		u.side = Local // the commune took it away
	default:
		u.side = Conflict
	}
	m.add(u)
}

// wanted tells whether something looks at a part that the commune itself made look at it.
func (m *Merge) wanted(p *part) bool {
	name := p.looked()
	if name == "" {
		return false
	}
	for key, o := range m.ours.parts {
		if key == p.key || o.owner() == p.key {
			continue
		}
		for attr, text := range o.attrs {
			if b := m.base.parts[key]; (b == nil || b.attrs[attr] != text) && strings.Contains(text, p.id) && slices.Contains(o.looks(attr), name) {
				return true
			}
		}
	}
	return false
}

// stage begins the names of a workflow's steps, which are no questions.
const stage = "workflow:"

// looked gives the name by which others look at a part; "" for what nobody looks at.
func (p *part) looked() string {
	switch {
	case p.kind == partField, p.kind == partSection:
		return p.id
	case p.kind == partFlow && p.list == listStages:
		return stage + p.id
	}
	return ""
}

// looks lists what is looked at by what is said under a name: questions, letters included, and of a
// workflow's transition its steps.
func (p *part) looks(name string) []string {
	text := p.attrs[name]
	if p.kind == partFlow && p.list == listWays && (name == "from" || name == "to") {
		return []string{stage + p.text(name)}
	}
	out := edit.LooksAt(json.RawMessage(text))
	if p.kind == partFlow && name == "wait" {
		var said struct{ Wait workflow.Wait }
		if json.Unmarshal([]byte(text), &said) == nil && said.Wait.Date != "" {
			out = append(out, said.Wait.Date)
		}
	}
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "{{reponse.")
		if !ok {
			return out
		}
		id, tail, closed := strings.Cut(after, "}}")
		if !closed {
			return out
		}
		out, rest = append(out, id), tail
	}
}

// Waiting tells how much upstream changed that the commune has neither taken over nor has already,
// and for how much of it the commune had made a choice of its own.
func (m *Merge) Waiting() (all, conflicts int) {
	for _, u := range m.units {
		switch u.side {
		case Conflict:
			conflicts++
			all++
		case Upstream:
			all++
		case Local, Same:
		}
	}
	return all, conflicts
}

// Untouched tells whether the commune has changed nothing of what it had from upstream.
func (m *Merge) Untouched() bool {
	return !slices.ContainsFunc(m.units, func(u unit) bool { return u.side == Local || u.side == Conflict })
}

// IDs lists what the merge would take over, by side.
func (m *Merge) IDs(sides ...Side) []string {
	var out []string
	for _, u := range m.units {
		if slices.Contains(sides, u.side) {
			out = append(out, u.id)
		}
	}
	return out
}

// all gives what is looked at on the three sides: keys by the name.
func (m *Merge) all() map[string]string {
	out := map[string]string{}
	for _, t := range []*tree{m.base, m.theirs, m.ours} {
		for key, p := range t.parts {
			if name := p.looked(); name != "" {
				out[name] = key
			}
		}
	}
	return out
}
