package operations_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

// farAway gives the deployment a cell on a server of its own.
func (w *town) farAway(t *testing.T) {
	t.Helper()
	ctx, data := t.Context(), filepath.Join(t.TempDir(), "far")
	bin, err := parts.FindPostgres(ctx, parts.Options{Bin: os.Getenv("PARVIS_PG_BIN"), DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	server, err := parts.StartPostgres(ctx, parts.PostgresOptions{BinDir: bin, DataDir: data, MaxConnections: 50})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if err := server.CreateOwner(ctx, "far_owner", "far-s3cret", "far"); err != nil {
		t.Fatal(err)
	}
	w.AddCell(t, "cell-far", server.RoleDSN("far_owner", "far-s3cret", "far"))
}

// signIn signs in to a cell as a commune's role with the password of an epoch.
func (w *town) signIn(t *testing.T, tenant tenants.Tenant, cell string, epoch int) error {
	t.Helper()
	config := must[*pgxpool.Pool](t)(w.Registry.Cells().Owner(t.Context(), cell)).Config().ConnConfig.Copy()
	config.User, config.Password = tenant.Schema, tenants.RolePassword(pgtest.Master, tenant.Schema, epoch)
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err == nil {
		_ = conn.Close(context.Background())
	}
	return err
}

// A commune goes to another server and comes back: on each its role is made, let in with
// the password of the epoch alone, and gone a day after it left.
func TestAMoveBetweenTwoServers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.farAway(t)
	w.live(2)
	there := func(cell string) (role bool) {
		t.Helper()
		owner := must[*pgxpool.Pool](t)(w.Registry.Cells().Owner(t.Context(), cell))
		if err := owner.QueryRow(t.Context(), `select exists (select 1 from pg_roles where rolname = $1)`, w.Tenant.Schema).Scan(&role); err != nil {
			t.Fatal(err)
		}
		return role
	}
	for _, way := range []struct{ from, to string }{{w.Tenant.Cell, "cell-far"}, {"cell-far", w.Tenant.Cell}} {
		before := must[tenants.Tenant](t)(w.Registry.ByINSEE(t.Context(), w.Tenant.INSEE))
		op := must[operations.Operation](t)(w.service.Move(t.Context(), operator, before, way.to))
		if op = must[operations.Operation](t)(w.service.Run(t.Context(), op.ID)); op.State != operations.Done {
			t.Fatalf("to %s: %s (%s)", way.to, op.State, op.Error)
		}
		w.whole(t)
		now := must[tenants.Tenant](t)(w.Registry.ByINSEE(t.Context(), w.Tenant.INSEE))
		if now.Cell != way.to || now.Epoch != before.Epoch+1 {
			t.Errorf("in %s at epoch %d", now.Cell, now.Epoch)
		}
		if err := w.signIn(t, now, way.to, now.Epoch); err != nil {
			t.Errorf("in %s: %v", way.to, err)
		}
		for _, refused := range []struct {
			cell  string
			epoch int
			code  string
		}{{way.to, before.Epoch, "28P01"}, {way.from, before.Epoch, "28P01"}, {way.from, now.Epoch, "42501"}} {
			err := w.signIn(t, now, refused.cell, refused.epoch)
			if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != refused.code {
				t.Errorf("an old password, or an old place: %v; want %s", err, refused.code)
			}
		}
		w.Clock.Set(w.Clock.Now().AddDate(0, 0, 2))
		w.tick(t)
		if there(way.from) || !there(way.to) {
			t.Errorf("its role is in %s: %t, in %s: %t", way.from, there(way.from), way.to, there(way.to))
		}
		w.whole(t)
	}
}

// What a commune's role may do in a database that it shares with the platform holds no
// operation up; another program that is at work does.
func TestOneProgramAtATimeAndNoCommuneInItsWay(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	op := must[operations.Operation](t)(w.service.Suspend(t.Context(), operator, w.Tenant))
	config := w.Pool.Config().ConnConfig.Copy()
	config.User, config.Password = w.Tenant.Schema, tenants.RolePassword(pgtest.Master, w.Tenant.Schema, w.Tenant.Epoch)
	conn := must[*pgx.Conn](t)(pgx.ConnectConfig(t.Context(), config))
	defer func() { _ = conn.Close(context.Background()) }()
	for _, sql := range []string{`select pg_advisory_lock(718243, hashtext($1))`, `select pg_advisory_lock(hashtextextended($1, 0))`} {
		if _, err := conn.Exec(t.Context(), sql, string(op.ID)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(t.Context(), `select id from platform.operation_hold for update`); err == nil {
		t.Error("a commune's role holds operations")
	}
	twice := 0
	service := w.service.Watched(func(operations.Operation, string) error {
		twice++
		if _, err := w.service.Run(t.Context(), op.ID); !fault.Is(err, "operation_running") {
			t.Errorf("two at once: %v", err)
		}
		return nil
	})
	if op = must[operations.Operation](t)(service.Run(t.Context(), op.ID)); op.State != operations.Done || twice == 0 {
		t.Errorf("it is %s, and was tried again %d times", op.State, twice)
	}
	var holds int
	w.tick(t)
	if err := w.Pool.QueryRow(t.Context(), `select count(*) from platform.operation_hold`).Scan(&holds); err != nil || holds != 0 {
		t.Errorf("%d holds are left: %v", holds, err)
	}
}
