package hub

import (
	"net/url"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/notify"
)

type adminsPage struct {
	web.Frame
	Table  web.Table
	May    bool // manage
	Open   bool // the invitation is unfolded
	Fields adminFields
}

type adminFields struct {
	Email, GivenName, FamilyName web.Input
	Role                         web.Choices
	Delegate                     web.Checkbox
}

type adminPage struct {
	web.Frame
	URL      string
	Email    string
	Active   bool
	Self     bool
	Role     web.Choices
	Delegate web.Checkbox
}

var (
	adminsTemplate = web.MustParse[adminsPage](web.Hub, files, "admins.html")
	adminTemplate  = web.MustParse[adminPage](web.Hub, files, "admin.html")
)

const adminsPath = "/administrateurs"

var hubRoles = []struct {
	role        tenants.HubRole
	label, hint string
}{
	{tenants.HubManager, "Responsable", "Gère les administrateurs, ouvre et suspend les communes, et tout ce qui suit."},
	{tenants.HubKeeper, "Gestionnaire", "Tient les réglages partagés et le catalogue, et tout ce qui suit."},
	{tenants.HubReader, "Observateur", "Consulte les listes et les nombres."},
}

func roleLabel(role tenants.HubRole) string {
	for _, r := range hubRoles {
		if r.role == role {
			return r.label
		}
	}
	return string(role)
}

func askRole(role tenants.HubRole, message string) web.Choices {
	c := web.Choices{Name: "role", Legend: "Rôle", Error: message}
	for _, r := range hubRoles {
		c.Items = append(c.Items, web.Choice{Value: string(r.role), Label: r.label, Hint: r.hint, Checked: r.role == role})
	}
	return c
}

func askDelegate(checked bool) web.Checkbox {
	return web.Checkbox{
		Name: "delegate", Label: "Peut s’occuper des communes", Checked: checked,
		Hint: "Leurs réglages, services et démarches, et l’invitation de leurs agents. Jamais les dossiers des habitants.",
	}
}

func readAdmin(hub int64, form url.Values) tenants.HubAdmin {
	return tenants.HubAdmin{
		HubID: hub, Email: strings.TrimSpace(form.Get("email")), GivenName: strings.TrimSpace(form.Get("given_name")), FamilyName: strings.TrimSpace(form.Get("family_name")),
		Role: tenants.HubRole(form.Get("role")), Delegate: form.Get("delegate") != "",
	}
}

func (s *Server) admins(v visit) error {
	return s.showAdmins(v, tenants.HubAdmin{Role: tenants.HubReader}, nil)
}

