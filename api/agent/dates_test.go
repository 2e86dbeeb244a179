package agent

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
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

// A silence that a wrong date gave is shown once the date is corrected, and undone by who
// decides, with a reason.
func TestASilenceOfAWrongDateIsReopenedOnItsPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	number := ""
	o.Write(t, o.Tenant, o.front.Actor(), func(ctx context.Context, tx *tenants.Tx) error {
		out, err := requests.Submit(ctx, tx, requests.Submission{
			ProcedureSlug: "salle-association", Channel: requests.ChannelPost, ReceivedOn: calendar.NewDate(2026, 9, 14), Answers: room,
			Applicant: requests.Applicant{GivenName: "Aminata", FamilyName: "Lefèvre", PostalAddress: "2 rue des Lilas\n31320 Castanet-Tolosan"},
		})
		number = out.Request.Number
		return err
	})
	o.Write(t, o.Tenant, tenants.System("silence"), func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, number) })
	b := o.signed(t, o.instructor)
	p := b.Get(datesPath(number)).Want(http.StatusOK, "")
	if p.Has(`button[value="rouvrir"]`) {
		t.Error("a silence that stands is offered to be undone")
	}
	key := requests.Fact{Kind: requests.FactReception}.Key()
	p = p.Form(`form:has(input[value="corriger"])`).Set("fait", key).Set("jour", "2026-11-14").Set("motif", "Le cachet dit le 14 novembre.").Submit().Want(http.StatusOK, datesPath(number))
	if said := b.Get(requestPath(number)).Text("main"); !strings.Contains(said, "cette décision n’était pas née") {
		t.Errorf("the request says %q", said)
	}
	const form = `form:has(button[value="rouvrir"])`
	if bad := p.Form(form).Press("Rouvrir").Want(http.StatusUnprocessableEntity, ""); !bad.Has(`.error-summary a[href="#pourquoi-rouvrir"]`) {
		t.Errorf("without a reason: %q", bad.Texts(".error-summary li"))
	}
	p.Form(form).Set("pourquoi-rouvrir", "Le cachet dit le 14 novembre.").Press("Rouvrir").Want(http.StatusOK, datesPath(number))
	if d := o.get(t, number); d.State != requests.StateReview || d.SilenceLastDay.String() != "2027-01-14" {
		t.Errorf("%s until %s", d.State, d.SilenceLastDay)
	}
	if said := b.Get(requestPath(number)).Text("main"); !strings.Contains(said, "décision jamais née") || !strings.Contains(said, "Demande rouverte") {
		t.Errorf("afterwards the request says %q", said)
	}
}
