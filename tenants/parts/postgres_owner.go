package parts

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const (
	sqlRoleExists = `select exists (select 1 from pg_catalog.pg_roles where rolname = $1)`
	sqlQuote      = `select quote_literal($1)`
)

// CreateOwner makes a database and the role that owns it where they are missing:
// a role that may sign in and make roles, and nothing more. Parvis migrates and
// provisions with it, never as the superuser. Kratos' own may not even make roles:
// until Postgres 16 that right leads to every other, the server's programs included.
//
// Kratos' database is closed to all other roles, the server's own databases too; in
// no database does a commune's role make temporary tables. Names are plain
// lower-case words.
func (pg *Postgres) CreateOwner(ctx context.Context, role, password, db string) error {
	if !namePattern.MatchString(role) {
		return errors.New("create owner: the name is not a plain lower-case word")
	}
	if err := pg.CreateDatabase(ctx, db); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, pg.DSN(superuser))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(718238)`); err != nil {
			return err
		}
		var exists bool
		if err := tx.QueryRow(ctx, sqlRoleExists, role).Scan(&exists); err != nil {
			return err
		}
		var secret string
		if err := tx.QueryRow(ctx, sqlQuote, password).Scan(&secret); err != nil {
			return err
		}
		verb := "create"
		if exists {
			verb = "alter"
		}
		name := pgx.Identifier{role}.Sanitize()
		// Neither an identifier nor a password can be a parameter here; both are quoted.
		roles, rights := "createrole", "temporary"
		if db == KratosDatabase {
			roles, rights = "nocreaterole", "all"
		}
		if _, err := tx.Exec(ctx, verb+` role `+name+` login `+roles+` nosuperuser nocreatedb password `+secret); err != nil {
			return fmt.Errorf("%s role %s: %w", verb, role, err)
		}
		database := pgx.Identifier{db}.Sanitize()
		_, err := tx.Exec(ctx, `alter database `+database+` owner to `+name+`; revoke `+rights+` on database `+database+` from public;
			revoke all on database postgres, template1 from public`)
		return err
	})
}
