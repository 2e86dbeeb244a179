package edit_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
)

func TestFormulasAreReadAndWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2,5 * nuits":                        `{"mul":[{"value":2.5},{"field":"nuits"}]}`,
		"a + b + c":                          `{"add":[{"field":"a"},{"field":"b"},{"field":"c"}]}`,
		"a - b - c":                          `{"sub":[{"field":"a"},{"field":"b"},{"field":"c"}]}`,
		"a - (b - c)":                        `{"sub":[{"field":"a"},{"sub":[{"field":"b"},{"field":"c"}]}]}`,
		"a + b * 3":                          `{"add":[{"field":"a"},{"mul":[{"field":"b"},{"value":3}]}]}`,
		"(a + b) * 3":                        `{"mul":[{"add":[{"field":"a"},{"field":"b"}]},{"value":3}]}`,
		"a / b / c":                          `{"div":[{"div":[{"field":"a"},{"field":"b"}]},{"field":"c"}]}`,
		"a / (b * c)":                        `{"div":[{"field":"a"},{"mul":[{"field":"b"},{"field":"c"}]}]}`,
		"arrondi(a / 3; 2)":                  `{"round":{"div":[{"field":"a"},{"value":3}]},"digits":2}`,
		"plafond(a)":                         `{"ceil":{"field":"a"}}`,
		"min(a; 10; b + 1)":                  `{"min":[{"field":"a"},{"value":10},{"add":[{"field":"b"},{"value":1}]}]}`,
		"nombre(enfants)":                    `{"count":"enfants"}`,
		"somme(enfants; 3 * jours_presents)": `{"sum":"enfants","of":{"mul":[{"value":3},{"field":"jours_presents"}]}}`,
		"jours(debut; fin)":                  `{"days":{"from":"debut","to":"fin"}}`,
		"annees(ne; aujourdhui)":             `{"years":{"from":"ne","to":"@today"}}`,
		"jours(2026-09-01; fin) + 1":         `{"add":[{"days":{"from":"2026-09-01","to":"fin"}},{"value":1}]}`,
		"si(age < 4; 0; 2,5)":                `{"if":{"field":"age","lt":4},"then":{"value":0},"else":{"value":2.5}}`,
		`si(commune = "oui"; 1; 2)`:          `{"if":{"field":"commune","equals":"oui"},"then":{"value":1},"else":{"value":2}}`,
	} {
		e, err := edit.ReadFormula(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := json.Marshal(e)
		if err != nil || string(got) != want {
			t.Errorf("%s is %s; want %s (%v)", text, got, want, err)
		}
		if again := edit.Formula(e); again != text {
			t.Errorf("%s is written %s", text, again)
		}
	}
	// What has no such form is written as it is kept, and read again.
	lookup := `{"lookup":{"table":"tarifs","column":"prix","where":[{"column":"de","field":"qf","op":"from"}]}}`
	e, err := edit.ReadFormula(lookup)
	if err != nil {
		t.Fatal(err)
	}
	if text := edit.Formula(e); !strings.HasPrefix(text, "{") {
		t.Errorf("a row of a table is written %s", text)
	} else if again, err := edit.ReadFormula(text); err != nil || again.Lookup.Table != "tarifs" {
		t.Errorf("and read %+v, %v", again, err)
	}
	if e, err := edit.ReadFormula("  "); e != nil || err != nil {
		t.Errorf("nothing is %+v, %v", e, err)
	}
}

func TestWhatIsNoFormulaIsRefused(t *testing.T) {
	t.Parallel()
	for text, place := range map[string]string{
		"2 +": "Caractère 4", "(a": "«\u00a0)\u00a0»", "a b": "Caractère 3", "eval(a)": "une fonction", "si(a; 1; 2)": "comparaison", `si(a = "x; 1; 2)`: "guillemet",
		"jours(debut)": "«\u00a0;\u00a0»", "2,5,6": "un nombre", strings.Repeat("(", 100) + "1" + strings.Repeat(")", 100): "moins de parenthèses",
		strings.Repeat("1+", 5000) + "1": "trop longue", `{"eval":"x"}`: "JSON", "été * 2": "Caractère 1", "a + <script>": "Caractère 5",
	} {
		_, err := edit.ReadFormula(text)
		if !fault.Is(err, "formula_unreadable") {
			t.Errorf("%.30s: %v", text, err)
			continue
		}
		if said := fault.Of(err).Fields[0].Message; !strings.Contains(said, place) {
			t.Errorf("%.30s: %s; want %q", text, said, place)
		}
	}
}

// Whatever is typed is read or refused, and what is read is written and read again as the same.
func FuzzReadFormula(f *testing.F) {
	for _, seed := range []string{"2,5 * nuits", "a - (b - c) / d", "somme(enfants; si(age < 4; 0; 1))", "jours(debut; fin)", `si(a = "b"; 1; 2)`, "((1))", "min(a)", "arrondi(a; 99999)", "1..2", "@today"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := edit.ReadFormula(text)
		if err != nil || e == nil {
			return
		}
		once := edit.Formula(e)
		again, err := edit.ReadFormula(once)
		if err != nil {
			t.Fatalf("%q is written %q: %v", text, once, err)
		}
		if twice := edit.Formula(again); twice != once {
			t.Fatalf("%q is written %q, and then %q", text, once, twice)
		}
	})
}
