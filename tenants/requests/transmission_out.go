package requests

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Parcel is what goes from one administration to another: who asks and what, the file, the
// documents, and the facts that dates are counted from. Messages, notes, history and the
// person's account stay where they are.
type Parcel struct {
	Transmission  tenants.ID
	From          Party
	FromNumber    string
	To            Party
	ProcedureSlug string // asked for there
	FromSlug      string
	FromTitle     string
	Reason        string
	Channel       string
	Applicant     Applicant
	IdentityLevel int
	Answers       forms.Answers
	Summary       []forms.SummaryStep
	FirstReceived calendar.Date // by any administration
	Stops         []Stop        // who had it, the first one first; the last is From
	Notices       []DocumentRequest
	Documents     []files.Document
	Doubt         bool // an earlier try may have brought it already: [Found] tells
}

// Outbound gives what a transmission that is on its way carries; one that is over is
// fault.Conflict "transmission_over", one that another worker brings at this moment
// fault.Unavailable "transmission_claimed". Jobs of ours only.
func Outbound(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Parcel, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return Parcel{}, fault.New(fault.Forbidden, "not_allowed")
	}
	t, err := transmissionByID(ctx, tx, id)
	if err != nil {
		return Parcel{}, err
	}
	if !t.Going() {
		return Parcel{}, fault.New(fault.Conflict, "transmission_over")
	}
	r, err := one(ctx, tx, sqlRequestByID, t.RequestID)
	if err != nil {
		return Parcel{}, err
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return Parcel{}, err
	}
	e, err := entryOf(ctx, tx, r)
	if err != nil {
		return Parcel{}, err
	}
	if t.State == TransmissionSending {
		free, err := tenants.One[bool](ctx, tx, sqlUnclaimed, t.ID, tx.Now().Add(-claimLife))
		if err != nil {
			return Parcel{}, err
		}
		if !free {
			return Parcel{}, fault.New(fault.Unavailable, "transmission_claimed")
		}
	}
	p := Parcel{
		Doubt: t.State == TransmissionSending, Transmission: t.ID, From: PartyOf(tx.Tenant(), settings), FromNumber: r.Number, To: t.Party, ProcedureSlug: t.ProcedureSlug,
		FromSlug: r.ProcedureSlug, FromTitle: r.Title, Reason: t.Reason, Channel: r.Channel, Applicant: r.Applicant, IdentityLevel: r.IdentityLevel,
		Answers: r.Answers, Summary: filled(e.Procedure().Form.Summary(r.Answers)), FirstReceived: r.FirstReceivedOn,
	}
	// An agreement to be notified by e-mail was given to one administration, not to another.
	p.Applicant.DecisionEmail = false
	before, err := lastIncoming(ctx, tx, r.ID)
	if err != nil {
		return Parcel{}, err
	}
	if p.Stops = before.Stops; before.Summary != nil && len(p.Summary) == 0 {
		p.Summary, p.FromTitle = before.Summary, before.Procedure
	}
	p.Stops = append(p.Stops, Stop{Code: p.From.Code, Name: p.From.Name, ReceivedOn: r.ReceivedOn})
	if p.Notices, err = documentRequests(ctx, tx, r.ID); err != nil {
		return Parcel{}, err
	}
	p.Documents, err = files.ForRequest(ctx, tx, r.ID)
	return p, err
}

