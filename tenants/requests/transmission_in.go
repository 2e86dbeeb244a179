package requests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/notify"
)

const (
	sqlCopiedNotice = `insert into document_request (id, request_id, notified_on, limit_on, completed_on, text, created_by, created_at, delivery, arrived_on) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlMakeWaiting  = `update request set waiting = true where id = $1`
)

// incoming is a request that another administration transmits.
type incoming struct {
	Parcel
	stored []files.Stored // one a document of the parcel, in its order
	fits   bool           // the answers are answers to the form here
	ids    map[tenants.ID]tenants.ID
}

// Receive takes in a request that another administration of the deployment transmits: under
// a number of its own, with its own tracking code and receipt, the file, the documents,
// whose bytes lie in the store already, and both dates of reception (CRPA L.114-2, L.114-3).
// The same parcel gives the same request again, and nothing new. Answers that the form here
// does not understand are kept in words. What comes back to who had it before counts as
// received when they received it first. Jobs of ours only.
//
// A commune that is suspended is fault.Unavailable "tenant_suspended", one whose tables are
// behind "tenant_updating"; a procedure that is not open is fault.Conflict
// "procedure_closed", a receipt that would lack a mention "mentions_missing".
func Receive(ctx context.Context, tx *tenants.Tx, p Parcel, stored []files.Stored) (Arrival, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return Arrival{}, fault.New(fault.Forbidden, "not_allowed")
	}
	in := &intake{tx: tx, arriving: &incoming{Parcel: p, stored: stored, ids: map[tenants.ID]tenants.ID{}}, s: Submission{
		ProcedureSlug: p.ProcedureSlug, Channel: p.Channel, Applicant: p.Applicant, Level: p.IdentityLevel,
		ReceivedOn: p.receivedBy(tx), FirstReceivedOn: p.FirstReceived,
	}}
	before, err := in.lookParcel(ctx)
	if err != nil {
		return Arrival{}, err
	}
	if len(before) > 0 {
		return in.arrived(ctx, before[0].ID)
	}
	if tx.Tenant().State == tenants.StateSuspended {
		return Arrival{}, fault.New(fault.Unavailable, "tenant_suspended")
	}
	if err := in.unpack(ctx); err != nil {
		return Arrival{}, err
	}
	receipt, err := in.receipt()
	if err != nil {
		return Arrival{}, err
	}
	if err := tx.Record(ctx, tenants.Event{SubjectKind: subjectRequest, SubjectID: string(in.id), Kind: "transmission_received",
		Data: EventData{Version: 1, Label: p.From.Name, Number: p.FromNumber, On: p.FirstReceived}}); err != nil {
		return Arrival{}, err
	}
	if err := in.write(ctx, receipt); err != nil {
		return Arrival{}, err
	}
	return arrival(tx, in.entry, in.settings, in.r), nil
}

// Found tells whether a parcel has arrived already, and what of it. Jobs of ours only.
func Found(ctx context.Context, tx *tenants.Tx, p Parcel) (a Arrival, found bool, err error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return a, false, fault.New(fault.Forbidden, "not_allowed")
	}
	in := &intake{tx: tx, arriving: &incoming{Parcel: p}, s: Submission{ProcedureSlug: p.ProcedureSlug}}
	before, err := in.lookParcel(ctx)
	if err != nil || len(before) == 0 {
		return a, false, err
	}
	a, err = in.arrived(ctx, before[0].ID)
	return a, err == nil, err
}

// arrived is what is told of a request that a parcel made before.
func (in *intake) arrived(ctx context.Context, id tenants.ID) (Arrival, error) {
	r, err := one(ctx, in.tx, sqlRequestByID, id)
	if err != nil {
		return Arrival{}, err
	}
	e, err := entryOf(ctx, in.tx, r)
	return arrival(in.tx, e, in.settings, r), err
}

// receivedBy gives the day on which the commune counts as having received the parcel: today,
// or when it had it first, before it sent it elsewhere.
func (p Parcel) receivedBy(tx *tenants.Tx) calendar.Date {
	for _, s := range p.Stops {
		if sameParty(s.Code, tx.Tenant().INSEE) {
			return s.ReceivedOn
		}
	}
	return tx.Today()
}

// lookParcel is [intake.look] for a parcel: its transmission is the key.
func (in *intake) lookParcel(ctx context.Context) (before []keyed, err error) {
	sum := sha256.Sum256([]byte("transmission\x00" + string(in.arriving.Transmission)))
	in.key, in.payload = hex.EncodeToString(sum[:]), sum[:]
	batch := &pgx.Batch{}
	batch.Queue(sqlLockKey, in.key, in.tx.Tenant().ID)
	queueAll(batch, &before, sqlFindKey, in.key)
	in.queueProcedure(batch)
	return before, in.tx.SendBatch(ctx, batch).Close()
}

// unpack makes a request of the parcel, with its dates.
func (in *intake) unpack(ctx context.Context) (err error) {
	p := in.arriving
	if in.entry, err = in.readEntry(ctx, in.tx); err != nil {
		return err
	}
	if !in.entry.Open || in.entry.Procedure().Form == nil {
		return fault.New(fault.Conflict, "procedure_closed")
	}
	for _, d := range p.Documents {
		p.ids[d.ID] = tenants.NewID()
	}
	if in.tables, err = catalogue.TablesFor(ctx, in.tx, in.entry.Procedure()); err != nil {
		return err
	}
	if in.s.Answers = p.answers(in.entry.Procedure(), in); !p.fits {
		in.s.Answers = forms.Answers{}
	}
	if electronic(in.s.Channel) {
		in.s.Applicant.EmailAgreed = true
	}
	if err := in.startClock(ctx); err != nil {
		return err
	}
	if len(p.Notices) == 0 {
		return nil
	}
	if in.deadline, err = silence(in.tx, in.entry.Procedure(), in.r, p.Notices, nil); err != nil {
		return err
	}
	in.r.apply(in.deadline, in.entry.Procedure().Commitment, in.tx.Territory())
	for _, n := range p.Notices {
		if n.CompletedOn.IsZero() && n.indispensable() {
			in.r.Waiting, in.r.State = true, StateWaiting
		}
	}
	return nil
}

// answers gives the parcel's answers for a procedure, with the documents' keys here, and
// notes whether they fit its form.
func (p *incoming) answers(procedure *catalogue.Procedure, in *intake) forms.Answers {
	if procedure.Slug != p.FromSlug || len(p.Answers) == 0 {
		return nil
	}
	own := forms.Answers{}
	for field, value := range p.Answers {
		if refs, ok := value.Files(); ok {
			refs = slices.Clone(refs)
			for i := range refs {
				refs[i].ID = string(p.ids[tenants.ID(refs[i].ID)])
			}
			value = forms.Files(refs...)
		}
		own[field] = value
	}
	own = procedure.Form.Prune(procedure.Form.Settle(own, in.known()))
	p.fits = len(procedure.Form.Validate(own, p.FirstReceived.Start(in.tx.Tenant().Zone()), forms.Options{Town: in.tx.Tenant().Name, Tables: in.tables, PapersLater: true})) == 0
	return own
}

// origin is what the receipt says of who had the request before.
func (p *incoming) origin(r Request) notify.Paragraph {
	text := "Votre demande a d’abord été reçue le " + p.FirstReceived.French() + " par " + p.Stops[0].Name + "."
	if last := p.Stops[len(p.Stops)-1]; len(p.Stops) > 1 {
		text += " Elle nous vient de " + last.Name + ", qui l’avait sous le numéro " + p.FromNumber + "."
	} else {
		text += " Elle y portait le numéro " + p.FromNumber + "."
	}
	text += " Elle nous est transmise parce que nous sommes compétents (CRPA, article\u00a0L.114-2)."
	out := notify.Paragraph{Title: "Transmission", Text: []string{text}}
	switch r.Silence.Effect {
	case calendar.Rejection:
		out.Text = append(out.Text, "Le délai de réponse indiqué plus bas court depuis cette première réception (CRPA, article\u00a0L.114-3).")
	case calendar.Acceptance:
		out.Text = append(out.Text, "Le délai de réponse indiqué plus bas court depuis que nous l’avons reçue (CRPA, article\u00a0L.114-3).")
	case calendar.Declaration, calendar.None:
	}
	return out
}

// queue writes what came with the request, after its row.
func (p *incoming) queue(in *intake, batch *pgx.Batch) error {
	items := map[tenants.ID]tenants.ID{}
	for _, n := range p.Notices {
		id := tenants.NewID()
		batch.Queue(sqlCopiedNotice, id, in.id, n.NotifiedOn, n.LimitOn, n.CompletedOn, n.Text, p.From.Name, n.CreatedAt, n.Delivery, n.ArrivedOn)
		for i, item := range n.Items {
			items[item.ID] = tenants.NewID()
			batch.Queue(sqlInsertItem, items[item.ID], id, item.Label, item.LegalBasis, item.Indispensable, i)
		}
	}
	for i, d := range p.Documents {
		d.RequestID, d.ItemID, d.ID = in.id, items[d.ItemID], p.ids[d.ID]
		if !p.fits {
			d.Field = ""
		}
		if err := files.QueueCopy(batch, in.tx, d, p.stored[i]); err != nil {
			return err
		}
	}
	content := transmissionContent{Stops: p.Stops, Procedure: p.FromTitle}
	if !p.fits {
		content.Summary = wordsOf(p.Summary)
	}
	party, err := json.Marshal(p.From)
	if err != nil {
		return err
	}
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	batch.Queue(sqlNewTransmission, tenants.NewID(), in.id, string(WayIn), string(TransmissionArrived), party, p.FromNumber, p.ProcedureSlug, p.Reason,
		p.Stops[len(p.Stops)-1].ReceivedOn, data, p.From.Name, in.tx.Now(), in.tx.Now())
	if in.r.Waiting {
		batch.Queue(sqlMakeWaiting, in.id)
	}
	return nil
}

// wordsOf leaves keys of another commune's files out of the answers in words.
func wordsOf(steps []forms.SummaryStep) []forms.SummaryStep {
	out := slices.Clone(steps)
	for i := range out {
		out[i].Rows = slices.Clone(out[i].Rows)
		for j := range out[i].Rows {
			out[i].Rows[j].Files = nil
		}
	}
	return out
}

// arrival is what the other side is told.
func arrival(tx *tenants.Tx, e catalogue.Entry, s tenants.Settings, r Request) Arrival {
	contact, party := catalogue.ContactFor(e, s), PartyOf(tx.Tenant(), s)
	party.PostalAddress, party.Email, party.Phone = contact.PostalAddress, contact.Email, contact.Phone
	return Arrival{Party: party, Number: r.Number, ReceivedOn: r.ReceivedOn, Effect: r.Silence.Effect, LastDay: r.SilenceLastDay, Source: e.Procedure().Silence.Source}
}
