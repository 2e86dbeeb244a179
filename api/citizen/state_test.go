package citizen_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/citizen"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/identity/oidc/oidctest"
	"github.com/parvis-gru/parvis/tenants/parts"
)

const stateButton = "S’identifier avec FranceConnect"

// franceConnect opens a deployment whose commune has a client at the real provider, and a
// person there who was born abroad.
func franceConnect(t *testing.T, opts ...webtest.Option) (*webtest.Deployment, func(email string)) {
	t.Helper()
	p := webtest.StateLogin(t, oidc.FranceConnect)
	d := deploy(t, append(opts, webtest.WithState(map[oidc.Kind]string{oidc.FranceConnect: p.Issuer()}))...)
	id := d.OpenState(t, d.Tenant, oidc.FranceConnect, nil)
	host := "http://" + d.Registry.Host(d.Tenant.Slug)
	must(t, p.PutClient(t.Context(), parts.StateClient{
		ID: id, Secret: webtest.StateSecret, Redirect: []string{host + "/connexion/franceconnect/retour"}, Logout: []string{host + "/deconnexion/retour"},
	}))
	angela := func(email string) {
		t.Helper()
		must(t, p.PutPerson(t.Context(), parts.StatePerson{ID: "angela", Claims: map[string]any{
			"given_name": "Angela Claire", "family_name": "DUBOIS", "birthdate": "1962-08-24", "gender": "female", "birthcountry": "99205", "email": email,
		}}))
	}
	angela("angela@example.fr")
	return d, angela
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// through types a name at the provider.
func through(t *testing.T, p *webtest.Page, who string) *webtest.Page {
	t.Helper()
	if p.Title() != "Qui êtes-vous ?" {
		t.Fatalf("not at the provider but at %s (%q)", p.Path, p.Title())
	}
	return p.Form("form").Set("who", who).Press("Continuer")
}

func TestFranceConnectThereAndBackAndOut(t *testing.T) {
	t.Parallel()
	d, angela := franceConnect(t)
	b := d.Browser(t)
	door := b.Get("/connexion").Want(200, "/connexion")
	if about := door.Attr(`.state-way p a`, "href"); about != "https://franceconnect.gouv.fr/" {
		t.Errorf("the explanation is at %q", about)
	}
	space := through(t, door.Follow(stateButton), "angela").Want(200, "/mon-espace")
	if !strings.Contains(space.Text(".notice"), "reliez FranceConnect") {
		t.Errorf("the first visit says %q", space.Text(".notice"))
	}
	if form := begin(t, b, report).Form(stepForm); form.Value("given_name") != "Angela Claire" || form.Value("family_name") != "DUBOIS" || form.Value("email") != "angela@example.fr" {
		t.Errorf("the form is filled in with %q %q %q", form.Value("given_name"), form.Value("family_name"), form.Value("email"))
	}
	if got := b.Get("/demarches/" + report + "/formulaire/vos-coordonnees").Text(".verified"); !strings.Contains(got, "Angela Claire DUBOIS") {
		t.Errorf("the verified name is %q", got)
	}
	before := b.Cookies()
	away := space.Form(`form[action="/deconnexion"]`).Submit().Want(200, "/deconnexion")
	if !strings.HasPrefix(away.Header.Get("Refresh"), "0; url=http://127.0.0.1:") {
		t.Errorf("leaving goes on to %q", away.Header.Get("Refresh"))
	}
	out := away.Follow("Continuer vers FranceConnect").Form("form").Press("Se déconnecter").Want(200, "/")
	if !strings.Contains(out.Text(".notice"), "déconnecté") {
		t.Error("nothing says that both sessions are over")
	}
	thief := d.Browser(t)
	thief.SetCookies(before)
	thief.Get("/mon-espace").Want(200, "/connexion")

	// The same person under another address is the same account: the draft is there.
	angela("angela.dubois@example.org")
	again := through(t, b.Get("/connexion").Follow(stateButton), "angela").Want(200, "/mon-espace")
	if !again.Has(`form[action*="/brouillons/"]`) || again.Has(".notice") && strings.Contains(again.Text(".notice"), "Bienvenue") {
		t.Error("another address made another account")
	}
	// And whoever interrupts it is told so, and comes back to the door.
	b.Forget()
	cancelled := b.Get("/connexion").Follow(stateButton).Form("form").Press("Annuler").Want(200, "/connexion")
	if !strings.Contains(cancelled.Text(".notice"), "interrompu") {
		t.Errorf("an interrupted visit says %q", cancelled.Text(".notice"))
	}
}

func TestFranceConnectNeverMergesByAddress(t *testing.T) {
	t.Parallel()
	d, angela := franceConnect(t, webtest.WithKratos())
	email := d.Account(t)
	angela(email)
	b := d.Browser(t)
	signIn(t, b, email, password).Want(200, "/mon-espace")
	mine := fileReport(t, b).Form(sendForm).Submit().Text(".request-number")
	b.Forget()

	space := through(t, b.Get("/connexion").Follow(stateButton), "angela").Want(200, "/mon-espace")
	if space.Has(`a[href="/demandes/` + mine + `"]`) {
		t.Fatal("an address opened somebody's account")
	}
	theirs := fileReport(t, b).Form(sendForm).Submit().Text(".request-number")
	b.Forget()

	// They link it from the account, with the password: what both had is together.
	signIn(t, b, email, password).Want(200, "/mon-espace")
	security := b.Get("/mon-espace/securite").Want(200, "")
	link := func() *webtest.Form { return security.Form("#lien") }
	if refused := link().Set("link_password", "pas le bon mot de passe").Submit().Want(422, ""); !strings.Contains(refused.Text("#lien .error"), "mot de passe actuel") {
		t.Error("a wrong password is not told")
	}
	linked := through(t, link().Set("link_password", password).Submit().Follow("Continuer vers FranceConnect"), "angela").Want(200, "/mon-espace/securite")
	if !strings.Contains(linked.Text(".notice"), "relié") || linked.Has("#lien") {
		t.Error("the link is not told")
	}
	space = b.Get("/mon-espace")
	if !space.Has(`a[href="/demandes/`+mine+`"]`) || !space.Has(`a[href="/demandes/`+theirs+`"]`) {
		t.Error("the requests are not together")
	}
	b.Forget()
	if !through(t, b.Get("/connexion").Follow(stateButton), "angela").Want(200, "/mon-espace").Has(`a[href="/demandes/` + mine + `"]`) {
		t.Error("FranceConnect does not open the account that it was linked to")
	}
}

func TestAProcedureMayAskForFranceConnect(t *testing.T) {
	t.Parallel()
	d, _ := franceConnect(t)
	const slug = "copie-acte-naissance"
	level := catalogue.IdentityState
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error { return catalogue.SetIdentity(ctx, tx, slug, &level) })
	b := d.Browser(t)
	asked := begin(t, b, slug)
	if ways := asked.Text("#autrement"); !strings.Contains(ways, "guichet") || !strings.Contains(ways, "05 61 00 00 00") {
		t.Errorf("without a screen there is %q", ways)
	}
	step := through(t, asked.Follow(stateButton), "angela").Want(200, "/demarches/"+slug+"/formulaire/vos-coordonnees").Form(stepForm)
	if step.Value("family_name") != "DUBOIS" {
		t.Error("the draft is lost, or not filled in")
	}
	step.Set("postal_address", "3 rue des Écoles\n31320 Castanet-Tolosan")
	if wrong := step.Set("family_name", "Martin").Submit().Want(422, ""); !strings.Contains(wrong.Text(".error-summary"), "FranceConnect") {
		t.Error("another name than the verified one goes through")
	}
	step.Set("given_name", "angela").Set("family_name", "Dubois").Submit().Want(200, "")
}

