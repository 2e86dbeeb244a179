package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// Public is what a commune shows to everyone. Who reads it shares it with every other
// page: it is never changed.
type Public struct {
	Settings tenants.Settings
	Open     []catalogue.Entry // the procedures that citizens can use, in their order
}

// Shelf keeps what communes show to everyone, so that a page which shows nothing else
// needs no connection of the commune's own: with communes by the thousand most would be
// opened for one page. What is kept is read anew as soon as the database tells of a
// change; where nobody can tell, after five seconds.
type Shelf struct {
	db    *tenants.DB
	clock func() time.Time

	mu   sync.Mutex
	kept map[int64]shelved
}

type shelved struct {
	public Public
	stamp  tenants.Stamp
	epoch  int
	at     time.Time
	until  time.Time // when a planned version takes effect; zero: none is planned
}

// How long something is kept while the database would tell of a change, how long where
// it cannot, and of how many communes.
const (
	shelfLife = 15 * time.Minute
	shelfDark = 5 * time.Second
	maxKept   = 5_000
)

// NewShelf makes an empty shelf.
func NewShelf(db *tenants.DB, clock func() time.Time) *Shelf {
	return &Shelf{db: db, clock: clock, kept: map[int64]shelved{}}
}

// Of gives what a commune shows to everyone.
func (s *Shelf) Of(ctx context.Context, t tenants.Tenant) (Public, error) {
	now := s.clock()
	s.mu.Lock()
	hit, found := s.kept[t.ID]
	s.mu.Unlock()
	age := now.Sub(hit.at)
	if found && hit.epoch == t.Epoch && age >= 0 && (hit.until.IsZero() || now.Before(hit.until)) && (age < shelfLife && s.db.Unchanged(t, hit.stamp) || age < shelfDark && hit.stamp == tenants.Stamp{}) {
		return hit.public, nil
	}
	fresh := shelved{epoch: t.Epoch, at: now}
	err := s.db.Read(ctx, t, tenants.Guest(), func(tx *tenants.Tx) (err error) {
		fresh.stamp = tx.Stamp()
		if fresh.public.Settings, _, err = tenants.GetSettings(ctx, tx); err != nil {
			return err
		}
		all, err := catalogue.List(ctx, tx)
		fresh.public.Open, fresh.until = nil, time.Time{}
		for _, e := range all {
			if next := e.Next.From; !next.IsZero() && (fresh.until.IsZero() || next.Before(fresh.until)) {
				fresh.until = next
			}
			if e.Open {
				fresh.public.Open = append(fresh.public.Open, e)
			}
		}
		return err
	})
	if err != nil {
		return Public{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= maxKept {
		clear(s.kept)
	}
	s.kept[t.ID] = fresh
	return fresh.public, nil
}

// Forget drops what is kept of a tenant: after a change in this process, whose author
// looks at once.
func (s *Shelf) Forget(tenant int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, tenant)
}

// Stranger tells whether nobody is signed in on a request: it bears no session and no
// visit of the hub.
func (d Deps) Stranger(r *http.Request) bool {
	_, signed := d.UI.Session(r)
	_, visiting := d.UI.Cookie(r, VisitCookie)
	return !signed && !visiting
}
