package web

import (
	"hash/maphash"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/parvis-gru/parvis/tenants/identity"
)

// Limiter slows down each key (an address, an account) on its own, with a bucket
// of tokens a key. Its memory is bounded: when too many keys were seen, those idle
// the longest are forgotten, which can only make it more lenient. It is safe for
// concurrent use.
type Limiter struct {
	every time.Duration // between two tokens
	burst time.Duration // how far ahead of time one may be
	seed  maphash.Seed
	now   func() time.Time

	mu          sync.Mutex
	young, aged map[uint64]time.Time // key → when its bucket is full again
}

// maxKeys bounds each generation: about 2 MB for both.
const maxKeys = 20_000

// NewLimiter allows burst at once, and perMinute over time.
func NewLimiter(perMinute float64, burst int) *Limiter {
	every := time.Duration(float64(time.Minute) / perMinute)
	return &Limiter{
		every: every, burst: every * time.Duration(burst), seed: maphash.MakeSeed(), now: time.Now,
		young: map[uint64]time.Time{}, aged: map[uint64]time.Time{},
	}
}

// Allow takes one token of the key, or says how long to wait for one.
func (l *Limiter) Allow(key string) (ok bool, wait time.Duration) { return l.AllowN(key, 1) }

// AllowN takes n tokens at once (what is sent by the megabyte, say), or none and says
// how long to wait for them. More than the burst is never had.
func (l *Limiter) AllowN(key string, n int) (ok bool, wait time.Duration) {
	cost := l.every * time.Duration(n)
	id := maphash.String(l.seed, key)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	full, known := l.young[id]
	if !known {
		full = l.aged[id]
	}
	if full.Before(now) {
		full = now
	}
	if wait = full.Add(cost).Sub(now) - l.burst; wait > 0 {
		return false, wait
	}
	if len(l.young) >= maxKeys {
		l.aged, l.young = l.young, map[uint64]time.Time{}
	}
	l.young[id] = full.Add(cost)
	return true, 0
}

// ClientNetwork names whom a limit counts: the client's IPv4 address or IPv6 /64,
// which is what one subscriber holds. It is for limits alone, and is logged nowhere.
func ClientNetwork(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return identity.Network(host)
}
