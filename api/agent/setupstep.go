package agent

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

type setupStepPage struct {
	web.Frame
	Name, Text, Action string
	Version            string
	Origin             *web.Notice // what was filled in, and from where
	Fields             []settingInput
}

var setupStepTemplate = web.MustParse[setupStepPage](web.Agent, pages, "setupstep.html")

func (s *Server) setupStep(v visit) error { return s.showSetupStep(v, nil, nil) }

func (s *Server) showSetupStep(v visit, typed url.Values, refused error) error {
	var settings tenants.Settings
	var version int
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		settings, version, err = tenants.GetSettings(ctx, tx)
		return err
	}))
	if err != nil {
		return err
	}
	for _, step := range setupSteps {
		if step.key != v.r.PathValue("step") {
			continue
		}
		page := setupStepPage{Frame: s.frame(v, me, step.group, setupPath), Name: step.group, Action: setupPath + "/" + step.key, Version: strconv.Itoa(version)}
		page.Breadcrumbs = web.Breadcrumbs{{Label: "Mise en route", URL: setupPath}, {Label: step.group}}
		if o := *step.origin(&settings.Setup); o.From != "" && !o.Confirmed {
			page.Origin = &web.Notice{Tone: web.Warning, Title: "À vérifier", Text: "Rempli d’après " + o.From + ". Relisez, corrigez, puis enregistrez."}
		}
		if typed != nil {
			settings = readSettings(typed, settings)
		}
		page.draw(step.group, settings, refused)
		return setupStepTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
	}
	return fault.New(fault.NotFound, "not_found")
}

func (p *setupStepPage) draw(group string, s tenants.Settings, refused error) {
	errors := web.FieldErrors(refused)
	for _, g := range settingGroups {
		if g.title != group {
			continue
		}
		p.Text = g.text
		for _, f := range g.fields {
			message := errors[strings.ReplaceAll(f.name, "-", "/")]
			if message != "" {
				p.Errors = append(p.Errors, web.ErrorLink{ID: f.name, Message: message})
			}
			p.Fields = append(p.Fields, f.input(*f.at(&s), f.hint, message))
		}
		if refused != nil && len(p.Errors) == 0 {
			p.Errors = web.ErrorSummary{{ID: g.fields[0].name, Message: sentence(refused)}}
		}
	}
}

// saveSetupStep keeps a step's fields, and that somebody has looked at them.
func (s *Server) saveSetupStep(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			now, seen, err := settingsSeen(ctx, tx, form)
			if err != nil {
				return err
			}
			for _, step := range setupSteps {
				if step.key != v.r.PathValue("step") {
					continue
				}
				own := url.Values{} // what other fields a form brings is none of this step's
				for _, name := range groupFields(step.group) {
					if form.Has(name) {
						own[name] = form[name]
					}
				}
				now = readSettings(own, now)
				step.origin(&now.Setup).Confirmed = true
				return tenants.PutSettings(ctx, tx, now, seen)
			}
			return fault.New(fault.NotFound, "not_found")
		}))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showSetupStep(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "C’est enregistré.", setupPath)
}
