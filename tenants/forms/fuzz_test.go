package forms_test

import (
	"encoding/json"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// bounded fails where one input takes longer than any within the limits should.
func bounded(t *testing.T, what func()) {
	t.Helper()
	done := make(chan struct{})
	late := time.AfterFunc(10*time.Second, func() {
		select {
		case <-done:
		default:
			panic("one input takes more than ten seconds")
		}
	})
	defer late.Stop()
	what()
	close(done)
}

// everything calls each function of a definition; none may panic, whatever the definition says.
func everything(t *testing.T, d *forms.Definition, a forms.Answers) {
	t.Helper()
	d.Check()
	d.Privacy()
	a = d.Settle(a, forms.Facts{Today: today, Identity: 2, Tables: rates})
	for _, action := range []string{"add:enfants", "drop:enfants:0"} {
		a, _, _ = d.EditRows(a, action)
	}
	pruned := d.Prune(a)
	if again := d.Prune(pruned); len(again) != len(pruned) {
		t.Error("pruning twice prunes more")
	}
	errs := d.Validate(a, today, castanet)
	if _, err := json.Marshal(pruned); err != nil {
		t.Errorf("answers cannot be written: %v", err)
	}
	d.Summary(a)
	d.Placeholders(a)
	if !json.Valid(d.JSONSchema()) {
		t.Error("the schema is no JSON")
	}
	for _, step := range d.Visible(a) {
		v, err := d.View(step.ID, forms.ViewInput{Answers: a, Errors: errs, Today: today})
		if err != nil && fault.Of(err).Kind != fault.NotFound {
			t.Errorf("a visible step has no view: %v", err)
		}
		for _, section := range v.Sections {
			if section.ShowIf != "" && !json.Valid([]byte(section.ShowIf)) {
				t.Error("ShowIf is no JSON")
			}
		}
		d.Merge(a, step.ID, pruned)
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("testdata/terrasse.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"steps":[{"id":"a","sections":[{"fields":[{"id":"b","kind":"number","min":1e308,"if":{"field":"b","gt":{}}}]}]}]}`))
	f.Add([]byte(oneJSON(`{"id":"a","kind":"choices","if":{"or":[]}},{"id":"a","kind":"date","before":"a","min_days":99999999}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded(t, func() {
			d, err := forms.Parse(data)
			if err != nil {
				if kind := fault.Of(err).Kind; kind != fault.Invalid && kind != fault.TooLarge {
					t.Errorf("a bad definition is %v", kind)
				}
				return
			}
			if _, err := forms.Build(*d); err != nil {
				t.Errorf("what was parsed cannot be built: %v", err)
			}
			everything(t, d, complete())
		})
	})
}

func FuzzFromForm(f *testing.F) {
	d := family(f)
	f.Add("enfants=0&enfants=1&enfants=x&enfants.0.prenom=L%C3%A9a&enfants.0.ne-day=1&enfants.0.ne-month=5&enfants.0.ne-year=2025&enfants.1.classe=o&_shown=enfants.0.classe&a_payer=3")
	fuzzForm(f, d)
}

func FuzzFromFormOfEveryKind(f *testing.F) {
	d := terrasse(f)
	f.Add("debut-day=6&debut-month=12&debut-year=2026&surface=1,5&mobilier=autre&mobilier=x")
	f.Add("telephone=%2B33&courriel=@&adresse-town=%00&naissance=2026-13-01&qualite=%ff")
	fuzzForm(f, d)
}

func fuzzForm(f *testing.F, d *forms.Definition) {
	f.Helper()
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		bounded(t, func() {
			for _, step := range d.Steps {
				a, raw, err := d.FromForm(step.ID, form)
				if err != nil {
					if fault.Of(err).Kind != fault.TooLarge {
						t.Errorf("a posted page is an error: %v", err)
					}
					continue
				}
				everything(t, d, a)
				d.Revealed(step.ID, a, raw)
				if _, err := d.View(d.Steps[0].ID, forms.ViewInput{Answers: a, Raw: raw, Today: today}); err != nil {
					t.Errorf("the page cannot be shown again: %v", err)
				}
				data, err := json.Marshal(a)
				if err != nil {
					t.Fatal(err)
				}
				var back forms.Answers
				if err := json.Unmarshal(data, &back); err != nil {
					t.Fatalf("a draft cannot be read back: %v", err)
				}
				for id, v := range a {
					if !back[id].Equal(v) {
						t.Errorf("%s changed in the draft", id)
					}
				}
			}
		})
	})
}

func FuzzRowsFromJSON(f *testing.F) {
	f.Add([]byte(`{"cantine":"o","quotient":3,"enfants":[{"prenom":"Léa","ne":"2020-01-01","classe":"o"},{}],"motif":"x"}`))
	f.Add([]byte(`{"enfants":[[{}],{"prenom":[{}]},3,null]}`))
	fuzzJSON(f, family(f))
}

func FuzzFromJSON(f *testing.F) {
	d := terrasse(f)
	data, err := json.Marshal(complete())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"adresse":{"street":"a","country":"\ud800"},"plan":[{}],"surface":-0.0,"nom":"\u0000"}`))
	fuzzJSON(f, d)
}

func fuzzJSON(f *testing.F, d *forms.Definition) {
	f.Helper()
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded(t, func() {
			a, err := d.FromJSON(data)
			if err != nil {
				if kind := fault.Of(err).Kind; kind != fault.Invalid && kind != fault.TooLarge {
					t.Errorf("a bad body is %v", kind)
				}
				return
			}
			everything(t, d, a)
			once, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			b, err := d.FromJSON(once)
			if err != nil {
				t.Fatalf("canonical answers are refused: %v", err)
			}
			if twice, _ := json.Marshal(b); string(twice) != string(once) {
				t.Errorf("reading canonical answers changed them: %s %s", once, twice)
			}
		})
	})
}

func FuzzCondition(f *testing.F) {
	f.Add([]byte(`{"and":[{"field":"a","equals":"x"},{"not":{"field":"n","gt":3}}]}`), []byte(`{"a":"x","n":4}`))
	f.Add([]byte(`{"or":[{"field":"a","in":[1,"x",true,[],{}]},{"field":"l","contains":"y"}]}`), []byte(`{"l":["y"]}`))
	f.Fuzz(func(t *testing.T, cond, answers []byte) {
		var c forms.Condition
		var a forms.Answers
		if json.Unmarshal(cond, &c) != nil || json.Unmarshal(answers, &a) != nil {
			return
		}
		bounded(t, func() {
			first := c.Holds(a)
			if second := c.Holds(a); first != second {
				t.Error("the same answers decide twice differently")
			}
		})
	})
}
