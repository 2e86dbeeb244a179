package requests

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// RevocationInput is what an agent prepares when a decision that granted is taken back: the
// invitation to observe, and then the decision.
type RevocationInput struct {
	Act      catalogue.Outcome // OutcomeWithdrawal or OutcomeRepeal
	Ground   Ground
	Reasons  string        // in law and in fact, compulsory (L.211-2, 4°)
	LimitOn  calendar.Date // of the invitation alone: the last day to observe
	Subject  string        // of the letter; empty: the model's
	Letter   string        // as the agent changed it; empty: the model's
	Delivery string        // empty: by e-mail where it may, otherwise by post
	// Signatory is the delegation by virtue of which somebody signs; empty: as [Decide].
	Signatory tenants.ID
}

const sqlRevokes = `update decision set revokes = $2, ground = $3 where id = $1`

// grantOf gives the decision by which something was granted last.
func grantOf(decisions []Decision) (Decision, bool) {
	for _, d := range slices.Backward(decisions) {
		if d.Undone {
			continue
		}
		if d.Outcome == catalogue.OutcomeAccept || d.Outcome == catalogue.OutcomePartial || d.Outcome == catalogue.OutcomeImplicitAcceptance {
			return d, true
		}
	}
	return Decision{}, false
}

// acts gives what may still be done to what was decided, and what may no longer.
func (d *Detail) acts(today calendar.Date) []Act {
	state := d.stateInLaw(today)
	switch state {
	case StateAccepted, StatePartly, StateImplicitAcceptance:
		decided := d.SilenceLastDay
		if g, ok := grantOf(d.Decisions); ok {
			decided = g.DecidedOn
		}
		return actsOn(d.Procedure.Silence.Code, decided, today)
	case StateRefused, StateImplicitRejection:
		if _, accepts := d.Procedure.Letters[catalogue.OutcomeAccept]; accepts {
			return actsOnRefusal(state)
		}
	}
	return nil
}

// stateInLaw is the state, or the one that silence has made although nothing has written
// it yet.
func (r Request) stateInLaw(today calendar.Date) State {
	switch {
	case !r.silenceActed(today):
		return r.State
	case r.Silence.Effect == calendar.Acceptance:
		return StateImplicitAcceptance
	default:
		return StateImplicitRejection
	}
}

// revocable finds the decision to take back and the act that is meant, where the law leaves
// it open: otherwise fault.Conflict "revocation_closed", whose field says why, and an act
// that the procedure does not know is fault.Invalid "revocation_unknown". A silence that has
// decided is written first.
func (c *change) revocable(ctx context.Context, in RevocationInput, action Action) (Decision, Act, error) {
	if c.r.silenceActed(c.tx.Today()) && c.r.Silence.Effect == calendar.Acceptance {
		if _, err := Next(StateImplicitAcceptance, c.r.Kind, action, c.who); err != nil {
			return Decision{}, Act{}, err
		}
		if err := c.lapse(ctx); err != nil {
			return Decision{}, Act{}, err
		}
	}
	if err := c.act(action); err != nil {
		return Decision{}, Act{}, err
	}
	all, err := tenants.All[Decision](ctx, c.tx, sqlDecisions, c.r.ID)
	if err != nil {
		return Decision{}, Act{}, err
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return Decision{}, Act{}, err
	}
	granted, ok := grantOf(all)
	if !ok {
		return Decision{}, Act{}, fault.New(fault.Conflict, "action_not_possible")
	}
	for _, a := range actsOn(e.Procedure().Silence.Code, granted.DecidedOn, c.tx.Today()) {
		switch {
		case a.Outcome != in.Act || a.Ground != in.Ground:
		case !a.Open:
			return Decision{}, Act{}, fault.New(fault.Conflict, "revocation_closed", fault.Field{Path: "ground", Code: "closed", Message: a.Why})
		default:
			return granted, a, nil
		}
	}
	return Decision{}, Act{}, fault.New(fault.Invalid, "revocation_unknown", fault.Field{Path: "ground", Code: "unknown"})
}

