package tenants_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

// Labège, Auzeville-Tolosane, Saint-Orens-de-Gameville: communes near the two that
// every test deployment has.
var nearby = []string{"31254", "31035", "31506"}

func openAll(t *testing.T, env *pgtest.Env, insee ...string) []tenants.Tenant {
	t.Helper()
	var opened []tenants.Tenant
	for _, code := range insee {
		one, err := env.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{HubID: env.Hub.ID, INSEE: code})
		if err != nil {
			t.Fatal(err)
		}
		opened = append(opened, one)
	}
	return opened
}

func role(t *testing.T, env *pgtest.Env, tenant tenants.Tenant) (database, schema string) {
	t.Helper()
	err := env.DB.Read(t.Context(), tenant, tenants.System("test"), func(tx *tenants.Tx) error {
		return tx.QueryRow(t.Context(), `select current_database()::text, current_schema()::text`).Scan(&database, &schema)
	})
	if err != nil {
		t.Fatal(err)
	}
	return database, schema
}

func TestNewCommunesGoWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t, pgtest.WithCells(2))
	cells := env.Registry.Cells()
	opened := openAll(t, env, nearby[0])[0]
	if opened.Cell != "cell-2" {
		t.Errorf("the emptier cell is cell-2; the commune went to %s", opened.Cell)
	}
	first, _ := role(t, env, env.Tenant)
	second, schema := role(t, env, opened)
	if first == second || schema != opened.Schema {
		t.Errorf("both communes are in %s; the new one's schema is %s", first, schema)
	}
	if err := cells.Drain(t.Context(), "cell-2", true); err != nil {
		t.Fatal(err)
	}
	if again := openAll(t, env, nearby[1])[0]; again.Cell != "cell-1" {
		t.Errorf("a cell that is draining got a commune: %s", again.Cell)
	}
	if err := cells.Limit(t.Context(), tenants.Cell{Name: "cell-1", Soft: 1, Hard: 3}); err != nil {
		t.Fatal(err)
	}
	_, err := env.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{INSEE: nearby[2]})
	if !fault.Is(err, "cells_full") {
		t.Errorf("above the hard limit: %v", err)
	}
	if _, err := env.Registry.ByINSEE(t.Context(), nearby[2]); !fault.Is(err, "not_found") {
		t.Errorf("a refused opening left a tenant: %v", err)
	}
	if err := cells.Drain(t.Context(), "cell-2", false); err != nil {
		t.Fatal(err)
	}
	if err := cells.Limit(t.Context(), tenants.Cell{Name: "cell-2", Soft: 1, Hard: 9}); err != nil {
		t.Fatal(err)
	}
	if late := openAll(t, env, nearby[2])[0]; late.Cell != "cell-2" {
		t.Errorf("above every soft limit, the one below its hard limit is taken; got %s", late.Cell)
	}
}

func TestACellThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	cells := env.Registry.Cells()
	for _, c := range []struct {
		cell    tenants.Cell
		address string
		code    string
	}{
		{tenants.Cell{Name: "Cell 2", Soft: 1, Hard: 2}, env.URL, "cell_name"},
		{tenants.Cell{Name: "cell-2", Soft: 3, Hard: 2}, env.URL, "cell_limits"},
		{tenants.Cell{Name: "cell-2", Soft: 1, Hard: 2}, "://", "cell_address"},
		{tenants.Cell{Name: "cell-2", Soft: 1, Hard: 2}, "postgres://nobody:s3cret@127.0.0.1:1/x", "cell_address"},
		{tenants.Cell{Name: "cell-1", Soft: 1, Hard: 2}, env.URL, "cell_exists"},
	} {
		err := cells.Add(t.Context(), c.cell, c.address)
		if !fault.Is(err, c.code) {
			t.Errorf("%+v: %v; want %s", c.cell, err, c.code)
		}
	}
	for name, err := range map[string]error{
		"drain": cells.Drain(t.Context(), "nowhere", true),
		"limit": cells.Limit(t.Context(), tenants.Cell{Name: "nowhere", Soft: 1, Hard: 2}),
		"owner": func() error { _, err := cells.Owner(t.Context(), "nowhere"); return err }(),
	} {
		if !fault.Is(err, "cell_unknown") {
			t.Errorf("%s of a cell that is not there: %v", name, err)
		}
	}
	list, err := cells.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Tenants != 2 {
		t.Errorf("cells: %+v %v", list, err)
	}
}

