package requests_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// Case M3 of the law: who asks « horaires ? » by e-mail gets the day and the service, and is
// announced no refusal (CRPA R.112-11-1); a complaint by the same way is.
func TestAQuestionToTheMayorIsNoRequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	today := w.on("2027-01-11")
	for _, channel := range []string{requests.ChannelWeb, requests.ChannelEmail} {
		s := letter()
		s.Channel, s.Answers["nature"] = channel, forms.Text("question")
		actor := w.citizen
		if channel == requests.ChannelEmail {
			actor = w.front
		}
		number := w.submit(s, actor).Request.Number
		d := w.get(number)
		if d.Kind != requests.KindInformation || !d.SilenceLastDay.IsZero() || len(d.Receipts) != 1 || !d.Receipts[0].Complete {
			t.Fatalf("by %s: %s, last day %s, %d receipts", channel, d.Kind, d.SilenceLastDay, len(d.Receipts))
		}
		text := d.Receipts[0].Text
		if !strings.Contains(text, today.French()) || !strings.Contains(text, d.Service.Name) {
			t.Errorf("by %s the receipt says %q", channel, text)
		}
		for _, word := range []string{"refus", "rejet", "silence", "tribunal", "recours"} {
			if strings.Contains(text, word) {
				t.Errorf("by %s the receipt of a question speaks of %q: %s", channel, word, text)
			}
		}
		if err := w.decide(number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "De 9 h à 17 h."}); err != nil {
			t.Fatal(err)
		}
		if d = w.get(number); d.State != requests.StateAnswered {
			t.Errorf("answered: %s", d.State)
		}
	}
	if d := w.get(w.submit(letter()).Request.Number); d.Kind != requests.KindRequest || d.SilenceLastDay != date(t, "2027-03-11") || !strings.Contains(d.Receipts[0].Text, "refusée") {
		t.Errorf("a complaint: %s, last day %s", d.Kind, d.SilenceLastDay)
	}
}
