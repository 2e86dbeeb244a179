package requests

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Drift is a day that was told to the person, and that the rules in force would no longer
// give from the same facts: the program, the tables of holidays or the commune's settings
// have changed since. What was told goes on holding until an agent decides.
type Drift struct {
	Decision tenants.ID // whose last day of appeal it is; "": the request's own last day
	Told     calendar.Date
	Now      calendar.Date // what the rules give now
	Kept     *Fact         // an agent has decided to keep the day that was told
}

// Settlement is what an agent decides about a day that was told.
type Settlement struct {
	Decision tenants.ID // as in the [Drift]
	Adopt    bool       // take the day that the rules give now, and tell the person; otherwise the day that was told is kept
	Reason   string     // compulsory
}

// drifts compares the days that were told with those that the rules give now. Only days
// that still matter are compared: an open request's last day, an appeal that is not over.
func drifts(tx *tenants.Tx, d *Detail) []Drift {
	var out []Drift
	add := func(decision tenants.ID, told, now calendar.Date) {
		if told.IsZero() || now.IsZero() || told == now {
			return
		}
		drift := Drift{Decision: decision, Told: told, Now: now}
		if kept, ok := lastFact(d.Facts, FactDateKept, decision); ok && kept.On == told && kept.Until == now {
			drift.Kept = &kept
		}
		out = append(out, drift)
	}
	if d.State.Open() {
		add("", d.SilenceLastDay, d.Deadline.LastDay)
	}
	for _, x := range d.Decisions {
		from := x.NotifiedOn
		if x.Implicit {
			from = x.DecidedOn
		}
		if !x.AppealLastDay.IsZero() && !x.AppealLastDay.Before(tx.Today()) {
			add(x.ID, x.AppealLastDay, d.appealNow(tx, from))
		}
	}
	return out
}

// appealNow gives the last day to appeal as the rules count it now.
func (d *Detail) appealNow(tx *tenants.Tx, from calendar.Date) calendar.Date {
	day, err := appealDay(d.Procedure, d.Request, from, tx.Territory(), d.Residence.Lives)
	if err != nil { // a residence that no rule knows: nothing to compare with
		return calendar.Date{}
	}
	return day
}

// lastFact gives the latest fact of a kind about something.
func lastFact(facts []Fact, kind FactKind, of tenants.ID) (Fact, bool) {
	for _, f := range slices.Backward(facts) {
		if f.Kind == kind && f.RefersTo == of {
			return f, true
		}
	}
	return Fact{}, false
}

const sqlAppealMoved = `update decision set appeal_last_day = $2 where id = $1`

// SettleDate keeps a day that was told although the rules would give another one now, or
// takes that one and tells the person. Agents who may see the request may, with a reason
// (fault.Invalid "reason_required"). Where both days are the same, or it was settled
// meanwhile, it is fault.Conflict "date_agrees".
func SettleDate(ctx context.Context, tx *tenants.Tx, number string, in Settlement, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	in.Reason = cleanText(in.Reason)
	if in.Reason == "" || utf8.RuneCountInString(in.Reason) > maxBody {
		return Request{}, fault.New(fault.Invalid, "reason_required", fault.Field{Path: "reason", Code: "reason_required"})
	}
	d, err := Get(ctx, tx, number)
	if err != nil {
		return Request{}, err
	}
	i := slices.IndexFunc(d.Drifts, func(x Drift) bool { return x.Decision == in.Decision })
	if i < 0 {
		return Request{}, fault.New(fault.Conflict, "date_agrees")
	}
	drift := d.Drifts[i]
	kind, on, until := FactDateKept, drift.Told, drift.Now
	if in.Adopt {
		kind, on, until = FactDateAdopted, drift.Now, drift.Told
	}
	if _, err := c.keep(ctx, Fact{Kind: kind, On: on, Until: until, RefersTo: in.Decision, Reason: in.Reason}); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, string(kind), EventData{DecisionID: in.Decision, On: on, From: drift.Told, To: drift.Now}); err != nil {
		return Request{}, err
	}
	if in.Adopt {
		if err := c.adopt(ctx, d, drift); err != nil {
			return Request{}, err
		}
	}
	return c.save(ctx)
}

// adopt moves a day that was told, and tells the person.
func (c *change) adopt(ctx context.Context, d Detail, drift Drift) error {
	if drift.Decision != "" {
		if _, err := c.tx.Exec(ctx, sqlAppealMoved, drift.Decision, drift.Now); err != nil {
			return err
		}
		return c.tellNewAppeal(ctx, drift.Now)
	}
	c.r.apply(d.Deadline, d.Procedure.Commitment, c.tx.Territory())
	return c.tellNewDate(ctx)
}