func TestASpareIsGivenOutAndMadeUpFor(t *testing.T) {
	t.Parallel()
	seeded := 0
	env := pgtest.Schema(t, pgtest.WithSeed(func(ctx context.Context, tx *tenants.Tx) error {
		seeded++
		_, err := tenants.PutService(ctx, tx, tenants.Service{Name: "Accueil"})
		return err
	}))
	keep := func(want int) {
		t.Helper()
		made, err := env.Registry.KeepSpares(t.Context(), tenants.FirstCell)
		if err != nil || made != want {
			t.Fatalf("%d spares made, %v; want %d", made, err, want)
		}
	}
	if err := env.Registry.Cells().Limit(t.Context(), tenants.Cell{Name: tenants.FirstCell, Soft: 2500, Hard: 5000, Spares: 2}); err != nil {
		t.Fatal(err)
	}
	keep(2)
	opened := openAll(t, env, nearby...) // the third finds no spare
	if seeded != 3 {
		t.Errorf("filled %d times; want 3: two spares, and one without", seeded)
	}
	for _, tenant := range opened {
		if _, schema := role(t, env, tenant); schema != tenant.Schema {
			t.Errorf("%s lives in %s", tenant.Name, schema)
		}
		err := env.DB.Read(t.Context(), tenant, tenants.System("test"), func(tx *tenants.Tx) error {
			services, err := tenants.Services(t.Context(), tx)
			if len(services) != 1 {
				t.Errorf("%s has %d services", tenant.Name, len(services))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		err = env.DB.Write(t.Context(), tenant, tenants.System("test"), func(tx *tenants.Tx) error {
			_, err := tx.Exec(t.Context(), `select count(*) from `+env.Tenant.Schema+`.setting`)
			return err
		})
		if err == nil {
			t.Errorf("%s, made from a spare, reaches another commune", tenant.Name)
		}
	}
	keep(2)
	if _, err := env.Pool.Exec(t.Context(), `update cell.spare set stock = 'of an older program'`); err != nil {
		t.Fatal(err)
	}
	keep(2)
	var schemas, roles int
	if err := env.Pool.QueryRow(t.Context(), `select count(*), count(r.oid) from pg_namespace n left join pg_roles r on r.rolname = n.nspname where n.nspname like 'spare\_%'`).Scan(&schemas, &roles); err != nil || schemas != 2 || roles != 2 {
		t.Errorf("%d schemas and %d roles of spares are left, %v; want 2", schemas, roles, err)
	}
}

// A program serves schemas of its own version, of the one before and the one after.
func TestSchemasOfOtherVersions(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	newest := migrations.Tenant.Version()
	for version, code := range map[int]string{newest - 2: "tenant_outdated", newest - 1: "", newest: "", newest + 1: "", newest + 2: "program_outdated"} {
		if _, err := env.Pool.Exec(t.Context(), `update cell.tenant_version set version = $1 where schema_name = $2`, version, env.Tenant.Schema); err != nil {
			t.Fatal(err)
		}
		env.DB.Flush(env.Tenant)
		err := env.DB.Read(t.Context(), env.Tenant, tenants.System("test"), func(*tenants.Tx) error { return nil })
		if code == "" && err != nil || code != "" && !fault.Is(err, code) {
			t.Errorf("version %d of %d: %v; want %q", version, newest, err, code)
		}
	}
}

// What a process knows of a commune's place may be old: it finds the new one by itself,
// and what it was asked to do is done once.
func TestATransactionFollowsACommuneThatMoved(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t, pgtest.WithCells(2))
	there := openAll(t, env, nearby[0])[0]
	old := there
	next := RolePassword(old.Epoch+1, old.Schema)
	owner, err := env.Registry.Cells().Owner(t.Context(), there.Cell)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string) error {
		return env.DB.Write(t.Context(), old, tenants.System("test"), func(tx *tenants.Tx) error {
			_, err := tenants.PutService(t.Context(), tx, tenants.Service{Name: name})
			return err
		})
	}
	if err := write("before"); err != nil {
		t.Fatal(err)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := owner.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := env.Pool.Exec(t.Context(), `update platform.tenant set moving = true where id = $1`, old.ID); err != nil {
		t.Fatal(err)
	}
	exec(`alter role ` + old.Schema + ` set default_transaction_read_only = on`)
	env.DB.Flush(old)
	done := make(chan error, 1)
	go func() { done <- write("meanwhile") }()
	select {
	case err := <-done:
		t.Fatalf("a write was not held back: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	exec(`alter role ` + old.Schema + ` password '` + next + `'`)
	exec(`alter role ` + old.Schema + ` reset default_transaction_read_only`)
	if _, err := env.Pool.Exec(t.Context(), `update platform.tenant set moving = false, epoch = epoch + 1 where id = $1`, old.ID); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("the write that waited: %v", err)
	}
	if err := write("after"); err != nil {
		t.Errorf("with the old place in hand: %v", err)
	}
	env.Write(t, old, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		services, err := tenants.Services(ctx, tx)
		if len(services) != 3 {
			err = errors.Join(err, fmt.Errorf("%d services; want 3", len(services)))
		}
		return err
	})
}

// RolePassword is the password of a role of the test deployment.
func RolePassword(epoch int, schema string) string {
	return tenants.RolePassword(pgtest.Master, schema, epoch)
}

// What a migration adds is asked for on a commune that is not migrated yet: a calm answer
// there, a fault of ours on one that is.
func TestACommuneThatIsBehind(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	newest := migrations.Tenant.Version()
	asks := func(sql string) error {
		return env.DB.Write(t.Context(), env.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
	}
	at := func(version int) (reached bool) {
		t.Helper()
		env.Write(t, env.Tenant, tenants.System("test"), func(_ context.Context, tx *tenants.Tx) error {
			reached = tx.SchemaAt(version)
			return nil
		})
		return reached
	}
	const table, column = `select 1 from of_tomorrow`, `select of_tomorrow from service`
	for _, sql := range []string{table, column} {
		if err := asks(sql); err == nil || fault.Is(err, "tenant_updating") {
			t.Errorf("%s on a migrated commune: %v", sql, err)
		}
	}
	if !at(newest) || at(newest+1) {
		t.Error("a migrated commune is not at its version")
	}
	if _, err := env.Pool.Exec(t.Context(), `update cell.tenant_version set version = $1 where schema_name = $2`, newest-1, env.Tenant.Schema); err != nil {
		t.Fatal(err)
	}
	env.DB.Flush(env.Tenant)
	for _, sql := range []string{table, column} {
		err := asks(sql)
		if !fault.Is(err, "tenant_updating") || fault.Of(err).Kind != fault.Unavailable {
			t.Errorf("%s on a commune that is behind: %v", sql, err)
		}
	}
	if err := asks(`insert into service (id) values (null)`); err == nil || fault.Is(err, "tenant_updating") {
		t.Errorf("another fault on a commune that is behind: %v", err)
	}
	if at(newest) || !at(newest-1) {
		t.Error("a commune that is behind is not told by its version")
	}
}
