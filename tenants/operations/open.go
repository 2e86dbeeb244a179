package operations

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
)

// Opening is how a commune is opened.
type Opening struct {
	tenants.Opening
	Mayor string // where the mayor asks for the portal; else empty
	// Ready opens every procedure that lacks nothing: nobody of the town hall goes through
	// « Mise en route » first.
	Ready bool
}

// Create asks that a commune be opened, or the portal of an EPCI's own services. Hubs'
// managers and the operator may. A code that is no commune's is fault.NotFound
// "commune_unknown", no EPCI's "epci_unknown", a commune that is open already
// fault.Conflict "tenant_exists"; where no cell takes one, fault.Unavailable "cells_full".
func (s *Service) Create(ctx context.Context, a tenants.Actor, o Opening) (Operation, error) {
	if !a.MayManage() {
		return Operation{}, fault.New(fault.Forbidden, "hub_manager_only")
	}
	name, err := tenants.NameOf(o.INSEE)
	if err != nil {
		return Operation{}, err
	}
	if err := s.notOpen(ctx, o.INSEE); err != nil {
		return Operation{}, err
	}
	if err := s.config.Registry.HasRoom(ctx); err != nil {
		return Operation{}, err
	}
	return s.start(ctx, a, Operation{
		Kind: Create, HubID: o.HubID, INSEE: o.INSEE, Name: name,
		Data: Details{Colour: o.Colour, Temple: o.Temple, Slug: o.Slug, Hub: o.HubID, Mayor: o.Mayor, Ready: o.Ready},
	})
}

// notOpen refuses a commune that is a tenant already.
func (s *Service) notOpen(ctx context.Context, insee string) error {
	t, err := s.config.Registry.ByINSEE(ctx, insee)
	switch {
	case fault.Is(err, "not_found"), err == nil && t.State == tenants.StateOpening:
		return nil
	case err == nil:
		return fault.New(fault.Conflict, "tenant_exists")
	}
	return err
}

// Open opens a commune at once: it asks ([Service.Create]) and carries out. An opening of
// the same commune that the same actor asked for is followed to its end. Where
// something is away for the moment the fault is Unavailable, and the workers go on by
// themselves.
func (s *Service) Open(ctx context.Context, a tenants.Actor, o Opening) (tenants.Tenant, error) {
	op, err := s.Create(ctx, a, o)
	if fault.Is(err, "operation_pending") {
		if pending, lookup := s.one(ctx, sqlOpenOf, o.INSEE, Create); lookup == nil && pending.HubID == o.HubID && pending.AskedKind == string(a.Kind) && pending.AskedID == string(a.ID) {
			op, err = pending, nil
		}
	}
	if err != nil {
		return tenants.Tenant{}, err
	}
	if op, err = s.Follow(ctx, op.ID); err != nil {
		return tenants.Tenant{}, err
	}
	return s.config.Registry.ByID(ctx, op.TenantID)
}

func register(ctx context.Context, r *run) error {
	d := r.op.Data
	t, err := r.config.Registry.Register(ctx, tenants.Opening{HubID: d.Hub, INSEE: r.op.INSEE, Colour: d.Colour, Temple: d.Temple, Slug: d.Slug})
	r.op.TenantID = t.ID
	return err
}

func furnish(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	return r.config.Registry.Furnish(ctx, t)
}

// prefill gives the commune what is known of it and what its hub provides. It changes
// that as it likes; what is still missing keeps a procedure closed.
func prefill(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	given, err := opening.Known(ctx, r.config.Platform, r.config.Registry, t)
	if err != nil {
		return err
	}
	given.Mayor = r.op.Data.Mayor
	by := tenants.System("ouverture")
	if given.Hub != "" {
		by.Name += " par " + given.Hub
	}
	return r.config.DB.Write(ctx, t, by, func(tx *tenants.Tx) error {
		if err := opening.Prefill(ctx, tx, given); err != nil || !r.op.Data.Ready {
			return err
		}
		_, err := catalogue.OpenAll(ctx, tx)
		return err
	})
}

// goLive opens the doors.
func goLive(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	_, err = r.config.Registry.GoLive(ctx, r.op.actor(), t, "tenant_opened", map[string]string{"insee": t.INSEE})
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
