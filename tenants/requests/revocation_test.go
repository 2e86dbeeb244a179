package requests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

var illegal = requests.RevocationInput{Act: catalogue.OutcomeWithdrawal, Ground: requests.GroundIllegal, Reasons: "Le lieu est dans une zone protégée."}

func (w *town) hear(number string, in requests.RevocationInput, limit string) error {
	in.LimitOn = date(w.t, limit)
	return w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Hear(ctx, tx, number, in, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) revoke(number string, in requests.RevocationInput) error {
	return w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Revoke(ctx, tx, number, in, w.version(ctx, tx, number))
		return err
	})
}

// law.md R9, H1: an acceptance that silence made on 2027-01-21 can no longer be refused; it is
// taken back if illegal, until 2027-05-21, after the person was heard.
func TestASilentAcceptanceIsTakenBackAfterHearing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-11-21")
	r := w.submit(stall("2027-06-20")).Request
	w.on("2027-01-22")
	w.lapse()
	if err := w.decide(r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non."}); !fault.Is(err, "action_not_possible") {
		t.Errorf("a refusal after the silence: %v", err)
	}
	d := w.get(r.Number)
	if len(d.Acts) == 0 || d.Acts[0].Outcome != catalogue.OutcomeRefuse || d.Acts[0].Open || d.Acts[1].Until.String() != "2027-05-21" {
		t.Fatalf("acts: %+v", d.Acts)
	}
	if err := w.revoke(r.Number, illegal); !fault.Is(err, "hearing_required") {
		t.Errorf("without a hearing: %v", err)
	}
	w.on("2027-05-03")
	for _, limit := range []string{"2027-05-03", "2027-05-21", "2027-09-01"} {
		if err := w.hear(r.Number, illegal, limit); !fault.Is(err, "hearing_limit_invalid") {
			t.Errorf("until %s: %v", limit, err)
		}
	}
	silent := illegal
	silent.Reasons = " "
	if err := w.hear(r.Number, silent, "2027-05-18"); !fault.Is(err, "reasons_required") {
		t.Errorf("without reasons: %v", err)
	}
	if err := w.hear(r.Number, illegal, "2027-05-18"); err != nil {
		t.Fatal(err)
	}
	h := w.get(r.Number).Hearings[0]
	for _, want := range []string{"Nous envisageons le retrait de cette décision", "21 janvier 2027, par notre silence", "zone protégée", "jusqu’au 18 mai 2027 inclus", "L.122-1"} {
		if !strings.Contains(h.Letter, want) {
			t.Errorf("the invitation lacks %q:\n%s", want, h.Letter)
		}
	}
	if h.Delivery != requests.DeliveryPost || !h.NotifiedOn.IsZero() {
		t.Errorf("without consent it leaves by %s", h.Delivery)
	}
	w.on("2027-05-19")
	if err := w.revoke(r.Number, illegal); !fault.Is(err, "hearing_required") {
		t.Errorf("before the invitation is known to have come: %v", err)
	}
	post := w.letters(w.front, requests.LettersToPost)
	if len(post) != 1 || post[0].Kind != requests.LetterHearing {
		t.Fatalf("to be posted: %+v", post)
	}
	if err := w.post(post, "2027-05-03"); err != nil {
		t.Fatal(err)
	}
	if err := w.came(post, "2027-05-18"); !fault.Is(err, "notice_arrived_late") {
		t.Errorf("it came on its last day: %v", err)
	}
	if err := w.came(post, "2027-05-06"); err != nil {
		t.Fatal(err)
	}
	w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.NoteObservations(ctx, tx, r.Number, h.ID, "La zone a été déplacée, dit-elle.", date(t, "2027-05-12"), w.version(ctx, tx, r.Number))
		return err
	})
	if err := w.revoke(r.Number, illegal); err != nil {
		t.Fatal(err)
	}
	d = w.get(r.Number)
	last := d.Decisions[len(d.Decisions)-1]
	if d.State != requests.StateRevoked || last.Outcome != catalogue.OutcomeWithdrawal || last.DecidedOn.String() != "2027-05-19" || len(d.Acts) != 0 {
		t.Fatalf("%s: %+v", d.State, last)
	}
	for _, want := range []string{"réputé n’avoir jamais existé", "L.242-1", "notre lettre du 3 mai 2027", "zone protégée", "Tribunal administratif de Toulouse", "Camille Martin\nMaire"} {
		if !strings.Contains(last.Letter, want) {
			t.Errorf("the decision lacks %q:\n%s", want, last.Letter)
		}
	}
	err := w.as(w.citizen, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Attest(ctx, tx.As(requests.GuestOf(r)), r.Number)
		return err
	})
	if !fault.Is(err, "attestation_not_due") {
		t.Errorf("the attestation of what was withdrawn: %v", err)
	}
}

