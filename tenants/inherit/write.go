package inherit

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// procedure puts the parts together again.
func (t *tree) procedure() (*catalogue.Procedure, error) {
	root := t.parts[partRoot]
	whole := map[string]any{"format": 1, "slug": t.slug}
	within := func(name string) map[string]any {
		inner, ok := whole[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			whole[name] = inner
		}
		return inner
	}
	for _, name := range root.names {
		text, ok := root.attrs[name]
		if !ok {
			continue
		}
		values := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(text), &values); err != nil {
			return nil, err
		}
		into := whole
		if outer, _, nested := strings.Cut(name, "/"); nested {
			into = within(outer)
		}
		for k, v := range values {
			into[k] = v
		}
	}
	for _, list := range root.lists {
		into, name := whole, list
		if outer, inner, nested := strings.Cut(list, "/"); nested {
			into, name = within(outer), inner
		}
		if out, ok := t.list(root, list); ok {
			into[name] = out
		}
	}
	for _, name := range []string{listPieces, "letters"} {
		if none, ok := t.empty[place(partRoot, name)]; ok && whole[name] == nil {
			whole[name] = json.RawMessage(none)
		}
	}
	if whole[listPieces] == nil {
		whole[listPieces] = json.RawMessage("[]")
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	p, err := catalogue.Stored(text) // what goes to many communes is often the same
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "update_impossible", err)
	}
	return p, nil
}

// list writes the members of a list; false where there are none and nothing says so.
func (t *tree) list(p *part, list string) (json.RawMessage, bool) {
	keys := t.order[place(p.key, list)]
	out := make([]json.RawMessage, 0, len(keys))
	for _, k := range keys {
		out = append(out, t.written(t.parts[k]))
	}
	text, err := json.Marshal(out)
	if err != nil { // each was read from JSON
		panic(err)
	}
	return text, len(keys) > 0
}

// written gives the JSON of a part with all that it holds.
func (t *tree) written(p *part) json.RawMessage {
	whole := map[string]json.RawMessage{}
	for _, text := range p.attrs {
		values := map[string]json.RawMessage{}
		_ = json.Unmarshal([]byte(text), &values) // our own
		maps.Copy(whole, values)
	}
	if within, ok := inside[p.kind]; ok && p.frame() {
		whole[within.list] = json.RawMessage("[]")
		if none, ok := t.empty[place(p.key, within.list)]; ok {
			whole[within.list] = json.RawMessage(none)
		}
	}
	for _, list := range p.lists {
		if text, ok := t.list(p, list); ok {
			whole[list] = text
		}
	}
	text, err := json.Marshal(whole)
	if err != nil { // each value was read from JSON
		panic(err)
	}
	return text
}

// question gives the number of a question within its step, and the step; 0 for what is none.
func (t *tree) question(key string) (number int, step *part) {
	p := t.parts[key]
	if p == nil || p.kind != partField {
		return 0, nil
	}
	step = t.parts[t.parts[p.parent].parent]
	for _, section := range t.order[place(step.key, listSections)] {
		for _, f := range t.order[place(section, listFields)] {
			number++
			if f == key {
				return number, step
			}
		}
	}
	return 0, step
}

// text gives a JSON text that stands under a key of the part, or "".
func (p *part) text(key string) string {
	for _, text := range p.attrs {
		values := map[string]json.RawMessage{}
		var out string
		if json.Unmarshal([]byte(text), &values) == nil && json.Unmarshal(values[key], &out) == nil && out != "" {
			return out
		}
	}
	return ""
}

func numbered(n int) string { return strconv.Itoa(n) }
