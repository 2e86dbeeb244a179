package agent

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
)

// changeQuestions does what a button of the page says: each is a revision of the draft, which
// can be undone.
func (s *Server) changeQuestions(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	slug := v.r.PathValue("slug")
	var change formChange
	if err == nil {
		read, _ := strconv.Atoi(form.Get("edition")) //nolint:errcheck // 0 is no edit: refused
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			change, err = changeForm(ctx, tx, slug, read, form)
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showQuestions(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, change.done, proceduresPath+"/"+slug+"/"+workQuestions+"?"+change.show.Encode()+change.fragment())
}

// formChange is what a button did, and what is shown then.
type formChange struct {
	done string
	show url.Values
}

// fragment leads to where the person was.
func (c formChange) fragment() string {
	if c.show.Has("question") || c.show.Has("rubrique") {
		return "#reglage"
	}
	return "#questions"
}

func showing(what, id string) url.Values { return url.Values{what: {id}} }

func changeForm(ctx context.Context, tx *tenants.Tx, slug string, read int, form url.Values) (formChange, error) {
	action, id, _ := strings.Cut(form.Get("action"), ":")
	out := formChange{show: url.Values{}}
	for _, what := range []string{"etape", "rubrique", "question"} {
		if at := form.Get(what); at != "" {
			out.show = showing(what, at)
		}
	}
	switch action {
	case "annuler":
		out.done = "La dernière modification est annulée."
		_, err := drafts.Undo(ctx, tx, slug, read)
		return out, err
	case "retablir":
		out.done = "La modification est rétablie."
		_, err := drafts.Redo(ctx, tx, slug, read)
		return out, err
	}
	d, err := drafts.Get(ctx, tx, slug)
	if err != nil {
		return out, err
	}
	f, err := edit.Open(d.Procedure.Form)
	if err != nil {
		return out, err
	}
	if err := out.apply(f, action, id, form); err != nil {
		return out, err
	}
	p, err := d.Procedure.Copy()
	if err != nil {
		return out, err
	}
	if p.Form, err = f.Done(); err != nil {
		return out, err
	}
	_, err = drafts.Save(ctx, tx, slug, read, p)
	return out, err
}

// apply changes the form. What is refused leaves it, and the draft, as they were.
func (c *formChange) apply(f *edit.Form, action, id string, form url.Values) error {
	switch action {
	case "enregistrer":
		c.done = "C’est enregistré dans le brouillon."
		return c.save(f, form)
	case "ajouter":
		return c.add(f, forms.Kind(id), form)
	case "ajouter-etape":
		title := strings.TrimSpace(form.Get("nouvelle_etape"))
		if title == "" {
			return fault.New(fault.Invalid, "question_invalid", fault.Field{Path: "nouvelle_etape", Message: "Donnez un titre à l’étape."})
		}
		c.done, c.show = "L’étape est ajoutée.", showing("etape", f.AddStep(title))
		return nil
	case "ajouter-rubrique":
		section, err := f.AddSection(form.Get("etape"), "")
		c.done, c.show = "La rubrique est ajoutée.", showing("rubrique", section)
		return err
	}
	return c.arrange(f, action, id, form)
}

// arrange moves, copies and removes.
func (c *formChange) arrange(f *edit.Form, action, id string, form url.Values) (err error) {
	switch action {
	case "monter", "descendre":
		c.done, c.show = "La question est déplacée.", showing("question", id)
		return f.MoveField(id, action == "descendre")
	case "copier":
		id, err = f.DuplicateField(id)
		c.done, c.show = "La question est copiée, avec ses conditions.", showing("question", id)
		return err
	case "retirer":
		c.done, c.show = "La question est retirée. Vous pouvez annuler.", showing("etape", form.Get("etape"))
		return f.RemoveField(id)
	case "retirer-rubrique":
		c.done, c.show = "La rubrique est retirée. Vous pouvez annuler.", showing("etape", form.Get("etape"))
		return f.RemoveSection(id)
	case "monter-etape", "descendre-etape":
		by := -1
		if action == "descendre-etape" {
			by = 1
		}
		c.done, c.show = "L’étape est déplacée.", showing("etape", id)
		return f.MoveStep(id, by)
	case "copier-etape":
		id, err = f.DuplicateStep(id)
		c.done, c.show = "L’étape est copiée, avec ses conditions.", showing("etape", id)
		return err
	case "retirer-etape":
		c.done, c.show = "L’étape est retirée. Vous pouvez annuler.", url.Values{}
		return f.RemoveStep(id)
	}
	return fault.New(fault.Invalid, "form_unreadable")
}

func (c *formChange) add(f *edit.Form, kind forms.Kind, form url.Values) error {
	label := strings.TrimSpace(form.Get("nouvelle"))
	if label == "" {
		return fault.New(fault.Invalid, "question_invalid", fault.Field{Path: "nouvelle", Message: "Écrivez la question, puis choisissez comment on y répond."})
	}
	if kindOf(kind).Label == string(kind) {
		return fault.New(fault.Invalid, "form_unreadable")
	}
	section := form.Get("dans")
	if section == "" {
		step, _ := f.Step(form.Get("etape"))
		if step == nil || len(step.Sections) == 0 {
			return fault.New(fault.NotFound, "step_unknown")
		}
		section = step.Sections[len(step.Sections)-1].ID
	}
	id, err := f.AddField(section, kind, label)
	c.done, c.show = "La question est ajoutée. Complétez-la ici.", showing("question", id)
	return err
}

// save keeps what a panel says.
func (c *formChange) save(f *edit.Form, form url.Values) error {
	if id := form.Get("question"); id != "" {
		q, at := f.Find(id)
		if q == nil {
			return fault.New(fault.NotFound, "question_unknown")
		}
		with, err := takeQuestion(form, f, *q)
		if err != nil {
			return err
		}
		if err := f.SetField(id, with); err != nil {
			return err
		}
		if place := form.Get(namePlace); place != "" && place != f.Steps[at.Step].Sections[at.Section].ID {
			return f.PutField(id, place)
		}
		return nil
	}
	if id := form.Get("rubrique"); id != "" {
		return saveSection(f, id, form)
	}
	title := strings.TrimSpace(form.Get(nameLabel))
	if title == "" {
		return fault.New(fault.Invalid, "question_invalid", fault.Field{Path: nameLabel, Message: "Donnez un titre à l’étape."})
	}
	return f.SetStep(form.Get("etape"), title, strings.TrimSpace(form.Get(nameHelp)))
}

func saveSection(f *edit.Form, id string, form url.Values) error {
	s, _ := f.Section(id)
	if s == nil {
		return fault.New(fault.NotFound, "section_unknown")
	}
	with := *s
	with.Title, with.Help = strings.TrimSpace(form.Get(nameLabel)), strings.TrimSpace(form.Get(nameHelp))
	with.Repeat = nil
	if item := strings.TrimSpace(form.Get("fois")); item != "" {
		least, _ := strconv.Atoi(form.Get("fois_min")) //nolint:errcheck // none: 0
		most, err := strconv.Atoi(strings.TrimSpace(form.Get("fois_max")))
		if err != nil || most < 1 || most > forms.MaxRows || least > most {
			return fault.New(fault.Invalid, "question_invalid", fault.Field{Path: "fois_max", Message: "Donnez le nombre de fois au plus, de 1 à " + strconv.Itoa(forms.MaxRows) + "."})
		}
		with.Repeat = &forms.Repeat{Min: max(least, 0), Max: most, Item: item}
	}
	if _, short := edit.Rules(s.If); short {
		with.If = takeCondition(form, nameShown, f)
	}
	return f.SetSection(id, with)
}
