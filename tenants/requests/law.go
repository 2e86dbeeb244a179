package requests

import (
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// law gives everything that the dates of the request are counted from: what [effective]
// gives, how it came, what became of the receipt, and what followed a refusal.
func (d *Detail) law(tx *tenants.Tx) calendar.Facts {
	law := effective(tx, d.Procedure, d.Request, d.DocumentRequests, d.Facts)
	rule := law.Rule
	ruled(d.Entry, &law)
	law.Rule.Effect, law.Rule.Months = rule.Effect, rule.Months // as they were when the request came
	law.Contested = d.Procedure.ContestedOn(d.Answers)
	law.Residence = d.Residence.Lives
	law.Sending, law.Channel, law.Receipt = sendingOf(d.Kind), channelOf(d.Channel), d.receiptState()
	undone := map[tenants.ID]bool{}
	for _, x := range d.Decisions {
		undone[x.ID] = x.Undone
		if x.Outcome == catalogue.OutcomeRefuse || x.Outcome == catalogue.OutcomePartial {
			law.Refusal = calendar.Refusal{Notified: dayOf(d.Facts, FactDecisionNotified, x.ID), Regular: catalogue.NamesAppeal(d.Procedure, x.Letter)}
		}
	}
	for _, q := range d.Reasons {
		if law.Refusal.Notified.IsZero() && !undone[q.DecisionID] {
			law.Reasons = calendar.Reasons{Asked: q.AskedOn, Given: q.NotifiedOn}
		}
	}
	day := func(k FactKind) calendar.Date { return dayOf(d.Facts, k, "") }
	law.Gracious, law.GraciousAnswered = day(FactGracious), day(FactGraciousRejected)
	law.Prior = calendar.Prior{Seized: day(FactPriorSeized), Registered: day(FactPriorRegistered)}
	return law
}

// compute draws every date from the facts. What followed a refusal and contradicts what was
// corrected since is left out, and the sentence that says so warns: a page that shows the
// dates is where it is put right.
func (d *Detail) compute(tx *tenants.Tx) (calendar.Dates, error) {
	law := d.law(tx)
	var said []string
	for {
		dates, err := calendar.Compute(law)
		if err == nil {
			dates.Warnings = append(dates.Warnings, said...)
			return dates, nil
		}
		f := fault.Of(err)
		if !fault.Is(err, "invalid_facts") || !leaveOut(&law, f.Fields[0].Path) {
			return dates, err
		}
		said = append(said, f.Fields[0].Message)
	}
}

// leaveOut takes a fact that came after a refusal out of what is counted, and tells whether
// there was one.
func leaveOut(law *calendar.Facts, path string) bool {
	was := *law
	switch fact, _, _ := strings.Cut(path, "/"); fact {
	case "reasons":
		law.Reasons = calendar.Reasons{}
		return was.Reasons != law.Reasons
	case "gracious":
		law.Gracious, law.GraciousAnswered = calendar.Date{}, calendar.Date{}
		return !was.Gracious.IsZero() || !was.GraciousAnswered.IsZero()
	case "gracious_answered":
		law.GraciousAnswered = calendar.Date{}
		return !was.GraciousAnswered.IsZero()
	case "prior":
		law.Prior = calendar.Prior{}
		return was.Prior != law.Prior
	default:
		return false
	}
}

// appeal says until when a refusal can be contested, and why not, as [GetWhy] explains it.
func (d *Detail) appeal() {
	refused, known := d.State == StateImplicitRejection, false
	for _, x := range d.Decisions {
		if x.Outcome == catalogue.OutcomeRefuse || x.Outcome == catalogue.OutcomePartial {
			refused, known = true, !x.NotifiedOn.IsZero()
		}
	}
	if refused && (known || d.State != StateRefused && d.State != StatePartly) {
		d.Appeal = d.Dates.Appeal
	}
}

// explain gives the steps of the computation, that of a transmission outside among them.
func (d *Detail) explain() []calendar.Step {
	steps := d.Dates.Steps
	if f, ok := forwarded(d.Facts); ok && !slices.ContainsFunc(steps, isTransmitted) { // on the very day
		steps = slices.Insert(slices.Clone(steps), 1, calendar.TransmittedStep(f.On))
	}
	return steps
}
