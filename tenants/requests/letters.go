package requests

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// What a letter on paper brings.
const (
	LetterDecision     = "decision"     // an express decision: the appeal runs from its arrival
	LetterImplicit     = "implicit"     // the news that silence decided
	LetterDocuments    = "documents"    // a notice of missing papers (L.114-5)
	LetterComplete     = "complete"     // all the papers have come (R.112-11-4)
	LetterReceipt      = "receipt"      // accusé de réception (L.112-3, R.112-5)
	LetterRegistration = "registration" // accusé d'enregistrement (R.112-11-1)
	LetterTransmission = "transmission" // to the competent administration (L.114-2), or the news of it
	LetterHearing      = "hearing"      // invites to observe before a withdrawal (L.121-1, L.122-1)
	LetterReasons      = "reasons"      // why a silence refused (L.232-4): the appeal runs from its arrival
	LetterSuspension   = "suspension"   // of an aid, on a suspicion of fraud (L.115-3): the clock stops from its arrival
	LetterMessage      = "message"      // anything else
)

// Outgoing is a letter that is to leave by post.
type Outgoing struct {
	Kind  string     // LetterDecision…
	About tenants.ID // the decision, the notice, the receipt… that it brings; may be empty
	// Recipient is the lines of the address. Empty: the applicant, as they are known until
	// the letter is posted, so that a corrected address is used.
	Recipient     string
	Subject, Body string
	// Awaited says that a time runs from the day on which it comes, which an agent notes.
	Awaited bool
}

// Letter is a letter on paper, and how far it has come.
type Letter struct {
	ID        tenants.ID
	RequestID tenants.ID
	Number    string // the request's
	Title     string // the procedure's
	Kind      string
	About     tenants.ID
	Recipient string // lines, the name first
	Addressed bool   // Recipient holds a postal address
	Subject   string
	Body      string
	Awaited   bool
	CreatedBy string
	CreatedAt time.Time
	PrintedAt time.Time // zero: never
	PostedOn  calendar.Date
	ArrivedOn calendar.Date
}

// LetterStage is how far letters have come.
type LetterStage string

// The stages.
const (
	LettersToPost  LetterStage = "to_post" // to be printed and posted
	LettersAwaited LetterStage = "awaited" // posted, and the day of their arrival counts
)

// maxLetters is how many letters are listed, printed or marked at once.
const maxLetters = 100

