package requests

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Correction says what really happened, in place of a fact that was entered wrongly.
type Correction struct {
	Key   string        // of the fact ([Fact.Key])
	On    calendar.Date // the right day; none: it did not happen
	Until calendar.Date // the right end, of a fact that has one; none: as it was
	// Reason is compulsory: it is read beside both facts for ever.
	Reason string
	// Accepted says that the agent knows that silence will then have decided already.
	Accepted bool
}

// correctable are the facts that agents enter, and so can enter wrongly. What a machine
// stamped is proved by a receipt (L.112-13), and what an agent decided is decided anew.
var correctable = []FactKind{FactReception, FactFirstReception, FactNotice, FactPapers, FactSuspension, FactDecisionNotified,
	FactExtension, FactGracious, FactGraciousRejected, FactPriorSeized, FactPriorRegistered}

// Correctable gives the facts that an agent can correct now, those that hold.
func (d Detail) Correctable() []Fact {
	var out []Fact
	for _, f := range d.Facts {
		if f.CorrectedBy == "" && (d.State.Open() || d.State.lapsed() || afterDecision(f.Kind)) && mayCorrect(d.Request, f.Kind) {
			out = append(out, f)
		}
	}
	return out
}

// afterDecision tells whether a kind of fact is of what has been decided already.
func afterDecision(k FactKind) bool {
	_, appeal := recourses[k]
	return appeal || k == FactDecisionNotified
}

// mayCorrect tells whether a kind of fact of a request is entered by people.
func mayCorrect(r Request, kind FactKind) bool {
	stamped := r.Channel == ChannelWeb || r.Channel == ChannelAPI
	return slices.Contains(correctable, kind) && (kind != FactReception || !stamped)
}

// oldest is how many months before a request was recorded a fact of it can lie: a
// typing error of a year is found out, a letter that lay for long is not refused.
const oldest = 11

const (
	sqlReceptions = `update request set received_on = $2, first_received_on = $3 where id = $1`
	sqlNoticeFact = `update document_request set notified_on = $2, limit_on = $3, completed_on = $4 where id = $1`
	sqlRenotified = `update decision set notified_on = $2, appeal_last_day = $3 where id = $1`
)

// CorrectFact writes a new fact in place of one that was entered wrongly: the old one is
// kept and shown struck out. The request's dates follow in the same transaction, and
// the person is told where the last day moves. Agents who may see the request may. Where
// silence has ended the request, its decision stands until somebody looks at what the facts
// now give ([Reopen]).
//
// Without a reason it is fault.Invalid "reason_required"; the same days again are
// "fact_unchanged"; a day in the future is "fact_in_future", one long before the request
// "fact_too_old", a reception after it was recorded "fact_after_entry"; a fact that contradicts
// another is fault.Invalid "invalid_facts", whose fields say which and why. What a machine
// stamped, what is closed and what no correction reaches is fault.Conflict "fact_fixed";
// facts from which the silence has already decided would decide it after the fact:
// fault.Conflict "fact_decides", until the correction says that this is accepted.
func CorrectFact(ctx context.Context, tx *tenants.Tx, number string, in Correction, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	facts, notices, err := c.facts(ctx)
	if err != nil {
		return Request{}, err
	}
	old, found := latest(facts, in.Key)
	if !found && in.Key == (Fact{Kind: FactFirstReception}).Key() { // nobody had said that it was transmitted
		old, found = Fact{Kind: FactFirstReception}, true
	}
	if !found {
		return Request{}, fault.New(fault.NotFound, "fact_unknown")
	}
	if in.Until.IsZero() && !in.On.IsZero() {
		in.Until = old.Until
	}
	in.Reason = cleanText(in.Reason)
	if err := c.checkCorrection(in, old); err != nil {
		return Request{}, err
	}
	written, err := c.supersede(ctx, old, Fact{On: in.On, Until: in.Until, Reason: in.Reason})
	if err != nil {
		return Request{}, err
	}
	if err := c.agrees(ctx); err != nil {
		return Request{}, err
	}
	if err := c.follow(ctx, written, notices, facts); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "fact_corrected", EventData{Fact: old.Kind, From: old.On, To: in.On, LimitOn: in.Until}); err != nil {
		return Request{}, err
	}
	if err := c.afterCorrection(ctx, in); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// checkCorrection refuses what no correction may say.
