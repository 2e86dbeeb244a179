package agent

import (
	"net/url"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
)

// refusals are the sentences of what a panel could not read, by input.
type refusals map[string]string

func refusalsOf(err error) refusals {
	out := refusals{}
	if e := fault.Of(err); e != nil && e.Code == "question_invalid" {
		for _, field := range e.Fields {
			out[field.Path] = field.Message
		}
	}
	return out
}

// sources are what the town has for its forms to draw from.
type sources struct{ blocks, tables []web.Choice }

// listing offers what is on the shelf, and what a question names already even if it is no longer there.
func listing(items []web.Choice, named string) []web.Choice {
	out := append([]web.Choice{{Label: "(aucun choix)"}}, items...)
	if !slices.ContainsFunc(out, func(c web.Choice) bool { return c.Value == named }) {
		out = append(out, web.Choice{Value: named, Label: named + " (n’existe plus)"})
	}
	return marked(out, named)
}

// questionPanel shows a question as its values say, which may be those that were refused.
func questionPanel(f *edit.Form, q *forms.Field, v url.Values, has sources, refused refusals) *adjustment {
	p := &adjustment{What: "question", ID: q.ID, Title: q.Label, Kind: kindOf(q.Kind).Label}
	p.Inputs = []control{
		inputOf(web.Input{Name: nameLabel, Label: "Question posée à l’usager", Value: v.Get(nameLabel), MaxLength: 200, Error: refused[nameLabel]}),
	}
	for _, t := range texts {
		if !fits(t.kinds, q.Kind) {
			continue
		}
		input := inputOf(web.Input{Name: t.name, Label: t.label, Hint: t.hint, Value: v.Get(t.name), MaxLength: t.long, Optional: true, Error: refused[t.name]})
		if t.lines {
			input = areaOf(web.Textarea{Name: t.name, Label: t.label, Hint: t.hint, Value: v.Get(t.name), MaxLength: t.long, Rows: 3, Optional: true, Error: refused[t.name]})
		}
		if t.name == nameBlock {
			input = listOf(web.Select{Name: t.name, Label: t.label, Hint: t.hint, Items: listing(has.blocks, v.Get(t.name)), Error: refused[t.name]})
		}
		switch {
		case t.why:
			p.Why = append(p.Why, input)
		case t.name == nameHelp || t.name == "declaration" || t.name == nameBlock:
			p.Inputs = append(p.Inputs, input)
		default:
			p.Limits = append(p.Limits, input)
		}
	}
	if q.Kind != forms.KindComputed && q.Kind != forms.KindBlock {
		p.Inputs = append(p.Inputs, boxOf(web.Checkbox{Name: nameRequired, Label: "Réponse obligatoire", Checked: v.Get(nameRequired) != ""}))
	}
	p.answers(f, q, v, refused)
	if q.Kind == forms.KindChoice {
		p.Limits = append(p.Limits,
			listOf(web.Select{Name: "table", Label: "Ou bien une table de la commune", Hint: "Ses lignes deviennent les réponses.", Items: listing(has.tables, v.Get("table")), Optional: true}),
			inputOf(web.Input{Name: "colonne", Label: "Colonne de la table", Value: v.Get("colonne"), MaxLength: 50, Optional: true}))
	}
	for _, n := range numbers {
		if fits(n.kinds, q.Kind) {
			p.Limits = append(p.Limits, inputOf(web.Input{Name: n.name, Label: n.label, Hint: n.hint, Value: v.Get(n.name), InputMode: "decimal", Width: "short", MaxLength: 20, Optional: true, Error: refused[n.name]}))
		}
	}
	for _, t := range ticks {
		if fits(t.kinds, q.Kind) {
			p.Limits = append(p.Limits, boxOf(web.Checkbox{Name: t.name, Label: t.label, Checked: v.Get(t.name) != ""}))
		}
	}
	p.relations(f, q, v)
	p.conditions(f, q, v, refused)
	return p
}

// answers are the inputs for what can be answered, or is worked out.
func (p *adjustment) answers(f *edit.Form, q *forms.Field, v url.Values, refused refusals) {
	switch q.Kind {
	case forms.KindChoice, forms.KindChoices:
		p.Inputs = append(p.Inputs, areaOf(web.Textarea{Name: nameChoices, Label: "Réponses proposées", Hint: "Une par ligne, dans l’ordre.", Value: v.Get(nameChoices), Rows: 5, MaxLength: 20_000, Optional: true, Error: refused[nameChoices]}))
	case forms.KindComputed:
		p.Inputs = append(p.Inputs, areaOf(web.Textarea{Name: "formule", Label: "Formule", Hint: formulaHint(f, q.ID), Value: v.Get("formule"), Rows: 5, MaxLength: 8000, Error: refused["formule"]}))
	}
}

// formulaHint shows how a formula is written, with the names that it may use.
func formulaHint(f *edit.Form, id string) string {
	hint := "Par exemple\u00a0: 2,5 * nuits, ou somme(enfants; si(age < 4; 0; 3)). Fonctions\u00a0: min, max, arrondi, plancher, plafond, nombre, somme, jours, annees, si."
	var names []string
	for _, c := range earlier(f, id) {
		if q, _ := f.Find(c.Value); q.Kind == forms.KindNumber || q.Kind == forms.KindComputed || q.Kind == forms.KindDate {
			names = append(names, c.Value+" («\u00a0"+c.Label+"\u00a0»)")
		}
	}
	if len(names) == 0 {
		return hint
	}
	return hint + " Noms\u00a0: " + strings.Join(names, ", ") + "."
}