// filled leaves the questions without an answer out.
func filled(steps []forms.SummaryStep) []forms.SummaryStep {
	var out []forms.SummaryStep
	for _, s := range steps {
		kept := s
		kept.Rows = nil
		for _, row := range s.Rows {
			if row.Filled {
				kept.Rows = append(kept.Rows, row)
			}
		}
		if len(kept.Rows) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

func transmissionByID(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Transmission, error) {
	row, err := tenants.One[transmissionRow](ctx, tx, sqlTransmission, id)
	if fault.Is(err, "not_found") {
		return Transmission{}, fault.New(fault.NotFound, "transmission_unknown")
	}
	return row.transmission(), err
}

// lastIncoming gives how a request came from elsewhere; zero where it did not.
func lastIncoming(ctx context.Context, tx *tenants.Tx, request tenants.ID) (Transmission, error) {
	row, err := tenants.One[transmissionRow](ctx, tx, sqlLastTransmission, request)
	if fault.Is(err, "not_found") {
		return Transmission{}, nil
	}
	return row.transmission(), err
}

// claimLife is how long a claim keeps other workers away: longer than one lives with it.
const claimLife = 2 * time.Minute

const (
	sqlUnclaimed         = `select claimed_at is null or claimed_at < $2 from transmission where id = $1`
	sqlClaimTransmission = `update transmission set state = 'sending', claimed_at = $2, problem = ''
		where id = $1 and state = 'pending'`
	sqlReleaseTransmission = `update transmission set state = 'pending', claimed_at = null, problem = $2 where id = $1 and state in ('pending', 'sending')`
	sqlDoubtTransmission   = `update transmission set claimed_at = null, problem = $2 where id = $1 and state = 'sending'`
)

// ClaimTransmission makes a transmission this worker's: from now on nobody can call it
// back, for it may have arrived. One that another has is fault.Unavailable
// "transmission_claimed", one that is over fault.Conflict "transmission_over", one whose
// silence has decided meanwhile fault.Conflict "silence_acquired". Jobs of ours only.
func ClaimTransmission(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	c, t, err := carried(ctx, tx, id)
	if err != nil {
		return err
	}
	if t.State != TransmissionPending {
		return fault.New(fault.Unavailable, "transmission_claimed")
	}
	if err := c.beforeSilence(); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, sqlClaimTransmission, id, tx.Now())
	if err == nil && n == 0 {
		err = fault.New(fault.Unavailable, "transmission_claimed")
	}
	return err
}

// carried locks the request of a transmission that is on its way.
func carried(ctx context.Context, tx *tenants.Tx, id tenants.ID) (*change, Transmission, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return nil, Transmission{}, fault.New(fault.Forbidden, "not_allowed")
	}
	t, err := transmissionByID(ctx, tx, id)
	if err != nil {
		return nil, t, err
	}
	r, err := one(ctx, tx, sqlRequestByID, t.RequestID)
	if err != nil {
		return nil, t, err
	}
	c, err := lock(ctx, tx, r.Number)
	if err != nil {
		return nil, t, err
	}
	if t, err = transmissionByID(ctx, tx, id); err == nil && (!t.Going() || c.r.State != StateTransmitting) {
		err = fault.New(fault.Conflict, "transmission_over")
	}
	return c, t, err
}

// HoldTransmission says why a transmission waits. Where it certainly did not arrive it can
// be called back again; where nobody knows it stays claimed, and is tried again. Jobs of
// ours only.
func HoldTransmission(ctx context.Context, tx *tenants.Tx, id tenants.ID, problem string, certain bool) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	sql := sqlDoubtTransmission
	if certain {
		sql = sqlReleaseTransmission
	}
	_, err := tx.Exec(ctx, sql, id, problem)
	return err
}

