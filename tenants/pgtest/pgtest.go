package pgtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// Master is the key of every test deployment.
var Master = tenants.MasterKey("a master key for tests: 32 bytes or more")

// The test deployment's owner of databases, and the communes that it opens with:
// two of the CA du Sicoval, so that one can try to reach the other.
const (
	owner    = "parvis_test"
	password = "parvis_test"

	CastanetTolosan = "31113"
	Ramonville      = "31446" // Ramonville-Saint-Agne
)

// Env is a deployment of a test's own: a database with a hub and two live communes. Their
// roles are every test's, and so is their password: what changes it, like a move to
// another cell, is tried with a commune that the test opens.
type Env struct {
	DB       *tenants.DB
	Registry *tenants.Registry
	Pool     *pgxpool.Pool // as the databases' owner
	Hub      tenants.Hub
	Tenant   tenants.Tenant // Castanet-Tolosan
	Other    tenants.Tenant // Ramonville-Saint-Agne
	Clock    *Clock
	URL      string // of the database, as its owner
}

// Clock is a clock that tests set.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now gives the moment that was set.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set sets the moment.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Start is the moment at which every test's clock begins: a Monday morning.
var Start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// Option changes how a deployment is opened.
type Option func(*options)

type options struct {
	enqueuer tenants.Enqueuer
	seed     func(context.Context, *tenants.Tx) error
	limits   tenants.PoolLimits
	cells    int
}

// WithEnqueuer replaces the one that keeps jobs for [Env.Jobs].
func WithEnqueuer(e tenants.Enqueuer) Option { return func(o *options) { o.enqueuer = e } }

// WithSeed fills communes that the test opens through the registry.
func WithSeed(seed func(context.Context, *tenants.Tx) error) Option {
	return func(o *options) { o.seed = seed }
}

// WithLimits bounds the connections.
func WithLimits(l tenants.PoolLimits) Option { return func(o *options) { o.limits = l } }

// WithCells gives the deployment so many cells, named cell-1, cell-2…, each a database
// of its own; its two communes are in the first.
func WithCells(n int) Option { return func(o *options) { o.cells = n } }

// Schema gives a deployment of the test's own, dropped at its end.
func Schema(t testing.TB, opts ...Option) *Env {
	t.Helper()
	server := postgres(t)
	name := "parvis_" + random()
	ctx := t.Context()
	template := server.template(t)
	admin := server.admin(t)
	if _, err := admin.Exec(ctx, `create database `+name+` template `+template+` owner `+owner); err != nil {
		t.Fatalf("copy the template database: %v", err)
	}
	// A copy does not have its model's access list.
	if _, err := admin.Exec(ctx, `revoke temporary on database `+name+` from public`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), `drop database if exists `+name+` with (force)`); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
		server.dropRoles(t)
	})
	env := open(t, server.url(name), opts...)
	if _, err := env.Pool.Exec(ctx, `select cell.shut()`); err != nil {
		t.Fatal(err)
	}
	server.ownRoles(t, env)
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	for i := 2; i <= o.cells; i++ {
		server.addCell(t, env, fmt.Sprintf("cell-%d", i), fmt.Sprintf("%s_%d", name, i))
	}
	return env
}

// ownRoles gives the communes that the test opens keys that no other test's have, for
// roles belong to the server and not to the database.
func (s *server) ownRoles(t testing.TB, env *Env) {
	t.Helper()
	first := 1_000_000 + rand.Int64N(1<<40)
	if _, err := env.Pool.Exec(t.Context(), sqlFirstKey, first); err != nil {
		t.Fatal(err)
	}
}

const (
	sqlFirstKey = `select setval(pg_get_serial_sequence('platform.tenant', 'id'), $1)`
	// Roles that own nothing and may do nothing any more: their databases are gone.
	sqlIdleRoles = `select r.rolname from pg_roles r where (r.rolname ~ '^t_[0-9]{7,}$' or r.rolname ~ '^(spare|door)_[0-9a-f]{32}$')
		and not exists (select 1 from pg_shdepend d where d.refobjid = r.oid and d.refclassid = 'pg_authid'::regclass and d.classid <> 'pg_auth_members'::regclass)`
)

// dropRoles takes away the roles of deployments that are gone.
func (s *server) dropRoles(t testing.TB) {
	ctx := context.Background()
	rows, err := s.pool.Query(ctx, sqlIdleRoles)
	if err != nil {
		t.Error(err)
		return
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Error(err)
	}
	for _, name := range names {
		// One that another test just made is not idle any more, or somebody else dropped it.
		_, _ = s.pool.Exec(ctx, `drop role if exists `+pgx.Identifier{name}.Sanitize())
	}
}

// addCell makes a database and registers it as a cell.
func (s *server) addCell(t testing.TB, env *Env, cell, database string) {
	t.Helper()
	ctx := t.Context()
	if _, err := s.pool.Exec(ctx, `create database `+database+` owner `+owner); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := s.pool.Exec(context.Background(), `drop database if exists `+database+` with (force)`); err != nil {
			t.Errorf("drop the cell: %v", err)
		}
	})
	env.AddCell(t, cell, s.url(database))
}

