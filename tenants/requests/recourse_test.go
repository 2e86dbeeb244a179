package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) note(a tenants.Actor, number string, kind requests.FactKind, day string) error {
	return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.NoteRecourse(ctx, tx, number, requests.Recourse{Kind: kind, On: date(w.t, day), Said: "26-000777"}, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) extend(a tenants.Actor, number, reason string) error {
	return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Extend(ctx, tx, number, reason, w.version(ctx, tx, number))
		return err
	})
}

// refusedFact gives the fact of a contradiction, and why.
func refusedFact(err error) string {
	if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
		return f.Fields[0].Path + " " + f.Fields[0].Code
	}
	return ""
}

// GDPR art. 12.3: two months more, told with the reason within the first month; law.md I1.
func TestAnAnswerAboutDataCanTakeTwoMonthsMore(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.opens("droits-rgpd")
	w.on("2027-03-05")
	number, late := w.submit(access()).Request.Number, w.submit(access()).Request.Number
	other := w.submit(letter()).Request.Number
	if err := w.extend(w.front, number, "Trop de dossiers."); !fault.Is(err, "not_allowed") {
		t.Errorf("the front desk: %v", err)
	}
	if err := w.extend(w.instructor, number, " "); !fault.Is(err, "reason_required") {
		t.Errorf("without a reason: %v", err)
	}
	if err := w.extend(w.instructor, other, "a"); !fault.Is(err, "extension_not_possible") {
		t.Errorf("what is no right over data: %v", err)
	}
	w.on("2027-03-30")
	if err := w.extend(w.instructor, number, "Douze années de dossiers sont à relire."); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	if d.DueOn != date(t, "2027-06-07") || d.Extendable() || slices.Contains(d.Actions, requests.ActionExtend) {
		t.Errorf("extended until %s, %v", d.DueOn, d.Actions)
	}
	box := w.outbox("letter_new_date")
	if len(box) != 1 || !strings.Contains(box[0].Text, "Douze années") || !strings.Contains(box[0].Text, "7 juin 2027") || !strings.Contains(box[0].Text, "5 avril 2027") {
		t.Errorf("the person reads %+v", box)
	}
	if err := w.extend(w.instructor, number, "Encore."); !fault.Is(err, "extension_not_possible") {
		t.Errorf("twice: %v", err)
	}
	why := w.why(number)
	if i := slices.IndexFunc(why.Reasons, func(r requests.Reason) bool { return r.Kind == calendar.StepExtended }); i < 0 || !strings.Contains(why.Reasons[i].Said, "Douze années") {
		t.Errorf("why: %+v", why.Reasons)
	}
	if err := w.correct(number, requests.Correction{Key: w.key(number, requests.FactExtension), Reason: "La lettre n’est jamais partie."}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.DueOn != date(t, "2027-04-05") || !d.Extendable() {
		t.Errorf("not told after all: due on %s", d.DueOn)
	}
	w.on("2027-04-06")
	if err := w.extend(w.instructor, late, "Trop tard."); !fault.Is(err, "invalid_facts") || refusedFact(err) != "extended extension_too_late" {
		t.Errorf("after the first month: %v", err)
	}
}

func TestARecoursGracieuxInterruptsTheAppeal(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number, granted := w.submit(letter()).Request.Number, w.submit(stall("2027-06-20")).Request.Number
	if err := w.note(w.front, number, requests.FactGracious, "2026-12-01"); !fault.Is(err, "action_not_possible") {
		t.Errorf("nothing is refused yet: %v", err)
	}
	w.on("2027-03-02") // no job has written down the silence
	for day, want := range map[string]string{"2027-01-15": "gracious before_refusal", "2027-03-03": "on fact_in_future", "": "on fact_day_required"} {
		if err := w.note(w.front, number, requests.FactGracious, day); refusedFact(err) != want {
			t.Errorf("%q: %v", day, err)
		}
	}
	if err := w.note(w.front, number, requests.FactPriorSeized, "2027-03-01"); refusedFact(err) != "prior/seized no_prior" {
		t.Errorf("no authority comes first: %v", err)
	}
	if err := w.note(w.front, number, requests.FactGraciousRejected, "2027-03-01"); refusedFact(err) != "gracious required" {
		t.Errorf("an answer to nothing: %v", err)
	}
	if err := w.note(w.front, number, requests.FactGracious, "2027-03-01"); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	if d.State != requests.StateImplicitRejection || d.Appeal.LastDay != date(t, "2027-07-02") || d.Dates.GraciousSilence != date(t, "2027-05-01") || kinds(d)[len(d.History)-1] != "recourse_noted" {
		t.Errorf("received: %s, the appeal until %s, its silence on %s, %v", d.State, d.Appeal.LastDay, d.Dates.GraciousSilence, kinds(d))
	}
	if !slices.Equal(d.Recourses(), []requests.FactKind{requests.FactGraciousRejected}) {
		t.Errorf("to note next: %v", d.Recourses())
	}
	if err := w.note(w.front, number, requests.FactGracious, "2027-03-01"); !fault.Is(err, "recourse_noted") {
		t.Errorf("twice: %v", err)
	}
	if err := w.note(w.front, number, requests.FactGraciousRejected, "2027-02-28"); refusedFact(err) != "gracious_answered before_gracious" {
		t.Errorf("rejected before it came: %v", err)
	}
	w.on("2027-03-22")
	if err := w.note(w.front, number, requests.FactGraciousRejected, "2027-03-20"); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.Appeal.LastDay != date(t, "2027-05-21") || !d.Dates.GraciousSilence.IsZero() {
		t.Errorf("rejected: the appeal until %s, its silence on %s", d.Appeal.LastDay, d.Dates.GraciousSilence)
	}
	key := w.key(number, requests.FactGracious)
	if err := w.correct(number, requests.Correction{Key: key, On: date(t, "2027-03-21"), Reason: "Cachet."}); refusedFact(err) != "gracious_answered before_gracious" {
		t.Errorf("corrected into a contradiction: %v", err)
	}
	if err := w.correct(number, requests.Correction{Key: key, On: date(t, "2027-02-25"), Reason: "Cachet d’arrivée."}); err != nil {
		t.Fatal(err)
	}
	why := w.why(number)
	i := slices.IndexFunc(why.Reasons, func(r requests.Reason) bool { return r.Kind == calendar.StepGraciousReceived })
	if i < 0 || why.Reasons[i].Date != date(t, "2027-02-25") || len(why.Reasons[i].Was) != 1 || why.Reasons[i].Said != "26-000777" {
		t.Errorf("why: %+v", why.Reasons)
	}
	if err := w.note(w.front, granted, requests.FactGracious, "2027-03-01"); !fault.Is(err, "action_not_possible") {
		t.Errorf("what silence granted is refused to nobody: %v", err)
	}
}

// Its own silence rejects a recours gracieux after two months: the morning mail says so before.
func TestARecoursGracieuxIsInTheMorningMail(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non.", Delivery: requests.DeliveryCounter}); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-31")
	if err := w.note(w.front, number, requests.FactGracious, "2026-12-31"); err != nil { // its silence: 28 February
		t.Fatal(err)
	}
	digest := func(day string) string {
		w.on(day)
		w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.Digest(ctx, tx)
			return err
		})
		box := w.outbox("digest")
		if len(box) == 0 {
			return ""
		}
		return box[len(box)-1].Text
	}
	if said := digest("2027-02-10"); strings.Contains(said, number) {
		t.Errorf("too early: %s", said)
	}
	var next calendar.Date
	w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		next, err = requests.NextMorning(ctx, tx)
		return err
	})
	if next != date(t, "2027-02-11") {
		t.Errorf("looked at again on %s", next)
	}
	if said := digest("2027-02-24"); !strings.Contains(said, number) || !strings.Contains(said, "28 février 2027") {
		t.Errorf("the morning mail says nothing of %s: %s", number, said)
	}
}

