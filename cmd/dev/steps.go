package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// step is one part of a check.
type step struct {
	name string
	run  func(ctx context.Context, repo *repository) error
	// needed says that nothing after it makes sense where it fails.
	needed bool
}

type result struct {
	name string
	took time.Duration
	err  error
	ran  bool
}

// runSteps runs steps in order with live output, prints a table of them, and gives
// one error that names those that failed. A failed step does not stop the later
// ones, unless it is needed: who waits for CI wants to see everything at once.
func runSteps(ctx context.Context, repo *repository, steps []step) error {
	results := make([]result, 0, len(steps))
	stopped := false
	for _, s := range steps {
		if stopped || ctx.Err() != nil {
			results = append(results, result{name: s.name})
			continue
		}
		repo.out.say("\n▸ %s", s.name)
		stop, start := repo.out.watch(s.name), time.Now()
		err := s.run(ctx, repo)
		stop()
		r := result{name: s.name, took: time.Since(start), err: err, ran: true}
		results = append(results, r)
		if err != nil {
			repo.out.say("✗ %s: %v", s.name, err)
			stopped = s.needed
		}
	}
	printTable(repo.out, results)
	if err := ctx.Err(); err != nil {
		return errors.New("stopped before the end")
	}
	var failed []string
	for _, r := range results {
		if r.err != nil {
			failed = append(failed, r.name)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s (see above)", strings.Join(failed, ", "))
	}
	return nil
}

func printTable(out *console, results []result) {
	var total time.Duration
	out.say("")
	for _, r := range results {
		mark := "✓"
		switch {
		case !r.ran:
			mark = "·"
		case r.err != nil:
			mark = "✗"
		}
		took := "not run"
		if r.ran {
			took = r.took.Round(100 * time.Millisecond).String()
		}
		total += r.took
		out.say("%s %-24s %10s", mark, r.name, took)
	}
	out.say("  %-24s %10s", "together", total.Round(100*time.Millisecond))
}
