package tenants

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/semaphore"

	"github.com/parvis-gru/parvis/migrations"
)

// PoolLimits bound the connections that a process holds to a cell. Measured:
// about 3.6 MB a connection at the server, and a connection that visits many
// schemas never gives its memory back, so each belongs to one tenant.
type PoolLimits struct {
	Total     int           // connections to the cell
	PerTenant int           // connections to one tenant at once
	Idle      time.Duration // after which an unused one is closed
}

// DefaultPoolLimits are those of scale.md.
var DefaultPoolLimits = PoolLimits{Total: 100, PerTenant: 4, Idle: time.Minute}

// pool keeps connections by tenant, the least recently used closed first.
type pool struct {
	limits PoolLimits
	dial   func(context.Context, Tenant) (dialled, error)
	inUse  *semaphore.Weighted
	stop   chan struct{}

	mu     sync.Mutex
	open   int
	byID   map[int64]*tenantConns
	idle   *list.List // of *pooled, least recently used in front
	closed bool
}

type tenantConns struct {
	slots *semaphore.Weighted
	idle  []*list.Element // newest last
	users int             // holders and waiters; at zero, with no idle, the entry goes
}

// dialled is a new connection, and the version that the schema behind it was at.
type dialled struct {
	*pgx.Conn
	schemaAt int
}

type pooled struct {
	dialled
	cell   string
	tenant int64
	epoch  int
	since  time.Time // it lies idle
	opened time.Time
}

// behindFor is how long a connection to a schema that is behind is used: then another
// one looks anew whether it was migrated meanwhile.
const behindFor = 5 * time.Second

// behind tells whether the schema was older than this program when the connection was
// opened.
func (d dialled) behind() bool { return d.schemaAt < migrations.Tenant.Version() }

// usable tells whether an idle connection may serve a tenant at an epoch.
func (c *pooled) usable(epoch int) bool {
	old := c.behind() && time.Since(c.opened) > behindFor //nolint:forbidigo // the age of a connection is not a time of the domain
	return c.epoch == epoch && !c.IsClosed() && !old
}

func newPool(limits PoolLimits, dial func(context.Context, Tenant) (dialled, error)) *pool {
	p := &pool{
		limits: limits, dial: dial,
		inUse: semaphore.NewWeighted(int64(limits.Total)),
		stop:  make(chan struct{}),
		byID:  map[int64]*tenantConns{},
		idle:  list.New(),
	}
	go p.reap()
	return p
}

// acquire gives a connection of the tenant: an idle one, else a new one. It waits
// while the tenant, or the process, has as many in use as it may.
func (p *pool) acquire(ctx context.Context, t Tenant) (*pooled, error) {
	conns := p.enter(t.ID)
	if err := conns.slots.Acquire(ctx, 1); err != nil {
		p.leave(t.ID, conns)
		return nil, err
	}
	if err := p.inUse.Acquire(ctx, 1); err != nil {
		conns.slots.Release(1)
		p.leave(t.ID, conns)
		return nil, err
	}
	if c := p.takeIdle(conns, t.Epoch); c != nil {
		return c, nil
	}
	conn, err := p.dial(ctx, t)
	if err != nil {
		p.forget(t.ID, conns)
		return nil, err
	}
	return &pooled{dialled: conn, cell: t.Cell, tenant: t.ID, epoch: t.Epoch, opened: time.Now()}, nil //nolint:forbidigo // the age of a connection is not a time of the domain
}

func (p *pool) enter(tenant int64) *tenantConns {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.byID[tenant]
	if conns == nil {
		conns = &tenantConns{slots: semaphore.NewWeighted(int64(p.limits.PerTenant))}
		p.byID[tenant] = conns
	}
	conns.users++
	return conns
}

func (p *pool) leave(tenant int64, conns *tenantConns) {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns.users--
	p.drop(tenant, conns)
}

func (p *pool) drop(tenant int64, conns *tenantConns) {
	if conns.users == 0 && len(conns.idle) == 0 {
		delete(p.byID, tenant)
	}
}

// takeIdle gives an idle connection, or counts one to be opened, closing the
// least recently used of all tenants where the process has no room left.
func (p *pool) takeIdle(conns *tenantConns, epoch int) *pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(conns.idle) > 0 {
		element := conns.idle[len(conns.idle)-1]
		c := p.unlink(element)
		if c.usable(epoch) {
			return c
		}
		p.open--
		go closeConn(c.Conn)
	}
	if p.open >= p.limits.Total {
		if oldest := p.idle.Front(); oldest != nil {
			c := p.unlink(oldest)
			p.open--
			go closeConn(c.Conn)
		}
	}
	p.open++
	return nil
}

// unlink takes an idle connection out of both lists.
func (p *pool) unlink(element *list.Element) *pooled {
	c := p.idle.Remove(element).(*pooled)
	conns := p.byID[c.tenant]
	for i, e := range conns.idle {
		if e == element {
			conns.idle = append(conns.idle[:i], conns.idle[i+1:]...)
			break
		}
	}
	p.drop(c.tenant, conns)
	return c
}

func (p *pool) forget(tenant int64, conns *tenantConns) {
	p.mu.Lock()
	p.open--
	p.mu.Unlock()
	conns.slots.Release(1)
	p.inUse.Release(1)
	p.leave(tenant, conns)
}

// release takes a connection back; a broken one is closed.
func (p *pool) release(c *pooled) {
	p.mu.Lock()
	conns := p.byID[c.tenant]
	if c.IsClosed() || c.PgConn().TxStatus() != 'I' || p.closed {
		p.mu.Unlock()
		go closeConn(c.Conn)
		p.forget(c.tenant, conns)
		return
	}
	c.since = time.Now() //nolint:forbidigo // the age of a connection is not a time of the domain
	conns.idle = append(conns.idle, p.idle.PushBack(c))
	conns.users--
	p.mu.Unlock()
	conns.slots.Release(1)
	p.inUse.Release(1)
}

// flush closes a tenant's idle connections: after the server was away, or when
// the tenant's placement changed.
func (p *pool) flush(tenant int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if conns := p.byID[tenant]; conns != nil {
		for len(conns.idle) > 0 {
			c := p.unlink(conns.idle[0])
			p.open--
			go closeConn(c.Conn)
		}
	}
}

func (p *pool) reap() {
	ticker := time.NewTicker(max(p.limits.Idle/4, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case now := <-ticker.C:
			p.mu.Lock()
			for e := p.idle.Front(); e != nil && now.Sub(e.Value.(*pooled).since) > p.limits.Idle; e = p.idle.Front() {
				c := p.unlink(e)
				p.open--
				go closeConn(c.Conn)
			}
			p.mu.Unlock()
		}
	}
}

// close closes what is idle; what is in use is closed when it comes back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	close(p.stop)
	for e := p.idle.Front(); e != nil; e = p.idle.Front() {
		c := p.unlink(e)
		p.open--
		closeConn(c.Conn)
	}
}

// PoolStats are a moment's figures of the pool.
type PoolStats struct {
	Open int
	Idle int
}

func (p *pool) stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{Open: p.open, Idle: p.idle.Len()}
}

func closeConn(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.Close(ctx) //nolint:errcheck // a connection that we give up
}
