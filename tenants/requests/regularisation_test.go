package requests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// CRPA L.114-6: a flaw of form is put right, in a time, by the texts; no clock waits for it.
func TestAFlawOfFormCanBePutRight(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	invite := func(in requests.Regularisation) error {
		return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.InviteToRegularise(ctx, tx, number, in, w.version(ctx, tx, number))
			return err
		})
	}
	good := requests.Regularisation{What: "Faites signer la demande par votre tuteur.", LegalBasis: "Code civil, article 475", LimitOn: date(t, "2026-12-20")}
	for code, change := range map[string]func(*requests.Regularisation){
		"regularisation_required": func(r *requests.Regularisation) { r.What = " " },
		"legal_basis_required":    func(r *requests.Regularisation) { r.LegalBasis = "" },
		"limit_invalid":           func(r *requests.Regularisation) { r.LimitOn = date(t, "2026-12-01") },
	} {
		in := good
		change(&in)
		if err := invite(in); !fault.Is(err, code) {
			t.Errorf("%s: %v", code, err)
		}
	}
	if err := invite(good); err != nil {
		t.Fatal(err)
	}
	box := w.outbox("letter_regularise")
	if len(box) != 1 {
		t.Fatalf("the person reads %+v", box)
	}
	for _, want := range []string{"L.114-6", "tuteur", "Code civil, article 475", "20 décembre 2026", "1er février 2027"} {
		if !strings.Contains(box[0].Text, want) {
			t.Errorf("no %q in:\n%s", want, box[0].Text)
		}
	}
	d := w.get(number)
	if d.SilenceLastDay != date(t, "2027-02-01") || kinds(d)[len(d.History)-1] != "regularisation_asked" {
		t.Errorf("last day %s, %v", d.SilenceLastDay, kinds(d))
	}
	w.why(number)
	w.on("2027-02-03")
	if err := invite(good); !fault.Is(err, "silence_acquired") {
		t.Errorf("after the silence: %v", err)
	}
}
