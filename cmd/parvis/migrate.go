package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/migrations"
)

// migrationWorkers is how many schemas are migrated at once: measured, more than
// four gain nothing.
const migrationWorkers = 4

func runMigrate(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	status := flags.Bool("status", false, "say where each schema stands, and change nothing")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	c, err := environment()
	if err != nil {
		return err
	}
	platform, cell, err := openPools(ctx, c)
	if err != nil {
		return err
	}
	defer platform.Close()
	defer cell.Close()
	if *status {
		return printStatus(ctx, cell, out)
	}
	outcome, err := migrate(ctx, platform, cell, newLogger(out))
	fmt.Fprintf(out, "communes migrated: %d, failed: %d\n", outcome.Migrated, outcome.Failed)
	return err
}

// migrate brings the platform, the cell, River's tables and every commune to this
// version. A commune that fails leaves the others migrated.
func migrate(ctx context.Context, platform, cell *pgxpool.Pool, logger *slog.Logger) (migrations.Outcome, error) {
	if err := migrations.Apply(ctx, platform, "platform", migrations.Platform); err != nil {
		return migrations.Outcome{}, err
	}
	if err := migrations.Apply(ctx, cell, "cell", migrations.Cell); err != nil {
		return migrations.Outcome{}, err
	}
	if err := jobs.Migrate(ctx, cell, logger); err != nil {
		return migrations.Outcome{}, err
	}
	return migrations.Tenants(ctx, cell, migrations.Tenant, migrationWorkers)
}

func printStatus(ctx context.Context, cell *pgxpool.Pool, out io.Writer) error {
	list, err := migrations.Status(ctx, cell)
	if err != nil {
		return err
	}
	behind := 0
	for _, s := range list {
		if s.Version < migrations.Tenant.Version() || s.Error != "" {
			behind++
			fmt.Fprintf(out, "%s\tversion %d of %d\t%s\n", s.SchemaName, s.Version, migrations.Tenant.Version(), s.Error)
		}
	}
	fmt.Fprintf(out, "%d communes, %d of them behind version %d\n", len(list), behind, migrations.Tenant.Version())
	return nil
}
