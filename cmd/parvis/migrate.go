package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/parvis-gru/parvis/jobs"
	"github.com/parvis-gru/parvis/migrations"
)

// migrationWorkers is how many schemas of a cell are migrated at once: measured, more
// than four gain nothing.
const migrationWorkers = 4

const migrateUsage = "parvis migrate [--status] [--canaries SLUG,SLUG…]   bring the databases to this version; --status changes nothing"

func runMigrate(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	status := flags.Bool("status", false, "say where each schema stands, and change nothing")
	canaries := flags.String("canaries", "", "the communes that go first, by their slugs, with commas (default: the oldest of each cell)")
	if err := parsed(flags, args, migrateUsage, out); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return wrongWords(migrateUsage, flags.Name())
	}
	return operate(ctx, out, func(p *program) error {
		if *status {
			return p.migrationStatus(ctx, out)
		}
		outcome, err := p.migrate(ctx, strings.FieldsFunc(*canaries, func(r rune) bool { return r == ',' })...)
		fmt.Fprintf(out, "communes migrated: %d, failed: %d\n", outcome.Migrated, outcome.Failed)
		return err
	})
}

// migrate brings the platform, the cells with River's tables, and every commune to this
// version: in each cell its canaries first, and where one of them fails no other. A
// commune that fails leaves the others migrated, a cell that fails the other cells.
func (p *program) migrate(ctx context.Context, canaries ...string) (migrations.Outcome, error) {
	var sum migrations.Outcome
	if err := migrations.Apply(ctx, p.platform, "platform", migrations.Platform); err != nil {
		return sum, err
	}
	first, err := p.canaries(ctx, canaries)
	if err != nil {
		return sum, err
	}
	cells, err := p.cells.List(ctx)
	if err != nil {
		return sum, err
	}
	var errs []error
	for _, cell := range cells {
		outcome, err := p.migrateCell(ctx, cell.Name, first[cell.Name])
		sum.Migrated += outcome.Migrated
		sum.Failed += outcome.Failed
		if err != nil {
			errs = append(errs, fmt.Errorf("cell %s: %w", cell.Name, err))
		}
	}
	return sum, errors.Join(errs...)
}

// canaries gives the schemas that go first, by cell.
func (p *program) canaries(ctx context.Context, slugs []string) (map[string][]string, error) {
	first := map[string][]string{}
	for _, slug := range slugs {
		t, err := p.registry.BySlug(ctx, strings.TrimSpace(slug))
		if err != nil {
			return nil, fmt.Errorf("there is no commune %q: parvis tenant list names them", slug)
		}
		first[t.Cell] = append(first[t.Cell], t.Schema)
	}
	return first, nil
}

func (p *program) migrateCell(ctx context.Context, name string, canaries []string) (migrations.Outcome, error) {
	owner, err := p.cells.Owner(ctx, name)
	if err != nil {
		return migrations.Outcome{}, err
	}
	if err := migrations.Apply(ctx, owner, "cell", migrations.Cell); err != nil {
		return migrations.Outcome{}, err
	}
	if err := jobs.Migrate(ctx, owner, p.logger); err != nil {
		return migrations.Outcome{}, err
	}
	return migrations.Tenants(ctx, owner, migrations.Tenant, migrations.Run{Workers: migrationWorkers, Canaries: canaries})
}

// migrationStatus says where each commune stands that is behind or failed.
func (p *program) migrationStatus(ctx context.Context, out io.Writer) error {
	cells, err := p.cells.List(ctx)
	if err != nil {
		return fmt.Errorf("%w: has parvis migrate been run?", err)
	}
	list, err := p.registry.Tenants(ctx)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, t := range list {
		names[t.Schema] = t.Slug
	}
	newest, behind, all := migrations.Tenant.Version(), 0, 0
	for _, cell := range cells {
		owner, err := p.cells.Owner(ctx, cell.Name)
		if err != nil {
			return err
		}
		schemas, err := migrations.Status(ctx, owner)
		if err != nil {
			return fmt.Errorf("cell %s: %w", cell.Name, err)
		}
		all += len(schemas)
		for _, s := range schemas {
			if s.Version < newest || s.Error != "" {
				behind++
				fmt.Fprintf(out, "%s\t%s\t%s\tversion %d of %d\t%s\n", cell.Name, s.SchemaName, names[s.SchemaName], s.Version, newest, s.Error)
			}
		}
	}
	fmt.Fprintf(out, "%d communes in %d cells, %d of them behind version %d\n", all, len(cells), behind, newest)
	return nil
}
