package agent

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// tryPage walks through a form as citizens will, and keeps nothing: the answers travel with
// the page.
type tryPage struct {
	web.Frame
	Name, What, URL string
	Tabs            web.Tabs
	Stepper         web.Stepper
	As              []web.Select // who it is tried as, where the form looks at that
	Hidden          []pair       // the answers so far, and who it is tried as
	Step            *forms.StepView
	Stopped         *web.Notice
	Revealed        bool
	Previous        string
	Done            []tryStepDone // the end: all answers
	Warnings        []string
}

type tryStepDone struct {
	Title string
	List  web.SummaryList
}

var tryTemplate = web.MustParse[tryPage](web.Agent, pages, "try.html")

// The names of what travels beside the answers of a step.
const (
	tryAnswers = "_reponses"
	tryGo      = "_aller"
	tryWho     = "_qui"
	tryLevel   = "_niveau"
	tryLives   = "_lieu"
)

// trying is one page of a try-out.
type trying struct {
	w        workshop
	form     *forms.Definition
	answers  forms.Answers
	facts    forms.Facts
	as       url.Values
	step     string // "" at the end
	raw      forms.Raw
	wrong    []forms.FieldError
	revealed bool
}

func (s *Server) tryOut(v visit) error {
	w, me, err := s.workshop(v, nil)
	if err != nil {
		return err
	}
	t, err := s.trying(v, w, v.r.URL.Query(), forms.Answers{})
	if err != nil {
		return err
	}
	if steps := t.form.Visible(t.answers); len(steps) > 0 {
		t.step = steps[0].ID
	}
	return s.showTry(v, me, t)
}

func (s *Server) trying(v visit, w workshop, as url.Values, answers forms.Answers) (*trying, error) {
	form := w.whole.Form
	if form == nil {
		return nil, fault.New(fault.NotFound, "not_found")
	}
	level, err := strconv.Atoi(as.Get(tryLevel))
	if err != nil {
		level = w.shown().Identity
	}
	t := &trying{w: w, form: form, as: as, facts: forms.Facts{Today: s.now(v), Applicant: forms.ApplicantPerson, Identity: level, Residence: forms.ResidenceCommune, Tables: w.tables}}
	if who := as.Get(tryWho); who == forms.ApplicantOrganisation {
		t.facts.Applicant = who
	}
	if lives := as.Get(tryLives); lives == forms.ResidenceFrance || lives == forms.ResidenceAbroad {
		t.facts.Residence = lives
	}
	t.answers = form.Settle(answers, t.facts)
	return t, nil
}

// tryStep judges a step as the citizens' page does, and shows the next one.
func (s *Server) tryStep(v visit) error {
	w, me, err := s.workshop(v, nil)
	if err != nil {
		return err
	}
	given := forms.Answers{}
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) error { // the file itself is not kept
		refs, _ := given[p.Name].Files()
		given[p.Name] = forms.Files(append(refs, forms.FileRef{ID: "essai-" + strconv.Itoa(len(refs)), Name: p.Filename, Size: 1})...)
		return nil
	})
	if err != nil && (form == nil || !fault.Is(err, "form_expired")) {
		return err
	}
	before := forms.Answers{}
	if json.Unmarshal([]byte(form.Get(tryAnswers)), &before) != nil {
		return fault.New(fault.Invalid, "form_unreadable")
	}
	t, err := s.trying(v, w, form, before)
	if err != nil {
		return err
	}
	t.step = v.r.PathValue("step")
	if err := t.take(form, given, v.r.URL.Query().Has("calcul")); err != nil {
		return err
	}
	if t.raw != nil {
		t.judge(v)
	}
	return s.showTry(v, me, t)
}

// take puts what was typed among the answers; what only moves about the form leaves raw nil.
func (t *trying) take(form url.Values, uploaded forms.Answers, live bool) error {
	typed, raw, err := t.form.FromForm(t.step, form)
	if err != nil {
		return err
	}
	a := t.form.Merge(t.answers, t.step, typed)
	for id, v := range uploaded {
		if f, ok := t.form.Field(id); ok && f.Kind == forms.KindFile && t.form.StepOf(id) == t.step {
			old, _ := a[id].Files()
			more, _ := v.Files()
			a[id] = forms.Files(append(old, more...)...)
		}
	}
	if field, _, ok := strings.Cut(form.Get("_remove"), ":"); ok {
		delete(a, field)
	}
	rows, _, changed := t.form.EditRows(a, form.Get(forms.RowAction))
	t.answers = t.form.Settle(rows, t.facts)
	if to := form.Get(tryGo); to != "" {
		if _, known := t.form.Step(to); known {
			t.step = to
		}
		return nil
	}
	if !changed && !live && form.Get("_remove") == "" {
		t.raw = raw
	}
	return nil
}

