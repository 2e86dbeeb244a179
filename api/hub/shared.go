package hub

import (
	"net/url"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
)

type sharedPage struct {
	web.Frame
	May    bool
	Groups []sharedGroup
	Agents web.Checkbox
	Admins web.Checkbox
}

type sharedGroup struct {
	Title, Text string
	Fields      []sharedInput
}

// sharedInput is one line or several.
type sharedInput struct {
	Line *web.Input
	Area *web.Textarea
}

var sharedTemplate = web.MustParse[sharedPage](web.Hub, files, "shared.html")

const sharedPath = "/reglages"

type sharedField struct {
	name, label, hint, kind string
	rows                    int // 0: one line
	at                      func(*tenants.Shared) *string
}

// sharedFields are what a hub may provide, in the order of the page. A name is the
// path of the field, with - for /.
var sharedFields = []struct {
	title, text string
	fields      []sharedField
}{
	{"Guichet partagé", "Ce que les communes disent d’elles-mêmes tant qu’elles n’ont pas leurs propres coordonnées.", []sharedField{
		{"phone", "Téléphone", "", "tel", 0, func(p *tenants.Shared) *string { return &p.Phone }},
		{"email", "Adresse électronique", "", "email", 0, func(p *tenants.Shared) *string { return &p.Email }},
		{"opening_hours", "Horaires", "Une ligne par jour.", "", 3, func(p *tenants.Shared) *string { return &p.OpeningHours }},
	}},
	{"Apparence", "La couleur vaut pour les communes qui s’ouvrent.", []sharedField{
		{"tagline", "Ligne sous le nom de la commune", "", "", 0, func(p *tenants.Shared) *string { return &p.Tagline }},
		{"colour", "Couleur", "Par exemple #0b5c8a.", "", 0, func(p *tenants.Shared) *string { return &p.Colour }},
	}},
	{"Tribunal administratif", "Sans lui, un refus ne fait pas courir le délai de recours (CJA R.421-5). Repris en bloc.", []sharedField{
		{"court-name", "Nom du tribunal", "", "", 0, func(p *tenants.Shared) *string { return &p.Court.Name }},
		{"court-postal_address", "Adresse du tribunal", "", "", 2, func(p *tenants.Shared) *string { return &p.Court.PostalAddress }},
		{"court-telerecours", "Adresse de Télérecours citoyens", "", "url", 0, func(p *tenants.Shared) *string { return &p.Court.Telerecours }},
		{"mediator", "Médiateur", "S’il y en a un (CRPA L.421-1).", "", 2, func(p *tenants.Shared) *string { return &p.Mediator }},
	}},
	{"Délégué à la protection des données", "Obligatoire pour une commune (RGPD art. 37). Repris en bloc.", []sharedField{
		{"dpo-name", "Nom du délégué", "", "", 0, func(p *tenants.Shared) *string { return &p.DPO.Name }},
		{"dpo-email", "Adresse électronique du délégué", "", "email", 0, func(p *tenants.Shared) *string { return &p.DPO.Email }},
		{"dpo-phone", "Téléphone du délégué", "", "tel", 0, func(p *tenants.Shared) *string { return &p.DPO.Phone }},
		{"dpo-postal_address", "Adresse postale du délégué", "", "", 2, func(p *tenants.Shared) *string { return &p.DPO.PostalAddress }},
	}},
	{"Accessibilité", "Ce que dit la page « Accessibilité » : la conformité, et qui contacter.", []sharedField{
		{"accessibility", "Déclaration d’accessibilité", "", "", 4, func(p *tenants.Shared) *string { return &p.Accessibility }},
	}},
}

func (s *Server) shared(v visit) error {
	p, err := s.Registry.SharedOf(v.r.Context(), v.scope.Hub)
	if err != nil {
		return err
	}
	return s.showShared(v, p, v.scope.Hub.RequireTOTP, nil)
}

func (s *Server) showShared(v visit, p tenants.Shared, admins bool, refused error) error {
	page := sharedPage{
		Frame: s.frame(v, "Réglages partagés", sharedPath), May: v.admin.Actor().MayKeep(),
		Agents: web.Checkbox{Name: "require_agent_totp", Label: "Demander un second facteur à tous les agents des communes", Hint: "Aucune commune ne peut y renoncer.", Checked: p.RequireAgentTOTP},
		Admins: web.Checkbox{Name: "require_totp", Label: "Demander un second facteur à tous les administrateurs de l’intercommunalité", Hint: "Réservé aux responsables. Chacun le met en place à sa prochaine page.", Checked: admins},
	}
	wrong := web.FieldErrors(refused)
	for _, g := range sharedFields {
		group := sharedGroup{Title: g.title, Text: g.text}
		for _, f := range g.fields {
			message := wrong[strings.ReplaceAll(f.name, "-", "/")]
			if message != "" {
				page.Errors = append(page.Errors, web.ErrorLink{ID: f.name, Message: message})
			}
			if f.rows > 0 {
				group.Fields = append(group.Fields, sharedInput{Area: &web.Textarea{Name: f.name, Label: f.label, Hint: f.hint, Error: message, Value: *f.at(&p), Rows: f.rows, MaxLength: 2000, Optional: true}})
				continue
			}
			group.Fields = append(group.Fields, sharedInput{Line: &web.Input{Name: f.name, Label: f.label, Hint: f.hint, Error: message, Value: *f.at(&p), Type: f.kind, MaxLength: 2000, Optional: true}})
		}
		page.Groups = append(page.Groups, group)
	}
	if len(page.Errors) == 0 {
		page.Errors = summary(refused, nil)
	}
	return sharedTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func readShared(form url.Values) (p tenants.Shared, admins bool) {
	for _, g := range sharedFields {
		for _, f := range g.fields {
			*f.at(&p) = strings.TrimSpace(strings.ReplaceAll(form.Get(f.name), "\r\n", "\n"))
		}
	}
	p.RequireAgentTOTP = form.Get("require_agent_totp") != ""
	return p, form.Get("require_totp") != ""
}

func (s *Server) saveShared(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	typed, admins := readShared(form)
	if err == nil {
		err = s.Registry.PutShared(v.r.Context(), v.admin.Actor(), v.scope.Hub, typed, admins)
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showShared(v, typed, admins, err)
	case err != nil:
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Les réglages partagés sont enregistrés. Les communes les auront dans le quart d’heure.")
	web.Redirect(v.w, v.r, sharedPath)
	return nil
}
