package drafts

import (
	"context"
	"encoding/json"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Save keeps a whole definition as the draft's next revision; what had been undone is gone
// then. edit is the [Draft.Edit] that was read. Where somebody saved since, it is fault.Conflict
// "procedure_draft_changed" and nothing is kept: [Since] tells what they changed, and saving
// again with the number of today puts one's own in its place (theirs can be undone to). Saving
// what is there already changes nothing. Administrators only. Another slug is fault.Invalid
// "procedure_invalid".
func Save(ctx context.Context, tx *tenants.Tx, slug string, edit int, p *catalogue.Procedure) (Draft, error) {
	d, err := read(ctx, tx, sqlLockDraft, slug)
	if err != nil {
		return Draft{}, err
	}
	plain := *p
	plain.Tables = nil       // those of a file are the commune's (catalogue.Unpack)
	own, err := plain.Copy() // the strict parser judges it, and nobody else holds it
	if err != nil {
		return d, err
	}
	switch {
	case own.Slug != slug:
		return d, fault.New(fault.Invalid, "procedure_invalid", fault.Field{Path: "slug", Code: "other_procedure"})
	case own.Checksum() == d.Procedure.Checksum():
		return d, nil
	case d.Edit != edit:
		return d, fault.New(fault.Conflict, "procedure_draft_changed")
	}
	text, err := json.Marshal(own)
	if err != nil {
		return d, err
	}
	if d.CanRedo {
		if _, err := tx.Exec(ctx, sqlDropAfter, d.ProcedureID, d.Revision); err != nil {
			return d, err
		}
	}
	d.Edit++
	d.Revision++
	d.Procedure, d.SavedAt, d.SavedBy, d.CanUndo, d.CanRedo = own, tx.Now(), tx.Actor().Name, true, false
	if _, err := tx.Exec(ctx, sqlInsertRevision, d.ProcedureID, d.Revision, d.Edit, text, d.SavedAt, d.SavedBy); err != nil {
		return d, err
	}
	if d.brought != nil { // it goes with the content, so that undoing takes it back too
		if _, err := tx.Exec(ctx, sqlBringRevision, d.ProcedureID, d.Revision, d.brought); err != nil {
			return d, err
		}
	}
	if d.Revision > MaxRevisions {
		if _, err := tx.Exec(ctx, sqlDropOldest, d.ProcedureID, d.Revision-MaxRevisions); err != nil {
			return d, err
		}
	}
	_, err = tx.Exec(ctx, sqlMoveDraft, d.ProcedureID, d.Edit, d.Revision)
	return d, err
}

// Since gives what changed in a draft since the edit that somebody read, in words; ok is false
// where that revision is kept no more. Administrators only.
func Since(ctx context.Context, tx *tenants.Tx, d Draft, edit int) (changes []catalogue.Change, ok bool, err error) {
	if !tx.Actor().MayConfigure() {
		return nil, false, fault.New(fault.Forbidden, "admin_only")
	}
	text, err := tenants.One[json.RawMessage](ctx, tx, sqlRevisionBefore, d.ProcedureID, edit)
	if fault.Is(err, "not_found") {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	before, err := catalogue.ParseProcedure(text)
	if err != nil {
		return nil, false, fault.Wrap(fault.Internal, "version_unreadable", err)
	}
	return catalogue.Changes(before, d.Procedure), true, nil
}

// Undo shows the revision before, Redo the one after; edit as in [Save]. Where there is none
// nothing changes. Administrators only.
func Undo(ctx context.Context, tx *tenants.Tx, slug string, edit int) (Draft, error) {
	return move(ctx, tx, slug, edit, -1)
}

// Redo takes an [Undo] back.
func Redo(ctx context.Context, tx *tenants.Tx, slug string, edit int) (Draft, error) {
	return move(ctx, tx, slug, edit, 1)
}

func move(ctx context.Context, tx *tenants.Tx, slug string, edit, by int) (Draft, error) {
	d, err := read(ctx, tx, sqlLockDraft, slug)
	switch {
	case err != nil:
		return d, err
	case d.Edit != edit:
		return d, fault.New(fault.Conflict, "procedure_draft_changed")
	case by < 0 && !d.CanUndo || by > 0 && !d.CanRedo:
		return d, nil
	}
	if _, err := tx.Exec(ctx, sqlMoveDraft, d.ProcedureID, d.Edit+1, d.Revision+by); err != nil {
		return d, err
	}
	return Get(ctx, tx, slug)
}

// Discard ends a draft, with its revisions; a procedure that was never published goes with it.
// Administrators only.
func Discard(ctx context.Context, tx *tenants.Tx, slug string, edit int) error {
	d, err := read(ctx, tx, sqlLockDraft, slug)
	switch {
	case err != nil:
		return err
	case d.Edit != edit:
		return fault.New(fault.Conflict, "procedure_draft_changed")
	}
	if err := end(ctx, tx, d); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlDropShell, d.ProcedureID); err != nil {
		return err
	}
	return record(ctx, tx, d.ProcedureID, "draft_discarded", slug)
}

func end(ctx context.Context, tx *tenants.Tx, d Draft) error {
	_, err := tx.Exec(ctx, sqlDropDraft, d.ProcedureID)
	return err
}
