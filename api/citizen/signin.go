package citizen

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/citizens"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

type signInPage struct {
	web.Frame
	Email, Password web.Input
	Return          string
}

var signInTemplate = web.MustParse[signInPage](web.Citizen, files, "signin.html")

func (s *Server) signInPage(v *visit) error {
	if _, ok := s.UI.Session(v.r); ok {
		if err := s.read(v, func(context.Context, *tenants.Tx) error { return nil }); err != nil {
			return err
		}
		if v.signedIn() {
			web.Redirect(v.w, v.r, "/mon-espace")
			return nil
		}
	}
	return s.showSignIn(v, "", v.r.URL.Query().Get("retour"), nil, nil)
}

func (s *Server) showSignIn(v *visit, email, back string, refused, expired error) error {
	page := signInPage{
		Frame:    s.frame(v, "Se connecter", "/mon-espace"),
		Email:    web.Input{Name: "email", Label: "Adresse électronique", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
		Password: web.Input{Name: "password", Label: "Mot de passe", Type: "password", Autocomplete: "current-password"},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Se connecter"}}
	if web.LocalPath(back) {
		page.Return = back
	}
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		wrong(&page.Errors, &page.Email, web.Sentence(refused))
	}
	if expired != nil {
		status = http.StatusUnprocessableEntity
		page.Errors = expiredNotice(page.Errors)
	}
	return signInTemplate.Render(v.w, v.r, status, page)
}

// refusal is the status of a refused form of the account; too many tries say when to
// come back.
func refusal(v *visit, err error) int {
	if fault.Of(err).Kind != fault.TooMany {
		return http.StatusUnprocessableEntity
	}
	if wait := identity.RetryAfter(err); wait > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	}
	return http.StatusTooManyRequests
}

// shown tells whether a refusal of the identity provider belongs on the form.
func shown(err error) bool {
	k := fault.Of(err).Kind
	return k == fault.Unauthorized || k == fault.Invalid || k == fault.TooMany || k == fault.Conflict
}

func (s *Server) signIn(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	email, back := trimmed(form, "email"), form.Get("retour")
	if expired != nil {
		return s.showSignIn(v, email, back, nil, expired)
	}
	login, err := s.Identity.SignIn(v.r.Context(), identity.Attempt{Email: email, Password: form.Get("password"), Address: address(v.r)})
	if err != nil {
		if shown(err) {
			return s.showSignIn(v, email, back, err, nil)
		}
		return err
	}
	return s.enter(v, login, back)
}

// Cookies of a sign-in on its way.
const (
	pendingCookie = "connexion"
	returnCookie  = "retour"
)

// enter opens a session, or asks for what is still missing: the second factor, or the
// proof of the address.
func (s *Server) enter(v *visit, login identity.Login, back string) error {
	if login.NeedsTOTP {
		if err := s.suspend(v, pendingCookie, login); err != nil {
			return err
		}
		if web.LocalPath(back) {
			s.UI.SetCookie(v.w, v.r, returnCookie, url.QueryEscape(back), identity.PendingFor)
		}
		web.Redirect(v.w, v.r, "/connexion/code")
		return nil
	}
	if !login.Verified {
		flow, err := s.Identity.StartVerification(v.r.Context(), s.mailTo(v, login.Email))
		if err != nil {
			return err
		}
		s.setFlow(v, confirmCookie, mailFlow{login.Email, flow})
		web.Redirect(v.w, v.r, "/inscription/code")
		return nil
	}
	var token string
	err := s.DB.Write(v.r.Context(), v.scope.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
		subject := identity.Subject(tx, identity.ProviderKratos, login.ProviderID)
		c, err := citizens.Ensure(v.r.Context(), tx, subject, login.Email)
		if err != nil {
			return err
		}
		who := identity.Person{CitizenID: c.ID}
		if v.recovered { // whoever knew the old password is signed out
			if _, err := identity.EndSessions(v.r.Context(), tx, who, identity.Session{}); err != nil {
				return err
			}
		}
		token, err = identity.CreateSession(v.r.Context(), tx, who, login)
		return err
	})
	if err != nil {
		return err
	}
	s.UI.SetSession(v.w, v.r, token, identity.CitizenLife)
	if !web.LocalPath(back) {
		back = "/mon-espace"
	}
	web.Redirect(v.w, v.r, back)
	return nil
}

// suspend keeps, sealed, a sign-in that waits for something.
func (s *Server) suspend(v *visit, cookie string, login identity.Login) error {
	var sealed string
	err := s.read(v, func(_ context.Context, tx *tenants.Tx) (err error) {
		sealed, err = identity.Suspend(tx, login)
		return err
	})
	if err == nil {
		s.UI.SetCookie(v.w, v.r, cookie, sealed, identity.PendingFor)
	}
	return err
}

// resumed opens what suspend sealed.
func (s *Server) resumed(v *visit, cookie string) (login identity.Login, err error) {
	sealed, _ := s.UI.Cookie(v.r, cookie)
	err = s.read(v, func(_ context.Context, tx *tenants.Tx) (err error) {
		login, err = identity.Resume(tx, sealed)
		return err
	})
	return login, err
}

// mailTo asks the identity provider for a mail to an address.
func (s *Server) mailTo(v *visit, email string) identity.Claim {
	return identity.Claim{Email: email, Address: address(v.r), Transient: identity.Transient{Tenant: v.scope.Tenant.ID}}
}

func (s *Server) signOut(v *visit) error {
	if _, err := s.UI.Form(v.w, v.r); err != nil {
		return err
	}
	var provider string
	if token, ok := s.UI.Session(v.r); ok {
		err := s.DB.Write(v.r.Context(), v.scope.Tenant, tenants.Guest(), func(tx *tenants.Tx) (err error) {
			provider, err = identity.EndSession(v.r.Context(), tx, token)
			return err
		})
		if err != nil && !fault.Is(err, "session_over") {
			return err
		}
	}
	if provider != "" {
		_ = s.Identity.SignOut(v.r.Context(), provider) // best effort: our own session is over
	}
	s.UI.ClearSession(v.w, v.r)
	s.UI.SetCookie(v.w, v.r, trackCookie, "", 0)
	s.UI.SetFlash(v.w, v.r, web.Success, "Vous êtes déconnecté.")
	web.Redirect(v.w, v.r, "/")
	return nil
}
