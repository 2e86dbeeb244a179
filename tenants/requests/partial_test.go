package requests_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// A part is granted and the rest refused: the letter says which, why, and how to contest, and
// the time for appeal runs as for a refusal (law.md R3, R4).
func TestAPartIsGrantedAndTheRestRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(stall("2027-06-20")).Request.Number
	w.on("2026-12-15")
	in := requests.DecisionInput{Outcome: catalogue.OutcomePartial, Delivery: requests.DeliveryCounter}
	in.Granted = "La buvette, le samedi 20 juin."
	if err := w.decide(number, in); !fault.Is(err, "reasons_required") {
		t.Errorf("without reasons: %v", err)
	}
	in.Granted, in.Reasons = "", "Le dimanche, la place est prise par le marché."
	if err := w.decide(number, in); !fault.Is(err, "granted_required") {
		t.Errorf("without what is granted: %v", err)
	}
	in.Granted, in.Letter = "La buvette, le samedi 20 juin.", "Oui pour samedi."
	if err := w.decide(number, in); !fault.Is(err, "letter_lacks_appeal") {
		t.Errorf("without the ways of appeal: %v", err)
	}
	in.Letter = ""
	if err := w.decide(number, in); err != nil {
		t.Fatal(err)
	}
	d := w.see(w.instructor, number)
	x := d.Decisions[0]
	if d.State != requests.StatePartly || x.Outcome != catalogue.OutcomePartial || x.AppealLastDay.String() != "2027-02-16" || d.Appeal.LastDay != x.AppealLastDay {
		t.Errorf("%s: %+v, %+v", d.State, x, d.Appeal)
	}
	for _, want := range []string{in.Granted, in.Reasons, "Tribunal administratif de Toulouse"} {
		if !strings.Contains(x.Letter, want) {
			t.Errorf("no %q in\n%s", want, x.Letter)
		}
	}
	if len(d.Acts) == 0 || len(d.Outcomes) != 1 || d.Outcomes[0] != catalogue.OutcomeAccept {
		t.Errorf("afterwards: %v, %v", d.Acts, d.Outcomes)
	}
	if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeAccept}); err != nil { // the rest, after an appeal to the mayor
		t.Error(err)
	}
}
