package hub_test

import (
	"context"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/hub"
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/staff"
)

func TestMain(m *testing.M) { webtest.Main(m) }

func TestEveryTemplateIsAPage(t *testing.T) {
	t.Parallel()
	left, err := web.Unregistered(os.DirFS("."))
	if err != nil || len(left) > 0 {
		t.Errorf("templates without a page: %q, %v", left, err)
	}
}

func deploy(t *testing.T, opts ...webtest.Option) *webtest.Deployment {
	t.Helper()
	d := webtest.New(t, opts...)
	d.Serve(t, hub.New(d.Deps))
	return d
}

// administrator makes an administrator of a hub with a real account and gives the
// address.
func administrator(t *testing.T, d *webtest.Deployment, h tenants.Hub) string {
	t.Helper()
	email := d.Account(t)
	id, _, err := d.Deps.Identity.EnsureIdentity(t.Context(), email, webtest.Password)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Registry.AddHubAdmin(t.Context(), tenants.HubAdmin{
		HubID: h.ID, Subject: identity.SubjectFor(d.Registry.HubKey(h, "subject"), identity.ProviderKratos, id),
		Email: email, GivenName: "Hélène", FamilyName: "Garrigues",
	})
	if err != nil {
		t.Fatal(err)
	}
	return email
}

func signIn(b *webtest.Browser, email, password string) *webtest.Page {
	return b.Get("/connexion").Form("form").Set("email", email).Set("password", password).Submit()
}

// signed opens a browser in which an administrator is signed in, without Kratos.
func signed(t *testing.T, d *webtest.Deployment) *webtest.Browser {
	t.Helper()
	b, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	return b
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	email, nobody := administrator(t, d, d.Hub), d.Account(t)
	other, err := d.Registry.NewHub(t.Context(), tenants.Hub{Slug: "muretain", SIREN: "200068641", Name: "Le Muretain Agglo", Colour: "#0b5c8a"})
	if err != nil {
		t.Fatal(err)
	}
	theirs := administrator(t, d, other)
	b := d.BrowserOf(t, d.Hub.Slug)
	b.Get("/").Want(200, "/connexion")
	b.Get("/communes/31113").Want(200, "/connexion")

	wrong := signIn(b, email, "pas le bon mot de passe").Want(422, "/connexion")
	for name, who := range map[string]string{"an account that administers nothing": nobody, "another hub's administrator": theirs, "nobody's address": "personne@exemple.fr"} {
		p := signIn(b, who, webtest.Password).Want(422, "/connexion")
		if !slices.Equal(p.Texts(".error-summary li"), wrong.Texts(".error-summary li")) {
			t.Errorf("%s is told %q; a wrong password %q", name, p.Texts(".error-summary li"), wrong.Texts(".error-summary li"))
		}
		if p.Form("form").Value("email") != who || p.Form("form").Value("password") != "" {
			t.Errorf("%s: the page does not keep the address alone", name)
		}
	}
	if len(b.Cookies()) > 1 {
		t.Errorf("a refused visitor has %d cookies", len(b.Cookies()))
	}
	home := signIn(b, email, webtest.Password).Want(200, "/")
	if home.Title() != "Communes" {
		t.Errorf("the first page is %q", home.Title())
	}
	// The session of one hub opens nothing on another, nor on a commune.
	there := d.BrowserOf(t, other.Slug)
	there.SetCookies(b.Cookies())
	there.Get("/").Want(200, "/connexion")

	kept := b.Cookies()
	home.Form(`form[action="/deconnexion"]`).Submit().Want(200, "/connexion")
	b.SetCookies(kept) // who kept the cookie
	b.Get("/").Want(200, "/connexion")
}

