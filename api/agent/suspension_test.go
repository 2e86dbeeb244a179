package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// grant records a request for money at the counter, where its papers are handed in.
func (o *office) grant(t *testing.T) requests.Request {
	t.Helper()
	var out requests.Submitted
	o.Write(t, o.Tenant, o.front.Actor(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		out, err = requests.Submit(ctx, tx, requests.Submission{
			ProcedureSlug: "subvention-association", Channel: requests.ChannelCounter,
			Applicant: requests.Applicant{GivenName: "Aminata", FamilyName: "Lefèvre", Email: "aminata@example.fr", EmailAgreed: true, PostalAddress: "2 rue des Lilas\n31320 Castanet-Tolosan"},
			Answers: forms.Answers{
				"association_nom": forms.Text("Les Amis du lac"), "association_siret": forms.Text("73282932000074"), "association_objet": forms.Text("Protéger le lac."),
				"fonction": forms.Text("representant"), "objet": forms.Text("fonctionnement"), "annee": forms.Number(2027), "montant": forms.Number(1500),
				"autres_aides": forms.Text("Aucune."), "nouvelle": forms.Text("non"), "cer": forms.Bool(true), "exactitude": forms.Bool(true),
			},
		})
		return err
	})
	return out.Request
}

func TestAnAgentSuspendsAnAidRenewsAndEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.grant(t) // received on 23 November 2026, silent on 23 January
	b := o.signed(t, o.instructor)
	p := b.Get(requestPath(r.Number)).Follow("Suspendre pour vérification").Want(http.StatusOK, suspensionPath(r.Number))
	const form = `form:has(input[value="suspendre"])`
	bad := p.Form(form).Set("fin", "2026-12-23").Submit().Want(http.StatusUnprocessableEntity, "")
	if !bad.Has(`.error-summary a[href="#motif"]`) || bad.Form(form).Value("fin") != "2026-12-23" {
		t.Errorf("without a reason: %q", bad.Texts(".error-summary li"))
	}
	bad = p.Form(form).Set("motif", "Le SIRET est celui d’une autre association.").Set("fin", "2027-02-24").Submit().Want(http.StatusUnprocessableEntity, "")
	if said := bad.Text(".error-summary"); !strings.Contains(said, "La fin de la suspension dépasse trois mois") || !strings.Contains(said, "L.115-3") || !bad.Has(`.error-summary a[href="#fin"]`) {
		t.Errorf("too long: %q", said)
	}
	p = bad.Form(form).Set("fin", "2026-12-23").Submit().Want(http.StatusOK, requestPath(r.Number))
	if d := o.get(t, r.Number); d.SilenceLastDay.String() != "2027-02-22" {
		t.Errorf("suspended for 30 days the last day is %s", d.SilenceLastDay)
	}
	if said := p.Text("main"); !strings.Contains(said, "Examen suspendu jusqu’au 23 décembre 2026") || !strings.Contains(p.Text("#historique"), "CRPA L.115-3") {
		t.Errorf("the request says %q", said)
	}
	p = p.Follow("La suspension").Want(http.StatusOK, suspensionPath(r.Number))
	if said := p.Text("main"); !strings.Contains(said, "Les éléments nouveaux") || !strings.Contains(said, "Le SIRET est celui") {
		t.Errorf("to renew: %q", said)
	}
	bad = p.Form(form).Set("motif", "La banque a répondu.").Set("fin", "2026-12-20").Submit().Want(http.StatusUnprocessableEntity, "")
	if said := bad.Text(".error-summary"); !strings.Contains(said, "ne dépasse pas celle de la suspension en cours") {
		t.Errorf("a renewal that ends before: %q", said)
	}
	bad.Form(form).Set("fin", "2027-01-10").Submit().Want(http.StatusOK, requestPath(r.Number))
	p = b.Get(suspensionPath(r.Number))
	const end = `form:has(input[value="reprendre"])`
	if bad := p.Form(end).Submit().Want(http.StatusUnprocessableEntity, ""); !bad.Has(`.error-summary a[href="#raison"]`) {
		t.Errorf("ended without a reason: %q", bad.Texts(".error-summary li"))
	}
	p = p.Form(end).Set("raison", "L’association a prouvé son identité.").Submit().Want(http.StatusOK, requestPath(r.Number))
	if d := o.get(t, r.Number); d.SilenceLastDay != r.SilenceLastDay || strings.Contains(strings.Join(p.Texts(".notice.warning"), " "), "Examen suspendu") {
		t.Errorf("ended on its first day, the last day is %s", d.SilenceLastDay)
	}
	if said := p.Follow("Toutes les dates").Text(".timeline"); !strings.Contains(said, "Le SIRET est celui") || !strings.Contains(said, "Fin avancée par") || !strings.Contains(said, "prouvé son identité") {
		t.Errorf("the dates say %q", said)
	}
	o.signed(t, o.front).Get(suspensionPath(r.Number)).Want(http.StatusForbidden, "")
	other := o.ask(t, "salle-association", room)
	if p := b.Get(requestPath(other.Number)); strings.Contains(p.Text("main"), "Suspendre pour vérification") {
		t.Error("what is no aid can be suspended")
	}
	if said := b.Get(suspensionPath(other.Number)).Want(http.StatusConflict, "").Text("main"); !strings.Contains(said, "Seul l’examen d’une aide") {
		t.Errorf("what is no aid: %q", said)
	}
}
