package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) reclassify(number string, in requests.Reclassification) error {
	return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Reclassify(ctx, tx, number, in, w.version(ctx, tx, number))
		return err
	})
}

func question() requests.Submission {
	s := letter()
	s.Answers["nature"] = forms.Text("question")
	return s
}

// Who ticks « question » and complains is answered as the law wants: silence refuses two months
// after the reception, and the receipt that said nothing of it binds nobody.
func TestAQuestionThatIsAComplaintBecomesARequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2027-01-11")
	number := w.submit(question()).Request.Number
	first := w.get(number).Receipts[0]
	w.on("2027-01-18")
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		r, err := requests.ForeseeKind(ctx, tx, number, requests.KindRequest)
		if err == nil && r.SilenceLastDay != date(t, "2027-03-11") {
			t.Errorf("foreseen: %s", r.SilenceLastDay)
		}
		return err
	})
	if d := w.get(number); d.Kind != requests.KindInformation || len(d.Receipts) != 1 {
		t.Fatal("foreseeing wrote")
	}
	for want, in := range map[string]requests.Reclassification{
		"reason_required": {Kind: requests.KindRequest}, "nature_unchanged": {Kind: requests.KindInformation, Reason: "x"}, "nature_fixed": {Kind: requests.KindReport, Reason: "x"},
	} {
		if err := w.reclassify(number, in); !fault.Is(err, want) {
			t.Errorf("%+v: %v, want %s", in, err, want)
		}
	}
	if err := w.reclassify(number, requests.Reclassification{Kind: requests.KindRequest, Reason: "Vous demandez que le bruit cesse."}); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	if d.Kind != requests.KindRequest || d.SilenceLastDay != date(t, "2027-03-11") || d.DueOn != d.SilenceLastDay || d.Silence.Months != 2 {
		t.Errorf("%s, last day %s, due %s, %d months", d.Kind, d.SilenceLastDay, d.DueOn, d.Silence.Months)
	}
	if len(d.Receipts) != 2 || d.Receipts[0].Text != first.Text || !d.Receipts[0].Outdated || d.Receipts[1].Outdated || !strings.Contains(d.Receipts[1].Text, "11 mars 2027") || !strings.Contains(d.Receipts[1].Text, "Tribunal") {
		t.Errorf("receipts %+v", d.Receipts)
	}
	f := d.Facts[len(d.Facts)-1]
	if f.Kind != requests.FactAsRequest || f.ActorName != w.front.Name || f.Reason == "" || !slices.Contains(kinds(d), "reclassified") {
		t.Errorf("fact %+v, history %v", f, kinds(d))
	}
	if told := w.outbox("letter_new_date"); len(told) != 1 || !strings.Contains(told[0].Text, "que le bruit cesse") || !strings.Contains(told[0].Text, "11 mars 2027") {
		t.Errorf("told %+v", told)
	}
	if why := w.why(number); !slices.ContainsFunc(why.Reasons, func(r requests.Reason) bool {
		return strings.HasPrefix(r.Text, "Traité comme une demande") && r.Said == f.Reason
	}) {
		t.Errorf("reasons %+v", why.Reasons)
	}
	// Back again: both stay.
	if err := w.reclassify(number, requests.Reclassification{Kind: requests.KindInformation, Reason: "Vous nous avez dit que non."}); err != nil {
		t.Fatal(err)
	}
	d = w.get(number)
	if d.Kind != requests.KindInformation || !d.SilenceLastDay.IsZero() || len(d.Receipts) != 3 || d.Facts[len(d.Facts)-1].Corrects != f.ID {
		t.Errorf("back: %s, last day %s, %d receipts, %+v", d.Kind, d.SilenceLastDay, len(d.Receipts), d.Facts)
	}
	for _, word := range []string{"tribunal", "refus"} {
		if strings.Contains(strings.ToLower(d.Receipts[2].Text), word) {
			t.Errorf("the receipt of a question speaks of %q", word)
		}
	}
	w.on("2027-03-12")
	w.lapse()
	if d = w.get(number); d.State != requests.StateReceived {
		t.Errorf("silence decided of a question: %s", d.State)
	}
}

// Found out after two months, silence has refused: the agent must say that they know it, and the
// receipt that came too late starts no time for appeal.
func TestARequestThatIsFoundOutTooLate(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2027-01-11")
	number := w.submit(question()).Request.Number
	w.on("2027-03-20")
	in := requests.Reclassification{Kind: requests.KindRequest, Reason: "C’était une réclamation."}
	if err := w.reclassify(number, in); !fault.Is(err, "fact_decides") {
		t.Fatalf("silence would have decided: %v", err)
	}
	in.Accepted = true
	if err := w.reclassify(number, in); err != nil {
		t.Fatal(err)
	}
	w.lapse()
	d := w.get(number)
	if d.State != requests.StateImplicitRejection || d.Decisions[0].DecidedOn != date(t, "2027-03-11") || !d.Decisions[0].AppealLastDay.IsZero() {
		t.Errorf("%s %+v", d.State, d.Decisions)
	}
}
