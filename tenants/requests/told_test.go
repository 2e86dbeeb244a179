package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) settle(number string, in requests.Settlement) error {
	if in.Reason == "" {
		in.Reason = "Plus favorable à la personne."
	}
	return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.SettleDate(ctx, tx, number, in, w.version(ctx, tx, number))
		return err
	})
}

// toldAs makes a request as an older release told its last day.
func (w *town) toldAs(number, day string) {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `update request set silence_last_day = $2, due_on = $2 where number = $1`, number, date(w.t, day))
		return err
	})
}

// A release that counts otherwise moves no day that was told: it is shown, and an agent
// decides. What new facts move is counted from the day that was told.
func TestADayThatWasToldIsNotMovedByNewRules(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	if d := w.get(number); len(d.Drifts) != 0 {
		t.Errorf("drifts of a new request: %+v", d.Drifts)
	}
	if err := w.settle(number, requests.Settlement{Adopt: true}); !fault.Is(err, "date_agrees") {
		t.Errorf("settled what agrees: %v", err)
	}
	w.toldAs(number, "2027-02-02") // it would be the first of February now
	d := w.get(number)
	if len(d.Drifts) != 1 || d.Drifts[0].Told.String() != "2027-02-02" || d.Drifts[0].Now.String() != "2027-02-01" || d.Drifts[0].Kept != nil {
		t.Fatalf("drifts %+v", d.Drifts)
	}
	w.on("2026-12-08")
	if err := w.notice(number, "2026-12-23", insurance); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-18")
	w.complete(number)
	if d := w.get(number); d.SilenceLastDay.String() != "2027-02-12" || len(d.Drifts) != 1 || d.Drifts[0].Now.String() != "2027-02-11" {
		t.Errorf("after ten days: %s, drifts %+v", d.SilenceLastDay, d.Drifts)
	}
	if err := w.settle(number, requests.Settlement{}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.SilenceLastDay.String() != "2027-02-12" || len(d.Drifts) != 1 || d.Drifts[0].Kept == nil || d.Drifts[0].Kept.ActorName != w.front.Name || !slices.Contains(kinds(d), "date_kept") {
		t.Errorf("kept: %s, %+v", d.SilenceLastDay, d.Drifts)
	}
	if len(w.outbox("letter_new_date")) != 0 {
		t.Error("the person was told of a date that did not move")
	}
	if err := w.settle(number, requests.Settlement{Adopt: true}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.SilenceLastDay.String() != "2027-02-11" || d.DueOn != d.SilenceLastDay || len(d.Drifts) != 0 || !slices.Contains(kinds(d), "date_adopted") {
		t.Errorf("adopted: %s, %+v", d.SilenceLastDay, d.Drifts)
	}
	if box := w.outbox("letter_new_date"); len(box) != 1 || !strings.Contains(box[0].Text, "11 février 2027") {
		t.Errorf("told %+v", box)
	}
}

// The silence acts on the day that was told, as long as nobody decided otherwise.
func TestTheSilenceActsOnTheDayThatWasTold(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(stall("2027-06-20")).Request.Number
	w.toldAs(number, "2027-02-02")
	w.on("2027-02-02")
	w.lapse()
	if d := w.get(number); !d.State.Open() {
		t.Errorf("decided before its day: %s", d.State)
	}
	w.on("2027-02-03")
	w.lapse()
	if d := w.get(number); d.State != requests.StateImplicitAcceptance || d.DecidedOn.String() != "2027-02-02" {
		t.Errorf("%s on %s", d.State, d.DecidedOn)
	}
}

// A holiday that the commune did not have when the letter left: in Alsace-Moselle, where
// a temple makes Good Friday one (26 March 2027), an appeal ends later. The time for
// appeal that was told goes on holding.
func TestAnAppealThatWasToldIsNotMovedByANewHoliday(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	opened, err := w.Registry.Open(t.Context(), system, tenants.Opening{INSEE: "67482"}) // Strasbourg
	if err != nil {
		t.Fatal(err)
	}
	w.Tenant = opened
	w.furnish(opened)
	w.on("2027-01-20")
	number := w.submit(posted(letter()), w.front).Request.Number
	w.on("2027-01-25")
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le texte l’interdit.", Delivery: requests.DeliveryCounter}); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	id := d.Decisions[0].ID
	if d.Decisions[0].AppealLastDay.String() != "2027-03-26" || len(d.Drifts) != 0 {
		t.Fatalf("appeal until %s, drifts %+v", d.Decisions[0].AppealLastDay, d.Drifts)
	}
	w.Tenant.Temple = true
	d = w.get(number)
	if d.Decisions[0].AppealLastDay.String() != "2027-03-26" || len(d.Drifts) != 1 || d.Drifts[0].Decision != id || d.Drifts[0].Now.String() != "2027-03-30" {
		t.Fatalf("appeal until %s, drifts %+v", d.Decisions[0].AppealLastDay, d.Drifts)
	}
	if err := w.settle(number, requests.Settlement{Decision: id, Adopt: true}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.Decisions[0].AppealLastDay.String() != "2027-03-30" || len(d.Drifts) != 0 {
		t.Errorf("adopted: %s, %+v", d.Decisions[0].AppealLastDay, d.Drifts)
	}
	if box := w.outbox("letter_new_date"); len(box) != 1 || !strings.Contains(box[0].Text, "30 mars 2027") {
		t.Errorf("told %+v", box)
	}
}

// Why the dates are what they are: each step with its article, what was corrected beside
// what holds, for agents and for the person.
func TestWhyADate(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-03")
	r := w.submit(posted(letter()), w.front).Request
	if err := w.correct(r.Number, requests.Correction{Key: "reception.", On: date(t, "2026-12-01"), Reason: "Le cachet dit le 1er."}); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-08")
	if err := w.notice(r.Number, "2026-12-23", insurance); err != nil {
		t.Fatal(err)
	}
	for name, actor := range map[string]tenants.Actor{"an agent": w.front, "its owner": requests.GuestOf(r)} {
		var why requests.Why
		w.must(actor, func(ctx context.Context, tx *tenants.Tx) (err error) {
			why, err = requests.GetWhy(ctx, tx, r.Number)
			return err
		})
		if why.Dates.LastDay.String() != "2027-02-16" || why.Dates.Appeal.LastDay.String() != "2027-04-19" && why.Dates.Appeal.LastDay.IsZero() {
			t.Errorf("%s: last day %s, appeal %+v", name, why.Dates.LastDay, why.Dates.Appeal)
		}
		if len(why.Reasons) < 4 || len(why.Reasons[0].Was) != 1 || why.Reasons[0].Was[0].On.String() != "2026-12-03" || why.Reasons[0].Date.String() != "2026-12-01" || why.Reasons[0].By.Reason == "" {
			t.Errorf("%s: reasons %+v", name, why.Reasons)
		}
		for _, step := range why.Reasons {
			if step.Text == "" || step.Article == "" {
				t.Errorf("%s: a step says nothing: %+v", name, step)
			}
		}
	}
	err := w.as(w.citizen, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.GetWhy(ctx, tx, r.Number)
		return err
	})
	if !fault.Is(err, "request_unknown") {
		t.Errorf("a stranger: %v", err)
	}
}
