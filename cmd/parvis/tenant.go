package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
)

const tenantUsage = `Usage:
  parvis tenant list [--json]                               the communes, with their state and cell
  parvis tenant create --insee CODE [--hub SLUG] [--colour #rrggbb]   open a commune
  parvis tenant create --siren NUMBER [--hub SLUG] [--slug SLUG]      the portal of an EPCI's own services (waste, water…)
  parvis tenant suspend SLUG                                it takes in no new request
  parvis tenant resume SLUG                                 it takes in requests again
  parvis tenant export [--passphrase-file FILE] SLUG > x.tar.zst      all that it owns, readable without us
  parvis tenant import [--slug NEW] [--hub SLUG] [--passphrase-file FILE] x.tar.zst
  parvis tenant move --to CELL SLUG                         to another database
  parvis tenant delete --by NAME [--days N] SLUG            ask that it be erased
  parvis tenant confirm --by NAME --visa WORDS SLUG         somebody else's word
  parvis tenant cancel SLUG                                 it is not erased after all
  parvis tenant operations SLUG                             what was done to it
  parvis tenant certificate CODE                            of an erased commune
  parvis tenant certificate verify [--key KEY] FILE         is it one that this deployment signed?
  parvis tenant certificate key                             the deployment's public key
  parvis tenant hub --slug SLUG SIREN                       open a hub for an EPCI
  parvis tenant admin --tenant SLUG EMAIL GIVEN-NAME NAME   the first administrator of a commune
  parvis tenant admin --hub SLUG EMAIL GIVEN-NAME NAME      an administrator of a hub
  parvis tenant addresses FILE                              official addresses of town halls: the State's directory as JSON, or insee;email;phone;address
  parvis tenant approve [[--refuse REASON] KEY]             the requests for an opening that wait; answer one
  parvis tenant subscribe SLUG                              a commune in trial has subscribed`

func runTenant(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		fmt.Fprintln(out, tenantUsage)
		return errUsage
	}
	flags := flag.NewFlagSet("tenant "+args[0], flag.ContinueOnError)
	f := newLifeFlags(flags)
	f.hub = flags.String("hub", "", "the hub's slug")
	f.colour = flags.String("colour", "", "the commune's colour")
	f.slug = flags.String("slug", "", "the host label")
	commune := flags.String("tenant", "", "the commune's slug")
	refuse := flags.String("refuse", "", "why a request for an opening is refused")
	words, err := parseMixed(flags, args[1:], out)
	if err != nil {
		return err
	}
	return operate(ctx, io.Discard, func(p *program) error {
		if known, err := p.life(ctx, out, args[0], words, f); known {
			return err
		}
		if known, err := p.opening(ctx, out, args[0], words, *refuse); known {
			return err
		}
		if args[0] == "hub" && len(words) == 1 && *f.slug != "" {
			return p.openHub(ctx, out, *f.slug, words[0])
		}
		if args[0] == "admin" && len(words) == 3 {
			switch n := (newcomer{words[0], words[1], words[2]}); {
			case *f.hub != "" && *commune == "":
				return p.addHubAdmin(ctx, out, *f.hub, n)
			case *commune != "" && *f.hub == "":
				return p.addTenantAdmin(ctx, out, *commune, n)
			}
		}
		return wrongWords(tenantUsage, flags.Name())
	})
}

// parseMixed takes flags before and after the other words.
func parseMixed(flags *flag.FlagSet, args []string, out io.Writer) (words []string, err error) {
	for len(args) > 0 {
		if err := parsed(flags, args, tenantUsage, out); err != nil {
			return nil, err
		}
		if args = flags.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	return words, nil
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
