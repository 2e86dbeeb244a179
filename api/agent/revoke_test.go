package agent

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/requests"
)

// An agreement is taken back through the page that says what the law allows: the invitation,
// its time, the decision.
func TestAnAgreementIsTakenBackAfterAnInvitation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	b := o.signed(t, o.instructor)
	b.Get(requestPath(r.Number)+"/retrait").Want(http.StatusConflict, "")
	b.Get(requestPath(r.Number)+"/decision?issue=accept").Form("form.card").Press("Accepter et notifier").Want(http.StatusOK, requestPath(r.Number))
	p := b.Get(requestPath(r.Number)).Follow("Revenir sur la décision").Want(http.StatusOK, "")
	said := p.Text("ul.post")
	for _, want := range []string{"ne peut plus être refusé", "Possible jusqu’au 23 mars 2027", "Possible à tout moment", "L.242-1", "Fermé"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q: %s", want, said)
		}
	}
	p = p.Follow("Préparer : Retirer l’accord : il est illégal").Want(http.StatusOK, "")
	f := p.Form("#acte form")
	if letter := f.Value("lettre"); !strings.Contains(letter, "Nous envisageons le retrait") || !strings.Contains(letter, reasonsMark) {
		t.Fatalf("the invitation is composed as %q", letter)
	}
	if back := f.Press("Inviter la personne").Want(http.StatusUnprocessableEntity, ""); !back.Has(`.error-summary a[href="#motifs"]`) {
		t.Error("an invitation without reasons is not said to lack them")
	}
	p = f.Set("motifs", "La salle est réservée aux scolaires.").Set("remise", "counter").Press("Inviter la personne").Want(http.StatusOK, "")
	if said := p.Text("#acte"); !strings.Contains(said, "Vous pourrez décider à partir du") || p.Has(`#acte textarea[name="lettre"]`) {
		t.Errorf("while the person may answer the page says %q", said)
	}
	p = p.Form(`form:has(textarea[name="observations"])`).Set("observations", "Elle dit avoir l’accord de l’école.").Submit().Want(http.StatusOK, "")
	if !strings.Contains(p.Text("#acte"), "accord de l’école") {
		t.Error("what the person answered is not shown")
	}
	if said := b.Get(requestPath(r.Number)).Texts("main .notice"); !slices.ContainsFunc(said, func(s string) bool {
		return strings.Contains(s, "Retrait de l’accord en préparation") && strings.Contains(s, "peut répondre jusqu’au") && strings.Contains(s, "Elle a répondu le") && strings.Contains(s, "au plus tard le mardi 23 mars 2027")
	}) {
		t.Errorf("at the top of the request: %q", said)
	}
	o.Clock.Advance(20 * day)
	b = o.signed(t, o.instructor)
	if said := b.Get(requestPath(r.Number)).Text("main .notice"); !strings.Contains(said, "Le temps pour répondre est passé") {
		t.Errorf("at the top of the request, then: %q", said)
	}
	p = b.Get(requestPath(r.Number) + "/retrait?acte=withdrawal&motif=illegal")
	f = p.Form(`#acte form:has(textarea[name="lettre"])`)
	if f.Value("motifs") != "La salle est réservée aux scolaires." {
		t.Errorf("the reasons begin as %q", f.Value("motifs"))
	}
	p = f.Press("Retirer l’accord et notifier").Want(http.StatusOK, requestPath(r.Number))
	if d := o.get(t, r.Number); d.State != requests.StateRevoked || !strings.Contains(d.Decisions[1].Letter, "réservée aux scolaires") {
		t.Fatalf("%s: %+v", d.State, d.Decisions)
	}
	if strings.Contains(p.Text("main"), "en préparation") || !strings.Contains(p.Text("h1 ~ *, main"), "Accord retiré") {
		t.Error("the request does not say that its agreement was taken back")
	}
	front := o.signed(t, o.front)
	second := o.ask(t, "salle-association", room)
	b.Get(requestPath(second.Number)+"/decision?issue=accept").Form("form.card").Press("Accepter et notifier").Want(http.StatusOK, "")
	if front.Get(requestPath(second.Number)+"/retrait").Want(http.StatusOK, "").Has("ul.post a") {
		t.Error("the front desk is offered to take an agreement back")
	}
}

// Who may sign is kept with the agent, and chosen with the decision.
func TestADelegationIsGivenAndSigns(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin := o.signed(t, o.admin)
	p := admin.Get("/agents/equipe/"+string(o.instructor.ID)).Follow("Délégations de signature").Want(http.StatusOK, "")
	back := p.Form("form.card").Set("dated_on", "2026-11-02").Submit().Want(http.StatusUnprocessableEntity, "")
	if !back.Has(`.error-summary a[href="#reference"]`) {
		t.Error("an order without a number is not said to lack it")
	}
	p = back.Form("form.card").Set("reference", "arrêté n° 2026-114").Submit().Want(http.StatusOK, "")
	if said := p.Text("ul.post"); !strings.Contains(said, "Arrêté n° 2026-114 du 2 novembre 2026") || !strings.Contains(said, "En vigueur") {
		t.Errorf("the page says %q", said)
	}
	r := o.ask(t, "salle-association", room)
	b := o.signed(t, o.instructor)
	f := b.Get(requestPath(r.Number) + "/decision?issue=accept").Form("form.card")
	if !strings.Contains(f.Value("lettre"), "Pour le maire et par délégation") {
		t.Fatalf("the letter is signed %q", f.Value("lettre"))
	}
	f = f.Set("signataire", string(requests.SignatoryTown)).Press("Recomposer").Form("form.card")
	if strings.Contains(f.Value("lettre"), "par délégation") {
		t.Error("the mayor signs by delegation")
	}
	b.Get("/agents/equipe/"+string(o.instructor.ID)+"/delegations").Want(http.StatusForbidden, "")
	p.Form("form:has(button[name=finir])").Press("Y mettre fin").Want(http.StatusOK, "")
	o.Clock.Advance(day)
	if f := o.signed(t, o.instructor).Get(requestPath(r.Number) + "/decision?issue=accept").Form("form.card"); strings.Contains(f.Value("lettre"), "par délégation") {
		t.Error("a delegation that is over signs")
	}
}
