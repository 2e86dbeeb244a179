package hub

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/operations"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// Button opens it.
func (f found) Button() web.Button {
	return web.Button{Label: "Ouvrir " + f.Name, Kind: "secondary", Name: "insee", Value: f.INSEE}
}

// found is a commune that answers a search.
type found struct {
	communes.Commune
	Open   bool // already a tenant
	Member bool // of this hub, as an EPCI
}

type newPage struct {
	web.Frame
	Search  web.Search
	Found   []found
	Nothing bool
}

type communePage struct {
	web.Frame
	Commune    communes.Commune
	Address    string // of the portal
	Health     web.SummaryList
	Open       []string
	Missing    []string
	NeedsAgent bool
	Help       helpSection
	GivenName  web.Input
	FamilyName web.Input
	Email      web.Input
}

var (
	newTemplate     = web.MustParse[newPage](web.Hub, files, "new.html")
	communeTemplate = web.MustParse[communePage](web.Hub, files, "commune.html")
)

// How many communes of a name are looked at, and shown.
const searchLimit, foundLimit = 60, 12

// ownFirst gives the hub's own communes before those of the same name elsewhere.
func (s *Server) ownFirst(h tenants.Hub, list []communes.Commune) []communes.Commune {
	slices.SortStableFunc(list, func(a, b communes.Commune) int {
		switch {
		case a.EPCI == b.EPCI:
			return 0
		case a.EPCI == h.SIREN:
			return -1
		case b.EPCI == h.SIREN:
			return 1
		}
		return 0
	})
	return list[:min(foundLimit, len(list))]
}

