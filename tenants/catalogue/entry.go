package catalogue

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Version is a published version of a procedure. It never changes.
type Version struct {
	ID          tenants.ID
	ProcedureID tenants.ID
	Number      int // from 1, without gaps
	Procedure   *Procedure
	Checksum    string
	CreatedAt   time.Time
	CreatedBy   string // the actor's name

	// Of [Versions] alone:
	From      time.Time // when it took effect, or is to
	Restores  int       // the number of the version whose content it is anew; 0: none
	Withdrawn bool      // it was planned, and taken back before it took effect
}

// Planned is a version that takes effect at a moment to come.
type Planned struct {
	VersionID tenants.ID // "" where none is planned
	From      time.Time
}

// Entry is a procedure as a commune has it: its current version, the service in
// charge, and whether citizens can use it.
type Entry struct {
	ID       tenants.ID
	Slug     string
	Model    string // slug of the model that it came from
	Open     bool
	Position int
	Service  tenants.Service
	Version  Version
	Identity *int // the level that the commune chose; nil: the definition's
	Next     Planned

	wording map[Outcome]Letter // of the current version's letters, where Version is another
}

// Level is the identity that whoever files on the web has to reach: IdentityNone,
// IdentityContact, IdentityAccount or IdentityState. An account is only advice in a
// definition: who gives a name and addresses is identified enough to write to an
// administration (CRPA L.112-8, R.112-9-1), and a commune that wants more says so.
// FranceConnect is asked for while the commune has opened it, and an account
// otherwise; the counter, the telephone and the post are open in any case.
func (e Entry) Level(s tenants.SignIn) int {
	level := e.Procedure().Identity
	switch {
	case level == IdentityNone:
		return IdentityNone
	case e.Identity != nil:
		level = *e.Identity
	case level == IdentityAccount:
		level = IdentityContact
	}
	if level == IdentityPresence {
		level = IdentityContact
	}
	if level == IdentityState && !s.FranceConnect.Ready() || level == IdentityContact && s.NoGuests {
		level = IdentityAccount
	}
	return level
}

// InPerson tells whether the applicant has to come to the counter in the end.
func (e Entry) InPerson() bool {
	if e.Identity != nil {
		return *e.Identity == IdentityPresence
	}
	return e.Procedure().Identity == IdentityPresence
}

// Procedure gives the definition of the current version.
func (e Entry) Procedure() *Procedure { return e.Version.Procedure }

// With gives the entry with another version of it: a request is judged by the
// version that it was made with, and answered in the words of today.
func (e Entry) With(v Version) Entry {
	if e.Version.Procedure != nil && e.Version.ID != v.ID {
		e.wording = e.Version.Procedure.Letters
	}
	e.Version = v
	return e
}

// Which version is in force is found by date, in the same look-up by its key: nobody has to
// come at midnight.
const (
	entryColumns = `select p.id, p.slug, p.model, p.open, p.position, p.identity,
			v.id as version_id, v.number, v.checksum, v.created_at, v.created_by,
			s.id as service_id, coalesce(s.name, '') as service_name, coalesce(s.postal_address, '') as service_postal_address,
			coalesce(s.email, '') as service_email, coalesce(s.phone, '') as service_phone, coalesce(s.position, 0) as service_position`
	entryTables = ` from procedure p left join service s on s.id = p.service_id join procedure_version v on v.id = `
	entryNext   = `, case when p.next_from > $1 then p.next_version_id end as next_version_id, case when p.next_from > $1 then p.next_from end as next_from`
	entryNow    = entryColumns + entryNext + entryTables + `case when p.next_from <= $1 then p.next_version_id else p.version_id end`
	entryOrder  = ` order by p.position, p.slug`
	// Apart, and not an optional filter: it is planned once, and every submission runs it.
	sqlEntryBySlug = entryNow + ` where p.slug = $2`
	sqlEntries     = entryNow + entryOrder
	sqlVersion     = `select id, procedure_id, number, checksum, created_at, created_by from procedure_version where id = $1`
	sqlVersions    = `select v.id, v.procedure_id, v.number, v.checksum, v.created_at, v.created_by, coalesce(v.effective_at, v.created_at) as from_at, coalesce(v.restores, 0) as restores, v.withdrawn_at is not null as withdrawn from procedure_version v join procedure p on p.id = v.procedure_id where p.slug = $1 order by v.number desc`
	sqlDefinitions = `select id, definition from procedure_version where id = any($1::uuid[])`
)

type entryRow struct {
	ID, VersionID, ServiceID                                      tenants.ID
	Slug, Model, Checksum, CreatedBy                              string
	Open                                                          bool
	Position, Number, ServicePosition                             int
	Identity                                                      *int
	CreatedAt                                                     time.Time
	NextVersionID                                                 tenants.ID
	NextFrom                                                      *time.Time
	ServiceName, ServicePostalAddress, ServiceEmail, ServicePhone string
}

