package requests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) letters(a tenants.Actor, stage requests.LetterStage) []requests.Letter {
	w.t.Helper()
	var list []requests.Letter
	w.must(a, func(ctx context.Context, tx *tenants.Tx) (err error) {
		list, err = requests.Letters(ctx, tx, stage)
		return err
	})
	return list
}

func ids(letters []requests.Letter) []tenants.ID {
	out := make([]tenants.ID, len(letters))
	for i, l := range letters {
		out[i] = l.ID
	}
	return out
}

func (w *town) post(letters []requests.Letter, day string) error {
	return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		return requests.MarkPosted(ctx, tx, ids(letters), date(w.t, day))
	})
}

func (w *town) came(letters []requests.Letter, day string) error {
	return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		return requests.ConfirmLetters(ctx, tx, ids(letters), date(w.t, day))
	})
}

// A refusal and a notice that leave on paper wait to be posted, then for their arrival, from
// which the law counts.
func TestPaperWaitsToBePostedAndToCome(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	refused, asked := w.submit(letter()).Request.Number, w.submit(stall("2027-06-20")).Request.Number
	w.on("2026-12-08")
	if err := w.decide(refused, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le marché ferme à 13 h.", Delivery: requests.DeliveryPost}); err != nil {
		t.Fatal(err)
	}
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.AskDocuments(ctx, tx, asked, requests.Notice{
			Items: []requests.NoticeItem{insurance}, LimitOn: date(t, "2026-12-23"), Delivery: requests.DeliveryPost,
		}, w.version(ctx, tx, asked))
		return err
	})
	todo := w.letters(w.front, requests.LettersToPost)
	if len(todo) != 2 || todo[0].Kind != requests.LetterDecision || todo[1].Kind != requests.LetterDocuments || !todo[0].Awaited {
		t.Fatalf("to be posted: %+v", todo)
	}
	if todo[0].Recipient != "Jeanne Dupont\n3 rue des Lilas\n31320 Castanet-Tolosan" || !todo[0].Addressed {
		t.Errorf("addressed to %q", todo[0].Recipient)
	}
	if err := w.post(todo, "2026-12-09"); !fault.Is(err, "posted_on_invalid") {
		t.Errorf("posted tomorrow: %v", err)
	}
	if err := w.post(todo, "2026-12-07"); !fault.Is(err, "posted_on_invalid") {
		t.Errorf("posted before it was written: %v", err)
	}
	if err := w.post(todo, "2026-12-08"); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-14")
	waiting := w.letters(w.front, requests.LettersAwaited)
	if len(waiting) != 2 || len(w.letters(w.front, requests.LettersToPost)) != 0 {
		t.Fatalf("awaited: %+v", waiting)
	}
	if err := w.came(waiting, "2026-12-07"); !fault.Is(err, "notified_on_invalid") {
		t.Errorf("came before it was posted: %v", err)
	}
	if err := w.came(waiting, "2026-12-11"); err != nil {
		t.Fatal(err)
	}
	if d := w.get(refused).Decisions[0]; d.NotifiedOn.String() != "2026-12-11" || d.AppealLastDay.String() != "2027-02-12" {
		t.Errorf("notified on %s, appeal until %s", d.NotifiedOn, d.AppealLastDay)
	}
	if n := w.get(asked).DocumentRequests[0]; n.NotifiedOn.String() != "2026-12-11" || n.ArrivedOn.IsZero() {
		t.Errorf("the notice counts from %s", n.NotifiedOn)
	}
	if rest := w.letters(w.front, requests.LettersAwaited); len(rest) != 0 {
		t.Errorf("still awaited: %+v", rest)
	}
}

// Nobody's letter is lost for want of an address: it waits, says so, and takes the address that
// is found.
func TestALetterWithoutAnAddressWaitsForOne(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	s := letter()
	s.Channel, s.Applicant.PostalAddress, s.Applicant.Email = requests.ChannelCounter, "", ""
	number := w.submit(s, w.front).Request.Number
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non."}); err != nil {
		t.Fatal(err)
	}
	todo := w.letters(w.front, requests.LettersToPost)
	if len(todo) != 1 || todo[0].Addressed || todo[0].Recipient != "Jeanne Dupont" {
		t.Fatalf("to be posted: %+v", todo)
	}
	if err := w.post(todo, "2026-12-01"); !fault.Is(err, "letter_unaddressed") {
		t.Errorf("posted to nowhere: %v", err)
	}
	correct := func(address string) {
		w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
			d, err := requests.Get(ctx, tx, number)
			if err != nil {
				return err
			}
			a := d.Applicant
			a.PostalAddress = address
			_, err = requests.CorrectApplicant(ctx, tx, number, a, d.Version)
			return err
		})
	}
	correct("9 chemin du Lac\n31320 Castanet-Tolosan")
	if err := w.post(todo, "2026-12-01"); err != nil {
		t.Fatal(err)
	}
	correct("Ailleurs")
	if sent := w.letters(w.front, requests.LettersAwaited); len(sent) != 1 || !strings.Contains(sent[0].Recipient, "chemin du Lac") {
		t.Errorf("the address that it was posted to is kept as %+v", sent)
	}
}

