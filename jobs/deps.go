package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/inherit"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/transmission"
	"github.com/parvis-gru/parvis/tenants/workflow/hook"
)

// Deps is what the workers work with.
type Deps struct {
	DB       *tenants.DB
	Registry *tenants.Registry
	Files    *files.Store
	Sender   *notify.Sender
	Logger   *slog.Logger
	Metrics  prometheus.Registerer
	Clock    func() time.Time
	Domains  *domains.Book
	// Operations carries out what is done to whole communes; nil: somebody else does.
	Operations *operations.Service
	// Models brings communes what their hubs propose; nil: somebody else does.
	Models   *inherit.Service
	Openings *opening.Desk
	// Transmissions brings requests from one commune to another.
	Transmissions *transmission.Service
	// Hooks tells other programs of steps of a workflow.
	Hooks *hook.Client
}

// register lists every worker, one line a kind of job.
func (r *Runner) register(workers *river.Workers) {
	addPlatform[quarterArgs](workers, r.quarter, 0)
	addPlatform[sparesArgs](workers, r.keepSpares, nightTimeout)
	addPlatform[domainsArgs](workers, r.keepDomains, nightTimeout)
	addPlatform[openingsArgs](workers, func(ctx context.Context) error { return r.deps.Openings.Resume(ctx) }, 0)
	addOf(workers, r, r.trial, jobTimeout)
	addOf(workers, r, r.send, jobTimeout)
	addOf(workers, r, r.project, jobTimeout)
	addOf(workers, r, r.night, nightTimeout)
	addOf(workers, r, r.morning, nightTimeout)
	addOf(workers, r, r.health, jobTimeout)
	addOf(workers, r, r.transmit, transmitTimeout)
	addOf(workers, r, r.advance, jobTimeout)
	addOf(workers, r, r.webhook, jobTimeout)
}

// transmitTimeout lets a hundred documents be copied.
const transmitTimeout = 5 * time.Minute

// closedWait is when a transmission is looked at again whose recipient is suspended.
const closedWait = 15 * time.Minute

// transmit brings a request to the administration that is competent for it. One that must
// wait for its recipient loses no try.
func (r *Runner) transmit(ctx context.Context, t tenants.Tenant, a requests.TransmitArgs) error {
	err := r.deps.Transmissions.Deliver(ctx, t, a.Transmission)
	if fault.Is(err, "transmission_waits") {
		return river.JobSnooze(closedWait)
	}
	return err
}

// jobTimeout is how long one job may run; nightTimeout is for a whole commune's.
const (
	jobTimeout   = time.Minute
	nightTimeout = 10 * time.Minute
)

// pacedWait is when a message is looked at again whose recipient got enough for now.
const pacedWait = 10 * time.Minute

// send sends a mail or a text message. One that must wait for its recipient's sake
// loses no try.
func (r *Runner) send(ctx context.Context, t tenants.Tenant, a notify.SendArgs) error {
	err := r.deps.Sender.Deliver(ctx, r.deps.DB, t, a.Notification)
	if fault.Is(err, "notification_paced") {
		return river.JobSnooze(pacedWait)
	}
	return err
}
