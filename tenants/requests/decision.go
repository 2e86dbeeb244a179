package requests

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// How a decision reaches the person.
const (
	DeliveryEmail   = "email"   // where it may ([Applicant.DecisionMail])
	DeliveryCounter = "counter" // handed over today
	DeliveryPost    = "post"    // notified when it arrives: [ConfirmNotified]
)

// DecisionInput is what an agent decides.
type DecisionInput struct {
	Outcome  catalogue.Outcome // accept, partial, refuse, answer, register, close
	Reasons  string            // a refusal, an answer and a closure need some (L.211-2)
	Subject  string            // of the letter; empty: the model's
	Letter   string            // as the agent changed it; empty: the model's
	Delivery string            // empty: by e-mail where it may, otherwise by post
	// Signatory is the delegation by virtue of which somebody signs, or SignatoryTown. Empty:
	// the acting agent where a delegation lets them, otherwise whom the settings name.
	Signatory tenants.ID

	// Granted is what a partial agreement grants; Reasons are then those of the rest.
	Granted string

	revoked    catalogue.Revoked // of a withdrawal or a repeal
	preparedBy string            // of a decision that another signs
}

// Decision is an answer of the town, or what its silence meant.
type Decision struct {
	ID            tenants.ID
	Outcome       catalogue.Outcome
	Implicit      bool
	Reasons       string
	Subject       string
	Letter        string // empty where silence decided
	Signatory     string
	Delivery      string
	DecidedOn     calendar.Date
	NotifiedOn    calendar.Date // none: it has not reached the person yet
	AppealLastDay calendar.Date // none where no day binds the person
	CreatedAt     time.Time
	Undone        bool // a silence that never decided: the facts that gave it were wrong ([Reopen])
}