// Documents of the town: silence refuses after a month, and the CADA comes before the court
// (CRPA R.311-12, R.343-1).
func TestTheCADAIsSeizedBeforeTheCourt(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error { // the complaint's form, with the rule of documents
		e, err := catalogue.BySlug(ctx, tx, "courrier-maire")
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		law, _ := calendar.StatuteOf("documents-administratifs")
		p.Silence, p.Route = law.Rule, catalogue.RouteCADA
		_, err = catalogue.Publish(ctx, tx, "courrier-maire", p)
		return err
	})
	w.on("2027-01-10")
	number := w.submit(letter()).Request.Number // silence refuses on 2027-02-10
	w.on("2027-03-12")
	w.lapse()
	if err := w.note(w.front, number, requests.FactGracious, "2027-03-01"); refusedFact(err) != "gracious prior_first" {
		t.Errorf("a recours gracieux: %v", err)
	}
	if err := w.note(w.front, number, requests.FactPriorSeized, "2027-03-01"); err != nil {
		t.Fatal(err)
	}
	if err := w.note(w.front, number, requests.FactPriorRegistered, "2027-02-27"); refusedFact(err) != "prior/registered before_seized" {
		t.Errorf("registered before: %v", err)
	}
	if err := w.note(w.front, number, requests.FactPriorRegistered, "2027-03-05"); err != nil {
		t.Fatal(err)
	}
	why := w.why(number)
	if why.Dates.ConfirmedOn != date(t, "2027-05-05") || why.Appeal.LastDay != date(t, "2027-07-06") || len(why.Recourses()) != 0 {
		t.Errorf("confirmed on %s, the court until %s, %v", why.Dates.ConfirmedOn, why.Appeal.LastDay, why.Recourses())
	}
	if err := w.correct(number, requests.Correction{Key: w.key(number, requests.FactPriorRegistered), Reason: "Pas encore enregistrée."}); err != nil {
		t.Fatal(err)
	}
	if err := w.note(w.front, number, requests.FactPriorRegistered, "2027-03-08"); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.Dates.ConfirmedOn != date(t, "2027-05-08") {
		t.Errorf("noted anew: confirmed on %s", d.Dates.ConfirmedOn)
	}
}
