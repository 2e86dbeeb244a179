package forms_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parvis-gru/parvis/tenants/forms"
)

const numbers = `{"label":"A","purpose":"P","legal_basis":"X","id":"a","kind":"number","decimals":2},{"label":"B","purpose":"P","legal_basis":"X","id":"b","kind":"number"},` +
	`{"label":"D","purpose":"P","legal_basis":"X","id":"d","kind":"date"},{"label":"E","purpose":"P","legal_basis":"X","id":"e2","kind":"date"},`

// reckon gives the JSON of a formula's value, "" where it is not known.
func reckon(t *testing.T, attributes, formula string, a forms.Answers) string {
	t.Helper()
	d := one(t, numbers+field(`"id":"r","kind":"computed",`+attributes+`"compute":`+formula))
	for _, p := range d.Check() {
		t.Errorf("%s: %s %s", formula, p.Path, p.Message)
	}
	v := d.Settle(a, forms.Facts{Today: today, Tables: rates})["r"]
	if v.Empty() {
		return ""
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFormulas(t *testing.T) {
	t.Parallel()
	a := forms.Answers{"a": forms.Number(0.1), "b": forms.Number(3), "d": forms.Text("2026-12-01"), "e2": forms.Text("2027-01-01"), "r": forms.Number(9)}
	for _, c := range []struct{ attributes, formula, want string }{
		{``, `{"value":3}`, `3`},
		{`"decimals":2,`, `{"add":[{"field":"a"},{"value":0.2}]}`, `0.3`},
		{`"money":true,`, `{"mul":[{"field":"a"},{"field":"b"}]}`, `30`},
		{`"money":true,`, `{"div":[{"value":10},{"field":"b"}]}`, `333`},
		{`"money":true,`, `{"value":0.005}`, `1`},
		{`"money":true,`, `{"value":-0.005}`, `-1`},
		{`"decimals":4,`, `{"div":[{"value":1},{"value":3}]}`, `0.3333`},
		{`"decimals":1,`, `{"sub":[{"value":1},{"field":"a"},{"field":"a"}]}`, `0.8`},
		{``, `{"min":[{"field":"b"},{"value":2},{"value":5}]}`, `2`},
		{``, `{"max":[{"field":"b"},{"value":2}]}`, `3`},
		{`"decimals":2,`, `{"round":{"value":2.345},"digits":2}`, `2.35`},
		{``, `{"round":{"value":2.5}}`, `3`}, {``, `{"floor":{"value":2.9}}`, `2`}, {``, `{"floor":{"value":-2.1}}`, `-3`}, {``, `{"ceil":{"value":2.1}}`, `3`},
		{`"decimals":1,`, `{"ceil":{"value":2.01},"digits":1}`, `2.1`},
		{``, `{"if":{"field":"b","ge":3},"then":{"value":1},"else":{"value":2}}`, `1`},
		{``, `{"days":{"from":"d","to":"e2"}}`, `31`}, {``, `{"days":{"to":"d"}}`, `10`}, {``, `{"days":{"from":"2026-11-01","to":"@today"}}`, `20`},
		{``, `{"years":{"from":"2000-11-22"}}`, `25`},
		{`"money":true,`, `{"lookup":{"table":"tarifs","column":"prix","where":[{"column":"de","field":"b","op":"from"},{"column":"a","field":"b","op":"to"}]}}`, `120`},
		// What is missing, impossible or too large is not known.
		{``, `{"div":[{"value":1},{"sub":[{"field":"b"},{"value":3}]}]}`, ``},
		{``, `{"mul":[{"value":1e15},{"value":10}]}`, ``},
		{``, `{"lookup":{"table":"absente","column":"prix","where":[{"column":"de","field":"b"}]}}`, ``},
		{``, `{"lookup":{"table":"tarifs","column":"prix","where":[{"column":"a","field":"b"}]}}`, ``},
	} {
		if got := reckon(t, c.attributes, c.formula, a); got != c.want {
			t.Errorf("%s%s: got %q, want %q", c.attributes, c.formula, got, c.want)
		}
	}
	for _, formula := range []string{`{"add":[{"field":"a"},{"value":1}]}`, `{"min":[{"value":1},{"field":"b"}]}`, `{"days":{"from":"d"}}`, `{"years":{"from":"d","to":"e2"}}`} {
		if got := reckon(t, "", formula, forms.Answers{"r": forms.Number(9)}); got != "" {
			t.Errorf("%s without answers: got %s", formula, got)
		}
	}
}

func TestAComputedValueIsNeverTaken(t *testing.T) {
	t.Parallel()
	d := one(t, numbers+field(`"id":"r","kind":"computed","money":true,"compute":{"mul":[{"field":"a"},{"field":"b"}]}`)+","+field(`"id":"double","kind":"computed","money":true,"compute":{"mul":[{"field":"r"},{"value":2}]}`)+
		","+field(`"id":"motif","kind":"text","if":{"field":"double","gt":100}`))
	a, err := d.FromJSON([]byte(`{"a":1.5,"b":2,"r":1,"d":"2026-12-01","e2":"2026-12-01","motif":"x"}`))
	if err != nil || !a["r"].Empty() {
		t.Fatalf("got %v %v", a, err)
	}
	a["r"] = forms.Number(7)
	a = d.Prune(d.Settle(a, forms.Facts{Today: today}))
	if r, _ := a["r"].Number(); r != 300 {
		t.Errorf("got %v", r)
	}
	if r, _ := a["double"].Number(); r != 600 || a["motif"].Empty() {
		t.Errorf("of a value in cents: %v", a)
	}
	if errs := d.Validate(a, today, forms.Options{}); len(errs) > 0 {
		t.Error(told(errs))
	}
	var doc struct {
		Properties map[string]map[string]any `json:"properties"`
		Required   []string                  `json:"required"`
	}
	if err := json.Unmarshal(d.JSONSchema(), &doc); err != nil {
		t.Fatal(err)
	}
	if p := doc.Properties["r"]; p["readOnly"] != true || p["type"] != "integer" || strings.Contains(strings.Join(doc.Required, " "), "r ") {
		t.Errorf("the schema says %v, required %v", p, doc.Required)
	}
	steps := d.Summary(a)
	if row := steps[0].Rows[4]; plain(row.Value) != "3,00 €" {
		t.Errorf("the summary says %q", row.Value)
	}
	delete(a, "b")
	_, f := view(t, d, "e", forms.ViewInput{Answers: d.Settle(a, forms.Facts{}), Today: today})
	if v := f["r"]; !v.Computed || v.Value != "Pas encore connu" {
		t.Errorf("the page shows %+v", v)
	}
}

func TestCheckRefusesFormulasThatCannotWork(t *testing.T) {
	t.Parallel()
	text := field(`"id":"x","kind":"text"`) + ","
	for formula, want := range map[string]string{
		`{}`: "compute formula", `{"value":1,"field":"a"}`: "compute formula", `{"div":[{"value":1}]}`: "compute formula", `{"value":1,"digits":2}`: "compute formula",
		`{"round":{"value":1},"digits":9}`: "compute formula", `{"if":{"field":"a","filled":true},"then":{"value":1}}`: "compute/else formula",
		`{"then":{"value":1}}`: "compute formula", `{"value":1e16}`: "compute formula",
		`{"field":"x"}`: "compute/field operator", `{"field":"r"}`: "compute/field forward", `{"field":"nobody"}`: "compute/field reference",
		`{"add":[{"value":1},{"field":"nobody"}]}`: "compute/add/1/field reference", `{"if":{"field":"x","gt":3},"then":{"value":1},"else":{"value":1}}`: "compute/if/gt operator",
		`{"count":"a"}`: "compute/count reference", `{"sum":"x","of":{"value":1}}`: "compute/sum reference", `{"sum":"x"}`: "compute formula",
		`{"days":{"from":"a"}}`: "compute/days/from reference", `{"years":{"to":"@identity"}}`: "compute/years/to reference",
		`{"lookup":{"table":"Tarifs","column":"prix","where":[{"column":"de","field":"a"}]}}`:             "compute/lookup/table reference",
		`{"lookup":{"table":"tarifs","column":"prix","where":[]}}`:                                        "compute/lookup/where empty",
		`{"lookup":{"table":"tarifs","column":"prix","where":[{"column":"de","field":"d","op":"from"}]}}`: "compute/lookup/where/0/field operator",
		`{"lookup":{"table":"tarifs","column":"prix","where":[{"column":"de","field":"a","op":"like"}]}}`: "compute/lookup/where/0/op operator",
	} {
		problems := one(t, numbers+text+field(`"id":"r","kind":"computed","compute":`+formula)).Check()
		got := ""
		if len(problems) > 0 {
			got = strings.TrimPrefix(problems[0].Path, "steps/0/sections/0/fields/5/") + " " + problems[0].Code
		}
		if got != want {
			t.Errorf("%s: got %v, want %s", formula, problems, want)
		}
	}
	if _, err := forms.Parse([]byte(oneJSON(field(`"id":"r","kind":"computed","compute":` + strings.Repeat(`{"round":`, 9) + `{"value":1}` + strings.Repeat(`}`, 9))))); err == nil {
		t.Error("a formula without bound was read")
	}
	if _, err := forms.Parse([]byte(oneJSON(field(`"id":"r","kind":"computed","compute":{"add":[` + strings.Repeat(`{"value":1},`, 100) + `{"value":1}]}`)))); err == nil {
		t.Error("a huge formula was read")
	}
}

// TestFormulasAreBounded draws formulas of any shape over any numbers: the value is right, not known, or within what a
// number can be, in little time.
func TestFormulasAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawFormula(t, 6)
		d, err := forms.Build(forms.Definition{Version: 1, Steps: []forms.Step{{ID: "e", Sections: []forms.Section{{ID: "s", Fields: []forms.Field{
			{ID: "a", Kind: forms.KindNumber}, {ID: "r", Kind: forms.KindComputed, Decimals: 2, Compute: &e},
		}}}}}})
		if err != nil {
			return // too large
		}
		start := time.Now()
		v := d.Settle(forms.Answers{"a": forms.Number(rapid.Float64Range(-1e15, 1e15).Draw(t, "a"))}, forms.Facts{Today: today})["r"]
		if n, ok := v.Number(); ok && (n > 1e15 || n < -1e15) {
			t.Fatalf("got %v", n)
		}
		if time.Since(start) > 5*time.Second {
			t.Fatal("a formula takes for ever")
		}
	})
}

func drawFormula(t *rapid.T, depth int) forms.Expr {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		if rapid.Bool().Draw(t, "field") {
			return forms.Expr{Field: "a"}
		}
		n := rapid.Float64Range(-1e15, 1e15).Draw(t, "n")
		return forms.Expr{Value: &n}
	}
	terms := []forms.Expr{drawFormula(t, depth-1), drawFormula(t, depth-1)}
	switch rapid.IntRange(0, 6).Draw(t, "shape") {
	case 0:
		return forms.Expr{Add: terms}
	case 1:
		return forms.Expr{Sub: terms}
	case 2:
		return forms.Expr{Mul: terms}
	case 3:
		return forms.Expr{Div: terms}
	case 4:
		return forms.Expr{Min: terms}
	case 5:
		return forms.Expr{Round: &terms[0], Digits: 2}
	default:
		return forms.Expr{If: &forms.Condition{Field: "a", Gt: new(forms.Number(0))}, Then: &terms[0], Else: &terms[1]}
	}
}