// judge checks the step, and goes on to the next where nothing is wrong.
func (t *trying) judge(v visit) {
	o := forms.Options{Step: t.step, Town: v.scope.Tenant.Name, Tables: t.w.tables}
	if c, err := communes.ByINSEE(v.scope.Tenant.INSEE); err == nil {
		o.PostalCodes = c.PostalCodes
	}
	t.wrong = t.form.Validate(t.answers, t.facts.Today, o)
	revealed := t.form.Revealed(t.step, t.answers, t.raw)
	if t.revealed = len(revealed) > 0; t.revealed {
		t.wrong = slices.DeleteFunc(t.wrong, func(e forms.FieldError) bool { return slices.Contains(revealed, e.Field) })
	}
	if len(t.wrong) > 0 || t.revealed {
		return
	}
	t.raw = nil
	steps := t.form.Visible(t.answers)
	i := slices.IndexFunc(steps, func(s forms.VisibleStep) bool { return s.ID == t.step })
	t.step = ""
	if i+1 < len(steps) {
		t.step = steps[i+1].ID
	}
}

func (s *Server) showTry(v visit, me web.Visitor, t *trying) error {
	page := tryPage{Name: t.w.shown().Title, What: t.w.name(), URL: t.w.url + "/" + workTry, Revealed: t.revealed && len(t.wrong) == 0}
	page.Frame, page.Tabs = s.workFrame(v, me, t.w, "Essayer", workTry)
	steps := t.form.Visible(t.answers)
	for i, step := range steps {
		page.Stepper.Steps = append(page.Stepper.Steps, web.Step{Label: step.Title})
		if step.ID == t.step {
			page.Stepper.Current = i
			if i > 0 {
				page.Previous = steps[i-1].ID
			}
		}
	}
	page.Stepper.Steps = append(page.Stepper.Steps, web.Step{Label: "Récapitulatif"})
	page.hide(t)
	if t.step == "" {
		page.Stepper.Current = len(page.Stepper.Steps) - 1
		page.finish(t, v)
		return tryTemplate.Render(v.w, v.r, http.StatusOK, page)
	}
	view, err := t.form.View(t.step, forms.ViewInput{Answers: t.answers, Raw: t.raw, Errors: t.wrong, Today: t.facts.Today, Tables: t.w.tables})
	if err != nil {
		return err
	}
	page.Step = &view
	page.Errors = web.StepErrors(view)
	if view.Stopped != nil {
		page.Stopped = &web.Notice{Tone: web.Warning, Title: "La démarche s’arrête ici", Text: view.Stopped.Message}
		if view.Stopped.Href != "" {
			page.Stopped.Link = web.Link{Label: view.Stopped.Label, URL: view.Stopped.Href}
		}
	}
	code := http.StatusOK
	if len(t.wrong) > 0 || t.revealed {
		code = http.StatusUnprocessableEntity
	}
	return tryTemplate.Render(v.w, v.r, code, page)
}

// hide writes what travels with the page, and offers to be somebody else.
func (p *tryPage) hide(t *trying) {
	text, err := json.Marshal(t.answers)
	if err != nil {
		text = []byte("{}")
	}
	p.Hidden = []pair{{Key: tryAnswers, Value: string(text)}}
	looks := t.form.Settle(forms.Answers{}, t.facts)
	for _, f := range forms.FactFields() {
		if _, used := looks[f.ID]; !used {
			continue
		}
		choice := func(name, now string, items ...web.Choice) {
			p.Hidden = append(p.Hidden, pair{Key: name, Value: now})
			p.As = append(p.As, chosen(name, f.Label, items, now))
		}
		switch f.ID {
		case forms.FactApplicant:
			choice(tryWho, t.facts.Applicant, choicesOf(f)...)
		case forms.FactResidence:
			choice(tryLives, t.facts.Residence, choicesOf(f)...)
		case forms.FactIdentity:
			choice(tryLevel, strconv.Itoa(t.facts.Identity), web.Choice{Value: "0", Label: "Anonyme"}, web.Choice{Value: "1", Label: "Un nom et une adresse"}, web.Choice{Value: "2", Label: "Un compte"}, web.Choice{Value: "3", Label: "FranceConnect"})
		}
	}
}

func choicesOf(f forms.Field) []web.Choice {
	out := make([]web.Choice, len(f.Choices))
	for i, c := range f.Choices {
		out[i] = web.Choice{Value: c.Value, Label: c.Label}
	}
	return out
}

// finish shows all the answers, and what keeps them from being sent.
func (p *tryPage) finish(t *trying, v visit) {
	for _, step := range t.form.Summary(t.answers) {
		done := tryStepDone{Title: step.Title}
		for _, row := range step.Rows {
			done.List = append(done.List, web.SummaryItem{Key: row.Label, Lines: row.Lines})
			if len(row.Lines) == 0 {
				done.List[len(done.List)-1].Value = row.Value
			}
		}
		p.Done = append(p.Done, done)
	}
	today := v.scope.Tenant.Territory().Today(t.facts.Today)
	p.Warnings = t.w.shown().Warnings(t.answers, today, calendar.Date{})
}
