package requests

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

// start gives the step that the request enters; nil where its procedure has no workflow.
func (in *intake) start() *workflow.Stage {
	if !in.tx.SchemaAt(catalogue.SinceWorkflow) {
		return nil
	}
	return in.entry.Procedure().Workflow.Start()
}

// route finds the service that gets the request: by the rules, or else that of the first step, or the procedure's own.
func (in *intake) route(ctx context.Context) error {
	step := in.start()
	if step == nil {
		return nil
	}
	name := in.entry.Procedure().Workflow.Service(in.s.Answers, in.known(), in.tables)
	if name == "" {
		name = step.Service
	}
	if name == "" || name == in.entry.Service.Name {
		return nil
	}
	s, err := tenants.ServiceByName(ctx, in.tx, name)
	if fault.Is(err, "not_found") { // a row of a table may name anything: the procedure's own service gets it
		return nil
	}
	in.entry.Service = s
	return err
}

// queueStep puts the request into its first step; what that does by itself is a job's, so that nobody waits for it.
func (in *intake) queueStep(batch *pgx.Batch) {
	if step := in.start(); step != nil {
		batch.Queue(sqlBeginFlow, in.id, step.Name, in.tx.Now(), in.wakes(step))
	}
}

// wakes gives when the first step goes on by itself.
func (in *intake) wakes(step *workflow.Stage) any {
	if day, ok := step.Wait.Until(in.tx.Today(), in.s.Answers); ok {
		return day.Start(in.tx.Tenant().Zone())
	}
	return nil
}

// beginStep asks for what the first step does by itself.
func (in *intake) beginStep(ctx context.Context) error {
	if in.start() == nil {
		return nil
	}
	return in.tx.Enqueue(ctx, AdvanceArgs{Tenant: in.tx.Tenant().ID, Request: in.id, Visit: 1})
}
