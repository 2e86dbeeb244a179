package catalogue

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

const (
	sqlInsertVersion = `insert into procedure_version (id, procedure_id, number, definition, checksum, created_at, created_by, effective_at, restores) values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, 0))`
	// What was planned and has taken effect becomes the one before the next.
	sqlPlanVersion   = `update procedure set version_id = case when next_from <= $4 then next_version_id else version_id end, next_version_id = $2, next_from = $3, updated_at = $4 where id = $1`
	sqlSetVersion    = `update procedure set version_id = $2, next_version_id = null, next_from = null, updated_at = $3 where id = $1`
	sqlDropPlan      = `update procedure set next_version_id = null, next_from = null, updated_at = $2 where id = $1`
	sqlWithdraw      = `update procedure_version set withdrawn_at = $2 where id = $1`
	sqlUnpublished   = `select id, slug, model from procedure where slug = $1 and version_id is null`
	sqlSetOpen       = `update procedure set open = $2, updated_at = $3 where id = $1`
	sqlSetService    = `update procedure set service_id = (select id from service where id = $2), updated_at = $3 where slug = $1 and exists (select 1 from service where id = $2)`
	sqlSetIdentity   = `update procedure set identity = $2, updated_at = $3 where id = $1`
	sqlLockProcedure = `select id from procedure where slug = $1 for update`
	sqlNextNumber    = `select coalesce(max(number), 0) + 1 from procedure_version where procedure_id = $1`
)

// refusal turns what Check finds into a fault.
func (p *Procedure) refusal() error { return refused(p.Check()) }

func refused(problems []forms.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	fields := make([]fault.Field, len(problems))
	for i, problem := range problems {
		fields[i] = fault.Field{Path: problem.Path, Code: problem.Code, Message: problem.Message}
	}
	return fault.New(fault.Invalid, "procedure_invalid", fields...)
}

// Publication says when a version takes effect, and of which one it is the content anew.
type Publication struct {
	On       calendar.Date // the commune's civil day, from its first moment; none, or a day that is not to come: at once
	Restores int           // the number of the version that is gone back to; 0: none
}

// from gives the moment of the publication, and whether it is to come.
func (p Publication) from(tx *tenants.Tx) (time.Time, bool) {
	if !p.On.After(tx.Today()) {
		return tx.Now(), false
	}
	return p.On.Start(tx.Tenant().Zone()), true
}

func insertVersion(ctx context.Context, tx *tenants.Tx, procedure tenants.ID, p *Procedure, pub Publication) (Version, error) {
	number, err := tenants.One[int](ctx, tx, sqlNextNumber, procedure)
	if err != nil {
		return Version{}, err
	}
	text, err := p.json()
	if err != nil {
		return Version{}, err
	}
	from, planned := pub.from(tx)
	v := Version{
		ID: tenants.NewID(), ProcedureID: procedure, Number: number, Procedure: p, Checksum: p.checksum,
		CreatedAt: tx.Now(), CreatedBy: tx.Actor().Name, From: from, Restores: pub.Restores,
	}
	if _, err := tx.Exec(ctx, sqlInsertVersion, v.ID, procedure, number, text, v.Checksum, v.CreatedAt, v.CreatedBy, from, v.Restores); err != nil {
		return Version{}, err
	}
	statement, args := sqlSetVersion, []any{procedure, v.ID, tx.Now()}
	if planned {
		statement, args = sqlPlanVersion, []any{procedure, v.ID, from, tx.Now()}
	}
	if _, err := tx.Exec(ctx, statement, args...); err != nil {
		return Version{}, err
	}
	return v, v.record(ctx, tx)
}

func (v Version) record(ctx context.Context, tx *tenants.Tx) error {
	return tx.Record(ctx, tenants.Event{
		SubjectKind: "procedure", SubjectID: string(v.ProcedureID), Kind: "version_published",
		Data: published{Slug: v.Procedure.Slug, Number: v.Number, Checksum: v.Checksum, From: v.From, Restores: v.Restores},
	})
}

