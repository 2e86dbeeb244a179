package requests

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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
	// Outdated: the request was reclassified after it. It announced what holds no more.
	Outdated bool
	Returned bool // its mail did not arrive, and nobody has noted that it was handed over
	// ToPost: its letter waits in the print queue. It was transmitted to nobody.
	ToPost bool
	SentOn calendar.Date // when its letter was posted, or handed over; none where it was no letter
}

// The kinds of receipt, as the table names them. A registration is the notice that a request
// was registered (AEE), or the receipt of what was sent later about it: [Receipt.About] tells.
const (
	receiptOfRequest    = "receipt"
	receiptRegistration = "registration"
)

// What a receipt acknowledges.
const (
	AboutRequest      = "request"
	AboutRegistration = "registration" // of a request: the day alone (AEE, CRPA R.112-11-1)
	AboutDocument     = "document"
	AboutMessage      = "message"
)

// About tells what the receipt acknowledges: AboutRequest…
func (r Receipt) About() string {
	var m struct{ Kind string }
	switch {
	case r.Kind == receiptOfRequest:
		return AboutRequest
	case json.Unmarshal(r.Mentions, &m) != nil: // its paragraphs, as they were kept at first
		return AboutDocument
	case m.Kind == AboutMessage || m.Kind == AboutRegistration:
		return m.Kind
	default:
		return AboutDocument
	}
}

// Exemption gives why the receipt was not compulsory, as catalogue's ExemptDelivery…; ""
// where it was.
func (r Receipt) Exemption() string {
	var m struct{ Exemption string }
	if json.Unmarshal(r.Mentions, &m) != nil {
		return ""
	}
	return m.Exemption
}

// draftReceipt is a receipt before the number is known: a mark stands in its place.
type draftReceipt struct {
	id           tenants.ID
	registration bool // the AEE alone: the receipt itself is awaited
	regime       catalogue.Regime
	mentions     []byte
	rendered     notify.Rendered
}

// mark stands for the number in what is written before it is given. It is made of
// the request's key, new to the world, so no text of a citizen can hold it.
func (in *intake) mark() string {
	return "N" + strings.ReplaceAll(string(in.id), "-", "") + "N"
}

// receipt writes the receipt of the request, or none where none is due and not all
// mentions are set. One that is due and would lack a mention must not leave: it would bind
// nobody (L.112-6, L.112-12). The request is taken in all the same, with a registration
// notice where it came electronically, and its receipt is awaited ([IssueReceipt]).
func (in *intake) receipt() (*draftReceipt, error) {
	if in.abusive {
		return nil, nil //nolint:nilnil // L.112-11: none is due to abusive sendings
	}
	var notices []DocumentRequest
	if in.arriving != nil {
		notices = in.arriving.Notices
	}
	m := receiptMentions(in.tx, in.entry, in.settings, in.r, notices)
	lacking := m.Lacking()
	switch {
	case len(lacking) > 0 && !m.Due:
		return nil, nil //nolint:nilnil // none is due: the law asks for nothing (R.112-4)
	case len(lacking) > 0:
		in.awaits = awaitsMentions
		return in.registration(m)
	case in.s.ReceiptLater && m.Due:
		in.awaits = awaitsSorting
		return in.registration(m)
	}
	mail := receiptMail(m, in.r, in.entry.Procedure(), in.tx)
	mail.Number, mail.TrackingCode, mail.Path = in.mark(), trackingCode(in.tx, in.id), followPath(in.mark())
	if in.arriving != nil {
		mail.Mentions = slices.Insert(mail.Mentions, 1, in.arriving.origin(in.r))
	}
	return in.draftReceipt(m, mail, false)
}

// registration writes the registration notice of what came electronically; of a letter or
// a visit there is none.
func (in *intake) registration(m catalogue.Mentions) (*draftReceipt, error) {
	if m.Regime != catalogue.RegimeElectronic {
		return nil, nil //nolint:nilnil // R.112-11-2 is about what comes electronically
	}
	return in.draftReceipt(catalogue.RegistrationMentions(in.r.ReceivedOn), notify.Registration{
		Number: in.mark(), TrackingCode: trackingCode(in.tx, in.id), Title: in.r.Title, Applicant: in.r.ApplicantName(),
		ReceivedOn: in.r.ReceivedOn, ReceivedAt: in.r.ReceivedAt.In(in.tx.Tenant().Zone()), Path: followPath(in.mark()),
	}, true)
}

