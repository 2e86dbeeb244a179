package tenants

import (
	"context"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// sqlOwnHost gives the tenant that has proved a host to be its own (tenants/domains).
const sqlOwnHost = `select tenant_id from platform.domain where host = $1 and state in ('verified', 'active')`

// byOwnHost finds the tenant whose own domain a host is.
func (r *Registry) byOwnHost(ctx context.Context, host string) (Site, error) {
	if len(host) > 253 || !strings.Contains(host, ".") || strings.ContainsAny(host, ":/@ ") {
		return Site{}, fault.New(fault.NotFound, "unknown_host")
	}
	return r.cached(ctx, host, func(ctx context.Context, host string, _ SiteKind) (Site, error) {
		id, err := one[int64](ctx, r.pool, sqlOwnHost, host)
		var t Tenant
		if err == nil {
			t, err = r.ByID(ctx, id)
		}
		if fault.Is(err, "not_found") || err == nil && t.State == StateOpening {
			return Site{}, fault.New(fault.NotFound, "unknown_host")
		}
		return Site{Kind: SiteTenant, Tenant: t, Own: true}, err
	})
}

// HostOf gives the host that a tenant is known by: its own domain where it has one
// that leads here, and its host below the base domain otherwise.
func (r *Registry) HostOf(t Tenant) string {
	if t.MainHost != "" {
		return t.MainHost
	}
	return r.Host(t.Slug)
}

// ForgetHosts drops what is kept of a tenant's hosts, so that this process sees a
// change at once; the others do within seconds.
func (r *Registry) ForgetHosts(t Tenant, own ...string) {
	r.forget(t.Slug)
	for _, host := range own {
		r.forget(host)
	}
}

// Classify makes of an error of the platform's database what callers can act upon,
// as a Registry does, for packages that keep tables of their own there.
func Classify(err error) error { return classify(err) }
