package catalogue

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// formComparison compares two forms, part by part.
type formComparison struct {
	*comparison

	before, after formPlaces
}

func (c *formComparison) steps(before, after *forms.Definition) {
	var kept, keptNow []string
	for i := range after.Steps {
		s := &after.Steps[i]
		path := "form/steps/" + strconv.Itoa(i)
		old, known := before.Step(s.ID)
		if !known {
			c.add(path, ChangeAdded, "L’étape "+guillemets(s.Title)+" est ajoutée.")
			continue
		}
		keptNow = append(keptNow, s.ID)
		c.words(path+"/title", "Une étape change de titre.", old.Title, s.Title)
		c.words(path+"/intro", "L’introduction de l’étape "+guillemets(s.Title)+" change.", old.Intro, s.Intro)
	}
	for i := range before.Steps {
		s := &before.Steps[i]
		if _, known := after.Step(s.ID); !known {
			c.add("form/steps/"+strconv.Itoa(i), ChangeRemoved, "L’étape "+guillemets(s.Title)+" est retirée.")
			continue
		}
		kept = append(kept, s.ID)
	}
	if !slices.Equal(kept, keptNow) {
		c.add("form/steps", ChangeMoved, "L’ordre des étapes change.")
	}
}

func (c *formComparison) sections() {
	for _, now := range c.after.sections {
		old, known := find(c.before.sections, now.id)
		name := guillemets(cmp.Or(now.part.Title, now.within))
		if !known {
			continue // its questions tell
		}
		c.words(now.path+"/title", "Une rubrique change de titre.", old.part.Title, now.part.Title)
		c.words(now.path+"/help", "L’aide de la rubrique "+name+" change.", old.part.Help, now.part.Help)
		c.rest(now.path+"/if", "La condition qui montre la rubrique "+name+" change.", old.part.If, now.part.If)
		c.rest(now.path+"/stop", "Les réponses qui arrêtent la démarche après la rubrique "+name+" changent.", old.part.Stop, now.part.Stop)
		c.rest(now.path+"/repeat", "La répétition de la rubrique "+name+" change.", old.part.Repeat, now.part.Repeat)
	}
}

func (c *formComparison) questions() {
	order, orderNow := map[string][]string{}, map[string][]string{} // by section
	for _, now := range c.after.questions {
		old, known := find(c.before.questions, now.id)
		if !known {
			text := "La question " + guillemets(now.part.Label) + " est ajoutée à l’étape " + guillemets(now.within)
			if !now.part.Optional && now.part.Kind != forms.KindComputed {
				text += ", obligatoire"
			}
			c.add(now.path, ChangeAdded, text+".")
			continue
		}
		switch {
		case old.step != now.step:
			c.add(now.path, ChangeMoved, "La question "+guillemets(now.part.Label)+" passe de l’étape "+guillemets(old.within)+" à l’étape "+guillemets(now.within)+".")
		case old.section != now.section:
			c.add(now.path, ChangeMoved, "La question "+guillemets(now.part.Label)+" change de rubrique.")
		default:
			orderNow[now.section] = append(orderNow[now.section], now.id)
		}
		c.question(now.path, old.part, now.part)
	}
	for _, old := range c.before.questions {
		now, known := find(c.after.questions, old.id)
		if !known {
			c.add(old.path, ChangeRemoved, "La question "+guillemets(old.part.Label)+" est retirée de l’étape "+guillemets(old.within)+".")
			continue
		}
		if old.step == now.step && old.section == now.section {
			order[old.section] = append(order[old.section], old.id)
		}
	}
	for _, section := range c.after.sections {
		if !slices.Equal(order[section.id], orderNow[section.id]) {
			c.add(section.path, ChangeMoved, "L’ordre des questions de l’étape "+guillemets(section.within)+" change.")
		}
	}
}

// question compares two forms of a question.
func (c *formComparison) question(path string, old, now *forms.Field) {
	if same(old, now) {
		return
	}
	before := len(c.out)
	name := guillemets(now.Label)
	c.words(path+"/label", "Une question est posée autrement.", old.Label, now.Label)
	c.words(path+"/help", "L’aide de la question "+name+" change.", old.Help, now.Help)
	c.words(path+"/declaration", "Le texte de la déclaration "+name+" change.", old.Declaration, now.Declaration)
	c.rest(path+"/kind", "La question "+name+" change de type.", old.Kind, now.Kind)
	switch {
	case old.Optional && !now.Optional:
		c.add(path+"/optional", ChangeRequired, "La question "+name+" devient obligatoire.")
	case !old.Optional && now.Optional:
		c.add(path+"/optional", ChangeOptional, "La question "+name+" devient facultative.")
	}
	c.choices(path, name, old, now)
	c.rest(path+"/if", "La condition qui fait poser la question "+name+" change.", old.If, now.If)
	c.rest(path+"/stop", "Les réponses à "+name+" qui arrêtent la démarche changent.", old.Stop, now.Stop)
	c.rest(path+"/compute", "Le calcul de "+name+" change.", []any{old.Compute, old.Money}, []any{now.Compute, now.Money})
	c.rest(path, "Les réponses acceptées à "+name+" changent.", limits(old), limits(now))
	c.rest(path+"/purpose", "Ce qui justifie la question "+name+" change\u00a0: finalité, texte, destinataires, durée ou sensibilité.",
		[]any{old.Purpose, old.LegalBasis, old.Recipients, old.Retention, old.Sensitivity}, []any{now.Purpose, now.LegalBasis, now.Recipients, now.Retention, now.Sensitivity})
	if len(c.out) == before {
		c.add(path, ChangeOther, "D’autres réglages de la question "+name+" changent.")
	}
}

// limits are what an answer is held to.
func limits(f *forms.Field) []any {
	return []any{
		f.Min, f.Max, f.Decimals, f.Unit, f.MinLength, f.MaxLength, f.Pattern, f.MinDays, f.MaxDays, f.Before, f.After,
		f.Accept, f.MaxFiles, f.InCommune, f.Abroad, f.Message,
	}
}

func (c *formComparison) choices(path, name string, old, now *forms.Field) {
	labels := func(from, without *forms.Field) []string {
		var out []string
		for _, x := range from.Choices {
			if !slices.ContainsFunc(without.Choices, func(y forms.Choice) bool { return y.Value == x.Value }) {
				out = append(out, guillemets(x.Label))
			}
		}
		return out
	}
	path += "/choices"
	added, removed := labels(now, old), labels(old, now)
	if len(added) > 0 {
		c.add(path, ChangeAdded, "La question "+name+" a d’autres réponses possibles\u00a0: "+strings.Join(added, ", ")+".")
	}
	if len(removed) > 0 {
		c.add(path, ChangeRemoved, "La question "+name+" n’a plus les réponses\u00a0: "+strings.Join(removed, ", ")+".")
	}
	if len(added)+len(removed) == 0 {
		c.rest(path, "Les réponses possibles à "+name+" sont écrites ou rangées autrement.", old.Choices, now.Choices)
	}
	c.rest(path, "La table d’où viennent les réponses à "+name+" change.", old.Table, now.Table)
}
