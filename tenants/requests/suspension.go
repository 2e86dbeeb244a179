package requests

import (
	"context"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// SuspensionInput suspends the instruction of an aid on a suspicion of fraud (CRPA L.115-3,
// R.115-5), or goes on suspending it on new elements.
type SuspensionInput struct {
	Until  calendar.Date // at most three months after it reaches the person
	Reason string        // what makes the town suspicious; of a renewal, what is new: the person reads it
	// Delivery is how the letter leaves: DeliveryEmail, or DeliveryPost, by the print queue,
	// from which it can be handed over too. Empty: by e-mail where the person gets messages so.
	Delivery string
}

// Suspensions gives the suspensions that hold, the oldest first; the reason of each is that
// with which it was made.
func (d Detail) Suspensions() []Fact {
	var out []Fact
	for _, f := range d.Facts {
		if f.Kind == FactSuspension && f.InForce() {
			f.Reason = grounds(d.Facts, f)
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Fact) int { return a.On.Compare(b.On) })
	return out
}

// SuspendedUntil gives the day until which the instruction is suspended; none where it is not.
func (d Detail) SuspendedUntil(today calendar.Date) calendar.Date {
	if !d.State.Open() {
		return calendar.Date{}
	}
	return running(d.Facts, today)
}

// grounds gives the reason with which a suspension was first made.
func grounds(facts []Fact, f Fact) string {
	for _, x := range facts {
		if x.Key() == f.Key() {
			return x.Reason
		}
	}
	return f.Reason
}

// running gives the last end of the suspensions that are not over.
func running(facts []Fact, today calendar.Date) calendar.Date {
	var until calendar.Date
	for _, f := range facts {
		if f.Kind == FactSuspension && f.InForce() && f.Until.After(today) && f.Until.After(until) {
			until = f.Until
		}
	}
	return until
}

// Suspend suspends the instruction of an aid, or renews a suspension on new elements, and
// tells the person why, until when, and the new last day. Instructors of the service and
// administrators may. What is no aid is fault.Conflict "suspension_not_aid"; without a reason
// it is fault.Invalid "suspension_reason_required"; an end that is not after today is
// "suspension_end_past"; one after more than three months, or of a renewal before that of the
// suspension that it renews, is "invalid_facts" with the sentence. After the last day it is
// fault.Conflict "silence_acquired".
func Suspend(ctx context.Context, tx *tenants.Tx, number string, in SuspensionInput, expect int64) (Request, error) {
	c, facts, err := beginSuspension(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	in.Reason = cleanText(in.Reason)
	if err := checkSuspension(in, facts, tx.Today()); err != nil {
		return Request{}, err
	}
	if in.Delivery != DeliveryCounter { // it leaves by the queue, from which it can be handed over
		in.Delivery, err = c.noticeDelivery(in.Delivery)
	} else {
		err = fault.New(fault.Invalid, "delivery_invalid", fault.Field{Path: "delivery", Code: "invalid"})
	}
	if err != nil {
		return Request{}, err
	}
	made, err := c.keep(ctx, Fact{Kind: FactSuspension, On: tx.Today(), Until: in.Until, Reason: in.Reason})
	if err != nil {
		return Request{}, err
	}
	if err := c.agrees(ctx); err != nil {
		return Request{}, err
	}
	if err := c.recount(ctx); err != nil {
		return Request{}, err
	}
	kind, renewed := "suspended", slices.ContainsFunc(facts, func(f Fact) bool { return f.Kind == FactSuspension && f.InForce() })
	if renewed {
		kind = "suspension_renewed"
	}
	if err := c.record(ctx, kind, EventData{On: made.On, LimitOn: made.Until}); err != nil {
		return Request{}, err
	}
	if err := c.sendSuspension(ctx, made, in, renewed); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// beginSuspension locks a request whose suspension is to be changed.
func beginSuspension(ctx context.Context, tx *tenants.Tx, number string, expect int64) (*change, []Fact, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return nil, nil, err
	}
	if err := c.beforeSilence(); err != nil {
		return nil, nil, err
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !e.Procedure().Aid() {
		return nil, nil, fault.New(fault.Conflict, "suspension_not_aid")
	}
	if err := c.act(ActionSuspend); err != nil {
		return nil, nil, err
	}
	c.cause = FactSuspension
	facts, _, err := c.facts(ctx)
	return c, facts, err
}

func checkSuspension(in SuspensionInput, facts []Fact, today calendar.Date) error {
	if err := suspensionReason(in.Reason); err != nil {
		return err
	}
	if !in.Until.After(today) {
		return fault.New(fault.Invalid, "suspension_end_past", fault.Field{Path: "until", Code: "suspension_end_past"})
	}
	if now := running(facts, today); !now.IsZero() && !in.Until.After(now) {
		return calendar.Contradiction(suspensionPath(facts, "until"), "renewal_ends_before")
	}
	return nil
}

// suspensionPath names the next suspension among the facts.
func suspensionPath(facts []Fact, field string) string {
	n := 0
	for _, f := range facts {
		if f.Kind == FactSuspension && f.InForce() {
			n++
		}
	}
	return "suspensions/" + strconv.Itoa(n) + "/" + field
}

func suspensionReason(reason string) error {
	switch {
	case reason == "":
		return fault.New(fault.Invalid, "suspension_reason_required", fault.Field{Path: "reason", Code: "suspension_reason_required"})
	case utf8.RuneCountInString(reason) > maxBody:
		return fault.New(fault.Invalid, "body_too_long", fault.Field{Path: "reason", Code: "too_long"})
	}
	return nil
}

// sendSuspension tells the person, by e-mail or by a letter whose arrival counts.
func (c *change) sendSuspension(ctx context.Context, f Fact, in SuspensionInput, renewed bool) error {
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, l catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		l.Reasons, l.LimitOn, l.Posted = f.Reason, f.Until, in.Delivery == DeliveryPost
		return catalogue.ComposeSuspension(e, s, l, renewed), nil
	})
	if err != nil {
		return err
	}
	if in.Delivery == DeliveryPost {
		return c.queueLetter(ctx, Outgoing{Kind: LetterSuspension, About: f.RefersTo, Subject: letter.Subject, Body: letter.Body, Awaited: true})
	}
	return c.tell(ctx, c.letter(notify.LetterSuspended, letter), nil)
}

// EndSuspension ends the suspensions that run, today, and tells the person why and the new
// last day: the clock goes on at once. Instructors of the service and administrators may.
// Where none runs it is fault.Conflict "suspension_over"; without a reason fault.Invalid
// "suspension_reason_required".
func EndSuspension(ctx context.Context, tx *tenants.Tx, number, reason string, expect int64) (Request, error) {
	c, facts, err := beginSuspension(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	today := tx.Today()
	if running(facts, today).IsZero() {
		return Request{}, fault.New(fault.Conflict, "suspension_over")
	}
	reason = cleanText(reason)
	if err := suspensionReason(reason); err != nil {
		return Request{}, err
	}
	for _, f := range facts {
		if f.Kind == FactSuspension && f.InForce() && f.Until.After(today) {
			if _, err := c.supersede(ctx, f, Fact{On: f.On, Until: today, Reason: reason}); err != nil {
				return Request{}, err
			}
		}
	}
	if err := c.recount(ctx); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "suspension_ended", EventData{On: today}); err != nil {
		return Request{}, err
	}
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, l catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		l.Reasons = reason
		return catalogue.ComposeResumption(e, s, l), nil
	})
	if err != nil {
		return Request{}, err
	}
	if err := c.tellOrPost(ctx, Outgoing{Kind: LetterMessage}, c.letter(notify.LetterResumed, letter), nil); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// ConfirmSuspension dates the day on which a posted suspension reached the person: the clock
