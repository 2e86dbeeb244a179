package agent

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// hire makes an account at Kratos and its agent.
func (o *office) hire(t *testing.T, role tenants.Role) (email string) {
	t.Helper()
	email = o.Account(t)
	provider, _, err := o.Deps.Identity.EnsureIdentity(t.Context(), email, webtest.Password)
	if err != nil {
		t.Fatal(err)
	}
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := staff.Invite(ctx, tx, staff.NewAgent{
			Email: email, GivenName: "Jeanne", FamilyName: "Roussel", Role: role, Subject: identity.Subject(tx, identity.ProviderKratos, provider),
		})
		return err
	})
	return email
}

func signIn(p *webtest.Page, email, password string) *webtest.Page {
	return p.Form("form[action='/agents/connexion']").Set("email", email).Set("password", password).Submit()
}

func TestAnAgentSignsInWithASecondFactorWhereTheCommuneAsksForOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t, webtest.WithKratos())
	email := o.hire(t, tenants.RoleAdmin)
	b := o.Browser(t)
	p := b.Get("/agents/compte").Want(http.StatusOK, "/agents/connexion")
	wrong := signIn(p, email, "pas le bon mot de passe").Want(http.StatusUnprocessableEntity, "")
	if !wrong.Has(".error-summary") || wrong.Form("form").Value("email") != email {
		t.Error("a wrong password is not told, or the address is lost")
	}
	citizen := o.Account(t)
	stranger := signIn(o.Browser(t).Get("/agents"), citizen, webtest.Password).Want(http.StatusUnprocessableEntity, "")
	if stranger.Text(".error-summary li") != wrong.Text(".error-summary li") {
		t.Error("somebody who is no agent gets another answer than a wrong password")
	}
	signIn(wrong, email, webtest.Password).Want(http.StatusOK, "/agents/compte")

	settings := webtest.Settings()
	settings.RequireAgentTOTP = true
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		_, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		return tenants.PutSettings(ctx, tx, settings, version)
	})
	p = b.Get("/agents").Want(http.StatusOK, securityPath)
	p.Form("main form").Set("again", "faux").Submit().Want(http.StatusUnprocessableEntity, "")
	p = p.Form("main form").Set("again", webtest.Password).Submit().Want(http.StatusOK, securityPath+"/double")
	secret := p.Text("code.secret")
	if !p.Has("svg.qr path") {
		t.Error("there is no QR code")
	}
	p = p.Form("main form").Set("code", "000000").Submit().Want(http.StatusUnprocessableEntity, "")
	if p.Text("code.secret") != secret || !p.Has("svg.qr path") {
		t.Error("a wrong code loses the secret")
	}
	p = p.Form("main form").Set("code", webtest.TOTP(t, secret, time.Now())).Submit().Want(http.StatusOK, "")
	if spare := p.Texts(".codes code"); len(spare) != 12 {
		t.Fatalf("the spare codes are %d", len(spare))
	}
	spare := p.Texts(".codes code")[0]
	b.Get("/agents").Want(http.StatusOK, "/agents")

	p.Form(`form[action="/agents/deconnexion"]`).Submit().Want(http.StatusOK, "/agents/connexion")
	p = signIn(b.Get("/agents/statistiques"), email, webtest.Password).Want(http.StatusOK, signInPath+"/code")
	p = p.Form("main form").Set("code", "123456").Submit().Want(http.StatusUnprocessableEntity, "")
	p.Form("main form").Set("code", spare).Submit().Want(http.StatusOK, "/agents/statistiques")
}

func TestAnInvitedAgentChoosesAPasswordAndAForgottenOneIsReplaced(t *testing.T) {
	t.Parallel()
	o := newOffice(t, webtest.WithKratos())
	boss := o.Browser(t)
	p := signIn(boss.Get("/agents/equipe"), o.hire(t, tenants.RoleAdmin), webtest.Password).Want(http.StatusOK, "/agents/equipe")
	email := strings.Replace(o.Account(t), "p", "nouvelle", 1)
	p.Form("main form").Set("email", "rien").Submit().Want(http.StatusUnprocessableEntity, "")
	p.Form("main form").Fill(map[string]string{"email": email, "given_name": "Inès", "family_name": "Faure", "role": "instructor"}).Submit().Want(http.StatusOK, "/agents/equipe")
	if !slices.ContainsFunc(o.Jobs(t), func(j pgtest.Job) bool { return j.Kind == (notify.SendArgs{}).Kind() }) {
		t.Error("no invitation leaves")
	}

	b := o.Browser(t)
	p = b.Get("/agents/connexion").Follow("Choisissez d’abord").Form("main form").Set("email", email).Submit().Want(http.StatusOK, "/agents/mot-de-passe/nouveau")
	code := o.Mails.Wait(t, email, 1).Code
	short := p.Form("main form").Set("code", code).Set("password", "court").Submit().Want(http.StatusUnprocessableEntity, "")
	if !short.Has(`.error-summary a[href="#password"]`) {
		t.Error("a short password is not told")
	}
	p.Form("main form").Set("code", "000000").Set("password", "un mot de passe assez long").Submit().Want(http.StatusUnprocessableEntity, "")
	p.Form("main form").Set("code", code).Set("password", "un mot de passe assez long").Submit().Want(http.StatusOK, "/agents")

	account := b.Get("/agents/compte")
	account.Follow("Changer de mot de passe").Form("form:has(input[name='password'])").Set("current", "un mot de passe assez long").Set("password", "un autre mot de passe, plus long").Submit().Want(http.StatusOK, securityPath)
	account = b.Get("/agents/compte").Form("form:has(input[name='name'])").Set("name", "Logiciel").Submit().Want(http.StatusOK, "")
	if got := account.Text("code.secret"); !strings.HasPrefix(got, staff.TokenPrefix) {
		t.Errorf("the key is shown as %q", got)
	}
	if again := b.Get("/agents/compte"); again.Has("code.secret") {
		t.Error("the key is shown twice")
	}
	signIn(o.Browser(t).Get("/agents"), email, "un autre mot de passe, plus long").Want(http.StatusOK, "/agents")

	boss.Get("/agents/equipe").Follow("Inès Faure").Form(`form:has(button[value="desactiver"])`).Press("Désactiver").Want(http.StatusOK, "")
	b.Get("/agents").Want(http.StatusOK, "/agents/connexion")
	signIn(b.Get("/agents"), email, "un autre mot de passe, plus long").Want(http.StatusUnprocessableEntity, "")
}

func TestARecoveredPasswordShutsOutWhoKnewTheOldOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t, webtest.WithKratos())
	email := o.hire(t, tenants.RoleFront)
	thief := o.Browser(t)
	signIn(thief.Get("/agents"), email, webtest.Password).Want(http.StatusOK, "/agents")
	b := o.Browser(t)
	p := b.Get("/agents/mot-de-passe").Form("main form").Set("email", email).Submit().Want(http.StatusOK, "/agents/mot-de-passe/nouveau")
	p.Form("main form").Set("code", o.Mails.Wait(t, email, 1).Code).Set("password", "un mot de passe tout neuf").Submit().Want(http.StatusOK, "/agents")
	thief.Get("/agents").Want(http.StatusOK, "/agents/connexion")
	b.Get("/agents").Want(http.StatusOK, "/agents")
}