func (s *Server) showAdmins(v visit, typed tenants.HubAdmin, refused error) error {
	list, err := s.Registry.HubAdmins(v.r.Context(), v.scope.Hub.ID)
	if err != nil {
		return err
	}
	wrong := web.FieldErrors(refused)
	page := adminsPage{
		Frame: s.frame(v, "Administrateurs", adminsPath), May: v.admin.Actor().MayManage(), Open: refused != nil,
		Table: web.Table{Caption: "Administrateurs de l’intercommunalité", Columns: []web.Column{{Label: "Personne"}, {Label: "Courriel"}, {Label: "Rôle"}, {Label: "Communes"}, {Label: "Accès"}}},
		Fields: adminFields{
			Email:      web.Input{Name: "email", Label: "Adresse électronique professionnelle", Type: "email", Value: typed.Email, NoSpellcheck: true, Error: wrong["email"]},
			GivenName:  web.Input{Name: "given_name", Label: "Prénom", Value: typed.GivenName, MaxLength: 80, Error: wrong["given_name"]},
			FamilyName: web.Input{Name: "family_name", Label: "Nom", Value: typed.FamilyName, MaxLength: 80, Error: wrong["family_name"]},
			Role:       askRole(typed.Role, wrong["role"]), Delegate: askDelegate(typed.Delegate),
		},
	}
	for _, a := range list {
		cells := []web.Cell{{Text: a.Name()}, {Text: a.Email}, {Text: roleLabel(a.Role)}, {Text: "—"}, {Status: &web.Status{Tone: web.Success, Label: "Actif"}}}
		if page.May {
			cells[0].URL = adminsPath + "/" + string(a.ID)
		}
		if a.Delegate {
			cells[3].Text = "S’en occupe"
		}
		if !a.Active {
			cells[4].Status = &web.Status{Tone: web.Neutral, Label: "Désactivé"}
		}
		page.Table.Rows = append(page.Table.Rows, web.Row{Cells: cells})
	}
	page.Errors = summary(refused, wrong, "email", "given_name", "family_name", "role")
	return adminsTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// summary lists the fields to correct, in their order; where there is none, what was
// refused as a whole.
func summary(refused error, wrong map[string]string, fields ...string) (list web.ErrorSummary) {
	for _, f := range fields {
		if wrong[f] != "" {
			list = append(list, web.ErrorLink{ID: f, Message: wrong[f]})
		}
	}
	if refused != nil && len(list) == 0 {
		list = web.ErrorSummary{{Message: web.Sentence(refused)}}
	}
	return list
}

// inviteAdmin makes somebody an administrator, and tells them by mail; the mail holds no
// code, so that it may be read days later.
func (s *Server) inviteAdmin(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	typed := readAdmin(v.scope.Hub.ID, form)
	if err == nil {
		err = s.makeAdmin(v, typed)
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showAdmins(v, typed, err)
	case err != nil:
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "L’invitation part par courriel.")
	web.Redirect(v.w, v.r, adminsPath)
	return nil
}

func (s *Server) makeAdmin(v visit, typed tenants.HubAdmin) error {
	ctx, actor := v.r.Context(), v.admin.Actor()
	if !actor.MayManage() { // before an account is made
		return fault.New(fault.Forbidden, "hub_manager_only")
	}
	if err := identity.CheckEmail(typed.Email); err == nil {
		provider, _, err := s.Identity.EnsureIdentity(ctx, typed.Email, "")
		if err != nil {
			return err
		}
		typed.Subject = identity.SubjectFor(s.Registry.HubKey(v.scope.Hub, "subject"), identity.ProviderKratos, provider)
	}
	made, err := s.Registry.InviteHubAdmin(ctx, actor, typed)
	if err != nil {
		return err
	}
	return s.HubMail(ctx, v.scope.Hub, made.Email, notify.AgentInvited{Agent: made.Name(), Path: s.door.Paths.Recovery})
}

func (s *Server) adminOf(v visit) (a tenants.HubAdmin, err error) {
	if !v.admin.Actor().MayManage() {
		return a, fault.New(fault.Forbidden, "hub_manager_only")
	}
	id, err := tenants.ParseID(v.r.PathValue("id"))
	if err != nil {
		return a, err
	}
	return s.Registry.HubAdminByID(v.r.Context(), v.scope.Hub.ID, id)
}

func (s *Server) adminPage(v visit) error {
	a, err := s.adminOf(v)
	if err != nil {
		return err
	}
	return s.showAdmin(v, a, nil)
}

func (s *Server) showAdmin(v visit, a tenants.HubAdmin, refused error) error {
	page := adminPage{
		Frame: s.frame(v, a.Name(), adminsPath), URL: adminsPath + "/" + string(a.ID), Email: a.Email, Active: a.Active, Self: a.ID == v.admin.ID,
		Role: askRole(a.Role, ""), Delegate: askDelegate(a.Delegate),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Administrateurs", URL: adminsPath}, {Label: a.Name()}}
	page.Errors = summary(refused, web.FieldErrors(refused), "role")
	return adminTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func (s *Server) changeAdmin(v visit) error {
	a, err := s.adminOf(v)
	if err != nil {
		return err
	}
	form, err := s.UI.Form(v.w, v.r)
	typed := a
	change := tenants.HubAdminChange{Role: a.Role, Delegate: a.Delegate, Active: a.Active}
	switch form.Get("action") {
	case "desactiver":
		change.Active = false
	case "reactiver":
		change.Active = true
	default:
		change.Role, change.Delegate = tenants.HubRole(form.Get("role")), form.Get("delegate") != ""
		typed.Role, typed.Delegate = change.Role, change.Delegate
	}
	if err == nil {
		err = s.Registry.ChangeHubAdmin(v.r.Context(), v.admin.Actor(), v.scope.Hub.ID, a.ID, change)
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showAdmin(v, typed, err)
	case err != nil:
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Les changements sont enregistrés.")
	web.Redirect(v.w, v.r, adminsPath)
	return nil
}
