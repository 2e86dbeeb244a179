package edit

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Form is a form while it is changed. It is not safe for concurrent use.
type Form struct {
	Steps []forms.Step // to be read; the methods change them

	rest forms.Definition // what stands beside the steps
}

// Open copies a definition; nil opens an empty form. The definition is never changed.
func Open(d *forms.Definition) (*Form, error) {
	if d == nil {
		return &Form{rest: forms.Definition{Version: forms.FormatVersion}}, nil
	}
	var whole forms.Definition
	if err := copied(d, &whole); err != nil {
		return nil, err
	}
	f := &Form{Steps: whole.Steps}
	whole.Steps = nil
	f.rest = whole
	return f, nil
}

// Done gives the form as it is now. Past the limits of a form it is the fault of forms.Parse.
func (f *Form) Done() (*forms.Definition, error) {
	d := f.rest
	d.Steps = f.Steps
	return forms.Build(d)
}

// copied makes to the same as from, sharing nothing.
func copied(from, to any) error {
	data, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		return fault.Wrap(fault.Internal, "form_unreadable", err)
	}
	return nil
}

// Place is where a question stands.
type Place struct{ Step, Section, Field int }

// Find gives a question and its place; nil where there is none of that name.
func (f *Form) Find(id string) (*forms.Field, Place) {
	for si := range f.Steps {
		for ci := range f.Steps[si].Sections {
			fields := f.Steps[si].Sections[ci].Fields
			for fi := range fields {
				if fields[fi].ID == id {
					return &fields[fi], Place{si, ci, fi}
				}
			}
		}
	}
	return nil, Place{}
}

// Section gives a section and its place; nil where there is none of that name.
func (f *Form) Section(id string) (*forms.Section, Place) {
	for si := range f.Steps {
		for ci := range f.Steps[si].Sections {
			if f.Steps[si].Sections[ci].ID == id {
				return &f.Steps[si].Sections[ci], Place{Step: si, Section: ci}
			}
		}
	}
	return nil, Place{}
}

// Step gives a step and its number from 0; nil where there is none of that name.
func (f *Form) Step(id string) (*forms.Step, int) {
	for si := range f.Steps {
		if f.Steps[si].ID == id {
			return &f.Steps[si], si
		}
	}
	return nil, 0
}

func unknown(what string) error { return fault.New(fault.NotFound, what+"_unknown") }

// taken tells whether a step, a section or a question has the name.
func (f *Form) taken(id string) bool {
	step, _ := f.Step(id)
	return step != nil || slices.ContainsFunc(f.Steps, func(s forms.Step) bool { return slices.Contains(names(s.Sections...), id) })
}

// longestID leaves room for a number behind it (see forms: fifty characters).
const longestID = 44

// name makes a name that nothing of the form has yet, nor any of those given.
func (f *Form) name(words, otherwise string, given ...string) string {
	return Name(words, otherwise, func(id string) bool { return f.taken(id) || slices.Contains(given, id) })
}

// Name makes a name of words, in the letters that the names of questions and of answers may
// have: a number behind it where it is taken, otherwise where the words have no such letter.
func Name(words, otherwise string, taken func(string) bool) string {
	var b []byte
	for _, r := range fold.Words(words) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9' && len(b) > 0:
			b = append(b, byte(r))
		case len(b) > 0 && b[len(b)-1] != '_':
			b = append(b, '_')
		}
		if len(b) == longestID {
			break
		}
	}
	base := cmp.Or(strings.TrimRight(string(b), "_"), otherwise)
	id := base
	for n := 2; taken(id); n++ {
		id = base + "_" + strconv.Itoa(n)
	}
	return id
}

// AddStep adds a step at the end, with a section to put questions into, and gives its name.
func (f *Form) AddStep(title string) string {
	id := f.name(title, "etape")
	f.Steps = append(f.Steps, forms.Step{ID: id, Title: title})
	step := &f.Steps[len(f.Steps)-1]
	step.Sections = []forms.Section{{ID: f.name(title, "rubrique")}}
	return id
}

