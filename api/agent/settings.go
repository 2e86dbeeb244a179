package agent

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

type settingsPage struct {
	web.Frame
	Conflict string
	Version  string
	Missing  []mention
	Groups   []settingGroup
	Hour     web.Select
	Services web.Table
}

// settingGroup is a card of fields.
type settingGroup struct {
	Title, Text string
	Fields      []settingInput
}

// settingInput is one line or several.
type settingInput struct {
	Line *web.Input
	Area *web.Textarea
}

var settingsTemplate = web.MustParse[settingsPage](web.Agent, pages, "settings.html")

const settingsPath = "/agents/reglages"

// setting is one field of the settings: its place in the form, and in the value.
type setting struct {
	name, label, hint, kind string
	rows                    int // 0: one line
	at                      func(*tenants.Settings) *string
}

// settingGroups are the fields in the order of the page. A name is the path of the
// field in tenants.Settings, with - for /.
var settingGroups = []struct {
	title, text string
	fields      []setting
}{
	{"La mairie", "Ces coordonnées sont sur chaque page, chaque accusé de réception et chaque lettre.", []setting{
		{"postal_address", "Adresse postale", "", "", 3, func(s *tenants.Settings) *string { return &s.PostalAddress }},
		{"phone", "Téléphone", "", "tel", 0, func(s *tenants.Settings) *string { return &s.Phone }},
		{"email", "Adresse électronique", "", "email", 0, func(s *tenants.Settings) *string { return &s.Email }},
		{"website", "Site internet", "", "url", 0, func(s *tenants.Settings) *string { return &s.Website }},
		{"opening_hours", "Horaires d’ouverture", "Une ligne par jour.", "", 4, func(s *tenants.Settings) *string { return &s.OpeningHours }},
	}},
	{"Signature", "Qui signe les lettres, et qui répond des données personnelles (RGPD art. 13).", []setting{
		{"mayor", "Maire", "Prénom et nom.", "", 0, func(s *tenants.Settings) *string { return &s.Mayor }},
		{"signatory_name", "Signataire des lettres", "Prénom et nom. Si c’est vide, le maire signe.", "", 0, func(s *tenants.Settings) *string { return &s.SignatoryName }},
		{"signatory_title", "Qualité du signataire", "Par exemple «\u00a0maire\u00a0», ou «\u00a0adjointe à l’état civil, par délégation du maire\u00a0».", "", 0, func(s *tenants.Settings) *string { return &s.SignatoryTitle }},
	}},
	{"Tribunal administratif", "Sans lui, un refus ne fait pas courir le délai de recours (CJA R.421-5).", []setting{
		{"court-name", "Nom", "", "", 0, func(s *tenants.Settings) *string { return &s.Court.Name }},
		{"court-postal_address", "Adresse", "", "", 2, func(s *tenants.Settings) *string { return &s.Court.PostalAddress }},
		{"court-telerecours", "Adresse de Télérecours citoyens", "", "url", 0, func(s *tenants.Settings) *string { return &s.Court.Telerecours }},
		{"mediator", "Médiateur", "S’il y en a un (CRPA L.421-1).", "", 2, func(s *tenants.Settings) *string { return &s.Mediator }},
	}},
	{"Délégué à la protection des données", "Obligatoire pour une commune (RGPD art. 37). Il peut être mutualisé.", []setting{
		{"dpo-name", "Nom", "", "", 0, func(s *tenants.Settings) *string { return &s.DPO.Name }},
		{"dpo-email", "Adresse électronique", "", "email", 0, func(s *tenants.Settings) *string { return &s.DPO.Email }},
		{"dpo-phone", "Téléphone", "", "tel", 0, func(s *tenants.Settings) *string { return &s.DPO.Phone }},
		{"dpo-postal_address", "Adresse postale", "", "", 2, func(s *tenants.Settings) *string { return &s.DPO.PostalAddress }},
	}},
	{"Accessibilité", "Ce que disent la page «\u00a0Accessibilité\u00a0» et le pied de chaque page (loi n° 2005-102, article 47). Sans audit daté, le site se dit non conforme\u00a0; à 50\u00a0%, partiellement conforme\u00a0; à 100\u00a0%, totalement conforme. L’audit est à refaire au bout de trois ans.", []setting{
		{"accessibility_rate", "Taux de conformité au RGAA (%)", "Celui du dernier audit, par exemple 71,4.", "", 0, func(s *tenants.Settings) *string { return &s.AccessibilityRate }},
		{"accessibility_audited_on", "Date de l’audit", "", "date", 0, func(s *tenants.Settings) *string { return &s.AccessibilityAuditedOn }},
		{"accessibility_gaps", "Contenus non accessibles", "", "", 3, func(s *tenants.Settings) *string { return &s.AccessibilityGaps }},
		{"accessibility_derogations", "Dérogations", "Les contenus dispensés, et pourquoi.", "", 3, func(s *tenants.Settings) *string { return &s.AccessibilityDerogations }},
		{"accessibility", "Ce que vous ajoutez à la déclaration", "", "", 3, func(s *tenants.Settings) *string { return &s.Accessibility }},
	}},
}

