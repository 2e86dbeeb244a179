package requests

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
)

// The arguments of this package's jobs: keys, and nothing of a person.
type (
	// ProjectArgs asks that a request's state be copied to the hub's projection.
	ProjectArgs struct {
		Tenant  int64      `json:"tenant"`
		Request tenants.ID `json:"request"`
	}
	// LapseArgs asks that silence take effect where its last day is over.
	LapseArgs struct {
		Tenant int64 `json:"tenant"`
	}
	// WatchArgs asks for the alerts before the deadlines.
	WatchArgs struct {
		Tenant int64 `json:"tenant"`
	}
	// DigestArgs asks for the agents' morning mail.
	DigestArgs struct {
		Tenant int64 `json:"tenant"`
	}
	// PurgeDraftsArgs asks that expired drafts be deleted.
	PurgeDraftsArgs struct {
		Tenant int64 `json:"tenant"`
	}
)

// Kind names the job.
func (ProjectArgs) Kind() string { return "request_project" }

// Kind names the job.
func (LapseArgs) Kind() string { return "request_lapse" }

// Kind names the job.
func (WatchArgs) Kind() string { return "request_watch" }

// Kind names the job.
func (DigestArgs) Kind() string { return "request_digest" }

// Kind names the job.
func (PurgeDraftsArgs) Kind() string { return "draft_purge" }

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
