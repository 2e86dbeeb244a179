package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// grant is a request for money, at the counter: silence means rejection after two months.
func grant() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "subvention-association", Channel: requests.ChannelCounter, Applicant: jeanne,
		Answers: forms.Answers{
			"association_nom": forms.Text("Les Amis du lac"), "association_siret": forms.Text("73282932000074"), "association_objet": forms.Text("Protéger le lac."),
			"fonction": forms.Text("representant"), "objet": forms.Text("fonctionnement"), "annee": forms.Number(2027), "montant": forms.Number(1500),
			"autres_aides": forms.Text("Aucune."), "nouvelle": forms.Text("non"), "cer": forms.Bool(true), "exactitude": forms.Bool(true),
		},
	}
}

// mailed is the same from somebody who gets e-mails.
func mailed(s requests.Submission) requests.Submission {
	s.Applicant.EmailAgreed = true
	return s
}

func (w *town) suspend(number, until, reason string, actor ...tenants.Actor) error {
	a := w.instructor
	if len(actor) > 0 {
		a = actor[0]
	}
	return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Suspend(ctx, tx, number, requests.SuspensionInput{Until: date(w.t, until), Reason: reason}, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) resume(number, reason string) error {
	return w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.EndSuspension(ctx, tx, number, reason, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) why(number string) requests.Why {
	w.t.Helper()
	var why requests.Why
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		why, err = requests.GetWhy(ctx, tx, number)
		return err
	})
	return why
}

// fraud gives the steps of the suspensions.
func fraud(why requests.Why) []requests.Reason {
	return slices.DeleteFunc(slices.Clone(why.Reasons), func(r requests.Reason) bool { return r.Kind != calendar.StepFraud })
}

func TestAnAidIsSuspendedRenewedAndTakenUpAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(mailed(grant()), w.front).Request.Number
	if d := w.get(number); d.SilenceLastDay.String() != "2027-02-01" || !slices.Contains(d.Actions, requests.ActionSuspend) {
		t.Fatalf("last day %s, actions %v", d.SilenceLastDay, d.Actions)
	}
	w.on("2026-12-10")
	if err := w.suspend(number, "2027-01-10", "Le SIRET est celui d’une autre association."); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	if d.SilenceLastDay.String() != "2027-03-04" || d.SuspendedUntil(w.on("2026-12-10")).String() != "2027-01-10" || !slices.Contains(kinds(d), "suspended") {
		t.Errorf("last day %s, history %v", d.SilenceLastDay, kinds(d))
	}
	told := w.outbox("letter_suspended")
	if len(told) != 1 {
		t.Fatalf("the person was told %d times", len(told))
	}
	for _, want := range []string{"Le SIRET est celui d’une autre association.", "10 janvier 2027", "4 mars 2027", "L.115-3", "tribunal", "n’est pas un refus"} {
		if !strings.Contains(told[0].Text, want) {
			t.Errorf("the letter does not say %q:\n%s", want, told[0].Text)
		}
	}
	w.on("2027-01-08")
	if err := w.suspend(number, "2027-02-08", "La banque a répondu\u00a0: le compte est fermé."); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.SilenceLastDay.String() != "2027-04-02" || len(d.Suspensions()) != 2 || !slices.Contains(kinds(d), "suspension_renewed") {
		t.Errorf("renewed: last day %s, %d suspensions, history %v", d.SilenceLastDay, len(d.Suspensions()), kinds(d))
	}
	w.on("2027-01-20")
	if err := w.resume(number, "L’association a prouvé son identité."); err != nil {
		t.Fatal(err)
	}
	d = w.get(number) // suspended from 10 December to 20 January: 41 days
	if d.SilenceLastDay.String() != "2027-03-14" || !d.SuspendedUntil(w.on("2027-01-20")).IsZero() || !slices.Contains(kinds(d), "suspension_ended") {
		t.Errorf("ended: last day %s, history %v", d.SilenceLastDay, kinds(d))
	}
	if told := w.outbox("letter_resumed"); len(told) != 1 || !strings.Contains(told[0].Text, "14 mars 2027") || !strings.Contains(told[0].Text, "prouvé son identité") {
		t.Errorf("the person was told %+v", told)
	}
	steps := fraud(w.why(number))
	if len(steps) != 2 || steps[0].Said != "Le SIRET est celui d’une autre association." || !strings.Contains(steps[0].Article, "L.115-3") ||
		steps[0].Days+steps[1].Days != 41 || len(steps[1].Was) != 1 || steps[1].Was[0].Until.String() != "2027-02-08" || steps[1].By.Reason != "L’association a prouvé son identité." {
		t.Errorf("the steps are %+v", steps)
	}
	if err := w.resume(number, "Encore."); !fault.Is(err, "suspension_over") {
		t.Errorf("ended twice: %v", err)
	}
}

