package requests_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// circuit goes from the desk by the opinion of the roads' service to the mayor's validation and the decision.
const circuit = `{"routing":[{"name":"question","if":{"field":"nature","equals":"question"},"service":"État civil"}],
	"steps":[
	{"name":"examen","title":"Examen","days":5,"actions":[
		{"name":"bonjour","kind":"email","to":"citizen","subject":"Votre demande est examinée","text":"Bonjour {{demandeur}}, le service {{service}} examine votre demande {{numero}}."},
		{"name":"charge","kind":"assign","agent":"inès@castanet.example"}]},
	{"name":"avis","title":"Avis de la voirie","actions":[
		{"name":"voirie","kind":"opinion","service":"Voirie","text":"Le sujet {{reponse.sujet}} vous concerne-t-il ?","days":10},
		{"name":"logiciel","kind":"webhook","url":"https://metier.example/parvis"}],"wait":{"opinions":true,"days":20}},
	{"name":"validation","title":"Validation"},
	{"name":"paiement","title":"Paiement","wait":{"payment":true}},
	{"name":"pause","title":"Délai de réflexion","wait":{"days":7}},
	{"name":"decision","title":"Décision","decides":true}],
	"transitions":[
	{"name":"aviser","from":"examen","to":"avis","label":"Demander l’avis","who":["service"]},
	{"name":"avise","from":"avis","to":"validation","auto":true},
	{"name":"valider","from":"validation","to":"paiement","label":"Valider","who":["hierarchy"]},
	{"name":"revoir","from":"validation","to":"examen","label":"Revoir","who":["hierarchy"]},
	{"name":"paye","from":"paiement","to":"pause","auto":true},
	{"name":"mur","from":"pause","to":"decision","auto":true}]}`

// flows gives the letter to the mayor a workflow.
func (w *town) flows(text string) {
	w.t.Helper()
	var flow workflow.Workflow
	if err := json.Unmarshal([]byte(text), &flow); err != nil {
		w.t.Fatal(err)
	}
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		e, err := catalogue.BySlug(ctx, tx, "courrier-maire")
		if err != nil {
			return err
		}
		p, err := e.Procedure().Copy()
		if err != nil {
			return err
		}
		p.Workflow = &flow
		_, err = catalogue.Publish(ctx, tx, "courrier-maire", p)
		return err
	})
}

// advance does what the jobs do.
func (w *town) advance(r requests.Request) {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		return requests.Advance(ctx, tx, requests.AdvanceArgs{Tenant: w.Tenant.ID, Request: r.ID})
	})
}

func (w *town) take(by tenants.Actor, number, transition string) error {
	return w.as(by, func(ctx context.Context, tx *tenants.Tx) error {
		d, err := requests.Get(ctx, tx, number)
		if err != nil {
			return err
		}
		_, err = requests.TakeTransition(ctx, tx, number, transition, d.Version)
		return err
	})
}

// roads is an agent of the roads' service alone.
func (w *town) roads() (a tenants.Actor) {
	w.t.Helper()
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		s, err := tenants.ServiceByName(ctx, tx, "Voirie")
		if err != nil {
			return err
		}
		invited, err := staff.Invite(ctx, tx, staff.NewAgent{GivenName: "Rémi", FamilyName: "Route", Email: "remi@castanet.example", Subject: "remi", Role: tenants.RoleInstructor, Services: []tenants.ID{s.ID}})
		a = invited.Actor()
		return err
	})
	return a
}

func (w *town) stands(number, step string, waits requests.WaitsFor) requests.Detail {
	w.t.Helper()
	d := w.get(number)
	if d.Treatment == nil || d.Treatment.Step.Name != step || d.Treatment.Waits != waits {
		w.t.Fatalf("stands at %+v; want %s, waiting for %q", d.Treatment, step, waits)
	}
	return d
}

