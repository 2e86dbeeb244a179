package tenants

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// FirstCell is the cell that every deployment begins with. Its address stands in the
// environment; those of the others are kept, sealed, in the platform's database, so
// that every process finds a new cell without being started again.
const FirstCell = "cell-1"

// Cell is one database of tenants.
type Cell struct {
	Name     string
	Soft     int // tenants, above which others are preferred
	Hard     int // tenants, above which none is added
	Spares   int // schemas that are kept ready
	Draining bool
	Tenants  int // now
	// Inhabitants of its tenants: what its traffic can be.
	Population int64
}

// Load is how full a cell is: 1 at its soft limit, by tenants or by inhabitants,
// whichever is more.
func (c Cell) Load() float64 {
	if c.Soft == 0 {
		return 1
	}
	return max(float64(c.Tenants)/float64(c.Soft), float64(c.Population)/(float64(c.Soft)*averagePopulation))
}

// Takes tells whether a cell may get another tenant at all.
func (c Cell) Takes() bool { return !c.Draining && c.Tenants < c.Hard }

// Roomy tells whether a cell is below its soft limit.
func (c Cell) Roomy() bool { return c.Tenants < c.Soft }

// averagePopulation of a commune: France's 67 million inhabitants in 34,969.
const averagePopulation = 1_900

// Cells knows each cell's database.
type Cells struct {
	platform *pgxpool.Pool
	first    string
	key      []byte

	mu   sync.Mutex
	open map[string]*openCell
}

// openCell is a cell that this process has met.
type openCell struct {
	owner   *pgxpool.Pool
	tenants *pgx.ConnConfig // without user and password
	watch   *watch          // begun when it is first asked
}

// NewCells takes the platform's database, as its owner, and the first cell's address;
// it connects to nothing yet. An address that cannot be read is an error that does not
// repeat it, for it may hold a password.
func NewCells(platform *pgxpool.Pool, firstURL string, master MasterKey) (*Cells, error) {
	if len(master) < 32 {
		return nil, errors.New("tenants: cells need a master key of 32 bytes or more")
	}
	c := &Cells{platform: platform, first: firstURL, key: master.Platform("cells"), open: map[string]*openCell{}}
	opened, err := openAddress(firstURL)
	if err != nil {
		return nil, err
	}
	c.open[FirstCell] = opened
	return c, nil
}

// ownerConns is how many connections a process opens to a cell as its owner: for
// opening and migrating communes, and for the workers.
const ownerConns = 24

func openAddress(address string) (*openCell, error) {
	settings, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("tenants: the cell's database URL cannot be read")
	}
	own, _ := pgx.ParseConfig(address) //nolint:errcheck // the same text was read above
	for _, config := range []*pgx.ConnConfig{settings.ConnConfig, own} {
		config.RuntimeParams["application_name"] = "parvis"
		config.ConnectTimeout = orElse(config.ConnectTimeout, connectTimeout)
	}
	settings.MaxConns = ownerConns
	owner, err := pgxpool.NewWithConfig(context.Background(), settings)
	if err != nil {
		return nil, errors.New("tenants: the cell's database URL cannot be used")
	}
	own.StatementCacheCapacity = 128
	own.RuntimeParams["statement_timeout"] = "10000"
	own.RuntimeParams["lock_timeout"] = "5000"
	own.RuntimeParams["idle_in_transaction_session_timeout"] = "30000"
	return &openCell{owner: owner, tenants: own}, nil
}

// connectTimeout is how long a database may take to answer, unless its address says
// otherwise (connect_timeout).
const connectTimeout = 3 * time.Second

func orElse(d, other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return d
}

// Close lets the connections as owner go.
func (c *Cells) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.open {
		if o.watch != nil {
			o.watch.end()
		}
		o.owner.Close()
	}
}

// Owner gives a cell's database as its owner; a cell that is not registered is
// fault.NotFound "cell_unknown".
func (c *Cells) Owner(ctx context.Context, name string) (*pgxpool.Pool, error) {
	o, err := c.get(ctx, name)
	if err != nil {
		return nil, err
	}
	return o.owner, nil
}

func (c *Cells) get(ctx context.Context, name string) (*openCell, error) {
	c.mu.Lock()
	o := c.open[name]
	c.mu.Unlock()
	if o != nil {
		return o, nil
	}
	sealed, err := one[[]byte](ctx, c.platform, sqlCellAddress, name)
	if fault.Is(err, "not_found") {
		return nil, fault.New(fault.NotFound, "cell_unknown")
	}
	if err != nil {
		return nil, err
	}
	address, err := Unseal(c.key, sealed, []byte(name))
	if err != nil {
		return nil, err
	}
	if o, err = openAddress(string(address)); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.open[name]; other != nil { // another was faster
		go o.owner.Close()
		return other, nil
	}
	c.open[name] = o
	return o, nil
}

