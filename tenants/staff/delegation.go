package staff

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Delegation is the right to sign in the mayor's stead (délégation de signature: CGCT
// L.2122-18, L.2122-19), by an order of the mayor's.
type Delegation struct {
	ID         tenants.ID
	AgentID    tenants.ID
	AgentName  string // as a letter names who signs (CRPA L.212-1)
	AgentTitle string
	Reference  string // of the order: "arrêté n° 2026-114"
	DatedOn    calendar.Date
	FromOn     calendar.Date
	EndsOn     calendar.Date // its last day; none: until it is ended
	Services   []tenants.ID  // for the requests of these services…
	Procedures []string      // …or of these procedures, by slug; none of both: for all
	CreatedBy  string
}

// Covers tells whether it holds on a day for a request of a service and a procedure.
func (d Delegation) Covers(service tenants.ID, procedure string, on calendar.Date) bool {
	if on.Before(d.FromOn) || !d.EndsOn.IsZero() && on.After(d.EndsOn) {
		return false
	}
	return len(d.Services) == 0 && len(d.Procedures) == 0 || slices.Contains(d.Services, service) || slices.Contains(d.Procedures, procedure)
}

// Words are those above the name of who signs.
func (d Delegation) Words() string {
	return "Pour le maire et par délégation (" + d.Reference + " du " + d.DatedOn.FrenchShort() + ")"
}

const (
	sqlDelegations = `select d.id, d.agent_id, a.given_name || ' ' || a.family_name as agent_name, a.title as agent_title, d.reference, d.dated_on, d.from_on, d.ends_on,
			d.services::text[] as services, d.procedures, d.created_by
		from delegation d join agent a on a.id = d.agent_id
		where ($1::uuid is null or d.agent_id = $1) and ($2::date is null or a.active and d.from_on <= $2 and (d.ends_on is null or d.ends_on >= $2))
		order by a.family_name, a.given_name, d.from_on, d.id`
	sqlInsertDelegation = `insert into delegation (id, agent_id, reference, dated_on, from_on, ends_on, services, procedures, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7::text[]::uuid[], $8, $9, $10)`
	sqlEndDelegation = `update delegation set ends_on = $2 where id = $1 and (ends_on is null or ends_on > $2)`
	sqlKnownServices = `select count(*)::int from service where id = any($1::text[]::uuid[])`
	sqlKnownSlugs    = `select count(*)::int from procedure where slug = any($1)`
)

type delegationRow struct {
	ID, AgentID                      tenants.ID
	AgentName, AgentTitle, Reference string
	DatedOn, FromOn, EndsOn          calendar.Date
	Services, Procedures             []string
	CreatedBy                        string
}

// Delegations gives every delegation of an agent, those that are over included, to agents.
func Delegations(ctx context.Context, tx *tenants.Tx, agent tenants.ID) ([]Delegation, error) {
	if err := insiders(tx); err != nil {
		return nil, err
	}
	return delegations(ctx, tx, agent, calendar.Date{})
}

// MaySign gives the delegations that hold today for a request of a service and a
// procedure, of active agents, to agents and to jobs of ours.
func MaySign(ctx context.Context, tx *tenants.Tx, service tenants.ID, procedure string) ([]Delegation, error) {
	if err := insiders(tx); err != nil {
		return nil, err
	}
	all, err := delegations(ctx, tx, "", tx.Today())
	return slices.DeleteFunc(all, func(d Delegation) bool { return !d.Covers(service, procedure, tx.Today()) }), err
}

func delegations(ctx context.Context, tx *tenants.Tx, agent tenants.ID, on calendar.Date) ([]Delegation, error) {
	rows, err := tenants.All[delegationRow](ctx, tx, sqlDelegations, agent.OrNull(), on)
	out := make([]Delegation, len(rows))
	for i, r := range rows {
		out[i] = Delegation{ID: r.ID, AgentID: r.AgentID, AgentName: strings.TrimSpace(r.AgentName), AgentTitle: r.AgentTitle, Reference: r.Reference, DatedOn: r.DatedOn,
			FromOn: r.FromOn, EndsOn: r.EndsOn, Procedures: r.Procedures, CreatedBy: r.CreatedBy}
		for _, s := range r.Services {
			out[i].Services = append(out[i].Services, tenants.ID(s))
		}
	}
	return out, err
}

