package requests

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// Sense is what an opinion says in a word.
type Sense string

// The senses.
const (
	SenseFavourable   Sense = "favourable"
	SenseReserved     Sense = "reserved" // favourable, with reservations
	SenseUnfavourable Sense = "unfavourable"
)

// Senses lists them in the order of a page.
func Senses() []Sense { return []Sense{SenseFavourable, SenseReserved, SenseUnfavourable} }

// Label names it in French.
func (s Sense) Label() string {
	switch s {
	case SenseFavourable:
		return "Favorable"
	case SenseReserved:
		return "Favorable avec réserves"
	case SenseUnfavourable:
		return "Défavorable"
	}
	return ""
}

// Opinion was asked of another service, or of somebody outside, about a request; and what it says.
type Opinion struct {
	ID          tenants.ID
	RequestID   tenants.ID
	ServiceID   tenants.ID // "": of somebody outside
	ServiceName string
	Outside     string // their e-mail address
	Step        string
	Question    string
	AskedAt     time.Time
	AskedBy     string
	DueOn       calendar.Date
	GivenAt     *time.Time
	GivenBy     string
	Sense       Sense
	Body        string

	May bool `db:"-"` // the acting agent may give it
}

// From names who is asked.
func (o Opinion) From() string {
	if o.Outside != "" {
		return o.Outside
	}
	return o.ServiceName
}

// OpinionAsked is a line of the opinions that an agent's services are asked for.
type OpinionAsked struct {
	Number      string
	Title       string
	ServiceName string
	AskedAt     time.Time
	DueOn       calendar.Date
}

