package tenants_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

// What somebody typed where a key, a date or a text belongs is theirs to correct, and
// stands in no error: errors are logged.
func TestValuesThatPostgresCannotReadAreNotEchoed(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	for _, c := range []struct {
		sql   string
		value any
	}{
		{`select count(*) from agent where id = $1::text::uuid`, "Jeanne Dupont"},
		{`select count(*) from agent where id = $1`, tenants.ID("Jeanne Dupont").OrNull()},
		{`select count(*) from agent where created_at < $1::text::timestamptz`, "99999-45-01 Jeanne Dupont"},
		{`select count(*) from agent where created_at < $1::text::timestamptz`, "2026-13-45"},
		{`select $1::text::jsonb`, `"Jeanne \u0000 Dupont"`},
		{`select $1::text::smallint`, "123456789"},
		{`select $1::text`, "Jeanne\x00Dupont"},
	} {
		err := env.DB.Read(t.Context(), env.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
			_, err := tx.Exec(t.Context(), c.sql, c.value)
			return err
		})
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || strings.Contains(err.Error(), "Dupont") || strings.Contains(err.Error(), "123456789") {
			t.Errorf("%s: %v", c.sql, err)
		}
	}
}

func TestWriteRollsBackWithItsEventsAndJobs(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	failed := errors.New("failed")
	err := env.DB.Write(t.Context(), env.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
		if err := tx.Record(t.Context(), tenants.Event{SubjectKind: "test", SubjectID: "x", Kind: "done"}); err != nil {
			return err
		}
		if err := tx.Enqueue(t.Context(), job{Tenant: env.Tenant.ID}); err != nil {
			return err
		}
		if history, err := tx.History(t.Context(), "x"); err != nil || len(history) != 1 {
			t.Errorf("the transaction does not see its own event: %v %v", history, err)
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatalf("got %v", err)
	}
	if jobs := env.Jobs(t); len(jobs) != 0 {
		t.Errorf("jobs outlive their transaction: %v", jobs)
	}
	env.Write(t, env.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		if history, err := tx.History(ctx, "x"); err != nil || len(history) != 0 {
			t.Errorf("events outlive their transaction: %v %v", history, err)
		}
		return tx.Enqueue(ctx, job{Tenant: env.Tenant.ID})
	})
	if jobs := env.Jobs(t); len(jobs) != 1 || jobs[0].TenantID != env.Tenant.ID {
		t.Errorf("a committed job is missing: %v", jobs)
	}
}

type job struct {
	Tenant int64 `json:"tenant"`
}

func (job) Kind() string { return "test" }

func TestSavepointUndoesItsOwnPart(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	env.Write(t, env.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		err := tx.Savepoint(ctx, func(tx *tenants.Tx) error {
			if _, err := tenants.PutService(ctx, tx, tenants.Service{Name: "Voirie"}); err != nil {
				return err
			}
			return errors.New("undo")
		})
		if err == nil {
			t.Error("the inner error was lost")
		}
		services, err := tenants.Services(ctx, tx)
		if err != nil || len(services) != 0 {
			t.Errorf("the inner part was kept: %v %v", services, err)
		}
		return err
	})
}