const maxReference = 120

// Delegate keeps that the mayor has let an agent sign. Administrators only. An order
// without a reference or a day, one of the future, a delegation that ends before it
// begins or begins before its order, an agent without a title (CRPA L.212-1), or an
// unknown service or procedure is fault.Invalid "delegation_invalid" with its fields.
func Delegate(ctx context.Context, tx *tenants.Tx, d Delegation) (Delegation, error) {
	if !tx.Actor().MayAdminister() {
		return d, fault.New(fault.Forbidden, "admin_only")
	}
	agent, err := byID(ctx, tx, d.AgentID)
	if err != nil {
		return d, err
	}
	d.Reference = strings.TrimSpace(strings.Join(strings.FieldsFunc(d.Reference, func(r rune) bool { return r <= ' ' }), " "))
	if d.FromOn.IsZero() {
		d.FromOn = d.DatedOn
	}
	var fields []fault.Field
	want := func(ok bool, path, code string) {
		if !ok {
			fields = append(fields, fault.Field{Path: path, Code: code})
		}
	}
	want(d.Reference != "" && utf8.RuneCountInString(d.Reference) <= maxReference && utf8.ValidString(d.Reference) && !strings.ContainsRune(d.Reference, 0), "reference", "required")
	want(!d.DatedOn.IsZero() && !d.DatedOn.After(tx.Today()), "dated_on", "invalid")
	want(!d.FromOn.Before(d.DatedOn), "from_on", "invalid")
	want(d.EndsOn.IsZero() || !d.EndsOn.Before(d.FromOn), "ends_on", "invalid")
	want(agent.Active, "agent", "inactive")
	want(agent.Title != "", "title", "required")
	services := make([]string, 0, len(d.Services))
	for _, s := range d.Services {
		id, err := tenants.ParseID(string(s))
		want(err == nil, "services", "unknown")
		services = append(services, string(id))
	}
	if len(fields) == 0 {
		known, err := tenants.One[int](ctx, tx, sqlKnownServices, services)
		if err != nil {
			return d, err
		}
		want(known == len(services), "services", "unknown")
		if known, err = tenants.One[int](ctx, tx, sqlKnownSlugs, append([]string{}, d.Procedures...)); err != nil {
			return d, err
		}
		want(known == len(d.Procedures), "procedures", "unknown")
	}
	if len(fields) > 0 {
		return d, fault.New(fault.Invalid, "delegation_invalid", fields...)
	}
	d.ID, d.AgentName, d.AgentTitle, d.CreatedBy = tenants.NewID(), agent.Name(), agent.Title, tx.Actor().Name
	if _, err := tx.Exec(ctx, sqlInsertDelegation, d.ID, d.AgentID, d.Reference, d.DatedOn, d.FromOn, d.EndsOn, services, append([]string{}, d.Procedures...), d.CreatedBy, tx.Now()); err != nil {
		return d, err
	}
	return d, tx.Record(ctx, tenants.Event{SubjectKind: "agent", SubjectID: string(d.AgentID), Kind: "delegation_given", Data: map[string]any{"delegation": d.ID, "reference": d.Reference, "from": d.FromOn, "to": d.EndsOn}})
}

// EndDelegation ends one with today as its last day. Administrators only. One that is over
// or that does not exist is fault.NotFound "delegation_unknown".
func EndDelegation(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	if !tx.Actor().MayAdminister() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	n, err := tx.Exec(ctx, sqlEndDelegation, id.OrNull(), tx.Today())
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "delegation_unknown")
	}
	if err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "delegation", SubjectID: string(id), Kind: "delegation_ended"})
}
