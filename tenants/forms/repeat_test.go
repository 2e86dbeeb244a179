package forms_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// family asks for one to three children, each with what its age calls for.
func family(t testing.TB) *forms.Definition {
	t.Helper()
	return parsed(t, `{"version":1,"recipients":["mairie"],"retention":"1 an","steps":[
	{"id":"foyer","title":"Foyer","sections":[{"id":"f","fields":[`+
		field(`"id":"quotient","kind":"number"`)+`,`+field(`"id":"cantine","kind":"choice",`+oui)+`]}]},
	{"id":"petits","title":"Enfants","sections":[
	  {"id":"enfants","title":"Vos enfants","repeat":{"min":1,"max":3,"item":"Enfant"},"fields":[`+
		field(`"id":"prenom","kind":"text"`)+`,`+field(`"id":"ne","kind":"date"`)+`,`+
		field(`"id":"classe","kind":"choice",`+oui+`,"if":{"and":[{"field":"ne","as":"age","ge":3},{"field":"cantine","equals":"o"}]}`)+`,`+
		field(`"id":"prix","kind":"computed","money":true,"compute":{"if":{"field":"classe","equals":"o"},"then":{"lookup":{"table":"tarifs","column":"prix","where":[{"column":"de","field":"quotient","op":"from"},{"column":"a","field":"quotient","op":"to"}]}},"else":{"value":0}}`)+`]},
	  {"id":"total","fields":[`+
		field(`"id":"nombre","kind":"computed","compute":{"count":"enfants"}`)+`,`+
		field(`"id":"a_payer","kind":"computed","money":true,"compute":{"sum":"enfants","of":{"field":"prix"}}`)+`,`+
		field(`"id":"motif","kind":"text","if":{"field":"nombre","ge":2}`)+`]}]}]}`)
}

