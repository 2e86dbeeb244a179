package forms_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// shows tells whether a question under this condition is visible.
func shows(t *testing.T, fields, cond string, a forms.Answers, f forms.Facts) bool {
	t.Helper()
	d := one(t, fields+","+field(`"id":"z","kind":"text","if":`+cond))
	for _, p := range d.Check() {
		t.Errorf("%s: %s %s %s", cond, p.Path, p.Code, p.Message)
	}
	a = d.Settle(a, f)
	steps := d.Visible(a)
	last := steps[0].Sections[0].Fields
	return last[len(last)-1].ID == "z"
}

func TestConditionsOnDatesAndFacts(t *testing.T) {
	t.Parallel()
	fields := field(`"id":"ne","kind":"date"`) + "," + field(`"id":"rentree","kind":"date"`) + "," + field(`"id":"n","kind":"number"`)
	a := forms.Answers{"ne": forms.Text("2020-11-22"), "rentree": forms.Text("2026-12-01"), "n": forms.Number(3)}
	f := forms.Facts{Today: today, Applicant: forms.ApplicantPerson, Identity: 2, Residence: forms.ResidenceFrance}
	for cond, want := range map[string]bool{
		`{"field":"n","not_equals":4}`: true, `{"field":"n","not_equals":3}`: false,
		`{"field":"n","ge":3}`: true, `{"field":"n","le":3}`: true, `{"field":"n","ge":4}`: false, `{"field":"n","le":2}`: false,
		`{"field":"rentree","ge":"2026-12-01"}`: true, `{"field":"rentree","le":"2026-11-30"}`: false,
		// Today is 21 November 2026: the child is five until tomorrow, and six at the start of school.
		`{"field":"ne","as":"age","equals":5}`:                        true,
		`{"field":"ne","as":"age","at":"rentree","equals":6}`:         true,
		`{"field":"ne","as":"age","at":"2026-11-22","ge":6}`:          true,
		`{"field":"ne","as":"age","at":"2026-11-21","ge":6}`:          false,
		`{"field":"rentree","as":"days","equals":10}`:                 true,
		`{"field":"rentree","as":"days","lt":15}`:                     true,
		`{"field":"rentree","as":"days","in":[9,10]}`:                 true,
		`{"field":"ne","as":"days","lt":0}`:                           true,
		`{"field":"@today","lt":"2027-01-01"}`:                        true,
		`{"field":"@applicant","equals":"person"}`:                    true,
		`{"field":"@applicant","not_equals":"person"}`:                false,
		`{"field":"@identity","ge":2}`:                                true,
		`{"field":"@residence","in":["france","abroad"]}`:             true,
		`{"not":{"field":"@residence","equals":"commune"}}`:           true,
		`{"and":[{"field":"@identity","gt":2},{"field":"n","ge":3}]}`: false,
		`{"or":[{"field":"@identity","gt":2},{"field":"n","ge":3}]}`:  true,
		`{"field":"@residence","filled":true}`:                        true,
		`{"field":"ne","as":"age","filled":true}`:                     true,
		`{"not":{"field":"ne","as":"age","at":"2019-01-01","lt":3}}`:  false,
		`{"field":"ne","as":"days","at":"2020-11-22","equals":0}`:     true,
		`{"field":"rentree","as":"days","at":"ne","gt":2000}`:         true,
		`{"field":"@today","as":"days","at":"2026-11-20","equals":1}`: true,
		`{"field":"ne","as":"age","at":"@today","le":5}`:              true,
		`{"field":"@today","as":"age","at":"2036-11-20","equals":9}`:  true,
	} {
		if got := shows(t, fields, cond, a, f); got != want {
			t.Errorf("%s: got %v", cond, got)
		}
	}
}

func TestWhatIsNotKnownDecidesNothing(t *testing.T) {
	t.Parallel()
	fields := field(`"id":"ne","kind":"date"`)
	forged := forms.Answers{forms.FactIdentity: forms.Number(3), forms.FactResidence: forms.Text(forms.ResidenceCommune)}
	for _, cond := range []string{
		`{"field":"ne","as":"age","ge":0}`, `{"field":"@residence","filled":true}`, `{"field":"@identity","gt":0}`, `{"field":"@applicant","not_equals":"person"}`,
	} {
		if shows(t, fields, cond, forged, forms.Facts{Today: today}) {
			t.Errorf("%s holds of nothing", cond)
		}
	}
}

