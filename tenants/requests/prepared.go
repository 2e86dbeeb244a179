package requests

import (
	"context"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/fold"
)

// Prepared is a decision that waits for who signs it (CRPA L.212-1; délégation de signature:
// CGCT L.2122-18, L.2122-19), or that they sent back. Nothing of it has left.
type Prepared struct {
	RequestID     tenants.ID
	ID            tenants.ID
	Outcome       catalogue.Outcome
	Granted       string
	Reasons       string
	Subject       string
	Letter        string
	Delivery      string
	Signatory     tenants.ID // the delegation, or SignatoryTown
	SignatoryName string
	PreparedByID  tenants.ID
	PreparedBy    string
	PreparedAt    time.Time
	PreparedOn    calendar.Date
	ReturnedAt    *time.Time // sent back
	ReturnedBy    string
	ReturnedWhy   string

	MaySign bool `db:"-"` // the acting agent may sign it, as it is, or send it back
}

// Returned tells whether who signs has sent it back.
func (p Prepared) Returned() bool { return p.ReturnedAt != nil }

// ToSign is a line of the decisions that wait for a signature.
type ToSign struct {
	Number         string
	Title          string
	Applicant      string
	ServiceID      tenants.ID
	ProcedureSlug  string
	SilenceLastDay calendar.Date
	SilenceEffect  calendar.Effect
	Prepared
}

const (
	preparedColumns = `p.request_id, p.id, p.outcome, p.granted, p.reasons, p.subject, p.letter, p.delivery, p.signatory, p.signatory_name, p.prepared_by_id, p.prepared_by,
		p.prepared_at, p.prepared_on, p.returned_at, p.returned_by, p.returned_why`
	preparedStands = ` from prepared_decision p join request r on r.id = p.request_id and (r.closed_on is null or r.state = 'implicitly_rejected' and p.outcome in ('accept', 'partial'))`

	sqlPrepared = `select ` + preparedColumns + preparedStands + ` where p.request_id = $1`
	sqlPrepare  = `insert into prepared_decision (request_id, id, outcome, granted, reasons, subject, letter, delivery, signatory, signatory_name, prepared_by_id, prepared_by, prepared_at, prepared_on)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict (request_id) do update set id = excluded.id, outcome = excluded.outcome, granted = excluded.granted, reasons = excluded.reasons, subject = excluded.subject,
			letter = excluded.letter, delivery = excluded.delivery, signatory = excluded.signatory, signatory_name = excluded.signatory_name, prepared_by_id = excluded.prepared_by_id,
			prepared_by = excluded.prepared_by, prepared_at = excluded.prepared_at, prepared_on = excluded.prepared_on, returned_at = null, returned_by = '', returned_why = ''`
	sqlSendBack   = `update prepared_decision set returned_at = $2, returned_by = $3, returned_why = $4 where request_id = $1`
	sqlUnprepared = `delete from prepared_decision where request_id = $1`
	sqlToSign     = `select r.number, r.title, coalesce(nullif(r.organisation, ''), trim(r.given_name || ' ' || r.family_name)) as applicant, r.service_id, r.procedure_slug,
			r.silence_last_day, r.silence_effect, ` + preparedColumns + preparedStands + `
		where ($1::text[] is null or r.service_id = any($1::text[]::uuid[]))
		order by p.returned_at is not null, coalesce(r.silence_last_day, 'infinity'::date), p.prepared_at limit 200`
	sqlCountToSign = `select count(*)::int` + preparedStands + ` where p.returned_at is null and ($1::text[] is null or r.service_id = any($1::text[]::uuid[]))`
)

// mayDecide tells whether the acting agent's decision leaves at once, or waits for who signs
// it. Where nobody has a delegation for the request nothing waits: a small town's secretary
// has the mayor sign on paper, as ever. Where somebody has one, it leaves from their hand,
// or from an administrator's, who says that the mayor signed it.
func mayDecide(a tenants.Actor, all []Signatory, chosen Signatory) bool {
	own := false
	for _, s := range all {
		own = own || s.Own
	}
	return len(all) < 2 || chosen.Own || chosen.ID == SignatoryTown && (own || a.Role == tenants.RoleAdmin || isTown(a, chosen))
}