func parsed(t testing.TB, text string) *forms.Definition {
	t.Helper()
	d, err := forms.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rates are the town's prices by bracket.
var rates = forms.Tables{"tarifs": {Columns: []string{"de", "a", "prix"}, Rows: [][]string{{"", "500", "1,20"}, {"500,01", "1000", "2,45"}, {"1000,01", "", "3,10"}}}}

func child(name, born, school string) forms.Answers {
	a := forms.Answers{"prenom": forms.Text(name), "ne": forms.Text(born)}
	if school != "" {
		a["classe"] = forms.Text(school)
	}
	return a
}

func settled(d *forms.Definition, a forms.Answers) forms.Answers {
	return d.Settle(a, forms.Facts{Today: today, Tables: rates})
}

func TestARepeatedSectionIsCheckedShownAndKept(t *testing.T) {
	t.Parallel()
	d := family(t)
	for _, p := range d.Check() {
		t.Errorf("%s %s %s", p.Path, p.Code, p.Message)
	}
	a := settled(d, forms.Answers{
		"quotient": forms.Number(800), "cantine": forms.Text("o"),
		"enfants": forms.Rows(child("Léa", "2020-05-01", "o"), child("Tom", "2025-05-01", ""), forms.Answers{}), "motif": forms.Text("x"),
	})
	kept := d.Prune(a)
	if rows, _ := kept["enfants"].Rows(); len(rows) != 2 || len(rows[1]) != 3 {
		t.Fatalf("kept %v", rows)
	}
	if n, _ := kept["a_payer"].Number(); n != 245 {
		t.Errorf("the total is %v cents", n)
	}
	if errs := d.Validate(kept, today, forms.Options{}); len(errs) > 0 {
		t.Error(told(errs))
	}
	if err := accepts(t, compile(t, d), kept); err != nil {
		t.Error(err)
	}
	data, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	var back forms.Answers
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	again, err := d.FromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	if again = d.Prune(settled(d, again)); !again["enfants"].Equal(kept["enfants"]) || !back["enfants"].Equal(kept["enfants"]) || !again["a_payer"].Equal(kept["a_payer"]) {
		t.Errorf("what is kept comes back as %v", again)
	}
	summary := d.Summary(kept)
	row := summary[1].Rows[0]
	if row.Label != "Enfant 1" || len(row.Lines) != 4 || plain(row.Lines[3]) != "Question : 2,45 €" {
		t.Errorf("the summary says %+v", row)
	}
	if text := d.Placeholders(kept)["enfants"]; !strings.Contains(text, "Léa") || strings.Count(text, "\n") != 1 {
		t.Errorf("a letter says %q", text)
	}
}

func TestErrorsOfARowSayWhichAndWhere(t *testing.T) {
	t.Parallel()
	d := family(t)
	base := forms.Answers{"quotient": forms.Number(800), "cantine": forms.Text("o")}
	for name, c := range map[string]struct {
		rows forms.Value
		want string
	}{
		"none":        {forms.Value{}, "enfants too_few"},
		"empty":       {forms.Rows(forms.Answers{}), "enfants/0/prenom required, enfants/0/ne required"},
		"second":      {forms.Rows(child("Léa", "2025-01-01", ""), child("", "2025-02-30", "")), "enfants/1/prenom required, enfants/1/ne invalid_date"},
		"conditional": {forms.Rows(child("Léa", "2020-01-01", "")), "enfants/0/classe required"},
		"too many":    {forms.Rows(child("a", "2025-01-01", ""), child("b", "2025-01-01", ""), child("c", "2025-01-01", ""), child("d", "2025-01-01", "")), "enfants too_many"},
		"unknown":     {forms.Rows(forms.Answers{"prenom": forms.Text("Léa"), "ne": forms.Text("2025-01-01"), "x": forms.Text("y")}), "enfants/0/x unknown_field"},
		"no rows":     {forms.Text("x"), "enfants wrong_type"},
	} {
		a := settled(d, forms.Answers{"quotient": base["quotient"], "cantine": base["cantine"], "enfants": c.rows, "motif": forms.Text("x")})
		var got []string
		for _, e := range d.Validate(a, today, forms.Options{Step: "petits"}) {
			if e.Field != "motif" {
				got = append(got, e.Path+" "+e.Code)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	errs := d.Validate(forms.Answers{"enfants": forms.Rows(forms.Answers{"ne": forms.Text("2025-01-01")})}, today, forms.Options{Step: "petits"})
	if len(errs) != 1 || errs[0].Field != "enfants.0.prenom" || !strings.HasSuffix(errs[0].Message, "(Enfant 1)") || d.StepOf(errs[0].Field) != "petits" {
		t.Errorf("got %+v", errs)
	}
}

func TestRowsAreAddedAndRemovedWithoutScript(t *testing.T) {
	t.Parallel()
	d := family(t)
	form := url.Values{
		"enfants": {"0", "1"}, "enfants.0.prenom": {" Léa "}, "enfants.0.ne-day": {"1"}, "enfants.0.ne-month": {"5"}, "enfants.0.ne-year": {"2025"},
		"enfants.1.prenom": {"Tom"}, "enfants.1.prix": {"1"}, "a_payer": {"1"},
	}
	given, raw, err := d.FromForm("petits", form)
	if err != nil {
		t.Fatal(err)
	}
	a := d.Merge(forms.Answers{"cantine": forms.Text("o")}, "petits", given)
	rows, _ := a["enfants"].Rows()
	if len(rows) != 2 || !rows[0]["prenom"].Equal(forms.Text("Léa")) || !rows[0]["ne"].Equal(forms.Text("2025-05-01")) || len(rows[1]) != 1 || !a["a_payer"].Empty() {
		t.Fatalf("read %v", a)
	}
	errs := d.Validate(a, today, forms.Options{Step: "petits"})
	v, f := view(t, d, "petits", forms.ViewInput{Answers: a, Raw: raw, Errors: errs, Today: today})
	group := f["enfants"]
	if len(group.Items) != 2 || group.Items[1].Remove != "drop:enfants:1" || group.Add != "add:enfants" || group.Items[1].Fields[0].Value != "Tom" || !group.Items[1].Fields[1].Invalid {
		t.Errorf("the page shows %+v", group)
	}
	if len(v.Errors) != 1 || v.Errors[0].InputID != "f-enfants.1.ne-day" {
		t.Errorf("the errors lead to %+v", v.Errors)
	}
	more, at, ok := d.EditRows(a, group.Add)
	if rows, _ := more["enfants"].Rows(); !ok || len(rows) != 3 || at != "f-enfants.2" {
		t.Errorf("added %v at %s", rows, at)
	}
	if _, _, ok := d.EditRows(more, group.Add); ok {
		t.Error("a fourth row was added")
	}
	less, _, _ := d.EditRows(more, "drop:enfants:0")
	if rows, _ := less["enfants"].Rows(); len(rows) != 2 || !rows[0]["prenom"].Equal(forms.Text("Tom")) {
		t.Errorf("after removing: %v", rows)
	}
	for _, action := range []string{"", "add:", "add:quotient", "add:nobody", "drop:enfants:9", "drop:enfants:x", "drop:enfants", "x:enfants:0"} {
		if _, _, ok := d.EditRows(a, action); ok {
			t.Errorf("%q did something", action)
		}
	}
	empty, at, ok := d.EditRows(forms.Answers{}, "add:enfants")
	if rows, _ := empty["enfants"].Rows(); !ok || len(rows) != 2 || at != "f-enfants.1" {
		t.Errorf("beside the empty row that the page shows: %v at %s", rows, at)
	}
}

func TestAConditionOfARowNamesTheRowsOwnInputs(t *testing.T) {
	t.Parallel()
	d := family(t)
	a := settled(d, forms.Answers{"cantine": forms.Text("o"), "enfants": forms.Rows(child("Léa", "2025-01-01", ""), child("Tom", "2020-01-01", ""))})
	_, f := view(t, d, "petits", forms.ViewInput{Answers: a, Today: today})
	for i, want := range []bool{false, true} {
		c := f["enfants"].Items[i].Fields[2]
		if c.Visible != want || !strings.Contains(c.ShowIf, `"enfants.`+[]string{"0", "1"}[i]+`.ne"`) || strings.Contains(c.ShowIf, "cantine") || !strings.Contains(c.ShowIf, `"at":"2026-11-21"`) {
			t.Errorf("row %d: %v %s", i, c.Visible, c.ShowIf)
		}
	}
	if got := d.Revealed("petits", a, forms.Raw{}); len(got) != 2 || got[0] != "enfants.1.classe" {
		t.Errorf("revealed %v", got)
	}
}

func TestRowsInJSON(t *testing.T) {
	t.Parallel()
	d := family(t)
	for body, want := range map[string]string{
		`{"enfants":[{"prenom":"Léa","prix":3}]}`: "",
		`{"enfants":{"prenom":"Léa"}}`:            "answers/enfants",
		`{"enfants":["Léa"]}`:                     "answers/enfants/0",
		`{"enfants":[{},{"prenom":3}]}`:           "answers/enfants/1/prenom",
		`{"enfants":[{"nom":"x"}]}`:               "answers/enfants/0/nom",
		`{"enfants":[{"quotient":3}]}`:            "answers/enfants/0/quotient",
		`{"prenom":"Léa"}`:                        "answers/prenom",
	} {
		a, err := d.FromJSON([]byte(body))
		got := ""
		if f := fault.Of(err); f != nil && len(f.Fields) == 1 {
			got = f.Fields[0].Path
		}
		if got != want || want == "" && err != nil {
			t.Errorf("%s: got %v", body, err)
		}
		if rows, _ := a["enfants"].Rows(); want == "" && len(rows[0]) != 1 {
			t.Errorf("a computed value was taken: %v", rows)
		}
	}
}

func TestCheckRefusesWhatCannotBeRepeated(t *testing.T) {
	t.Parallel()
	section := func(repeat, fields string) string {
		return `{"version":1,"recipients":["mairie"],"retention":"1 an","steps":[{"id":"e","title":"Étape","sections":[{"id":"g",` + repeat + `"fields":[` + fields + `]},{"id":"s","fields":[` + field(`"id":"z","kind":"text"`) + `]}]}]}`
	}
	good := `"repeat":{"max":3,"item":"Enfant"},`
	for name, c := range map[string]struct{ text, want string }{
		"good":             {section(good, field(`"id":"a","kind":"text"`)), ""},
		"no maximum":       {section(`"repeat":{"item":"Enfant"},`, field(`"id":"a","kind":"text"`)), "steps/0/sections/0/repeat/max range"},
		"huge":             {section(`"repeat":{"max":51,"item":"Enfant"},`, field(`"id":"a","kind":"text"`)), "steps/0/sections/0/repeat/max range"},
		"crossed":          {section(`"repeat":{"min":4,"max":3,"item":"Enfant"},`, field(`"id":"a","kind":"text"`)), "steps/0/sections/0/repeat/min range"},
		"nameless":         {section(`"repeat":{"max":3,"item":""},`, field(`"id":"a","kind":"text"`)), "steps/0/sections/0/repeat/item empty"},
		"file":             {section(good, field(`"id":"a","kind":"file"`)), "steps/0/sections/0/fields/0/kind repeated_file"},
		"stop":             {section(good, field(`"id":"a","kind":"text","stop":{"if":{"field":"a","filled":true},"message":"Non"}`)), "steps/0/sections/0/fields/0/stop misplaced"},
		"prefill":          {section(good, field(`"id":"a","kind":"text","prefill":"given_name"`)), "steps/0/sections/0/fields/0/prefill misplaced"},
		"id of a question": {section(good, field(`"id":"g","kind":"text"`)), "steps/0/sections/0/fields/0/id duplicate"},
		"a file's parts":   {section(good, field(`"id":"id","kind":"text"`)+","+field(`"id":"name","kind":"text"`)+","+field(`"id":"size","kind":"number"`)), "steps/0/sections/0/repeat id"},
		"later in the row": {section(good, field(`"id":"a","kind":"text","if":{"field":"b","filled":true}`)+","+field(`"id":"b","kind":"text"`)), "steps/0/sections/0/fields/0/if/field forward"},
		"from outside":     {strings.Replace(section(good, field(`"id":"a","kind":"text"`)), `"id":"z","kind":"text"`, `"id":"z","kind":"text","if":{"field":"a","filled":true}`, 1), "steps/0/sections/1/fields/0/if/field reference"},
		"of the group":     {strings.Replace(section(good, field(`"id":"a","kind":"text"`)), `"id":"z","kind":"text"`, `"id":"z","kind":"text","if":{"field":"g","filled":true}`, 1), ""},
	} {
		got := ""
		for _, p := range parsed(t, c.text).Check() {
			got += p.Path + " " + p.Code
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
