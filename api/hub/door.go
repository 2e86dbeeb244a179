package hub

import (
	"context"
	"net/http"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/door"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

const (
	signInPath  = "/connexion"
	accountPath = "/compte"
)

// newDoor makes the door of a hub's administrators: their sessions end as agents' do.
func (s *Server) newDoor() *door.Kit {
	return door.New(s.Deps, door.Config{
		Name: "hub-", Door: web.SignIn, Inside: web.Hub,
		Paths: door.Paths{SignIn: signInPath, SignOut: "/deconnexion", Recovery: "/mot-de-passe", Security: accountPath, Home: "/"},
		Words: door.Words{
			Aside: "Vous venez d’être invité\u00a0?", AsideLink: web.Link{Label: "Choisissez d’abord votre mot de passe", URL: "/mot-de-passe"},
			RecoveryLede: "Mot de passe oublié, ou première connexion après une invitation\u00a0: nous vous envoyons un code par courriel.",
			Required:     "Votre intercommunalité demande un second facteur à tous ses administrateurs.",
		},
		House: s,
	})
}

// signInAddress is the door, and the way back to what was asked for.
func signInAddress(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return signInPath
	}
	return signInPath + "?retour=" + url.QueryEscape(r.URL.RequestURI())
}

// Frame begins a page of the door.
func (s *Server) Frame(w http.ResponseWriter, r *http.Request, scope web.Scope, who *door.Resident, title string) web.Frame {
	if who == nil {
		f := s.UI.Frame(w, r, scope.Site, title)
		f.Area = "Espace de l’intercommunalité"
		return f
	}
	f := s.frame(visit{w: w, r: r, scope: scope, admin: who.Admin}, title, accountPath)
	if who.MustEnrol {
		f.Nav, f.User.URL = []web.NavItem{}, ""
	}
	return f
}

// Resident gives the administrator who is signed in; nobody is fault.Unauthorized
// "sign_in".
func (s *Server) Resident(r *http.Request, scope web.Scope) (who door.Resident, err error) {
	token, ok := s.UI.Session(r)
	if !ok {
		return who, fault.New(fault.Unauthorized, "sign_in")
	}
	ctx, hash := r.Context(), identity.HashToken(token)
	session, err := s.Registry.HubSession(ctx, scope.Hub.ID, hash, identity.AgentIdle)
	if fault.Is(err, "not_found") {
		return who, fault.New(fault.Unauthorized, "sign_in")
	}
	if err != nil {
		return who, err
	}
	if session.Stale {
		if err := s.Registry.TouchHubSession(ctx, hash); err != nil {
			return who, err
		}
	}
	who = door.Resident{Admin: session.Admin, Email: session.Admin.Email, Double: session.AAL > 1, Required: scope.Hub.RequireTOTP}
	who.MustEnrol = who.Required && !who.Double
	if provider, err := tenants.Unseal(s.providerKey(scope), session.Provider, hash); err == nil {
		who.Provider = string(provider)
	}
	if s.Identity.SessionOver(ctx, token, who.Provider) {
		if _, err := s.Registry.EndHubSession(ctx, hash); err != nil {
			return who, err
		}
		return who, fault.New(fault.Unauthorized, "sign_in")
	}
	return who, nil
}

func (s *Server) providerKey(scope web.Scope) []byte {
	return s.Registry.HubKey(scope.Hub, "session.provider")
}

// Open opens the session of an administrator of this hub.
func (s *Server) Open(ctx context.Context, scope web.Scope, login identity.Login, alone bool) (o door.Opened, err error) {
	if err := identity.Complete(login); err != nil {
		return o, err
	}
	subject := identity.SubjectFor(s.Registry.HubKey(scope.Hub, "subject"), identity.ProviderKratos, login.ProviderID)
	admin, err := s.Registry.HubAdminBySubject(ctx, scope.Hub.ID, subject)
	if fault.Is(err, "not_found") {
		return o, fault.New(fault.Unauthorized, "credentials")
	}
	if err != nil {
		return o, err
	}
	if alone {
		ended, err := s.Registry.EndHubSessions(ctx, admin.ID, nil)
		if err != nil {
			return o, err
		}
		o.Ended = s.unsealed(scope, ended)
	}
	token, hash := identity.NewToken()
	provider, err := tenants.Seal(s.providerKey(scope), []byte(login.Token), hash)
	if err != nil {
		return o, err
	}
	o.Token, o.Life = token, identity.AgentLife
	return o, s.Registry.StartHubSession(ctx, tenants.NewHubSession{AdminID: admin.ID, Hash: hash, Provider: provider, AAL: login.AAL, Life: o.Life})
}

// Renew keeps what a change gave.
func (s *Server) Renew(r *http.Request, scope web.Scope, login identity.Login, alone bool) (ended []string, err error) {
	who, err := s.Resident(r, scope)
	if err != nil {
		return nil, err
	}
	token, _ := s.UI.Session(r)
	hash := identity.HashToken(token)
	provider, err := tenants.Seal(s.providerKey(scope), []byte(login.Token), hash)
	if err != nil {
		return nil, err
	}
	if err := s.Registry.RenewHubSession(r.Context(), hash, provider, login.AAL); err != nil || !alone {
		return nil, err
	}
	over, err := s.Registry.EndHubSessions(r.Context(), who.Admin.ID, hash)
	return s.unsealed(scope, over), err
}

// Leave ends a session.
func (s *Server) Leave(ctx context.Context, scope web.Scope, token string) (provider string, err error) {
	over, err := s.Registry.EndHubSession(ctx, identity.HashToken(token))
	if tokens := s.unsealed(scope, over); len(tokens) > 0 {
		provider = tokens[0]
	}
	return provider, err
}

// unsealed opens the provider's tokens of sessions that are over; one that does not
// open ends by itself at the provider.
func (s *Server) unsealed(scope web.Scope, over []tenants.EndedSession) (tokens []string) {
	for _, e := range over {
		if text, err := tenants.Unseal(s.providerKey(scope), e.Provider, e.TokenHash); err == nil && len(text) > 0 {
			tokens = append(tokens, string(text))
		}
	}
	return tokens
}
