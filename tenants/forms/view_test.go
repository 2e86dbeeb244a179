package forms_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/forms"
)

func view(t *testing.T, d *forms.Definition, step string, in forms.ViewInput) (forms.StepView, map[string]forms.FieldView) {
	t.Helper()
	in.Today = today
	v, err := d.View(step, in)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]forms.FieldView{}
	for _, s := range v.Sections {
		for _, f := range s.Fields {
			fields[f.ID] = f
		}
	}
	return v, fields
}

func TestViewOfABlankStep(t *testing.T) {
	t.Parallel()
	v, f := view(t, terrasse(t), "vous", forms.ViewInput{})
	if v.Number != 1 || v.Count != 3 || v.Previous != "" || v.Next != "terrasse" || !v.HasOptional || v.HasFiles {
		t.Errorf("got %+v", v)
	}
	if e := f["courriel"]; e.InputType != "email" || e.InputMode != "email" || e.Autocomplete != "email" || e.InputID != "f-courriel" || e.Name != "courriel" || e.MaxLength != 254 {
		t.Errorf("got %+v", e)
	}
	if e := f["telephone"]; e.InputType != "tel" || !e.Optional || e.DescribedBy != "" {
		t.Errorf("got %+v", e)
	}
	var tokens []string
	for _, p := range append(f["adresse"].Parts, f["naissance"].Parts...) {
		tokens = append(tokens, p.Name+"="+p.Autocomplete)
	}
	want := "adresse-street=address-line1 adresse-complement=address-line2 adresse-postal-code=postal-code adresse-town=address-level2 " +
		"adresse-country=country-name naissance-day=bday-day naissance-month=bday-month naissance-year=bday-year"
	if strings.Join(tokens, " ") != want {
		t.Errorf("got %v", tokens)
	}
	if e := f["naissance"]; plain(e.Limit) != "Jusqu’au 21 novembre 2026" || e.Max != "2026-11-21" || e.DescribedBy != "f-naissance-limit" {
		t.Errorf("got %+v", e)
	}
	if s := f["siret"]; s.Visible || !s.Conditional || s.ShowIf != `{"field":"qualite","equals":"entreprise"}` || s.HintID != "f-siret-hint" {
		t.Errorf("got %+v", s)
	}
}

func TestViewShowsExactlyWhatWasTyped(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	form := url.Values{
		"surface": {" 1 2,5 "}, "debut-day": {"31 "}, "debut-month": {"févr"}, "debut-year": {"26"}, "mobilier": {"autre", "pirate"},
		"emplacement-street": {"  3 rue"}, "emplacement-postal-code": {"3132"}, "emplacement-town": {"Castanet"},
	}
	a, raw, err := d.FromForm("terrasse", form)
	if err != nil {
		t.Fatal(err)
	}
	errs := d.Validate(a, today, forms.Options{Step: "terrasse"})
	v, f := view(t, d, "terrasse", forms.ViewInput{Answers: a, Raw: raw, Errors: errs})
	if f["surface"].Value != " 1 2,5 " || f["debut"].Parts[0].Value != "31 " || f["debut"].Parts[1].Value != "févr" {
		t.Errorf("got %+v %+v", f["surface"], f["debut"].Parts)
	}
	if !f["mobilier"].Choices[3].Checked || f["mobilier"].Choices[0].Checked || !f["mobilier"].Invalid {
		t.Errorf("got %+v", f["mobilier"])
	}
	place := f["emplacement"]
	if place.Parts[0].Value != "  3 rue" || place.Parts[0].Invalid || !place.Parts[2].Invalid || place.ErrorID == "" || !strings.Contains(place.DescribedBy, place.ErrorID) {
		t.Errorf("got %+v", place)
	}
	var links []string
	for _, e := range v.Errors {
		links = append(links, e.InputID)
	}
	if want := []string{"f-emplacement-postal-code", "f-debut-year", "f-fin-day", "f-mobilier-0", "f-precision"}; !slices.Equal(links, want) {
		t.Errorf("got %v", links)
	}
	// A draft that comes back without what was typed shows the same parts.
	_, f = view(t, d, "terrasse", forms.ViewInput{Answers: a})
	if f["debut"].Parts[1].Value != "févr" || f["surface"].Value != "12,5" {
		t.Errorf("got %+v %q", f["debut"].Parts, f["surface"].Value)
	}
}

