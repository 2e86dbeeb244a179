package citizen_test

import (
	"context"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

const decisionForm = `#decision form`

func TestTheDecisionByEmailIsChosenAndChangedLater(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	summary := fileReport(t, b)
	if summary.Has(`input[name="decision_courriel"][checked]`) || !summary.Has(`input[name="decision_courriel"]`) {
		t.Fatal("the box is not there, or ticked by itself")
	}
	number := summary.Form(sendForm).Set("decision_courriel", "1").Submit().Text(".request-number")
	p := b.Get("/demandes/"+number).Want(200, "")
	if said := p.Text("#decision"); !strings.Contains(said, "accepté") || !strings.Contains(said, "aminata") {
		t.Errorf("agreed: %q", said)
	}
	p = p.Form(decisionForm).Submit().Want(200, "/demandes/"+number)
	if said := p.Text("#decision"); !strings.Contains(said, "par courrier, ou vous sera remise") {
		t.Errorf("taken back: %q", said)
	}
	p = p.Form(decisionForm).Submit().Want(200, "/demandes/"+number)
	if events := p.Texts(".timeline strong"); len(events) < 3 || !strings.Contains(events[0], "Accord") || !strings.Contains(events[1], "sur papier") {
		t.Errorf("the timeline says %q", events)
	}
}

// A decision that is posted is seen on the page, which is no notification of it.
func TestAPostedRefusalIsSeenAndNotNotified(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b := d.Browser(t)
	_, number := stall(t, b)
	decider := agent(t, d)
	d.Write(t, d.Tenant, decider, func(ctx context.Context, tx *tenants.Tx) error {
		r, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		_, err = requests.Decide(ctx, tx, number, requests.DecisionInput{Outcome: catalogue.OutcomeRefuse, Reasons: "La place est prise."}, r.Version)
		return err
	})
	p := b.Get("/demandes/"+number).Want(200, "")
	state := p.Text("main .notice.danger")
	if !strings.Contains(state, "par courrier") || !strings.Contains(state, "court à partir du jour où vous recevez la lettre") {
		t.Errorf("the state says %q", state)
	}
	if p.Has(decisionForm) || strings.Contains(p.Text("main"), "jusqu’au") {
		t.Error("after the decision a choice or a day of appeal is shown")
	}
	if !strings.Contains(p.Follow("Lettre de réponse").Want(200, "").Text("article"), "La place est prise.") {
		t.Error("the copy cannot be read")
	}
	var x requests.Decision
	d.Write(t, d.Tenant, decider, func(ctx context.Context, tx *tenants.Tx) error {
		r, err := requests.Get(ctx, tx, number)
		x = r.Decisions[0]
		return err
	})
	if !x.NotifiedOn.IsZero() || !x.AppealLastDay.IsZero() {
		t.Errorf("reading the page notified it: %+v", x)
	}
}
