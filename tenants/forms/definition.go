package forms

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// The limits of a definition and of its answers. They bound the time and the memory of
// every function of this package.
const (
	FormatVersion      = 1         // the JSON format that this program reads and writes
	MaxFields          = 200       // fields in a definition
	MaxSteps           = 20        // steps in a definition
	MaxChoices         = 200       // choices of one field
	MaxDepth           = 8         // nesting of a condition
	MaxConditionLeaves = 50        // tests in one condition
	MaxJSON            = 256 << 10 // bytes of a definition, and of the answers to it
	DefaultTextLength  = 200       // characters of a text without its own limit
	DefaultLongLength  = 4000      // characters of a long text without its own limit
	MaxTextLength      = 20_000    // characters that a definition may allow
	MaxFilesPerField   = 10        // files that a field may allow
)

// Kind is the type of a field's answer.
type Kind string

// The kinds of fields.
const (
	KindText        Kind = "text"        // one line
	KindLongText    Kind = "longtext"    // several lines
	KindEmail       Kind = "email"       // e-mail address, NFC
	KindPhone       Kind = "phone"       // phone number, E.164
	KindNumber      Kind = "number"      // decimal number
	KindDate        Kind = "date"        // civil date, ISO 8601
	KindChoice      Kind = "choice"      // one of the choices
	KindChoices     Kind = "choices"     // any of the choices
	KindAddress     Kind = "address"     // postal address
	KindFile        Kind = "file"        // uploaded files
	KindDeclaration Kind = "declaration" // a box that the person ticks to declare something
)

// Definition is a whole form. Get one from Parse or Build, which index it; it must not be
// changed afterwards, and may then be shared by any number of goroutines.
type Definition struct {
	Version    int      `json:"version"`
	Recipients []string `json:"recipients,omitempty"` // who receives the data, unless a field says otherwise
	Retention  string   `json:"retention,omitempty"`  // how long it is kept, unless a field says otherwise
	Steps      []Step   `json:"steps"`

	idx *index
}

// Step is one page of the form.
type Step struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Intro    string    `json:"intro,omitempty"`
	Sections []Section `json:"sections"`
}

// Section groups fields under an optional title, and can be shown under a condition.
type Section struct {
	ID     string     `json:"id"`
	Title  string     `json:"title,omitempty"`
	Help   string     `json:"help,omitempty"`
	If     *Condition `json:"if,omitempty"`
	Stop   *Stop      `json:"stop,omitempty"` // judged after the section's last question
	Repeat *Repeat    `json:"repeat,omitempty"`
	Fields []Field    `json:"fields"`
}

// Choice is one possible answer of a choice or choices field.
type Choice struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Help  string `json:"help,omitempty"`
}

// Field is one question. Which attributes a kind accepts is held by Check.
type Field struct {
	ID       string     `json:"id"`
	Kind     Kind       `json:"kind"`
	Label    string     `json:"label"`
	Help     string     `json:"help,omitempty"`
	Optional bool       `json:"optional,omitempty"` // questions are obligatory unless they say so
	If       *Condition `json:"if,omitempty"`
	Stop     *Stop      `json:"stop,omitempty"`

	Block   string       `json:"block,omitempty"` // the block that the question stands for (KindBlock), or comes from
	Choices []Choice     `json:"choices,omitempty"`
	Table   *TableChoice `json:"table,omitempty"` // the choices, in place of Choices

	Compute *Expr  `json:"compute,omitempty"`
	Money   bool   `json:"money,omitempty"`   // the computed value is money: the formula gives euros, the answer is in cents
	Prefill string `json:"prefill,omitempty"` // what of the account is offered as the answer: PrefillEmail…

	Min      *float64 `json:"min,omitempty"` // inclusive
	Max      *float64 `json:"max,omitempty"` // inclusive
	Decimals int      `json:"decimals,omitempty"`
	Unit     string   `json:"unit,omitempty"` // printed after the number: « m² », « € »

	MinLength int    `json:"min_length,omitempty"` // characters
	MaxLength int    `json:"max_length,omitempty"` // characters; 0 is the kind's default
	Pattern   string `json:"pattern,omitempty"`    // RE2, over the whole value

	MinDays *int   `json:"min_days,omitempty"` // earliest date, in days from today, inclusive
	MaxDays *int   `json:"max_days,omitempty"` // latest date, in days from today, inclusive
	Before  string `json:"before,omitempty"`   // an earlier date field: this date is the same day or before
	After   string `json:"after,omitempty"`    // an earlier date field: this date is the same day or after

	Accept   []string `json:"accept,omitempty"`    // MIME types; empty is the platform's default list
	MaxFiles int      `json:"max_files,omitempty"` // 0 is one file

	InCommune bool `json:"in_commune,omitempty"` // the address must lie in the commune
	Abroad    bool `json:"abroad,omitempty"`     // the address may lie outside France: a country is asked

	Declaration  string `json:"declaration,omitempty"`  // the text beside the box
	Message      string `json:"message,omitempty"`      // the town's own sentence in place of ours
	Autocomplete string `json:"autocomplete,omitempty"` // HTML autofill token (WCAG 1.3.5)

	Purpose     string   `json:"purpose,omitempty"`     // why it is asked (GDPR art. 5.1.b)
	LegalBasis  string   `json:"legal_basis,omitempty"` // the text that requires it; compulsory where the answer is
	Recipients  []string `json:"recipients,omitempty"`  // who receives it, if not the definition's
	Retention   string   `json:"retention,omitempty"`   // how long it is kept, if not the definition's
	Sensitivity string   `json:"sensitivity,omitempty"` // "", article9, article10 (GDPR) or nir
}

