package parts

import (
	"context"
	"time"
)

// SharedIn is SharedPostgres on a folder of its own that stays for idle, so that a test
// need not wait for minutes.
func SharedIn(ctx context.Context, dir string, idle, look time.Duration) (*Postgres, error) {
	return sharedIn(ctx, Options{}, dir, idle, look)
}

// NPMPostgres installs the npm package's Postgres, whatever else is on the machine.
func NPMPostgres(ctx context.Context, opts Options) (string, error) { return npmPostgres(ctx, opts) }

// PID gives the postmaster's process.
func (pg *Postgres) PID() int { return pg.pid }

// Alive tells whether a process exists.
func Alive(pid int) bool { return alive(pid) }

// Elsewhere is where an unreachable data folder goes.
func Elsewhere(dir string) string { return elsewhere(dir) }
