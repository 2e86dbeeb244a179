package citizen

import (
	"context"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

type securityPage struct {
	web.Frame
	Double   bool      // a second factor is set up
	Password web.Input // the one in force
	New      web.Input
	Code     web.Input
	Again    web.Input // the password, for the second factor's form
	Codes    []string  // recovery codes, shown once
}

type enrolPage struct {
	web.Frame
	Secret, Flow string
	Path         string
	Size         int
	Code         web.Input
}

var (
	securityTemplate = web.MustParse[securityPage](web.Citizen, files, "security.html")
	enrolTemplate    = web.MustParse[enrolPage](web.Citizen, files, "enrol.html")
)

// enrolCookie holds, sealed, the fresh proof of the password while a second factor
// is set up.
const enrolCookie = "double"

const securityPath = "/mon-espace/securite"

func (s *Server) securityPage(v *visit) error {
	if err := s.read(v, func(context.Context, *tenants.Tx) error { return v.citizen() }); err != nil {
		return err
	}
	return s.showSecurity(v, "", nil)
}

// showSecurity shows the page; form names the one that was refused ("password" or
// "factor").
func (s *Server) showSecurity(v *visit, form string, refused error) error {
	page := securityPage{
		Frame: s.frame(v, "Mot de passe et sécurité", "/mon-espace"), Double: v.who.Session.AAL > 1,
		Password: web.Input{Name: "current", Label: "Mot de passe actuel", Type: "password", Autocomplete: "current-password"},
		New:      newPasswordInput("password"), Code: codeInput(),
		Again: web.Input{Name: "again", Label: "Votre mot de passe", Type: "password", Autocomplete: "current-password"},
	}
	page.New.Label = "Nouveau mot de passe"
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Mon espace", URL: "/mon-espace"}, {Label: "Sécurité"}}
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		message := web.Sentence(refused)
		if fault.Is(refused, "credentials") {
			message = "Ce n’est pas votre mot de passe actuel."
		}
		switch {
		case fault.Is(refused, "form_expired"):
			page.Errors = expiredNotice(nil)
		case fault.Is(refused, "second_factor"):
			wrong(&page.Errors, &page.Code, message)
		case form == "factor":
			wrong(&page.Errors, &page.Again, message)
		case passwordSentence(refused) != "":
			wrong(&page.Errors, &page.New, passwordSentence(refused))
		default:
			wrong(&page.Errors, &page.Password, message)
		}
	}
	return securityTemplate.Render(v.w, v.r, status, page)
}

// proved asks the signed-in person for the password again, and for the second factor
// where there is one.
func (s *Server) proved(v *visit, password, code string) (identity.Login, error) {
	var token string
	err := s.read(v, func(_ context.Context, tx *tenants.Tx) (err error) {
		if err := v.citizen(); err != nil {
			return err
		}
		token, err = v.who.Session.ProviderToken(tx)
		return err
	})
	if err != nil {
		return identity.Login{}, err
	}
	login, err := s.Identity.Confirm(v.r.Context(), token, identity.Attempt{Email: v.who.Citizen.Email, Password: password, Address: address(v.r)})
	if err == nil && login.NeedsTOTP {
		login, err = s.Identity.CompleteTOTP(v.r.Context(), login, code, address(v.r))
	}
	return login, err
}

// changePassword sets another password and ends the person's other sessions.
func (s *Server) changePassword(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	login, err := s.provedBy(v, expired, form.Get("current"), form.Get("code"))
	if err == nil {
		err = s.Identity.SetPassword(v.r.Context(), login, form.Get("password"))
	}
	if err != nil {
		return s.refusedSecurity(v, "password", err)
	}
	err = s.write(v, func(ctx context.Context, tx *tenants.Tx) error {
		if err := v.citizen(); err != nil {
			return err
		}
		if err := identity.Renew(ctx, tx, v.who.Session, login); err != nil {
			return err
		}
		_, err := identity.EndSessions(ctx, tx, v.who.Session.Person, v.who.Session)
		return err
	})
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Votre mot de passe est changé. Vos autres appareils sont déconnectés.")
	web.Redirect(v.w, v.r, securityPath)
	return nil
}

