package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

const cellUsage = `Usage:
  parvis cell list                                          the databases of communes, and how full each is
  parvis cell add [--soft N] [--hard N] [--spares N] NAME   another one; its address is read from the standard input:
                                                            echo postgres://parvis:…@10.0.0.7:5432/cell2 | parvis cell add cell-2
  parvis cell address NAME                                  it is reached otherwise now: the same, from the standard input
  parvis cell limit [--soft N] [--hard N] [--spares N] NAME   change its limits
  parvis cell drain [--stop] NAME                           it gets no new commune (or may again); move its communes with
                                                            parvis tenant move`

func runCell(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		fmt.Fprintln(out, cellUsage)
		return errUsage
	}
	flags := flag.NewFlagSet("cell "+args[0], flag.ContinueOnError)
	soft := flags.Int("soft", 0, "communes, above which other cells are preferred")
	hard := flags.Int("hard", 0, "communes, above which none is added")
	spares := flags.Int("spares", -1, "schemas kept ready")
	stop := flags.Bool("stop", false, "drain no more")
	if err := parsed(flags, args[1:], cellUsage, out); err != nil {
		return err
	}
	return operate(ctx, io.Discard, func(p *program) error {
		name := flags.Arg(0)
		switch {
		case args[0] == "list" && flags.NArg() == 0:
			return p.listCells(ctx, out)
		case args[0] == "add" && flags.NArg() == 1:
			return p.addCell(ctx, out, os.Stdin, tenants.Cell{Name: name, Soft: *soft, Hard: *hard, Spares: *spares})
		case args[0] == "address" && flags.NArg() == 1:
			return p.readdressCell(ctx, out, os.Stdin, name)
		case args[0] == "limit" && flags.NArg() == 1:
			return p.limitCell(ctx, out, tenants.Cell{Name: name, Soft: *soft, Hard: *hard, Spares: *spares})
		case args[0] == "drain" && flags.NArg() == 1:
			if err := p.cells.Drain(ctx, name, !*stop); err != nil {
				return cellFault(err, name)
			}
			return p.listCells(ctx, out)
		}
		return wrongWords(cellUsage, flags.Name())
	})
}

func (p *program) listCells(ctx context.Context, out io.Writer) error {
	list, err := p.cells.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "CELL\tCOMMUNES\tINHABITANTS\tLOAD\tSOFT\tHARD\tSPARES\tSTATE")
	for _, c := range list {
		spares, state := "?", "takes communes"
		if n, err := p.registry.Spares(ctx, c.Name); err != nil {
			state = "AWAY, or not migrated"
		} else {
			spares = fmt.Sprintf("%d of %d", n, c.Spares)
		}
		switch {
		case c.Draining:
			state += ", draining"
		case c.Tenants >= c.Hard:
			state += ", full"
		case c.Tenants >= c.Soft:
			state += ", above its soft limit"
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%.0f %%\t%d\t%d\t%s\t%s\n", c.Name, c.Tenants, c.Population, 100*c.Load(), c.Soft, c.Hard, spares, state)
	}
	return table.Flush()
}

// A cell's limits and spares, where none are said (scale.md: measured).
const (
	defaultSoft   = 2500
	defaultHard   = 5000
	defaultSpares = 50
)

// addCell registers a cell and migrates its database, which must exist.
func (p *program) addCell(ctx context.Context, out io.Writer, in io.Reader, cell tenants.Cell) error {
	address, err := readAddress(in)
	if err != nil {
		return err
	}
	cell.Soft, cell.Hard = orDefault(cell.Soft, 0, defaultSoft), orDefault(cell.Hard, 0, defaultHard)
	if err := p.cells.Add(ctx, cell, address); err != nil {
		return cellFault(err, cell.Name)
	}
	cell.Spares = orDefault(cell.Spares, -1, defaultSpares)
	if err := p.cells.Limit(ctx, cell); err != nil {
		return cellFault(err, cell.Name)
	}
	if _, err := p.migrateCell(ctx, cell.Name, nil); err != nil {
		return fmt.Errorf("cell %s is registered, but its database could not be migrated: %w. Mend it, and run parvis migrate", cell.Name, err)
	}
	fmt.Fprintf(out, "cell %s takes communes\n", cell.Name)
	return nil
}

// readAddress reads a line: an address holds a password, and a command line is read by
// everybody on the machine.
func readAddress(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if line = strings.TrimSpace(line); line != "" {
		return line, nil
	}
	return "", fmt.Errorf("no address came on the standard input (%w): echo postgres://… | parvis cell …", err)
}

// readdressCell says where a cell's database is now.
func (p *program) readdressCell(ctx context.Context, out io.Writer, in io.Reader, name string) error {
	address, err := readAddress(in)
	if err != nil {
		return err
	}
	if name == tenants.FirstCell {
		return fmt.Errorf("the address of %s stands in PARVIS_CELL_URL", name)
	}
	if err := p.cells.Readdress(ctx, name, address); err != nil {
		return cellFault(err, name)
	}
	fmt.Fprintf(out, "the address of cell %s is changed: start serve and work again\n", name)
	return nil
}

// limitCell changes what is said, and leaves the rest.
func (p *program) limitCell(ctx context.Context, out io.Writer, asked tenants.Cell) error {
	now, err := p.cells.Get(ctx, asked.Name)
	if err != nil {
		return cellFault(err, asked.Name)
	}
	now.Soft, now.Hard, now.Spares = orDefault(asked.Soft, 0, now.Soft), orDefault(asked.Hard, 0, now.Hard), orDefault(asked.Spares, -1, now.Spares)
	if err := p.cells.Limit(ctx, now); err != nil {
		return cellFault(err, asked.Name)
	}
	return p.listCells(ctx, out)
}

// orDefault gives a number that was said, or another.
func orDefault(said, unsaid, other int) int {
	if said == unsaid {
		return other
	}
	return said
}

// cellFault says in a line what to do.
func cellFault(err error, name string) error {
	switch {
	case fault.Is(err, "cell_unknown"):
		return fmt.Errorf("there is no cell %q: parvis cell list names them", name)
	case fault.Is(err, "cell_draining"), fault.Is(err, "cell_full"):
		return fmt.Errorf("cell %q takes no other commune: parvis cell list shows why", name)
	case fault.Is(err, "cell_exists"):
		return fmt.Errorf("there is a cell %q already", name)
	case fault.Is(err, "cell_name"):
		return fmt.Errorf("%q is no name of a cell: take letters from a to z, digits and hyphens, like cell-2", name)
	case fault.Is(err, "cell_limits"):
		return fmt.Errorf("the limits of cell %q make no sense: the hard one is at least the soft one, and spares are 0 to 500", name)
	case fault.Is(err, "cell_address"):
		return fmt.Errorf("the database of cell %q does not answer at the address given: is it there, and are user and password right?", name)
	}
	return err
}
