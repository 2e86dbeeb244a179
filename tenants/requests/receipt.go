package requests

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Receipt is an accusé de réception as it was issued: text, page and mentions,
// with the hash that proves them (CRPA L.112-11). SHA256 is of Text, a line feed and HTML.
type Receipt struct {
	ID       tenants.ID
	Kind     string // receipt (of the request), registration (of a document sent later)
	Regime   string // electronic (R.112-11-1) or paper (R.112-5)
	Mentions json.RawMessage
	Subject  string
	Text     string
	HTML     string
	SHA256   []byte
	Complete bool // bears every mention: it then starts the time for appeal
	IssuedAt time.Time
	IssuedOn calendar.Date
}

// The kinds of receipt.
const (
	receiptOfRequest  = "receipt"
	receiptOfDocument = "registration"
)

// draftReceipt is a receipt before the number is known: a mark stands in its place.
type draftReceipt struct {
	id       tenants.ID
	regime   catalogue.Regime
	mentions []byte
	rendered notify.Rendered
}

// mark stands for the number in what is written before it is given. It is made of
// the request's key, new to the world, so no text of a citizen can hold it.
func (in *intake) mark() string {
	return "N" + strings.ReplaceAll(string(in.id), "-", "") + "N"
}

// receipt writes the receipt of the request, or none where none is due and not all
// mentions are set. One that is due and would lack a mention is refused, and with it
// the submission: a defective receipt would leave the citizen without a date and the
// town without one to oppose (L.112-6, L.112-12).
func (in *intake) receipt() (*draftReceipt, error) {
	p := in.entry.Procedure()
	facts := catalogue.Facts{Channel: in.s.Channel, ReceivedOn: in.r.ReceivedOn, LastDay: in.r.SilenceLastDay}
	if in.r.Silence.Effect == calendar.Rejection {
		facts.AppealLastDay = appealLastDay(p, in.r.SilenceLastDay, in.tx.Territory())
	}
	m := catalogue.ReceiptMentions(in.entry, in.settings, facts)
	if lacking := m.Lacking(); len(lacking) > 0 {
		if !m.Due {
			return nil, nil //nolint:nilnil // none is due: the law asks for nothing (R.112-4)
		}
		return nil, mentionsMissing(lacking)
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("keep the mentions: %w", err)
	}
	rendered, err := notify.Render(in.tx.Tenant(), in.settings, notify.Receipt{
		Electronic: m.Regime == catalogue.RegimeElectronic,
		Number:     in.mark(), TrackingCode: trackingCode(in.tx, in.id), Title: p.Title,
		Applicant: in.r.ApplicantName(), OnBehalfOf: in.r.Applicant.OnBehalfOf,
		ReceivedOn: in.r.ReceivedOn, ReceivedAt: in.r.ReceivedAt.In(in.tx.Tenant().Zone()),
		Declaration: in.r.Kind == KindDeclaration, Mentions: paragraphs(m.Paragraphs()), Warnings: p.Warnings(in.r.Answers, in.r.ReceivedOn, in.r.SilenceLastDay),
		Path: followPath(in.mark()),
	})
	if err != nil {
		return nil, err
	}
	return &draftReceipt{id: tenants.NewID(), regime: m.Regime, mentions: data, rendered: rendered}, nil
}

// mentionsMissing says what the town has to set first, in the words of the
// catalogue.
func mentionsMissing(lacking []catalogue.MissingMention) error {
	fields := make([]fault.Field, len(lacking))
	for i, l := range lacking {
		fields[i] = fault.Field{Path: l.Where + "/" + l.Code, Code: l.Code, Message: l.Label}
	}
	return fault.New(fault.Conflict, "mentions_missing", fields...)
}

func paragraphs(from []catalogue.Paragraph) []notify.Paragraph {
	out := make([]notify.Paragraph, len(from))
	for i, p := range from {
		out[i] = notify.Paragraph{Title: p.Title, Text: p.Text, Items: p.Items}
	}
	return out
}

// followPath is where a person follows a request by number and code.
func followPath(number string) string { return "/suivi?numero=" + number }

