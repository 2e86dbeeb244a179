package agent

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
)

type teamPage struct {
	web.Frame
	Rows   []memberRow
	Fields memberFields
	Open   bool
}

type memberRow struct {
	Name, URL, Title, Email, Role, Services string
	Status                                  web.Status
}

type memberPage struct {
	web.Frame
	URL, Email string
	Active     bool
	Self       bool
	Fields     memberFields
	Digest     web.Checkbox
	Refused    string
	Tied       string // since when ProConnect opens this agent's session; "" where it does not
}

// memberFields ask who an agent is, and what they may do.
type memberFields struct {
	Email, GivenName, FamilyName, Title web.Input
	Role, Services                      web.Choices
}

var (
	teamTemplate   = web.MustParse[teamPage](web.Agent, pages, "team.html")
	memberTemplate = web.MustParse[memberPage](web.Agent, pages, "member.html")
)

const teamPath = "/agents/equipe"

// roles with what each may do, as the page explains them.
var roles = []struct {
	role tenants.Role
	hint string
}{
	{tenants.RoleFront, "Enregistre, lit, écrit, demande des pièces. Ne décide pas."},
	{tenants.RoleInstructor, "Instruit et décide, dans ses services."},
	{tenants.RoleAdmin, "Tout, et aussi les réglages, les démarches et l’équipe."},
}

func askMember(a staff.Agent, services []tenants.Service, refused error) memberFields {
	errors := fieldErrors(refused)
	f := memberFields{
		Email:      web.Input{Name: "email", Label: "Adresse électronique professionnelle", Type: "email", Value: a.Email, NoSpellcheck: true, Error: errors["email"]},
		GivenName:  web.Input{Name: "given_name", Label: "Prénom", Value: a.GivenName, MaxLength: 80, Error: errors["given_name"]},
		FamilyName: web.Input{Name: "family_name", Label: "Nom", Value: a.FamilyName, MaxLength: 80, Error: errors["family_name"]},
		Title:      web.Input{Name: "title", Label: "Fonction", Hint: "Elle figure sous les lettres, par exemple «\u00a0secrétaire de mairie\u00a0».", Value: a.Title, MaxLength: 120, Optional: true, Error: errors["title"]},
		Role:       web.Choices{Name: "role", Legend: "Rôle", Error: errors["role"]},
		Services:   web.Choices{Name: "services", Legend: "Services", Hint: "Aucun coché\u00a0: tous. Seul le rôle «\u00a0Instruction\u00a0» est limité à ses services.", Optional: true},
	}
	for _, r := range roles {
		f.Role.Items = append(f.Role.Items, web.Choice{Value: string(r.role), Label: roleLabels[r.role], Hint: r.hint, Checked: r.role == a.Role})
	}
	for _, x := range services {
		f.Services.Items = append(f.Services.Items, web.Choice{Value: string(x.ID), Label: x.Name, Checked: slices.Contains(a.Services, x.ID)})
	}
	return f
}

// wrong lists what is to be corrected; where no field is named, the whole sentence.
func (f memberFields) wrong(refused error) web.ErrorSummary {
	var out web.ErrorSummary
	for _, in := range []web.Input{f.Email, f.GivenName, f.FamilyName, f.Title} {
		if in.Error != "" {
			out = append(out, web.ErrorLink{ID: in.Name, Message: in.Error})
		}
	}
	if refused != nil && len(out) == 0 {
		out = web.ErrorSummary{{ID: "given_name", Message: sentence(refused)}}
	}
	return out
}

func readMember(form url.Values) staff.Agent {
	a := staff.Agent{
		Email: strings.TrimSpace(form.Get("email")), GivenName: strings.TrimSpace(form.Get("given_name")), FamilyName: strings.TrimSpace(form.Get("family_name")),
		Title: strings.TrimSpace(form.Get("title")), Role: tenants.Role(form.Get("role")), Digest: form.Get("digest") != "",
	}
	for _, id := range form["services"] {
		a.Services = append(a.Services, tenants.ID(id))
	}
	return a
}

func (s *Server) team(v visit) error {
	return s.showTeam(v, staff.Agent{Role: tenants.RoleFront}, nil)
}

func (s *Server) showTeam(v visit, typed staff.Agent, refused error) error {
	var agents []staff.Agent
	var services []tenants.Service
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if agents, err = staff.List(ctx, tx); err != nil {
			return err
		}
		services, err = tenants.Services(ctx, tx)
		return err
	}))
	if err != nil {
		return err
	}
	page := teamPage{Frame: s.frame(v, me, "Équipe", teamPath), Fields: askMember(typed, services, refused), Open: refused != nil}
	page.Errors = page.Fields.wrong(refused)
	names := map[tenants.ID]string{}
	for _, x := range services {
		names[x.ID] = x.Name
	}
	for _, a := range agents {
		row := memberRow{Name: a.Name(), URL: teamPath + "/" + string(a.ID), Title: a.Title, Email: a.Email, Role: roleLabels[a.Role], Services: "Tous", Status: web.Status{Tone: web.Success, Label: "Actif"}}
		if a.Role == tenants.RoleInstructor && len(a.Services) > 0 {
			var list []string
			for _, id := range a.Services {
				list = append(list, names[id])
			}
			row.Services = strings.Join(list, ", ")
		}
		if !a.Active {
			row.Status = web.Status{Tone: web.Neutral, Label: "Désactivé"}
		}
		page.Rows = append(page.Rows, row)
	}
	return teamTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// invite makes somebody an agent, and has a mail sent with which they choose their
