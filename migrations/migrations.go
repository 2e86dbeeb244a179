package migrations

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

//go:embed platform/*.sql cell/*.sql tenant/*.sql
var files embed.FS

// Migration is one numbered script of a set.
type Migration struct {
	Version int
	Name    string
	SQL     string
}

// Set is an ordered list of migrations; versions count from 1 without gaps.
type Set []Migration

// Platform, Cell and Tenant are the three sets that Parvis has: the platform's
// schema, what each cell holds beside its tenants, and one tenant's schema.
var (
	Platform = mustLoad("platform")
	Cell     = mustLoad("cell")
	Tenant   = mustLoad("tenant")
)

func mustLoad(dir string) Set {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		panic(err)
	}
	var set Set
	for i, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 {
			panic(fmt.Sprintf("migrations: %s/%s is out of order", dir, e.Name()))
		}
		sql, err := files.ReadFile(dir + "/" + e.Name())
		if err != nil {
			panic(err)
		}
		set = append(set, Migration{Version: version, Name: e.Name(), SQL: string(sql)})
	}
	return set
}

// Version is the set's newest version.
func (s Set) Version() int { return len(s) }

// Checksum is the SHA-256, in hex, of the scripts up to a version. It is kept
// beside the version: a script that changed after its release is found out.
func (s Set) Checksum(version int) string {
	h := sha256.New()
	for _, m := range s[:version] {
		h.Write([]byte(m.SQL))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Script joins the scripts after a version, up to the newest, for a tenant's
// role; the name is quoted.
func (s Set) Script(after int, role string) string {
	var b strings.Builder
	quoted := pgx.Identifier{role}.Sanitize()
	for _, m := range s[after:] {
		b.WriteString(strings.ReplaceAll(m.SQL, ":role", quoted))
		b.WriteString("\n")
	}
	return b.String()
}

const (
	sqlIsNew       = `select to_regclass('parvis_migration.applied') is null`
	sqlLockNew     = `select pg_advisory_xact_lock(718237)`
	sqlMemory      = `create schema if not exists parvis_migration`
	sqlMemoryTable = `create table if not exists parvis_migration.applied (set_name text primary key, version integer not null, checksum text not null, at timestamptz not null default now())`
	sqlLock        = `lock table parvis_migration.applied in share row exclusive mode`
	sqlApplied     = `select version, checksum from parvis_migration.applied where set_name = $1`
	sqlSetApplied  = `insert into parvis_migration.applied (set_name, version, checksum) values ($1, $2, $3) on conflict (set_name) do update set version = excluded.version, checksum = excluded.checksum, at = now()`
	sqlClaim       = `select schema_name, version, checksum from cell.tenant_version where version < $1 and (failed_at is null or failed_at < $2) and ($3::text is null or schema_name = $3)
		order by length(schema_name), schema_name limit 1 for update skip locked`
	sqlDone          = `update cell.tenant_version set version = $2, checksum = $3, error = '', failed_at = null, updated_at = now() where schema_name = $1`
	sqlFailed        = `update cell.tenant_version set error = $2, failed_at = clock_timestamp() where schema_name = $1`
	sqlVersions      = `select schema_name, version, checksum, error from cell.tenant_version order by schema_name`
	sqlLockTimeout   = `set local lock_timeout = '2s'`
	sqlSetSearchPath = `select set_config('search_path', $1, true)`
)

// ErrChanged says that a script was changed after it had been applied.
var ErrChanged = errors.New("a migration was changed after its release: restore the released file, or start on an empty database")

// Apply brings a database to the newest version of the platform's or a cell's
// set, in one transaction under a lock: two programs that start at once apply it
// once. It fails with ErrChanged where an applied script differs from ours.
func Apply(ctx context.Context, pool *pgxpool.Pool, name string, set Set) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := lock(ctx, tx); err != nil {
			return err
		}
		var version int
		var checksum string
		err := tx.QueryRow(ctx, sqlApplied, name).Scan(&version, &checksum)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if version > set.Version() {
			return fmt.Errorf("the database is at version %d of %q, this program knows %d: run the newer program", version, name, set.Version())
		}
		if version > 0 && checksum != set.Checksum(version) {
			return fmt.Errorf("%s: %w", name, ErrChanged)
		}
		if version == set.Version() {
			return nil
		}
		if _, err := tx.Exec(ctx, set.Script(version, "public")); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		_, err = tx.Exec(ctx, sqlSetApplied, name, set.Version(), set.Checksum(set.Version()))
		return err
	})
}

