package requests

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// ReasonsRequest is the question why a silence refused, and its answer (CRPA L.232-4).
type ReasonsRequest struct {
	ID            tenants.ID
	DecisionID    tenants.ID
	AskedOn       calendar.Date
	DueOn         calendar.Date // one month later
	AskedBy       string
	AnsweredOn    calendar.Date // none: still to be answered
	Reasons       string
	Subject       string
	Letter        string
	Signatory     string
	Delivery      string
	NotifiedOn    calendar.Date // none: not answered, or posted and not known to have come
	AppealLastDay calendar.Date // counted from NotifiedOn; none where no day binds the person
}

// Late tells whether the month to answer is over.
func (r ReasonsRequest) Late(today calendar.Date) bool {
	return r.AnsweredOn.IsZero() && r.DueOn.Before(today)
}

const (
	reasonsColumns = `id, decision_id, asked_on, due_on, asked_by, answered_on, reasons, subject, letter, signatory, delivery, notified_on, appeal_last_day`

	sqlReasons    = `select ` + reasonsColumns + ` from reasons_request where request_id = $1 order by asked_on, id`
	sqlAskReasons = `insert into reasons_request (id, request_id, decision_id, asked_on, due_on, asked_by) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`
	sqlGiveReason = `update reasons_request set answered_on = $3, reasons = $4, subject = $5, letter = $6, signatory = $7, delivery = $8, notified_on = $9, appeal_last_day = $10
		where request_id = $1 and id = $2 and answered_on is null`
	sqlReasonsArrived = `update reasons_request set notified_on = $3, appeal_last_day = $4 where request_id = $1 and id = $2 and notified_on is null and answered_on is not null`
	// What somebody should answer by a day: next to nothing, found by its own index.
	sqlReasonsDue = `select r.number, r.title, r.service_id, r.agent_id, q.due_on, q.due_on < $1 as late, q.due_on >= $1 as due, false as fresh, false as lapsed, false as posted
		from reasons_request q join request r on r.id = q.request_id where q.answered_on is null and r.state = 'implicitly_rejected' and q.due_on <= $2 order by q.due_on limit 200`
)

// AskReasons asks why the silence refused, for the owner or by an agent who heard them
// ask. The town then has one month to answer. It is asked once, within the time for
// appeal: outside of it, or of a refusal that silence did not make, it is fault.Conflict
// "reasons_not_due"; a second time "reasons_asked".
func AskReasons(ctx context.Context, tx *tenants.Tx, number string) (ReasonsRequest, error) {
	c, err := begin(ctx, tx, number, anyVersion)
	if err != nil {
		return ReasonsRequest{}, err
	}
	if c.r.silenceActed(tx.Today()) && c.r.Silence.Effect == calendar.Rejection {
		if err := c.lapseNow(ctx); err != nil {
			return ReasonsRequest{}, err
		}
	}
	refusal, err := c.refusedBySilence(ctx)
	if err != nil {
		return ReasonsRequest{}, err
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return ReasonsRequest{}, err
	}
	today := tx.Today()
	if reasonsLate(e.Procedure(), refusal, today) {
		return ReasonsRequest{}, fault.New(fault.Conflict, "reasons_not_due")
	}
	by := tx.Actor().Name
	if by == "" {
		by = c.r.ApplicantName()
	}
	q := ReasonsRequest{ID: tenants.NewID(), DecisionID: refusal.ID, AskedOn: today, DueOn: calendar.ReasonsDue(today), AskedBy: by}
	n, err := tx.Exec(ctx, sqlAskReasons, q.ID, c.r.ID, q.DecisionID, q.AskedOn, q.DueOn, q.AskedBy)
	if err != nil {
		return ReasonsRequest{}, err
	}
	if n == 0 {
		return ReasonsRequest{}, fault.New(fault.Conflict, "reasons_asked")
	}
	if err := c.record(ctx, "reasons_asked", EventData{DecisionID: refusal.ID, LimitOn: q.DueOn}); err != nil {
		return ReasonsRequest{}, err
	}
	if c.who == Owner { // that too is an "envoi" (L.112-11)
		if err := c.acknowledge(ctx, sent{about: AboutMessage, at: tx.Now(), on: today}); err != nil {
			return ReasonsRequest{}, err
		}
	}
	_, err = c.save(ctx)
	return q, err
}

