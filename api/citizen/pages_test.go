package citizen_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/identity"
)

func TestTheFirstMorningSaysHowToReachTheTownHall(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.Closed())
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		return tenants.PutSettings(ctx, tx, tenants.Settings{Phone: "05 61 00 00 00", OpeningHours: "Lundi : 9 h – 12 h"}, 0)
	})
	p := d.Browser(t).Get("/").Want(200, "/")
	if said := p.Text("main"); !strings.Contains(said, "ouvrent bientôt") || !strings.Contains(said, "05 61 00 00 00") || !strings.Contains(said, "Lundi") {
		t.Errorf("the page says %q", said)
	}
}

func TestASearchFindsAndSaysWhenNot(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	found := b.Get("/").Form("form.search").Set("q", "terrasse").Submit().Want(200, "/demarches")
	if !found.Has(`.tile a[href="/demarches/terrasse"]`) {
		t.Errorf("the search finds %q", found.Texts(".tile a"))
	}
	none := found.Form("form.search").Set("q", `<script>zzz`).Submit().Want(200, "")
	if none.Has(".tile") || !strings.Contains(none.Text("main"), "Aucune démarche") || none.Has("main script") {
		t.Error("a search without result says nothing, or too much")
	}
	if n := len(b.Get("/demarches").All(".tile")); n != 12 {
		t.Errorf("the list has %d procedures", n)
	}
	if n := len(b.Get("/demarches?theme=voirie").All(".tile")); n == 0 || n == 12 {
		t.Errorf("a theme has %d procedures", n)
	}
}

func TestEveryProcedureSaysWhatTheLawWants(t *testing.T) {
	t.Parallel()
	b := deploy(t, webtest.Library()).Browser(t)
	for _, m := range catalogue.Models() {
		p := b.Get("/demarches/"+m.Slug).Want(200, "")
		said := p.Text("main")
		for _, want := range []string{m.Title, m.Cost, m.SilenceText(), m.Silence.Source, m.SilenceAdvice(), "05 61 00 00 00"} {
			if !strings.Contains(said, strings.Join(strings.Fields(want), " ")) {
				t.Errorf("%s does not say %q", m.Slug, want)
			}
		}
		if strings.Contains(strings.ToLower(said), "à vérifier") {
			t.Errorf("%s tells people what lawyers have to settle: %q", m.Slug, p.Texts("main .notice"))
		}
		if n := len(p.All(".facts li")); n < 2 && m.Form != nil || n == 0 {
			t.Errorf("%s has %d facts", m.Slug, n)
		}
		for _, piece := range m.Bring {
			if !strings.Contains(said, strings.Join(strings.Fields(piece.LegalBasis), " ")) {
				t.Errorf("%s asks for %q without its text", m.Slug, piece.Label)
			}
		}
		if !strings.Contains(p.Text("aside .disclosure"), "Cnil") {
			t.Errorf("%s says nothing of personal data", m.Slug)
		}
	}
	b.Get("/demarches/inconnue").Want(404, "")
	b.Get("/rien").Want(404, "")
}

// CRPA L.232-2: what third parties may contest is published, and its page says where.
func TestRequestsOfThirdPartiesConcernArePublished(t *testing.T) {
	t.Parallel()
	b := deploy(t, webtest.Library()).Browser(t)
	p := b.Get("/demarches/declaration-prealable").Follow("voir les demandes publiées").Want(200, "/demandes-publiees")
	if said := p.Text("main"); !strings.Contains(said, "L.232-2") || !strings.Contains(said, "Aucune demande n’est à publier") {
		t.Errorf("the page says %q", said)
	}
	if b.Get("/demarches/terrasse").Has(`a[href="/demandes-publiees"]`) {
		t.Error("what silence refuses is published")
	}
}

func TestAClosedProcedureIsDoneOtherwise(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	step := begin(t, b, report)
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error { return catalogue.SetOpen(ctx, tx, report, false) })
	p := b.Get("/demarches/"+report).Want(200, "")
	if p.Has(`form[action$="/commencer"]`) || !strings.Contains(p.Text(".notice"), "autrement") {
		t.Error("a closed procedure can be begun, or does not say how else to do it")
	}
	if b.Get("/demarches").Has(`a[href="/demarches/` + report + `"]`) {
		t.Error("a closed procedure is listed")
	}
	step.Form(stepForm).Fill(me).Submit().Form(stepForm).Set("categorie", "eau").Set("danger", "non").Set("lieu", "Ici").Submit().Form(sendForm).Submit().Want(409, "")
}

