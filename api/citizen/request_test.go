package citizen_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/statistics"
)

// agent makes an administrator of the commune.
func agent(t *testing.T, d *webtest.Deployment) tenants.Actor {
	t.Helper()
	var a staff.Agent
	d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) (err error) {
		a, err = staff.Invite(ctx, tx, staff.NewAgent{Email: "agent@castanet.example", GivenName: "Paul", FamilyName: "Roux", Title: "agent d’accueil", Role: tenants.RoleAdmin, Subject: "agent"})
		return err
	})
	return a.Actor()
}

// stall files a request for a drinks stall, which silence accepts after two months.
func stall(t *testing.T, b *webtest.Browser) (page *webtest.Page, number string) {
	t.Helper()
	const slug = "buvette-temporaire"
	p := begin(t, b, slug).Form(stepForm).Fill(me).Submit().Want(200, "/demarches/"+slug+"/formulaire/organisateur")
	p = p.Form(stepForm).Set("type", "autre").Set("organisme_nom", "Comité des fêtes").Submit().Want(200, "/demarches/"+slug+"/formulaire/fete")
	p = p.Form(stepForm).Fill(map[string]string{
		"manifestation": "Bal", "lieu": "Place du village", "enceinte_sportive": "non", "heure_debut": "18 h", "heure_fin": "23 h", "groupes": "1",
		"date_debut-day": "5", "date_debut-month": "6", "date_debut-year": "2027", "date_fin-day": "5", "date_fin-month": "6", "date_fin-year": "2027",
	}).Submit().Want(200, "/demarches/"+slug+"/recapitulatif")
	p = p.Form(sendForm).Submit()
	return p, p.Text(".request-number")
}

func TestAskedPiecesAreSentOneByOne(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	_, number := stall(t, b)
	d.Write(t, d.Tenant, agent(t, d), func(ctx context.Context, tx *tenants.Tx) error {
		r, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		_, err = requests.AskDocuments(ctx, tx, number, requests.Notice{
			Items:   []requests.NoticeItem{{Label: "Statuts", LegalBasis: "CSP, article L.3334-2", Indispensable: true}, {Label: "Plan", LegalBasis: "CSP, article L.3334-2", Indispensable: true}},
			LimitOn: tx.Today().AddDays(15), Text: "Il nous manque deux pièces.",
		}, r.Version)
		return err
	})
	p := b.Get("/demandes/"+number).Want(200, "")
	if said := p.Text("main .notice.warning"); !strings.Contains(said, "8 décembre 2026") {
		t.Errorf("the page says %q", said)
	}
	forms := `#pieces form`
	refused := p.Form(forms).Submit().Want(422, "")
	if !strings.Contains(refused.Text(".error-summary"), "Choisissez un fichier") {
		t.Errorf("no file: %q", refused.Texts(".error-summary li"))
	}
	field := p.Attr(forms+` input[type=file]`, "name")
	half := p.Form(forms).File(field, "statuts.pdf", pdf).Submit().Want(200, "/demandes/"+number)
	if n := len(half.All(forms)); n != 1 {
		t.Fatalf("%d pieces are still asked", n)
	}
	whole := half.Form(forms).File(half.Attr(forms+` input[type=file]`, "name"), "plan.pdf", pdf).Submit().Want(200, "/demandes/"+number)
	if whole.Has("#pieces") || len(whole.Texts(".files li")) != 2 {
		t.Errorf("pieces: %v, files %q", whole.Has("#pieces"), whole.Texts(".files li"))
	}
	saved := whole.Follow("statuts.pdf")
	if saved.Status != 200 || !strings.HasPrefix(saved.Header.Get("Content-Disposition"), "attachment") || string(saved.Body) != string(pdf) {
		t.Errorf("the document is served as %d %q", saved.Status, saved.Header.Get("Content-Disposition"))
	}
	stranger := d.Browser(t)
	stranger.Get(saved.Path).Want(200, "/suivi")
}

