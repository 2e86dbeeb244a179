package domains

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// State is where a name stands.
type State string

// The states of a name. A verified one is served; it is active once its certificate is
// there too, or at once where somebody else ends TLS in front of us.
const (
	Pending  State = "pending"
	Verified State = "verified"
	Active   State = "active"
	Failed   State = "failed" // given up: it did not lead here for too long
)

// Domain is a name that a commune asked for.
type Domain struct {
	TenantID     int64
	Host         string
	State        State
	Main         bool // it is the commune's address, as soon and as long as it leads here
	Problem      Problem
	Seen         []string
	WaitSeconds  int // how long the DNS keeps its answer
	ProblemSince *time.Time
	CreatedAt    time.Time
	CheckedAt    *time.Time
	// The certificate in use, and what became of the attempts since it was issued.
	CertificateUntil    *time.Time
	CertificateFailures int
	CertificateProblem  CertificateProblem
}

// Book is the platform's list of the communes' own names.
type Book struct {
	pool       *pgxpool.Pool
	registry   *tenants.Registry
	master     tenants.MasterKey
	clock      func() time.Time
	resolver   resolver
	addresses  []netip.Addr
	identities func(context.Context) []string
	remembered func() []string
	tls        bool
}

// Config is what a Book needs.
type Config struct {
	Platform *pgxpool.Pool
	Registry *tenants.Registry
	Master   tenants.MasterKey
	Clock    func() time.Time
	// Resolver is the DNS server that is asked, host:port; empty: the machine's own.
	Resolver string
	// Addresses are where the public reaches us; empty: wherever a commune's host below
	// the base domain leads.
	Addresses []netip.Addr
	// Authority issues our certificates; nil: TLS ends in front of us, and a name that
	// leads here is active at once.
	Authority *Authority
}

// New makes a Book; it asks nobody anything yet.
func New(c Config) *Book {
	b := &Book{
		pool: c.Platform, registry: c.Registry, master: c.Master, clock: c.Clock,
		resolver: resolver{server: c.Resolver}, addresses: c.Addresses, tls: c.Authority != nil,
		identities: func(context.Context) []string { return nil }, remembered: func() []string { return nil },
	}
	if c.Authority != nil {
		b.identities, b.remembered = c.Authority.identities, c.Authority.remembered
	}
	return b
}

// MaxDomains is how many names a commune may have.
const MaxDomains = 5

const (
	sqlDomains = `select d.tenant_id, d.host, d.state, d.main, d.problem, d.seen, d.wait as wait_seconds, d.problem_since, d.created_at, d.checked_at,
			(select max(b.not_after) from platform.certificate_blob b where b.host = d.host and d.state in ('verified', 'active')) as certificate_until,
			coalesce(t.failures, 0) as certificate_failures, coalesce(t.problem, '') as certificate_problem
		from platform.domain d left join platform.certificate_try t on t.host = d.host and d.state in ('verified', 'active')
		where ($1::bigint is null or d.tenant_id = $1) and ($2::text is null or d.host = $2) order by d.main desc, d.host`
	sqlHolder = `select tenant_id from platform.domain where host = $1 and state in ('verified', 'active')`
	sqlAdd    = `insert into platform.domain (tenant_id, host, state, main, created_at, check_at)
		values ($1, $2, 'pending', not exists (select 1 from platform.domain where tenant_id = $1 and main), $3, $3) on conflict (tenant_id, host) do nothing`
	sqlRemove     = `delete from platform.domain where tenant_id = $1 and host = $2`
	sqlUnsetMain  = `update platform.domain set main = false where tenant_id = $1 and main`
	sqlSetMain    = `update platform.domain set main = true where tenant_id = $1 and host = $2`
	sqlInForce    = `update platform.tenant set main_host = (select host from platform.domain where tenant_id = $1 and main and state = 'active' and problem = '') where id = $1`
	sqlForgetCert = `delete from platform.certificate_blob where split_part(key, '/', 1) = 'certificates' and split_part(key, '/', 3) = $1
		and not exists (select 1 from platform.domain where host = $1 and state in ('verified', 'active'))`
	sqlForgetTry = `delete from platform.certificate_try where host = $1`
)

// Target is the host that a commune's names must lead to: the value of their CNAME.
func (b *Book) Target(t tenants.Tenant) string { return b.registry.Host(t.Slug) }

// Addresses are where the public reaches us, as the deployment says; it may say nothing.
func (b *Book) Addresses() []netip.Addr { return b.addresses }

// Identities are the names by which CAA records know our authority; none where that is
// not known, or not ours to choose.
func (b *Book) Identities() []string { return b.remembered() }

// Proof is the value of the TXT record that proves a name to be a commune's: the same
// for ever, and another for each commune and name.
func (b *Book) Proof(t tenants.Tenant, host string) string {
	mac := hmac.New(sha256.New, b.master.Tenant(t, "domain proof"))
	mac.Write([]byte(host))
	return "parvis=" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:15]))
}

