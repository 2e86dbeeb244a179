package v1_test

import (
	"slices"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
)

// The reasons of a request's dates have the shape of those of a simulation, and are read
// by whoever may read the request.
func TestWhyTheDatesOfARequest(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.file(report())
	path := "/api/v1/requests/" + f.Number + "/deadline"
	var dates struct {
		ReceivedOn    string `json:"received_on"`
		LastDay       string `json:"last_day"`
		EffectiveFrom string `json:"effective_from"`
		ReceiptDue    string `json:"receipt_due_on"`
		Reasons       []struct{ Article, Text, Date string }
		Told          []struct{ Told, Now string }
	}
	for _, who := range [][]string{{"X-Tracking-Code", f.TrackingCode}, {"Authorization", "Bearer " + w.token(tenants.RoleFront)}} {
		w.get(path, who...).into(200, &dates)
		if dates.ReceivedOn != "2026-11-23" || dates.LastDay != "2027-01-23" || dates.EffectiveFrom != "2027-01-24" || len(dates.Reasons) < 3 || len(dates.Told) != 0 {
			t.Errorf("%+v", dates)
		}
		for _, day := range []string{dates.ReceivedOn, dates.LastDay, dates.EffectiveFrom} {
			if !slices.ContainsFunc(dates.Reasons, func(r struct{ Article, Text, Date string }) bool {
				return r.Date == day && r.Article != "" && r.Text != ""
			}) {
				t.Errorf("%s has no reason in %+v", day, dates.Reasons)
			}
		}
	}
	w.get(path).problem(404, "request_or_code_unknown")
	w.get(path, "X-Tracking-Code", "AAAA-BBBB-CCCC").problem(404, "request_or_code_unknown")
	w.get("/api/v1/requests/26-999999/deadline", "X-Tracking-Code", f.TrackingCode).problem(404, "request_or_code_unknown")
}
