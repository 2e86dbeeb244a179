package proof

import (
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/catalogue"
)

var parts = map[string]string{
	"slug": "Adresse", "title": "Titre", "summary": "Résumé", "intro": "Présentation", "cost": "Coût", "service": "Service", "kind": "Nature",
	"life_event": "Rubrique du portail", "minutes": "Temps nécessaire", "commitment": "Engagement", "identity": "Identité", "alternatives": "Sans écran",
	"redirect": "Adresse de la démarche", "silence": "Silence", "route": "Recours", "event": "Date de l’événement", "notice": "Information sur les données",
	"retention": "Conservation", "to_verify": "À vérifier par un juriste", "mentions": "Mentions de l’accusé de réception", "nature": "Nature de l’envoi", "bring": "Pièces", "letters": "Lettres", "form": "Formulaire", "workflow": "Circuit",
}

// Place says in French where a path of the JSON is.
func Place(p *catalogue.Procedure, path string) string {
	at := strings.Split(path, "/")
	number := func(i int) int {
		if i >= len(at) {
			return -1
		}
		n, err := strconv.Atoi(at[i])
		if err != nil {
			return -1
		}
		return n
	}
	switch at[0] {
	case "bring":
		if n := number(1); n >= 0 && n < len(p.Bring) {
			return "Pièce «\u00a0" + p.Bring[n].Label + "\u00a0»"
		}
	case "letters":
		if len(at) > 1 {
			name := "Lettre «\u00a0" + catalogue.OutcomeNames[catalogue.Outcome(at[1])] + "\u00a0»"
			if n := number(3); n >= 0 {
				name += ", paragraphe\u00a0" + strconv.Itoa(n+1)
			}
			return name
		}
	case "workflow":
		if len(at) > 1 {
			return workflowPlace(p, at[1], number)
		}
	case "form":
		return formPlace(p, number)
	}
	return parts[at[0]]
}

// formPlace reads "form/steps/0/sections/1/fields/2".
func formPlace(p *catalogue.Procedure, number func(int) int) string {
	name := parts["form"]
	si, ci, fi := number(2), number(4), number(6)
	if p.Form == nil || si < 0 || si >= len(p.Form.Steps) {
		return name
	}
	step := &p.Form.Steps[si]
	name = "Étape «\u00a0" + step.Title + "\u00a0»"
	if ci < 0 || ci >= len(step.Sections) {
		return name
	}
	section := &step.Sections[ci]
	if fi >= 0 && fi < len(section.Fields) {
		return name + ", question «\u00a0" + section.Fields[fi].Label + "\u00a0»"
	}
	if section.Title != "" {
		name += ", rubrique «\u00a0" + section.Title + "\u00a0»"
	}
	return name
}

// workflowPlace reads "workflow/steps/0/actions/1", "workflow/transitions/2", "workflow/routing/0".
func workflowPlace(p *catalogue.Procedure, part string, number func(int) int) string {
	name, w, n := parts["workflow"], p.Workflow, number(2)
	if w == nil || n < 0 {
		return name
	}
	switch {
	case part == "steps" && n < len(w.Steps):
		name += ", étape «\u00a0" + w.Steps[n].Title + "\u00a0»"
		if a := number(4); a >= 0 && a < len(w.Steps[n].Actions) {
			name += ", action «\u00a0" + w.Steps[n].Actions[a].Kind.Label() + "\u00a0»"
		}
	case part == "transitions" && n < len(w.Transitions):
		name += ", passage «\u00a0" + w.Called(&w.Transitions[n]) + "\u00a0»"
	case part == "routing" && n < len(w.Routing):
		name += ", règle d’orientation\u00a0" + strconv.Itoa(n+1)
	}
	return name
}
