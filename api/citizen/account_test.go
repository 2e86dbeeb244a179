package citizen_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants/identity"
)

const (
	signInForm = `form[action="/connexion"]`
	password   = webtest.Password
)

func signIn(t *testing.T, b *webtest.Browser, email, password string) *webtest.Page {
	t.Helper()
	return b.Get("/connexion").Want(200, "/connexion").Form(signInForm).Set("email", email).Set("password", password).Submit()
}

func TestAnAccountIsMadeConfirmedAndUsed(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b := d.Browser(t)
	email := fmt.Sprintf("nouvelle-%d@example.fr", time.Now().UnixNano())
	register := b.Get("/inscription").Want(200, "").Form(`form[action="/inscription"]`)
	register.Set("email", "pas une adresse").Set("password", "court").Submit().Want(422, "/inscription")
	p := register.Set("email", email).Set("password", password).Submit().Want(200, "/inscription/code")
	p.Form("form.card").Set("code", "000000").Submit().Want(422, "/inscription/code")
	code := d.Mails.Wait(t, email, 1).Code
	p.Form("form.card").Set("code", code).Submit().Want(200, "/connexion")
	space := signIn(t, b, email, password).Want(200, "/mon-espace")
	profile := space.Follow("Modifier mes coordonnées").Form("form.card").Fill(map[string]string{
		"given_name": "Aminata", "family_name": "Lefèvre", "phone": "06 12 34 56 78", "postal_address": "3 rue des Écoles",
	}).Submit().Want(200, "/mon-espace")
	if got := profile.Text(".summary-list"); !strings.Contains(got, "Lefèvre") {
		t.Errorf("the profile says %q", got)
	}
	form := begin(t, b, report).Form(stepForm)
	if form.Value("family_name") != "Lefèvre" || form.Value("email") != email {
		t.Errorf("the form is filled in with %q, %q", form.Value("family_name"), form.Value("email"))
	}
	form.Submit().Want(200, "/demarches/"+report+"/formulaire/probleme")
	b.Forget()
	again := signIn(t, b, email, password).Want(200, "/mon-espace")
	step := again.Form(`form[action*="/brouillons/"]`).Submit().Want(200, "/demarches/"+report+"/formulaire/probleme")
	done := step.Form(stepForm).Set("categorie", "chaussee").Set("danger", "non").Set("lieu", "Ici").Submit().Form(sendForm).Submit()
	number := done.Text(".request-number")
	mine := b.Get("/mon-espace")
	if !mine.Has(`a[href="/demandes/`+number+`"]`) || mine.Has(`form[action*="/brouillons/"]`) {
		t.Error("the request is not in the account, or its draft still is")
	}
	out := mine.Form(`form[action="/deconnexion"]`).Submit().Want(200, "/")
	if !strings.Contains(out.Text(".notice"), "déconnecté") {
		t.Error("nothing says that the session is over")
	}
	b.Get("/mon-espace").Want(200, "/connexion")
	b.Get("/demandes/"+number).Want(200, "/suivi")
}

func TestWrongPasswordsSlowDown(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b, email := d.Browser(t), d.Account(t)
	p := signIn(t, b, email, "un autre mot de passe").Want(422, "/connexion")
	if p.Form(signInForm).Value("email") != email || p.Form(signInForm).Value("password") != "" {
		t.Error("the address is lost, or the password comes back")
	}
	for range 30 {
		if p = signIn(t, b, email, "encore un autre"); p.Status == 429 {
			break
		}
	}
	if p.Status != 429 || p.Header.Get("Retry-After") == "" {
		t.Errorf("thirty tries end with %d, Retry-After %q", p.Status, p.Header.Get("Retry-After"))
	}
}

func TestAForgottenPasswordIsChosenAgain(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b, email := d.Browser(t), d.Account(t)
	elsewhere := d.Browser(t)
	signIn(t, elsewhere, email, password).Want(200, "/mon-espace")
	p := b.Get("/connexion").Follow("Mot de passe oublié").Form("form.card").Set("email", email).Submit().Want(200, "/mot-de-passe/nouveau")
	code := d.Mails.Wait(t, email, 1).Code
	p.Form("form.card").Set("code", code).Set("password", "court").Submit().Want(422, "/mot-de-passe/nouveau")
	p.Form("form.card").Set("code", code).Set("password", "une tout autre phrase de passe").Submit().Want(200, "/mon-espace")
	elsewhere.Get("/mon-espace").Want(200, "/connexion")
	signIn(t, d.Browser(t), email, password).Want(422, "")
}

