package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
)

// The aims of thousands of communes in one cell.
const (
	spareAim     = 10 * time.Millisecond
	pageAim      = 15 * time.Millisecond
	migrationAim = 300.0 // communes a second, with two workers
	connMemory   = 8.0   // MB a connection
)

// madeOpenings is how many communes are opened without a spare.
const madeOpenings = 100

// benchTenants opens many communes in one cell, visits them at random, and migrates
// them all.
func benchTenants(ctx context.Context, b *bench) error {
	h, err := openHouse(ctx, map[string]string{"max_connections": "250"})
	if err != nil {
		return err
	}
	defer h.close()
	towns, err := h.openMany(ctx, b)
	if err != nil {
		return err
	}
	if err := h.emptySize(ctx, b); err != nil {
		return err
	}
	if err := h.visitMany(ctx, b, towns); err != nil {
		return err
	}
	if err := h.migrateMany(ctx, b, len(towns)); err != nil {
		return err
	}
	h.close()
	return benchLife(ctx, b)
}

// openMany opens b.tenants communes: the first hundred with schemas made while one
// waits, the others from spares.
func (h *house) openMany(ctx context.Context, b *bench) ([]tenants.Tenant, error) {
	list := communes.All()
	if b.tenants < 2*madeOpenings || b.tenants > len(list) {
		return nil, fmt.Errorf("-n goes from %d to %d", 2*madeOpenings, len(list))
	}
	var made, spare, built timings
	var towns []tenants.Tenant
	open := func(t *timings) error {
		insee := list[len(towns)*len(list)/b.tenants].INSEE
		return t.measure(func() error {
			town, err := h.registry.Open(ctx, tenants.System("bench"), tenants.Opening{INSEE: insee})
			towns = append(towns, town)
			return err
		})
	}
	for len(towns) < madeOpenings {
		if err := open(&made); err != nil {
			return nil, err
		}
	}
	for len(towns) < b.tenants {
		wanted := min(500, b.tenants-len(towns))
		if err := h.registry.Cells().Limit(ctx, tenants.Cell{Name: tenants.FirstCell, Soft: b.tenants, Hard: 2 * b.tenants, Spares: wanted}); err != nil {
			return nil, err
		}
		began := time.Now()
		n, err := h.registry.KeepSpares(ctx, tenants.FirstCell)
		if err != nil {
			return nil, err
		}
		built = append(built, time.Since(began)/time.Duration(max(n, 1)))
		for range wanted {
			if err := open(&spare); err != nil {
				return nil, err
			}
		}
	}
	b.table([]string{fmt.Sprintf("%d communes in one cell, ms", b.tenants), "p50", "p95", "p99", "worst", "aim p95", ""}, [][]string{
		append(append([]string{fmt.Sprintf("opening, schema made meanwhile (%d)", len(made))}, made.columns()...), "", ""),
		append(append([]string{fmt.Sprintf("opening from a spare, whole (%d)", len(spare))}, spare.columns()...), ms(spareAim), verdict(spare.at(0.95), spareAim)),
	})
	b.note("making a spare takes %s ms in the background, its catalogue included", ms(built.at(0.5)))
	return towns, nil
}

const (
	sqlEmptySize = `select sum(pg_total_relation_size(c.oid))::bigint, count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname = $1 and c.relkind in ('r', 'p')`
	sqlClassRows = `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1`
)

// emptySize says what a commune with its catalogue and no request takes on disk.
func (h *house) emptySize(ctx context.Context, b *bench) error {
	towns, err := h.registry.Tenants(ctx)
	if err != nil {
		return err
	}
	var size, tables, classes int64
	if err := h.pool.QueryRow(ctx, sqlEmptySize, towns[0].Schema).Scan(&size, &tables); err != nil {
		return err
	}
	if err := h.pool.QueryRow(ctx, sqlClassRows, towns[0].Schema).Scan(&classes); err != nil {
		return err
	}
	b.note("an empty commune: %.2f MB, %d tables, %d rows of pg_class", float64(size)/1e6, tables, classes)
	return nil
}

