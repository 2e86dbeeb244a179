package agent

import (
	"context"
	"net/http"
	"slices"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

type setupPage struct {
	web.Frame
	Done, All  int
	Steps      []setupLine
	Procedures []setupProcedure
	Ready      int // procedures that are complete and closed
	Finished   bool
}

// setupLine is a step with how it stands and what it holds back.
type setupLine struct {
	Title, URL, Text string
	Status           web.Status
}

type setupProcedure struct {
	Title, URL, Missing string
	Status              web.Status
	Slug                string
	Ready               bool
}

var setupTemplate = web.MustParse[setupPage](web.Agent, pages, "setup.html")

const setupPath = "/agents/mise-en-route"

// setupSteps are the steps of the setting up: each is a group of the settings, so that
// there is no second list of what a commune says of itself.
var setupSteps = []struct {
	key, group string
	origin     func(*tenants.Setup) *tenants.Origin
}{
	{"mairie", "La mairie", func(s *tenants.Setup) *tenants.Origin { return &s.Contact }},
	{"tribunal", "Tribunal administratif", func(s *tenants.Setup) *tenants.Origin { return &s.Court }},
	{"dpo", "Délégué à la protection des données", func(s *tenants.Setup) *tenants.Origin { return &s.DPO }},
	{"signature", "Signature", func(s *tenants.Setup) *tenants.Origin { return &s.Signature }},
	{"accessibilite", "Accessibilité", func(s *tenants.Setup) *tenants.Origin { return &s.Accessibility }},
}

// The ways in which a step stands.
var (
	stepTodo    = web.Status{Tone: web.Danger, Label: "À faire"}
	stepReread  = web.Status{Tone: web.Warning, Label: "À vérifier"}
	stepAdvised = web.Status{Tone: web.Neutral, Label: "Facultatif"}
	stepDone    = web.Status{Tone: web.Success, Label: "Fait"}
)

// groupFields are the names of the fields of a group of the settings.
func groupFields(title string) (names []string) {
	for _, g := range settingGroups {
		if g.title == title {
			for _, f := range g.fields {
				names = append(names, f.name)
			}
		}
	}
	return names
}

// standing tells how a step stands, and what it holds back: what catalogue.Missing and
// catalogue.Advice say of the fields of its group, for every procedure.
func standing(group string, origin tenants.Origin, s tenants.Settings, entries []catalogue.Entry) (web.Status, string) {
	fields, blocked, advised := groupFields(group), 0, false
	speaksOf := func(m catalogue.MissingMention) bool { return slices.Contains(fields, settingFields[m.Code]) }
	for _, e := range entries {
		if slices.ContainsFunc(catalogue.Missing(s, e), speaksOf) {
			blocked++
		}
		advised = advised || slices.ContainsFunc(catalogue.Advice(s, e), speaksOf)
	}
	switch {
	case blocked > 0:
		return stepTodo, "Retient " + web.Plural(blocked, "démarche", "démarches") + "."
	case origin.From != "" && !origin.Confirmed:
		return stepReread, "Déjà rempli d’après " + origin.From + "."
	case advised && !origin.Confirmed:
		return stepAdvised, "Conseillé pour les courriers et les lettres."
	case advised:
		return stepDone, "Des mentions conseillées pour les lettres restent vides."
	}
	return stepDone, ""
}

func (s *Server) setup(v visit) error {
	var settings tenants.Settings
	var entries []catalogue.Entry
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if settings, _, err = tenants.GetSettings(ctx, tx); err != nil {
			return err
		}
		entries, err = catalogue.List(ctx, tx)
		return err
	}))
	if err != nil {
		return err
	}
	page := setupPage{Frame: s.frame(v, me, "Mise en route", setupPath), All: len(setupSteps), Finished: settings.Setup.Finished || !settings.Setup.Started}
	for _, step := range setupSteps {
		status, text := standing(step.group, *step.origin(&settings.Setup), settings, entries)
		if status == stepDone {
			page.Done++
		}
		page.Steps = append(page.Steps, setupLine{Title: step.group, URL: setupPath + "/" + step.key, Status: status, Text: text})
	}
	for _, e := range entries {
		line := setupProcedure{Title: e.Procedure().Title, URL: proceduresPath + "/" + e.Slug, Slug: e.Slug, Status: openStatus(e.Open)}
		if n := len(catalogue.Missing(settings, e)); n > 0 {
			line.Missing = web.Plural(n, "mention manque", "mentions manquent")
		} else if !e.Open {
			line.Ready = true
			page.Ready++
		}
		page.Procedures = append(page.Procedures, line)
	}
	return setupTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// finishSetup opens what is complete, one procedure or all of them, or ends the setting up.
func (s *Server) finishSetup(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	done := "La mise en route est terminée. Vous la retrouvez depuis les réglages."
	_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		switch form.Get("action") {
		case "ouvrir-tout":
			done = "Les démarches complètes sont ouvertes aux habitants."
			_, err := catalogue.OpenAll(ctx, tx)
			return err
		case "terminer":
			settings, version, err := tenants.GetSettings(ctx, tx)
			if err != nil {
				return err
			}
			settings.Setup.Finished = true
			return tenants.PutSettings(ctx, tx, settings, version)
		}
		if form.Get("ouvrir") == "" {
			return fault.New(fault.Invalid, "form_unreadable")
		}
		done = "La démarche est ouverte aux habitants."
		return catalogue.SetOpen(ctx, tx, form.Get("ouvrir"), true)
	}))
	if err != nil {
		return err
	}
	return s.done(v, done, setupPath)
}

// trialBanner tells administrators from the day [subscription.WarnFrom] on that the trial
// ends; nil: nothing is to be told.
func trialBanner(t tenants.Tenant, today calendar.Date) *web.Notice {
	if subscription.Due(t, today) == 0 {
		return nil
	}
	closes := "Sans abonnement, le portail ne prend plus de nouvelle demande après le " + subscription.ClosesOn(t).French() + ". Rien n’est supprimé, et les demandes reçues suivent leur cours."
	switch {
	case subscription.Closed(t, today):
		return &web.Notice{Tone: web.Danger, Title: "Le portail ne prend plus de nouvelle demande", Text: "La période d’essai a fini le " + t.TrialEndsOn.French() + ". Rien n’est supprimé, et les demandes reçues suivent leur cours."}
	case today.After(t.TrialEndsOn):
		return &web.Notice{Tone: web.Warning, Title: "La période d’essai est finie", Text: closes}
	}
	return &web.Notice{Tone: web.Info, Title: "La période d’essai finit le " + t.TrialEndsOn.French(), Text: closes}
}
