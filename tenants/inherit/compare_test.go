package inherit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
	"github.com/parvis-gru/parvis/tenants/inherit"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

func model(t *testing.T, slug string) *catalogue.Procedure {
	t.Helper()
	p, ok := catalogue.Model(slug)
	if !ok {
		t.Fatal("no model", slug)
	}
	return p
}

// changed gives a copy with changes.
func changed(t *testing.T, p *catalogue.Procedure, by ...func(*catalogue.Procedure)) *catalogue.Procedure {
	t.Helper()
	out, err := p.Copy()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range by {
		f(out)
	}
	if out, err = out.Copy(); err != nil {
		t.Fatal(err)
	}
	return out
}

func compare(t *testing.T, base, theirs, ours *catalogue.Procedure) *inherit.Merge {
	t.Helper()
	m, err := inherit.Compare(base, theirs, ours)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func apply(t *testing.T, m *inherit.Merge, ids ...string) *catalogue.Procedure {
	t.Helper()
	p, _, err := m.Apply(ids...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// mutation changes a procedure at random, without leaving a condition without its question.
func mutation(r *rand.Rand, who string) func(*catalogue.Procedure) {
	return func(p *catalogue.Procedure) {
		for range 1 + r.IntN(6) {
			mutate(r, who, p)
		}
	}
}

func mutate(r *rand.Rand, who string, p *catalogue.Procedure) {
	word := fmt.Sprintf("%s %d", who, r.IntN(1000))
	if p.Workflow != nil && r.IntN(3) == 0 {
		mutateFlow(r, word, p.Workflow)
		return
	}
	switch r.IntN(6) {
	case 0:
		p.Title = word
	case 1:
		p.Notice.Purpose = word
	case 2:
		if l, ok := p.Letters[catalogue.OutcomeClose]; ok {
			l.Subject = word
			p.Letters[catalogue.OutcomeClose] = l
		}
	case 3:
		p.Bring = slices.Clone(p.Bring)
		if n := len(p.Bring); n > 1 && r.IntN(2) == 0 {
			p.Bring = p.Bring[:n-1]
		} else {
			p.Bring = append(p.Bring, catalogue.Piece{Label: word, LegalBasis: "un texte"})
		}
	default:
		if p.Form != nil {
			mutateForm(r, word, p.Form)
		}
	}
}

func mutateForm(r *rand.Rand, word string, d *forms.Definition) {
	f := edit.Form{Steps: d.Steps}
	step := &d.Steps[r.IntN(len(d.Steps))]
	section := &step.Sections[r.IntN(len(step.Sections))]
	fi := r.IntN(len(section.Fields))
	field := &section.Fields[fi]
	id := strings.ReplaceAll(word, " ", "_")
	switch r.IntN(9) {
	case 0:
		field.Label = word
	case 1:
		field.Help = word
	case 2:
		field.Optional = !field.Optional
	case 3: // a new question
		section.Fields = slices.Insert(section.Fields, fi, forms.Field{ID: "q_" + id, Kind: forms.KindText, Label: word})
	case 4: // one less
		if len(section.Fields) > 1 && len(f.Uses(field.ID)) == 0 {
			section.Fields = slices.Delete(section.Fields, fi, fi+1)
		}
	case 5: // another order
		r.Shuffle(len(section.Fields), func(i, j int) { section.Fields[i], section.Fields[j] = section.Fields[j], section.Fields[i] })
	case 6: // to another section
		to := &d.Steps[r.IntN(len(d.Steps))]
		into := &to.Sections[r.IntN(len(to.Sections))]
		if into != section && len(section.Fields) > 1 {
			moved := *field
			section.Fields = slices.Delete(section.Fields, fi, fi+1)
			into.Fields = slices.Insert(into.Fields, r.IntN(len(into.Fields)+1), moved)
		}
	case 7: // answers
		if len(field.Choices) > 0 {
			field.Choices = append(field.Choices[:0:0], field.Choices...)
			field.Choices[0].Label = word
			field.Choices = slices.Insert(field.Choices, r.IntN(len(field.Choices)), forms.Choice{Value: "c_" + id, Label: word})
		}
	default: // a step with a question
		d.Steps = slices.Insert(d.Steps, r.IntN(len(d.Steps)+1), forms.Step{ID: "e_" + id, Title: word, Sections: []forms.Section{{ID: "s_" + id, Fields: []forms.Field{{ID: "q_" + id, Kind: forms.KindText, Label: word}}}}})
	}
}

// treated gives a procedure a workflow of three steps.
func treated(p *catalogue.Procedure) {
	p.Workflow = &workflow.Workflow{
		Steps: []workflow.Stage{
			{Name: "examen", Title: "Examen", Actions: []workflow.Action{{Name: "avis", Kind: "opinion", Service: "Voirie", Text: "Qu’en pensez-vous ?"}}},
			{Name: "avis", Title: "Avis", Wait: &workflow.Wait{Opinions: true, Days: 10}}, {Name: "decision", Title: "Décision", Decides: true},
		},
		Transitions: []workflow.Transition{{Name: "vers_avis", From: "examen", To: "avis", Who: []workflow.Who{workflow.WhoService}}, {Name: "vers_decision", From: "avis", To: "decision", Auto: true}},
	}
}

// mutateFlow changes a workflow at random, without leaving a transition without its steps.
func mutateFlow(r *rand.Rand, word string, w *workflow.Workflow) {
	w.Steps, w.Transitions = slices.Clone(w.Steps), slices.Clone(w.Transitions)
	s := &w.Steps[r.IntN(len(w.Steps))]
	name := strings.ReplaceAll(word, " ", "_")
	switch r.IntN(6) {
	case 0:
		s.Title = word
	case 1:
		s.Days = r.IntN(30)
	case 2:
		s.Actions = append(slices.Clone(s.Actions), workflow.Action{Name: name, Kind: "opinion", Text: word})
	case 3:
		w.Transitions = append(w.Transitions, workflow.Transition{Name: "v_" + name, From: w.Steps[0].Name, To: "s_" + name})
		w.Steps = slices.Insert(w.Steps, r.IntN(len(w.Steps)+1), workflow.Stage{Name: "s_" + name, Title: word})
	case 4:
		if n := len(w.Transitions); n > 0 {
			w.Transitions = slices.Delete(w.Transitions, r.IntN(n), n)
		}
	default:
		r.Shuffle(len(w.Steps), func(i, j int) { w.Steps[i], w.Steps[j] = w.Steps[j], w.Steps[i] })
	}
}

// TestUpdates holds what an update promises, over random changes on both sides of each model.
func TestUpdates(t *testing.T) {
	t.Parallel()
	for i, m := range catalogue.Models() {
		t.Run(m.Slug, func(t *testing.T) {
			t.Parallel()
			if i%2 == 0 {
				m = changed(t, m, treated)
			}
			for round := range 3 {
				r := rand.New(rand.NewPCG(uint64(i), uint64(round)))
				theirs, ours := changed(t, m, mutation(r, "upstream")), changed(t, m, mutation(r, "ours"))
				promises(t, r, m, theirs, ours)
				if t.Failed() {
					t.Fatalf("round %d", round)
				}
			}
		})
	}
}

func promises(t *testing.T, r *rand.Rand, base, theirs, ours *catalogue.Procedure) {
	t.Helper()
	same := func(what string, a, b *catalogue.Procedure) {
		t.Helper()
		if a.Checksum() != b.Checksum() {
			t.Errorf("%s: they differ", what)
			for _, c := range catalogue.Changes(a, b) {
				t.Log(c.Path, c.Text, c.Before, "→", c.After)
			}
		}
	}
	m := compare(t, base, theirs, ours)
	same("nothing applied", ours, apply(t, m))
	if n, _ := compare(t, base, base, ours).Waiting(); n > 0 {
		t.Error("upstream changed nothing, and", n, "changes wait")
	}
	plain := compare(t, base, theirs, base)
	same("all applied where the commune changed nothing", theirs, apply(t, plain, plain.IDs(inherit.Upstream, inherit.Conflict)...))
	if n, conflicts := plain.Waiting(); conflicts > 0 || n > 0 == (base.Checksum() == theirs.Checksum()) {
		t.Error("the commune changed nothing:", n, "wait,", conflicts, "conflicts")
	}

	ids := m.IDs(inherit.Upstream, inherit.Conflict)
	var some []string
	for _, id := range ids {
		if r.IntN(2) == 0 {
			some = append(some, id)
		}
	}
	once, held, err := m.Apply(some...)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(some)
	same("in another order", once, apply(t, m, some...))
	again := compare(t, base, theirs, once)
	same("applied twice", once, apply(t, again, some...))
	for _, id := range again.IDs(inherit.Upstream, inherit.Conflict) {
		if slices.Contains(some, id) && !slices.Contains(held, id) {
			t.Error("still waits after it was applied:", id)
		}
	}
	step, waited := ours, held
	for _, id := range some {
		next, back, err := compare(t, base, theirs, step).Apply(id)
		if err != nil {
			t.Fatal(err)
		}
		step, waited = next, append(waited, back...)
	}
	if len(waited) == 0 { // nothing needed another to come before it
		same("one by one", once, step)
	}
	// What was taken over is the base from then on.
	base2, err := m.Advance(some...)
	if err != nil {
		t.Fatal(err)
	}
	left := compare(t, base2, theirs, once).IDs(inherit.Upstream, inherit.Conflict)
	for _, id := range left {
		if slices.Contains(some, id) && !slices.Contains(held, id) {
			t.Error("waits against the new base:", id)
		}
	}
	if _, err := m.Changes("Le modèle"); err != nil {
		t.Error(err)
	}
}
