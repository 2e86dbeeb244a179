package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestWhyTheseDatesAndCorrectingOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room) // received on 23 November 2026, silent on 23 January
	b := o.signed(t, o.front)
	p := b.Get(requestPath(r.Number)).Follow("Toutes les dates").Want(http.StatusOK, datesPath(r.Number))
	if said := p.Text(".timeline"); !strings.Contains(said, "CRPA") || !strings.Contains(said, "23 janvier 2027") {
		t.Errorf("the steps say %q", said)
	}
	const form = `form:has(select[name="fait"])`
	first := requests.Fact{Kind: requests.FactFirstReception}.Key()
	bad := p.Form(form).Set("fait", first).Set("jour", "2026-11-20").Submit().Want(http.StatusUnprocessableEntity, "")
	if !bad.Has(`.error-summary a[href="#motif"]`) {
		t.Errorf("without a reason: %q", bad.Texts(".error-summary li"))
	}
	bad = p.Form(form).Set("fait", first).Set("jour", "2026-11-24").Set("motif", "Reçue par l’agglo.").Submit().Want(http.StatusUnprocessableEntity, "")
	if !bad.Has(`.error-summary a[href="#jour"]`) {
		t.Errorf("a day to come: %q", bad.Texts(".error-summary li"))
	}
	bad = p.Form(form).Set("fait", first).Set("jour", "2026-09-20").Set("motif", "Reçue par l’agglo.").Submit().Want(http.StatusConflict, "")
	if !bad.Has(`input[name="confirme"]`) {
		t.Errorf("a date that decides is not asked about: %q", bad.Texts(".error-summary li"))
	}
	done := p.Form(form).Set("fait", first).Set("jour", "2026-11-20").Set("motif", "Reçue par l’agglo.").Submit().Want(http.StatusOK, datesPath(r.Number))
	if said := done.Text(".timeline"); !strings.Contains(said, "20 janvier 2027") || !strings.Contains(said, "L.114-2") {
		t.Errorf("afterwards the steps say %q", said)
	}
	stale := p.Form(form).Set("fait", first).Set("jour", "2026-11-19").Set("motif", "Non.").Submit().Want(http.StatusConflict, "")
	if !stale.Has(`[role="alert"]`) {
		t.Error("what a colleague changed is not told")
	}
	done = done.Form(form).Set("fait", first).Set("jour", "2026-11-19").Set("motif", "Le tampon dit le 19.").Submit().Want(http.StatusOK, datesPath(r.Number))
	if got := done.Text(".timeline del"); !strings.Contains(got, "20 novembre 2026") {
		t.Errorf("struck out: %q", got)
	}
	if got := done.Text(".timeline"); !strings.Contains(got, "Le tampon dit le 19.") || !strings.Contains(got, "19 janvier 2027") {
		t.Errorf("the steps say %q", got)
	}
	if got := b.Get(requestPath(r.Number)).Text("#historique"); !strings.Contains(got, "Date corrigée : première réception") {
		t.Errorf("the history says %q", got)
	}
	stranger := o.signed(t, o.front)
	stranger.Get("/agents/demandes/26-999999/dates").Want(http.StatusNotFound, "")
}

func TestADayThatWasToldIsSettledOnItsPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `update request set silence_last_day = '2027-01-24' where number = $1`, r.Number)
		return err
	})
	b := o.signed(t, o.front)
	p := b.Get(requestPath(r.Number)).Want(http.StatusOK, "")
	if !strings.Contains(p.Text("main"), "la règle actuelle donnerait le 23 janvier 2027") {
		t.Error("the request does not say that the rule gives another day")
	}
	p = p.Follow("Décider de la date").Want(http.StatusOK, datesPath(r.Number))
	const form = `form:has(button[value="garder"])`
	if bad := p.Form(form).Press("Garder la date annoncée").Want(http.StatusUnprocessableEntity, ""); !bad.Has(".error-summary") {
		t.Error("kept without a reason")
	}
	p = p.Form(form).Set("pourquoi-", "Plus favorable.").Press("Garder la date annoncée").Want(http.StatusOK, datesPath(r.Number))
	if !strings.Contains(p.Text("main"), "Date annoncée conservée par Sacha Petit : Plus favorable.") {
		t.Errorf("the page says %q", p.Text("main"))
	}
	p.Form(form).Set("pourquoi-", "Après tout.").Press("Prendre la nouvelle date").Want(http.StatusOK, datesPath(r.Number))
	if d := o.get(t, r.Number); d.SilenceLastDay.String() != "2027-01-23" || len(d.Drifts) != 0 {
		t.Errorf("last day %s, %+v", d.SilenceLastDay, d.Drifts)
	}
}
