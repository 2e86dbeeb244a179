package forms

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// ViewInput is what a page shows: the answers of the whole form and, where a post is shown again, what
// was typed and what there is to correct.
type ViewInput struct {
	Answers Answers
	Raw     Raw          // nil unless a post is shown again
	Errors  []FieldError // of Validate
	Today   time.Time    // the commune's date, for the limits of dates
	Tables  Tables       // those that the form draws from (TableNames)
	Account Account      // what the account knows, offered to a step that nobody has answered yet
}

// StepView is everything that a page of a step shows, without any HTML.
type StepView struct {
	ID       string
	Title    string
	Intro    string
	Number   int    // place among the visible steps, from 1
	Count    int    // visible steps
	Previous string // id of the visible step before; empty for the first
	Next     string // id of the visible step after; empty for the last
	Sections []SectionView
	Errors   []ErrorView

	Stopped *StopView // the form ends on this page for these answers; nil where it goes on

	HasFiles    bool // the page's form is multipart
	HasOptional bool // « Tous les champs sont obligatoires, sauf mention « facultatif » »
}

// SectionView is one section of the step's page.
type SectionView struct {
	ID          string
	Title       string
	Help        string
	Conditional bool   // it has a condition: render it in an element that can be hidden
	Visible     bool   // the condition holds now
	ShowIf      string // the condition as JSON, where answers of this page decide it; else empty
	Fields      []FieldView
}

// ErrorView is one line of the error summary; it links to the input to correct.
type ErrorView struct {
	FieldID string
	InputID string
	Message string
}

// FieldView is one question of the page. Names of inputs and ids of elements are made here, so that
// citizens' pages and agents' counter entry agree.
type FieldView struct {
	Kind Kind
	ID   string
	Name string // the input's name; names of parts stand in Parts

	InputID     string // the (first) input
	HintID      string // empty where there is no hint
	LimitID     string // empty where there is no limit to tell
	ErrorID     string // empty where there is no error
	DescribedBy string // the three above that are not empty, for aria-describedby

	Label    string
	Hint     string
	Limit    string // made from the constraints: « À partir du 6 décembre 2026 »
	Error    string
	Optional bool
	Invalid  bool

	InputType    string // text, email or tel; empty for what is no single input
	InputMode    string // numeric, decimal, email, tel or empty
	Autocomplete string // empty for none
	Value        string // as typed
	Unit         string
	MaxLength    int // characters; 0 for none
	Rows         int // of a long text's area
	NoSpellcheck bool

	ISO string // a date as 2026-12-06, for a native input named Name; empty where it is none
	Min string // the first date accepted, ISO; empty for none
	Max string // the last date accepted, ISO; empty for none

	Parts       []PartView
	Choices     []ChoiceView
	Declaration string
	Checked     bool // of a declaration

	Files       []FileRef
	Accept      string // for the accept attribute
	AcceptTypes []string
	MaxFiles    int
	CanAddFile  bool

	Items     []RowView // of a repeated section
	AddLabel  string    // « Ajouter : Enfant »; empty where no more can be
	Add       string    // the value of the button named RowAction
	Computed  bool      // the value is worked out, never typed
	Select    bool      // choices that come from a table: a list to choose from
	Prefilled bool      // the value is the account's: « repris de votre compte »

	Stops []StopView // where the form may end after this question

	Conditional bool   // it or its section has a condition: list it under "_shown"
	Visible     bool   // its own condition holds now
	ShowIf      string // its own condition as JSON, where answers of this page decide it; else empty
}

// PartView is one input of a date or an address.
type PartView struct {
	Part         string
	Name         string
	InputID      string
	Label        string
	Value        string // as typed
	Autocomplete string
	InputMode    string
	MaxLength    int
	Optional     bool
	Invalid      bool
}

// RowView is one answer of a repeated section.
type RowView struct {
	ID     string // of its element
	Name   string // of the hidden input that lists the row, and its value
	Number string
	Title  string // « Enfant 1 »
	Fields []FieldView
	Remove string // the value of the button named RowAction; empty where a row cannot go
}

// ChoiceView is one radio button or check box.
type ChoiceView struct {
	Value   string
	Label   string
	Help    string
	InputID string
	HelpID  string // empty where there is no help
	Checked bool
}

