package hub

import (
	"net/http"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

type signInPage struct {
	web.Frame
	Email    web.Input
	Password web.Input
}

type codePage struct {
	web.Frame
	Code web.Input
}

var (
	signInTemplate = web.MustParse[signInPage](web.SignIn, files, "signin.html")
	codeTemplate   = web.MustParse[codePage](web.SignIn, files, "code.html")
)

// pendingCookie holds, sealed, a sign-in that waits for its second factor.
const (
	pendingCookie = "hub-code"
	pendingTime   = 10 * time.Minute
)

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
	return s.showSignIn(w, r, scope, "", nil)
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, scope web.Scope, email string, refused error) error {
	page := signInPage{
		Frame:    s.UI.Frame(w, r, scope.Site, "Se connecter"),
		Email:    web.Input{Name: "email", Label: "Adresse électronique", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
		Password: web.Input{Name: "password", Label: "Mot de passe", Type: "password", Autocomplete: "current-password"},
	}
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
		if wait := identity.RetryAfter(refused); wait > 0 {
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		}
		page.Email.Error = web.Sentence(refused)
		page.Errors = web.ErrorSummary{{ID: "email", Message: web.Sentence(refused)}}
	}
	return signInTemplate.Render(w, r, status, page)
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
	form, err := s.UI.Form(w, r)
	if fault.Is(err, "form_expired") {
		return s.showSignIn(w, r, scope, form.Get("email"), err)
	}
	if err != nil {
		return err
	}
	login, err := s.Identity.SignIn(r.Context(), identity.Attempt{Email: form.Get("email"), Password: form.Get("password"), Address: address(r)})
	if fault.Is(err, "credentials") || fault.Is(err, "too_many_attempts") {
		return s.showSignIn(w, r, scope, form.Get("email"), err)
	}
	if err != nil {
		return err
	}
	if login.NeedsTOTP {
		sealed, err := identity.SuspendWith(s.pendingKey(scope), s.Clock(), login)
		if err != nil {
			return err
		}
		s.UI.SetCookie(w, r, pendingCookie, sealed, pendingTime)
		web.Redirect(w, r, "/connexion/code")
		return nil
	}
	return s.begin(w, r, scope, login, form.Get("email"))
}

// begin opens the session of an administrator. Somebody who has an account and is
// no administrator of this hub gets the answer that a wrong password gets.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, scope web.Scope, login identity.Login, email string) error {
	if err := identity.Complete(login); err != nil {
		return err
	}
	subject := identity.SubjectFor(s.Registry.HubKey(scope.Hub, "subject"), identity.ProviderKratos, login.ProviderID)
	admin, err := s.Registry.HubAdminBySubject(r.Context(), scope.Hub.ID, subject)
	if fault.Is(err, "not_found") {
		return s.showSignIn(w, r, scope, email, fault.New(fault.Unauthorized, "credentials"))
	}
	if err != nil {
		return err
	}
	token, hash := identity.NewToken()
	if err := s.Registry.StartHubSession(r.Context(), admin.ID, hash, identity.AgentLife); err != nil {
		return err
	}
	s.UI.SetSession(w, r, token, identity.AgentLife)
	web.Redirect(w, r, "/")
	return nil
}

func (s *Server) pendingKey(scope web.Scope) []byte { return s.Registry.HubKey(scope.Hub, "pending") }

func (s *Server) codePage(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
	return s.showCode(w, r, scope, nil)
}

func (s *Server) showCode(w http.ResponseWriter, r *http.Request, scope web.Scope, refused error) error {
	page := codePage{
		Frame: s.UI.Frame(w, r, scope.Site, "Second facteur"),
		Code:  web.Input{Name: "code", Label: "Code à six chiffres", Hint: "Il est affiché par votre application d’authentification.", Autocomplete: "one-time-code", InputMode: "numeric", MaxLength: 8, Width: "short"},
	}
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
		page.Code.Error = web.Sentence(refused)
		page.Errors = web.ErrorSummary{{ID: "code", Message: web.Sentence(refused)}}
	}
	return codeTemplate.Render(w, r, status, page)
}

func (s *Server) code(w http.ResponseWriter, r *http.Request, scope web.Scope) error {
	form, err := s.UI.Form(w, r)
	if fault.Is(err, "form_expired") {
		return s.showCode(w, r, scope, err)
	}
	if err != nil {
		return err
	}
	sealed, _ := s.UI.Cookie(r, pendingCookie)
	login, err := identity.ResumeWith(s.pendingKey(scope), s.Clock(), sealed)
	if err != nil {
		return fault.New(fault.Unauthorized, "sign_in")
	}
	login, err = s.Identity.CompleteTOTP(r.Context(), login, form.Get("code"), address(r))
	switch {
	case fault.Is(err, "second_factor"), fault.Is(err, "too_many_attempts"):
		return s.showCode(w, r, scope, err)
	case fault.Is(err, "sign_in_again"):
		return fault.New(fault.Unauthorized, "sign_in")
	}
	if err != nil {
		return err
	}
	s.UI.SetCookie(w, r, pendingCookie, "", -time.Second)
	return s.begin(w, r, scope, login, "")
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, _ web.Scope) error {
	if _, err := s.UI.Form(w, r); err != nil {
		return err
	}
	if token, ok := s.UI.Session(r); ok {
		if err := s.Registry.EndHubSession(r.Context(), identity.HashToken(token)); err != nil {
			return err
		}
	}
	s.UI.ClearSession(w, r)
	web.Redirect(w, r, "/connexion")
	return nil
}
