package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

const tenantUsage = `Usage:
  parvis tenant list                                        the communes, with their state
  parvis tenant open [--hub SLUG] [--colour #rrggbb] INSEE   open a commune
  parvis tenant hub --slug SLUG SIREN                        open a hub for an EPCI
  parvis tenant admin --tenant SLUG EMAIL GIVEN-NAME NAME    the first administrator of a commune
  parvis tenant admin --hub SLUG EMAIL GIVEN-NAME NAME       an administrator of a hub`

func runTenant(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		fmt.Fprintln(out, tenantUsage)
		return errUsage
	}
	flags := flag.NewFlagSet("tenant "+args[0], flag.ContinueOnError)
	hub := flags.String("hub", "", "the hub's slug")
	colour := flags.String("colour", "", "the commune's colour")
	slug := flags.String("slug", "", "the hub's host label")
	commune := flags.String("tenant", "", "the commune's slug")
	if err := flags.Parse(args[1:]); err != nil {
		return errUsage
	}
	c, err := environment()
	if err != nil {
		return err
	}
	p, err := wire(ctx, c, newLogger(io.Discard))
	if err != nil {
		return err
	}
	defer p.close()
	switch {
	case args[0] == "list" && flags.NArg() == 0:
		return p.listTenants(ctx, out)
	case args[0] == "open" && flags.NArg() == 1:
		return p.openTenant(ctx, out, *hub, flags.Arg(0), *colour)
	case args[0] == "hub" && flags.NArg() == 1 && *slug != "":
		return p.openHub(ctx, out, *slug, flags.Arg(0))
	}
	if n := (newcomer{flags.Arg(0), flags.Arg(1), flags.Arg(2)}); args[0] == "admin" && flags.NArg() == 3 {
		switch {
		case *hub != "" && *commune == "":
			return p.addHubAdmin(ctx, out, *hub, n)
		case *commune != "" && *hub == "":
			return p.addTenantAdmin(ctx, out, *commune, n)
		}
	}
	fmt.Fprintln(out, tenantUsage)
	return errUsage
}

func (p *program) listTenants(ctx context.Context, out io.Writer) error {
	list, err := p.registry.Tenants(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, t := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.INSEE, t.Name, p.registry.HostOf(t), t.State, t.Schema)
	}
	return table.Flush()
}

func (p *program) openTenant(ctx context.Context, out io.Writer, hub, insee, colour string) error {
	o := tenants.Opening{INSEE: insee, Colour: colour}
	if hub != "" {
		h, err := p.registry.HubBySlug(ctx, hub)
		if err != nil {
			return fmt.Errorf("there is no hub %q: open it with parvis tenant hub", hub)
		}
		o.HubID = h.ID
	}
	t, err := p.registry.Open(ctx, tenants.System("parvis tenant open"), o)
	switch {
	case fault.Is(err, "tenant_exists"):
		return fmt.Errorf("the commune %s is open already", insee)
	case fault.Is(err, "commune_unknown"):
		return fmt.Errorf("no commune has the INSEE code %q today: look it up, merged communes have new codes", insee)
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "%s is open at %s\n", t.Name, p.url(p.registry.Host(t.Slug)))
	return nil
}

func (p *program) openHub(ctx context.Context, out io.Writer, slug, siren string) error {
	epci, err := communes.EPCIBySIREN(siren)
	if err != nil {
		return fmt.Errorf("no EPCI has the SIREN %q", siren)
	}
	h, err := p.registry.NewHub(ctx, tenants.Hub{Slug: slug, SIREN: siren, Name: epci.Name, Colour: hubColour})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is open at %s\n", h.Name, p.url(p.registry.Host(h.Slug)))
	return nil
}

// hubColour is a new hub's, until it chooses its own.
const hubColour = "#0b5c8a"