// published is what the history keeps of a version.
type published struct {
	Slug     string    `json:"slug"`
	Number   int       `json:"number"`
	Checksum string    `json:"checksum"`
	From     time.Time `json:"from,omitzero"`
	Restores int       `json:"restores,omitempty"`
}

// Publish adds a version and makes it the current one; those before it, and the
// requests made with them, stay as they are. Publishing the current text again
// gives the current version. Administrators only. A procedure that Check objects
// to, or of another slug, is fault.Invalid "procedure_invalid"; an unknown one is
// fault.NotFound "procedure_unknown". Where the procedure is open and the new version needs a
// mention that the commune has not set, it is fault.Invalid "mentions_missing". A table that it draws from and
// the commune does not have keeps it from being published ("procedure_invalid"); those that p carries are not looked at.
// Blocks are replaced by their questions. While another
// version is planned it is fault.Conflict "version_planned": what comes next must be one.
func Publish(ctx context.Context, tx *tenants.Tx, slug string, p *Procedure) (Version, error) {
	return PublishOn(ctx, tx, slug, p, Publication{})
}

// PublishOn is [Publish] for a version that takes effect on a day to come, or that goes back
// to another. A procedure that never had a version gets its first, and stays closed.
func PublishOn(ctx context.Context, tx *tenants.Tx, slug string, p *Procedure, pub Publication) (Version, error) {
	if !tx.Actor().MayConfigure() {
		return Version{}, fault.New(fault.Forbidden, "admin_only")
	}
	own, err := p.Copy() // so that the caller's later changes change nothing
	if err != nil {
		return Version{}, err
	}
	if own.Slug != slug {
		return Version{}, fault.New(fault.Invalid, "procedure_invalid", fault.Field{Path: "slug", Code: "other_procedure"})
	}
	if own, err = selfContained(ctx, tx, own); err != nil {
		return Version{}, err
	}
	if err := own.refusal(); err != nil {
		return Version{}, err
	}
	if err := drawable(ctx, tx, own); err != nil {
		return Version{}, err
	}
	e, err := locked(ctx, tx, slug)
	switch {
	case fault.Is(err, "procedure_unknown"):
		first, err := Unpublished(ctx, tx, slug)
		if err != nil {
			return Version{}, err
		}
		return insertVersion(ctx, tx, first.ID, own, Publication{Restores: pub.Restores}) // there is none before it
	case err != nil:
		return Version{}, err
	case e.Next.VersionID != "":
		return Version{}, fault.New(fault.Conflict, "version_planned")
	case e.Procedure().checksum == own.checksum:
		return e.Version, nil
	}
	if e.Open {
		if err := openable(ctx, tx, e.With(Version{Procedure: own})); err != nil {
			return Version{}, err
		}
	}
	return insertVersion(ctx, tx, e.ID, own, pub)
}

// Shell is a procedure without a version yet: it has a draft alone, and only
// administrators see it.
type Shell struct {
	ID          tenants.ID
	Slug, Model string
}

// Unpublished gives a procedure that has no version yet. None is fault.NotFound "procedure_unknown".
func Unpublished(ctx context.Context, tx *tenants.Tx, slug string) (Shell, error) {
	s, err := tenants.One[Shell](ctx, tx, sqlUnpublished, slug)
	if fault.Is(err, "not_found") {
		return s, fault.New(fault.NotFound, "procedure_unknown")
	}
	return s, err
}

// Withdraw takes back the version that is planned: the one in force goes on. Administrators
// only. Where none is planned it is fault.Conflict "version_not_planned".
func Withdraw(ctx context.Context, tx *tenants.Tx, slug string) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	e, err := locked(ctx, tx, slug)
	if err != nil {
		return err
	}
	if e.Next.VersionID == "" {
		return fault.New(fault.Conflict, "version_not_planned")
	}
	if _, err := tx.Exec(ctx, sqlWithdraw, e.Next.VersionID, tx.Now()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlDropPlan, e.ID, tx.Now()); err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "procedure", SubjectID: string(e.ID), Kind: "version_withdrawn", Data: map[string]any{"slug": slug}})
}

