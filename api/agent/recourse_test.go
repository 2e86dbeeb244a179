package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestAnAgentNotesARecoursGracieux(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	b := o.signed(t, o.front)
	if p := b.Get(requestPath(r.Number)); strings.Contains(p.Text("main"), "Noter un recours") {
		t.Error("a recourse against nothing")
	}
	b.Get(recoursePath(r.Number)).Want(http.StatusForbidden, "")
	o.Write(t, o.Tenant, o.admin.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "La salle est prise.", Delivery: requests.DeliveryCounter}, r.Version)
		return err
	})
	p := b.Get(requestPath(r.Number)).Follow("Noter un recours").Want(http.StatusOK, recoursePath(r.Number))
	if said := p.Text("main"); !strings.Contains(said, "L.411-2") || strings.Contains(said, "R.343-1") {
		t.Errorf("the page says %q", said)
	}
	const form = `form:has(input[name="etape"])`
	bad := p.Form(form).Set("jour", "2026-11-22").Submit().Want(http.StatusUnprocessableEntity, "")
	if said := bad.Text(".error-summary"); !strings.Contains(said, "avant la réception de la demande") || !strings.Contains(said, "L.114-3") || !bad.Has(`.error-summary a[href="#jour"]`) {
		t.Errorf("before the refusal: %q", said)
	}
	p = bad.Form(form).Set("jour", "2026-11-23").Set("reference", "26-000777").Submit().Want(http.StatusOK, datesPath(r.Number))
	if said := p.Text(".timeline"); !strings.Contains(said, "Recours gracieux reçu le") || !strings.Contains(said, "23 janvier 2027") || !strings.Contains(said, "26-000777") {
		t.Errorf("the dates say %q", said)
	}
	p = b.Get(requestPath(r.Number))
	if said := p.Text("main"); !strings.Contains(said, "Un recours gracieux est arrivé") || !strings.Contains(p.Text("#historique"), "Recours gracieux reçu") {
		t.Errorf("the request says %q", said)
	}
	p = b.Get(datesPath(r.Number))
	fixed := p.Form(`form:has(select[name="fait"])`).Set("fait", requests.Fact{Kind: requests.FactGracious}.Key()).Set("jamais", "1").Set("motif", "C’était un simple courrier.").Submit().Want(http.StatusOK, datesPath(r.Number))
	if said := fixed.Text(".timeline"); !strings.Contains(said, "ne s’est pas produit") || strings.Contains(said, "rejet implicite du recours gracieux") {
		t.Errorf("corrected, the dates say %q", said)
	}
}

func TestAnAgentExtendsAnAnswerAboutData(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		p, _ := catalogue.Model("droits-rgpd")
		if err := catalogue.Install(ctx, tx, p); err != nil {
			return err
		}
		return catalogue.SetOpen(ctx, tx, "droits-rgpd", true)
	})
	r := o.ask(t, "droits-rgpd", forms.Answers{"droits": forms.List("acces"), "reception": forms.Text("ligne"), "pour": forms.Text("moi")})
	b := o.signed(t, o.admin)
	p := b.Get(requestPath(r.Number))
	if said := p.Text("main"); !strings.Contains(said, "Réponse due au plus tard le mercredi 23 décembre 2026") {
		t.Errorf("the request says %q", said)
	}
	p = p.Follow("Prolonger le délai").Want(http.StatusOK, extensionPath(r.Number))
	if said := p.Text("main"); !strings.Contains(said, "23 février 2027") {
		t.Errorf("the page says %q", said)
	}
	const form = `form:has(textarea[name="motif"])`
	if bad := p.Form(form).Submit().Want(http.StatusUnprocessableEntity, ""); !bad.Has(`.error-summary a[href="#motif"]`) {
		t.Errorf("without a reason: %q", bad.Texts(".error-summary li"))
	}
	p = p.Form(form).Set("motif", "Douze années de dossiers sont à relire.").Submit().Want(http.StatusOK, requestPath(r.Number))
	if said := p.Text("main"); !strings.Contains(said, "Réponse due au plus tard le mardi 23 février 2027") || !strings.Contains(p.Text("#historique"), "RGPD art. 12.3") {
		t.Errorf("afterwards the request says %q", said)
	}
	if said := b.Get(datesPath(r.Number)).Text(".timeline"); !strings.Contains(said, "Douze années") || !strings.Contains(said, "Prolongation de deux mois") {
		t.Errorf("the dates say %q", said)
	}
	b.Get(extensionPath(r.Number)).Want(http.StatusConflict, "")
}