const (
	sqlOpinions = `select o.id, o.request_id, o.service_id, coalesce(s.name, '') as service_name, o.outside, o.step, o.question, o.asked_at, o.asked_by, o.due_on, o.given_at, o.given_by, o.sense, o.body
		from opinion o left join service s on s.id = o.service_id where o.request_id = $1 order by o.asked_at, o.id`
	sqlAskOpinion   = `insert into opinion (id, request_id, service_id, outside, step, question, asked_at, asked_by, due_on) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlGiveOpinion  = `update opinion set given_at = $2, given_by = $3, sense = $4, body = $5 where id = $1 and given_at is null`
	sqlConsulted    = `select count(*)::int from opinion where request_id = $1 and service_id = any($2::text[]::uuid[])`
	opinionsWaiting = ` from opinion o join request r on r.id = o.request_id and r.closed_on is null join service s on s.id = o.service_id
		where o.given_at is null and ($1::text[] is null or o.service_id = any($1::text[]::uuid[]))`
	sqlOpinionsAsked = `select r.number, r.title, s.name as service_name, o.asked_at, o.due_on` + opinionsWaiting + ` order by coalesce(o.due_on, 'infinity'::date), o.asked_at limit 200`
	sqlCountOpinions = `select count(*)::int` + opinionsWaiting
)

func opinionsOf(ctx context.Context, tx *tenants.Tx, request tenants.ID) ([]Opinion, error) {
	return tenants.All[Opinion](ctx, tx, sqlOpinions, request)
}

// askOpinion asks a service of the town, whose agents then see the request, or somebody outside by e-mail.
func (c *change) askOpinion(ctx context.Context, step *workflow.Stage, a *workflow.Action) error {
	question, err := c.said(ctx, a.Text)
	if err != nil {
		return err
	}
	var asked, mail = tenants.Service{Name: a.To}, a.To
	if a.Service != "" {
		asked, err = tenants.ServiceByName(ctx, c.tx, a.Service)
		if fault.Is(err, "not_found") {
			return c.failed(ctx, a, "service_unknown")
		}
		if err != nil {
			return err
		}
		mail = asked.Email
	}
	var due calendar.Date
	if a.Days > 0 {
		due = c.tx.Territory().AddWorkingDays(c.tx.Today(), a.Days)
	}
	if _, err := c.tx.Exec(ctx, sqlAskOpinion, tenants.NewID(), c.r.ID, asked.ID.OrNull(), a.To, step.Name, question, c.tx.Now(), c.tx.Actor().Name, due); err != nil {
		return err
	}
	if err := c.record(ctx, "opinion_asked", EventData{Label: asked.Name, LimitOn: due}); err != nil || mail == "" {
		return err
	}
	return c.mailOut(ctx, mail, notify.OpinionAsked{Number: c.r.Number, Title: c.r.Title, Service: c.r.ServiceName, Body: question, DueOn: due, Outside: a.To != "", Path: "/agents/demandes/" + c.r.Number + "#avis"})
}

// consults tells whether the acting agent is of a service that was asked about the request.
func consults(ctx context.Context, tx *tenants.Tx, r Request) (bool, error) {
	a := tx.Actor()
	if a.Kind != tenants.ActorAgent || len(a.Services) == 0 || !tx.SchemaAt(catalogue.SinceWorkflow) {
		return false, nil
	}
	n, err := tenants.One[int](ctx, tx, sqlConsulted, r.ID, idTexts(a.Services))
	return n > 0, err
}

func idTexts(ids []tenants.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// mayGive tells whether an agent may give an opinion: of the service that was asked; one from outside, who covers the request.
func mayGive(a tenants.Actor, r Request, o Opinion) bool {
	if a.Kind != tenants.ActorAgent || !r.State.Open() || o.GivenAt != nil {
		return false
	}
	if o.Outside != "" {
		return a.Covers(r.ServiceID)
	}
	return a.Covers(o.ServiceID)
}

// GiveOpinion gives the opinion that was asked of a service, by an agent of it, or notes what somebody outside answered. One that
// is not theirs to give is fault.NotFound "opinion_unknown", one that is given already fault.Conflict "opinion_given", one of a
// request that was closed "action_not_possible"; without its sense it is fault.Invalid "opinion_sense_required", without words where there
// are reservations or it is unfavourable "body_required".
func GiveOpinion(ctx context.Context, tx *tenants.Tx, number string, id tenants.ID, sense Sense, body string) error {
	c, err := lock(ctx, tx, number)
	if err != nil {
		return err
	}
	opinions, err := opinionsOf(ctx, tx, c.r.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(opinions, func(o Opinion) bool { return o.ID == id })
	if i < 0 {
		return fault.New(fault.NotFound, "opinion_unknown")
	}
	o := &opinions[i]
	before := *o
	before.GivenAt = nil
	switch open := c.r; {
	case !c.r.State.Open():
		open.State = StateReview
		if !mayGive(tx.Actor(), open, before) {
			return fault.New(fault.NotFound, "opinion_unknown")
		}
		return fault.New(fault.Conflict, "action_not_possible")
	case !mayGive(tx.Actor(), c.r, before):
		return fault.New(fault.NotFound, "opinion_unknown")
	case o.GivenAt != nil:
		return fault.New(fault.Conflict, "opinion_given")
	}
	body = cleanText(body)
	switch {
	case sense.Label() == "":
		return fault.New(fault.Invalid, "opinion_sense_required", fault.Field{Path: "sense", Code: "required"})
	case body == "" && sense != SenseFavourable:
		return fault.New(fault.Invalid, "body_required", fault.Field{Path: "body", Code: "required"})
	case utf8.RuneCountInString(body) > maxBody:
		return fault.New(fault.Invalid, "body_too_long", fault.Field{Path: "body", Code: "too_long"})
	}
	if _, err := tx.Exec(ctx, sqlGiveOpinion, o.ID, tx.Now(), tx.Actor().Name, string(sense), body); err != nil {
		return err
	}
	if err := c.record(ctx, "opinion_given", EventData{Label: o.From(), Outcome: string(sense)}); err != nil {
		return err
	}
	if f, w, err := c.flow(ctx); err != nil {
		return err
	} else if f != nil {
		if _, err := c.goOn(ctx, f, w); err != nil {
			return err
		}
	}
	_, err = c.save(ctx)
	return err
}

// ListOpinions gives the opinions that the acting agent's services are asked for, the most pressing first, at most 200. Agents, and whom the
// commune let in to read, may.
func ListOpinions(ctx context.Context, tx *tenants.Tx) ([]OpinionAsked, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	if !tx.SchemaAt(catalogue.SinceWorkflow) {
		return nil, fault.New(fault.Unavailable, "tenant_updating")
	}
	return tenants.All[OpinionAsked](ctx, tx, sqlOpinionsAsked, coveredServices(tx.Actor()))
}

// CountOpinions gives how many there are, to agents.
func CountOpinions(ctx context.Context, tx *tenants.Tx) (int, error) {
	if !tx.Actor().MayRead() {
		return 0, fault.New(fault.Forbidden, "not_allowed")
	}
	if !tx.SchemaAt(catalogue.SinceWorkflow) {
		return 0, nil
	}
	return tenants.One[int](ctx, tx, sqlCountOpinions, coveredServices(tx.Actor()))
}
