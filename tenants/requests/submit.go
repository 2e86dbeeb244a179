package requests

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/notify"
)

const (
	// The number is given by the statement that inserts the request: the counter's row
	// stays locked from here to the commit.
	sqlInsertRequest = `with counter as (
			insert into request_counter (year, last) values ($1::smallint, 1)
			on conflict (year) do update set last = request_counter.last + 1 returning last)
		insert into request (id, number, procedure_id, version_id, procedure_slug, title, kind, channel, state, service_id, citizen_id,
			given_name, family_name, email, phone, postal_address, sms_wanted, on_behalf_of, organisation, organisation_id, email_agreed, regular,
			answers, tracking_hash, idempotency_key, payload_hash, received_at, received_on, first_received_on,
			silence_effect, silence_months, silence_last_day, due_on, search, decision_email_at, identity_level, source)
		select $2, lpad(($1::smallint % 100)::text, 2, '0') || '-' || lpad(counter.last::text, greatest(6, length(counter.last::text)), '0'),
			$3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
			$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, nullif($36::smallint, 0), $37 from counter
		returning number`
	sqlInsertReceipt = `insert into receipt (id, request_id, kind, regime, mentions, subject, text, html, sha256, complete, issued_at, issued_on)
		select $1, r.id, 'receipt', $3, $4, replace($5, $8, r.number), r.text, r.html, sha256(convert_to(r.text || chr(10) || r.html, 'UTF8')), true, $9, $10
		from (select id, number, replace($6, $8, number) as text, replace($7, $8, number) as html from request where id = $2 offset 0) r`
	// The registration notice, for a receipt that is awaited.
	sqlInsertRegistration = `insert into receipt (id, request_id, kind, regime, mentions, subject, text, html, sha256, complete, issued_at, issued_on)
		select $1, r.id, 'registration', $3, $4, replace($5, $8, r.number), r.text, r.html, sha256(convert_to(r.text || chr(10) || r.html, 'UTF8')), false, $9, $10
		from (select id, number, replace($6, $8, number) as text, replace($7, $8, number) as html from request where id = $2 offset 0) r`
	sqlInsertNotification = `insert into notification (id, request_id, channel, template, recipient, subject, text, html, state, created_at)
		select $1, r.id, $3, $4, $5, replace($6, $9, r.number), replace($7, $9, r.number), replace($8, $9, r.number), 'queued', $10
		from request r where r.id = $2`
	// The mail is the receipt as it was kept, and bears its key.
	sqlMailReceipt = `insert into notification (id, request_id, channel, template, recipient, subject, text, state, created_at)
		select c.id, c.request_id, 'email', 'receipt', $2, c.subject, '', 'queued', c.issued_at from receipt c where c.id = $1`
	// On paper too it is the receipt as it was kept, without a mail's head and foot.
	sqlPostReceipt = `insert into letter (id, request_id, kind, about, recipient, subject, body, awaited, created_by, created_at)
		select $2, c.request_id, 'receipt', c.id, '', c.subject, split_part(substr(c.text, strpos(c.text, 'Bonjour')), chr(10) || '--' || chr(10), 1), false, $3, c.issued_at
		from receipt c where c.id = $1`
	sqlTakeDocuments = `update document set request_id = $1, draft_id = null where draft_id = $2 and id = any($3::text[]::uuid[])`
	sqlDeleteDraft   = `delete from draft where id = $1`
)

// sending is a message that leaves with the request: its row is written after the
// number is given, its job before.
type sending struct {
	id       tenants.ID
	receipt  bool // it is the receipt itself, whose key it bears
	channel  string
	template string
	to       string
	rendered notify.Rendered
}

// write puts the request into the tables, in one round trip. Events and jobs go
// first, so that the counter is held for what follows it and the commit alone.
func (in *intake) write(ctx context.Context, receipt *draftReceipt) error {
	sendings, err := in.sendings(receipt)
	if err != nil {
		return err
	}
	if err := in.announce(ctx, receipt, sendings); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	if err := in.tx.QueuePending(batch); err != nil {
		return err
	}
	if err := in.queueRequest(batch); err != nil {
		return err
	}
	mark := in.mark()
	in.queueStep(batch)
	in.queueAwaited(batch)
	if receipt != nil {
		insert := sqlInsertReceipt
		if receipt.registration {
			insert = sqlInsertRegistration
		}
		batch.Queue(insert, receipt.id, in.id, string(receipt.regime), receipt.mentions,
			receipt.rendered.Subject, receipt.rendered.Text, receipt.rendered.HTML, mark, in.tx.Now(), in.tx.Today())
	}
	if receipt != nil && in.posted() {
		batch.Queue(sqlPostReceipt, receipt.id, tenants.NewID(), in.tx.Actor().Name)
	}
	for _, s := range sendings {
		if s.receipt {
			batch.Queue(sqlMailReceipt, s.id, s.to)
			continue
		}
		batch.Queue(sqlInsertNotification, s.id, in.id, s.channel, s.template, s.to, s.rendered.Subject, s.rendered.Text, s.rendered.HTML, mark, in.tx.Now())
	}
	if in.draft != nil {
		batch.Queue(sqlTakeDocuments, in.id, in.draft.ID, in.fileIDs())
		batch.Queue(sqlDeleteDraft, in.draft.ID)
	}
	if in.arriving != nil {
		if err := in.arriving.queue(in, batch); err != nil {
			return err
		}
	}
	if in.last {
		return in.tx.End(ctx, batch)
	}
	return in.tx.SendBatch(ctx, batch).Close()
}

