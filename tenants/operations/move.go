package operations

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// grace is how long what a move left behind is kept.
const grace = 24 * time.Hour

// Move asks that a commune go to another cell. A manager of its hub and the operator may;
// the hub where [Service.Destinations] refuses nothing, the operator above a soft limit
// too. A cell that is not there is fault.NotFound "cell_unknown"; one that is refused,
// fault.Conflict with the code that Destinations gives.
func (s *Service) Move(ctx context.Context, a tenants.Actor, t tenants.Tenant, cell string) (Operation, error) {
	if err := mayMove(a, t); err != nil {
		return Operation{}, err
	}
	cells, err := s.Destinations(ctx, a, t)
	if err != nil {
		return Operation{}, err
	}
	i := slices.IndexFunc(cells, func(d Destination) bool { return d.Name == cell })
	switch {
	case i < 0:
		return Operation{}, fault.New(fault.NotFound, "cell_unknown")
	case cells[i].Refused != "":
		return Operation{}, fault.New(fault.Conflict, cells[i].Refused)
	case t.State == tenants.StateOpening:
		return Operation{}, fault.New(fault.Conflict, "tenant_state")
	}
	o := of(Move, t)
	o.Data = Details{From: t.Cell, To: cell, Epoch: t.Epoch, Schema: t.Schema}
	return s.start(ctx, a, o)
}

// mayMove tells whether somebody may have a commune go to another cell. Its own
// administrators may not: which cell it lies in changes nothing for them.
func mayMove(a tenants.Actor, t tenants.Tenant) error {
	switch {
	case a.Kind == tenants.ActorSystem, a.MayManage() && t.HubID != 0:
		return nil
	}
	return fault.New(fault.Forbidden, "hub_manager_only")
}

// Destination is a cell, and why a commune may not go there: the code of a fault, or
// nothing. "tenant_in_cell": it is there; "cell_draining": the operator empties it;
// "cell_full": it is at its hard limit; "cell_loaded": it is above its soft limit, and
// another is below; "cell_away": its database does not answer, or is not migrated.
type Destination struct {
	tenants.Cell
	Refused string
}

// Destinations gives every cell, and whether the commune may go there when it is the actor
// who asks. The rules are those of a new commune's place.
func (s *Service) Destinations(ctx context.Context, a tenants.Actor, t tenants.Tenant) ([]Destination, error) {
	list, err := s.config.Registry.Cells().List(ctx)
	if err != nil {
		return nil, away(err)
	}
	roomy := slices.ContainsFunc(list, func(c tenants.Cell) bool { return c.Takes() && c.Roomy() })
	all := make([]Destination, len(list))
	for i, c := range list {
		all[i].Cell = c
		switch {
		case c.Name == t.Cell:
			all[i].Refused = "tenant_in_cell"
		case c.Draining:
			all[i].Refused = "cell_draining"
		case !c.Takes():
			all[i].Refused = "cell_full"
		case roomy && !c.Roomy() && a.Kind != tenants.ActorSystem:
			all[i].Refused = "cell_loaded"
		default:
			if _, err := s.config.Registry.Spares(ctx, c.Name); err != nil {
				all[i].Refused = "cell_away"
			}
		}
	}
	return all, nil
}

// here finds the commune as it was before the move, and whether it has moved.
func (r *run) here(ctx context.Context) (t tenants.Tenant, moved bool, err error) {
	t, err = r.tenant(ctx)
	moved = err == nil && t.Epoch > r.op.Data.Epoch
	if moved {
		t.Cell, t.Epoch = r.op.Data.From, r.op.Data.Epoch
	}
	return t, moved, err
}

func place(ctx context.Context, r *run) error {
	t, moved, err := r.here(ctx)
	if err != nil || moved {
		return err
	}
	version, err := r.config.Registry.SchemaVersion(ctx, t)
	if err != nil {
		return err
	}
	return r.config.Registry.Settle(ctx, t, r.op.Data.To, version)
}

// copyAhead copies the commune while it goes on working.
func copyAhead(ctx context.Context, r *run) error {
	_, moved, err := r.here(ctx)
	if err != nil || moved {
		return err
	}
	from, to, err := r.cells(ctx)
	if err != nil {
		return err
	}
	if r.op.Data.Copied, r.op.Data.Mark, err = archive.Copy(ctx, from, to, r.op.Data.Schema); err != nil {
		return err
	}
	return archive.Analyze(ctx, to, r.op.Data.Schema)
}

// cells gives the databases of both cells.
func (r *run) cells(ctx context.Context) (from, to *pgxpool.Pool, err error) {
	if from, err = r.config.Registry.Cells().Owner(ctx, r.op.Data.From); err != nil {
		return nil, nil, err
	}
	to, err = r.config.Registry.Cells().Owner(ctx, r.op.Data.To)
	return from, to, err
}

