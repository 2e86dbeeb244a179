package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/parvis-gru/parvis/api/open"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

// operatorOf reads who runs the platform: parts that | parts, the name first.
func operatorOf(text string) open.Operator {
	var o open.Operator
	for part := range strings.SplitSeq(text, "|") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if o.Name == "" {
			o.Name = part
			continue
		}
		o.Lines = append(o.Lines, part)
	}
	return o
}

// opening does what the operator has to do with openings and trials, and tells whether
// it knew the word.
func (p *program) opening(ctx context.Context, out io.Writer, word string, words []string, refuse string) (known bool, err error) {
	switch {
	case word == "addresses" && len(words) == 1:
		return true, p.loadAddresses(ctx, out, words[0])
	case word == "approve" && len(words) == 0 && refuse == "":
		return true, p.listOpenings(ctx, out)
	case word == "approve" && len(words) == 1:
		return true, p.decideOpening(ctx, out, words[0], refuse)
	case word == "subscribe" && len(words) == 1:
		return true, p.subscribe(ctx, out, words[0])
	}
	return false, nil
}

// loadAddresses takes in the State's directory of town halls, which the operator has
// downloaded.
func (p *program) loadAddresses(ctx context.Context, out io.Writer, path string) error {
	f, err := os.Open(path) //nolint:gosec // the file that the operator names
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is only read
	l, err := p.openings.LoadDirectory(ctx, f, filepath.Base(path))
	switch {
	case fault.Is(err, "directory_empty"):
		return fmt.Errorf("%s holds no town hall: is it the « annuaire de l’administration – base de données locales » as JSON, or lines of insee;email;phone;address?", path)
	case fault.Is(err, "directory_unreadable"):
		return fmt.Errorf("%s cannot be read to its end, and nothing was changed: %w", path, err)
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "%d town halls taken, %d of them without an e-mail address\n", l.Taken, l.WithoutEmail)
	fmt.Fprintf(out, "ignored: %d other services, %d of no commune of today, %d repeated, %d unreadable\n", l.Other, l.Unknown, l.Repeated, l.Unreadable)
	return nil
}

// listOpenings shows the requests that wait for a word.
func (p *program) listOpenings(ctx context.Context, out io.Writer) error {
	list, err := p.openings.ForOperator(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, r := range list {
		c := r.Commune()
		fmt.Fprintf(table, "%s\t%s %s\t%s\t%s, %s\t%s\t%s\n", r.ID, r.INSEE, c.Name, r.Proof, r.Name(), opening.PositionLabel(r.Position), r.Email, r.CreatedAt.Format(time.DateOnly))
	}
	return table.Flush()
}

// decideOpening approves a request, or refuses it where a reason is given.
func (p *program) decideOpening(ctx context.Context, out io.Writer, id, reason string) error {
	key, err := tenants.ParseID(id)
	if err != nil {
		return fmt.Errorf("%q is no request's key: parvis tenant approve shows those that wait", id)
	}
	var r opening.Request
	if reason != "" {
		r, err = p.openings.Refuse(ctx, opening.Operator(), key, reason)
	} else {
		r, err = p.openings.Approve(ctx, opening.Operator(), key)
	}
	switch {
	case fault.Is(err, "opening_unknown"):
		return fmt.Errorf("no request has the key %q, or it waits for a code: parvis tenant approve shows those that wait", id)
	case fault.Is(err, "opening_decided"):
		return fmt.Errorf("the request %s has its answer already", id)
	case fault.Is(err, "tenant_exists"):
		return fmt.Errorf("the commune %s was opened otherwise meanwhile", r.INSEE)
	case err != nil:
		return err
	case r.State == opening.Refused:
		fmt.Fprintf(out, "%s: refused, and the applicant is told by mail\n", r.Commune().Name)
		return nil
	}
	t, err := p.registry.ByINSEE(ctx, r.INSEE)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is open at %s; its first administrator is invited by mail (parvis work sends it)\n", t.Name, p.url(p.registry.HostOf(t)))
	return nil
}

// subscribe notes that a commune subscribes: its trial is over.
func (p *program) subscribe(ctx context.Context, out io.Writer, slug string) error {
	t, err := p.registry.BySlug(ctx, slug)
	if fault.Is(err, "not_found") {
		return fmt.Errorf("no commune has the slug %q: parvis tenant list shows them", slug)
	}
	if err != nil {
		return err
	}
	c, err := communes.ByINSEE(t.INSEE)
	if err != nil {
		return err
	}
	plan := subscription.PlanFor(c.Population)
	if err := subscription.Confirm(ctx, p.platform, t.ID, plan.Key, calendar.On(time.Now(), t.Zone())); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s has subscribed, plan %s\n", t.Name, plan.Key)
	return nil
}
