package forms

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func (r *viewer) field(e *entry) FieldView {
	f := e.field
	a := r.in.Answers[f.ID]
	typed := r.in.Raw != nil && r.in.Raw.has(f)
	v := FieldView{
		Kind: f.Kind, ID: f.ID, Name: f.ID, InputID: inputID(f, ""), Label: f.Label, Hint: f.Help,
		Limit: r.limit(e), Optional: f.Optional, Unit: f.Unit, Autocomplete: f.Autocomplete,
	}
	if known := r.in.Account.answer(f.Prefill, f.Kind); r.fresh && a.Empty() && !known.Empty() {
		a, v.Prefilled = known, true
		v.Hint = strings.TrimSpace(v.Hint + " Repris de votre compte" + nbsp + ": corrigez si besoin.")
	}
	r.describe(&v)
	switch f.Kind {
	case KindComputed:
		v.Computed, v.Value = true, e.row(a).Value
	case KindGroup:
	case KindDate:
		r.date(&v, e, a, typed)
	case KindAddress:
		r.address(&v, f, a, typed)
	case KindChoice, KindChoices:
		r.choices(&v, f, a, typed)
	case KindDeclaration:
		v.Declaration = f.Declaration
		v.Checked, _ = a.Bool()
	case KindFile:
		v.Files, _ = a.Files()
		v.AcceptTypes, v.Accept, v.MaxFiles = f.Accept, strings.Join(f.Accept, ","), f.maxFiles()
		v.CanAddFile = len(v.Files) < v.MaxFiles
	default:
		r.input(&v, f, a, typed)
	}
	return v
}

// describe wires hint, limit and the first error of the field to its inputs.
func (r *viewer) describe(v *FieldView) {
	var ids []string
	mark := func(text, suffix string) string {
		if text == "" {
			return ""
		}
		ids = append(ids, "f-"+v.ID+suffix)
		return "f-" + v.ID + suffix
	}
	for _, e := range r.in.Errors {
		if e.Field != v.ID || e.Code == CodeStopped {
			continue
		}
		v.Invalid = true
		if v.Error == "" {
			v.Error = e.Message
		} else {
			v.Error += ". " + e.Message // several parts of an address
		}
	}
	v.HintID, v.LimitID, v.ErrorID = mark(v.Hint, "-hint"), mark(v.Limit, "-limit"), mark(v.Error, "-error")
	v.DescribedBy = strings.Join(ids, " ")
}

func (r *viewer) input(v *FieldView, f *Field, a Value, typed bool) {
	v.InputType = "text"
	switch f.Kind {
	case KindEmail:
		v.InputType, v.InputMode, v.NoSpellcheck = "email", "email", true
	case KindPhone:
		v.InputType, v.InputMode, v.NoSpellcheck = "tel", "tel", true
	case KindNumber:
		v.InputMode, v.NoSpellcheck = "numeric", true
		if f.Decimals > 0 {
			v.InputMode = "decimal"
		}
		if f.Min == nil || *f.Min < 0 {
			v.InputMode = "" // numeric keypads of phones have no minus sign
		}
	case KindLongText:
		v.InputType, v.Rows = "", 6
	}
	if f.Kind != KindNumber {
		v.MaxLength = f.maxLength()
	}
	v.NoSpellcheck = v.NoSpellcheck || f.Pattern != ""
	switch {
	case typed:
		v.Value = r.in.Raw.first(f.ID)
	case a.shape == shapeNumber:
		v.Value = typedNumber(a.num)
	case f.Kind == KindPhone && isPhone(a.text):
		v.Value = FrenchPhone(a.text)
	default:
		v.Value = a.text
	}
}

func (r *viewer) date(v *FieldView, e *entry, a Value, typed bool) {
	f := e.field
	if _, ok := parseISO(a.text); ok {
		v.ISO = a.text
	}
	n := r.check.bounds(e)
	if !n.from.IsZero() {
		v.Min = n.from.Format(time.DateOnly)
	}
	if !n.to.IsZero() {
		v.Max = n.to.Format(time.DateOnly)
	}
	day, month, year := dateParts(a.text)
	birth := f.Autocomplete == "bday"
	v.Autocomplete = ""
	for _, p := range []struct {
		part, label, value, token string
		length                    int
	}{
		{PartDay, "Jour", day, "bday-day", 4}, // « 1er » fits
		{PartMonth, "Mois", month, "bday-month", 10},
		{PartYear, "Année", year, "bday-year", 4},
	} {
		pv := r.part(f, p.part, p.label, p.value, typed)
		pv.InputMode, pv.MaxLength = "numeric", p.length
		if birth {
			pv.Autocomplete = p.token
		}
		v.Parts = append(v.Parts, pv)
	}
}

