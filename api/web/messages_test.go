package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web"
)

// TestEveryFaultHasItsSentence reads the program's source: each code that a fault
// is made with says in French what to do. Internal faults say one thing, whatever
// they are.
func TestEveryFaultHasItsSentence(t *testing.T) {
	t.Parallel()
	known := web.Codes()
	missing := map[string]string{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "node_modules" || d.Name() == "cmd") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if code := faultCode(n); code != "" && !slices.Contains(known, code) {
				missing[code] = path
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for code, path := range missing {
		t.Errorf("the fault %q (%s) has no sentence in api/web/messages.go", code, path)
	}
}

// faultCode gives the code of a call fault.New(kind, "code") or fault.Wrap.
func faultCode(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) < 2 {
		return ""
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || fun.Sel.Name != "New" && fun.Sel.Name != "Wrap" {
		return ""
	}
	if pkg, ok := fun.X.(*ast.Ident); !ok || pkg.Name != "fault" {
		return ""
	}
	if kind, ok := call.Args[0].(*ast.SelectorExpr); !ok || kind.Sel.Name == "Internal" {
		return ""
	}
	literal, ok := call.Args[1].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	code, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return code
}
