package inherit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// The lists of a procedure whose members are known by a name of their own, and what a member is called.
const (
	listPieces   = "bring"
	listDoubts   = "to_verify"
	listSteps    = "form/steps"
	listSections = "sections"
	listFields   = "fields"
	listChoices  = "choices"
	partRoot     = ""
	partStep     = "step"
	partSection  = "section"
	partField    = "field"
	partChoice   = "choice"
	partPiece    = "piece"
	partDoubt    = "doubt"
	partFlow     = "workflow"
	listStages   = "workflow/steps"
	listWays     = "workflow/transitions"
)

// part is what has an identity in a procedure: a question stays itself wherever it is moved to.
type part struct {
	kind, key, id string
	parent, list  string            // where it stands: in this list of that part
	attrs         map[string]string // what is said of it: the JSON object of the keys that go together
	names         []string          // of attrs, in the order of the definition
	lists         []string          // that it holds, or held
}

// frame tells a part that holds questions and is nothing without them.
func (p *part) frame() bool { return p.kind == partStep || p.kind == partSection }

// owner gives the part that it comes and goes with; the procedure itself: none.
func (p *part) owner() string {
	if p.kind == partField || p.frame() {
		return partRoot
	}
	return p.parent
}

// tree is a procedure taken apart.
type tree struct {
	parts map[string]*part
	order map[string][]string // the keys of a list's members by the list ([place])
	empty map[string]string   // how a list of none is written: [] or null
	slug  string
}

// place names a list of a part.
func place(parent, list string) string { return parent + "/" + list }

// together are the keys of a question that one decision covers, by the name of what they say.
var together = func() map[string]string {
	out := map[string]string{}
	for name, keys := range map[string]string{
		"limits":  "min max decimals unit min_length max_length pattern min_days max_days before after accept max_files in_commune abroad message",
		"purpose": "purpose legal_basis recipients retention sensitivity",
		"compute": "compute money",
	} {
		for key := range strings.FieldsSeq(keys) {
			out[key] = name
		}
	}
	return out
}()

// shape is all that depends on the type of a question: where the type changes, it changes with it.
var shape = []string{"kind", "limits", "compute", "table", "block", "declaration"}

// object reads a JSON object in the order of its keys.
func object(raw json.RawMessage) (keys []string, values map[string]json.RawMessage, err error) {
	values = map[string]json.RawMessage{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil, nil, err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		name, _ := key.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, nil, err
		}
		keys, values[name] = append(keys, name), value
	}
	return keys, values, nil
}

// parted are the parts of a procedure that all sides have, and that can therefore be taken apart.
type parted struct{ form, workflow bool }

// shelf keeps what was taken apart lately: of a model that goes to a thousand communes two
// definitions are the same a thousand times.
type shelf struct {
	mu    sync.Mutex
	trees map[string]*tree
}

const shelved = 64 // trees, some 100 KB each

var kept = shelf{trees: map[string]*tree{}}

func (s *shelf) taken(p *catalogue.Procedure, how parted) (*tree, error) {
	name := fmt.Sprint(p.Slug, " ", p.Checksum(), how)
	s.mu.Lock()
	t := s.trees[name]
	s.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := taken(p, how)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.trees) >= shelved {
		clear(s.trees)
	}
	s.trees[name] = t
	return t, nil
}

// taken takes a procedure apart.
func taken(p *catalogue.Procedure, how parted) (*tree, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	keys, values, err := object(text)
	if err != nil {
		return nil, err
	}
	t := &tree{parts: map[string]*part{}, order: map[string][]string{}, empty: map[string]string{}, slug: p.Slug}
	root := t.add(part{kind: partRoot, key: partRoot})
	for _, key := range keys {
		if err := t.top(root, key, values[key], how); err != nil {
			return nil, fault.Wrap(fault.Internal, "version_unreadable", err)
		}
	}
	return t, nil
}

// top takes one key of the definition apart.
func (t *tree) top(root *part, key string, raw json.RawMessage, how parted) error {
	switch {
	case key == "format", key == "slug", key == "tables": // the commune's own, and nothing that is inherited
		return nil
	case key == listPieces:
		return t.members(root, listPieces, raw, named{kind: partPiece, by: "label"})
	case key == listDoubts:
		return t.members(root, listDoubts, raw, named{kind: partDoubt, by: "subject"})
	case key == "letters", key == "alternatives", key == "notice", key == "form" && how.form:
		return t.nested(root, key, raw)
	case key == "form", key == "redirect":
		root.say("form", key, raw)
	case key == "workflow" && how.workflow:
		return t.flow(root, "workflow/", raw)
	default:
		root.say(key, key, raw)
	}
	return nil
}

// nested takes an object of the definition apart, each of its keys a thing that is said.
func (t *tree) nested(root *part, key string, raw json.RawMessage) error {
	if string(raw) == "null" || string(raw) == "{}" {
		t.empty[place(root.key, key)] = string(raw)
		return nil
	}
	keys, values, err := object(raw)
	if err != nil {
		return err
	}
	for _, inner := range keys {
		if key == "form" && inner == "steps" {
			if err := t.members(root, listSteps, values[inner], named{kind: partStep, by: "id"}); err != nil {
				return err
			}
			continue
		}
		root.say(key+"/"+inner, inner, values[inner])
	}
	return nil
}

// named says what the members of a list are, and which of their keys names them.
type named struct{ kind, by string }

// inside are the lists of a part by its kind.
var inside = map[string]struct {
	list string
	of   named
}{
	partStep:    {listSections, named{partSection, "id"}},
	partSection: {listFields, named{partField, "id"}},
	partField:   {listChoices, named{partChoice, "value"}},
}

