package requests

import (
	"context"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Hearing is an invitation to observe before what was granted is taken back (procédure
// contradictoire: CRPA L.121-1, L.122-1), and what became of it.
type Hearing struct {
	ID           tenants.ID
	DecisionID   tenants.ID
	Act          catalogue.Outcome
	Ground       Ground
	Reasons      string
	Subject      string
	Letter       string
	Delivery     string
	MadeOn       calendar.Date
	NotifiedOn   calendar.Date // none: it has not reached the person yet
	LimitOn      calendar.Date
	Observations string // what the person said, as an agent noted it
	ObservedOn   calendar.Date
	CreatedBy    string
	CreatedAt    time.Time
}

// Over tells whether the person can no longer observe: it reached them, and its time is over.
func (h Hearing) Over(today calendar.Date) bool {
	return !h.NotifiedOn.IsZero() && h.LimitOn.Before(today)
}

// UnderWay gives the invitation to observe that the town has not followed up yet, while what it
// is about can still be taken back, and for agents the last day of that, where there is one.
func (d Detail) UnderWay(today calendar.Date) (h Hearing, until calendar.Date, ok bool) {
	if len(d.Hearings) == 0 || !slices.Contains(granted, d.State) {
		return h, until, false
	}
	h = d.Hearings[len(d.Hearings)-1]
	for _, a := range d.Acts {
		if a.Outcome == h.Act && a.Ground == h.Ground {
			until = a.Until
		}
	}
	return h, until, until.IsZero() || !today.After(until)
}

const (
	sqlHearings = `select id, decision_id, act, ground, reasons, subject, letter, delivery, made_on, notified_on, limit_on, observations, observed_on, created_by, created_at
		from hearing where request_id = $1 order by created_at, id`
	sqlInsertHearing = `insert into hearing (id, request_id, decision_id, act, ground, reasons, subject, letter, delivery, made_on, notified_on, limit_on, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	sqlHearingNotified = `update hearing set notified_on = $3 where id = $1 and request_id = $2 and notified_on is null`
	sqlObserved        = `update hearing set observations = $3, observed_on = $4 where id = $1 and request_id = $2`
)

// maxHearing is the longest time to observe, in months.
const maxHearing = 3

// hearingFor gives the last invitation that prepares an act.
func hearingFor(all []Hearing, in RevocationInput, decision tenants.ID) (Hearing, bool) {
	for _, h := range slices.Backward(all) {
		if h.Act == in.Act && h.Ground == in.Ground && h.DecisionID == decision {
			return h, true
		}
	}
	return Hearing{}, false
}

// Hear invites the person to observe before what was granted to them is taken back: a
// letter with the act, its ground, its reasons and a last day. Instructors of the service
// and administrators may. The faults are those of [Revoke] where the act is not open; a last
// day that is not after today, too far, or not before the last day of the act itself is
// fault.Invalid "hearing_limit_invalid"; an act that needs no hearing is fault.Conflict
// "hearing_needless".
func Hear(ctx context.Context, tx *tenants.Tx, number string, in RevocationInput, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	granted, act, err := c.revocable(ctx, in, ActionHear)
	if err != nil {
		return Request{}, err
	}
	today := tx.Today()
	switch {
	case !act.Heard:
		return Request{}, fault.New(fault.Conflict, "hearing_needless")
	case !in.LimitOn.After(today), in.LimitOn.After(today.AddMonths(maxHearing)), !act.Until.IsZero() && !in.LimitOn.Before(act.Until):
		return Request{}, fault.New(fault.Invalid, "hearing_limit_invalid", fault.Field{Path: "limit_on", Code: "invalid"})
	}
	h, err := c.hearing(ctx, in, granted, act)
	if err != nil {
		return Request{}, err
	}
	if _, err := tx.Exec(ctx, sqlInsertHearing, h.ID, c.r.ID, h.DecisionID, string(h.Act), string(h.Ground), h.Reasons, h.Subject, h.Letter, h.Delivery,
		h.MadeOn, h.NotifiedOn, h.LimitOn, h.CreatedBy, h.CreatedAt); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "heard", EventData{Outcome: string(h.Act), LimitOn: h.LimitOn}); err != nil {
		return Request{}, err
	}
	switch h.Delivery {
	case DeliveryEmail:
		err = c.tellAt(ctx, c.r.Applicant.DecisionMail(catalogue.OutcomeHearing), c.hearingLetter(h), nil)
	case DeliveryPost:
		err = c.queueLetter(ctx, Outgoing{Kind: LetterHearing, About: h.ID, Subject: h.Subject, Body: h.Letter, Awaited: true})
	}
	if err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// hearing writes the invitation.
func (c *change) hearing(ctx context.Context, in RevocationInput, granted Decision, act Act) (Hearing, error) {
	h := Hearing{
		ID: tenants.NewID(), DecisionID: granted.ID, Act: in.Act, Ground: in.Ground, Reasons: cleanText(in.Reasons), Subject: clean(in.Subject, false), Letter: cleanText(in.Letter),
		MadeOn: c.tx.Today(), LimitOn: in.LimitOn, CreatedBy: c.tx.Actor().Name, CreatedAt: c.tx.Now(),
	}
	if err := tooLong(h.Reasons, h.Subject, h.Letter); err != nil {
		return h, err
	}
	signer, err := c.signer(ctx, in.Signatory)
	if err != nil {
		return h, err
	}
	composed, err := c.compose(ctx, catalogue.OutcomeHearing, func(f *catalogue.LetterFacts) {
		f.Reasons, f.LimitOn, f.Revoked = h.Reasons, h.LimitOn, revokedOf(granted, act, calendar.Date{})
		signer.sign(f)
	})
	if err != nil {
		return h, err
	}
	if h.Letter == "" {
		h.Letter = composed.Body
	}
	if h.Subject == "" {
		h.Subject = composed.Subject
	}
	if h.Delivery, err = c.delivery(catalogue.OutcomeHearing, in.Delivery); err != nil {
		return h, err
	}
	if h.Delivery != DeliveryPost {
		h.NotifiedOn = c.tx.Today()
	}
	return h, nil
}

// heard gives the invitation that allows an act: it reached the person, and its time is over.
func (c *change) heard(ctx context.Context, in RevocationInput, granted Decision) (Hearing, error) {
	all, err := tenants.All[Hearing](ctx, c.tx, sqlHearings, c.r.ID)
	if err != nil {
		return Hearing{}, err
	}
	h, ok := hearingFor(all, in, granted.ID)
	if !ok || !h.Over(c.tx.Today()) {
		return Hearing{}, fault.New(fault.Conflict, "hearing_required")
	}
	return h, nil
}

// waitingHearing finds an invitation of the request by its key.
func (c *change) hearingByID(ctx context.Context, id tenants.ID) (Hearing, error) {
	all, err := tenants.All[Hearing](ctx, c.tx, sqlHearings, c.r.ID)
	if err != nil {
		return Hearing{}, err
	}
	i := slices.IndexFunc(all, func(h Hearing) bool { return h.ID == id })
	if i < 0 {
		return Hearing{}, fault.New(fault.NotFound, "hearing_unknown")
	}
	return all[i], nil
}

// ConfirmHearing dates the day on which a posted invitation reached the person. Agents of
// the service may. A day before it or in the future is fault.Invalid "notified_on_invalid";
// one on or after the last day that it gave is fault.Invalid "notice_arrived_late", for it
// left no time; one that is not waiting for it is fault.NotFound "hearing_unknown".
func ConfirmHearing(ctx context.Context, tx *tenants.Tx, number string, hearing tenants.ID, on calendar.Date, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	h, err := c.hearingByID(ctx, hearing)
	switch {
	case err != nil:
		return Request{}, err
	case !h.NotifiedOn.IsZero():
		return Request{}, fault.New(fault.NotFound, "hearing_unknown")
	case on.Before(h.MadeOn) || on.After(tx.Today()):
		return Request{}, fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "notified_on", Code: "invalid"})
	case !on.Before(h.LimitOn):
		return Request{}, fault.New(fault.Invalid, "notice_arrived_late", fault.Field{Path: "notified_on", Code: "invalid"})
	}
	if _, err := tx.Exec(ctx, sqlHearingNotified, hearing, c.r.ID, on); err != nil {
		return Request{}, err
	}
	if err := c.letterArrived(ctx, hearing, on); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "hearing_arrived", EventData{On: on}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// NoteObservations keeps what the person answered to an invitation, in writing or by word
// of mouth, and the day. Agents of the service may. Without a text it is fault.Invalid
// "body_required", a day before the invitation or in the future "notified_on_invalid".
func NoteObservations(ctx context.Context, tx *tenants.Tx, number string, hearing tenants.ID, text string, on calendar.Date, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	h, err := c.hearingByID(ctx, hearing)
	text = cleanText(text)
	switch {
	case err != nil:
		return Request{}, err
	case text == "":
		return Request{}, fault.New(fault.Invalid, "body_required", fault.Field{Path: "observations", Code: "required"})
	case on.Before(h.MadeOn) || on.After(tx.Today()):
		return Request{}, fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "observed_on", Code: "invalid"})
	}
	if err := tooLong(text, "", ""); err != nil {
		return Request{}, err
	}
	if _, err := tx.Exec(ctx, sqlObserved, hearing, c.r.ID, text, on); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "observed", EventData{On: on}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}
