package inherit

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// Apply gives the commune's procedure with these changes of upstream's ([Change.ID]), whatever their
// order; what is not named stays as the commune has it. A change without which something would look at
// a question that is not there is held back: held names them.
func (m *Merge) Apply(ids ...string) (p *catalogue.Procedure, held []string, err error) {
	return m.apply(ids, true)
}

// Advance gives the base from now on, once these changes were taken over.
func (m *Merge) Advance(ids ...string) (*catalogue.Procedure, error) {
	upstream, err := between(m.from, m.to)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, u := range m.units {
		if slices.Contains(ids, u.id) {
			all = append(all, upstream.related(u)...)
		}
	}
	p, _, err := upstream.merge.apply(all, false)
	return p, err
}

func (m *Merge) apply(ids []string, whole bool) (*catalogue.Procedure, []string, error) {
	var chosen []unit
	for _, u := range m.units {
		if (u.side == Upstream || u.side == Conflict) && slices.Contains(ids, u.id) {
			chosen = append(chosen, u)
		}
	}
	var held []string
	for {
		t := m.with(chosen)
		back := m.dangling(t, chosen)
		if !whole || len(back) == 0 {
			p, err := t.procedure()
			return p, held, err
		}
		held = append(held, back...)
		chosen = slices.DeleteFunc(chosen, func(u unit) bool { return slices.Contains(back, u.id) })
	}
}

// with gives the commune's tree with these units of upstream's.
func (m *Merge) with(chosen []unit) *tree {
	t := m.ours.clone()
	full := map[string]bool{} // the steps and sections that held something
	for _, p := range m.ours.parts {
		if p.frame() {
			full[p.key] = len(m.ours.order[place(p.key, inside[p.kind].list)]) > 0
		}
	}
	coming := map[string]bool{}
	for _, u := range chosen {
		switch u.what {
		case aboutText:
			t.parts[u.key].set(u.name, m.theirs.parts[u.key].attrs)
		case aboutOrder:
			at := place(u.key, u.name)
			t.order[at] = reordered(t.order[at], m.theirs.order[at])
		case aboutPresence:
			if u.gone {
				t.drop(u.key)
			} else {
				coming[u.key] = true
			}
		case aboutPlace:
			coming[u.key] = true
		}
	}
	for key := range coming {
		if t.parts[key] != nil { // it moves
			t.unlist(key)
		}
	}
	m.theirs.walk(func(p *part) {
		if coming[p.key] {
			t.bring(m.theirs, p)
		}
	})
	t.tidy(full)
	return t
}

// set takes over what is said under a name, or that nothing is said.
func (p *part) set(name string, from map[string]string) {
	text, ok := from[name]
	if !ok {
		delete(p.attrs, name)
		return
	}
	p.attrs[name] = text
	if !slices.Contains(p.names, name) {
		p.names = append(p.names, name)
	}
}

// reordered gives a list in another's order; what the other does not have follows what it followed.
func reordered(list, like []string) []string {
	var out []string
	groups := map[string][]string{}
	head := ""
	for _, k := range list {
		if slices.Contains(like, k) {
			head = k
		}
		groups[head] = append(groups[head], k)
	}
	out = append(out, groups[""]...)
	for _, k := range like {
		out = append(out, groups[k]...)
	}
	return out
}

// drop takes a part away with all that it holds.
func (t *tree) drop(key string) {
	p := t.parts[key]
	if p == nil {
		return
	}
	for _, list := range p.lists {
		for _, k := range slices.Clone(t.order[place(key, list)]) {
			t.drop(k)
		}
	}
	t.unlist(key)
	delete(t.parts, key)
}

func (t *tree) unlist(key string) {
	p := t.parts[key]
	at := place(p.parent, p.list)
	t.order[at] = slices.DeleteFunc(t.order[at], func(k string) bool { return k == key })
}

// bring puts a part of another tree where it stands there: behind what it follows there, if that is
// here. What holds it comes with it.
func (t *tree) bring(from *tree, p *part) {
	if holder := from.parts[p.parent]; t.parts[p.parent] == nil {
		t.bring(from, holder)
	}
	own := t.parts[p.key]
	if own == nil {
		made := *p
		made.attrs, made.names, made.lists = map[string]string{}, nil, slices.Clone(p.lists)
		for _, name := range p.names {
			made.set(name, p.attrs)
		}
		own = &made
		t.parts[p.key] = own
		if !p.frame() {
			for _, list := range p.lists { // the answers of a question, the transitions of a step
				for _, k := range from.order[place(p.key, list)] {
					t.bring(from, from.parts[k])
				}
			}
		}
	}
	own.parent, own.list = p.parent, p.list
	t.parts[p.parent].holds(p.list)
	at := place(p.parent, p.list)
	t.order[at] = slices.Insert(t.order[at], after(t.order[at], from.order[at], p.key), p.key)
}

// after gives the place behind the nearest one before it there that is here.
func after(list, like []string, key string) int {
	for i := slices.Index(like, key) - 1; i >= 0; i-- {
		if at := slices.Index(list, like[i]); at >= 0 {
			return at + 1
		}
	}
	return 0
}

// tidy takes away the sections, then the steps, that hold nothing any more.
func (t *tree) tidy(full map[string]bool) {
	for _, kind := range []string{partSection, partStep} {
		var bare []string
		for key, p := range t.parts {
			if was, known := full[key]; p.kind == kind && (was || !known) && len(t.order[place(key, inside[kind].list)]) == 0 {
				bare = append(bare, key)
			}
		}
		for _, key := range bare {
			t.drop(key)
		}
	}
}

// dangling names the chosen units because of which something looks at what is not there: those that
// brought the look, or else those that took away what is looked at.
func (m *Merge) dangling(t *tree, chosen []unit) []string {
	missing := m.all()
	for _, p := range t.parts {
		delete(missing, p.looked()) // a section may bear a question's name
	}
	if len(missing) == 0 {
		return nil
	}
	var back []string
	for key, p := range t.parts {
		for name, text := range p.attrs {
			for _, seen := range p.looks(name) {
				gone, isMissing := missing[seen]
				if !isMissing {
					continue
				}
				if o := m.ours.parts[key]; o != nil && o.attrs[name] == text && m.ours.parts[gone] == nil {
					continue // the commune has it so
				}
				if up := m.theirs.parts[key]; up != nil && up.attrs[name] == text && m.theirs.parts[gone] == nil {
					continue // and so has upstream
				}
				back = append(back, m.guilty(chosen, p, name, gone)...)
			}
		}
	}
	slices.Sort(back)
	return slices.Compact(back)
}

// guilty names the chosen units by which a part came to look at one that is not there.
func (m *Merge) guilty(chosen []unit, p *part, name, gone string) []string {
	var brought, took []string
	for _, u := range chosen {
		switch {
		case u.what == aboutText && u.key == p.key && u.name == name, u.what == aboutPresence && !u.gone && (u.key == p.key || u.key == p.owner()):
			brought = append(brought, u.id)
		case u.key == gone, u.what == aboutPresence && u.gone && m.base.parts[gone] != nil && m.base.parts[gone].kind == partSection && m.base.parts[u.key].parent == gone,
			u.what == aboutPlace && m.ours.parts[u.key] != nil && m.ours.parts[u.key].parent == gone:
			took = append(took, u.id)
		}
	}
	if len(brought) > 0 {
		return brought
	}
	return took
}
