package operations

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// mayDirect tells whether somebody may ask for an operation on a commune: the operator, a
// manager of its hub, an administrator of its own. The transport has seen to it that a
// hub's manager is of this commune's hub, and an agent of this commune.
func mayDirect(a tenants.Actor, t tenants.Tenant) error {
	switch {
	case a.MayAdminister(), a.MayManage() && t.HubID != 0:
		return nil
	}
	return fault.New(fault.Forbidden, "admin_only")
}

// Suspend asks that a commune take in no new request. Its hub and the operator may.
func (s *Service) Suspend(ctx context.Context, a tenants.Actor, t tenants.Tenant) (Operation, error) {
	if err := mayDirect(a, t); err != nil {
		return Operation{}, err
	}
	if t.State != tenants.StateLive {
		return Operation{}, fault.New(fault.Conflict, "tenant_state")
	}
	return s.start(ctx, a, of(Suspend, t))
}

// Resume asks that a suspended commune take in requests again. One whose erasure waits is
// fault.Conflict "operation_pending": that is called off first.
func (s *Service) Resume(ctx context.Context, a tenants.Actor, t tenants.Tenant) (Operation, error) {
	if err := mayDirect(a, t); err != nil {
		return Operation{}, err
	}
	if t.State != tenants.StateSuspended {
		return Operation{}, fault.New(fault.Conflict, "tenant_state")
	}
	return s.start(ctx, a, of(Resume, t))
}

func suspend(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	if err := r.config.Registry.Suspend(ctx, t); err != nil {
		return err
	}
	return r.config.Registry.Record(ctx, r.op.actor(), t, "tenant_suspended", nil)
}

func resume(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	if err := r.reopen(ctx, t); err != nil {
		return err
	}
	return r.config.Registry.Record(ctx, r.op.actor(), t, "tenant_resumed", nil)
}

const (
	// Since when a commune has been suspended: by itself, or for an erasure.
	sqlSuspendedSince = `select coalesce(max(case kind when 'suspend' then ended_at else confirmed_at end), $2)
		from platform.operation where tenant_id = $1 and (kind = 'suspend' and state = 'done' or kind = 'delete' and confirmed_at is not null)`
	sqlAgeless = `update draft set expires_at = expires_at + make_interval(secs => $1)`
)

// reopen lets a commune live again. Its drafts get the time back during which nobody could
// go on with them.
func (s *Service) reopen(ctx context.Context, t tenants.Tenant) error {
	if t.State == tenants.StateLive {
		return nil
	}
	var since time.Time
	if err := s.config.Platform.QueryRow(ctx, sqlSuspendedSince, t.ID, s.now()).Scan(&since); err != nil {
		return away(err)
	}
	err := s.config.DB.Write(ctx, t, tenants.System("reprise du portail"), func(tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, sqlAgeless, s.now().Sub(since).Seconds())
		return err
	})
	if err != nil {
		return err
	}
	return s.config.Registry.Resume(ctx, t)
}
