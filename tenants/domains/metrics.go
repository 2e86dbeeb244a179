package domains

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// gauge shows how the certificates and the names stand, asked when the metrics are
// read. Where the database is away these series are missing.
type gauge struct{ book *Book }

var (
	certificatesLeft = prometheus.NewDesc("parvis_certificates", "Certificates, by the days that they still have: fewer than so many (0: ended).", []string{"days"}, nil)
	domainsByState   = prometheus.NewDesc("parvis_domains", "Communes' own names, by state.", []string{"state"}, nil)
)

const (
	sqlCertificatesLeft = `select bucket as label, count(*) as number from (
			select case when left_over <= interval '0' then '0' when left_over <= interval '7 days' then '7' when left_over <= interval '14 days' then '14'
				when left_over <= interval '30 days' then '30' else 'more' end as bucket
			from (select max(not_after) - $1::timestamptz as left_over from platform.certificate_blob where host is not null group by host) as one) as all_of_them group by bucket`
	sqlDomainStates = `select state as label, count(*) as number from platform.domain group by state`
)

const gaugeLimit = 2 * time.Second

// Describe names the series.
func (gauge) Describe(out chan<- *prometheus.Desc) { out <- certificatesLeft; out <- domainsByState }

// Collect asks for them.
func (g gauge) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), gaugeLimit)
	defer cancel()
	g.series(ctx, out, certificatesLeft, []string{"0", "7", "14", "30", "more"}, sqlCertificatesLeft, g.book.clock().UTC())
	g.series(ctx, out, domainsByState, []string{string(Pending), string(Verified), string(Active), string(Failed)}, sqlDomainStates)
}

func (g gauge) series(ctx context.Context, out chan<- prometheus.Metric, what *prometheus.Desc, labels []string, sql string, args ...any) {
	type line struct {
		Label  string
		Number int64
	}
	rows, err := g.book.pool.Query(ctx, sql, args...)
	if err != nil {
		return
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByName[line])
	if err != nil {
		return
	}
	count := map[string]int64{}
	for _, l := range lines {
		count[l.Label] = l.Number
	}
	for _, label := range labels {
		out <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, float64(count[label]), label)
	}
}
