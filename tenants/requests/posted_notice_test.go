package requests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// askBy asks for one paper, by a letter that leaves so.
func (w *town) askBy(number, limit, delivery string) error {
	return w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.AskDocuments(ctx, tx, number, requests.Notice{
			Items:   []requests.NoticeItem{{Label: "Attestation d’assurance", LegalBasis: "CRPA, article L.114-5", Indispensable: true}},
			LimitOn: date(w.t, limit), Delivery: delivery,
		}, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) arrived(number, day string) error {
	return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		_, err = requests.ConfirmNotice(ctx, tx, number, d.DocumentRequests[0].ID, date(w.t, day), d.Version)
		return err
	})
}

func (w *town) complete(number string) {
	w.t.Helper()
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.CompleteDocuments(ctx, tx, number, w.version(ctx, tx, number))
		return err
	})
}

// unreachable makes a request of somebody whom no e-mail reaches.
func unreachable(s requests.Submission) requests.Submission {
	s.Channel, s.Applicant = requests.ChannelPost, requests.Applicant{GivenName: "Paul", FamilyName: "Durand", PostalAddress: "1 rue du Lac\n31320 Castanet-Tolosan"}
	return s
}

// A rejection is suspended from the day on which the posted notice came: 2027-02-01 and
// the days from there to the limit of 23 December.
func TestAPostedNoticeStopsTheClockWhenItComes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(unreachable(letter()), w.front).Request.Number
	w.on("2026-12-08")
	if err := w.askBy(number, "2026-12-23", requests.DeliveryEmail); !fault.Is(err, "delivery_invalid") {
		t.Errorf("mailed to whom no e-mail reaches: %v", err)
	}
	if err := w.askBy(number, "2026-12-23", ""); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	n := d.DocumentRequests[0]
	if n.Delivery != requests.DeliveryPost || d.SilenceLastDay.String() != "2027-02-16" || len(d.Notifications) != 0 {
		t.Fatalf("made: %s, last day %s, sent %v", n.Delivery, d.SilenceLastDay, d.Notifications)
	}
	for _, want := range []string{"Attestation d’assurance (CRPA, article L.114-5)", "23 décembre 2026", "suspendu", "16 février 2027", "chaque jour qu’elle met à vous parvenir"} {
		if !strings.Contains(n.Letter, want) {
			t.Errorf("the letter to print lacks %q:\n%s", want, n.Letter)
		}
	}
	if !strings.Contains(strings.Join(d.Warnings, " "), "Notez le jour où elle arrive") {
		t.Errorf("warnings %q", d.Warnings)
	}
	w.on("2026-12-12")
	for day, code := range map[string]string{"2026-12-07": "notified_on_invalid", "2026-12-13": "notified_on_invalid"} {
		if err := w.arrived(number, day); !fault.Is(err, code) {
			t.Errorf("came on %s: %v", day, err)
		}
	}
	if err := w.arrived(number, "2026-12-11"); err != nil {
		t.Fatal(err)
	}
	d = w.get(number)
	if n = d.DocumentRequests[0]; n.NotifiedOn.String() != "2026-12-11" || d.SilenceLastDay.String() != "2027-02-13" || len(d.Warnings) > 1 {
		t.Errorf("came: notified %s, last day %s, warnings %q", n.NotifiedOn, d.SilenceLastDay, d.Warnings)
	}
	if err := w.arrived(number, "2026-12-11"); !fault.Is(err, "document_unknown") {
		t.Errorf("dated twice: %v", err)
	}
	// All has come: the date moves, and a letter says so.
	w.on("2026-12-18")
	w.complete(number)
	d = w.get(number)
	if d.SilenceLastDay.String() != "2027-02-08" || !strings.Contains(d.DocumentRequests[0].CompleteLetter, "8 février 2027") || len(d.Notifications) != 0 {
		t.Errorf("complete: last day %s, letter %q", d.SilenceLastDay, d.DocumentRequests[0].CompleteLetter)
	}
}

func TestANoticeThatComesTooLateMovesNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	accepted, hopeless := w.submit(unreachable(stall("2027-06-20")), w.front).Request.Number, w.submit(unreachable(stall("2027-06-20")), w.front).Request.Number
	w.on("2027-01-29")
	for number, limit := range map[string]string{accepted: "2027-02-20", hopeless: "2027-01-31"} {
		if err := w.askBy(number, limit, requests.DeliveryPost); err != nil {
			t.Fatal(err)
		}
		if d := w.get(number); !d.SilenceLastDay.IsZero() || !d.Waiting {
			t.Fatalf("made: last day %s, waiting %v", d.SilenceLastDay, d.Waiting)
		}
	}
	w.on("2027-02-03")
	if err := w.arrived(hopeless, "2027-02-02"); !fault.Is(err, "notice_arrived_late") {
		t.Errorf("after its own limit: %v", err)
	}
	if err := w.arrived(accepted, "2027-02-02"); err != nil { // the silence had decided at midnight
		t.Fatal(err)
	}
	d := w.get(accepted)
	if d.SilenceLastDay.String() != "2027-02-01" || !strings.Contains(strings.Join(d.Warnings, " "), "elle ne change rien") {
		t.Errorf("last day %s, warnings %q", d.SilenceLastDay, d.Warnings)
	}
	w.lapse()
	if d := w.get(accepted); d.State != requests.StateImplicitAcceptance || d.Decisions[0].DecidedOn.String() != "2027-02-01" {
		t.Errorf("ends as %s", d.State)
	}
}

// F1 of law.md: the acceptance runs from the day on which all was there, and the person
// is told the day that this gives.
func TestACompleteFileIsTold(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(stall("2027-06-20")).Request.Number
	w.on("2026-12-08")
	if err := w.ask(number, "2026-12-23"); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-18")
	w.complete(number)
	box := w.outbox("letter_complete")
	if len(box) != 1 || !strings.Contains(box[0].Text, "18 février 2027") || !strings.Contains(box[0].Text, "acceptée") {
		t.Errorf("mailed: %+v", box)
	}
	// Who sends the last paper is told by its receipt, once.
	own := w.submit(stall("2027-06-20"))
	w.on("2026-12-19")
	if err := w.ask(own.Request.Number, "2026-12-31"); err != nil {
		t.Fatal(err)
	}
	if err := w.upload(requests.GuestOf(own.Request), own.Request.Number, w.get(own.Request.Number).DocumentRequests[0].Items[0].ID); err != nil {
		t.Fatal(err)
	}
	if m := w.mails(own.Request.Number); m["letter_complete"] != 0 || m["receipt"] != 2 {
		t.Errorf("mails %v", m)
	}
	if l := w.get(own.Request.Number).DocumentRequests[0].CompleteLetter; !strings.Contains(l, "19 février 2027") {
		t.Errorf("kept: %q", l)
	}
}
