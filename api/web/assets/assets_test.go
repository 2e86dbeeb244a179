package assets_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/parvis-gru/parvis/api/web/assets"
)

// TestCommittedResultsAreFresh fails where a source changed and dist did not.
func TestCommittedResultsAreFresh(t *testing.T) {
	t.Parallel()
	want, err := assets.Results(".")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("dist/%s comes from no source: run go run ./cmd/dev assets", e.Name())
		}
	}
	for name, body := range want {
		got, err := os.ReadFile(filepath.Join("dist", name))
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("dist/%s differs from its source: run go run ./cmd/dev assets", name)
		}
	}
}

// TestBudgets holds the sizes of the design, in bytes as they travel.
func TestBudgets(t *testing.T) {
	t.Parallel()
	files, err := assets.Results(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pattern string
		most    int
	}{
		{"citizen-*.css.gz", 9 << 10}, {"citizen-*.js.gz", 3 << 10}, {"agent-*.css.gz", 12 << 10}, {"agent-*.js.gz", 3 << 10},
		{"bricolage-*.woff2", 16 << 10}, {"atkinson-*.woff2", 17 << 10}, {"sw.js", 2 << 10}, {"icons-*.svg.br", 5 << 10},
	} {
		found := false
		for name, body := range files {
			if ok, _ := filepath.Match(c.pattern, name); ok {
				found = true
				if len(body) > c.most {
					t.Errorf("%s weighs %d bytes; its budget is %d", name, len(body), c.most)
				}
			}
		}
		if !found {
			t.Errorf("nothing is built for %s", c.pattern)
		}
	}
}

func TestBuildWritesTheResults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS("src")); err != nil {
		t.Fatal(err)
	}
	if err := assets.Build(dir); err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(filepath.Join(dir, "dist", "index.json"))
	if err != nil || !bytes.Contains(index, []byte(`"citizen.css": "citizen-`)) {
		t.Errorf("index.json = %s, %v", index, err)
	}
}
