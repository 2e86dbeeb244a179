package proof

import (
	"maps"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// The bounds of an exploration.
const (
	maxWork  = 20_000 // answers tried in one set
	maxAll   = 60_000 // answers tried in all sets
	maxLocal = 100    // distinct paths that are kept of one set
	maxWalk  = 5_000  // ways through one set that are followed to find them
)

// node is a place in a set where the same answers still matter; edges are the answers given there.
type node struct {
	at    int // place in the set's items
	edges []edge
}

type edge struct {
	value forms.Value
	shown bool
	stop  *stop
	next  *node // nil: the end
}

// local is one way through a set.
type local struct {
	values forms.Answers // what was answered, or not ("", an empty Value)
	stop   *stop
	at     int // the item whose stop ends the form
	key    string
}

// search explores one set.
type search struct {
	m       *model
	items   []int
	work    *int
	limit   int
	reached map[int]bool
	nodes   map[string]*node
	cut     bool // a bound was met
}

// explored is what came of a set.
type explored struct {
	items []int
	paths []local // distinct ones, those that reach something new first
	exact bool    // these are all
	cut   bool    // not every answer was tried
}

func (m *model) explore(items []int, work *int, reached map[int]bool) explored {
	s := &search{m: m, items: items, work: work, limit: min(*work+maxWork, maxAll), reached: reached, nodes: map[string]*node{}}
	a := forms.Answers{forms.FactToday: forms.Text(m.now(forms.Answers{}).Format("2006-01-02"))}
	first := s.from(0, a)
	out := explored{items: items, cut: s.cut}
	out.paths, out.exact = s.ways(first)
	out.exact = out.exact && !s.cut
	return out
}

// from tries every answer from a place on.
func (s *search) from(n int, a forms.Answers) *node {
	if n == len(s.items) {
		return nil
	}
	key := s.live(n, a)
	if known := s.nodes[key]; known != nil {
		return known
	}
	out := &node{at: n}
	s.nodes[key] = out
	i := s.items[n]
	it := &s.m.items[i]
	shown := true
	for _, c := range it.shown {
		shown = c.judge(a) && shown
	}
	if shown {
		s.reached[i] = true
	}
	values := []forms.Value{{}}
	if shown && it.needed {
		values = s.m.candidates(it, a)
		if it.field.Kind == forms.KindComputed {
			values = []forms.Value{s.m.computed(it.field.ID, a)}
		}
	}
	for _, v := range values {
		if *s.work++; *s.work > s.limit {
			s.cut = true
			if len(out.edges) > 0 {
				break // one answer goes on, so that each path has an end
			}
		}
		e := edge{value: v, shown: shown}
		if !v.Empty() {
			a[it.field.ID] = v
		}
		if e.stop = s.stopped(it, shown, a); e.stop == nil {
			e.next = s.from(n+1, a)
		}
		delete(a, it.field.ID)
		out.edges = append(out.edges, e)
	}
	return out
}

// judge evaluates a condition and notes what was seen of it and its tests.
func (c *condition) judge(a forms.Answers) bool {
	holds := c.Holds(a)
	c.yes, c.no = c.yes || holds, c.no || !holds
	for _, l := range c.leaves {
		if l.yes && l.no {
			continue
		}
		one := l.test.Holds(a)
		l.yes, l.no = l.yes || one, l.no || !one
	}
	return holds
}

func (s *search) stopped(it *item, shown bool, a forms.Answers) *stop {
	for _, st := range it.stops {
		if !st.section && !shown {
			continue
		}
		if st.judge(a) {
			return st
		}
	}
	return nil
}

// live writes down the answers that something further on still looks at.
func (s *search) live(n int, a forms.Answers) string {
	var key strings.Builder
	key.WriteString(strconv.Itoa(n))
	for _, i := range s.items[:n] {
		id := s.m.items[i].field.ID
		v, ok := a[id]
		if !ok || s.m.last[id] < s.items[n] {
			continue
		}
		if text, err := v.MarshalJSON(); err == nil {
			key.WriteString("|" + id + "=")
			key.Write(text)
		}
	}
	return key.String()
}

// computed works a value out for answers.
func (m *model) computed(id string, a forms.Answers) forms.Value {
	own := maps.Clone(a)
	for i := range m.items { // a row is answered within its section
		if it := &m.items[i]; it.group != nil && !own[it.field.ID].Empty() {
			rows, _ := own[it.group.ID].Rows()
			row := forms.Answers{}
			if len(rows) > 0 {
				row = maps.Clone(rows[0])
			}
			row[it.field.ID] = own[it.field.ID]
			own[it.group.ID] = forms.Rows(row)
		}
	}
	settled := m.form.Settle(own, m.facts(a))
	if i := m.byID[id]; m.items[i].group != nil {
		if rows, _ := settled[m.items[i].group.ID].Rows(); len(rows) > 0 {
			return rows[0][id]
		}
		return forms.Value{}
	}
	return settled[id]
}

// facts are those that a path assumes.
func (m *model) facts(a forms.Answers) forms.Facts {
	applicant, _ := a[forms.FactApplicant].Text()
	residence, _ := a[forms.FactResidence].Text()
	identity, _ := a[forms.FactIdentity].Number()
	return forms.Facts{Today: m.now(a), Applicant: applicant, Residence: residence, Identity: int(identity), Tables: m.opts.Tables}
}

// ways lists the distinct ways through a set: first one for everything that can be reached, then
// the others while there are few.
func (s *search) ways(first *node) (paths []local, exact bool) {
	w := &walker{s: s, seen: map[string]bool{}}
	if first == nil {
		return []local{{values: forms.Answers{}}}, true
	}
	w.cover(first)
	w.follow(first, nil)
	return w.paths, w.walked < maxWalk && !w.full
}

type walker struct {
	s      *search
	paths  []local
	seen   map[string]bool
	walked int
	full   bool
}

type picked struct {
	item int
	edge edge
}

// cover finds one way to each question shown or not, and to each stop.
func (w *walker) cover(first *node) {
	type arrival struct {
		node *node
		way  []picked
	}
	goals := map[string]bool{}
	met := map[*node]bool{first: true}
	queue := []arrival{{node: first}}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		i := w.s.items[at.node.at]
		for _, e := range at.node.edges {
			way := append(at.way[:len(at.way):len(at.way)], picked{i, e})
			goal := strconv.Itoa(i) + strconv.FormatBool(e.shown)
			if e.stop != nil {
				goal += "!" + e.stop.path
			}
			if !goals[goal] {
				goals[goal] = true
				w.keep(w.onwards(way, e))
			}
			if e.next != nil && !met[e.next] {
				met[e.next] = true
				queue = append(queue, arrival{e.next, way})
			}
		}
	}
}

