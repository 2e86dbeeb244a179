package open_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/open"
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

func TestEveryTemplateIsAPage(t *testing.T) {
	t.Parallel()
	left, err := web.Unregistered(os.DirFS("."))
	if err != nil || len(left) > 0 {
		t.Errorf("templates without a page: %q, %v", left, err)
	}
}

const muret = "31395"

// deploy opens the platform's pages, with an official address for Muret.
func deploy(t *testing.T, opts ...webtest.Option) *webtest.Deployment {
	t.Helper()
	d := webtest.New(t, opts...)
	d.Serve(t, open.New(open.Config{Deps: d.Deps, Operator: open.Operator{Name: "Syndicat d’exemple", Lines: []string{"contact@parvis.example"}}}))
	if _, err := d.Deps.Openings.LoadDirectory(t.Context(), strings.NewReader("31395;mairie@muret.example;05 36 49 00 01;Mairie de Muret|31600 Muret"), "essai"); err != nil {
		t.Fatal(err)
	}
	return d
}

// fill answers the form of a commune.
func fill(p *webtest.Page, email string) *webtest.Form {
	return p.Form(`form[method="post"]`).Fill(map[string]string{
		"given_name": "Claire", "family_name": "Vidal", "position": "secretary", "email": email, "terms": "1",
	})
}

var eight = regexp.MustCompile(`\b(\d{4} \d{4})\b`)

func TestASecretaryOpensHerPortal(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithKratos())
	b := d.Platform(t)
	b.Get("/").Want(200, "/ouvrir")
	found := b.Get("/ouvrir").Want(200, "").Form("form.search").Set("q", "muret").Submit().Want(200, "/ouvrir")
	if hints := found.Texts("#resultats .hint"); len(hints) == 0 || !strings.Contains(hints[0], "habitants") {
		t.Errorf("what tells namesakes apart: %q", hints)
	}
	place := found.Form(`#resultats form`).Set("insee", muret).Submit().Want(200, "/ouvrir/communes/"+muret)
	if text := place.Text("main"); !strings.Contains(text, "m…@m….example") || strings.Contains(text, "mairie@muret") {
		t.Errorf("the official address stands as %q", text)
	}
	email := "claire." + strings.ToLower(d.Tenant.Schema) + "@muret.example"
	wrong := fill(place, "claire").Submit().Want(422, "")
	if f := wrong.Form(`form[method="post"]`); f.Value("family_name") != "Vidal" || len(wrong.All(".error-summary li")) != 1 {
		t.Error("what was typed is lost")
	}
	code := fill(wrong, email).Submit().Want(200, "/ouvrir/communes/"+muret+"/suite")
	if code.Has("#code") != true || strings.Contains(code.Path+"?"+code.Query.Encode(), "claire") {
		t.Errorf("the page of the code: %s", code.Path)
	}
	mails := d.SMTP.Messages()
	if len(mails) != 1 || mails[0].To[0] != "mairie@muret.example" {
		t.Fatalf("the town hall got %d mails", len(mails))
	}
	refused := code.Form("form").Set("code", "0000 0001").Submit().Want(422, "")
	if got := refused.Text(".error-summary li"); !strings.Contains(got, "4 essais") {
		t.Errorf("a wrong code: %q", got)
	}
	done := refused.Form("form").Set("code", eight.FindString(mails[0].Text)).Submit().Want(200, "/ouvrir/communes/"+muret+"/suite")
	if done.Title() != "Le portail de Muret est ouvert" || !strings.Contains(done.Text("main"), email) {
		t.Fatalf("at the end: %q", done.Text("main"))
	}
	if link := done.Attr("main a", "href"); link != "http://muret.localhost" {
		t.Errorf("the portal is at %q", link)
	}
	if invited := d.Jobs(t); !slices.ContainsFunc(invited, func(j pgtest.Job) bool { return j.Kind == "notify_send" }) {
		t.Error("nobody sends the invitation")
	}
	// Everybody else learns that it is open, and nothing of who asked.
	other := d.Platform(t)
	there := other.Get("/ouvrir/communes/"+muret).Want(200, "")
	if text := there.Text("main"); !strings.Contains(text, "déjà son portail") || strings.Contains(text, "Vidal") || there.Has(`form[method="post"]`) {
		t.Errorf("a stranger reads %q", text)
	}
	other.Get("/ouvrir/communes/"+muret+"/suite").Want(200, "/ouvrir/communes/"+muret)
	if hints := other.Get("/ouvrir?q=muret").Texts("#resultats .hint"); !slices.ContainsFunc(hints, func(h string) bool { return strings.Contains(h, "a déjà son portail") }) {
		t.Errorf("the search does not say that it is open: %q", hints)
	}
}