func (s *Server) provedBy(v *visit, expired error, password, code string) (identity.Login, error) {
	if expired != nil {
		if err := s.read(v, func(context.Context, *tenants.Tx) error { return v.citizen() }); err != nil {
			return identity.Login{}, err
		}
		return identity.Login{}, expired
	}
	return s.proved(v, password, code)
}

func (s *Server) refusedSecurity(v *visit, form string, err error) error {
	if (shown(err) || fault.Is(err, "form_expired")) && !fault.Is(err, "sign_in_again") && !fault.Is(err, codeSignIn) {
		return s.showSecurity(v, form, err)
	}
	return err
}

// startFactor begins to set up a second factor, once the password was given again.
func (s *Server) startFactor(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	login, err := s.provedBy(v, expired, form.Get("again"), "")
	if err != nil {
		return s.refusedSecurity(v, "factor", err)
	}
	if err := s.suspend(v, enrolCookie, login); err != nil {
		return err
	}
	web.Redirect(v.w, v.r, securityPath+"/double")
	return nil
}

func (s *Server) enrolPage(v *visit) error {
	login, err := s.resumed(v, enrolCookie)
	if err == nil {
		err = v.citizen()
	}
	if err != nil {
		return err
	}
	e, err := s.Identity.StartTOTP(v.r.Context(), login)
	if fault.Is(err, "totp_exists") {
		web.Redirect(v.w, v.r, securityPath)
		return nil
	}
	if err != nil {
		return err
	}
	return s.showEnrol(v, enrolPage{Secret: e.Secret, Flow: e.Flow, Path: e.Path, Size: e.Size}, nil)
}

func (s *Server) showEnrol(v *visit, page enrolPage, refused error) error {
	page.Frame, page.Code = s.frame(v, "Activer la double authentification", "/mon-espace"), codeInput()
	page.Code.Hint = "Celui que votre application affiche maintenant."
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Mon espace", URL: "/mon-espace"}, {Label: "Sécurité", URL: securityPath}, {Label: "Double authentification"}}
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		message := web.Sentence(refused)
		if fault.Is(refused, "code_wrong") {
			message = "Ce code n’est pas le bon. Saisissez celui que votre application affiche maintenant."
		}
		wrong(&page.Errors, &page.Code, message)
	}
	return enrolTemplate.Render(v.w, v.r, status, page)
}

// enrol ends the set-up, and shows the recovery codes once.
func (s *Server) enrol(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	login, err := s.resumed(v, enrolCookie)
	if err == nil {
		err = v.citizen()
	}
	if err != nil {
		return err
	}
	again := enrolPage{Secret: form.Get("secret"), Flow: form.Get("flow")}
	if expired != nil {
		return s.showEnrol(v, again, expired)
	}
	login, err = s.Identity.ConfirmTOTP(v.r.Context(), login, again.Flow, trimmed(form, "code"))
	if fault.Is(err, "code_wrong") {
		return s.showEnrol(v, again, err)
	}
	if err != nil {
		return err
	}
	err = s.write(v, func(ctx context.Context, tx *tenants.Tx) error { return identity.Renew(ctx, tx, v.who.Session, login) })
	if err != nil {
		return err
	}
	codes, err := s.Identity.RecoveryCodes(v.r.Context(), login)
	if err != nil {
		return err
	}
	s.UI.SetCookie(v.w, v.r, enrolCookie, "", 0)
	page := securityPage{Frame: s.frame(v, "Double authentification activée", "/mon-espace"), Double: true, Codes: codes}
	return securityTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// dropFactor takes the second factor away, after password and code.
func (s *Server) dropFactor(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	login, err := s.provedBy(v, expired, form.Get("again"), form.Get("code"))
	if err == nil {
		err = s.Identity.DisableTOTP(v.r.Context(), login)
	}
	if err != nil {
		return s.refusedSecurity(v, "factor", err)
	}
	login.AAL, login.HasTOTP = 1, false
	err = s.write(v, func(ctx context.Context, tx *tenants.Tx) error { return identity.Renew(ctx, tx, v.who.Session, login) })
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "La double authentification est désactivée.")
	web.Redirect(v.w, v.r, securityPath)
	return nil
}
