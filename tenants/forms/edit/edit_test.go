package edit_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
)

const camping = `{"version":1,"retention":"Deux ans.","steps":[
	{"id":"vous","title":"Vous","sections":[{"id":"qui","fields":[
		{"id":"venue","kind":"choice","label":"Comment venez-vous ?","choices":[{"value":"velo","label":"À vélo"},{"value":"van","label":"En van"}]},
		{"id":"hauteur","kind":"number","label":"Hauteur du van","if":{"field":"venue","equals":"van"}}]}]},
	{"id":"sejour","title":"Votre séjour","sections":[{"id":"dates","fields":[
		{"id":"debut","kind":"date","label":"Arrivée"},
		{"id":"fin","kind":"date","label":"Départ","after":"debut"},
		{"id":"nuits","kind":"computed","label":"Nuits","compute":{"days":{"from":"debut","to":"fin"}}}]},
		{"id":"enfants","title":"Enfants","repeat":{"max":4,"item":"Enfant"},"fields":[{"id":"age","kind":"number","label":"Âge"}]},
		{"id":"prix","fields":[{"id":"total","kind":"computed","label":"Prix","money":true,"compute":{"mul":[{"value":3},{"count":"enfants"},{"field":"nuits"}]},"if":{"field":"venue","filled":true}}]}]}]}`