// AddCell registers an empty database as a cell, and migrates it.
func (e *Env) AddCell(t testing.TB, cell, url string) {
	t.Helper()
	ctx, cells := t.Context(), e.Registry.Cells()
	if err := cells.Add(ctx, tenants.Cell{Name: cell, Soft: 2500, Hard: 5000}, url); err != nil {
		t.Fatal(err)
	}
	if err := cells.Limit(ctx, tenants.Cell{Name: cell, Soft: 2500, Hard: 5000, Spares: 0}); err != nil {
		t.Fatal(err)
	}
	pool, err := cells.Owner(ctx, cell)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrations.Apply(ctx, pool, "cell", migrations.Cell); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, sqlJobTable); err != nil {
		t.Fatal(err)
	}
}

var shared struct {
	sync.Mutex
	env *Env
}

// Tx runs fn in a transaction of Castanet-Tolosan that is rolled back, on a
// deployment that the tests of a program share.
func Tx(t testing.TB, actor tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx)) {
	t.Helper()
	shared.Lock()
	if shared.env == nil {
		server := postgres(t)
		template := server.template(t)
		name := template + "_tx"
		server.copyOnce(t, template, name)
		// Not the test's context: the deployment outlives the test that opened it.
		shared.env = open(outliving{t}, server.url(name))
	}
	env := shared.env
	shared.Unlock()
	env.InTx(t, actor, fn)
}

// outliving is a test without its clean-up.
type outliving struct{ testing.TB }

func (outliving) Cleanup(func())           {}
func (outliving) Context() context.Context { return context.Background() }

var errRollback = errors.New("rolled back")

