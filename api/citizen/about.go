package citizen

import (
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

type accessibilityPage struct {
	web.Frame
	Level             string
	Rate, AuditedOn   string // of the last audit; empty: none
	Gaps, Derogations string
	More              string // what the commune adds
}

type privacyPage struct {
	web.Frame
	Controller []string
	DPO        []string
	Notices    []web.Disclosure
}

type legalPage struct {
	web.Frame
	Mayor   string
	Address []string
	SIREN   string
}

// termsPage says how the town is seized electronically, and what that is worth (CRPA R.112-9-2).
type termsPage struct {
	web.Frame
	Email, Address, DPO string
	Elsewhere           []string // procedures that the law puts on another site
}

var (
	termsTemplate         = web.MustParse[termsPage](web.Citizen, files, "terms.html")
	accessibilityTemplate = web.MustParse[accessibilityPage](web.Citizen, files, "accessibility.html")
	privacyTemplate       = web.MustParse[privacyPage](web.Citizen, files, "privacy.html")
	legalTemplate         = web.MustParse[legalPage](web.Citizen, files, "legal.html")
)

func (s *Server) accessibility(v *visit) error {
	set := v.scope.Settings
	page := accessibilityPage{Frame: s.frame(v, "Accessibilité", ""), Level: set.AccessibilityLevel(), More: set.Accessibility}
	if day, err := calendar.ParseDate(set.AccessibilityAuditedOn); err == nil && set.AccessibilityRate != "" {
		page.Rate, page.AuditedOn = strings.TrimSpace(strings.TrimSuffix(set.AccessibilityRate, "%")), day.French()
		page.Gaps, page.Derogations = set.AccessibilityGaps, set.AccessibilityDerogations
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Accessibilité"}}
	return accessibilityTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (s *Server) privacy(v *visit) error {
	set := v.scope.Settings
	if err := s.meet(v); err != nil {
		return err
	}
	page := privacyPage{Frame: s.frame(v, "Données personnelles", "")}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Données personnelles"}}
	page.Controller = filled(set.Mayor, set.PostalAddress, set.Phone, set.Email)
	page.DPO = filled(set.DPO.Name, set.DPO.PostalAddress, set.DPO.Phone, set.DPO.Email)
	for _, e := range v.scope.Open {
		n := e.Procedure().Notice
		d := web.Disclosure{Title: e.Procedure().Title, Text: n.Purpose + "\n\nCe qui nous y autorise\u00a0: " + n.BasisText +
			"\n\nQui les voit\u00a0: " + strings.Join(n.Recipients, "\u00a0; ") + ".\n\nCombien de temps\u00a0: " + n.Retention + "\n\n" + n.Consequence}
		page.Notices = append(page.Notices, d)
	}
	return privacyTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// terms are the conditions of use: with them published, what has a téléservice is to be sent
// through it, and everything else by e-mail (CRPA L.112-9, R.112-9-2).
func (s *Server) terms(v *visit) error {
	set := v.scope.Settings
	if err := s.meet(v); err != nil {
		return err
	}
	page := termsPage{
		Frame: s.frame(v, "Conditions d’utilisation", ""), Email: set.Email, Address: strings.Join(filled(set.PostalAddress), ", "),
		DPO: strings.Join(filled(set.DPO.Name, set.DPO.Email), ", "),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Conditions d’utilisation"}}
	for _, e := range v.scope.Open {
		if e.Procedure().Redirect != "" {
			page.Elsewhere = append(page.Elsewhere, e.Procedure().Title)
		}
	}
	return termsTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (s *Server) legal(v *visit) error {
	set := v.scope.Settings
	page := legalPage{
		Frame: s.frame(v, "Mentions légales", ""), Mayor: set.Mayor, SIREN: v.scope.Tenant.SIREN,
		Address: filled(set.PostalAddress, set.Phone, set.Email),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Mentions légales"}}
	return legalTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// filled are the lines of what is set.
func filled(texts ...string) []string {
	var out []string
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				out = append(out, line)
			}
		}
	}
	return out
}
