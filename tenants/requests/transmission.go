package requests

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Way is how a request is transmitted.
type Way string

// The ways. A commune knows of the other side what words say, and no key of it.
const (
	WayOut     Way = "out"     // to a commune or an EPCI of this deployment
	WayOutside Way = "outside" // to an administration that is not here, by e-mail or post
	WayIn      Way = "in"      // it came from another
)

// TransmissionState is how far a transmission is.
type TransmissionState string

// The states. A pending one can be called back; of a sending one nobody knows yet
// whether it has arrived.
const (
	TransmissionPending  TransmissionState = "pending"
	TransmissionSending  TransmissionState = "sending"
	TransmissionArrived  TransmissionState = "arrived"
	TransmissionRecalled TransmissionState = "recalled"
	TransmissionFailed   TransmissionState = "failed"
)

// Party is the other side of a transmission, as it is written to people.
type Party struct {
	Code          string `json:"code,omitempty"` // INSEE of a commune, SIREN of an EPCI; empty for an outside administration
	Name          string `json:"name"`           // « Commune de Labège »
	PostalAddress string `json:"postal_address,omitempty"`
	Email         string `json:"email,omitempty"`
	Phone         string `json:"phone,omitempty"`
}

// Stop is an administration that had the request before, and when it received it.
type Stop struct {
	Code       string        `json:"code"`
	Name       string        `json:"name"`
	ReceivedOn calendar.Date `json:"received_on"`
}

// transmissionContent is what a transmission keeps as JSON.
type transmissionContent struct {
	Stops     []Stop              `json:"stops,omitempty"`     // the first one first; the last is the party of an incoming one
	Summary   []forms.SummaryStep `json:"summary,omitempty"`   // incoming: the answers, where they fit no form here
	Procedure string              `json:"procedure,omitempty"` // incoming: what it was called there
	Delivery  string              `json:"delivery,omitempty"`  // outside: email or post
	Documents []string            `json:"documents,omitempty"` // outgoing: names of what went along
	Silence   *announced          `json:"silence,omitempty"`   // outgoing, arrived: the rule there
}

// announced is what silence means at the competent administration.
type announced struct {
	Effect  calendar.Effect `json:"effect"`
	LastDay calendar.Date   `json:"last_day"`
}

// Transmission is a request's way to the administration that is competent for it, or from
// the one that had it first (CRPA L.114-2).
type Transmission struct {
	ID            tenants.ID
	RequestID     tenants.ID
	Way           Way
	State         TransmissionState
	Party         Party
	Number        string // the request's number on the other side; none outside
	ProcedureSlug string // asked for there
	Reason        string
	ReceivedOn    calendar.Date // by the other side; none while it is not known
	Stops         []Stop        // incoming: who had it, the first one first
	Procedure     string        // incoming: what it was called there
	Summary       []forms.SummaryStep
	Delivery      string   // outside: DeliveryEmail or DeliveryPost
	Documents     []string // outgoing: names of what went along
	Effect        calendar.Effect
	LastDay       calendar.Date // outgoing: what silence means there; none while it is not known
	Problem       string        // code of what it waits for, or why it failed
	CreatedBy     string
	CreatedAt     time.Time
	EndedAt       time.Time // zero: not yet
}

// Going tells whether it is on its way.
func (t Transmission) Going() bool {
	return t.State == TransmissionPending || t.State == TransmissionSending
}

type transmissionRow struct {
	ID            tenants.ID
	RequestID     tenants.ID
	Way           Way
	State         TransmissionState
	Party         Party
	Number        string
	ProcedureSlug string
	Reason        string
	ReceivedOn    calendar.Date
	Content       transmissionContent
	Problem       string
	CreatedBy     string
	CreatedAt     time.Time
	EndedAt       *time.Time
}

