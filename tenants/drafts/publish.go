package drafts

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/proof"
)

// Prove judges a draft as the commune would publish it. Administrators only.
func Prove(ctx context.Context, tx *tenants.Tx, d Draft) (proof.Report, error) {
	return prove(ctx, tx, d.Slug, d.Procedure)
}

func prove(ctx context.Context, tx *tenants.Tx, slug string, p *catalogue.Procedure) (proof.Report, error) {
	if !tx.Actor().MayConfigure() {
		return proof.Report{}, fault.New(fault.Forbidden, "admin_only")
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return proof.Report{}, err
	}
	p, lacks, err := catalogue.Expanded(ctx, tx, p)
	if err != nil {
		return proof.Report{}, err
	}
	in := proof.Input{Procedure: p, Settings: &settings, Town: tx.Tenant().Name, Today: tx.Now().In(tx.Tenant().Zone())}
	e, err := catalogue.BySlug(ctx, tx, slug)
	switch {
	case err == nil:
		in.Entry, in.Open = e, e.Open
	case !fault.Is(err, "procedure_unknown"): // one without a version yet is closed
		return proof.Report{}, err
	}
	if in.Tables, err = catalogue.TablesFor(ctx, tx, p); err != nil {
		return proof.Report{}, err
	}
	if in.Lacks, err = catalogue.TableProblems(ctx, tx, p); err != nil {
		return proof.Report{}, err
	}
	lacking, err := catalogue.WorkflowProblems(ctx, tx, p)
	if err != nil {
		return proof.Report{}, err
	}
	in.Lacks = slices.Concat(in.Lacks, lacks, lacking)
	if c, err := communes.ByINSEE(tx.Tenant().INSEE); err == nil {
		in.PostalCodes = c.PostalCodes
	}
	return proof.Prove(in), nil
}

// refusal makes the fault of what blocks, or nil.
func refusal(r proof.Report) error {
	var fields []fault.Field
	for _, f := range r.Findings {
		if f.Blocks {
			fields = append(fields, fault.Field{Path: f.Path, Code: f.Code, Message: f.Text})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "proof_blocks", fields...)
}

// Publish makes an immutable version of the draft, in force at once or from the first moment
// of a day to come, and ends the draft. edit as in [Save]. Administrators only. What the proof
// objects to is fault.Invalid "proof_blocks" with a field for each; otherwise the errors of
// catalogue.PublishOn.
func Publish(ctx context.Context, tx *tenants.Tx, slug string, edit int, on calendar.Date) (catalogue.Version, error) {
	d, err := read(ctx, tx, sqlLockDraft, slug)
	switch {
	case err != nil:
		return catalogue.Version{}, err
	case d.Edit != edit:
		return catalogue.Version{}, fault.New(fault.Conflict, "procedure_draft_changed")
	}
	v, err := publish(ctx, tx, slug, d.Procedure, catalogue.Publication{On: on})
	if err != nil {
		return v, err
	}
	base, err := d.Brought()
	if err != nil {
		return v, err
	}
	if base != nil {
		if err := SetBase(ctx, tx, d.ProcedureID, base); err != nil {
			return v, err
		}
	}
	return v, end(ctx, tx, d)
}

// Restore publishes the content of an older version anew; a draft stays as it is.
// Administrators only; the errors are those of [Publish], and fault.NotFound "version_unknown".
func Restore(ctx context.Context, tx *tenants.Tx, slug string, number int, on calendar.Date) (catalogue.Version, error) {
	old, err := version(ctx, tx, slug, number)
	if err != nil {
		return catalogue.Version{}, err
	}
	return publish(ctx, tx, slug, old.Procedure, catalogue.Publication{On: on, Restores: old.Number})
}

func publish(ctx context.Context, tx *tenants.Tx, slug string, p *catalogue.Procedure, pub catalogue.Publication) (catalogue.Version, error) {
	report, err := prove(ctx, tx, slug, p)
	if err != nil {
		return catalogue.Version{}, err
	}
	if err := refusal(report); err != nil {
		return catalogue.Version{}, err
	}
	return catalogue.PublishOn(ctx, tx, slug, p, pub)
}

// Rebase says that a draft now stands on the version in force: who writes it has seen what
// changed there since it was begun. Administrators only.
func Rebase(ctx context.Context, tx *tenants.Tx, slug string) error {
	d, err := read(ctx, tx, sqlLockDraft, slug)
	if err != nil {
		return err
	}
	e, err := catalogue.BySlug(ctx, tx, slug)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlRebase, d.ProcedureID, e.Version.ID)
	return err
}