const (
	sqlInsertDecision = `insert into decision (id, request_id, outcome, implicit, reasons, subject, letter, signatory, delivery, decided_on, notified_on, appeal_last_day, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	sqlDecisions = `select id, outcome, implicit, reasons, subject, letter, signatory, delivery, decided_on, notified_on, appeal_last_day, created_at,
			implicit and exists (select 1 from request_fact f where f.request_id = d.request_id and f.kind = 'silence_undone' and f.refers_to = d.id) as undone
		from decision d where request_id = $1 order by created_at, id`
	sqlAppealDay = `update decision set appeal_last_day = $2 where id = $1`
	sqlNotified  = `update decision set notified_on = $3, appeal_last_day = $4 where id = $1 and request_id = $2 and notified_on is null and not implicit`
)

// actionOf gives the action that an outcome is.
func actionOf(o catalogue.Outcome) (Action, bool) {
	a := Action(o)
	return a, slices.Contains([]Action{ActionAccept, ActionPartial, ActionRefuse, ActionAnswer, ActionRegister, ActionClose}, a)
}

// Decide answers a request with a letter. Instructors of its service and
// administrators may; anyone at the front desk may answer a question.
//
// After its last day the silence has decided: the answer is fault.Conflict
// "silence_acquired", but that an acceptance or an answer may still follow a silent
// rejection, which is then written first. A request is closed without a decision only
// where its papers never came in the time given, or it is irregular (F3): fault.Conflict
// "documents_limit_running". A refusal whose changed letter no longer names the ways of
// appeal is fault.Invalid "letter_lacks_appeal". One that is another's to sign is
// fault.Forbidden "signature_needed": [Prepare] keeps it for them.
func Decide(ctx context.Context, tx *tenants.Tx, number string, in DecisionInput, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	return c.decide(ctx, in)
}

func (c *change) decide(ctx context.Context, in DecisionInput) (Request, error) {
	action, err := c.decidable(ctx, in.Outcome)
	if err != nil {
		return Request{}, err
	}
	if err := c.signs(ctx, in); err != nil {
		return Request{}, err
	}
	if err := c.decidesHere(ctx, action); err != nil {
		return Request{}, err
	}
	if err := c.afterSilence(ctx, action); err != nil {
		return Request{}, err
	}
	if err := c.mayClose(ctx, action); err != nil {
		return Request{}, err
	}
	if err := c.act(action); err != nil {
		return Request{}, err
	}
	d, err := c.decision(ctx, in)
	if err != nil {
		return Request{}, err
	}
	if err := c.insertDecision(ctx, d); err != nil {
		return Request{}, err
	}
	c.close(d.DecidedOn)
	c.r.DecidedOn = d.DecidedOn
	if _, err := c.tx.Exec(ctx, sqlUnprepared, c.r.ID); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "decided", EventData{DecisionID: d.ID, Outcome: string(d.Outcome), On: d.DecidedOn, Agent: in.preparedBy}); err != nil {
		return Request{}, err
	}
	if err := c.tellDecision(ctx, d); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// decidable gives the action that an outcome is, where the procedure knows it.
func (c *change) decidable(ctx context.Context, o catalogue.Outcome) (Action, error) {
	e, err := c.procedure(ctx)
	if err != nil {
		return "", err
	}
	action, ok := actionOf(o)
	if !ok || !slices.Contains(e.Procedure().Outcomes(), o) {
		return "", fault.New(fault.Invalid, "outcome_invalid", fault.Field{Path: "outcome", Code: "invalid"})
	}
	return action, nil
}

// stillDecides refuses what the silence has already decided.
func (c *change) stillDecides(action Action) error {
	if !c.r.silenceActed(c.tx.Today()) {
		return nil
	}
	if c.r.Silence.Effect != calendar.Rejection || action != ActionAccept && action != ActionPartial && action != ActionAnswer {
		return fault.New(fault.Conflict, "silence_acquired")
	}
	_, err := Next(StateImplicitRejection, c.r.Kind, action, c.who)
	return err
}

// afterSilence refuses what the silence has already decided, and writes a silent
// rejection that an acceptance or an answer is about to follow.
func (c *change) afterSilence(ctx context.Context, action Action) error {
	if err := c.stillDecides(action); err != nil || !c.r.silenceActed(c.tx.Today()) {
		return err
	}
	return c.lapse(ctx)
}

// mayClose lets a request go without a decision only where the law does: its papers
// never came in the time given (F3), or nobody can be told who sent it.
func (c *change) mayClose(ctx context.Context, action Action) error {
	if action != ActionClose || c.r.Kind != KindRequest || !c.r.Regular {
		return nil
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	facts, notices, err := c.facts(ctx)
	if err != nil {
		return err
	}
	law, _ := legalFacts(c.tx, e.Procedure(), c.r, notices, facts)
	for _, n := range notices {
		limit, _ := law.Spared(n.LimitOn) // who could not reach us has a day more
		if n.CompletedOn.IsZero() && n.indispensable() && limit.Before(c.tx.Today()) {
			return nil
		}
	}
	return fault.New(fault.Conflict, "documents_limit_running")
}

func (c *change) decision(ctx context.Context, in DecisionInput) (Decision, error) {
	today := c.tx.Today()
	d := Decision{
		ID: tenants.NewID(), Outcome: in.Outcome, Reasons: cleanText(in.Reasons), Subject: clean(in.Subject, false), Letter: cleanText(in.Letter),
		Delivery: in.Delivery, DecidedOn: today, CreatedAt: c.tx.Now(),
	}
	if err := tooLong(d.Reasons+in.Granted, d.Subject, d.Letter); err != nil {
		return d, err
	}
	signer, err := c.signer(ctx, in.Signatory)
	if err != nil {
		return d, err
	}
	composed, err := c.compose(ctx, in.Outcome, func(f *catalogue.LetterFacts) {
		f.Reasons, f.Granted, f.Revoked = d.Reasons, cleanText(in.Granted), in.revoked
		signer.sign(f)
	})
	if err != nil {
		return d, err
	}
	if d.Letter == "" {
		d.Letter = composed.Body
	}
	if err := c.keepsAppeal(ctx, d); err != nil {
		return d, err
	}
	if d.Subject == "" {
		d.Subject = composed.Subject
	}
	if d.Delivery, err = c.delivery(in.Outcome, in.Delivery); err != nil {
		return d, err
	}
	if d.Delivery != DeliveryPost {
		d.NotifiedOn = today
		if d.AppealLastDay, err = c.expressAppeal(ctx, in.Outcome, today); err != nil {
			return d, err
		}
	}
	if d.Signatory = signer.line(); d.Signatory == "" { // an answer or a closure, which are not decisions to sign (L.212-1)
		d.Signatory = c.tx.Actor().Name
	}
	return d, nil
}

// delivery gives how the letter of an outcome leaves: by e-mail only where it may.
func (c *change) delivery(o catalogue.Outcome, wanted string) (string, error) {
	mailed := c.r.Applicant.DecisionMail(o) != ""
	switch {
	case wanted == "" && mailed:
		return DeliveryEmail, nil
	case wanted == "":
		return DeliveryPost, nil
	case wanted == DeliveryEmail && !mailed, !slices.Contains([]string{DeliveryEmail, DeliveryCounter, DeliveryPost}, wanted):
		return "", fault.New(fault.Invalid, "delivery_invalid", fault.Field{Path: "delivery", Code: "invalid"})
	}
	return wanted, nil
}

// keepsAppeal refuses a refusal whose letter lost the ways and times of appeal while
// an agent changed it: it would bind nobody (CJA R.421-5).
func (c *change) keepsAppeal(ctx context.Context, d Decision) error {
	if !d.Outcome.Refuses() {
		return nil
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	if !catalogue.KeepsAppeal(e, settings, d.Letter) {
		return fault.New(fault.Invalid, "letter_lacks_appeal", fault.Field{Path: "letter", Code: "lacks_appeal"})
	}
	return nil
}

// expressAppeal gives the last day to appeal against an express refusal, or against the
// taking back of what was granted; none where no day binds the person (law.md R4).
func (c *change) expressAppeal(ctx context.Context, o catalogue.Outcome, notified calendar.Date) (calendar.Date, error) {
	if !o.Refuses() {
		return calendar.Date{}, nil
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return calendar.Date{}, err
	}
	lives, err := c.residence(ctx)
	if err != nil {
		return calendar.Date{}, err
	}
	return appealDay(e.Procedure(), c.r, notified, c.tx.Territory(), lives.Lives)
}

func (c *change) insertDecision(ctx context.Context, d Decision) error {
	_, err := c.tx.Exec(ctx, sqlInsertDecision, d.ID, c.r.ID, string(d.Outcome), d.Implicit, d.Reasons, d.Subject, d.Letter, d.Signatory, d.Delivery,
		d.DecidedOn, d.NotifiedOn, d.AppealLastDay, d.CreatedAt)
	if err != nil || d.Implicit || d.NotifiedOn.IsZero() {
		return err
	}
	_, err = c.keep(ctx, Fact{Kind: FactDecisionNotified, RefersTo: d.ID, On: d.NotifiedOn})
	return err
}

// tellDecision sends the decision itself where it leaves by e-mail. Of one that is posted
// the person is only told that it is on its way: that is no notification, and no time
// runs from it.
func (c *change) tellDecision(ctx context.Context, d Decision) error {
	switch d.Delivery {
	case DeliveryEmail:
		letter := c.letter(notify.LetterDecision, catalogue.ComposedLetter{Subject: d.Subject, Body: d.Letter})
		return c.tellAt(ctx, c.r.Applicant.DecisionMail(d.Outcome), letter, notify.SMSDecision{Number: c.r.Number})
	case DeliveryPost:
		if err := c.queueLetter(ctx, Outgoing{Kind: LetterDecision, About: d.ID, Subject: d.Subject, Body: d.Letter, Awaited: true}); err != nil {
			return err
		}
		return c.tell(ctx, notify.DecisionPosted{
			Number: c.r.Number, Title: c.r.Title, Applicant: c.r.ApplicantName(), DecidedOn: d.DecidedOn, Binds: d.Outcome.Binds(), Path: c.path(),
		}, notify.SMSDecisionPosted{Number: c.r.Number})
	}
	return nil
}

// letter is a letter about the request, as it is mailed.
func (c *change) letter(kind string, l catalogue.ComposedLetter) notify.Letter {
	return notify.Letter{Kind: kind, Number: c.r.Number, Title: c.r.Title, Applicant: c.r.ApplicantName(), Subject: l.Subject, Body: l.Body, Path: c.path()}
}

// compose writes the letter of an outcome in the procedure's words.
func (c *change) compose(ctx context.Context, o catalogue.Outcome, more func(*catalogue.LetterFacts)) (catalogue.ComposedLetter, error) {
	return c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		more(&f)
		return catalogue.Compose(e, s, o, f)
	})
}

// write gives whoever composes a letter what is known of the request.
func (c *change) write(ctx context.Context, by func(catalogue.Entry, tenants.Settings, catalogue.LetterFacts) (catalogue.ComposedLetter, error)) (catalogue.ComposedLetter, error) {
	e, err := c.procedure(ctx)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	f := catalogue.LetterFacts{
		Commune: c.tx.Tenant().Name, Applicant: c.r.ApplicantName(), Number: c.r.Number, ReceivedOn: c.r.ReceivedOn,
		LastDay: c.r.SilenceLastDay, DecidedOn: c.tx.Today(), Answers: e.Procedure().Form.Placeholders(c.r.Answers),
	}
	if a := c.tx.Actor(); a.IsAgent() {
		title, err := c.agentTitle(ctx, a.ID)
		if err != nil {
			return catalogue.ComposedLetter{}, err
		}
		f.Agent = strings.Trim(a.Name+", "+title, ", ")
	}
	lives, err := c.residence(ctx)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	f.Address, f.Residence = c.r.Applicant.PostalAddress, lives.Lives
	if p := e.Procedure(); p.PlanningReview() { // known from the start, whatever is answered
		if f.AppealLastDay, err = appealDay(p, c.r, f.DecidedOn, c.tx.Territory(), lives.Lives); err != nil {
			return catalogue.ComposedLetter{}, err
		}
	}
	return by(e, settings, f)
}

// GrantedMark stands in a composed letter where what a partial agreement grants will be.
const GrantedMark = "[ce qui est accordé]"

// PreviewLetter gives the letter of a decision as it would leave, for the agent to read and
// to change; without reasons, a mark stands where they will be.
func PreviewLetter(ctx context.Context, tx *tenants.Tx, number string, in DecisionInput) (catalogue.ComposedLetter, error) {
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	if who&agents == 0 {
		return catalogue.ComposedLetter{}, fault.New(fault.Forbidden, "not_allowed")
	}
	c := &change{tx: tx, before: r, r: r, who: who}
	signer, err := c.signer(ctx, in.Signatory)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	return c.compose(ctx, in.Outcome, func(f *catalogue.LetterFacts) {
		f.Reasons, f.Granted = orMark(in.Reasons), cmp.Or(cleanText(in.Granted), GrantedMark)
		signer.sign(f)
	})
}

// ConfirmNotified dates the day on which a posted decision reached the person: the
// time for appeal runs from it. Whoever may decide may. A day before the decision or
// in the future is fault.Invalid "notified_on_invalid"; a decision that is not
// waiting for it is fault.NotFound "decision_unknown".
func ConfirmNotified(ctx context.Context, tx *tenants.Tx, number string, decision tenants.ID, on calendar.Date, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	all, err := tenants.All[Decision](ctx, tx, sqlDecisions, c.r.ID)
	if err != nil {
		return Request{}, err
	}
	i := slices.IndexFunc(all, func(d Decision) bool { return d.ID == decision && !d.Implicit && d.NotifiedOn.IsZero() })
	if i < 0 {
		return Request{}, fault.New(fault.NotFound, "decision_unknown")
	}
	if on.Before(all[i].DecidedOn) || on.After(tx.Today()) {
		return Request{}, fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "notified_on", Code: "invalid"})
	}
	appeal, err := c.expressAppeal(ctx, all[i].Outcome, on)
	if err != nil {
		return Request{}, err
	}
	if _, err := tx.Exec(ctx, sqlNotified, decision, c.r.ID, on, appeal); err != nil {
		return Request{}, err
	}
	if err := c.letterArrived(ctx, decision, on); err != nil {
		return Request{}, err
	}
	if _, err := c.keep(ctx, Fact{Kind: FactDecisionNotified, RefersTo: decision, On: on}); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "decision_notified", EventData{DecisionID: decision, On: on}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// recountAppeals computes the times for appeal that run anew, from the days that they run from.
func (c *change) recountAppeals(ctx context.Context) error {
	all, err := tenants.All[Decision](ctx, c.tx, sqlDecisions, c.r.ID)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.AppealLastDay.IsZero() { // none runs, or none binds
			continue
		}
		var day calendar.Date
		if d.Implicit {
			day, err = c.impliedAppeal(ctx)
		} else {
			day, err = c.expressAppeal(ctx, d.Outcome, d.NotifiedOn)
		}
		if err != nil {
			return err
		}
		if _, err := c.tx.Exec(ctx, sqlAppealDay, d.ID, day); err != nil {
			return err
		}
	}
	return nil
}
