package workflow

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// Workflow is how a request is treated. It begins at the first step.
type Workflow struct {
	Routing     []Routing    `json:"routing,omitempty"` // the first that fits says which service gets the request
	Steps       []Stage      `json:"steps"`
	Transitions []Transition `json:"transitions,omitempty"`
}

// Stage is a step of the treatment. A request stands in one as long as it is open.
type Stage struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Service string   `json:"service,omitempty"` // the request is handed to it; "": it stays where it is
	Days    int      `json:"days,omitempty"`    // working days in which it should be done; 0: none said
	Decides bool     `json:"decides,omitempty"` // the request may be decided here
	Actions []Action `json:"actions,omitempty"` // done when it is entered, in this order
	Wait    *Wait    `json:"wait,omitempty"`    // before it goes on by itself
}

// Transition leads from one step to another.
type Transition struct {
	Name  string           `json:"name"`
	From  string           `json:"from"`
	To    string           `json:"to"`
	Label string           `json:"label,omitempty"` // of the button
	Who   []Who            `json:"who,omitempty"`   // who may take it
	Auto  bool             `json:"auto,omitempty"`  // it is taken by itself, once the step waits no more
	If    *forms.Condition `json:"if,omitempty"`    // on the answers
}

// Who says who may take a transition.
type Who string

// Those who may. Administrators may wherever a person may.
const (
	WhoFront     Who = "front"     // the agents of the desk
	WhoService   Who = "service"   // those who examine requests, in the service that has it
	WhoAssigned  Who = "assigned"  // the agent to whom it is given
	WhoHierarchy Who = "hierarchy" // whoever signs for the mayor: a validation
)

// Everyone lists them in the order of a page.
func Everyone() []Who { return []Who{WhoFront, WhoService, WhoAssigned, WhoHierarchy} }

// Label names them in French.
func (w Who) Label() string {
	switch w {
	case WhoFront:
		return "les agents d’accueil"
	case WhoService:
		return "les agents du service"
	case WhoAssigned:
		return "l’agent chargé de la demande"
	case WhoHierarchy:
		return "la hiérarchie (qui signe pour le maire)"
	}
	return ""
}

// Kind is what an action does.
type Kind string

// The kinds of actions.
const (
	KindAssign  Kind = "assign"  // to an agent
	KindEmail   Kind = "email"   // to the citizen, the service or an address
	KindSMS     Kind = "sms"     // to the citizen
	KindOpinion Kind = "opinion" // asked of another service, or of an address
	KindWebhook Kind = "webhook" // another program is told
)

// Kinds lists them in the order of a page.
func Kinds() []Kind { return []Kind{KindAssign, KindEmail, KindSMS, KindOpinion, KindWebhook} }

// Label names it in French.
func (k Kind) Label() string {
	switch k {
	case KindAssign:
		return "Confier à un agent"
	case KindEmail:
		return "Envoyer un courriel"
	case KindSMS:
		return "Envoyer un SMS"
	case KindOpinion:
		return "Demander un avis"
	case KindWebhook:
		return "Prévenir un autre logiciel"
	}
	return ""
}

// To whom a message goes, beside an address of e-mail.
const (
	ToCitizen = "citizen"
	ToService = "service" // that has the request
)

// Action is something that is done by itself when a step is entered.
type Action struct {
	Name    string           `json:"name"`
	Kind    Kind             `json:"kind"`
	If      *forms.Condition `json:"if,omitempty"`
	Agent   string           `json:"agent,omitempty"`   // assign: the agent's e-mail address
	To      string           `json:"to,omitempty"`      // email: ToCitizen, ToService or an address; opinion: an address, where Service is empty
	Service string           `json:"service,omitempty"` // opinion: who is asked
	Days    int              `json:"days,omitempty"`    // opinion: working days to answer in; 0: none said
	Subject string           `json:"subject,omitempty"` // email
	Text    string           `json:"text,omitempty"`    // email, sms, opinion: with placeholders
	URL     string           `json:"url,omitempty"`     // webhook
}

// Wait holds the transitions that are taken by themselves. One of Opinions, Payment, Date, or Days alone.
type Wait struct {
	Opinions bool   `json:"opinions,omitempty"` // until those that the step asked for are given; Days: at most so many
	Payment  bool   `json:"payment,omitempty"`  // until an agent notes that it came
	Date     string `json:"date,omitempty"`     // until the day of a date question, and Days more (or fewer, below 0)
	Days     int    `json:"days,omitempty"`     // days after it was entered
}

// Routing says which service gets a request: where If holds, or by the row of a reference table whose cell is the
// answer's street, or the answer itself.
type Routing struct {
	Name    string           `json:"name"`
	If      *forms.Condition `json:"if,omitempty"`
	Service string           `json:"service,omitempty"`
	Table   string           `json:"table,omitempty"`
	Field   string           `json:"field,omitempty"`  // the question: an address or a text
	Column  string           `json:"column,omitempty"` // compared with it
	Gives   string           `json:"gives,omitempty"`  // the column that names the service
}

// Start gives the step that a request enters first; nil where there is none.
func (w *Workflow) Start() *Stage {
	if w == nil || len(w.Steps) == 0 {
		return nil
	}
	return &w.Steps[0]
}

// Step finds a step by its name; nil where there is none.
func (w *Workflow) Step(name string) *Stage {
	if w == nil {
		return nil
	}
	i := slices.IndexFunc(w.Steps, func(s Stage) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &w.Steps[i]
}

// Transition finds a transition by its name; nil where there is none.
func (w *Workflow) Transition(name string) *Transition {
	i := slices.IndexFunc(w.Transitions, func(t Transition) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return &w.Transitions[i]
}

// From gives the transitions that leave a step, in their order.
func (w *Workflow) From(step string) []*Transition {
	var out []*Transition
	for i := range w.Transitions {
		if w.Transitions[i].From == step {
			out = append(out, &w.Transitions[i])
		}
	}
	return out
}

// Open gives the transitions that leave a step and whose conditions hold.
func (w *Workflow) Open(step string, a forms.Answers, f forms.Facts) []*Transition {
	return slices.DeleteFunc(w.From(step), func(t *Transition) bool { return !t.If.Met(a, f) })
}

// Services names every service that the workflow speaks of, each once.
func (w *Workflow) Services() []string {
	if w == nil {
		return nil
	}
	var out []string
	add := func(name string) {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, r := range w.Routing {
		add(r.Service)
	}
	for _, s := range w.Steps {
		add(s.Service)
		for _, a := range s.Actions {
			add(a.Service)
		}
	}
	return out
}

// Tables names the reference tables that routing reads, each once.
func (w *Workflow) Tables() []string {
	if w == nil {
		return nil
	}
	var out []string
	for _, r := range w.Routing {
		if r.Table != "" && !slices.Contains(out, r.Table) {
			out = append(out, r.Table)
		}
	}
	return out
}

// Called names a transition for people: its label, or where it leads by itself.
func (w *Workflow) Called(t *Transition) string {
	if t.Label != "" {
		return t.Label
	}
	if to := w.Step(t.To); to != nil {
		return "vers " + to.Title
	}
	return t.Name
}
