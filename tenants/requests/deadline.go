package requests

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// silence computes what silence means from the facts (law.md R6, R7).
func silence(tx *tenants.Tx, p *catalogue.Procedure, r Request, notices []DocumentRequest, facts []Fact) (calendar.Deadline, error) {
	return calendar.Silence(effective(tx, p, r, notices, facts))
}

// effective gives what the law counts from, without what changes nothing: a notice or a
// suspension that reached the person after the silence had decided. Such a notice is marked.
func effective(tx *tenants.Tx, p *catalogue.Procedure, r Request, notices []DocumentRequest, facts []Fact) calendar.Facts {
	law, of := legalFacts(tx, p, r, notices, facts)
	asked, suspended := law.Notices, law.Suspensions
	law.Notices, law.Suspensions = nil, nil
	for i, n := range asked {
		notices[of[i]].SparedUntil, notices[of[i]].SparedFor = calendar.Date{}, ""
		if until, by := law.Spared(n.Limit); until != n.Limit {
			notices[of[i]].SparedUntil, notices[of[i]].SparedFor = until, by.Cause
		}
		before := law.Notices
		law.Notices = append(before, n)
		if _, err := calendar.Silence(law); fault.Is(err, "notice_too_late") {
			law.Notices = before
			notices[of[i]].late = true
		}
	}
	for _, s := range suspended {
		before := law.Suspensions
		law.Suspensions = append(before, s)
		if _, err := calendar.Silence(law); fault.Is(err, "notice_too_late") {
			law.Suspensions = before
		}
	}
	return law
}

// apply writes the dates of a deadline into the request: the last day before silence
// decides, and when an answer is due, which is the earliest day that the law sets: that one,
// or the day by which a text wants an answer (GDPR art. 12.3). Where the law sets none it is
// the day given for the papers that are awaited, or the service's commitment in working days;
// where there is no commitment either, none, and the request stands last in the lists.
func (r *Request) apply(d calendar.Deadline, commitment int, t calendar.Territory) {
	r.SilenceLastDay = d.LastDay
	if d.Effect.Decides() { // in urban planning papers that do not come turn it
		r.Silence.Effect = d.Effect
	}
	switch {
	case !d.LegalDay().IsZero():
		r.DueOn = d.LegalDay()
	case d.Suspended:
		r.DueOn = d.SuspendedUntil
	case commitment > 0:
		r.DueOn = t.AddWorkingDays(r.ReceivedOn, commitment)
	default:
		r.DueOn = calendar.Date{}
	}
}

// recount computes the dates anew from the facts as they now stand. A day that was told,
// and that the rules in force would no longer give, is not moved by that: what the new
// facts move is counted from it, until an agent decides ([SettleDate]).
func (c *change) recount(ctx context.Context) error {
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	facts, notices, err := c.facts(ctx)
	if err != nil {
		return err
	}
	d, err := silence(c.tx, e.Procedure(), c.r, notices, facts)
	if err != nil {
		return err
	}
	was, err := silence(c.tx, e.Procedure(), c.before, slices.Clone(notices), without(facts, c.wrote))
	if err == nil && !was.LastDay.IsZero() && !d.LastDay.IsZero() && c.r.Kind == c.before.Kind {
		d.LastDay = d.LastDay.AddDays(was.LastDay.DaysUntil(c.before.SilenceLastDay))
	}
	c.r.apply(d, e.Procedure().Commitment, c.tx.Territory())
	c.r.Waiting = false
	for _, n := range notices {
		c.r.Waiting = c.r.Waiting || n.CompletedOn.IsZero() && n.indispensable()
	}
	return nil
}

// appealDay gives the last day of the first appeal against a refusal that binds the person,
// by the procedure's route: two months, francs before the court and more from afar (CJA
// R.421-1, R.421-7), de quantième à quantième before the CADA or the prefect. It runs from
// the notification of an express refusal, or from the date of a silent one; against what a
// recours gracieux in urban planning contests, from that decision (C. urb. L.600-12-2). None
// where there is no refusal or no route.
func appealDay(p *catalogue.Procedure, r Request, from calendar.Date, t calendar.Territory, lives calendar.Residence) (calendar.Date, error) {
	if from.IsZero() || p.Route == catalogue.RouteNone {
		return calendar.Date{}, nil
	}
	if p.PlanningReview() {
		return calendar.ReviewAppeal(p.ContestedOn(r.Answers), t, lives).LastDay, nil
	}
	if p.Route == catalogue.RouteCADA || p.Route == catalogue.RoutePrefect {
		return calendar.DocumentAccessAppeal(from, t).LastDay, nil
	}
	a, err := calendar.Opposable(calendar.AppealFacts{ExpressNotified: from, ExpressRegular: true, Territory: t, Residence: lives})
	return a.LastDay, err
}
