package requests

import (
	"context"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Notice asks for the papers that are missing from a file (CRPA L.114-5,
// R.112-11-4).
type Notice struct {
	Items   []NoticeItem
	LimitOn calendar.Date // last day to produce them, after today
	Text    string        // what the agent adds
	// Delivery is how the letter leaves (DeliveryEmail…). Empty: by e-mail where the person
	// gets messages so, otherwise by post.
	Delivery string
}

// NoticeItem is one paper, and the text that requires it: nothing else may be asked.
type NoticeItem struct {
	Label         string
	LegalBasis    string
	Indispensable bool // otherwise instruction goes on without it (L.114-5-1)
}

// DocumentRequest is a notice as it was sent, and how far it was answered.
type DocumentRequest struct {
	ID          tenants.ID
	NotifiedOn  calendar.Date
	LimitOn     calendar.Date
	CompletedOn calendar.Date // none: still awaited
	Text        string
	CreatedBy   string
	CreatedAt   time.Time
	Delivery    string        // "" before it was kept
	ArrivedOn   calendar.Date // of a posted one, as an agent noted it: then NotifiedOn is that day
	Subject     string        // of Letter
	Letter      string        // as it was sent, or is to be printed; "" before it was kept
	// CompleteLetter tells that all has come, and the new last day; "" until then.
	CompleteLetter string
	Items          []DocumentItem

	// SparedUntil is the day until which the papers are accepted although LimitOn fell into
	// an incident, SparedFor what that was; none where it did not. Known in a [Detail].
	SparedUntil calendar.Date
	SparedFor   string

	late bool // it came after the silence had decided
}

// AwaitsArrival tells whether a notice went by post and nobody has noted yet on which day
// it came: until then it counts as received on the day on which it was made.
func (n DocumentRequest) AwaitsArrival(a Applicant) bool {
	posted := n.Delivery == DeliveryPost || n.Delivery == "" && a.mail() == ""
	return posted && n.ArrivedOn.IsZero()
}

// DocumentItem is one paper of a notice.
type DocumentItem struct {
	ID                tenants.ID
	DocumentRequestID tenants.ID
	Label             string
	LegalBasis        string
	Indispensable     bool
	Received          bool // a document was added for it
}

// indispensable tells whether the instruction waits for a paper of the notice.
func (n DocumentRequest) indispensable() bool {
	for _, item := range n.Items {
		if item.Indispensable {
			return true
		}
	}
	return false
}

// answered tells whether every paper that counts is there: the indispensable ones,
// or all where none is.
func (n DocumentRequest) answered() bool {
	waits := n.indispensable()
	for _, item := range n.Items {
		if !item.Received && (item.Indispensable || !waits) {
			return false
		}
	}
	return true
}

type noticeRow struct {
	ID          tenants.ID
	NotifiedOn  calendar.Date
	LimitOn     calendar.Date
	CompletedOn calendar.Date
	Text        string
	CreatedBy   string
	CreatedAt   time.Time

	Delivery       string
	ArrivedOn      calendar.Date
	Subject        string
	Letter         string
	CompleteLetter string
}

const (
	sqlNotices = `select id, notified_on, limit_on, completed_on, text, created_by, created_at, delivery, arrived_on, subject, letter, complete_letter
		from document_request where request_id = $1 order by notified_on, created_at, id`
	sqlItems = `select i.id, i.document_request_id, i.label, i.legal_basis, i.indispensable, exists (select 1 from document d where d.item_id = i.id) as received
		from document_request_item i join document_request n on n.id = i.document_request_id where n.request_id = $1 order by i.document_request_id, i.position`
	sqlInsertNotice   = `insert into document_request (id, request_id, notified_on, limit_on, text, created_by, created_at, delivery) values ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlNoticeLetter   = `update document_request set subject = $2, letter = $3 where id = $1`
	sqlArrived        = `update document_request set notified_on = $2, arrived_on = $2, limit_on = $3 where id = $1 and arrived_on is null`
	sqlInsertItem     = `insert into document_request_item (id, document_request_id, label, legal_basis, indispensable, position) values ($1, $2, $3, $4, $5, $6)`
	sqlCompleted      = `update document_request set completed_on = $2 where id = $1 and completed_on is null`
	sqlCompleteLetter = `update document_request set complete_letter = $2 where id = $1`
	sqlCountFiles     = `select count(*) from document where request_id = $1`
)

func documentRequests(ctx context.Context, tx *tenants.Tx, request tenants.ID) ([]DocumentRequest, error) {
	rows, err := tenants.All[noticeRow](ctx, tx, sqlNotices, request)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	items, err := tenants.All[DocumentItem](ctx, tx, sqlItems, request)
	return noticesOf(rows, items), err
}

func noticesOf(rows []noticeRow, items []DocumentItem) []DocumentRequest {
	out := make([]DocumentRequest, len(rows))
	for i, w := range rows {
		out[i] = DocumentRequest{ID: w.ID, NotifiedOn: w.NotifiedOn, LimitOn: w.LimitOn, CompletedOn: w.CompletedOn, Text: w.Text, CreatedBy: w.CreatedBy, CreatedAt: w.CreatedAt,
			Delivery: w.Delivery, ArrivedOn: w.ArrivedOn, Subject: w.Subject, Letter: w.Letter, CompleteLetter: w.CompleteLetter}
		for _, item := range items {
			if item.DocumentRequestID == w.ID {
				out[i].Items = append(out[i].Items, item)
			}
		}
	}
	return out
}

// Limits of a notice.
const (
	maxItems      = 20
	maxLabel      = 300 // characters
	maxLimitMonth = 12
)

func (n *Notice) check(today calendar.Date) error {
	var fields []fault.Field
	wrong := func(path, code string) { fields = append(fields, fault.Field{Path: path, Code: code}) }
	if len(n.Items) == 0 || len(n.Items) > maxItems {
		return fault.New(fault.Invalid, "items_required", fault.Field{Path: "items", Code: "required"})
	}
	for i := range n.Items {
		item := &n.Items[i]
		item.Label, item.LegalBasis = clean(item.Label, false), clean(item.LegalBasis, false)
		path := "items/" + strconv.Itoa(i)
		if item.Label == "" || utf8.RuneCountInString(item.Label) > maxLabel {
			wrong(path+"/label", "required")
		}
		if item.LegalBasis == "" || utf8.RuneCountInString(item.LegalBasis) > maxLabel {
			wrong(path+"/legal_basis", "required")
		}
	}
	if len(fields) > 0 {
		return fault.New(fault.Invalid, "items_required", fields...)
	}
	if !n.LimitOn.After(today) || n.LimitOn.After(today.AddMonths(maxLimitMonth)) {
		return fault.New(fault.Invalid, "limit_invalid", fault.Field{Path: "limit_on", Code: "invalid"})
	}
	n.Text = cleanText(n.Text)
	if utf8.RuneCountInString(n.Text) > maxBody {
		return fault.New(fault.Invalid, "body_too_long", fault.Field{Path: "text", Code: "too_long"})
	}
	return nil
}

// AskDocuments notifies the person of the papers that are missing, and lets the
// clock react: a rejection is suspended, an acceptance waits. Agents of the service
// may. After the last day the silent decision exists, and the notice is refused:
// fault.Conflict "silence_acquired".
func AskDocuments(ctx context.Context, tx *tenants.Tx, number string, n Notice, expect int64) (Request, error) {
	if err := outsider(tx); err != nil {
		return Request{}, err
	}
	if err := n.check(tx.Today()); err != nil {
		return Request{}, err
	}
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.beforeSilence(); err != nil {
		return Request{}, err
	}
	if n.Delivery, err = c.noticeDelivery(n.Delivery); err != nil {
		return Request{}, err
	}
	if err := c.inTime(ctx, &n); err != nil {
		return Request{}, err
	}
	before := c.r.State
	if err := c.act(ActionAskDocuments); err != nil {
		return Request{}, err
	}
	id, waits, err := c.insertNotice(ctx, n)
	if err != nil {
		return Request{}, err
	}
	if !waits {
		c.r.State = before // L.114-5-1: the instruction goes on
	}
	if err := c.recount(ctx); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "documents_asked", EventData{DocumentRequestID: id, Count: len(n.Items), LimitOn: n.LimitOn}); err != nil {
		return Request{}, err
	}
	if err := c.sendNotice(ctx, id, n); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// inTime sets the limit of a notice where the law does (C. urb. R*423-39), and refuses one
// that can change nothing any more: fault.Conflict "notice_too_late", as [ForeseeNotice].
func (c *change) inTime(ctx context.Context, n *Notice) error {
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	facts, notices, err := c.facts(ctx)
	if err != nil {
		return err
	}
	n.limited(e.Procedure(), c.tx.Today())
	_, err = calendar.Silence(n.on(c.tx, effective(c.tx, e.Procedure(), c.r, notices, facts)))
	if !fault.Is(err, "notice_too_late") {
		err = nil // what else the facts lack is said where they are counted
	}
	return err
}

func (n *Notice) indispensable() bool {
	return slices.ContainsFunc(n.Items, func(i NoticeItem) bool { return i.Indispensable })
}

// limited gives a notice the law's own limit, where it has one.
func (n *Notice) limited(p *catalogue.Procedure, today calendar.Date) {
	if p.Silence.Code == calendar.Planning && n.indispensable() {
		n.LimitOn = calendar.PlanningLimit(today)
	}
}

// on adds the notice, as if it came today, to what the law counts from.
func (n *Notice) on(tx *tenants.Tx, law calendar.Facts) calendar.Facts {
	law.Notices = append(slices.Clone(law.Notices), calendar.Notice{Notified: tx.Today(), Limit: n.LimitOn, Dispensable: len(n.Items) > 0 && !n.indispensable()})
	return law
}

// ForeseeNotice gives the deadline as it would be if a notice reached the person today, and
// the notice with the limit that the law sets, where it does. One that can change nothing any
// more is fault.Conflict "notice_too_late".
func ForeseeNotice(tx *tenants.Tx, d Detail, n Notice) (calendar.Deadline, Notice, error) {
	n.limited(d.Procedure, tx.Today())
	law := effective(tx, d.Procedure, d.Request, slices.Clone(d.DocumentRequests), d.Facts)
	then, err := calendar.Silence(n.on(tx, law))
	return then, n, err
}

func (c *change) insertNotice(ctx context.Context, n Notice) (id tenants.ID, waits bool, err error) {
	id = tenants.NewID()
	if _, err := c.tx.Exec(ctx, sqlInsertNotice, id, c.r.ID, c.tx.Today(), n.LimitOn, n.Text, c.tx.Actor().Name, c.tx.Now(), n.Delivery); err != nil {
		return "", false, err
	}
	if _, err := c.keep(ctx, Fact{Kind: FactNotice, RefersTo: id, On: c.tx.Today(), Until: n.LimitOn}); err != nil {
		return "", false, err
	}
	for i, item := range n.Items {
		waits = waits || item.Indispensable
		if _, err := c.tx.Exec(ctx, sqlInsertItem, tenants.NewID(), id, item.Label, item.LegalBasis, item.Indispensable, i); err != nil {
			return "", false, err
		}
	}
	return id, waits, nil
}

// noticeDelivery checks how a notice leaves: by e-mail only where the person gets messages so.
func (c *change) noticeDelivery(wanted string) (string, error) {
	mailed := c.r.Applicant.mail() != ""
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

// sendNotice writes the letter of a notice, keeps it, and mails it unless it goes on paper.
func (c *change) sendNotice(ctx context.Context, id tenants.ID, n Notice) error {
	pieces := make([]catalogue.Piece, len(n.Items))
	for i, item := range n.Items {
		pieces[i] = catalogue.Piece{Label: item.Label, LegalBasis: item.LegalBasis, Indispensable: item.Indispensable}
	}
	letter, err := c.compose(ctx, catalogue.OutcomeDocuments, func(f *catalogue.LetterFacts) {
		f.Pieces, f.LimitOn, f.Reasons, f.Posted = pieces, n.LimitOn, n.Text, n.Delivery == DeliveryPost
	})
	if err != nil {
		return err
	}
	if _, err := c.tx.Exec(ctx, sqlNoticeLetter, id, letter.Subject, letter.Body); err != nil {
		return err
	}
	to := ""
	switch n.Delivery {
	case DeliveryEmail:
		to = c.r.Applicant.mail()
	case DeliveryPost:
		if err := c.queueLetter(ctx, Outgoing{Kind: LetterDocuments, About: id, Subject: letter.Subject, Body: letter.Body, Awaited: true}); err != nil {
			return err
		}
	}
	return c.tellAt(ctx, to, c.letter(notify.LetterDocuments, letter), notify.SMSDocuments{Number: c.r.Number, LimitOn: n.LimitOn})
}

// ConfirmNotice dates the day on which a posted notice of missing papers reached the
// person: the clock stops, or waits, from that day alone. Agents of the service may. A day
// before the letter, after the papers or in the future is fault.Invalid
// "notified_on_invalid"; one after the limit that it gave is fault.Invalid "notice_arrived_late",
// for it left no time; a notice that is not waiting for it is fault.NotFound "document_unknown".
// One that came after the silence had decided moves nothing.
func ConfirmNotice(ctx context.Context, tx *tenants.Tx, number string, notice tenants.ID, on calendar.Date, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	if !c.r.State.Open() {
		return Request{}, fault.New(fault.Conflict, "action_not_possible")
	}
	facts, all, err := c.facts(ctx)
	if err != nil {
		return Request{}, err
	}
	i := slices.IndexFunc(all, func(n DocumentRequest) bool { return n.ID == notice && n.AwaitsArrival(c.r.Applicant) })
	if i < 0 {
		return Request{}, fault.New(fault.NotFound, "document_unknown")
	}
	switch n := all[i]; {
	case on.Before(n.NotifiedOn) || on.After(tx.Today()) || !n.CompletedOn.IsZero() && on.After(n.CompletedOn):
		return Request{}, fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "notified_on", Code: "invalid"})
	case on.After(n.LimitOn):
		return Request{}, fault.New(fault.Invalid, "notice_arrived_late", fault.Field{Path: "notified_on", Code: "invalid"})
	}
	told, _ := latest(facts, Fact{Kind: FactNotice, RefersTo: notice}.Key())
	e, err := c.procedure(ctx)
	if err != nil {
		return Request{}, err
	}
	limit := told.Until
	if e.Procedure().Silence.Code == calendar.Planning && all[i].indispensable() {
		limit = calendar.PlanningLimit(on)
	}
	if _, err := c.supersede(ctx, told, Fact{On: on, Until: limit}); err != nil {
		return Request{}, err
	}
	if _, err := tx.Exec(ctx, sqlArrived, notice, on, limit); err != nil {
		return Request{}, err
	}
	if err := c.letterArrived(ctx, notice, on); err != nil {
		return Request{}, err
	}
	if err := c.recount(ctx); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "notice_arrived", EventData{DocumentRequestID: notice, On: on}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// maxFiles is the most files of one request.
const maxFiles = 100

// AddDocument adds a stored file to a request: the owner's, or one that an agent
// scanned for an item; an agent's without an item is for the person. The last paper
// that was awaited completes its notice, and the clock reacts. It may be added at any
// time, also after the answer; the clock then no longer moves. One that was transmitted
// to another administration takes none: fault.Conflict "request_transmitted".
func AddDocument(ctx context.Context, tx *tenants.Tx, number string, item tenants.ID, s files.Stored) (files.Document, error) {
	c, err := begin(ctx, tx, number, anyVersion)
	if err != nil {
		return files.Document{}, err
	}
	if c.r.State == StateTransmitting || c.r.State == StateTransmitted { // who is competent would not get it
		return files.Document{}, fault.New(fault.Conflict, "request_transmitted")
	}
	count, err := tenants.One[int64](ctx, tx, sqlCountFiles, c.r.ID)
	if err != nil {
		return files.Document{}, err
	}
	if count >= maxFiles {
		return files.Document{}, fault.New(fault.TooLarge, "too_many_files")
	}
	notices, err := documentRequests(ctx, tx, c.r.ID)
	if err != nil {
		return files.Document{}, err
	}
	label := ""
	if item != "" {
		found := receive(notices, item)
		if found == nil {
			return files.Document{}, fault.New(fault.NotFound, "document_unknown")
		}
		label = found.Label
	}
	doc, err := files.AttachToRequest(ctx, tx, c.r.ID, item, s, c.who == Owner || item != "")
	if err != nil {
		return files.Document{}, err
	}
	if err := c.record(ctx, "document_added", EventData{DocumentID: doc.ID, ItemID: item, Label: label}); err != nil {
		return files.Document{}, err
	}
	if err := c.complete(ctx, notices, func(n DocumentRequest) bool { return item != "" && n.answered() }); err != nil {
		return files.Document{}, err
	}
	if c.who == Owner {
		if err := c.acknowledge(ctx, sent{about: AboutDocument, label: doc.Name, at: c.tx.Now(), on: c.tx.Today()}); err != nil {
			return files.Document{}, err
		}
	}
	_, err = c.save(ctx)
	return doc, err
}

// receive marks an item of the notices as there.
func receive(notices []DocumentRequest, item tenants.ID) *DocumentItem {
	for i := range notices {
		for j := range notices[i].Items {
			if found := &notices[i].Items[j]; found.ID == item {
				found.Received = true
				return found
			}
		}
	}
	return nil
}

// CompleteDocuments says that everything that was asked for is there, on paper or
// not. Agents of the service may, and the owner's last upload does it by itself.
func CompleteDocuments(ctx context.Context, tx *tenants.Tx, number string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who == Owner {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	if err := c.beforeSilence(); err != nil {
		return Request{}, err
	}
	if _, err := Next(c.r.State, c.r.Kind, ActionDocumentsComplete, c.who); err != nil {
		return Request{}, err
	}
	notices, err := documentRequests(ctx, tx, c.r.ID)
	if err != nil {
		return Request{}, err
	}
	if err := c.complete(ctx, notices, func(DocumentRequest) bool { return true }); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// complete dates the notices that are answered now, and lets the clock react; once
// nothing indispensable is awaited the instruction goes on.
func (c *change) complete(ctx context.Context, notices []DocumentRequest, done func(DocumentRequest) bool) error {
	if !c.r.State.Open() || c.r.silenceActed(c.tx.Today()) {
		return nil
	}
	changed, awaited := tenants.ID(""), false
	for _, n := range notices {
		if !n.CompletedOn.IsZero() {
			continue
		}
		if !done(n) {
			awaited = awaited || n.indispensable()
			continue
		}
		if _, err := c.tx.Exec(ctx, sqlCompleted, n.ID, c.tx.Today()); err != nil {
			return err
		}
		if _, err := c.keep(ctx, Fact{Kind: FactPapers, RefersTo: n.ID, On: c.tx.Today()}); err != nil {
			return err
		}
		if err := c.record(ctx, "documents_completed", EventData{DocumentRequestID: n.ID}); err != nil {
			return err
		}
		changed = n.ID
	}
	if changed == "" {
		return nil
	}
	if !awaited && c.r.State == StateWaiting {
		if err := c.act(ActionDocumentsComplete); err != nil {
			return err
		}
	}
	if err := c.recount(ctx); err != nil || c.r.Waiting || !c.before.Waiting {
		return err
	}
	return c.sayComplete(ctx, changed)
}

// sayComplete tells the person that all has come and the last day that this gives, and
// keeps the letter, to be printed for whom no e-mail reaches. The owner's own last paper is
// acknowledged with the same words ([change.acknowledge]).
func (c *change) sayComplete(ctx context.Context, notice tenants.ID) error {
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		f.LastDay = c.r.SilenceLastDay
		return catalogue.ComposeComplete(e, s, f), nil
	})
	if err != nil {
		return err
	}
	if _, err := c.tx.Exec(ctx, sqlCompleteLetter, notice, letter.Body); err != nil {
		return err
	}
	if c.who == Owner {
		return nil
	}
	return c.tellOrPost(ctx, Outgoing{Kind: LetterComplete, About: notice}, c.letter(notify.LetterComplete, letter), nil)
}

// DocumentOf gives a request's document to its owner and to agents, to be served
// as an attachment.
func DocumentOf(ctx context.Context, tx *tenants.Tx, number string, id tenants.ID) (files.Document, error) {
	r, _, err := visible(ctx, tx, number)
	if err != nil {
		return files.Document{}, err
	}
	d, err := files.Get(ctx, tx, id)
	if err == nil && d.RequestID != r.ID {
		return files.Document{}, fault.New(fault.NotFound, "document_unknown")
	}
	return d, err
}
