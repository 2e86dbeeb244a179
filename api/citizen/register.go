package citizen

import (
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/door"
	"github.com/parvis-gru/parvis/tenants/fault"
)

type registerPage struct {
	web.Frame
	Email, Password web.Input
}

type confirmPage struct {
	web.Frame
	Code web.Input
}

var (
	registerTemplate = web.MustParse[registerPage](web.Citizen, files, "register.html")
	confirmTemplate  = web.MustParse[confirmPage](web.Citizen, files, "confirm.html")
)

// confirmCookie keeps the flow of a new account's code.
const confirmCookie = "inscription"

func (s *Server) registerPage(v *visit) error {
	if err := accountsOpen(v); err != nil {
		return err
	}
	return s.showRegister(v, "", nil, nil)
}

// accountsOpen refuses where the commune keeps no accounts with a password.
func accountsOpen(v *visit) error {
	if v.scope.Settings.SignIn.NoAccounts {
		return fault.New(fault.NotFound, "accounts_closed")
	}
	return nil
}

func (s *Server) showRegister(v *visit, email string, refused, expired error) error {
	page := registerPage{
		Frame:    s.frame(v, "Créer un compte", "/mon-espace"),
		Email:    web.Input{Name: "email", Label: "Adresse électronique", Hint: "Nous y envoyons un code pour la confirmer.", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
		Password: door.PasswordInput("Mot de passe"),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Créer un compte"}}
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		fields := web.FieldErrors(refused)
		wrong(&page.Errors, &page.Email, fields["email"])
		wrong(&page.Errors, &page.Password, door.PasswordSentence(refused))
		if len(page.Errors) == 0 {
			page.Errors = web.ErrorSummary{{ID: "email", Message: web.Sentence(refused)}}
		}
	}
	if expired != nil {
		status = http.StatusUnprocessableEntity
		page.Errors = expiredNotice(page.Errors)
	}
	return registerTemplate.Render(v.w, v.r, status, page)
}

func (s *Server) register(v *visit) error {
	if err := accountsOpen(v); err != nil {
		return err
	}
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	email := trimmed(form, "email")
	if expired != nil {
		return s.showRegister(v, email, nil, expired)
	}
	flow, err := s.Identity.Register(v.r.Context(), s.mailTo(v, email), form.Get("password"))
	if err != nil {
		if shown(err) {
			return s.showRegister(v, email, err, nil)
		}
		return err
	}
	s.door.KeepFlow(v.w, v.r, confirmCookie, door.MailFlow{Flow: flow, Email: email})
	web.Redirect(v.w, v.r, "/inscription/code")
	return nil
}

func (s *Server) confirmPage(v *visit) error {
	if _, ok := s.door.KeptFlow(v.r, confirmCookie); !ok {
		return fault.New(fault.Unauthorized, codeSignIn)
	}
	return s.showConfirm(v, nil)
}

func (s *Server) showConfirm(v *visit, refused error) error {
	page := confirmPage{Frame: s.frame(v, "Confirmer votre adresse", "/mon-espace"), Code: door.MailedCode()}
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		wrong(&page.Errors, &page.Code, web.Sentence(refused))
	}
	return confirmTemplate.Render(v.w, v.r, status, page)
}

// confirm proves the address, or sends another code to it.
func (s *Server) confirm(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil {
		return s.showConfirm(v, expired)
	}
	flow, ok := s.door.KeptFlow(v.r, confirmCookie)
	if !ok {
		return fault.New(fault.Unauthorized, codeSignIn)
	}
	if form.Get("renvoyer") != "" {
		if flow.Flow, err = s.Identity.StartVerification(v.r.Context(), s.mailTo(v, flow.Email)); err != nil {
			if shown(err) {
				return s.showConfirm(v, err)
			}
			return err
		}
		s.door.KeepFlow(v.w, v.r, confirmCookie, flow)
		s.UI.SetFlash(v.w, v.r, web.Success, "Un nouveau code est parti par courriel.")
		web.Redirect(v.w, v.r, "/inscription/code")
		return nil
	}
	if err := s.Identity.ConfirmEmail(v.r.Context(), flow.Flow, trimmed(form, "code")); err != nil {
		if shown(err) {
			return s.showConfirm(v, err)
		}
		return err
	}
	s.UI.SetCookie(v.w, v.r, confirmCookie, "", 0)
	s.UI.SetFlash(v.w, v.r, web.Success, "Votre adresse est confirmée. Connectez-vous.")
	web.Redirect(v.w, v.r, "/connexion")
	return nil
}
