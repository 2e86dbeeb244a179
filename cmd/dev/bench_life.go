package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
)

// benchedRequests is how many requests the commune has that is moved and archived.
const benchedRequests = 10_000

// pauseAim is how long writes may wait while a commune moves.
const pauseAim = 2 * time.Second

// benchLife moves a commune of 10,000 requests between two cells, exports it and takes
// it in again in another deployment, each by the command line as an operator would.
func benchLife(ctx context.Context, b *bench) error {
	h, err := openHouse(ctx, nil)
	if err != nil {
		return err
	}
	defer h.close()
	town, err := h.openTown(ctx)
	if err != nil {
		return err
	}
	// No agents: an import invites them again, by Kratos, which is not started.
	if _, err := h.fillTown(ctx, town, benchedRequests); err != nil {
		return err
	}
	if err := h.addCell(ctx, "cell-2"); err != nil {
		return err
	}
	program, err := h.buildProgram(ctx, b.repo)
	if err != nil {
		return err
	}
	elsewhere, err := openHouse(ctx, nil)
	if err != nil {
		return err
	}
	defer elsewhere.close()
	file := filepath.Join(h.dir, "town.tar.zst")
	var export, move, take timings
	if err := export.measure(func() error {
		archive, err := h.told(ctx, b.repo, program, "tenant", "export", town.Slug)
		if err != nil {
			return err
		}
		return os.WriteFile(file, archive, 0o600)
	}); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	var said []byte
	if err := move.measure(func() (err error) {
		said, err = h.told(ctx, b.repo, program, "tenant", "move", town.Slug, "--to", "cell-2")
		return err
	}); err != nil {
		return fmt.Errorf("move: %w", err)
	}
	if err := take.measure(func() error {
		_, err := elsewhere.told(ctx, b.repo, program, "tenant", "import", file)
		return err
	}); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	paused, err := pausedIn(said)
	if err != nil {
		return err
	}
	b.table([]string{fmt.Sprintf("a commune of %d requests, by the command line", benchedRequests), "ms", "aim", ""}, [][]string{
		{fmt.Sprintf("export (%.1f MB)", float64(info.Size())/1e6), ms(export[0]), "", ""},
		{"move to another cell", ms(move[0]), "", ""},
		{"of it, its writes waited", ms(paused), ms(pauseAim), verdict(paused, pauseAim)},
		{"import into another deployment", ms(take[0]), "", ""},
	})
	return nil
}

// told runs a command of the program on the house's databases, and gives what it says.
func (h *house) told(ctx context.Context, repo *repository, program string, args ...string) ([]byte, error) {
	cmd := repo.command(ctx, call{name: program, args: args, env: h.environment()})
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, tail(wrong.String()))
	}
	return out, err
}

var waited = regexp.MustCompile(`waited for (\d+) ms`)

func pausedIn(said []byte) (time.Duration, error) {
	found := waited.FindSubmatch(said)
	if found == nil {
		return 0, errors.New("the move does not say how long writes waited")
	}
	n, err := strconv.Atoi(string(found[1]))
	return time.Duration(n) * time.Millisecond, err
}

// addCell gives the house another cell, a database of the same server.
func (h *house) addCell(ctx context.Context, name string) error {
	const database = benchOwner + "_2"
	if err := h.postgres.CreateOwner(ctx, benchOwner, h.password, database); err != nil {
		return err
	}
	cells := h.registry.Cells()
	if err := cells.Add(ctx, tenants.Cell{Name: name, Soft: 2500, Hard: 5000}, h.postgres.RoleDSN(benchOwner, h.password, database)); err != nil {
		return err
	}
	pool, err := cells.Owner(ctx, name)
	if err != nil {
		return err
	}
	return errors.Join(migrations.Apply(ctx, pool, "cell", migrations.Cell), jobs.Migrate(ctx, pool, slog.New(slog.DiscardHandler)))
}