func TestARequestGoesThroughItsWorkflow(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-03-09")
	w.flows(circuit)
	road := w.roads()
	deputy, _ := w.deputy()
	r := w.submit(letter()).Request
	d := w.stands(r.Number, "examen", "")
	if d.AgentID != "" || len(d.Messages) != 0 {
		t.Fatal("the actions were done before their job")
	}
	w.advance(r)
	w.advance(r) // looked at again, it does nothing twice
	d = w.stands(r.Number, "examen", "")
	if d.AgentName != "Inès Truction" || len(d.Messages) != 1 || !strings.Contains(d.Messages[0].Body, "examine votre demande "+r.Number) || w.mails(r.Number)["step_news"] != 1 {
		t.Fatalf("agent %q, messages %+v, mails %v", d.AgentName, d.Messages, w.mails(r.Number))
	}
	if d.Treatment.DueOn != date(t, "2026-03-16") {
		t.Errorf("the step is due on %v", d.Treatment.DueOn)
	}
	// Who may not, may not; what does not leave the step is told.
	if err := w.take(w.front, r.Number, "aviser"); !fault.Is(err, "transition_not_yours") {
		t.Errorf("the desk took it: %v", err)
	}
	if err := w.take(w.instructor, r.Number, "valider"); !fault.Is(err, "step_left") {
		t.Errorf("another step's was taken: %v", err)
	}
	if err := w.as(road, func(ctx context.Context, tx *tenants.Tx) error { _, err := requests.Get(ctx, tx, r.Number); return err }); !fault.Is(err, "request_unknown") {
		t.Errorf("another service saw it: %v", err)
	}
	if err := w.take(w.instructor, r.Number, "aviser"); err != nil {
		t.Fatal(err)
	}
	if err := w.as(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.TakeTransition(ctx, tx, r.Number, "aviser", d.Version)
		return err
	}); !fault.Is(err, "request_changed") {
		t.Errorf("the second was not told: %v", err)
	}
	d = w.stands(r.Number, "avis", requests.WaitsOpinions)
	if d.State != requests.StateReview || len(d.Opinions) != 1 || d.Opinions[0].Question != "Le sujet Bruit vous concerne-t-il ?" {
		t.Fatalf("state %s, opinions %+v", d.State, d.Opinions)
	}
	w.opines(road, r.Number, d.Opinions[0].ID)
	d = w.stands(r.Number, "validation", "")
	if d.Opinions[0].Sense != requests.SenseReserved || d.Opinions[0].GivenBy != "Rémi Route" {
		t.Errorf("given %+v", d.Opinions[0])
	}
	answer := requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Une tournée est prévue."}
	if err := w.decide(r.Number, answer); !fault.Is(err, "step_not_deciding") {
		t.Errorf("decided before the validation: %v", err)
	}
	if seen := w.see(w.instructor, r.Number); slices.Contains(seen.Outcomes, catalogue.OutcomeAnswer) || seen.Treatment.Moves[0].May {
		t.Errorf("offered %v, %+v", seen.Outcomes, seen.Treatment.Moves)
	}
	if err := w.take(w.instructor, r.Number, "valider"); !fault.Is(err, "transition_not_yours") {
		t.Errorf("validated one's own: %v", err)
	}
	if err := w.take(deputy, r.Number, "valider"); err != nil {
		t.Fatal(err)
	}
	w.pays(r.Number)
	w.advance(r)
	d = w.stands(r.Number, "pause", requests.WaitsDay)
	if d.Treatment.WakesOn != date(t, "2026-03-16") {
		t.Errorf("wakes on %v", d.Treatment.WakesOn)
	}
	w.on("2026-03-16")
	w.advance(r)
	w.stands(r.Number, "decision", "")
	if err := w.decide(r.Number, answer); err != nil {
		t.Fatal(err)
	}
	w.advance(r)
	if d := w.get(r.Number); d.State != requests.StateAnswered || len(d.Treatment.Moves) != 0 {
		t.Errorf("%s, %+v", d.State, d.Treatment)
	}
}

// opines gives the opinion that the roads' service is asked for.
func (w *town) opines(road tenants.Actor, number string, id tenants.ID) {
	w.t.Helper()
	var list []requests.OpinionAsked
	w.must(road, func(ctx context.Context, tx *tenants.Tx) (err error) {
		list, err = requests.ListOpinions(ctx, tx)
		return err
	})
	if len(list) != 1 || list[0].Number != number {
		w.t.Fatalf("asked for %+v", list)
	}
	if d := w.see(road, number); len(d.Actions) != 0 || len(d.Outcomes) != 0 || len(d.Notes) != 0 || !d.Opinions[0].May {
		w.t.Errorf("who is asked may %v, decide %v, give %t", d.Actions, d.Outcomes, d.Opinions[0].May)
	}
	give := func(a tenants.Actor, sense requests.Sense, text string) error {
		return w.as(a, func(ctx context.Context, tx *tenants.Tx) error {
			return requests.GiveOpinion(ctx, tx, number, id, sense, text)
		})
	}
	for _, try := range []struct {
		by          tenants.Actor
		sense       requests.Sense
		text, fault string
	}{
		{w.citizen, requests.SenseFavourable, "", "opinion_unknown"}, {road, "", "", "opinion_sense_required"}, {road, requests.SenseUnfavourable, " ", "body_required"},
		{road, requests.SenseReserved, "Laisser 1,40 m.", ""}, {road, requests.SenseFavourable, "", "opinion_given"},
	} {
		if err := give(try.by, try.sense, try.text); try.fault == "" && err != nil || try.fault != "" && !fault.Is(err, try.fault) {
			w.t.Errorf("%s by %s: %v; want %q", try.sense, try.by.Name, err, try.fault)
		}
	}
}

