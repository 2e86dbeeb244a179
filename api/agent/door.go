package agent

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/door"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/staff"
)

const (
	signInPath   = "/agents/connexion"
	securityPath = "/agents/compte/securite"
)

// newDoor makes the agents' door: their sessions end with the working day.
func (s *Server) newDoor() *door.Kit {
	return door.New(s.Deps, door.Config{
		Name: "agent-", Door: web.SignIn, Inside: web.Agent,
		Paths: door.Paths{SignIn: signInPath, SignOut: "/agents/deconnexion", Recovery: "/agents/mot-de-passe", Security: securityPath, Home: home},
		Words: door.Words{
			Aside: "Vous venez d’être invité\u00a0?", AsideLink: web.Link{Label: "Choisissez d’abord votre mot de passe", URL: "/agents/mot-de-passe"},
			RecoveryLede: "Mot de passe oublié, ou première connexion après une invitation\u00a0: nous vous envoyons un code par courriel.",
			Required:     "Votre mairie demande un second facteur à tous ses agents.",
		},
		House:        door.Commune{Deps: s.Deps, Person: agentOf, Resides: resident, Page: s.doorFrame},
		State:        &door.State{Kind: oidc.ProConnect, Person: stateAgent},
		PasswordOpen: s.passwordOpen,
	})
}

// agentOf finds the agent of an account.
func agentOf(ctx context.Context, tx *tenants.Tx, login identity.Login) (identity.Person, error) {
	a, err := staff.BySubject(ctx, tx, identity.Subject(tx, identity.ProviderKratos, login.ProviderID))
	return identity.Person{AgentID: a.ID}, err
}

// stateAgent finds the agent whom ProConnect vouches for.
func stateAgent(ctx context.Context, tx *tenants.Tx, scope web.Scope, p oidc.Person) (identity.Person, string, error) {
	if err := identity.MayEnter(scope.Settings, p); err != nil {
		return identity.Person{}, "", err
	}
	a, err := staff.ByState(ctx, tx, p)
	return identity.Person{AgentID: a.ID}, "", err
}

// passwordOpen tells whether agents may come with a password.
func (s *Server) passwordOpen(scope web.Scope) bool {
	return identity.PasswordOpen(func(purpose string) []byte { return s.Master.Tenant(scope.Tenant, purpose) }, scope.Settings.SignIn)
}

func resident(v web.Visitor) (email string, err error) {
	if v.Agent.ID == "" {
		return "", fault.New(fault.Unauthorized, "sign_in")
	}
	return v.Agent.Email, nil
}

// doorFrame begins a page of the door; nothing else is open to an agent who still has
// to set up the second factor.
func (s *Server) doorFrame(w http.ResponseWriter, r *http.Request, scope web.Scope, who *door.Resident, title string) web.Frame {
	v := visit{w: w, r: r, scope: scope}
	if who == nil {
		f := s.UI.Frame(w, r, scope.Site, title)
		f.Area = "Espace agents"
		return f
	}
	f := s.frame(v, who.Visitor, title, accountPath)
	f.Breadcrumbs = web.Breadcrumbs{{Label: "Mon compte", URL: accountPath}, {Label: title}}
	if who.MustEnrol {
		f.Nav, f.Breadcrumbs, f.User.URL = []web.NavItem{}, nil, ""
	}
	return f
}

// back is where somebody wanted to go.
func back(path string) string {
	if path == "" || !web.LocalPath(path) {
		return home
	}
	return path
}

// forgetAtProvider ends sessions at Kratos as best it can: ours are over already.
func (s *Server) forgetAtProvider(ctx context.Context, tokens ...string) {
	for _, token := range tokens {
		if err := s.Identity.SignOut(ctx, token); err != nil {
			s.Logger.WarnContext(ctx, "sign out at the provider", "code", fault.Of(err).Code)
		}
	}
}
