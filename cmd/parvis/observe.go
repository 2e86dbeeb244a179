package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/tenants"
)

// newLogger writes JSON lines. What is logged holds no personal data: see
// docs of package web for the access log.
func newLogger(out io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// observeCells shows the cells, their queues, and how many connections to them are open.
func (p *program) observeCells() {
	p.metrics.MustRegister(
		queue{p.cells},
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

// queue shows how the cells and their jobs stand, asked when the metrics are read. Where
// Postgres is away these series are missing, and the rest is there.
type queue struct {
	cells *tenants.Cells
}

var (
	queueJobs   = prometheus.NewDesc("parvis_jobs", "Jobs of a cell's queue, by state.", []string{"cell", "state"}, nil)
	queueOldest = prometheus.NewDesc("parvis_jobs_oldest_seconds", "How long the job of a cell that waits longest has been due.", []string{"cell"}, nil)
	cellTenants = prometheus.NewDesc("parvis_cell_tenants", "Communes in a cell.", []string{"cell"}, nil)
	cellSoft    = prometheus.NewDesc("parvis_cell_soft_limit", "Communes above which a cell is passed over.", []string{"cell"}, nil)
)

// Describe names the series.
func (q queue) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{queueJobs, queueOldest, cellTenants, cellSoft} {
		out <- desc
	}
}

// Collect asks for them.
func (q queue) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	cells, err := q.cells.List(ctx)
	if err != nil {
		return
	}
	for _, cell := range cells {
		out <- prometheus.MustNewConstMetric(cellTenants, prometheus.GaugeValue, float64(cell.Tenants), cell.Name)
		out <- prometheus.MustNewConstMetric(cellSoft, prometheus.GaugeValue, float64(cell.Soft), cell.Name)
		q.collect(ctx, out, cell.Name)
	}
}

func (q queue) collect(ctx context.Context, out chan<- prometheus.Metric, cell string) {
	pool, err := q.cells.Owner(ctx, cell)
	if err != nil {
		return
	}
	states, err := jobs.Queue(ctx, pool)
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
		out <- prometheus.MustNewConstMetric(queueJobs, prometheus.GaugeValue, float64(n), cell, state)
	}
	out <- prometheus.MustNewConstMetric(queueOldest, prometheus.GaugeValue, oldest, cell)
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
