package tenants

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Health is how a commune is, as the platform may know it: counts, no person.
type Health struct {
	TenantID     int64
	Version      int // of the schema
	MailFailures int // mails and text messages that did not arrive, in seven days
	Agents       int // active ones
	LastActivity *time.Time
}

// tenantHealth is what the commune's own schema tells; the version is the cell's.
type tenantHealth struct {
	MailFailures int
	Agents       int
	LastActivity *time.Time
}

const (
	sqlHealth = `select
			(select count(*) from notification where state in ('bounced', 'failed') and created_at > $1) as mail_failures,
			(select count(*) from agent where active) as agents,
			(select at from event where actor_kind in ('agent', 'citizen', 'guest') order by id desc limit 1) as last_activity`
	// What can be counted from the projection is counted here, commune by commune, so
	// that the list over thousands of them reads one row each.
	sqlPutHealth = `insert into platform.tenant_health (tenant_id, version, mail_failures, agents, last_activity, open, due_soon, late, received, last_received, refreshed_at)
		select $1, $2, $3, $4, $5,
			count(*) filter (where closed_on is null), count(*) filter (where closed_on is null and due_on between $6 and $6::date + 7),
			count(*) filter (where closed_on is null and due_on < $6), count(*) filter (where received_on >= date_trunc('year', $6::date)), max(received_on), $7
		from platform.request_projection where tenant_id = $1
		on conflict (tenant_id) do update set version = excluded.version, mail_failures = excluded.mail_failures, agents = excluded.agents,
			last_activity = excluded.last_activity, open = excluded.open, due_soon = excluded.due_soon,
			late = excluded.late, received = excluded.received, last_received = excluded.last_received, refreshed_at = excluded.refreshed_at`
	sqlSchemaVersionOf = `select version from cell.tenant_version where schema_name = $1`
)

// mailFailureDays is how long a mail that did not arrive counts.
const mailFailureDays = 7

// HealthOf reads how the commune is, in its own transaction.
func HealthOf(ctx context.Context, tx *Tx) (Health, error) {
	h, err := One[tenantHealth](ctx, tx, sqlHealth, tx.Now().AddDate(0, 0, -mailFailureDays))
	return Health{TenantID: tx.Tenant().ID, MailFailures: h.MailFailures, Agents: h.Agents, LastActivity: h.LastActivity}, err
}

// RefreshHealth writes how a commune is, with what the projection tells of its
// requests on a day.
func (r *Registry) RefreshHealth(ctx context.Context, t Tenant, h Health, today calendar.Date) error {
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return err
	}
	if h.Version, err = one[int](ctx, owner, sqlSchemaVersionOf, t.Schema); err != nil {
		return err
	}
	_, err = r.pool.Exec(ctx, sqlPutHealth, t.ID, h.Version, h.MailFailures, h.Agents, h.LastActivity, today, r.clock().UTC())
	return classify(err)
}
