package forms

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// The codes of what there is to correct.
const (
	CodeRequired       = "required"
	CodeUnknownField   = "unknown_field"
	CodeWrongType      = "wrong_type"
	CodeTooShort       = "too_short"
	CodeTooLong        = "too_long"
	CodePattern        = "pattern"
	CodeInvalidEmail   = "invalid_email"
	CodeInvalidPhone   = "invalid_phone"
	CodeInvalidNumber  = "invalid_number"
	CodeTooManyDigits  = "too_many_decimals"
	CodeTooSmall       = "too_small"
	CodeTooLarge       = "too_large"
	CodeInvalidDate    = "invalid_date"
	CodeIncompleteDate = "incomplete_date"
	CodeTooEarly       = "too_early"
	CodeTooLate        = "too_late"
	CodeNotAChoice     = "not_a_choice"
	CodeInvalidPostal  = "invalid_postal_code"
	CodeOutsideCommune = "outside_commune"
	CodeTooManyFiles   = "too_many_files"
	CodeInvalidFile    = "invalid_file"
	CodeAnswersTooBig  = "answers_too_large"
	CodeTooFewRows     = "too_few"
	CodeTooManyRows    = "too_many"
	CodeStopped        = "stopped" // the form ends here for this person: the message says where to go
)

// Options says what to validate, and what the form cannot know of the commune.
type Options struct {
	Step        string   // the id of one step; empty for the whole form
	Town        string   // the commune's name, for addresses that must lie in it
	PostalCodes []string // the commune's postal codes; empty switches that check off
	Tables      Tables   // those that the form draws from (TableNames); nil switches that check off
	// PapersLater lets files be missing: a request without one of its papers is
	// incomplete, not inadmissible, and the paper is asked for (CRPA L.114-5). Pages
	// ask for them at once; the API and the counter do not insist.
	PapersLater bool
}

// FieldError is one thing to correct.
type FieldError struct {
	Path    string // place under the answers object: "date", "adresse/postal_code", "pieces/0", "enfants/0/prenom"
	Field   string // the field's id, in a repeated section "enfants.0.prenom"; empty where it is about no field
	Part    string // the input concerned, for dates and addresses: PartDay, PartTown…
	Code    string // stable; one of the Code constants
	Message string // French; says what to do, never what was typed
}

// Faults makes one Invalid fault of what there is to correct, with paths under "answers", or nil where
// there is nothing.
func Faults(errs []FieldError) error {
	if len(errs) == 0 {
		return nil
	}
	fields := make([]fault.Field, 0, len(errs))
	for _, e := range errs {
		path := "answers"
		if e.Path != "" {
			path += "/" + e.Path
		}
		fields = append(fields, fault.Field{Path: path, Code: e.Code, Message: e.Message})
	}
	return fault.New(fault.Invalid, "answers_invalid", fields...)
}

