package forms

import (
	"net/url"
	"slices"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Raw is what a person typed in one step, input name by input name, untouched, so that a page shown
// again shows exactly that. It holds this step's inputs and nothing else of the post.
type Raw map[string][]string

// shownName is the input by which a page tells which conditional fields it showed.
const shownName = "_shown"

// The parts of dates and addresses, as they end an input's name after a hyphen.
const (
	PartDay        = "day"
	PartMonth      = "month"
	PartYear       = "year"
	PartStreet     = "street"
	PartComplement = "complement"
	PartPostalCode = "postal_code"
	PartTown       = "town"
	PartCountry    = "country"
)

func partName(id, part string) string {
	if part == PartPostalCode {
		return id + "-postal-code"
	}
	return id + "-" + part
}

// FromForm reads the posted page of a step. What a person typed is never an error here: what cannot
// be read as the field's kind stays in the answers as text, and Validate says what to do about it. Errors
// are NotFound for an unknown step and TooLarge past MaxJSON bytes.
func (d *Definition) FromForm(step string, form url.Values) (Answers, Raw, error) {
	x := d.index()
	si, ok := x.steps[step]
	if !ok {
		return nil, nil, fault.New(fault.NotFound, "form_step_unknown")
	}
	in := formReader{form: form, raw: Raw{}}
	answers := Answers{}
	for i := range x.entries {
		e := &x.entries[i]
		if e.step != si || e.field.Kind == KindFile || e.field.Kind == KindComputed {
			continue
		}
		if e.group != nil {
			if v := in.readRows(e); !v.Empty() {
				answers[e.field.ID] = v
			}
			continue
		}
		if v := in.read(e.field); !v.Empty() {
			answers[e.field.ID] = v
		}
	}
	in.all(shownName)
	if in.size > MaxJSON {
		return nil, nil, fault.New(fault.TooLarge, "answers_too_large")
	}
	return answers, in.raw, nil
}

type formReader struct {
	form url.Values
	raw  Raw
	size int
}

// all gives every value posted under a name, and keeps it as typed.
func (in *formReader) all(name string) []string {
	values, ok := in.form[name]
	if !ok {
		return nil
	}
	if len(values) > MaxFields {
		values = values[:MaxFields]
	}
	for _, v := range values {
		in.size += len(v)
	}
	if in.size > MaxJSON {
		return nil
	}
	in.raw[name] = slices.Clone(values)
	return values
}

func (in *formReader) one(name string) string {
	if values := in.all(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

func (in *formReader) part(f *Field, part string) string { return in.one(partName(f.ID, part)) }

func (in *formReader) read(f *Field) Value {
	switch f.Kind {
	case KindChoices:
		var list []string
		for _, s := range in.all(f.ID) {
			if s = cleanLine(s); s != "" && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
		return List(sortChoices(f, list)...)
	case KindDeclaration:
		return Bool(in.one(f.ID) != "")
	case KindAddress:
		a := Address{
			Street:     cleanLine(in.part(f, PartStreet)),
			Complement: cleanLine(in.part(f, PartComplement)),
			PostalCode: cleanPostalCode(in.part(f, PartPostalCode)),
			Town:       cleanLine(in.part(f, PartTown)),
		}
		if f.Abroad {
			a.Country = cleanCountry(in.part(f, PartCountry))
		}
		return AddressOf(a)
	case KindDate:
		day, month, year := in.part(f, PartDay), in.part(f, PartMonth), in.part(f, PartYear)
		if native := in.one(f.ID); native != "" && day+month+year == "" {
			return Text(cleanLine(native))
		}
		return Text(cleanDate(day, month, year))
	case KindNumber:
		typed := in.one(f.ID)
		if n, ok := parseNumber(typed, f.Unit); ok {
			return Number(n)
		}
		return Text(cleanLine(typed))
	default:
		return Text(cleanString(f.Kind, in.one(f.ID)))
	}
}

// cleanString normalises a textual answer of any kind.
func cleanString(kind Kind, s string) string {
	switch kind {
	case KindLongText:
		return cleanText(s)
	case KindEmail:
		return cleanEmail(s)
	case KindPhone:
		return cleanPhone(s)
	default:
		return cleanLine(s)
	}
}

// sortChoices puts chosen values into the order of the form, unknown ones last, so that the same
// choice is always the same answer.
func sortChoices(f *Field, chosen []string) []string {
	order := make(map[string]int, len(f.Choices))
	for i := range f.Choices {
		order[f.Choices[i].Value] = i - len(f.Choices)
	}
	out := slices.Clone(chosen)
	slices.SortStableFunc(out, func(a, b string) int { return order[a] - order[b] })
	return out
}

// names lists the form inputs of a field.
func (f *Field) names() []string {
	switch f.Kind {
	case KindDate:
		return []string{f.ID, partName(f.ID, PartDay), partName(f.ID, PartMonth), partName(f.ID, PartYear)}
	case KindAddress:
		return []string{
			partName(f.ID, PartStreet), partName(f.ID, PartComplement), partName(f.ID, PartPostalCode),
			partName(f.ID, PartTown), partName(f.ID, PartCountry),
		}
	default:
		return []string{f.ID}
	}
}

// has tells whether any input of the field was posted.
func (r Raw) has(f *Field) bool {
	return slices.ContainsFunc(f.names(), func(name string) bool { return len(r[name]) > 0 })
}

// first gives what was typed under a name.
func (r Raw) first(name string) string {
	if values := r[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