func TestPoolHoldsItsLimits(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t, pgtest.WithLimits(tenants.PoolLimits{Total: 3, PerTenant: 2, Idle: 50 * time.Millisecond}))
	var wg sync.WaitGroup
	for i := range 40 {
		tenant := env.Tenant
		if i%2 == 0 {
			tenant = env.Other
		}
		wg.Go(func() {
			err := env.DB.Read(t.Context(), tenant, tenants.System("test"), func(tx *tenants.Tx) error {
				name, err := tenants.One[string](t.Context(), tx, `select current_user::text`)
				if err == nil && name != tenant.Schema {
					t.Errorf("connection of %s given to %s", name, tenant.Schema)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
			if s := env.DB.Stats(); s.Open > 3 {
				t.Errorf("%d connections are open", s.Open)
			}
		})
	}
	wg.Wait()
	deadline := time.Now().Add(5 * time.Second)
	for env.DB.Stats().Open > 0 {
		if time.Now().After(deadline) {
			t.Fatal("idle connections are not closed")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestACancelledWaitIsGivenBack(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t, pgtest.WithLimits(tenants.PoolLimits{Total: 1, PerTenant: 1, Idle: time.Minute}))
	err := env.DB.Read(t.Context(), env.Tenant, tenants.System("test"), func(*tenants.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		err := env.DB.Read(ctx, env.Other, tenants.System("test"), func(*tenants.Tx) error { return nil })
		if fault.Of(err).Code != "database_away" {
			t.Errorf("a wait that timed out: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := env.DB.Read(t.Context(), env.Other, tenants.System("test"), func(*tenants.Tx) error { return nil }); err != nil {
		t.Errorf("the slot was lost: %v", err)
	}
}

func TestConnectionsCutByTheServerAreReplaced(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	read := func() error {
		return env.DB.Read(t.Context(), env.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
			_, err := tx.Exec(t.Context(), `select 1`)
			return err
		})
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(env.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.User, config.Password = env.Tenant.Schema, tenants.RolePassword(pgtest.Master, env.Tenant.Schema, env.Tenant.Epoch)
	killer, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = killer.Close(t.Context()) }()
	var cut int
	if err := killer.QueryRow(t.Context(), `select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = $1 and datname = current_database() and pid <> pg_backend_pid()`, env.Tenant.Schema).Scan(&cut); err != nil || cut == 0 {
		t.Fatalf("%d connections were cut: %v", cut, err)
	}
	if err := read(); err != nil {
		t.Errorf("a dead connection reached the caller: %v", err)
	}
}

func TestOpenIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	broken := true
	env := pgtest.Schema(t, pgtest.WithSeed(func(ctx context.Context, tx *tenants.Tx) error {
		if broken {
			return errors.New("the seed fails")
		}
		return tenants.PutSettings(ctx, tx, tenants.Settings{Phone: "05 61 00 00 00"}, 0)
	}))
	open := func(insee, colour string) (tenants.Tenant, error) {
		return env.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{HubID: env.Hub.ID, INSEE: insee, Colour: colour})
	}
	const labege = "31254"
	if _, err := open(labege, ""); err == nil {
		t.Fatal("a failing seed was passed over")
	}
	if _, err := env.Registry.ByINSEE(t.Context(), labege); !fault.Is(err, "not_found") {
		t.Errorf("a failed opening left a tenant: %v", err)
	}
	broken = false
	opened, err := open(labege, "#ffcc00")
	if err != nil {
		t.Fatal(err)
	}
	if opened.Slug != "labege" || opened.State != tenants.StateLive || opened.Colour != "#ffcc00" {
		t.Errorf("opened as %+v", opened)
	}
	for _, bad := range []struct{ insee, colour, code string }{
		{labege, "", "tenant_exists"},
		{"99999", "", "commune_unknown"},
		{"31555", "teal", "colour_invalid"},
	} {
		if _, err := open(bad.insee, bad.colour); !fault.Is(err, bad.code) {
			t.Errorf("%v: got %v", bad, err)
		}
	}
	if _, err := env.Registry.Open(t.Context(), tenants.Guest(), tenants.Opening{INSEE: "31555"}); fault.Of(err).Kind != fault.Forbidden {
		t.Errorf("a guest may open communes: %v", err)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	for host, want := range map[string]tenants.SiteKind{
		"localhost:8080":                   tenants.SitePlatform,
		"sicoval.localhost:8080":           tenants.SiteHub,
		"castanet-tolosan.localhost":       tenants.SiteTenant,
		"Castanet-Tolosan.LOCALHOST.:8080": tenants.SiteTenant,
	} {
		if site, err := env.Registry.ByHost(t.Context(), host); err != nil || site.Kind != want {
			t.Errorf("%s: %v %v", host, site.Kind, err)
		}
	}
	for _, host := range []string{"", "example.org", "castanet-tolosan.example.org", "x.castanet-tolosan.localhost", "'; drop table--.localhost", "toulouse.localhost"} {
		if _, err := env.Registry.ByHost(t.Context(), host); !fault.Is(err, "unknown_host") {
			t.Errorf("%q: %v", host, err)
		}
	}
}

func TestNamesThatLeadNowhereCostTheDatabaseNothing(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	ask := func(host string) error {
		_, err := env.Registry.ByHost(t.Context(), host)
		return err
	}
	began, before := time.Now(), env.Pool.Stat().AcquireCount()
	for i := range 2000 {
		if err := ask(fmt.Sprintf("nulle-part-%d.localhost", i)); !fault.Is(err, "unknown_host") {
			t.Fatal(err)
		}
	}
	// One reading of the list, and one more each two seconds.
	if asked, most := env.Pool.Stat().AcquireCount()-before, 2+int64(time.Since(began)/(2*time.Second)); asked > most {
		t.Errorf("2000 names that lead nowhere made %d queries", asked)
	}
	if err := ask("castanet-tolosan.localhost"); err != nil {
		t.Error(err)
	}
	opened, err := env.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{HubID: env.Hub.ID, INSEE: "31254"})
	if err != nil {
		t.Fatal(err)
	}
	if err := ask(opened.Slug + ".localhost"); err != nil {
		t.Errorf("a commune just opened: %v", err)
	}
}

func TestSettingsOfTwoAtOnce(t *testing.T) {
	t.Parallel()
	admin := tenants.Actor{Kind: tenants.ActorAgent, Role: tenants.RoleAdmin, ID: tenants.NewID(), Name: "Claire Vidal"}
	pgtest.Tx(t, admin, func(ctx context.Context, tx *tenants.Tx) {
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{Phone: "1"}, 0); err != nil {
			t.Fatal(err)
		}
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{Phone: "2"}, 0); !fault.Is(err, "settings_changed") {
			t.Errorf("the first one's change was lost: %v", err)
		}
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{Email: "mairie"}, 1); !fault.Is(err, "settings_invalid") {
			t.Errorf("a bad address was kept: %v", err)
		}
		s, version, err := tenants.GetSettings(ctx, tx)
		if err != nil || s.Phone != "1" || version != 1 {
			t.Errorf("got %v %d %v", s.Phone, version, err)
		}
	})
	pgtest.Tx(t, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) {
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{}, 0); fault.Of(err).Kind != fault.Forbidden {
			t.Errorf("a guest may change settings: %v", err)
		}
	})
}