// relations are what ties a question to others and to the account.
func (p *adjustment) relations(f *edit.Form, q *forms.Field, v url.Values) {
	if q.Kind == forms.KindDate {
		dates := []web.Choice{{Label: "(aucune)"}}
		for _, c := range earlier(f, q.ID) {
			if other, _ := f.Find(c.Value); other.Kind == forms.KindDate {
				dates = append(dates, c)
			}
		}
		p.Limits = append(p.Limits,
			listOf(web.Select{Name: "apres", Label: "Pas avant la date donnée à", Items: marked(append([]web.Choice{}, dates...), v.Get("apres")), Optional: true}),
			listOf(web.Select{Name: "avant", Label: "Pas après la date donnée à", Items: marked(append([]web.Choice{}, dates...), v.Get("avant")), Optional: true}))
	}
	if items := prefills(q.Kind); len(items) > 1 {
		p.Limits = append(p.Limits, listOf(web.Select{Name: "preremplir", Label: "Proposer d’après le compte", Items: marked(items, v.Get("preremplir")), Optional: true}))
	}
	var places []web.Choice
	for _, step := range f.Steps {
		for i, section := range step.Sections {
			places = append(places, web.Choice{Value: section.ID, Label: step.Title + "\u00a0: " + sectionName(section, i)})
		}
	}
	p.Limits = append(p.Limits, listOf(web.Select{Name: namePlace, Label: "Place dans le formulaire", Items: marked(places, v.Get(namePlace))}))
	p.Why = append(p.Why, listOf(web.Select{Name: "sensible", Label: "Données particulières", Optional: true, Items: marked([]web.Choice{
		{Label: "Aucune"}, {Value: "article9", Label: "Santé, opinions, religion, origine… (RGPD, article\u00a09)"}, {Value: "article10", Label: "Condamnations (RGPD, article\u00a010)"}, {Value: "nir", Label: "Numéro de sécurité sociale"},
	}, v.Get("sensible"))}))
}

func (p *adjustment) conditions(f *edit.Form, q *forms.Field, v url.Values, refused refusals) {
	before := earlier(f, q.ID)
	shown := conditionBox{Legend: "Afficher seulement si"}
	if _, short := edit.Rules(q.If); short {
		shown = conditionLines(v, nameShown, shown.Legend, "Sans condition, la question est toujours posée.", before)
	} else {
		shown.Long = true
	}
	p.Shown = &shown
	own := append(before, web.Choice{Value: q.ID, Label: q.Label})
	stop := conditionLines(v, nameStop, "Arrêter la démarche ici si", "Pour qui elle n’est pas faite\u00a0: la phrase dit pourquoi et où aller.", own)
	p.Stop = &stop
	p.StopInputs = []control{
		areaOf(web.Textarea{Name: "arret_phrase", Label: "La phrase qui le dit", Value: v.Get("arret_phrase"), Rows: 3, MaxLength: 1000, Optional: true, Error: refused["arret_phrase"]}),
		inputOf(web.Input{Name: "arret_lien", Label: "Texte du lien", Value: v.Get("arret_lien"), MaxLength: 100, Optional: true}),
		inputOf(web.Input{Name: "arret_adresse", Label: "Où il mène", Hint: "Une adresse qui commence par https://, ou le nom d’une de vos démarches, par exemple terrasse.", Value: v.Get("arret_adresse"), MaxLength: 300, Optional: true}),
	}
}

// earlier lists the questions that stand before one, which its condition may look at: of its
// own repeated section, and of those that are not repeated.
func earlier(f *edit.Form, id string) []web.Choice {
	_, at := f.Find(id)
	var out []web.Choice
	for si, step := range f.Steps {
		for ci, section := range step.Sections {
			own := si == at.Step && ci == at.Section
			if section.Repeat != nil && !own {
				continue
			}
			for fi, field := range section.Fields {
				if si == at.Step && (ci > at.Section || own && fi >= at.Field) {
					return out
				}
				out = append(out, web.Choice{Value: field.ID, Label: field.Label})
			}
		}
		if si == at.Step {
			return out
		}
	}
	return out
}

// prefills lists what of an account can answer a question of a kind.
func prefills(kind forms.Kind) []web.Choice {
	none := web.Choice{Label: "Non"}
	switch kind {
	case forms.KindText:
		return []web.Choice{none, {Value: forms.PrefillGivenName, Label: "Prénom"}, {Value: forms.PrefillFamilyName, Label: "Nom de naissance"}, {Value: forms.PrefillUsageName, Label: "Nom d’usage"}}
	case forms.KindEmail:
		return []web.Choice{none, {Value: forms.PrefillEmail, Label: "Adresse électronique"}}
	case forms.KindPhone:
		return []web.Choice{none, {Value: forms.PrefillPhone, Label: "Téléphone"}}
	case forms.KindAddress:
		return []web.Choice{none, {Value: forms.PrefillAddress, Label: "Adresse postale"}}
	}
	return nil
}
