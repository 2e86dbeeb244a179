package open

import (
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

type termsPage struct {
	web.Frame
	Version  string
	Operator Operator
	Trial    int
	Grace    int
}

type legalPage struct {
	web.Frame
	Operator Operator
}

type privacyPage struct {
	web.Frame
	Operator Operator
}

type accessibilityPage struct {
	web.Frame
	Operator Operator
}

var (
	termsTemplate         = web.MustParse[termsPage](web.Citizen, files, "terms.html")
	legalTemplate         = web.MustParse[legalPage](web.Citizen, files, "legal.html")
	privacyTemplate       = web.MustParse[privacyPage](web.Citizen, files, "privacy.html")
	accessibilityTemplate = web.MustParse[accessibilityPage](web.Citizen, files, "accessibility.html")
)

const termsPath = opening.OpenPath + "/conditions"

func (s *Server) terms(v visit) error {
	page := termsPage{Frame: s.frame(v, "Conditions", termsPath), Version: opening.Terms, Operator: s.Operator, Trial: subscription.TrialDays, Grace: subscription.GraceDays}
	page.Description = "Les conditions de Parvis pour les communes, et les clauses de l’article 28 du RGPD."
	return termsTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (s *Server) legal(v visit) error {
	return legalTemplate.Render(v.w, v.r, http.StatusOK, legalPage{Frame: s.frame(v, "Mentions légales", ""), Operator: s.Operator})
}

func (s *Server) privacy(v visit) error {
	return privacyTemplate.Render(v.w, v.r, http.StatusOK, privacyPage{Frame: s.frame(v, "Données personnelles", ""), Operator: s.Operator})
}

func (s *Server) accessibility(v visit) error {
	return accessibilityTemplate.Render(v.w, v.r, http.StatusOK, accessibilityPage{Frame: s.frame(v, "Accessibilité", ""), Operator: s.Operator})
}
