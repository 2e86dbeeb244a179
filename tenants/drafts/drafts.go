package drafts

import (
	"context"
	"encoding/json"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// MaxRevisions is how many states of a draft are kept.
const MaxRevisions = 50

// Draft is what a town prepares of a procedure, at the revision that is shown.
type Draft struct {
	ProcedureID tenants.ID
	Slug        string
	BaseID      tenants.ID // the version that it was begun from; "" where it came from a file
	Base        int        // and its number; 0 without one
	Edit        int        // to be given back when it is saved
	Revision    int        // from 1
	CanUndo     bool
	CanRedo     bool
	Procedure   *catalogue.Procedure // shared: a reader may change a Copy of it
	CreatedAt   time.Time
	CreatedBy   string
	SavedAt     time.Time
	SavedBy     string // the actor's name

	brought json.RawMessage // what of its model this revision was brought to; none: what the procedure was
}

const (
	draftColumns = `select p.slug, d.procedure_id, d.base_id, coalesce(b.number, 0) as base, d.edit, d.revision, d.created_at, d.created_by,
			r.definition, r.saved_at, r.saved_by, nullif(to_jsonb(r) -> 'base', 'null') as brought, -- of a whole row: before SinceWorkflow there is none
			exists (select 1 from procedure_revision o where o.procedure_id = d.procedure_id and o.number < d.revision) as can_undo,
			exists (select 1 from procedure_revision o where o.procedure_id = d.procedure_id and o.number > d.revision) as can_redo
		from procedure_draft d join procedure p on p.id = d.procedure_id
		join procedure_revision r on r.procedure_id = d.procedure_id and r.number = d.revision
		left join procedure_version b on b.id = d.base_id`
	sqlDraft     = draftColumns + ` where p.slug = $1`
	sqlLockDraft = draftColumns + ` where p.slug = $1 for update of d`
	sqlDrafts    = `select p.slug, r.definition->>'title' as title, p.version_id is null as only, r.saved_at, r.saved_by
		from procedure_draft d join procedure p on p.id = d.procedure_id join procedure_revision r on r.procedure_id = d.procedure_id and r.number = d.revision
		order by p.position, p.slug`
	sqlInsertDraft    = `insert into procedure_draft (procedure_id, base_id, edit, revision, created_at, created_by) values ($1, $2, 1, 1, $3, $4) on conflict do nothing`
	sqlInsertRevision = `insert into procedure_revision (procedure_id, number, edit, definition, saved_at, saved_by) values ($1, $2, $3, $4, $5, $6)`
	sqlBringRevision  = `update procedure_revision set base = $3 where procedure_id = $1 and number = $2`
	sqlBringProcedure = `update procedure set base = $2, base_checksum = $3 where id = $1`
	sqlDropAfter      = `delete from procedure_revision where procedure_id = $1 and number > $2`
	sqlDropOldest     = `delete from procedure_revision where procedure_id = $1 and number <= $2`
	sqlMoveDraft      = `update procedure_draft set edit = $2, revision = $3 where procedure_id = $1`
	sqlRebase         = `update procedure_draft set base_id = $2 where procedure_id = $1`
	sqlDropDraft      = `delete from procedure_draft where procedure_id = $1`
	sqlDropShell      = `delete from procedure where id = $1 and version_id is null and next_version_id is null and not exists (select 1 from procedure_version v where v.procedure_id = $1)`
	sqlRevisionBefore = `select definition from procedure_revision where procedure_id = $1 and edit <= $2 order by edit desc limit 1`
)

type draftRow struct {
	Slug                 string
	ProcedureID, BaseID  tenants.ID
	Base, Edit, Revision int
	CreatedAt, SavedAt   time.Time
	CreatedBy, SavedBy   string
	Definition, Brought  json.RawMessage
	CanUndo, CanRedo     bool
}

func (r draftRow) draft() (Draft, error) {
	p, err := catalogue.Stored(r.Definition)
	if err != nil {
		return Draft{}, fault.Wrap(fault.Internal, "version_unreadable", err)
	}
	return Draft{
		ProcedureID: r.ProcedureID, Slug: r.Slug, BaseID: r.BaseID, Base: r.Base, Edit: r.Edit, Revision: r.Revision,
		CanUndo: r.CanUndo, CanRedo: r.CanRedo, Procedure: p,
		CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, SavedAt: r.SavedAt, SavedBy: r.SavedBy, brought: r.Brought,
	}, nil
}

// Get reads the draft of a procedure. None is fault.NotFound "procedure_draft_unknown".
// Administrators only.
func Get(ctx context.Context, tx *tenants.Tx, slug string) (Draft, error) {
	return read(ctx, tx, sqlDraft, slug)
}

func read(ctx context.Context, tx *tenants.Tx, statement, slug string) (Draft, error) {
	if !tx.Actor().MayConfigure() {
		return Draft{}, fault.New(fault.Forbidden, "admin_only")
	}
	r, err := tenants.One[draftRow](ctx, tx, statement, slug)
	if fault.Is(err, "not_found") {
		return Draft{}, fault.New(fault.NotFound, "procedure_draft_unknown")
	}
	if err != nil {
		return Draft{}, err
	}
	return r.draft()
}

// Listed is a draft as a list shows it.
type Listed struct {
	Slug, Title string
	Only        bool // the procedure was never published
	SavedAt     time.Time
	SavedBy     string
}

// List gives the commune's drafts in the order of its procedures. Administrators only.
func List(ctx context.Context, tx *tenants.Tx) ([]Listed, error) {
	if !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "admin_only")
	}
	return tenants.All[Listed](ctx, tx, sqlDrafts)
}

