package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newLogger writes JSON lines. What is logged holds no personal data: see
// docs of package web for the access log.
func newLogger(out io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// observePool shows how many connections to the cell are open.
func (p *program) observePool() {
	p.metrics.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parvis_tenant_connections", Help: "Open connections of tenants' roles."},
			func() float64 { return float64(p.db.Stats().Open) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parvis_tenant_connections_idle", Help: "Those of them that are idle."},
			func() float64 { return float64(p.db.Stats().Idle) }),
	)
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