// Parse reads a definition strictly: at most MaxJSON bytes of valid UTF-8, no unknown or repeated
// field, no wrong type, within the limits. It does not judge what the form says: Check does, so that
// an unfinished form can be opened and corrected. Errors are Invalid or TooLarge faults.
func Parse(data []byte) (*Definition, error) {
	if err := Strict(data, MaxJSON, reflect.TypeFor[Definition]()); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var d Definition
	if err := dec.Decode(&d); err != nil {
		return nil, decodeFault(err)
	}
	if err := d.withinLimits(); err != nil {
		return nil, err
	}
	d.idx = newIndex(&d)
	return &d, nil
}

// Build gives a definition written in Go the same treatment as Parse gives JSON. The result
// shares nothing with its argument.
func Build(d Definition) (*Definition, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "form_unreadable", err)
	}
	return Parse(data)
}

func (d *Definition) withinLimits() error {
	if d.Version != FormatVersion {
		return fault.New(fault.Invalid, "form_version", fault.Field{Path: "version", Code: "unsupported"})
	}
	if len(d.Steps) > MaxSteps {
		return fault.New(fault.TooLarge, "form_too_large", fault.Field{Path: "steps", Code: "too_many"})
	}
	count, computed := 0, 0
	for si := range d.Steps {
		for ci := range d.Steps[si].Sections {
			section := &d.Steps[si].Sections[ci]
			count += len(section.Fields)
			path := sectionPath(si, ci)
			if key := unbounded(section.If, section.Stop); key != "" {
				return fault.New(fault.TooLarge, "form_too_large", fault.Field{Path: path + key, Code: "too_deep"})
			}
			for fi := range section.Fields {
				f := &section.Fields[fi]
				if key := unbounded(f.If, f.Stop); key != "" {
					return fault.New(fault.TooLarge, "form_too_large", fault.Field{Path: fieldPath(si, ci, fi) + key, Code: "too_deep"})
				}
				if !f.Compute.bounded() {
					return fault.New(fault.TooLarge, "form_too_large", fault.Field{Path: fieldPath(si, ci, fi) + "/compute", Code: "too_deep"})
				}
				if f.Compute != nil {
					computed++
				}
				if len(f.Choices) > MaxChoices {
					return fault.New(fault.TooLarge, "form_too_large", fault.Field{Path: fieldPath(si, ci, fi) + "/choices", Code: "too_many"})
				}
			}
		}
	}
	if computed > MaxComputed {
		return fault.New(fault.TooLarge, "form_too_large", fault.Field{Path: "steps", Code: "too_many_computed"})
	}
	if count > MaxFields {
		return fault.New(fault.TooLarge, "form_too_large", fault.Field{Path: "steps", Code: "too_many_fields"})
	}
	return nil
}

// unbounded names the condition that is beyond the limits, or none.
func unbounded(cond *Condition, stop *Stop) string {
	switch {
	case !cond.bounded():
		return "/if"
	case stop != nil && !stop.If.bounded():
		return "/stop/if"
	}
	return ""
}

// maxLength gives the number of characters that a textual answer may have.
func (f *Field) maxLength() int {
	switch {
	case f.Kind == KindEmail:
		return 254 // RFC 5321 §4.5.3.1
	case f.MaxLength > 0:
		return min(f.MaxLength, MaxTextLength)
	case f.Kind == KindLongText:
		return DefaultLongLength
	default:
		return DefaultTextLength
	}
}

// maxFiles gives the number of files that a file field accepts.
func (f *Field) maxFiles() int {
	return min(max(f.MaxFiles, 1), MaxFilesPerField)
}
