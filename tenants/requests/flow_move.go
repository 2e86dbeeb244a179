package requests

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// TakeTransition takes a request from its step to the next, and does there what the workflow says. Whom the transition names may,
// and administrators. One that does not leave the step in which the request stands is fault.Conflict "step_left", one that the
// answers do not open, or that is taken by itself, "transition_shut"; one that is another's to take fault.Forbidden
// "transition_not_yours".
func TakeTransition(ctx context.Context, tx *tenants.Tx, number, transition string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	f, w, err := c.flow(ctx)
	if err != nil {
		return Request{}, err
	}
	if f == nil {
		return Request{}, fault.New(fault.Conflict, "step_left")
	}
	t := w.Transition(transition)
	if t == nil || t.From != f.Step {
		return Request{}, fault.New(fault.Conflict, "step_left")
	}
	if t.Auto || !t.If.Met(c.r.Answers, c.r.knownFacts(tx)) {
		return Request{}, fault.New(fault.Conflict, "transition_shut")
	}
	if err := c.act(ActionMove); err != nil {
		return Request{}, err
	}
	signer, err := c.hierarchy(ctx)
	if err != nil {
		return Request{}, err
	}
	if !c.mayTake(t, signer) {
		return Request{}, fault.New(fault.Forbidden, "transition_not_yours")
	}
	if err := c.walk(ctx, f, w, t); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// NotePayment notes that the payment came which the step of a request waits for, on a day that is not to come. Agents of its service
// may. A request whose step waits for none is fault.Conflict "payment_not_awaited", another day fault.Invalid "paid_on_invalid".
func NotePayment(ctx context.Context, tx *tenants.Tx, number string, on calendar.Date, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	f, w, err := c.flow(ctx)
	if err != nil {
		return Request{}, err
	}
	if f == nil || !c.r.State.Open() || f.waits(tx.Now(), w.Step(f.Step), nil) != WaitsPayment {
		return Request{}, fault.New(fault.Conflict, "payment_not_awaited")
	}
	if on.IsZero() || on.After(tx.Today()) || on.Before(c.r.ReceivedOn) {
		return Request{}, fault.New(fault.Invalid, "paid_on_invalid", fault.Field{Path: "paid_on", Code: "invalid"})
	}
	f.PaidOn = on
	if _, err := tx.Exec(ctx, sqlPaid, c.r.ID, on); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "payment_noted", EventData{On: on}); err != nil {
		return Request{}, err
	}
	if _, err := c.goOn(ctx, f, w); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// Advance does what the step of a request does by itself: its actions, where they wait to be done, and the transitions that are taken by
// themselves. Our own jobs only; looked at again, it changes nothing.
func Advance(ctx context.Context, tx *tenants.Tx, args AdvanceArgs) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	r, err := one(ctx, tx, sqlRequestByID, args.Request)
	if fault.Is(err, "request_unknown") {
		return nil // erased meanwhile
	}
	if err != nil {
		return err
	}
	c, err := lock(ctx, tx, r.Number)
	if err != nil {
		return err
	}
	f, w, err := c.flow(ctx)
	if err != nil || f == nil || args.Visit != 0 && args.Visit != f.Visit || !c.r.State.moving() || c.r.silenceActed(tx.Today()) {
		return err
	}
	changed := false
	if !f.Acted {
		f.Acted, changed = true, true
		if _, err := tx.Exec(ctx, sqlActed, c.r.ID); err != nil {
			return err
		}
		if err := c.perform(ctx, f, w.Step(f.Step)); err != nil {
			return err
		}
	}
	moved, err := c.goOn(ctx, f, w)
	if err != nil || !changed && !moved {
		return err
	}
	_, err = c.save(ctx)
	return err
}

// resume asks that the workflow go on of a request that was held, or closed, and is no more.
func (c *change) resume(ctx context.Context) error {
	if c.before.State.moving() || !c.r.State.moving() {
		return nil
	}
	f, _, err := c.flow(ctx)
	if err != nil || f == nil {
		return err
	}
	return c.tx.Enqueue(ctx, AdvanceArgs{Tenant: c.tx.Tenant().ID, Request: c.r.ID})
}

