package forms

import (
	"encoding/json"
	"strconv"
)

// node is one part of a JSON Schema; its keys come out sorted, so that a definition has one schema.
type node map[string]any

// JSONSchema gives the JSON Schema 2020-12 of the canonical answers object: what Prune keeps, where hidden
// and empty answers are left out; a paper may come later. Everything that Validate accepts, it accepts; it cannot tell dates
// relative to today, other dates or the commune's limits, which Validate alone checks. Annotations for
// user interfaces begin with "x-". It is written once for a definition; the caller must not change it.
func (d *Definition) JSONSchema() json.RawMessage {
	return d.index().schema()
}

// JSONSchemaWith is JSONSchema with the texts that the commune's tables offer today: an enum where a question draws its choices
// from one. A question whose choices depend on other answers has those of every answer.
func (d *Definition) JSONSchemaWith(tables Tables) json.RawMessage {
	if len(d.index().tables) == 0 {
		return d.JSONSchema()
	}
	return newSchema(d, d.index(), tables)
}

// noAnswers is the schema that accepts nothing, for a definition that JSON cannot hold: Parse and Build
// give none.
const noAnswers = "false"

func newSchema(d *Definition, x *index, tables Tables) json.RawMessage {
	b := schemaBuilder{d: d, x: x, tables: tables, defs: node{}, states: map[int]visibility{}}
	root := b.object()
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Réponses à la démarche"
	root["description"] = "Les champs masqués ou sans réponse sont omis."
	if len(b.defs) > 0 {
		root["$defs"] = b.defs
	}
	data, err := json.Marshal(root)
	if err != nil {
		return json.RawMessage(noAnswers)
	}
	return data
}

// object describes the answers to the questions of an index: the form's, or those of a row.
func (b *schemaBuilder) object() node {
	x := b.x
	properties, required, rules := node{}, []string{}, []any{}
	for i := range x.entries {
		f := x.entries[i].field
		if x.byID[f.ID] != i {
			continue // a repeated id: Check refuses it
		}
		properties[f.ID] = b.property(i)
		state := b.visible(i)
		switch {
		case f.Optional, f.Kind == KindComputed, f.Kind == KindFile: // papers may come later: see Options.PapersLater
		case state.always:
			required = append(required, f.ID)
		case state.ref != nil:
			rules = append(rules, node{"if": state.ref, "then": node{"required": []string{f.ID}}})
		}
	}
	for _, id := range x.facts {
		properties[id] = factSchema(id)
	}
	rules = append(rules, b.stops()...)
	root := node{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		root["required"] = required
	}
	if len(rules) > 0 {
		root["allOf"] = rules
	}
	return root
}

type schemaBuilder struct {
	d      *Definition
	x      *index
	defs   node
	states map[int]visibility
	tables Tables // what they offer today; nil: not told
	row    bool   // of a repeated section: what stands around it is out of sight
}

// visibility tells when an entry is visible: always, when the schema at ref accepts the answers, or (both
// unset) in a way that JSON Schema cannot say.
type visibility struct {
	always bool
	ref    node
}

// visible defines, once for each conditional field, when it is shown. References go to earlier entries
// only, so that definitions stay linear in the size of the form and never turn in circles.
func (b *schemaBuilder) visible(i int) visibility {
	if state, ok := b.states[i]; ok {
		return state
	}
	e := &b.x.entries[i]
	state := visibility{always: e.section.If == nil && e.field.If == nil}
	if !state.always {
		section, okSection := b.condition(e.section.If, b.x.opens(i), MaxDepth)
		field, okField := b.condition(e.field.If, i, MaxDepth)
		if okSection && okField {
			name := "visible_" + e.field.ID
			b.defs[name] = node{"allOf": []any{section, field}}
			state.ref = node{"$ref": "#/$defs/" + name}
		}
	}
	b.states[i] = state
	return state
}

// opens gives the first entry of an entry's section.
func (x *index) opens(i int) int {
	for i > 0 && !x.entries[i].opensSection {
		i--
	}
	return i
}

