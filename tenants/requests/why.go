package requests

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Why tells how every date of a request was reached.
type Why struct {
	Detail
	Reasons []Reason
}

// Reason is one step of the computation, with the facts that were entered in its place
// before and have been corrected, the oldest first.
type Reason struct {
	calendar.Step
	Was []Fact
	// Said is what was written for a suspension or an extension: its reason, which the person
	// was told; what names an appeal; or the outside administration that received the request.
	Said string
	// By is the fact that corrected the last of them; its reason says why.
	By Fact
}

// GetWhy gives a request with the reasons of its dates, to whoever may read it: its
// owner, agents who cover its service. For anyone else it is fault.NotFound
// "request_unknown".
func GetWhy(ctx context.Context, tx *tenants.Tx, number string) (Why, error) {
	d, err := Get(ctx, tx, number)
	if err != nil {
		return Why{}, err
	}
	if d.Dates, err = d.compute(tx); err != nil {
		return Why{}, err
	}
	d.Dates.Steps = d.explain()
	return Why{Detail: d, Reasons: append(d.nameOutside(reasonsOf(d.Dates.Steps, d.Facts)), d.kindSteps()...)}, nil
}

func isTransmitted(s calendar.Step) bool { return s.Kind == calendar.StepTransmitted }

// nameOutside says which outside administration received the request.
func (d *Detail) nameOutside(reasons []Reason) []Reason {
	f, ok := forwarded(d.Facts)
	i := slices.IndexFunc(d.Transmissions, func(t Transmission) bool { return t.ID == f.RefersTo })
	if !ok || i < 0 {
		return reasons
	}
	for j := range reasons {
		if isTransmitted(reasons[j].Step) {
			reasons[j].Said = d.Transmissions[i].Party.Name
		}
	}
	return reasons
}

// receiptState tells what became of the receipt, on which the time for appeal hangs.
func (d *Detail) receiptState() calendar.Receipt {
	switch sent, complete := receiptProof(d.Request, d.Receipts); {
	case !sent:
		return calendar.ReceiptMissing
	case !complete:
		return calendar.ReceiptIncomplete
	default:
		return calendar.ReceiptComplete
	}
}

// stepOf names the step that each kind of fact makes.
var stepOf = map[FactKind]calendar.StepKind{
	FactReception: calendar.StepReceived, FactFirstReception: calendar.StepReceived, FactNotice: calendar.StepNotice, FactPapers: calendar.StepPapers,
	FactSuspension: calendar.StepFraud, FactDecisionNotified: calendar.StepRefused,
	FactTransmission: calendar.StepTransmitted, FactExtension: calendar.StepExtended,
	FactGracious: calendar.StepGraciousReceived, FactGraciousRejected: calendar.StepGraciousRejected,
	FactPriorSeized: calendar.StepPrior, FactPriorRegistered: calendar.StepPriorRegistered,
}

// telling tells whether a kind of fact is read with what was written for it.
func telling(k FactKind) bool {
	_, appeal := recourses[k]
	return appeal || k == FactSuspension || k == FactExtension
}

// reasonsOf puts the facts that were corrected beside the steps that those make which
// stand in for them. One whose step is gone, for it did not happen after all, keeps a step
// of its own, without a date.
func reasonsOf(steps []calendar.Step, facts []Fact) []Reason {
	out := make([]Reason, len(steps))
	for i, s := range steps {
		out[i].Step = s
	}
	for _, f := range facts {
		if telling(f.Kind) && f.InForce() {
			i := slices.IndexFunc(out, func(r Reason) bool { return r.Kind == stepOf[f.Kind] && r.Date == f.On && r.Said == "" })
			if i >= 0 {
				out[i].Said = grounds(facts, f)
			}
		}
	}
	_, away := forwarded(facts)
	transmitted := slices.ContainsFunc(steps, isTransmitted) && !away
	for _, f := range facts {
		if f.CorrectedBy == "" || f.Withdrawn() || f.Kind == FactAsRequest || f.Kind == FactAsInformation {
			continue
		}
		now, _ := latest(facts, f.Key())
		kind := stepOf[f.Kind]
		if f.Kind == FactReception && transmitted {
			kind = calendar.StepTransmitted
		}
		i := slices.IndexFunc(out, func(r Reason) bool {
			return r.Kind == kind && (r.Date == now.On || f.Kind == FactReception || f.Kind == FactFirstReception)
		})
		if i < 0 {
			out = slices.Insert(out, min(1, len(out)), Reason{Step: calendar.Step{Kind: kind}})
			i = min(1, len(out)-1)
		}
		out[i].Was, out[i].By = append(out[i].Was, f), now
	}
	return out
}

// channelOf gives a channel as the law tells them apart.
func channelOf(channel string) calendar.Channel {
	switch channel {
	case ChannelWeb, ChannelAPI:
		return calendar.ByPortal
	case ChannelEmail:
		return calendar.ByEmail
	case ChannelPost:
		return calendar.ByPost
	default:
		return calendar.ByCounter
	}
}
