package tenants

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

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

const (
	sqlNewHub = `insert into platform.hub (slug, siren, name, colour, phone, dpo_name, dpo_email, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (siren) do update set name = excluded.name returning id, slug, siren, name, colour, phone, dpo_name, dpo_email, require_totp`
	sqlProject = `insert into platform.request_projection (tenant_id, number, procedure, channel, state, received_on, due_on, closed_on, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (tenant_id, number) do update set state = excluded.state, due_on = excluded.due_on, closed_on = excluded.closed_on, version = excluded.version
		where platform.request_projection.version < excluded.version`
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

// HubKey derives a hub's key for one purpose.
func (r *Registry) HubKey(h Hub, purpose string) []byte { return r.master.Hub(h, purpose) }

// Project writes what the platform keeps of a request. An older version than the
// one kept changes nothing, so that jobs may come in any order.
func (r *Registry) Project(ctx context.Context, p Projection) error {
	_, err := r.pool.Exec(ctx, sqlProject, p.TenantID, p.Number, p.Procedure, p.Channel, p.State, p.ReceivedOn, p.DueOn, p.ClosedOn, p.Version)
	return classify(err)
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
