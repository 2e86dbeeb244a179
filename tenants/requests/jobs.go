package requests

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// ProjectArgs asks that a request's state be copied to the hub's projection. Like
// all jobs' arguments it holds keys, and nothing of a person. What runs by the clock
// (silence, alerts, digest, expired drafts) is asked for by the timetable of jobs.
type ProjectArgs struct {
	Tenant  int64      `json:"tenant"`
	Request tenants.ID `json:"request"`
	// Morning is the first one that can tell of what happened (none: at once).
	Morning calendar.Date `json:"morning,omitzero"`
}

// Kind names the job.
func (ProjectArgs) Kind() string { return "request_project" }

// ProjectionOf gives what the hub may know of a request: no person is in it.
func ProjectionOf(ctx context.Context, tx *tenants.Tx, id tenants.ID) (tenants.Projection, error) {
	r, err := one(ctx, tx, sqlRequestByID, id)
	if err != nil {
		return tenants.Projection{}, err
	}
	return tenants.Projection{
		TenantID: tx.Tenant().ID, Number: r.Number, Procedure: r.ProcedureSlug, Channel: r.Channel, State: string(r.State),
		ReceivedOn: r.ReceivedOn, DueOn: r.DueOn, ClosedOn: r.ClosedOn, Version: r.Version,
	}, nil
}
