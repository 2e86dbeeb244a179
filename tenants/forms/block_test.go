package forms

import (
	"slices"
	"strings"
	"testing"
)

func block(t *testing.T, fields string) *Block {
	t.Helper()
	b, err := ParseBlock([]byte(`{"version":1,"title":"Bloc","fields":[` + fields + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const askedFor = `"purpose":"Savoir","legal_basis":"CGCT"`

// blocksOf are two blocks, one in the other, that look at their own questions.
func blocksOf(t *testing.T) FindBlock {
	t.Helper()
	all := map[string]*Block{
		"ville":   block(t, `{"id":"nom","kind":"text","label":"Ville",`+askedFor+`},{"id":"code","kind":"text","label":"Code","if":{"field":"nom","filled":true},`+askedFor+`}`),
		"adresse": block(t, `{"id":"rue","kind":"text","label":"Rue",`+askedFor+`},{"id":"ou","kind":"block","label":"Où","block":"ville","if":{"field":"rue","filled":true}}`),
	}
	return func(name string) *Block { return all[name] }
}

func withFields(t *testing.T, fields string) *Definition {
	t.Helper()
	d, err := Parse([]byte(`{"version":1,"recipients":["La mairie"],"retention":"Un an","steps":[{"id":"a","title":"A","sections":[{"id":"s","fields":[` + fields + `]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestBlocksBecomeQuestions(t *testing.T) {
	t.Parallel()
	d := withFields(t, `{"id":"deux","kind":"declaration","label":"Deux","declaration":"Oui","optional":true,`+askedFor+`},{"id":"ici","kind":"block","label":"Ici","block":"adresse"},
		{"id":"la","kind":"block","label":"Là","block":"adresse","if":{"field":"deux","equals":true}}`)
	if problems := d.Check(); len(problems) == 0 {
		t.Error("a form with blocks in it passes")
	}
	got, problems := d.Expand(blocksOf(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var ids []string
	for f := range got.fields() {
		ids = append(ids, f.ID)
	}
	if want := []string{"deux", "ici_rue", "ici_ou_nom", "ici_ou_code", "la_rue", "la_ou_nom", "la_ou_code"}; !slices.Equal(ids, want) || !slices.Equal(got.Blocks(), []string{"adresse"}) {
		t.Errorf("%v of %v", ids, got.Blocks())
	}
	for _, p := range got.Check() {
		if p.Code != "required" {
			t.Errorf("%+v", p)
		}
	}
	a := Answers{"deux": Bool(true), "ici_rue": Text("x"), "ici_ou_nom": Text("y"), "ici_ou_code": Text("z"), "la_rue": Text("x")}
	if left := got.Prune(a); len(left) != len(a) {
		t.Errorf("%v", left)
	}
	delete(a, "ici_ou_nom")
	if left := got.Prune(a); !left["ici_ou_code"].Empty() {
		t.Error("a condition looks at another place's question")
	}
	if same, _ := got.Expand(blocksOf(t)); same != got {
		t.Error("a form without blocks is made anew")
	}
}

// A block that holds itself, over others too, is refused with the place; so is one that is not there.
func TestBlocksThatNeverEndAreRefused(t *testing.T) {
	t.Parallel()
	all := map[string]*Block{
		"a": block(t, `{"id":"b","kind":"block","label":"B","block":"b"}`),
		"b": block(t, `{"id":"c","kind":"text","label":"C",`+askedFor+`},{"id":"a","kind":"block","label":"A","block":"a"}`),
		"c": block(t, `{"id":"c","kind":"block","label":"C","block":"c"}`),
		"d": block(t, `{"id":"x","kind":"block","label":"X","block":"aucun"}`),
	}
	find := func(name string) *Block { return all[name] }
	for name, want := range map[string][2]string{
		"a": {"steps/0/sections/0/fields/0/block/0/block/1/block", "a → b → a"},
		"c": {"steps/0/sections/0/fields/0/block/0/block", "c → c"},
		"d": {"steps/0/sections/0/fields/0/block/0/block", "aucun"},
	} {
		d := withFields(t, `{"id":"x","kind":"block","label":"X","block":"`+name+`"}`)
		got, problems := d.Expand(find)
		if got != nil || len(problems) != 1 || problems[0].Path != want[0] || !strings.Contains(problems[0].Message, want[1]) {
			t.Errorf("%s: %+v", name, problems)
		}
		if problems := all[name].Check(name, find); len(problems) != 1 {
			t.Errorf("%s passes: %+v", name, problems)
		}
	}
	if problems := block(t, `{"id":"x","kind":"block","label":"X","block":"neuf"}`).Check("neuf", find); len(problems) != 1 || problems[0].Code != "block_cycle" {
		t.Errorf("%+v", problems)
	}
	// Few bytes that would be many questions: 50 blocks of 50 blocks of 50 questions.
	wide := func(of string) string {
		var out []string
		for i := range MaxBlockFields {
			out = append(out, `{"id":"q`+string(rune('a'+i%26))+string(rune('a'+i/26))+`","label":"Q",`+of+`}`)
		}
		return strings.Join(out, ",")
	}
	all["one"], all["two"] = block(t, wide(`"kind":"text"`)), block(t, wide(`"kind":"block","block":"one"`))
	if _, problems := withFields(t, wide(`"kind":"block","block":"two"`)).Expand(find); len(problems) != 1 || problems[0].Code != "too_large" {
		t.Errorf("%+v", problems)
	}
}
