package requests

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// FactIncident is an outage of the service, as it bears on a request: Until is its last day,
// Reason what happened, RefersTo the incident. It has no row among the request's facts.
const FactIncident FactKind = "incident"

// Incident is a time in which citizens could not reach the town: an outage of the portal,
// of the telephone, a town hall that had to close. What somebody had to send by a day that
// it covers is accepted until the first working day after it (law.md §6); the town's own
// time for answering is not longer for it.
type Incident struct {
	ID          tenants.ID
	FromAt      time.Time
	ToAt        time.Time
	FromOn      calendar.Date // in the commune
	UntilOn     calendar.Date
	What        string
	ActorKind   tenants.ActorKind // ActorSystem: the program found it itself
	ActorName   string
	At          time.Time
	WithdrawnAt *time.Time // it was none
	WithdrawnBy string
}

// ByProgram tells whether the program found the incident itself.
func (i Incident) ByProgram() bool { return i.ActorKind == tenants.ActorSystem }

const (
	sqlIncidents = `select id, from_at, to_at, from_on, until_on, what, actor_kind, actor_name, at, withdrawn_at, withdrawn_by from incident order by from_at desc, id limit 200`
	sqlIncident  = `insert into incident (id, from_at, to_at, from_on, until_on, what, actor_kind, actor_id, actor_name, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing`
	sqlNoIncident = `update incident set withdrawn_at = $2, withdrawn_by = $3 where id = $1 and withdrawn_at is null`
)

const (
	longestIncident = 31 * 24 * time.Hour
	oldestIncident  = 12 // months
)

// Incidents gives the commune's incidents, the latest first, at most 200. Agents, and whom
// the commune let in to read, may.
func Incidents(ctx context.Context, tx *tenants.Tx) ([]Incident, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	return tenants.All[Incident](ctx, tx, sqlIncidents)
}

// RecordIncident keeps an incident that is over. Agents may. An end that does not come
// after the beginning, or lies ahead, and one that lasted for more than a month or lies more
// than a year back, is fault.Invalid "incident_times"; one that does not say what happened,
// in at most 200 characters (citizens read it), "incident_what".
func RecordIncident(ctx context.Context, tx *tenants.Tx, from, to time.Time, what string) error {
	if !tx.Actor().IsAgent() {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	const longest = 200
	if what = clean(what, false); what == "" || utf8.RuneCountInString(what) > longest {
		return fault.New(fault.Invalid, "incident_what", fault.Field{Path: "what", Code: "incident_what"})
	}
	if !to.After(from) || to.After(tx.Now()) || to.Sub(from) > longestIncident || calendar.On(from, tx.Tenant().Zone()).AddMonths(oldestIncident).Before(tx.Today()) {
		return fault.New(fault.Invalid, "incident_times", fault.Field{Path: "to", Code: "incident_times"})
	}
	id := tenants.NewID()
	if err := keepIncident(ctx, tx, tenants.Outage{ID: id, FromAt: from, ToAt: to}, what); err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "incident", SubjectID: string(id), Kind: "incident_recorded"})
}

func keepIncident(ctx context.Context, tx *tenants.Tx, o tenants.Outage, what string) error {
	a, zone := tx.Actor(), tx.Tenant().Zone()
	_, err := tx.Exec(ctx, sqlIncident, o.ID, o.FromAt, o.ToAt, calendar.On(o.FromAt, zone), calendar.On(o.ToAt, zone), what,
		string(a.Kind), string(a.ID), a.Name, tx.Now())
	return err
}

// WithdrawIncident says that an incident was none: it spares nobody any more, and stays
// readable. Agents may; one that is not there is fault.NotFound "incident_unknown".
func WithdrawIncident(ctx context.Context, tx *tenants.Tx, id tenants.ID) error {
	if !tx.Actor().IsAgent() {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	n, err := tx.Exec(ctx, sqlNoIncident, id, tx.Now(), tx.Actor().Name)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "incident_unknown")
	}
	if err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "incident", SubjectID: string(id), Kind: "incident_withdrawn"})
}

// TakeOutages keeps the outages that the program found as incidents of the commune, each
// once. Only a job of ours may.
func TakeOutages(ctx context.Context, tx *tenants.Tx, found []tenants.Outage) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	for _, o := range found {
		if err := keepIncident(ctx, tx, o, "panne du site"); err != nil {
			return err
		}
	}
	return nil
}