// Validate says what there is to correct, in the order of the form. Answers are those of the whole
// form, even to validate one step: its conditions and dates may look at earlier steps. Of today only the
// civil date counts, as it stands in its location: the commune's. Hidden fields are not looked at. Where
// the form stops early, that alone is told: nothing can be sent, whatever else is answered.
func (d *Definition) Validate(a Answers, today time.Time, o Options) []FieldError {
	x := d.index()
	c := checker{x: x, answers: a, visible: x.sight(a), today: midnight(today), opts: o}
	only := -1
	if o.Step != "" {
		si, ok := x.steps[o.Step]
		if !ok {
			return nil
		}
		only = si
	}
	for i := range x.entries {
		if only >= 0 && x.entries[i].step != only {
			continue
		}
		if c.visible[i] {
			c.field(i)
		}
		if x.stops && c.stopped(i) {
			return c.errs
		}
	}
	if only < 0 {
		c.whole()
	}
	return c.errs
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

type checker struct {
	x       *index
	answers Answers
	visible []bool
	today   time.Time
	opts    Options
	errs    []FieldError

	// Of a row of a repeated section:
	outer  getter // what stands around it
	prefix string // of paths: "enfants/0/"
	scope  string // of names: "enfants.0."
	row    string // what it is called: « Enfant 1 »
}

// seen gives what a condition anywhere in the form may look at.
func (c *checker) seen() getter { return c.x.seenIn(c.answers, c.visible, c.outer) }

func (c *checker) add(e *entry, part, code string, n notice) {
	path := e.field.ID
	if part != "" && e.field.Kind == KindAddress {
		path = join(path, part)
	}
	n.part = part
	said := message(e, code, n)
	if c.row != "" {
		said += " (" + c.row + ")"
	}
	c.errs = append(c.errs, FieldError{Path: c.prefix + path, Field: c.scope + e.field.ID, Part: part, Code: code, Message: said})
}

// whole checks what no single field shows: answers that the form does not know, and their size.
func (c *checker) whole() {
	total := 2
	var unknown []string
	for id, v := range c.answers {
		total += len(id) + v.size()
		if _, ok := c.x.byID[id]; !ok && !slices.Contains(c.x.facts, id) {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	for _, id := range unknown {
		c.errs = append(c.errs, unknownAnswer(id))
	}
	if total > MaxJSON {
		c.errs = append(c.errs, FieldError{Code: CodeAnswersTooBig, Message: "Raccourcissez vos réponses" + nbsp + ": elles dépassent la taille permise"})
	}
}

func (c *checker) field(i int) {
	e := &c.x.entries[i]
	v := c.answers[e.field.ID]
	switch {
	case e.field.Kind == KindComputed:
		return // ours
	case e.group != nil:
		c.rows(i)
		return
	}
	if v.Empty() {
		if !e.field.Optional && (e.field.Kind != KindFile || !c.opts.PapersLater) {
			part := ""
			switch e.field.Kind {
			case KindDate:
				part = PartDay
			case KindAddress:
				c.address(e, Address{})
				return
			}
			c.add(e, part, CodeRequired, notice{})
		}
		return
	}
	switch e.field.Kind {
	case KindNumber:
		c.number(e, v)
	case KindDate:
		c.date(e, v)
	case KindChoice:
		if _, ok := e.choices[v.text]; v.shape != shapeText || !ok && !c.fromTable(e.field, v.text) {
			c.add(e, "", CodeNotAChoice, notice{})
		}
	case KindChoices:
		c.choices(e, v)
	case KindAddress:
		if v.shape != shapeAddress {
			c.add(e, "", CodeWrongType, notice{})
			return
		}
		c.address(e, *v.addr)
	case KindFile:
		c.files(e, v)
	case KindDeclaration:
		if v.shape != shapeBool {
			c.add(e, "", CodeWrongType, notice{})
		}
	default:
		c.text(e, v)
	}
}

// fromTable tells whether a choice stands in the column that the question draws from.
func (c *checker) fromTable(f *Field, chosen string) bool {
	if f.Table == nil || utf8.RuneCountInString(chosen) > MaxCell {
		return false
	}
	return c.opts.Tables == nil || slices.Contains(c.opts.Tables[f.Table.Table].choices(f.Table, c.seen()), chosen)
}

func (c *checker) text(e *entry, v Value) {
	f := e.field
	if v.shape != shapeText {
		c.add(e, "", CodeWrongType, notice{})
		return
	}
	length := utf8.RuneCountInString(v.text)
	switch limit := f.maxLength(); {
	case length > limit:
		c.add(e, "", CodeTooLong, notice{count: limit})
		return
	case length < f.MinLength && f.Kind != KindEmail && f.Kind != KindPhone:
		c.add(e, "", CodeTooShort, notice{count: f.MinLength})
		return
	}
	switch {
	case f.Kind == KindEmail && !plausibleEmail(v.text):
		c.add(e, "", CodeInvalidEmail, notice{})
	case f.Kind == KindPhone && !isPhone(v.text):
		c.add(e, "", CodeInvalidPhone, notice{})
	case e.pattern != nil && !e.pattern.MatchString(v.text):
		c.add(e, "", CodePattern, notice{})
	}
}

func (c *checker) number(e *entry, v Value) {
	f := e.field
	n := v.num
	switch {
	case v.shape != shapeNumber:
		c.add(e, "", CodeInvalidNumber, notice{})
	case n > maxNumber || (f.Max != nil && n > *f.Max):
		c.add(e, "", CodeTooLarge, notice{})
	case n < -maxNumber || (f.Min != nil && n < *f.Min):
		c.add(e, "", CodeTooSmall, notice{})
	case decimals(n) > f.Decimals:
		c.add(e, "", CodeTooManyDigits, notice{count: f.Decimals})
	}
}

func (c *checker) choices(e *entry, v Value) {
	if v.shape != shapeList {
		c.add(e, "", CodeWrongType, notice{})
		return
	}
	for i, s := range v.list {
		if _, ok := e.choices[s]; !ok || slices.Contains(v.list[:i], s) {
			c.add(e, "", CodeNotAChoice, notice{})
			return
		}
	}
}