func (s *Server) newCommune(v visit) error {
	q := strings.TrimSpace(v.r.URL.Query().Get("q"))
	page := newPage{
		Frame:  s.frame(v, "Ouvrir une commune", "/communes/nouvelle"),
		Search: web.Search{Action: "/communes/nouvelle", Label: "Nom de la commune, code Insee ou code postal", Value: q},
	}
	if q != "" {
		for _, c := range s.ownFirst(v.scope.Hub, communes.Search(q, searchLimit)) {
			_, err := s.Registry.ByINSEE(v.r.Context(), c.INSEE)
			if err != nil && !fault.Is(err, "not_found") {
				return err
			}
			page.Found = append(page.Found, found{Commune: c, Open: err == nil, Member: c.EPCI == v.scope.Hub.SIREN})
		}
		page.Nothing = len(page.Found) == 0
	}
	return newTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// open opens a commune: live, with its catalogue, in the hub's colour where it has one.
func (s *Server) open(v visit) error {
	shared, err := s.Registry.SharedOf(v.r.Context(), v.scope.Hub)
	if err != nil {
		return err
	}
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	insee := form.Get("insee")
	t, err := s.Operations.Open(v.r.Context(), v.admin.Actor(), operations.Opening{
		Opening: tenants.Opening{HubID: v.scope.Hub.ID, INSEE: insee, Colour: shared.Colour}, Ready: true,
	})
	switch f := fault.Of(err); {
	case err == nil:
		s.UI.SetFlash(v.w, v.r, web.Success, "La commune est en ligne, avec son catalogue de démarches.")
		web.Redirect(v.w, v.r, "/communes/"+t.INSEE)
	case f.Code == "tenant_exists", f.Code == "operation_pending":
		s.UI.SetFlash(v.w, v.r, web.Info, web.Sentence(err))
		web.Redirect(v.w, v.r, "/communes/nouvelle")
	case f.Kind == fault.Unavailable && f.Code != "cells_full":
		s.UI.SetFlash(v.w, v.r, web.Info, "L’ouverture est commencée. Elle se termine d’elle-même dans quelques minutes\u00a0; la commune paraît alors dans la liste.")
		web.Redirect(v.w, v.r, "/")
	default:
		return err
	}
	return nil
}

// system is how the hub's part in a commune's opening stands in its history.
func system(hub tenants.Hub) tenants.Actor { return tenants.System("ouverture par " + hub.Name) }

// ours finds a commune of this hub by its code.
func (s *Server) ours(v visit) (tenants.Tenant, error) {
	t, err := s.Registry.ByINSEE(v.r.Context(), v.r.PathValue("insee"))
	if err == nil && t.HubID != v.scope.Hub.ID {
		err = fault.New(fault.NotFound, "not_found")
	}
	return t, err
}

func (s *Server) commune(v visit) error {
	t, err := s.ours(v)
	if err != nil {
		return err
	}
	return s.showCommune(v, t, invitation{}, nil)
}

// invitation is what the form of the first agent says.
type invitation struct{ givenName, familyName, email string }

// check finds what is to correct before an account is made.
func (i invitation) check() error {
	var fields []fault.Field
	if i.givenName == "" {
		fields = append(fields, fault.Field{Path: "given_name", Code: "required", Message: "Indiquez le prénom de l’agent."})
	}
	if i.familyName == "" {
		fields = append(fields, fault.Field{Path: "family_name", Code: "required", Message: "Indiquez le nom de l’agent."})
	}
	if identity.CheckEmail(i.email) != nil {
		fields = append(fields, fault.Field{Path: "email", Code: "email_invalid", Message: "Saisissez une adresse électronique complète, par exemple nom@exemple.fr."})
	}
	if len(fields) > 0 {
		return fault.New(fault.Invalid, "agent_invalid", fields...)
	}
	return nil
}

func (s *Server) showCommune(v visit, t tenants.Tenant, typed invitation, refused error) error {
	commune, err := communes.ByINSEE(t.INSEE)
	if err != nil {
		return err
	}
	page := communePage{
		Frame: s.frame(v, t.Name, "/"), Commune: commune, Address: s.URL(s.Registry.Host(t.Slug)),
		GivenName:  web.Input{Name: "given_name", Label: "Prénom", Value: typed.givenName, MaxLength: 80},
		FamilyName: web.Input{Name: "family_name", Label: "Nom", Value: typed.familyName, MaxLength: 80},
		Email:      web.Input{Name: "email", Label: "Adresse électronique professionnelle", Type: "email", Value: typed.email, NoSpellcheck: true},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Communes", URL: "/"}, {Label: t.Name}}
	line, err := s.Registry.CommuneLine(v.r.Context(), t.ID)
	if err != nil {
		return err
	}
	page.Health = healthOf(line)
	if page.Help, err = s.help(v, t); err != nil {
		return err
	}
	err = s.DB.Read(v.r.Context(), t, system(v.scope.Hub), func(tx *tenants.Tx) error {
		agents, err := staff.List(v.r.Context(), tx)
		if err != nil {
			return err
		}
		page.NeedsAgent = len(agents) == 0 && v.admin.Actor().MayManage()
		settings, _, err := tenants.GetSettings(v.r.Context(), tx)
		if err != nil {
			return err
		}
		entries, err := catalogue.List(v.r.Context(), tx)
		seen := map[string]bool{}
		for _, e := range entries {
			if e.Open {
				page.Open = append(page.Open, e.Procedure().Title)
			}
			for _, m := range catalogue.Missing(settings, e) {
				if !seen[m.Label] {
					seen[m.Label] = true
					page.Missing = append(page.Missing, m.Label)
				}
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if fault.Of(refused) != nil && page.Help.wrong(&page.Frame, refused) {
		return communeTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
	}
	if refused != nil {
		status = http.StatusUnprocessableEntity
		for _, in := range []*web.Input{&page.GivenName, &page.FamilyName, &page.Email} {
			if message, ok := web.FieldErrors(refused)[in.Name]; ok {
				in.Error = message
				page.Errors = append(page.Errors, web.ErrorLink{ID: in.Name, Message: message})
			}
		}
		if len(page.Errors) == 0 {
			page.Errors = web.ErrorSummary{{ID: page.GivenName.Name, Message: web.Sentence(refused)}}
		}
	}
	return communeTemplate.Render(v.w, v.r, status, page)
}

// healthOf says how a commune is, at the last count.
func healthOf(l tenants.CommuneLine) web.SummaryList {
	list := web.SummaryList{{Key: "État", Value: stateOf(l.State).Label}, {Key: "Base de données", Value: l.Cell}}
	if l.Version > 0 {
		list[1].Value += ", version " + versionOf(l)
	}
	if l.RefreshedAt == nil {
		return append(list, web.SummaryItem{Key: "Relevé", Value: "Pas encore\u00a0: le premier vient dans le quart d’heure."})
	}
	return append(list,
		web.SummaryItem{Key: "Demandes en cours", Value: web.Number(l.Open) + ", dont " + web.Number(l.Late) + " en retard et " + web.Number(l.DueSoon) + " à répondre sous 7 jours"},
		web.SummaryItem{Key: "Reçues cette année", Value: web.Number(l.Received)},
		web.SummaryItem{Key: "Agents actifs", Value: web.Number(l.Agents)},
		web.SummaryItem{Key: "Dernière activité", Value: short(l.LastActivity)},
		web.SummaryItem{Key: "Courriels non remis en 7 jours", Value: web.Number(l.MailFailures)},
		web.SummaryItem{Key: "Relevé", Value: short(l.RefreshedAt)},
	)
}

// invite invites the first agent of a commune; one that has agents invites the
// others itself.
func (s *Server) invite(v visit) error {
	t, err := s.ours(v)
	if err != nil {
		return err
	}
	form, err := s.UI.Form(v.w, v.r)
	typed := invitation{givenName: strings.TrimSpace(form.Get("given_name")), familyName: strings.TrimSpace(form.Get("family_name")), email: strings.TrimSpace(form.Get("email"))}
	if err == nil {
		err = s.inviteFirst(v, t, typed)
	}
	if fault.Is(err, "form_expired") || err != nil && fault.Of(err).Kind == fault.Invalid {
		return s.showCommune(v, t, typed, err)
	}
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "L’invitation part par courriel.")
	web.Redirect(v.w, v.r, "/communes/"+t.INSEE)
	return nil
}

func (s *Server) inviteFirst(v visit, t tenants.Tenant, typed invitation) error {
	ctx := v.r.Context()
	if !v.admin.Actor().MayManage() {
		return fault.New(fault.Forbidden, "hub_manager_only")
	}
	if err := typed.check(); err != nil {
		return err
	}
	err := s.DB.Read(ctx, t, system(v.scope.Hub), func(tx *tenants.Tx) error { return s.noAgentYet(ctx, tx) })
	if err != nil {
		return err
	}
	provider, _, err := s.Identity.EnsureIdentity(ctx, typed.email, "")
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, t, system(v.scope.Hub), func(tx *tenants.Tx) error {
		if err := s.noAgentYet(ctx, tx); err != nil {
			return err
		}
		agent, err := staff.Invite(ctx, tx, staff.NewAgent{
			Email: typed.email, GivenName: typed.givenName, FamilyName: typed.familyName, Role: tenants.RoleAdmin,
			Subject: identity.Subject(tx, identity.ProviderKratos, provider),
		})
		if err != nil {
			return err
		}
		return staff.MailInvitation(ctx, tx, agent)
	})
}

func (s *Server) noAgentYet(ctx context.Context, tx *tenants.Tx) error {
	agents, err := staff.List(ctx, tx)
	if err == nil && len(agents) > 0 {
		err = fault.New(fault.Conflict, "agents_exist")
	}
	return err
}