// input draws the field.
func (f setting) input(value, hint, message string) settingInput {
	if f.rows > 0 {
		return settingInput{Area: &web.Textarea{Name: f.name, Label: f.label, Hint: hint, Error: message, Value: value, Rows: f.rows, MaxLength: 2000, Optional: optional[f.name]}}
	}
	return settingInput{Line: &web.Input{Name: f.name, Label: f.label, Hint: hint, Error: message, Value: value, Type: f.kind, MaxLength: 2000, Optional: optional[f.name]}}
}

// optional are the settings that no text and no page needs.
var optional = map[string]bool{"website": true, "mediator": true, "court-telerecours": true, "dpo-phone": true, "dpo-postal_address": true,
	"accessibility": true, "accessibility_rate": true, "accessibility_audited_on": true, "accessibility_gaps": true, "accessibility_derogations": true}

// settingFields are the fields that missing mentions speak of (catalogue.Missing,
// catalogue.Advice). What a service lacks is the town hall's own by default.
var settingFields = map[string]string{
	"court": "court-name", "court_name": "court-name", "court_address": "court-postal_address", "controller_contact": "postal_address",
	"dpo_contact": "dpo-email", "dpo_name": "dpo-name", "opening_hours": "opening_hours", "mayor": "mayor", "signatory": "signatory_name",
	"service_phone": "phone", "service_address": "postal_address", "service_postal_address": "postal_address", "service_email": "email",
}

func (s *Server) settings(v visit) error { return s.showSettings(v, nil, nil) }

func (s *Server) showSettings(v visit, typed url.Values, refused error) error {
	var settings tenants.Settings
	var version int
	var services []tenants.Service
	var entries []catalogue.Entry
	var provided tenants.Shared
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if provided, err = tenants.Provided(ctx, tx); err != nil {
			return err
		}
		if settings, version, err = tenants.GetSettings(ctx, tx); err != nil {
			return err
		}
		if services, err = tenants.Services(ctx, tx); err != nil {
			return err
		}
		entries, err = catalogue.List(ctx, tx)
		return err
	}))
	if err != nil {
		return err
	}
	page := settingsPage{Frame: s.frame(v, me, "Réglages", settingsPath), Version: strconv.Itoa(version), Missing: missingAnywhere(settings, entries)}
	before := settings
	if typed != nil {
		settings = readSettings(typed, settings)
	}
	if fault.Is(refused, "settings_changed") || fault.Is(refused, "form_expired") {
		page.Conflict = sentence(refused)
		if changed := differing(before, settings); len(changed) > 0 {
			page.Conflict += " Ces champs diffèrent de ce qui est enregistré\u00a0: " + strings.Join(changed, ", ") + "."
		}
	}
	page.draw(settings, provided.Over(tenants.Settings{}), provided.Hub, web.FieldErrors(refused))
	page.services(services)
	return settingsTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// missingAnywhere says once what keeps any procedure closed.
func missingAnywhere(s tenants.Settings, entries []catalogue.Entry) []mention {
	seen, out := map[string]bool{}, []mention{}
	for _, e := range entries {
		for _, m := range mentions(catalogue.Missing(s, e), e.Service) {
			if !seen[m.Label] {
				seen[m.Label] = true
				out = append(out, m)
			}
		}
	}
	return out
}

func differing(a, b tenants.Settings) []string {
	var out []string
	for _, g := range settingGroups {
		for _, f := range g.fields {
			if *f.at(&a) != *f.at(&b) {
				out = append(out, "«\u00a0"+f.label+"\u00a0»")
			}
		}
	}
	return out
}

// draw fills the fields in; provided is what the hub says for the commune.
func (p *settingsPage) draw(s, provided tenants.Settings, hub string, errors map[string]string) {
	for _, g := range settingGroups {
		group := settingGroup{Title: g.title, Text: g.text}
		for _, f := range g.fields {
			message := errors[strings.ReplaceAll(f.name, "-", "/")]
			if message != "" {
				p.Errors = append(p.Errors, web.ErrorLink{ID: f.name, Message: message})
			}
			value, hint := *f.at(&s), f.hint
			if theirs := *f.at(&provided); theirs != "" && theirs == value {
				hint = strings.TrimSpace("Fourni par " + hub + "\u00a0; écrivez autre chose pour dire le vôtre. " + f.hint)
			}
			group.Fields = append(group.Fields, f.input(value, hint, message))
		}
		p.Groups = append(p.Groups, group)
	}
	p.Hour = web.Select{Name: "digest_hour", Label: "Heure du récapitulatif du matin"}
	for h := range 24 {
		p.Hour.Items = append(p.Hour.Items, web.Choice{Value: strconv.Itoa(h), Label: strconv.Itoa(h) + " h", Checked: h == s.DigestHour})
	}
}

