package forms_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// today is the commune's date in these tests.
var today = time.Date(2026, time.November, 21, 23, 30, 0, 0, time.FixedZone("Paris", 3600))

// terrasse is a whole form with every kind of field.
func terrasse(t testing.TB) *forms.Definition {
	t.Helper()
	data, err := os.ReadFile("testdata/terrasse.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := forms.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// complete answers every obligatory question of terrasse.
func complete() forms.Answers {
	return forms.Answers{
		"qualite":     forms.Text("entreprise"),
		"nom":         forms.Text("Bonnafous"),
		"siret":       forms.Text("12345678901234"),
		"courriel":    forms.Text("a.bonnafous@exemple.fr"),
		"telephone":   forms.Text("+33561000000"),
		"adresse":     forms.AddressOf(forms.Address{Street: "3 rue des Lilas", PostalCode: "31320", Town: "Castanet-Tolosan"}),
		"emplacement": forms.AddressOf(forms.Address{Street: "1 place de la République", PostalCode: "31320", Town: "Castanet"}),
		"surface":     forms.Number(12.5),
		"debut":       forms.Text("2026-12-06"),
		"fin":         forms.Text("2027-01-01"),
		"mobilier":    forms.List("tables", "chauffage"),
		"puissance":   forms.Number(3),
		"plan":        forms.Files(forms.FileRef{ID: "f1", Name: "plan.pdf", Size: 1_234_567}),
		"engagement":  forms.Bool(true),
	}
}

func with(change func(forms.Answers)) forms.Answers {
	a := complete()
	change(a)
	return a
}

// one makes a definition of one step and one section from the JSON of its fields.
func one(t testing.TB, fields string) *forms.Definition {
	t.Helper()
	d, err := forms.Parse([]byte(oneJSON(fields)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func oneJSON(fields string) string {
	return `{"version":1,"recipients":["mairie"],"retention":"1 an","steps":[{"id":"e","title":"Étape","sections":[{"id":"s","fields":[` + fields + `]}]}]}`
}

// field adds to a field's JSON what Check wants of each.
func field(rest string) string {
	return `{"label":"Question","purpose":"Instruire","legal_basis":"CGCT",` + rest + `}`
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"not":`, 9) + `{"field":"a","filled":true}` + strings.Repeat(`}`, 9)
	many := strings.TrimSuffix(strings.Repeat(field(`"id":"a","kind":"text"`)+",", forms.MaxFields+1), ",")
	for name, c := range map[string]struct {
		json, code, path string
		kind             fault.Kind
	}{
		"empty":             {``, "json_malformed", "", fault.Invalid},
		"truncated":         {`{"version":1`, "json_malformed", "", fault.Invalid},
		"two values":        {`{"version":1,"steps":[]} {}`, "json_malformed", "", fault.Invalid},
		"invalid UTF-8":     {"{\"version\":1,\"retention\":\"\xff\"}", "json_malformed", "", fault.Invalid},
		"array":             {`[]`, "form_unreadable", "", fault.Invalid},
		"other version":     {`{"version":2,"steps":[]}`, "form_version", "version", fault.Invalid},
		"unknown key":       {oneJSON(`{"id":"a","kind":"text","colour":"red"}`), "form_unreadable", "steps/0/sections/0/fields/0/colour", fault.Invalid},
		"key of other case": {oneJSON(`{"ID":"a"}`), "form_unreadable", "steps/0/sections/0/fields/0/*", fault.Invalid},
		"hostile key":       {`{"version":1,"<script>":1}`, "form_unreadable", "*", fault.Invalid},
		"repeated key":      {`{"version":1,"version":1}`, "json_duplicate_key", "", fault.Invalid},
		"wrong type":        {oneJSON(`{"id":7}`), "form_unreadable", "steps/sections/fields/id", fault.Invalid},
		"deep condition":    {oneJSON(field(`"id":"b","kind":"text","if":` + deep)), "form_too_large", "steps/0/sections/0/fields/0/if", fault.TooLarge},
		"deep JSON":         {strings.Repeat("[", 5000), "json_too_deep", "", fault.Invalid},
		"many fields":       {oneJSON(many), "form_too_large", "steps", fault.TooLarge},
		"large":             {`{"version":1,"retention":"` + strings.Repeat("a", forms.MaxJSON) + `"}`, "json_too_large", "", fault.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := forms.Parse([]byte(c.json))
			f := fault.Of(err)
			if f == nil || f.Code != c.code || f.Kind != c.kind {
				t.Fatalf("got %v, want %s %s", err, c.kind, c.code)
			}
			if c.path != "" && (len(f.Fields) != 1 || f.Fields[0].Path != c.path) {
				t.Errorf("got fields %v, want %s", f.Fields, c.path)
			}
		})
	}
}

func TestDefinitionSurvivesItsOwnJSON(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	again, err := forms.Build(*d)
	if err != nil {
		t.Fatal(err)
	}
	first, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) {
		t.Error("the definition changed on its way through JSON")
	}
	if f, ok := again.Field("siret"); !ok || f.Label != "Numéro SIRET" || again.StepOf("siret") != "vous" {
		t.Error("a field is not found by its id")
	}
	if _, ok := again.Step("pieces"); !ok {
		t.Error("a step is not found by its id")
	}
}

func TestCheckAcceptsACompleteForm(t *testing.T) {
	t.Parallel()
	for _, p := range terrasse(t).Check() {
		t.Errorf("%s %s %s", p.Path, p.Code, p.Message)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	yes := field(`"id":"a","kind":"choice","choices":[{"value":"o","label":"Oui"},{"value":"n","label":"Non"}]`)
	when := func(cond string) string { return yes + "," + field(`"id":"b","kind":"text","if":`+cond) }
	for name, c := range map[string]struct{ fields, path, code string }{
		"id with capitals":      {field(`"id":"Nom","kind":"text"`), "0/id", "id"},
		"id twice":              {yes + "," + yes, "1/id", "duplicate"},
		"unknown kind":          {field(`"id":"a","kind":"colour"`), "0/kind", "kind"},
		"no purpose":            {`{"id":"a","kind":"text","label":"A","legal_basis":"X"}`, "0/purpose", "purpose"},
		"obligatory, no basis":  {`{"id":"a","kind":"text","label":"A","purpose":"P"}`, "0/legal_basis", "legal_basis"},
		"health data, no basis": {`{"id":"a","kind":"text","label":"A","purpose":"P","optional":true,"sensitivity":"article9"}`, "0/legal_basis", "legal_basis"},
		"unknown sensitivity":   {field(`"id":"a","kind":"text","sensitivity":"secret"`), "0/sensitivity", "sensitivity"},
		"no label":              {`{"id":"a","kind":"text","purpose":"P","legal_basis":"X"}`, "0/label", "empty"},
		"no choices":            {field(`"id":"a","kind":"choice"`), "0/choices", "empty"},
		"choice twice":          {field(`"id":"a","kind":"choice","choices":[{"value":"o","label":"Oui"},{"value":"o","label":"Non"}]`), "0/choices/1/value", "duplicate"},
		"label twice":           {field(`"id":"a","kind":"choice","choices":[{"value":"o","label":"Oui"},{"value":"n","label":"Oui"}]`), "0/choices/1/label", "duplicate"},
		"max under min":         {field(`"id":"a","kind":"number","min":3,"max":2`), "0/max", "range"},
		"lengths crossed":       {field(`"id":"a","kind":"text","min_length":300`), "0/min_length", "range"},
		"bad pattern":           {field(`"id":"a","kind":"text","help":"h","pattern":"("`), "0/pattern", "pattern"},
		"unbalanced pattern":    {field(`"id":"a","kind":"text","help":"h","pattern":"a)|(b"`), "0/pattern", "pattern"},
		"heavy pattern":         {field(`"id":"a","kind":"text","help":"h","pattern":"` + strings.Repeat("(x{999})", 20) + `"`), "0/pattern", "pattern"},
		"pattern unexplained":   {field(`"id":"a","kind":"text","pattern":"[0-9]+"`), "0/message", "pattern"},
		"days crossed":          {field(`"id":"a","kind":"date","min_days":3,"max_days":2`), "0/max_days", "range"},
		"after a later date":    {field(`"id":"a","kind":"date","after":"b"`) + "," + field(`"id":"b","kind":"date"`), "0/after", "reference"},
		"after a text":          {field(`"id":"a","kind":"text"`) + "," + field(`"id":"b","kind":"date","after":"a"`), "1/after", "reference"},
		"unknown MIME type":     {field(`"id":"a","kind":"file","accept":["application/x-msdownload"]`), "0/accept/0", "mime"},
		"too many files":        {field(`"id":"a","kind":"file","max_files":11`), "0/max_files", "range"},
		"misplaced attribute":   {field(`"id":"a","kind":"text","in_commune":true`), "0/in_commune", "misplaced"},
		"empty declaration":     {field(`"id":"a","kind":"declaration"`), "0/declaration", "empty"},
		"autofill":              {field(`"id":"a","kind":"text","autocomplete":"surname"`), "0/autocomplete", "autocomplete"},
		"unknown reference":     {when(`{"field":"z","filled":true}`), "1/if/field", "reference"},
		"own reference":         {when(`{"field":"b","filled":true}`), "1/if/field", "forward"},
		"forward reference":     {field(`"id":"a","kind":"text","if":{"field":"b","filled":true}`) + "," + field(`"id":"b","kind":"text"`), "0/if/field", "forward"},
		"no operator":           {when(`{"field":"a"}`), "1/if", "condition"},
		"two operators":         {when(`{"field":"a","filled":true,"equals":"o"}`), "1/if", "condition"},
		"empty and":             {when(`{"and":[]}`), "1/if", "condition"},
		"value out of choices":  {when(`{"or":[{"field":"a","equals":"o"},{"field":"a","in":["n","peut-être"]}]}`), "1/if/or/1/in/1", "unreachable"},
		"wrong operator":        {when(`{"not":{"field":"a","gt":3}}`), "1/if/not/gt", "operator"},
		"contains of a choice":  {when(`{"field":"a","contains":"o"}`), "1/if/contains", "operator"},
		"null operand":          {when(`{"field":"a","equals":null}`), "1/if", "condition"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := one(t, c.fields).Check()
			for _, p := range problems {
				if p.Path == "steps/0/sections/0/fields/"+c.path && p.Code == c.code && p.Message != "" {
					return
				}
			}
			t.Errorf("got %v, want %s %s", problems, c.path, c.code)
		})
	}
}

func TestCheckRefusesEmptyParts(t *testing.T) {
	t.Parallel()
	for path, text := range map[string]string{
		"steps":                     `{"version":1,"steps":[]}`,
		"steps/0/sections":          `{"version":1,"steps":[{"id":"a","title":"A","sections":[]}]}`,
		"steps/0/sections/0/fields": `{"version":1,"steps":[{"id":"a","title":"A","sections":[{"id":"s","fields":[]}]}]}`,
		"steps/0/title":             `{"version":1,"steps":[{"id":"a","title":" ","sections":[]}]}`,
	} {
		d, err := forms.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, p := range d.Check() {
			found = found || p.Path == path && p.Code == "empty"
		}
		if !found {
			t.Errorf("%s: got %v", path, d.Check())
		}
	}
}

func TestPrivacyFillsDefaultsIn(t *testing.T) {
	t.Parallel()
	rows := terrasse(t).Privacy()
	if len(rows) != 17 {
		t.Fatalf("got %d rows", len(rows))
	}
	for _, r := range rows {
		if r.Purpose == "" || len(r.Recipients) == 0 || r.Retention == "" || (r.Obligatory && r.LegalBasis == "") {
			t.Errorf("%s lacks something: %+v", r.FieldID, r)
		}
	}
}
