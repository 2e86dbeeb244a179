package drafts

import (
	"context"
	"encoding/json"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Brought gives what of its model the draft was brought to; nil: what its procedure was.
func (d Draft) Brought() (*catalogue.Procedure, error) {
	if len(d.brought) == 0 {
		return nil, nil //nolint:nilnil // none is the usual case, and no error
	}
	p, err := catalogue.Stored(d.brought)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "version_unreadable", err)
	}
	return p, nil
}

// Bring is [Save] of a content that was brought to another state of the procedure's model, which
// becomes the procedure's when the draft is published, and is undone with it.
func Bring(ctx context.Context, tx *tenants.Tx, slug string, edit int, p, base *catalogue.Procedure) (Draft, error) {
	d, err := Save(ctx, tx, slug, edit, p)
	if err != nil {
		return d, err
	}
	if d.brought, err = json.Marshal(base); err != nil {
		return d, err
	}
	_, err = tx.Exec(ctx, sqlBringRevision, d.ProcedureID, d.Revision, d.brought)
	return d, err
}

// SetBase says what of its model a procedure, as it is published, was last brought to. Administrators only.
func SetBase(ctx context.Context, tx *tenants.Tx, procedure tenants.ID, base *catalogue.Procedure) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	text, err := json.Marshal(base)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlBringProcedure, procedure, text, base.Checksum())
	return err
}