// onwards goes to the end by the first answer that does not stop.
func (w *walker) onwards(way []picked, last edge) []picked {
	for n := last.next; n != nil; {
		next := n.edges[0]
		for _, e := range n.edges {
			if e.stop == nil {
				next = e
				break
			}
		}
		way = append(way, picked{w.s.items[n.at], next})
		n = next.next
	}
	return way
}

func (w *walker) follow(n *node, way []picked) {
	if n == nil {
		w.walked++
		w.keep(way)
		return
	}
	for _, e := range n.edges {
		if w.walked >= maxWalk || w.full {
			return
		}
		on := append(way[:len(way):len(way)], picked{w.s.items[n.at], e})
		w.follow(e.next, on)
	}
}

// keep keeps a way whose questions differ from those of the others.
func (w *walker) keep(way []picked) {
	p := local{values: forms.Answers{}}
	var key strings.Builder
	for _, at := range way {
		it := &w.s.m.items[at.item]
		if it.needed && at.edge.shown {
			p.values[it.field.ID] = at.edge.value
		}
		if len(it.shown) > 0 {
			key.WriteString(strconv.FormatBool(at.edge.shown)[:1])
		}
		if at.edge.stop != nil {
			p.stop, p.at = at.edge.stop, at.item
			key.WriteString("!" + at.edge.stop.path)
		}
	}
	if p.key = key.String(); w.seen[p.key] {
		return
	}
	if len(w.paths) >= maxLocal {
		w.full = true
		return
	}
	w.seen[p.key] = true
	w.paths = append(w.paths, p)
}