// Begin makes the draft of a procedure from one of its versions (0: the one in force), or
// gives the draft that there is. Administrators only. An unknown procedure is fault.NotFound
// "procedure_unknown", an unknown number "version_unknown".
func Begin(ctx context.Context, tx *tenants.Tx, slug string, number int) (Draft, error) {
	d, err := Get(ctx, tx, slug)
	if err == nil || !fault.Is(err, "procedure_draft_unknown") {
		return d, err
	}
	v, err := version(ctx, tx, slug, number)
	if err != nil {
		return Draft{}, err
	}
	if err := begin(ctx, tx, v.ProcedureID, v.ID, v.Procedure); err != nil {
		return Draft{}, err
	}
	return Get(ctx, tx, slug)
}

// version finds a version by its number; 0 is the one in force.
func version(ctx context.Context, tx *tenants.Tx, slug string, number int) (catalogue.Version, error) {
	if number == 0 {
		e, err := catalogue.BySlug(ctx, tx, slug)
		return e.Version, err
	}
	all, err := catalogue.Versions(ctx, tx, slug)
	for _, v := range all {
		if v.Number == number {
			return v, err
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, "version_unknown")
	}
	return catalogue.Version{}, err
}

// Import makes a procedure of a file: a draft that nobody but administrators sees until it is
// published. It gives its slug, another than the file's where that is taken. Administrators only.
func Import(ctx context.Context, tx *tenants.Tx, p *catalogue.Procedure) (string, error) {
	shell, own, err := catalogue.Reserve(ctx, tx, p)
	if err != nil {
		return "", err
	}
	return shell.Slug, begin(ctx, tx, shell.ID, "", own)
}

func begin(ctx context.Context, tx *tenants.Tx, id, base tenants.ID, p *catalogue.Procedure) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	var from *tenants.ID
	if base != "" {
		from = &base
	}
	made, err := tx.Exec(ctx, sqlInsertDraft, id, from, tx.Now(), tx.Actor().Name)
	if err != nil || made == 0 { // somebody began it a moment ago
		return err
	}
	if _, err := tx.Exec(ctx, sqlInsertRevision, id, 1, 1, text, tx.Now(), tx.Actor().Name); err != nil {
		return err
	}
	return record(ctx, tx, id, "draft_begun", p.Slug)
}

func record(ctx context.Context, tx *tenants.Tx, id tenants.ID, kind, slug string) error {
	return tx.Record(ctx, tenants.Event{SubjectKind: "procedure", SubjectID: string(id), Kind: kind, Data: map[string]string{"slug": slug}})
}
