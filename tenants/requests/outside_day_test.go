package requests_test

import (
	"context"
	"slices"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// outward sends a request to an administration that is not here.
func (w *town) outward(number string) tenants.ID {
	w.t.Helper()
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.TransmitOutside(ctx, tx, number, requests.OutsideTransmittal{
			To:       requests.Party{Name: "Préfecture de la Haute-Garonne", PostalAddress: "1 place Saint-Étienne\n31000 Toulouse"},
			Delivery: requests.DeliveryPost, Reason: "Elle est compétente.",
		}, w.version(ctx, tx, number))
		return err
	})
	return w.get(number).Transmissions[0].ID
}

func (w *town) received(number string, id tenants.ID, day string) {
	w.t.Helper()
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.DateTransmission(ctx, tx, number, id, date(w.t, day), w.version(ctx, tx, number))
		return err
	})
}

// Case E1 of the law, with an outside administration: an acceptance counts from the day it
// received the request, a rejection from the first reception (CRPA L.114-3).
func TestTheDayAnOutsideAdministrationReceivedItCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		sent requests.Submission
		want string
	}{{"an acceptance", stall("2027-06-20"), "2027-02-10"}, {"a rejection", letter(), "2027-02-01"}} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.on("2026-12-01")
			number := w.submit(c.sent).Request.Number
			w.on("2026-12-02")
			id := w.outward(number)
			if d := w.get(number); d.Deadline.LastDay != date(t, "2027-02-01") {
				t.Errorf("while nobody knows the day: %s", d.Deadline.LastDay)
			}
			w.on("2026-12-15")
			w.received(number, id, "2026-12-09")
			w.received(number, id, "2026-12-10") // the day before was an error
			d := w.get(number)
			if got := d.Deadline.LastDay.String(); got != c.want {
				t.Errorf("%s: last day %s, want %s", c.what, got, c.want)
			}
			facts := slices.DeleteFunc(slices.Clone(d.Facts), func(f requests.Fact) bool { return f.Kind != requests.FactTransmission })
			if len(facts) != 2 || facts[0].InForce() || !facts[1].InForce() || facts[1].Corrects != facts[0].ID || facts[1].ActorName != w.instructor.Name {
				t.Errorf("kept %+v", facts)
			}
		})
	}
}