// maySign tells whether the acting agent may sign what was prepared for a signatory.
func maySign(a tenants.Actor, s Signatory) bool {
	return s.Own || s.ID == SignatoryTown && (a.Role == tenants.RoleAdmin || isTown(a, s))
}

// isTown tells whether the acting agent bears the name of whom the settings name.
func isTown(a tenants.Actor, town Signatory) bool {
	return a.Name != "" && fold.Words(a.Name) == fold.Words(town.Name)
}

// signs refuses a decision that is not the acting agent's to sign: fault.Forbidden
// "signature_needed". An answer, a récépissé and a closure are no decisions to sign.
func (c *change) signs(ctx context.Context, in DecisionInput) error {
	if !in.Outcome.Signed() || c.who&deciders == 0 { // whom the lifecycle refuses
		return nil
	}
	all, err := c.signatories(ctx)
	if err != nil {
		return err
	}
	chosen, err := c.signer(ctx, in.Signatory)
	if err == nil && !mayDecide(c.tx.Actor(), all, chosen) {
		err = fault.New(fault.Forbidden, "signature_needed")
	}
	return err
}

// Prepare keeps a decision for who signs it; another that was kept before it is replaced.
// Whoever may decide may, and its faults are those of [Decide]. The request stays open, and
// its clock goes on.
func Prepare(ctx context.Context, tx *tenants.Tx, number string, in DecisionInput, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	action, err := c.decidable(ctx, in.Outcome)
	if err != nil {
		return Request{}, err
	}
	if err := c.stillDecides(action); err != nil {
		return Request{}, err
	}
	if err := c.decidesHere(ctx, action); err != nil {
		return Request{}, err
	}
	if !c.r.silenceActed(tx.Today()) {
		if _, err := Next(c.r.State, c.r.Kind, action, c.who); err != nil {
			return Request{}, err
		}
	}
	d, err := c.decision(ctx, in)
	if err != nil {
		return Request{}, err
	}
	signer, err := c.signer(ctx, in.Signatory)
	if err != nil {
		return Request{}, err
	}
	a := tx.Actor()
	if _, err := tx.Exec(ctx, sqlPrepare, c.r.ID, d.ID, string(d.Outcome), cleanText(in.Granted), d.Reasons, d.Subject, d.Letter, d.Delivery, string(signer.ID), signer.line(),
		a.ID, a.Name, tx.Now(), tx.Today()); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "decision_prepared", EventData{DecisionID: d.ID, Outcome: string(d.Outcome), Agent: signer.Name}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// Sign signs the decision that was prepared, as it is: it is then made today, under its
// signatory's name, and leaves. Only the signatory may, or, for the mayor, administrators.
// Where none waits it is fault.Conflict "nothing_to_sign"; for anybody else fault.Forbidden
// "signature_needed"; a signatory whose delegation is over is fault.Invalid
// "signatory_not_entitled"; beyond that the faults are those of [Decide].
func Sign(ctx context.Context, tx *tenants.Tx, number string, expect int64) (Request, error) {
	c, p, err := beginSigning(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	day := func(on calendar.Date) string { return tx.Tenant().Name + ", le " + on.FrenchShort() }
	letter := p.Letter
	if rest, dated := strings.CutPrefix(letter, day(p.PreparedOn)); dated { // a decision bears the day of its signature
		letter = day(tx.Today()) + rest
	}
	return c.decide(ctx, DecisionInput{
		Outcome: p.Outcome, Granted: p.Granted, Reasons: p.Reasons, Subject: p.Subject, Letter: letter, Delivery: p.Delivery, Signatory: p.Signatory, preparedBy: p.PreparedBy,
	})
}

// SendBack gives a prepared decision back to who prepared it, with why. Who may [Sign] may;
// without a reason it is fault.Invalid "reason_required".
func SendBack(ctx context.Context, tx *tenants.Tx, number, reason string, expect int64) (Request, error) {
	c, p, err := beginSigning(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if reason, err = reasonGiven(reason); err != nil {
		return Request{}, err
	}
	if _, err := tx.Exec(ctx, sqlSendBack, c.r.ID, tx.Now(), tx.Actor().Name, reason); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "decision_returned", EventData{DecisionID: p.ID, Outcome: string(p.Outcome), Agent: p.PreparedBy}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// beginSigning locks a request whose prepared decision the acting agent may sign.
func beginSigning(ctx context.Context, tx *tenants.Tx, number string, expect int64) (*change, Prepared, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return nil, Prepared{}, err
	}
	if c.who&agents == 0 {
		return nil, Prepared{}, fault.New(fault.Forbidden, "not_allowed")
	}
	p, err := c.prepared(ctx)
	switch {
	case err != nil:
		return nil, Prepared{}, err
	case p == nil, p.Returned():
		return nil, Prepared{}, fault.New(fault.Conflict, "nothing_to_sign")
	}
	signer, err := c.signer(ctx, p.Signatory)
	if err == nil && !maySign(tx.Actor(), signer) {
		err = fault.New(fault.Forbidden, "signature_needed")
	}
	return c, *p, err
}

// prepared gives what was prepared for the request, or nothing.
func (c *change) prepared(ctx context.Context) (*Prepared, error) {
	p, err := tenants.One[Prepared](ctx, c.tx, sqlPrepared, c.r.ID)
	if fault.Is(err, "not_found") {
		return nil, nil //nolint:nilnil // most requests have none
	}
	if err != nil {
		return nil, err
	}
	all, err := c.signatories(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		p.MaySign = p.MaySign || s.ID == p.Signatory && !p.Returned() && c.who&deciders != 0 && maySign(c.tx.Actor(), s)
	}
	return &p, nil
}

// ListToSign gives the decisions that wait for a signature, those whose silence comes first
// at the top, then those that were sent back, at most 200, of the services that the acting
// agent covers. Agents, and whom the commune let in to read, may.
func ListToSign(ctx context.Context, tx *tenants.Tx) ([]ToSign, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	list, err := tenants.All[ToSign](ctx, tx, sqlToSign, coveredServices(tx.Actor()))
	if err != nil || tx.Actor().Kind != tenants.ActorAgent {
		return list, err
	}
	for i := range list {
		c := &change{tx: tx, r: Request{ServiceID: list[i].ServiceID, ProcedureSlug: list[i].ProcedureSlug}}
		all, err := c.signatories(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			list[i].MaySign = list[i].MaySign || s.ID == list[i].Signatory && !list[i].Returned() && maySign(tx.Actor(), s)
		}
	}
	return list, nil
}

// CountToSign gives how many decisions wait for a signature, to agents.
func CountToSign(ctx context.Context, tx *tenants.Tx) (int, error) {
	if !tx.Actor().MayRead() {
		return 0, fault.New(fault.Forbidden, "not_allowed")
	}
	return tenants.One[int](ctx, tx, sqlCountToSign, coveredServices(tx.Actor()))
}

// NeedsSignature tells whether a decision of the acting agent would wait for who signs it,
// to agents who see the request.
func NeedsSignature(ctx context.Context, tx *tenants.Tx, number string, chosen tenants.ID) (bool, error) {
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return false, err
	}
	if who&agents == 0 {
		return false, fault.New(fault.Forbidden, "not_allowed")
	}
	c := &change{tx: tx, before: r, r: r, who: who}
	err = c.signs(ctx, DecisionInput{Outcome: catalogue.OutcomeAccept, Signatory: chosen})
	if fault.Is(err, "signature_needed") {
		return true, nil
	}
	return false, err
}
