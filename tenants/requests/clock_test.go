package requests_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestTheClockFollowsTheFacts(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for _, c := range table(t, "clock.csv") {
		w.on(c["received"])
		s := letter()
		if c["effect"] == "acceptance" {
			s = stall("2027-06-20")
		}
		actor := tenants.Guest()
		if c["first"] != "" {
			s.Channel, s.FirstReceivedOn, actor = requests.ChannelPost, date(t, c["first"]), w.front
		}
		number := w.submit(s, actor).Request.Number
		if c["notice"] != "" {
			w.on(c["notice"])
			err := w.ask(number, c["limit"])
			if c["refused"] == "" && err != nil || c["refused"] != "" && !fault.Is(err, c["refused"]) {
				t.Errorf("%s: the notice gives %v, want %q", c["case"], err, c["refused"])
			}
		}
		if c["papers"] != "" {
			w.on(c["papers"])
			d := w.get(number)
			if err := w.upload(requests.GuestOf(d.Request), number, d.DocumentRequests[0].Items[0].ID); err != nil {
				t.Errorf("%s: the paper: %v", c["case"], err)
			}
		}
		d := w.get(number)
		if d.SilenceLastDay.String() != c["last_day"] || d.Waiting != (c["waiting"] == "true") || d.Deadline.LastDay != d.SilenceLastDay {
			t.Errorf("%s: last day %q, waiting %v; want %q, %s", c["case"], d.SilenceLastDay, d.Waiting, c["last_day"], c["waiting"])
		}
		if !d.SilenceLastDay.IsZero() { // on the last day itself nothing has been decided
			w.on(c["last_day"])
			w.Clock.Set(d.SilenceLastDay.AddDays(1).Start(w.Tenant.Zone()).Add(-time.Second))
			if due := w.lapse(); slices.Contains(due, number) || !w.get(number).State.Open() {
				t.Errorf("%s: decided before the end of its last day", c["case"])
			}
			w.Clock.Set(w.Clock.Now().Add(time.Second))
		} else {
			w.on("2029-01-01")
		}
		w.lapse()
		if got := w.get(number); string(got.State) != c["lapses"] {
			t.Errorf("%s: ends as %s, want %s", c["case"], got.State, c["lapses"])
		}
	}
}

func TestASilentDecisionIsDatedAndToldOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	accepted := w.submit(stall("2027-06-20")).Request.Number
	refused := w.submit(letter()).Request.Number
	w.on("2027-03-15") // the jobs were away for weeks
	if due := w.lapse(); !slices.Equal(due, []string{accepted, refused}) {
		t.Fatalf("due: %v", due)
	}
	if again := w.lapse(); len(again) != 0 {
		t.Errorf("due again: %v", again)
	}
	for number, outcome := range map[string]catalogue.Outcome{accepted: catalogue.OutcomeImplicitAcceptance, refused: catalogue.OutcomeImplicitRejection} {
		w.must(system, func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, number) })
		d := w.get(number)
		if len(d.Decisions) != 1 || d.Decisions[0].Outcome != outcome || !d.Decisions[0].Implicit || d.Decisions[0].DecidedOn.String() != "2027-02-01" {
			t.Errorf("%s: decisions %+v", number, d.Decisions)
		}
		if d.ClosedOn.String() != "2027-02-01" || w.mails(number)["letter_implicit"] != 1 || !slices.Contains(kinds(d), "lapsed") {
			t.Errorf("%s: closed on %s, mails %v, history %v", number, d.ClosedOn, w.mails(number), kinds(d))
		}
	}
	d := w.get(refused) // D1 of law.md: rejection on 2027-02-01, the court until 2027-04-02
	if d.Appeal.LastDay.String() != "2027-04-02" || d.Decisions[0].AppealLastDay.String() != "2027-04-02" || !d.Appeal.Opposable {
		t.Errorf("appeal %+v", d.Appeal)
	}
	// People do not make the silence decide.
	for _, a := range []tenants.Actor{w.admin, w.citizen} {
		if err := w.as(a, func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, refused) }); !fault.Is(err, "not_allowed") {
			t.Errorf("%s let the silence decide: %v", a.Kind, err)
		}
	}
}

