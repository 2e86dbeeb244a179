package web

import "strings"

// wire is what ties a label, a hint and an error to an input.
type wire struct {
	ID, Label, Hint, Error string
	Optional               bool
}

// HintID and ErrorID are where the input finds its explanations.
func (w wire) HintID() string  { return w.ID + "-hint" }
func (w wire) ErrorID() string { return w.ID + "-error" }

// DescribedBy is the value of aria-describedby; empty for none.
func (w wire) DescribedBy() string {
	var ids []string
	if w.Hint != "" {
		ids = append(ids, w.HintID())
	}
	if w.Error != "" {
		ids = append(ids, w.ErrorID())
	}
	return strings.Join(ids, " ")
}

// Input is one line to type in. Its id is its name.
type Input struct {
	Name, Label, Hint, Error, Value string
	Type                            string // text by default; email, tel, password, search, number, date (agents)…
	Autocomplete, InputMode         string
	Unit                            string // shown after the box: "m²", "€"
	Width                           string // "short", "medium" or the whole width
	Min, Max                        string // of numbers and native dates
	List                            string // id of a datalist
	MaxLength                       int
	Optional, NoSpellcheck          bool
}

// Wire ties the input to its label, hint and error.
func (i Input) Wire() wire { return wire{i.Name, i.Label, i.Hint, i.Error, i.Optional} } //nolint:revive // for templates alone

// Kind is the input's type attribute.
func (i Input) Kind() string {
	if i.Type == "" {
		return "text"
	}
	return i.Type
}

// Longest is the input's maxlength attribute, in letters; 0 for none: figures and dates
// know of no length.
func (i Input) Longest() int {
	if i.Type == "date" || i.Type == "number" {
		return 0
	}
	return i.MaxLength
}

// Textarea is several lines to type in.
type Textarea struct {
	Name, Label, Hint, Error, Value string
	Rows, MaxLength                 int
	Optional                        bool
}

// Wire ties the area to its label, hint and error.
func (t Textarea) Wire() wire { return wire{t.Name, t.Label, t.Hint, t.Error, t.Optional} } //nolint:revive // for templates alone

// Height is the number of lines shown; 5 by default.
func (t Textarea) Height() int {
	if t.Rows == 0 {
		return 5
	}
	return t.Rows
}

// Choice is one thing to choose.
type Choice struct {
	Value, Label, Hint string
	Checked            bool
}

// Choices is a group of radio buttons or check boxes.
type Choices struct {
	Name, Legend, Hint, Error string
	Items                     []Choice
	Inline, Optional          bool
}

// Wire ties the group to its legend, hint and error.
func (c Choices) Wire() wire { return wire{c.Name, c.Legend, c.Hint, c.Error, c.Optional} } //nolint:revive // for templates alone

// Checkbox is one box to tick, with no group around it. Its value is "1" unless set.
type Checkbox struct {
	Name, Value, Label, Hint, Error string
	Checked                         bool
}

// Wire ties the box to its label, hint and error.
func (c Checkbox) Wire() wire { return wire{c.Name, c.Label, c.Hint, c.Error, false} } //nolint:revive // for templates alone

// Sent is the value that a ticked box sends.
func (c Checkbox) Sent() string {
	if c.Value == "" {
		return "1"
	}
	return c.Value
}

// Select is a list that unfolds; prefer Choices for up to seven items.
type Select struct {
	Name, Label, Hint, Error string
	Items                    []Choice
	Optional                 bool
}

// Wire ties the list to its label, hint and error.
func (s Select) Wire() wire { return wire{s.Name, s.Label, s.Hint, s.Error, s.Optional} } //nolint:revive // for templates alone

// Date is a date in three fields, named Name-day, Name-month and Name-year: people
// type a date they know faster than they find it in a calendar.
type Date struct {
	Name, Legend, Hint, Error, Day, Month, Year string
	Optional                                    bool
	Birth                                       bool // the browser may fill in the person's own birthday
}

