package forms_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// streets asks in which street, among those of a quarter.
func streets(t *testing.T) (*forms.Definition, forms.Tables) {
	t.Helper()
	d := parsed(t, `{"version":1,"recipients":["mairie"],"retention":"1 an","steps":[
	{"id":"ou","title":"Où","sections":[{"id":"o","fields":[`+field(`"id":"quartier","kind":"choice","table":{"table":"rues","column":"quartier"}`)+`]}]},
	{"id":"rue","title":"Rue","sections":[{"id":"r","fields":[`+field(`"id":"voie","kind":"choice","table":{"table":"rues","column":"nom","where":[{"column":"quartier","field":"quartier"}]}`)+`]}]}]}`)
	for _, p := range d.Check() {
		t.Errorf("%s %s", p.Path, p.Message)
	}
	return d, forms.Tables{"rues": {Columns: []string{"nom", "quartier"}, Rows: [][]string{{"rue des Lilas", "Centre"}, {"rue du Lac", "Nord"}, {"rue des Lilas", "Centre"}, {"place Neuve", "Centre"}}}}
}

func TestChoicesOfATable(t *testing.T) {
	t.Parallel()
	d, tables := streets(t)
	if names := d.TableNames(); len(names) != 1 || names[0] != "rues" {
		t.Fatalf("draws from %v", names)
	}
	a := forms.Answers{"quartier": forms.Text("Centre")}
	_, f := view(t, d, "rue", forms.ViewInput{Answers: a, Today: today, Tables: tables})
	if c := f["voie"].Choices; !f["voie"].Select || len(c) != 2 || c[0].Label != "rue des Lilas" || c[1].Value != "place Neuve" {
		t.Errorf("shows %+v", c)
	}
	for street, good := range map[string]bool{"place Neuve": true, "rue du Lac": false, "ailleurs": false} {
		a["voie"] = forms.Text(street)
		errs := d.Validate(a, today, forms.Options{Tables: tables})
		if (len(errs) == 0) != good || !good && errs[0].Code != forms.CodeNotAChoice {
			t.Errorf("%s: %s", street, told(errs))
		}
	}
	// The town renames it: who chose it keeps it, and reads it.
	a["voie"] = forms.Text("rue Oubliée")
	_, f = view(t, d, "rue", forms.ViewInput{Answers: a, Today: today, Tables: tables})
	if c := f["voie"].Choices; len(c) != 3 || !c[2].Checked {
		t.Errorf("shows %+v", c)
	}
	if row := d.Summary(a)[1].Rows[0]; row.Value != "rue Oubliée" {
		t.Errorf("the summary says %q", row.Value)
	}
	if err := accepts(t, compile(t, d), a); err != nil {
		t.Error(err)
	}
	if errs := d.Validate(a, today, forms.Options{Tables: forms.Tables{}}); len(errs) != 2 {
		t.Errorf("without the table: %s", told(errs))
	}
}

func TestCheckRefusesTablesThatCannotWork(t *testing.T) {
	t.Parallel()
	for table, want := range map[string]string{
		`{"table":"Les rues","column":"nom"}`:                                              "1/table/table reference",
		`{"table":"rues","column":""}`:                                                     "1/table/column empty",
		`{"table":"rues","column":"nom","where":[{"column":"quartier","field":"a"}]}`:      "1/table/where/0/field same_step",
		`{"table":"rues","column":"nom","where":[{"column":"quartier","field":"nobody"}]}`: "1/table/where/0/field reference",
		`{"table":"rues","column":"nom","where":[{"column":"","field":"@residence"}]}`:     "1/table/where/0/column empty",
	} {
		problems := one(t, field(`"id":"a","kind":"text"`)+","+field(`"id":"b","kind":"choice","table":`+table)).Check()
		got := ""
		if len(problems) > 0 {
			got = problems[0].Path[len("steps/0/sections/0/fields/"):] + " " + problems[0].Code
		}
		if got != want {
			t.Errorf("%s: got %v, want %s", table, problems, want)
		}
	}
}

func TestPrefillOffersWhatTheAccountKnowsOnce(t *testing.T) {
	t.Parallel()
	d := one(t, field(`"id":"prenom","kind":"text","prefill":"given_name"`)+","+field(`"id":"adresse","kind":"address","prefill":"postal_address"`)+","+field(`"id":"mel","kind":"email","optional":true,"prefill":"email"`))
	for _, p := range d.Check() {
		t.Errorf("%s %s", p.Path, p.Message)
	}
	account := forms.Account{forms.PrefillGivenName: "Léa", forms.PrefillEmail: "lea@exemple.fr", forms.PrefillAddress: "Bât. B\n3 rue des Écoles\n31320 Castanet-Tolosan"}
	_, f := view(t, d, "e", forms.ViewInput{Answers: forms.Answers{}, Account: account, Today: today})
	if !f["prenom"].Prefilled || f["prenom"].Value != "Léa" || !f["adresse"].Prefilled || f["adresse"].Parts[0].Value != "3 rue des Écoles" || f["adresse"].Parts[3].Value != "Castanet-Tolosan" {
		t.Errorf("offers %+v", f)
	}
	// Somebody answered the step and left the address out: it is not put back.
	_, f = view(t, d, "e", forms.ViewInput{Answers: forms.Answers{"prenom": forms.Text("Zoé")}, Account: account, Today: today})
	if f["prenom"].Prefilled || f["prenom"].Value != "Zoé" || f["mel"].Value != "" {
		t.Errorf("overrides %+v", f)
	}
	_, f = view(t, d, "e", forms.ViewInput{Answers: forms.Answers{}, Raw: forms.Raw{"prenom": {""}}, Account: account, Today: today})
	if f["prenom"].Value != "" || f["mel"].Value != "" {
		t.Error("puts back what was emptied")
	}
	if p := one(t, field(`"id":"a","kind":"number","prefill":"email"`)).Check(); len(p) != 1 || p[0].Code != "prefill" {
		t.Errorf("got %v", p)
	}
}
