package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"gocloud.dev/blob/fileblob"

	"github.com/parvis-gru/parvis/api"
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/identity"
)

// serveFor starts the built program; for a profile, the same pages in this process.
func (h *house) serveFor(ctx context.Context, b *bench) (*server, func(), error) {
	if b.profile != "" {
		b.note("for the profile the server and its clients share one process: its figures are not to be compared")
		return h.serveHere(ctx)
	}
	s, err := h.serve(ctx, b.repo)
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.stop() }, nil
}

// pid is the process that serves.
func (s *server) pid() int {
	if s.cmd == nil {
		return os.Getpid()
	}
	return s.cmd.Process.Pid
}

// serveHere serves every host's pages in this process, as cmd/parvis wires them.
func (h *house) serveHere(ctx context.Context) (*server, func(), error) {
	logger := slog.New(slog.DiscardHandler)
	key, err := tenants.ParseMasterKey(h.master)
	if err != nil {
		return nil, nil, err
	}
	folder := filepath.Join(h.dir, "files")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, err
	}
	bucket, err := fileblob.OpenBucket(folder, &fileblob.Options{NoTempDir: true})
	if err != nil {
		return nil, nil, err
	}
	provider, err := identity.New(identity.Config{PublicURL: "http://127.0.0.1:1", AdminURL: "http://127.0.0.1:1", Now: time.Now})
	if err != nil {
		return nil, nil, err
	}
	ui, err := web.New(web.Config{Key: key.Platform("web"), Log: logger, Now: time.Now})
	if err != nil {
		return nil, nil, err
	}
	pages := api.New(api.Config{Deps: web.Deps{
		UI: ui, DB: h.db, Registry: h.registry, Files: files.New(bucket), Identity: provider, Master: key, Logger: logger, Clock: time.Now,
		Metrics: prometheus.NewRegistry(), URL: func(host string) string { return "http://" + host },
	}})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	believing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from := r.Header.Get("X-Forwarded-For"); from != "" {
			r.RemoteAddr = net.JoinHostPort(from, "0")
		}
		pages.ServeHTTP(w, r)
	})
	served := web.NewServer("", believing)
	go func() { _ = served.Serve(listener) }()
	return &server{addr: listener.Addr().String()}, func() { _ = errors.Join(served.Close(), bucket.Close()) }, nil
}

// startProfile writes this process's CPU profile to a file until what it gives is
// called; without a file it does nothing.
func startProfile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path) //nolint:gosec // named by the developer
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error { pprof.StopCPUProfile(); return file.Close() }, nil
}
