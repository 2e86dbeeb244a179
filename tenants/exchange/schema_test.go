package exchange_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/exchange"
)

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(exchange.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("procedure.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("procedure.json")
	if err != nil {
		t.Fatal(err)
	}
	if s.DraftVersion != 2020 {
		t.Fatalf("JSON Schema %d", s.DraftVersion)
	}
	return s
}

// Whoever writes a file by hand reads what each key is.
func TestEveryKeyOfTheFormatIsExplained(t *testing.T) {
	t.Parallel()
	var schema struct {
		Properties map[string]struct{ Description string }
		Defs       map[string]struct {
			Description string
			Properties  map[string]struct{ Description string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(exchange.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"Procedure": true}
	for key, p := range schema.Properties {
		if known["Procedure."+key] = true; p.Description == "" {
			t.Errorf("Procedure.%s is not explained", key)
		}
	}
	for name, def := range schema.Defs {
		if known[name] = true; def.Description == "" {
			t.Errorf("%s is not explained", name)
		}
		for key, p := range def.Properties {
			if known[name+"."+key] = true; p.Description == "" {
				t.Errorf("%s.%s is not explained", name, key)
			}
		}
	}
	for _, place := range exchange.Explained() {
		if !known[place] {
			t.Errorf("%s is explained, and is not there", place)
		}
	}
}

// A model survives its own export, and the schema takes it.
func TestAnExportComesBackWithoutLoss(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for _, p := range catalogue.Models() {
		text, err := exchange.Export(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := catalogue.ParseProcedure(text)
		if err != nil {
			t.Fatalf("%s: %v", p.Slug, err)
		}
		if again.Checksum() != p.Checksum() {
			t.Errorf("%s came back changed", p.Slug)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v", p.Slug, err)
		}
	}
}

// Whatever is done to a procedure, its reader and the schema judge it alike.
func TestTheSchemaAndTheReaderAgree(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	var trees []any
	for _, p := range catalogue.Models() {
		text, err := exchange.Export(p)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, decode(t, text))
	}
	accepted, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		tree := clone(rapid.SampledFrom(trees).Draw(rt, "model"))
		for range rapid.IntRange(1, 3).Draw(rt, "changes") {
			tree = change(rt, tree)
		}
		text, err := json.Marshal(tree)
		if err != nil {
			rt.Fatal(err)
		}
		_, read := catalogue.ParseProcedure(text)
		judged := s.Validate(tree)
		if (read == nil) != (judged == nil) {
			rt.Fatalf("the reader says %v, the schema %v\n%s", read, judged, text)
		}
		if read == nil {
			accepted++
		} else {
			refused++
		}
	})
	if accepted == 0 || refused == 0 {
		t.Errorf("%d were accepted, %d refused: one side was not tried", accepted, refused)
	}
}

func decode(t testing.TB, text []byte) any {
	t.Helper()
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func clone(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, sub := range v {
			out[k] = clone(sub)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clone(v[i])
		}
		return out
	}
	return tree
}

// change does one thing to one place of a tree.
func change(t *rapid.T, tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) == 0 || rapid.IntRange(0, 4).Draw(t, "here") == 0 {
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				v[rapid.SampledFrom([]string{"surprise", "Title", "if", "kind", "equals", "and", ""}).Draw(t, "key")] = anything(t)
			case 1:
				if len(keys) > 0 {
					delete(v, rapid.SampledFrom(keys).Draw(t, "gone"))
				}
			case 2:
				if len(keys) > 0 {
					key := rapid.SampledFrom(keys).Draw(t, "louder")
					v[strings.ToUpper(key)] = v[key]
				}
			default:
				return anything(t)
			}
			return v
		}
		key := rapid.SampledFrom(keys).Draw(t, "into")
		v[key] = change(t, v[key])
		return v
	case []any:
		if len(v) == 0 || rapid.IntRange(0, 4).Draw(t, "end") == 0 {
			return append(v, anything(t))
		}
		i := rapid.IntRange(0, len(v)-1).Draw(t, "at")
		v[i] = change(t, v[i])
		return v
	}
	return anything(t)
}

func anything(t *rapid.T) any {
	return rapid.SampledFrom([]any{
		nil, true, false, float64(0), float64(1), float64(-3), 2.5, "", "x", "2026-12-01",
		[]any{}, []any{"a", "b"}, []any{nil}, []any{map[string]any{}}, map[string]any{}, map[string]any{"field": "x", "filled": true},
		map[string]any{"and": []any{map[string]any{"not": map[string]any{"field": "a", "equals": []any{map[string]any{"id": "i"}, "no"}}}}},
		map[string]any{"street": "1 rue du Bourg", "postal_code": "31320", "town": "Castanet"},
	}).Draw(t, "value")
}