func (w transmissionRow) transmission() Transmission {
	t := Transmission{
		ID: w.ID, RequestID: w.RequestID, Way: w.Way, State: w.State, Party: w.Party, Number: w.Number, ProcedureSlug: w.ProcedureSlug, Reason: w.Reason,
		ReceivedOn: w.ReceivedOn, Stops: w.Content.Stops, Procedure: w.Content.Procedure, Summary: w.Content.Summary, Delivery: w.Content.Delivery,
		Documents: w.Content.Documents, Problem: w.Problem, CreatedBy: w.CreatedBy, CreatedAt: w.CreatedAt,
	}
	if s := w.Content.Silence; s != nil {
		t.Effect, t.LastDay = s.Effect, s.LastDay
	}
	if w.EndedAt != nil {
		t.EndedAt = *w.EndedAt
	}
	return t
}

func transmissionsOf(rows []transmissionRow) []Transmission {
	out := make([]Transmission, len(rows))
	for i, w := range rows {
		out[i] = w.transmission()
	}
	return out
}

const (
	transmissionColumns = `select id, request_id, way, state, party, number, procedure_slug, reason, received_on, content, problem, created_by, created_at, ended_at from transmission`

	sqlTransmissions    = transmissionColumns + ` where request_id = $1 order by created_at, id`
	sqlTransmission     = transmissionColumns + ` where id = $1`
	sqlGoing            = transmissionColumns + ` where request_id = $1 and state in ('pending', 'sending')`
	sqlLastTransmission = transmissionColumns + ` where request_id = $1 and way = 'in' order by created_at desc, id desc limit 1`
	sqlNewTransmission  = `insert into transmission (id, request_id, way, state, party, number, procedure_slug, reason, received_on, content, created_by, created_at, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	sqlEndTransmission = `update transmission set state = $2, problem = $3, claimed_at = null, ended_at = $4 where id = $1 and state in ('pending', 'sending')`
)

// TransmitArgs asks that a request be brought to the administration that is competent.
type TransmitArgs struct {
	Tenant       int64      `json:"tenant"`
	Transmission tenants.ID `json:"transmission"`
}

// Kind names the job.
func (TransmitArgs) Kind() string { return "request_transmit" }

// Transmittal asks for a transmission within the deployment.
type Transmittal struct {
	To            Party // whom tenants/transmission found: Code and Name
	ProcedureSlug string
	Reason        string // why they are competent; the person reads it
}

// Transmit sends a request to a commune or an EPCI of this deployment, which is competent
// for it (CRPA L.114-2): a job brings it there, and closes it here once it has arrived.
// Instructors of its service and administrators may. Until then it can be called back
// ([Recall]). Whether the recipient is there, and takes it, is for the caller to know
// (tenants/transmission).
//
// A missing reason is fault.Invalid "transmission_reason"; the commune itself is
// fault.Invalid "transmission_self"; a request whose silence has decided is
// fault.Conflict "silence_acquired", a decided one "action_not_possible", one that is on
// its way already "transmission_going".
func Transmit(ctx context.Context, tx *tenants.Tx, number string, in Transmittal, expect int64) (Request, error) {
	if in.To.Code == tx.Tenant().INSEE {
		return Request{}, fault.New(fault.Invalid, "transmission_self", fault.Field{Path: "to", Code: "invalid"})
	}
	c, t, err := leave(ctx, tx, number, expect, in.Reason, ActionTransmit)
	if err != nil {
		return Request{}, err
	}
	t.Way, t.State, t.Party, t.ProcedureSlug = WayOut, TransmissionPending, in.To, in.ProcedureSlug
	if err := c.insertTransmission(ctx, t, transmissionContent{}); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "transmission_asked", EventData{TransmissionID: t.ID, Label: t.Party.Name}); err != nil {
		return Request{}, err
	}
	if err := tx.Enqueue(ctx, TransmitArgs{Tenant: tx.Tenant().ID, Transmission: t.ID}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// maxReason is the most characters of why a request is transmitted.
const maxReason = 1000

// leave begins a transmission, whatever its way.
func leave(ctx context.Context, tx *tenants.Tx, number string, expect int64, reason string, action Action) (*change, Transmission, error) {
	t := Transmission{ID: tenants.NewID(), Reason: cleanText(reason), CreatedBy: tx.Actor().Name, CreatedAt: tx.Now()}
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return nil, t, err
	}
	if c.r.State == StateTransmitting && c.who&agents != 0 {
		return nil, t, fault.New(fault.Conflict, "transmission_going")
	}
	if err := c.beforeSilence(); err != nil {
		return nil, t, err
	}
	if err := c.act(action); err != nil {
		return nil, t, err
	}
	if t.Reason == "" || utf8.RuneCountInString(t.Reason) > maxReason {
		return nil, t, fault.New(fault.Invalid, "transmission_reason", fault.Field{Path: "reason", Code: "required"})
	}
	t.RequestID = c.r.ID
	return c, t, nil
}

func (c *change) insertTransmission(ctx context.Context, t Transmission, content transmissionContent) error {
	party, err := json.Marshal(t.Party)
	if err != nil {
		return err
	}
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = c.tx.Exec(ctx, sqlNewTransmission, t.ID, c.r.ID, string(t.Way), string(t.State), party, t.Number, t.ProcedureSlug, t.Reason, t.ReceivedOn, data, t.CreatedBy, t.CreatedAt, orNull(t.EndedAt))
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return fault.New(fault.Conflict, "transmission_going")
	}
	return err
}

// Recall calls a request back that has not arrived: it is then as it was before. Who may
// transmit may. One that nobody sent, or that has arrived, is fault.Conflict
// "action_not_possible"; one that is arriving at this moment "transmission_arriving".
func Recall(ctx context.Context, tx *tenants.Tx, number string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	t, err := c.going(ctx)
	if err != nil {
		return Request{}, err
	}
	if t.State == TransmissionSending {
		return Request{}, fault.New(fault.Conflict, "transmission_arriving")
	}
	if err := c.back(ctx, t, TransmissionRecalled, ""); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// going reads the transmission that the request is on.
func (c *change) going(ctx context.Context) (Transmission, error) {
	if c.r.State != StateTransmitting {
		return Transmission{}, fault.New(fault.Conflict, "action_not_possible")
	}
	row, err := tenants.One[transmissionRow](ctx, c.tx, sqlGoing, c.r.ID)
	return row.transmission(), err
}

// back ends a transmission that did not arrive: the request is the town's again, and the
// papers that it waits for are still awaited.
func (c *change) back(ctx context.Context, t Transmission, end TransmissionState, problem string) error {
	if err := c.act(ActionRecall); err != nil {
		return err
	}
	if c.r.Waiting {
		c.r.State = StateWaiting
	}
	if _, err := c.tx.Exec(ctx, sqlEndTransmission, t.ID, string(end), problem, c.tx.Now()); err != nil {
		return err
	}
	kind := "transmission_recalled"
	if end == TransmissionFailed {
		kind = "transmission_failed"
	}
	return c.record(ctx, kind, EventData{TransmissionID: t.ID, Label: t.Party.Name, Problem: problem})
}

// stopTransmission lets the silence decide of a request that is still on its way. One that
// is arriving at this moment is fault.Conflict "transmission_arriving": it may be there.
func (c *change) stopTransmission(ctx context.Context) error {
	if c.r.State != StateTransmitting {
		return nil
	}
	t, err := c.going(ctx)
	if err != nil {
		return err
	}
	if t.State == TransmissionSending {
		return fault.New(fault.Conflict, "transmission_arriving")
	}
	if _, err := c.tx.Exec(ctx, sqlEndTransmission, t.ID, string(TransmissionFailed), "silence_acquired", c.tx.Now()); err != nil {
		return err
	}
	return c.record(ctx, "transmission_failed", EventData{TransmissionID: t.ID, Label: t.Party.Name, Problem: "silence_acquired"})
}

// PartyOf gives a commune as the other side of a transmission writes it.
func PartyOf(t tenants.Tenant, s tenants.Settings) Party {
	return Party{Code: t.INSEE, Name: t.Title(), PostalAddress: s.PostalAddress, Email: s.Email, Phone: s.Phone}
}

// sameParty tells whether two codes are one administration's.
func sameParty(a, b string) bool { return a != "" && strings.EqualFold(a, b) }
