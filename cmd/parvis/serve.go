package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/parvis-gru/parvis/api/web"
)

// graceful is how long open requests and jobs may go on when the program is told
// to stop.
const graceful = 20 * time.Second

func runServe(ctx context.Context, args []string, _ io.Writer) error {
	if len(args) > 0 {
		return wrongWords("parvis serve", "serve")
	}
	return operate(ctx, os.Stderr, func(p *program) error {
		pages, err := p.handler(nil, false)
		if err != nil {
			return err
		}
		public, end, err := p.public(ctx, pages)
		if err != nil {
			return err
		}
		defer end()
		operator, err := listen(p.config.MetricsAddr)
		if err != nil {
			return err
		}
		if words := p.withoutPDF(); words != "" {
			p.logger.Warn(words)
		}
		go p.beat(ctx)
		p.logger.Info("serving", "addr", p.config.Addr, "tls_addr", p.config.TLSAddr, "operator_addr", p.config.MetricsAddr)
		return serveAll(ctx, append(public, served{operator, p.internal()})...)
	})
}

// beatEvery is how often a process that serves says so.
const beatEvery = time.Minute

// beat says every minute that the pages are served: when nobody has said it for an hour,
// the next one to say it keeps an outage.
func (p *program) beat(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		if err := p.registry.Beat(ctx, time.Now()); err != nil && ctx.Err() == nil {
			p.logger.Warn("the heartbeat was not written", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func runWork(ctx context.Context, args []string, _ io.Writer) error {
	if len(args) > 0 {
		return wrongWords("parvis work", "work")
	}
	return operate(ctx, os.Stderr, func(p *program) error {
		operator, err := listen(p.config.MetricsAddr)
		if err != nil {
			return err
		}
		go func() { _ = serveAll(ctx, served{operator, p.internal()}) }() // ends with ctx
		return p.work(ctx)
	})
}

// work works jobs until the context ends.
func (p *program) work(ctx context.Context) error { return p.fleet().Run(ctx, graceful) }

// served is a handler on its port.
type served struct {
	listener net.Listener
	handler  http.Handler
}

// listen opens a port, and says in words why it cannot.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w. Is another program there? Choose another address", addr, err)
	}
	return l, nil
}

// serveAll serves until the context ends, then lets open requests finish.
func serveAll(ctx context.Context, all ...served) error {
	failed := make(chan error, len(all))
	servers := make([]*http.Server, len(all))
	for i, s := range all {
		servers[i] = web.NewServer("", s.handler)
		go func() { failed <- servers[i].Serve(s.listener) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
	defer cancel()
	for _, s := range servers {
		err = errors.Join(err, s.Shutdown(stop))
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
