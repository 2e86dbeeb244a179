package statistics_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/statistics"
)

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

var agent = tenants.Actor{Kind: tenants.ActorAgent, Role: tenants.RoleFront, ID: tenants.NewID(), Name: "Karima Petit"}

func day(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnEmptyCommuneHasEmptyMonths(t *testing.T) {
	t.Parallel()
	pgtest.Tx(t, tenants.System("statistiques"), func(ctx context.Context, tx *tenants.Tx) {
		if err := statistics.Refresh(ctx, tx); err != nil {
			t.Fatal(err)
		}
		r, err := statistics.Read(ctx, tx.As(agent), day(t, "2026-11-30"), day(t, "2027-02-01"))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Months) != 4 || r.Months[0].Key != "2026-11" || r.Months[3].Key != "2027-02" {
			t.Errorf("months: %v", r.Months)
		}
		if _, ok := r.Total.ShareInTime(); ok {
			t.Error("nothing was due, and a share is given")
		}
		if _, ok := r.Total.MeanDays(); ok {
			t.Error("nothing was answered, and a mean is given")
		}
	})
}

func TestPeriodsAndRights(t *testing.T) {
	t.Parallel()
	pgtest.Tx(t, agent, func(ctx context.Context, tx *tenants.Tx) {
		for _, bad := range [][2]string{{"2026-12-01", "2026-11-30"}, {"2000-01-01", "2026-01-01"}} {
			if _, err := statistics.Read(ctx, tx, day(t, bad[0]), day(t, bad[1])); !fault.Is(err, "period_invalid") {
				t.Errorf("%v: %v", bad, err)
			}
		}
		if _, err := statistics.Read(ctx, tx.As(tenants.Guest()), day(t, "2026-01-01"), day(t, "2026-12-01")); fault.Of(err).Kind != fault.Forbidden {
			t.Errorf("a guest reads the statistics: %v", err)
		}
		if err := statistics.Refresh(ctx, tx); fault.Of(err).Kind != fault.Forbidden {
			t.Errorf("an agent counts the facts anew: %v", err)
		}
	})
}

func TestCSVIsForAFrenchOffice(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	facts := []statistics.Fact{{Month: day(t, "2026-11-01"), ProcedureSlug: "terrasse", Channel: "web", Figures: statistics.Figures{Received: 3, Answered: 2, Due: 2, InTime: 1}}}
	if err := statistics.WriteCSV(&out, facts); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || lines[1] != "2026-11;terrasse;web;3;0;2;2;1;0;0;0;0;0;0" {
		t.Errorf("got %q", lines)
	}
}