func open(t *testing.T) *edit.Form {
	t.Helper()
	d, err := forms.Parse([]byte(camping))
	if err != nil {
		t.Fatal(err)
	}
	f, err := edit.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// order says in which order the questions stand, a bar between sections and two between steps.
func order(f *edit.Form) string {
	var steps []string
	for _, step := range f.Steps {
		var sections []string
		for _, section := range step.Sections {
			var fields []string
			for _, field := range section.Fields {
				fields = append(fields, field.ID)
			}
			sections = append(sections, strings.Join(fields, " "))
		}
		steps = append(steps, strings.Join(sections, " | "))
	}
	return strings.Join(steps, " || ")
}

func TestQuestionsMove(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, step := range []struct {
		id   string
		down bool
		want string
	}{
		{"venue", false, "venue hauteur || debut fin nuits | age | total"}, // the first stays
		{"venue", true, "hauteur venue || debut fin nuits | age | total"},
		{"venue", true, "hauteur || venue debut fin nuits | age | total"}, // into the next step
		{"venue", false, "hauteur venue || debut fin nuits | age | total"},
		{"total", true, "hauteur venue || debut fin nuits | age | total"}, // the last stays
		{"total", false, "hauteur venue || debut fin nuits | age total | "},
	} {
		if err := f.MoveField(step.id, step.down); err != nil {
			t.Fatal(err)
		}
		if got := order(f); got != step.want {
			t.Errorf("%s down %v: %s; want %s", step.id, step.down, got, step.want)
		}
	}
	if err := f.PutField("hauteur", "dates"); err != nil || order(f) != "venue || debut fin nuits hauteur | age total | " {
		t.Errorf("put: %s, %v", order(f), err)
	}
	if err := f.MoveStep("sejour", -1); err != nil || f.Steps[0].ID != "sejour" {
		t.Errorf("the step stays behind: %v", err)
	}
	if err := f.MoveField("rien", true); !fault.Is(err, "question_unknown") {
		t.Errorf("an unknown question: %v", err)
	}
}

func TestWhatOthersLookAtStays(t *testing.T) {
	t.Parallel()
	f := open(t)
	for id, want := range map[string][]string{
		"venue": {"hauteur", "total"}, "debut": {"fin", "nuits"}, "nuits": {"total"}, "enfants": {"total"}, "age": nil, "total": nil,
	} {
		var got []string
		for _, use := range f.Uses(id) {
			got = append(got, use.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is looked at by %v; want %v", id, got, want)
		}
	}
	err := f.RemoveField("venue")
	if !fault.Is(err, "question_used") {
		t.Fatalf("removed: %v", err)
	}
	if err := f.RemoveSection("enfants"); !fault.Is(err, "question_used") {
		t.Errorf("the children went: %v", err)
	}
	if err := f.RemoveStep("vous"); !fault.Is(err, "question_used") {
		t.Errorf("the step went: %v", err)
	}
	if err := f.RemoveStep("sejour"); err != nil { // nothing outside looks at it
		t.Error(err)
	}
	if err := f.RemoveField("hauteur"); err != nil || order(f) != "venue" {
		t.Errorf("%s, %v", order(f), err)
	}
}

func TestCopiesKeepTheirLogic(t *testing.T) {
	t.Parallel()
	f := open(t)
	id, err := f.DuplicateField("hauteur")
	if err != nil {
		t.Fatal(err)
	}
	if twin, _ := f.Find(id); twin.If.Field != "venue" || twin.Label != "Hauteur du van" {
		t.Errorf("the copy is %+v", twin)
	}
	step, err := f.DuplicateStep("sejour")
	if err != nil {
		t.Fatal(err)
	}
	if got := order(f); step != "sejour_2" || got != "venue hauteur hauteur_2 || debut fin nuits | age | total || debut_2 fin_2 nuits_2 | age_2 | total_2" {
		t.Errorf("%s: %s", step, got)
	}
	fin, _ := f.Find("fin_2")
	total, _ := f.Find("total_2")
	if fin.After != "debut_2" || total.Compute.Mul[1].Count != "enfants_2" || total.Compute.Mul[2].Field != "nuits_2" || total.If.Field != "venue" {
		t.Errorf("the copies look at %+v and %+v", fin, total.Compute)
	}
	d, err := f.Done()
	if err != nil {
		t.Fatal(err)
	}
	if d.Retention != "Deux ans." {
		t.Error("what stands beside the steps is lost")
	}
	for _, p := range d.Check() {
		if p.Code != "purpose" && p.Code != "legal_basis" && p.Code != "missing" && p.Code != "recipients" {
			t.Errorf("%s %s: %s", p.Path, p.Code, p.Message)
		}
	}
}

func TestAFormGrowsFromNothing(t *testing.T) {
	t.Parallel()
	f, err := edit.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	step := f.AddStep("Votre déménagement")
	section := f.Steps[0].Sections[0].ID
	first, err := f.AddField(section, forms.KindChoice, "Œuvre d’art n° 3 ?")
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.AddField(section, forms.KindText, "Œuvre d’art n° 3 ?")
	if err != nil {
		t.Fatal(err)
	}
	odd, err := f.AddField(section, forms.KindText, "１２３ ？")
	if err != nil {
		t.Fatal(err)
	}
	if step != "votre_demenagement" || first != "oeuvre_d_art_n_3" || second != "oeuvre_d_art_n_3_2" || odd != "question" {
		t.Errorf("%s %s %s %s", step, first, second, odd)
	}
	if err := f.SetField(second, forms.Field{ID: "autre", Kind: forms.KindEmail, Label: "Courriel"}); err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Find(second); got.Kind != forms.KindEmail || got.ID != second {
		t.Errorf("%+v", got)
	}
	if _, err := f.Done(); err != nil {
		t.Error(err)
	}
	long := f.AddStep(strings.Repeat("très long ", 20))
	if d, err := f.Done(); err != nil {
		t.Error(err)
	} else if slices.ContainsFunc(d.Check(), func(p forms.Problem) bool { return p.Code == "id" }) {
		t.Errorf("the name %s is not one", long)
	}
}

// Whatever a condition says, its lines say the same of every answer.
func TestLinesSayWhatTheConditionSays(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // cases of a test
	f, err := edit.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.Steps = []forms.Step{{ID: "s", Sections: []forms.Section{{ID: "r", Fields: []forms.Field{
		{ID: "texte", Kind: forms.KindText}, {ID: "nombre", Kind: forms.KindNumber}, {ID: "plusieurs", Kind: forms.KindChoices}, {ID: "jure", Kind: forms.KindDeclaration}, {ID: "ne", Kind: forms.KindDate},
	}}}}}
	shown := 0
	for range 3000 {
		c := condition(random, 4)
		groups, ok := edit.Rules(&c)
		if !ok {
			continue
		}
		shown++
		back := f.Condition(groups)
		for range 20 {
			a := answers(random)
			if c.Holds(a) != back.Holds(a) {
				t.Fatalf("%+v and its lines %+v differ on %v", c, groups, a)
			}
		}
		again, ok := edit.Rules(back)
		if !ok || len(again) != len(groups) {
			t.Fatalf("%+v read again is %+v", groups, again)
		}
	}
	if shown < 1500 {
		t.Errorf("only %d conditions of 3000 can be shown as lines", shown)
	}
	if groups, ok := edit.Rules(nil); !ok || groups != nil || f.Condition(nil) != nil || f.Condition([][]edit.Rule{{{}}}) != nil {
		t.Error("no condition is not none")
	}
}

func condition(random *rand.Rand, depth int) forms.Condition {
	value := func(v forms.Value) *forms.Value { return &v }
	if depth > 1 && random.IntN(2) == 0 {
		var parts []forms.Condition
		for range 1 + random.IntN(3) {
			parts = append(parts, condition(random, depth-1))
		}
		switch random.IntN(3) {
		case 0:
			return forms.Condition{And: parts}
		case 1:
			return forms.Condition{Or: parts}
		}
		return forms.Condition{Not: &parts[0]}
	}
	n := float64(random.IntN(4))
	return []forms.Condition{
		{Field: "texte", Equals: value(forms.Text("a"))}, {Field: "texte", NotEquals: value(forms.Text("b"))}, {Field: "texte", Filled: true},
		{Field: "texte", In: []forms.Value{forms.Text("a"), forms.Text("b")}}, {Field: "plusieurs", Contains: "a"}, {Field: "jure", Equals: value(forms.Bool(true))},
		{Field: "nombre", Gt: value(forms.Number(n))}, {Field: "nombre", Ge: value(forms.Number(n))}, {Field: "nombre", Lt: value(forms.Number(n))}, {Field: "nombre", Le: value(forms.Number(n))},
		{Field: "nombre", In: []forms.Value{forms.Number(1), forms.Number(n)}}, {Field: "ne", Lt: value(forms.Text("2020-01-01"))},
		{Field: "ne", As: forms.AsAge, At: "2026-09-01", Ge: value(forms.Number(n))}, {Field: "texte", Equals: value(forms.Text("2"))},
	}[random.IntN(14)]
}

func answers(random *rand.Rand) forms.Answers {
	a := forms.Answers{}
	for id, values := range map[string][]forms.Value{
		"texte": {forms.Text("a"), forms.Text("b"), forms.Text("2")}, "nombre": {forms.Number(0), forms.Number(1), forms.Number(2)},
		"plusieurs": {forms.List("a"), forms.List("b")}, "jure": {forms.Bool(true)}, "ne": {forms.Text("2019-05-05"), forms.Text("2025-05-05")},
	} {
		if i := random.IntN(len(values) + 1); i < len(values) {
			a[id] = values[i]
		}
	}
	return a
}