func TestFactsAreKeptWithTheAnswersAndNeverTaken(t *testing.T) {
	t.Parallel()
	d := one(t, field(`"id":"n","kind":"number"`)+","+field(`"id":"z","kind":"text","if":{"field":"@identity","ge":2}`))
	a := d.Settle(forms.Answers{"n": forms.Number(1), "z": forms.Text("x")}, forms.Facts{Identity: 2})
	kept := d.Prune(a)
	if len(kept) != 3 || !kept[forms.FactIdentity].Equal(forms.Number(2)) {
		t.Errorf("kept %v", kept)
	}
	if errs := d.Validate(kept, today, forms.Options{}); len(errs) > 0 {
		t.Error(told(errs))
	}
	given, err := d.FromJSON([]byte(`{"n":1,"@identity":3}`))
	if err != nil || len(given) != 1 {
		t.Errorf("got %v %v", given, err)
	}
	if _, err := d.FromJSON([]byte(`{"n":1,"@today":"2026-01-01"}`)); err == nil {
		t.Error("a fact that the form does not look at was taken")
	}
	plain := one(t, field(`"id":"n","kind":"number"`))
	if same := plain.Settle(a, forms.Facts{Identity: 2}); len(same) != len(a) {
		t.Error("a form without facts changes answers")
	}
}

func TestCheckRefusesConditionsThatCannotWork(t *testing.T) {
	t.Parallel()
	fields := field(`"id":"n","kind":"number"`) + "," + field(`"id":"d","kind":"date"`)
	for cond, want := range map[string]string{
		`{"field":"@weather","filled":true}`:            "2/if/field reference",
		`{"field":"@identity","ge":4}`:                  "",
		`{"field":"@identity","equals":4}`:              "2/if/equals unreachable",
		`{"field":"@residence","equals":"lune"}`:        "2/if/equals unreachable",
		`{"field":"@applicant","gt":3}`:                 "2/if/gt operator",
		`{"field":"n","as":"age","ge":3}`:               "2/if/as operator",
		`{"field":"d","as":"weeks","ge":3}`:             "2/if/as condition",
		`{"field":"d","as":"age","ge":"3"}`:             "2/if/ge unreachable",
		`{"field":"d","as":"age","at":"n","ge":3}`:      "2/if/at reference",
		`{"field":"d","as":"age","at":"z","ge":3}`:      "2/if/at forward",
		`{"field":"d","as":"age","at":"nobody","ge":3}`: "2/if/at reference",
		`{"field":"d","at":"d","filled":true}`:          "2/if condition",
		`{"field":"d","as":"age"}`:                      "2/if condition",
		`{"field":"n","ge":"x"}`:                        "2/if/ge unreachable",
		`{"field":"n","not_equals":"x"}`:                "2/if/not_equals unreachable",
		`{"field":"n","ge":1,"le":3}`:                   "2/if condition",
	} {
		problems := one(t, fields+","+field(`"id":"z","kind":"text","if":`+cond)).Check()
		got := ""
		if len(problems) > 0 {
			got = problems[0].Path[len("steps/0/sections/0/fields/"):] + " " + problems[0].Code
		}
		if got != want || len(problems) > 1 {
			t.Errorf("%s: got %v, want %q", cond, problems, want)
		}
	}
}

const oui = `"choices":[{"value":"o","label":"Oui"},{"value":"n","label":"Non"}]`

