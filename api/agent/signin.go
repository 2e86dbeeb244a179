package agent

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/staff"
)

type signInPage struct {
	web.Frame
	Email    web.Input
	Password web.Input
	Return   string // where to go afterwards
}

type codePage struct {
	web.Frame
	Code   web.Input
	Action string
}

var (
	signInTemplate = web.MustParse[signInPage](web.SignIn, pages, "signin.html")
	codeTemplate   = web.MustParse[codePage](web.SignIn, pages, "code.html")
)

const (
	signInPath = "/agents/connexion"
	codePath   = "/agents/connexion/code"

	// pendingCookie holds, sealed, a sign-in that waits for its second factor.
	pendingCookie = "agent-code"
)

func (s *Server) doors() {
	s.handle("GET /agents/connexion", s.signInPage)
	s.handle("POST /agents/connexion", s.signIn)
	s.handle("GET /agents/connexion/code", func(v visit) error { return s.showCode(v, nil) })
	s.handle("POST /agents/connexion/code", s.code)
	s.handle("GET /agents/mot-de-passe", s.recoveryPage)
	s.handle("POST /agents/mot-de-passe", s.recover)
	s.handle("GET /agents/mot-de-passe/code", func(v visit) error { return s.showNewPassword(v, nil) })
	s.handle("POST /agents/mot-de-passe/code", s.newPassword)
	s.handle("GET /agents/mot-de-passe/nouveau", func(v visit) error { return s.showLastStep(v, nil) })
	s.handle("POST /agents/mot-de-passe/nouveau", s.lastStep)
	s.handle("POST /agents/deconnexion", s.signOut)
}

// door begins a page for somebody who has not signed in.
func (s *Server) door(v visit, title string) web.Frame {
	f := s.UI.Frame(v.w, v.r, v.scope.Site, title)
	f.Area = "Espace agents"
	return f
}

// back is where somebody who signs in wanted to go.
func back(path string) string {
	if path == "" || !web.LocalPath(path) {
		return home
	}
	return path
}

func (s *Server) signInPage(v visit) error {
	return s.showSignIn(v, "", v.r.URL.Query().Get("retour"), nil)
}

func (s *Server) showSignIn(v visit, email, then string, refused error) error {
	page := signInPage{
		Frame:    s.door(v, "Se connecter"),
		Email:    web.Input{Name: "email", Label: "Adresse électronique", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
		Password: web.Input{Name: "password", Label: "Mot de passe", Type: "password", Autocomplete: "current-password"},
		Return:   then,
	}
	if refused != nil {
		page.Email.Error = sentence(refused)
		page.Errors = web.ErrorSummary{{ID: "email", Message: page.Email.Error}}
	}
	return signInTemplate.Render(v.w, v.r, doorStatus(refused), page)
}

// doorStatus keeps a wrong password a form to correct.
func doorStatus(err error) int {
	if err != nil && fault.Of(err).Kind == fault.Unauthorized {
		return http.StatusUnprocessableEntity
	}
	return status(err)
}

func (s *Server) signIn(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		var login identity.Login
		login, err = s.Identity.SignIn(v.r.Context(), identity.Attempt{Email: form.Get("email"), Password: form.Get("password"), Address: v.address()})
		if err == nil {
			err = s.enter(v, login, form.Get("retour"))
		}
	}
	if comesBack(err) {
		return s.showSignIn(v, form.Get("email"), form.Get("retour"), err)
	}
	return err
}

// enter opens a session, or asks for the second factor first.
func (s *Server) enter(v visit, login identity.Login, then string) error {
	if login.NeedsTOTP {
		if err := s.suspend(v, login); err != nil {
			return err
		}
		web.Redirect(v.w, v.r, withReturn(codePath, then))
		return nil
	}
	return s.begin(v, login, then)
}

func withReturn(path, then string) string {
	if then == "" {
		return path
	}
	return path + "?retour=" + url.QueryEscape(then)
}

// suspend keeps a sign-in, sealed, in a cookie of ten minutes.
func (s *Server) suspend(v visit, login identity.Login) error {
	var sealed string
	err := s.DB.Read(v.r.Context(), v.scope.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
		sealed, err = identity.Suspend(tx, login)
		return err
	})
	if err == nil {
		s.UI.SetCookie(v.w, v.r, pendingCookie, sealed, identity.PendingFor)
	}
	return err
}