func TestFranceConnectHostileAnswersEndOnAPlainPage(t *testing.T) {
	t.Parallel()
	issuer := oidctest.New(t)
	d := webtest.New(t, webtest.WithState(map[oidc.Kind]string{oidc.FranceConnect: issuer.URL}))
	d.Serve(t, citizen.New(d.Deps))
	d.OpenState(t, d.Tenant, oidc.FranceConnect, nil)
	d.OpenState(t, d.Other, oidc.FranceConnect, nil)
	refused := func(name string, p *webtest.Page, status int, words string) {
		t.Helper()
		if p.Status != status || !strings.Contains(p.Text(".notice.danger"), words) {
			t.Errorf("%s: %d, %q", name, p.Status, p.Texts(".notice"))
		}
		if !p.Has(`form[action="/connexion"]`) {
			t.Errorf("%s: no other way in is offered", name)
		}
	}
	nobody := func(name string, b *webtest.Browser) {
		t.Helper()
		if b.Get("/mon-espace").Path != "/connexion" {
			t.Errorf("%s: somebody is signed in", name)
		}
	}
	for name, c := range map[string]struct {
		lies   oidctest.Lies
		status int
		words  string
	}{
		"unsigned":      {oidctest.Lies{SignID: oidctest.Unsigned}, http.StatusForbidden, "vérifiée"},
		"another nonce": {oidctest.Lies{ID: map[string]any{"nonce": "x"}}, http.StatusForbidden, "vérifiée"},
		"another's":     {oidctest.Lies{Info: map[string]any{"sub": "x"}}, http.StatusForbidden, "vérifiée"},
		"a lower level": {oidctest.Lies{ID: map[string]any{"acr": "eidas0"}}, http.StatusForbidden, "assez fortement"},
		"an error":      {oidctest.Lies{Token: http.NotFoundHandler()}, http.StatusForbidden, "vérifiée"},
		"no name":       {oidctest.Lies{Info: map[string]any{"given_name": nil, "family_name": nil}}, http.StatusUnprocessableEntity, ""},
	} {
		b := d.Browser(t)
		issuer.Lie(c.lies)
		refused(name, b.Get("/connexion/franceconnect"), c.status, c.words)
		nobody(name, b)
	}
	issuer.Lie(oidctest.Lies{UserInfo: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })})
	refused("a provider that fails", d.Browser(t).Get("/connexion/franceconnect"), http.StatusServiceUnavailable, "ne répond pas")
	issuer.Lie(oidctest.Lies{})

	b := d.Browser(t)
	refused("a code out of nowhere", b.Get("/connexion/franceconnect/retour?code=x&state=y"), http.StatusForbidden, "quart d’heure")
	b.Get("/connexion/franceconnect").Want(200, "/mon-espace")
	refused("the same answer again", b.Get("/connexion/franceconnect/retour?code=x&state=y"), http.StatusForbidden, "quart d’heure")

	// The journey of one commune opens nothing in another, whatever its cookie.
	home, other := d.Browser(t), d.BrowserOf(t, d.Other.Slug)
	stopped := home.Stop("/connexion/franceconnect")
	other.SetCookies(home.Cookies())
	refused("another commune's answer", other.Get("/connexion/franceconnect/retour?"+answerOf(t, stopped).Encode()), http.StatusForbidden, "quart d’heure")
	nobody("another commune's answer", other)

	// Where somebody wants to go is a path of ours, or nowhere.
	for _, elsewhere := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`} {
		if p := d.Browser(t).Get("/connexion/franceconnect?retour=" + url.QueryEscape(elsewhere)); p.Path != "/mon-espace" || strings.Contains(p.Host, "evil") {
			t.Errorf("%s leads to %s%s", elsewhere, p.Host, p.Path)
		}
	}
	if d.BrowserOf(t, d.Other.Slug).Get("/demarches/"+report).Status != 200 {
		t.Error("the other commune is hurt")
	}
}

// answerOf goes to the provider in the browser's place, and gives its answer.
func answerOf(t *testing.T, address string) url.Values {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	must(t, err)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	must(t, err)
	_ = answer.Body.Close()
	back, err := answer.Location()
	must(t, err)
	return back.Query()
}

func TestWithoutAClientThereIsNoButton(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	if b.Get("/connexion").Has(".state-way") {
		t.Error("a button leads nowhere")
	}
	b.Get("/connexion/franceconnect").Want(http.StatusNotFound, "")
}
