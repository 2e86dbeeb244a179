package catalogue

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

const (
	sqlInsertVersion = `insert into procedure_version (id, procedure_id, number, definition, checksum, created_at, created_by) values ($1, $2, $3, $4, $5, $6, $7)`
	sqlSetVersion    = `update procedure set version_id = $2, updated_at = $3 where id = $1`
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

func insertVersion(ctx context.Context, tx *tenants.Tx, procedure tenants.ID, number int, p *Procedure) (Version, error) {
	text, err := p.json()
	if err != nil {
		return Version{}, err
	}
	v := Version{
		ID: tenants.NewID(), ProcedureID: procedure, Number: number, Procedure: p, Checksum: p.checksum,
		CreatedAt: tx.Now(), CreatedBy: tx.Actor().Name,
	}
	if _, err := tx.Exec(ctx, sqlInsertVersion, v.ID, procedure, number, text, v.Checksum, v.CreatedAt, v.CreatedBy); err != nil {
		return Version{}, err
	}
	if _, err := tx.Exec(ctx, sqlSetVersion, procedure, v.ID, tx.Now()); err != nil {
		return Version{}, err
	}
	return v, v.record(ctx, tx)
}

func (v Version) record(ctx context.Context, tx *tenants.Tx) error {
	return tx.Record(ctx, tenants.Event{
		SubjectKind: "procedure", SubjectID: string(v.ProcedureID), Kind: "version_published",
		Data: map[string]any{"slug": v.Procedure.Slug, "number": v.Number, "checksum": v.Checksum},
	})
}

// Publish adds a version and makes it the current one; those before it, and the
// requests made with them, stay as they are. Publishing the current text again
// gives the current version. Administrators only. A procedure that Check objects
// to, or of another slug, is fault.Invalid "procedure_invalid"; an unknown one is
// fault.NotFound "procedure_unknown". Where the procedure is open and the new version needs a
// mention that the commune has not set, it is fault.Invalid "mentions_missing". A table that it draws from and
// the commune does not have keeps it from being published ("procedure_invalid"); those that p carries are not looked at.
func Publish(ctx context.Context, tx *tenants.Tx, slug string, p *Procedure) (Version, error) {
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
	if own, err = own.alone(); err != nil {
		return Version{}, err
	}
	if err := own.refusal(); err != nil {
		return Version{}, err
	}
	if err := drawable(ctx, tx, own); err != nil {
		return Version{}, err
	}
	e, err := locked(ctx, tx, slug)
	if err != nil {
		return Version{}, err
	}
	if e.Procedure().checksum == own.checksum {
		return e.Version, nil
	}
	if e.Open {
		if err := openable(ctx, tx, e.With(Version{Procedure: own})); err != nil {
			return Version{}, err
		}
	}
	number, err := tenants.One[int](ctx, tx, sqlNextNumber, e.ID)
	if err != nil {
		return Version{}, err
	}
	return insertVersion(ctx, tx, e.ID, number, own)
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