// stops from that day alone. Agents of the service may. A day before the letter or in the
// future is fault.Invalid "notified_on_invalid"; one after the end that it gave is
// "suspension_arrived_late"; one that does not hold any more is fault.NotFound
// "document_unknown".
func ConfirmSuspension(ctx context.Context, tx *tenants.Tx, number string, suspension tenants.ID, on calendar.Date, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	if !c.r.State.Open() {
		return Request{}, fault.New(fault.Conflict, "action_not_possible")
	}
	facts, _, err := c.facts(ctx)
	if err != nil {
		return Request{}, err
	}
	told, found := latest(facts, Fact{Kind: FactSuspension, RefersTo: suspension}.Key())
	switch {
	case !found || told.Withdrawn():
		return Request{}, fault.New(fault.NotFound, "document_unknown")
	case on.Before(told.On) || on.After(tx.Today()):
		return Request{}, fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "notified_on", Code: "invalid"})
	case on.After(told.Until):
		return Request{}, fault.New(fault.Invalid, "suspension_arrived_late", fault.Field{Path: "notified_on", Code: "invalid"})
	}
	c.cause = FactSuspension
	if _, err := c.supersede(ctx, told, Fact{On: on, Until: told.Until}); err != nil {
		return Request{}, err
	}
	if err := c.letterArrived(ctx, suspension, on); err != nil {
		return Request{}, err
	}
	if err := c.recount(ctx); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "suspension_arrived", EventData{On: on}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// followSuspension refuses a correction that does what only a renewal may: who may not
// suspend corrects no suspension, and its end goes no farther than the person was told.
func (c *change) followSuspension(f Fact, before []Fact) error {
	if c.who&deciders == 0 {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	if !f.Withdrawn() && f.Until.After(firstUntil(before, f.Key())) {
		return calendar.Contradiction("suspensions/0/until", "lengthened")
	}
	c.cause = FactSuspension
	return nil
}
