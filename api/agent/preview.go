package agent

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// previewPage shows a step of the form as a telephone and as a computer show it, side by side.
type previewPage struct {
	web.Frame
	Name, What string
	Tabs       web.Tabs
	Steps      []stepItem
	Source     string // of the two frames
	Try        string
}

// framePage is one step in the citizens' layout, for the frames: nothing can be sent from it.
type framePage struct {
	web.Frame
	Stepper        web.Stepper
	Step           forms.StepView
	Before, Behind string // the steps around it
}

var (
	previewTemplate = web.MustParse[previewPage](web.Agent, pages, "preview.html")
	frameTemplate   = web.MustParse[framePage](web.Citizen, pages, "frame.html")
)

const (
	workPreview = "apercu"
	frameOf     = "/cadre"
)

// previewed gives the form and the step that is asked for, or its first.
func previewed(w workshop, asked string) (*forms.Definition, int, error) {
	form := w.whole.Form
	if form == nil || len(form.Steps) == 0 {
		return nil, 0, fault.New(fault.NotFound, "not_found")
	}
	return form, max(0, slices.IndexFunc(form.Steps, func(s forms.Step) bool { return s.ID == asked })), nil
}

func (s *Server) preview(v visit) error {
	w, me, err := s.workshop(v, nil)
	if err != nil {
		return err
	}
	form, at, err := previewed(w, v.r.URL.Query().Get("etape"))
	if err != nil {
		return err
	}
	page := previewPage{Name: w.shown().Title, What: w.name(), Try: w.url + "/" + workTry}
	page.Frame, page.Tabs = s.workFrame(v, me, w, "Aperçu", workPreview)
	to := func(id string) string { return "?" + url.Values{"etape": {id}}.Encode() }
	for i, step := range form.Steps {
		page.Steps = append(page.Steps, stepItem{Title: step.Title, URL: w.url + "/" + workPreview + to(step.ID), Number: i + 1, Current: i == at})
	}
	page.Source = w.url + "/" + workPreview + frameOf + to(form.Steps[at].ID)
	web.AllowFrame(v.w)
	return previewTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// frameStep draws a step as citizens see it, with every question that could be asked.
func (s *Server) frameStep(v visit) error {
	var facts forms.Facts
	w, _, err := s.workshop(v, func(_ context.Context, tx *tenants.Tx, w workshop) error {
		facts = forms.Facts{Today: tx.Now().In(tx.Tenant().Zone()), Applicant: forms.ApplicantPerson, Identity: w.shown().Identity, Residence: forms.ResidenceCommune, Tables: w.tables}
		return nil
	})
	if err != nil {
		return err
	}
	form, at, err := previewed(w, v.r.URL.Query().Get("etape"))
	if err != nil {
		return err
	}
	page := framePage{Frame: s.UI.Frame(v.w, v.r, v.scope.Site, w.shown().Title)}
	page.Inert = true
	for _, step := range form.Steps {
		page.Stepper.Steps = append(page.Stepper.Steps, web.Step{Label: step.Title})
	}
	page.Stepper.Current = at
	to := func(i int) string {
		if i < 0 || i >= len(form.Steps) {
			return ""
		}
		return w.url + "/" + workPreview + frameOf + "?" + url.Values{"etape": {form.Steps[i].ID}}.Encode()
	}
	page.Before, page.Behind = to(at-1), to(at+1)
	page.Step, err = form.View(form.Steps[at].ID, forms.ViewInput{Answers: form.Settle(forms.Answers{}, facts), Today: facts.Today, Tables: w.tables})
	if err != nil {
		return err
	}
	web.AllowFramed(v.w)
	return frameTemplate.Render(v.w, v.r, http.StatusOK, page)
}
