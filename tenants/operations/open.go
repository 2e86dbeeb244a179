package operations

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Create asks that a commune be opened. Hubs' managers and the operator may. A code
// that is no commune's is fault.NotFound "commune_unknown", a commune that is open already
// fault.Conflict "tenant_exists".
func (s *Service) Create(ctx context.Context, a tenants.Actor, o tenants.Opening) (Operation, error) {
	if !a.MayManage() {
		return Operation{}, fault.New(fault.Forbidden, "hub_manager_only")
	}
	commune, err := communes.ByINSEE(o.INSEE)
	if err != nil {
		return Operation{}, err
	}
	if t, err := s.config.Registry.ByINSEE(ctx, o.INSEE); err == nil && t.State != tenants.StateOpening {
		return Operation{}, fault.New(fault.Conflict, "tenant_exists")
	} else if err != nil && !fault.Is(err, "not_found") {
		return Operation{}, err
	}
	return s.start(ctx, a, Operation{
		Kind: Create, HubID: o.HubID, INSEE: o.INSEE, Name: commune.Name,
		Data: Details{Colour: o.Colour, Temple: o.Temple, Slug: o.Slug, Hub: o.HubID},
	})
}

// open opens the commune; one that it opened before it was interrupted is taken as it is.
func open(ctx context.Context, r *run) error {
	d := r.op.Data
	t, err := r.config.Registry.Open(ctx, r.op.actor(), tenants.Opening{HubID: d.Hub, INSEE: r.op.INSEE, Colour: d.Colour, Temple: d.Temple, Slug: d.Slug})
	if fault.Is(err, "tenant_exists") {
		there, lookup := r.config.Registry.ByINSEE(ctx, r.op.INSEE)
		if lookup == nil && !there.CreatedAt.Before(r.op.CreatedAt) && there.HubID == d.Hub {
			t, err = there, nil
		}
	}
	r.op.TenantID = t.ID
	return err
}

// abandonOpening removes what an opening left that cannot succeed.
func abandonOpening(ctx context.Context, r *run) error {
	t, err := r.config.Registry.ByINSEE(ctx, r.op.INSEE)
	if fault.Is(err, "not_found") || err == nil && t.State != tenants.StateOpening {
		return nil
	}
	if err != nil {
		return err
	}
	return r.config.Registry.Abandon(ctx, t)
}
