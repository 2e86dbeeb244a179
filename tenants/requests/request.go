package requests

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// The channels that a request comes by.
const (
	ChannelWeb     = "web"
	ChannelAPI     = "api"
	ChannelCounter = "counter"
	ChannelPhone   = "phone"
	ChannelPost    = "post"
	ChannelEmail   = "email"
)

// Channels gives every channel, as lists and filters show them.
func Channels() []string {
	return []string{ChannelWeb, ChannelCounter, ChannelPhone, ChannelPost, ChannelEmail, ChannelAPI}
}

// electronic tells whether what comes by a channel is an "envoi par voie
// électronique" (CRPA L.112-8): it is then answered by e-mail, and has an ARE.
func electronic(channel string) bool {
	return channel == ChannelWeb || channel == ChannelAPI || channel == ChannelEmail
}

// Request is one citizen's ask. Dates are the commune's civil dates.
type Request struct {
	ID            tenants.ID
	Number        string // "26-000123"
	ProcedureID   tenants.ID
	VersionID     tenants.ID // of the form that was filled in: kept for ever
	ProcedureSlug string
	Title         string // the procedure's, at that version
	Kind          Kind
	Channel       string
	State         State
	ServiceID     tenants.ID
	AgentID       tenants.ID
	CitizenID     tenants.ID // of the account, if any
	Applicant     Applicant
	// DecisionEmailAt is when the person agreed to receive the decision by e-mail; zero
	// where Applicant.DecisionEmail is not set.
	DecisionEmailAt time.Time
	Regular         bool // identified as R.112-9-1 wants: otherwise « saisine irrégulière »
	Answers         forms.Answers
	ReceivedAt      time.Time
	ReceivedOn      calendar.Date // by the commune
	// FirstReceivedOn is the reception by the first administration (L.114-2); the
	// same day where nobody transmitted it.
	FirstReceivedOn calendar.Date
	Silence         calendar.Rule // without its Source, which the version holds
	SilenceLastDay  calendar.Date // none where silence decides nothing, or waits
	DueOn           calendar.Date // the day that the law sets, or the service's commitment
	Waiting         bool          // for papers that were asked for
	DecidedOn       calendar.Date
	ClosedOn        calendar.Date
	ClosedAt        time.Time
	Version         int64 // grows with each change that somebody may have missed
	ServiceName     string
	AgentName       string
	AgentTitle      string
	// IdentityLevel is how well the applicant was known on the web: catalogue's
	// IdentityAccount, or IdentityState where FranceConnect vouches for the very name of
	// the request; 0: not signed in, or not by the web.
	IdentityLevel int

	trackingHash []byte
}

// ApplicantName gives the name of who applies, as lists and letters show it.
func (r Request) ApplicantName() string { return r.Applicant.Name() }

// Late tells whether the request should have been answered before today.
func (r Request) Late(today calendar.Date) bool {
	return r.State.Open() && !r.DueOn.IsZero() && r.DueOn.Before(today)
}

// silenceActed tells whether the silence has taken effect although nothing has
// written it yet: the decision exists in law.
func (r Request) silenceActed(today calendar.Date) bool {
	return r.State.Open() && !r.SilenceLastDay.IsZero() && r.SilenceLastDay.Before(today)
}

// requestRow is a request as its row lies.
type requestRow struct {
	ID              tenants.ID
	Number          string
	ProcedureID     tenants.ID
	VersionID       tenants.ID
	ProcedureSlug   string
	Title           string
	Kind            Kind
	Channel         string
	State           State
	ServiceID       tenants.ID
	AgentID         tenants.ID
	CitizenID       tenants.ID
	GivenName       string
	FamilyName      string
	Email           string
	Phone           string
	PostalAddress   string
	SmsWanted       bool
	OnBehalfOf      string
	Organisation    string
	OrganisationID  string
	EmailAgreed     bool
	DecisionEmailAt *time.Time
	Regular         bool
	Answers         forms.Answers
	TrackingHash    []byte
	ReceivedAt      time.Time
	ReceivedOn      calendar.Date
	FirstReceivedOn calendar.Date
	SilenceEffect   calendar.Effect
	SilenceMonths   int
	SilenceLastDay  calendar.Date
	DueOn           calendar.Date
	Waiting         bool
	DecidedOn       calendar.Date
	ClosedOn        calendar.Date
	ClosedAt        *time.Time
	Version         int64
	ServiceName     string
	AgentName       string
	AgentTitle      string
	IdentityLevel   int
}