func (r entryRow) entry() Entry {
	e := Entry{
		ID: r.ID, Slug: r.Slug, Model: r.Model, Open: r.Open, Position: r.Position, Identity: r.Identity,
		Service: tenants.Service{
			ID: r.ServiceID, Name: r.ServiceName, PostalAddress: r.ServicePostalAddress,
			Email: r.ServiceEmail, Phone: r.ServicePhone, Position: r.ServicePosition,
		},
		Version: Version{
			ID: r.VersionID, ProcedureID: r.ID, Number: r.Number, Checksum: r.Checksum,
			CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
		},
	}
	if r.NextFrom != nil {
		e.Next = Planned{VersionID: r.NextVersionID, From: *r.NextFrom}
	}
	return e
}

// List gives the commune's procedures, open or not, in their order. Anyone may: a
// page for citizens shows the open ones.
func List(ctx context.Context, tx *tenants.Tx) ([]Entry, error) {
	rows, err := tenants.All[entryRow](ctx, tx, sqlEntries, tx.Now())
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(rows))
	versions := make([]*Version, len(rows))
	for i, r := range rows {
		out[i] = r.entry()
		versions[i] = &out[i].Version
	}
	return out, define(ctx, tx, versions)
}

// BySlug gives one procedure, open or not. None is fault.NotFound "procedure_unknown".
func BySlug(ctx context.Context, tx *tenants.Tx, slug string) (Entry, error) {
	batch := &pgx.Batch{}
	read := QueueBySlug(batch, tx, slug)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return Entry{}, err
	}
	return read(ctx, tx)
}

// QueueBySlug queues the look-up of [BySlug]. What it gives reads the answer once the
// batch is closed.
func QueueBySlug(batch *pgx.Batch, tx *tenants.Tx, slug string) func(context.Context, *tenants.Tx) (Entry, error) {
	var rows []entryRow
	batch.Queue(sqlEntryBySlug, tx.Now(), slug).Query(func(r pgx.Rows) (err error) {
		rows, err = pgx.CollectRows(r, pgx.RowToStructByName[entryRow])
		return err
	})
	return func(ctx context.Context, tx *tenants.Tx) (Entry, error) {
		if len(rows) == 0 {
			return Entry{}, fault.New(fault.NotFound, "procedure_unknown")
		}
		e := rows[0].entry()
		return e, define(ctx, tx, []*Version{&e.Version})
	}
}

type versionRow struct {
	ID, ProcedureID     tenants.ID
	Number              int
	Checksum, CreatedBy string
	CreatedAt           time.Time
}

func (r versionRow) version() Version {
	return Version{ID: r.ID, ProcedureID: r.ProcedureID, Number: r.Number, Checksum: r.Checksum, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy}
}

// VersionByID gives a version, current or not. None is fault.NotFound
// "version_unknown".
func VersionByID(ctx context.Context, tx *tenants.Tx, id tenants.ID) (Version, error) {
	r, err := tenants.One[versionRow](ctx, tx, sqlVersion, id)
	if fault.Is(err, "not_found") {
		return Version{}, fault.New(fault.NotFound, "version_unknown")
	}
	if err != nil {
		return Version{}, err
	}
	v := r.version()
	return v, define(ctx, tx, []*Version{&v})
}

// publishedRow is a version with what its publication said.
type publishedRow struct {
	versionRow

	FromAt    time.Time
	Restores  int
	Withdrawn bool
}

// Versions gives every version of a procedure, the newest first; none for an unknown one.
func Versions(ctx context.Context, tx *tenants.Tx, slug string) ([]Version, error) {
	rows, err := tenants.All[publishedRow](ctx, tx, sqlVersions, slug)
	if err != nil {
		return nil, err
	}
	out := make([]Version, len(rows))
	pointers := make([]*Version, len(rows))
	for i, r := range rows {
		out[i] = r.version()
		out[i].From, out[i].Restores, out[i].Withdrawn = r.FromAt, r.Restores, r.Withdrawn
		pointers[i] = &out[i]
	}
	return out, define(ctx, tx, pointers)
}

// define gives versions their parsed definitions: from memory, or in one query.
func define(ctx context.Context, tx *tenants.Tx, versions []*Version) error {
	tenant := tx.Tenant().ID
	var unknown []string
	for _, v := range versions {
		if p, ok := shared.get(versionKey{tenant, v.ID}); ok {
			v.Procedure = p
			continue
		}
		unknown = append(unknown, string(v.ID))
	}
	if len(unknown) == 0 {
		return nil
	}
	rows, err := tenants.All[definitionRow](ctx, tx, sqlDefinitions, unknown)
	if err != nil {
		return err
	}
	texts := make(map[tenants.ID]json.RawMessage, len(rows))
	for _, r := range rows {
		texts[r.ID] = r.Definition
	}
	for _, v := range versions {
		if v.Procedure != nil {
			continue
		}
		if v.Procedure, err = shared.read(versionKey{tenant, v.ID}, texts[v.ID]); err != nil {
			return fault.Wrap(fault.Internal, "version_unreadable", err)
		}
	}
	return nil
}

type definitionRow struct {
	ID         tenants.ID
	Definition json.RawMessage
}
