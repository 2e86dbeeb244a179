package tenants

import (
	"context"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Due is when a commune's deadlines need the next look in the morning.
type Due struct {
	TenantID int64
	NextOn   calendar.Date // zero: not known, so at once
	Stirred  int64         // how often something happened since the beginning
}

const (
	sqlDues = `select tenant_id, next_on, stirred from platform.tenant_due`
	sqlDue  = sqlDues + ` where tenant_id = $1`
	sqlStir = `insert into platform.tenant_due (tenant_id, stirred) values ($1, 1) on conflict (tenant_id) do update set stirred = platform.tenant_due.stirred + 1,
			next_on = case when platform.tenant_due.next_on is null or $2::date is null then null else least(platform.tenant_due.next_on, $2) end`
	sqlSleep = `insert into platform.tenant_due (tenant_id, next_on) values ($1, $2) on conflict (tenant_id) do update set next_on = excluded.next_on
		where platform.tenant_due.stirred = $3`
)

// Dues gives when each commune needs the next look, by its key. A commune that is not in
// it needs one at once.
func (r *Registry) Dues(ctx context.Context) (map[int64]Due, error) {
	list, err := all[Due](ctx, r.pool, sqlDues)
	if err != nil {
		return nil, err
	}
	dues := make(map[int64]Due, len(list))
	for _, d := range list {
		dues[d.TenantID] = d
	}
	return dues, nil
}

// DueOf gives when a commune needs the next look.
func (r *Registry) DueOf(ctx context.Context, tenant int64) (Due, error) {
	d, err := one[Due](ctx, r.pool, sqlDue, tenant)
	if fault.Is(err, "not_found") {
		return Due{TenantID: tenant}, nil
	}
	return d, err
}

// Stir says that something happened in a commune, which a morning has to look at; a zero
// one: at once.
func (r *Registry) Stir(ctx context.Context, tenant int64, morning calendar.Date) error {
	_, err := r.pool.Exec(ctx, sqlStir, tenant, morning)
	return classify(err)
}

// Sleep lets a commune alone until a day, unless something happened there since it was
// looked at: before is what [Registry.DueOf] gave before the look.
func (r *Registry) Sleep(ctx context.Context, before Due, until calendar.Date) error {
	_, err := r.pool.Exec(ctx, sqlSleep, before.TenantID, until, before.Stirred)
	return classify(err)
}