// condition writes a condition as a schema of the answers object; false where it cannot.
func (b *schemaBuilder) condition(c *Condition, place, depth int) (any, bool) {
	if c == nil {
		return true, true
	}
	if depth <= 0 {
		return false, true
	}
	switch {
	case c.Field != "":
		return b.leaf(c, place)
	case c.Not != nil:
		sub, ok := b.condition(c.Not, place, depth-1)
		return node{"not": sub}, ok
	case c.Or != nil:
		subs, ok := b.conditions(c.Or, place, depth)
		if len(subs) == 0 {
			return false, ok
		}
		return node{"anyOf": subs}, ok
	default:
		subs, ok := b.conditions(c.And, place, depth)
		if len(subs) == 0 {
			return c.And != nil, ok
		}
		return node{"allOf": subs}, ok
	}
}

func (b *schemaBuilder) conditions(list []Condition, place, depth int) ([]any, bool) {
	subs := make([]any, 0, len(list))
	for i := range list {
		sub, ok := b.condition(&list[i], place, depth-1)
		if !ok {
			return nil, false
		}
		subs = append(subs, sub)
	}
	return subs, true
}

func (b *schemaBuilder) leaf(c *Condition, place int) (any, bool) {
	if c.As != "" {
		return nil, false // JSON Schema counts no days
	}
	i, ok := b.x.byID[c.Field]
	if !ok && b.row {
		return nil, false
	}
	if _, isFact := facts[c.Field]; !ok && isFact {
		test, ok := leafTest(c)
		return node{"required": []string{c.Field}, "properties": node{c.Field: test}}, ok
	}
	if !ok || i >= place {
		return false, true
	}
	state := b.visible(i)
	if !state.always && state.ref == nil {
		return nil, false
	}
	test, ok := leafTest(c)
	if !ok {
		return nil, false
	}
	given := node{"required": []string{c.Field}, "properties": node{c.Field: test}}
	if state.always {
		return given, true
	}
	return node{"allOf": []any{state.ref, given}}, true
}

func leafTest(c *Condition) (any, bool) {
	number := func(key string, v *Value) (any, bool) {
		n, ok := v.Number()
		return node{"type": "number", key: n}, ok // JSON Schema orders no dates
	}
	switch {
	case c.Equals != nil:
		return node{"const": c.Equals}, true
	case c.NotEquals != nil:
		return node{"not": node{"const": c.NotEquals}}, true
	case c.In != nil:
		return node{"enum": c.In}, true
	case c.Contains != "":
		return node{"type": "array", "contains": node{"const": c.Contains}}, true
	case c.Gt != nil:
		return number("exclusiveMinimum", c.Gt)
	case c.Ge != nil:
		return number("minimum", c.Ge)
	case c.Le != nil:
		return number("maximum", c.Le)
	case c.Lt != nil:
		return number("exclusiveMaximum", c.Lt)
	default:
		return c.Filled, true // canonical answers hold nothing empty: being there is being filled
	}
}

// property describes the answer of one field.
func (b *schemaBuilder) property(i int) node {
	e := &b.x.entries[i]
	f := e.field
	n := b.kind(e)
	n["title"] = f.Label
	if f.Help != "" {
		n["description"] = f.Help
	}
	n["x-kind"], n["x-step"], n["x-section"], n["x-position"] = f.Kind, b.d.Steps[e.step].ID, e.section.ID, i
	for key, value := range map[string]string{
		"x-unit": f.Unit, "x-autocomplete": f.Autocomplete, "x-purpose": f.Purpose, "x-legal-basis": f.LegalBasis,
		"x-declaration": f.Declaration, "x-before": f.Before, "x-after": f.After,
	} {
		if value != "" {
			n[key] = value
		}
	}
	if f.If != nil {
		n["x-if"] = f.If
	}
	if e.section.If != nil {
		n["x-section-if"] = e.section.If
	}
	if f.MinDays != nil {
		n["x-min-days"] = *f.MinDays
	}
	if f.MaxDays != nil {
		n["x-max-days"] = *f.MaxDays
	}
	if f.InCommune {
		n["x-in-commune"] = true
	}
	return n
}

