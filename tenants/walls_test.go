package tenants_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

// wire opens a connection as a commune's role, to its own cell, as somebody would who
// has its password.
func wire(t *testing.T, env *pgtest.Env, as tenants.Tenant, cell string) *pgx.Conn {
	t.Helper()
	conn, err := knock(t, env, as, cell)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func knock(t *testing.T, env *pgtest.Env, as tenants.Tenant, cell string) (*pgx.Conn, error) {
	t.Helper()
	owner, err := env.Registry.Cells().Owner(t.Context(), cell)
	if err != nil {
		t.Fatal(err)
	}
	config := owner.Config().ConnConfig.Copy()
	config.User, config.Password = as.Schema, tenants.RolePassword(pgtest.Master, as.Schema, as.Epoch)
	return pgx.ConnectConfig(t.Context(), config)
}

// assault runs every attack, each undone, and looks at all that a role may look at.
// Away from home a name may also lead to nothing.
func assault(t *testing.T, conn *pgx.Conn, self, other string) {
	t.Helper()
	var home bool
	if err := conn.QueryRow(t.Context(), `select to_regclass('setting') is not null and to_regnamespace('platform') is not null`).Scan(&home); err != nil {
		t.Fatal(err)
	}
	names := strings.NewReplacer("{self}", self, "{other}", other)
	for name, sql := range attacks {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(t.Context(), names.Replace(sql))
		pg, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || pg.Code != "42501" && (home || pg.Code != "42P01" && pg.Code != "3F000") {
			t.Errorf("%s, from %s: %q was let through: %v", name, self, names.Replace(sql), err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for name, sql := range glimpses {
		var seen int
		if err := conn.QueryRow(t.Context(), names.Replace(sql)).Scan(&seen); err != nil || seen != 0 {
			t.Errorf("%s, from %s: %d show, %v", name, self, seen, err)
		}
	}
}

// Communes of every kind: two of one cell, one made from a spare, one of another cell of
// the same server, and one that is suspended.
func TestATenantsRoleReachesItsOwnSchemaAlone(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t, pgtest.WithCells(2))
	cells := env.Registry.Cells()
	if err := cells.Limit(t.Context(), tenants.Cell{Name: tenants.FirstCell, Soft: 2500, Hard: 5000, Spares: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := env.Registry.KeepSpares(t.Context(), tenants.FirstCell); err != nil {
		t.Fatal(err)
	}
	if err := cells.Drain(t.Context(), "cell-2", true); err != nil {
		t.Fatal(err)
	}
	spare := openAll(t, env, nearby[0])[0]
	if err := errors.Join(cells.Drain(t.Context(), "cell-2", false), cells.Drain(t.Context(), tenants.FirstCell, true)); err != nil {
		t.Fatal(err)
	}
	far := openAll(t, env, nearby[1])[0]
	if left, err := env.Registry.Spares(t.Context(), tenants.FirstCell); err != nil || left != 0 || spare.Cell != tenants.FirstCell || far.Cell != "cell-2" {
		t.Fatalf("%d spares left, %v; in %s and %s", left, err, spare.Cell, far.Cell)
	}
	if _, err := env.Pool.Exec(t.Context(), `update platform.tenant set state = 'suspended' where id = $1`, env.Other.ID); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ self, other tenants.Tenant }{{env.Tenant, env.Other}, {spare, env.Tenant}, {far, env.Tenant}, {env.Other, spare}} {
		assault(t, wire(t, env, c.self, c.self.Cell), c.self.Schema, c.other.Schema)
	}
	// The server's roles are one set, but each cell lets in its own alone.
	for _, c := range []struct {
		who  tenants.Tenant
		cell string
	}{{env.Tenant, "cell-2"}, {spare, "cell-2"}, {far, tenants.FirstCell}} {
		conn, err := knock(t, env, c.who, c.cell)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" {
			t.Errorf("%s comes into %s: %v", c.who.Schema, c.cell, err)
		}
		if conn != nil {
			_ = conn.Close(t.Context())
		}
	}
	// What lets them in may do nothing else, and belongs to nobody.
	for _, cell := range []string{tenants.FirstCell, "cell-2"} {
		owner, err := env.Registry.Cells().Owner(t.Context(), cell)
		if err != nil {
			t.Fatal(err)
		}
		var things, memberships int
		if err := owner.QueryRow(t.Context(), sqlDoor).Scan(&things, &memberships); err != nil || things != 0 || memberships != 0 {
			t.Errorf("the door of %s has %d rights and %d memberships: %v", cell, things, memberships, err)
		}
	}
}

// sqlDoor counts what a cell's door may do in its database, and whose member it is.
const sqlDoor = `select (select count(*) from pg_shdepend d where d.refobjid = r.oid and d.dbid = (select oid from pg_database where datname = current_database())),
	(select count(*) from pg_auth_members m where m.member = r.oid) from pg_roles r join cell.door on r.rolname = role_name`

// A commune's role can keep any advisory lock: nothing of the others may wait for one.
func TestNoLockOfACommuneHoldsUpTheOthers(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	conn := wire(t, env, env.Tenant, env.Tenant.Cell)
	for key := 718230; key < 718250; key++ {
		if _, err := conn.Exec(t.Context(), `select pg_advisory_lock($1)`, key); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := env.Registry.Open(ctx, tenants.System("test"), tenants.Opening{HubID: env.Hub.ID, INSEE: nearby[0]}); err != nil {
		t.Errorf("no commune can be opened: %v", err)
	}
	if err := errors.Join(migrations.Apply(ctx, env.Pool, "cell", migrations.Cell), migrations.Apply(ctx, env.Pool, "platform", migrations.Platform)); err != nil {
		t.Errorf("nothing can be migrated: %v", err)
	}
}

// A fault of ours that puts two communes' values into one Tenant must end before any
// data, and must leave no connection of the one among those of the other.
func TestAMixedTenantReachesNobody(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t, pgtest.WithCells(2))
	who := func(at tenants.Tenant) (role string, err error) {
		err = env.DB.Read(t.Context(), at, tenants.System("test"), func(tx *tenants.Tx) (err error) {
			role, err = tenants.One[string](t.Context(), tx, `select session_user::text`)
			return err
		})
		return role, err
	}
	a, b := env.Tenant, env.Other
	mixes := map[string]tenants.Tenant{}
	mix := func(name string, change func(*tenants.Tenant)) {
		m := a
		change(&m)
		mixes[name] = m
	}
	mix("another's schema", func(m *tenants.Tenant) { m.Schema = b.Schema })
	mix("another's key", func(m *tenants.Tenant) { m.ID = b.ID })
	mix("another cell", func(m *tenants.Tenant) { m.Cell = "cell-2" })
	mix("no cell", func(m *tenants.Tenant) { m.Cell = "" })
	mix("a later epoch", func(m *tenants.Tenant) { m.Epoch++ })
	mix("nothing", func(m *tenants.Tenant) { *m = tenants.Tenant{} })
	mix("the owner", func(m *tenants.Tenant) { m.Schema = "parvis_test" })
	mix("all but the key", func(m *tenants.Tenant) { *m = b; m.ID = a.ID })
	for range 2 { // with no connection kept, then with some
		for name, m := range mixes {
			if role, err := who(m); err == nil {
				t.Errorf("%s: served as %q", name, role)
			}
		}
		for _, own := range []tenants.Tenant{a, b} {
			err := env.DB.Read(t.Context(), own, tenants.System("test"), func(tx *tenants.Tx) error {
				role, err := tenants.One[string](t.Context(), tx, `select session_user::text`)
				if err == nil && role != own.Schema {
					t.Errorf("%s was given a connection of %s", own.Schema, role)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// A handler that takes another commune's Tenant, whole and right, would be served as that
// commune: what answers a commune's host is bound to it, and ends before any connection.
func TestWhatIsBoundToACommuneReachesNoOther(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	ctx := tenants.Bound(t.Context(), env.Tenant)
	look := func(*tenants.Tx) error { return nil }
	for name, open := range map[string]func(context.Context, tenants.Tenant, tenants.Actor, func(*tenants.Tx) error) error{
		"read": env.DB.Read, "write": env.DB.Write, "snapshot": env.DB.Snapshot,
	} {
		ran := false
		err := open(ctx, env.Other, tenants.System("test"), func(*tenants.Tx) error { ran = true; return nil })
		if !fault.Is(err, "tenant_mixed") || ran {
			t.Errorf("%s: another commune: %v, ran: %t", name, err, ran)
		}
		if err := open(ctx, env.Tenant, tenants.System("test"), look); err != nil {
			t.Errorf("%s: its own: %v", name, err)
		}
		if err := open(tenants.Across(ctx), env.Other, tenants.System("test"), look); err != nil {
			t.Errorf("%s: across, on purpose: %v", name, err)
		}
	}
}
