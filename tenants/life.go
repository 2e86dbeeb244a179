package tenants

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// What follows changes a tenant's place and state. tenants/operations, which decides who
// may and keeps the account of it, is the only caller.

const (
	sqlSetState = `update platform.tenant set state = $2 where id = $1 and state = $3`
	sqlHold     = `update platform.tenant set moving = $2 where id = $1`
	sqlPlace    = `update platform.tenant set cell = $2, epoch = epoch + 1, moving = false where id = $1 and cell = $3 and epoch = $4`
	sqlErase    = `delete from platform.tenant where id = $1 and state = 'suspended'`
	sqlNoEvents = `delete from platform.event where tenant_id = $1`
	sqlVersion  = `select version from cell.tenant_version where schema_name = $1`
)

// Reserve makes the place of a tenant that comes with an archive: its row
// ([Registry.Register]), its schema and its role, with nothing in it. [Registry.GoLive] or
// [Registry.Abandon] ends that.
func (r *Registry) Reserve(ctx context.Context, o Opening) (Tenant, error) {
	t, err := r.Register(ctx, o)
	if err != nil {
		return Tenant{}, err
	}
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return t, err
	}
	return t, classify(Provision(ctx, owner, t.Schema, RolePassword(r.master, t.Schema, t.Epoch)))
}

// GoLive opens the doors of a tenant that is opening, and keeps on the platform who did
// and how it came. One that is live already is left as it is.
func (r *Registry) GoLive(ctx context.Context, a Actor, t Tenant, kind string, data any) (Tenant, error) {
	if err := r.recordBy(ctx, sqlGoLive, a, event{t.ID, kind, data}); err != nil {
		return Tenant{}, err
	}
	t.State = StateLive
	r.forget(t.Slug)
	return t, nil
}

// Suspend closes the doors of a live tenant to new requests; one that is suspended
// already is no error.
func (r *Registry) Suspend(ctx context.Context, t Tenant) error {
	return r.setState(ctx, t, StateLive, StateSuspended)
}

// Resume opens the doors of a suspended tenant again; a live one is no error.
func (r *Registry) Resume(ctx context.Context, t Tenant) error {
	return r.setState(ctx, t, StateSuspended, StateLive)
}

func (r *Registry) setState(ctx context.Context, t Tenant, from, to TenantState) error {
	tag, err := r.pool.Exec(ctx, sqlSetState, t.ID, to, from)
	if err != nil {
		return classify(err)
	}
	r.forget(t.Slug)
	if tag.RowsAffected() > 0 {
		return nil
	}
	now, err := r.ByID(ctx, t.ID)
	if err == nil && now.State != to {
		err = fault.New(fault.Conflict, "tenant_state")
	}
	return err
}

// Hold tells every process that a tenant's writes wait, or no longer, while it moves.
func (r *Registry) Hold(ctx context.Context, t Tenant, moving bool) error {
	_, err := r.pool.Exec(ctx, sqlHold, t.ID, moving)
	r.forget(t.Slug)
	return classify(err)
}

// Relocate says, in a transaction of the platform's database, that a tenant lives in
// another cell from now on, under its next epoch. The tenant is as it was read: one that
// moved since is fault.Conflict "tenant_moved".
func (r *Registry) Relocate(ctx context.Context, tx pgx.Tx, t Tenant, cell string) error {
	tag, err := tx.Exec(ctx, sqlPlace, t.ID, cell, t.Cell, t.Epoch)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Conflict, "tenant_moved")
	}
	r.forget(t.Slug)
	return classify(err)
}

// Remove takes a suspended tenant off the platform, in a transaction of its database:
// its row, what hangs on it, and the account of what was done to it. Its schema is then
// nobody's.
func (r *Registry) Remove(ctx context.Context, tx pgx.Tx, t Tenant) error {
	if _, err := tx.Exec(ctx, sqlNoEvents, t.ID); err != nil {
		return classify(err)
	}
	_, err := tx.Exec(ctx, sqlErase, t.ID)
	r.forget(t.Slug)
	return classify(err)
}

// Record keeps, on the platform, who did something to a tenant.
func (r *Registry) Record(ctx context.Context, a Actor, t Tenant, kind string, data any) error {
	return r.record(ctx, a, t.ID, kind, data)
}

// SchemaVersion gives the version of a tenant's tables.
func (r *Registry) SchemaVersion(ctx context.Context, t Tenant) (int, error) {
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return 0, err
	}
	return one[int](ctx, owner, sqlVersion, t.Schema)
}

// slugOf is the slug that an opening asks for, or one made of the commune's name.
func (r *Registry) slugOf(ctx context.Context, o Opening, c administration) (string, error) {
	if o.Slug == "" {
		return r.freeSlug(ctx, c)
	}
	if communes.Slug(o.Slug) != o.Slug || len(o.Slug) > 63 {
		return "", fault.New(fault.Invalid, "slug_invalid")
	}
	taken, err := one[bool](ctx, r.pool, sqlSlugTaken, o.Slug)
	if err == nil && taken {
		err = fault.New(fault.Conflict, "slug_taken")
	}
	return o.Slug, err
}
