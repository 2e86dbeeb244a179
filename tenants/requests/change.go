package requests

import (
	"context"
	"encoding/json"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// EventData is what an event of a request says, as JSON: keys, labels and dates.
// Which fields are set depends on the event's kind; what people wrote stays in its
// own table. Version is the request's version after the event.
type EventData struct {
	Version           int64         `json:"version"`
	Number            string        `json:"number,omitempty"`
	Channel           string        `json:"channel,omitempty"`
	ReceiptID         tenants.ID    `json:"receipt_id,omitempty"`
	Receipt           string        `json:"receipt,omitempty"` // what it is of (AboutRegistration…); "": the request
	Regime            string        `json:"regime,omitempty"`
	AgentID           tenants.ID    `json:"agent_id,omitempty"`
	Agent             string        `json:"agent,omitempty"`
	ServiceID         tenants.ID    `json:"service_id,omitempty"`
	Service           string        `json:"service,omitempty"`
	NoteID            tenants.ID    `json:"note_id,omitempty"`
	MessageID         tenants.ID    `json:"message_id,omitempty"`
	DocumentRequestID tenants.ID    `json:"document_request_id,omitempty"`
	DocumentID        tenants.ID    `json:"document_id,omitempty"`
	ItemID            tenants.ID    `json:"item_id,omitempty"`
	Label             string        `json:"label,omitempty"`
	Count             int           `json:"count,omitempty"`
	LimitOn           calendar.Date `json:"limit_on,omitzero"`
	From              calendar.Date `json:"from,omitzero"`
	To                calendar.Date `json:"to,omitzero"`
	On                calendar.Date `json:"on,omitzero"`
	LastDay           calendar.Date `json:"last_day,omitzero"`
	Waiting           bool          `json:"waiting,omitempty"`
	DecisionID        tenants.ID    `json:"decision_id,omitempty"`
	Outcome           string        `json:"outcome,omitempty"`
	Alert             string        `json:"kind,omitempty"`
	Fields            []string      `json:"fields,omitempty"`
	Agreed            bool          `json:"agreed,omitempty"`
	LetterID          tenants.ID    `json:"letter_id,omitempty"`
	Fact              FactKind      `json:"fact,omitempty"`
	Transition        string        `json:"transition,omitempty"` // that led to a step, as its button says

	TransmissionID tenants.ID `json:"transmission_id,omitempty"`
	Problem        string     `json:"problem,omitempty"` // a code
}

// ReadEvent reads an event's data, for the pages that write the history in words.
func ReadEvent(e tenants.RecordedEvent) EventData {
	var d EventData
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return EventData{} // an event of another package: nothing of ours in it
	}
	return d
}

const subjectRequest = "request"

// change is a request that is being changed: its row is locked until the end of
// the transaction.
type change struct {
	tx     *tenants.Tx
	before Request
	r      Request
	who    Who
	closes bool
	entry  *catalogue.Entry
	wrote  []tenants.ID // the facts that this change has written down
	cause  FactKind     // what moves the last day, where the history says so
}

// lock reads a request and locks its row, whoever asks.
func lock(ctx context.Context, tx *tenants.Tx, number string) (*change, error) {
	r, err := one(ctx, tx, sqlRequestLocked, ReadNumber(number))
	if err != nil {
		return nil, err
	}
	return &change{tx: tx, before: r, r: r, who: whoIs(tx.Actor(), r)}, nil
}

// anyVersion is for what may be added whatever changed meanwhile.
const anyVersion = -1

// begin locks a request that the actor may see, at the version that they saw:
// another one is fault.Conflict "request_changed", and [Changes] tells what changed.
func begin(ctx context.Context, tx *tenants.Tx, number string, expect int64) (*change, error) {
	c, err := lock(ctx, tx, number)
	if err != nil {
		return nil, err
	}
	if c.who == 0 {
		return nil, errUnknown()
	}
	if c.who == Supporter {
		return nil, fault.New(fault.Forbidden, "support_read_only")
	}
	if expect != anyVersion && expect != c.r.Version {
		return nil, fault.New(fault.Conflict, "request_changed")
	}
	return c, nil
}

// act moves the request along the lifecycle.
func (c *change) act(action Action) error {
	to, err := Next(c.r.State, c.r.Kind, action, c.who)
	if err != nil {
		return err
	}
	c.closes = c.r.State.Open() && !to.Open() || !to.Open() && to != c.r.State
	c.r.State = to
	return nil
}

// beforeSilence refuses what comes after the silence has decided: fault.Conflict
// "silence_acquired".
func (c *change) beforeSilence() error {
	if c.r.silenceActed(c.tx.Today()) {
		return fault.New(fault.Conflict, "silence_acquired")
	}
	return nil
}

func (c *change) record(ctx context.Context, kind string, d EventData) error {
	d.Version = c.before.Version + 1
	return c.tx.Record(ctx, tenants.Event{SubjectKind: subjectRequest, SubjectID: string(c.r.ID), Kind: kind, Data: d})
}

