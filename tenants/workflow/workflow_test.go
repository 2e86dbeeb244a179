package workflow_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

const form = `{"version":1,"steps":[{"id":"s","title":"S","sections":[{"id":"c","fields":[
	{"id":"nature","kind":"choice","label":"Nature","choices":[{"value":"a","label":"A"},{"value":"b","label":"B"}]},
	{"id":"lieu","kind":"address","label":"Lieu"},{"id":"rue","kind":"text","label":"Rue"},{"id":"jour","kind":"date","label":"Jour"}]}]}]}`

func definition(t *testing.T) *forms.Definition {
	t.Helper()
	d, err := forms.Parse([]byte(form))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// good goes from the examination to an opinion, a validation and the decision.
func good(t *testing.T) *workflow.Workflow {
	t.Helper()
	return read(t, `{"steps":[
		{"name":"examen","title":"Examen"},
		{"name":"avis","title":"Avis","actions":[{"name":"demande","kind":"opinion","service":"Voirie","text":"Quel est votre avis ?","days":10}],"wait":{"opinions":true,"days":15}},
		{"name":"validation","title":"Validation"},
		{"name":"decision","title":"Décision","decides":true}],
		"transitions":[
		{"name":"a_aviser","from":"examen","to":"avis","label":"Demander l’avis","who":["service"]},
		{"name":"avise","from":"avis","to":"validation","auto":true},
		{"name":"valider","from":"validation","to":"decision","label":"Valider","who":["hierarchy"]},
		{"name":"revoir","from":"validation","to":"examen","label":"Revoir","who":["hierarchy"]}]}`)
}

func read(t *testing.T, text string) *workflow.Workflow {
	t.Helper()
	var w workflow.Workflow
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	return &w
}

func TestCheck(t *testing.T) {
	t.Parallel()
	equals := func(id, v string) *forms.Condition {
		value := forms.Text(v)
		return &forms.Condition{Field: id, Equals: &value}
	}
	for name, c := range map[string]struct {
		change func(*workflow.Workflow)
		want   string // path code
	}{
		"good":                   {func(*workflow.Workflow) {}, ""},
		"none":                   {func(w *workflow.Workflow) { w.Steps = nil }, "steps empty"},
		"unreachable":            {func(w *workflow.Workflow) { w.Transitions[0].To = "validation" }, "steps/1 unreachable"},
		"dead end":               {func(w *workflow.Workflow) { w.Steps[3].Decides = false }, "steps/3 dead_end"},
		"only with some answers": {func(w *workflow.Workflow) { w.Transitions[0].If = equals("nature", "a") }, "steps/0 dead_end"},
		"nobody":                 {func(w *workflow.Workflow) { w.Transitions[2].Who = nil }, "transitions/2/who nobody"},
		"unknown who":            {func(w *workflow.Workflow) { w.Transitions[2].Who = []workflow.Who{"maire"} }, "transitions/2/who unknown"},
		"unknown step":           {func(w *workflow.Workflow) { w.Transitions[3].To = "ailleurs" }, "transitions/3/to reference"},
		"unknown question":       {func(w *workflow.Workflow) { w.Transitions[3].If = equals("autre", "a") }, "transitions/3/if/field reference"},
		"impossible answer":      {func(w *workflow.Workflow) { w.Transitions[3].If = equals("nature", "z") }, "transitions/3/if/equals unreachable"},
		"wait without a way on":  {func(w *workflow.Workflow) { w.Steps[0].Wait = &workflow.Wait{Days: 3} }, "steps/0/wait wait_nowhere"},
		"wait for two things":    {func(w *workflow.Workflow) { w.Steps[1].Wait.Payment = true }, "steps/1/wait wait"},
		"wait for no opinion":    {func(w *workflow.Workflow) { w.Steps[1].Actions = nil }, "steps/1/wait wait_nothing"},
		"wait for no date":       {func(w *workflow.Workflow) { w.Steps[1].Wait = &workflow.Wait{Date: "nature"} }, "steps/1/wait/date reference"},
		"double name":            {func(w *workflow.Workflow) { w.Steps[2].Name = "avis" }, "steps/2/name name"},
		"address":                {func(w *workflow.Workflow) { w.Steps[1].Actions[0].Service = ""; w.Steps[1].Actions[0].To = "voirie" }, "steps/1/actions/0/to invalid"},
		"webhook in the clear": {func(w *workflow.Workflow) {
			w.Steps[0].Actions = []workflow.Action{{Name: "dire", Kind: workflow.KindWebhook, URL: "http://a.example"}}
		}, "steps/0/actions/0/url invalid"},
		"unknown action":    {func(w *workflow.Workflow) { w.Steps[0].Actions = []workflow.Action{{Name: "dire", Kind: "pigeon"}} }, "steps/0/actions/0/kind unknown"},
		"routing to nobody": {func(w *workflow.Workflow) { w.Routing = []workflow.Routing{{Name: "r"}} }, "routing/0/service empty"},
		"routing by no street": {func(w *workflow.Workflow) {
			w.Routing = []workflow.Routing{{Name: "r", Table: "rues", Field: "jour", Column: "Rue", Gives: "Service"}}
		}, "routing/0/field reference"},
		"behind an automatic one": {func(w *workflow.Workflow) { w.Steps[1].Wait = nil; w.Transitions[3].From = "avis" }, "transitions/3 never"},
		"turns by itself": {func(w *workflow.Workflow) {
			w.Transitions[2] = workflow.Transition{Name: "retour", From: "validation", To: "avis", Auto: true, If: equals("nature", "a")}
			w.Transitions = append(w.Transitions, workflow.Transition{Name: "fin", From: "validation", To: "decision", Label: "Fin", Who: []workflow.Who{workflow.WhoService}})
		}, "transitions/2 turns"},
		"never decides": {func(w *workflow.Workflow) {
			w.Steps[0].Decides = true
			w.Transitions[3] = workflow.Transition{Name: "x", From: "decision", To: "validation", Label: "X", Who: []workflow.Who{workflow.WhoService}}
			w.Steps[3].Decides = false
		}, "steps/1 no_decision"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := good(t)
			c.change(w)
			var found []string
			for _, p := range w.Check(workflow.Frame{Form: definition(t)}) {
				found = append(found, p.Path+" "+p.Code)
				if p.Message == "" || strings.Contains(p.Message, "  ") {
					t.Errorf("%s says %q", p.Code, p.Message)
				}
			}
			if c.want == "" && len(found) > 0 || c.want != "" && !slices.Contains(found, c.want) {
				t.Errorf("found %q; want %q", found, c.want)
			}
		})
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	w := read(t, `{"routing":[
		{"name":"b","if":{"field":"nature","equals":"b"},"service":"Urbanisme"},
		{"name":"rue","table":"rues","field":"lieu","column":"Rue","gives":"Service"},
		{"name":"quartier","table":"rues","field":"rue","column":"Rue","gives":"Service"}],"steps":[]}`)
	tables := forms.Tables{"rues": {Columns: []string{"Rue", "Service"}, Rows: [][]string{{"Rue des Lilas", "Secteur nord"}, {"Avenue de l’Église", "Secteur sud"}}}}
	var address forms.Answers
	if err := json.Unmarshal([]byte(`{"nature":"a","lieu":{"street":"12 bis, rue des lilas","postal_code":"31320","town":"Castanet"}}`), &address); err != nil {
		t.Fatal(err)
	}
	for want, a := range map[string]forms.Answers{
		"Urbanisme": {"nature": forms.Text("b")}, "Secteur nord": address,
		"Secteur sud": {"rue": forms.Text("avenue de l'eglise")}, "": {"rue": forms.Text("Rue du Port")},
	} {
		if got := w.Service(a, forms.Facts{}, tables); got != want {
			t.Errorf("%v goes to %q; want %q", a, got, want)
		}
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	began := calendar.NewDate(2026, 3, 2)
	a := forms.Answers{"jour": forms.Text("2026-05-10")}
	for want, w := range map[string]*workflow.Wait{"2026-03-12": {Days: 10}, "2026-05-03": {Date: "jour", Days: -7}, "2026-03-02": {Date: "autre", Days: 4}, "2026-03-17": {Opinions: true, Days: 15}} {
		if day, ok := w.Until(began, a); !ok || day.String() != want {
			t.Errorf("%+v ends on %v, %t; want %s", w, day, ok, want)
		}
	}
	for _, w := range []*workflow.Wait{nil, {Payment: true}, {Opinions: true}} {
		if day, ok := w.Until(began, a); ok {
			t.Errorf("%+v ends by itself on %v", w, day)
		}
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	w := good(t)
	w.Steps = append(w.Steps, workflow.Stage{Name: "seule", Title: "Seule"})
	var at []workflow.Spot
	for _, s := range w.Layout() {
		s.Step = nil
		at = append(at, s)
	}
	if want := []workflow.Spot{{Col: 0}, {Col: 1}, {Col: 2}, {Col: 3}, {Col: 4}}; !slices.Equal(at, want) {
		t.Errorf("at %v; want %v", at, want)
	}
}