// members takes a list apart.
func (t *tree) members(parent *part, list string, raw json.RawMessage, of named) error {
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	if len(all) == 0 {
		t.empty[place(parent.key, list)] = string(raw)
	}
	for _, one := range all {
		keys, values, err := object(one)
		if err != nil {
			return err
		}
		var id string
		if err := json.Unmarshal(values[of.by], &id); err != nil {
			return err
		}
		p := t.add(part{kind: of.kind, key: key(parent, of.kind, id), id: id, parent: parent.key, list: list})
		for _, name := range keys {
			within, ok := inside[of.kind]
			switch {
			case ok && name == within.list:
				err = t.members(p, within.list, values[name], within.of)
			case of.kind == partFlow:
				err = t.flowKey(p, "", name, values[name])
			default:
				p.say(group(of.kind, name), name, values[name])
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// key names a part: a step, a section and a question by themselves, others within what holds them.
func key(parent *part, kind, id string) string {
	if kind == partStep || kind == partSection || kind == partField || parent.key == partRoot {
		return kind + ":" + id
	}
	return parent.key + "/" + kind + ":" + id
}

func group(kind, name string) string {
	if g, ok := together[name]; ok && kind == partField {
		return g
	}
	if kind == partPiece && name != "indispensable" {
		return "text"
	}
	if kind == partDoubt || kind == partChoice {
		return "text"
	}
	return name
}

// flow takes a workflow apart: what stands in a list by a name is a part, whatever the list is.
func (t *tree) flow(p *part, prefix string, raw json.RawMessage) error {
	keys, values, err := object(raw)
	if err != nil {
		return err
	}
	for _, name := range keys {
		if err := t.flowKey(p, prefix, name, values[name]); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) flowKey(p *part, prefix, name string, raw json.RawMessage) error {
	if by, ok := known(raw); ok {
		return t.members(p, prefix+name, raw, named{partFlow, by})
	}
	p.say(prefix+name, name, raw)
	return nil
}

// known tells by which key the members of a list are known, if they are.
func known(raw json.RawMessage) (string, bool) {
	var all []map[string]json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &all) != nil || len(all) == 0 {
		return "", false
	}
	for _, by := range []string{"name", "id"} {
		if !slices.ContainsFunc(all, func(one map[string]json.RawMessage) bool {
			var id string
			return json.Unmarshal(one[by], &id) != nil || id == ""
		}) {
			return by, true
		}
	}
	return "", false
}

// add puts a part at the end of its list. A name that is there already, in a draft that is not
// finished, is told from the first.
func (t *tree) add(p part) *part {
	name := p.key
	for n := 2; t.parts[p.key] != nil; n++ {
		p.key = name + "#" + strconv.Itoa(n)
	}
	p.attrs = map[string]string{}
	t.parts[p.key] = &p
	if p.kind != partRoot {
		t.parts[p.parent].holds(p.list)
		at := place(p.parent, p.list)
		t.order[at] = append(t.order[at], p.key)
	}
	return &p
}

func (p *part) holds(list string) {
	if !slices.Contains(p.lists, list) {
		p.lists = append(p.lists, list)
	}
}

// say adds a key to what is said under a name.
func (p *part) say(name, key string, raw json.RawMessage) {
	text, ok := p.attrs[name]
	if !ok {
		p.names = append(p.names, name)
		p.attrs[name] = `{"` + key + `":` + string(raw) + `}` // keys of the format need no escape
		return
	}
	values := map[string]json.RawMessage{}
	_ = json.Unmarshal([]byte(text), &values) // our own
	values[key] = raw
	written, err := json.Marshal(values)
	if err != nil { // each value was read from JSON
		panic(err)
	}
	p.attrs[name] = string(written)
}

// fold makes one thing of all that depends on a question's type.
func (t *tree) fold(field string) {
	p := t.parts[field]
	if p == nil {
		return
	}
	whole := map[string]json.RawMessage{}
	for _, name := range shape {
		if text, ok := p.attrs[name]; ok {
			values := map[string]json.RawMessage{}
			_ = json.Unmarshal([]byte(text), &values) // our own
			maps.Copy(whole, values)
			delete(p.attrs, name)
		}
	}
	p.names = slices.DeleteFunc(p.names, func(name string) bool { return slices.Contains(shape, name) })
	at := place(field, listChoices)
	if keys := t.order[at]; len(keys) > 0 {
		list := make([]json.RawMessage, 0, len(keys))
		for _, k := range keys {
			list = append(list, t.written(t.parts[k]))
			delete(t.parts, k)
		}
		delete(t.order, at)
		whole[listChoices], _ = json.Marshal(list) // JSON already
	}
	text, _ := json.Marshal(whole) // JSON already
	p.attrs["kind"] = string(text)
	p.names = append([]string{"kind"}, p.names...)
}

// clone gives a tree of one's own.
func (t *tree) clone() *tree {
	out := &tree{parts: make(map[string]*part, len(t.parts)), order: make(map[string][]string, len(t.order)), empty: t.empty, slug: t.slug}
	for k, p := range t.parts {
		own := *p
		own.attrs, own.names, own.lists = maps.Clone(p.attrs), slices.Clone(p.names), slices.Clone(p.lists)
		out.parts[k] = &own
	}
	for k, list := range t.order {
		out.order[k] = slices.Clone(list)
	}
	return out
}

// walk goes through the parts in the order of the definition.
func (t *tree) walk(do func(*part)) { t.walkFrom(t.parts[partRoot], do) }

func (t *tree) walkFrom(p *part, do func(*part)) {
	do(p)
	for _, list := range p.lists {
		for _, k := range t.order[place(p.key, list)] {
			t.walkFrom(t.parts[k], do)
		}
	}
}
