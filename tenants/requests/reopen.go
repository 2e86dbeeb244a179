package requests

import (
	"context"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// FactSilenceUndone says that a silence which was written down never decided: RefersTo is its
// decision, Until the day that it bore, Reason why. The decision stays, and is shown so.
const FactSilenceUndone FactKind = "silence_undone"

// Reopening is a silence that was written down and that the corrected facts no longer give.
type Reopening struct {
	Decision Decision
	LastDay  calendar.Date // as the facts now give it; none: none runs, for papers are awaited
}

// lapsed tells whether silence ended the request.
func (s State) lapsed() bool { return s == StateImplicitAcceptance || s == StateImplicitRejection }

// standingSilence gives the decision of the silence that ended a request.
func standingSilence(r Request, decisions []Decision) (Decision, bool) {
	for _, d := range slices.Backward(decisions) {
		if d.Implicit && !d.Undone && r.State.lapsed() {
			return d, true
		}
	}
	return Decision{}, false
}

// factsSince gives the facts that were written since a decision was.
func factsSince(facts []Fact, d Decision) []tenants.ID {
	var ids []tenants.ID
	for _, f := range facts {
		// A fact that is corrected gets its row then, and keeps its own moment.
		if since := f.At.After(d.CreatedAt) || f.Corrects != "" && f.At.Equal(d.CreatedAt); since && f.ID != "" && f.Kind != FactIncident {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// reopening tells whether the facts, as they were corrected since silence ended the request,
// no longer give that silence: their last day lies beyond the one that was written down. What
// only the rules give otherwise since then reopens nothing.
func reopening(tx *tenants.Tx, p *catalogue.Procedure, r Request, notices []DocumentRequest, decisions []Decision, facts []Fact) (*Reopening, error) {
	d, ok := standingSilence(r, decisions)
	if !ok {
		return nil, nil //nolint:nilnil // there is no silence to look at
	}
	written := factsSince(facts, d)
	if len(written) == 0 {
		return nil, nil //nolint:nilnil // nothing was corrected
	}
	now, err := silence(tx, p, r, notices, facts)
	if err != nil {
		return nil, err
	}
	if now.LastDay.IsZero() {
		return &Reopening{Decision: d}, nil
	}
	last := now.LastDay
	was, err := silence(tx, p, r, slices.Clone(notices), without(facts, written))
	if err == nil && !was.LastDay.IsZero() { // the facts of before may have contradicted each other
		last = last.AddDays(was.LastDay.DaysUntil(d.DecidedOn))
	}
	if !last.After(d.DecidedOn) {
		return nil, nil //nolint:nilnil // it decided no later
	}
	return &Reopening{Decision: d, LastDay: last}, nil
}

// Reopen says that the silence which was written down never decided, because the facts that
// were wrong gave it, and lets the clock go on: the decision stays in the file, marked, what
// attested it holds no longer, and the person is told. Instructors of the service and
// administrators may. Where the facts, as corrected, still give that silence, it is
// fault.Conflict "silence_stands"; where silence ended nothing "action_not_possible"; without
// a reason fault.Invalid "reason_required".
func Reopen(ctx context.Context, tx *tenants.Tx, number, reason string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.act(ActionReopen); err != nil {
		return Request{}, err
	}
	if reason, err = reasonGiven(reason); err != nil {
		return Request{}, err
	}
	found, facts, err := c.reopening(ctx)
	if err != nil {
		return Request{}, err
	}
	if found == nil {
		return Request{}, fault.New(fault.Conflict, "silence_stands")
	}
	if err := c.undo(ctx, found.Decision, reason); err != nil {
		return Request{}, err
	}
	c.wrote = append(c.wrote, factsSince(facts, found.Decision)...) // the dates are counted on from the day that was told
	if err := c.recount(ctx); err != nil {
		return Request{}, err
	}
	if c.r.Waiting {
		c.r.State = StateWaiting
	}
	if err := c.record(ctx, "silence_undone", EventData{DecisionID: found.Decision.ID, Outcome: string(found.Decision.Outcome), From: found.Decision.DecidedOn, LastDay: c.r.SilenceLastDay}); err != nil {
		return Request{}, err
	}
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		f.LastDay = c.r.SilenceLastDay
		return catalogue.ComposeReopened(e, s, f, found.Decision.Outcome, found.Decision.DecidedOn), nil
	})
	if err != nil {
		return Request{}, err
	}
	if err := c.tellOrPost(ctx, Outgoing{Kind: LetterMessage}, c.letter(notify.LetterNewDate, letter), nil); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

func (c *change) reopening(ctx context.Context) (*Reopening, []Fact, error) {
	e, err := c.procedure(ctx)
	if err != nil {
		return nil, nil, err
	}
	decisions, err := tenants.All[Decision](ctx, c.tx, sqlDecisions, c.r.ID)
	if err != nil {
		return nil, nil, err
	}
	facts, notices, err := c.facts(ctx)
	if err != nil {
		return nil, nil, err
	}
	found, err := reopening(c.tx, e.Procedure(), c.before, notices, decisions, facts)
	return found, facts, err
}

// undo marks a silent decision as one that never was, and what attested it with it.
func (c *change) undo(ctx context.Context, d Decision, reason string) error {
	if _, err := c.keep(ctx, Fact{Kind: FactSilenceUndone, On: c.tx.Today(), Until: d.DecidedOn, RefersTo: d.ID, Reason: reason}); err != nil {
		return err
	}
	if _, err := c.tx.Exec(ctx, sqlAppealDay, d.ID, calendar.Date{}); err != nil {
		return err
	}
	attested := documents.Draft{Request: c.r.ID, Source: d.ID, Content: documents.Content{Kind: documents.Attestation}}
	if err := documents.Revoke(ctx, c.tx, attested, "le silence n’avait pas décidé, une date du dossier ayant été mal notée."); err != nil {
		return err
	}
	c.r.DecidedOn, c.r.ClosedOn, c.r.ClosedAt = calendar.Date{}, calendar.Date{}, time.Time{}
	return nil
}