func TestAPostedSuspensionCountsFromItsArrival(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(grant(), w.front).Request.Number
	w.on("2026-12-10")
	if err := w.suspend(number, "2027-01-10", "Le SIRET est celui d’une autre association."); err != nil {
		t.Fatal(err)
	}
	letters := w.letters(w.front, requests.LettersToPost)
	i := slices.IndexFunc(letters, func(l requests.Letter) bool { return l.Kind == requests.LetterSuspension })
	if i < 0 || !letters[i].Awaited || !strings.Contains(letters[i].Body, "rapproche d’un jour") {
		t.Fatalf("to be posted: %+v", letters)
	}
	confirm := func(day string) error {
		return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.ConfirmLetters(ctx, tx, []tenants.ID{letters[i].ID}, date(t, day))
		})
	}
	w.on("2027-01-12")
	if err := confirm("2027-01-11"); !fault.Is(err, "suspension_arrived_late") {
		t.Errorf("after its end: %v", err)
	}
	if err := confirm("2026-12-14"); err != nil {
		t.Fatal(err)
	}
	d := w.get(number) // from 14 December to 10 January: 27 days
	if d.SilenceLastDay.String() != "2027-02-28" || d.Suspensions()[0].On.String() != "2026-12-14" || !slices.Contains(kinds(d), "suspension_arrived") {
		t.Errorf("last day %s, suspensions %+v", d.SilenceLastDay, d.Suspensions())
	}
	if said := fraud(w.why(number)); len(said) != 1 || said[0].Said != "Le SIRET est celui d’une autre association." {
		t.Errorf("the steps are %+v", said)
	}
}

func TestASuspensionThatContradictsIsRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number, other := w.submit(mailed(grant()), w.front).Request.Number, w.submit(letter()).Request.Number
	w.on("2026-12-10")
	refused := func(err error, code, says string) {
		t.Helper()
		f := fault.Of(err)
		if f == nil || f.Code != code || says != "" && (len(f.Fields) == 0 || !strings.Contains(f.Fields[0].Message, says)) {
			t.Errorf("%+v, want %s that says %q", f, code, says)
		}
	}
	refused(w.suspend(other, "2027-01-10", "Soupçon."), "suspension_not_aid", "")
	refused(w.suspend(number, "2027-01-10", "Soupçon.", w.front), "not_allowed", "")
	refused(w.suspend(number, "2027-01-10", "  "), "suspension_reason_required", "")
	refused(w.suspend(number, "2026-12-10", "Soupçon."), "suspension_end_past", "")
	refused(w.suspend(number, "2027-03-11", "Soupçon."), "invalid_facts", "La fin de la suspension dépasse trois mois")
	refused(w.resume(number, "Fini."), "suspension_over", "")
	if err := w.suspend(number, "2027-03-09", "Soupçon."); err != nil {
		t.Fatal(err)
	}
	refused(w.suspend(number, "2027-03-09", "Élément nouveau."), "invalid_facts", "La fin de la suspension ne dépasse pas celle")
	refused(w.suspend(number, "2027-03-11", "Élément nouveau."), "invalid_facts", "La fin de la suspension dépasse trois mois") // a renewal too lasts three months at most
	refused(w.resume(number, ""), "suspension_reason_required", "")
	key := w.key(number, requests.FactSuspension)
	refused(w.correct(number, requests.Correction{Key: key, On: date(t, "2026-12-10"), Until: date(t, "2027-03-08")}), "not_allowed", "")
	refused(w.correct(number, requests.Correction{Key: key, On: date(t, "2026-12-10"), Until: date(t, "2027-03-10")}, w.instructor), "invalid_facts", "ne peut pas être repoussée")
	refused(w.correct(number, requests.Correction{Key: key, On: date(t, "2026-11-30"), Until: date(t, "2027-01-10")}, w.instructor), "invalid_facts", "Le jour de la suspension vient avant la réception")
	refused(w.correct(number, requests.Correction{Key: key, On: date(t, "2026-12-10"), Until: date(t, "2026-12-09")}, w.instructor), "invalid_facts", "La fin de la suspension vient avant son début")
	if d := w.get(number); d.SilenceLastDay.String() != "2027-05-01" {
		t.Errorf("last day %s", d.SilenceLastDay)
	}
	w.on("2027-05-03")
	refused(w.suspend(number, "2027-06-10", "Élément nouveau."), "silence_acquired", "")
}