func (c *change) checkCorrection(in Correction, old Fact) error {
	wrong := func(path, code string) error {
		return fault.New(fault.Invalid, code, fault.Field{Path: path, Code: code})
	}
	switch {
	case !mayCorrect(c.r, old.Kind),
		!afterDecision(old.Kind) && !c.r.State.Open() && !c.r.State.lapsed():
		return fault.New(fault.Conflict, "fact_fixed")
	case in.Reason == "":
		return wrong("reason", "reason_required")
	case utf8.RuneCountInString(in.Reason) > maxBody:
		return wrong("reason", "body_too_long")
	case in.On.IsZero() && (old.Kind == FactReception || old.On.IsZero()):
		return wrong("on", "fact_day_required")
	case in.On == old.On && in.Until == old.Until:
		return wrong("on", "fact_unchanged")
	case in.On.After(c.tx.Today()):
		return wrong("on", "fact_in_future")
	case (old.Kind == FactReception || old.Kind == FactFirstReception) && in.On.After(calendar.On(c.r.ReceivedAt, c.tx.Tenant().Zone())):
		return wrong("on", "fact_after_entry")
	case !in.On.IsZero() && in.On.AddMonths(oldest).Before(calendar.On(c.r.ReceivedAt, c.tx.Tenant().Zone())):
		return wrong("on", "fact_too_old")
	}
	return nil
}

// agrees refuses facts that contradict each other, in the calendar's words.
func (c *change) agrees(ctx context.Context) error {
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	facts, notices, err := c.facts(ctx)
	if err != nil {
		return err
	}
	if _, err = silence(c.tx, e.Procedure(), c.r, notices, facts); err != nil {
		return err
	}
	if slices.ContainsFunc(facts, func(f Fact) bool { _, appeal := recourses[f.Kind]; return appeal && f.InForce() }) {
		return c.agreesWholly(ctx)
	}
	return nil
}

// follow brings the columns after the facts that are now in force.
func (c *change) follow(ctx context.Context, f Fact, notices []DocumentRequest, before []Fact) error {
	switch f.Kind {
	case FactReception, FactFirstReception:
		return c.followReception(ctx, f)
	case FactNotice, FactPapers:
		i := slices.IndexFunc(notices, func(n DocumentRequest) bool { return n.ID == f.RefersTo })
		if i < 0 {
			return fault.New(fault.NotFound, "fact_unknown")
		}
		return c.followNotice(ctx, f, notices[i], before)
	case FactDecisionNotified:
		return c.followDecision(ctx, f)
	case FactSuspension:
		return c.followSuspension(f, before)
	default:
		return nil
	}
}

func (c *change) followReception(ctx context.Context, f Fact) error {
	transmitted := c.r.FirstReceivedOn != c.r.ReceivedOn
	switch {
	case f.Kind == FactFirstReception && f.Withdrawn():
		c.r.FirstReceivedOn = c.r.ReceivedOn
	case f.Kind == FactFirstReception:
		c.r.FirstReceivedOn = f.On
	default:
		c.r.ReceivedOn = f.On
		if !transmitted {
			c.r.FirstReceivedOn = f.On
		}
	}
	_, err := c.tx.Exec(ctx, sqlReceptions, c.r.ID, c.r.ReceivedOn, c.r.FirstReceivedOn)
	return err
}