func TestAfterTheSilenceOnlyWhatTheLawAllows(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	svr, svrLapsed := w.submit(letter()).Request.Number, w.submit(letter()).Request.Number
	sva := w.submit(stall("2027-06-20")).Request.Number
	w.on("2027-02-01")
	if err := w.decide(w.submit(letter()).Request.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non."}); err != nil {
		t.Errorf("a refusal in time: %v", err)
	}
	w.on("2027-02-02") // decided in law; the job has not run yet
	refuse := requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Trop tard."}
	for _, number := range []string{svr, sva} {
		if err := w.decide(number, refuse); !fault.Is(err, "silence_acquired") {
			t.Errorf("%s: a refusal after the silence: %v", number, err)
		}
	}
	if err := w.decide(sva, requests.DecisionInput{Outcome: catalogue.OutcomeAccept}); !fault.Is(err, "silence_acquired") {
		t.Errorf("an acceptance after the acceptance: %v", err)
	}
	after := []requests.Action{requests.ActionCorrect, requests.ActionHear, requests.ActionRevoke}
	if d := w.get(sva); !slices.Equal(d.Actions, after) || len(d.Outcomes) != 0 {
		t.Errorf("offered after the acceptance: %v, %v", d.Actions, d.Outcomes)
	}
	if d := w.get(svr); !slices.Equal(d.Outcomes, []catalogue.Outcome{catalogue.OutcomeAnswer}) {
		t.Errorf("offered after the rejection: %v", d.Outcomes)
	}
	// An answer may still come after a silent rejection, written or not.
	if err := w.as(system, func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, svrLapsed) }); err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{svr, svrLapsed} {
		if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Nous passons demain."}); err != nil {
			t.Errorf("%s: an answer after the rejection: %v", number, err)
		}
		d := w.get(number)
		if d.State != requests.StateAnswered || len(d.Decisions) != 2 || !d.Decisions[0].Implicit || d.Decisions[0].DecidedOn.String() != "2027-02-01" || d.Decisions[1].DecidedOn.String() != "2027-02-02" {
			t.Errorf("%s: %s %+v", number, d.State, d.Decisions)
		}
	}
	w.lapse()
	if d := w.get(sva); d.State != requests.StateImplicitAcceptance {
		t.Errorf("ends as %s", d.State)
	}
}

func TestTheDayIsTheCommunes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	// 23:30 in London is half past midnight in Castanet.
	w.Clock.Set(time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC))
	r := w.submit(letter()).Request
	if r.ReceivedOn.String() != "2026-12-01" || r.SilenceLastDay.String() != "2027-02-01" {
		t.Errorf("received %s, last day %s", r.ReceivedOn, r.SilenceLastDay)
	}
	w.Clock.Set(time.Date(2027, 2, 1, 22, 59, 59, 0, time.UTC))
	if due := w.lapse(); len(due) != 0 {
		t.Error("decided a second early")
	}
	w.Clock.Set(time.Date(2027, 2, 1, 23, 0, 0, 0, time.UTC))
	if due := w.lapse(); len(due) != 1 {
		t.Error("not decided at midnight")
	}
}

func TestWhatHasNoLegalDayHasTheTownsPromise(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-21")
	r := w.submit(certificate()).Request // five working days; Christmas is none
	if !r.SilenceLastDay.IsZero() || r.DueOn.String() != "2026-12-29" {
		t.Errorf("last day %q, due %s", r.SilenceLastDay, r.DueOn)
	}
	w.on("2029-01-01")
	if due := w.lapse(); len(due) != 0 {
		t.Errorf("silence decided %v", due)
	}
}
