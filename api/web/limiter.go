package web

import (
	"hash/maphash"
	"sync"
	"time"
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
func (l *Limiter) Allow(key string) (ok bool, wait time.Duration) {
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
	if wait = full.Add(l.every).Sub(now) - l.burst; wait > 0 {
		return false, wait
	}
	if len(l.young) >= maxKeys {
		l.aged, l.young = l.young, map[uint64]time.Time{}
	}
	l.young[id] = full.Add(l.every)
	return true, 0
}
