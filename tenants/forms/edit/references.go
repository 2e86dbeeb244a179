package edit

import (
	"cmp"
	"slices"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// refersTo tells which keys of the JSON of a question, of a section or of what else a procedure ties to
// its form name a question or a repeated section (see the package comment of tenants/forms).
func refersTo(key string) bool {
	switch key {
	case "field", "at", "from", "to", "count", "sum", "before", "after", "notified", "displayed":
		return true
	}
	return false
}

// renamed gives a value read from JSON with other names for what it looks at.
func renamed(v any, name func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if id, ok := inner.(string); ok && refersTo(key) {
				v[key] = name(id)
				continue
			}
			v[key] = renamed(inner, name)
		}
	case []any:
		for i := range v {
			v[i] = renamed(v[i], name)
		}
	}
	return v
}

// LooksAt lists the names that a question, a section or another part of a procedure looks at, as its
// JSON says; dates and facts too.
func LooksAt(part any) []string {
	var tree any
	if copied(part, &tree) != nil {
		return nil
	}
	var out []string
	renamed(tree, func(id string) string {
		out = append(out, id)
		return id
	})
	return out
}

// Use is a question or a section that looks at another.
type Use struct {
	ID    string
	Label string // as it stands in the form
}

// Uses lists what looks at any of these names from elsewhere: the questions and sections that
// would ask for nothing if they were gone.
func (f *Form) Uses(ids ...string) []Use {
	own := func(id string) bool { return slices.Contains(ids, id) }
	var out []Use
	for si := range f.Steps {
		for ci := range f.Steps[si].Sections {
			section := f.Steps[si].Sections[ci]
			fields := section.Fields
			section.Fields = nil
			if !own(section.ID) && slices.ContainsFunc(LooksAt(section), own) {
				out = append(out, Use{section.ID, section.Title})
			}
			for fi := range fields {
				if !own(fields[fi].ID) && slices.ContainsFunc(LooksAt(fields[fi]), own) {
					out = append(out, Use{fields[fi].ID, fields[fi].Label})
				}
			}
		}
	}
	return out
}

// used refuses to remove what others look at: fault.Conflict "question_used", a field for each
// of them with its label as the message.
func (f *Form) used(ids ...string) error {
	uses := f.Uses(ids...)
	if len(uses) == 0 {
		return nil
	}
	fields := make([]fault.Field, 0, len(uses))
	for _, use := range uses {
		fields = append(fields, fault.Field{Path: use.ID, Code: "uses", Message: use.Label})
	}
	return fault.New(fault.Conflict, "question_used", fields...)
}

// RemoveField takes a question away. One that others look at stays (see used).
func (f *Form) RemoveField(id string) error {
	field, at := f.Find(id)
	if field == nil {
		return unknown("question")
	}
	if err := f.used(id); err != nil {
		return err
	}
	section := &f.Steps[at.Step].Sections[at.Section]
	section.Fields = slices.Delete(section.Fields, at.Field, at.Field+1)
	return nil
}

// RemoveSection takes a section with its questions away, unless others look at them.
func (f *Form) RemoveSection(id string) error {
	section, at := f.Section(id)
	if section == nil {
		return unknown("section")
	}
	if err := f.used(names(*section)...); err != nil {
		return err
	}
	step := &f.Steps[at.Step]
	step.Sections = slices.Delete(step.Sections, at.Section, at.Section+1)
	return nil
}

// RemoveStep takes a step with its questions away, unless others look at them.
func (f *Form) RemoveStep(id string) error {
	step, at := f.Step(id)
	if step == nil {
		return unknown("step")
	}
	if err := f.used(names(step.Sections...)...); err != nil {
		return err
	}
	f.Steps = slices.Delete(f.Steps, at, at+1)
	return nil
}

// names lists the names of sections and of their questions.
func names(sections ...forms.Section) []string {
	var out []string
	for _, section := range sections {
		out = append(out, section.ID)
		for _, field := range section.Fields {
			out = append(out, field.ID)
		}
	}
	return out
}

// DuplicateField puts a copy behind a question: with its condition, its limits, its choices.
// It gives the copy's name.
func (f *Form) DuplicateField(id string) (string, error) {
	field, at := f.Find(id)
	if field == nil {
		return "", unknown("question")
	}
	var twin forms.Field
	if err := copied(field, &twin); err != nil {
		return "", err
	}
	twin.ID = f.name(field.ID, "question")
	section := &f.Steps[at.Step].Sections[at.Section]
	section.Fields = slices.Insert(section.Fields, at.Field+1, twin)
	return twin.ID, nil
}

// DuplicateStep puts a copy behind a step. What its questions look at within the step is the
// copy there; what they look at before it is the same. It gives the copy's name.
func (f *Form) DuplicateStep(id string) (string, error) {
	step, at := f.Step(id)
	if step == nil {
		return "", unknown("step")
	}
	given := []string{f.name(step.ID, "etape")}
	twins := map[string]string{}
	for _, old := range names(step.Sections...) {
		twins[old] = f.name(old, "copie", given...)
		given = append(given, twins[old])
	}
	var tree any
	if err := copied(step, &tree); err != nil {
		return "", err
	}
	tree = renamed(tree, func(id string) string { return cmp.Or(twins[id], id) })
	var twin forms.Step
	if err := copied(tree, &twin); err != nil {
		return "", err
	}
	twin.ID = given[0]
	for ci := range twin.Sections {
		section := &twin.Sections[ci]
		section.ID = twins[section.ID]
		for fi := range section.Fields {
			section.Fields[fi].ID = twins[section.Fields[fi].ID]
		}
	}
	f.Steps = slices.Insert(f.Steps, at+1, twin)
	return twin.ID, nil
}
