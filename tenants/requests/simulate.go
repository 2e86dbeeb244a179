package requests

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// simulationYears is how far from today a simulated request can have been received.
const simulationYears = 10

// Simulation is what a request would be: of a procedure, or of a rule of one's own.
type Simulation struct {
	// Procedure is the slug of a procedure of the commune or, for agents, of a statute
	// (calendar.StatuteOf). Empty: the rule of Facts, with its route.
	Procedure string
	// Facts are what happened. With a procedure, its rule, its route and, where none is
	// given, its kind of sending are filled in.
	Facts calendar.Facts
}

// Simulate computes the dates of a request that does not exist, and writes nothing.
// Anybody may, for the procedures that are open; agents for every other too: unknown, or
// closed to who asks, is fault.NotFound "procedure_unknown". Neither a procedure nor a
// rule, or both, and facts that contradict each other, come too late or lie too far away, are
// fault.Invalid "invalid_facts", whose fields say which fact, why and by which article.
func Simulate(ctx context.Context, tx *tenants.Tx, s Simulation) (calendar.Dates, error) {
	f := s.Facts
	var warnings []string
	switch ruled := f.Rule.Effect != ""; {
	case s.Procedure == "" && !ruled:
		return calendar.Dates{}, calendar.Contradiction("rule", "rule_required")
	case s.Procedure != "" && ruled:
		return calendar.Dates{}, calendar.Contradiction("rule", "rule_and_procedure")
	case s.Procedure != "":
		var err error
		if warnings, err = s.procedure(ctx, tx, &f); err != nil {
			return calendar.Dates{}, err
		}
	}
	if received := f.FirstReceived; !received.IsZero() && (received.Before(tx.Today().AddMonths(-12*simulationYears)) || received.After(tx.Today().AddMonths(12*simulationYears))) {
		return calendar.Dates{}, calendar.Contradiction("first_received", "too_far")
	}
	d, err := calendar.Compute(f)
	if late := fault.Of(err); fault.Is(err, "notice_too_late") {
		err = fault.New(fault.Invalid, "invalid_facts", late.Fields...) // nobody acts: it is a fact to correct
	}
	if err == nil {
		err = unheard(f, d)
	}
	d.Warnings = append(warnings, d.Warnings...)
	return d, err
}

// unheard refuses a fact that this rule has no use for, so that nobody takes a date for the
// one that it gave.
func unheard(f calendar.Facts, d calendar.Dates) error {
	before := f.Route == calendar.RouteCADA || f.Route == calendar.RoutePrefect
	contested := f.Contested.On
	switch {
	case !f.Reasons.Asked.IsZero() && d.ReasonsDue.IsZero():
		return calendar.Contradiction("reasons/asked", "outside_appeal")
	case !f.Prior.Seized.IsZero() && !before:
		return calendar.Contradiction("prior/seized", "prior_unknown")
	case !contested.IsZero() && (!f.Review || f.Route != calendar.RoutePlanning):
		return calendar.Contradiction("contested", "contested_unknown")
	case contested.After(f.FirstReceived):
		return calendar.Contradiction("contested", "after_reception")
	}
	return nil
}

// procedure fills in what a procedure says, and gives what is not sure of it.
func (s Simulation) procedure(ctx context.Context, tx *tenants.Tx, f *calendar.Facts) ([]string, error) {
	agent := tx.Actor().IsAgent()
	statute, listed := calendar.StatuteOf(s.Procedure)
	e, err := catalogue.BySlug(ctx, tx, s.Procedure)
	switch {
	case fault.Is(err, "procedure_unknown") && agent && listed:
		f.Rule, f.Route, f.Review, f.Delivery = statute.Rule, statute.Route, statute.Review, statute.Delivery
		f.Sending = orSending(f.Sending, statute.Sending)
		return statute.Warnings(), nil
	case err != nil:
		return nil, err
	case !e.Open && !agent:
		return nil, fault.New(fault.NotFound, "procedure_unknown")
	}
	ruled(e, f)
	p := e.Procedure()
	f.Sending = orSending(f.Sending, sendingOf(Kind(p.Kind)))
	if p.SilenceWarning == "" {
		return nil, nil
	}
	return []string{p.SilenceWarning}, nil
}

// ruled fills in what a procedure says of the law.
func ruled(e catalogue.Entry, f *calendar.Facts) {
	p := e.Procedure()
	f.Rule, f.Route, f.Review, f.Delivery = p.Silence, calendar.Route(p.Route), p.Review, p.PaperExemption != ""
	if model, ok := calendar.StatuteOf(e.Model); ok && f.Rule.Filing == (calendar.Filing{}) {
		f.Rule.Filing = model.Rule.Filing // when a declaration must come is the law's, whatever the commune advises
	}
}

func orSending(given, own calendar.Sending) calendar.Sending {
	if given != "" {
		return given
	}
	return own
}

// sendingOf gives the kind of sending that a kind of procedure receives: what is reported
// is asked for.
func sendingOf(k Kind) calendar.Sending {
	switch k {
	case KindDeclaration:
		return calendar.SentDeclaration
	case KindInformation:
		return calendar.SentInformation
	default:
		return calendar.SentRequest
	}
}
