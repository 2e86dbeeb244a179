package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// domainsArgs looks at the communes' own host names whose time has come, and tells
// administrators what they must know. Every cell asks for it: each name is claimed, and
// looked at once.
type domainsArgs struct{}

func (domainsArgs) Kind() string { return "platform_domains" }

const (
	domainsEvery  = 5 * time.Minute
	domainsAtOnce = 8
)

// domainsPath is the page that a warning leads to.
const domainsPath = "/agents/reglages/adresse"

// keepDomains looks and tells.
func (r *Runner) keepDomains(ctx context.Context) error {
	return errors.Join(r.lookAtDomains(ctx), r.warnOfDomains(ctx))
}

// lookAtDomains goes on while there are names whose time has come. One that fails keeps
// no other from being looked at.
func (r *Runner) lookAtDomains(ctx context.Context) error {
	for {
		due, err := r.deps.Domains.Due(ctx)
		if err != nil || len(due) == 0 {
			return err
		}
		failed := make([]error, len(due))
		var group errgroup.Group
		group.SetLimit(domainsAtOnce)
		for i, d := range due {
			group.Go(func() error {
				t, err := r.deps.Registry.ByID(ctx, d.TenantID)
				if err == nil {
					_, err = r.deps.Domains.Check(ctx, t, d.Host)
				}
				if err != nil && !fault.Is(err, "not_found") { // removed meanwhile
					failed[i] = fmt.Errorf("a domain of tenant %d: %w", d.TenantID, err)
				}
				return nil
			})
		}
		if err := errors.Join(group.Wait(), errors.Join(failed...)); err != nil {
			return err
		}
	}
}

// warnOfDomains mails each warning to the commune's administrators. A crash between the
// mail and its memory tells it twice, never less.
func (r *Runner) warnOfDomains(ctx context.Context) error {
	list, err := r.deps.Domains.Warnings(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, w := range list {
		t, err := r.deps.Registry.ByID(ctx, w.TenantID)
		if err == nil {
			err = r.deps.DB.Write(ctx, t, tenants.System("adresse du site"), func(tx *tenants.Tx) error { return mailDomainWarning(ctx, tx, w) })
		}
		if err == nil {
			err = r.deps.Domains.Told(ctx, w)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("a warning of tenant %d: %w", w.TenantID, err))
		}
	}
	return errors.Join(failed...)
}

func mailDomainWarning(ctx context.Context, tx *tenants.Tx, w domains.Warning) error {
	data := notify.DomainWarning{Kind: string(w.Kind), Host: domains.Unicode(w.Host), Path: domainsPath}
	if w.Kind == domains.Expiring {
		data.EndsOn = calendar.On(w.Until, tx.Tenant().Zone())
	}
	return staff.MailAdmins(ctx, tx, func(a staff.Agent) notify.Data {
		data.Agent = a.Name()
		return data
	})
}