// AddSection adds a section at the end of a step, and gives its name.
func (f *Form) AddSection(step, title string) (string, error) {
	s, _ := f.Step(step)
	if s == nil {
		return "", unknown("step")
	}
	id := f.name(title, "rubrique")
	s.Sections = append(s.Sections, forms.Section{ID: id, Title: title})
	return id, nil
}

// AddField adds a question at the end of a section, and gives its name. What its kind
// cannot do without is given a beginning: two choices, the text of a declaration.
func (f *Form) AddField(section string, kind forms.Kind, label string) (string, error) {
	s, _ := f.Section(section)
	if s == nil {
		return "", unknown("section")
	}
	field := forms.Field{ID: f.name(label, "question"), Kind: kind, Label: label}
	switch kind {
	case forms.KindChoice, forms.KindChoices:
		field.Choices = []forms.Choice{{Value: "oui", Label: "Oui"}, {Value: "non", Label: "Non"}}
	case forms.KindDeclaration:
		field.Declaration = label
	}
	s.Fields = append(s.Fields, field)
	return field.ID, nil
}

// MoveStep moves a step by places, at most to the first or the last.
func (f *Form) MoveStep(id string, by int) error {
	s, at := f.Step(id)
	if s == nil {
		return unknown("step")
	}
	to := min(max(at+by, 0), len(f.Steps)-1)
	step := f.Steps[at]
	f.Steps = slices.Insert(slices.Delete(f.Steps, at, at+1), to, step)
	return nil
}

// MoveField moves a question one place up or down; from the end of a section into the next
// one, of the next step where it was the last. The first stays first, the last last.
func (f *Form) MoveField(id string, down bool) error {
	field, at := f.Find(id)
	if field == nil {
		return unknown("question")
	}
	section := &f.Steps[at.Step].Sections[at.Section]
	to := at.Field - 1
	if down {
		to = at.Field + 1
	}
	if to >= 0 && to < len(section.Fields) {
		section.Fields[at.Field], section.Fields[to] = section.Fields[to], section.Fields[at.Field]
		return nil
	}
	next := f.beside(at, down)
	if next == nil {
		return nil
	}
	moved := *field
	section.Fields = slices.Delete(section.Fields, at.Field, at.Field+1)
	if down {
		next.Fields = slices.Insert(next.Fields, 0, moved)
	} else {
		next.Fields = append(next.Fields, moved)
	}
	return nil
}

// beside gives the section after or before one, whichever step it stands in.
func (f *Form) beside(at Place, after bool) *forms.Section {
	var all []*forms.Section
	here := 0
	for si := range f.Steps {
		for ci := range f.Steps[si].Sections {
			if si == at.Step && ci == at.Section {
				here = len(all)
			}
			all = append(all, &f.Steps[si].Sections[ci])
		}
	}
	to := here - 1
	if after {
		to = here + 1
	}
	if to < 0 || to >= len(all) {
		return nil
	}
	return all[to]
}

// PutField moves a question to the end of another section.
func (f *Form) PutField(id, section string) error {
	field, at := f.Find(id)
	to, there := f.Section(section)
	switch {
	case field == nil:
		return unknown("question")
	case to == nil:
		return unknown("section")
	case there.Step == at.Step && there.Section == at.Section:
		return nil
	}
	moved := *field
	from := &f.Steps[at.Step].Sections[at.Section]
	from.Fields = slices.Delete(from.Fields, at.Field, at.Field+1)
	to.Fields = append(to.Fields, moved)
	return nil
}

// SetField puts other attributes in the place of a question's; it keeps its name.
func (f *Form) SetField(id string, with forms.Field) error {
	field, _ := f.Find(id)
	if field == nil {
		return unknown("question")
	}
	with.ID = id
	*field = with
	return nil
}

// SetStep gives a step its words.
func (f *Form) SetStep(id, title, intro string) error {
	s, _ := f.Step(id)
	if s == nil {
		return unknown("step")
	}
	s.Title, s.Intro = title, intro
	return nil
}

// SetSection puts other attributes in the place of a section's; it keeps its name and questions.
func (f *Form) SetSection(id string, with forms.Section) error {
	s, _ := f.Section(id)
	if s == nil {
		return unknown("section")
	}
	with.ID, with.Fields = id, s.Fields
	*s = with
	return nil
}
