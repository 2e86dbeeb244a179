package agent

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestADecisionGoesOutByItsLetter(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	b := o.signed(t, o.instructor)
	p := b.Get(requestPath(r.Number)).Follow("Refuser").Want(http.StatusOK, requestPath(r.Number)+"/decision")
	if got := p.Form("form.card").Value("lettre"); !strings.Contains(got, reasonsMark) || !strings.Contains(got, r.Number) {
		t.Fatalf("the letter is composed as %q", got)
	}
	refused := p.Form("form.card").Submit().Want(http.StatusUnprocessableEntity, "")
	if !refused.Has(`.error-summary a[href="#motifs"]`) {
		t.Error("a refusal without reasons is not said to lack them")
	}
	p = p.Form("form.card").Set("motifs", "La salle est prise.").Press("Recomposer").Want(http.StatusOK, "")
	letter := p.Form("form.card").Value("lettre")
	if !strings.Contains(letter, "La salle est prise.") || strings.Contains(letter, reasonsMark) {
		t.Fatalf("the letter is composed anew as %q", letter)
	}
	p = p.Form("form.card").Set("lettre", letter+"\n\nBien à vous.").Set("remise", "post").Press("Refuser et notifier").Want(http.StatusOK, requestPath(r.Number))
	d := o.get(t, r.Number)
	if d.State != requests.StateRefused || !strings.HasSuffix(d.Decisions[0].Letter, "Bien à vous.") || !d.Decisions[0].NotifiedOn.IsZero() {
		t.Fatalf("decided as %+v", d.Decisions)
	}
	today := "2026-11-23"
	p.Form(`form:has(input[name="recue"])`).Set("recue", "2026-11-20").Submit().Want(http.StatusUnprocessableEntity, "")
	p = p.Form(`form:has(input[name="recue"])`).Set("recue", today).Submit().Want(http.StatusOK, "")
	if d := o.get(t, r.Number).Decisions[0]; d.NotifiedOn.String() != today || d.AppealLastDay.IsZero() {
		t.Errorf("notified on %s, appeal until %s", d.NotifiedOn, d.AppealLastDay)
	}
	if p.Has(`input[name="recue"]`) {
		t.Error("the day of reception is asked for again")
	}
}

func TestADecisionIsMailedOnlyWhereThePersonAgreed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	b := o.signed(t, o.instructor)
	p := b.Get(requestPath(r.Number)).Want(http.StatusOK, "")
	if said := p.Text(".dossier-side .kv"); !strings.Contains(said, "sur papier") {
		t.Errorf("the agent reads %q", said)
	}
	decide := requestPath(r.Number) + "/decision?issue=accept"
	if b.Get(decide).Has(`input[name="remise"][value="email"]`) {
		t.Error("an e-mail is offered to whom did not agree")
	}
	p = b.Get(requestPath(r.Number)+"/demandeur").Form("form.card").Set("_decision_email", "1").Submit().Want(http.StatusOK, requestPath(r.Number))
	if said := p.Text(".dossier-side .kv"); !strings.Contains(said, "par courriel, accord donné le 23") {
		t.Errorf("the agent reads %q", said)
	}
	b.Get(decide).Form("form.card").Press("Accepter et notifier").Want(http.StatusOK, requestPath(r.Number))
	if x := o.get(t, r.Number).Decisions[0]; x.Delivery != requests.DeliveryEmail || x.NotifiedOn.IsZero() || strings.Contains(x.Letter, reasonsMark) {
		t.Errorf("decided as %+v", x)
	}
}

func TestTheFrontDeskDoesNotDecide(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	front := o.signed(t, o.front)
	p := front.Get(requestPath(r.Number)).Want(http.StatusOK, "")
	if p.Has(`a[href*="/decision"]`) {
		t.Error("the front desk is offered a decision")
	}
	front.Get(requestPath(r.Number)+"/decision").Want(http.StatusForbidden, "")
	f := o.signed(t, o.instructor).Get(requestPath(r.Number) + "/decision").Form("form.card")
	own := p.Form(`form:has(textarea[name="note"])`)
	answer := front.Post(requestPath(r.Number)+"/decision", map[string][]string{
		"_csrf": {own.Value("_csrf")}, "version": {f.Value("version")}, "issue": {"accept"}, "lettre": {"Accepté."}, "objet": {"Oui"}, "remise": {"post"},
	})
	if answer.Status != http.StatusForbidden || o.get(t, r.Number).State != requests.StateReceived {
		t.Errorf("answered %d, the request is %s", answer.Status, o.get(t, r.Number).State)
	}
}

// A partial agreement says what is granted, and why the rest is not.
func TestAPartialAgreementSaysBothParts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	number := o.ask(t, "salle-association", room).Number
	b := o.signed(t, o.instructor)
	p := b.Get(requestPath(number)).Follow("Accepter en partie").Want(http.StatusOK, requestPath(number)+"/decision")
	f := p.Form("form.card").Set("motifs", "Le dimanche, la salle est prise.")
	if refused := f.Submit().Want(http.StatusUnprocessableEntity, ""); !refused.Has(`.error-summary a[href="#accorde"]`) {
		t.Errorf("without what is granted: %q", refused.Texts(".error-summary"))
	}
	f = p.Form("form.card").Set("accorde", "La salle, le samedi.")
	if refused := f.Submit().Want(http.StatusUnprocessableEntity, ""); !refused.Has(`.error-summary a[href="#motifs"]`) {
		t.Errorf("without reasons: %q", refused.Texts(".error-summary"))
	}
	p = f.Set("motifs", "Le dimanche, la salle est prise.").Press("Accepter en partie").Want(http.StatusOK, requestPath(number))
	x := o.get(t, number).Decisions[0]
	if !strings.Contains(x.Letter, "La salle, le samedi.") || !strings.Contains(x.Letter, "Le dimanche, la salle est prise.") || strings.Contains(x.Letter, "[") {
		t.Errorf("the letter:\n%s", x.Letter)
	}
	if !strings.Contains(p.Text("main"), "Acceptée en partie") {
		t.Error("the page does not say that it is accepted in part")
	}
}
