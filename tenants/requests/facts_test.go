package requests_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// posted is a letter that came by post, from somebody who gets e-mails.
func posted(s requests.Submission) requests.Submission {
	s.Channel = requests.ChannelPost
	s.Applicant.EmailAgreed = true
	return s
}

func (w *town) correct(number string, in requests.Correction, actor ...tenants.Actor) error {
	a := w.front
	if len(actor) > 0 {
		a = actor[0]
	}
	if in.Reason == "" {
		in.Reason = "Erreur de saisie."
	}
	return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.CorrectFact(ctx, tx, number, in, w.version(ctx, tx, number))
		return err
	})
}

// key gives the key of a request's fact of a kind.
func (w *town) key(number string, kind requests.FactKind) string {
	w.t.Helper()
	for _, f := range w.get(number).Facts {
		if f.Kind == kind {
			return f.Key()
		}
	}
	w.t.Fatalf("%s has no fact %q", number, kind)
	return ""
}

func TestAWrongReceptionIsCorrectedAndBothAreKept(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-03")
	number := w.submit(posted(letter()), w.front).Request.Number // it came on the first
	if d := w.get(number); d.SilenceLastDay.String() != "2027-02-03" || len(d.Facts) != 1 || d.Facts[0].ID != "" {
		t.Fatalf("last day %s, facts %+v", d.SilenceLastDay, d.Facts)
	}
	w.on("2026-12-10")
	if err := w.correct(number, requests.Correction{Key: "reception.", On: date(t, "2026-12-01"), Reason: "Le cachet dit le 1er."}); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	if d.SilenceLastDay.String() != "2027-02-01" || d.ReceivedOn.String() != "2026-12-01" || d.FirstReceivedOn.String() != "2026-12-01" || d.DueOn != d.SilenceLastDay {
		t.Errorf("received %s, first %s, last day %s", d.ReceivedOn, d.FirstReceivedOn, d.SilenceLastDay)
	}
	if len(d.Facts) != 2 || d.Facts[0].On.String() != "2026-12-03" || d.Facts[0].InForce() || d.Facts[0].CorrectedBy != d.Facts[1].ID ||
		!d.Facts[1].InForce() || d.Facts[1].Reason != "Le cachet dit le 1er." || d.Facts[1].ActorName != w.front.Name || d.Facts[1].Corrects != d.Facts[0].ID {
		t.Errorf("facts %+v", d.Facts)
	}
	if !slices.Contains(kinds(d), "fact_corrected") || !slices.Contains(kinds(d), "deadline_moved") {
		t.Errorf("history %v", kinds(d))
	}
	if told := w.outbox("letter_new_date"); len(told) != 1 || !strings.Contains(told[0].Text, "1er février 2027") || !strings.Contains(told[0].Text, "refusée") {
		t.Errorf("the person was told %+v", told)
	}
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		for _, sql := range []string{`update request_fact set on_day = '2020-01-01'`, `delete from request_fact`} {
			err := tx.Savepoint(ctx, func(tx *tenants.Tx) error {
				_, err := tx.Exec(ctx, sql)
				return err
			})
			if err == nil {
				t.Errorf("the commune's role may %s", sql)
			}
		}
		return nil
	})
}