func (w requestRow) request() Request {
	r := Request{
		ID: w.ID, Number: w.Number, ProcedureID: w.ProcedureID, VersionID: w.VersionID, ProcedureSlug: w.ProcedureSlug,
		Title: w.Title, Kind: w.Kind, Channel: w.Channel, State: w.State, ServiceID: w.ServiceID, AgentID: w.AgentID, CitizenID: w.CitizenID,
		Applicant: Applicant{
			GivenName: w.GivenName, FamilyName: w.FamilyName, Email: w.Email, Phone: w.Phone, PostalAddress: w.PostalAddress,
			SMS: w.SmsWanted, OnBehalfOf: w.OnBehalfOf, Organisation: w.Organisation, OrganisationID: w.OrganisationID, EmailAgreed: w.EmailAgreed,
			DecisionEmail: w.DecisionEmailAt != nil,
		},
		Regular: w.Regular, Answers: w.Answers, ReceivedAt: w.ReceivedAt, ReceivedOn: w.ReceivedOn, FirstReceivedOn: w.FirstReceivedOn,
		Silence: calendar.Rule{Effect: w.SilenceEffect, Months: w.SilenceMonths}, SilenceLastDay: w.SilenceLastDay, DueOn: w.DueOn,
		Waiting: w.Waiting, DecidedOn: w.DecidedOn, ClosedOn: w.ClosedOn, Version: w.Version,
		IdentityLevel: w.IdentityLevel, ServiceName: w.ServiceName, AgentName: w.AgentName, AgentTitle: w.AgentTitle, trackingHash: w.TrackingHash,
	}
	if w.DecisionEmailAt != nil {
		r.DecisionEmailAt = *w.DecisionEmailAt
	}
	if w.ClosedAt != nil {
		r.ClosedAt = *w.ClosedAt
	}
	return r
}

const (
	requestColumns = `r.id, r.number, r.procedure_id, r.version_id, r.procedure_slug, r.title, r.kind, r.channel, r.state, r.service_id, r.agent_id, r.citizen_id,
		r.given_name, r.family_name, r.email, r.phone, r.postal_address, r.sms_wanted, r.on_behalf_of, r.organisation, r.organisation_id, r.email_agreed, r.decision_email_at,
		r.regular, r.answers, r.tracking_hash, r.received_at, r.received_on, r.first_received_on, r.silence_effect, r.silence_months, r.silence_last_day,
		r.due_on, r.waiting, r.decided_on, r.closed_on, r.closed_at, r.version, coalesce(r.identity_level, 0) as identity_level,
		coalesce(s.name, '') as service_name, coalesce(a.given_name || ' ' || a.family_name, '') as agent_name, coalesce(a.title, '') as agent_title`
	requestTables = ` from request r left join service s on s.id = r.service_id left join agent a on a.id = r.agent_id`

	sqlRequestByNumber = `select ` + requestColumns + requestTables + ` where r.number = $1`
	sqlRequestByID     = `select ` + requestColumns + requestTables + ` where r.id = $1`
	sqlRequestLocked   = `select ` + requestColumns + requestTables + ` where r.number = $1 for update of r`
	sqlUpdateRequest   = `update request set state = $3, service_id = $4, agent_id = $5, citizen_id = $6,
		given_name = $7, family_name = $8, email = $9, phone = $10, postal_address = $11, sms_wanted = $12, on_behalf_of = $13,
		organisation = $14, organisation_id = $15, email_agreed = $16, regular = $17, search = $18,
		silence_last_day = $19, due_on = $20, waiting = $21, decided_on = $22, closed_on = $23, closed_at = $24, decision_email_at = $25, silence_effect = $26, version = version + 1
		where id = $1 and version = $2`
)

// errUnknown is the answer for a request that does not exist for this actor.
func errUnknown() error { return fault.New(fault.NotFound, "request_unknown") }

func one(ctx context.Context, tx *tenants.Tx, sql string, key any) (Request, error) {
	row, err := tenants.One[requestRow](ctx, tx, sql, key)
	if fault.Is(err, "not_found") {
		return Request{}, errUnknown()
	}
	return row.request(), err
}