// Wire ties the group to its legend, hint and error.
func (d Date) Wire() wire { return wire{d.Name, d.Legend, d.Hint, d.Error, d.Optional} } //nolint:revive // for templates alone

// part is one input of a group.
type part struct {
	Part, Name, ID, Label, Value, Autocomplete, InputMode string
	MaxLength                                             int
	Error, DescribedBy                                    string
	Optional, Invalid                                     bool
}

// Parts are the three inputs.
func (d Date) Parts() []part { //nolint:revive // for templates alone
	bday := func(what string) string {
		if d.Birth {
			return "bday-" + what
		}
		return ""
	}
	p := func(name, label, value string, length int) part {
		return part{
			Part: name, Name: d.Name + "-" + name, ID: d.Name + "-" + name, Label: label, Value: value,
			Autocomplete: bday(name), InputMode: "numeric", MaxLength: length, Invalid: d.Error != "", DescribedBy: d.Wire().DescribedBy(),
		}
	}
	return []part{p("day", "Jour", d.Day, 2), p("month", "Mois", d.Month, 2), p("year", "Année", d.Year, 4)}
}

// Address is a postal address in its parts: Name-street, -complement,
// -postal-code, -town and, where Abroad, -country. Errors are keyed by street,
// complement, postal_code, town and country.
type Address struct {
	Name, Legend, Hint, Error                     string
	Street, Complement, PostalCode, Town, Country string
	Errors                                        map[string]string
	Abroad, Optional                              bool
}

// Wire ties the group to its legend, hint and error.
func (a Address) Wire() wire { return wire{a.Name, a.Legend, a.Hint, a.Error, a.Optional} } //nolint:revive // for templates alone

// Parts are the inputs of the address.
func (a Address) Parts() []part { //nolint:revive // for templates alone
	p := func(key, label, value, autocomplete string) part {
		return part{
			Part: key, Name: a.Name + "-" + strings.ReplaceAll(key, "_", "-"), ID: a.Name + "-" + strings.ReplaceAll(key, "_", "-"), Label: label, Value: value,
			Autocomplete: autocomplete, Error: a.Errors[key], Invalid: a.Errors[key] != "", MaxLength: 200,
		}
	}
	parts := []part{
		p("street", "Numéro et voie", a.Street, "address-line1"), p("complement", "Complément", a.Complement, "address-line2"),
		p("postal_code", "Code postal", a.PostalCode, "postal-code"), p("town", "Commune", a.Town, "address-level2"),
	}
	parts[1].Optional, parts[2].InputMode = true, "numeric"
	if a.Abroad {
		parts = append(parts, p("country", "Pays", a.Country, "country-name"))
		parts[2].InputMode = ""
	}
	for i := range parts {
		if parts[i].Error != "" {
			parts[i].DescribedBy = parts[i].ID + "-error"
		}
	}
	return parts
}

// FileItem is a file that was sent already, with the button that removes it.
type FileItem struct {
	Name                    string
	Size                    int64 // bytes
	URL                     string
	RemoveName, RemoveValue string // the button's name and value; empty: no button
}

// File asks for one file or several.
type File struct {
	Name, Label, Hint, Error string
	Accept                   string // ".pdf,image/jpeg"
	Multiple, Optional       bool
	Files                    []FileItem
}

// Wire ties the input to its label, hint and error.
func (f File) Wire() wire { return wire{f.Name, f.Label, f.Hint, f.Error, f.Optional} } //nolint:revive // for templates alone

// Declaration is a text that somebody declares on their honour by ticking a box.
type Declaration struct {
	Name, Legend, Text, Error string
	Checked                   bool
}

// Wire ties the box to its legend and error.
func (d Declaration) Wire() wire { return wire{d.Name, d.Legend, "", d.Error, false} } //nolint:revive // for templates alone
