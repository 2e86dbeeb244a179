package agent

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

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
	AskCode  bool
	Password web.Input
	Action   string
}

var (
	recoveryTemplate    = web.MustParse[recoveryPage](web.SignIn, pages, "recovery.html")
	newPasswordTemplate = web.MustParse[newPasswordPage](web.SignIn, pages, "newpassword.html")
)

const (
	recoveryPath    = "/agents/mot-de-passe"
	newPasswordPath = "/agents/mot-de-passe/code"
	lastStepPath    = "/agents/mot-de-passe/nouveau"

	// recoveryCookie holds Kratos' flow and the address that the code went to: they
	// open nothing without the code.
	recoveryCookie = "agent-recovery"
	recoveryTime   = 15 * time.Minute // as long as the code lives
)

func (s *Server) recoveryPage(v visit) error { return s.showRecovery(v, "", nil) }

func (s *Server) showRecovery(v visit, email string, refused error) error {
	page := recoveryPage{
		Frame: s.door(v, "Choisir un mot de passe"),
		Email: web.Input{Name: "email", Label: "Adresse électronique professionnelle", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
	}
	if refused != nil {
		page.Email.Error = sentence(refused)
		page.Errors = web.ErrorSummary{{ID: "email", Message: page.Email.Error}}
	}
	return recoveryTemplate.Render(v.w, v.r, doorStatus(refused), page)
}

func (s *Server) recover(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	email := strings.TrimSpace(form.Get("email"))
	if err == nil {
		err = identity.CheckEmail(email)
	}
	if err == nil {
		var flow string
		flow, err = s.Identity.RequestRecovery(v.r.Context(), identity.Claim{
			Email: email, Address: v.address(), Transient: identity.Transient{Tenant: v.scope.Tenant.ID, Purpose: identity.PurposeRecovery},
		})
		if err == nil {
			s.UI.SetCookie(v.w, v.r, recoveryCookie, flow+"."+base64.RawURLEncoding.EncodeToString([]byte(email)), recoveryTime)
			web.Redirect(v.w, v.r, newPasswordPath)
			return nil
		}
	}
	if comesBack(err) {
		return s.showRecovery(v, email, err)
	}
	return err
}

func (s *Server) showNewPassword(v visit, refused error) error {
	page := newPasswordPage{
		Frame: s.door(v, "Choisir un mot de passe"), AskCode: true, Action: newPasswordPath,
		Code: web.Input{Name: "code", Label: "Code reçu par courriel", Hint: "Six chiffres. Il arrive en général en moins d’une minute.", Autocomplete: "one-time-code",
			InputMode: "numeric", MaxLength: 10, Width: "short", NoSpellcheck: true},
		Password: newPasswordInput(),
	}
	return s.renderNewPassword(v, page, refused)
}

func newPasswordInput() web.Input {
	return web.Input{Name: "password", Label: "Nouveau mot de passe", Type: "password", Autocomplete: "new-password",
		Hint: "Au moins 12 caractères. Une phrase que vous seul connaissez convient très bien."}
}

func (s *Server) renderNewPassword(v visit, page newPasswordPage, refused error) error {
	if refused != nil {
		field := &page.Code
		if fault.Is(refused, "password") || !page.AskCode {
			field = &page.Password
		}
		field.Error = sentence(refused)
		page.Errors = web.ErrorSummary{{ID: field.Name, Message: field.Error}}
	}
	return newPasswordTemplate.Render(v.w, v.r, doorStatus(refused), page)
}

func (s *Server) newPassword(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	kept, _ := s.UI.Cookie(v.r, recoveryCookie)
	flow, packed, _ := strings.Cut(kept, ".")
	email, decode := base64.RawURLEncoding.DecodeString(packed)
	if err == nil && (flow == "" || decode != nil) {
		err = fault.New(fault.Invalid, "code_expired")
	}
	password := form.Get("password")
	if err == nil {
		err = identity.CheckPassword(string(email), password)
	}
	var login identity.Login
	if err == nil {
		login, err = s.Identity.CompleteRecovery(v.r.Context(), string(email), flow, strings.TrimSpace(form.Get("code")), password)
	}
	if comesBack(err) {
		return s.showNewPassword(v, err)
	}
	if err != nil {
		return err
	}
	s.UI.SetCookie(v.w, v.r, recoveryCookie, "", -time.Second)
	if login.NeedsTOTP {
		return s.enter(v, login, lastStepPath)
	}
	if err = s.anew(v, login); fault.Is(err, "credentials") { // an account, but no agent of this commune
		return s.showSignIn(v, string(email), "", err)
	}
	return err
}

// showLastStep asks for the password again, after the second factor: Kratos changes
// it for a full sign-in alone.
func (s *Server) showLastStep(v visit, refused error) error {
	page := newPasswordPage{Frame: s.door(v, "Choisir un mot de passe"), Action: lastStepPath, Password: newPasswordInput()}
	return s.renderNewPassword(v, page, refused)
}

func (s *Server) lastStep(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return s.orLastStep(v, err)
	}
	login, err := s.resume(v)
	if err != nil {
		return s.showSignIn(v, "", "", err)
	}
	if err := identity.CheckPassword(login.Email, form.Get("password")); err != nil {
		return s.orLastStep(v, err)
	}
	if err := s.Identity.SetPassword(v.r.Context(), login, form.Get("password")); err != nil {
		return s.orLastStep(v, err)
	}
	if err = s.anew(v, login); fault.Is(err, "credentials") {
		return s.showSignIn(v, login.Email, "", err)
	}
	return err
}

func (s *Server) orLastStep(v visit, err error) error {
	if comesBack(err) && status(err) != http.StatusConflict {
		return s.showLastStep(v, err)
	}
	return err
}
