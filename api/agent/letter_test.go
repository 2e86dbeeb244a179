package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestANoticeIsPrintedForWhomNoEmailReaches(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var number string
	o.Write(t, o.Tenant, o.front.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		out, err := requests.Submit(ctx, tx, requests.Submission{
			ProcedureSlug: "salle-association", Channel: requests.ChannelCounter, Answers: room,
			Applicant: requests.Applicant{GivenName: "Paul", FamilyName: "Durand", PostalAddress: "1 rue du Lac\n31320 Castanet-Tolosan"},
		})
		number = out.Request.Number
		return err
	})
	b := o.signed(t, o.instructor)
	ask := b.Get(requestPath(number)+"/pieces").Want(http.StatusOK, "")
	if ask.Has(`input[name="remise"][value="email"]`) {
		t.Error("an e-mail is offered for whom none reaches")
	}
	p := ask.Form("form.card").Set("autre-1", "Statuts").Set("texte-1", "CGCT, article L.2144-3").Set("indispensable-1", "1").Set("remise", "post").Press("Demander ces pièces").Want(http.StatusOK, "")
	if !strings.Contains(p.Path, "/lettres/pieces/") || !strings.Contains(p.Text("article.letter"), "8 décembre 2026") || !strings.Contains(p.Text(".recipient"), "1 rue du Lac") {
		t.Fatalf("after asking: %s %q", p.Path, p.Text("article.letter"))
	}
	p = p.Follow("Ouvrir la demande").Want(http.StatusOK, requestPath(number))
	arrival := `form:has(input[value="pieces-recues"])`
	field := p.Attr(arrival+` input[type="date"]`, "name")
	p = p.Form(arrival).Set(field, "2026-11-20").Submit().Want(http.StatusUnprocessableEntity, "")
	if !p.Has(`.error-summary a[href="#` + field + `"]`) {
		t.Error("a day before the letter is not said to be wrong")
	}
	p = p.Form(arrival).Set(field, "2026-11-23").Submit().Want(http.StatusOK, "")
	if p.Has(arrival) || o.get(t, number).DocumentRequests[0].ArrivedOn.IsZero() {
		t.Error("the day is asked for again")
	}
	p = p.Form(`form:has(button[value="complet"])`).Submit().Want(http.StatusOK, requestPath(number))
	whole := p.Follow("Imprimer la lettre « dossier complet").Want(http.StatusOK, "")
	if said := whole.Text("article.letter"); !strings.Contains(said, "complet depuis le 23 novembre 2026") {
		t.Errorf("the letter says %q", said)
	}
	b.Get(requestPath(number)+"/lettres/pieces/"+string(tenants.NewID())).Want(http.StatusNotFound, "")
	b.Get(requestPath(number)+"/lettres/autre/x").Want(http.StatusNotFound, "")
}
