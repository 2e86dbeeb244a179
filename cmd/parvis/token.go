package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/staff"
)

const tokenUsage = `Usage:
  parvis token issue  --tenant SLUG --agent EMAIL NAME   an API token that acts as this agent; it is shown once
  parvis token list   --tenant SLUG --agent EMAIL        this agent's tokens
  parvis token revoke --tenant SLUG --agent EMAIL ID     end one`

func runToken(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		fmt.Fprintln(out, tokenUsage)
		return errUsage
	}
	flags := flag.NewFlagSet("token "+args[0], flag.ContinueOnError)
	slug := flags.String("tenant", "", "the commune's slug")
	email := flags.String("agent", "", "the agent's e-mail address")
	if err := parsed(flags, args[1:], tokenUsage, out); err != nil {
		return err
	}
	return operate(ctx, io.Discard, func(p *program) error {
		t, err := p.registry.BySlug(ctx, *slug)
		if err != nil && !fault.Is(err, "not_found") {
			return err
		}
		if err != nil {
			return fmt.Errorf("no commune has the slug %q: parvis tenant list shows them", *slug)
		}
		return p.db.Write(ctx, t, tenants.System("parvis token"), func(tx *tenants.Tx) error {
			agent, err := staff.ByEmail(ctx, tx, *email)
			if fault.Is(err, "not_found") {
				return fmt.Errorf("%s has no agent with this e-mail address", t.Name)
			}
			if err != nil {
				return err
			}
			switch {
			case args[0] == "issue" && flags.NArg() == 1:
				token, _, err := staff.IssueToken(ctx, tx, agent.ID, flags.Arg(0))
				if err == nil {
					fmt.Fprintln(out, token)
				}
				return err
			case args[0] == "list" && flags.NArg() == 0:
				list, err := staff.Tokens(ctx, tx, agent.ID)
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
				for _, k := range list {
					fmt.Fprintf(table, "%s\t%s\t%s\n", k.ID, k.Name, k.CreatedAt.Format("2006-01-02"))
				}
				return table.Flush()
			case args[0] == "revoke" && flags.NArg() == 1:
				return staff.RevokeToken(ctx, tx, tenants.ID(flags.Arg(0)))
			}
			return wrongWords(tokenUsage, flags.Name())
		})
	})
}