func TestViewOfStoredAnswers(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	_, f := view(t, d, "vous", forms.ViewInput{Answers: complete()})
	if plain(f["telephone"].Value) != "05 61 00 00 00" || !f["qualite"].Choices[0].Checked || !f["siret"].Visible {
		t.Errorf("got %+v", f)
	}
	v, f := view(t, d, "terrasse", forms.ViewInput{Answers: complete()})
	if e := f["debut"]; e.ISO != "2026-12-06" || e.Min != "2026-12-06" || e.Parts[0].Value != "6" || e.Parts[2].Value != "2026" {
		t.Errorf("got %+v", e)
	}
	if s := v.Sections[1]; !s.Conditional || !s.Visible || s.ShowIf == "" || !s.Fields[0].Conditional || s.Fields[0].ShowIf != "" || !s.Fields[0].Visible {
		t.Errorf("got %+v", s)
	}
	v, f = view(t, d, "pieces", forms.ViewInput{Answers: complete()})
	if e := f["plan"]; !v.HasFiles || len(e.Files) != 1 || !e.CanAddFile || e.Accept != "application/pdf,image/jpeg,image/png" || plain(e.Limit) != "Format PDF, JPEG ou PNG, 3 documents au plus" {
		t.Errorf("got %+v", e)
	}
	if !f["engagement"].Checked || f["engagement"].Declaration == "" {
		t.Errorf("got %+v", f["engagement"])
	}
}

func TestViewResolvesWhatOtherStepsDecide(t *testing.T) {
	t.Parallel()
	d, err := forms.Parse([]byte(`{"version":1,"steps":[
		{"id":"a","title":"A","sections":[{"id":"s","fields":[` + field(`"id":"n","kind":"number"`) + `]}]},
		{"id":"b","title":"B","sections":[{"id":"t","fields":[` + field(`"id":"m","kind":"text"`) + `,` +
		field(`"id":"x","kind":"text","if":{"field":"n","gt":3}`) + `,` +
		field(`"id":"y","kind":"text","if":{"and":[{"field":"n","gt":3},{"field":"m","filled":true}]}`) + `]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, f := view(t, d, "b", forms.ViewInput{Answers: forms.Answers{"n": forms.Number(2)}})
	if len(f) != 1 {
		t.Errorf("fields hidden for good are shown: %v", f)
	}
	_, f = view(t, d, "b", forms.ViewInput{Answers: forms.Answers{"n": forms.Number(4)}})
	if x := f["x"]; !x.Visible || x.ShowIf != "" || !x.Conditional {
		t.Errorf("got %+v", x)
	}
	if y := f["y"]; y.Visible || y.ShowIf != `{"and":[{"field":"m","filled":true}]}` {
		t.Errorf("got %+v", y)
	}
}

func TestRevealedAsksForAnotherLookWithoutScript(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	form := url.Values{"qualite": {"association"}}
	a, raw, err := d.FromForm("vous", form)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Revealed("vous", a, raw); !slices.Equal(got, []string{"rna"}) {
		t.Errorf("got %v", got)
	}
	form["_shown"] = []string{"rna"}
	a, raw, err = d.FromForm("vous", form)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Revealed("vous", a, raw); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestSummarySpeaksFrench(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	a := with(func(a forms.Answers) {
		delete(a, "telephone")
		a["surface"] = forms.Number(1234.5)
	})
	got := map[string]string{}
	var titles []string
	for _, step := range d.Summary(a) {
		titles = append(titles, step.Title)
		for _, row := range step.Rows {
			got[row.FieldID] = plain(row.Value)
			if row.Filled == (row.Value == "Non renseigné") {
				t.Errorf("%s: filled is %v", row.FieldID, row.Filled)
			}
		}
	}
	if !slices.Equal(titles, []string{"Vous", "Votre terrasse", "Pièces"}) {
		t.Errorf("got %v", titles)
	}
	for id, want := range map[string]string{
		"qualite": "Entreprise", "telephone": "Non renseigné", "surface": "1 234,5 m²", "debut": "6 décembre 2026",
		"fin": "1er janvier 2027", "mobilier": "Tables et chaises, Chauffage", "plan": "plan.pdf (1,2 Mo)",
		"adresse": "3 rue des Lilas, 31320 Castanet-Tolosan", "puissance": "3 kW",
		"engagement": "Oui : Je m’engage à laisser un passage de 1,40 m aux piétons.",
	} {
		if got[id] != want {
			t.Errorf("%s: got %q, want %q", id, got[id], want)
		}
	}
	if _, ok := got["rna"]; ok {
		t.Error("a hidden question is in the summary")
	}
	letter := d.Placeholders(a)
	if plain(letter["debut"]) != "6 décembre 2026" || letter["telephone"] != "" || len(letter) != 17 {
		t.Errorf("got %v", letter)
	}
	if v, ok := letter["rna"]; !ok || v != "" {
		t.Error("a hidden field has no empty placeholder")
	}
}
