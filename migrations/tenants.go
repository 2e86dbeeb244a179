package migrations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// Outcome counts what a run over the tenants did.
type Outcome struct {
	Migrated int
	Failed   int
}

// Run says how a run over the tenants goes.
type Run struct {
	Workers  int      // at once
	Canaries []string // schemas that go first, one after another; none: one of the oldest
}

// ErrCanary says that a canary could not be migrated, and that no other was tried.
var ErrCanary = errors.New("a canary failed, so no other commune was migrated")

// Tenants brings every tenant schema of a cell to the newest version: the canaries
// first, then the others with a few workers. Where a canary fails it ends with
// ErrCanary. Any other that fails keeps its version and its error, the others go
// on; the next run takes up what is left. The error is nil when each succeeded.
//
// A schema and its version are committed together, so no commit waits for the disk: what
// a crash of the server loses is done again by the next run. The run's end waits for all.
func Tenants(ctx context.Context, pool *pgxpool.Pool, set Set, run Run) (Outcome, error) {
	var began time.Time
	if err := pool.QueryRow(ctx, sqlServerNow).Scan(&began); err != nil {
		return Outcome{}, err
	}
	r := &runner{pool: pool, set: set, sums: map[int]string{}, began: began}
	for version := range set.Version() + 1 {
		r.sums[version] = set.Checksum(version)
	}
	rows, err := pool.Query(ctx, sqlBehind, set.Version(), began)
	if err != nil {
		return Outcome{}, err
	}
	behind, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return Outcome{}, err
	}
	err = r.canaries(ctx, run.Canaries, behind)
	if err == nil {
		err = r.all(ctx, run.Workers, behind)
	}
	if err == nil {
		_, err = pool.Exec(ctx, sqlFlush)
	}
	return r.done, errors.Join(append(r.failures, err)...)
}

// canaryTries is how many communes are tried, where no canary is named, until one is
// migrated: a commune that fails alone must not hold back the others, a migration that
// fails everywhere must not be tried everywhere.
const canaryTries = 3

// runner is one run over the tenants of a cell.
type runner struct {
	pool  *pgxpool.Pool
	set   Set
	sums  map[int]string // the checksum of each version
	began time.Time

	mu       sync.Mutex
	done     Outcome
	failures []error
}

// canaries migrates the schemas that go first. Each that is named must succeed; where
// none is, one of the oldest must.
func (r *runner) canaries(ctx context.Context, named, behind []string) error {
	wanted := behind[:min(canaryTries, len(behind))]
	if len(named) > 0 {
		wanted = named
	}
	for _, schema := range wanted {
		migrated, err := r.try(ctx, schema)
		switch {
		case err != nil:
			return err
		case len(named) > 0 && len(r.failures) > 0:
			return ErrCanary
		case len(named) == 0 && migrated:
			return nil
		}
	}
	if len(r.failures) == canaryTries {
		return ErrCanary
	}
	return nil
}

// all migrates the others, some at a time. What was tried as a canary is not tried again.
func (r *runner) all(ctx context.Context, workers int, behind []string) error {
	queue := make(chan string)
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(queue)
		for _, schema := range behind {
			select {
			case queue <- schema:
			case <-gctx.Done():
				return gctx.Err()
			}
		}
		return nil
	})
	for range workers {
		group.Go(func() error {
			for schema := range queue {
				if _, err := r.try(gctx, schema); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// try migrates one schema; where that fails the schema says so, and the run goes on.
func (r *runner) try(ctx context.Context, schema string) (migrated bool, err error) {
	var failure error
	err = r.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		migrated, failure = r.migrate(ctx, conn.Conn().PgConn(), schema)
		return nil
	})
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	switch {
	case failure != nil:
		r.done.Failed++
		r.failures = append(r.failures, fmt.Errorf("%s: %w", schema, failure))
	case migrated:
		r.done.Migrated++
	}
	r.mu.Unlock()
	if failure != nil {
		_, err = r.pool.Exec(ctx, sqlFailed, schema, failure.Error())
	}
	return migrated, err
}

// What is asked for one schema goes in two round trips, each several statements at once.
// {name} is the quoted schema and role, {schema} its name as a literal, {newest} and {sum}
// the newest version and its checksum, {began} when the run began: what failed since is
// not tried again.
const (
	claimScript = `begin; set local lock_timeout = '2s'; set local synchronous_commit = off; set local search_path = {name};
		select version, checksum from cell.tenant_version where schema_name = {schema} and version < {newest} and (failed_at is null or failed_at < {began}) for update skip locked`
	doneScript = `; update cell.tenant_version set version = {newest}, checksum = '{sum}', error = '', failed_at = null, updated_at = now() where schema_name = {schema}; commit`
)

// migrate brings one schema to the newest version, unless it is there, or somebody else
// is at it.
func (r *runner) migrate(ctx context.Context, conn *pgconn.PgConn, schema string) (migrated bool, err error) {
	defer func() {
		if conn.TxStatus() != 'I' { // a connection that cannot even do that is closed
			_, _ = conn.Exec(context.WithoutCancel(ctx), `rollback`).ReadAll() //nolint:errcheck // so it is
		}
	}()
	words := strings.NewReplacer(
		"{name}", pgx.Identifier{schema}.Sanitize(), "{schema}", "'"+strings.ReplaceAll(schema, "'", "''")+"'",
		"{began}", "'"+r.began.UTC().Format(time.RFC3339Nano)+"'", "{newest}", strconv.Itoa(r.set.Version()), "{sum}", r.sums[r.set.Version()],
	)
	results, err := conn.Exec(ctx, words.Replace(claimScript)).ReadAll()
	if err != nil {
		return false, err
	}
	claimed := results[len(results)-1].Rows
	if len(claimed) == 0 {
		return false, nil
	}
	version, err := strconv.Atoi(string(claimed[0][0]))
	if err != nil {
		return false, err
	}
	if string(claimed[0][1]) != r.sums[version] {
		return false, ErrChanged
	}
	_, err = conn.Exec(ctx, r.set.Script(version, schema)+words.Replace(doneScript)).ReadAll()
	return err == nil, err
}