// pays notes the payment.
func (w *town) pays(number string) {
	w.t.Helper()
	w.stands(number, "paiement", requests.WaitsPayment)
	note := func(day string) error {
		return w.as(w.front, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := requests.NotePayment(ctx, tx, number, date(w.t, day), w.version(ctx, tx, number))
			return err
		})
	}
	if err := note("2026-03-10"); !fault.Is(err, "paid_on_invalid") {
		w.t.Errorf("paid tomorrow: %v", err)
	}
	if err := note("2026-03-09"); err != nil {
		w.t.Fatal(err)
	}
	if err := note("2026-03-09"); !fault.Is(err, "payment_not_awaited") {
		w.t.Errorf("paid twice: %v", err)
	}
}

func TestWhatTheLawSaysEndsTheWorkflow(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-03-02")
	w.flows(circuit)
	held, lapsed := w.submit(letter()).Request, w.submit(letter()).Request
	if err := w.ask(held.Number, "2026-04-01"); err != nil {
		t.Fatal(err)
	}
	w.advance(held) // its actions wait for the papers
	if d := w.get(held.Number); !d.Treatment.Held || len(d.Messages) != 0 || slices.ContainsFunc(d.Treatment.Moves, func(m requests.Move) bool { return m.May }) {
		t.Errorf("goes on without its papers: %+v", d.Treatment)
	}
	if err := w.take(w.admin, held.Number, "aviser"); !fault.Is(err, "action_not_possible") {
		t.Errorf("moved without its papers: %v", err)
	}
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.CompleteDocuments(ctx, tx, held.Number, w.version(ctx, tx, held.Number))
		return err
	})
	w.advance(held)
	if d := w.get(held.Number); d.Treatment.Held || d.AgentName == "" {
		t.Errorf("does not go on: %+v", d.Treatment)
	}
	w.on("2026-05-04")
	w.lapse()
	w.advance(lapsed)
	if d := w.get(lapsed.Number); d.State != requests.StateImplicitRejection || len(d.Treatment.Moves) != 0 || d.AgentName != "" {
		t.Errorf("%s, %+v", d.State, d.Treatment)
	}
	// Above, one decides at any step: no workflow keeps the town from answering.
	r := w.submit(letter()).Request
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Decide(ctx, tx, r.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Oui."}, r.Version)
		return err
	})
}

func TestRoutingAndWaitsEndByThemselves(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-03-02")
	w.flows(circuit)
	question := letter()
	question.Answers = forms.Answers{"nature": forms.Text("question"), "sujet": forms.Text("Horaires"), "message": forms.Text("Quand la mairie ouvre-t-elle le samedi ?")}
	q := w.submit(question).Request
	if d := w.get(q.Number); d.ServiceName != "État civil" || d.Service.Name != "État civil" {
		t.Errorf("a question goes to %q", d.ServiceName)
	}
	r := w.submit(letter()).Request
	w.advance(r)
	if err := w.take(w.instructor, r.Number, "aviser"); err != nil {
		t.Fatal(err)
	}
	w.on("2026-03-21")
	w.advance(r)
	w.stands(r.Number, "avis", requests.WaitsOpinions)
	w.on("2026-03-22")
	w.advance(r)
	w.stands(r.Number, "validation", "")
}

func TestAnotherProgramIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-03-02")
	w.flows(circuit)
	r := w.submit(letter()).Request
	w.advance(r)
	if err := w.take(w.instructor, r.Number, "aviser"); err != nil {
		t.Fatal(err)
	}
	id := w.calls(r.ID)
	open := func() (c requests.Call, ok bool) {
		w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
			c, ok, err = requests.OpenCall(ctx, tx, id)
			return err
		})
		return c, ok
	}
	end := func(c requests.Call, detail string) (again bool) {
		w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
			again, err = requests.EndCall(ctx, tx, c, detail, false)
			return err
		})
		return again
	}
	c, ok := open()
	var body map[string]string
	if err := json.Unmarshal(c.Body, &body); err != nil || !ok || c.URL != "https://metier.example/parvis" || body["number"] != r.Number || body["step"] != "avis" || len(body) != 5 {
		t.Fatalf("%v %+v %v", ok, body, err)
	}
	if strings.Contains(string(c.Body), "Dupont") || len(c.Key) != 64 {
		t.Errorf("tells %s with %s", c.Body, c.Key)
	}
	if !end(c, "l’autre logiciel ne répond pas") {
		t.Error("it is not tried again")
	}
	c, _ = open()
	if c.Attempts != 1 || end(c, "") {
		t.Errorf("after it was taken: %+v", c)
	}
	if _, ok := open(); ok {
		t.Error("it is told twice")
	}
}

func (w *town) calls(request tenants.ID) (id tenants.ID) {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) (err error) {
		id, err = tenants.One[tenants.ID](ctx, tx, `select id from webhook_call where request_id = $1`, request)
		return err
	})
	return id
}
