package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/parvis-gru/parvis/jobs"
)

// newLogger writes JSON lines. What is logged holds no personal data: see
// docs of package web for the access log.
func newLogger(out io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// observeCell shows how many connections to the cell are open, and its queue.
func (p *program) observeCell() {
	p.metrics.MustRegister(
		queue{p.cell},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parvis_tenant_connections", Help: "Open connections of tenants' roles."},
			func() float64 { return float64(p.db.Stats().Open) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parvis_tenant_connections_idle", Help: "Those of them that are idle."},
			func() float64 { return float64(p.db.Stats().Idle) }),
	)
}

// newObserver gives what the web layer tells of each request: counted and timed by
// route and status. A route is a pattern of ours, so that the labels are bounded.
func newObserver(metrics prometheus.Registerer) func(route string, status int, took time.Duration) {
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "parvis_http_request_seconds", Help: "Requests answered, by route and status, and how long that took.",
		Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10},
	}, []string{"route", "status"})
	metrics.MustRegister(requests)
	return func(route string, status int, took time.Duration) {
		requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

// queue shows how the jobs of the cell stand, asked when the metrics are read. Where
// Postgres is away these series are missing, and the rest is there.
type queue struct {
	pool *pgxpool.Pool
}

var (
	queueJobs   = prometheus.NewDesc("parvis_jobs", "Jobs of the queue, by state.", []string{"state"}, nil)
	queueOldest = prometheus.NewDesc("parvis_jobs_oldest_seconds", "How long the job that waits longest has been due.", nil, nil)
)

// Describe names the series.
func (q queue) Describe(out chan<- *prometheus.Desc) { out <- queueJobs; out <- queueOldest }

// Collect asks for them.
func (q queue) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	states, err := jobs.Queue(ctx, q.pool)
	if err != nil {
		return
	}
	count := map[string]int64{"available": 0, "running": 0, "retryable": 0, "discarded": 0}
	oldest := 0.0
	for _, s := range states {
		count[s.State] = s.Jobs
		oldest = max(oldest, s.Waiting.Seconds())
	}
	for state, n := range count {
		out <- prometheus.MustNewConstMetric(queueJobs, prometheus.GaugeValue, float64(n), state)
	}
	out <- prometheus.MustNewConstMetric(queueOldest, prometheus.GaugeValue, oldest)
}

// readyLimit is how long a part may take to answer before it counts as away.
const readyLimit = 2 * time.Second

// internal is the operator's port: metrics, health, and what Kratos and Kannel
// call. It is never open to the public.
func (p *program) internal() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /readyz", p.ready)
	mux.HandleFunc("POST /kratos/courier", p.courier)
	mux.HandleFunc("GET /kannel/report", p.report)
	return mux
}

// ready tells whether pages can be served: Postgres must answer. Kratos away is
// told, but signing in alone waits for it.
func (p *program) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
	defer cancel()
	status, text := http.StatusOK, "postgres: ready\n"
	if err := p.registry.Ping(ctx); err != nil {
		status, text = http.StatusServiceUnavailable, "postgres: away\n"
	}
	if err := p.identity.Ready(ctx); err != nil {
		text += "kratos: away (nobody can sign in; everything else works)\n"
	} else {
		text += "kratos: ready\n"
	}
	answer(w, status, text)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the caller went away: nothing to do
}