// posted tells whether the receipt leaves by post: of a letter or a call, whose sender no
// e-mail reaches. At the counter it is handed over.
func (in *intake) posted() bool { return byPost(in.r) }

func byPost(r Request) bool {
	return (r.Channel == ChannelPost || r.Channel == ChannelPhone) && r.Applicant.mail() == "" && r.Applicant.lines() != ""
}

func (in *intake) queueRequest(batch *pgx.Batch) error {
	answers, err := json.Marshal(in.r.Answers)
	if err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	r, a := in.r, in.r.Applicant
	var key any
	if in.key != "" {
		key = in.key
	}
	batch.Queue(sqlInsertRequest, in.tx.Today().Year, r.ID, r.ProcedureID, r.VersionID, r.ProcedureSlug, r.Title, string(r.Kind), r.Channel, string(r.State),
		r.ServiceID.OrNull(), r.CitizenID.OrNull(), a.GivenName, a.FamilyName, a.Email, a.Phone, a.PostalAddress, a.SMS, a.OnBehalfOf,
		a.Organisation, a.OrganisationID, a.EmailAgreed, r.Regular, answers, r.trackingHash, key, in.payload, r.ReceivedAt, r.ReceivedOn, r.FirstReceivedOn,
		string(r.Silence.Effect), r.Silence.Months, r.SilenceLastDay, r.DueOn, searchText(r), orNull(r.DecisionEmailAt), r.IdentityLevel, in.network()).
		QueryRow(func(row pgx.Row) error { return row.Scan(&in.r.Number) })
	return nil
}

// sendings makes the mail and the text message that the person gets at once.
func (in *intake) sendings(receipt *draftReceipt) ([]sending, error) {
	var out []sending
	if to := in.r.Applicant.mail(); to != "" && receipt != nil {
		out = append(out, sending{id: receipt.id, receipt: true, to: to})
	}
	if in.r.Applicant.SMS {
		sms, err := notify.Render(in.tx.Tenant(), in.settings, notify.SMSReceived{Number: in.mark(), TrackingCode: trackingCode(in.tx, in.id)})
		if err != nil {
			return nil, err
		}
		out = append(out, sending{id: tenants.NewID(), channel: "sms", template: "sms_received", to: in.r.Applicant.Phone, rendered: sms})
	}
	return out, nil
}

// announce records what happens and asks for the jobs.
func (in *intake) announce(ctx context.Context, receipt *draftReceipt, sendings []sending) error {
	record := func(kind string, d EventData) error {
		d.Version = 1
		return in.tx.Record(ctx, tenants.Event{SubjectKind: subjectRequest, SubjectID: string(in.id), Kind: kind, Data: d})
	}
	if err := record("submitted", EventData{Channel: in.r.Channel}); err != nil {
		return err
	}
	if receipt != nil {
		issued := EventData{ReceiptID: receipt.id, Regime: string(receipt.regime)}
		if receipt.registration {
			issued.Receipt = AboutRegistration
		}
		if err := record("receipt_issued", issued); err != nil {
			return err
		}
	}
	if in.abusive {
		if err := record("receipt_exempt", EventData{}); err != nil {
			return err
		}
	}
	if in.awaits != "" {
		if err := record("receipt_awaited", EventData{LimitOn: calendar.ReceiptDue(in.r.ReceivedOn, in.tx.Territory())}); err != nil {
			return err
		}
	}
	tenant := in.tx.Tenant().ID
	if err := in.tx.Enqueue(ctx, ProjectArgs{Tenant: tenant, Request: in.id, Morning: morningOf(in.tx)}); err != nil {
		return err
	}
	if err := in.beginStep(ctx); err != nil {
		return err
	}
	for _, s := range sendings {
		if err := in.tx.Enqueue(ctx, notify.SendArgs{Tenant: tenant, Notification: s.id}); err != nil {
			return err
		}
	}
	return nil
}