func TestTheSameNameInOtherPlaces(t *testing.T) {
	t.Parallel()
	p := deploy(t).Platform(t).Get("/ouvrir?q="+url.QueryEscape("SAINT denis")).Want(200, "")
	labels := strings.Join(p.Texts("#resultats label"), "; ")
	for _, want := range []string{"Saint-Denis, Seine-Saint-Denis (93)", "Saint-Denis, La Réunion (974)"} {
		if !strings.Contains(labels, want) {
			t.Errorf("no %q among %s", want, labels)
		}
	}
	silent := p.Form("#resultats form").Submit().Want(http.StatusUnprocessableEntity, "/ouvrir")
	if link := silent.Attr(".error-summary a", "href"); link != "#insee" || !silent.Has("#insee") || !strings.Contains(silent.Text("#resultats .error"), "Choisissez votre commune") {
		t.Errorf("without a choice the page leads to %q: %q", link, silent.Text(".error-summary"))
	}
	if !strings.Contains(deploy(t).Platform(t).Get("/ouvrir?q=zzzz").Text("#resultats"), "Aucune commune") {
		t.Error("nothing found, and nothing said")
	}
}

func TestOnlyTheRightProofs(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	proofs := func(insee string) (out []string) {
		f := d.Platform(t).Get("/ouvrir/communes/"+insee).Want(200, "")
		for _, n := range f.All(`input[name="proof"]`) {
			for _, a := range n.Attr {
				if a.Key == "value" {
					out = append(out, a.Val)
				}
			}
		}
		return out
	}
	for insee, want := range map[string][]string{muret: {"code", "operator"}, "31035": {"hub", "operator"}, "31451": {"operator"}} {
		if got := proofs(insee); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", insee, got, want)
		}
	}
	// A field that a page did not offer is refused.
	b := d.Platform(t)
	f := fill(b.Get("/ouvrir/communes/31451"), "claire@revel.example").Break("proof", "code")
	f.Submit().Want(422, "")
	if len(d.SMTP.Messages()) != 0 {
		t.Error("something was mailed")
	}
}

func TestForgersOfOpenings(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Platform(t)
	form := url.Values{"given_name": {"A"}, "family_name": {"B"}, "position": {"mayor"}, "email": {"a@b.example"}, "proof": {"code"}, "plan": {"later"}, "terms": {"1"}}
	b.Post("/ouvrir/communes/"+muret, form).Want(403, "")
	b.Get("/ouvrir/communes/99999").Want(404, "")
	b.Get("/ouvrir/communes/%00").Want(404, "")
	b.Get("/ouvrir?insee=99999").Want(404, "")
	// Without the browser's secret nothing is sent.
	p := b.Get("/ouvrir/communes/" + muret)
	kept := []*http.Cookie{}
	for _, c := range b.Cookies() {
		if c.Name != "parvis-ouverture" {
			kept = append(kept, c)
		}
	}
	b.Forget()
	b.SetCookies(kept)
	fill(p, "claire@muret.example").Submit().Want(403, "")
	if len(d.SMTP.Messages()) != 0 {
		t.Error("something was mailed")
	}
	// Sent twice, it is one request and one code.
	again := d.Platform(t).Get("/ouvrir/communes/" + muret)
	fill(again, "claire@muret.example").Submit().Want(200, "/ouvrir/communes/"+muret+"/suite")
	var requests int
	if err := d.Pool.QueryRow(t.Context(), `select count(*) from platform.opening_request`).Scan(&requests); err != nil || requests != 1 {
		t.Errorf("%d requests (%v)", requests, err)
	}
}

func TestWaitingForTheHub(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Platform(t)
	p := fill(b.Get("/ouvrir/communes/31035"), "claire@auzeville.example").Set("proof", "hub").Submit().Want(200, "/ouvrir/communes/31035/suite")
	if !strings.Contains(p.Text("main"), d.Hub.Name) {
		t.Errorf("the page says %q", p.Text("main"))
	}
	if _, err := d.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{INSEE: "31035", HubID: d.Hub.ID}); err != nil {
		t.Fatal(err)
	}
	if got := b.Get("/ouvrir/communes/31035").Text("h2"); got != "Cette commune a déjà son portail" {
		t.Errorf("the form says %q", got)
	}
}

func TestTheConditionsAndLegalPages(t *testing.T) {
	t.Parallel()
	b := deploy(t).Platform(t)
	terms := b.Get("/ouvrir").Follow("Lire les conditions").Want(200, "/ouvrir/conditions")
	for _, want := range []string{"article 28", "60 jours", "Syndicat d’exemple", "responsable du traitement"} {
		if !strings.Contains(terms.Text("main"), want) {
			t.Errorf("the conditions do not say %q", want)
		}
	}
	for path, want := range map[string]string{"/mentions-legales": "Syndicat d’exemple", "/donnees-personnelles": "trente jours", "/accessibilite": "non conforme"} {
		if !strings.Contains(b.Get(path).Want(200, path).Text("main"), want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	b.Get("/rien").Want(404, "")
}