// walk takes a transition, and those that follow by themselves.
func (c *change) walk(ctx context.Context, f *flow, w *workflow.Workflow, t *workflow.Transition) error {
	if err := c.enter(ctx, f, w, t); err != nil {
		return err
	}
	_, err := c.goOn(ctx, f, w)
	return err
}

// goOn takes the transitions that are taken by themselves, as long as there are any.
func (c *change) goOn(ctx context.Context, f *flow, w *workflow.Workflow) (moved bool, err error) {
	for range workflow.MaxSteps { // Check lets none turn; whatever was stored ends all the same
		if !c.r.State.moving() {
			return moved, nil
		}
		opinions, err := opinionsOf(ctx, c.tx, c.r.ID)
		if err != nil || f.waits(c.tx.Now(), w.Step(f.Step), opinions) != "" {
			return moved, err
		}
		open := w.Open(f.Step, c.r.Answers, c.r.knownFacts(c.tx))
		i := slices.IndexFunc(open, func(t *workflow.Transition) bool { return t.Auto })
		if i < 0 {
			return moved, nil
		}
		if err := c.enter(ctx, f, w, open[i]); err != nil {
			return moved, err
		}
		moved = true
	}
	return moved, nil
}

// enter puts the request into the step that a transition leads to, and does what the step does by itself.
func (c *change) enter(ctx context.Context, f *flow, w *workflow.Workflow, t *workflow.Transition) error {
	step := w.Step(t.To)
	if step == nil {
		return fault.New(fault.Internal, "version_unreadable")
	}
	*f = flow{Step: step.Name, Visit: f.Visit + 1, Acted: true, EnteredAt: c.tx.Now()}
	if day, ok := step.Wait.Until(c.tx.Today(), c.r.Answers); ok {
		at := day.Start(c.tx.Tenant().Zone())
		f.WakesAt = &at
	}
	if _, err := c.tx.Exec(ctx, sqlEnterStep, c.r.ID, f.Step, f.Visit, f.EnteredAt, f.WakesAt); err != nil {
		return err
	}
	if err := c.record(ctx, "step_entered", EventData{Label: step.Title, Transition: w.Called(t)}); err != nil {
		return err
	}
	return c.perform(ctx, f, step)
}

// perform hands the request to the step's service and does its actions.
func (c *change) perform(ctx context.Context, f *flow, step *workflow.Stage) error {
	if err := c.handTo(ctx, step.Service); err != nil {
		return err
	}
	for i := range step.Actions {
		a := &step.Actions[i]
		if !a.If.Met(c.r.Answers, c.r.knownFacts(c.tx)) {
			continue
		}
		if err := c.do(ctx, f, step, a); err != nil {
			return err
		}
	}
	if f.WakesAt != nil && f.WakesAt.After(c.tx.Now()) {
		return c.tx.Enqueue(ctx, AdvanceArgs{Tenant: c.tx.Tenant().ID, Request: c.r.ID, Visit: f.Visit}, tenants.At(*f.WakesAt))
	}
	return nil
}

// handTo gives the request to a service by its name. One that is no more leaves it where it is, and the history says so.
func (c *change) handTo(ctx context.Context, name string) error {
	if name == "" || name == c.r.ServiceName {
		return nil
	}
	s, err := tenants.ServiceByName(ctx, c.tx, name)
	if fault.Is(err, "not_found") {
		return c.record(ctx, "action_failed", EventData{Label: name, Problem: "service_unknown"})
	}
	if err != nil || s.ID == c.r.ServiceID {
		return err
	}
	c.r.ServiceID, c.r.ServiceName, c.r.AgentID, c.entry = s.ID, s.Name, "", nil
	return c.record(ctx, "service_changed", EventData{ServiceID: s.ID, Service: s.Name})
}
