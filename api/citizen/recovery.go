package citizen

import (
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

type recoveryPage struct {
	web.Frame
	Email web.Input
}

type newPasswordPage struct {
	web.Frame
	Code     web.Input
	AskCode  bool // not after a second factor, which proved the mailed code
	Password web.Input
}

var (
	recoveryTemplate    = web.MustParse[recoveryPage](web.Citizen, files, "recovery.html")
	newPasswordTemplate = web.MustParse[newPasswordPage](web.Citizen, files, "newpassword.html")
)

const (
	newPasswordPath = "/mot-de-passe/nouveau"
	resetCookie     = "nouveau" // a recovery that gave its second factor
)

func (s *Server) recoveryPage(v *visit) error { return s.showRecovery(v, "", nil, nil) }

func (s *Server) showRecovery(v *visit, email string, refused, expired error) error {
	page := recoveryPage{
		Frame: s.frame(v, "Mot de passe oublié", "/mon-espace"),
		Email: web.Input{Name: "email", Label: "Adresse électronique de votre compte", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Se connecter", URL: "/connexion"}, {Label: "Mot de passe oublié"}}
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		wrong(&page.Errors, &page.Email, web.Sentence(refused))
	}
	if expired != nil {
		status = http.StatusUnprocessableEntity
		page.Errors = expiredNotice(page.Errors)
	}
	return recoveryTemplate.Render(v.w, v.r, status, page)
}

// recovery mails a code; the answer is the same where there is no account.
func (s *Server) recovery(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	email := trimmed(form, "email")
	if expired != nil {
		return s.showRecovery(v, email, nil, expired)
	}
	flow, err := s.Identity.RequestRecovery(v.r.Context(), s.mailTo(v, email))
	if err != nil {
		if shown(err) {
			return s.showRecovery(v, email, err, nil)
		}
		return err
	}
	s.setFlow(v, recoveryCookie, mailFlow{email, flow})
	web.Redirect(v.w, v.r, newPasswordPath)
	return nil
}

func (s *Server) newPasswordPage(v *visit) error {
	if _, err := s.flow(v, recoveryCookie); err != nil {
		return err
	}
	return s.showNewPassword(v, nil)
}

func (s *Server) showNewPassword(v *visit, refused error) error {
	page := newPasswordPage{Frame: s.frame(v, "Nouveau mot de passe", "/mon-espace"), Code: mailedCode(), Password: newPasswordInput("password")}
	page.Password.Label = "Nouveau mot de passe"
	_, proved := s.UI.Cookie(v.r, resetCookie)
	page.AskCode = !proved
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		if message := passwordSentence(refused); message != "" {
			wrong(&page.Errors, &page.Password, message)
		} else {
			wrong(&page.Errors, &page.Code, web.Sentence(refused))
		}
	}
	return newPasswordTemplate.Render(v.w, v.r, status, page)
}

// newPassword sets the password of somebody who got the code, and signs them in.
func (s *Server) newPassword(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil {
		return s.showNewPassword(v, expired)
	}
	flow, err := s.flow(v, recoveryCookie)
	if err != nil {
		return err
	}
	login, err := s.recovered(v, flow, trimmed(form, "code"), form.Get("password"))
	if err != nil {
		if shown(err) && !fault.Is(err, "sign_in_again") {
			return s.showNewPassword(v, err)
		}
		return err
	}
	if login.NeedsTOTP {
		return s.enter(v, login, newPasswordPath)
	}
	s.UI.SetCookie(v.w, v.r, recoveryCookie, "", 0)
	s.UI.SetCookie(v.w, v.r, resetCookie, "", 0)
	s.UI.SetFlash(v.w, v.r, web.Success, "Votre mot de passe est changé.")
	v.recovered = true
	return s.enter(v, login, "/mon-espace")
}

func (s *Server) recovered(v *visit, flow mailFlow, code, password string) (identity.Login, error) {
	if _, proved := s.UI.Cookie(v.r, resetCookie); proved {
		login, err := s.resumed(v, resetCookie)
		if err != nil {
			return login, err
		}
		return login, s.Identity.SetPassword(v.r.Context(), login, password)
	}
	return s.Identity.CompleteRecovery(v.r.Context(), flow.email, flow.flow, code, password)
}