// visitMany asks the built program for a page of each commune once, which nobody has
// asked it for yet, then of communes at random, as two citizens at a time would, and
// looks at the memory of the program and of its connections.
func (h *house) visitMany(ctx context.Context, b *bench, towns []tenants.Tenant) error {
	s, err := h.serve(ctx, b.repo)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	before := resident(s.pid())
	first, err := h.visit(ctx, s, towns, len(towns), func(visitor, n int) int { return 2*n + visitor })
	if err != nil {
		return err
	}
	var random [2]*rand.Rand
	for i := range random {
		random[i] = rand.New(rand.NewPCG(1, uint64(i))) //nolint:gosec // towns, not secrets
	}
	again, err := h.visit(ctx, s, towns, b.visits, func(visitor, _ int) int { return random[visitor].IntN(len(towns)) })
	if err != nil {
		return err
	}
	line := func(what string, t timings, said string) []string {
		return append(append([]string{fmt.Sprintf("%d pages, %s", len(t), what)}, t.columns()...), ms(pageAim), said)
	}
	b.table([]string{fmt.Sprintf("the portal of %d communes, two at a time, ms", len(towns)), "p50", "p95", "p99", "worst", "aim p95", ""}, [][]string{
		line("each for the first time", first, ""),
		line("at random", again, verdict(again.at(0.95), pageAim)),
	})
	per, conns, err := h.connectionMemory(ctx)
	if err != nil {
		return err
	}
	said := "met"
	if per > connMemory {
		said = "MISSED"
	}
	b.note("memory: the program %.0f MB before, %.0f MB after; %d connections of communes, %.1f MB each (aim %.0f: %s)", before, resident(s.pid()), conns, per, connMemory, said)
	return nil
}

// visit asks for so many portals, by two visitors, each of whom is told which next.
func (h *house) visit(ctx context.Context, s *server, towns []tenants.Tenant, count int, next func(visitor, n int) int) (timings, error) {
	var pages [2]timings
	group, gctx := errgroup.WithContext(ctx)
	for i := range pages {
		group.Go(func() error {
			client := plainClient()
			for n := range count / len(pages) {
				town := towns[next(i, n)]
				if err := pages[i].measure(func() error { return get(gctx, client, "http://"+s.addr+"/", s.host(town), "") }); err != nil {
					return fmt.Errorf("%s: %w", town.Slug, err)
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return append(pages[0], pages[1]...), err
}

const sqlBackends = `select pid from pg_stat_activity where usename ~ '^t_[0-9]+$'`

// connectionMemory gives the private memory of the server's processes that serve
// communes, in MB each.
func (h *house) connectionMemory(ctx context.Context) (each float64, count int, err error) {
	super, err := h.superuser(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = super.Close(ctx) }()
	rows, err := super.Query(ctx, sqlBackends)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	var sum float64
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return 0, 0, err
		}
		sum += private(pid)
		count++
	}
	return sum / float64(max(count, 1)), count, rows.Err()
}

// private gives the memory that a process shares with no other, in MB.
func private(pid int) float64 { return memory(pid, "Private_Clean:", "Private_Dirty:") }

// resident gives a process's memory as one sees it in a list of processes, in MB.
func resident(pid int) float64 { return memory(pid, "Rss:") }

func memory(pid int, lines ...string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	var kB float64
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		for _, wanted := range lines {
			if len(fields) >= 2 && fields[0] == wanted {
				n, _ := strconv.ParseFloat(fields[1], 64) // 0 where it is none
				kB += n
			}
		}
	}
	return kB / 1024
}

// benchMigration is what scale.md measured: a column, two indexes, a table with a
// foreign key.
const benchMigration = `
alter table request add column bench text;
create index request_bench on request (bench);
create index message_bench on message (author_id, created_at);
create table bench (id uuid primary key, request_id uuid not null references request (id), note text not null default '');
`

// migrateMany brings every commune one version on, with two workers.
func (h *house) migrateMany(ctx context.Context, b *bench, towns int) error {
	next := append(migrations.Set{}, migrations.Tenant...)
	next = append(next, migrations.Migration{Version: next.Version() + 1, Name: "bench", SQL: benchMigration})
	began := time.Now()
	done, err := migrations.Tenants(ctx, h.pool, next, migrations.Run{Workers: 2})
	if err != nil {
		return err
	}
	perSecond := float64(done.Migrated) / time.Since(began).Seconds()
	said := "met"
	if perSecond < migrationAim || done.Migrated != towns {
		said = "MISSED"
	}
	b.note("migration (a column, two indexes, a table with a foreign key), two workers: %d of %d communes, %.0f a second (aim %.0f: %s)", done.Migrated, towns, perSecond, migrationAim, said)
	return nil
}