// readSettings puts what was typed over the settings.
func readSettings(form url.Values, s tenants.Settings) tenants.Settings {
	for _, g := range settingGroups {
		for _, f := range g.fields {
			if form.Has(f.name) {
				*f.at(&s) = strings.TrimSpace(strings.ReplaceAll(form.Get(f.name), "\r\n", "\n"))
			}
		}
	}
	if h, err := strconv.Atoi(form.Get("digest_hour")); err == nil {
		s.DigestHour = h
	}
	return s
}

// settingsSeen gives the settings as they are, and the version that the form was made
// from; a form that names none is fault.Conflict "settings_changed".
func settingsSeen(ctx context.Context, tx *tenants.Tx, form url.Values) (now tenants.Settings, seen int, err error) {
	if seen, err = strconv.Atoi(form.Get("version")); err != nil {
		return now, 0, fault.New(fault.Conflict, "settings_changed")
	}
	now, _, err = tenants.GetSettings(ctx, tx)
	return now, seen, err
}

func (s *Server) saveSettings(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			now, seen, err := settingsSeen(ctx, tx, form)
			if err != nil {
				return err
			}
			return tenants.PutSettings(ctx, tx, readSettings(form, now), seen)
		}))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showSettings(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "Les réglages sont enregistrés.", settingsPath)
}

func (p *settingsPage) services(list []tenants.Service) {
	p.Services = web.Table{Caption: "Services", Columns: []web.Column{{Label: "Service"}, {Label: "Téléphone"}, {Label: "Courriel"}}, Empty: "Aucun service."}
	for _, x := range list {
		p.Services.Rows = append(p.Services.Rows, web.Row{Cells: []web.Cell{{Text: x.Name, URL: servicesPath + "/" + string(x.ID)}, {Text: x.Phone}, {Text: x.Email}}})
	}
}

type servicePage struct {
	web.Frame
	Action string
	Name   web.Input
	Phone  web.Input
	Email  web.Input
	Postal web.Textarea
	New    bool
}

var serviceTemplate = web.MustParse[servicePage](web.Agent, pages, "service.html")

const (
	servicesPath = settingsPath + "/services"
	newService   = "nouveau"
)

func (s *Server) service(v visit) error { return s.showService(v, nil, nil) }

// serviceOf finds the service of the address; "nouveau" is one that is to be made.
func serviceOf(ctx context.Context, tx *tenants.Tx, id string) (tenants.Service, error) {
	all, err := tenants.Services(ctx, tx)
	if err != nil {
		return tenants.Service{}, err
	}
	if id == newService {
		return tenants.Service{Position: len(all)}, nil
	}
	for _, x := range all {
		if string(x.ID) == id {
			return x, nil
		}
	}
	return tenants.Service{}, fault.New(fault.NotFound, "not_found")
}

func (s *Server) showService(v visit, typed url.Values, refused error) error {
	id := v.r.PathValue("id")
	var x tenants.Service
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		x, err = serviceOf(ctx, tx, id)
		return err
	}))
	if err != nil {
		return err
	}
	title := x.Name
	if id == newService {
		title = "Nouveau service"
	}
	x = readService(typed, x)
	errors := web.FieldErrors(refused)
	page := servicePage{
		Frame: s.frame(v, me, title, settingsPath), Action: servicesPath + "/" + id, New: id == newService,
		Name:   web.Input{Name: "name", Label: "Nom du service", Value: x.Name, MaxLength: 120, Error: errors["name"]},
		Phone:  web.Input{Name: "phone", Label: "Téléphone", Type: "tel", Value: x.Phone, MaxLength: 40, Optional: true},
		Email:  web.Input{Name: "email", Label: "Adresse électronique", Type: "email", Value: x.Email, Optional: true, Error: errors["email"]},
		Postal: web.Textarea{Name: "postal_address", Label: "Adresse postale", Hint: "Vide\u00a0: celle de la mairie.", Value: x.PostalAddress, Rows: 3, Optional: true, Error: errors["postal_address"]},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Réglages", URL: settingsPath}, {Label: title}}
	for _, name := range []string{"name", "phone", "email", "postal_address"} {
		if errors[name] != "" {
			page.Errors = append(page.Errors, web.ErrorLink{ID: name, Message: errors[name]})
		}
	}
	if refused != nil && len(page.Errors) == 0 {
		page.Errors = web.ErrorSummary{{ID: "name", Message: sentence(refused)}}
	}
	return serviceTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func readService(form url.Values, x tenants.Service) tenants.Service {
	if form == nil {
		return x
	}
	x.Name, x.Phone, x.Email = strings.TrimSpace(form.Get("name")), strings.TrimSpace(form.Get("phone")), strings.TrimSpace(form.Get("email"))
	x.PostalAddress = strings.TrimSpace(strings.ReplaceAll(form.Get("postal_address"), "\r\n", "\n"))
	return x
}

func (s *Server) saveService(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			x, err := serviceOf(ctx, tx, v.r.PathValue("id"))
			if err != nil {
				return err
			}
			_, err = tenants.PutService(ctx, tx, readService(form, x))
			return err
		}))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showService(v, form, err)
	case err != nil:
		return err
	}
	web.Redirect(v.w, v.r, settingsPath+"#services")
	return nil
}