// After four months nothing illegal can be taken back any more; fraud always can.
func TestFourMonthsAfterOnlyFraudCounts(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-11-21")
	number := w.submit(stall("2027-06-20")).Request.Number
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeAccept}); err != nil {
		t.Fatal(err)
	}
	w.on("2027-03-22") // the day after the last
	if err := w.hear(number, illegal, "2027-04-15"); !fault.Is(err, "revocation_closed") || !strings.Contains(fault.Of(err).Fields[0].Message, "21 mars 2027") {
		t.Errorf("too late: %v", err)
	}
	fraud := illegal
	fraud.Ground = requests.GroundFraud
	if err := w.hear(number, fraud, "2027-04-15"); err != nil {
		t.Error(err)
	}
	if err := w.revoke(number, requests.RevocationInput{Act: catalogue.OutcomeRepeal, Ground: requests.GroundAsked, Reasons: "Vous renoncez à la buvette."}); err != nil {
		t.Errorf("what its beneficiary asks for: %v", err)
	}
	if last := w.get(number).Decisions[1]; !strings.Contains(last.Letter, "cesse de produire effet") || strings.Contains(last.Letter, "invité à présenter") {
		t.Errorf("the repeal:\n%s", last.Letter)
	}
	if err := w.revoke(number, illegal); !fault.Is(err, "action_not_possible") {
		t.Errorf("twice: %v", err)
	}
	unknown := illegal
	unknown.Ground = "mood"
	other := w.submit(stall("2027-06-20")).Request.Number
	if err := w.decide(other, requests.DecisionInput{Outcome: catalogue.OutcomeAccept}); err != nil {
		t.Fatal(err)
	}
	if err := w.revoke(other, unknown); !fault.Is(err, "revocation_unknown") {
		t.Errorf("for no reason that the law knows: %v", err)
	}
}

// A refusal creates no right: an agreement takes its place at any time.
func TestARefusalCanBeThoughtOverAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-11-21")
	number := w.submit(stall("2027-06-20")).Request.Number
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non."}); err != nil {
		t.Fatal(err)
	}
	w.on("2027-08-01")
	if acts := w.get(number).Acts; len(acts) != 1 || !acts[0].Open || acts[0].Outcome != catalogue.OutcomeAccept {
		t.Errorf("acts: %+v", acts)
	}
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeAccept}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(number); d.State != requests.StateAccepted || len(d.Decisions) != 2 {
		t.Errorf("%s, %d decisions", d.State, len(d.Decisions))
	}
}