func (b *schemaBuilder) kind(e *entry) node {
	f := e.field
	switch f.Kind {
	case KindNumber:
		return numberSchema(f)
	case KindDate:
		return node{"type": "string", "format": "date", "pattern": `^(1[5-9]|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`}
	case KindEmail:
		return node{"type": "string", "format": "idn-email", "pattern": `^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$`, "maxLength": f.maxLength()}
	case KindPhone:
		return node{
			"type": "string", "pattern": `^[+0-9(][0-9 .()/-]{4,30}$`,
			"description": "Numéro français ou international, rendu au format E.164", "examples": []string{"+33561000000"},
		}
	case KindChoice:
		if f.Table != nil {
			n := node{"type": "string", "minLength": 1, "maxLength": MaxCell, "x-table": f.Table}
			if texts := b.tables[f.Table.Table].everyChoice(f.Table); len(texts) > 0 {
				n["enum"] = texts
			}
			return n
		}
		return node{"enum": choiceValues(f), "x-choices": f.Choices}
	case KindChoices:
		n := node{"type": "array", "items": node{"enum": choiceValues(f)}, "uniqueItems": true, "x-choices": f.Choices}
		if !f.Optional {
			n["minItems"] = 1
		}
		return n
	case KindAddress:
		return addressSchema(f)
	case KindFile:
		return fileSchema(f)
	case KindGroup:
		return b.rows(e)
	case KindComputed:
		n := node{"type": "number", "readOnly": true}
		if f.Money {
			n["type"], n["x-unit"] = "integer", "centimes"
		}
		return n
	case KindDeclaration:
		if f.Optional {
			return node{"type": "boolean"}
		}
		return node{"const": true}
	default:
		return textSchema(e)
	}
}

// rows describes the answers of a repeated section.
func (b *schemaBuilder) rows(e *entry) node {
	sub := schemaBuilder{d: b.d, x: e.group, tables: b.tables, defs: b.defs, states: map[int]visibility{}, row: true}
	item := sub.object()
	item["title"], item["minProperties"] = e.section.Repeat.Item, 1
	least, most := e.section.Repeat.limits()
	return node{"type": "array", "minItems": max(least, 1), "maxItems": most, "items": item}
}

func choiceValues(f *Field) []string {
	values := make([]string, 0, len(f.Choices))
	seen := map[string]bool{}
	for i := range f.Choices {
		if v := f.Choices[i].Value; !seen[v] {
			seen[v] = true
			values = append(values, v)
		}
	}
	return values
}

func textSchema(e *entry) node {
	f := e.field
	n := node{"type": "string", "maxLength": f.maxLength()}
	if f.MinLength > 0 {
		n["minLength"] = f.MinLength
	} else if !f.Optional {
		n["minLength"] = 1
	}
	if e.pattern != nil {
		n["pattern"] = e.pattern.String()
	}
	return n
}

func numberSchema(f *Field) node {
	n := node{"type": "number", "minimum": -maxNumber, "maximum": maxNumber}
	switch {
	case f.Decimals <= 0:
		n["type"] = "integer"
	case f.Decimals <= maxDecimals:
		n["multipleOf"] = json.Number("1e-" + strconv.Itoa(f.Decimals))
	}
	if f.Min != nil && *f.Min > -maxNumber {
		n["minimum"] = *f.Min
	}
	if f.Max != nil && *f.Max < maxNumber {
		n["maximum"] = *f.Max
	}
	return n
}

func addressSchema(f *Field) node {
	part := func(title string, least int) node {
		return node{"type": "string", "title": title, "minLength": least, "maxLength": DefaultTextLength}
	}
	code := part("Code postal", 0)
	if !f.Abroad {
		code = node{"type": "string", "title": "Code postal", "pattern": "^[0-9]{5}$"}
	}
	properties := node{
		PartStreet:     part("Numéro et rue", 1),
		PartComplement: part("Complément", 0),
		PartPostalCode: code,
		PartTown:       part("Ville ou village", 1),
	}
	required := []string{PartStreet, PartPostalCode, PartTown}
	if f.Abroad {
		properties[PartCountry] = part("Pays, si ce n’est pas la France", 0)
		required = []string{PartStreet, PartTown}
	}
	return node{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func fileSchema(f *Field) node {
	least := 1
	if f.Optional {
		least = 0
	}
	n := node{
		"type": "array", "minItems": least, "maxItems": f.maxFiles(),
		"items": node{
			"type": "object",
			"properties": node{
				"id":   node{"type": "string", "minLength": 1, "maxLength": 100},
				"name": node{"type": "string", "minLength": 1, "maxLength": 255},
				"size": node{"type": "integer", "minimum": 1, "description": "octets"},
			},
			"required": []string{"id", "name", "size"}, "additionalProperties": false,
		},
	}
	if len(f.Accept) > 0 {
		n["x-accept"] = f.Accept
	}
	return n
}
