package requests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// works publishes, in the place of the temporary bar, a prior declaration of works: silence is
// a « non-opposition » after so many months, counted as urban planning counts.
func (w *town) works(months int) {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, "buvette-temporaire")
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		p.Event, p.Route = nil, catalogue.RoutePlanning
		p.Silence = calendar.Rule{Effect: calendar.Acceptance, Months: months, Code: calendar.Planning, Means: "non-opposition", Source: "Code de l’urbanisme, articles R*423-23 et R*424-1"}
		_, err = catalogue.Publish(ctx, tx, "buvette-temporaire", p)
		return err
	})
}

func (w *town) receiptText(number string) string {
	w.t.Helper()
	var out []string
	for _, r := range w.get(number).Receipts {
		out = append(out, r.Text)
	}
	return strings.Join(out, "\n")
}

func TestPlanningPapersComeWithinThreeMonthsOrTheFileDies(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.works(1)
	w.on("2027-01-04")
	number := w.submit(stall("2027-06-20")).Request.Number
	w.on("2027-01-11")
	if err := w.ask(number, "2027-01-30"); err != nil { // whatever the agent says, the law gives three months
		t.Fatal(err)
	}
	d := w.get(number)
	if d.SilenceLastDay != date(t, "2027-04-11") || d.Silence.Effect != calendar.Rejection || d.DocumentRequests[0].LimitOn != date(t, "2027-04-11") {
		t.Fatalf("while papers are awaited: %s, %s, limit %s", d.SilenceLastDay, d.Silence.Effect, d.DocumentRequests[0].LimitOn)
	}
	if text := d.DocumentRequests[0].Letter; !strings.Contains(text, "R*423-39") || !strings.Contains(text, "opposition") {
		t.Errorf("the notice says %q", text)
	}
	w.on("2027-04-12")
	w.lapse()
	d = w.get(number)
	last := d.Decisions[len(d.Decisions)-1]
	if d.State != requests.StateImplicitRejection || last.DecidedOn != date(t, "2027-04-11") || !last.AppealLastDay.IsZero() {
		t.Errorf("in the end: %s on %s, appeal until %s", d.State, last.DecidedOn, last.AppealLastDay)
	}
}

func TestPlanningSilenceIsNoOppositionAndIsWithdrawnWithinThreeMonths(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.works(1)
	w.on("2027-01-04")
	number := w.submit(stall("2027-06-20")).Request.Number
	if text := w.receiptText(number); !strings.Contains(text, "vaudra non-opposition") || strings.Contains(text, "sera acceptée") {
		t.Errorf("the receipt says %q", text)
	}
	w.on("2027-01-11")
	if err := w.ask(number, "2027-01-30"); err != nil {
		t.Fatal(err)
	}
	w.on("2027-03-01")
	if err := w.upload(tenants.Guest(), number, ""); !fault.Is(err, "request_unknown") {
		t.Fatal(err)
	}
	if err := w.upload(w.instructor, number, w.get(number).DocumentRequests[0].Items[0].ID); err != nil {
		t.Fatal(err)
	}
	d := w.get(number)
	if d.SilenceLastDay != date(t, "2027-04-01") || d.Silence.Effect != calendar.Acceptance {
		t.Fatalf("once the papers are there: %s, %s", d.SilenceLastDay, d.Silence.Effect)
	}
	if text := d.DocumentRequests[0].CompleteLetter; !strings.Contains(text, "vaudra non-opposition") {
		t.Errorf("the letter of the complete file says %q", text)
	}
	w.on("2027-04-02")
	w.lapse()
	d = w.get(number)
	if d.State != requests.StateImplicitAcceptance {
		t.Fatalf("in the end: %s", d.State)
	}
	for _, a := range d.Acts {
		if a.Outcome == catalogue.OutcomeWithdrawal && a.Ground == requests.GroundIllegal && a.Until != date(t, "2027-07-01") {
			t.Errorf("it can be withdrawn until %s", a.Until)
		}
	}
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		issued, err := requests.Attest(ctx, tx, number)
		if text := issued.Content.Text(); !strings.Contains(text, "non-opposition") || !strings.Contains(text, "R*424-13") || strings.Contains(text, "vaut acceptation") {
			t.Errorf("the certificate says %q", text)
		}
		return err
	})
}

func TestPlanningPapersAreAskedForWithinTheMonth(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.works(3)
	w.on("2027-01-04")
	number := w.submit(stall("2027-06-20")).Request.Number
	w.on("2027-02-05")
	if err := w.ask(number, "2027-02-20"); !fault.Is(err, "notice_too_late") {
		t.Errorf("after the month: %v", err)
	}
	if d := w.get(number); len(d.DocumentRequests) != 0 || d.SilenceLastDay != date(t, "2027-04-04") {
		t.Errorf("%d notices, last day %s", len(d.DocumentRequests), d.SilenceLastDay)
	}
}
