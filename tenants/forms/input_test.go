package forms_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// answer posts one field and gives the answer as JSON, "" where there is none.
func answer(t *testing.T, fieldJSON string, form url.Values) string {
	t.Helper()
	a, _, err := one(t, field(fieldJSON)).FromForm("e", form)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := a["a"]
	if !ok {
		return ""
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFromFormReadsWhatPeopleType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ field, typed, want string }{
		{`"id":"a","kind":"text"`, "  Zo\u0065\u0308 \u202eMartin\x00\t", `"Zoë Martin"`},
		{`"id":"a","kind":"text"`, "   ", ``},
		{`"id":"a","kind":"longtext"`, "un\r\ndeux\rtrois\n", `"un\ndeux\ntrois"`},
		{`"id":"a","kind":"email"`, " Jean.Dupont@Exemple.FR ", `"Jean.Dupont@exemple.fr"`},
		{`"id":"a","kind":"phone"`, "05 61 00 00 00", `"+33561000000"`},
		{`"id":"a","kind":"phone"`, "06.12.34.56.78", `"+33612345678"`},
		{`"id":"a","kind":"phone"`, "+33 (0)6 12 34 56 78", `"+33612345678"`},
		{`"id":"a","kind":"phone"`, "0033612345678", `"+33612345678"`},
		{`"id":"a","kind":"phone"`, "0690 30 12 34", `"+590690301234"`},
		{`"id":"a","kind":"phone"`, "0692 12 34 56", `"+262692123456"`},
		{`"id":"a","kind":"phone"`, "0696 20 12 34", `"+596696201234"`},
		{`"id":"a","kind":"phone"`, "0694 20 12 34", `"+594694201234"`},
		{`"id":"a","kind":"phone"`, "0639 01 23 45", `"+262639012345"`},
		{`"id":"a","kind":"phone"`, "+32 470 12 34 56", `"+32470123456"`},
		{`"id":"a","kind":"phone"`, "12", `"12"`},
		{`"id":"a","kind":"number","decimals":2`, "1 234,50", `1234.5`},
		{`"id":"a","kind":"number","decimals":2`, "1\u202f234.5", `1234.5`},
		{`"id":"a","kind":"number","decimals":2`, "1.234,56", `1234.56`},
		{`"id":"a","kind":"number","unit":"m²"`, "30 m²", `30`},
		{`"id":"a","kind":"number"`, "−3", `-3`},
		{`"id":"a","kind":"number"`, "-0", `0`},
		{`"id":"a","kind":"number"`, "douze", `"douze"`},
		{`"id":"a","kind":"number"`, "1e9", `"1e9"`},
		{`"id":"a","kind":"number"`, "NaN", `"NaN"`},
		{`"id":"a","kind":"declaration"`, "on", `true`},
		{`"id":"a","kind":"declaration"`, "", ``},
		{`"id":"a","kind":"date"`, "2026-12-06", `"2026-12-06"`},
	} {
		if got := answer(t, c.field, url.Values{"a": {c.typed}}); got != c.want {
			t.Errorf("%s, %q: got %s, want %s", c.field, c.typed, got, c.want)
		}
	}
}

func TestFromFormReadsDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ day, month, year, want string }{
		{"6", "12", "2026", `"2026-12-06"`},
		{"06", " 02 ", "2028", `"2028-02-06"`},
		{"1er", "déc.", "2026", `"2026-12-01"`},
		{"29", "fevrier", "2028", `"2028-02-29"`},
		{"29", "2", "2027", `"29/2/2027"`},
		{"3", "jui", "2027", `"3/jui/2027"`},
		{"6", "12", "26", `"6/12/26"`},
		{"6", "", "2026", `"6//2026"`},
		{"6/7", "12", "2026", `"6 7/12/2026"`},
		{"", "", "", ``},
	} {
		got := answer(t, `"id":"a","kind":"date"`, url.Values{"a-day": {c.day}, "a-month": {c.month}, "a-year": {c.year}})
		if got != c.want {
			t.Errorf("%s %s %s: got %s, want %s", c.day, c.month, c.year, got, c.want)
		}
	}
}

func TestFromFormReadsAddressesAndChoices(t *testing.T) {
	t.Parallel()
	form := url.Values{"a-street": {" 3 rue des Lilas"}, "a-postal-code": {"31 320"}, "a-town": {"Castanet"}, "a-country": {"France"}}
	if got := answer(t, `"id":"a","kind":"address"`, form); got != `{"street":"3 rue des Lilas","postal_code":"31320","town":"Castanet"}` {
		t.Error(got)
	}
	form.Set("a-country", "Belgique")
	if got := answer(t, `"id":"a","kind":"address","abroad":true`, form); !strings.Contains(got, `"country":"Belgique"`) {
		t.Error(got)
	}
	choices := `"id":"a","kind":"choices","choices":[{"value":"x","label":"X"},{"value":"y","label":"Y"}]`
	if got := answer(t, choices, url.Values{"a": {"z", "y", "x", "y"}}); got != `["x","y","z"]` {
		t.Error(got)
	}
}

