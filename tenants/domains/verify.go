package domains

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
)

// How often a name is looked at: one that waits, ever less often, and for two weeks by
// itself; one that is served, daily, and hourly while something is wrong.
const (
	soonest    = 5 * time.Minute
	latest     = 6 * time.Hour
	waits      = 14 * 24 * time.Hour
	daily      = 24 * time.Hour
	unwell     = time.Hour
	claimed    = 5 * time.Minute // by a job that looks at it
	checkBatch = 50
)

// patience is how long a name that was served may lead elsewhere before it is given up.
const patience = 7 * 24 * time.Hour

const (
	sqlCheckable = `select state, problem, problem_since, created_at, checked_at from platform.domain where tenant_id = $1 and host = $2 for update`
	sqlChecked   = `update platform.domain set state = $3, problem = $4, seen = $5, wait = $6, problem_since = $7, checked_at = $8, check_at = $9, warned = case when $4 = '' then '' else warned end
		where tenant_id = $1 and host = $2`
	sqlTakenNow = `update platform.domain set problem = 'taken', seen = '{}', wait = 0, checked_at = $3, check_at = $4 where tenant_id = $1 and host = $2`
	sqlDue      = `update platform.domain set check_at = $1::timestamptz + interval '5 minutes' where (tenant_id, host) in
		(select tenant_id, host from platform.domain where check_at <= $1 order by check_at limit $2 for update skip locked)
		returning tenant_id, host`
)

// Check looks at the DNS now and keeps what it finds. A name that is right is verified;
// one that was served and is not right any more is no main address until it is, and is
// given up after [patience]. A name that is not there is fault.NotFound "not_found".
func (b *Book) Check(ctx context.Context, t tenants.Tenant, host string) (Domain, error) {
	if _, err := b.Get(ctx, t, host); err != nil {
		return Domain{}, err
	}
	found := b.resolver.look(ctx, host, wanted{
		target: b.Target(t), base: b.registry.BaseDomain(), ours: b.addresses, proof: b.Proof(t, host), identities: b.identities(ctx),
	})
	now := b.clock().UTC().Truncate(time.Microsecond)
	err := pgx.BeginFunc(ctx, b.pool, func(raw pgx.Tx) error { return b.keep(ctx, raw, t, host, found, now) })
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.ConstraintName == "domain_host" {
		_, err = b.pool.Exec(ctx, sqlTakenNow, t.ID, host, now, now.Add(daily))
	}
	if err != nil {
		return Domain{}, tenants.Classify(err)
	}
	b.registry.ForgetHosts(t, host)
	return b.Get(ctx, t, host)
}

// checkable is what the next state of a name follows from.
type checkable struct {
	State        State
	Problem      Problem
	ProblemSince *time.Time
	CreatedAt    time.Time
	CheckedAt    *time.Time
}

func (b *Book) keep(ctx context.Context, raw pgx.Tx, t tenants.Tenant, host string, found Finding, now time.Time) error {
	rows, err := raw.Query(ctx, sqlCheckable, t.ID, host)
	if err != nil {
		return err
	}
	d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[checkable])
	if err != nil {
		return err
	}
	served := d.State == Verified || d.State == Active
	if found.Problem == Away && served {
		found.Problem = d.Problem // nothing is known: nothing changes
	}
	next := d.next(found.Problem, now, b.tls)
	if found.Seen == nil {
		found.Seen = []string{}
	}
	if _, err := raw.Exec(ctx, sqlChecked, t.ID, host, next.State, found.Problem, found.Seen, int(found.Wait/time.Second), next.ProblemSince, now, next.at(now)); err != nil {
		return err
	}
	_, err = raw.Exec(ctx, sqlInForce, t.ID)
	return err
}

// next is where a name stands after a look that found this.
func (d checkable) next(found Problem, now time.Time, tls bool) checkable {
	served := d.State == Verified || d.State == Active
	n := d
	n.Problem = found
	switch {
	case found == "":
		n.ProblemSince = nil
		if !served {
			n.State = Verified
		}
		if !tls {
			n.State = Active
		}
	case d.ProblemSince == nil:
		n.ProblemSince = &now
	case served && now.Sub(*d.ProblemSince) >= patience, d.State == Pending && now.Sub(d.CreatedAt) >= waits:
		n.State = Failed
	}
	return n
}

// at is when a name is looked at again; nil: when somebody asks for it.
func (d checkable) at(now time.Time) *time.Time {
	var wait time.Duration
	switch {
	case d.State == Failed:
		return nil
	case d.State == Pending:
		wait = min(max(soonest, now.Sub(d.CreatedAt)/10), latest)
	case d.Problem != "":
		wait = unwell
	default:
		wait = daily
	}
	next := now.Add(wait)
	return &next
}

// Due is a name whose time has come.
type Due struct {
	TenantID int64
	Host     string
}

// Due claims names that are to be looked at, for the few minutes that it takes: two
// programs that ask at once get others.
func (b *Book) Due(ctx context.Context) ([]Due, error) {
	rows, err := b.pool.Query(ctx, sqlDue, b.clock().UTC(), checkBatch)
	if err != nil {
		return nil, tenants.Classify(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Due])
	return list, tenants.Classify(err)
}