// visible reads a request for the actor, with the quality in which they see it. A
// stranger gets the same answer as for a number that nobody has.
func visible(ctx context.Context, tx *tenants.Tx, number string) (Request, Who, error) {
	r, err := one(ctx, tx, sqlRequestByNumber, ReadNumber(number))
	if err != nil {
		return Request{}, 0, err
	}
	who := whoIs(tx.Actor(), r)
	if who == 0 {
		asked, err := consults(ctx, tx, r)
		if err != nil {
			return Request{}, 0, err
		}
		if !asked {
			return Request{}, 0, errUnknown()
		}
		who = Consulted
	}
	return r, who, nil
}

// GuestOf gives the actor for somebody who proved, by number and tracking code
// ([GetByTracking]), that a request is theirs: they may do to it what its owner may.
func GuestOf(r Request) tenants.Actor {
	return tenants.Actor{Kind: tenants.ActorGuest, ID: r.ID, Name: r.ApplicantName()}
}

// GetByTracking gives a request to whoever knows its number and its tracking code.
// Both wrong or one, the answer is fault.NotFound "request_or_code_unknown", and the
// code is compared in constant time.
func GetByTracking(ctx context.Context, tx *tenants.Tx, number, code string) (Request, error) {
	r, err := one(ctx, tx, sqlRequestByNumber, ReadNumber(number))
	if err != nil && !fault.Is(err, "request_unknown") {
		return Request{}, err
	}
	hash := r.trackingHash
	if err != nil {
		hash = trackingHash("", "nobody's")
	}
	if !sameCode(r.ID, hash, code) || err != nil {
		return Request{}, fault.New(fault.NotFound, "request_or_code_unknown")
	}
	return r, nil
}

// TrackingCode gives a request's code again, to its owner or to an agent who helps
// them. It is empty for a request that came from another deployment without its code.
func TrackingCode(ctx context.Context, tx *tenants.Tx, number string) (string, error) {
	r, who, err := visible(ctx, tx, number)
	if err == nil && who == Consulted {
		err = fault.New(fault.Forbidden, "not_allowed")
	}
	if err == nil && who == Supporter { // the code would open more than reading
		err = fault.New(fault.Forbidden, "support_read_only")
	}
	if err != nil {
		return "", err
	}
	return codeOf(ctx, tx, r)
}

// Claim puts a guest's request into the account of the signed-in citizen who knows
// its code. One that already has an account keeps it: fault.Conflict "request_claimed".
func Claim(ctx context.Context, tx *tenants.Tx, number, code string) error {
	citizen := tx.Actor()
	if citizen.Kind != tenants.ActorCitizen || citizen.ID == "" {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	r, err := GetByTracking(ctx, tx, number, code)
	if err != nil || r.CitizenID == citizen.ID {
		return err
	}
	if r.CitizenID != "" {
		return fault.New(fault.Conflict, "request_claimed")
	}
	c, err := lock(ctx, tx, r.Number)
	if err != nil {
		return err
	}
	if c.r.CitizenID != "" && c.r.CitizenID != citizen.ID { // by another, at the same moment
		return fault.New(fault.Conflict, "request_claimed")
	}
	c.r.CitizenID = citizen.ID
	if err := c.record(ctx, "claimed", EventData{}); err != nil {
		return err
	}
	_, err = c.save(ctx)
	return err
}

const (
	sqlInheritRequests = `update request set citizen_id = $2 where citizen_id = $1`
	sqlInheritDrafts   = `update draft set citizen_id = $2 where citizen_id = $1`
)

// Inherit gives the acting citizen what another citizen had who turned out to be them
// (citizens.Link).
func Inherit(ctx context.Context, tx *tenants.Tx, before tenants.ID) error {
	a := tx.Actor()
	if a.Kind != tenants.ActorCitizen || a.ID == "" {
		return fault.New(fault.Forbidden, "citizens_only")
	}
	for _, sql := range []string{sqlInheritRequests, sqlInheritDrafts} {
		if _, err := tx.Exec(ctx, sql, before.OrNull(), a.ID); err != nil {
			return err
		}
	}
	return nil
}
