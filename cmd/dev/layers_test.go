package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// tiers is who may know whom: a package imports only packages of a lower number. A
// package without a number fails the test, so that each new one is given its place.
var tiers = map[string]int{
	"migrations":         0,
	"tenants/fault":      0,
	"tenants/fold":       0,
	"tenants/parts":      0,
	"tenants/branding":   1,
	"tenants/calendar":   1,
	"tenants/communes":   1,
	"tenants/forms":      1,
	"tenants":            2,
	"tenants/domains":    3,
	"tenants/files":      3,
	"tenants/identity":   3,
	"tenants/notify":     3,
	"tenants/pgtest":     3,
	"tenants/citizens":   4,
	"tenants/staff":      4,
	"tenants/catalogue":  5,
	"tenants/requests":   6,
	"tenants/statistics": 7,
	"tenants/archive":    7,
	"tenants/operations": 8,
	"jobs":               9,
	"api/web":            9,
	"api/web/assets":     7,
	"api/web/door":       10,
	"api/web/webtest":    10,
	"api/agent":          11,
	"api/citizen":        11,
	"api/hub":            11,
	"api/demo":           11,
	"api/v1":             11,
	"api":                12,
	"cmd/dev":            13,
	"cmd/parvis":         13,

	"tenants/branding/svg": 0, // apart, so that its length moves no other line
	"tenants/forms/edit":   2,

	"tenants/codes":    0,
	"tenants/workflow": 3,

	"tenants/workflow/hook": 1,
	"tenants/documents":     3,

	"tenants/plain":        0,
	"tenants/proof":        6,
	"tenants/drafts":       7,
	"tenants/inherit":      8,
	"tenants/exchange":     6,
	"tenants/subscription": 5,
	"tenants/opening":      7,
	"tenants/transmission": 8,
	"api/open":             11,

	"tenants/identity/oidc":          1,
	"tenants/identity/oidc/oidctest": 1,
}

// testKits bring the real parts (a schema in Postgres, a deployment) that tested code
// stands on. A test may import them from any tier, and the program from none.
var testKits = []string{"tenants/pgtest", "tenants/identity/oidc/oidctest", "api/web/webtest"}

// forTests are the packages beside the kits that a test may import from any tier.
var forTests = []string{"tenants/parts", "migrations"}

// owners is who may import which library. A folder stands for all below it.
var owners = []struct {
	library string // import path, or its beginning up to a slash
	folders []string
}{
	{"github.com/riverqueue", []string{"jobs", "cmd"}},
	{"github.com/danielgtaylor/huma", []string{"api/v1", "api/open311"}},
	{"github.com/ory", []string{"tenants/identity"}},
	{"github.com/coreos/go-oidc", []string{"tenants/identity/oidc"}},
	{"golang.org/x/oauth2", []string{"tenants/identity/oidc"}},
	{"github.com/stripe", []string{"billing"}},
	{"github.com/caddyserver/certmagic", []string{"tenants/domains"}},
	{"github.com/mholt/acmez", []string{"tenants/domains"}},
	{"github.com/miekg/dns", []string{"tenants/domains"}},
	{"go.uber.org/zap", []string{"tenants/domains"}},
	{"html/template", []string{"api", "tenants/notify"}},
	// cmd/parvis as the composition root alone: it opens the pools and hands them on;
	// cmd/dev for its benchmarks.
	{"github.com/jackc/pgx", []string{"tenants", "billing", "migrations", "jobs", "cmd/parvis", "cmd/dev"}},
}

// environment is who may read environment variables: configuration enters in one place.
var environment = []string{"cmd", "tenants/pgtest", "api/web/webtest"}

// sourceFile is one Go file of the module.
type sourceFile struct {
	path string // relative to the root
	ast  *ast.File
}

