package exchange

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// SchemaPath is where each commune's host publishes the schema of the format.
const SchemaPath = "/api/v1/procedure.schema.json"

// node of a JSON Schema; its keys come out sorted, so that there is one text of it.
type node map[string]any

// Schema gives the JSON Schema 2020-12 of a procedure as [catalogue.ParseProcedure] reads
// it, indented. The caller must not change it.
func Schema() []byte { return schema() }

var schema = sync.OnceValue(func() []byte {
	b := schemaBuilder{defs: node{}}
	root := b.structure(reflect.TypeFor[catalogue.Procedure]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "A procedure of Parvis"
	root["$defs"] = b.defs
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err) // it holds maps, lists and texts alone
	}
	return append(text, '\n')
})

type schemaBuilder struct{ defs node }

// of describes a type. The reader takes null for a value that is left out.
func (b schemaBuilder) of(t reflect.Type) node {
	if t == reflect.TypeFor[forms.Value]() {
		return b.value()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.of(t.Elem())
	case reflect.String:
		return node{"type": []string{"string", "null"}}
	case reflect.Bool:
		return node{"type": []string{"boolean", "null"}}
	case reflect.Int, reflect.Int64:
		return node{"type": []string{"integer", "null"}}
	case reflect.Float64:
		return node{"type": []string{"number", "null"}}
	case reflect.Slice:
		return node{"type": []string{"array", "null"}, "items": b.of(t.Elem())}
	case reflect.Map:
		return node{"type": []string{"object", "null"}, "additionalProperties": b.of(t.Elem())}
	case reflect.Struct:
		return node{"anyOf": []node{b.ref(t), {"type": "null"}}}
	default:
		panic("exchange: the schema knows no " + t.String()) // held by a test
	}
}

// ref describes a structure once, under its name.
func (b schemaBuilder) ref(t reflect.Type) node {
	name := t.Name()
	if _, known := b.defs[name]; !known {
		b.defs[name] = nil // so that a condition may hold conditions
		b.defs[name] = b.structure(t)
	}
	return node{"$ref": "#/$defs/" + name}
}

func (b schemaBuilder) structure(t reflect.Type) node {
	properties := node{}
	for i := range t.NumField() {
		field := t.Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || key == "-" {
			continue
		}
		p := b.of(field.Type)
		if what := meanings[t.Name()+"."+key]; what != "" {
			p["description"] = what
		}
		for rule, value := range bounds[t.Name()+"."+key] {
			p[rule] = value
		}
		properties[key] = p
	}
	out := node{"type": "object", "properties": properties, "additionalProperties": false}
	switch t {
	case reflect.TypeFor[catalogue.Procedure]():
		out["required"] = []string{"format"}
		properties["form"] = node{"$ref": "#/$defs/" + reflect.TypeFor[forms.Definition]().Name(), "description": meanings["Procedure.form"]}
	case reflect.TypeFor[forms.Definition]():
		out["required"] = []string{"version"}
	}
	if what := meanings[t.Name()]; what != "" {
		out["description"] = what
	}
	return out
}

// value describes what an answer is compared with.
func (b schemaBuilder) value() node {
	file := b.ref(reflect.TypeFor[forms.FileRef]())
	return node{"anyOf": []node{
		{"type": []string{"string", "number", "boolean", "null"}},
		{"type": "array", "items": node{"type": []string{"string", "null"}}},
		{"type": "array", "prefixItems": []node{file}, "items": node{"anyOf": []node{file, {"type": "null"}}}, "minItems": 1},
		b.ref(reflect.TypeFor[forms.Address]()),
	}}
}