// followNotice dates a notice and its papers. One that never reached the person asks for
// nothing: its row is closed on its own day, and the law does not count it.
func (c *change) followNotice(ctx context.Context, f Fact, n DocumentRequest, before []Fact) error {
	told, _ := latest(before, Fact{Kind: FactNotice, RefersTo: n.ID}.Key())
	complete := dayOf(before, FactPapers, n.ID)
	if f.Kind == FactNotice {
		made := calendar.On(n.CreatedAt, c.tx.Tenant().Zone())
		first := firstUntil(before, f.Key())
		switch {
		case !f.Withdrawn() && f.On.Before(made):
			return fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "on", Code: "notified_on_invalid"})
		case !f.Withdrawn() && f.Until.Before(first):
			return fault.New(fault.Invalid, "limit_shortened", fault.Field{Path: "until", Code: "limit_shortened"})
		}
		told = f
	} else {
		complete = f.On
	}
	notified, limit := told.On, told.Until
	if told.Withdrawn() {
		notified, limit, complete = n.NotifiedOn, n.LimitOn, n.NotifiedOn
	}
	_, err := c.tx.Exec(ctx, sqlNoticeFact, n.ID, notified, limit, complete)
	return err
}

// firstUntil gives the end that a fact bore when it was first written: what the person
// was given cannot be taken back.
func firstUntil(facts []Fact, key string) calendar.Date {
	for _, f := range facts {
		if f.Key() == key {
			return f.Until
		}
	}
	return calendar.Date{}
}

func (c *change) followDecision(ctx context.Context, f Fact) error {
	all, err := tenants.All[Decision](ctx, c.tx, sqlDecisions, c.r.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(d Decision) bool { return d.ID == f.RefersTo })
	if i < 0 {
		return fault.New(fault.NotFound, "fact_unknown")
	}
	if !f.Withdrawn() && f.On.Before(all[i].DecidedOn) {
		return fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "on", Code: "notified_on_invalid"})
	}
	appeal, err := c.expressAppeal(ctx, all[i].Outcome, f.On)
	if err != nil {
		return err
	}
	_, err = c.tx.Exec(ctx, sqlRenotified, f.RefersTo, f.On, appeal)
	return err
}

// afterCorrection computes the dates anew, and says so to the person where the last day
// moved. A file that has become complete, or incomplete again, changes its state.
func (c *change) afterCorrection(ctx context.Context, in Correction) error {
	if !c.r.State.Open() {
		return nil
	}
	if err := c.recount(ctx); err != nil {
		return err
	}
	today := c.tx.Today()
	if c.r.silenceActed(today) && !c.before.silenceActed(today) && !in.Accepted {
		return fault.New(fault.Conflict, "fact_decides")
	}
	switch {
	case c.r.Waiting && c.r.State != StateWaiting:
		c.r.State = StateWaiting
	case !c.r.Waiting && c.r.State == StateWaiting:
		c.r.State = StateReview
	}
	if c.r.SilenceLastDay == c.before.SilenceLastDay {
		return nil
	}
	return c.tellNewDate(ctx)
}

// tellNewDate tells the person that the last day is another one than they were told.
func (c *change) tellNewDate(ctx context.Context) error {
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		f.LastDay = c.r.SilenceLastDay
		return catalogue.ComposeNewDate(e, s, f), nil
	})
	if err != nil {
		return err
	}
	return c.tellOrPost(ctx, Outgoing{Kind: LetterMessage}, c.letter(notify.LetterNewDate, letter), nil)
}

// tellNewAppeal tells the person that a refusal can be contested until another day than
// they were told.
func (c *change) tellNewAppeal(ctx context.Context, last calendar.Date) error {
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		f.AppealLastDay = last
		return catalogue.ComposeNewAppeal(e, s, f), nil
	})
	if err != nil {
		return err
	}
	return c.tellOrPost(ctx, Outgoing{Kind: LetterMessage}, c.letter(notify.LetterNewDate, letter), nil)
}