func (in *intake) draftReceipt(m catalogue.Mentions, mail notify.Data, registration bool) (*draftReceipt, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("keep the mentions: %w", err)
	}
	rendered, err := notify.Render(in.tx.Tenant(), in.settings, mail)
	if err != nil {
		return nil, err
	}
	return &draftReceipt{id: tenants.NewID(), registration: registration, regime: m.Regime, mentions: data, rendered: rendered}, nil
}

// receiptMentions gives the mentions of a request's receipt as it stands: with the pieces
// that are awaited, where they were asked for before the receipt could leave.
func receiptMentions(tx *tenants.Tx, e catalogue.Entry, s tenants.Settings, r Request, notices []DocumentRequest) catalogue.Mentions {
	facts := catalogue.Facts{Channel: r.Channel, ReceivedOn: r.ReceivedOn, LastDay: r.SilenceLastDay}
	if r.Silence.Effect == calendar.Rejection && e.Procedure().Silence.Effect == calendar.Acceptance {
		facts.LastDay = calendar.Date{} // that of the papers, in urban planning: nothing is granted then
	}
	if r.Silence.Effect == calendar.Rejection {
		facts.AppealLastDay, _ = appealDay(e.Procedure(), r, r.SilenceLastDay, tx.Territory(), calendar.LivesNear) // a residence that is known is no fault
	}
	for _, n := range notices {
		if n.late || !n.CompletedOn.IsZero() || !n.indispensable() {
			continue
		}
		if facts.Incomplete == nil {
			facts.Incomplete = &catalogue.Incomplete{}
		}
		if n.LimitOn.After(facts.Incomplete.Limit) {
			facts.Incomplete.Limit = n.LimitOn
		}
		for _, i := range n.Items {
			if !i.Received {
				facts.Incomplete.Pieces = append(facts.Incomplete.Pieces, catalogue.Piece{Label: i.Label, LegalBasis: i.LegalBasis, Indispensable: i.Indispensable})
			}
		}
	}
	return catalogue.ReceiptMentions(e, s, facts)
}

