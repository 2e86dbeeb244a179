package identity

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// How our sessions follow the provider's: asked for each at most every RecheckEvery
// and by each process, with little patience; a provider that is away is not asked
// again for a while, and ends nobody's session.
const (
	RecheckEvery    = 5 * time.Minute
	recheckPatience = 2 * time.Second
	recheckPause    = 30 * time.Second
	recheckMax      = 20_000 // sessions of each generation: about 2 MB for both
)

// rechecks remembers when each session was last found alive. It is bounded: those
// asked for longest ago are forgotten, and asked for anew.
type rechecks struct {
	mu          sync.Mutex
	young, aged map[[sha256.Size]byte]time.Time
	pause       time.Time // the provider was away: not before
}

func (c *rechecks) due(key [sha256.Size]byte, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.pause) {
		return false
	}
	at, known := c.young[key]
	if !known {
		at, known = c.aged[key]
	}
	return !known || !now.Before(at.Add(RecheckEvery))
}

func (c *rechecks) alive(key [sha256.Size]byte, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= recheckMax {
		c.aged, c.young = c.young, map[[sha256.Size]byte]time.Time{}
	}
	c.young[key] = now
}

func (c *rechecks) away(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pause = now.Add(recheckPause)
}

// RecheckDue tells whether SessionOver would ask the provider about the session of a
// cookie's token. It asks nobody.
func (p *Provider) RecheckDue(cookie string) bool {
	return p.rechecks.due(sha256.Sum256([]byte(cookie)), p.now())
}

// SessionOver tells whether the provider has ended the session behind the session of
// a cookie's token: after a change of password in another commune, say. Token is the
// provider's; a session that has none is never over by it. The provider is asked at
// most once every RecheckEvery; where it does not answer, nothing is over.
func (p *Provider) SessionOver(ctx context.Context, cookie, token string) bool {
	key, now := sha256.Sum256([]byte(cookie)), p.now()
	if !p.rechecks.due(key, now) {
		return false
	}
	if token == "" {
		p.rechecks.alive(key, now) // nothing to ask about
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, recheckPatience)
	defer cancel()
	_, err := p.identityOf(ctx, token)
	switch {
	case err == nil:
		p.rechecks.alive(key, now)
	case fault.Is(err, "sign_in_again"):
		return true
	default:
		p.rechecks.away(now)
	}
	return false
}