// lapseNow writes the decision of a silence that has acted already, as our own job would.
func (c *change) lapseNow(ctx context.Context) error {
	system := *c
	system.tx = c.tx.As(tenants.System("silence"))
	if err := system.lapse(ctx); err != nil {
		return err
	}
	var err error
	c.r, err = system.save(ctx)
	c.before = c.r
	return err
}

// refusedBySilence gives the implicit refusal that stands.
func (c *change) refusedBySilence(ctx context.Context) (Decision, error) {
	all, err := tenants.All[Decision](ctx, c.tx, sqlDecisions, c.r.ID)
	if err != nil {
		return Decision{}, err
	}
	i := slices.IndexFunc(all, func(d Decision) bool {
		return d.Implicit && !d.Undone && d.Outcome == catalogue.OutcomeImplicitRejection
	})
	if i < 0 || c.r.State != StateImplicitRejection {
		return Decision{}, fault.New(fault.Conflict, "reasons_not_due")
	}
	return all[i], nil
}

// ReasonsInput is the town's answer.
type ReasonsInput struct {
	Reasons  string // what the agent writes: the facts and the texts (L.211-5)
	Delivery string // empty: by e-mail where a refusal may leave so, otherwise by post
}

// GiveReasons answers why the silence refused: with the reasons, the ways of appeal and
// who signs. Instructors of the service and administrators may. The time for appeal runs
// anew from the day on which the answer comes (L.232-4). Where nobody waits for it, it is
// fault.Conflict "reasons_not_asked".
func GiveReasons(ctx context.Context, tx *tenants.Tx, number string, in ReasonsInput, expect int64) (ReasonsRequest, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return ReasonsRequest{}, err
	}
	if c.who&deciders == 0 {
		return ReasonsRequest{}, fault.New(fault.Forbidden, "not_allowed")
	}
	asked, err := tenants.All[ReasonsRequest](ctx, tx, sqlReasons, c.r.ID)
	if err != nil {
		return ReasonsRequest{}, err
	}
	i := slices.IndexFunc(asked, func(q ReasonsRequest) bool { return q.AnsweredOn.IsZero() })
	if i < 0 || c.r.State != StateImplicitRejection {
		return ReasonsRequest{}, fault.New(fault.Conflict, "reasons_not_asked")
	}
	q := asked[i]
	if err := c.writeReasons(ctx, &q, in); err != nil {
		return ReasonsRequest{}, err
	}
	if _, err := tx.Exec(ctx, sqlGiveReason, c.r.ID, q.ID, q.AnsweredOn, q.Reasons, q.Subject, q.Letter, q.Signatory, q.Delivery, q.NotifiedOn, q.AppealLastDay); err != nil {
		return ReasonsRequest{}, err
	}
	if err := c.record(ctx, "reasons_given", EventData{DecisionID: q.DecisionID, On: q.AnsweredOn, LastDay: q.AppealLastDay}); err != nil {
		return ReasonsRequest{}, err
	}
	switch q.Delivery {
	case DeliveryEmail:
		err = c.tellAt(ctx, c.r.Applicant.DecisionMail(catalogue.OutcomeRefuse), c.letter(notify.LetterReasons, catalogue.ComposedLetter{Subject: q.Subject, Body: q.Letter}), nil)
	case DeliveryPost:
		err = c.queueLetter(ctx, Outgoing{Kind: LetterReasons, About: q.ID, Subject: q.Subject, Body: q.Letter, Awaited: true})
	}
	if err != nil {
		return ReasonsRequest{}, err
	}
	_, err = c.save(ctx)
	return q, err
}

