package web

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Config is what the web layer is given once, at start.
type Config struct {
	Key    []byte           // at least 32 bytes: signs form tokens and flash messages
	Secure bool             // served over TLS: __Host- cookies, HSTS
	Log    *slog.Logger     // access log and faults
	Now    func() time.Time // the clock

	// Observe is told of every request when it is answered: its route (a pattern of
	// ours, never a path), status and duration. It may be nil.
	Observe func(route string, status int, took time.Duration)
}

// UI is the web layer of one process. It is safe for concurrent use.
type UI struct {
	config Config
	cross  *http.CrossOriginProtection
}

// minKey is the length of the signing key, in bytes (the block of HMAC-SHA-256
// halves).
const minKey = 32

// New checks the configuration and makes the web layer.
func New(c Config) (*UI, error) {
	if len(c.Key) < minKey {
		return nil, errors.New("web: the key must have at least 32 bytes")
	}
	if c.Log == nil || c.Now == nil {
		return nil, errors.New("web: a logger and a clock are needed")
	}
	return &UI{config: c, cross: http.NewCrossOriginProtection()}, nil
}

// NewServer gives an HTTP server with the timeouts that Wrap expects; addr may be
// empty where a listener is given.
func NewServer(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
}
