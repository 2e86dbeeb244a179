package requests_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/documents"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// issue issues a paper as an actor.
func (w *town) issuePaper(a tenants.Actor, number string, p requests.Paper) (d documents.Issued, err error) {
	err = w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		d, err = requests.IssuePaper(ctx, tx, number, p)
		return err
	})
	return d, err
}

func (w *town) attest(a tenants.Actor, number string) (d documents.Issued, err error) {
	err = w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
		d, err = requests.Attest(ctx, tx, number)
		return err
	})
	return d, err
}

func (w *town) verify(code string) (v requests.Verified, err error) {
	err = w.as(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		v, err = requests.Verify(ctx, tx, code)
		return err
	})
	return v, err
}

func TestAPaperIsIssuedOnceAndVerified(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	d := w.get(number)
	owner, receipt := requests.GuestOf(d.Request), requests.Paper{Kind: documents.Receipt, ID: d.Receipts[0].ID}
	err := w.as(owner, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.FindPaper(ctx, tx, number, receipt)
		return err
	})
	if !fault.Is(err, "document_not_issued") {
		t.Errorf("before: %v", err)
	}
	first, err := w.issuePaper(owner, number, receipt)
	if err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-20")
	again, err := w.issuePaper(w.admin, number, receipt)
	if err != nil || again.Code != first.Code || again.IssuedOn != date(t, "2026-12-01") {
		t.Errorf("again: %+v, %v", again, err)
	}
	text := first.Content.Text()
	for _, want := range []string{number, "saisir le tribunal", "1er février 2027", "Service chargé du dossier"} {
		if !strings.Contains(text, want) {
			t.Errorf("the receipt says nothing of %q:\n%s", want, text)
		}
	}
	v, err := w.verify(strings.ToLower(strings.ReplaceAll(first.Code, "-", " ")))
	if err != nil || v.Number != number || v.Initials != "J. D." || v.IssuedOn != date(t, "2026-12-01") || v.Withdrawn || v.Title != "" {
		t.Errorf("verified: %+v, %v", v, err)
	}
	for _, code := range []string{"", "K7QD2F-9XMPA4", "' or 1=1", strings.Repeat("A", 500)} {
		if _, err := w.verify(code); !fault.Is(err, "verification_unknown") {
			t.Errorf("%q: %v", code, err)
		}
	}
	// Nobody else's, and nothing that is not there.
	if _, err := w.issuePaper(tenants.Guest(), number, receipt); !fault.Is(err, "request_unknown") {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := w.issuePaper(w.admin, number, requests.Paper{Kind: documents.Letter, ID: tenants.NewID()}); !fault.Is(err, "document_unknown") {
		t.Errorf("no letter: %v", err)
	}
}

func TestALetterIsIssuedAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	w.on("2026-12-08")
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "#eval(\"1\") *gras* $x$ <a> une tournée est prévue.", Delivery: requests.DeliveryPost}, w.get(number).Version)
		return err
	})
	d := w.get(number)
	issued, err := w.issuePaper(requests.GuestOf(d.Request), number, requests.Paper{Kind: documents.Letter, ID: d.Decisions[0].ID})
	if err != nil {
		t.Fatal(err)
	}
	c := issued.Content
	if c.Date != date(t, "2026-12-08") || c.Recipient[0] != "Jeanne Dupont" || len(c.Recipient) != 3 || c.Reference != number {
		t.Errorf("content %+v", c)
	}
	text := c.Text()
	if strings.Contains(text, "Référence") || strings.HasPrefix(text, c.Place+", le") || !strings.Contains(text, "#eval(\"1\") *gras* $x$ <a> une tournée est prévue.") {
		t.Errorf("text:\n%s", text)
	}
}

func TestAnAcceptanceBySilenceIsAttested(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	accepted, refused := w.submit(stall("2027-06-20")).Request.Number, w.submit(letter()).Request.Number
	owner := requests.GuestOf(w.get(accepted).Request)
	w.on("2027-02-01") // the last day: the town may still answer
	for _, a := range []tenants.Actor{owner, w.admin} {
		if _, err := w.attest(a, accepted); !fault.Is(err, "attestation_not_due") {
			t.Errorf("%s, too early: %v", a.Kind, err)
		}
	}
	w.on("2027-02-02") // no job has written the decision yet
	d, err := w.attest(owner, accepted)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.get(accepted); got.State != requests.StateImplicitAcceptance || got.ClosedOn != date(t, "2027-02-01") {
		t.Errorf("state %s, closed on %s", got.State, got.ClosedOn)
	}
	if text := d.Content.Text(); d.Content.Number != "ATT-"+accepted || !strings.Contains(text, "Acceptée depuis le\u00a0: 2 février 2027") || !strings.Contains(text, "Jeanne Dupont") {
		t.Errorf("attestation %s:\n%s", d.Content.Number, text)
	}
	again, err := w.attest(w.admin, accepted)
	if err != nil || again.Code != d.Code {
		t.Errorf("again: %s, %v", again.Code, err)
	}
	w.must(owner, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.MailAttestation(ctx, tx, accepted)
		return err
	})
	count := 0
	for _, k := range kinds(w.get(accepted)) {
		if k == "attestation_issued" || k == "lapsed" {
			count++
		}
	}
	if count != 2 || w.mails(accepted)["letter_attestation"] != 1 {
		t.Errorf("history %v, mails %v", kinds(w.get(accepted)), w.mails(accepted))
	}
	v, err := w.verify(d.Code)
	if err != nil || v.Since != date(t, "2027-02-02") || v.Withdrawn || v.Title == "" {
		t.Errorf("verified %+v, %v", v, err)
	}
	byNumber := requests.Verified{Kind: documents.Attestation, Number: "ATT-" + accepted, IssuedOn: d.IssuedOn, ByNumber: true}
	if v, err := w.verify("att " + accepted); err != nil || !reflect.DeepEqual(v, byNumber) {
		t.Errorf("by its number: %+v, %v", v, err)
	}
	for _, none := range []string{"ATT-" + refused, "ATT-26-999999", accepted} {
		if _, err := w.verify(none); !fault.Is(err, "verification_unknown") {
			t.Errorf("%s: %v", none, err)
		}
	}
	w.lapse()
	if _, err := w.attest(w.admin, refused); !fault.Is(err, "attestation_not_due") {
		t.Errorf("a refusal: %v", err)
	}
	if _, err := w.attest(tenants.Guest(), accepted); !fault.Is(err, "request_unknown") {
		t.Errorf("a stranger: %v", err)
	}
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		return documents.Revoke(ctx, tx, documents.Draft{Request: d.RequestID, Source: d.SourceID, Content: documents.Content{Kind: documents.Attestation}}, "La décision a été retirée.")
	})
	if v, err = w.verify(d.Code); err != nil || !v.Withdrawn || v.RevokedOn != (calendar.Date{Year: 2027, Month: 2, Day: 2}) {
		t.Errorf("revoked %+v, %v", v, err)
	}
	byNumber.Withdrawn = true
	if v, err = w.verify("ATT-" + accepted); err != nil || !reflect.DeepEqual(v, byNumber) {
		t.Errorf("revoked, by its number: %+v, %v", v, err)
	}
}
