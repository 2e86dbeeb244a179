package parts_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants/parts"
)

// sharedPostgres gives the server that all test programs share.
func sharedPostgres(t *testing.T) *parts.Postgres {
	t.Helper()
	pg, err := parts.SharedPostgres(t.Context(), parts.Options{Progress: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	return pg
}

// scratchDatabase makes a database for one test, dropped at its end.
func scratchDatabase(t *testing.T, pg *parts.Postgres, extensions ...string) string {
	t.Helper()
	name := "parts_" + strings.ToLower(rand.Text())
	if err := pg.CreateDatabase(t.Context(), name, extensions...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, pg.DSN("postgres"))
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.Exec(ctx, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	return name
}
