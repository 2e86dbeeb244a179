package door

import (
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

type signInPage struct {
	web.Frame
	Paths           Paths
	Words           Words
	Email, Password web.Input
	Return          string // where to go afterwards
	Open            bool   // a password opens this door
	State           *stateWay
	Refused         *web.Notice // why the State's provider opened nothing
}

// codePage asks for the second factor of somebody who has one.
type codePage struct {
	web.Frame
	Paths  Paths
	Words  Words
	Code   web.Input
	Action string
}

// Cookies of a login on its way: one that waits for its second factor, and the same
// of somebody who chooses a new password after it.
const (
	pendingCookie = "connexion"
	resetCookie   = "nouveau"
)

func (k *Kit) signInPage(v visit) error {
	if _, ok := k.UI.Session(v.r); ok {
		if who, err := k.House.Resident(v.r, v.s); err == nil && !who.MustEnrol {
			web.Redirect(v.w, v.r, k.Paths.Home)
			return nil
		}
	}
	return k.showSignIn(v, "", v.r.URL.Query().Get("retour"), nil)
}

func (k *Kit) showSignIn(v visit, email, then string, refused error) error {
	page := k.signInForm(v, email, then)
	wrong(&page.Frame, &page.Email, refused, web.Sentence(refused))
	return k.doors.signIn.Render(v.w, v.r, v.status(refused), page)
}

func (k *Kit) signInForm(v visit, email, then string) signInPage {
	page := signInPage{
		Open: k.passwordOpen(v.s), State: k.stateWay(v, then),
		Frame: k.House.Frame(v.w, v.r, v.s, nil, "Se connecter"), Paths: k.Paths, Words: k.Words,
		Email:    web.Input{Name: "email", Label: "Adresse électronique", Type: "email", Value: email, Autocomplete: "username", NoSpellcheck: true},
		Password: web.Input{Name: "password", Label: "Mot de passe", Type: "password", Autocomplete: "current-password"},
	}
	if web.LocalPath(then) {
		page.Return = then
	}
	return page
}

func (k *Kit) passwordOpen(s web.Scope) bool { return k.PasswordOpen == nil || k.PasswordOpen(s) }

func (k *Kit) signIn(v visit) error {
	form, err := k.UI.Form(v.w, v.r)
	email, then := trimmed(form, "email"), form.Get("retour")
	var login identity.Login
	if err == nil && !k.passwordOpen(v.s) {
		err = fault.New(fault.Forbidden, "password_closed")
	}
	if err == nil {
		login, err = k.Identity.SignIn(v.ctx(), identity.Attempt{Email: email, Password: form.Get("password"), Address: v.address()})
	}
	if err == nil {
		err = k.enter(v, login, then, false)
	}
	if form != nil && comesBack(err) {
		return k.showSignIn(v, email, then, err)
	}
	return err
}

// Enter opens a session to who proved who they are, and leads them to then (a path of
// this site; anything else: the area's first page). A second factor that is missing
// is asked for first. The account that is nothing here is fault.Unauthorized
// "credentials".
func (k *Kit) Enter(w http.ResponseWriter, r *http.Request, s web.Scope, login identity.Login, then string) error {
	return k.enter(visit{w, r, s}, login, then, false)
}

// enter is Enter; with alone the person's other sessions end.
func (k *Kit) enter(v visit, login identity.Login, then string, alone bool) error {
	if !k.passwordOpen(v.s) {
		return fault.New(fault.Forbidden, "password_closed")
	}
	if login.NeedsTOTP {
		if err := k.suspend(v, pendingCookie, login); err != nil {
			return err
		}
		web.Redirect(v.w, v.r, withReturn(k.Paths.SignIn+codeStep, then))
		return nil
	}
	if !login.Verified && k.Unproved != nil {
		return k.Unproved(v.w, v.r, v.s, login)
	}
	opened, err := k.House.Open(v.ctx(), v.s, login, alone)
	if err != nil {
		return err
	}
	k.forget(v.ctx(), opened.Ended...)
	k.drop(v, pendingCookie, resetCookie, recoveryCookie)
	k.UI.SetSession(v.w, v.r, opened.Token, opened.Life)
	if !web.LocalPath(then) {
		then = k.Paths.Home
	}
	web.Redirect(v.w, v.r, then)
	return nil
}

func (k *Kit) codePage(v visit) error {
	if _, err := k.resume(v, pendingCookie); err != nil {
		web.Redirect(v.w, v.r, k.Paths.SignIn)
		return nil
	}
	return k.showCode(v, nil)
}

func (k *Kit) showCode(v visit, refused error) error {
	page := codePage{
		Frame: k.House.Frame(v.w, v.r, v.s, nil, "Votre code"), Paths: k.Paths, Words: k.Words,
		Code:   codeInput("Il est affiché par votre application d’authentification. Un code de secours convient aussi."),
		Action: withReturn(k.Paths.SignIn+codeStep, v.r.URL.Query().Get("retour")),
	}
	wrong(&page.Frame, &page.Code, refused, web.Sentence(refused))
	return k.doors.code.Render(v.w, v.r, v.status(refused), page)
}

func (k *Kit) code(v visit) error {
	form, err := k.UI.Form(v.w, v.r)
	if fault.Is(err, "form_expired") {
		return k.showCode(v, err)
	}
	if err != nil {
		return err
	}
	then := v.r.URL.Query().Get("retour")
	login, err := k.resume(v, pendingCookie)
	if err == nil {
		login, err = k.Identity.CompleteTOTP(v.ctx(), login, form.Get("code"), v.address())
	}
	switch {
	case fault.Is(err, "sign_in_again"):
		return k.showSignIn(v, "", then, err)
	case comesBack(err):
		return k.showCode(v, err)
	case err != nil:
		return err
	}
	if then == k.Paths.Recovery+newStep { // a forgotten password: it is chosen after the second factor
		if err := k.suspend(v, resetCookie, login); err != nil {
			return err
		}
		web.Redirect(v.w, v.r, then)
		return nil
	}
	if err = k.enter(v, login, then, false); fault.Is(err, "credentials") {
		return k.showSignIn(v, "", then, err)
	}
	return err
}

func (k *Kit) signOut(v visit) error {
	if _, err := k.UI.Form(v.w, v.r); err != nil {
		return err
	}
	var idToken string
	if token, ok := k.UI.Session(v.r); ok {
		idToken = k.idToken(v, token)
		provider, err := k.House.Leave(v.ctx(), v.s, token)
		if err != nil {
			return err
		}
		if provider != "" {
			k.forget(v.ctx(), provider)
		}
	}
	k.UI.ClearSession(v.w, v.r)
	if k.Left != nil {
		k.Left(v.w, v.r)
	}
	if idToken != "" {
		return k.leaveState(v, idToken)
	}
	return k.out(v)
}

// out ends a visit where the area says.
func (k *Kit) out(v visit) error {
	if k.Words.Out != "" {
		k.UI.SetFlash(v.w, v.r, web.Success, k.Words.Out)
	}
	web.Redirect(v.w, v.r, k.Paths.Out)
	return nil
}
