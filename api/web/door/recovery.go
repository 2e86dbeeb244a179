package door

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
	Paths Paths
	Words Words
	Email web.Input
}

type newPasswordPage struct {
	web.Frame
	Paths          Paths
	Words          Words
	Code, Password web.Input
	AskCode        bool // not after a second factor: the mailed code was given before it
}

const (
	recoveryCookie = "mot-de-passe"
	flowTime       = 30 * time.Minute // twice as long as a code lives
)

// MailFlow is a code on its way to an address: what the provider calls the step, and
// whom it wrote to. Neither opens anything without the code.
type MailFlow struct{ Flow, Email string }

// KeepFlow keeps a code's flow in a cookie of the area.
func (k *Kit) KeepFlow(w http.ResponseWriter, r *http.Request, cookie string, f MailFlow) {
	k.UI.SetCookie(w, r, k.Name+cookie, base64.RawURLEncoding.EncodeToString([]byte(f.Flow+"\n"+f.Email)), flowTime)
}

// KeptFlow reads it back; ok is false where there is none.
func (k *Kit) KeptFlow(r *http.Request, cookie string) (f MailFlow, ok bool) {
	value, _ := k.UI.Cookie(r, k.Name+cookie)
	text, err := base64.RawURLEncoding.DecodeString(value)
	f.Flow, f.Email, ok = strings.Cut(string(text), "\n")
	return f, ok && err == nil
}

// MailedCode asks for a code that was mailed.
func MailedCode() web.Input {
	return web.Input{
		Name: "code", Label: "Code reçu par courriel", Hint: "Six chiffres, valables 15 minutes. Regardez aussi dans les indésirables.",
		Autocomplete: "one-time-code", InputMode: "numeric", MaxLength: 12, Width: "short", NoSpellcheck: true,
	}
}

func (k *Kit) showRecovery(v visit, email string, refused error) error {
	page := recoveryPage{
		Frame: k.House.Frame(v.w, v.r, v.s, nil, "Choisir un mot de passe"), Paths: k.Paths, Words: k.Words,
		Email: web.Input{Name: "email", Label: "Adresse électronique de votre compte", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
	}
	wrong(&page.Frame, &page.Email, refused, web.Sentence(refused))
	return k.doors.recovery.Render(v.w, v.r, v.status(refused), page)
}

// recover mails a code; the answer is the same where there is no account.
func (k *Kit) recover(v visit) error {
	form, err := k.UI.Form(v.w, v.r)
	email := trimmed(form, "email")
	var flow string
	if err == nil {
		flow, err = k.Identity.RequestRecovery(v.ctx(), identity.Claim{
			Email: email, Address: v.address(), Transient: identity.Transient{Tenant: v.s.Tenant.ID, Hub: v.s.Hub.ID, Purpose: identity.PurposeRecovery},
		})
	}
	if form != nil && comesBack(err) {
		return k.showRecovery(v, email, err)
	}
	if err != nil {
		return err
	}
	k.drop(v, resetCookie)
	k.KeepFlow(v.w, v.r, recoveryCookie, MailFlow{flow, email})
	web.Redirect(v.w, v.r, k.Paths.Recovery+newStep)
	return nil
}

func (k *Kit) newPasswordPage(v visit) error {
	if _, ok := k.KeptFlow(v.r, recoveryCookie); !ok {
		web.Redirect(v.w, v.r, k.Paths.Recovery)
		return nil
	}
	return k.showNewPassword(v, nil)
}

func (k *Kit) showNewPassword(v visit, refused error) error {
	page := newPasswordPage{
		Frame: k.House.Frame(v.w, v.r, v.s, nil, "Choisir un mot de passe"), Paths: k.Paths, Words: k.Words,
		Code: MailedCode(), Password: PasswordInput("Nouveau mot de passe"),
	}
	_, proved := k.UI.Cookie(v.r, k.Name+resetCookie)
	page.AskCode = !proved
	field, message := &page.Password, PasswordSentence(refused)
	if message == "" {
		message = web.Sentence(refused)
		if page.AskCode {
			field = &page.Code
		}
	}
	wrong(&page.Frame, field, refused, message)
	return k.doors.password.Render(v.w, v.r, v.status(refused), page)
}

// newPassword sets the password of somebody who got the code, and signs them in:
// whoever knew the old one is signed out.
func (k *Kit) newPassword(v visit) error {
	form, err := k.UI.Form(v.w, v.r)
	if fault.Is(err, "form_expired") {
		return k.showNewPassword(v, err)
	}
	if err != nil {
		return err
	}
	flow, ok := k.KeptFlow(v.r, recoveryCookie)
	if !ok {
		return k.showRecovery(v, "", fault.New(fault.Invalid, "code_expired"))
	}
	login, err := k.recovered(v, flow, trimmed(form, "code"), form.Get("password"))
	switch {
	case fault.Is(err, "sign_in_again"):
		return k.showSignIn(v, flow.Email, "", err)
	case comesBack(err):
		return k.showNewPassword(v, err)
	case err != nil:
		return err
	}
	then := k.Paths.Home
	if login.NeedsTOTP {
		then = k.Paths.Recovery + newStep
	}
	if err = k.enter(v, login, then, true); comesBack(err) { // an account that is nothing here
		return k.showSignIn(v, flow.Email, "", err)
	}
	return err
}

func (k *Kit) recovered(v visit, flow MailFlow, code, password string) (identity.Login, error) {
	if _, proved := k.UI.Cookie(v.r, k.Name+resetCookie); !proved {
		return k.Identity.CompleteRecovery(v.ctx(), flow.Email, flow.Flow, code, password)
	}
	login, err := k.resume(v, resetCookie)
	if err != nil {
		return login, err
	}
	return login, k.Identity.SetPassword(v.ctx(), login, password)
}