// requestPath is where its owner finds it.
func requestPath(number string) string { return "/demandes/" + number }

const (
	receiptColumns = `id, kind, regime, mentions, subject, text, html, sha256, complete, issued_at, issued_on`

	sqlReceipts     = `select ` + receiptColumns + ` from receipt where request_id = $1 order by issued_at, id`
	sqlReceipt      = `select ` + receiptColumns + ` from receipt where request_id = $1 and id = $2`
	sqlFirstReceipt = `select id from receipt where request_id = $1 and kind = 'receipt' order by issued_at, id limit 1`
)

// ReceiptOf gives a receipt as it was issued, to the owner and to agents.
func ReceiptOf(ctx context.Context, tx *tenants.Tx, number string, id tenants.ID) (Receipt, error) {
	r, _, err := visible(ctx, tx, number)
	if err != nil {
		return Receipt{}, err
	}
	receipt, err := tenants.One[Receipt](ctx, tx, sqlReceipt, r.ID, id)
	if fault.Is(err, "not_found") {
		return Receipt{}, fault.New(fault.NotFound, "receipt_unknown")
	}
	return receipt, err
}

// firstReceipt gives the key of the receipt that was issued at intake, or none.
func firstReceipt(ctx context.Context, tx *tenants.Tx, request tenants.ID) (tenants.ID, error) {
	id, err := tenants.One[tenants.ID](ctx, tx, sqlFirstReceipt, request)
	if fault.Is(err, "not_found") {
		return "", nil
	}
	return id, err
}

const sqlKeepReceipt = `insert into receipt (id, request_id, kind, regime, mentions, subject, text, html, sha256, complete, issued_at, issued_on)
	values ($1, $2, 'registration', 'electronic', $3, $4, $5, $6, sha256(convert_to($5 || chr(10) || $6, 'UTF8')), true, $7, $8)`

// acknowledge issues the receipt of a document that its owner sent electronically:
// that too is an "envoi" (L.112-11). It tells the day and the service, and the new
// last day where the document was the last of those awaited (R.112-11-4).
func (c *change) acknowledge(ctx context.Context, document string) error {
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	contact := catalogue.ContactFor(e, settings)
	reach := make([]string, 0, 3)
	for _, by := range []string{contact.Phone, contact.Email, strings.ReplaceAll(contact.PostalAddress, "\n", ", ")} {
		if by != "" {
			reach = append(reach, by)
		}
	}
	today := c.tx.Today()
	mentions := []notify.Paragraph{
		{Title: "Réception", Text: []string{"Votre document «\u00a0" + document + "\u00a0» a été reçu par la commune le " + today.French() + "."}},
		{Title: "Qui s’en occupe", Text: []string{"Service chargé du dossier\u00a0: " + contact.Name + "."}, Items: reach},
	}
	if text := c.completedText(e.Procedure()); text != "" {
		mentions = append(mentions, notify.Paragraph{Title: "Si nous ne répondons pas", Text: []string{text}})
	}
	mail := notify.Receipt{
		Electronic: true, Number: c.r.Number, Title: c.r.Title, Applicant: c.r.ApplicantName(), OnBehalfOf: c.r.Applicant.OnBehalfOf,
		ReceivedOn: today, ReceivedAt: c.tx.Now().In(c.tx.Tenant().Zone()), Document: true, Mentions: mentions, Path: c.path(),
	}
	rendered, err := notify.Render(c.tx.Tenant(), settings, mail)
	if err != nil {
		return err
	}
	data, err := json.Marshal(mentions)
	if err != nil {
		return err
	}
	id := tenants.NewID()
	if _, err := c.tx.Exec(ctx, sqlKeepReceipt, id, c.r.ID, data, rendered.Subject, rendered.Text, rendered.HTML, c.tx.Now(), today); err != nil {
		return err
	}
	if err := c.record(ctx, "receipt_issued", EventData{ReceiptID: id, Regime: string(catalogue.RegimeElectronic)}); err != nil {
		return err
	}
	return c.tell(ctx, mail, nil)
}
