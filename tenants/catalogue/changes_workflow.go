package catalogue

import (
	"slices"
	"strconv"

	"github.com/parvis-gru/parvis/tenants/workflow"
)

func (c *comparison) workflow() {
	b, a := c.before.Workflow, c.after.Workflow
	switch {
	case b == nil && a == nil:
		return
	case b == nil:
		c.add("workflow", ChangeAdded, "La démarche a désormais un circuit de traitement.")
		return
	case a == nil:
		c.add("workflow", ChangeRemoved, "Le circuit de traitement est retiré.")
		return
	}
	f := flowComparison{c, b, a}
	f.steps()
	f.transitions()
	f.routing()
}

// flowComparison compares two workflows by the names of their parts.
type flowComparison struct {
	*comparison

	was, is *workflow.Workflow
}

func (c *flowComparison) steps() {
	stepName := func(s workflow.Stage) string { return s.Name }
	for i := range c.is.Steps {
		s := &c.is.Steps[i]
		path := "workflow/steps/" + strconv.Itoa(i)
		old := c.was.Step(s.Name)
		if old == nil {
			c.add(path, ChangeAdded, "L’étape du circuit "+guillemets(s.Title)+" est ajoutée.")
			continue
		}
		of := "de l’étape du circuit " + guillemets(s.Title)
		c.words(path+"/title", "Une étape du circuit change de titre.", old.Title, s.Title)
		c.words(path+"/service", "Le service "+of+" change.", old.Service, s.Service)
		c.words(path+"/days", "Le délai "+of+" change.", stepDays(old.Days), stepDays(s.Days))
		if old.Decides != s.Decides {
			text := "On ne décide plus à l’étape du circuit " + guillemets(s.Title) + "."
			if s.Decides {
				text = "On peut décider à l’étape du circuit " + guillemets(s.Title) + "."
			}
			c.add(path+"/decides", ChangeOther, text)
		}
		c.rest(path+"/wait", "Ce que l’étape du circuit "+guillemets(s.Title)+" attend change.", old.Wait, s.Wait)
		c.actions(path, old, s)
	}
	for i := range c.was.Steps {
		if s := &c.was.Steps[i]; c.is.Step(s.Name) == nil {
			c.add("workflow/steps/"+strconv.Itoa(i), ChangeRemoved, "L’étape du circuit "+guillemets(s.Title)+" est retirée.")
		}
	}
	if moved(c.was.Steps, c.is.Steps, stepName) {
		c.add("workflow/steps", ChangeMoved, "L’ordre des étapes du circuit change.")
	}
}

func stepDays(n int) string {
	if n == 0 {
		return "aucun"
	}
	return workingDays(n)
}

func (c *flowComparison) actions(path string, old, now *workflow.Stage) {
	at := func(list []workflow.Action, name string) int {
		return slices.IndexFunc(list, func(a workflow.Action) bool { return a.Name == name })
	}
	for i, a := range now.Actions {
		path, title := path+"/actions/"+strconv.Itoa(i), guillemets(a.Kind.Label())+" à l’étape "+guillemets(now.Title)
		if n := at(old.Actions, a.Name); n < 0 {
			c.add(path, ChangeAdded, "L’action "+title+" est ajoutée.")
		} else {
			c.rest(path, "L’action "+title+" change.", old.Actions[n], a)
		}
	}
	for i, a := range old.Actions {
		if at(now.Actions, a.Name) < 0 {
			c.add(path+"/actions/"+strconv.Itoa(i), ChangeRemoved, "L’action "+guillemets(a.Kind.Label())+" à l’étape "+guillemets(now.Title)+" est retirée.")
		}
	}
	if moved(old.Actions, now.Actions, func(a workflow.Action) string { return a.Name }) {
		c.add(path+"/actions", ChangeMoved, "L’ordre des actions à l’étape "+guillemets(now.Title)+" change.")
	}
}

func (c *flowComparison) transitions() {
	for i := range c.is.Transitions {
		t := &c.is.Transitions[i]
		path := "workflow/transitions/" + strconv.Itoa(i)
		old := c.was.Transition(t.Name)
		if old == nil {
			c.add(path, ChangeAdded, "Le passage "+guillemets(c.is.Called(t))+" est ajouté au circuit.")
			continue
		}
		of := guillemets(c.is.Called(t))
		if old.Auto == t.Auto {
			c.words(path+"/label", "Un passage du circuit change de nom.", c.was.Called(old), c.is.Called(t))
		}
		c.rest(path, "Le passage "+of+" ne relie plus les mêmes étapes.", []string{old.From, old.To}, []string{t.From, t.To})
		c.rest(path+"/who", "Qui peut prendre le passage "+of+" change.", []any{old.Who, old.Auto}, []any{t.Who, t.Auto})
		c.rest(path+"/if", "La condition du passage "+of+" change.", old.If, t.If)
	}
	for i := range c.was.Transitions {
		if t := &c.was.Transitions[i]; c.is.Transition(t.Name) == nil {
			c.add("workflow/transitions/"+strconv.Itoa(i), ChangeRemoved, "Le passage "+guillemets(c.was.Called(t))+" est retiré du circuit.")
		}
	}
	if moved(c.was.Transitions, c.is.Transitions, func(t workflow.Transition) string { return t.Name }) {
		c.add("workflow/transitions", ChangeMoved, "L’ordre des passages du circuit change.")
	}
}

func (c *flowComparison) routing() {
	if !same(c.was.Routing, c.is.Routing) {
		c.add("workflow/routing", ChangeOther, "Les règles qui disent quel service reçoit la demande changent.")
	}
}

// moved tells whether what is in both lists stands in another order.
func moved[T any](before, after []T, name func(T) string) bool {
	names := func(list, other []T) []string {
		var out []string
		for _, one := range list {
			if slices.ContainsFunc(other, func(x T) bool { return name(x) == name(one) }) {
				out = append(out, name(one))
			}
		}
		return out
	}
	return !slices.Equal(names(before, after), names(after, before))
}