// A request that another administration had first: said afterwards, and taken back.
func TestAFirstReceptionIsAddedAndTakenBack(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-10")
	number := w.submit(letter()).Request.Number // on the web: its own reception is proved
	w.on("2026-12-11")
	if err := w.correct(number, requests.Correction{Key: "first_reception.", On: date(t, "2026-12-01")}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.SilenceLastDay.String() != "2027-02-01" || d.ReceivedOn.String() != "2026-12-10" || d.FirstReceivedOn.String() != "2026-12-01" {
		t.Errorf("received %s and %s, last day %s", d.FirstReceivedOn, d.ReceivedOn, d.SilenceLastDay)
	}
	if err := w.correct(number, requests.Correction{Key: "first_reception."}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.SilenceLastDay.String() != "2027-02-10" || d.FirstReceivedOn.String() != "2026-12-10" || len(d.Facts) != 3 {
		t.Errorf("first received %s, last day %s, %d facts", d.FirstReceivedOn, d.SilenceLastDay, len(d.Facts))
	}
}

// The papers of a rejection: the notice came on another day, its limit was longer, the
// papers came earlier, or had not come at all; or the notice never arrived.
func TestTheFactsOfANoticeAreCorrected(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	w.on("2026-12-08")
	if err := w.notice(number, "2026-12-23", insurance); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-21")
	w.complete(number)
	notice, papers := w.key(number, requests.FactNotice), w.key(number, requests.FactPapers)
	steps := []struct {
		in      requests.Correction
		lastDay string
		state   requests.State
	}{
		{requests.Correction{Key: papers, On: date(t, "2026-12-18")}, "2027-02-11", requests.StateReview},
		{requests.Correction{Key: notice, On: date(t, "2026-12-10")}, "2027-02-09", requests.StateReview},
		{requests.Correction{Key: papers}, "2027-02-14", requests.StateWaiting}, // suspended until the limit
		{requests.Correction{Key: notice, On: date(t, "2026-12-10"), Until: date(t, "2026-12-30")}, "2027-02-21", requests.StateWaiting},
		{requests.Correction{Key: notice}, "2027-02-01", requests.StateReview},
		{requests.Correction{Key: notice, On: date(t, "2026-12-08"), Until: date(t, "2026-12-23")}, "2027-02-16", requests.StateWaiting},
		{requests.Correction{Key: papers, On: date(t, "2026-12-21")}, "2027-02-14", requests.StateReview},
	}
	for i, s := range steps {
		if err := w.correct(number, s.in); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if d := w.get(number); d.SilenceLastDay.String() != s.lastDay || d.State != s.state || d.Deadline.LastDay != d.SilenceLastDay {
			t.Errorf("step %d: last day %s (%s computed), %s; want %s, %s", i, d.SilenceLastDay, d.Deadline.LastDay, d.State, s.lastDay, s.state)
		}
	}
}

func TestANotificationIsCorrectedAfterTheDecision(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(posted(letter()), w.front).Request.Number
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le texte l’interdit.", Delivery: requests.DeliveryCounter}); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-05")
	if err := w.correct(number, requests.Correction{Key: w.key(number, requests.FactDecisionNotified), On: date(t, "2026-12-03")}); err != nil {
		t.Fatal(err)
	}
	if x := w.get(number).Decisions[0]; x.NotifiedOn.String() != "2026-12-03" || x.AppealLastDay.String() != "2027-02-04" {
		t.Errorf("notified %s, appeal until %s", x.NotifiedOn, x.AppealLastDay)
	}
	if err := w.correct(number, requests.Correction{Key: "reception.", On: date(t, "2026-11-30")}); !fault.Is(err, "fact_fixed") {
		t.Errorf("the reception of what is closed: %v", err)
	}
}

func TestCorrectionsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-02")
	number := w.submit(posted(stall("2027-06-20")), w.front).Request.Number
	web := w.submit(letter()).Request.Number
	w.on("2026-12-08")
	if err := w.notice(number, "2026-12-23", insurance); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-10")
	w.complete(number)
	notice, papers := w.key(number, requests.FactNotice), w.key(number, requests.FactPapers)
	for name, c := range map[string]struct {
		number string
		in     requests.Correction
		code   string
		path   string
	}{
		"a day to come":                   {number, requests.Correction{Key: "reception.", On: date(t, "2026-12-11")}, "fact_in_future", "on"},
		"received after it was recorded":  {number, requests.Correction{Key: "reception.", On: date(t, "2026-12-05")}, "fact_after_entry", "on"},
		"far away":                        {number, requests.Correction{Key: "reception.", On: date(t, "2006-12-02")}, "fact_too_old", "on"},
		"the same again":                  {number, requests.Correction{Key: "reception.", On: date(t, "2026-12-02")}, "fact_unchanged", "on"},
		"no reception at all":             {number, requests.Correction{Key: "reception."}, "fact_day_required", "on"},
		"papers before the notice":        {number, requests.Correction{Key: papers, On: date(t, "2026-12-07")}, "invalid_facts", "notices/0/complete"},
		"first received after the second": {number, requests.Correction{Key: "first_reception.", On: date(t, "2026-12-03")}, "fact_after_entry", "on"},
		"a notice before its letter":      {number, requests.Correction{Key: notice, On: date(t, "2026-12-07")}, "notified_on_invalid", "on"},
		"a limit that is taken back":      {number, requests.Correction{Key: notice, On: date(t, "2026-12-10"), Until: date(t, "2026-12-22")}, "limit_shortened", "until"},
		"a stamped reception":             {web, requests.Correction{Key: "reception.", On: date(t, "2026-12-01")}, "fact_fixed", ""},
		"a fact that nobody has":          {number, requests.Correction{Key: "reception.x", On: date(t, "2026-12-01")}, "fact_unknown", ""},
	} {
		before := w.get(c.number)
		err := w.correct(c.number, c.in)
		f := fault.Of(err)
		if f == nil || f.Code != c.code || c.path != "" && (len(f.Fields) != 1 || f.Fields[0].Path != c.path) {
			t.Errorf("%s: %v; want %s at %q", name, err, c.code, c.path)
		}
		if after := w.get(c.number); after.Version != before.Version || len(after.Facts) != len(before.Facts) {
			t.Errorf("%s: something was written", name)
		}
	}
	none := w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.CorrectFact(ctx, tx, number, requests.Correction{Key: "reception.", On: date(t, "2026-12-01"), Reason: " "}, w.version(ctx, tx, number))
		return err
	})
	if !fault.Is(none, "reason_required") {
		t.Errorf("without a reason: %v", none)
	}
	for name, actor := range map[string]tenants.Actor{"its owner": requests.GuestOf(w.get(number).Request), "a stranger": w.citizen, "a hub": {Kind: tenants.ActorHub, ID: tenants.NewID()}} {
		err := w.as(actor, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.CorrectFact(ctx, tx, number, requests.Correction{Key: "reception.", On: date(t, "2026-12-01"), Reason: "x"}, 3)
			return err
		})
		if err == nil {
			t.Errorf("%s corrected a fact", name)
		}
	}
}

