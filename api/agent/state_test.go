package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/identity/oidc/oidctest"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// siretOf gives a SIRET of a SIREN: the key (Luhn) is searched for.
func siretOf(t *testing.T, siren string) string {
	t.Helper()
	for _, end := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		if n := siren + "0001" + end; tenants.ValidSIREN(n) {
			return n
		}
	}
	t.Fatalf("%s has no SIRET", siren)
	return ""
}

// proConnect opens an office whose commune has a client at the issuer.
func proConnect(t *testing.T, issuer string, change func(*tenants.Settings)) (*office, string) {
	t.Helper()
	o := newOffice(t, webtest.WithState(map[oidc.Kind]string{oidc.ProConnect: issuer}))
	id := o.OpenState(t, o.Tenant, oidc.ProConnect, func(s *tenants.Settings) {
		s.SignIn.SIRETs = []string{siretOf(t, o.Tenant.SIREN)}
		if change != nil {
			change(s)
		}
	})
	return o, id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestProConnectThereAndBackAndOut(t *testing.T) {
	t.Parallel()
	p := webtest.StateLogin(t, oidc.ProConnect)
	o, id := proConnect(t, p.Issuer(), func(s *tenants.Settings) { s.RequireAgentTOTP = true })
	host := "http://" + o.Registry.Host(o.Tenant.Slug)
	must(t, p.PutClient(t.Context(), parts.StateClient{
		ID: id, Secret: webtest.StateSecret, Redirect: []string{host + signInPath + "/proconnect/retour"}, Logout: []string{host + "/agents/deconnexion/retour"},
	}))
	person := func(name, email, siret string, factors ...string) {
		t.Helper()
		must(t, p.PutPerson(t.Context(), parts.StatePerson{ID: name, AMR: factors, Claims: map[string]any{
			"given_name": "Karima", "usual_name": "Petit", "email": email, "uid": name, "siret": siret,
		}}))
	}
	mine := siretOf(t, o.Tenant.SIREN)
	person("karima", o.admin.Email, mine, "pwd", "mfa")
	person("lazy", o.front.Email, mine, "pwd")
	person("neighbour", o.instructor.Email, siretOf(t, o.Other.SIREN), "pwd", "mfa")
	person("stranger", "inconnu@castanet.example", mine, "pwd", "mfa")
	person("impostor", o.admin.Email, mine, "pwd", "mfa")
	enter := func(b *webtest.Browser, who string) *webtest.Page {
		t.Helper()
		b.Forget()
		at := b.Get(signInPath).Follow("S’identifier avec ProConnect")
		if at.Title() != "Qui êtes-vous ?" {
			t.Fatalf("not at ProConnect but at %s: %s", at.Path, at.Texts(".error, .notice"))
		}
		return at.Form("form").Set("who", who).Press("Continuer")
	}
	b := o.Browser(t)
	enter(b, "karima").Want(http.StatusOK, "/agents")
	if member := b.Get("/agents/equipe/" + string(o.admin.ID)); !strings.Contains(member.Text("main"), "Relié à ProConnect") {
		t.Error("the tie is not shown")
	}
	if security := b.Get(securityPath).Want(http.StatusOK, ""); security.Has(`input[type="password"]`) {
		t.Error("a password is asked of a session that none opened")
	}
	out := b.Get("/agents").Form(`form[action="/agents/deconnexion"]`).Submit().Follow("Continuer vers ProConnect").Form("form").Press("Se déconnecter")
	out.Want(http.StatusOK, signInPath)
	for who, words := range map[string]string{
		"lazy": "second facteur", "neighbour": "SIRET", "stranger": "inviter à cette adresse", "impostor": "inviter à cette adresse",
	} {
		refused := enter(b, who).Want(http.StatusForbidden, "")
		if got := refused.Text(".notice.danger"); !strings.Contains(got, words) {
			t.Errorf("%s is told %q", who, got)
		}
		if b.Get("/agents").Path != signInPath {
			t.Errorf("%s is in", who)
		}
	}
	if ties := o.history(t, o.admin.ID, "proconnect_linked"); ties != 1 {
		t.Errorf("the history has %d ties", ties)
	}
	enter(b, "karima").Want(http.StatusOK, "/agents") // the second time by the subject
}

// history counts what happened to an agent.
func (o *office) history(t *testing.T, agent tenants.ID, kind string) (n int) {
	t.Helper()
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		return tx.QueryRow(ctx, `select count(*) from event where subject_id = $1 and kind = $2`, string(agent), kind).Scan(&n)
	})
	return n
}

