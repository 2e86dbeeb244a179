package requests

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Message is what the person and the town hall write to each other.
type Message struct {
	ID         tenants.ID
	Incoming   bool // from the person
	AuthorName string
	Body       string
	CreatedAt  time.Time
	ReadAt     *time.Time // by the other side
}

// Note is what agents write for each other: the person never sees it.
type Note struct {
	ID         tenants.ID
	AgentID    tenants.ID
	AuthorName string
	Body       string
	CreatedAt  time.Time
}

const (
	sqlInsertMessage = `insert into message (id, request_id, incoming, author_id, author_name, body, created_at) values ($1, $2, $3, $4, $5, $6, $7)`
	sqlMessages      = `select id, incoming, author_name, body, created_at, read_at from message where request_id = $1 order by created_at, id`
	sqlCountIncoming = `select count(*) from (select 1 from message where request_id = $1 and incoming and created_at > $2 limit $3) as sent`
	sqlReadMessages  = `update message set read_at = $3 where request_id = $1 and incoming = $2 and read_at is null`
	sqlInsertNote    = `insert into note (id, request_id, agent_id, author_name, body, created_at) values ($1, $2, $3, $4, $5, $6)`
	sqlNotes         = `select id, agent_id, author_name, body, created_at from note where request_id = $1 order by created_at, id`
)

// maxBody is the most characters of a message or a note.
const maxBody = 5000

// checkBody cleans what somebody wrote, paragraphs kept.
func checkBody(body string) (string, error) {
	body = cleanText(body)
	switch n := utf8.RuneCountInString(body); {
	case n == 0:
		return "", fault.New(fault.Invalid, "body_required", fault.Field{Path: "body", Code: "required"})
	case n > maxBody:
		return "", fault.New(fault.Invalid, "body_too_long", fault.Field{Path: "body", Code: "too_long"})
	}
	return body, nil
}

// Write sends a message: an agent's to the person, the owner's to the town hall.
// The person gets it by e-mail, and by a text message if they want those, in so far as
// they may be answered so; it waits in their request anyway. It may be
// written at any time, also after the answer. Past thirty of the owner's in a day it is
// fault.TooMany "too_many".
func Write(ctx context.Context, tx *tenants.Tx, number, body string) (Message, error) {
	body, err := checkBody(body)
	if err != nil {
		return Message{}, err
	}
	c, err := begin(ctx, tx, number, anyVersion)
	if err != nil {
		return Message{}, err
	}
	incoming := c.who == Owner
	if incoming {
		if err := c.mayWriteMore(ctx); err != nil {
			return Message{}, err
		}
	}
	m, err := c.addMessage(ctx, incoming, body)
	if err != nil {
		return Message{}, err
	}
	if incoming { // whoever is about to decide must have seen it
		if err := c.acknowledge(ctx, sent{about: AboutMessage, at: c.tx.Now(), on: c.tx.Today()}); err != nil {
			return m, err
		}
		_, err = c.save(ctx)
		return m, err
	}
	return m, c.mailMessage(ctx, body)
}

// maxIncoming is how many messages a person can send about a request in a day: a page
// shows them all, and who holds a code needs no account.
const maxIncoming = 30

func (c *change) mayWriteMore(ctx context.Context) error {
	n, err := tenants.One[int64](ctx, c.tx, sqlCountIncoming, c.r.ID, c.tx.Now().Add(-24*time.Hour), maxIncoming)
	if err == nil && n >= maxIncoming {
		err = fault.New(fault.TooMany, "too_many")
	}
	return err
}

func (c *change) addMessage(ctx context.Context, incoming bool, body string) (Message, error) {
	a := c.tx.Actor()
	m := Message{ID: tenants.NewID(), Incoming: incoming, AuthorName: a.Name, Body: body, CreatedAt: c.tx.Now()}
	if c.who == Owner && m.AuthorName == "" {
		m.AuthorName = c.r.ApplicantName()
	}
	if _, err := c.tx.Exec(ctx, sqlInsertMessage, m.ID, c.r.ID, m.Incoming, string(a.ID), m.AuthorName, m.Body, m.CreatedAt); err != nil {
		return Message{}, err
	}
	kind := "message_sent"
	if incoming {
		kind = "message_received"
	}
	return m, c.record(ctx, kind, EventData{MessageID: m.ID})
}

