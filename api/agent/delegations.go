package agent

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// delegationsPage is what an agent may sign in the mayor's stead.
type delegationsPage struct {
	web.Frame
	URL, Member          string
	Rows                 []delegationLine
	Reference            web.Input
	Dated, From, Ends    web.Input
	Services, Procedures web.Choices
	Untitled             bool // the agent has no title, without which nothing can be signed
}

type delegationLine struct {
	ID, Text, Scope string
	Status          web.Status
	Ends            bool // it can be ended
}

var delegationsTemplate = web.MustParse[delegationsPage](web.Agent, pages, "delegations.html")

func (s *Server) delegations(v visit) error { return s.showDelegations(v, nil, nil) }

func (s *Server) showDelegations(v visit, typed url.Values, refused error) error {
	var a staff.Agent
	var list []staff.Delegation
	var services []tenants.Service
	var entries []catalogue.Entry
	var today calendar.Date
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		today = tx.Today()
		id, err := tenants.ParseID(v.r.PathValue("id"))
		if err != nil {
			return err
		}
		if a, err = staff.ByID(ctx, tx, id); err != nil {
			return err
		}
		if list, err = staff.Delegations(ctx, tx, id); err != nil {
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
	member := teamPath + "/" + string(a.ID)
	page := delegationsPage{Frame: s.frame(v, me, "Délégations de "+a.Name(), teamPath), URL: member + "/delegations", Member: member, Untitled: a.Title == ""}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Équipe", URL: teamPath}, {Label: a.Name(), URL: member}, {Label: "Délégations"}}
	names := map[string]string{}
	for _, x := range services {
		names[string(x.ID)] = "service " + x.Name
	}
	for _, e := range entries {
		names[e.Slug] = "« " + e.Procedure().Title + " »"
	}
	for _, d := range list {
		page.Rows = append(page.Rows, delegationRow(d, names, today))
	}
	page.ask(services, entries, typed, refused)
	return delegationsTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func delegationRow(d staff.Delegation, names map[string]string, today calendar.Date) delegationLine {
	line := delegationLine{ID: string(d.ID), Text: capital(d.Reference) + " du " + d.DatedOn.FrenchShort() + ", à partir du " + d.FromOn.FrenchShort(), Scope: "Toutes les démarches"}
	if !d.EndsOn.IsZero() {
		line.Text += ", jusqu’au " + d.EndsOn.FrenchShort() + " inclus"
	}
	var scope []string
	for _, id := range d.Services {
		scope = append(scope, names[string(id)])
	}
	for _, slug := range d.Procedures {
		scope = append(scope, names[slug])
	}
	if len(scope) > 0 {
		line.Scope = capital(strings.Join(scope, ", "))
	}
	switch {
	case !d.EndsOn.IsZero() && today.After(d.EndsOn):
		line.Status = web.Status{Tone: web.Neutral, Label: "Finie"}
	case today.Before(d.FromOn):
		line.Status, line.Ends = web.Status{Tone: web.Info, Label: "À venir"}, true
	default:
		line.Status, line.Ends = web.Status{Tone: web.Success, Label: "En vigueur"}, d.EndsOn != today
	}
	return line
}

func (p *delegationsPage) ask(services []tenants.Service, entries []catalogue.Entry, typed url.Values, refused error) {
	errors := fieldErrors(refused)
	day := func(name, label, hint string, optional bool) web.Input {
		return web.Input{Name: name, Label: label, Hint: hint, Type: "date", Width: "medium", Value: typed.Get(name), Optional: optional, Error: errors[name]}
	}
	p.Reference = web.Input{Name: "reference", Label: "Arrêté du maire", Hint: "Par exemple «\u00a0arrêté n°\u00a02026-114\u00a0». Il doit être exécutoire\u00a0: publié, et transmis au préfet.", Value: typed.Get("reference"), MaxLength: 120, Error: errors["reference"]}
	p.Dated = day("dated_on", "Daté du", "", false)
	p.From = day("from_on", "Vaut à partir du", "Sans autre date\u00a0: celle de l’arrêté.", true)
	p.Ends = day("ends_on", "Dernier jour", "Au plus tard, la délégation finit avec le mandat du maire.", true)
	p.Services = web.Choices{Name: "services", Legend: "Pour les demandes de ces services", Optional: true}
	for _, x := range services {
		p.Services.Items = append(p.Services.Items, web.Choice{Value: string(x.ID), Label: x.Name, Checked: slices.Contains(typed["services"], string(x.ID))})
	}
	p.Procedures = web.Choices{Name: "procedures", Legend: "Ou pour ces démarches", Hint: "Rien de coché, ni service ni démarche\u00a0: toutes les décisions.", Optional: true}
	for _, e := range entries {
		p.Procedures.Items = append(p.Procedures.Items, web.Choice{Value: e.Slug, Label: e.Procedure().Title, Checked: slices.Contains(typed["procedures"], e.Slug)})
	}
	if refused == nil {
		return
	}
	for _, in := range []web.Input{p.Reference, p.Dated, p.From, p.Ends} {
		if in.Error != "" {
			p.Errors = append(p.Errors, web.ErrorLink{ID: in.Name, Message: in.Error})
		}
	}
	if len(p.Errors) == 0 {
		p.Errors = web.ErrorSummary{{ID: p.Reference.Name, Message: sentence(refused)}}
	}
}

func (s *Server) changeDelegations(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done := "La délégation est enregistrée."
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			if id := form.Get("finir"); id != "" {
				done = "La délégation finit aujourd’hui."
				return staff.EndDelegation(ctx, tx, tenants.ID(id))
			}
			if form.Get("action") != "ajouter" {
				return fault.New(fault.Invalid, "form_unreadable")
			}
			d := staff.Delegation{
				AgentID: tenants.ID(v.r.PathValue("id")), Reference: form.Get("reference"), DatedOn: dayOf(form.Get("dated_on")), FromOn: dayOf(form.Get("from_on")),
				EndsOn: dayOf(form.Get("ends_on")), Procedures: form["procedures"],
			}
			for _, id := range form["services"] {
				d.Services = append(d.Services, tenants.ID(id))
			}
			_, err := staff.Delegate(ctx, tx, d)
			return err
		}))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showDelegations(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, v.r.URL.Path)
}
