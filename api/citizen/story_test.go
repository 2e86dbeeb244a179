package citizen_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
)

func TestAGuestFilesAndFollowsWithoutScript(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	home := b.Get("/").Want(200, "/")
	procedure := home.Follow("Rue et travaux").Follow("Signaler un problème")
	if procedure.Path != "/demarches/"+report {
		t.Fatalf("the tiles lead to %s", procedure.Path)
	}
	summary := fileReport(t, b)
	if rows := strings.Join(summary.Texts(".summary-list"), " "); !strings.Contains(rows, "Aminata") || !strings.Contains(rows, "12 rue de la Paix") {
		t.Errorf("the summary says %q", rows)
	}
	done := summary.Form(sendForm).Set("sms", "1").Submit()
	number, code := done.Text(".request-number"), done.Text(".tracking-code")
	done.Want(200, "/demandes/"+number+"/confirmation")
	if receipt := done.Text("#accuse"); !strings.Contains(receipt, number) || !strings.Contains(receipt, "23 novembre 2026") {
		t.Errorf("the receipt says %q", receipt)
	}
	if strings.Contains(string(done.Body), "style=") {
		t.Error("the receipt brings its style into the page, against the policy")
	}

	other := d.Browser(t)
	track := other.Get("/suivi?numero="+number).Want(200, "/suivi").Form(`form[action="/suivi"]`)
	if track.Value("numero") != number {
		t.Error("the number of the address is not in the form")
	}
	follow := track.Set("code", strings.ToLower(strings.ReplaceAll(code, "-", " "))).Submit().Want(200, "/demandes/"+number)
	if state := follow.Text("main .notice"); !strings.Contains(state, "bien reçu") || !strings.Contains(state, "2027") && !strings.Contains(state, "2026") {
		t.Errorf("the state says %q", state)
	}
	answered := follow.Form(`form[action$="/messages"]`).Set("message", "Le trou grandit.\n\nMerci.").Submit().Want(200, "/demandes/"+number)
	if said := answered.Text(".message-out"); !strings.Contains(said, "Le trou grandit.") {
		t.Errorf("the message is shown as %q", said)
	}
	if events := answered.Texts(".timeline strong"); len(events) < 3 || events[0] != "Vous avez écrit à la mairie" {
		t.Errorf("the timeline says %q", events)
	}
	receipt := answered.Follow("Accusé de réception").Want(200, "")
	if !strings.Contains(receipt.Text("article"), number) {
		t.Error("the stored receipt does not bear the number")
	}
}

func TestSentTwiceIsOneRequest(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	form := fileReport(t, b).Form(sendForm)
	first, second := form.Submit(), form.Submit()
	if a, c := first.Text(".request-number"), second.Text(".request-number"); a != c {
		t.Errorf("two clicks made %s and %s", a, c)
	}
	forged := fileReport(t, b).Form(sendForm).Break("envoi", "0190a0a0-0000-7000-8000-000000000000.AAAA").Submit()
	if forged.Has(".tracking-code") {
		t.Error("a draft that was never sealed opened a request")
	}
}

func TestADraftSurvivesLostCookiesByItsCode(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	p := begin(t, b, report).Form(stepForm).Fill(me).Submit()
	code := p.Text(".resume-code")
	p.Form(stepForm).Set("lieu", "Place du marché").Submit().Want(422, "") // incomplete, and kept all the same
	b.Forget()
	lost := b.Get("/demarches/"+report+"/formulaire/probleme").Want(200, "/demarches/"+report)
	if !strings.Contains(lost.Text(".notice"), "code") {
		t.Error("nothing says how to find the draft again")
	}
	b.Get("/reprendre").Form(`form[action="/reprendre"]`).Set("code", "AAAAA-AAAAA-AAAAA-AAAAA").Submit().Want(422, "/reprendre")
	back := b.Get("/reprendre").Form(`form[action="/reprendre"]`).Set("code", strings.ToLower(code)).Submit().Want(200, "/demarches/"+report+"/formulaire/probleme")
	if got := back.Form(stepForm).Value("lieu"); got != "Place du marché" {
		t.Errorf("the draft came back with %q", got)
	}
	first := back.Follow("Retour")
	if got := first.Form(stepForm).Value("family_name"); got != "Lefèvre" {
		t.Errorf("the first step came back with %q", got)
	}
}

