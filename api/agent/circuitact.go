package agent

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// flowChange is what a button does to a workflow. What is refused leaves the draft as it was.
type flowChange struct {
	*formChange

	flow *workflow.Workflow
	form *edit.Form
	v    url.Values
}

func badInput(name, message string) error {
	return fault.New(fault.Invalid, "question_invalid", fault.Field{Path: name, Message: message})
}

func (c flowChange) apply(gesture, id string) error {
	for _, what := range []string{"etape", "tache", "passage", "regle"} {
		if at := c.v.Get(what); at != "" {
			c.show = showing(what, at)
		}
	}
	switch gesture {
	case "enregistrer":
		c.done = "C’est enregistré dans le brouillon."
		return c.save()
	case "ajouter-etape":
		title := c.text("nouvelle_etape")
		if title == "" {
			return badInput("nouvelle_etape", "Donnez un titre à l’étape.")
		}
		c.done, c.show = "L’étape est ajoutée. Reliez-la aux autres par des passages.", showing("etape", c.flow.AddStep(title))
		return nil
	case "ajouter-tache":
		s := c.flow.Step(c.v.Get("etape"))
		if s == nil || workflow.Kind(id).Label() == "" {
			return fault.New(fault.NotFound, "step_unknown")
		}
		c.done, c.show = "L’action est ajoutée. Complétez-la ici.", showing("tache", s.Name+"/"+s.AddAction(workflow.Kind(id)))
		return nil
	case "ajouter-passage":
		if c.text("nouveau_passage") == "" {
			return badInput("nouveau_passage", "Donnez un nom au passage.")
		}
		name, err := c.flow.AddTransition(c.v.Get("etape"), c.v.Get("nouveau_vers"), c.text("nouveau_passage"))
		c.done, c.show = "Le passage est ajouté. Dites qui peut le prendre.", showing("passage", name)
		return err
	case "ajouter-regle":
		c.done, c.show = "La règle est ajoutée. Complétez-la ici.", showing("regle", c.flow.AddRouting())
		return nil
	}
	return c.arrange(gesture, id)
}

// arrange moves and removes.
func (c flowChange) arrange(gesture, id string) error {
	verb, what, _ := strings.Cut(gesture, "-")
	down := verb == "descendre"
	if verb != "monter" && verb != "retirer" && !down {
		return fault.New(fault.Invalid, "form_unreadable")
	}
	c.done = map[bool]string{true: "C’est retiré. Vous pouvez annuler.", false: "C’est déplacé."}[verb == "retirer"]
	switch what {
	case "etape":
		return c.arrangeStep(id, verb == "retirer", down)
	case "tache":
		step, name, _ := strings.Cut(id, "/")
		s := c.flow.Step(step)
		if s == nil || s.Action(name) == nil {
			return fault.New(fault.NotFound, "step_unknown")
		}
		c.show = showing("etape", step)
		at := slices.IndexFunc(s.Actions, func(a workflow.Action) bool { return a.Name == name })
		if verb == "retirer" {
			s.Actions = slices.Delete(s.Actions, at, at+1)
		} else {
			workflow.Shift(s.Actions, at, down)
		}
	case "passage":
		return c.arrangeWay(id, verb == "retirer", down)
	case "regle":
		at := slices.IndexFunc(c.flow.Routing, func(r workflow.Routing) bool { return r.Name == id })
		if at < 0 {
			return fault.New(fault.NotFound, "step_unknown")
		}
		if verb == "retirer" {
			c.flow.Routing, c.show = slices.Delete(c.flow.Routing, at, at+1), url.Values{}
		} else {
			workflow.Shift(c.flow.Routing, at, down)
		}
	default:
		return fault.New(fault.Invalid, "form_unreadable")
	}
	return nil
}

func (c flowChange) arrangeStep(id string, remove, down bool) error {
	if remove {
		c.show = url.Values{}
		return c.flow.RemoveStep(id)
	}
	c.show = showing("etape", id)
	workflow.Shift(c.flow.Steps, slices.IndexFunc(c.flow.Steps, func(s workflow.Stage) bool { return s.Name == id }), down)
	return nil
}