// List gives a commune's names, the main one first.
func (b *Book) List(ctx context.Context, t tenants.Tenant) ([]Domain, error) {
	return b.domains(ctx, t.ID, nil)
}

// All gives every name of the platform.
func (b *Book) All(ctx context.Context) ([]Domain, error) { return b.domains(ctx, nil, nil) }

func (b *Book) domains(ctx context.Context, tenant, host any) ([]Domain, error) {
	rows, err := b.pool.Query(ctx, sqlDomains, tenant, host)
	if err != nil {
		return nil, tenants.Classify(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Domain])
	return list, tenants.Classify(err)
}

// Get gives one of a commune's names; none is fault.NotFound "not_found".
func (b *Book) Get(ctx context.Context, t tenants.Tenant, host string) (Domain, error) {
	list, err := b.domains(ctx, t.ID, host)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return Domain{}, err
	}
	return list[0], nil
}

// Add asks for a name, as it was typed; a first one becomes the main address as soon
// as it leads here. Administrators only. What cannot be one is refused as [Normalize]
// says; a name that another commune has proved is fault.Conflict "host_taken", one more
// than [MaxDomains] fault.Conflict "hosts_many". Asking again changes nothing.
func (b *Book) Add(ctx context.Context, tx *tenants.Tx, typed string) (Domain, error) {
	if !tx.Actor().MayAdminister() {
		return Domain{}, fault.New(fault.Forbidden, "admin_only")
	}
	host, err := Normalize(typed, b.registry.BaseDomain())
	if err != nil {
		return Domain{}, err
	}
	t := tx.Tenant()
	list, err := b.List(ctx, t)
	if err != nil {
		return Domain{}, err
	}
	for _, d := range list {
		if d.Host == host {
			return d, nil
		}
	}
	if len(list) >= MaxDomains {
		return Domain{}, fault.New(fault.Conflict, "hosts_many")
	}
	var holder int64
	switch err := b.pool.QueryRow(ctx, sqlHolder, host).Scan(&holder); {
	case err == nil:
		return Domain{}, fault.New(fault.Conflict, "host_taken", fault.Field{Path: "host", Code: "host_taken"})
	case !errors.Is(err, pgx.ErrNoRows):
		return Domain{}, tenants.Classify(err)
	}
	if _, err := b.pool.Exec(ctx, sqlAdd, t.ID, host, tx.Now()); err != nil {
		return Domain{}, tenants.Classify(err)
	}
	if err := record(ctx, tx, host, "domain_added"); err != nil {
		return Domain{}, err
	}
	return b.Get(ctx, t, host)
}

// Remove gives a name up, with its certificate: it is served no longer. Administrators
// only. One that is not there is no error.
func (b *Book) Remove(ctx context.Context, tx *tenants.Tx, host string) error {
	if !tx.Actor().MayAdminister() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	t := tx.Tenant()
	there := false
	err := pgx.BeginFunc(ctx, b.pool, func(raw pgx.Tx) error {
		removed, err := raw.Exec(ctx, sqlRemove, t.ID, host)
		if there = removed.RowsAffected() > 0; err != nil || !there {
			return err
		}
		return b.forgetCertificate(ctx, raw, host)
	})
	if err != nil || !there {
		return tenants.Classify(err)
	}
	b.registry.ForgetHosts(t, host)
	return record(ctx, tx, host, "domain_removed")
}

// forgetCertificate drops the certificate of a name that nobody has any more.
func (b *Book) forgetCertificate(ctx context.Context, raw pgx.Tx, host string) error {
	if _, err := raw.Exec(ctx, sqlForgetCert, host); err != nil {
		return err
	}
	_, err := raw.Exec(ctx, sqlForgetTry, host)
	return err
}

// SetMain makes one of the commune's names its main address; an empty host gives that
// back to the host below our domain. Administrators only.
func (b *Book) SetMain(ctx context.Context, tx *tenants.Tx, host string) error {
	if !tx.Actor().MayAdminister() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	t := tx.Tenant()
	err := pgx.BeginFunc(ctx, b.pool, func(raw pgx.Tx) error {
		if _, err := raw.Exec(ctx, sqlUnsetMain, t.ID); err != nil {
			return err
		}
		if host != "" {
			set, err := raw.Exec(ctx, sqlSetMain, t.ID, host)
			if err != nil {
				return err
			}
			if set.RowsAffected() == 0 {
				return fault.New(fault.NotFound, "not_found")
			}
		}
		_, err := raw.Exec(ctx, sqlInForce, t.ID)
		return err
	})
	if err != nil {
		return tenants.Classify(err)
	}
	b.registry.ForgetHosts(t, host)
	return record(ctx, tx, host, "domain_main")
}

func record(ctx context.Context, tx *tenants.Tx, host, kind string) error {
	return tx.Record(ctx, tenants.Event{SubjectKind: "domain", SubjectID: host, Kind: kind})
}