func TestTheDoorOfThePasswordClosesFromTheInside(t *testing.T) {
	t.Parallel()
	issuer := oidctest.New(t)
	o, _ := proConnect(t, issuer.URL, nil)
	closeDoor := func(b *webtest.Browser) *webtest.Page {
		return b.Get(identityPath).Want(http.StatusOK, "").Form("form#identite").Uncheck("password").Submit()
	}
	if refused := closeDoor(o.signed(t, o.admin)).Want(http.StatusUnprocessableEntity, ""); !strings.Contains(refused.Text(".error-summary"), "ProConnect") {
		t.Error("who came by the password closes it")
	}
	issuer.Lie(oidctest.Lies{Info: map[string]any{"email": o.admin.Email, "siret": siretOf(t, o.Tenant.SIREN)}})
	b := o.Browser(t)
	b.Get(signInPath+"/proconnect").Want(http.StatusOK, "/agents")
	closeDoor(b).Want(http.StatusOK, identityPath)
	other := o.Browser(t)
	if door := other.Get(signInPath); door.Has(`input[name="password"]`) || !door.Has(".state-way") {
		t.Error("the password is still asked for")
	}
	// ProConnect cannot be closed while it is the only door.
	last := b.Get(identityPath).Form("form#identite").Uncheck("proconnect-open").Submit().Want(http.StatusUnprocessableEntity, "")
	if !strings.Contains(last.Text(".error-summary"), "porte") {
		t.Errorf("closing the last door says %q", last.Text(".error-summary"))
	}
}

func TestTheClientsSecretIsKeptAndNeverShown(t *testing.T) {
	t.Parallel()
	issuer := oidctest.New(t)
	o := newOffice(t, webtest.WithState(map[oidc.Kind]string{oidc.FranceConnect: issuer.URL}))
	b := o.signed(t, o.admin)
	form := b.Get(settingsPath).Follow("Régler les connexions").Want(http.StatusOK, identityPath).Form("form#identite")
	form.Set("franceconnect-open", "1").Set("franceconnect-environment", "integration").Set("proconnect-open", "1").Set("sirets", "123\n")
	wrong := form.Submit().Want(http.StatusUnprocessableEntity, "")
	for _, id := range []string{"franceconnect-id", "franceconnect-secret", "proconnect-id", "sirets"} {
		if !wrong.Has(`.error-summary a[href="#` + id + `"]`) {
			t.Errorf("the summary leads not to %s but to %q", id, wrong.Texts(".error-summary li"))
		}
	}
	stranger := form.Set("sirets", siretOf(t, o.Other.SIREN)).Submit().Want(http.StatusUnprocessableEntity, "")
	if !strings.Contains(stranger.Text(".error-summary"), "intercommunalité") {
		t.Errorf("another commune's SIRET: %q", stranger.Texts(".error-summary li"))
	}
	form.Uncheck("proconnect-open").Set("sirets", siretOf(t, o.Hub.SIREN)).Set("franceconnect-id", "castanet").Set("franceconnect-secret", oidctest.ClientSecret)
	saved := form.Set("agent_idle", "30").Submit().Want(http.StatusOK, identityPath)
	if strings.Contains(string(saved.Body), oidctest.ClientSecret) || !strings.Contains(saved.Text("#franceconnect"), "Un secret est enregistré") {
		t.Error("the secret is shown, or not kept")
	}
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		var text string
		if err := tx.QueryRow(ctx, `select data::text from setting`).Scan(&text); err != nil {
			return err
		}
		if strings.Contains(text, oidctest.ClientSecret) {
			t.Error("the secret lies in clear")
		}
		s, _, err := tenants.GetSettings(ctx, tx)
		if c, open := identity.StateClient(tx.Key, s.SignIn, oidc.FranceConnect, ""); open != nil || c.Secret != oidctest.ClientSecret {
			t.Errorf("the secret does not open: %v", open)
		}
		return err
	})
	try := func() string {
		t.Helper()
		return b.Get(identityPath).Form(`form:has(input[value="franceconnect"])`).Submit().Want(http.StatusOK, identityPath).Text(".notice")
	}
	if got := try(); !strings.Contains(got, "reconnaît") {
		t.Errorf("a good client: %q", got)
	}
	issuer.Lie(oidctest.Lies{Describe: map[string]any{"issuer": "https://evil.example"}})
	if got := try(); !strings.Contains(got, "sous un autre nom") {
		t.Errorf("another issuer: %q", got)
	}
	b.Get(identityPath).Form("form#identite").Set("franceconnect-id", "ramonville").Submit().Want(http.StatusUnprocessableEntity, "") // it wants its own secret
	o.signed(t, o.front).Get(identityPath).Want(http.StatusForbidden, "")
}

func TestAgentsAreShownHowSureANameIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "courrier-maire", letterToMayor)
	if got := o.signed(t, o.admin).Get("/agents/demandes/" + r.Number).Text("main"); !strings.Contains(got, "déclarée, non vérifiée") {
		t.Errorf("the page says %q", got)
	}
	p := o.signed(t, o.admin).Get("/agents/demarches/courrier-maire").Form("form#niveau").Set("identity", "3").Submit()
	if p.Status != http.StatusConflict {
		t.Errorf("FranceConnect is asked for where it is closed: %d", p.Status)
	}
	b := o.signed(t, o.admin)
	if b.Get("/agents/demarches/signalement-voirie").Has("form#niveau") {
		t.Error("a report from the street asks for an identity")
	}
	if got := b.Get("/agents/demarches/courrier-maire").Form("form#niveau").Set("identity", "2").Submit().Want(http.StatusOK, "").Form("form#niveau").Value("identity"); got != "2" {
		t.Errorf("the level kept is %q", got)
	}
}