// InTx runs fn in a transaction of the deployment's first commune that is rolled back.
func (e *Env) InTx(t testing.TB, actor tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx)) {
	t.Helper()
	ctx := t.Context()
	err := e.DB.Write(ctx, e.Tenant, actor, func(tx *tenants.Tx) error {
		fn(ctx, tx)
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		t.Fatalf("the test's transaction: %v", err)
	}
}

// Write runs fn in a transaction of a commune that is kept; an error fails the test.
func (e *Env) Write(t testing.TB, tenant tenants.Tenant, actor tenants.Actor, fn func(ctx context.Context, tx *tenants.Tx) error) {
	t.Helper()
	ctx := t.Context()
	if err := e.DB.Write(ctx, tenant, actor, func(tx *tenants.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// Job is a job that was enqueued in the test.
type Job struct {
	TenantID int64
	Kind     string
	Args     json.RawMessage
	At       *time.Time
}

// Jobs gives what was enqueued so far, in order, where the test did not bring its
// own Enqueuer.
func (e *Env) Jobs(t testing.TB) []Job {
	t.Helper()
	rows, err := e.Pool.Query(t.Context(), sqlJobs)
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := pgx.CollectRows(rows, pgx.RowToStructByName[Job])
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

const (
	// Tests that want spare schemas ask for them.
	sqlNoSpares = `update platform.cell set spares = 0`
	sqlJobs     = `select tenant_id, kind, args, at from test_jobs.job order by id`
	sqlJobTable = `create schema test_jobs; grant usage on schema test_jobs to public;
		create table test_jobs.job (id bigint generated always as identity, tenant_id bigint, kind text, args jsonb, at timestamptz);
		grant insert on test_jobs.job to public`
	sqlNewJob = `insert into test_jobs.job (tenant_id, kind, args, at) values ($1, $2, $3, $4)`
)

// table keeps jobs in the transaction that asks for them, as River does.
type table struct{}

func (table) Queue(batch *pgx.Batch, t tenants.Tenant, jobs []tenants.Queued) error {
	for _, q := range jobs {
		args, err := json.Marshal(q.Job)
		if err != nil {
			return err
		}
		var at *time.Time
		if !q.At.IsZero() {
			at = &q.At
		}
		batch.Queue(sqlNewJob, t.ID, q.Job.Kind(), args, at)
	}
	return nil
}

// Again gives the deployment as another program sees it, that reaches its database by
// another address (a [Wire]'s).
func (e *Env) Again(t testing.TB, url string, opts ...Option) *Env {
	t.Helper()
	return openAt(t, url, e.Clock, opts)
}

func open(t testing.TB, url string, opts ...Option) *Env {
	t.Helper()
	return openAt(t, url, &Clock{now: Start}, opts)
}

func openAt(t testing.TB, url string, clock *Clock, opts []Option) *Env {
	t.Helper()
	o := options{enqueuer: table{}}
	for _, opt := range opts {
		opt(&o)
	}
	ctx := t.Context()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	cells, err := tenants.NewCells(pool, url, Master)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cells.Close)
	db, err := tenants.NewDB(tenants.DBConfig{Cells: cells, Master: Master, Enqueuer: o.enqueuer, Clock: clock.Now, Limits: o.limits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	env := &Env{DB: db, Pool: pool, Clock: clock, URL: url}
	env.Registry = tenants.NewRegistry(tenants.RegistryConfig{
		Platform: pool, Cells: cells, DB: db, BaseDomain: "localhost", Master: Master, Clock: clock.Now, Seed: tenants.Seed{Fill: o.seed},
	})
	if env.Hub, err = env.Registry.HubBySlug(ctx, "sicoval"); err != nil {
		t.Fatal(err)
	}
	if env.Tenant, err = env.Registry.ByINSEE(ctx, CastanetTolosan); err != nil {
		t.Fatal(err)
	}
	if env.Other, err = env.Registry.ByINSEE(ctx, Ramonville); err != nil {
		t.Fatal(err)
	}
	return env
}

// server is the Postgres that the machine's tests share.
type server struct {
	pg   *parts.Postgres
	pool *pgxpool.Pool
	once sync.Once
	name string
	err  error
}

var current struct {
	sync.Mutex
	*server
}

func postgres(t testing.TB) *server {
	t.Helper()
	current.Lock()
	defer current.Unlock()
	if current.server != nil {
		return current.server
	}
	ctx := context.Background()
	pg, err := parts.SharedPostgres(ctx, parts.Options{Bin: os.Getenv("PARVIS_PG_BIN"), Progress: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatalf("a real Postgres is needed: %v", err)
	}
	pool, err := pgxpool.New(ctx, pg.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	current.server = &server{pg: pg, pool: pool}
	return current.server
}

func (s *server) admin(testing.TB) *pgxpool.Pool { return s.pool }

// url gives a database's address. On a machine that runs every test at once, a server that
// is there may take longer than users would wait until it lets somebody in.
func (s *server) url(database string) string {
	return s.pg.RoleDSN(owner, password, database) + "&connect_timeout=60"
}

// template gives the name of the migrated database of this state of the
// migrations, which it makes where no test program of the machine has yet.
func (s *server) template(t testing.TB) string {
	t.Helper()
	s.once.Do(func() {
		sum := migrations.Platform.Checksum(migrations.Platform.Version())[:8] +
			migrations.Cell.Checksum(migrations.Cell.Version())[:8] +
			migrations.Tenant.Checksum(migrations.Tenant.Version())[:8]
		s.name = "parvis_template_" + sum
		s.err = s.locked(func(ctx context.Context) error {
			if exists, err := s.exists(ctx, s.name); err != nil || exists {
				return err
			}
			building := s.name + "_new"
			if _, err := s.pool.Exec(ctx, `drop database if exists `+building+` with (force)`); err != nil {
				return err
			}
			if err := s.pg.CreateOwner(ctx, owner, password, building); err != nil {
				return err
			}
			if err := fill(ctx, s.url(building)); err != nil {
				return err
			}
			_, err := s.pool.Exec(ctx, `alter database `+building+` rename to `+s.name)
			return err
		})
	})
	if s.err != nil {
		t.Fatalf("make the template database: %v", s.err)
	}
	return s.name
}

func (s *server) copyOnce(t testing.TB, template, name string) {
	t.Helper()
	err := s.locked(func(ctx context.Context) error {
		exists, err := s.exists(ctx, name)
		if err != nil || exists {
			return err
		}
		_, err = s.pool.Exec(ctx, `create database `+name+` template `+template+` owner `+owner)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *server) exists(ctx context.Context, name string) (bool, error) {
	var exists bool
	err := s.pool.QueryRow(ctx, `select exists (select 1 from pg_database where datname = $1)`, name).Scan(&exists)
	return exists, err
}

// locked runs fn while no other test program of the machine does.
func (s *server) locked(fn func(context.Context) error) error {
	ctx := context.Background()
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `select pg_advisory_lock(718239)`); err != nil {
		return err
	}
	return errors.Join(fn(ctx), func() error {
		_, err := conn.Exec(ctx, `select pg_advisory_unlock(718239)`)
		return err
	}())
}

// fill migrates a new database and opens the hub and its two communes.
func fill(ctx context.Context, url string) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrations.Apply(ctx, pool, "platform", migrations.Platform); err != nil {
		return err
	}
	if err := migrations.Apply(ctx, pool, "cell", migrations.Cell); err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, sqlJobTable); err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, sqlNoSpares); err != nil {
		return err
	}
	clock := func() time.Time { return Start }
	cells, err := tenants.NewCells(pool, url, Master)
	if err != nil {
		return err
	}
	defer cells.Close()
	db, err := tenants.NewDB(tenants.DBConfig{Cells: cells, Master: Master, Enqueuer: table{}, Clock: clock})
	if err != nil {
		return err
	}
	defer db.Close()
	registry := tenants.NewRegistry(tenants.RegistryConfig{Platform: pool, Cells: cells, DB: db, BaseDomain: "localhost", Master: Master, Clock: clock})
	hub, err := registry.NewHub(ctx, tenants.Hub{Slug: "sicoval", SIREN: "243100633", Name: "CA du Sicoval", Colour: "#0b5c8a"})
	if err != nil {
		return err
	}
	for _, insee := range []string{CastanetTolosan, Ramonville} {
		if _, err := registry.Open(ctx, tenants.System("test"), tenants.Opening{HubID: hub.ID, INSEE: insee}); err != nil {
			return err
		}
	}
	return nil
}

func random() string {
	return strconv.FormatUint(rand.Uint64(), 36)
}
