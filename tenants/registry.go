package tenants

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Registry is the platform's schema: which tenants and hubs there are, where a
// tenant's data lies, and what a hub may see of it.
type Registry struct {
	pool   *pgxpool.Pool
	cells  *Cells
	db     *DB
	base   string
	master MasterKey
	clock  func() time.Time
	seed   Seed

	mu    sync.Mutex
	sites map[string]cachedSite
	hosts hosts
}

// RegistryConfig is what a Registry needs.
type RegistryConfig struct {
	Platform   *pgxpool.Pool // the platform's database
	Cells      *Cells
	DB         *DB
	BaseDomain string // tenants are <slug>.<BaseDomain>
	Master     MasterKey
	Clock      func() time.Time
	Seed       Seed
}

// Seed fills a new tenant (its catalogue) before it goes live. It may have run before
// in the same schema, and is the same for every tenant: spare schemas are filled ahead.
type Seed struct {
	Fill    func(context.Context, *Tx) error // nil: nothing
	Version string                           // changes with what Fill puts in
}

// NewRegistry makes a registry; it asks the database nothing yet.
func NewRegistry(c RegistryConfig) *Registry {
	return &Registry{
		pool: c.Platform, cells: c.Cells, db: c.DB, base: strings.ToLower(c.BaseDomain),
		master: c.Master, clock: c.Clock, seed: c.Seed, sites: map[string]cachedSite{},
	}
}

type cachedSite struct {
	site  Site
	err   error
	until time.Time
}

// How long a host's answer is kept: one that is not served shorter; a known one is
// served on while the database is away. Names that lead nowhere are not kept at all.
const (
	siteKnown   = 10 * time.Second
	siteUnknown = hostsEvery
	maxSites    = 50_000
)

// trialColumn is the end of the trial that runs, as a column of a tenant's row.
const trialColumn = `(select s.trial_ends_on from platform.subscription s where s.tenant_id = tenant.id and s.confirmed_on is null) as trial_ends_on`

const (
	sqlTenant = `select id, coalesce(hub_id, 0) as hub_id, slug, kind, insee, coalesce(seat, insee) as seat, siren, name, colour, temple, local_holidays, cell, schema_name as schema, state, epoch, moving, coalesce(main_host, '') as main_host, created_at, ` + trialColumn + `
		from platform.tenant where ($1::text is null or slug = $1) and ($2::bigint is null or id = $2) and ($3::text is null or insee = $3)`
	sqlTenants = `select id, coalesce(hub_id, 0) as hub_id, slug, kind, insee, coalesce(seat, insee) as seat, siren, name, colour, temple, local_holidays, cell, schema_name as schema, state, epoch, moving, coalesce(main_host, '') as main_host, created_at, ` + trialColumn + `
		from platform.tenant where ($1::bigint is null or hub_id = $1) order by name, id`
	sqlHub  = `select id, slug, siren, name, colour, phone, dpo_name, dpo_email, require_totp from platform.hub where ($1::text is null or slug = $1) and ($2::bigint is null or id = $2)`
	sqlHubs = `select id, slug, siren, name, colour, phone, dpo_name, dpo_email, require_totp from platform.hub order by name`
)

// ByHost tells whose pages a host shows; a port is passed over. A host that leads
// nowhere, and a tenant that is opening, are fault.NotFound "unknown_host".
func (r *Registry) ByHost(ctx context.Context, host string) (Site, error) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == r.base {
		return Site{Kind: SitePlatform}, nil
	}
	slug, ok := strings.CutSuffix(host, "."+r.base)
	if !ok {
		return r.byOwnHost(ctx, host)
	}
	if slug == "" || len(slug) > 63 || strings.ContainsAny(slug, ".:/@ ") {
		return Site{}, fault.New(fault.NotFound, "unknown_host")
	}
	return r.cached(ctx, slug, r.lookup)
}

