package pgtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
)

var star = regexp.MustCompile(`(?i)\bselect\s+(\w+\.)?\*`)

// PrepareAll reads the SQL statements of the package in the current folder
// (constants whose names begin with sql) and prepares each against a freshly
// migrated commune, as the commune's own role; those that name the platform's or
// the cell's schema, as the owner. One that Postgres refuses, or that selects *,
// fails the test; so does a package without any.
func PrepareAll(t *testing.T) {
	t.Helper()
	statements := constants(t)
	if len(statements) == 0 {
		t.Fatal("the package has no constant that begins with sql")
	}
	env := Schema(t)
	ctx := t.Context()
	own, err := pgx.Connect(ctx, env.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Close(ctx) }()
	config := own.Config().Copy()
	config.User, config.Password = env.Tenant.Schema, tenants.RolePassword(Master, env.Tenant.Schema, env.Tenant.Epoch)
	tenant, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tenant.Close(ctx) }()
	for name, sql := range statements {
		if star.MatchString(sql) {
			t.Errorf("%s selects *: name the columns", name)
		}
		conn := tenant
		if strings.Contains(sql, "platform.") || strings.Contains(sql, "cell.") || strings.Contains(sql, "parvis_migration") {
			conn = own
		}
		if _, err := prepare(t, conn, name, sql); err != nil {
			t.Errorf("%s: %v\n%s", name, err, sql)
		}
	}
}

func prepare(t *testing.T, conn *pgx.Conn, name, sql string) (*pgconn.StatementDescription, error) {
	return conn.Prepare(t.Context(), name, sql)
}

// constants gives the package's SQL constants by name, put together where they
// are written with +.
func constants(t *testing.T) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	//nolint:staticcheck // one folder of plain files: no build constraints to follow
	packages, err := parser.ParseDir(files, ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]ast.Expr{}
	for _, p := range packages {
		for _, f := range p.Files {
			ast.Inspect(f, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
					for i, name := range spec.Names {
						values[name.Name] = spec.Values[i]
					}
				}
				return true
			})
		}
	}
	statements := map[string]string{}
	for name, v := range values {
		if strings.HasPrefix(name, "sql") {
			if s, ok := text(v, values, 0); ok {
				statements[name] = s
			}
		}
	}
	return statements
}

func text(e ast.Expr, values map[string]ast.Expr, depth int) (string, bool) {
	if depth > 20 {
		return "", false
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		if v, ok := values[e.Name]; ok {
			return text(v, values, depth+1)
		}
	case *ast.ParenExpr:
		return text(e.X, values, depth+1)
	case *ast.BinaryExpr:
		a, okA := text(e.X, values, depth+1)
		b, okB := text(e.Y, values, depth+1)
		return a + b, okA && okB && e.Op == token.ADD
	}
	return "", false
}