// A correction after which the silence has decided long ago is not made by accident.
func TestACorrectionThatDecidesIsAskedTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2027-01-15")
	number := w.submit(posted(stall("2027-06-20")), w.front).Request.Number
	in := requests.Correction{Key: "reception.", On: date(t, "2026-11-05")}
	if err := w.correct(number, in); !fault.Is(err, "fact_decides") {
		t.Fatalf("decided without a word: %v", err)
	}
	in.Accepted = true
	if err := w.correct(number, in); err != nil {
		t.Fatal(err)
	}
	w.lapse()
	if d := w.get(number); d.State != requests.StateImplicitAcceptance || d.DecidedOn.String() != "2027-01-05" {
		t.Errorf("%s on %s", d.State, d.DecidedOn)
	}
}

// Whatever is corrected and corrected back, the dates are the same again.
func TestCorrectingBackGivesTheSameDates(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	random := rand.New(rand.NewPCG(4, 20261201))
	for _, s := range []requests.Submission{posted(letter()), posted(stall("2027-06-20"))} {
		w.on("2026-12-04")
		number := w.submit(s, w.front).Request.Number
		w.on("2026-12-08")
		if err := w.notice(number, "2026-12-23", insurance); err != nil {
			t.Fatal(err)
		}
		w.on("2026-12-15")
		w.complete(number)
		w.on("2026-12-18")
		for range 12 {
			before := w.get(number)
			kind := []requests.FactKind{requests.FactReception, requests.FactNotice, requests.FactPapers}[random.IntN(3)]
			key := w.key(number, kind)
			was, _ := inForce(before.Facts, key)
			day := was.On.AddDays(random.IntN(7) - 3)
			if err := w.correct(number, requests.Correction{Key: key, On: day}); err != nil {
				if f := fault.Of(err); f.Kind != fault.Invalid {
					t.Fatalf("%s on %s: %v", key, day, err)
				}
				continue
			}
			if err := w.correct(number, requests.Correction{Key: key, On: was.On, Until: was.Until}); err != nil {
				t.Fatalf("%s back on %s: %v", key, was.On, err)
			}
			after := w.get(number)
			if got, want := dates(after), dates(before); got != want {
				t.Errorf("%s moved to %s and back: %+v; was %+v", key, day, got, want)
			}
		}
	}
}

func inForce(facts []requests.Fact, key string) (requests.Fact, bool) {
	for _, f := range facts {
		if f.Key() == key && f.InForce() {
			return f, true
		}
	}
	return requests.Fact{}, false
}

type dated struct {
	received, first, last, due calendar.Date
	state                      requests.State
	waiting                    bool
	notified, limit, complete  calendar.Date
}

func dates(d requests.Detail) dated {
	n := d.DocumentRequests[0]
	return dated{d.ReceivedOn, d.FirstReceivedOn, d.SilenceLastDay, d.DueOn, d.State, d.Waiting, n.NotifiedOn, n.LimitOn, n.CompletedOn}
}