// resume opens what suspend kept.
func (s *Server) resume(v visit) (login identity.Login, err error) {
	sealed, _ := s.UI.Cookie(v.r, pendingCookie)
	err = s.DB.Read(v.r.Context(), v.scope.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
		login, err = identity.Resume(tx, sealed)
		return err
	})
	return login, err
}

// anew is begin for somebody who has just chosen a new password by a mailed code:
// whoever knew the old one is signed out.
func (s *Server) anew(v visit, login identity.Login) error { return s.start(v, login, home, true) }

func (s *Server) begin(v visit, login identity.Login, then string) error {
	return s.start(v, login, then, false)
}

// start opens the session of an agent, and ends the others where alone is said.
// Somebody who has an account and is no agent
// of this commune gets the answer that a wrong password gets.
func (s *Server) start(v visit, login identity.Login, then string, alone bool) error {
	var token string
	var ended []string
	err := s.DB.Write(v.r.Context(), v.scope.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		a, err := staff.BySubject(v.r.Context(), tx, identity.Subject(tx, identity.ProviderKratos, login.ProviderID))
		if fault.Is(err, "not_found") {
			return fault.New(fault.Unauthorized, "credentials")
		}
		if err != nil {
			return err
		}
		if alone {
			if ended, err = identity.EndSessions(v.r.Context(), tx, identity.Person{AgentID: a.ID}, identity.Session{}); err != nil {
				return err
			}
		}
		token, err = identity.CreateSession(v.r.Context(), tx, identity.Person{AgentID: a.ID}, login)
		return err
	})
	if err != nil {
		return err
	}
	s.forgetAtProvider(v.r.Context(), ended...)
	s.UI.SetCookie(v.w, v.r, pendingCookie, "", -time.Second)
	s.UI.SetSession(v.w, v.r, token, identity.AgentLife)
	web.Redirect(v.w, v.r, back(then))
	return nil
}

func (s *Server) showCode(v visit, refused error) error {
	page := codePage{
		Frame: s.door(v, "Votre code"),
		Code: web.Input{Name: "code", Label: "Code à six chiffres", Hint: "Il est affiché par votre application d’authentification. Un code de secours convient aussi.",
			Autocomplete: "one-time-code", MaxLength: 20, Width: "medium", NoSpellcheck: true},
		Action: withReturn(codePath, v.r.URL.Query().Get("retour")),
	}
	if refused != nil {
		page.Code.Error = sentence(refused)
		page.Errors = web.ErrorSummary{{ID: "code", Message: page.Code.Error}}
	}
	return codeTemplate.Render(v.w, v.r, doorStatus(refused), page)
}

func (s *Server) code(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if fault.Is(err, "form_expired") {
		return s.showCode(v, err)
	}
	if err != nil {
		return err
	}
	login, err := s.resume(v)
	if err == nil {
		login, err = s.Identity.CompleteTOTP(v.r.Context(), login, form.Get("code"), v.address())
	}
	switch {
	case fault.Is(err, "sign_in_again"):
		return s.showSignIn(v, "", v.r.URL.Query().Get("retour"), err)
	case comesBack(err):
		return s.showCode(v, err)
	case err != nil:
		return err
	}
	then := v.r.URL.Query().Get("retour")
	if then == lastStepPath { // a forgotten password: it is chosen after the second factor
		if err := s.suspend(v, login); err != nil {
			return err
		}
		web.Redirect(v.w, v.r, lastStepPath)
		return nil
	}
	if err = s.begin(v, login, then); fault.Is(err, "credentials") {
		return s.showSignIn(v, "", then, err)
	}
	return err
}

func (s *Server) signOut(v visit) error {
	if _, err := s.UI.Form(v.w, v.r); err != nil {
		return err
	}
	if token, ok := s.UI.Session(v.r); ok {
		var provider string
		err := s.DB.Write(v.r.Context(), v.scope.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
			provider, err = identity.EndSession(v.r.Context(), tx, token)
			return err
		})
		if err != nil {
			return err
		}
		s.forgetAtProvider(v.r.Context(), provider)
	}
	s.UI.ClearSession(v.w, v.r)
	web.Redirect(v.w, v.r, signInPath)
	return nil
}

// forgetAtProvider ends sessions at Kratos as best it can: ours are over already.
func (s *Server) forgetAtProvider(ctx context.Context, tokens ...string) {
	for _, token := range tokens {
		if token == "" {
			continue
		}
		if err := s.Identity.SignOut(ctx, token); err != nil {
			s.Logger.WarnContext(ctx, "sign out at the provider", "code", fault.Of(err).Code)
		}
	}
}