func TestThePagesOfThePublicSite(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	for path, want := range map[string]string{
		"/accessibilite": "Défenseur des droits", "/donnees-personnelles": "dpo@sicoval.example", "/mentions-legales": "Camille Durand", "/conditions-utilisation": "R.112-9-1",
	} {
		if said := b.Get(path).Want(200, path).Text("main"); !strings.Contains(said, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	if n := len(b.Get("/donnees-personnelles").All(".disclosure")); n != 12 {
		t.Errorf("%d procedures have their notice", n)
	}
	said := func() string { return b.Get("/").Text(`footer a[href="/accessibilite"]`) }
	if link := said(); !strings.Contains(link, "non conforme") {
		t.Errorf("before any audit the footer says %q", link)
	}
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		settings, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		settings.AccessibilityRate, settings.AccessibilityAuditedOn, settings.AccessibilityGaps = "71,4", "2026-10-05", "Les plans joints aux arrêtés."
		return tenants.PutSettings(ctx, tx, settings, version)
	})
	if link := said(); !strings.HasSuffix(link, ": partiellement conforme") {
		t.Errorf("after an audit the footer says %q", link)
	}
	if page := b.Get("/accessibilite").Text("main"); !strings.Contains(page, "71,4") || !strings.Contains(page, "5 octobre 2026") || !strings.Contains(page, "Les plans joints") {
		t.Errorf("the declaration says %q", page)
	}
}

func TestEveryPageIsLightAndLeavesNoBrokenReference(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	pages := []*webtest.Page{b.Get("/"), b.Get("/demarches"), b.Get("/demarches/terrasse"), b.Get("/suivi"), b.Get("/reprendre"), b.Get("/connexion"), b.Get("/inscription"), b.Get("/donnees-personnelles")}
	b = deploy(t, webtest.Library()).Browser(t)
	for _, m := range catalogue.Models() {
		if m.Form == nil || m.Identity == catalogue.IdentityState { // done elsewhere, or after signing in
			pages = append(pages, b.Get("/demarches/"+m.Slug).Want(200, ""))
			continue
		}
		b.Get("/demarches/" + m.Slug).Form(`form[action$="/commencer"]`).Submit()
		pages = append(pages, b.Get("/demarches/"+m.Slug+"/formulaire/vos-coordonnees"))
		for _, step := range m.Form.Steps {
			if p := b.Get("/demarches/" + m.Slug + "/formulaire/" + step.ID); p.Status == 200 {
				pages = append(pages, p)
			}
		}
		pages = append(pages, b.Get("/demarches/"+m.Slug+"/recapitulatif"))
	}
	for _, p := range pages {
		if n := len(p.All("*")); n > 300 {
			t.Errorf("%s has %d elements", p.Path, n)
		}
		for _, name := range []string{"for", "aria-describedby", "aria-labelledby"} {
			for _, n := range p.All("[" + name + "]") {
				for _, a := range n.Attr {
					if a.Key == name {
						for id := range strings.FieldsSeq(a.Val) {
							if !p.Has(`[id="` + id + `"]`) {
								t.Errorf("%s: %s points to %q, which is not there", p.Path, name, id)
							}
						}
					}
				}
			}
		}
		seen := map[string]bool{}
		for _, n := range p.All("[id]") {
			for _, a := range n.Attr {
				if a.Key == "id" && seen[a.Val] {
					t.Errorf("%s has two elements %q", p.Path, a.Val)
				} else if a.Key == "id" {
					seen[a.Val] = true
				}
			}
		}
		if len(p.All("h1")) != 1 {
			t.Errorf("%s has %d main headings", p.Path, len(p.All("h1")))
		}
		if strings.Contains(p.Path, "/formulaire/") && !strings.Contains(p.Text("form.card"), "05 61 00 00 00") {
			t.Errorf("%s has no telephone number", p.Path)
		}
	}
}

func TestAnAgentIsAGuestHere(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	who := agent(t, d)
	var token string
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) (err error) {
		token, err = identity.CreateSession(ctx, tx, identity.Person{AgentID: who.ID}, identity.Login{ProviderID: "agent", Email: "agent@castanet.example", Verified: true, Token: "t", AAL: 1})
		return err
	})
	b := d.Browser(t)
	b.SetCookies(sessionCookie(d.Deps.UI, token))
	if !b.Get("/").Has(`main a[href="/agents"]`) {
		t.Error("an agent does not find the way to the agents' pages")
	}
	done := fileReport(t, b).Form(sendForm).Submit().Want(200, "")
	if !done.Has(".tracking-code") {
		t.Error("an agent cannot file as anybody")
	}
	b.Get("/mon-espace").Want(200, "/connexion")
}

// sessionCookie is what the browser of somebody who is signed in holds.
func sessionCookie(ui *web.UI, token string) []*http.Cookie {
	w := httptest.NewRecorder()
	ui.SetSession(w, nil, token, time.Hour)
	return w.Result().Cookies()
}
