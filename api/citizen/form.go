package citizen

import (
	"context"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// The steps that every form has beside its own. Their names hold a hyphen, which the
// steps of a definition cannot.
const (
	applicantStep = "vos-coordonnees"
	summaryStep   = "le-recapitulatif"
)

// FormParts is what every page of a form shows around its questions.
type FormParts struct {
	Kicker    string
	Heading   string
	Facts     web.Facts
	Stepper   web.Stepper
	Questions []web.Disclosure
	Code      string // to go on elsewhere; empty where the account holds the draft
	Slug      string
	Back      string
	Mail      web.Input
}

func stepPath(slug, step string) string { return "/demarches/" + slug + "/formulaire/" + step }

// path is where a step stands.
func path(slug, step string) string {
	if step == summaryStep {
		return "/demarches/" + slug + "/recapitulatif"
	}
	return stepPath(slug, step)
}

// place is a step of a form as the stepper shows it.
type place struct{ id, label string }

// places are the steps that these answers lead through.
func places(d requests.Draft) []place {
	out := []place{{applicantStep, "Vous"}}
	for _, step := range d.Procedure.Form.Visible(d.Answers) {
		out = append(out, place{step.ID, step.Title})
	}
	return append(out, place{summaryStep, "Récapitulatif"})
}

// around gives the steps before and after one; empty for none.
func around(d requests.Draft, step string) (before, after string) {
	all := places(d)
	for i, p := range all {
		if p.id != step {
			continue
		}
		if i > 0 {
			before = all[i-1].id
		}
		if i+1 < len(all) {
			after = all[i+1].id
		}
		return before, after
	}
	return "", summaryStep // the step is hidden now: the summary tells what is left
}

// parts gives what surrounds a step.
func (s *Server) parts(v *visit, d requests.Draft, e catalogue.Entry, step string) (web.Frame, FormParts) {
	p := d.Procedure
	out := FormParts{
		Heading: p.Title, Facts: facts(p), Code: s.token(v, d.ProcedureSlug), Slug: d.ProcedureSlug,
		Questions: goodToKnow(e, v.scope.Settings, v.scope.Tenant.Title()),
		Mail: web.Input{
			Name: "courriel", Label: "Votre adresse électronique", Type: "email", Value: d.Applicant.Email, Autocomplete: "email", NoSpellcheck: true,
		},
	}
	for i, at := range places(d) {
		out.Stepper.Steps = append(out.Stepper.Steps, web.Step{Label: at.label, URL: path(d.ProcedureSlug, at.id)})
		if at.id == step {
			out.Stepper.Current = i
		}
	}
	if before, _ := around(d, step); before != "" {
		out.Back = path(d.ProcedureSlug, before)
	}
	current := out.Stepper.Steps[out.Stepper.Current].Label
	frame := s.frame(v, current+" – "+p.Title, "/")
	frame.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: p.Title, URL: "/demarches/" + d.ProcedureSlug}, {Label: current}}
	if l, ok := lifeEvent(p.LifeEvent); ok {
		out.Kicker = l.Title
	}
	return frame, out
}

// entryOf is the draft's procedure as the commune has it, at the draft's version.
func entryOf(ctx context.Context, tx *tenants.Tx, d requests.Draft) (catalogue.Entry, error) {
	e, err := catalogue.BySlug(ctx, tx, d.ProcedureSlug)
	if err != nil || e.Version.ID == d.VersionID {
		return e, err
	}
	version, err := catalogue.VersionByID(ctx, tx, d.VersionID)
	return e.With(version), err
}

// options are what a draft of a commune's own forms is checked with.
func options(t tenants.Tenant, d requests.Draft, step string) forms.Options {
	o := forms.Options{Step: step, Town: t.Name, Tables: d.Tables}
	if c, err := communes.ByINSEE(t.INSEE); err == nil {
		o.PostalCodes = c.PostalCodes
	}
	return o
}