func TestSilenceAcceptsAndIsAttested(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithPDF())
	b := d.Browser(t)
	done, number := stall(t, b)
	if next := strings.Join(done.Texts("main ul li"), " "); !strings.Contains(next, "23 janvier 2027") {
		t.Errorf("the confirmation says %q", next)
	}
	b.Get("/demandes/"+number+"/attestation").Want(409, "")
	d.Clock.Set(time.Date(2027, 1, 24, 9, 0, 0, 0, time.UTC))
	code := done.Text(".tracking-code")
	d.Write(t, d.Tenant, tenants.System("silence"), func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, number) })
	p := d.Browser(t).Get("/suivi").Form(`form[action="/suivi"]`).Set("numero", number).Set("code", code).Submit().Want(200, "/demandes/"+number)
	if !strings.Contains(p.Text("main .notice.success"), "silence vaut acceptation") {
		t.Errorf("the page says %q", p.Texts("main .notice"))
	}
	had := p.Follow("Attestation").Want(200, "").Form(`form[action$="/attestation"]`).Submit().Want(200, "/demandes/"+number+"/attestation")
	if letter := had.Text("article"); !strings.Contains(letter, "ATT-"+number) || !strings.Contains(letter, "L.232-3") {
		t.Errorf("the attestation says %q", letter)
	}
	pdf := had.Follow("Télécharger en PDF")
	if pdf.Status != 200 || !strings.HasPrefix(string(pdf.Body), "%PDF-") || pdf.Header.Get("Content-Type") != "application/pdf" || !strings.Contains(pdf.Header.Get("Content-Disposition"), "attestation-"+number+".pdf") {
		t.Errorf("the PDF: %d %v", pdf.Status, pdf.Header)
	}
	if mailed := had.Form(`form[action$="/attestation"]`).Press("La recevoir par courriel").Want(200, ""); !strings.Contains(mailed.Text("main"), "part vers votre adresse") {
		t.Errorf("mailed: %q", mailed.Text("main"))
	}
	anybody := d.Browser(t)
	seen := anybody.Get("/verifier?code="+strings.ToLower(had.Text(".code-box dd"))).Want(200, "/verifier")
	if said := seen.Text("main"); !strings.Contains(said, "Document authentique") || !strings.Contains(said, "ATT-"+number) || !strings.Contains(said, "24 janvier 2027") {
		t.Errorf("the verification says %q", said)
	}
	if said := seen.Text("main"); strings.Contains(said, me["family_name"]) || strings.Contains(said, "Place du village") {
		t.Errorf("the verification tells too much: %q", said)
	}
	// Its number, which anybody can guess, tells that it was issued and stands, and no more.
	for _, typed := range []string{"ATT-" + number, "att " + strings.ReplaceAll(number, "-", " "), "n°\u00a0ATT\u2011" + number} {
		said := anybody.Get("/verifier?code="+url.QueryEscape(typed)).Want(200, "/verifier").Text("main")
		if !strings.Contains(said, "Attestation délivrée") || !strings.Contains(said, "ATT-"+number) || !strings.Contains(said, "24 janvier 2027") {
			t.Errorf("%q: the verification says %q", typed, said)
		}
		for _, never := range []string{had.Text(".code-box dd"), "Initiales", "Démarche", "Empreinte", "buvette", me["family_name"]} {
			if strings.Contains(said, never) {
				t.Errorf("%q: the verification tells %q", typed, never)
			}
		}
	}
	for _, none := range []string{"ATT-26-999999", "ATT-26-000000", number, "ATT-" + number + "9"} {
		if said := anybody.Get("/verifier?code=" + none).Text("main .notice"); !strings.Contains(said, "Document inconnu") {
			t.Errorf("%s: %q", none, said)
		}
	}
	if !strings.Contains(strings.Join(p.Texts(".timeline .law"), " "), "L.231-1") {
		t.Errorf("the timeline cites %q", p.Texts(".timeline .law"))
	}
}

