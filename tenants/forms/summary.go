package forms

import (
	"iter"
	"strconv"
	"strings"
)

// SummaryStep is a visible step with what was answered to it, for the page that checks the answers, the
// agent's panel, the letter and the e-mail.
type SummaryStep struct {
	ID    string
	Title string
	Rows  []SummaryRow
}

// SummaryRow is one visible question and its answer, in French.
type SummaryRow struct {
	FieldID string
	Kind    Kind
	Label   string
	Value   string    // the answer on one line or, for a long text, as typed; « Non renseigné » where there is none
	Lines   []string  // the answer line by line: parts of an address, chosen values, paragraphs, files
	Files   []FileRef // of a file field
	Filled  bool      // whether there is an answer
}

const (
	notAnswered = "Non renseigné"
	notKnown    = "Pas encore connu" // of a computed value
)

// Summary gives the visible questions with their answers as a person reads them.
func (d *Definition) Summary(a Answers) []SummaryStep {
	x := d.index()
	visible := x.sight(a)
	var steps []SummaryStep
	last := -1
	for i := range x.entries {
		if !visible[i] {
			continue
		}
		e := &x.entries[i]
		if e.step != last {
			steps = append(steps, SummaryStep{ID: d.Steps[e.step].ID, Title: d.Steps[e.step].Title})
			last = e.step
		}
		step := &steps[len(steps)-1]
		if v := a[e.field.ID]; e.group != nil && !v.Empty() {
			step.Rows = append(step.Rows, e.groupRows(v, x.seen(a, visible))...)
			continue
		}
		step.Rows = append(step.Rows, e.row(a[e.field.ID]))
	}
	return steps
}

// groupRows gives one row for each of a repeated section's: « Enfant 1 », with a line for each answer.
func (e *entry) groupRows(v Value, outer getter) []SummaryRow {
	var out []SummaryRow
	for n, row := range v.rows {
		if emptyRow(row) {
			continue
		}
		visible := e.group.sightIn(row, outer, nil)
		r := SummaryRow{FieldID: e.field.ID, Kind: KindGroup, Label: e.section.Repeat.Item + " " + strconv.Itoa(n+1), Filled: true}
		for i := range e.group.entries {
			sub := &e.group.entries[i]
			if a := row[sub.field.ID]; visible[i] && !a.Empty() {
				r.Lines = append(r.Lines, sub.field.Label+nbsp+": "+strings.Join(sub.row(a).Lines, ", "))
			}
		}
		r.Value = strings.Join(r.Lines, "; ")
		out = append(out, r)
	}
	return out
}

func (e *entry) row(v Value) SummaryRow {
	row := SummaryRow{FieldID: e.field.ID, Kind: e.field.Kind, Label: e.field.Label, Value: notAnswered}
	if v.Empty() {
		if e.field.Kind == KindComputed {
			row.Value = notKnown
		}
		row.Lines = []string{row.Value}
		return row
	}
	row.Filled = true
	row.Lines = e.lines(v)
	row.Files, _ = v.Files()
	if e.field.Kind == KindLongText {
		row.Value = v.text
	} else {
		row.Value = strings.Join(row.Lines, ", ")
	}
	return row
}

// lines formats an answer. A value of another shape than the field's, as a draft may hold, is shown as
// it stands.
func (e *entry) lines(v Value) []string {
	f := e.field
	switch v.shape {
	case shapeText:
		switch f.Kind {
		case KindPhone:
			return []string{FrenchPhone(v.text)}
		case KindDate:
			if t, ok := parseISO(v.text); ok {
				return []string{frenchDate(t)}
			}
		case KindChoice:
			return []string{e.choiceLabel(v.text)}
		case KindLongText:
			return strings.Split(v.text, "\n")
		}
		return []string{v.text}
	case shapeNumber:
		if f.Money {
			return []string{frenchMoney(v.num)}
		}
		return []string{frenchNumber(v.num, f.Unit)}
	case shapeBool:
		if f.Declaration != "" {
			return []string{"Oui" + nbsp + ": " + f.Declaration}
		}
		return []string{"Oui"}
	case shapeList:
		labels := make([]string, len(v.list))
		for i, s := range v.list {
			labels[i] = e.choiceLabel(s)
		}
		return labels
	case shapeAddress:
		return v.addr.Lines()
	case shapeFiles:
		names := make([]string, len(v.files))
		for i, ref := range v.files {
			names[i] = ref.Name + " (" + frenchSize(ref.Size) + ")"
		}
		return names
	default:
		return nil
	}
}

func (e *entry) choiceLabel(value string) string {
	if i, ok := e.choices[value]; ok {
		return e.field.Choices[i].Label
	}
	return value
}

// Lines writes the address as on an envelope, without the name.
func (a Address) Lines() []string {
	var lines []string
	town := strings.TrimSpace(a.PostalCode + " " + a.Town)
	for _, line := range []string{a.Complement, a.Street, town, a.Country} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Placeholders gives, for every field of the form, the text that a letter prints in its place; empty where
// the field is hidden or unanswered, so that a letter never prints a placeholder's name.
func (d *Definition) Placeholders(a Answers) map[string]string {
	x := d.index()
	visible := x.sight(a)
	out := make(map[string]string, len(x.byID))
	for id, i := range x.byID {
		out[id] = ""
		if visible[i] && !a[id].Empty() {
			out[id] = x.entries[i].row(a[id]).Value
			if e := &x.entries[i]; e.group != nil {
				var rows []string
				for _, r := range e.groupRows(a[id], x.seen(a, visible)) {
					rows = append(rows, r.Label+nbsp+": "+r.Value)
				}
				out[id] = strings.Join(rows, "\n")
			}
		}
	}
	return out
}

// fields gives every field of the definition, in its order, those of repeated sections too.
func (d *Definition) fields() iter.Seq[*Field] {
	return func(yield func(*Field) bool) {
		for si := range d.Steps {
			for ci := range d.Steps[si].Sections {
				for fi := range d.Steps[si].Sections[ci].Fields {
					if !yield(&d.Steps[si].Sections[ci].Fields[fi]) {
						return
					}
				}
			}
		}
	}
}

// FieldPrivacy is what the register of processing (GDPR art. 30.1) and the notice to the person (art. 13)
// say of one field.
type FieldPrivacy struct {
	FieldID     string
	Label       string
	Obligatory  bool
	Purpose     string
	LegalBasis  string
	Recipients  []string
	Retention   string
	Sensitivity string // "", article9, article10 or nir
}

// Privacy lists every field of the form with why it is asked, the definition's defaults filled in.
func (d *Definition) Privacy() []FieldPrivacy {
	rows := make([]FieldPrivacy, 0, len(d.index().entries))
	for f := range d.fields() {
		row := FieldPrivacy{
			FieldID: f.ID, Label: f.Label, Obligatory: !f.Optional, Purpose: f.Purpose, LegalBasis: f.LegalBasis,
			Recipients: f.Recipients, Retention: f.Retention, Sensitivity: f.Sensitivity,
		}
		if len(row.Recipients) == 0 {
			row.Recipients = d.Recipients
		}
		if row.Retention == "" {
			row.Retention = d.Retention
		}
		rows = append(rows, row)
	}
	return rows
}
