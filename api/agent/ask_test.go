package agent

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestMissingPapersAreAskedForAndTheClockReacts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	p := o.signed(t, o.front).Get(requestPath(r.Number)).Follow("Demander une pièce").Want(http.StatusOK, requestPath(r.Number)+"/pieces")
	none := p.Form("form.card").Submit().Want(http.StatusUnprocessableEntity, "")
	if !none.Has(".error-summary") {
		t.Error("a notice that asks for nothing is not refused")
	}
	f := p.Form("form.card").Set("autre-1", "Les statuts").Set("indispensable-1", "1")
	noLaw := f.Submit().Want(http.StatusUnprocessableEntity, "")
	f = noLaw.Form("form.card")
	if f.Value("autre-1") != "Les statuts" || f.Value("indispensable-1") != "1" {
		t.Fatal("what was typed is lost")
	}
	f.Set("texte-1", "Règlement des salles, article 4").Set("limite", "2026-12-14")
	preview := f.Press("Recalculer").Want(http.StatusOK, "")
	if got := preview.Text("form.card p.notice"); !strings.Contains(got, "nouvelle échéance sera le") {
		t.Errorf("the new date is foreseen as %q", got)
	}
	p = preview.Form("form.card").Press("Demander ces pièces").Want(http.StatusOK, requestPath(r.Number))
	d := o.get(t, r.Number)
	if d.State != requests.StateWaiting || !d.SilenceLastDay.After(r.SilenceLastDay) {
		t.Fatalf("the request is %s, its last day %s after %s", d.State, d.SilenceLastDay, r.SilenceLastDay)
	}
	if !strings.Contains(preview.Text("form.card p.notice"), d.SilenceLastDay.French()) {
		t.Errorf("%q foresaw another day than %s", preview.Text("form.card p.notice"), d.SilenceLastDay.French())
	}
	p.Form(`form:has(button[value="complet"])`).Submit().Want(http.StatusOK, requestPath(r.Number))
	if d := o.get(t, r.Number); d.State != requests.StateReview {
		t.Errorf("with everything there the request is %s", d.State)
	}
}

func TestANoticeThatComesTooLateIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "cantine", canteen)
	b := o.signed(t, o.admin)
	p := b.Get(requestPath(r.Number)+"/pieces").Want(http.StatusOK, "")
	o.Clock.Set(o.Clock.Now().Add(70 * day)) // the silence has accepted meanwhile
	b.SetCookies(cookie(o.session(t, o.Tenant, o.admin, 1)))
	p = p.Form("form.card").Set("autre-1", "Le livret de famille").Set("texte-1", "Règlement").Set("indispensable-1", "1").Set("limite", "2027-02-20").Press("Demander").Want(http.StatusConflict, "")
	if got := p.Text(`[role="alert"]`); !strings.Contains(got, "délai légal est écoulé") {
		t.Errorf("the refusal says %q", got)
	}
	if d := o.get(t, r.Number); len(d.DocumentRequests) != 0 {
		t.Error("the notice left all the same")
	}
}
