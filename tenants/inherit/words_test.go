package inherit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/inherit"
)

// question finds a question of a procedure that a test owns.
func question(t *testing.T, p *catalogue.Procedure, id string) *forms.Field {
	t.Helper()
	for si := range p.Form.Steps {
		for ci := range p.Form.Steps[si].Sections {
			fields := p.Form.Steps[si].Sections[ci].Fields
			if i := slices.IndexFunc(fields, func(f forms.Field) bool { return f.ID == id }); i >= 0 {
				return &fields[i]
			}
		}
	}
	t.Fatal("no question", id)
	return nil
}

// small is a procedure with three questions, the third asked under a condition on the second.
func small(t *testing.T) *catalogue.Procedure {
	return changed(t, model(t, "courrier-maire"), func(p *catalogue.Procedure) {
		form, err := forms.Parse([]byte(`{"version": 1, "recipients": ["La mairie"], "retention": "1 an", "steps": [{"id": "demande", "title": "Votre demande", "sections": [{"id": "demande", "fields": [
			{"id": "objet", "kind": "text", "label": "Objet", "purpose": "Répondre", "legal_basis": "CRPA, article L.112-8"},
			{"id": "sujet", "kind": "choice", "label": "Sujet", "purpose": "Répondre", "legal_basis": "CRPA, article L.112-8", "choices": [{"value": "a", "label": "Voirie"}, {"value": "b", "label": "École"}]},
			{"id": "rue", "kind": "text", "label": "Rue", "if": {"field": "sujet", "equals": "a"}, "purpose": "Répondre", "legal_basis": "CRPA, article L.112-8"}
		]}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		p.Form, p.Nature = form, nil
	})
}

func changes(t *testing.T, m *inherit.Merge) []inherit.Change {
	t.Helper()
	list, err := m.Changes("Le modèle")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestUpdateInWords(t *testing.T) {
	t.Parallel()
	base := small(t)
	theirs := changed(t, base, func(p *catalogue.Procedure) {
		question(t, p, "objet").Help = "En une phrase"
		question(t, p, "rue").Label = "Rue ou chemin"
		s := &p.Form.Steps[0].Sections[0]
		s.Fields = append(s.Fields, forms.Field{ID: "photo", Kind: forms.KindFile, Label: "Photo", Optional: true})
	})
	ours := changed(t, base, func(p *catalogue.Procedure) {
		question(t, p, "rue").Label = "Votre rue"
		s := &p.Form.Steps[0].Sections[0]
		s.Fields = slices.Insert(s.Fields, 1, forms.Field{ID: "quartier", Kind: forms.KindText, Label: "Quartier", Optional: true})
	})
	m := compare(t, base, theirs, ours)
	list := changes(t, m)
	want := []struct {
		side                        inherit.Side
		where, text, lead, own      string
		before, upstream, communeIs string
	}{
		{inherit.Upstream, "Question\u00a01, étape «\u00a0Votre demande\u00a0»", "L’aide de la question «\u00a0Objet\u00a0» change.", "", "", "", "En une phrase", ""},
		{
			inherit.Conflict, "Question\u00a03, étape «\u00a0Votre demande\u00a0»", "Une question est posée autrement.", "Le modèle a changé la question\u00a03\u00a0; vous l’aviez modifiée.",
			"Une question est posée autrement.", "Rue", "Rue ou chemin", "Votre rue",
		},
		{inherit.Upstream, "Question\u00a04, étape «\u00a0Votre demande\u00a0»", "La question «\u00a0Photo\u00a0» est ajoutée à l’étape «\u00a0Votre demande\u00a0».", "", "", "", "", ""},
	}
	if len(list) != len(want) {
		t.Fatalf("%d changes: %+v", len(list), list)
	}
	for i, w := range want {
		c := list[i]
		if c.Side != w.side || c.Where != w.where || c.Text != w.text || c.Lead != w.lead || c.Own != w.own || c.Before != w.before || c.Theirs != w.upstream || c.Ours != w.communeIs {
			t.Errorf("change %d:\n got %+v\nwant %+v", i, c, w)
		}
	}
	var asked []string
	for _, f := range apply(t, m, list[0].ID, list[2].ID).Form.Steps[0].Sections[0].Fields {
		asked = append(asked, f.Label)
	}
	if got := strings.Join(asked, ", "); got != "Objet, Quartier, Sujet, Votre rue, Photo" {
		t.Error("what was not named stays, and what comes stands where it does upstream:", got)
	}
}

// TestNoConditionIsLeftAlone holds that a question that something looks at does not go.
func TestNoConditionIsLeftAlone(t *testing.T) {
	t.Parallel()
	base := small(t)
	without := changed(t, base, func(p *catalogue.Procedure) {
		s := &p.Form.Steps[0].Sections[0]
		s.Fields = slices.Delete(s.Fields, 1, 2)
		s.Fields[1].If = nil
	})
	// The commune's own condition: a conflict, and it is not applied even where it is asked for.
	ours := changed(t, base, func(p *catalogue.Procedure) {
		yes := forms.Text("b")
		question(t, p, "rue").If = &forms.Condition{Field: "sujet", Equals: &yes}
	})
	m := compare(t, base, without, ours)
	if got := m.IDs(inherit.Conflict); !slices.Contains(got, "field:sujet") {
		t.Error("no conflict:", got)
	}
	p, held, err := m.Apply("field:sujet")
	if err != nil || !slices.Equal(held, []string{"field:sujet"}) || p.Checksum() != ours.Checksum() {
		t.Error("held:", held, err)
	}
	for _, c := range changes(t, m) {
		if c.ID == "field:sujet" && c.Lead != "Le modèle a retiré la question\u00a02\u00a0; votre version en a besoin." {
			t.Error(c.Lead)
		}
	}
	// The condition goes with the question where both are taken over.
	m = compare(t, base, without, base)
	if _, held, err := m.Apply("field:sujet"); err != nil || len(held) != 1 {
		t.Error("alone:", held, err)
	}
	if p, held, err := m.Apply("field:sujet", "field:rue@if"); err != nil || len(held) != 0 || p.Checksum() != without.Checksum() {
		t.Error("together:", held, err)
	}
	// A question that looks at one that was not taken over waits for it.
	m = compare(t, without, base, without)
	if _, held, err := m.Apply("field:rue@if"); err != nil || !slices.Equal(held, []string{"field:rue@if"}) {
		t.Error("a condition without its question:", held, err)
	}
}

// TestRemovedByTheCommune holds that what the commune took away comes back only when it is asked for.
func TestRemovedByTheCommune(t *testing.T) {
	t.Parallel()
	base := small(t)
	theirs := changed(t, base, func(p *catalogue.Procedure) { question(t, p, "objet").Label = "L’objet" })
	ours := changed(t, base, func(p *catalogue.Procedure) {
		s := &p.Form.Steps[0].Sections[0]
		s.Fields = s.Fields[1:]
	})
	m := compare(t, base, theirs, ours)
	list := changes(t, m)
	if len(list) != 1 || list[0].Side != inherit.Conflict || list[0].Lead != "Le modèle a changé la question\u00a01\u00a0; vous l’aviez retirée." {
		t.Fatalf("%+v", list)
	}
	if p := apply(t, m, list[0].ID); p.Form.Steps[0].Sections[0].Fields[0].Label != "L’objet" {
		t.Error("it does not come back where it stood")
	}
}

// TestTypeChangesWhole holds that a question's type takes what hangs on it along.
func TestTypeChangesWhole(t *testing.T) {
	t.Parallel()
	base := small(t)
	theirs := changed(t, base, func(p *catalogue.Procedure) {
		q := question(t, p, "objet")
		q.Kind, q.Choices = forms.KindChoice, []forms.Choice{{Value: "x", Label: "X"}, {Value: "y", Label: "Y"}}
	})
	ours := changed(t, base, func(p *catalogue.Procedure) { question(t, p, "objet").MaxLength = 80 })
	m := compare(t, base, theirs, ours)
	if got := m.IDs(inherit.Conflict); !slices.Equal(got, []string{"field:objet@kind"}) {
		t.Fatal(got)
	}
	if q := question(t, apply(t, m, "field:objet@kind"), "objet"); q.MaxLength != 0 || len(q.Choices) != 2 {
		t.Errorf("%+v", q)
	}
}
