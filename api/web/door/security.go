package door

import (
	"net/http"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

type securityPage struct {
	web.Frame
	Paths       Paths
	Words       Words
	Who         Resident
	Old         web.Input // the password in force
	OldCode     web.Input
	New         web.Input
	Again, Code web.Input // for the second factor's form
	Link        *linkWay
}

// linkWay is the form by which somebody ties their account to the State's provider.
type linkWay struct {
	Name, Action, Return string
	Password, Code       web.Input
}

// enrolPage shows the secret, to be read by an authenticator.
type enrolPage struct {
	web.Frame
	Paths                 Paths
	Flow, Secret, Drawing string
	Size                  int
	Code                  web.Input
}

type codesPage struct {
	web.Frame
	Paths Paths
	Codes []string
}

// enrolCookie holds, sealed, the fresh proof of the password while a second factor is
// set up.
const enrolCookie = "double"

// The forms of the page, for what is refused.
const (
	passwordForm = "password"
	factorForm   = "factor"
	linkForm     = "link"
)

func (k *Kit) showSecurity(v visit, form string, refused error) error {
	who, err := k.House.Resident(v.r, v.s)
	if err != nil {
		return err
	}
	page := securityPage{
		Frame: k.House.Frame(v.w, v.r, v.s, &who, "Mot de passe et sécurité"), Paths: k.Paths, Words: k.Words, Who: who,
		Old:     web.Input{Name: "current", Label: "Mot de passe actuel", Type: "password", Autocomplete: "current-password"},
		OldCode: codeInput("De votre application, s’il vous est demandé."), New: PasswordInput("Nouveau mot de passe"),
		Again: web.Input{Name: "again", Label: "Votre mot de passe", Type: "password", Autocomplete: "current-password"},
		Code:  codeInput("De votre application, s’il vous est demandé."),
	}
	page.OldCode.Name, page.OldCode.Optional, page.Code.Optional = "current_code", true, true
	field, code, message := &page.Old, &page.OldCode, web.Sentence(refused)
	page.Link = k.linkWay(v, who)
	switch {
	case form == factorForm:
		field, code = &page.Again, &page.Code
	case form == linkForm && page.Link != nil:
		field, code = &page.Link.Password, &page.Link.Code
	}
	switch {
	case fault.Is(refused, "credentials"):
		message = "Ce n’est pas votre mot de passe actuel."
	case fault.Is(refused, "second_factor"), fault.Is(refused, "second_factor_needed"):
		field = code
	case PasswordSentence(refused) != "":
		field, message = &page.New, PasswordSentence(refused)
	}
	wrong(&page.Frame, field, refused, message)
	return k.inside.security.Render(v.w, v.r, v.status(refused), page)
}

// linkWay gives the form, where the commune has opened the State's provider and a
// password opened the session.
func (k *Kit) linkWay(v visit, who Resident) *linkWay {
	if k.State == nil || k.State.Link == nil || who.State != "" {
		return nil
	}
	if _, err := k.client(v); err != nil {
		return nil
	}
	way := &linkWay{
		Name: stateName(k.State.Kind), Action: k.Paths.Security + "/" + string(k.State.Kind),
		Password: web.Input{Name: "link_password", Label: "Votre mot de passe", Type: "password", Autocomplete: "current-password"},
		Code:     codeInput("De votre application, s’il vous est demandé."),
	}
	way.Code.Name, way.Code.Optional = "link_code", true
	if then := v.r.URL.Query().Get("retour"); web.LocalPath(then) {
		way.Return = then
	}
	return way
}

// confirmed reads a form of the page and asks the provider for the password again, as
// it wants before a change, and for the second factor where its session is over.
func (k *Kit) confirmed(v visit, password, code string) (form url.Values, login identity.Login, err error) {
	if form, err = k.UI.Form(v.w, v.r); err != nil {
		return form, login, err
	}
	who, err := k.House.Resident(v.r, v.s)
	if err != nil {
		return form, login, err
	}
	if who.State != "" {
		return form, login, fault.New(fault.Unauthorized, "sign_in_again") // there is no password behind this session
	}
	login, err = k.Identity.Confirm(v.ctx(), who.Provider, identity.Attempt{Email: who.Email, Password: form.Get(password), Address: v.address()})
	if err == nil && login.NeedsTOTP {
		if form.Get(code) == "" {
			return form, login, fault.New(fault.Unauthorized, "second_factor_needed")
		}
		login, err = k.Identity.CompleteTOTP(v.ctx(), login, form.Get(code), v.address())
	}
	return form, login, err
}

// again shows the page with what was refused, or gives the error on.
func (k *Kit) again(v visit, form string, err error) error {
	if comesBack(err) {
		return k.showSecurity(v, form, err)
	}
	return err
}

// changePassword sets another password and ends the person's other sessions.
func (k *Kit) changePassword(v visit) error {
	form, login, err := k.confirmed(v, "current", "current_code")
	if err == nil {
		err = k.Identity.SetPassword(v.ctx(), login, form.Get("password"))
	}
	if err != nil {
		return k.again(v, passwordForm, err)
	}
	ended, err := k.House.Renew(v.r, v.s, login, true)
	if err != nil {
		return err
	}
	k.forget(v.ctx(), ended...)
	return k.done(v, "Votre mot de passe est changé. Vos autres sessions sont fermées.")
}

func (k *Kit) done(v visit, sentence string) error {
	k.UI.SetFlash(v.w, v.r, web.Success, sentence)
	web.Redirect(v.w, v.r, k.Paths.Security)
	return nil
}

// startFactor begins to set up a second factor, once the password was given again.
func (k *Kit) startFactor(v visit) error {
	_, login, err := k.confirmed(v, "again", "code")
	if err != nil {
		return k.again(v, factorForm, err)
	}
	if err := k.suspend(v, enrolCookie, login); err != nil {
		return err
	}
	web.Redirect(v.w, v.r, k.Paths.Security+doubleStep)
	return nil
}

func (k *Kit) enrolPage(v visit) error {
	who, err := k.House.Resident(v.r, v.s)
	if err != nil {
		return err
	}
	login, err := k.resume(v, enrolCookie)
	if err != nil {
		web.Redirect(v.w, v.r, k.Paths.Security)
		return nil
	}
	e, err := k.Identity.StartTOTP(v.ctx(), login)
	if err != nil {
		return k.again(v, factorForm, err)
	}
	return k.showEnrol(v, who, e, nil)
}

func (k *Kit) showEnrol(v visit, who Resident, e identity.TOTPEnrolment, refused error) error {
	page := enrolPage{
		Frame: k.House.Frame(v.w, v.r, v.s, &who, "Double authentification"), Paths: k.Paths,
		Flow: e.Flow, Secret: e.Secret, Drawing: e.Path, Size: e.Size, Code: codeInput("Celui que votre application affiche maintenant."),
	}
	page.Code.InputMode = "numeric"
	wrong(&page.Frame, &page.Code, refused, "Ce code n’est pas le bon. Saisissez celui que votre application affiche maintenant.")
	return k.inside.enrol.Render(v.w, v.r, v.status(refused), page)
}

// enrol ends the set-up, and shows the recovery codes once.
func (k *Kit) enrol(v visit) error {
	form, expired := k.UI.Form(v.w, v.r)
	if expired != nil && !fault.Is(expired, "form_expired") {
		return expired
	}
	who, err := k.House.Resident(v.r, v.s)
	if err != nil {
		return err
	}
	login, err := k.resume(v, enrolCookie)
	if err != nil {
		web.Redirect(v.w, v.r, k.Paths.Security)
		return nil
	}
	shown := identity.TOTPEnrolment{Flow: form.Get("flow"), Secret: form.Get("secret"), Path: form.Get("path"), Size: sizeOf(form)}
	if expired != nil {
		return k.showEnrol(v, who, shown, expired)
	}
	login, err = k.Identity.ConfirmTOTP(v.ctx(), login, shown.Flow, trimmed(form, "code"))
	if fault.Is(err, "code_wrong") {
		return k.showEnrol(v, who, shown, err)
	}
	if err == nil {
		_, err = k.House.Renew(v.r, v.s, login, false)
	}
	if err != nil {
		return k.again(v, factorForm, err)
	}
	k.drop(v, enrolCookie)
	return k.showCodes(v, login)
}

// showCodes makes new recovery codes and shows them, once.
func (k *Kit) showCodes(v visit, login identity.Login) error {
	codes, err := k.Identity.RecoveryCodes(v.ctx(), login)
	if err != nil {
		return err
	}
	who, err := k.House.Resident(v.r, v.s)
	if err != nil {
		return err
	}
	return k.inside.codes.Render(v.w, v.r, http.StatusOK, codesPage{Frame: k.House.Frame(v.w, v.r, v.s, &who, "Codes de secours"), Paths: k.Paths, Codes: codes})
}

func (k *Kit) newCodes(v visit) error {
	_, login, err := k.confirmed(v, "again", "code")
	if err == nil {
		_, err = k.House.Renew(v.r, v.s, login, false)
	}
	if err != nil {
		return k.again(v, factorForm, err)
	}
	return k.showCodes(v, login)
}

// dropFactor takes the second factor away, where it is not compulsory.
func (k *Kit) dropFactor(v visit) error {
	_, login, err := k.confirmed(v, "again", "code")
	if err == nil {
		var who Resident
		if who, err = k.House.Resident(v.r, v.s); err == nil && who.Required {
			err = fault.New(fault.Forbidden, "not_allowed")
		}
	}
	if err == nil {
		err = k.Identity.DisableTOTP(v.ctx(), login)
	}
	if err == nil {
		login.AAL, login.HasTOTP = 1, false
		_, err = k.House.Renew(v.r, v.s, login, false)
	}
	if err != nil {
		return k.again(v, factorForm, err)
	}
	return k.done(v, "La double authentification est retirée.")
}
