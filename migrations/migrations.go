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

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
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
	sqlBehind      = `select schema_name from cell.tenant_version where version < $1 and (failed_at is null or failed_at < $2)
		order by length(schema_name), schema_name`
	sqlFailed   = `update cell.tenant_version set error = $2, failed_at = clock_timestamp() where schema_name = $1`
	sqlVersions = `select schema_name, version, checksum, error from cell.tenant_version order by schema_name`
	// Written, and flushed with all that was committed before.
	sqlFlush     = `update cell.tenant_version set checksum = checksum where schema_name = (select schema_name from cell.tenant_version limit 1)`
	sqlServerNow = `select clock_timestamp()`
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
