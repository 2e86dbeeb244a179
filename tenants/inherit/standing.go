package inherit

import (
	"context"
	"encoding/json"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Model is what a hub proposes to its communes in the place of a model of the library, or beside them.
type Model struct {
	Slug      string
	Hub       string // the hub's name
	Procedure *catalogue.Procedure
	At        time.Time // when the commune got it
}

// Standing is how a commune's procedure stands towards what it comes from.
type Standing struct {
	Entry     catalogue.Entry
	Draft     *drafts.Draft // what is written there is what the commune has
	Who       string        // who is upstream, as a sentence begins: « Le modèle »
	Upstream  *catalogue.Procedure
	Merge     *Merge
	All       int // changes that wait
	Conflicts int // of them, where the commune made a choice of its own
}

const (
	sqlPutModel = `insert into catalogue_part (kind, name, title, version, content, size, changed_at, changed_by) values ('model', $1, $2, $3, $4, 0, $5, $6)
		on conflict (kind, name) do update set title = excluded.title, version = excluded.version, content = excluded.content, changed_at = excluded.changed_at, changed_by = excluded.changed_by`
	sqlModels = `select name, content, changed_at, changed_by from catalogue_part where kind = 'model' order by title, name`
	sqlModel  = `select name, content, changed_at, changed_by from catalogue_part where kind = 'model' and name = $1`
	// The first version is what was installed.
	sqlBase  = `select coalesce(p.base, v.definition) as base from procedure p join procedure_version v on v.procedure_id = p.id and v.number = 1 where p.id = $1`
	sqlBases = `select p.slug, coalesce(p.base_checksum, v.checksum) as checksum from procedure p join procedure_version v on v.procedure_id = p.id and v.number = 1`
)

type modelRow struct {
	Name      string
	Content   json.RawMessage
	ChangedAt time.Time
	ChangedBy string
}

func (r modelRow) model() (Model, error) {
	p, err := catalogue.Stored(r.Content)
	if err != nil {
		return Model{}, fault.Wrap(fault.Internal, "version_unreadable", err)
	}
	return Model{Slug: r.Name, Hub: r.ChangedBy, Procedure: p, At: r.ChangedAt}, nil
}

// Proposed lists what the commune's hub proposes. Administrators only.
func Proposed(ctx context.Context, tx *tenants.Tx) ([]Model, error) {
	if !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "admin_only")
	}
	if !tx.SchemaAt(catalogue.SinceWorkflow) {
		return nil, nil
	}
	rows, err := tenants.All[modelRow](ctx, tx, sqlModels)
	if err != nil {
		return nil, err
	}
	out := make([]Model, len(rows))
	for i, r := range rows {
		if out[i], err = r.model(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Propose puts what a hub proposes, by the hub's name, beside the commune's own, of which nothing
// changes. Our own jobs only.
func Propose(ctx context.Context, tx *tenants.Tx, hub string, p *catalogue.Procedure) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlPutModel, p.Slug, p.Title, tenants.NewID(), text, tx.Now(), hub)
	return err
}

// Adopt puts a procedure that the hub proposes, or else the library has, into the commune's catalogue:
// closed. One that is there already stays as it is. Administrators only. None such is fault.NotFound
// "procedure_unknown".
func Adopt(ctx context.Context, tx *tenants.Tx, slug string) (*catalogue.Procedure, error) {
	all, err := Proposed(ctx, tx)
	if err != nil {
		return nil, err
	}
	p, ok := catalogue.Model(slug)
	for _, m := range all {
		if m.Slug == slug {
			p, ok = m.Procedure, true
		}
	}
	if !ok {
		return nil, fault.New(fault.NotFound, "procedure_unknown")
	}
	return p, catalogue.Install(ctx, tx, p)
}

// upstream gives what a procedure comes from as it is now: its hub's version, or the library's.
func upstream(tx *tenants.Tx, model string, proposed []Model) (*catalogue.Procedure, string, error) {
	for _, m := range proposed {
		if m.Slug == model {
			return m.Procedure, m.Hub, nil
		}
	}
	m, ok := catalogue.Model(model)
	if !ok {
		return nil, "", nil
	}
	own, err := m.For(tx.Tenant().Kind)
	return own, "Le modèle", err
}

// For tells how a procedure stands; without anything that it comes from its Upstream is nil.
// Administrators only. An unknown one, or one that was never published, is fault.NotFound "procedure_unknown".
func For(ctx context.Context, tx *tenants.Tx, slug string) (Standing, error) {
	proposed, err := Proposed(ctx, tx)
	if err != nil {
		return Standing{}, err
	}
	e, err := catalogue.BySlug(ctx, tx, slug)
	if err != nil {
		return Standing{}, err
	}
	return standing(ctx, tx, e, proposed)
}

