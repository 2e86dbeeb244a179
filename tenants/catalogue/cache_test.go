package catalogue

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
)

// Two communes with the same text share one procedure; with other texts they do not,
// even under the same version's key; what was used longest ago is forgotten.
func TestLibrary(t *testing.T) {
	t.Parallel()
	l := newLibrary(3, 2)
	read := func(tenant int64, id tenants.ID, slug string) *Procedure {
		t.Helper()
		text, err := json.Marshal(Procedure{Format: formatVersion, Slug: slug})
		if err != nil {
			t.Fatal(err)
		}
		p, err := l.read(versionKey{tenant, id}, text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a := read(1, "v", "a")
	if b := read(2, "w", "a"); b != a {
		t.Error("the same text was parsed twice")
	}
	other := read(2, "v", "b")
	if got, ok := l.get(versionKey{1, "v"}); !ok || got != a || other.Slug != "b" {
		t.Error("one commune's version stands for another's")
	}
	read(3, "x", "c")
	if _, ok := l.get(versionKey{2, "w"}); ok {
		t.Error("nothing was forgotten")
	}
	if len(l.versions.by) > 3 || len(l.parsed.by) > 2 {
		t.Errorf("%d versions, %d procedures kept", len(l.versions.by), len(l.parsed.by))
	}
	if _, err := l.read(versionKey{1, "y"}, []byte("{")); err == nil {
		t.Error("a text that cannot be read was kept")
	}
}

func TestLibraryIsShared(t *testing.T) {
	t.Parallel()
	l := newLibrary(10, 4)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				k := versionKey{int64(i), tenants.ID(rune('a' + j%20))}
				text := []byte(`{"format":1,"slug":"` + string(rune('a'+j%6)) + `"}`)
				if p, ok := l.get(k); ok && p.Slug == "" {
					t.Error("an empty procedure")
				}
				if _, err := l.read(k, text); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