// A silence that nobody can be mailed is told on paper, with no arrival to note.
func TestSilenceIsToldOnPaperToo(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	s := letter()
	s.Channel, s.Applicant.Email = requests.ChannelPost, ""
	w.submit(s, w.front)
	w.on("2027-02-02")
	w.lapse()
	todo := w.letters(w.front, requests.LettersToPost)
	if len(todo) != 2 || todo[0].Kind != requests.LetterReceipt || todo[1].Kind != requests.LetterImplicit || todo[1].Awaited || !strings.Contains(todo[1].Body, "1er février 2027") {
		t.Fatalf("to be posted: %+v", todo)
	}
	if err := w.post(todo, "2027-02-02"); err != nil {
		t.Fatal(err)
	}
	if len(w.letters(w.front, requests.LettersAwaited)) != 0 {
		t.Error("an arrival is awaited from which nothing runs")
	}
}

// Letters are seen by those who see their requests, and by nobody else.
func TestLettersAreSeenByTheirService(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	number := w.submit(letter()).Request.Number
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non."}); err != nil {
		t.Fatal(err)
	}
	all := w.letters(w.admin, requests.LettersToPost)
	elsewhere := w.instructor
	elsewhere.Services = []tenants.ID{tenants.NewID()}
	if len(all) != 1 || len(w.letters(elsewhere, requests.LettersToPost)) != 0 {
		t.Fatalf("seen: %d", len(all))
	}
	for _, a := range []tenants.Actor{elsewhere, w.citizen, tenants.Guest(), {Kind: tenants.ActorSupport}, {Kind: tenants.ActorHub}} {
		err := w.as(a, func(ctx context.Context, tx *tenants.Tx) error { return requests.MarkPrinted(ctx, tx, ids(all)) })
		if !fault.Is(err, "not_allowed") && !fault.Is(err, "letter_not_found") {
			t.Errorf("%s prints: %v", a.Kind, err)
		}
	}
}

// A letter that brings a paper of the request has that paper's code; any other has its own.
func TestLettersBearTheCodeOfWhatTheyBring(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	refused, lapsed := w.submit(letter()).Request.Number, w.submit(letter())
	w.on("2026-12-08")
	if err := w.decide(refused, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le marché ferme à 13 h.", Delivery: requests.DeliveryPost}); err != nil {
		t.Fatal(err)
	}
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.TransmitOutside(ctx, tx, lapsed.Request.Number, requests.OutsideTransmittal{To: requests.Party{Name: "Préfecture", PostalAddress: "1 place Saint-Étienne\n31000 Toulouse"}, Delivery: requests.DeliveryPost, Reason: "Cette demande relève du préfet."}, w.version(ctx, tx, lapsed.Request.Number))
		return err
	})
	todo := w.letters(w.front, requests.LettersToPost)
	var sheets []documents.Sheet
	for range 2 { // again, it is the same
		w.must(w.front, func(ctx context.Context, tx *tenants.Tx) (err error) {
			sheets, err = requests.IssueLetters(ctx, tx, ids(todo), "https://castanet.example")
			return err
		})
	}
	decision, err := w.issuePaper(w.admin, refused, requests.Paper{Kind: documents.Letter, ID: w.get(refused).Decisions[0].ID})
	if err != nil {
		t.Fatal(err)
	}
	if len(sheets) < 2 || sheets[0].Issued.Code != decision.Code || sheets[0].Envelope[0] != "Jeanne Dupont" {
		t.Fatalf("the decision's letter: %+v", sheets)
	}
	other := sheets[1]
	if v, err := w.verify(other.Issued.Code); err != nil || v.Kind != documents.Mail || v.Number != lapsed.Request.Number {
		t.Errorf("of the other: %+v, %v", v, err)
	}
}
