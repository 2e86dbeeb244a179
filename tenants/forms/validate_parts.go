package forms

import (
	"slices"
	"time"
	"unicode/utf8"
)

func (c *checker) files(e *entry, v Value) {
	if v.shape != shapeFiles {
		c.add(e, "", CodeWrongType, notice{})
		return
	}
	if limit := e.field.maxFiles(); len(v.files) > limit {
		c.add(e, "", CodeTooManyFiles, notice{count: limit})
		return
	}
	for i, ref := range v.files {
		if ref.ID == "" || ref.Name == "" || ref.Size <= 0 || utf8.RuneCountInString(ref.ID) > 100 || utf8.RuneCountInString(ref.Name) > 255 {
			c.add(e, "", CodeInvalidFile, notice{})
			c.errs[len(c.errs)-1].Path = joinIndex(e.field.ID, i)
			return
		}
	}
}

func (c *checker) date(e *entry, v Value) {
	t, ok := parseISO(v.text)
	if v.shape != shapeText || !ok {
		code, part, n := dateFault(v)
		c.add(e, part, code, n)
		return
	}
	n := c.bounds(e)
	switch {
	case !n.from.IsZero() && t.Before(n.from):
		c.add(e, PartDay, CodeTooEarly, n)
	case !n.to.IsZero() && t.After(n.to):
		c.add(e, PartDay, CodeTooLate, n)
	}
}

// dateFault tells which parts of a date that cannot be read are missing or out of range.
func dateFault(v Value) (code, part string, n notice) {
	day, month, year := dateParts(v.text)
	for _, p := range []struct{ part, typed, name string }{
		{PartDay, day, "le jour"}, {PartMonth, month, "le mois"}, {PartYear, year, "l’année"},
	} {
		if p.typed == "" {
			n.missing = append(n.missing, p.name)
			if part == "" {
				part = p.part
			}
		}
	}
	if len(n.missing) > 0 && len(n.missing) < 3 && v.shape == shapeText && day+month+year != v.text {
		return CodeIncompleteDate, part, n
	}
	part = PartDay
	if m, ok := monthNumber(month); month != "" && (!ok || m < 1 || m > 12) {
		part = PartMonth
	} else if y, ok := digits(year); year != "" && (!ok || y < minYear || y > maxYear) {
		part = PartYear
	}
	return CodeInvalidDate, part, notice{}
}

// bounds gives the first and last dates that a field accepts; zero for none.
func (c *checker) bounds(e *entry) notice {
	var n notice
	if e.field.MinDays != nil {
		n.from = c.today.AddDate(0, 0, *e.field.MinDays)
	}
	if e.field.MaxDays != nil {
		n.to = c.today.AddDate(0, 0, *e.field.MaxDays)
	}
	if t, ok := c.otherDate(e.after); ok && t.After(n.from) {
		n.from = t
	}
	if t, ok := c.otherDate(e.before); ok && (n.to.IsZero() || t.Before(n.to)) {
		n.to = t
	}
	return n
}

func (c *checker) otherDate(i int) (time.Time, bool) {
	if i < 0 || !c.visible[i] {
		return time.Time{}, false
	}
	return parseISO(c.answers[c.x.entries[i].field.ID].text)
}

func (c *checker) address(e *entry, a Address) {
	f := e.field
	abroad := f.Abroad && a.Country != ""
	parts := map[string]string{
		PartStreet: a.Street, PartComplement: a.Complement, PartPostalCode: a.PostalCode, PartTown: a.Town, PartCountry: a.Country,
	}
	before := len(c.errs)
	for _, part := range [...]string{PartStreet, PartComplement, PartPostalCode, PartTown, PartCountry} {
		typed := parts[part]
		optional := part == PartComplement || part == PartCountry || (part == PartPostalCode && abroad)
		switch {
		case typed == "" && !optional:
			c.add(e, part, CodeRequired, notice{})
		case utf8.RuneCountInString(typed) > DefaultTextLength:
			c.add(e, part, CodeTooLong, notice{count: DefaultTextLength})
		case part == PartPostalCode && typed != "" && !abroad && !frenchPostalCode(typed):
			c.add(e, part, CodeInvalidPostal, notice{})
		case part == PartCountry && typed != "" && !f.Abroad:
			c.add(e, part, CodeUnknownField, notice{})
		}
	}
	if len(c.errs) == before && f.InCommune && len(c.opts.PostalCodes) > 0 && !a.In(c.opts.Town, c.opts.PostalCodes) {
		c.add(e, PartTown, CodeOutsideCommune, notice{town: c.opts.Town, codes: c.opts.PostalCodes})
	}
}

// In tells whether the address lies in a commune, by its postal codes and, as several communes share
// one, the town's name, of which a beginning is enough (« Castanet », « CASTANET-TOLOSAN CEDEX »).
func (a Address) In(commune string, postalCodes []string) bool {
	if a.Country != "" || !slices.Contains(postalCodes, a.PostalCode) {
		return false
	}
	if a.Town == commune {
		return true
	}
	typed, town := foldTown(a.Town), foldTown(commune)
	return town == "" || (typed != "" && (hasWordPrefix(typed, town) || hasWordPrefix(town, typed)))
}