// switchOver copies what was written since while the commune's writes wait, compares, and
// says that it lives there. All of it is taken again where it was interrupted before that
// was said.
func switchOver(ctx context.Context, r *run) error {
	t, moved, err := r.here(ctx)
	if err != nil {
		return err
	}
	if !moved {
		began := r.now()
		if err := r.carry(ctx, t); err != nil {
			if _, watched := errors.AsType[errWatched](err); watched || ctx.Err() != nil {
				return err // stopped where it stands
			}
			return errors.Join(err, r.release(context.WithoutCancel(ctx), t))
		}
		r.op.Data.Paused = r.now().Sub(began).Milliseconds()
	}
	return r.config.Registry.Leave(ctx, t)
}

// carry takes the steps during which the commune's writes wait.
func (r *run) carry(ctx context.Context, t tenants.Tenant) error {
	registry, to := r.config.Registry, r.op.Data.To
	if err := registry.Hold(ctx, t, true); err != nil {
		return err
	}
	if err := r.at(ctx, "held", 0, 0); err != nil {
		return err
	}
	if err := registry.Quiesce(ctx, t); err != nil {
		return err
	}
	if err := r.at(ctx, "quiet", 0, 0); err != nil {
		return err
	}
	from, target, err := r.cells(ctx)
	if err != nil {
		return err
	}
	if r.op.Data.Caught, err = archive.CatchUp(ctx, from, target, t.Schema, r.op.Data.Mark); err != nil {
		return err
	}
	if err := r.at(ctx, "copied", 0, 0); err != nil {
		return err
	}
	if err := registry.Rekey(ctx, t, to, t.Epoch+1); err != nil {
		return err
	}
	if err := r.at(ctx, "keyed", 0, 0); err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, r.config.Platform, func(tx pgx.Tx) error {
		if err := registry.Relocate(ctx, tx, t, to); err != nil {
			return err
		}
		left := r.now().Add(grace)
		_, err := tx.Exec(ctx, sqlNew, tenants.NewID(), Cleanup, Waiting, ways[Cleanup].steps[0].name, t.ID, t.HubID, t.INSEE, t.Name,
			Details{Cell: t.Cell, Schema: t.Schema}, r.op.AskedKind, r.op.AskedID, r.op.AskedName, &left, r.now())
		return err
	})
	if err != nil {
		return err
	}
	return r.at(ctx, "flipped", 0, 0)
}

// release lets a commune go on where it is.
func (r *run) release(ctx context.Context, t tenants.Tenant) error {
	return errors.Join(
		r.config.Registry.Rekey(ctx, t, t.Cell, t.Epoch),
		r.config.Registry.Unquiesce(ctx, t),
		r.config.Registry.Hold(ctx, t, false),
	)
}

// jobsPatience is how long jobs that run may end before those that are left are taken with
// the cleanup.
const (
	jobsPatience = 10 * time.Second
	jobsLook     = 200 * time.Millisecond
)

// moveJobs takes the commune's jobs after it. Until then none of them is done: a worker of
// the old cell lets them wait.
func moveJobs(ctx context.Context, r *run) error {
	from, to, err := r.cells(ctx)
	if err != nil {
		return err
	}
	for waited := time.Duration(0); ; waited += jobsLook {
		running, err := r.config.Jobs.Move(ctx, from, to, r.op.Data.Schema)
		if err != nil || running == 0 || waited > jobsPatience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(jobsLook):
		}
	}
}

// noteMove keeps, on the platform, that the commune moved.
func noteMove(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	return r.config.Registry.Record(ctx, r.op.actor(), t, "tenant_moved", map[string]string{"from": r.op.Data.From, "to": r.op.Data.To})
}

// stay undoes a move that did not come to its flip.
func stay(ctx context.Context, r *run) error {
	t, moved, err := r.here(ctx)
	if err != nil || moved {
		return err
	}
	if err := r.release(ctx, t); err != nil {
		return err
	}
	return r.config.Registry.Unsettle(ctx, t.Schema, r.op.Data.To)
}

// dropLeft removes what a move left, unless the commune came back to it.
func dropLeft(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err == nil && t.Cell == r.op.Data.Cell {
		return nil
	}
	if err != nil && !fault.Is(err, "not_found") {
		return err
	}
	if err == nil {
		from, err := r.config.Registry.Cells().Owner(ctx, r.op.Data.Cell)
		if err != nil {
			return err
		}
		to, err := r.config.Registry.Cells().Owner(ctx, t.Cell)
		if err != nil {
			return err
		}
		if _, err := r.config.Jobs.Move(ctx, from, to, r.op.Data.Schema); err != nil {
			return err
		}
	}
	return r.config.Registry.Unsettle(ctx, r.op.Data.Schema, r.op.Data.Cell)
}