const (
	sqlInsertLetter = `insert into letter (id, request_id, kind, about, recipient, subject, body, awaited, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

	letterColumns = `l.id, l.request_id, r.number, r.title, l.kind, l.about, l.recipient, l.subject, l.body, l.awaited, l.created_by, l.created_at, l.printed_at, l.posted_on, l.arrived_on,
		r.given_name, r.family_name, r.organisation, r.postal_address`
	letterTables = ` from letter l join request r on r.id = l.request_id`
	// A receipt that another one replaced before it was posted does not leave any more.
	letterStands = ` and (l.kind <> 'receipt' or not exists (select 1 from letter n where n.request_id = l.request_id and n.kind = 'receipt' and n.created_at > l.created_at))`
	letterSeen   = ` and ($1::text[] is null or r.service_id = any($1::text[]::uuid[]))`

	sqlLettersToPost = `select ` + letterColumns + letterTables + ` where l.posted_on is null and l.arrived_on is null` + letterStands + letterSeen + `
		order by l.created_at, l.id limit $2`
	sqlLettersAwaited = `select ` + letterColumns + letterTables + ` where l.posted_on is not null and l.awaited and l.arrived_on is null` + letterSeen + `
		order by l.created_at, l.id limit $2`
	sqlLetters = `select ` + letterColumns + letterTables + ` where l.id = any($2::uuid[])` + letterSeen + `
		order by l.created_at, l.id`
	sqlCountLetters = `select count(*) from (select 1` + letterTables + ` where l.posted_on is null and l.arrived_on is null` + letterStands + letterSeen + ` limit $2) counted`

	sqlLetterPrinted = `update letter set printed_at = $2 where id = any($1::uuid[])`
	sqlLetterPosted  = `update letter set posted_on = $2, recipient = $3, printed_at = coalesce(printed_at, $4) where id = $1 and posted_on is null and arrived_on is null`
	sqlLetterArrived = `update letter set arrived_on = $2 where id = $1 and arrived_on is null`
	// The same by what it brought, where its day was noted on the request's own page.
	sqlAboutArrived = `update letter set arrived_on = $3 where request_id = $1 and about = $2 and arrived_on is null`
)

type letterRow struct {
	ID, RequestID, About                               tenants.ID
	Number, Title, Kind, Recipient, Subject, Body      string
	Awaited                                            bool
	CreatedBy                                          string
	CreatedAt                                          time.Time
	PrintedAt                                          *time.Time
	PostedOn, ArrivedOn                                calendar.Date
	GivenName, FamilyName, Organisation, PostalAddress string
}

func (w letterRow) letter() Letter {
	l := Letter{
		ID: w.ID, RequestID: w.RequestID, Number: w.Number, Title: w.Title, Kind: w.Kind, About: w.About, Recipient: w.Recipient,
		Addressed: true, Subject: w.Subject, Body: w.Body, Awaited: w.Awaited, CreatedBy: w.CreatedBy, CreatedAt: w.CreatedAt,
		PostedOn: w.PostedOn, ArrivedOn: w.ArrivedOn,
	}
	if w.PrintedAt != nil {
		l.PrintedAt = *w.PrintedAt
	}
	if l.Recipient == "" {
		a := Applicant{GivenName: w.GivenName, FamilyName: w.FamilyName, Organisation: w.Organisation, PostalAddress: w.PostalAddress}
		l.Recipient, l.Addressed = a.lines(), a.PostalAddress != ""
	}
	return l
}

// lines gives the applicant as an envelope names them.
func (a Applicant) lines() string {
	return strings.TrimSpace(a.Name() + "\n" + a.PostalAddress)
}

// queue puts the letter of a request into a batch that is about to be sent.
func (o Outgoing) queue(batch *pgx.Batch, tx *tenants.Tx, request tenants.ID) {
	batch.Queue(sqlInsertLetter, tenants.NewID(), request, o.Kind, o.About.OrNull(), o.Recipient, o.Subject, o.Body, o.Awaited, tx.Actor().Name, tx.Now())
}

// queueLetter lets a letter leave by post.
func (c *change) queueLetter(ctx context.Context, o Outgoing) error {
	batch := &pgx.Batch{}
	o.queue(batch, c.tx, c.r.ID)
	return c.tx.SendBatch(ctx, batch).Close()
}

// tellOrPost tells the person by e-mail, or, where none reaches them, by the same letter on
// paper. Who gave neither a name nor an address is not looked for.
func (c *change) tellOrPost(ctx context.Context, o Outgoing, l notify.Letter, sms notify.Data) error {
	if a := c.r.Applicant; a.mail() == "" && a.lines() != "" {
		o.Subject, o.Body = l.Subject, l.Body
		if err := c.queueLetter(ctx, o); err != nil {
			return err
		}
	}
	return c.tell(ctx, l, sms)
}

// letterArrived dates the arrival of the letter that brought something.
func (c *change) letterArrived(ctx context.Context, about tenants.ID, on calendar.Date) error {
	_, err := c.tx.Exec(ctx, sqlAboutArrived, c.r.ID, about, on)
	return err
}

// Letters gives the letters of a stage, the oldest first, at most 100, of the services
// that the acting agent covers. Agents, and whom the commune let in to read, may.
func Letters(ctx context.Context, tx *tenants.Tx, stage LetterStage) ([]Letter, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	sql := sqlLettersToPost
	if stage == LettersAwaited {
		sql = sqlLettersAwaited
	}
	return readLetters(ctx, tx, sql, coveredServices(tx.Actor()), maxLetters)
}

// CountLetters gives how many letters are to be posted, at most [CountCap], to agents.
func CountLetters(ctx context.Context, tx *tenants.Tx) (int, error) {
	if !tx.Actor().MayRead() {
		return 0, fault.New(fault.Forbidden, "not_allowed")
	}
	return tenants.One[int](ctx, tx, sqlCountLetters, coveredServices(tx.Actor()), CountCap)
}

// LettersByID gives letters to be printed, in the order in which they were made. One that
// the agent may not see, or that does not exist, is fault.NotFound "letter_not_found".
func LettersByID(ctx context.Context, tx *tenants.Tx, ids []tenants.ID) ([]Letter, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	texts, err := letterIDs(ids)
	if err != nil {
		return nil, err
	}
	letters, err := readLetters(ctx, tx, sqlLetters, coveredServices(tx.Actor()), texts)
	if err == nil && len(letters) != len(texts) {
		err = fault.New(fault.NotFound, "letter_not_found")
	}
	return letters, err
}

func readLetters(ctx context.Context, tx *tenants.Tx, sql string, args ...any) ([]Letter, error) {
	rows, err := tenants.All[letterRow](ctx, tx, sql, args...)
	letters := make([]Letter, len(rows))
	for i, w := range rows {
		letters[i] = w.letter()
	}
	return letters, err
}

// letterIDs checks which letters are meant: at least one, at most 100, each once.
func letterIDs(ids []tenants.ID) ([]string, error) {
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		parsed, err := tenants.ParseID(string(id))
		if err != nil {
			return nil, fault.New(fault.NotFound, "letter_not_found")
		}
		texts = append(texts, string(parsed))
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	if len(texts) == 0 || len(texts) > maxLetters {
		return nil, fault.New(fault.Invalid, "letters_none", fault.Field{Path: "letters", Code: "required"})
	}
	return texts, nil
}

// coveredServices gives the services that an agent is limited to, or nil.
func coveredServices(a tenants.Actor) []string {
	several, only := covered(a)
	if only != "" {
		return []string{string(only)}
	}
	return several
}

// MarkPrinted notes that letters were printed now. Agents who see them may.
func MarkPrinted(ctx context.Context, tx *tenants.Tx, ids []tenants.ID) error {
	if _, err := actOnLetters(ctx, tx, ids); err != nil {
		return err
	}
	texts, err := letterIDs(ids)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlLetterPrinted, texts, tx.Now())
	return err
}

// MarkPosted notes on which day letters were posted; their addresses are then kept as
// they stood. Agents who see them may. One without a postal address is fault.Invalid
// "letter_unaddressed", a day in the future or before a letter was made
// "posted_on_invalid"; one that was posted already stays as it is.
func MarkPosted(ctx context.Context, tx *tenants.Tx, ids []tenants.ID, on calendar.Date) error {
	letters, err := actOnLetters(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, l := range letters {
		if !l.PostedOn.IsZero() || !l.ArrivedOn.IsZero() {
			continue
		}
		if !l.Addressed {
			return fault.New(fault.Invalid, "letter_unaddressed", fault.Field{Path: "letters/" + string(l.ID), Code: "unaddressed"})
		}
		if on.IsZero() || on.After(tx.Today()) || on.Before(calendar.On(l.CreatedAt, tx.Tenant().Zone())) {
			return fault.New(fault.Invalid, "posted_on_invalid", fault.Field{Path: "posted_on", Code: "invalid"})
		}
		if _, err := tx.Exec(ctx, sqlLetterPosted, l.ID, on, l.Recipient, tx.Now()); err != nil {
			return err
		}
		err := tx.Record(ctx, tenants.Event{SubjectKind: subjectRequest, SubjectID: string(l.RequestID), Kind: "letter_posted", Data: EventData{LetterID: l.ID, Label: l.Kind, On: on}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ConfirmLetters notes on which day letters reached the person, posted or handed over, and
// does what hangs on it: a decision is notified ([ConfirmNotified]), a notice of missing
// papers counts from that day ([ConfirmNotice]), and so does a suspension ([ConfirmSuspension]). Agents who see them may; the faults are
// those of the three, and nothing is noted then.
func ConfirmLetters(ctx context.Context, tx *tenants.Tx, ids []tenants.ID, on calendar.Date) error {
	letters, err := actOnLetters(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, l := range letters {
		if !l.ArrivedOn.IsZero() {
			continue
		}
		if err := l.confirm(ctx, tx, on); err != nil {
			return err
		}
	}
	return nil
}

func (l Letter) confirm(ctx context.Context, tx *tenants.Tx, on calendar.Date) error {
	if on.IsZero() || on.After(tx.Today()) || !l.PostedOn.IsZero() && on.Before(l.PostedOn) {
		return fault.New(fault.Invalid, "notified_on_invalid", fault.Field{Path: "notified_on", Code: "invalid"})
	}
	var err error
	switch l.Kind {
	case LetterDecision:
		_, err = ConfirmNotified(ctx, tx, l.Number, l.About, on, anyVersion)
	case LetterDocuments:
		_, err = ConfirmNotice(ctx, tx, l.Number, l.About, on, anyVersion)
	case LetterHearing:
		_, err = ConfirmHearing(ctx, tx, l.Number, l.About, on, anyVersion)
	case LetterSuspension:
		_, err = ConfirmSuspension(ctx, tx, l.Number, l.About, on, anyVersion)
	case LetterReasons:
		err = reasonsArrived(ctx, tx, l.Number, l.About, on)
	}
	// A day that was noted elsewhere, or that moves nothing any more, is noted here alone.
	if err != nil && !fault.Is(err, "decision_unknown") && !fault.Is(err, "document_unknown") && !fault.Is(err, "hearing_unknown") && !fault.Is(err, "action_not_possible") {
		return err
	}
	_, err = tx.Exec(ctx, sqlLetterArrived, l.ID, on)
	return err
}

// actOnLetters reads the letters that an agent is about to change something of.
func actOnLetters(ctx context.Context, tx *tenants.Tx, ids []tenants.ID) ([]Letter, error) {
	if !tx.Actor().IsAgent() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	return LettersByID(ctx, tx, ids)
}