func (r *viewer) address(v *FieldView, f *Field, a Value, typed bool) {
	address, _ := a.Address()
	own := f.Autocomplete != "" && f.Autocomplete != "off"
	off := f.Autocomplete == "off"
	v.Autocomplete = ""
	for _, p := range []struct{ part, label, value, token string }{
		{PartStreet, "Numéro et rue", address.Street, "address-line1"},
		{PartComplement, "Complément (bâtiment, étage, lieu-dit)", address.Complement, "address-line2"},
		{PartPostalCode, "Code postal", address.PostalCode, "postal-code"},
		{PartTown, "Ville ou village", address.Town, "address-level2"},
		{PartCountry, "Pays, si ce n’est pas la France", address.Country, "country-name"},
	} {
		if p.part == PartCountry && !f.Abroad {
			continue
		}
		pv := r.part(f, p.part, p.label, p.value, typed)
		pv.MaxLength = DefaultTextLength
		pv.Optional = p.part == PartComplement || p.part == PartCountry
		if p.part == PartPostalCode && !f.Abroad {
			pv.InputMode, pv.MaxLength = "numeric", 10
		}
		switch {
		case own:
			pv.Autocomplete = p.token
		case off:
			pv.Autocomplete = "off"
		}
		v.Parts = append(v.Parts, pv)
	}
}

func (r *viewer) part(f *Field, part, label, value string, typed bool) PartView {
	name := partName(f.ID, part)
	if typed {
		value = r.in.Raw.first(name)
		if f.Kind == KindDate && len(r.in.Raw[name]) == 0 {
			value = "" // a native input was posted: ISO holds it
		}
	}
	invalid := false
	for _, e := range r.in.Errors {
		if e.Field == f.ID {
			invalid = invalid || e.Part == part || e.Part == ""
			if f.Kind == KindDate && (e.Code == CodeRequired || e.Code == CodeTooEarly || e.Code == CodeTooLate) {
				invalid = true // it is about the date as a whole
			}
		}
	}
	return PartView{Part: part, Name: name, InputID: "f-" + name, Label: label, Value: value, Invalid: invalid}
}

func (r *viewer) choices(v *FieldView, f *Field, a Value, typed bool) {
	chosen := map[string]bool{}
	switch {
	case typed:
		for _, s := range r.in.Raw[f.ID] {
			chosen[cleanLine(s)] = true
		}
	case a.shape == shapeText:
		chosen[a.text] = true
	default:
		for _, s := range a.list {
			chosen[s] = true
		}
	}
	choices := f.Choices
	if f.Table != nil {
		v.Select = true
		choices = r.drawn(f, a.text)
	}
	for i, c := range choices {
		cv := ChoiceView{Value: c.Value, Label: c.Label, Help: c.Help, InputID: "f-" + f.ID + "-" + strconv.Itoa(i), Checked: chosen[c.Value]}
		if c.Help != "" {
			cv.HelpID = cv.InputID + "-help"
		}
		v.Choices = append(v.Choices, cv)
	}
}

// drawn gives the choices of a table, and what was chosen even where the table has it no more.
func (r *viewer) drawn(f *Field, chosen string) []Choice {
	texts := r.in.Tables[f.Table.Table].choices(f.Table, r.get)
	if chosen != "" && !slices.Contains(texts, chosen) {
		texts = append(texts, chosen)
	}
	out := make([]Choice, len(texts))
	for i, s := range texts {
		out[i] = Choice{Value: s, Label: s}
	}
	return out
}

// limit tells, before anything is typed, what an answer must keep to.
func (r *viewer) limit(e *entry) string {
	f := e.field
	switch f.Kind {
	case KindText, KindLongText:
		switch {
		case f.Pattern != "":
			return "" // the hint tells the form, in better words than a length
		case f.MinLength > 1 && f.MaxLength > 0:
			return "De " + frenchNumber(float64(f.MinLength), "") + " à " + count(f.MaxLength, "caractère")
		case f.MinLength > 1:
			return count(f.MinLength, "caractère") + " au moins"
		case f.Kind == KindLongText: // nobody reaches that of a short one, which says so if they do
			return count(f.maxLength(), "caractère") + " au plus"
		}
	case KindNumber:
		if f.Min != nil && *f.Min <= 1 && f.Max == nil {
			return "" // « at least 0 » helps nobody
		}
		if f.Min != nil || f.Max != nil {
			return capital(rangeOf(f))
		}
	case KindDate:
		if n := r.check.bounds(e); !n.from.IsZero() || !n.to.IsZero() {
			return capital(period(n))
		}
	case KindFile:
		return fileLimit(f)
	case KindAddress:
		if f.InCommune {
			return "Dans la commune"
		}
	}
	return ""
}

func fileLimit(f *Field) string {
	var parts, names []string
	for _, mime := range f.Accept {
		if name, ok := mimeNames[mime]; ok {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		parts = append(parts, "Format "+enumerate(names, "ou"))
	}
	if f.maxFiles() > 1 {
		parts = append(parts, count(f.maxFiles(), "document")+" au plus")
	}
	return strings.Join(parts, ", ")
}

// capital begins a sentence.
func capital(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}