func TestKratosAwayAndForgers(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.BrowserOf(t, d.Hub.Slug)
	away := signIn(b, "hub@sicoval.example", webtest.Password).Want(503, "")
	if away.Header.Get("Retry-After") == "" {
		t.Error("the page does not say when to try again")
	}
	in := signed(t, d)
	before, _ := d.Registry.TenantsOf(t.Context(), d.Hub.ID)
	in.Post("/communes", url.Values{"insee": {"31004"}}).Want(403, "")
	after, err := d.Registry.TenantsOf(t.Context(), d.Hub.ID)
	if err != nil || len(after) != len(before) {
		t.Errorf("a forged form opened a commune (%v)", err)
	}
	b.Get("/connexion/code").Want(200, "/connexion")
	in.Get("/nulle-part").Want(404, "")
}

func TestList(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	today := calendar.On(d.Clock.Now(), d.Tenant.Zone())
	project := func(tenant tenants.Tenant, number string, due calendar.Date) {
		t.Helper()
		err := d.Registry.Project(t.Context(), tenants.Projection{
			TenantID: tenant.ID, Number: number, Procedure: "terrasse", Channel: "web", State: "received", ReceivedOn: today.AddDays(-3), DueOn: due, Version: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	project(d.Tenant, "26-000001", today.AddDays(40))
	project(d.Tenant, "26-000002", today.AddDays(5))
	project(d.Tenant, "26-000003", today.AddDays(30))
	project(d.Other, "26-000001", today.AddDays(-1))
	refresh(t, d, d.Tenant, tenants.Health{Agents: 3})
	refresh(t, d, d.Other, tenants.Health{Agents: 1, MailFailures: 2})
	b := signed(t, d)

	names := func(query string) []string {
		t.Helper()
		return b.Get("/"+query).Want(200, "/").Texts("table td:first-child a, table th[scope=row] a")
	}
	castanet, ramonville := "Castanet-Tolosan", "Ramonville-Saint-Agne"
	for query, want := range map[string][]string{
		"": {castanet, ramonville}, "?ordre=retard": {ramonville, castanet}, "?ordre=ouvertes": {castanet, ramonville},
		"?nom=ramon": {ramonville}, "?nom=31113": {castanet}, "?nom=Saint+Agne": {ramonville}, "?nom=zzz": nil, "?departement=31": {castanet, ramonville}, "?departement=75": nil,
		"?etat=suspended": nil, "?etat=live": {castanet, ramonville}, "?cellule=cell-9": nil, "?seulement=retard": {ramonville}, "?seulement=courriels": {ramonville}, "?seulement=version": nil,
	} {
		if got := names(query); !slices.Equal(got, want) {
			t.Errorf("%s: %q; want %q", query, got, want)
		}
	}
	// One whose schema was not migrated with the others.
	const older = `update cell.tenant_version set version = version - 1 where schema_name = $1`
	if _, err := d.Pool.Exec(t.Context(), older, d.Other.Schema); err != nil {
		t.Fatal(err)
	}
	refresh(t, d, d.Other, tenants.Health{Agents: 1, MailFailures: 2})
	if got := names("?seulement=version"); !slices.Equal(got, []string{ramonville}) {
		t.Errorf("behind: %q", got)
	}
	if got := names("?seulement=version&seulement=retard&nom=castanet"); len(got) > 0 {
		t.Errorf("behind, late and called Castanet: %q", got)
	}
	if csv := string(b.Get("/communes.csv?seulement=version").Want(200, "").Body); strings.Count(csv, "\n") != 2 || !strings.Contains(csv, ramonville) {
		t.Errorf("the spreadsheet of those behind: %s", csv)
	}
	p := b.Get("/")
	if !b.Get("/?seulement=version").Has("[name=seulement][value=version][checked]") {
		t.Error("the filter does not say that it is set")
	}
	cells := p.Texts("tbody tr > *")
	if len(cells) != 20 || !slices.Equal(cells[1:4], []string{"0", "1", "3"}) || !slices.Equal(cells[11:14], []string{"1", "0", "1"}) {
		t.Errorf("cells: %q", cells)
	}
	if facts := strings.Join(p.Texts(".facts li"), "; "); !strings.Contains(facts, "2 communes") || !strings.Contains(facts, "4 demandes en cours") || !strings.Contains(facts, "1 en retard") {
		t.Errorf("totals: %q", facts)
	}
	if health := p.Follow(castanet).Want(200, "/communes/31113").Text(".summary-list"); !strings.Contains(health, "Agents actifs3") {
		t.Errorf("the commune's health: %q", health)
	}
	if csv := string(b.Get("/communes.csv?seulement=retard").Want(200, "").Body); !strings.Contains(csv, "Ramonville-Saint-Agne;31446;live;cell-1;") || strings.Contains(csv, castanet) {
		t.Errorf("the spreadsheet: %s", csv)
	}

	numbers := func(query string) []string {
		t.Helper()
		return b.Get("/demandes"+query).Want(200, "/demandes").Texts("tbody tr > *:nth-child(2)")
	}
	if got := numbers(""); len(got) != 4 {
		t.Errorf("requests: %q", got)
	}
	for query, want := range map[string]int{"?retard=1": 1, "?commune=31113": 3, "?commune=Castanet": 3, "?commune=castanet-tolosan": 3, "?commune=paris": 0, "?demarche=terrasse": 4, "?demarche=autre": 0, "?etat=accepted": 0, "?etat=received&commune=31446": 1} {
		if got := numbers(query); len(got) != want {
			t.Errorf("%s: %q; want %d", query, got, want)
		}
	}
	if csv := string(b.Get("/demandes.csv?retard=1").Want(200, "").Body); strings.Count(csv, "\n") != 2 {
		t.Errorf("the requests' spreadsheet: %s", csv)
	}
	b.Get("/demandes?apres=nimporte").Want(422, "")
	b.Get("/?apres=x").Want(422, "")
}

// refresh counts a commune anew, as its job does every quarter of an hour.
func refresh(t *testing.T, d *webtest.Deployment, tenant tenants.Tenant, h tenants.Health) {
	t.Helper()
	if err := d.Registry.RefreshHealth(t.Context(), tenant, h, calendar.On(d.Clock.Now(), tenant.Zone())); err != nil {
		t.Fatal(err)
	}
}

func TestOpeningACommune(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := signed(t, d)
	search := func(q string) *webtest.Page {
		t.Helper()
		return b.Get("/communes/nouvelle?q="+url.QueryEscape(q)).Want(200, "/communes/nouvelle")
	}
	for q, want := range map[string]string{
		"Labège": "Labège", "labege": "Labège", "31254": "Labège", "vigoulet auzil": "Vigoulet-Auzil", "PECHABOU": "Péchabou", "31670": "Labège",
		"Vieille Toulouse": "Vieille-Toulouse", "l'haÿ les roses": "L'Haÿ-les-Roses",
	} {
		found := search(q).Texts("main li strong")
		if len(found) == 0 || strings.ReplaceAll(found[0], "’", "'") != want {
			t.Errorf("%q finds %q; want %s first", q, found, want)
		}
	}
	if hint := search("Montlaur").Text("main li .hint"); strings.Contains(hint, "hors de votre périmètre") {
		t.Errorf("a commune of the same name elsewhere comes first: %q", hint)
	}
	if p := search("<script>zz"); p.Has("main li strong") || !strings.Contains(p.Text("main"), "Aucune commune") || p.Has("main script") {
		t.Error("a name that is nobody's finds something")
	}
	if open := search("Castanet-Tolosan").Text("main li"); !strings.Contains(open, "Déjà ouverte") {
		t.Errorf("an open commune: %q", open)
	}

	stale := search("Labège")
	opened := search("Labège").Form(`form[action="/communes"]`).Press("Ouvrir Labège").Want(200, "/communes/31254")
	if opened.Title() != "Labège" || !strings.Contains(opened.Text("main"), "labege.localhost") {
		t.Errorf("the commune's page says %q", opened.Text("main"))
	}
	site, err := d.Registry.ByHost(t.Context(), "labege.localhost")
	if err != nil || site.Tenant.State != tenants.StateLive || site.Tenant.HubID != d.Hub.ID {
		t.Errorf("the commune is %+v (%v)", site.Tenant, err)
	}
	var settings tenants.Settings
	err = d.DB.Read(t.Context(), site.Tenant, tenants.System("test"), func(tx *tenants.Tx) (err error) {
		settings, _, err = tenants.GetSettings(t.Context(), tx)
		return err
	})
	if err != nil || settings.Court.Name == "" || settings.PostalAddress == "" || settings.Mayor != "" {
		t.Errorf("lent by the neighbours: %+v (%v)", settings, err)
	}
	again := stale.Form(`form[action="/communes"]`).Press("Ouvrir Labège").Want(200, "/communes/nouvelle")
	if !strings.Contains(again.Text("body"), "déjà ouverte") {
		t.Error("opening twice says nothing")
	}
	token := search("Vigoulet").Form(`form[action="/communes"]`).Value("_csrf")
	if p := b.Post("/communes", url.Values{"_csrf": {token}, "insee": {"99999"}}); p.Status < 400 || p.Status >= 500 {
		t.Errorf("a code that is no commune's: %d", p.Status)
	}
}

func TestAnotherHubsCommune(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	other, err := d.Registry.NewHub(t.Context(), tenants.Hub{Slug: "muretain", SIREN: "200068641", Name: "Le Muretain Agglo", Colour: "#0b5c8a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{HubID: other.ID, INSEE: "31395"}); err != nil {
		t.Fatal(err)
	}
	b := signed(t, d)
	b.Get("/communes/31395").Want(404, "")
	b.Get("/communes/99999").Want(404, "")
	b.Get("/communes/%00").Want(404, "")
	form := b.Get("/communes/31113").Form(`form[action="/communes/31113/agent"]`)
	token := form.Value("_csrf")
	b.Post("/communes/31395/agent", url.Values{"_csrf": {token}, "given_name": {"A"}, "family_name": {"B"}, "email": {"a@b.example"}}).Want(404, "")
}

func TestInvitingTheFirstAgent(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b := signed(t, d)
	form := func() *webtest.Form {
		t.Helper()
		return b.Get("/communes/31113").Want(200, "").Form(`form[action="/communes/31113/agent"]`)
	}
	p := form().Set("given_name", " ").Set("family_name", "Alami").Set("email", "nour").Submit().Want(422, "")
	if got := p.Texts(".error-summary li"); len(got) != 2 {
		t.Errorf("two things to correct are told as %q", got)
	}
	if f := p.Form(`form[action="/communes/31113/agent"]`); f.Value("family_name") != "Alami" || f.Value("email") != "nour" {
		t.Error("what was typed is lost")
	}
	stale := form()
	email := "nour." + strings.ToLower(d.Tenant.Schema) + "@castanet.example"
	done := form().Set("given_name", "Nour").Set("family_name", "Alami").Set("email", email).Submit().Want(200, "/communes/31113")
	if done.Has(`form[action="/communes/31113/agent"]`) {
		t.Error("the hub may invite a second agent")
	}
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		agents, err := staff.List(ctx, tx)
		if err != nil || len(agents) != 1 || agents[0].Role != tenants.RoleAdmin || agents[0].Email != email {
			t.Errorf("the agents are %+v (%v)", agents, err)
		}
		mail, err := tenants.One[string](ctx, tx, `select text from notification where recipient = $1 and template = 'agent_invited'`, email)
		if err != nil || !strings.Contains(mail, "/agents/mot-de-passe") {
			t.Errorf("the invitation: %q (%v)", mail, err)
		}
		return nil
	})
	if jobs := d.Jobs(t); !slices.ContainsFunc(jobs, func(j pgtest.Job) bool { return j.Kind == "notify_send" && j.TenantID == d.Tenant.ID }) {
		t.Errorf("nobody sends the invitation: %+v", jobs)
	}
	stale.Set("given_name", "Autre").Set("family_name", "Personne").Set("email", "autre@castanet.example").Submit().Want(409, "")
}
