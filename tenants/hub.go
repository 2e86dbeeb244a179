package tenants

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// HubAdmin is an administrator of a hub. Subject is pairwise: made with the hub's
// own key, it leads to no account of the same person in a commune.
type HubAdmin struct {
	ID         ID
	HubID      int64
	Subject    string
	Email      string
	GivenName  string
	FamilyName string
}

// Name is the administrator's name, as communes and histories read it.
func (a HubAdmin) Name() string { return a.GivenName + " " + a.FamilyName }

// Actor is the administrator as an actor.
func (a HubAdmin) Actor() Actor { return Actor{Kind: ActorHub, ID: a.ID, Name: a.Name()} }

// Projection is what the platform keeps of a request: no personal data.
type Projection struct {
	TenantID   int64
	Number     string
	Procedure  string
	Channel    string
	State      string
	ReceivedOn calendar.Date
	DueOn      calendar.Date // zero: none
	ClosedOn   calendar.Date // zero: still open
	Version    int64         // of the request; an older one never replaces a newer one
}

// TenantCounts is a line of a hub's dashboard.
type TenantCounts struct {
	TenantID     int64
	Open         int
	DueSoon      int // due within seven days, today included
	Late         int
	Received     int // since the first of January
	LastReceived calendar.Date
}

const (
	sqlNewHub = `insert into platform.hub (slug, siren, name, colour, phone, dpo_name, dpo_email, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (siren) do update set name = excluded.name returning id, slug, siren, name, colour, phone, dpo_name, dpo_email, require_totp`
	sqlAddHubAdmin = `insert into platform.hub_admin (id, hub_id, subject, email, given_name, family_name, created_at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (hub_id, subject) do update set email = excluded.email returning id, hub_id, subject, email, given_name, family_name`
	sqlHubAdmin = `select id, hub_id, subject, email, given_name, family_name from platform.hub_admin where hub_id = $1 and subject = $2 and active`
	sqlProject  = `insert into platform.request_projection (tenant_id, number, procedure, channel, state, received_on, due_on, closed_on, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (tenant_id, number) do update set state = excluded.state, due_on = excluded.due_on, closed_on = excluded.closed_on, version = excluded.version
		where platform.request_projection.version < excluded.version`
	sqlOverview = `select t.id as tenant_id,
			count(p.number) filter (where p.closed_on is null) as open,
			count(p.number) filter (where p.closed_on is null and p.due_on between $2 and $2::date + 7) as due_soon,
			count(p.number) filter (where p.closed_on is null and p.due_on < $2) as late,
			count(p.number) filter (where p.received_on >= date_trunc('year', $2::date)) as received,
			max(p.received_on) as last_received
		from platform.tenant t left join platform.request_projection p on p.tenant_id = t.id
		where t.hub_id = $1 group by t.id`
	sqlPlatformEvent = `insert into platform.event (id, at, actor_kind, actor_id, actor_name, tenant_id, kind, data) values ($1, $2, $3, $4, $5, nullif($6::bigint, 0), $7, $8)`
)

// NewHub makes a hub, or gives the one that has this SIREN.
func (r *Registry) NewHub(ctx context.Context, h Hub) (Hub, error) {
	v, err := one[Hub](ctx, r.pool, sqlNewHub, h.Slug, h.SIREN, h.Name, h.Colour, h.Phone, h.DPOName, h.DPOEmail, r.clock().UTC())
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return Hub{}, fault.New(fault.Conflict, "hub_exists")
	}
	r.hosts.forget()
	return v, err
}

// AddHubAdmin makes somebody an administrator of a hub; a second call changes
// their e-mail address.
func (r *Registry) AddHubAdmin(ctx context.Context, a HubAdmin) (HubAdmin, error) {
	return one[HubAdmin](ctx, r.pool, sqlAddHubAdmin, NewID(), a.HubID, a.Subject, a.Email, a.GivenName, a.FamilyName, r.clock().UTC())
}

// HubAdminBySubject gives an active administrator of a hub; none is
// fault.NotFound "not_found".
func (r *Registry) HubAdminBySubject(ctx context.Context, hub int64, subject string) (HubAdmin, error) {
	return one[HubAdmin](ctx, r.pool, sqlHubAdmin, hub, subject)
}

// HubKey derives a hub's key for one purpose.
func (r *Registry) HubKey(h Hub, purpose string) []byte { return r.master.Hub(h, purpose) }

// Project writes what the platform keeps of a request. An older version than the
// one kept changes nothing, so that jobs may come in any order.
func (r *Registry) Project(ctx context.Context, p Projection) error {
	_, err := r.pool.Exec(ctx, sqlProject, p.TenantID, p.Number, p.Procedure, p.Channel, p.State, p.ReceivedOn, p.DueOn, p.ClosedOn, p.Version)
	return classify(err)
}

// Overview counts the requests of each of a hub's tenants on a day, from the
// projection alone. The key is the tenant's.
func (r *Registry) Overview(ctx context.Context, hub int64, today calendar.Date) (map[int64]TenantCounts, error) {
	lines, err := all[TenantCounts](ctx, r.pool, sqlOverview, hub, today)
	if err != nil {
		return nil, err
	}
	counts := make(map[int64]TenantCounts, len(lines))
	for _, l := range lines {
		counts[l.TenantID] = l
	}
	return counts, nil
}

// record writes an event of the platform.
func (r *Registry) record(ctx context.Context, a Actor, tenant int64, kind string, data any) error {
	return r.recordBy(ctx, sqlPlatformEvent, a, event{tenant, kind, data})
}

// event is what happened on the platform; tenant 0: to none.
type event struct {
	tenant int64
	kind   string
	data   any
}

// recordBy writes an event by a statement that does what happened, too.
func (r *Registry) recordBy(ctx context.Context, sql string, a Actor, e event) error {
	encoded, err := json.Marshal(e.data)
	if err != nil {
		return err
	}
	_, err = r.pool.Exec(ctx, sql, NewID(), r.clock().UTC(), a.Kind, string(a.ID), a.Name, e.tenant, e.kind, encoded)
	return classify(err)
}