func TestADecisionIsReadAndAWithdrawalConfirmed(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	_, number := stall(t, b)
	admin := agent(t, d)
	d.Write(t, d.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		r, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		_, err = requests.Decide(ctx, tx, number, requests.DecisionInput{Outcome: catalogue.OutcomeAccept}, r.Version)
		return err
	})
	p := b.Get("/demandes/"+number).Want(200, "")
	if !strings.Contains(p.Text("main .notice.success"), "acceptée") || p.Has(`a[href$="/retirer"]`) {
		t.Errorf("the page says %q", p.Texts("main .notice"))
	}
	if letter := p.Follow("Lettre de réponse").Want(200, "").Text("article"); !strings.Contains(letter, "Lefèvre") {
		t.Errorf("the letter says %q", letter)
	}
	b.Get("/demandes/"+number+"/retirer").Want(409, "")

	d.Write(t, d.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		r, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		_, err = requests.Hear(ctx, tx, number, requests.RevocationInput{
			Act: catalogue.OutcomeWithdrawal, Ground: requests.GroundIllegal, Reasons: "La place est réservée ce jour-là.", LimitOn: tx.Today().AddDays(15), Delivery: requests.DeliveryCounter,
		}, r.Version)
		return err
	})
	if said := b.Get("/demandes/" + number).Text("main .notice.warning"); !strings.Contains(said, "envisage de revenir sur son accord") || !strings.Contains(said, "réservée ce jour-là") || !strings.Contains(said, "L.121-1") {
		t.Errorf("while the town thinks of taking it back: %q", said)
	}

	_, other := stall(t, b)
	sure := b.Get("/demandes/"+other).Follow("Retirer").Want(200, "/demandes/"+other+"/retirer")
	gone := sure.Form(`form.card`).Set("raison", "La fête est annulée.").Submit().Want(200, "/demandes/"+other)
	if !strings.Contains(gone.Text("main .notice.info"), "retiré") {
		t.Errorf("the page says %q", gone.Texts("main .notice"))
	}
}

func TestAProcedureIsRatedInOneTap(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	_, number := stall(t, b)
	const opinion = `#avis form`
	p := b.Get("/demandes/"+number).Want(200, "")
	if p.Has(opinion) {
		t.Error("an opinion is asked before the answer")
	}
	admin := agent(t, d)
	d.Write(t, d.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, number, requests.DecisionInput{Outcome: catalogue.OutcomeAccept}, 1)
		return err
	})
	p = b.Get("/demandes/"+number).Want(200, "")
	again := p.Form(opinion)
	if p = again.Press("Moyen").Want(200, "/demandes/"+number); p.Has(opinion) || !strings.Contains(p.Text("main .notice.success, .flash"), "Merci") {
		t.Errorf("after the tap: %q", p.Text("main"))
	}
	again.Press("Mal").Want(200, "/demandes/"+number)
	d.Write(t, d.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		all, err := statistics.Experiences(ctx, tx, tx.Today(), tx.Today())
		if err == nil && (len(all) != 1 || all[0].Fair != 1 || all[0].Ratings() != 1) {
			t.Errorf("counted %+v", all)
		}
		return err
	})
}

func TestAnEmptyMessageAndAForgedFormAreRefused(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	_, number := stall(t, b)
	p := b.Get("/demandes/" + number)
	p.Form(`form[action$="/messages"]`).Submit().Want(422, "")
	forged := p.Form(`form[action$="/messages"]`).Set("message", "Gardez-moi").Break("_csrf", "").Submit().Want(422, "")
	if forged.Form(`form[action$="/messages"]`).Value("message") != "Gardez-moi" || forged.Has(".message-out") {
		t.Error("a forged message was sent, or what was typed is lost")
	}
	if b.Post("/demandes/"+number+"/retirer", map[string][]string{"version": {"1"}}).Status != 422 {
		t.Error("a withdrawal without a token is not refused")
	}
	for _, path := range []string{"/documents/x", "/accuse/x", "/reponse/x", "/documents/0190a0a0-0000-7000-8000-000000000000"} {
		b.Get("/demandes/"+number+path).Want(404, "")
	}
	b.Get("/demandes/x").Want(404, "")
	left := b.Get("/suivi").Form(`form[action="/suivi/fermer"]`).Submit().Want(200, "/suivi")
	if left.Has(`a[href^="/demandes/"]`) {
		t.Error("the browser still follows the request")
	}
	b.Get("/demandes/"+number).Want(200, "/suivi")
}

func TestNumbersOfAttestationsCannotBeTriedFast(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	for i := range 200 {
		if p := b.Get(fmt.Sprintf("/verifier?code=ATT-26-%06d", i)); p.Status == 429 {
			return
		} else if !p.Has(".notice.warning") {
			t.Fatalf("%d: %q", p.Status, p.Text("main"))
		}
	}
	t.Error("somebody may try them all")
}
