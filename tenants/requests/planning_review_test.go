package requests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// review contests a permit that was refused to the applicant.
func review(notified string) requests.Submission {
	who := jeanne
	who.EmailAgreed = true
	return requests.Submission{
		ProcedureSlug: "recours-gracieux-urbanisme", Channel: requests.ChannelWeb, Applicant: who,
		Answers: forms.Answers{
			"qualite": forms.Text("destinataire"), "nature": forms.Text("permis"), "objet": forms.Text("PC 031 113 26 A0012"), "date_decision": forms.Text(notified),
			"motifs": forms.Text("Le plan de zonage a été mal lu par le service."), "delai": forms.Bool(true),
		},
	}
}

// opens takes a procedure from the library.
func (w *town) opens(slug string) {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		p, _ := catalogue.Model(slug)
		if err := catalogue.Install(ctx, tx, p); err != nil {
			return err
		}
		return catalogue.SetOpen(ctx, tx, slug, true)
	})
}

// A recours gracieux in urban planning extends nothing (C. urb. L.600-12-2): whatever answers it,
// the court is seized within two months of the decision that it contests.
func TestTheAnswerToAPlanningReviewOpensNoTimeForAppeal(t *testing.T) {
	t.Parallel()
	const court = "21 janvier 2027" // two clear months after 20 November
	for _, c := range []struct {
		what   string
		answer func(w *town, number string)
	}{
		{"a refusal", func(w *town, number string) {
			w.on("2027-01-08")
			if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "Le zonage est exact.", Delivery: requests.DeliveryCounter}); err != nil {
				w.t.Fatal(err)
			}
		}},
		{"silence", func(w *town, _ string) {
			w.on("2027-02-11")
			w.lapse()
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.opens("recours-gracieux-urbanisme")
			w.on("2026-12-10")
			number := w.submit(review("2026-11-20")).Request.Number
			if d := w.get(number); d.SilenceLastDay != date(t, "2027-02-10") {
				t.Errorf("its silence refuses on %s", d.SilenceLastDay)
			}
			if text := w.receiptText(number); !strings.Contains(text, court) || strings.Contains(text, "avril 2027") || !strings.Contains(text, "n’a pas prolongé") {
				t.Errorf("the receipt says %q", text)
			}
			c.answer(w, number)
			d := w.get(number)
			last := d.Decisions[len(d.Decisions)-1]
			if last.AppealLastDay != date(t, "2027-01-21") || d.Appeal.LastDay != last.AppealLastDay || len(d.Drifts) > 0 {
				t.Errorf("appeal until %s, shown %s, drifts %v", last.AppealLastDay, d.Appeal.LastDay, d.Drifts)
			}
			if !strings.Contains(last.Letter, court) && !last.Implicit {
				t.Errorf("the letter says %q", last.Letter)
			}
			why := w.why(number)
			if why.Dates.Appeal.LastDay != last.AppealLastDay || why.Dates.GraciousBy != date(t, "2026-12-20") {
				t.Errorf("why: appeal until %s, gracieux until %s", why.Dates.Appeal.LastDay, why.Dates.GraciousBy)
			}
			if last.Implicit {
				if q, err := w.askReasons(w.front, number); err != nil || q.DueOn != date(t, "2027-03-11") {
					t.Errorf("the reasons of the silence: %+v %v", q, err)
				}
			}
		})
	}
}
