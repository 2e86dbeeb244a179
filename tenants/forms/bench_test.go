package forms_test

import (
	"fmt"
	"testing"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// hundred is a form of 100 fields of every kind, half of them conditional, with good answers to all.
func hundred(t testing.TB) (*forms.Definition, forms.Answers) {
	t.Helper()
	a := forms.Answers{}
	var fields []forms.Field
	for i := range 100 {
		f := forms.Field{ID: fmt.Sprintf("f%d", i), Label: "Question", Purpose: "Instruire", LegalBasis: "CGCT"}
		var v forms.Value
		switch i % 11 {
		case 0:
			f.Kind, v = forms.KindText, forms.Text("Bonnafous")
		case 1:
			f.Kind, f.Pattern, f.Help, v = forms.KindText, "[0-9]{14}", "14 chiffres", forms.Text("12345678901234")
		case 2:
			f.Kind, v = forms.KindLongText, forms.Text("Une phrase un peu plus longue que les autres.")
		case 3:
			f.Kind, v = forms.KindEmail, forms.Text("a.bonnafous@exemple.fr")
		case 4:
			f.Kind, v = forms.KindPhone, forms.Text("+33561000000")
		case 5:
			f.Kind, f.Decimals, v = forms.KindNumber, 2, forms.Number(12.5)
		case 6:
			f.Kind, v = forms.KindDate, forms.Text("2026-12-06")
		case 7:
			f.Kind, f.Choices, v = forms.KindChoice, []forms.Choice{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}, forms.Text("b")
		case 8:
			f.Kind, f.Choices, v = forms.KindChoices, []forms.Choice{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}, forms.List("a", "b")
		case 9:
			f.Kind, f.InCommune = forms.KindAddress, true
			v = forms.AddressOf(forms.Address{Street: "3 rue des Lilas", PostalCode: "31320", Town: "Castanet-Tolosan"})
		default:
			f.Kind, f.Declaration, v = forms.KindDeclaration, "Je déclare", forms.Bool(true)
		}
		if i%2 == 1 {
			f.If = &forms.Condition{And: []forms.Condition{{Field: "f0", Filled: true}, {Not: &forms.Condition{Field: fmt.Sprintf("f%d", i-1), Contains: "z"}}}}
		}
		fields = append(fields, f)
		a[f.ID] = v
	}
	d, err := forms.Build(forms.Definition{
		Version: 1, Recipients: []string{"mairie"}, Retention: "1 an",
		Steps: []forms.Step{{ID: "e", Title: "Étape", Sections: []forms.Section{{ID: "s", Fields: fields}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, a
}

func BenchmarkValidate(b *testing.B) {
	d, a := hundred(b)
	if errs := d.Validate(a, today, castanet); len(errs) > 0 {
		b.Fatal(told(errs))
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Validate(a, today, castanet)
	}
}