// close dates the end of the request: the day of the decision.
func (c *change) close(on calendar.Date) {
	c.r.Waiting = false
	c.r.ClosedOn = on
	c.r.ClosedAt = c.tx.Now()
}

// save writes the row, tells the projection, and gives the request as it now is.
func (c *change) save(ctx context.Context) (Request, error) {
	r := c.r
	if r.SilenceLastDay != c.before.SilenceLastDay || r.Waiting != c.before.Waiting && r.State.Open() {
		if err := c.record(ctx, "deadline_moved", EventData{Fact: c.cause, From: c.before.SilenceLastDay, To: r.SilenceLastDay, Waiting: r.Waiting}); err != nil {
			return Request{}, err
		}
	}
	a := r.Applicant
	n, err := c.tx.Exec(ctx, sqlUpdateRequest, r.ID, c.before.Version, r.State, r.ServiceID.OrNull(), r.AgentID.OrNull(), r.CitizenID.OrNull(),
		a.GivenName, a.FamilyName, a.Email, a.Phone, a.PostalAddress, a.SMS, a.OnBehalfOf, a.Organisation, a.OrganisationID, a.EmailAgreed,
		r.Regular, searchText(r), r.SilenceLastDay, r.DueOn, r.Waiting, r.DecidedOn, r.ClosedOn, orNull(r.ClosedAt), orNull(r.DecisionEmailAt), string(r.Silence.Effect))
	if err != nil {
		return Request{}, err
	}
	if n != 1 {
		return Request{}, fault.New(fault.Conflict, "request_changed")
	}
	if err := c.resume(ctx); err != nil {
		return Request{}, err
	}
	if err := c.tx.Enqueue(ctx, ProjectArgs{Tenant: c.tx.Tenant().ID, Request: r.ID, Morning: morningOf(c.tx)}); err != nil {
		return Request{}, err
	}
	return one(ctx, c.tx, sqlRequestByID, r.ID)
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// procedure gives the catalogue's entry of the request, at the request's version.
func (c *change) procedure(ctx context.Context) (catalogue.Entry, error) {
	if c.entry == nil {
		e, err := entryOf(ctx, c.tx, c.r)
		if err != nil {
			return e, err
		}
		c.entry = &e
	}
	return *c.entry, nil
}

// entryOf gives the procedure as the request knows it: at the version that was
// filled in, and with the service that has the request now.
func entryOf(ctx context.Context, tx *tenants.Tx, r Request) (catalogue.Entry, error) {
	e, err := baseEntry(ctx, tx, r)
	if err != nil {
		return e, err
	}
	return e.For(catalogue.Kind(r.Kind)), nil
}

// baseEntry is entryOf, whatever kind the request is.
func baseEntry(ctx context.Context, tx *tenants.Tx, r Request) (catalogue.Entry, error) {
	e, err := catalogue.BySlug(ctx, tx, r.ProcedureSlug)
	if err != nil {
		return e, err
	}
	if e.Version.ID != r.VersionID {
		v, err := catalogue.VersionByID(ctx, tx, r.VersionID)
		if err != nil {
			return e, err
		}
		e = e.With(v)
	}
	if r.ServiceID != "" && e.Service.ID != r.ServiceID {
		if e.Service, err = serviceByID(ctx, tx, r.ServiceID); err != nil {
			return e, err
		}
	}
	return e, nil
}

const sqlServiceByID = `select id, name, postal_address, email, phone, position from service where id = $1`

func serviceByID(ctx context.Context, tx *tenants.Tx, id tenants.ID) (tenants.Service, error) {
	s, err := tenants.One[tenants.Service](ctx, tx, sqlServiceByID, id)
	if fault.Is(err, "not_found") {
		return s, fault.New(fault.Invalid, "service_unknown", fault.Field{Path: "service", Code: "unknown"})
	}
	return s, err
}

// Changes gives what was done to a request since a version, with who and when, to
// somebody whose own change came too late.
func Changes(ctx context.Context, tx *tenants.Tx, number string, since int64) ([]tenants.RecordedEvent, error) {
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return nil, err
	}
	history, err := tx.History(ctx, string(r.ID))
	if err != nil {
		return nil, err
	}
	var changes []tenants.RecordedEvent
	for _, e := range publicHistory(history, who) {
		if ReadEvent(e).Version > since {
			changes = append(changes, e)
		}
	}
	return changes, nil
}

// private are the events that a citizen does not see.
var private = map[string]bool{"assigned": true, "note_added": true, "applicant_corrected": true, "deadline_alert": true, "claimed": true,
	"notification_bounced": true, "notification_failed": true, "notification_sent": true, "letter_posted": true, "decision_prepared": true, "decision_returned": true, "receipt_awaited": true,
	"step_entered": true, "action_failed": true, "opinion_asked": true, "opinion_given": true, "payment_noted": true}

// publicHistory leaves out, for the owner, what is the town hall's own affair.
func publicHistory(history []tenants.RecordedEvent, who Who) []tenants.RecordedEvent {
	if who != Owner {
		return history
	}
	var shown []tenants.RecordedEvent
	for _, e := range history {
		if !private[e.Kind] {
			shown = append(shown, e)
		}
	}
	return shown
}
