package parts_test

import (
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants/parts"
)

// Whoever breaks into Kratos must not come into the communes by its database role, and a
// commune's role has no business in Kratos' database.
func TestOwnersAreWalledOffFromEachOther(t *testing.T) {
	t.Parallel()
	pg := startPostgres(t, parts.PostgresOptions{DataDir: filepath.Join(openDir(t), "pg")})
	for range 2 { // as at every start of the demonstration
		for _, name := range []string{"parvis", parts.KratosDatabase} {
			if err := pg.CreateOwner(t.Context(), name, "secret", name); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := func(role, db, sql string) error {
		conn, err := pgx.Connect(t.Context(), pg.RoleDSN(role, "secret", db))
		if err != nil {
			return err
		}
		_, err = conn.Exec(t.Context(), sql)
		_ = conn.Close(t.Context()) // the server is this test's own
		return err
	}
	if err := run("parvis", "parvis", `create role t_1 login password 'secret'; create schema t_1; grant usage on schema t_1 to t_1`); err != nil {
		t.Fatal(err)
	}
	if err := run("t_1", "parvis", `select 1`); err != nil {
		t.Errorf("a commune cannot reach its own database: %v", err)
	}
	if err := run("kratos", parts.KratosDatabase, `create table identities (id int)`); err != nil {
		t.Errorf("Kratos cannot use its own database: %v", err)
	}
	for what, c := range map[string][3]string{
		"Kratos makes a role":                   {"kratos", parts.KratosDatabase, `create role more`},
		"Kratos becomes the server's hand":      {"kratos", parts.KratosDatabase, `grant pg_execute_server_program to kratos`},
		"Kratos changes a commune's password":   {"kratos", parts.KratosDatabase, `alter role t_1 password 'x'`},
		"a commune looks at Kratos":             {"t_1", parts.KratosDatabase, `select 1`},
		"a commune sits in the server's own":    {"t_1", "postgres", `select 1`},
		"a commune sits in the model":           {"t_1", "template1", `select 1`},
		"a commune fills the disk out of sight": {"t_1", "parvis", `create temporary table heap (a text)`},
	} {
		if err := run(c[0], c[1], c[2]); err == nil {
			t.Errorf("%s: nobody stops it", what)
		}
	}
}