// receiptMail is the receipt of a request as it is sent, kept and printed; its number, its
// code and where it is followed are the caller's.
func receiptMail(m catalogue.Mentions, r Request, p *catalogue.Procedure, tx *tenants.Tx) notify.Receipt {
	return notify.Receipt{
		Electronic: m.Regime == catalogue.RegimeElectronic, Title: p.Title, Applicant: r.ApplicantName(), OnBehalfOf: r.Applicant.OnBehalfOf,
		ReceivedOn: r.ReceivedOn, ReceivedAt: r.ReceivedAt.In(tx.Tenant().Zone()),
		Declaration: r.Kind == KindDeclaration, Mentions: paragraphs(m.Paragraphs()), Warnings: p.Warnings(r.Answers, r.ReceivedOn, r.SilenceLastDay),
	}
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
	receiptColumns = `c.id, c.kind, c.regime, c.mentions, c.subject, c.text, c.html, c.sha256, c.complete, c.issued_at, c.issued_on,
		exists (select 1 from request_fact f where f.request_id = c.request_id and f.kind in ('as_request', 'as_information') and f.at > c.issued_at) as outdated,
		exists (select 1 from notification n where n.id = c.id and n.state in ('bounced', 'failed'))
			and not exists (select 1 from event e where e.subject_id = c.request_id::text and e.kind = 'receipt_delivered' and e.data ->> 'receipt_id' = c.id::text) as returned,
		coalesce((select l.posted_on is null and l.arrived_on is null from letter l where l.request_id = c.request_id and l.about = c.id and l.kind = 'receipt' limit 1), false) as to_post,
		(select coalesce(l.posted_on, l.arrived_on) from letter l where l.request_id = c.request_id and l.about = c.id and l.kind = 'receipt' limit 1) as sent_on`

	sqlReceipts     = `select ` + receiptColumns + ` from receipt c where c.request_id = $1 order by c.issued_at, c.id`
	sqlReceipt      = `select ` + receiptColumns + ` from receipt c where c.request_id = $1 and c.id = $2`
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

const (
	// What is issued after the intake, with its number known.
	sqlKeepReceipt = `insert into receipt (id, request_id, kind, regime, mentions, subject, text, html, sha256, complete, issued_at, issued_on)
		values ($1, $2, $3, $4, $5, $6, $7, $8, sha256(convert_to($7 || chr(10) || $8, 'UTF8')), $9, $10, $11)`
)

// issued is a receipt that is about to be kept and sent.
type issued struct {
	kind     string // of the table
	about    string
	mentions catalogue.Mentions
	mail     notify.Data
	complete bool
}

// issue keeps a receipt, records it, and lets it leave as it was kept: by e-mail, or by post.
func (c *change) issue(ctx context.Context, i issued) error {
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	text, err := notify.Render(c.tx.Tenant(), settings, i.mail)
	if err != nil {
		return err
	}
	data, err := json.Marshal(i.mentions)
	if err != nil {
		return fmt.Errorf("keep the mentions: %w", err)
	}
	id := tenants.NewID()
	_, err = c.tx.Exec(ctx, sqlKeepReceipt, id, c.r.ID, i.kind, string(i.mentions.Regime), data, text.Subject, text.Text, text.HTML, i.complete, c.tx.Now(), c.tx.Today())
	if err != nil {
		return err
	}
	event := EventData{ReceiptID: id, Regime: string(i.mentions.Regime), Label: i.mentions.Title}
	if i.about != AboutRequest {
		event.Receipt = i.about
	}
	if i.about != AboutDocument {
		event.Label = ""
	}
	if err := c.record(ctx, "receipt_issued", event); err != nil {
		return err
	}
	to := c.r.Applicant.mail()
	if to == "" {
		if i.about == AboutRequest && byPost(c.r) {
			_, err = c.tx.Exec(ctx, sqlPostReceipt, id, tenants.NewID(), c.tx.Actor().Name)
		}
		return err
	}
	if _, err := c.tx.Exec(ctx, sqlMailReceipt, id, to); err != nil {
		return err
	}
	return c.tx.Enqueue(ctx, notify.SendArgs{Tenant: c.tx.Tenant().ID, Notification: id})
}

// sent is something that the owner sent about their request: a document or a message.
type sent struct {
	about string // AboutDocument, AboutMessage
	label string // the document's name
	at    time.Time
	on    calendar.Date
}

// acknowledge issues the receipt of what the owner sent electronically: that too is an
// "envoi" (L.112-11). It tells the day and the service, and the new last day where a
// document was the last of those awaited (R.112-11-4). Where a mention is missing the
// registration notice leaves, and the receipt is awaited.
func (c *change) acknowledge(ctx context.Context, s sent) error {
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	m := catalogue.SendingMentions(e, settings, catalogue.Kind(s.about), s.label, s.on)
	if m.Complete() {
		return c.issueSent(ctx, e, m, s)
	}
	err = c.issue(ctx, issued{
		kind: receiptRegistration, about: AboutRegistration, mentions: catalogue.RegistrationMentions(s.on),
		mail: notify.Registration{
			Number: c.r.Number, Title: c.r.Title, Applicant: c.r.ApplicantName(), ReceivedOn: s.on, ReceivedAt: s.at.In(c.tx.Tenant().Zone()), Path: c.path(),
		},
	})
	if err != nil {
		return err
	}
	return c.await(ctx, s, awaitsMentions)
}

// issueSent issues the receipt of a document or a message, whole.
func (c *change) issueSent(ctx context.Context, e catalogue.Entry, m catalogue.Mentions, s sent) error {
	mentions := paragraphs(m.Paragraphs())
	if text := c.completedText(e.Procedure()); s.about == AboutDocument && text != "" {
		mentions = append(mentions, notify.Paragraph{Title: "Si nous ne répondons pas", Text: []string{text}})
	}
	return c.issue(ctx, issued{
		kind: receiptRegistration, about: s.about, mentions: m, complete: true,
		mail: notify.Receipt{
			Electronic: true, Number: c.r.Number, Title: c.r.Title, Applicant: c.r.ApplicantName(), OnBehalfOf: c.r.Applicant.OnBehalfOf,
			ReceivedOn: s.on, ReceivedAt: s.at.In(c.tx.Tenant().Zone()), Document: s.about == AboutDocument, Message: s.about == AboutMessage,
			Mentions: mentions, Path: c.path(),
		},
	})
}
