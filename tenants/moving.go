package tenants

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// How a tenant goes from one cell to another, step by step: tenants/operations takes the
// steps, in this order, and each may be taken twice. [Registry.Settle] makes the place, and
// the rows are copied (tenants/archive, Copy); [Registry.Hold] and [Registry.Quiesce] let
// writes wait, and the copy catches up and is compared (CatchUp); [Registry.Rekey] and [Registry.Relocate] flip the placement;
// [Registry.Unsettle] removes what was left behind.

// settleScript: {name} the quoted role and schema, {role} its name as a literal. The role of a server that both cells
// share is there, and keeps its password; another one's cannot sign in yet.
const settleScript = `
do $settle$ begin
  create role {name} nologin nosuperuser nocreatedb nocreaterole noreplication inherit connection limit 64;
  alter role {name} set search_path = {name};
exception when duplicate_object or unique_violation then null;
end $settle$;
select cell.admit({role}, true);
drop schema if exists {name} cascade;
create schema {name};
grant usage on schema {name} to {name};
set local search_path = {name};
`

// readOnlyScript and its end: {name} the role, {what} "set … = on" or "reset …". In this
// database alone, for another cell of the same server knows the same role.
const readOnlyScript = `
do $only$ begin
  execute format('alter role {name} in database %I {what}', current_database());
exception when undefined_object then null;
end $only$;
`

const (
	writesWait  = "set default_transaction_read_only = on"
	writesGoOn  = "reset default_transaction_read_only"
	sqlPutAside = `insert into cell.tenant_version (schema_name, version, checksum) values ($1, $2, $3)
		on conflict (schema_name) do update set version = excluded.version, checksum = excluded.checksum, error = '', failed_at = null, updated_at = now()`
	sqlWorking   = `select count(*) from pg_catalog.pg_stat_activity where usename = $1 and datname = current_database() and xact_start is not null`
	sqlTerminate = `select count(pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity where usename = $1 and datname = current_database()`
	sqlSignedIn  = `select count(*) from pg_catalog.pg_stat_activity where usename = $1 and datname = current_database() and backend_start < $2`
	sqlAdmit     = `select cell.admit($1, $2)`
	sqlServerNow = `select clock_timestamp()`
)

func readOnly(schema, what string) string {
	return strings.NewReplacer("{name}", quote(schema), "{what}", what).Replace(readOnlyScript)
}

// Settle makes a tenant's schema in another cell, empty and at a version. What is left
// there of an earlier move is thrown away.
func (r *Registry) Settle(ctx context.Context, t Tenant, cell string, version int) error {
	if cell == t.Cell {
		return fault.New(fault.Internal, "tenant_in_cell")
	}
	owner, err := r.cells.Owner(ctx, cell)
	if err != nil {
		return err
	}
	script := strings.NewReplacer("{name}", quote(t.Schema), "{role}", literal(t.Schema)).Replace(settleScript) + migrations.Tenant[:version].Script(0, t.Schema) + readOnly(t.Schema, writesGoOn)
	return classify(pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, script); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlPutAside, t.Schema, version, migrations.Tenant.Checksum(version))
		return err
	}))
}

// Unsettle removes a schema, and what the cell knows of it, from a cell where no tenant
// lives in it any more; its role too, where the server knows it for nothing else. Run
// twice it ends the same.
func (r *Registry) Unsettle(ctx context.Context, schema, cell string) error {
	owner, err := r.cells.Owner(ctx, cell)
	if err != nil {
		return err
	}
	return classify(pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, readOnly(schema, writesGoOn)); err != nil {
			return err
		}
		if err := dropRoleAndSchema(ctx, tx, schema); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlForgetSchema, schema)
		return err
	}))
}

// patience is how long transactions that were writing may end by themselves before their
// connections are closed: citizens are waiting.
const patience = 300 * time.Millisecond

// Quiesce lets no transaction of a tenant write where it lives: those that begin are
// read-only, those that have begun end or are ended. Readers go on.
func (r *Registry) Quiesce(ctx context.Context, t Tenant) error {
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return err
	}
	if _, err := owner.Exec(ctx, readOnly(t.Schema, writesWait)); err != nil {
		return classify(err)
	}
	return r.closeSessions(ctx, t)
}

// closeSessions ends what a tenant's role does in the database of its cell. To see and to
// close another role's connections one has to be its member.
func (r *Registry) closeSessions(ctx context.Context, t Tenant) error {
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return err
	}
	name := quote(t.Schema)
	if _, err := owner.Exec(ctx, `grant `+name+` to current_user`); err != nil { //nolint:gosec // a quoted identifier
		return classify(err)
	}
	quiet := endSessions(ctx, owner, t.Schema)
	_, err = owner.Exec(context.WithoutCancel(ctx), `revoke `+name+` from current_user`) //nolint:gosec // a quoted identifier
	if quiet != nil {
		return classify(quiet)
	}
	return classify(err)
}

func endSessions(ctx context.Context, owner *pgxpool.Pool, role string) error {
	var since time.Time
	if err := owner.QueryRow(ctx, sqlServerNow).Scan(&since); err != nil {
		return err
	}
	for waited := time.Duration(0); waited < patience; waited += patience / 10 {
		working, err := one[int](ctx, owner, sqlWorking, role)
		if err != nil {
			return err
		}
		if working == 0 {
			break
		}
		time.Sleep(patience / 10)
	}
	if _, err := owner.Exec(ctx, sqlTerminate, role); err != nil {
		return err
	}
	for range 100 {
		left, err := one[int](ctx, owner, sqlSignedIn, role, since)
		if err != nil || left == 0 {
			return err
		}
		time.Sleep(patience / 30)
	}
	return fault.New(fault.Unavailable, "tenant_busy")
}

// Unquiesce lets a tenant write again where it lives.
func (r *Registry) Unquiesce(ctx context.Context, t Tenant) error {
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return err
	}
	if _, err = owner.Exec(ctx, readOnly(t.Schema, writesGoOn)); err != nil {
		return classify(err)
	}
	r.db.Flush(t)
	return nil
}

// Rekey gives a tenant's role, in the server of a cell, the password of an epoch.
func (r *Registry) Rekey(ctx context.Context, t Tenant, cell string, epoch int) error {
	owner, err := r.cells.Owner(ctx, cell)
	if err != nil {
		return err
	}
	secret, err := verifier(RolePassword(r.master, t.Schema, epoch))
	if err != nil {
		return err
	}
	_, err = owner.Exec(ctx, `alter role `+quote(t.Schema)+` login password `+literal(secret)) //nolint:gosec // a quoted identifier, and a verifier of ours
	return classify(err)
}

// Leave shuts a tenant that has moved out of the cell that it left: its role is let in no
// more, the password of its next epoch is set there too, and the connections that are open
// are closed. t is as it was before the move.
func (r *Registry) Leave(ctx context.Context, t Tenant) error {
	if err := r.Rekey(ctx, t, t.Cell, t.Epoch+1); err != nil {
		return err
	}
	owner, err := r.cells.Owner(ctx, t.Cell)
	if err != nil {
		return err
	}
	if _, err := owner.Exec(ctx, sqlAdmit, t.Schema, false); err != nil {
		return classify(err)
	}
	return r.closeSessions(ctx, t)
}