// lock lets one program at a time apply scripts to a database. Only one that is new is
// locked by a number: later there are communes' roles, which could keep that lock.
func lock(ctx context.Context, tx pgx.Tx) error {
	var isNew bool
	if err := tx.QueryRow(ctx, sqlIsNew).Scan(&isNew); err != nil {
		return err
	}
	statements := []string{sqlLock}
	if isNew {
		statements = []string{sqlLockNew, sqlMemory, sqlMemoryTable, sqlLock}
	}
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// TenantStatus is where one tenant's schema stands.
type TenantStatus struct {
	SchemaName string
	Version    int
	Checksum   string
	Error      string
}

// Status lists every tenant schema of a cell with its version and last error.
func Status(ctx context.Context, pool *pgxpool.Pool) ([]TenantStatus, error) {
	rows, err := pool.Query(ctx, sqlVersions)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[TenantStatus])
}

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
func Tenants(ctx context.Context, pool *pgxpool.Pool, set Set, run Run) (Outcome, error) {
	var (
		migrated, failed atomic.Int64
		mu               sync.Mutex
	)
	var began time.Time
	if err := pool.QueryRow(ctx, `select clock_timestamp()`).Scan(&began); err != nil {
		return Outcome{}, err
	}
	first, errs, err := migrateCanaries(ctx, pool, set, run.Canaries, began)
	if err != nil {
		return first, errors.Join(append(errs, err)...)
	}
	failed.Add(int64(first.Failed))
	migrated.Add(int64(first.Migrated))
	group, gctx := errgroup.WithContext(ctx)
	for range run.Workers {
		group.Go(func() error {
			for {
				schema, err := migrateOne(gctx, pool, set, began, nil)
				switch {
				case schema == "" && err == nil:
					return nil
				case schema == "":
					return err
				case err != nil:
					failed.Add(1)
					mu.Lock()
					errs = append(errs, fmt.Errorf("%s: %w", schema, err))
					mu.Unlock()
					if _, err := pool.Exec(gctx, sqlFailed, schema, err.Error()); err != nil {
						return err
					}
				default:
					migrated.Add(1)
				}
			}
		})
	}
	err = group.Wait()
	return Outcome{Migrated: int(migrated.Load()), Failed: int(failed.Load())}, errors.Join(append(errs, err)...)
}

// canaryTries is how many communes are tried, where no canary is named, until one is
// migrated: a commune that fails alone must not hold back the others, a migration that
// fails everywhere must not be tried everywhere.
const canaryTries = 3

// migrateCanaries migrates the schemas that go first. Each that is named must succeed;
// where none is, one of the oldest must.
func migrateCanaries(ctx context.Context, pool *pgxpool.Pool, set Set, named []string, began time.Time) (done Outcome, failures []error, err error) {
	wanted := make([]*string, canaryTries)
	if len(named) > 0 {
		wanted = wanted[:0]
		for i := range named {
			wanted = append(wanted, &named[i])
		}
	}
	for _, canary := range wanted {
		schema, err := migrateOne(ctx, pool, set, began, canary)
		switch {
		case schema == "" && err != nil:
			return done, failures, err
		case err != nil:
			done.Failed++
			failures = append(failures, fmt.Errorf("%s: %w", schema, err))
			if _, err := pool.Exec(ctx, sqlFailed, schema, err.Error()); err != nil {
				return done, failures, err
			}
			if canary != nil {
				return done, failures, ErrCanary
			}
		case schema != "":
			done.Migrated++
			if canary == nil {
				return done, failures, nil
			}
		}
	}
	if done.Failed == canaryTries {
		return done, failures, ErrCanary
	}
	return done, failures, nil
}

// migrateOne claims one schema that is behind (the one that is named, or any that did
// not fail since the run began) and migrates it. An empty name says that none is left.
func migrateOne(ctx context.Context, pool *pgxpool.Pool, set Set, began time.Time, only *string) (schema string, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var version int
		var checksum string
		claim := tx.QueryRow(ctx, sqlClaim, set.Version(), began, only).Scan(&schema, &version, &checksum)
		if errors.Is(claim, pgx.ErrNoRows) {
			return nil
		}
		if claim != nil {
			return claim
		}
		if checksum != set.Checksum(version) {
			return ErrChanged
		}
		if _, err := tx.Exec(ctx, sqlLockTimeout); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlSetSearchPath, pgx.Identifier{schema}.Sanitize()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, set.Script(version, schema)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlDone, schema, set.Version(), set.Checksum(set.Version()))
		return err
	})
	return schema, err
}