// locked reads a procedure while nobody else can change it.
func locked(ctx context.Context, tx *tenants.Tx, slug string) (Entry, error) {
	if _, err := tenants.One[tenants.ID](ctx, tx, sqlLockProcedure, slug); err != nil {
		if fault.Is(err, "not_found") {
			return Entry{}, fault.New(fault.NotFound, "procedure_unknown")
		}
		return Entry{}, err
	}
	return BySlug(ctx, tx, slug)
}

func openable(ctx context.Context, tx *tenants.Tx, e Entry) error {
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return err
	}
	return missingFault(Missing(settings, e))
}

// SetOpen opens a procedure to citizens, or closes it. Administrators only. While
// a mention of its receipt is missing it cannot be opened: fault.Invalid
// "mentions_missing", with a field for each (law.md R3; CRPA L.112-12); while Check
// objects to it, fault.Invalid "procedure_invalid". Closing never fails for that. An unknown one is fault.NotFound "procedure_unknown".
func SetOpen(ctx context.Context, tx *tenants.Tx, slug string, open bool) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	e, err := locked(ctx, tx, slug)
	if err != nil || e.Open == open {
		return err
	}
	kind := "closed"
	if open {
		kind = "opened"
		if len(e.Incomplete()) > 0 {
			return e.Procedure().refusal()
		}
		if err := drawable(ctx, tx, e.Procedure()); err != nil {
			return err
		}
		if err := openable(ctx, tx, e); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, sqlSetOpen, e.ID, open, tx.Now()); err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "procedure", SubjectID: string(e.ID), Kind: kind, Data: map[string]any{"slug": slug}})
}

// OpenAll opens every procedure whose mentions are complete, and gives the slugs of
// those that stay closed. Administrators and our own jobs only.
func OpenAll(ctx context.Context, tx *tenants.Tx) (closed []string, err error) {
	all, err := List(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		err := SetOpen(ctx, tx, e.Slug, true)
		switch {
		case fault.Is(err, "mentions_missing"):
			closed = append(closed, e.Slug)
		case err != nil:
			return nil, err
		}
	}
	return closed, nil
}

// SetService puts a service in charge of a procedure. Administrators only. An
// unknown procedure or service is fault.NotFound "procedure_unknown".
func SetService(ctx context.Context, tx *tenants.Tx, slug string, service tenants.ID) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	touched, err := tx.Exec(ctx, sqlSetService, slug, service, tx.Now())
	if err != nil {
		return err
	}
	if touched == 0 {
		return fault.New(fault.NotFound, "procedure_unknown")
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "procedure", SubjectID: slug, Kind: "service_set", Data: map[string]any{"service": service}})
}

// SetIdentity chooses the level of identity that a procedure asks for; nil leaves it to
// the definition. Administrators only. One that can be filed anonymously stays so:
// fault.Conflict "identity_anonymous". FranceConnect (IdentityState) wants a way without a
// screen, and the commune's client open: fault.Conflict "oidc_unset". An unknown level
// is fault.Invalid "form_unreadable".
func SetIdentity(ctx context.Context, tx *tenants.Tx, slug string, level *int) error {
	if !tx.Actor().MayAdminister() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	e, err := locked(ctx, tx, slug)
	if err != nil {
		return err
	}
	if e.Procedure().Identity == IdentityNone {
		return fault.New(fault.Conflict, "identity_anonymous")
	}
	if level != nil && (*level < IdentityContact || *level > IdentityPresence) {
		return fault.New(fault.Invalid, "form_unreadable")
	}
	if level != nil && *level == IdentityState {
		settings, _, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		if !settings.SignIn.FranceConnect.Ready() || len(AlternativesFor(e, settings)) == 0 {
			return fault.New(fault.Conflict, "oidc_unset")
		}
	}
	if _, err := tx.Exec(ctx, sqlSetIdentity, e.ID, level, tx.Now()); err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: "procedure", SubjectID: string(e.ID), Kind: "identity_set", Data: identitySet{slug, level}})
}

// identitySet is what the history keeps of a level.
type identitySet struct {
	Slug  string `json:"slug"`
	Level *int   `json:"level"`
}
