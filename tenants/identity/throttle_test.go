package identity

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
)

type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
}

func TestThrottleOfOneAccountFromOneAddress(t *testing.T) {
	t.Parallel()
	clock := newClock()
	th := NewThrottle(clock.Now)
	var waits []time.Duration
	for range 14 {
		if _, err := th.take(kindPassword, "a@example.fr", "192.0.2.1"); err != nil {
			t.Fatalf("refused after its wait: %v", err)
		}
		_, err := th.take(kindPassword, "a@example.fr", "192.0.2.1")
		if err != nil {
			waits = append(waits, RetryAfter(err))
		}
		clock.add(RetryAfter(err))
	}
	want := []time.Duration{1, 2, 4, 8, 16, 32, 60}
	for i, w := range want {
		if i >= len(waits) || waits[i] < w*time.Second {
			t.Fatalf("waits %v; want at least %v seconds", waits, want)
		}
	}
	if last := waits[len(waits)-1]; last > 5*time.Minute {
		t.Errorf("a wait of %v", last)
	}
}

func TestThrottleTopsAndForgets(t *testing.T) {
	t.Parallel()
	for _, l := range []ladder{guesses.pair, guesses.account, guesses.address, mails.pair, mails.account, mails.address, codes.pair, codes.account, codes.address} {
		before := time.Duration(0)
		for tries := range 200 {
			w := l.wait(tries)
			if w < before || w > l.top || tries <= l.free && w != 0 {
				t.Fatalf("ladder %+v: %v after %d tries", l, w, tries)
			}
			before = w
		}
		if before != l.top || l.top >= throttleForget {
			t.Errorf("ladder %+v ends at %v", l, before)
		}
	}
}

// Someone who tries a password on many accounts is slowed down by their address, and
// by the network that one IPv6 subscriber holds.
func TestThrottleOfOneAddress(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(int) string{
		"IPv4":          func(int) string { return "192.0.2.1" },
		"IPv4 in IPv6":  func(n int) string { return []string{"192.0.2.1", "::ffff:192.0.2.1"}[n%2] },
		"an IPv6 /64":   func(n int) string { return fmt.Sprintf("2001:db8:1:1::%x", n) },
		"no IP address": func(int) string { return "@" },
	} {
		th := NewThrottle(newClock().Now)
		n := 0
		for ; n < 100; n++ {
			if _, err := th.take(kindPassword, fmt.Sprintf("a%d@example.fr", n), address(n)); err != nil {
				break
			}
		}
		if n < 20 || n >= 100 {
			t.Errorf("%s: slowed down after %d accounts", name, n)
		}
		if _, err := th.take(kindPassword, "z@example.fr", "198.51.100.1"); err != nil {
			t.Errorf("%s: another address is slowed down: %v", name, err)
		}
	}
}

// An attack from everywhere slows an account down, but not where its owner was
// before.
func TestThrottleKeepsTheOwnerIn(t *testing.T) {
	t.Parallel()
	clock := newClock()
	th := NewThrottle(clock.Now)
	own, err := th.take(kindPassword, "a@example.fr", "203.0.113.1")
	if err != nil {
		t.Fatal(err)
	}
	own.succeed()
	clock.add(48 * time.Hour)
	refused := 0
	for n := range 250 {
		if _, err := th.take(kindPassword, "a@example.fr", fmt.Sprintf("192.0.2.%d", n)); err != nil {
			refused++
			if wait := RetryAfter(err); wait > time.Minute {
				t.Fatalf("the account waits %v", wait)
			}
		}
	}
	if refused < 200 {
		t.Errorf("%d of 250 tries from everywhere were refused", refused)
	}
	if _, err := th.take(kindPassword, "a@example.fr", "203.0.113.1"); err != nil {
		t.Errorf("the owner waits: %v", err)
	}
	clock.add(throttleTrust)
	for n := range 12 {
		_, _ = th.take(kindPassword, "a@example.fr", fmt.Sprintf("198.51.100.%d", n))
	}
	if _, err := th.take(kindPassword, "a@example.fr", "203.0.113.1"); !fault.Is(err, "too_many_attempts") {
		t.Errorf("trust does not end: %v", err)
	}
}

// Somebody who has the password cannot try the six digits from everywhere at once.
func TestThrottleOfSecondFactorsFromEverywhere(t *testing.T) {
	t.Parallel()
	clock := newClock()
	th := NewThrottle(clock.Now)
	tried := 0
	for n := range 24 * 60 { // one a minute, a day long, each from another address
		if _, err := th.take(kindTOTP, "identity", fmt.Sprintf("192.0.%d.%d", n/256, n%256)); err == nil {
			tried++
		}
		clock.add(time.Minute)
	}
	if tried > 130 {
		t.Errorf("%d codes tried in a day", tried)
	}
}

// Many tries at once do not slip through before the first is known to be wrong.
func TestThrottleCountsBeforeTheTry(t *testing.T) {
	t.Parallel()
	th := NewThrottle(newClock().Now)
	var wg sync.WaitGroup
	var mu sync.Mutex
	let := 0
	for range 100 {
		wg.Go(func() {
			if _, err := th.take(kindPassword, "a@example.fr", "192.0.2.1"); err == nil {
				mu.Lock()
				let++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if let != guesses.pair.free+1 {
		t.Errorf("%d tries at once; want %d", let, guesses.pair.free+1)
	}
}

func TestThrottleIsBounded(t *testing.T) {
	t.Parallel()
	clock := newClock()
	th := NewThrottle(clock.Now)
	for range 3 * throttleEntries {
		_, _ = th.take(kindPassword, fmt.Sprintf("%x@example.fr", rand.Uint64()), fmt.Sprintf("192.0.%d.%d", rand.IntN(256), rand.IntN(256))) //nolint:gosec // any accounts
	}
	if len(th.entries) > throttleEntries || th.recent.Len() != len(th.entries) {
		t.Errorf("%d entries, %d in order; at most %d", len(th.entries), th.recent.Len(), throttleEntries)
	}
}
