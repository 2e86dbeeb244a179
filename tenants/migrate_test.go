package tenants_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

// next is the tenants' set with one script more.
func next(sql string) migrations.Set {
	return append(append(migrations.Set{}, migrations.Tenant...), migrations.Migration{Version: migrations.Tenant.Version() + 1, Name: "next", SQL: sql})
}

const oneMore = `create table one_more (id uuid primary key, request_id uuid not null references request (id)); create index on request (title); grant select on one_more to :role;`

// versions gives each schema's version, and its error.
func versions(t *testing.T, env *pgtest.Env) map[string]migrations.TenantStatus {
	t.Helper()
	list, err := migrations.Status(t.Context(), env.Pool)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]migrations.TenantStatus{}
	for _, s := range list {
		by[s.SchemaName] = s
	}
	return by
}

func TestACommuneThatFailsHoldsNobodyBack(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	ctx, set := t.Context(), next(oneMore)
	blocked := openAll(t, env, nearby[:3]...)[1]
	newest := set.Version()
	// One has such a table already, another's requests are locked for long.
	if _, err := env.Pool.Exec(ctx, `create table `+env.Tenant.Schema+`.one_more (id int)`); err != nil {
		t.Fatal(err)
	}
	holder, err := env.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Rollback(context.Background()) }()
	if _, err := holder.Exec(ctx, `lock table `+blocked.Schema+`.request in row exclusive mode`); err != nil {
		t.Fatal(err)
	}
	done, err := migrations.Tenants(ctx, env.Pool, set, migrations.Run{Workers: 2})
	if done != (migrations.Outcome{Migrated: 3, Failed: 2}) || err == nil || !strings.Contains(err.Error(), env.Tenant.Schema) {
		t.Errorf("migrated %+v: %v", done, err)
	}
	for schema, s := range versions(t, env) {
		failed := schema == env.Tenant.Schema || schema == blocked.Schema
		if failed != (s.Version == newest-1) || failed != (s.Error != "") {
			t.Errorf("%s is at %d: %q", schema, s.Version, s.Error)
		}
	}
	// What is wrong is put right, and the next run, even two at once, takes up what is left.
	if err := holder.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := env.Pool.Exec(ctx, `drop table `+env.Tenant.Schema+`.one_more`); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var both [2]migrations.Outcome
	var errs [2]error
	for i := range both {
		group.Go(func() { both[i], errs[i] = migrations.Tenants(ctx, env.Pool, set, migrations.Run{Workers: 2}) })
	}
	group.Wait()
	if errors.Join(errs[:]...) != nil || both[0].Migrated+both[1].Migrated != 2 {
		t.Errorf("two runs at once migrated %+v: %v", both, errs)
	}
	for schema, s := range versions(t, env) {
		if s.Version != newest || s.Error != "" || s.Checksum != set.Checksum(newest) {
			t.Errorf("%s is at %d: %q", schema, s.Version, s.Error)
		}
	}
	// The commune's role has what the script granted it.
	env.DB.Flush(blocked)
	if err := env.DB.Read(ctx, blocked, tenants.System("test"), func(tx *tenants.Tx) error {
		_, err := tenants.One[int64](ctx, tx, `select count(*) from one_more`)
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestCanariesGoFirst(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	ctx, newest := t.Context(), migrations.Tenant.Version()+1
	openAll(t, env, nearby[:3]...)
	behind := func() (n int) {
		for _, s := range versions(t, env) {
			if s.Version < newest {
				n++
			}
		}
		return n
	}
	if _, err := env.Pool.Exec(ctx, `create table `+env.Other.Schema+`.one_more (id int)`); err != nil {
		t.Fatal(err)
	}
	done, err := migrations.Tenants(ctx, env.Pool, next(oneMore), migrations.Run{Workers: 2, Canaries: []string{env.Other.Schema}})
	if !errors.Is(err, migrations.ErrCanary) || done.Migrated != 0 || behind() != 5 {
		t.Errorf("a named canary failed: %+v, %v, %d behind", done, err, behind())
	}
	done, err = migrations.Tenants(ctx, env.Pool, next(`select 1 / 0`), migrations.Run{Workers: 2})
	if !errors.Is(err, migrations.ErrCanary) || done != (migrations.Outcome{Failed: 3}) || behind() != 5 {
		t.Errorf("what fails everywhere: %+v, %v, %d behind", done, err, behind())
	}
	if done, err = migrations.Tenants(ctx, env.Pool, next(oneMore), migrations.Run{Workers: 2, Canaries: []string{env.Tenant.Schema}}); done != (migrations.Outcome{Migrated: 4, Failed: 1}) || errors.Is(err, migrations.ErrCanary) {
		t.Errorf("the canary is well: %+v, %v", done, err)
	}
	// A script that was changed after it was applied is found out.
	changed := next(oneMore + ` select 1;`)
	changed = append(changed, migrations.Migration{Version: newest + 1, Name: "more", SQL: `select 1`})
	if _, err := migrations.Tenants(ctx, env.Pool, changed, migrations.Run{Workers: 1}); !errors.Is(err, migrations.ErrChanged) {
		t.Errorf("a changed script: %v", err)
	}
}

// While a release is rolled out, its program has migrated the databases and this one still
// works on them: it serves, opens what it is asked to, and leaves the other's spares alone.
func TestAnOlderProgramIsCalmOnANewerDatabase(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	ctx, set, cells := t.Context(), next(oneMore), env.Registry.Cells()
	if err := cells.Limit(ctx, tenants.Cell{Name: tenants.FirstCell, Soft: 2500, Hard: 5000, Spares: 1}); err != nil {
		t.Fatal(err)
	}
	if n, err := env.Registry.KeepSpares(ctx, tenants.FirstCell); err != nil || n != 1 {
		t.Fatalf("made %d spares: %v", n, err)
	}
	if _, err := migrations.Tenants(ctx, env.Pool, set, migrations.Run{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	// The newer program's spare, where this one's was.
	if _, err := env.Pool.Exec(ctx, `update cell.spare set stock = 'newer'`); err != nil {
		t.Fatal(err)
	}
	if n, err := env.Registry.KeepSpares(ctx, tenants.FirstCell); err != nil || n != 0 {
		t.Errorf("made %d spares: %v", n, err)
	}
	var left int
	if err := env.Pool.QueryRow(ctx, `select count(*) from cell.spare where stock = 'newer'`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d of the newer program's spares are left: %v", left, err)
	}
	opened := openAll(t, env, nearby[0])[0]
	env.DB.Flush(env.Tenant)
	for _, one := range []tenants.Tenant{env.Tenant, opened} {
		if err := env.DB.Write(ctx, one, tenants.System("test"), func(tx *tenants.Tx) error {
			_, _, err := tenants.GetSettings(ctx, tx)
			return err
		}); err != nil {
			t.Errorf("%s: %v", one.Name, err)
		}
	}
	// What it opened is one behind, which the newer program serves, and migrates when told.
	if s := versions(t, env)[opened.Schema]; s.Version != set.Version()-1 || s.Error != "" {
		t.Errorf("what was opened is at %d: %q", s.Version, s.Error)
	}
	if done, err := migrations.Tenants(ctx, env.Pool, set, migrations.Run{Workers: 2}); err != nil || done != (migrations.Outcome{Migrated: 1}) {
		t.Errorf("migrated %+v: %v", done, err)
	}
}