func TestASecondFactorIsSetUpAskedAndTakenAway(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b, email := d.Browser(t), d.Account(t)
	security := signIn(t, b, email, password).Follow("Mot de passe et sécurité")
	const on, off = `form[action$="/double"]`, `form[action$="/secours"]`
	security.Form(on).Set("again", "faux").Submit().Want(422, "")
	enrol := security.Form(on).Set("again", password).Submit().Want(200, "/mon-espace/securite/double")
	secret := enrol.Text("code.secret")
	enrol.Form("form.card").Set("code", "000000").Submit().Want(422, "")
	codes := enrol.Form("form.card").Set("code", webtest.TOTP(t, secret, time.Now())).Submit().Want(200, "")
	if n := len(codes.Texts(".codes li")); n != 12 {
		t.Errorf("%d recovery codes are shown", n)
	}
	fresh := d.Browser(t)
	asked := signIn(t, fresh, email, password).Want(200, "/connexion/code")
	asked.Form("form.card").Set("code", "000000").Submit().Want(422, "/connexion/code")
	space := asked.Form("form.card").Set("code", webtest.TOTP(t, secret, time.Now())).Submit().Want(200, "/mon-espace")
	plain := space.Follow("Mot de passe et sécurité").Form(off).Set("again", password).Set("code", webtest.TOTP(t, secret, time.Now())).Press("Retirer la double authentification").Want(200, "/mon-espace/securite")
	if !plain.Has(on) {
		t.Error("the second factor is still there")
	}
	signIn(t, d.Browser(t), email, password).Want(200, "/mon-espace")
}

func TestAPasswordIsChanged(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b, email := d.Browser(t), d.Account(t)
	form := signIn(t, b, email, password).Follow("Mot de passe et sécurité").Form(`form[action$="/mot-de-passe"]`)
	form.Set("current", "faux").Set("password", "une tout autre phrase de passe").Submit().Want(422, "")
	form.Set("current", password).Set("password", "court").Submit().Want(422, "")
	form.Set("current", password).Set("password", "une tout autre phrase de passe").Submit().Want(200, "/mon-espace/securite")
	b.Get("/mon-espace").Want(200, "/mon-espace")
	signIn(t, d.Browser(t), email, "une tout autre phrase de passe").Want(200, "/mon-espace")
}

func TestAGuestsRequestIsTakenIntoAnAccount(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b, email := d.Browser(t), d.Account(t)
	number := fileReport(t, b).Form(sendForm).Submit().Text(".request-number")
	signIn(t, b, email, password).Want(200, "/mon-espace")
	p := b.Get("/demandes/"+number).Form(`form[action$="/rattacher"]`).Submit().Want(200, "/demandes/"+number)
	if p.Has(`form[action$="/rattacher"]`) || !b.Get("/mon-espace").Has(`a[href="/demandes/`+number+`"]`) {
		t.Error("the request is not in the account")
	}
	other := d.Browser(t)
	signIn(t, other, d.Account(t), password)
	other.Get("/demandes/"+number).Want(200, "/suivi")
	b.Get("/connexion").Want(200, "/mon-espace")
}

func TestWithoutTheIdentityProviderTheRestGoesOn(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	p := signIn(t, b, "aminata@example.fr", password).Want(503, "/connexion")
	if !strings.Contains(p.Text("main"), "sans compte") {
		t.Errorf("the page says %q", p.Text("main"))
	}
	fileReport(t, b).Form(sendForm).Submit().Want(200, "")
}

func TestASignInComesBackToItsPage(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b, email := d.Browser(t), d.Account(t)
	p := b.Get("/mon-espace/profil").Want(200, "/connexion")
	p.Form(signInForm).Set("email", email).Set("password", password).Submit().Want(200, "/mon-espace/profil")
	away := d.Browser(t).Get("/connexion?retour=https://evil.example/").Want(200, "/connexion")
	if away.Has(`input[name=retour]`) {
		t.Error("the way back leads to another site")
	}
}

func TestAPasswordChangedInOneCommuneEndsTheSessionsInTheOthers(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	email := d.Account(t)
	here, there := d.Browser(t), d.BrowserOf(t, d.Other.Slug)
	signIn(t, here, email, password).Want(200, "/mon-espace")
	signIn(t, there, email, password).Want(200, "/mon-espace")
	form := here.Get("/mon-espace/securite").Form(`form[action$="/mot-de-passe"]`)
	form.Set("current", password).Set("password", "une tout autre phrase de passe").Submit().Want(200, "/mon-espace/securite")
	d.Clock.Advance(identity.RecheckEvery + time.Second)
	there.Get("/mon-espace").Want(200, "/connexion")
	here.Get("/mon-espace").Want(200, "/mon-espace")
}