// writeReasons makes the answer and says how it leaves.
func (c *change) writeReasons(ctx context.Context, q *ReasonsRequest, in ReasonsInput) error {
	var err error
	q.Reasons, q.AnsweredOn = cleanText(in.Reasons), c.tx.Today()
	switch {
	case q.Reasons == "":
		return fault.New(fault.Invalid, "reasons_required", fault.Field{Path: "reasons", Code: "required"})
	case utf8.RuneCountInString(q.Reasons) > maxBody:
		return fault.New(fault.Invalid, "body_too_long", fault.Field{Path: "reasons", Code: "too_long"})
	}
	if q.Delivery, err = c.delivery(catalogue.OutcomeRefuse, in.Delivery); err != nil {
		return err
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	if q.Delivery != DeliveryPost {
		q.NotifiedOn = q.AnsweredOn
		if q.AppealLastDay, err = c.expressAppeal(ctx, catalogue.OutcomeRefuse, q.NotifiedOn); err != nil {
			return err
		}
	}
	by, err := c.signer(ctx, "")
	if err != nil {
		return err
	}
	if q.Signatory = by.line(); by.Name == "" || by.Title == "" {
		return fault.New(fault.Invalid, "mentions_missing", fault.Field{Path: "signatory", Code: "signatory"})
	}
	greeting := "Bonjour,"
	if who := c.r.ApplicantName(); who != "" {
		greeting = "Bonjour " + who + ","
	}
	body := []string{
		c.tx.Tenant().Name + ", le " + q.AnsweredOn.FrenchShort(), "Référence\u00a0: " + c.r.Number, greeting,
		"Le " + q.AskedOn.FrenchShort() + ", vous avez demandé pourquoi le silence gardé sur votre demande «\u00a0" + c.r.Title + "\u00a0», reçue le " + c.r.ReceivedOn.FrenchShort() +
			", vaut refus depuis le " + c.r.SilenceLastDay.FrenchShort() + ". Voici les motifs de cette décision (CRPA, article\u00a0L.232-4)\u00a0:",
		q.Reasons,
	}
	body = append(body, catalogue.AppealFor(e, settings).Paragraphs(true, calendar.Date{}, q.AppealLastDay)...)
	body = append(body, "Bien cordialement,", strings.TrimSpace(by.Words+"\n"+by.Name+"\n"+by.Title))
	q.Subject, q.Letter = "Les motifs de la décision sur votre demande n°\u00a0"+c.r.Number, strings.Join(body, "\n\n")
	return nil
}

// reasonsArrived dates the arrival of posted reasons: the time for appeal runs from it.
func reasonsArrived(ctx context.Context, tx *tenants.Tx, number string, id tenants.ID, on calendar.Date) error {
	c, err := begin(ctx, tx, number, anyVersion)
	if err != nil {
		return err
	}
	appeal, err := c.expressAppeal(ctx, catalogue.OutcomeRefuse, on)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, sqlReasonsArrived, c.r.ID, id, on, appeal)
	if err != nil || n == 0 {
		return err
	}
	if err := c.record(ctx, "decision_notified", EventData{On: on}); err != nil {
		return err
	}
	_, err = c.save(ctx)
	return err
}

// loadReasons reads what was asked about a silent refusal.
func (d *Detail) loadReasons(ctx context.Context, tx *tenants.Tx) error {
	if d.Silence.Effect != calendar.Rejection || d.ClosedOn.IsZero() {
		return nil
	}
	var err error
	d.Reasons, err = tenants.All[ReasonsRequest](ctx, tx, sqlReasons, d.ID)
	return err
}

// AsksReasons tells whether the person may ask today why the silence refused.
func (d Detail) AsksReasons(today calendar.Date) bool {
	i := slices.IndexFunc(d.Decisions, func(x Decision) bool { return x.Implicit && x.Outcome == catalogue.OutcomeImplicitRejection })
	if i < 0 || d.State != StateImplicitRejection || len(d.Reasons) > 0 {
		return false
	}
	return !reasonsLate(d.Procedure, d.Decisions[i], today)
}

// reasonsLate tells whether the time for appeal, within which reasons are asked for, is over.
// Against a recours gracieux in urban planning it ends, for another decision, before the
// silence refuses: the reasons can then be asked for at any time.
func reasonsLate(p *catalogue.Procedure, refusal Decision, today calendar.Date) bool {
	return !p.PlanningReview() && !refusal.AppealLastDay.IsZero() && today.After(refusal.AppealLastDay)
}