func TestProjectionKeepsTheNewest(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	today := pgtest.Start.Format(time.DateOnly)
	p := tenants.Projection{TenantID: env.Tenant.ID, Number: "26-000001", Procedure: "terrasse", Channel: "web", State: "accepted", Version: 2}
	if err := p.ReceivedOn.UnmarshalText([]byte(today)); err != nil {
		t.Fatal(err)
	}
	p.ClosedOn = p.ReceivedOn
	for _, version := range []int64{2, 1} { // the older one comes last
		p.Version = version
		if version == 1 {
			p.State, p.ClosedOn = "received", p.ClosedOn.AddDays(0)
		}
		if err := env.Registry.Project(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	for _, tenant := range []tenants.Tenant{env.Tenant, env.Other} {
		if err := env.Registry.RefreshHealth(t.Context(), tenant, tenants.Health{}, p.ReceivedOn); err != nil {
			t.Fatal(err)
		}
	}
	list, err := env.Registry.Communes(t.Context(), tenants.CommuneFilter{Hub: env.Hub.ID})
	if err != nil || len(list.Lines) != 2 {
		t.Fatal(list, err)
	}
	if c := list.Lines[0]; c.ID != env.Tenant.ID || c.Open != 0 || c.Received != 1 || c.Version == 0 {
		t.Errorf("counts: %+v", c)
	}
	if c := list.Lines[1]; c.Received != 0 || !c.LastReceived.IsZero() {
		t.Errorf("another commune's counts: %+v", c)
	}
}

// A list is read page by page, whatever its order, and each line once.
func TestListsOfAHubAreReadPageByPage(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	const many = 120
	for i := range many {
		_, err := env.Pool.Exec(t.Context(), `with made as (insert into platform.tenant (hub_id, slug, insee, siren, name, colour, cell, schema_name, state, created_at)
			values ($1, 'fictive-' || $2::int, lpad((97000 + $2::int)::text, 5, '0'), '000000000', 'Fictive ' || $2::int, '#0b5c8a', 'cell-1', 't_' || (900000 + $2::int), 'suspended', now()) returning id)
			insert into platform.tenant_health (tenant_id, version, mail_failures, agents, late, refreshed_at) select id, 1, 0, 0, $2::int % 7, now() from made`, env.Hub.ID, i)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range []tenants.CommuneOrder{tenants.ByName, tenants.ByLate, tenants.ByOpen, tenants.ByAsleep} {
		f, seen, before := tenants.CommuneFilter{Hub: env.Hub.ID, Order: order, Limit: 17}, map[string]bool{}, 1<<30
		for {
			page, err := env.Registry.Communes(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.Lines {
				if seen[l.Slug] {
					t.Fatalf("%s: %s comes twice", order, l.Slug)
				}
				if order == tenants.ByLate && l.Late > before {
					t.Fatalf("%d late after %d", l.Late, before)
				}
				seen[l.Slug], before = true, l.Late
			}
			if f.After = page.Next; f.After == "" {
				break
			}
		}
		if len(seen) != many+2 {
			t.Errorf("%s: %d communes of %d", order, len(seen), many+2)
		}
	}
	received := calendar.On(pgtest.Start, env.Tenant.Zone())
	for i := range 60 {
		p := tenants.Projection{TenantID: env.Tenant.ID, Number: fmt.Sprintf("26-%06d", i), Procedure: "terrasse", Channel: "web", State: "received", ReceivedOn: received.AddDays(-i / 9), Version: 1}
		if err := env.Registry.Project(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	f, seen := tenants.RequestFilter{Hub: env.Hub.ID, Today: received, Limit: 13}, map[string]bool{}
	for {
		page, err := env.Registry.Requests(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page.Lines {
			seen[l.Number] = true
		}
		if f.After = page.Next; f.After == "" {
			break
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d requests of 60", len(seen))
	}
}

func TestPasswordsStandInNoStatement(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	conn, err := pgx.Connect(t.Context(), env.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	config := conn.Config().Copy()
	config.User, config.Password = env.Tenant.Schema, tenants.RolePassword(pgtest.Master, env.Other.Schema, 1)
	if wrong, err := pgx.ConnectConfig(t.Context(), config); err == nil {
		_ = wrong.Close(t.Context())
		t.Error("one role's password opens another")
	}
}
