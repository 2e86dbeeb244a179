package identity

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Limits of the throttle. Tries are forgotten after an hour without one, so that
// nobody is locked out for ever. Where an account signed in from an address before,
// what others try on it from elsewhere does not slow its owner down.
const (
	throttleEntries = 1 << 16
	throttleForget  = time.Hour
	throttleTrust   = 30 * 24 * time.Hour
)

// ladder is how a key slows down: free tries, then waits that double from a
// second up to a top.
type ladder struct {
	free int
	top  time.Duration
}

// ladders of one kind of try.
type ladders struct {
	pair    ladder // one account from one address
	account ladder // one account from everywhere
	address ladder // every account from one address (a town hall is one address)
}

var (
	// guesses: passwords.
	guesses = ladders{pair: ladder{4, 5 * time.Minute}, account: ladder{10, time.Minute}, address: ladder{30, 15 * time.Minute}}
	// codes: second factors. Who tries one knows the password already, and of a million
	// codes three are good at any moment: from however many addresses, some hundred tries a day.
	codes = ladders{pair: ladder{4, 15 * time.Minute}, account: ladder{10, 15 * time.Minute}, address: ladder{30, 15 * time.Minute}}
	// mails: what fills somebody's letter box.
	mails = ladders{pair: ladder{3, 10 * time.Minute}, account: ladder{5, 10 * time.Minute}, address: ladder{20, 15 * time.Minute}}
)

// The kinds of try; each has its own counts.
const (
	kindPassword = "password"
	kindTOTP     = "totp"
	kindMail     = "mail"
)

func laddersOf(kind string) ladders {
	switch kind {
	case kindMail:
		return mails
	case kindTOTP:
		return codes
	default:
		return guesses
	}
}

// Throttle slows repeated tries down, per account and per client address, in bounded
// memory: the longest unused entry makes room. Keys are HMACs under a key of the
// process, so that neither an account nor an address stands in memory in clear.
type Throttle struct {
	now func() time.Time
	key [32]byte

	mu      sync.Mutex
	entries map[throttleKey]*list.Element
	recent  *list.List // front: last used
}

type throttleKey [sha256.Size]byte

type throttleEntry struct {
	key   throttleKey
	tries int
	last  time.Time
	until time.Time
	trust time.Time // of a pair: its last success
}

// NewThrottle makes an empty throttle on a clock.
func NewThrottle(now func() time.Time) *Throttle {
	t := &Throttle{now: now, entries: map[throttleKey]*list.Element{}, recent: list.New()}
	_, _ = rand.Read(t.key[:]) // never fails (crypto/rand)
	return t
}

// slow is the cause of a "too_many_attempts": how long to wait.
type slow struct{ wait time.Duration }

func (s *slow) Error() string { return fmt.Sprintf("wait %s", s.wait) }

// RetryAfter tells how long to wait after a fault.TooMany "too_many_attempts", in
// whole seconds rounded up; zero for any other error.
func RetryAfter(err error) time.Duration {
	s, ok := errors.AsType[*slow](err)
	if !ok {
		return 0
	}
	return (s.wait + time.Second - 1).Truncate(time.Second)
}

// try is one counted try.
type try struct {
	t    *Throttle
	keys []throttleKey
}

// take counts a try before it is made, so that many at once do not slip through,
// or refuses it while its wait lasts. A refused try counts for nothing: it does not
// lengthen the wait.
func (t *Throttle) take(kind, account, address string) (try, error) {
	address = Network(address)
	type step struct {
		ladder
		key throttleKey
	}
	l := laddersOf(kind)
	steps := []step{
		{l.pair, t.hash(kind, "pair", account, address)},
		{l.account, t.hash(kind, "account", account)},
	}
	if address != "" {
		steps = append(steps, step{l.address, t.hash(kind, "address", address)})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if e := t.find(steps[0].key, now); e != nil && !e.trust.IsZero() {
		steps = slices.Delete(steps, 1, 2)
	}
	var wait time.Duration
	for _, s := range steps {
		if e := t.find(s.key, now); e != nil {
			wait = max(wait, e.until.Sub(now))
		}
	}
	if wait > 0 {
		return try{}, fault.Wrap(fault.TooMany, "too_many_attempts", &slow{wait})
	}
	out := try{t: t}
	for _, s := range steps {
		e := t.touch(s.key, now)
		e.tries++
		e.last = now
		e.until = now.Add(s.wait(e.tries))
		out.keys = append(out.keys, s.key)
	}
	return out, nil
}

// wait is how long to wait after so many tries.
func (l ladder) wait(tries int) time.Duration {
	over := tries - l.free
	switch {
	case over <= 0:
		return 0
	case over > 20:
		return l.top
	default:
		return min(time.Second<<(over-1), l.top)
	}
}

// succeed forgets the tries of this account from this address and trusts the two
// from now on, and takes back the one that was counted for the rest.
func (a try) succeed() {
	a.giveBack()
	if a.t == nil {
		return
	}
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	now := a.t.now()
	e := a.t.touch(a.keys[0], now)
	e.tries, e.until, e.trust, e.last = 0, now, now, now
}

// giveBack takes back a counted try that proved nothing.
func (a try) giveBack() {
	if a.t == nil {
		return
	}
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	now := a.t.now()
	for _, k := range a.keys {
		if e := a.t.find(k, now); e != nil && e.tries > 0 {
			e.tries--
			e.until = now
		}
	}
}

func (t *Throttle) find(k throttleKey, now time.Time) *throttleEntry {
	el := t.entries[k]
	if el == nil {
		return nil
	}
	e := el.Value.(*throttleEntry) //nolint:errcheck,forcetypeassert // the list holds nothing else
	if now.Sub(e.last) > throttleForget {
		e.tries = 0
		if e.trust.IsZero() || now.Sub(e.trust) > throttleTrust {
			t.drop(k)
			return nil
		}
	}
	return e
}

func (t *Throttle) touch(k throttleKey, now time.Time) *throttleEntry {
	if e := t.find(k, now); e != nil {
		t.recent.MoveToFront(t.entries[k])
		return e
	}
	if t.recent.Len() >= throttleEntries {
		oldest := t.recent.Back().Value.(*throttleEntry) //nolint:errcheck,forcetypeassert // the list holds nothing else
		t.drop(oldest.key)
	}
	e := &throttleEntry{key: k, last: now}
	t.entries[k] = t.recent.PushFront(e)
	return e
}

func (t *Throttle) drop(k throttleKey) {
	if el := t.entries[k]; el != nil {
		t.recent.Remove(el)
		delete(t.entries, k)
	}
}

func (t *Throttle) hash(parts ...string) throttleKey {
	mac := hmac.New(sha256.New, t.key[:])
	for _, p := range parts {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(p), p) // a hash never fails
	}
	return throttleKey(mac.Sum(nil))
}

// Network is what one subscriber holds: an IPv4 address, an IPv6 /64. What is not
// an address counts as itself.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, err := a.Prefix(64)
		if err == nil {
			return p.String()
		}
	}
	return a.String()
}
