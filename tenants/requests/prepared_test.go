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

func (w *town) prepare(by tenants.Actor, number string, in requests.DecisionInput) error {
	return w.as(by, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Prepare(ctx, tx, number, in, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) sign(by tenants.Actor, number string) error {
	return w.as(by, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Sign(ctx, tx, number, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) sendBack(by tenants.Actor, number, why string) error {
	return w.as(by, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.SendBack(ctx, tx, number, why, w.version(ctx, tx, number))
		return err
	})
}

func (w *town) toSign(a tenants.Actor) (list []requests.ToSign) {
	w.t.Helper()
	w.must(a, func(ctx context.Context, tx *tenants.Tx) (err error) {
		list, err = requests.ListToSign(ctx, tx)
		return err
	})
	return list
}

// deputy is somebody whom the mayor lets sign everything.
func (w *town) deputy() (a tenants.Actor, delegation tenants.ID) {
	w.t.Helper()
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		invited, err := staff.Invite(ctx, tx, staff.NewAgent{GivenName: "Paul", FamilyName: "Adjoint", Title: "Premier adjoint", Email: "paul@castanet.example", Subject: "paul", Role: tenants.RoleInstructor})
		if err != nil {
			return err
		}
		a = invited.Actor()
		d, err := staff.Delegate(ctx, tx, staff.Delegation{AgentID: a.ID, Reference: "arrêté n°\u00a02026-114", DatedOn: date(w.t, "2026-03-03")})
		delegation = d.ID
		return err
	})
	return a, delegation
}

// Where somebody has a delegation, what another prepares waits for their hand: nothing leaves
// before, the clock goes on, and the history says who prepared and who signed.
func TestAPreparedDecisionWaitsForWhoSigns(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number, alone := w.submit(letter()).Request.Number, w.submit(letter()).Request.Number
	refusal := requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le marché ferme à 13 h.", Delivery: requests.DeliveryPost}
	if err := w.decide(alone, refusal); err != nil {
		t.Fatalf("a secretary alone is held up: %v", err)
	}
	deputy, delegation := w.deputy()
	refusal.Signatory = delegation
	if err := w.decide(number, refusal); !fault.Is(err, "signature_needed") {
		t.Fatalf("decides in another's name: %v", err)
	}
	before := len(w.letters(w.front, requests.LettersToPost))
	last := w.get(number).SilenceLastDay
	if err := w.prepare(w.instructor, number, refusal); err != nil {
		t.Fatal(err)
	}
	d := w.see(w.instructor, number)
	if d.Prepared == nil || d.Prepared.MaySign || !d.State.Open() || len(d.Decisions) != 0 || d.SilenceLastDay != last || len(w.letters(w.front, requests.LettersToPost)) != before {
		t.Fatalf("while it waits: %+v, %s, %v", d.Prepared, d.State, d.Decisions)
	}
	if list := w.toSign(deputy); len(list) != 1 || !list[0].MaySign || list[0].SilenceLastDay != last || list[0].PreparedBy != "Inès Truction" {
		t.Errorf("to sign: %+v", list)
	}
	if o := w.see(requests.GuestOf(d.Request), number); o.Prepared != nil {
		t.Error("the person sees what is prepared")
	}
	for _, who := range []tenants.Actor{w.instructor, w.admin} {
		if err := w.sign(who, number); !fault.Is(err, "signature_needed") {
			t.Errorf("%s signs what is another's: %v", who.Name, err)
		}
	}
	if err := w.sendBack(deputy, number, " "); !fault.Is(err, "reason_required") {
		t.Errorf("sent back without a word: %v", err)
	}
	if err := w.sendBack(deputy, number, "Citez l’arrêté."); err != nil {
		t.Fatal(err)
	}
	if d := w.see(w.instructor, number); !d.Prepared.Returned() || d.Prepared.ReturnedWhy != "Citez l’arrêté." {
		t.Errorf("sent back: %+v", d.Prepared)
	}
	if err := w.sign(deputy, number); !fault.Is(err, "nothing_to_sign") {
		t.Errorf("signs what was sent back: %v", err)
	}
	refusal.Reasons = "Le marché ferme à 13 h (arrêté du 3 mars 2026)."
	if err := w.prepare(w.instructor, number, refusal); err != nil {
		t.Fatal(err)
	}
	w.on("2026-12-15")
	if err := w.sign(deputy, number); err != nil {
		t.Fatal(err)
	}
	d = w.see(w.instructor, number)
	x := d.Decisions[0]
	if d.State != requests.StateRefused || x.Signatory != "Paul Adjoint, Premier adjoint" || x.DecidedOn.String() != "2026-12-15" || !strings.HasPrefix(x.Letter, "Castanet-Tolosan, le 15 décembre 2026\n") ||
		!strings.Contains(x.Letter, "Pour le maire et par délégation") || d.Prepared != nil || len(w.toSign(deputy)) != 0 {
		t.Errorf("signed: %s, %+v", d.State, x)
	}
	var said []string
	for _, e := range d.History {
		if strings.HasPrefix(e.Kind, "deci") {
			said = append(said, e.Kind+" "+e.ActorName+" "+requests.ReadEvent(e).Agent)
		}
	}
	if got := strings.Join(said, "; "); got != "decision_prepared Inès Truction Paul Adjoint; decision_returned Paul Adjoint Inès Truction; decision_prepared Inès Truction Paul Adjoint; decided Paul Adjoint Inès Truction" {
		t.Errorf("the history says %q", got)
	}
}

// Nothing is signed against a silence that has decided, and the mayor's signature is noted by
// an administrator.
func TestASignatureThatComesTooLate(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	late, mayors := w.submit(stall("2027-06-20")).Request.Number, w.submit(stall("2027-06-20")).Request.Number
	w.deputy()
	refusal := requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "La place est prise.", Signatory: requests.SignatoryTown}
	for _, number := range []string{late, mayors} {
		if err := w.prepare(w.instructor, number, refusal); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.sign(w.instructor, mayors); !fault.Is(err, "signature_needed") {
		t.Errorf("signs for the mayor: %v", err)
	}
	if err := w.sign(w.admin, mayors); err != nil {
		t.Fatal(err)
	}
	if x := w.get(mayors).Decisions[0]; x.Signatory != "Camille Martin, Maire" {
		t.Errorf("signed by %q", x.Signatory)
	}
	w.on("2027-02-02")
	if err := w.sign(w.admin, late); !fault.Is(err, "silence_acquired") {
		t.Errorf("signed after the silence: %v", err)
	}
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error { return requests.Lapse(ctx, tx, late) })
	if list := w.toSign(w.admin); len(list) != 0 {
		t.Errorf("what silence decided waits to be signed: %+v", list)
	}
}