func TestAStopEndsTheForm(t *testing.T) {
	t.Parallel()
	d := one(t, field(`"id":"habite","kind":"choice",`+oui+`,"stop":{"if":{"field":"habite","equals":"n"},"message":"Adressez-vous à votre mairie","label":"La trouver","url":"https://www.service-public.fr"}`)+
		","+field(`"id":"nom","kind":"text"`))
	for _, p := range d.Check() {
		t.Errorf("%s %s", p.Path, p.Message)
	}
	a := forms.Answers{"habite": forms.Text("n")}
	errs := d.Validate(a, today, forms.Options{})
	if len(errs) != 1 || errs[0].Code != forms.CodeStopped || errs[0].Message != "Adressez-vous à votre mairie" || errs[0].Path != "habite" {
		t.Fatalf("got %s", told(errs))
	}
	v, f := view(t, d, "e", forms.ViewInput{Answers: a, Errors: errs, Today: today})
	if v.Stopped == nil || v.Stopped.Href != "https://www.service-public.fr" || len(v.Errors) > 0 || f["habite"].Invalid {
		t.Errorf("the page says %+v %v", v.Stopped, v.Errors)
	}
	if s := f["habite"].Stops; len(s) != 1 || s[0].ShowIf != `{"field":"habite","equals":"n"}` || s[0].ID != "f-habite-stop-0" {
		t.Errorf("the question says %+v", s)
	}
	a["habite"] = forms.Text("o")
	if errs := d.Validate(a, today, forms.Options{}); len(errs) != 1 || errs[0].Code != forms.CodeRequired {
		t.Errorf("got %s", told(errs))
	}
	if v, _ := view(t, d, "e", forms.ViewInput{Answers: a, Today: today}); v.Stopped != nil {
		t.Error("the page stops whom it is meant for")
	}
}

func TestASectionStopsAfterItsLastQuestionWhileItIsShown(t *testing.T) {
	t.Parallel()
	d, err := forms.Parse([]byte(`{"version":1,"recipients":["mairie"],"retention":"1 an","steps":[{"id":"e","title":"Étape","sections":[
		{"id":"s","fields":[` + field(`"id":"a","kind":"choice",`+oui) + `]},
		{"id":"u","if":{"field":"a","equals":"o"},"stop":{"if":{"not":{"field":"b","ge":18}},"message":"Revenez majeur","label":"Voir","procedure":"cantine"},"fields":[` + field(`"id":"b","kind":"number"`) + `]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Check() {
		t.Errorf("%s %s", p.Path, p.Message)
	}
	for _, c := range []struct {
		a    forms.Answers
		stop bool
	}{
		{forms.Answers{"a": forms.Text("n")}, false},
		{forms.Answers{"a": forms.Text("o"), "b": forms.Number(17)}, true},
		{forms.Answers{"a": forms.Text("o"), "b": forms.Number(18)}, false},
	} {
		errs := d.Validate(c.a, today, forms.Options{})
		if (len(errs) > 0) != c.stop {
			t.Errorf("%v: got %s", c.a, told(errs))
		}
		if schemaRefuses := accepts(t, compile(t, d), c.a) != nil; schemaRefuses != c.stop {
			t.Errorf("%v: the schema refuses: %v", c.a, schemaRefuses)
		}
	}
}

func TestCheckRefusesStopsThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for stop, want := range map[string]string{
		`{"message":"Non"}`: "0/stop/if condition",
		`{"if":{"field":"a","filled":true},"message":""}`:                                                           "0/stop/message empty",
		`{"if":{"field":"a","filled":true},"message":"Non","url":"https://a.fr"}`:                                   "0/stop/label empty",
		`{"if":{"field":"a","filled":true},"message":"Non","label":"Y aller","url":"http://a.fr"}`:                  "0/stop/url url",
		`{"if":{"field":"a","filled":true},"message":"Non","label":"Y aller","url":"javascript:alert(1)"}`:          "0/stop/url url",
		`{"if":{"field":"a","filled":true},"message":"Non","label":"Y aller","url":"https://a.fr","procedure":"x"}`: "0/stop/procedure misplaced",
		`{"if":{"field":"a","filled":true},"message":"Non","label":"Y aller","procedure":"../x"}`:                   "0/stop/procedure reference",
		`{"if":{"field":"a","filled":true},"message":"Non","label":"Y aller"}`:                                      "0/stop/label misplaced",
		`{"if":{"field":"b","filled":true},"message":"Non"}`:                                                        "0/stop/if/field forward",
	} {
		problems := one(t, field(`"id":"a","kind":"text","stop":`+stop)+","+field(`"id":"b","kind":"text"`)).Check()
		got := ""
		if len(problems) == 1 {
			got = problems[0].Path[len("steps/0/sections/0/fields/"):] + " " + problems[0].Code
		}
		if got != want {
			t.Errorf("%s: got %v, want %s", stop, problems, want)
		}
	}
}