const (
	sqlCells = `select c.name, c.soft_limit as soft, c.hard_limit as hard, c.spares, c.draining,
			count(t.id) as tenants, coalesce(sum(case when t.id is null then 0 else coalesce(t.population, $1) end), 0)::bigint as population
		from platform.cell c left join platform.tenant t on t.cell = c.name group by c.name order by c.created_at, c.name`
	sqlCellAddress   = `select address from platform.cell where name = $1`
	sqlAddCell       = `insert into platform.cell (name, address, soft_limit, hard_limit) values ($1, $2, $3, $4)`
	sqlCellReaddress = `update platform.cell set address = $2 where name = $1`
	sqlDrainCell     = `update platform.cell set draining = $2 where name = $1`
	sqlLimitCell     = `update platform.cell set soft_limit = $2, hard_limit = $3, spares = $4 where name = $1`
)

// List gives every cell, the first one first, with what it holds.
func (c *Cells) List(ctx context.Context) ([]Cell, error) { return cellsIn(ctx, c.platform) }

func cellsIn(ctx context.Context, q querier) ([]Cell, error) {
	return all[Cell](ctx, q, sqlCells, averagePopulation)
}

// Get gives a cell; none is fault.NotFound "cell_unknown".
func (c *Cells) Get(ctx context.Context, name string) (Cell, error) {
	list, err := c.List(ctx)
	for _, cell := range list {
		if cell.Name == name {
			return cell, nil
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, "cell_unknown")
	}
	return Cell{}, err
}

var cellName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// Add registers a cell; its database must be there, and be migrated before it takes
// communes. A name of other letters than a to z, digits and hyphens is fault.Invalid
// "cell_name"; an address that cannot be read or reached, fault.Invalid
// "cell_address"; a hard limit below the soft one, fault.Invalid "cell_limits"; a name
// that is there already, fault.Conflict "cell_exists".
func (c *Cells) Add(ctx context.Context, cell Cell, address string) error {
	if !cellName.MatchString(cell.Name) {
		return fault.New(fault.Invalid, "cell_name")
	}
	if cell.Soft < 0 || cell.Hard < max(cell.Soft, 1) {
		return fault.New(fault.Invalid, "cell_limits")
	}
	sealed, err := c.sealAddress(ctx, cell.Name, address)
	if err != nil {
		return err
	}
	_, err = c.platform.Exec(ctx, sqlAddCell, cell.Name, sealed, cell.Soft, cell.Hard)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return fault.New(fault.Conflict, "cell_exists")
	}
	return classify(err)
}

// sealAddress tries an address, and seals it for a cell.
func (c *Cells) sealAddress(ctx context.Context, name, address string) ([]byte, error) {
	opened, err := openAddress(address)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "cell_address", err)
	}
	defer opened.owner.Close()
	if err := opened.owner.Ping(ctx); err != nil {
		return nil, fault.New(fault.Invalid, "cell_address") // the cause repeats it
	}
	return Seal(c.key, []byte(address), []byte(name))
}

// Readdress says that a cell's database is to be reached otherwise. The first cell's
// address stands in the environment: it is fault.Invalid "cell_address", like one that
// does not answer. A process that has reached the cell already must be started again.
func (c *Cells) Readdress(ctx context.Context, name, address string) error {
	if name == FirstCell {
		return fault.New(fault.Invalid, "cell_address")
	}
	sealed, err := c.sealAddress(ctx, name, address)
	if err != nil {
		return err
	}
	return c.change(ctx, sqlCellReaddress, name, sealed)
}

// Drain says that a cell gets no new commune, or may again.
func (c *Cells) Drain(ctx context.Context, name string, draining bool) error {
	return c.change(ctx, sqlDrainCell, name, draining)
}

// Limit changes a cell's limits and how many spare schemas it keeps; ones that make no
// sense are fault.Invalid "cell_limits".
func (c *Cells) Limit(ctx context.Context, cell Cell) error {
	err := c.change(ctx, sqlLimitCell, cell.Name, cell.Soft, cell.Hard, cell.Spares)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23514" {
		return fault.New(fault.Invalid, "cell_limits")
	}
	return err
}

func (c *Cells) change(ctx context.Context, sql, name string, args ...any) error {
	tag, err := c.platform.Exec(ctx, sql, append([]any{name}, args...)...)
	if err == nil && tag.RowsAffected() == 0 {
		return fault.New(fault.NotFound, "cell_unknown")
	}
	return classify(err)
}

// place chooses the cell of a new commune: the least loaded one that takes some. Where
// none is below its soft limit, the least loaded below its hard one; where none is
// either, fault.Unavailable "cells_full".
func place(ctx context.Context, q querier) (string, error) {
	list, err := cellsIn(ctx, q)
	if err != nil {
		return "", err
	}
	best := -1
	for i, cell := range list {
		if cell.Takes() && (best < 0 || cell.better(list[best])) {
			best = i
		}
	}
	if best < 0 {
		return "", fault.New(fault.Unavailable, "cells_full")
	}
	return list[best].Name, nil
}

// HasRoom tells whether a cell takes another tenant; else fault.Unavailable "cells_full".
func (r *Registry) HasRoom(ctx context.Context) error {
	_, err := place(ctx, r.pool)
	return err
}

// better tells whether a cell should be taken before another.
func (c Cell) better(other Cell) bool {
	if c.Roomy() != other.Roomy() {
		return c.Roomy()
	}
	return c.Load() < other.Load()
}
