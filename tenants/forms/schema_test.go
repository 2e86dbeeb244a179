package forms_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// failer is what testing.TB and *rapid.T share here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func compile(t failer, d *forms.Definition) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.JSONSchema()))
	if err != nil {
		t.Fatalf("the schema is no JSON: %v", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("answers.json", doc); err != nil {
		t.Fatalf("%v", err)
	}
	s, err := c.Compile("answers.json")
	if err != nil {
		t.Fatalf("the schema does not compile: %v\n%s", err, d.JSONSchema())
	}
	return s
}

func accepts(t failer, s *jsonschema.Schema, a forms.Answers) error {
	t.Helper()
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatalf("%v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return s.Validate(doc)
}

func TestSchemaOfACompleteForm(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	s := compile(t, d)
	if err := accepts(t, s, complete()); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(forms.Answers){
		"unknown field":           func(a forms.Answers) { a["x"] = forms.Text("y") },
		"conditional missing":     func(a forms.Answers) { delete(a, "siret") },
		"section's field missing": func(a forms.Answers) { delete(a, "puissance") },
		"or of two":               func(a forms.Answers) { a["surface"] = forms.Number(101) },
		"pattern":                 func(a forms.Answers) { a["siret"] = forms.Text("1") },
		"not a choice":            func(a forms.Answers) { a["qualite"] = forms.Text("roi") },
		"too many decimals":       func(a forms.Answers) { a["surface"] = forms.Number(1.001) },
		"not declared":            func(a forms.Answers) { a["engagement"] = forms.Bool(false) },
		"no such date":            func(a forms.Answers) { a["debut"] = forms.Text("2027-02-29") },
	} {
		if accepts(t, s, with(change)) == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	var doc struct {
		Properties map[string]map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(d.JSONSchema(), &doc); err != nil {
		t.Fatal(err)
	}
	if p := doc.Properties["surface"]; p["title"] != "Surface" || p["x-unit"] != "m²" || p["x-step"] != "terrasse" {
		t.Errorf("got %v", p)
	}
}

// TestSchemaAgreesWithValidate draws forms with conditions on earlier fields, and answers good and bad:
// both judge canonical answers alike.
func TestSchemaAgreesWithValidate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawForm(t)
		if problems := d.Check(); len(problems) > 0 {
			t.Fatalf("the drawn form has problems: %v", problems)
		}
		s := compile(t, d)
		for range 4 {
			a := d.Prune(d.Settle(drawAnswers(t, d), drawFacts(t)))
			errs := d.Validate(a, today, forms.Options{PapersLater: true})
			err := accepts(t, s, a)
			if (len(errs) == 0) != (err == nil) {
				t.Fatalf("Validate says %v, the schema says %v\nanswers %v\nschema %s", errs, err, a, d.JSONSchema())
			}
		}
	})
}

func drawFacts(t *rapid.T) forms.Facts {
	return forms.Facts{
		Today: today, Identity: rapid.IntRange(0, 3).Draw(t, "identity"),
		Applicant: rapid.SampledFrom([]string{"", forms.ApplicantPerson, forms.ApplicantOrganisation}).Draw(t, "applicant"),
		Residence: rapid.SampledFrom([]string{"", forms.ResidenceCommune, forms.ResidenceAbroad}).Draw(t, "residence"),
	}
}

var drawnKinds = []forms.Kind{
	forms.KindText, forms.KindLongText, forms.KindEmail, forms.KindNumber, forms.KindDate, forms.KindChoice,
	forms.KindChoices, forms.KindAddress, forms.KindFile, forms.KindDeclaration,
}

func drawForm(t *rapid.T) *forms.Definition {
	var earlier []forms.Field
	var sections []forms.Section
	for si := range rapid.IntRange(1, 3).Draw(t, "sections") {
		section := forms.Section{ID: fmt.Sprintf("s%d", si), If: drawCondition(t, earlier, 2)}
		repeated := rapid.IntRange(0, 3).Draw(t, "repeated") == 0
		if repeated {
			section.Repeat = &forms.Repeat{Min: rapid.IntRange(0, 2).Draw(t, "least"), Max: 2, Item: "Enfant"}
		}
		for range rapid.IntRange(1, 4).Draw(t, "fields") {
			f := drawField(t, len(earlier)+len(section.Fields)+100*si)
			if repeated {
				section.Fields = append(section.Fields, inRow(f, section.Fields))
				continue
			}
			f.If = drawCondition(t, append(earlier[:len(earlier):len(earlier)], section.Fields...), 3)
			section.Fields = append(section.Fields, f)
			if rapid.IntRange(0, 9).Draw(t, "stops") == 0 {
				stop := drawPart(t, append(earlier[:len(earlier):len(earlier)], section.Fields...), 2)
				section.Fields[len(section.Fields)-1].Stop = &forms.Stop{If: &stop, Message: "Ce n’est pas ici"}
			}
		}
		if repeated {
			sections = append(sections, section)
			continue
		}
		if rapid.IntRange(0, 9).Draw(t, "section stops") == 0 {
			stop := drawPart(t, append(earlier[:len(earlier):len(earlier)], section.Fields...), 2)
			section.Stop = &forms.Stop{If: &stop, Message: "Ce n’est pas ici"}
		}
		earlier = append(earlier, section.Fields...)
		sections = append(sections, section)
	}
	d, err := forms.Build(forms.Definition{
		Version: 1, Recipients: []string{"mairie"}, Retention: "1 an",
		Steps: []forms.Step{{ID: "e", Title: "Étape", Sections: sections}},
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return d
}

// inRow makes a field one of a repeated section, asked once the one before it is answered.
func inRow(f forms.Field, before []forms.Field) forms.Field {
	if f.Kind == forms.KindFile {
		f.Kind, f.MaxFiles = forms.KindEmail, 0
	}
	if len(before) > 0 {
		f.If = &forms.Condition{Field: before[len(before)-1].ID, Filled: true}
	}
	return f
}

func drawField(t *rapid.T, n int) forms.Field {
	f := forms.Field{
		ID: fmt.Sprintf("f%d", n), Kind: rapid.SampledFrom(drawnKinds).Draw(t, "kind"), Label: "Question", Purpose: "Instruire",
		LegalBasis: "CGCT", Optional: rapid.Bool().Draw(t, "optional"),
	}
	switch f.Kind {
	case forms.KindText:
		f.MinLength, f.MaxLength = rapid.IntRange(0, 3).Draw(t, "min"), rapid.IntRange(3, 6).Draw(t, "max")
		if rapid.Bool().Draw(t, "patterned") {
			f.Pattern, f.Help = "[a-dé]+", "De a à d"
		}
	case forms.KindNumber:
		low, high := -2.0, 5.5
		f.Min, f.Max, f.Decimals = &low, &high, rapid.IntRange(0, 2).Draw(t, "decimals")
	case forms.KindChoice, forms.KindChoices:
		f.Choices = []forms.Choice{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}, {Value: "c", Label: "C"}}
	case forms.KindFile:
		f.MaxFiles = 2
	case forms.KindDeclaration:
		f.Declaration = "Je déclare"
	}
	return f
}

func drawCondition(t *rapid.T, fields []forms.Field, depth int) *forms.Condition {
	if len(fields) == 0 || rapid.IntRange(0, 2).Draw(t, "plain") == 0 {
		return nil
	}
	c := drawPart(t, fields, depth)
	return &c
}

func drawPart(t *rapid.T, fields []forms.Field, depth int) forms.Condition {
	if depth > 0 {
		switch rapid.IntRange(0, 4).Draw(t, "part") {
		case 0:
			return forms.Condition{And: []forms.Condition{drawPart(t, fields, depth-1), drawPart(t, fields, depth-1)}}
		case 1:
			return forms.Condition{Or: []forms.Condition{drawPart(t, fields, depth-1), drawPart(t, fields, depth-1)}}
		case 2:
			sub := drawPart(t, fields, depth-1)
			return forms.Condition{Not: &sub}
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "fact") == 0 {
		fields = forms.FactFields()
	}
	f := rapid.SampledFrom(fields).Draw(t, "on")
	c := forms.Condition{Field: f.ID}
	value := func(v forms.Value) *forms.Value { return &v }
	switch kind := rapid.IntRange(0, 5).Draw(t, "operator"); {
	case f.ID == forms.FactApplicant || f.ID == forms.FactResidence:
		c.NotEquals = value(forms.Text(f.Choices[1].Value))
	case f.ID == forms.FactIdentity && kind < 3:
		c.Ge = value(forms.Number(2))
	case f.Kind == forms.KindNumber && kind == 2:
		c.Le = value(forms.Number(2))
	case f.Kind == forms.KindNumber && kind == 3:
		c.Ge = value(forms.Number(2))
	case f.Kind == forms.KindChoice && kind == 2:
		c.NotEquals = value(forms.Text("a"))
	case f.Kind == forms.KindChoice && kind == 0:
		c.Equals = value(forms.Text("b"))
	case f.Kind == forms.KindChoice && kind == 1:
		c.In = []forms.Value{forms.Text("a"), forms.Text("c")}
	case f.Kind == forms.KindChoices && kind < 2:
		c.Contains = "a"
	case f.Kind == forms.KindNumber && kind == 0:
		c.Gt = value(forms.Number(2))
	case f.Kind == forms.KindNumber && kind == 1:
		c.Lt = value(forms.Number(2))
	case f.Kind == forms.KindDeclaration && kind == 0:
		c.Equals = value(forms.Bool(true))
	default:
		c.Filled = true
	}
	return c
}

func drawAnswers(t *rapid.T, d *forms.Definition) forms.Answers {
	a := forms.Answers{}
	for _, section := range d.Steps[0].Sections {
		if section.Repeat == nil {
			drawInto(t, a, section)
			continue
		}
		var rows []forms.Answers
		for range rapid.IntRange(0, 3).Draw(t, "rows") {
			row := forms.Answers{}
			drawInto(t, row, section)
			rows = append(rows, row)
		}
		a[section.ID] = forms.Rows(rows...)
	}
	return a
}

func drawInto(t *rapid.T, a forms.Answers, section forms.Section) {
	for _, f := range section.Fields {
		if rapid.IntRange(0, 9).Draw(t, "left out") > 0 {
			a[f.ID] = drawAnswer(t, f)
		}
	}
}

// drawAnswer is good nine times in ten.
func drawAnswer(t *rapid.T, f forms.Field) forms.Value {
	bad := rapid.IntRange(0, 9).Draw(t, "bad") == 0
	texts := func(good, wrong []string) forms.Value {
		if bad {
			return forms.Text(rapid.SampledFrom(wrong).Draw(t, "wrong"))
		}
		return forms.Text(rapid.SampledFrom(good).Draw(t, "good"))
	}
	switch f.Kind {
	case forms.KindText:
		return texts([]string{"abc", "éaé"}, []string{"a", "ab", "abcdef", "abcdefg", "xyz"})
	case forms.KindLongText:
		return texts([]string{"un\ndeux", "😀"}, []string{strings.Repeat("é", 4001)})
	case forms.KindEmail:
		return texts([]string{"a@b.fr", "é@café.fr"}, []string{"a@b", "a b@c.fr", "a"})
	case forms.KindDate:
		return texts([]string{"2026-12-06", "2028-02-29"}, []string{"2027-02-29", "6/12/2026", "1499-01-01"})
	case forms.KindChoice:
		return texts([]string{"a", "b", "c"}, []string{"d"})
	case forms.KindNumber:
		if bad {
			return forms.Number(rapid.SampledFrom([]float64{-2.01, 5.51, 1.125, 1e16, -1e300}).Draw(t, "n"))
		}
		return forms.Number(float64(rapid.IntRange(-2, 5).Draw(t, "n")))
	case forms.KindChoices:
		return drawChoices(t, bad)
	case forms.KindAddress:
		code := "31320"
		if bad {
			code = "3132"
		}
		return forms.AddressOf(forms.Address{Street: "1 rue", PostalCode: code, Town: "Auzeville"})
	case forms.KindFile:
		refs := []forms.FileRef{{ID: "a", Name: "a.pdf", Size: 1}, {ID: "b", Name: "b.pdf", Size: 2}, {ID: "c", Name: "c.pdf", Size: 3}}
		if bad {
			return forms.Files(refs...)
		}
		return forms.Files(refs[:rapid.IntRange(0, 2).Draw(t, "files")]...)
	default:
		return forms.Bool(!bad)
	}
}

func drawChoices(t *rapid.T, bad bool) forms.Value {
	if bad {
		return forms.List("a", rapid.SampledFrom([]string{"a", "d"}).Draw(t, "extra"))
	}
	var list []string
	for _, v := range []string{"a", "b", "c"} {
		if rapid.Bool().Draw(t, v) {
			list = append(list, v)
		}
	}
	return forms.List(list...)
}
