package requests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) reopen(by tenants.Actor, number, why string) error {
	return w.as(by, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Reopen(ctx, tx, number, why, w.version(ctx, tx, number))
		return err
	})
}

// A silence that a wrong date gave is undone once the right one is known, never erased: the
// clock goes on, what attested it holds no longer, and the person is told (law.md R6 to R9).
func TestASilenceThatAWrongDateGaveIsUndone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	s := stall("2027-06-20")
	s.Channel = requests.ChannelPost
	s.ReceivedOn = date(t, "2026-11-20") // a month too early: the stamp says 20 December, it will be found
	w.on("2026-12-22")
	number := w.submit(s, w.front).Request.Number
	w.on("2027-01-25")
	w.lapse()
	d := w.get(number)
	if d.State != requests.StateImplicitAcceptance || d.Decisions[0].DecidedOn.String() != "2027-01-20" {
		t.Fatalf("%s: %+v", d.State, d.Decisions)
	}
	attested, err := w.attest(w.admin, number)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.reopen(w.instructor, number, "Le cachet dit le 20 décembre."); !fault.Is(err, "silence_stands") {
		t.Errorf("reopened although nothing was corrected: %v", err)
	}
	key := requests.Fact{Kind: requests.FactReception}.Key()
	if err := w.correct(number, requests.Correction{Key: key, On: date(t, "2026-11-18")}); err != nil {
		t.Fatal(err)
	}
	if d := w.see(w.instructor, number); d.Reopening != nil {
		t.Errorf("an earlier reception reopens it: %+v", d.Reopening)
	}
	if err := w.reopen(w.instructor, number, "Le cachet dit le 18."); !fault.Is(err, "silence_stands") {
		t.Errorf("reopened although it decided before: %v", err)
	}
	if err := w.correct(number, requests.Correction{Key: key, On: date(t, "2026-12-20")}); err != nil {
		t.Fatal(err)
	}
	d = w.see(w.instructor, number)
	if d.State != requests.StateImplicitAcceptance || d.Reopening == nil || d.Reopening.LastDay.String() != "2027-02-20" {
		t.Fatalf("by itself: %s, %+v", d.State, d.Reopening)
	}
	if err := w.reopen(w.instructor, number, " "); !fault.Is(err, "reason_required") {
		t.Errorf("without a reason: %v", err)
	}
	if err := w.reopen(w.front, number, "Le cachet dit le 20 décembre."); !fault.Is(err, "not_allowed") {
		t.Errorf("by the front desk: %v", err)
	}
	if err := w.reopen(w.instructor, number, "Le cachet dit le 20 décembre."); err != nil {
		t.Fatal(err)
	}
	d = w.see(w.instructor, number)
	if d.State != requests.StateReview || d.SilenceLastDay.String() != "2027-02-20" || !d.DecidedOn.IsZero() || !d.ClosedOn.IsZero() || d.Reopening != nil ||
		len(d.Decisions) != 1 || !d.Decisions[0].Undone || len(d.Outcomes) == 0 {
		t.Errorf("reopened: %s until %s, %+v", d.State, d.SilenceLastDay, d.Decisions)
	}
	if v, err := w.verify(attested.Code); err != nil || !v.Withdrawn || v.RevokedOn.IsZero() || !strings.Contains(v.Why, "mal notée") {
		t.Errorf("the attestation: %+v, %v", v, err)
	}
	posted := w.letters(w.front, requests.LettersToPost) // no e-mail reaches them
	if told := posted[len(posted)-1].Body; !strings.Contains(told, "n’a jamais existé") || !strings.Contains(told, "20 février 2027") {
		t.Errorf("the person was told %s", told)
	}
	if err := w.reopen(w.instructor, number, "Encore."); !fault.Is(err, "action_not_possible") {
		t.Errorf("reopened again: %v", err)
	}
	w.on("2027-02-22")
	w.lapse()
	d = w.get(number)
	if d.State != requests.StateImplicitAcceptance || len(d.Decisions) != 2 || d.Decisions[1].Undone || d.Decisions[1].DecidedOn.String() != "2027-02-20" {
		t.Errorf("afterwards: %s, %+v", d.State, d.Decisions)
	}
	again, err := w.attest(w.admin, number)
	if err != nil || again.Code == attested.Code || again.Kind != documents.Attestation {
		t.Errorf("attested anew: %+v, %v", again, err)
	}
	if v, err := w.verify(again.Code); err != nil || v.Withdrawn {
		t.Errorf("the new attestation: %+v, %v", v, err)
	}
}
