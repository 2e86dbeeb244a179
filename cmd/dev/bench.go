package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// benchmark measures one thing and prints a table. It is never a test: figures of a
// shared machine must not fail a build.
type benchmark struct {
	name string
	what string
	run  func(ctx context.Context, b *bench) error
}

func benchmarks() []benchmark {
	return []benchmark{
		{"provision", "opening a commune, and its provisioning alone", benchProvision},
		{"tenants", "many communes in one cell: opening, visiting, migrating", benchTenants},
		{"list", "the agents' list of 20 out of many requests of one commune", benchList},
		{"post", "POST /api/v1/requests beside pgbench with the same statements", benchPost},
		{"law", "one computation of legal dates, a PDF, and a morning over many communes", benchLaw},
		{"forms", "a form of 100 questions: its page, its validation, its proof; and a model's update over many communes", benchForms},
		{"demo", "parvis demo, started again after a stop and after kill -9", benchDemo},
		{"pages", "bytes, requests and nodes of each kind of page, and the program's memory", benchPages},
	}
}

// bench is what the benchmarks share.
type bench struct {
	repo    *repository
	rows    int           // of list
	clients int           // of post
	rounds  int           // of post
	round   time.Duration // of post
	opened  int           // of provision
	starts  int           // of demo
	tenants int           // communes of tenants and of forms
	visits  int           // pages of tenants
	profile string        // of post: where the program's CPU profile goes; empty for none
}

// runBench runs the named benchmarks, or all of them.
func runBench(ctx context.Context, repo *repository, args []string) error {
	b := &bench{repo: repo}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&b.rows, "rows", 100_000, "requests in the commune of list")
	flags.IntVar(&b.clients, "clients", 16, "clients of post")
	flags.IntVar(&b.rounds, "rounds", 4, "rounds of each side of post")
	flags.DurationVar(&b.round, "round", 10*time.Second, "length of a round of post")
	flags.IntVar(&b.opened, "communes", 100, "communes of provision")
	flags.IntVar(&b.starts, "starts", 5, "starts of demo")
	flags.IntVar(&b.tenants, "n", 1000, "communes of tenants, and of forms")
	flags.IntVar(&b.visits, "visits", 4000, "pages of tenants")
	flags.StringVar(&b.profile, "profile", "", "file for a CPU profile of post: its server then runs in this process")
	if flags.Parse(args) != nil {
		return errUsage
	}
	all := benchmarks()
	chosen := all
	if names := flags.Args(); len(names) > 0 {
		chosen = nil
		for _, name := range names {
			i := slices.IndexFunc(all, func(m benchmark) bool { return m.name == name })
			if i < 0 {
				return errUsage
			}
			chosen = append(chosen, all[i])
		}
	}
	b.machine()
	var failed []error
	for _, m := range chosen {
		if ctx.Err() != nil {
			break
		}
		b.printf("\n%s: %s\n", m.name, m.what)
		if err := m.run(ctx, b); err != nil {
			b.printf("  FAILED: %v\n", err)
			failed = append(failed, fmt.Errorf("%s: %w", m.name, err))
		}
	}
	return errors.Join(failed...)
}

func (b *bench) printf(format string, args ...any) { _, _ = fmt.Fprintf(b.repo.out, format, args...) }

// machine says what else the figures hang on: they are worth little where others
// are at work.
func (b *bench) machine() {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	first, _, _ := strings.Cut(string(load), " ")
	b.printf("%d cores, load %s before we began", runtime.NumCPU(), first)
	n := 0
	began := time.Now()
	for ; time.Since(began) < 300*time.Millisecond; n++ {
		_ = sha256.Sum256(make([]byte, 64<<10))
	}
	b.printf("; SHA-256 on one core: %.0f MB/s\n", float64(n)/16/time.Since(began).Seconds())
}

// note says something of how it was measured.
func (b *bench) note(format string, args ...any) { b.printf("  "+format+"\n", args...) }

// table prints rows under headings.
func (b *bench) table(headings []string, rows [][]string) {
	w := tabwriter.NewWriter(b.repo.out, 0, 4, 2, ' ', 0)
	for _, row := range append([][]string{headings}, rows...) {
		_, _ = fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
	}
	_ = w.Flush()
}

// timings are durations of the same thing.
type timings []time.Duration

// measure runs something and adds how long it took.
func (t *timings) measure(fn func() error) error {
	began := time.Now()
	if err := fn(); err != nil {
		return err
	}
	*t = append(*t, time.Since(began))
	return nil
}

// at gives a quantile, 0 to 1, by the nearest rank; 0 where there is nothing.
func (t timings) at(quantile float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	rank := int(math.Ceil(quantile*float64(len(sorted)))) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// columns gives p50, p95, p99 and the worst, in milliseconds.
func (t timings) columns() []string {
	return []string{ms(t.at(0.5)), ms(t.at(0.95)), ms(t.at(0.99)), ms(t.at(1))}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }

// verdict compares a figure with the most that it should be.
func verdict(got, aim time.Duration) string {
	if got <= aim {
		return "met"
	}
	return "MISSED"
}