// MarkRead marks the messages of the other side as read by the actor's side.
func MarkRead(ctx context.Context, tx *tenants.Tx, number string) error {
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return err
	}
	if who == Supporter || who == Consulted { // reads over a shoulder: nothing is read for the town hall
		return nil
	}
	_, err = tx.Exec(ctx, sqlReadMessages, r.ID, who != Owner, tx.Now())
	return err
}

// AddNote writes a note for the other agents. Agents of the service may, at any time.
func AddNote(ctx context.Context, tx *tenants.Tx, number, body string) (Note, error) {
	body, err := checkBody(body)
	if err != nil {
		return Note{}, err
	}
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return Note{}, err
	}
	if who&agents == 0 {
		return Note{}, fault.New(fault.Forbidden, "not_allowed")
	}
	a := tx.Actor()
	n := Note{ID: tenants.NewID(), AgentID: a.ID, AuthorName: a.Name, Body: body, CreatedAt: tx.Now()}
	if _, err := tx.Exec(ctx, sqlInsertNote, n.ID, r.ID, n.AgentID, n.AuthorName, n.Body, n.CreatedAt); err != nil {
		return Note{}, err
	}
	return n, tx.Record(ctx, tenants.Event{SubjectKind: subjectRequest, SubjectID: string(r.ID), Kind: "note_added", Data: EventData{Version: r.Version, NoteID: n.ID}})
}

// mailMessage tells the person that the town hall wrote.
func (c *change) mailMessage(ctx context.Context, body string) error {
	a := c.tx.Actor()
	title, err := c.agentTitle(ctx, a.ID)
	if err != nil {
		return err
	}
	return c.tell(ctx, notify.CitizenMessage{
		Number: c.r.Number, Title: c.r.Title, Applicant: c.r.ApplicantName(), Author: a.Name, AuthorTitle: title,
		Service: c.r.ServiceName, Body: body, Path: c.path(),
	}, notify.SMSMessage{Number: c.r.Number})
}

// mailWithdrawn confirms a withdrawal.
func (c *change) mailWithdrawn(ctx context.Context) error {
	return c.tell(ctx, notify.Closed{Number: c.r.Number, Title: c.r.Title, Applicant: c.r.ApplicantName(), Path: c.path()}, nil)
}

// path is where the person finds the request: with an account or by its code.
func (c *change) path() string {
	if c.r.CitizenID != "" {
		return requestPath(c.r.Number)
	}
	return followPath(c.r.Number)
}

// tell writes to the person by the ways that they agreed to: an e-mail, and a text
// message where one is given and wanted.
func (c *change) tell(ctx context.Context, mail, sms notify.Data) error {
	return c.tellAt(ctx, c.r.Applicant.mail(), mail, sms)
}

// tellAt is tell with the address, or "", of the e-mail.
func (c *change) tellAt(ctx context.Context, to string, mail, sms notify.Data) error {
	a := c.r.Applicant
	wantsSMS := sms != nil && a.SMS && a.Phone != ""
	if to == "" && !wantsSMS {
		return nil
	}
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	send := func(channel, to string, data notify.Data) error {
		m, err := notify.Render(c.tx.Tenant(), settings, data)
		if err != nil {
			return err
		}
		return notify.Enqueue(ctx, c.tx, notify.Message{
			RequestID: c.r.ID, Channel: channel, Template: notify.TemplateOf(data), To: to, Subject: m.Subject, Text: m.Text, HTML: m.HTML,
		})
	}
	if to != "" {
		if err := send("email", to, mail); err != nil {
			return err
		}
	}
	if wantsSMS {
		return send("sms", a.Phone, sms)
	}
	return nil
}

const sqlAgentTitle = `select title from agent where id = $1`

func (c *change) agentTitle(ctx context.Context, id tenants.ID) (string, error) {
	title, err := tenants.One[string](ctx, c.tx, sqlAgentTitle, id.OrNull())
	if fault.Is(err, "not_found") {
		return "", nil
	}
	return title, err
}
