package hub_test

import (
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants/identity"
)

func TestASessionEndsWithoutUseAndWithTheDay(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := signed(t, d)
	d.Clock.Advance(identity.AgentIdle - time.Minute)
	b.Get("/").Want(200, "/") // notes that it is used
	d.Clock.Advance(identity.AgentIdle - time.Minute)
	b.Get("/").Want(200, "/")
	d.Clock.Advance(identity.AgentIdle + time.Minute)
	b.Get("/communes/31113").Want(200, "/connexion")

	day := signed(t, d)
	for range 12 {
		day.Get("/").Want(200, "/")
		d.Clock.Advance(time.Hour)
	}
	day.Get("/").Want(200, "/connexion")
}

func TestAForgottenPasswordIsChosenAgain(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	email := administrator(t, d, d.Hub)
	thief := d.BrowserOf(t, d.Hub.Slug)
	signIn(thief, email, webtest.Password).Want(200, "/")
	b := d.BrowserOf(t, d.Hub.Slug)
	p := b.Get("/connexion").Follow("Mot de passe oublié").Form("form").Set("email", email).Submit().Want(200, "/mot-de-passe/nouveau")
	code := d.Mails.Wait(t, email, 1).Code
	p.Form("form").Set("code", code).Set("password", "court").Submit().Want(422, "/mot-de-passe/nouveau")
	p.Form("form").Set("code", code).Set("password", "une tout autre phrase de passe").Submit().Want(200, "/")
	thief.Get("/").Want(200, "/connexion")
	signIn(thief, email, webtest.Password).Want(422, "/connexion")
	b.Get("/").Want(200, "/")

	// Somebody who has an account and is nothing here learns nothing.
	nobody := d.Account(t)
	p = d.BrowserOf(t, d.Hub.Slug).Get("/mot-de-passe").Form("form").Set("email", nobody).Submit().Want(200, "/mot-de-passe/nouveau")
	p.Form("form").Set("code", d.Mails.Wait(t, nobody, 1).Code).Set("password", "une tout autre phrase de passe").Submit().Want(422, "/mot-de-passe/nouveau")
}

func TestASecondFactorIsAskedOfEverybodyWhereTheHubSaysSo(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	email := administrator(t, d, d.Hub)
	if _, err := d.Pool.Exec(t.Context(), `update platform.hub set require_totp = true where id = $1`, d.Hub.ID); err != nil {
		t.Fatal(err)
	}
	b := d.BrowserOf(t, d.Hub.Slug)
	p := signIn(b, email, webtest.Password).Want(200, "/compte")
	b.Get("/communes/31113").Want(200, "/compte")
	p = p.Form(`form[action="/compte/double"]`).Set("again", webtest.Password).Submit().Want(200, "/compte/double")
	secret := p.Text("code.secret")
	p.Form(`form[action="/compte/double/code"]`).Set("code", "000000").Submit().Want(422, "")
	p = p.Form(`form[action="/compte/double/code"]`).Set("code", webtest.TOTP(t, secret, time.Now())).Submit().Want(200, "")
	spare := p.Texts(".codes code")
	if len(spare) != 12 {
		t.Fatalf("%d spare codes", len(spare))
	}
	b.Get("/").Want(200, "/")
	if b.Get("/compte").Has(`button[formaction]`) {
		t.Error("a second factor that is compulsory can be taken away")
	}
	fresh := d.BrowserOf(t, d.Hub.Slug)
	asked := fresh.Get("/communes/31113").Want(200, "/connexion").Form("form").Set("email", email).Set("password", webtest.Password).Submit().Want(200, "/connexion/code")
	fresh.Get("/").Want(200, "/connexion")
	asked.Form("form").Set("code", "123456").Submit().Want(422, "/connexion/code")
	asked.Form("form").Set("code", spare[0]).Submit().Want(200, "/communes/31113")
}
