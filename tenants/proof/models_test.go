package proof_test

import (
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/proof"
)

var today = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// Every model of the library passes: nothing in it blocks, and each of its paths ends.
func TestTheLibraryPasses(t *testing.T) {
	t.Parallel()
	for _, m := range catalogue.Models() {
		r := proof.Prove(proof.Input{Procedure: m, Today: today, Town: "Castanet-Tolosan", PostalCodes: []string{"31320"}})
		for _, f := range r.Findings {
			if f.Blocks {
				t.Errorf("%s: %s (%s, %s): %s", m.Slug, f.Place, f.Path, f.Code, f.Text)
			} else if f.Code != proof.CodeDoubt {
				t.Logf("%s: %s (%s, %s): %s", m.Slug, f.Place, f.Path, f.Code, f.Text)
			}
		}
		if m.Form != nil {
			if len(r.Paths) == 0 || !r.Exact {
				t.Errorf("%s: %d paths of %v, exact %v", m.Slug, len(r.Paths), r.Total, r.Exact)
			}
			for _, p := range r.Paths {
				if len(p.Problems) > 0 {
					t.Errorf("%s: %v does not end: %v", m.Slug, p.Answers, p.Problems)
				}
			}
			t.Logf("%s: %d paths of %v", m.Slug, len(r.Paths), r.Total)
		}
	}
}
