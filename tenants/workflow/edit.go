package workflow

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
)

// AddStep adds a step at the end and gives its name. The first of all decides, so that a workflow is whole from its beginning.
func (w *Workflow) AddStep(title string) string {
	name := edit.Name(title, "etape", func(id string) bool { return w.Step(id) != nil })
	w.Steps = append(w.Steps, Stage{Name: name, Title: title, Decides: len(w.Steps) == 0})
	return name
}

// RemoveStep removes a step, with the transitions that lead to it and leave it. One that is not there is fault.NotFound "step_unknown".
func (w *Workflow) RemoveStep(name string) error {
	if w.Step(name) == nil {
		return fault.New(fault.NotFound, "step_unknown")
	}
	w.Steps = slices.DeleteFunc(w.Steps, func(s Stage) bool { return s.Name == name })
	w.Transitions = slices.DeleteFunc(w.Transitions, func(t Transition) bool { return t.From == name || t.To == name })
	return nil
}

// AddTransition adds a transition between two steps, which the service takes, and gives its name.
func (w *Workflow) AddTransition(from, to, label string) (string, error) {
	if w.Step(from) == nil || w.Step(to) == nil {
		return "", fault.New(fault.NotFound, "step_unknown")
	}
	name := edit.Name(label, "passage", func(id string) bool { return w.Transition(id) != nil })
	w.Transitions = append(w.Transitions, Transition{Name: name, From: from, To: to, Label: label, Who: []Who{WhoService}})
	return name, nil
}

// AddAction adds an action at the end of a step's, and gives its name.
func (s *Stage) AddAction(kind Kind) string {
	name := edit.Name(string(kind), "action", func(id string) bool { return s.Action(id) != nil })
	s.Actions = append(s.Actions, Action{Name: name, Kind: kind})
	return name
}

// Action finds an action by its name; nil where there is none.
func (s *Stage) Action(name string) *Action {
	i := slices.IndexFunc(s.Actions, func(a Action) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Actions[i]
}

// AddRouting adds a rule at the end, and gives its name.
func (w *Workflow) AddRouting() string {
	name := edit.Name("regle", "regle", func(id string) bool { return w.Rule(id) != nil })
	w.Routing = append(w.Routing, Routing{Name: name})
	return name
}

// Rule finds a rule of routing by its name; nil where there is none.
func (w *Workflow) Rule(name string) *Routing {
	i := slices.IndexFunc(w.Routing, func(r Routing) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &w.Routing[i]
}

// Shift moves the element at a place by one, up or down; past an end, or from nowhere, nothing moves.
func Shift[T any](list []T, at int, down bool) {
	to := at - 1
	if down {
		to = at + 1
	}
	if at >= 0 && to >= 0 && at < len(list) && to < len(list) {
		list[at], list[to] = list[to], list[at]
	}
}