func TestFromFormKeepsOneStepAsTyped(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	a, raw, err := d.FromForm("vous", url.Values{"telephone": {" 05 61  00 00 00"}, "surface": {"12"}, "_csrf": {"x"}, "plan": {"faux"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != 1 || len(raw) != 1 || raw["telephone"][0] != " 05 61  00 00 00" {
		t.Errorf("got %v %v", a, raw)
	}
	if _, _, err := d.FromForm("ailleurs", nil); fault.Of(err).Kind != fault.NotFound {
		t.Errorf("got %v", err)
	}
	if _, _, err := d.FromForm("vous", url.Values{"nom": {strings.Repeat("a", forms.MaxJSON+1)}}); fault.Of(err).Kind != fault.TooLarge {
		t.Errorf("got %v", err)
	}
	if a, _, _ := d.FromForm("pieces", url.Values{"plan": {"x"}}); len(a) != 0 {
		t.Errorf("a file came from a text: %v", a)
	}
}

func TestFromJSONReadsCanonicalAnswers(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	data, err := json.Marshal(complete())
	if err != nil {
		t.Fatal(err)
	}
	a, err := d.FromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(data) {
		t.Errorf("got %s\nwant %s", again, data)
	}
	var stored forms.Answers
	if err := json.Unmarshal(data, &stored); err != nil {
		t.Fatal(err)
	}
	for id, v := range complete() {
		if !stored[id].Equal(v) || !a[id].Equal(v) {
			t.Errorf("%s changed on its way through JSON", id)
		}
	}
	a, err = d.FromJSON([]byte(`{"telephone":"05 61 00 00 00","nom":"  ","mobilier":["parasols","tables","tables"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(a); string(got) != `{"mobilier":["tables","parasols"],"telephone":"+33561000000"}` {
		t.Errorf("got %s", got)
	}
}

func TestFromJSONRefuses(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	for body, want := range map[string]string{
		`{`:                                      "json_malformed",
		`{} {}`:                                  "json_malformed",
		`null`:                                   "answers_invalid answers wrong_type",
		`[]`:                                     "answers_invalid answers wrong_type",
		`"x"`:                                    "answers_invalid answers wrong_type",
		`{"nom":"a","nom":"b"}`:                  "json_duplicate_key",
		`{"prenom":"a"}`:                         "answers_invalid answers/prenom unknown_field",
		`{"<b>x</b>":"a"}`:                       "answers_invalid answers/* unknown_field",
		`{"Nom":"a"}`:                            "answers_invalid answers/* unknown_field",
		`{"nom":3}`:                              "answers_invalid answers/nom wrong_type",
		`{"nom":null}`:                           "answers_invalid answers/nom wrong_type",
		`{"surface":"3"}`:                        "answers_invalid answers/surface wrong_type",
		`{"surface":1e999}`:                      "answers_invalid answers/surface wrong_type",
		`{"engagement":"oui"}`:                   "answers_invalid answers/engagement wrong_type",
		`{"mobilier":"tables"}`:                  "answers_invalid answers/mobilier wrong_type",
		`{"mobilier":[null]}`:                    "answers_invalid answers/mobilier wrong_type",
		`{"adresse":"3 rue"}`:                    "answers_invalid answers/adresse wrong_type",
		`{"adresse":{"town":3}}`:                 "answers_invalid answers/adresse wrong_type",
		`{"adresse":{"rue":"x"}}`:                "answers_invalid answers/adresse/rue unknown_field",
		`{"emplacement":{"country":"Belgique"}}`: "answers_invalid answers/emplacement/country unknown_field",
		`{"plan":[{"id":"a","path":"/etc/shadow"}]}`:                          "answers_invalid answers/plan/0/path unknown_field",
		`{"plan":[{"id":"a","size":1.5}]}`:                                    "answers_invalid answers/plan/0 wrong_type",
		`{"nom":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`: "json_too_deep",
	} {
		_, err := d.FromJSON([]byte(body))
		f := fault.Of(err)
		if f == nil {
			t.Errorf("%s was accepted", body)
			continue
		}
		got := f.Code
		if len(f.Fields) == 1 {
			got += " " + f.Fields[0].Path + " " + f.Fields[0].Code
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}

func TestFromJSONTellsEveryWrongAnswer(t *testing.T) {
	t.Parallel()
	_, err := terrasse(t).FromJSON([]byte(`{"nom":1,"surface":"x","inconnu":2}`))
	if f := fault.Of(err); f == nil || len(f.Fields) != 3 {
		t.Errorf("got %v", err)
	}
}

func TestMergeReplacesOneStep(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	before := complete()
	after := d.Merge(before, "vous", forms.Answers{"nom": forms.Text("Puig"), "surface": forms.Number(99)})
	if name, _ := after["nom"].Text(); name != "Puig" {
		t.Error("the new answer is missing")
	}
	if _, ok := after["courriel"]; ok {
		t.Error("an emptied answer stayed")
	}
	if n, _ := after["surface"].Number(); n != 12.5 {
		t.Error("another step's answer changed")
	}
	after = d.Merge(before, "pieces", forms.Answers{})
	if _, ok := after["plan"]; !ok {
		t.Error("posting a page lost its files")
	}
	if len(before) != len(complete()) {
		t.Error("the argument changed")
	}
}
