package calendar_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

// BenchmarkCompute is one computation with its reasons: a refusal with a transmission, papers
// asked for twice, and what follows it.
func BenchmarkCompute(b *testing.B) {
	day := func(s string) calendar.Date { return mustDate(b, s) }
	f := calendar.Facts{
		Rule: calendar.Rule{Effect: calendar.Rejection, Months: 2, Source: "CRPA L.231-4 3°"}, Sending: calendar.SentRequest, Channel: calendar.ByPortal,
		FirstReceived: day("2026-12-01"), CompetentReceived: day("2026-12-10"), Route: calendar.RouteCourt,
		Notices: []calendar.Notice{
			{Notified: day("2026-12-12"), Limit: day("2026-12-30"), Complete: day("2026-12-20")},
			{Notified: day("2026-12-28"), Limit: day("2027-01-15")},
		},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := calendar.Compute(f); err != nil {
			b.Fatal(err)
		}
	}
}
