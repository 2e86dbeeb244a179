package citizen

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
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

// Cookies of a code that was mailed: the flow that it fits, and the address.
const (
	confirmCookie  = "inscription"
	recoveryCookie = "mot-de-passe"
	flowLife       = 30 * time.Minute
)

// mailFlow is a code on its way to an address.
type mailFlow struct{ email, flow string }

func (s *Server) setFlow(v *visit, cookie string, f mailFlow) {
	s.UI.SetCookie(v.w, v.r, cookie, base64.RawURLEncoding.EncodeToString([]byte(f.flow+"\n"+f.email)), flowLife)
}

// flow reads it back; none leads to the sign-in page.
func (s *Server) flow(v *visit, cookie string) (mailFlow, error) {
	value, ok := s.UI.Cookie(v.r, cookie)
	text, err := base64.RawURLEncoding.DecodeString(value)
	flow, email, found := strings.Cut(string(text), "\n")
	if !ok || err != nil || !found {
		return mailFlow{}, fault.New(fault.Unauthorized, codeSignIn)
	}
	return mailFlow{email, flow}, nil
}

func newPasswordInput(name string) web.Input {
	return web.Input{
		Name: name, Label: "Mot de passe", Type: "password", Autocomplete: "new-password",
		Hint: "Au moins 12 caractères. Une phrase facile à retenir convient très bien.",
	}
}

func (s *Server) registerPage(v *visit) error { return s.showRegister(v, "", nil, nil) }

func (s *Server) showRegister(v *visit, email string, refused, expired error) error {
	page := registerPage{
		Frame:    s.frame(v, "Créer un compte", "/mon-espace"),
		Email:    web.Input{Name: "email", Label: "Adresse électronique", Hint: "Nous y envoyons un code pour la confirmer.", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
		Password: newPasswordInput("password"),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Créer un compte"}}
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		fields := web.FieldErrors(refused)
		wrong(&page.Errors, &page.Email, fields["email"])
		wrong(&page.Errors, &page.Password, passwordSentence(refused))
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

// passwordSentences say why a password is refused.
var passwordSentences = map[string]string{
	"password_short":   "Choisissez un mot de passe d’au moins 12 caractères.",
	"password_long":    "Ce mot de passe est trop long. Choisissez-en un de 72 caractères au plus.",
	"password_similar": "Ce mot de passe ressemble trop à votre adresse. Choisissez-en un autre.",
	"password_weak":    "Ce mot de passe est trop facile à deviner. Choisissez-en un autre.",
}

func passwordSentence(err error) string {
	for _, f := range fault.Of(err).Fields {
		if f.Path == "password" {
			if sentence := passwordSentences[f.Code]; sentence != "" {
				return sentence
			}
			return "Ce mot de passe ne convient pas. Choisissez-en un autre, d’au moins 12 caractères."
		}
	}
	if fault.Is(err, "password") {
		return web.Sentence(err)
	}
	return ""
}

func (s *Server) register(v *visit) error {
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
	s.setFlow(v, confirmCookie, mailFlow{email, flow})
	web.Redirect(v.w, v.r, "/inscription/code")
	return nil
}

func (s *Server) confirmPage(v *visit) error {
	if _, err := s.flow(v, confirmCookie); err != nil {
		return err
	}
	return s.showConfirm(v, nil)
}

func mailedCode() web.Input {
	return web.Input{
		Name: "code", Label: "Code reçu par courriel", Hint: "Six chiffres, valables 15 minutes. Regardez aussi dans les indésirables.",
		Autocomplete: "one-time-code", InputMode: "numeric", MaxLength: 12, Width: "short",
	}
}

func (s *Server) showConfirm(v *visit, refused error) error {
	page := confirmPage{Frame: s.frame(v, "Confirmer votre adresse", "/mon-espace"), Code: mailedCode()}
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
	flow, err := s.flow(v, confirmCookie)
	if err != nil {
		return err
	}
	if form.Get("renvoyer") != "" {
		if flow.flow, err = s.Identity.StartVerification(v.r.Context(), s.mailTo(v, flow.email)); err != nil {
			if shown(err) {
				return s.showConfirm(v, err)
			}
			return err
		}
		s.setFlow(v, confirmCookie, flow)
		s.UI.SetFlash(v.w, v.r, web.Success, "Un nouveau code est parti par courriel.")
		web.Redirect(v.w, v.r, "/inscription/code")
		return nil
	}
	if err := s.Identity.ConfirmEmail(v.r.Context(), flow.flow, trimmed(form, "code")); err != nil {
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
