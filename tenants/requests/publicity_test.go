package requests_test

import (
	"context"
	"slices"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// CRPA L.232-2: what silence would accept, and third parties may contest, is published as soon
// as it comes, with the day on which it will be deemed accepted.
func TestARequestThatThirdPartiesMayContestIsPublished(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	published := func() (list []requests.Published) {
		w.must(tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
			list, err = requests.ListPublished(ctx, tx)
			return err
		})
		return list
	}
	w.on("2026-12-01")
	w.submit(stall("2027-06-20")) // of before the town published them: its requests too
	if list := published(); len(list) != 0 {
		t.Errorf("published for no text: %+v", list)
	}
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, "buvette-temporaire")
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		p.Publicity = &catalogue.Publicity{Fields: []string{"lieu"}, LegalBasis: "CRPA, article L.232-2"}
		_, err = catalogue.Publish(ctx, tx, "buvette-temporaire", p)
		return err
	})
	w.on("2026-12-10")
	number := w.submit(stall("2027-06-20")).Request.Number
	list := published()
	if len(list) != 2 || list[0].Number != number || list[0].DeemedOn != date(t, "2027-02-10") || !slices.Equal(list[0].Said, []string{"Place de l’église"}) {
		t.Fatalf("published: %+v", list)
	}
	w.on("2026-12-15")
	if err := w.ask(number, "2027-01-15"); err != nil {
		t.Fatal(err)
	}
	if list := published(); list[0].DeemedOn != (calendar.Date{}) || list[0].Accepted {
		t.Errorf("while papers are awaited: %+v", list[0])
	}
	w.on("2027-02-02")
	w.lapse() // the other one: accepted on 1 February
	if list := published(); len(list) != 2 || !list[1].Accepted || list[1].DeemedOn != date(t, "2027-02-01") {
		t.Errorf("accepted by silence: %+v", list)
	}
	w.on("2027-04-02")
	if list := published(); len(list) != 1 {
		t.Errorf("two months later: %+v", list)
	}
}
