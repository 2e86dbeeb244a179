package calendar_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

func TestOpposable(t *testing.T) {
	t.Parallel()
	eachCase(t, "recours.csv", func(t *testing.T, r row) {
		silence := calendar.Deadline{Effect: calendar.Effect(r.text("effet")), LastDay: r.date("silence_dernier_jour")}
		receipt := r.text("are")
		a, err := calendar.Opposable(calendar.AppealFacts{
			Silence:         silence,
			ReceiptSent:     receipt != "non",
			ReceiptComplete: receipt == "complet",
			ExpressNotified: r.date("refus_notifie"),
			ExpressRegular:  r.text("refus_regulier") == "oui",
			Territory:       r.territory(),
			Residence:       calendar.Residence(r.text("residence")),
		})
		if r.wantFault(err) {
			return
		}
		same(t, "from", a.From, r.date("depart"))
		same(t, "last day", a.LastDay, r.date("dernier_jour"))
		if a.Opposable == a.LastDay.IsZero() {
			t.Errorf("opposable %v with last day %q", a.Opposable, a.LastDay)
		}
		if len(a.Warnings) != r.number("avertissements") {
			t.Errorf("warnings %q", a.Warnings)
		}
	})
}

func TestFromReceptionToCourt(t *testing.T) {
	t.Parallel()
	silence, err := calendar.Silence(calendar.Facts{
		Rule:          calendar.Rule{Effect: calendar.Rejection, Months: 2},
		FirstReceived: mustDate(t, "2026-12-01"),
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := calendar.Opposable(calendar.AppealFacts{Silence: silence, ReceiptSent: true, ReceiptComplete: true})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "D1", a.LastDay, mustDate(t, "2027-04-02"))
}

func TestOtherDueDates(t *testing.T) {
	t.Parallel()
	eachCase(t, "echeances.csv", func(t *testing.T, r row) {
		from, territory := r.date("depart"), r.territory()
		j20, j10, j5 := calendar.AlertDays(from, territory)
		dates := map[string]calendar.Date{
			"retrait":           calendar.WithdrawalLastDay(from),
			"urbanisme":         calendar.PlanningWithdrawalLastDay(from),
			"motifs":            calendar.ReasonsDue(from),
			"rgpd":              calendar.GDPRDue(from, territory, false),
			"rgpd prolongé":     calendar.GDPRDue(from, territory, true),
			"portail":           calendar.PortalPurge(from),
			"trace":             calendar.TracePurge(from),
			"cada":              calendar.DocumentAccessAppeal(from, territory).LastDay,
			"cada confirmation": calendar.DocumentAccessConfirmed(from),
			"paiement":          calendar.PaymentDue(from),
			"j20":               j20,
			"j10":               j10,
			"j5":                j5,
		}
		got, known := dates[r.text("calcul")]
		if !known {
			t.Fatalf("unknown count %q", r.text("calcul"))
		}
		same(t, r.text("calcul"), got, r.date("attendu"))
	})
}

func TestCADAOnASaturdayIsWarnedOf(t *testing.T) {
	t.Parallel()
	if a := calendar.DocumentAccessAppeal(mustDate(t, "2027-02-10"), calendar.Territory{}); len(a.Warnings) != 1 {
		t.Errorf("Saturday 10 April 2027: %q", a.Warnings)
	}
	if a := calendar.DocumentAccessAppeal(mustDate(t, "2027-02-12"), calendar.Territory{}); len(a.Warnings) != 0 {
		t.Errorf("Monday 12 April 2027: %q", a.Warnings)
	}
}
