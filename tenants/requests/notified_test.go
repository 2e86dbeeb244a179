package requests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestTheLastPaperBringsTheNewDate(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(stall("2027-06-20")).Request
	guest := requests.GuestOf(r)
	w.on("2026-12-08")
	if err := w.notice(r.Number, "2026-12-23", insurance, plan); err != nil {
		t.Fatal(err)
	}
	asked := w.outbox("letter_documents")
	if len(asked) != 1 || !strings.Contains(asked[0].Text, "commencera à courir le jour où nous aurons reçu toutes ces pièces") {
		t.Errorf("the notice: %+v", asked)
	}
	w.on("2026-12-18")
	items := w.get(r.Number).DocumentRequests[0].Items
	for i, item := range items {
		if err := w.upload(guest, r.Number, item.ID); err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, rc := range w.get(r.Number).Receipts {
			if strings.Contains(rc.Text, "jeudi 18 février 2027, votre demande sera acceptée") {
				told++
			}
		}
		if want := i; told != want { // the last of the two, and it alone
			t.Errorf("after paper %d: told %d times", i+1, told)
		}
	}
}

func TestADispensablePaperChangesNoDateAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	w.on("2026-12-08")
	if err := w.notice(r.Number, "2026-12-23", opinion); err != nil {
		t.Fatal(err)
	}
	box := w.outbox("letter_documents")
	if d := w.get(r.Number); d.SilenceLastDay.String() != "2027-02-01" || len(box) != 1 ||
		!strings.Contains(box[0].Text, "aucun délai ne change") || strings.Contains(box[0].Text, "suspendu") {
		t.Errorf("last day %s, letter %+v", d.SilenceLastDay, box)
	}
}

func TestARefusalKeepsItsAppealWhoeverRewritesIt(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	number := w.submit(letter()).Request.Number
	in := requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le marché ferme à 13 h.", Letter: "Non."}
	if err := w.decide(number, in); !fault.Is(err, "letter_lacks_appeal") {
		t.Fatalf("a letter without its appeal: %v", err)
	}
	in.Letter = "Non, le marché ferme à 13 h. Vous pouvez saisir le tribunal administratif de Toulouse dans un délai de deux mois."
	if err := w.decide(number, in); err != nil {
		t.Fatal(err)
	}
}

func TestAgentsSeeWhatHangsOnADayOfReception(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	has := func(number, part string) bool {
		return strings.Contains(strings.Join(w.get(number).Warnings, "\n"), part)
	}
	w.on("2026-12-01")
	r := w.submit(stall("2027-06-20")).Request
	mailed := w.submit(letter()).Request
	w.on("2027-01-22") // 6 working days before Monday 2027-02-01
	if has(r.Number, "peut arriver trop tard") {
		t.Error("warned while the post still comes in time")
	}
	w.on("2027-01-26")
	if !has(r.Number, "notifié au plus tard le 1er février 2027") || has(mailed.Number, "notifié au plus tard") {
		t.Errorf("warnings: %v, %v", w.get(r.Number).Warnings, w.get(mailed.Number).Warnings)
	}
	refuse := requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Trop de bruit.", Delivery: requests.DeliveryPost}
	if err := w.decide(r.Number, refuse); err != nil {
		t.Fatal(err)
	}
	if !has(r.Number, "l’acceptation est acquise et le refus ne vaut plus") {
		t.Errorf("posted: %v", w.get(r.Number).Warnings)
	}
	refuse.Delivery = requests.DeliveryEmail
	w.agree(mailed, true)
	if err := w.decide(mailed.Number, refuse); err != nil {
		t.Fatal(err)
	}
	if !has(mailed.Number, "ne prouve pas le jour de sa réception") {
		t.Errorf("mailed: %v", w.get(mailed.Number).Warnings)
	}
	for _, x := range w.see(requests.GuestOf(r), r.Number).Warnings {
		if strings.Contains(x, "n’est pas noté comme reçu") {
			t.Error("the person reads what agents must do")
		}
	}
}

func TestNobodyIsToldOfAnAnswerThatNeverCame(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	s := letter()
	s.Applicant.Phone, s.Applicant.SMS = "+33612345678", true
	number := w.submit(s).Request.Number
	w.on("2027-02-02")
	w.lapse()
	if m := w.mails(number); m["sms_lapsed"] != 1 || m["sms_decision"] != 0 {
		t.Errorf("messages %v", m)
	}
}

func TestADecisionIsSigned(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	number := w.submit(stall("2027-06-20")).Request.Number
	sign := func(mayor, name, title string) {
		w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
			s, version, err := tenants.GetSettings(ctx, tx)
			if err != nil {
				return err
			}
			s.Mayor, s.SignatoryName, s.SignatoryTitle = mayor, name, title
			return tenants.PutSettings(ctx, tx, s, version)
		})
	}
	accept := requests.DecisionInput{Outcome: catalogue.OutcomeAccept}
	sign("", "", "")
	if err := w.decide(number, accept); !fault.Is(err, "mentions_missing") {
		t.Errorf("an unsigned decision: %v", err)
	}
	sign("Camille Martin", "", "")
	if err := w.decide(number, accept); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number).Decisions[0]; d.Signatory != "Camille Martin, Maire" || !strings.Contains(d.Letter, "Camille Martin\nMaire") {
		t.Errorf("signed %q:\n%s", d.Signatory, d.Letter)
	}
}

func TestAReceiptThatNeverArrivedIsSeen(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	number := w.submit(letter()).Request.Number
	warned := func() bool {
		return strings.Contains(w.get(number).Standing.Consequence, "l’accusé de réception n’est pas arrivé")
	}
	if warned() {
		t.Error("warned before anything came back")
	}
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `update notification set state = 'bounced' where template = 'receipt'`)
		return err
	})
	if !warned() {
		t.Errorf("warnings: %v", w.get(number).Warnings)
	}
}
