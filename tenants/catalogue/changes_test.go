package catalogue_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// What differs between two versions is told in words.
func TestChangesAreToldInWords(t *testing.T) {
	t.Parallel()
	model, _ := catalogue.Model("copie-acte-naissance")
	field := func(p *catalogue.Procedure) *forms.Field { return &p.Form.Steps[0].Sections[0].Fields[0] }
	for _, c := range []struct {
		name string
		edit func(p *catalogue.Procedure)
		want string
	}{
		{"nothing", func(*catalogue.Procedure) {}, ""},
		{"cost", func(p *catalogue.Procedure) { p.Cost = "2\u00a0€" }, "Le coût change."},
		{"commitment", func(p *catalogue.Procedure) { p.Commitment = 1 }, "La réponse promise change."},
		{"silence", func(p *catalogue.Procedure) {
			p.Silence = calendar.Rule{Effect: calendar.Rejection, Months: 2, Source: "CRPA, article L.231-4"}
		}, "Ce que vaut le silence change."},
		{"source of the silence", func(p *catalogue.Procedure) { p.Silence.Source = "x" }, "Le texte qui fixe l’effet du silence change."},
		{"identity", func(p *catalogue.Procedure) { p.Identity = catalogue.IdentityState }, "L’identité demandée change."},
		{"retention", func(p *catalogue.Procedure) { p.Retention.Period = "2 ans" }, "La durée de conservation change."},
		{"paper added", func(p *catalogue.Procedure) { p.Bring = append(p.Bring, catalogue.Piece{Label: "Un timbre"}) }, "La pièce « Un timbre » est ajoutée."},
		{"paper dropped", func(p *catalogue.Procedure) { p.Bring = p.Bring[:1] }, "La pièce « La preuve de votre qualité, si vous représentez la personne » n’est plus demandée."},
		{"paper no longer needed", func(p *catalogue.Procedure) { p.Bring[1].Indispensable = false }, "La pièce « La preuve de votre qualité, si vous représentez la personne » n’est plus indispensable."},
		{"letter", func(p *catalogue.Procedure) { p.Letters["refuse"] = catalogue.Letter{Subject: "Non"} }, "La lettre « Refus » change."},
		{"letter dropped", func(p *catalogue.Procedure) { delete(p.Letters, "close") }, "La lettre « Classement » est retirée."},
		{"letter added", func(p *catalogue.Procedure) { p.Letters["answer"] = catalogue.Letter{Subject: "Oui"} }, "La lettre « Réponse » est ajoutée."},
		{"question added", func(p *catalogue.Procedure) {
			s := &p.Form.Steps[0].Sections[0]
			s.Fields = append(s.Fields, forms.Field{ID: "neuve", Kind: forms.KindText, Label: "Et encore ?"})
		}, "La question « Et encore ? » est ajoutée à l’étape « L’acte demandé », obligatoire."},
		{"question dropped", func(p *catalogue.Procedure) {
			s := &p.Form.Steps[0].Sections[0]
			s.Fields = s.Fields[1:]
		}, "La question « De quel document avez-vous besoin ? » est retirée de l’étape « L’acte demandé »."},
		{"question asked otherwise", func(p *catalogue.Procedure) { field(p).Label = "Quel acte ?" }, "Une question est posée autrement."},
		{"optional", func(p *catalogue.Procedure) { field(p).Optional = true }, "La question « De quel document avez-vous besoin ? » devient facultative."},
		{"choice added", func(p *catalogue.Procedure) {
			field(p).Choices = append(field(p).Choices, forms.Choice{Value: "z", Label: "Un livret"})
		}, "La question « De quel document avez-vous besoin ? » a d’autres réponses possibles : « Un livret »."},
		{"choice worded", func(p *catalogue.Procedure) { field(p).Choices[0].Label = "Copie" }, "Les réponses possibles à « De quel document avez-vous besoin ? » sont écrites ou rangées autrement."},
		{"condition", func(p *catalogue.Procedure) { field(p).If = &forms.Condition{Field: "@identity", Filled: true} }, "La condition qui fait poser la question « De quel document avez-vous besoin ? » change."},
		{"purpose", func(p *catalogue.Procedure) { field(p).Purpose = "x" }, "Ce qui justifie la question « De quel document avez-vous besoin ? » change : finalité, texte, destinataires, durée ou sensibilité."},
		{"something small", func(p *catalogue.Procedure) { field(p).Autocomplete = "off" }, "D’autres réglages de la question « De quel document avez-vous besoin ? » changent."},
		{"step renamed", func(p *catalogue.Procedure) { p.Form.Steps[0].Title = "Le papier" }, "Une étape change de titre."},
		{"steps turned", func(p *catalogue.Procedure) { p.Form.Steps[0], p.Form.Steps[1] = p.Form.Steps[1], p.Form.Steps[0] }, "L’ordre des étapes change."},
		{"question moved", func(p *catalogue.Procedure) {
			from, to := &p.Form.Steps[0].Sections[0], &p.Form.Steps[1].Sections[0]
			to.Fields = append(to.Fields, from.Fields[0])
			from.Fields = from.Fields[1:]
		}, "La question « De quel document avez-vous besoin ? » passe de l’étape « L’acte demandé » à l’étape « " + model.Form.Steps[1].Title + " »."},
		{"questions turned", func(p *catalogue.Procedure) {
			f := p.Form.Steps[0].Sections[0].Fields
			f[0], f[1] = f[1], f[0]
		}, "L’ordre des questions de l’étape « L’acte demandé » change."},
		{"elsewhere", func(p *catalogue.Procedure) { p.Form = nil }, "Le formulaire est retiré : la démarche se fait ailleurs."},
		{"the rest", func(p *catalogue.Procedure) { p.Format = 1; p.Review = true }, "Les voies de recours changent."},
	} {
		p, err := model.Copy()
		if err != nil {
			t.Fatal(err)
		}
		c.edit(p)
		if p, err = p.Copy(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []string
		for _, change := range catalogue.Changes(model, p) {
			got = append(got, strings.ReplaceAll(change.Text, "\u00a0", " "))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}