// The appeal from far away is longer (CJA R.421-7), and an agent can correct where it is from.
func TestTheAppealIsLongerFromAfar(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	s := letter()
	s.Applicant.PostalAddress = "4 rue Frébault\n97110 Pointe-à-Pitre"
	number := w.submit(s).Request.Number
	w.on("2026-12-15")
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Non.", Delivery: requests.DeliveryCounter}); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	if x := d.Decisions[0]; x.AppealLastDay.String() != "2027-03-16" || d.Appeal.LastDay != x.AppealLastDay || !strings.Contains(x.Letter, "augmenté d’un mois") {
		t.Errorf("until %s, %s:\n%s", x.AppealLastDay, d.Appeal.LastDay, x.Letter)
	}
	for lives, want := range map[string]string{"abroad": "2027-04-16", "near": "2027-02-16", "": "2027-03-16"} { // C5: 2027-02-16
		w.must(w.front, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.SetResidence(ctx, tx, number, lives, w.version(ctx, tx, number))
			return err
		})
		if got := w.get(number).Decisions[0].AppealLastDay.String(); got != want {
			t.Errorf("%q: until %s, want %s", lives, got, want)
		}
	}
}

// Who signs has a delegation that holds today for this very request, or is the mayor.
func TestADelegateSignsWhatIsDelegated(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(stall("2027-06-20")).Request.Number
	give := func(d staff.Delegation) tenants.ID {
		t.Helper()
		d.AgentID, d.Reference = w.instructor.ID, "arrêté n°\u00a02026-114"
		w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
			d, err = staff.Delegate(ctx, tx, d)
			return err
		})
		return d.ID
	}
	elsewhere := give(staff.Delegation{DatedOn: date(t, "2026-03-03"), Procedures: []string{"terrasse"}})
	over := give(staff.Delegation{DatedOn: date(t, "2026-03-03"), EndsOn: date(t, "2026-11-30")})
	for _, id := range []tenants.ID{elsewhere, over, tenants.NewID()} {
		if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeAccept, Signatory: id}); !fault.Is(err, "signatory_not_entitled") {
			t.Errorf("signed without a right: %v", err)
		}
	}
	give(staff.Delegation{DatedOn: date(t, "2026-03-03"), Procedures: []string{"buvette-temporaire"}})
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeAccept}); err != nil {
		t.Fatal(err)
	}
	d := w.get(number).Decisions[0]
	if d.Signatory != "Inès Truction, Agent" || !strings.Contains(d.Letter, "Pour le maire et par délégation (arrêté n°\u00a02026-114 du 3 mars 2026)\nInès Truction\nAgent") {
		t.Errorf("signed by %q:\n%s", d.Signatory, d.Letter)
	}
	second := w.submit(stall("2027-06-20")).Request.Number
	if err := w.decide(second, requests.DecisionInput{Outcome: catalogue.OutcomeAccept, Signatory: requests.SignatoryTown}); err != nil {
		t.Fatal(err)
	}
	if d := w.get(second).Decisions[0]; d.Signatory != "Camille Martin, Maire" || strings.Contains(d.Letter, "par délégation") {
		t.Errorf("signed by %q", d.Signatory)
	}
	for name, bad := range map[string]staff.Delegation{
		"tomorrow's order":     {DatedOn: date(t, "2026-12-02")},
		"before its order":     {DatedOn: date(t, "2026-11-02"), FromOn: date(t, "2026-11-01")},
		"over before it began": {DatedOn: date(t, "2026-11-02"), EndsOn: date(t, "2026-11-01")},
		"no such procedure":    {DatedOn: date(t, "2026-11-02"), Procedures: []string{"lune"}},
		"no such service":      {DatedOn: date(t, "2026-11-02"), Services: []tenants.ID{tenants.NewID()}},
	} {
		bad.AgentID, bad.Reference = w.instructor.ID, "arrêté"
		err := w.as(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := staff.Delegate(ctx, tx, bad)
			return err
		})
		if !fault.Is(err, "delegation_invalid") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.as(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := staff.Delegate(ctx, tx, staff.Delegation{AgentID: w.instructor.ID, Reference: "moi", DatedOn: date(t, "2026-11-02")})
		return err
	}); !fault.Is(err, "admin_only") {
		t.Errorf("gives itself a delegation: %v", err)
	}
}