func standing(ctx context.Context, tx *tenants.Tx, e catalogue.Entry, proposed []Model) (s Standing, err error) {
	s.Entry = e
	if s.Upstream, s.Who, err = upstream(tx, e.Model, proposed); err != nil || s.Upstream == nil || !tx.SchemaAt(catalogue.SinceWorkflow) {
		s.Upstream = nil
		return s, err
	}
	ours := e.Procedure()
	var base *catalogue.Procedure
	d, err := drafts.Get(ctx, tx, e.Slug)
	switch {
	case err == nil:
		s.Draft, ours = &d, d.Procedure
		if base, err = d.Brought(); err != nil {
			return s, err
		}
	case !fault.Is(err, "procedure_draft_unknown"):
		return s, err
	}
	if base == nil {
		text, err := tenants.One[json.RawMessage](ctx, tx, sqlBase, e.ID)
		if err != nil {
			return s, err
		}
		if base, err = catalogue.Stored(text); err != nil {
			return s, fault.Wrap(fault.Internal, "version_unreadable", err)
		}
	}
	if s.Merge, err = Compare(base, s.Upstream, ours); err != nil {
		return s, err
	}
	s.All, s.Conflicts = s.Merge.Waiting()
	return s, nil
}

// Waiting counts, by the procedure's address, the changes that wait; one for which nothing waits has no
// entry. Administrators only.
func Waiting(ctx context.Context, tx *tenants.Tx, entries []catalogue.Entry) (map[string]int, error) {
	proposed, err := Proposed(ctx, tx)
	if err != nil || !tx.SchemaAt(catalogue.SinceWorkflow) {
		return nil, err
	}
	type base struct{ Slug, Checksum string }
	rows, err := tenants.All[base](ctx, tx, sqlBases)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for _, r := range rows {
		sums[r.Slug] = r.Checksum
	}
	out := map[string]int{}
	for _, e := range entries {
		up, _, err := upstream(tx, e.Model, proposed)
		if err != nil {
			return nil, err
		}
		if up == nil || up.Checksum() == sums[e.Slug] {
			continue
		}
		s, err := standing(ctx, tx, e, proposed)
		if err != nil {
			return nil, err
		}
		if s.All > 0 {
			out[e.Slug] = s.All
		}
	}
	return out, nil
}

// Read is what somebody saw before they decided: another update, or another's work on the draft, asks
// them to look again.
type Read struct {
	Upstream string // its checksum
	Edit     int    // the draft's ([drafts.Draft.Edit]); 0: there was none
}

// Read gives what who decides on the standing has to give back.
func (s Standing) Read() Read {
	r := Read{Upstream: s.Upstream.Checksum()}
	if s.Draft != nil {
		r.Edit = s.Draft.Edit
	}
	return r
}

// current reads the standing for who saw it.
func current(ctx context.Context, tx *tenants.Tx, slug string, read Read) (Standing, error) {
	s, err := For(ctx, tx, slug)
	switch {
	case err != nil:
		return s, err
	case s.Upstream == nil:
		return s, fault.New(fault.NotFound, "procedure_unknown")
	case s.Read() != read:
		return s, fault.New(fault.Conflict, "update_changed")
	}
	return s, nil
}

// Take takes changes over into the procedure's draft, which it begins where there is none; nothing is
// published. held are those that would leave a condition without its question, and were left out.
// Administrators only. Without a change it is fault.Invalid "update_none", where something moved
// since it was read fault.Conflict "update_changed".
func Take(ctx context.Context, tx *tenants.Tx, slug string, read Read, ids []string) (held []Change, err error) {
	s, err := current(ctx, tx, slug, read)
	if err != nil {
		return nil, err
	}
	p, back, err := s.Merge.Apply(ids...)
	if err != nil {
		return nil, err
	}
	taken := without(ids, back)
	if len(taken) == 0 && len(back) == 0 {
		return nil, fault.New(fault.Invalid, "update_none")
	}
	if len(back) > 0 {
		all, err := s.Merge.Changes(s.Who)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			if len(without([]string{c.ID}, back)) == 0 {
				held = append(held, c)
			}
		}
	}
	if len(taken) == 0 {
		return held, nil
	}
	base, err := s.Merge.Advance(taken...)
	if err != nil {
		return nil, err
	}
	d, err := drafts.Begin(ctx, tx, slug, 0)
	if err != nil {
		return nil, err
	}
	if _, err := drafts.Bring(ctx, tx, slug, d.Edit, p, base); err != nil {
		return nil, err
	}
	return held, tx.Record(ctx, tenants.Event{
		SubjectKind: "procedure", SubjectID: string(s.Entry.ID), Kind: "update_taken", Data: map[string]any{"slug": slug, "changes": len(taken)},
	})
}

// Keep says that the commune keeps its own version of what waits: it is not shown again. Administrators
// only; errors as in [Take].
func Keep(ctx context.Context, tx *tenants.Tx, slug string, read Read) error {
	s, err := current(ctx, tx, slug, read)
	if err != nil {
		return err
	}
	if s.Draft != nil {
		_, err = drafts.Bring(ctx, tx, slug, s.Draft.Edit, s.Draft.Procedure, s.Upstream)
	} else {
		err = drafts.SetBase(ctx, tx, s.Entry.ID, s.Upstream)
	}
	if err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{
		SubjectKind: "procedure", SubjectID: string(s.Entry.ID), Kind: "update_kept", Data: map[string]any{"slug": slug, "changes": s.All},
	})
}

// without gives the ids that are not among others.
func without(ids, others []string) []string {
	var out []string
	for _, id := range ids {
		found := false
		for _, o := range others {
			found = found || o == id
		}
		if !found {
			out = append(out, id)
		}
	}
	return out
}