// cached gives what is kept under a key, or looks it up.
func (r *Registry) cached(ctx context.Context, key string, lookup func(context.Context, string, SiteKind) (Site, error)) (Site, error) {
	now := time.Now() //nolint:forbidigo // the age of a cache entry is not a time of the domain
	r.mu.Lock()
	hit, found := r.sites[key]
	r.mu.Unlock()
	if found && now.Before(hit.until) {
		return hit.site, hit.err
	}
	kind, err := r.hosts.kind(ctx, r.pool, key)
	if err == nil && kind == SitePlatform {
		return Site{}, fault.New(fault.NotFound, "unknown_host")
	}
	var site Site
	if err == nil {
		site, err = lookup(ctx, key, kind)
	}
	switch {
	case err == nil:
		r.keep(key, cachedSite{site: site, until: now.Add(siteKnown)})
	case fault.Is(err, "unknown_host"):
		r.keep(key, cachedSite{err: err, until: now.Add(siteUnknown)})
	case found && hit.err == nil:
		return hit.site, nil
	}
	return site, err
}

func (r *Registry) keep(slug string, c cachedSite) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sites) >= maxSites {
		clear(r.sites)
	}
	r.sites[slug] = c
}

// forget lets a name be looked up anew, after a change in this process.
func (r *Registry) forget(slug string) {
	r.hosts.forget()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sites, slug)
}

// lookup asks for a name that leads somewhere.
func (r *Registry) lookup(ctx context.Context, slug string, kind SiteKind) (site Site, err error) {
	site.Kind = kind
	if kind == SiteHub {
		site.Hub, err = r.HubBySlug(ctx, slug)
	} else if site.Tenant, err = r.BySlug(ctx, slug); err == nil && site.Tenant.State == StateOpening {
		err = fault.New(fault.NotFound, "not_found")
	}
	if fault.Is(err, "not_found") {
		return Site{}, fault.New(fault.NotFound, "unknown_host")
	}
	return site, err
}

// Host gives a tenant's or a hub's host name by its slug.
func (r *Registry) Host(slug string) string { return slug + "." + r.base }

// Cells gives the deployment's cells.
func (r *Registry) Cells() *Cells { return r.cells }

// BaseDomain is the platform's own host.
func (r *Registry) BaseDomain() string { return r.base }

// BySlug gives a tenant by its slug; none is fault.NotFound "not_found".
func (r *Registry) BySlug(ctx context.Context, slug string) (Tenant, error) {
	return one[Tenant](ctx, r.pool, sqlTenant, slug, nil, nil)
}

// ByID gives a tenant by its key; none is fault.NotFound "not_found".
func (r *Registry) ByID(ctx context.Context, id int64) (Tenant, error) {
	return one[Tenant](ctx, r.pool, sqlTenant, nil, id, nil)
}

// ByINSEE gives a tenant by its commune's code; none is fault.NotFound "not_found".
func (r *Registry) ByINSEE(ctx context.Context, insee string) (Tenant, error) {
	return one[Tenant](ctx, r.pool, sqlTenant, nil, nil, insee)
}

// Tenants lists every tenant, by name.
func (r *Registry) Tenants(ctx context.Context) ([]Tenant, error) {
	return all[Tenant](ctx, r.pool, sqlTenants, nil)
}

// TenantsOf lists a hub's tenants, by name.
func (r *Registry) TenantsOf(ctx context.Context, hub int64) ([]Tenant, error) {
	return all[Tenant](ctx, r.pool, sqlTenants, hub)
}

// HubBySlug gives a hub by its slug; none is fault.NotFound "not_found".
func (r *Registry) HubBySlug(ctx context.Context, slug string) (Hub, error) {
	return one[Hub](ctx, r.pool, sqlHub, slug, nil)
}

// HubByID gives a hub by its key; none is fault.NotFound "not_found".
func (r *Registry) HubByID(ctx context.Context, id int64) (Hub, error) {
	return one[Hub](ctx, r.pool, sqlHub, nil, id)
}

// Hubs lists the hubs, by name.
func (r *Registry) Hubs(ctx context.Context) ([]Hub, error) { return all[Hub](ctx, r.pool, sqlHubs) }

// Ping tells whether the platform's database answers.
func (r *Registry) Ping(ctx context.Context) error { return classify(r.pool.Ping(ctx)) }

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func one[T any](ctx context.Context, q querier, sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		var zero T
		return zero, classify(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, rowTo[T]())
	if errors.Is(err, pgx.ErrNoRows) {
		return v, fault.New(fault.NotFound, "not_found")
	}
	return v, classify(err)
}

func all[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	v, err := pgx.CollectRows(rows, rowTo[T]())
	return v, classify(err)
}
