package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) askReasons(a tenants.Actor, number string) (q requests.ReasonsRequest, err error) {
	err = w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		q, err = requests.AskReasons(ctx, tx, number)
		return err
	})
	return q, err
}

func (w *town) giveReasons(a tenants.Actor, number string, in requests.ReasonsInput) (q requests.ReasonsRequest, err error) {
	err = w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		q, err = requests.GiveReasons(ctx, tx, number, in, d.Version)
		return err
	})
	return q, err
}

// Law.md R9: the reasons are asked for within the appeal, given within a month, and the
// appeal then runs for two months from them.
func TestReasonsOfASilentRefusal(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	owner := requests.GuestOf(w.get(number).Request)
	w.on("2027-02-01") // the last day
	if _, err := w.askReasons(owner, number); !fault.Is(err, "reasons_not_due") {
		t.Errorf("too early: %v", err)
	}
	w.on("2027-03-01") // no job has run; the appeal is open until 2027-04-02
	if _, err := w.giveReasons(w.admin, number, requests.ReasonsInput{Reasons: "a"}); !fault.Is(err, "reasons_not_asked") {
		t.Errorf("nobody asked: %v", err)
	}
	q, err := w.askReasons(owner, number)
	if err != nil || q.DueOn != date(t, "2027-04-01") {
		t.Fatalf("asked: %+v, %v", q, err)
	}
	if _, err := w.askReasons(w.admin, number); !fault.Is(err, "reasons_asked") {
		t.Errorf("again: %v", err)
	}
	if d := w.get(number); d.State != requests.StateImplicitRejection || len(d.Reasons) != 1 || d.AsksReasons(w.on("2027-03-01")) {
		t.Errorf("after asking: %s, %+v", d.State, d.Reasons)
	}
	w.on("2027-03-15")
	for name, c := range map[string]struct {
		who  tenants.Actor
		in   requests.ReasonsInput
		code string
	}{
		"no reasons":     {w.admin, requests.ReasonsInput{Reasons: " \n"}, "reasons_required"},
		"the front desk": {w.front, requests.ReasonsInput{Reasons: "a"}, "not_allowed"},
		"the citizen":    {owner, requests.ReasonsInput{Reasons: "a"}, "not_allowed"},
		"a pigeon":       {w.admin, requests.ReasonsInput{Reasons: "a", Delivery: "pigeon"}, "delivery_invalid"},
	} {
		if _, err := w.giveReasons(c.who, number, c.in); !fault.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	given, err := w.giveReasons(w.admin, number, requests.ReasonsInput{Reasons: "Le bruit a été mesuré sous les seuils (CSP R.1336-7).", Delivery: requests.DeliveryPost})
	if err != nil || !given.NotifiedOn.IsZero() || !given.AppealLastDay.IsZero() {
		t.Fatalf("given: %+v, %v", given, err)
	}
	for _, want := range []string{"R.1336-7", "L.232-4", "tribunal", "Le 1er mars 2027"} {
		if !strings.Contains(given.Letter, want) {
			t.Errorf("no %q in:\n%s", want, given.Letter)
		}
	}
	issued, err := w.issuePaper(owner, number, requests.Paper{Kind: documents.Reasons, ID: given.ID})
	if err != nil || !strings.Contains(issued.Content.Text(), "R.1336-7") {
		t.Errorf("issued: %v", err)
	}
	w.on("2027-03-19")
	posted := slices.DeleteFunc(w.letters(w.admin, requests.LettersToPost), func(l requests.Letter) bool { return l.Kind != requests.LetterReasons })
	if err := w.post(posted, "2027-03-19"); err != nil {
		t.Fatal(err)
	}
	if err := w.came(posted, "2027-03-19"); err != nil || len(posted) != 1 {
		t.Fatalf("letters: %v, %v", posted, err)
	}
	d := w.get(number)
	if d.Reasons[0].NotifiedOn != date(t, "2027-03-19") || d.Reasons[0].AppealLastDay != date(t, "2027-05-20") || d.Appeal.LastDay != date(t, "2027-05-20") {
		t.Errorf("the appeal: %+v, %+v", d.Reasons[0], d.Appeal)
	}
	if why := w.why(number); why.Dates.Appeal.LastDay != d.Appeal.LastDay || why.Dates.ReasonsDue != date(t, "2027-04-01") {
		t.Errorf("the explanation is another: the appeal until %s, reasons due on %s", why.Dates.Appeal.LastDay, why.Dates.ReasonsDue)
	}
}

// A refusal binds nobody whose letter does not name the ways and times of appeal (CJA R.421-5).
func TestARefusalIsAsRegularAsItsLetter(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non.", Delivery: requests.DeliveryCounter}); err != nil {
		t.Fatal(err)
	}
	if why := w.why(number); !why.Dates.Appeal.Opposable || !why.Appeal.Opposable || why.Appeal.LastDay != date(t, "2027-02-02") {
		t.Errorf("regular: %+v", why.Appeal)
	}
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error { // as a letter of before they were held to it
		_, err := tx.Exec(ctx, `update decision set letter = 'Nous refusons.' where not implicit`)
		return err
	})
	if why := w.why(number); why.Dates.Appeal.Opposable || why.Appeal.Opposable || !why.Dates.Appeal.LastDay.IsZero() {
		t.Errorf("irregular: %+v", why.Appeal)
	}
}

// After the appeal's last day it is too late to ask, and an answer that is due is in the
// morning mail.
func TestReasonsAreWatched(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	late, asked := w.submit(letter()).Request.Number, w.submit(letter()).Request.Number
	w.on("2027-02-02")
	w.lapse()
	if _, err := w.askReasons(w.admin, asked); err != nil {
		t.Fatal(err)
	}
	w.on("2027-02-26") // a Friday, four working days before 2 March
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Digest(ctx, tx)
		return err
	})
	box := w.outbox("digest")
	if len(box) == 0 || !strings.Contains(box[len(box)-1].Text, asked) {
		t.Errorf("the morning mail says nothing of %s: %+v", asked, box)
	}
	w.on("2027-04-05")
	if _, err := w.askReasons(requests.GuestOf(w.get(late).Request), late); !fault.Is(err, "reasons_not_due") {
		t.Errorf("after the appeal: %v", err)
	}
}
