package calendar_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

// given pairs each date of an answer with the kind of step that must yield it.
func given(d calendar.Dates) map[calendar.StepKind]calendar.Date {
	return map[calendar.StepKind]calendar.Date{
		calendar.StepReceived: d.ReceivedOn, calendar.StepTransmitted: d.CompetentOn,
		calendar.StepRegistrationDue: d.RegistrationDue, calendar.StepReceiptDue: d.ReceiptDue,
		calendar.StepFileFrom: d.FileFrom, calendar.StepFileBy: d.FileBy,
		calendar.StepLastDay: d.LastDay, calendar.StepEffective: d.AcquiredOn, calendar.StepAnswerDue: d.AnswerDue,
		calendar.StepAppeal: d.Appeal.LastDay, calendar.StepGracious: d.GraciousBy, calendar.StepReasonsDue: d.ReasonsDue, calendar.StepGraciousSilence: d.GraciousSilence,
		calendar.StepConfirmed: d.ConfirmedOn, calendar.StepWithdrawal: d.WithdrawalLastDay,
	}
}

// reasoned fails where a date has no step that yields it, or a step no sentence.
func reasoned(t interface{ Errorf(string, ...any) }, d calendar.Dates) {
	for kind, date := range given(d) {
		if date.IsZero() {
			continue
		}
		found := false
		for _, s := range d.Steps {
			found = found || s.Kind == kind && s.Date == date && s.Article != ""
		}
		if !found {
			t.Errorf("%s %s has no step: %+v", kind, date, d.Steps)
		}
	}
	for _, s := range d.Steps {
		if s.Text == "" || !strings.HasSuffix(s.Text, ".") || strings.Contains(s.Text, "%") || strings.Contains(s.Text, "le .") || strings.Contains(s.Text, "  ") {
			t.Errorf("step %+v", s)
		}
	}
}

func routes() *rapid.Generator[calendar.Route] {
	return rapid.SampledFrom([]calendar.Route{calendar.RouteNone, calendar.RouteCourt, calendar.RouteCADA, calendar.RoutePrefect, calendar.RoutePlanning})
}

func TestEachDateHasAReason(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts(t, rapid.SampledFrom([]calendar.Effect{calendar.Acceptance, calendar.Rejection, calendar.Declaration, calendar.None}).Draw(t, "effect"))
		f.Channel = rapid.SampledFrom([]calendar.Channel{"", calendar.ByPortal, calendar.ByEmail, calendar.ByPost, calendar.ByCounter}).Draw(t, "channel")
		f.Route = routes().Draw(t, "route")
		d, err := calendar.Compute(f)
		if err != nil {
			return
		}
		reasoned(t, d)
	})
}