// password.
func (s *Server) invite(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	typed := readMember(form)
	if err == nil {
		err = s.makeAgent(v, typed)
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showTeam(v, typed, err)
	case err != nil:
		return err
	}
	return s.done(v, "L’invitation part par courriel.", teamPath)
}

func (s *Server) makeAgent(v visit, typed staff.Agent) error {
	ctx := v.r.Context()
	me, err := s.read(v, admins(func(context.Context, *tenants.Tx, web.Visitor) error { return nil }))
	if err != nil {
		return err // before an account is made
	}
	if me.Visit != nil {
		if err := s.notOfTheHub(ctx, v.scope.Tenant.HubID, typed.Email); err != nil {
			return err
		}
	}
	if typed.GivenName == "" || typed.FamilyName == "" {
		return fault.New(fault.Invalid, "agent_invalid", fault.Field{Path: "given_name", Code: "required", Message: "Indiquez le prénom et le nom de l’agent."})
	}
	if err := identity.CheckEmail(typed.Email); err != nil {
		return err
	}
	provider, _, err := s.Identity.EnsureIdentity(ctx, typed.Email, "")
	if err != nil {
		return err
	}
	_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		agent, err := staff.Invite(ctx, tx, staff.NewAgent{
			Email: typed.Email, GivenName: typed.GivenName, FamilyName: typed.FamilyName, Title: typed.Title, Role: typed.Role, Services: typed.Services,
			Subject: identity.Subject(tx, identity.ProviderKratos, provider),
		})
		if err != nil {
			return err
		}
		return staff.MailInvitation(ctx, tx, agent)
	})
	return err
}

func (s *Server) member(v visit) error { return s.showMember(v, nil, nil) }

func (s *Server) showMember(v visit, typed url.Values, refused error) error {
	var a staff.Agent
	var services []tenants.Service
	tied := ""
	me, err := s.read(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		id, err := tenants.ParseID(v.r.PathValue("id"))
		if err != nil {
			return err
		}
		if a, err = staff.ByID(ctx, tx, id); err != nil {
			return err
		}
		switch link, err := staff.StateLinkOf(ctx, tx, id); {
		case err == nil:
			tied = "Relié à ProConnect depuis le " + calendar.On(link.LinkedAt, tx.Tenant().Zone()).French() + " (SIRET " + link.SIRET + ")."
		case !fault.Is(err, "not_found"):
			return err
		}
		services, err = tenants.Services(ctx, tx)
		return err
	}))
	if err != nil {
		return err
	}
	page := memberPage{Frame: s.frame(v, me, a.Name(), teamPath), URL: teamPath + "/" + string(a.ID), Email: a.Email, Active: a.Active, Self: a.ID == me.Agent.ID, Tied: tied}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Équipe", URL: teamPath}, {Label: a.Name()}}
	shown := a
	if typed.Get("action") == "enregistrer" {
		shown = readMember(typed)
	}
	page.Fields = askMember(shown, services, refused)
	page.Digest = web.Checkbox{Name: "digest", Label: "Reçoit le récapitulatif du matin", Checked: shown.Digest}
	if fault.Of(refused) != nil && fault.Of(refused).Kind == fault.Invalid {
		page.Errors = page.Fields.wrong(refused)
	} else {
		page.Refused = sentence(refused)
	}
	return memberTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func (s *Server) changeMember(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done := "Les changements sont enregistrés."
	var over []string // sessions at Kratos that ended
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			id, err := tenants.ParseID(v.r.PathValue("id"))
			if err != nil {
				return err
			}
			switch form.Get("action") {
			case "desactiver":
				done = "Cet agent n’a plus accès à l’espace agents."
				over, err = staff.Deactivate(ctx, tx, id)
			case "reactiver":
				done = "Cet agent a de nouveau accès à l’espace agents."
				err = staff.Reactivate(ctx, tx, id)
			case "delier":
				done = "Cet agent n’est plus relié à ProConnect. Sa prochaine connexion par ProConnect, à l’adresse de son invitation, le reliera de nouveau."
				err = staff.UnlinkState(ctx, tx, id)
			case "inviter":
				done = "L’invitation part par courriel."
				var a staff.Agent
				if a, err = staff.ByID(ctx, tx, id); err == nil {
					err = staff.MailInvitation(ctx, tx, a)
				}
			default:
				a := readMember(form)
				_, err = staff.Update(ctx, tx, id, staff.Change{GivenName: a.GivenName, FamilyName: a.FamilyName, Title: a.Title, Role: a.Role, Services: a.Services, Digest: a.Digest})
			}
			return err
		}))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showMember(v, form, err)
	case err != nil:
		return err
	}
	s.forgetAtProvider(v.r.Context(), over...)
	return s.done(v, done, v.r.URL.Path)
}