// Revoke takes back what was granted (retrait, abrogation), with a letter. Instructors of
// the service and administrators may. Beside the faults of an act that is not open
// ("revocation_closed", "revocation_unknown"): where the person has to be heard first and
// was not, or may still answer, it is fault.Conflict "hearing_required"; without reasons
// fault.Invalid "reasons_required"; a letter without its ways of appeal "letter_lacks_appeal".
func Revoke(ctx context.Context, tx *tenants.Tx, number string, in RevocationInput, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	granted, act, err := c.revocable(ctx, in, ActionRevoke)
	if err != nil {
		return Request{}, err
	}
	heard := Hearing{}
	if act.Heard {
		if heard, err = c.heard(ctx, in, granted); err != nil {
			return Request{}, err
		}
	}
	d, err := c.decision(ctx, DecisionInput{
		Outcome: in.Act, Reasons: in.Reasons, Subject: in.Subject, Letter: in.Letter, Delivery: in.Delivery, Signatory: in.Signatory,
		revoked: revokedOf(granted, act, heard.MadeOn),
	})
	if err != nil {
		return Request{}, err
	}
	if err := c.insertDecision(ctx, d); err != nil {
		return Request{}, err
	}
	if _, err := tx.Exec(ctx, sqlRevokes, d.ID, granted.ID, string(in.Ground)); err != nil {
		return Request{}, err
	}
	if granted.Implicit { // its attestation no longer holds
		attested := documents.Draft{Request: c.r.ID, Source: granted.ID, Content: documents.Content{Kind: documents.Attestation}}
		if err := documents.Revoke(ctx, tx, attested, "La décision attestée a été retirée ou abrogée."); err != nil {
			return Request{}, err
		}
	}
	c.close(d.DecidedOn)
	c.r.DecidedOn = d.DecidedOn
	if err := c.record(ctx, "decided", EventData{DecisionID: d.ID, Outcome: string(d.Outcome), On: d.DecidedOn}); err != nil {
		return Request{}, err
	}
	if err := c.tellDecision(ctx, d); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// revokedOf says in a letter what is taken back, and why that may be.
func revokedOf(granted Decision, a Act, heardOn calendar.Date) catalogue.Revoked {
	basis := map[Ground]string{
		GroundIllegal:   "Cette décision est illégale (" + a.Article + ").",
		GroundFraud:     "Elle a été obtenue par fraude (" + a.Article + ").",
		GroundCondition: "Une condition à laquelle elle était soumise n’est pas respectée (" + a.Article + ").",
		GroundAsked:     "Vous l’avez demandé (" + a.Article + ").",
	}
	return catalogue.Revoked{Act: a.Outcome, On: granted.DecidedOn, Implicit: granted.Implicit, Basis: basis[a.Ground], HeardOn: heardOn}
}

// PreviewRevocation gives the letter of a revocation, or of the invitation before it, as it
// would leave; without reasons or a day, a mark stands where they will be.
func PreviewRevocation(ctx context.Context, tx *tenants.Tx, number string, o catalogue.Outcome, in RevocationInput) (catalogue.ComposedLetter, error) {
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	if who&agents == 0 {
		return catalogue.ComposedLetter{}, fault.New(fault.Forbidden, "not_allowed")
	}
	c := &change{tx: tx, before: r, r: r, who: who}
	decisions, err := tenants.All[Decision](ctx, tx, sqlDecisions, r.ID)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	granted, ok := grantOf(decisions)
	if !ok { // by a silence that nothing has written yet
		granted = Decision{DecidedOn: r.SilenceLastDay, Implicit: true}
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	act := Act{Outcome: in.Act, Ground: in.Ground}
	for _, a := range actsOn(e.Procedure().Silence.Code, granted.DecidedOn, tx.Today()) {
		if a.Outcome == in.Act && a.Ground == in.Ground {
			act = a
		}
	}
	hearings, err := tenants.All[Hearing](ctx, tx, sqlHearings, r.ID)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	heardOn := calendar.Date{}
	if h, ok := hearingFor(hearings, in, granted.ID); ok && o != catalogue.OutcomeHearing {
		heardOn = h.MadeOn
	}
	signer, err := c.signer(ctx, in.Signatory)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	return c.compose(ctx, o, func(f *catalogue.LetterFacts) {
		f.Reasons, f.LimitOn, f.Revoked = orMark(in.Reasons), in.LimitOn, revokedOf(granted, act, heardOn)
		signer.sign(f)
	})
}

// orMark gives the reasons, or the mark that stands for them until they are written.
func orMark(reasons string) string {
	if reasons = cleanText(reasons); reasons == "" {
		return "[motifs à compléter]"
	}
	return reasons
}

// tooLong refuses texts that no letter holds.
func tooLong(reasons, subject, letter string) error {
	if utf8.RuneCountInString(reasons) > maxBody || utf8.RuneCountInString(letter) > 4*maxBody || utf8.RuneCountInString(subject) > maxLabel {
		return fault.New(fault.Invalid, "body_too_long", fault.Field{Path: "letter", Code: "too_long"})
	}
	return nil
}

// hearingLetter is the letter of an invitation as it is mailed.
func (c *change) hearingLetter(h Hearing) notify.Letter {
	return c.letter(notify.LetterHearing, catalogue.ComposedLetter{Subject: h.Subject, Body: h.Letter})
}
