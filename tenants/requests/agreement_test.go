package requests_test

import (
	"context"
	"slices"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// agree says as the person whether the decision may come by e-mail.
func (w *town) agree(r requests.Request, agreed bool) {
	w.t.Helper()
	w.must(requests.GuestOf(r), func(ctx context.Context, tx *tenants.Tx) error {
		return requests.AgreeDecision(ctx, tx, r.Number, agreed)
	})
}

func TestADecisionIsMailedToWhomAgreedAlone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	mailed := func(outcome catalogue.Outcome, prepare func(s *requests.Submission), then func(requests.Request)) (requests.Decision, map[string]int) {
		t.Helper()
		s := stall("2027-06-20")
		prepare(&s)
		r := w.submit(s, w.front).Request
		then(r)
		if err := w.decide(r.Number, requests.DecisionInput{Outcome: outcome, Reasons: "Trop de bruit."}); err != nil {
			t.Fatal(err)
		}
		return w.get(r.Number).Decisions[0], w.mails(r.Number)
	}
	agrees := func(s *requests.Submission) { s.Applicant.DecisionEmail = true }
	nothing := func(*requests.Submission) {}
	no := func(requests.Request) {}
	counter := func(s *requests.Submission) { s.Channel, s.Applicant.EmailAgreed = requests.ChannelCounter, true }
	for name, c := range map[string]struct {
		outcome  catalogue.Outcome
		prepare  func(*requests.Submission)
		then     func(requests.Request)
		delivery string
	}{
		"by the web, without a word":            {catalogue.OutcomeRefuse, nothing, no, requests.DeliveryPost},
		"an acceptance too":                     {catalogue.OutcomeAccept, nothing, no, requests.DeliveryPost},
		"agreed in the form":                    {catalogue.OutcomeRefuse, agrees, no, requests.DeliveryEmail},
		"agreed later":                          {catalogue.OutcomeRefuse, nothing, func(r requests.Request) { w.agree(r, true) }, requests.DeliveryEmail},
		"went back on it":                       {catalogue.OutcomeRefuse, agrees, func(r requests.Request) { w.agree(r, false) }, requests.DeliveryPost},
		"messages by e-mail are no consent":     {catalogue.OutcomeRefuse, counter, no, requests.DeliveryPost},
		"agreed at the counter":                 {catalogue.OutcomeRefuse, func(s *requests.Submission) { counter(s); agrees(s) }, no, requests.DeliveryEmail},
		"the decision alone, at the counter":    {catalogue.OutcomeRefuse, func(s *requests.Submission) { s.Channel = requests.ChannelCounter; agrees(s) }, no, requests.DeliveryEmail},
		"agreed at the counter, and taken back": {catalogue.OutcomeRefuse, func(s *requests.Submission) { counter(s); agrees(s) }, func(r requests.Request) { w.agree(r, false) }, requests.DeliveryPost},
	} {
		x, mails := mailed(c.outcome, c.prepare, c.then)
		letters := 0
		if c.delivery == requests.DeliveryEmail {
			letters = 1
		}
		if x.Delivery != c.delivery || mails["letter_decision"] != letters || x.NotifiedOn.IsZero() == (letters == 1) {
			t.Errorf("%s: %s, notified %q, %v", name, x.Delivery, x.NotifiedOn, mails)
		}
	}
	// Who is posted a letter is told so, by whatever reaches them.
	_, mails := mailed(catalogue.OutcomeRefuse, func(s *requests.Submission) { s.Applicant.Phone, s.Applicant.SMS = "+33612345678", true }, no)
	if mails["decision_posted"] != 1 || mails["sms_decision_posted"] != 1 || mails["sms_decision"] != 0 {
		t.Errorf("told of a posted letter: %v", mails)
	}
}

