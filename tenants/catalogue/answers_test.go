package catalogue_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

var today = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

// samples gives plausible answers to a model, one for each main path through its form.
func samples(t *testing.T, p *catalogue.Procedure) []forms.Answers {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "answers", p.Slug+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil || len(list) == 0 {
		t.Fatalf("%s: %d samples, %v", p.Slug, len(list), err)
	}
	var out []forms.Answers
	for _, raw := range list {
		a, err := p.Form.FromJSON(raw)
		if err != nil {
			t.Fatalf("%s: %v", p.Slug, err)
		}
		out = append(out, p.Form.Settle(a, forms.Facts{Today: today}))
	}
	return out
}

// A person who answers plainly gets through each form, and nothing that they said is dropped.
func TestPlausibleAnswersPass(t *testing.T) {
	t.Parallel()
	options := forms.Options{Town: "Castanet-Tolosan", PostalCodes: []string{"31320"}}
	for _, p := range catalogue.Models() {
		if p.Form == nil {
			continue
		}
		for i, a := range samples(t, p) {
			for _, e := range p.Form.Validate(a, today, options) {
				t.Errorf("%s %d: %s: %s", p.Slug, i, e.Path, e.Message)
			}
			if pruned := p.Form.Prune(a); len(pruned) != len(a) {
				t.Errorf("%s %d: %d of %d answers are never asked", p.Slug, i, len(a)-len(pruned), len(a))
			}
		}
		if errs := p.Form.Validate(forms.Answers{}, today, options); len(errs) == 0 {
			t.Errorf("%s: nothing has to be answered", p.Slug)
		}
	}
}

// The letters of a real request read well: choices by their labels, no hole.
func TestLettersOfPlausibleRequests(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		if p.Form == nil {
			continue
		}
		e := entry(t, p.Slug)
		for i, a := range samples(t, p) {
			f := letterFacts(p)
			f.Reasons = "C’est noté."
			f.Answers = p.Form.Placeholders(a)
			for o := range p.Letters {
				l, err := catalogue.Compose(e, complete(), o, f)
				if err != nil {
					t.Fatalf("%s %s: %v", p.Slug, o, err)
				}
				for line := range strings.Lines(l.Subject + "\n" + l.Body) {
					if strings.Contains(line, "  ") || strings.Contains(line, " ,") || strings.HasSuffix(strings.TrimSpace(line), "pour .") || strings.Contains(line, "_") || strings.Contains(line, "()") {
						t.Errorf("%s %d %s: %q", p.Slug, i, o, line)
					}
				}
			}
		}
	}
}

// Every file asked for is either listed beforehand, or optional: nobody discovers at the
// last step a document that they do not have.
func TestCompulsoryFilesAreAnnounced(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		announced := map[string]bool{}
		for _, piece := range p.Bring {
			announced[piece.Field] = true
		}
		for _, step := range steps(p) {
			for _, section := range step.Sections {
				for _, f := range section.Fields {
					if f.Kind == forms.KindFile && !f.Optional && !announced[f.ID] {
						t.Errorf("%s: %s is not announced", p.Slug, f.Label)
					}
				}
			}
		}
	}
}
