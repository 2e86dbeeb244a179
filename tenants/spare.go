package tenants

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/migrations"
)

// Spare schemas are made ahead, at the newest version and with their catalogue, so
// that opening a commune is a matter of renaming. Nothing in a schema knows its own
// name (migrations/tenant).

const (
	sqlTakeSpare = `delete from cell.spare where schema_name = (
			select schema_name from cell.spare where stock = $1 order by created_at limit 1 for update skip locked)
		returning schema_name`
	sqlCountSpares = `select count(*) from cell.spare where stock = $1`
	sqlNewSpare    = `insert into cell.spare (schema_name, stock) values ($1, $2)`
	sqlStaleSpare  = `delete from cell.spare where schema_name = (
			select schema_name from cell.spare where stock <> $1 order by created_at limit 1 for update skip locked)
		returning schema_name`
	// A newer program has migrated this cell.
	sqlCellIsNewer = `select exists (select 1 from cell.tenant_version where version > $1)`
	sqlRoleIsThere = `select exists (select 1 from pg_roles where rolname = $1)`
)

// stock says what today's spares are made from.
func (r *Registry) stock() string {
	return migrations.Tenant.Checksum(migrations.Tenant.Version()) + " " + r.seed.Version
}

// takeSpare makes a spare schema and its role the tenant's own, in one transaction. It
// tells false where there is none, or where the server has a role of that name already
// (the tenant's own, in another cell of the same server): then one is to be made.
func (r *Registry) takeSpare(ctx context.Context, owner *pgxpool.Pool, schema, password string) (taken bool, err error) {
	secret, err := verifier(password)
	if err != nil {
		return false, err
	}
	err = pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if there, err := one[bool](ctx, tx, sqlRoleIsThere, schema); err != nil || there {
			return err
		}
		var spare string
		if err := tx.QueryRow(ctx, sqlTakeSpare, r.stock()).Scan(&spare); errors.Is(err, pgx.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		script := strings.NewReplacer(
			"{spare}", quote(spare), "{role}", quote(schema), "{secret}", literal(secret),
		).Replace(renameScript)
		if _, err := tx.Exec(ctx, script); err != nil {
			return err
		}
		taken = true
		_, err := tx.Exec(ctx, sqlSchemaVersion, schema, migrations.Tenant.Version(), migrations.Tenant.Checksum(migrations.Tenant.Version()))
		return err
	})
	return taken && err == nil, err
}

// spareRoleScript makes a role that cannot sign in until its spare is given out.
const spareRoleScript = `create role %s nologin nosuperuser nocreatedb nocreaterole noreplication inherit connection limit 64;`

const renameScript = `
alter role {spare} rename to {role};
alter role {role} login password {secret};
alter role {role} set search_path = {role};
alter schema {spare} rename to {role};
`

// KeepSpares makes a cell's stock of spare schemas complete, one schema a transaction,
// and throws away those of another stock. It tells how many it made. Several at once do
// no harm: at worst there are a few more. A cell that a newer program has migrated is left
// to it: its spares are of another stock, and better. For the platform's own jobs.
func (r *Registry) KeepSpares(ctx context.Context, cell string) (made int, err error) {
	wanted, err := r.cells.Get(ctx, cell)
	if err != nil {
		return 0, err
	}
	owner, err := r.cells.Owner(ctx, cell)
	if err != nil {
		return 0, err
	}
	if newer, err := one[bool](ctx, owner, sqlCellIsNewer, migrations.Tenant.Version()); err != nil || newer {
		return 0, err
	}
	if err := r.dropStaleSpares(ctx, owner); err != nil {
		return 0, err
	}
	if wanted.Draining {
		return 0, nil
	}
	there, err := one[int](ctx, owner, sqlCountSpares, r.stock())
	if err != nil {
		return 0, err
	}
	for ; there < min(wanted.Spares, wanted.Hard-wanted.Tenants); there++ {
		if err := r.makeSpare(ctx, owner); err != nil {
			return made, classify(err)
		}
		made++
	}
	return made, nil
}

// Spares tells how many spare schemas of today's stock a cell has.
func (r *Registry) Spares(ctx context.Context, cell string) (int, error) {
	owner, err := r.cells.Owner(ctx, cell)
	if err != nil {
		return 0, err
	}
	return one[int](ctx, owner, sqlCountSpares, r.stock())
}

func (r *Registry) makeSpare(ctx context.Context, owner *pgxpool.Pool) error {
	name := "spare_" + randomName()
	return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if err := makeSchema(ctx, tx, name, fmt.Sprintf(spareRoleScript, quote(name))); err != nil {
			return err
		}
		if r.seed.Fill != nil {
			// As the owner, whose transaction it is; what is filled in is every tenant's.
			own := &Tx{course: &course{raw: tx}, db: r.db, tenant: Tenant{Schema: name}, actor: System(opener), now: r.clock().UTC()}
			if err := r.seed.Fill(ctx, own); err != nil {
				return err
			}
			if err := own.flush(ctx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, sqlNewSpare, name, r.stock())
		return err
	})
}

func (r *Registry) dropStaleSpares(ctx context.Context, owner *pgxpool.Pool) error {
	for {
		var name string
		err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
			if err := tx.QueryRow(ctx, sqlStaleSpare, r.stock()).Scan(&name); err != nil {
				return err
			}
			return dropRoleAndSchema(ctx, tx, name)
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return classify(err)
		}
	}
}

// dropRoleAndSchema removes a schema and its role. The role stays where it still has
// something in another database of the server.
func dropRoleAndSchema(ctx context.Context, tx pgx.Tx, name string) error {
	quoted := quote(name)
	if _, err := tx.Exec(ctx, `drop schema if exists `+quoted+` cascade`); err != nil { //nolint:gosec // a quoted identifier
		return err
	}
	err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
		_, err := inner.Exec(ctx, `drop role if exists `+quoted) //nolint:gosec // a quoted identifier
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "2BP01" {
		_, err = tx.Exec(ctx, sqlAdmit, name, false)
	}
	return err
}

func randomName() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
