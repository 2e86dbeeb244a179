package calendar

import (
	"cmp"

	"github.com/parvis-gru/parvis/tenants/fault"
)

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

// Code names a body of rules that counts otherwise than the CRPA does.
type Code string

// The special codes.
const (
	// General is the CRPA's own way of counting.
	General Code = ""
	// Planning counts as urban planning does: from the complete file (C. urb. R*423-19),
	// papers asked for within a month (R*423-38) and brought within three (R*423-39), or
	// the file is rejected by silence.
	Planning Code = "planning"
	// Preemption counts as the right to buy first does: papers suspend, and at least one
	// month is left after they came (C. urb. L.213-2).
	Preemption Code = "preemption"
	// Privacy counts as the General Data Protection Regulation does: one month, three where
	// it was extended, moved on from weekends and holidays (art. 12.3, Regulation 1182/71).
	Privacy Code = "privacy"
)

func (c Code) known() bool {
	return c == General || c == Planning || c == Preemption || c == Privacy
}

// Period is a time that a text gives for something: an answer that no silence
// replaces. The zero Period is none.
type Period struct {
	Amount int  `json:"amount"`
	Unit   Unit `json:"unit"` // UnitDays, UnitWorkingDays or UnitMonths
}

// after gives the last day of the period from a day.
func (p Period) after(d Date, t Territory) Date {
	switch p.Unit {
	case UnitMonths:
		return d.AddMonths(p.Amount)
	case UnitWorkingDays:
		return t.AddWorkingDays(d, p.Amount)
	default:
		return d.AddDays(p.Amount)
	}
}

// Filing says when a declaration must come before the day that it is for. The zero
// Filing asks nothing.
type Filing struct {
	MinDays int  `json:"min_days"`           // at the latest so many days before
	MaxDays int  `json:"max_days,omitempty"` // and not earlier than so many; 0: as early as one likes
	Clear   bool `json:"clear,omitempty"`    // jours francs: neither the day of filing nor the event's counts
}

// Rule is a procedure's silence rule. Months counts de quantième à quantième; it
// is ignored where silence decides nothing. Source is the article it rests on,
// in French, to be quoted ("CRPA L.231-1"); empty, the general one is quoted.
type Rule struct {
	Effect Effect `json:"effect"`
	Months int    `json:"months"`
	Source string `json:"source,omitempty"`
	// Code is the body of rules that counts, where it is not the CRPA.
	Code Code `json:"code,omitempty"`
	// Means says in French what a silent acceptance is ("non-opposition", "permis
	// tacite"); empty: "acceptation".
	Means string `json:"means,omitempty"`
	// Answer is the time that a text gives to answer where silence decides nothing.
	Answer Period `json:"answer,omitzero"`
	// Filing is when a declaration must come.
	Filing Filing `json:"filing,omitzero"`
}

// WantsAnswer tells whether a text gives a day for an answer that no silence replaces.
func (r Rule) WantsAnswer() bool { return r.Code == Privacy || r.Answer.Amount > 0 }

// Grant names in French what a silent acceptance is: "acceptation", or the rule's Means.
func (r Rule) Grant() string { return cmp.Or(r.Means, "acceptation") }

// Denial names in French what a silent rejection is: "refus", and what the lack of papers
// makes in urban planning, an opposition to a declaration or the rejection of a demand (C. urb. R*423-39).
func (r Rule) Denial() string {
	switch {
	case r.Code == Planning && r.Means == "non-opposition":
		return "opposition"
	case r.Code == Planning:
		return "rejet"
	default:
		return "refus"
	}
}

// Bounds of a rule: no text knows longer periods, a typing error does.
const (
	maxMonths = 24
	maxDays   = 366
)

// Check refuses an unknown effect or code, a period outside 1 to 24 months (0 to 24
// where silence decides nothing), and a special code beside an effect that it does not
// know, as the fault "invalid_rule" with its field.
func (r Rule) Check() error {
	wrong := func(path, code string) error {
		return fault.New(fault.Invalid, "invalid_rule", fault.Field{Path: path, Code: code})
	}
	if !r.Effect.Known() {
		return wrong("effect", "unknown_effect")
	}
	lowest := 0
	if r.Effect.Decides() {
		lowest = 1
	}
	switch {
	case r.Months < lowest || r.Months > maxMonths:
		return wrong("months", "out_of_range")
	case !r.Code.known():
		return wrong("code", "unknown_code")
	case r.Code == Planning && !r.Effect.Decides(), r.Code == Preemption && r.Effect != Acceptance, r.Code == Privacy && r.Effect != None:
		return wrong("code", "contradiction")
	case r.Answer.Amount < 0 || r.Answer.Amount > maxDays:
		return wrong("answer", "out_of_range")
	case r.Filing.MinDays < 0 || r.Filing.MaxDays < 0 || r.Filing.MinDays > maxDays || r.Filing.MaxDays > maxDays,
		r.Filing.MaxDays > 0 && r.Filing.MaxDays < r.Filing.MinDays:
		return wrong("filing", "out_of_range")
	}
	return nil
}
