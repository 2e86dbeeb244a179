package calendar

import "github.com/parvis-gru/parvis/tenants/fault"

// Effect is what the silence of the administration means.
type Effect string

// The effects of silence.
const (
	// Acceptance: silence vaut acceptation, SVA (CRPA L.231-1).
	Acceptance Effect = "acceptance"
	// Rejection: silence vaut rejet, SVR (CRPA L.231-4 and decrees).
	Rejection Effect = "rejection"
	// Declaration: a declaration, to which nothing is answered: silence means nothing.
	Declaration Effect = "declaration"
	// None: silence means nothing and grants nothing (acts of civil status).
	None Effect = "none"
)

// Known tells whether the effect is one of the four.
func (e Effect) Known() bool {
	return e == Acceptance || e == Rejection || e == Declaration || e == None
}

// Decides tells whether silence makes a decision, so that there is a last day.
func (e Effect) Decides() bool { return e == Acceptance || e == Rejection }

// Rule is a procedure's silence rule. Months counts de quantième à quantième; it
// is ignored where silence decides nothing. Source is the article it rests on,
// in French, to be quoted ("CRPA L.231-1"); empty, the general one is quoted.
type Rule struct {
	Effect Effect `json:"effect"`
	Months int    `json:"months"`
	Source string `json:"source,omitempty"`
}

// maxMonths bounds a rule: no text knows a longer silence, a typing error does.
const maxMonths = 24

// Check refuses an unknown effect and a period outside 1 to 24 months (0 to 24
// where silence decides nothing), as the fault "invalid_rule" with its field.
func (r Rule) Check() error {
	if !r.Effect.Known() {
		return fault.New(fault.Invalid, "invalid_rule", fault.Field{Path: "effect", Code: "unknown_effect"})
	}
	lowest := 0
	if r.Effect.Decides() {
		lowest = 1
	}
	if r.Months < lowest || r.Months > maxMonths {
		return fault.New(fault.Invalid, "invalid_rule", fault.Field{Path: "months", Code: "out_of_range"})
	}
	return nil
}