func TestWrongAnswersComeBackAsTyped(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	p := begin(t, b, "copie-acte-naissance").Form(stepForm).Set("given_name", "Léa").Set("email", "lea@").Set("phone", "12").Submit().Want(422, "")
	for _, want := range []string{"#family_name", "#email", "#phone", "#postal_address"} {
		if !p.Has(`.error-summary a[href="` + want + `"]`) {
			t.Errorf("the summary leads not to %s but to %q", want, p.Texts(".error-summary li"))
		}
	}
	if got := p.Form(stepForm).Value("email"); got != "lea@" {
		t.Errorf("the address came back as %q", got)
	}
	if !strings.HasPrefix(p.Text("title"), "Erreur") {
		t.Errorf("the title is %q", p.Text("title"))
	}
}

func TestAnExpiredFormComesBackAsTyped(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	p := begin(t, b, report).Form(stepForm).Fill(me).Break("_csrf", "x").Submit().Want(422, "")
	if !strings.Contains(p.Text(".error-summary"), "expiré") || p.Form(stepForm).Value("given_name") != "Aminata" {
		t.Error("an expired page loses what was typed")
	}
	step := p.Form(stepForm).Submit().Want(200, "/demarches/"+report+"/formulaire/probleme")
	again := step.Form(stepForm).Set("lieu", "Ici").Break("_csrf", "x").Submit().Want(422, "")
	if again.Form(stepForm).Value("lieu") != "Ici" {
		t.Error("an expired step loses what was typed")
	}
}

func TestNobodyElseOpensARequest(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	done := fileReport(t, b).Form(sendForm).Submit()
	number, code := done.Text(".request-number"), done.Text(".tracking-code")
	track := func(b *webtest.Browser, number, code string) *webtest.Page {
		return b.Get("/suivi").Form(`form[action="/suivi"]`).Set("numero", number).Set("code", code).Submit()
	}
	stranger := d.Browser(t)
	track(stranger, number, "0000-0000-0000").Want(422, "/suivi")
	stranger.Get("/demandes/"+number).Want(200, "/suivi")
	stranger.Get("/demandes/26-999999").Want(200, "/suivi")

	neighbour := d.BrowserOf(t, d.Other.Slug)
	track(neighbour, number, code).Want(422, "/suivi")
	neighbour.SetCookies(b.Cookies())
	neighbour.Get("/demandes/"+number).Want(200, "/suivi")

	slow := d.Browser(t)
	var last *webtest.Page
	for range 30 {
		if last = track(slow, number, "1111-1111-1111"); last.Status == 429 {
			break
		}
	}
	if last.Status != 429 || last.Header.Get("Retry-After") == "" {
		t.Errorf("thirty guesses end with %d", last.Status)
	}
}

func TestCookiesLostWhileTypingLoseNothing(t *testing.T) {
	t.Parallel()
	b := deploy(t).Browser(t)
	step := begin(t, b, report).Form(stepForm).Fill(me).Submit()
	b.Forget()
	again := step.Form(stepForm).Set("categorie", "eau").Set("danger", "non").Set("lieu", "Fontaine").Submit().Want(422, "")
	if got := again.Form(stepForm).Value("lieu"); got != "Fontaine" {
		t.Fatalf("what was typed came back as %q", got)
	}
	again.Form(stepForm).Submit().Want(200, "/demarches/"+report+"/recapitulatif").Form(sendForm).Submit().Want(200, "")

	first := begin(t, b, "courrier-maire")
	b.Forget()
	typed := first.Form(stepForm).Fill(me).Submit().Want(422, "")
	if typed.Form(stepForm).Value("family_name") != "Lefèvre" {
		t.Error("who applies is lost with the cookies")
	}
}