// arrangeWay moves a transition among those that leave the same step.
func (c flowChange) arrangeWay(id string, remove, down bool) error {
	t := c.flow.Transition(id)
	if t == nil {
		return fault.New(fault.NotFound, "step_unknown")
	}
	from := t.From
	c.show = showing("etape", from)
	if remove {
		c.flow.Transitions = slices.DeleteFunc(c.flow.Transitions, func(t workflow.Transition) bool { return t.Name == id })
		return nil
	}
	var places []int
	at := -1
	for i := range c.flow.Transitions {
		if c.flow.Transitions[i].From == from {
			if c.flow.Transitions[i].Name == id {
				at = len(places)
			}
			places = append(places, i)
		}
	}
	order := slices.Clone(places)
	workflow.Shift(order, at, down)
	before := slices.Clone(c.flow.Transitions)
	for i, place := range places {
		c.flow.Transitions[place] = before[order[i]]
	}
	return nil
}

func (c flowChange) text(name string) string { return strings.TrimSpace(c.v.Get(name)) }

// number reads a number of days; none is 0.
func (c flowChange) number(name string) (int, error) {
	text := c.text(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < -workflow.MaxDays || n > workflow.MaxDays {
		return 0, badInput(name, "Écrivez un nombre de jours, par exemple 10.")
	}
	return n, nil
}

// condition reads the lines of a condition; one that was too long for lines stays.
func (c flowChange) condition(old *forms.Condition) *forms.Condition {
	if _, short := edit.Rules(old); !short {
		return old
	}
	return takeCondition(c.v, nameShown, c.form)
}

// save keeps what a panel says.
func (c flowChange) save() error {
	step, name, _ := strings.Cut(c.v.Get("tache"), "/")
	if s := c.flow.Step(step); s != nil && s.Action(name) != nil {
		return c.saveAction(s.Action(name))
	}
	if t := c.flow.Transition(c.v.Get("passage")); t != nil {
		c.saveWay(t)
		return nil
	}
	if r := c.flow.Rule(c.v.Get("regle")); r != nil {
		r.Service, r.Table, r.Field, r.Column, r.Gives = c.text("service"), c.text("table"), c.text("question"), c.text("colonne"), c.text("donne")
		r.If = c.condition(r.If)
		return nil
	}
	s := c.flow.Step(c.v.Get("etape"))
	if s == nil {
		return fault.New(fault.NotFound, "step_unknown")
	}
	return c.saveStep(s)
}

func (c flowChange) saveStep(s *workflow.Stage) error {
	if c.text(nameLabel) == "" {
		return badInput(nameLabel, "Donnez un titre à l’étape.")
	}
	days, err := c.number("delai")
	if err != nil {
		return err
	}
	wait, err := c.number("attente_jours")
	if err != nil {
		return err
	}
	s.Title, s.Service, s.Days, s.Decides = c.text(nameLabel), c.text("service"), days, c.v.Get("decide") != ""
	switch c.v.Get("attente") {
	case waitDays:
		s.Wait = &workflow.Wait{Days: wait}
	case waitDate:
		s.Wait = &workflow.Wait{Date: c.text("attente_date"), Days: wait}
	case waitOpinions:
		s.Wait = &workflow.Wait{Opinions: true, Days: wait}
	case waitPayment:
		s.Wait = &workflow.Wait{Payment: true}
	default:
		s.Wait = nil
	}
	return nil
}

func (c flowChange) saveAction(a *workflow.Action) error {
	days, err := c.number("delai")
	if err != nil {
		return err
	}
	to := c.text("a")
	if to == "" {
		to = c.text("adresse")
	}
	*a = workflow.Action{
		Name: a.Name, Kind: a.Kind, If: c.condition(a.If), Agent: c.text("agent"), To: to, Service: c.text("service"), Days: days,
		Subject: c.text("objet"), Text: strings.ReplaceAll(c.text("texte"), "\r\n", "\n"), URL: c.text("url"),
	}
	return nil
}

func (c flowChange) saveWay(t *workflow.Transition) {
	t.Label, t.To, t.Auto, t.If, t.Who = c.text(nameLabel), c.text("vers"), c.v.Get("auto") != "", c.condition(t.If), nil
	for _, who := range workflow.Everyone() {
		if c.v.Get("qui-"+string(who)) != "" && !t.Auto {
			t.Who = append(t.Who, who)
		}
	}
}
