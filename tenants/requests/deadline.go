package requests

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// silence computes what the law draws from the facts that are kept (law.md R6, R7):
// the two receptions, and the notices of missing papers. One that reached the person after
// the silence had decided changes nothing, and is marked.
func silence(tx *tenants.Tx, p *catalogue.Procedure, r Request, notices []DocumentRequest) (calendar.Deadline, error) {
	rule := r.Silence
	rule.Source = p.Silence.Source
	facts := calendar.Facts{
		Rule: rule, Territory: tx.Territory(),
		FirstReceived: r.FirstReceivedOn, CompetentReceived: r.ReceivedOn,
		Event: p.EventDate(r.Answers),
	}
	for i, n := range notices {
		facts.Notices = append(facts.Notices, calendar.Notice{
			Notified: n.NotifiedOn, Limit: n.LimitOn, Complete: n.CompletedOn, Dispensable: !n.indispensable(),
		})
		if _, err := calendar.Silence(facts); fault.Is(err, "notice_too_late") { // posted, and came after the silence
			facts.Notices = facts.Notices[:len(facts.Notices)-1]
			notices[i].late = true
		}
	}
	return calendar.Silence(facts)
}

// apply writes the dates of a deadline into the request: the legal last day, and
// when an answer is due. Without a legal day that is the day given for the papers
// that are awaited, or the service's commitment in working days.
func (r *Request) apply(d calendar.Deadline, commitment int, t calendar.Territory) {
	r.SilenceLastDay = d.LastDay
	switch {
	case !d.LastDay.IsZero():
		r.DueOn = d.LastDay
	case d.Suspended:
		r.DueOn = d.SuspendedUntil
	case commitment > 0:
		r.DueOn = t.AddWorkingDays(r.ReceivedOn, commitment)
	default:
		r.DueOn = calendar.Date{}
	}
}

// recount computes the dates anew from the facts as they now stand in the tables.
func (c *change) recount(ctx context.Context) error {
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	notices, err := documentRequests(ctx, c.tx, c.r.ID)
	if err != nil {
		return err
	}
	d, err := silence(c.tx, e.Procedure(), c.r, notices)
	if err != nil {
		return err
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
// the notification of an express refusal, or from the date of a silent one. None where there
// is no refusal or no route.
func appealDay(p *catalogue.Procedure, from calendar.Date, t calendar.Territory, lives calendar.Residence) (calendar.Date, error) {
	if from.IsZero() || p.Route == catalogue.RouteNone {
		return calendar.Date{}, nil
	}
	if p.Route == catalogue.RouteCADA || p.Route == catalogue.RoutePrefect {
		return calendar.DocumentAccessAppeal(from, t).LastDay, nil
	}
	a, err := calendar.Opposable(calendar.AppealFacts{ExpressNotified: from, ExpressRegular: true, Territory: t, Residence: lives})
	return a.LastDay, err
}

// appealLastDay gives the last day of the first appeal against a refusal, by the
// procedure's route: two months, francs before the court, de quantième à quantième
// before the CADA. None where there is no refusal or no route.
func appealLastDay(p *catalogue.Procedure, from calendar.Date, t calendar.Territory) calendar.Date {
	const months = 2 // CJA R.421-1; CRPA R.343-1
	switch {
	case from.IsZero():
		return calendar.Date{}
	case p.Route == catalogue.RouteCourt, p.Route == catalogue.RoutePlanning:
		return calendar.AppealLastDay(from, t, months)
	case p.Route == catalogue.RouteCADA, p.Route == catalogue.RoutePrefect:
		return calendar.DocumentAccessAppeal(from, t).LastDay
	default:
		return calendar.Date{}
	}
}