func TestAMereAnswerGoesTheWayOfTheMessages(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	if err := w.decide(r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Nous passons demain."}); err != nil {
		t.Fatal(err)
	}
	if x := w.get(r.Number).Decisions[0]; x.Delivery != requests.DeliveryEmail || w.mails(r.Number)["letter_decision"] != 1 {
		t.Errorf("an answer leaves by %s: %v", x.Delivery, w.mails(r.Number))
	}
}

func TestTheAgreementIsDatedAndStandsInTheHistory(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	if r.Applicant.DecisionEmail || !w.get(r.Number).DecisionEmailAt.IsZero() {
		t.Error("agreed without a word")
	}
	w.on("2026-12-03")
	before := w.get(r.Number).Version
	w.agree(r, true)
	w.agree(r, true)
	d := w.get(r.Number)
	if !d.Applicant.DecisionEmail || !d.DecisionEmailAt.Equal(w.Clock.Now()) || d.Version != before+1 {
		t.Errorf("agreed %v at %s, version %d after %d", d.Applicant.DecisionEmail, d.DecisionEmailAt, d.Version, before)
	}
	own := w.see(requests.GuestOf(r), r.Number)
	if n := len(slices.DeleteFunc(kinds(own), func(k string) bool { return k != "decision_email" })); n != 1 {
		t.Errorf("the person's history has it %d times: %v", n, kinds(own))
	}
	// An agent is told that it changed, before deciding on what they saw.
	err := w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Oui."}, before)
		return err
	})
	if !fault.Is(err, "request_changed") {
		t.Errorf("decided on an older version: %v", err)
	}
	// Agents write it for somebody at the counter; another address needs it anew only if they say so.
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		a := d.Applicant
		a.DecisionEmail = false
		_, err := requests.CorrectApplicant(ctx, tx, r.Number, a, d.Version)
		return err
	})
	if d := w.get(r.Number); d.Applicant.DecisionEmail || !d.DecisionEmailAt.IsZero() {
		t.Errorf("taken back at the counter: %v, %s", d.Applicant.DecisionEmail, d.DecisionEmailAt)
	}
}

func TestWhoMayAgreeAndUntilWhen(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	r := w.submit(letter()).Request
	s := letter()
	s.Channel, s.Applicant.Email = requests.ChannelPost, ""
	unreachable := w.submit(s, w.front).Request
	done := w.submit(letter()).Request
	if err := w.decide(done.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Oui."}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		who    tenants.Actor
		number string
		code   string
	}{
		"an agent":                {w.admin, r.Number, "not_allowed"},
		"a stranger":              {w.citizen, r.Number, "request_unknown"},
		"without an address":      {requests.GuestOf(unreachable), unreachable.Number, "address_needed"},
		"after the answer":        {requests.GuestOf(done), done.Number, "action_not_possible"},
		"with another's own code": {requests.GuestOf(done), r.Number, "request_unknown"},
	} {
		err := w.as(c.who, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.AgreeDecision(ctx, tx, c.number, true)
		})
		if !fault.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	bad := letter()
	bad.Channel, bad.Applicant = requests.ChannelCounter, requests.Applicant{GivenName: "Paul", FamilyName: "Durand", DecisionEmail: true}
	err := w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Submit(ctx, tx, bad)
		return err
	})
	if f := fault.Of(err); f == nil || f.Code != "applicant_invalid" || len(f.Fields) != 1 || f.Fields[0].Path != "applicant/email" {
		t.Errorf("agreed to an e-mail without an address: %v", err)
	}
}

func TestAnAnonymousReportIsNoRegularReferral(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	if w.submit(pothole()).Request.Regular {
		t.Error("nobody is identified, and the commune is said to be regularly seized (R.112-9-1)")
	}
	named := pothole()
	named.Applicant = jeanne
	if !w.submit(named).Request.Regular {
		t.Error("an identified person is said not to be")
	}
	told := pothole()
	told.Channel = requests.ChannelCounter
	if !w.submit(told, w.front).Request.Regular {
		t.Error("R.112-9-1 speaks of electronic referrals alone")
	}
}
