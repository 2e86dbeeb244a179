package tenants

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// pools are the connections of tenants' roles, a pool a cell, and what this process
// learnt of tenants that moved.
type pools struct {
	cells  *Cells
	master MasterKey
	limits PoolLimits

	mu     sync.Mutex
	byCell map[string]*pool
	moved  map[int64]Tenant // of a later epoch than some caller still held
}

func newPools(cells *Cells, master MasterKey, limits PoolLimits) *pools {
	return &pools{cells: cells, master: master, limits: limits, byCell: map[string]*pool{}, moved: map[int64]Tenant{}}
}

func (p *pools) of(cell string) *pool {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.byCell[cell]
	if own == nil {
		own = newPool(p.limits, p.dial)
		p.byCell[cell] = own
	}
	return own
}

// acquire gives a connection of the tenant's own role. A value that is not of one
// tenant is fault.Internal "tenant_mixed".
func (p *pools) acquire(ctx context.Context, t Tenant) (*pooled, error) {
	if !t.Whole() {
		return nil, fault.New(fault.Internal, "tenant_mixed")
	}
	return p.of(t.Cell).acquire(ctx, t)
}

func (p *pools) release(c *pooled) { p.of(c.cell).release(c) }

func (p *pools) every(do func(*pool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, own := range p.byCell {
		do(own)
	}
}

func (p *pools) flush(tenant int64) { p.every(func(own *pool) { own.flush(tenant) }) }

func (p *pools) close() { p.every((*pool).close) }

func (p *pools) stats() (sum PoolStats) {
	p.every(func(own *pool) {
		s := own.stats()
		sum.Open += s.Open
		sum.Idle += s.Idle
	})
	return sum
}

// errElsewhere says that a tenant's schema is not in the cell where it was looked for:
// it was moved, or a fault of ours named the wrong cell.
var errElsewhere = errors.New("tenants: the cell does not hold this tenant")

// dial opens a connection as the tenant's role. A cell that does not hold its schema is
// errElsewhere. A schema that this program cannot serve is fault.Unavailable:
// "tenant_outdated" where it is more than one version behind, "program_outdated" where
// it is more than one ahead.
func (p *pools) dial(ctx context.Context, t Tenant) (dialled, error) {
	cell, err := p.cells.get(ctx, t.Cell)
	if err != nil {
		return dialled{}, err
	}
	version, err := served(ctx, cell, t.Schema)
	if err != nil {
		return dialled{}, err
	}
	own := cell.tenants.Copy()
	own.User = t.Schema
	own.Password = RolePassword(p.master, t.Schema, t.Epoch)
	conn, err := pgx.ConnectConfig(ctx, own)
	return dialled{Conn: conn, schemaAt: version}, err
}

const sqlSchemaAt = `select version from cell.tenant_version where schema_name = $1`

func served(ctx context.Context, cell *openCell, schema string) (version int, err error) {
	version, err = one[int](ctx, cell.owner, sqlSchemaAt, schema)
	newest := migrations.Tenant.Version()
	switch {
	case fault.Is(err, "not_found"):
		err = errElsewhere
	case err != nil:
	case version < newest-1:
		err = fault.New(fault.Unavailable, "tenant_outdated")
	case version > newest+1:
		err = fault.New(fault.Unavailable, "program_outdated")
	}
	return version, err
}

// displaced tells whether an error may come of the tenant being moved: its role may
// not sign in, or not write, where it was, or its connection was cut.
func displaced(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return errors.Is(err, errStale) || errors.Is(err, errElsewhere)
	}
	switch pg.Code {
	case "28P01", "28000", "3D000", "25006", "57P01", "3F000", "42P01":
		return true
	}
	return false
}

// How long a transaction waits for a tenant that is being moved, and between two looks.
const (
	moveLimit = 5 * time.Second
	moveLook  = 50 * time.Millisecond
)

// errNotMoving says that waiting would change nothing.
var errNotMoving = errors.New("tenants: the tenant is not being moved")

// pause is one transaction's wait for a move.
type pause struct{ until time.Time }

// placed gives the tenant as this process knows it, where the caller's is older.
func (p *pools) placed(t Tenant) Tenant {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.moved[t.ID]; ok && known.Epoch > t.Epoch {
		return known
	}
	return t
}

// follow asks where a tenant is now. While it is where it was and on its way, it waits
// a moment; an error says that waiting is over, or that nothing moves.
func (p *pools) follow(ctx context.Context, t Tenant, w *pause) (Tenant, error) {
	now := time.Now() //nolint:forbidigo // how long a call waits is not a time of the domain
	if w.until.IsZero() {
		w.until = now.Add(moveLimit)
	}
	fresh, err := one[Tenant](ctx, p.cells.platform, sqlTenant, nil, t.ID, nil)
	switch {
	case err != nil:
		return t, err
	case fresh.Epoch > t.Epoch:
		p.mu.Lock()
		p.moved[t.ID] = fresh
		p.mu.Unlock()
		p.flush(t.ID)
		return fresh, nil
	case !fresh.Moving:
		return t, errNotMoving
	case now.After(w.until):
		return t, fault.New(fault.Unavailable, "tenant_moving")
	}
	select {
	case <-ctx.Done():
		return t, ctx.Err()
	case <-time.After(moveLook):
		return t, nil
	}
}
