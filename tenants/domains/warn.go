package domains

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
)

// WarningKind says what a commune's administrators are told of.
type WarningKind string

// The kinds of warning.
const (
	LostDNS  WarningKind = "lost_dns" // a name that was served does not lead here any more
	GivenUp  WarningKind = "given_up" // it has not for too long
	Expiring WarningKind = "expiring" // its certificate ends, and renewing it fails
)

// Warning is something that a commune's administrators must know.
type Warning struct {
	Kind     WarningKind
	TenantID int64
	Host     string
	Problem  Problem   // of LostDNS and GivenUp
	Until    time.Time // of Expiring: when the certificate ends
	days     int
}

// settled is how long a problem has lasted before anybody is told: a record that is
// being changed is nobody's alarm.
const settled = time.Hour

// thresholds are the days before a certificate's end on which its end is told of.
var thresholds = []int{7, 14, 30}

const (
	sqlTroubled = `select d.tenant_id, d.host, d.state, d.problem, d.problem_since, d.warned, d.warned_days, coalesce(t.failures, 0) as failures,
			max(b.not_before) as certificate_from, max(b.not_after) as certificate_until
		from platform.domain d join platform.tenant c on c.id = d.tenant_id and c.state = 'live'
			left join platform.certificate_try t on t.host = d.host left join platform.certificate_blob b on b.host = d.host
		where d.state <> 'pending' and (d.problem <> '' and d.warned <> 'given_up' or t.failures > 0 or d.warned_days > 0)
		group by d.tenant_id, d.host, t.failures order by d.host limit 1000`
	sqlTold     = `update platform.domain set warned = $3 where tenant_id = $1 and host = $2`
	sqlToldDays = `update platform.domain set warned_days = $3 where tenant_id = $1 and host = $2`
)

type troubled struct {
	TenantID         int64
	Host             string
	State            State
	Problem          Problem
	ProblemSince     *time.Time
	Warned           WarningKind
	WarnedDays       int
	Failures         int
	CertificateFrom  *time.Time
	CertificateUntil *time.Time
}

// Warnings gives what has not been told yet. Each is told once it is given to [Book.Told].
func (b *Book) Warnings(ctx context.Context) ([]Warning, error) {
	rows, err := b.pool.Query(ctx, sqlTroubled)
	if err != nil {
		return nil, tenants.Classify(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[troubled])
	if err != nil {
		return nil, tenants.Classify(err)
	}
	now := b.clock()
	var out []Warning
	for _, d := range list {
		if kind := d.ofDNS(now); kind != "" {
			out = append(out, Warning{Kind: kind, TenantID: d.TenantID, Host: d.Host, Problem: d.Problem})
		}
		if d.Failures == 0 && d.WarnedDays > 0 { // renewed: the next end is told of anew
			if _, err := b.pool.Exec(ctx, sqlToldDays, d.TenantID, d.Host, 0); err != nil {
				return nil, tenants.Classify(err)
			}
			continue
		}
		if days := d.ofCertificate(now); days > 0 {
			out = append(out, Warning{Kind: Expiring, TenantID: d.TenantID, Host: d.Host, Until: *d.CertificateUntil, days: days})
		}
	}
	return out, nil
}

func (d troubled) ofDNS(now time.Time) WarningKind {
	switch {
	case d.Problem == "" || d.ProblemSince == nil:
		return ""
	case d.State == Failed && d.Warned == LostDNS:
		return GivenUp
	case d.State != Failed && d.Warned == "" && now.Sub(*d.ProblemSince) >= settled:
		return LostDNS
	}
	return ""
}

// ofCertificate gives the threshold that is reached and was not told of; 0 for none. A
// certificate that lives no longer than a threshold is not told of at it.
func (d troubled) ofCertificate(now time.Time) int {
	if d.State != Active || d.Failures == 0 || d.CertificateUntil == nil || d.CertificateFrom == nil {
		return 0
	}
	left, life := d.CertificateUntil.Sub(now), d.CertificateUntil.Sub(*d.CertificateFrom)
	for _, days := range thresholds {
		limit := time.Duration(days) * 24 * time.Hour
		if left <= limit && limit < life && (d.WarnedDays == 0 || days < d.WarnedDays) {
			return days
		}
	}
	return 0
}

// Told keeps that a warning was passed on.
func (b *Book) Told(ctx context.Context, w Warning) error {
	var err error
	if w.Kind == Expiring {
		_, err = b.pool.Exec(ctx, sqlToldDays, w.TenantID, w.Host, w.days)
	} else {
		_, err = b.pool.Exec(ctx, sqlTold, w.TenantID, w.Host, w.Kind)
	}
	return tenants.Classify(err)
}