// View prepares the page of a step. A field that the answers of other steps hide is left out; one
// that the answers of this very page may still show is there, with Visible false. An unknown step, and
// one of which nothing is visible, is a NotFound fault.
func (d *Definition) View(step string, in ViewInput) (StepView, error) {
	x := d.index()
	si, known := x.steps[step]
	steps := d.Visible(in.Answers)
	place := -1
	for i := range steps {
		if known && steps[i].Step == &d.Steps[si] {
			place = i
		}
	}
	if place < 0 {
		return StepView{}, fault.New(fault.NotFound, "form_step_unknown")
	}
	s := &d.Steps[si]
	v := StepView{ID: s.ID, Title: s.Title, Intro: s.Intro, Number: place + 1, Count: len(steps)}
	if place > 0 {
		v.Previous = steps[place-1].ID
	}
	if place+1 < len(steps) {
		v.Next = steps[place+1].ID
	}
	visible := x.sight(in.Answers)
	r := viewer{
		x: x, step: si, in: in, get: x.seen(in.Answers, visible),
		check: checker{x: x, answers: in.Answers, visible: visible, today: midnight(in.Today)},
	}
	r.fresh = in.Raw == nil && !slices.ContainsFunc(x.entries, func(e entry) bool { return e.step == si && !in.Answers[e.field.ID].Empty() })
	r.sections(&v)
	r.errors(&v)
	return v, nil
}

type viewer struct {
	x     *index
	step  int
	in    ViewInput
	get   getter
	check checker
	fresh bool // nobody has answered the step yet
}

func (r *viewer) sections(v *StepView) {
	var section *Section
	var skip bool
	for i := range r.x.entries {
		e := &r.x.entries[i]
		if e.step != r.step {
			continue
		}
		if e.section != section {
			section = e.section
			sv := SectionView{ID: section.ID, Title: section.Title, Help: section.Help, Conditional: section.If != nil}
			sv.ShowIf, sv.Visible, skip = r.condition(section.If)
			if !skip {
				v.Sections = append(v.Sections, sv)
			}
		}
		if skip {
			continue
		}
		showIf, visible, never := r.condition(e.field.If)
		if never {
			continue
		}
		fv := r.field(e)
		fv.ShowIf, fv.Visible = showIf, visible
		fv.Conditional = e.field.If != nil || section.If != nil
		v.HasFiles = v.HasFiles || e.field.Kind == KindFile
		v.HasOptional = v.HasOptional || e.field.Optional
		if e.group != nil {
			r.rows(v, &fv, e)
		}
		r.stops(v, &fv, i)
		last := &v.Sections[len(v.Sections)-1]
		last.Fields = append(last.Fields, fv)
	}
}

// condition resolves what other steps decide: never is true where they hide the part for good.
func (r *viewer) condition(c *Condition) (showIf string, visible, never bool) {
	if c == nil {
		return "", true, false
	}
	left := c.resolve(r.elsewhere, r.get, MaxDepth)
	if left.isConstant() {
		holds := left.holds(r.get, MaxDepth)
		return "", holds, !holds
	}
	text, err := json.Marshal(left)
	if err != nil {
		return "", c.holds(r.get, MaxDepth), false
	}
	return string(text), c.holds(r.get, MaxDepth), false
}

// elsewhere tells whether a reference is decided before this page: a fact, a written date, a question
// of another step.
func (r *viewer) elsewhere(id string) bool {
	i, ok := r.x.byID[id]
	return !ok || r.x.entries[i].step != r.step
}

func (r *viewer) errors(v *StepView) {
	for _, e := range r.in.Errors {
		i, ok := r.x.byID[groupOf(e.Field)]
		if !ok || r.x.entries[i].step != r.step {
			continue
		}
		f := r.x.entries[i].fieldNamed(e.Field)
		if e.Code == CodeStopped {
			continue // no error to correct: see StepView.Stopped
		}
		v.Errors = append(v.Errors, ErrorView{FieldID: f.ID, InputID: inputID(f, e.Part), Message: e.Message})
	}
}

// inputID gives the element that an error links to: the part concerned, or the field's first input.
func inputID(f *Field, part string) string {
	id := "f-" + f.ID
	switch f.Kind {
	case KindDate:
		if part == "" {
			part = PartDay
		}
		return "f-" + partName(f.ID, part)
	case KindAddress:
		if part == "" {
			part = PartStreet
		}
		return "f-" + partName(f.ID, part)
	case KindChoice, KindChoices:
		if f.Table != nil {
			return id
		}
		return id + "-0"
	default:
		return id
	}
}
