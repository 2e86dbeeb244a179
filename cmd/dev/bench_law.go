package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// The aims of the law.
const (
	computeAim = 20 * time.Microsecond
	watchAim   = 30 * time.Second
)

const (
	computeTimes = 100_000
	watchWorkers = 2
	lawRequests  = 200_000 // open ones, over all communes
)

// benchLaw measures one computation, a letter as a PDF, and a morning's watch over many
// communes.
func benchLaw(ctx context.Context, b *bench) error {
	if err := benchCompute(b); err != nil {
		return err
	}
	if err := benchPDF(ctx, b); err != nil {
		return err
	}
	return benchWatch(ctx, b)
}

// lawFacts are those of a refusal: a transmission, papers asked for twice, the court.
func lawFacts() calendar.Facts {
	day := func(d int) calendar.Date { return calendar.NewDate(2026, time.December, d) }
	return calendar.Facts{
		Rule: calendar.Rule{Effect: calendar.Rejection, Months: 2, Source: "CRPA L.231-4 3°"}, Sending: calendar.SentRequest, Channel: calendar.ByPortal,
		FirstReceived: day(1), CompetentReceived: day(10), Route: calendar.RouteCourt,
		Notices: []calendar.Notice{{Notified: day(12), Limit: day(30), Complete: day(20)}, {Notified: day(28), Limit: day(31)}},
	}
}

// benchCompute measures processor time: the machine may have other work.
func benchCompute(b *bench) error {
	facts := lawFacts()
	steps := 0
	before := processorTime()
	began := time.Now()
	for range computeTimes {
		d, err := calendar.Compute(facts)
		if err != nil {
			return err
		}
		steps = len(d.Steps)
	}
	wall, used := time.Since(began)/computeTimes, (processorTime()-before)/computeTimes
	b.table([]string{"one computation with its reasons", "processor", "wall", "aim", ""}, [][]string{
		{fmt.Sprintf("a refusal with %d steps (%d times)", steps, computeTimes), us(used), us(wall), us(computeAim), verdict(used, computeAim)},
	})
	return nil
}

func us(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond)) }

// processorTime is what this process has used of the processor, garbage collection included.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// An open request a line, of a procedure that silence decides: in communes with something
// due their last days spread over the next weeks, in the others they lie months away.
const sqlBenchOpen = `insert into request (id, number, procedure_id, version_id, procedure_slug, title, kind, channel, state, service_id,
		given_name, family_name, email, postal_address, email_agreed, answers, tracking_hash, payload_hash, received_at, received_on, first_received_on,
		silence_effect, silence_months, silence_last_day, due_on, waiting, search)
	select gen_random_uuid(), '26-' || lpad(n::text, 6, '0'), p.id, p.version_id, p.slug, p.slug, 'request', 'web', 'received', p.service_id,
		'Jeanne', 'Dupont', 'p' || n || '@example.org', '3 rue des Lilas', true, '{}', sha256(n::text::bytea), sha256(n::text::bytea),
		$3::date - 20, $3::date - 20, $3::date - 20, 'rejection', 2, $3::date + $2::int + n % 45, $3::date + $2::int + n % 45, false, 'dupont'
	from generate_series(1, $1::int) n, (select * from procedure order by slug limit 1) p`

// Days until the first last day: in a commune with something due, and in one without.
const (
	dueSoon  = 3
	dueLater = 130
)

// benchWatch opens communes, gives them open requests, half of them with something due,
// and does a morning's work: the first looks at all, the second at those alone that need it.
func benchWatch(ctx context.Context, b *bench) error {
	h, err := openHouse(ctx, map[string]string{"max_connections": "250"})
	if err != nil {
		return err
	}
	defer h.close()
	towns, err := h.lawTowns(ctx, b.tenants)
	if err != nil {
		return err
	}
	each := lawRequests / len(towns)
	today := calendar.On(time.Now(), towns[0].Zone())
	for i, t := range towns {
		first := dueSoon
		if i%2 == 1 {
			first = dueLater
		}
		if err := h.fillOpen(ctx, t, each, first, today); err != nil {
			return err
		}
	}
	if _, err := h.pool.Exec(ctx, sqlBenchAnalyze); err != nil {
		return err
	}
	var rows [][]string
	for _, look := range []string{"nothing known of any: all are looked at", "the same day again: those without anything due are left alone"} {
		looked, told, took, err := h.morning(ctx, towns, today)
		if err != nil {
			return err
		}
		rows = append(rows, []string{look, fmt.Sprint(looked), fmt.Sprint(told), seconds(took) + " s", seconds(watchAim) + " s", verdict(took, watchAim)})
	}
	b.table([]string{fmt.Sprintf("a morning over %d communes, %d open requests, %d workers", len(towns), each*len(towns), watchWorkers), "looked at", "alerts", "took", "aim", ""}, rows)
	return nil
}

// lawTowns opens communes from spares.
func (h *house) lawTowns(ctx context.Context, n int) ([]tenants.Tenant, error) {
	list := communes.All()
	towns := make([]tenants.Tenant, 0, n)
	for len(towns) < n {
		wanted := min(500, n-len(towns))
		if err := h.registry.Cells().Limit(ctx, tenants.Cell{Name: tenants.FirstCell, Soft: n, Hard: 2 * n, Spares: wanted}); err != nil {
			return nil, err
		}
		if _, err := h.registry.KeepSpares(ctx, tenants.FirstCell); err != nil {
			return nil, err
		}
		for range wanted {
			t, err := h.registry.Open(ctx, tenants.System("bench"), tenants.Opening{INSEE: list[len(towns)*len(list)/n].INSEE})
			if err != nil {
				return nil, err
			}
			towns = append(towns, t)
		}
	}
	return towns, nil
}

func (h *house) fillOpen(ctx context.Context, t tenants.Tenant, n, first int, today calendar.Date) error {
	return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select set_config('search_path', $1, true)", t.Schema); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlBenchOpen, n, first, today)
		return err
	})
}

// morning does what the jobs of a morning do: it asks which communes need a look, and
// gives these their alerts and their digest.
func (h *house) morning(ctx context.Context, towns []tenants.Tenant, today calendar.Date) (looked, told int64, took time.Duration, err error) {
	began := time.Now()
	dues, err := h.registry.Dues(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(watchWorkers)
	for _, t := range towns {
		if dues[t.ID].NextOn.After(today.AddDays(1)) {
			continue // not even tomorrow: nothing is due
		}
		group.Go(func() error {
			before, err := h.registry.DueOf(gctx, t.ID)
			if err != nil {
				return err
			}
			var next calendar.Date
			err = h.db.Write(gctx, t, tenants.System("bench"), func(tx *tenants.Tx) error {
				n, err := requests.Watch(gctx, tx)
				if err != nil {
					return err
				}
				if _, err := requests.Digest(gctx, tx); err != nil {
					return err
				}
				atomic.AddInt64(&looked, 1)
				atomic.AddInt64(&told, int64(n))
				next, err = requests.NextMorning(gctx, tx)
				return err
			})
			if err != nil {
				return err
			}
			return h.registry.Sleep(gctx, before, next)
		})
	}
	err = group.Wait()
	return looked, told, time.Since(began), err
}
