package requests_test

import (
	"context"
	"slices"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// access is a person who asks which data the town has on them: silence decides nothing, and
// the answer is due within a month (GDPR art. 12.3).
func access() requests.Submission {
	return requests.Submission{
		ProcedureSlug: "droits-rgpd", Channel: requests.ChannelWeb, Applicant: jeanne,
		Answers: forms.Answers{"droits": forms.List("acces"), "reception": forms.Text("ligne"), "pour": forms.Text("moi")},
	}
}

// electoral makes an own procedure of the town, whose text wants an answer within five days.
func (w *town) electoral() {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, "copie-acte-naissance")
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		p.Silence = calendar.Rule{Effect: calendar.None, Source: "Code électoral, articles L.16 à L.20", Answer: calendar.Period{Amount: 5, Unit: calendar.UnitDays}}
		p.Route, p.Commitment = catalogue.RouteNone, 10
		_, err = catalogue.Publish(ctx, tx, "copie-acte-naissance", p)
		return err
	})
}

func TestAnAnswerThatATextWantsIsTheDayThatBinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ received, due string }{
		{"2027-03-05", "2027-04-05"}, {"2027-01-31", "2027-03-01"}, // law.md §5, I1 and I2, whatever the town promises
	} {
		w := newTown(t)
		w.opens("droits-rgpd")
		w.on(c.received)
		r := w.submit(access()).Request
		if r.DueOn != date(t, c.due) || !r.SilenceLastDay.IsZero() {
			t.Errorf("received on %s: due on %s, last day %s, want %s", c.received, r.DueOn, r.SilenceLastDay, c.due)
		}
	}
}

func TestAProcedureOfTheTownCanHaveADayForItsAnswer(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.electoral()
	w.on("2027-03-05")
	number := w.submit(certificate()).Request.Number
	if d := w.get(number); d.DueOn != date(t, "2027-03-10") {
		t.Errorf("due on %s", d.DueOn)
	}
	if err := w.ask(number, "2027-03-31"); err != nil { // papers that are awaited do not move the law's day
		t.Fatal(err)
	}
	if d := w.get(number); d.DueOn != date(t, "2027-03-10") {
		t.Errorf("with papers awaited, due on %s", d.DueOn)
	}
	w.on("2027-03-06")
	w.watch()
	if got := w.alerts(number); !slices.Equal(got, []string{"j5"}) {
		t.Errorf("alerts: %v", got)
	}
}

func TestAlertsComeBeforeAnAnswerThatATextWants(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.opens("droits-rgpd")
	w.on("2027-03-05")
	number := w.submit(access()).Request.Number // due on Monday 2027-04-05
	promised := w.submit(certificate()).Request.Number
	w.on("2027-03-07")
	w.watch()
	if got := w.alerts(promised); len(got) != 0 {
		t.Errorf("what the town promises itself is no legal day: %v", got)
	}
	var got []string
	for _, day := range []string{"2027-03-08", "2027-03-19", "2027-03-22", "2027-03-29", "2027-04-05", "2027-04-06"} {
		w.on(day)
		w.watch()
		got = append(got, day)
	}
	if alerts := w.alerts(number); !slices.Equal(alerts, []string{"j20", "j10", "j5", "late"}) {
		t.Errorf("%v, on %v", alerts, got)
	}
}
