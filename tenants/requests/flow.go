package requests

import (
	"context"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// Treatment is where a request stands in its procedure's workflow, for agents.
type Treatment struct {
	Workflow  *workflow.Workflow
	Step      *workflow.Stage
	EnteredAt time.Time
	DueOn     calendar.Date // by which the step should be done; none where it says nothing
	WakesOn   calendar.Date // it goes on by itself then; none where it waits for no day
	Waits     WaitsFor      // what it waits for; "" for nothing
	PaidOn    calendar.Date
	Moves     []Move // the transitions that the answers open
	Held      bool   // papers are awaited, or it is being transmitted: nothing moves
}

// Move is a transition that may be taken now, by somebody.
type Move struct {
	Transition *workflow.Transition
	May        bool // the acting agent may
}

// WaitsFor is what a step waits for before it goes on by itself.
type WaitsFor string

// What steps wait for.
const (
	WaitsDay      WaitsFor = "day"
	WaitsOpinions WaitsFor = "opinions"
	WaitsPayment  WaitsFor = "payment"
)

// flow is a request's place as it lies.
type flow struct {
	Step      string
	Visit     int
	Acted     bool
	EnteredAt time.Time
	WakesAt   *time.Time
	PaidOn    calendar.Date
}

const (
	flowColumns = `select step, visit, acted, entered_at, wakes_at, paid_on from request_step where request_id = $1`

	sqlFlow       = flowColumns
	sqlFlowLocked = flowColumns + ` for update`
	sqlBeginFlow  = `insert into request_step (request_id, step, visit, entered_at, wakes_at) values ($1, $2, 1, $3, $4)`
	sqlEnterStep  = `update request_step set step = $2, visit = $3, acted = true, entered_at = $4, wakes_at = $5, paid_on = null where request_id = $1`
	sqlActed      = `update request_step set acted = true where request_id = $1`
	sqlPaid       = `update request_step set paid_on = $2 where request_id = $1`
)

// AdvanceArgs asks that a request be looked at again, whose step may go on by itself. Visit is the one that is meant; 0: any.
type AdvanceArgs struct {
	Tenant  int64      `json:"tenant"`
	Request tenants.ID `json:"request"`
	Visit   int        `json:"visit,omitempty"`
}

// Kind names the job.
func (AdvanceArgs) Kind() string { return "request_advance" }

// flowOf reads where a request stands; nil where its procedure has no workflow, or had none when it came.
func flowOf(ctx context.Context, tx *tenants.Tx, p *catalogue.Procedure, id tenants.ID, sql string) (*flow, error) {
	if p.Workflow == nil || !tx.SchemaAt(catalogue.SinceWorkflow) {
		return nil, nil //nolint:nilnil // most requests have none
	}
	f, err := tenants.One[flow](ctx, tx, sql, id)
	if fault.Is(err, "not_found") || err == nil && p.Workflow.Step(f.Step) == nil {
		return nil, nil //nolint:nilnil // it came before the workflow
	}
	return &f, err
}

// flow locks where the request stands.
func (c *change) flow(ctx context.Context) (*flow, *workflow.Workflow, error) {
	e, err := c.procedure(ctx)
	if err != nil {
		return nil, nil, err
	}
	f, err := flowOf(ctx, c.tx, e.Procedure(), c.r.ID, sqlFlowLocked)
	return f, e.Procedure().Workflow, err
}

// facts are what conditions of the workflow may look at beside the answers.
func (r Request) knownFacts(tx *tenants.Tx) forms.Facts {
	return knownFacts(tx, r.Applicant, r.IdentityLevel)
}

// moving tells whether the workflow goes on: not while papers are awaited, nor on the way to somebody else.
func (s State) moving() bool { return s == StateReceived || s == StateReview }

// waits tells what a step still waits for.
func (f flow) waits(now time.Time, step *workflow.Stage, opinions []Opinion) WaitsFor {
	w := step.Wait
	woken := f.WakesAt != nil && !f.WakesAt.After(now)
	asked := slices.ContainsFunc(opinions, func(o Opinion) bool { return o.Step == f.Step && !o.AskedAt.Before(f.EnteredAt) && o.GivenAt == nil })
	switch {
	case w == nil:
	case w.Payment:
		if f.PaidOn.IsZero() {
			return WaitsPayment
		}
	case w.Opinions:
		if asked && !woken {
			return WaitsOpinions
		}
	case !woken && f.WakesAt != nil:
		return WaitsDay
	}
	return ""
}

// treatment reads where the request stands, for agents.
func (c *change) treatment(ctx context.Context, opinions []Opinion) (*Treatment, error) {
	e, err := c.procedure(ctx)
	if err != nil {
		return nil, err
	}
	f, err := flowOf(ctx, c.tx, e.Procedure(), c.r.ID, sqlFlow)
	if err != nil || f == nil {
		return nil, err
	}
	w := e.Procedure().Workflow
	t := &Treatment{Workflow: w, Step: w.Step(f.Step), EnteredAt: f.EnteredAt, PaidOn: f.PaidOn, Held: !c.r.State.moving()}
	zone := c.tx.Tenant().Zone()
	if t.Step.Days > 0 {
		t.DueOn = c.tx.Territory().AddWorkingDays(calendar.On(f.EnteredAt, zone), t.Step.Days)
	}
	t.Waits = f.waits(c.tx.Now(), t.Step, opinions)
	if f.WakesAt != nil && t.Waits != "" {
		t.WakesOn = calendar.On(*f.WakesAt, zone)
	}
	if !c.r.State.Open() {
		return t, nil
	}
	signer, err := c.hierarchy(ctx)
	if err != nil {
		return nil, err
	}
	for _, open := range w.Open(f.Step, c.r.Answers, c.r.knownFacts(c.tx)) {
		if !open.Auto {
			t.Moves = append(t.Moves, Move{Transition: open, May: !t.Held && c.mayTake(open, signer)})
		}
	}
	return t, nil
}

// hierarchy tells whether the acting agent validates: an administrator, or who signs for the mayor.
func (c *change) hierarchy(ctx context.Context) (bool, error) {
	a := c.tx.Actor()
	if a.Kind != tenants.ActorAgent || c.who&agents == 0 {
		return false, nil
	}
	if a.Role == tenants.RoleAdmin {
		return true, nil
	}
	all, err := c.signatories(ctx)
	return slices.ContainsFunc(all, func(s Signatory) bool { return s.Own || s.ID == SignatoryTown && isTown(a, s) }), err
}

// mayTake tells whether the acting agent may take a transition.
func (c *change) mayTake(t *workflow.Transition, signer bool) bool {
	if c.who == Admin {
		return true
	}
	for _, who := range t.Who {
		switch who {
		case workflow.WhoFront:
			if c.who&agents != 0 {
				return true
			}
		case workflow.WhoService:
			if c.who&deciders != 0 {
				return true
			}
		case workflow.WhoAssigned:
			if c.who&agents != 0 && c.r.AgentID == c.tx.Actor().ID {
				return true
			}
		case workflow.WhoHierarchy:
			if signer {
				return true
			}
		}
	}
	return false
}

// decidesHere refuses a decision before the step in which the workflow has it: fault.Conflict "step_not_deciding". Those who
// validate may decide at every step, so that no workflow keeps the town from answering in time; to close is no decision.
func (c *change) decidesHere(ctx context.Context, action Action) error {
	if action == ActionClose || !c.r.State.Open() {
		return nil
	}
	f, w, err := c.flow(ctx)
	if err != nil || f == nil || w.Step(f.Step).Decides {
		return err
	}
	above, err := c.hierarchy(ctx)
	if err == nil && !above {
		err = fault.New(fault.Conflict, "step_not_deciding")
	}
	return err
}

// treated reads where the request stands in its workflow and the opinions about it; decisions that its step leaves to others are
// not offered.
func (d *Detail) treated(ctx context.Context, c *change) (err error) {
	if !c.tx.SchemaAt(catalogue.SinceWorkflow) || d.Procedure.Workflow == nil {
		return nil
	}
	if d.Opinions, err = opinionsOf(ctx, c.tx, d.ID); err != nil {
		return err
	}
	for i := range d.Opinions {
		d.Opinions[i].May = mayGive(c.tx.Actor(), d.Request, d.Opinions[i])
	}
	if d.Treatment, err = c.treatment(ctx, d.Opinions); err != nil || d.Treatment == nil {
		return err
	}
	d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool { return a == ActionMove })
	if d.Treatment.Step.Decides || !d.State.Open() {
		return nil
	}
	above, err := c.hierarchy(ctx)
	if err != nil || above {
		return err
	}
	d.Outcomes = slices.DeleteFunc(d.Outcomes, func(o catalogue.Outcome) bool { return o != catalogue.OutcomeClose })
	d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool {
		_, decides := actionOf(catalogue.Outcome(a))
		return decides && a != ActionClose
	})
	return nil
}
