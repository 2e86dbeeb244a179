package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// house is a deployment for a benchmark: a durable Postgres (fsync on) on an empty
// folder, migrated, with the domain's own functions on it.
type house struct {
	dir      string
	bin      string // folder of Postgres's programs
	postgres *parts.Postgres
	password string // of the databases' owner
	master   string // the key, in hex, as the environment gives it
	pool     *pgxpool.Pool
	db       *tenants.DB
	registry *tenants.Registry
	stops    []func()
}

const benchOwner = "parvis"

// towns are communes to open: of the CA du Sicoval first.
const benchTown = "31113" // Castanet-Tolosan

func openHouse(ctx context.Context, settings map[string]string) (_ *house, err error) {
	h := &house{password: randomHex(16), master: randomHex(32)}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if h.dir, err = os.MkdirTemp("", "parvis-bench-"); err != nil {
		return nil, err
	}
	h.stops = append(h.stops, func() { _ = os.RemoveAll(h.dir) })
	if err := os.Chmod(h.dir, 0o755); err != nil { //nolint:gosec // where we are root, Postgres runs as somebody else
		return nil, err
	}
	if err := h.startPostgres(ctx, settings); err != nil {
		return nil, err
	}
	logger := slog.New(slog.DiscardHandler)
	if h.pool, err = pgxpool.New(ctx, h.url()); err != nil {
		return nil, err
	}
	h.stops = append(h.stops, h.pool.Close)
	if err := errors.Join(
		migrations.Apply(ctx, h.pool, "platform", migrations.Platform),
		migrations.Apply(ctx, h.pool, "cell", migrations.Cell),
		jobs.Migrate(ctx, h.pool, logger),
	); err != nil {
		return nil, err
	}
	key, err := tenants.ParseMasterKey(h.master)
	if err != nil {
		return nil, err
	}
	cells, err := tenants.NewCells(h.pool, h.url(), key)
	if err != nil {
		return nil, err
	}
	h.stops = append(h.stops, cells.Close)
	if h.db, err = tenants.NewDB(tenants.DBConfig{Cells: cells, Master: key, Enqueuer: jobs.NewEnqueuer(), Clock: time.Now}); err != nil {
		return nil, err
	}
	h.stops = append(h.stops, h.db.Close)
	h.registry = tenants.NewRegistry(tenants.RegistryConfig{
		Platform: h.pool, Cells: cells, DB: h.db, BaseDomain: "localhost", Master: key, Clock: time.Now,
		Seed: catalogue.Seed(),
	})
	return h, nil
}

func (h *house) startPostgres(ctx context.Context, settings map[string]string) (err error) {
	data := filepath.Join(h.dir, "postgres")
	if h.bin, err = parts.FindPostgres(ctx, parts.Options{Bin: os.Getenv("PARVIS_PG_BIN"), DataDir: data}); err != nil {
		return err
	}
	h.postgres, err = parts.StartPostgres(ctx, parts.PostgresOptions{BinDir: h.bin, DataDir: data, Durable: true, MaxConnections: 250, Settings: settings})
	if err != nil {
		return err
	}
	h.stops = append(h.stops, h.postgres.Stop)
	return h.postgres.CreateOwner(ctx, benchOwner, h.password, benchOwner)
}

// url is the database, as its owner.
func (h *house) url() string { return h.postgres.RoleDSN(benchOwner, h.password, benchOwner) }

// superuser gives a connection that may do everything.
func (h *house) superuser(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, h.postgres.DSN(benchOwner))
}

// close stops everything and takes the data away, the last first.
func (h *house) close() {
	for i := len(h.stops) - 1; i >= 0; i-- {
		h.stops[i]()
	}
}

// openTown opens a commune that is ready to take requests in.
func (h *house) openTown(ctx context.Context) (tenants.Tenant, error) {
	t, err := h.registry.Open(ctx, tenants.System("bench"), tenants.Opening{INSEE: benchTown})
	if err != nil {
		return t, err
	}
	return t, h.db.Write(ctx, t, tenants.System("bench"), func(tx *tenants.Tx) error {
		_, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{
			PostalAddress: "1 place de la Mairie\n31320 " + t.Name, Email: "mairie@commune.example", Phone: "05 61 71 70 00", DigestHour: 7,
			Mayor: "Camille Martin", SignatoryName: "Camille Martin", SignatoryTitle: "Maire",
			Court: tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV\n31068 Toulouse Cedex 7"},
			DPO:   tenants.DPO{Name: "Dominique Petit", Email: "dpo@commune.example"},
		}, version); err != nil {
			return err
		}
		entries, err := catalogue.List(ctx, tx)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Procedure().Form == nil {
				continue
			}
			if err := catalogue.SetOpen(ctx, tx, e.Slug, true); err != nil {
				return fmt.Errorf("open %s: %w", e.Slug, err)
			}
		}
		return nil
	})
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