// FailTransmission ends a transmission that cannot arrive: the request is the town's again.
// One that is over is left alone. Jobs of ours only.
func FailTransmission(ctx context.Context, tx *tenants.Tx, id tenants.ID, problem string) error {
	c, t, err := carried(ctx, tx, id)
	if fault.Is(err, "transmission_over") {
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.back(ctx, t, TransmissionFailed, problem); err != nil {
		return err
	}
	_, err = c.save(ctx)
	return err
}

// Arrival is what the competent administration tells of a request that reached it.
type Arrival struct {
	Party      Party // as it is reached: the service in charge there
	Number     string
	ReceivedOn calendar.Date
	Effect     calendar.Effect
	LastDay    calendar.Date // none where silence decides nothing, or waits for papers
	Source     string        // article of the effect
}

const sqlArrivedTransmission = `update transmission set state = 'arrived', party = $2, number = $3, received_on = $4, content = $5, problem = '', claimed_at = null, ended_at = $6
	where id = $1 and state in ('pending', 'sending')`

// Arrived closes a request that the competent administration has, and tells the person
// who has it, how to reach them and what their silence will mean (CRPA L.114-2). One that
// is over is left alone. Jobs of ours only.
func Arrived(ctx context.Context, tx *tenants.Tx, p Parcel, a Arrival) error {
	c, t, err := carried(ctx, tx, p.Transmission)
	if fault.Is(err, "transmission_over") {
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.act(ActionArrive); err != nil {
		return err
	}
	content := transmissionContent{Silence: &announced{a.Effect, a.LastDay}}
	for _, d := range p.Documents {
		content.Documents = append(content.Documents, d.Name)
	}
	party, err := json.Marshal(a.Party)
	if err != nil {
		return err
	}
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(sqlArrivedTransmission, t.ID, party, a.Number, a.ReceivedOn, data, tx.Now())
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	c.close(tx.Today())
	if err := c.record(ctx, "transmitted", EventData{TransmissionID: t.ID, Label: a.Party.Name, Number: a.Number, On: a.ReceivedOn}); err != nil {
		return err
	}
	if err := c.tellTransmitted(ctx, t, notify.Transmitted{
		To: a.Party.Name, Address: a.Party.PostalAddress, Email: a.Party.Email, Phone: a.Party.Phone,
		There: a.Number, ReceivedOn: a.ReceivedOn, FirstReceivedOn: p.FirstReceived, Rule: a.rule(p.FirstReceived), Receipt: true,
	}); err != nil {
		return err
	}
	_, err = c.save(ctx)
	return err
}

// tellTransmitted tells the person who has their request now: by e-mail, or on paper where
// none reaches them.
func (c *change) tellTransmitted(ctx context.Context, t Transmission, m notify.Transmitted) error {
	m.Number, m.Title, m.Applicant, m.Reason, m.Path = c.r.Number, c.r.Title, c.r.ApplicantName(), t.Reason, c.path()
	if a := c.r.Applicant; a.mail() == "" && a.lines() != "" {
		settings, _, err := tenants.GetSettings(ctx, c.tx)
		if err != nil {
			return err
		}
		letter := Outgoing{Kind: LetterTransmission, About: t.ID, Subject: "Votre demande n°\u00a0" + c.r.Number + " est transmise", Body: transmittedLetter(m, c.tx.Tenant(), settings)}
		if err := c.queueLetter(ctx, letter); err != nil {
			return err
		}
	}
	return c.tell(ctx, m, notify.SMSTransmitted{Number: c.r.Number})
}

// transmittedLetter is the same news on paper.
func transmittedLetter(m notify.Transmitted, t tenants.Tenant, s tenants.Settings) string {
	body := []string{
		"Bonjour,",
		"Votre demande «\u00a0" + m.Title + "\u00a0», reçue le " + m.FirstReceivedOn.FrenchShort() + ", relève d’une autre administration. Nous la lui avons transmise (CRPA, article\u00a0L.114-2)\u00a0: vous n’avez rien à refaire.",
		strings.TrimSpace(m.To + "\n" + m.Address + "\n" + strings.TrimSpace(m.Phone+"  "+m.Email)),
		m.Reason,
	}
	if m.There != "" {
		body = append(body, "Elle y porte le numéro "+m.There+", reçue le "+m.ReceivedOn.FrenchShort()+".")
	}
	body = append(body, m.Rule)
	if m.Receipt {
		body = append(body, "Cette administration vous adresse à part un accusé de réception, avec le code qui permet de suivre votre demande.")
	}
	body = append(body, "Pour la suite, adressez-vous à elle.", strings.TrimSpace(s.SignatoryName+"\n"+t.Office()))
	return strings.Join(slices.DeleteFunc(body, func(p string) bool { return p == "" }), "\n\n")
}

// rule says what silence means at the competent administration, and from when it counts
// (CRPA L.114-3).
func (a Arrival) rule(first calendar.Date) string {
	switch {
	case a.Effect == calendar.Rejection && !a.LastDay.IsZero():
		return "Sans réponse de sa part au plus tard le " + a.LastDay.French() + ", votre demande sera considérée comme refusée. Ce délai court depuis la première réception, le " +
			first.French() + " (CRPA, article\u00a0L.114-3" + alsoBy(a.Source) + ")."
	case a.Effect == calendar.Acceptance && !a.LastDay.IsZero():
		return "Sans réponse de sa part au plus tard le " + a.LastDay.French() + ", votre demande sera acceptée, si elle est complète. Ce délai court depuis qu’elle a reçu votre demande, le " +
			a.ReceivedOn.French() + " (CRPA, article\u00a0L.114-3" + alsoBy(a.Source) + ")."
	case a.Effect == calendar.Acceptance:
		return "Le délai au bout duquel son silence vaudra acceptation commencera le jour où elle aura reçu toutes les pièces demandées."
	default:
		return ""
	}
}

func alsoBy(source string) string {
	if source == "" {
		return ""
	}
	return "\u00a0; " + source
}

const sqlGoingSince = `select id from transmission where state in ('pending', 'sending') and created_at < $1`

// RequeueTransmissions asks again for the transmissions that are on their way for more than
// a day: their job may have been given up. Jobs of ours only.
func RequeueTransmissions(ctx context.Context, tx *tenants.Tx) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	waiting, err := tenants.All[tenants.ID](ctx, tx, sqlGoingSince, tx.Now().Add(-oneDay))
	if err != nil {
		return err
	}
	for _, id := range waiting {
		if err := tx.Enqueue(ctx, TransmitArgs{Tenant: tx.Tenant().ID, Transmission: id}); err != nil {
			return err
		}
	}
	return nil
}