func (f sourceFile) pkg() string  { return path.Dir(f.path) }
func (f sourceFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

func (f sourceFile) imports() []string {
	var list []string
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// sources parses every Go file of the module, whatever its build tags (go list would
// leave out those of other systems).
func sources(t *testing.T) []sourceFile {
	t.Helper()
	repo, err := findRepository()
	if err != nil {
		t.Fatal(err)
	}
	var files []sourceFile
	fset := token.NewFileSet()
	err = repo.walk([]string{".go"}, func(p string) error {
		src, err := os.ReadFile(repo.path(p))
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, p, src, parser.SkipObjectResolution)
		if err == nil {
			files = append(files, sourceFile{p, file})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d Go files found", len(files))
	}
	return files
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, complaint := range judge(sources(t)) {
		t.Error(complaint)
	}
}

// judge gives one sentence for each break of the tables above, sorted.
func judge(files []sourceFile) []string {
	var complaints []string
	unnumbered := map[string]bool{}
	for _, f := range files {
		tier, known := tiers[f.pkg()]
		if !known && !unnumbered[f.pkg()] {
			unnumbered[f.pkg()] = true
			complaints = append(complaints, f.pkg()+" has no number in cmd/dev/layers_test.go")
		}
		for _, imported := range f.imports() {
			if c := judgeImport(f, tier, known, imported); c != "" {
				complaints = append(complaints, f.path+": "+c)
			}
		}
		if readsEnvironment(f.ast) && !f.isTest() && !within(f.pkg(), environment) {
			complaints = append(complaints, f.path+": environment variables are read in "+strings.Join(environment, ", ")+" alone")
		}
	}
	sort.Strings(complaints)
	return complaints
}

func judgeImport(f sourceFile, tier int, known bool, imported string) string {
	if own, ok := strings.CutPrefix(imported, modulePath+"/"); ok {
		other, numbered := tiers[own]
		switch {
		case !known || !numbered:
			return "" // said once for the package itself
		case f.isTest() && (own == f.pkg() || slices.Contains(forTests, own) || slices.Contains(testKits, own)):
			return ""
		case !f.isTest() && slices.Contains(testKits, own) && !slices.Contains(testKits, f.pkg()):
			return own + " is for tests alone"
		case other >= tier:
			return f.pkg() + " (tier " + strconv.Itoa(tier) + ") may not know " + own + " (tier " + strconv.Itoa(other) + ")"
		}
		return ""
	}
	for _, o := range owners {
		if imported != o.library && !strings.HasPrefix(imported, o.library+"/") {
			continue
		}
		if !f.isTest() && !within(f.pkg(), o.folders) {
			return o.library + " belongs to " + strings.Join(o.folders, ", ")
		}
	}
	return ""
}

// within tells whether a package is one of the folders or lies below one.
func within(pkg string, folders []string) bool {
	return slices.ContainsFunc(folders, func(dir string) bool {
		return pkg == dir || strings.HasPrefix(pkg, dir+"/")
	})
}

// readsEnvironment tells whether a file asks os for environment variables.
func readsEnvironment(file *ast.File) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if ok && pkg.Name == "os" && slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, sel.Sel.Name) {
			found = true
		}
		return true
	})
	return found
}

// TestLayersNoticeBreaks: the judge finds what it is there to find.
func TestLayersNoticeBreaks(t *testing.T) {
	t.Parallel()
	const own = modulePath + "/"
	for _, c := range []struct{ name, path, src, want string }{
		{"downwards", "tenants/requests/a.go", `import "` + own + `tenants/calendar"`, ""},
		{"upwards", "tenants/calendar/a.go", `import "` + own + `tenants"`, "may not know"},
		{"sideways", "tenants/staff/a.go", `import "` + own + `tenants/citizens"`, "may not know"},
		{"no number", "tenants/attic/a.go", ``, "has no number"},
		{"a test with a real part", "tenants/calendar/a_test.go", `import "` + own + `tenants/pgtest"`, ""},
		{"the program with a test's part", "jobs/a.go", `import "` + own + `tenants/pgtest"`, "for tests alone"},
		{"a test upwards", "tenants/calendar/a_test.go", `import "` + own + `tenants/requests"`, "may not know"},
		{"a library at home", "jobs/a.go", `import "github.com/riverqueue/river"`, ""},
		{"a library abroad", "tenants/requests/a.go", `import "github.com/riverqueue/river"`, "belongs to jobs"},
		{"a part of a library abroad", "api/web/a.go", `import "github.com/jackc/pgx/v5"`, "belongs to tenants"},
		{"a name that only begins alike", "api/web/a.go", `import "github.com/oryx/x"`, ""},
		{"the environment", "tenants/a.go", `import "os"; var _ = os.Getenv("X")`, "environment"},
		{"the environment in a command", "cmd/parvis/a.go", `import "os"; var _ = os.Getenv("X")`, ""},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), c.path, "package x\n"+c.src, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(judge([]sourceFile{{c.path, file}}), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
