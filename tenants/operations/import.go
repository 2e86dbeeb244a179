package operations

import (
	"context"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// Incoming is how an archive is taken in.
type Incoming struct {
	HubID      int64  // 0: of no hub
	Slug       string // empty: the one that it had, or one made of the commune's name
	Passphrase string // of the tracking codes; empty: they cannot be told again
	Folder     string // where it is unpacked; empty: the system's
}

// Import takes a commune in that comes with an archive, at once. The operator alone. An
// archive that is not sound is fault.Invalid (tenants/archive, Open); a commune that is
// open already is fault.Conflict "tenant_exists". Where it fails, nothing is left; one that
// was interrupted before its rows and documents were all there is undone at the next start.
func (s *Service) Import(ctx context.Context, a tenants.Actor, r io.Reader, in Incoming) (Operation, error) {
	if a.Kind != tenants.ActorSystem {
		return Operation{}, fault.New(fault.Forbidden, "system_only")
	}
	opened, err := archive.Open(ctx, r, in.Folder, archive.DefaultLimits)
	if err != nil {
		return Operation{}, err
	}
	defer opened.Close() //nolint:errcheck // a folder of temporary files
	told, err := opened.Codes(in.Passphrase)
	if err != nil {
		return Operation{}, err
	}
	c := opened.Manifest.Commune
	if err := s.notOpen(ctx, c.INSEE); err != nil {
		return Operation{}, err
	}
	return s.begin(ctx, a, s.importOf(ctx, opened, in), func(run *run) { run.have(opened, told) })
}

// importOf is the operation that takes an opened archive in.
func (s *Service) importOf(ctx context.Context, opened *archive.Opened, in Incoming) Operation {
	c, summary := opened.Manifest.Commune, opened.Manifest.Summary()
	return Operation{
		Kind: Import, HubID: in.HubID, INSEE: c.INSEE, Name: c.Name,
		Data: Details{Colour: c.Colour, Temple: c.Temple, Holidays: c.Holidays, Slug: s.slug(ctx, in.Slug, c.Slug), Hub: in.HubID, SHA256: opened.SHA256, ExportedAt: &opened.Manifest.ExportedAt, Export: &summary},
	}
}

// have gives the run its archive, with the tracking codes that the passphrase told.
func (r *run) have(opened *archive.Opened, told map[tenants.ID]string) {
	r.opened = opened
	r.codes = func(id tenants.ID) string { return told[id] }
	if told == nil { // perhaps the deployment that gave them is this one
		r.codes = requests.CodesOf(r.config.Master.Tenant(tenants.Tenant{ID: opened.Manifest.Commune.Tenant}, requests.TrackingPurpose))
	}
}

// slug is the one that is wanted; else the one that the commune had, where it is free.
func (s *Service) slug(ctx context.Context, wanted, had string) string {
	if wanted != "" {
		return wanted
	}
	_, tenant := s.config.Registry.BySlug(ctx, had)
	_, hub := s.config.Registry.HubBySlug(ctx, had)
	if fault.Is(tenant, "not_found") && fault.Is(hub, "not_found") {
		return had
	}
	return ""
}

// unpacked sees to it that the archive is there: unpacked already, or out of the store.
// Where it came by a command line that has ended, the import cannot go on.
func (r *run) unpacked(ctx context.Context) error {
	switch {
	case r.opened != nil:
		return nil
	case !r.op.Data.Received:
		return fault.New(fault.Conflict, "import_interrupted")
	}
	return r.fetch(ctx)
}

func reserve(ctx context.Context, r *run) error {
	if err := r.unpacked(ctx); err != nil {
		return err
	}
	d := &r.op.Data
	t, err := r.config.Registry.Reserve(ctx, tenants.Opening{HubID: d.Hub, INSEE: r.op.INSEE, Colour: d.Colour, Temple: d.Temple, LocalHolidays: d.Holidays, Slug: d.Slug})
	if err != nil {
		return err
	}
	r.op.TenantID, d.Schema, d.Cell = t.ID, t.Schema, t.Cell
	return nil
}

func rows(ctx context.Context, r *run) error {
	if err := r.unpacked(ctx); err != nil {
		return err
	}
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	owner, err := r.config.Registry.Cells().Owner(ctx, t.Cell)
	if err != nil {
		return err
	}
	return archive.Load(ctx, owner, t, r.opened)
}

func documents(ctx context.Context, r *run) error {
	if err := r.unpacked(ctx); err != nil {
		return err
	}
	t, err := r.tenant(ctx)
	if err == nil {
		r.op.Data.Files, err = r.opened.Documents(ctx, r.config.Files, t)
	}
	return err
}

// codes keeps the tracking codes that can be told again.
func codes(ctx context.Context, r *run) error {
	if err := r.unpacked(ctx); err != nil {
		return err
	}
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	return r.config.DB.Write(ctx, t, system, func(tx *tenants.Tx) error {
		n, err := requests.KeepCodes(ctx, tx, r.codes)
		r.op.Data.Codes = n
		return err
	})
}

var system = tenants.System("reprise d’une archive")

const (
	// What waited to be sent when the archive was made was sent by those who made it, or
	// is for an agent to send again: never twice by us.
	sqlUnsent   = `update notification set state = 'failed', detail = 'archive' where state = 'queued'`
	sqlImported = `select count(*) from event where kind = 'archive_taken_in' and data->>'sha256' = $1`
)

func settle(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	return r.config.DB.Write(ctx, t, system, func(tx *tenants.Tx) error {
		if _, err := tx.Exec(ctx, sqlUnsent); err != nil {
			return err
		}
		n, err := tenants.One[int64](ctx, tx, sqlImported, r.op.Data.SHA256)
		if err != nil || n > 0 {
			return err
		}
		return tx.Record(ctx, tenants.Event{SubjectKind: "tenant", SubjectID: "tenant", Kind: "archive_taken_in", Data: map[string]string{"sha256": r.op.Data.SHA256}})
	})
}

const (
	sqlProjected   = `select number, procedure_slug, channel, state, received_on, due_on, closed_on, version from request order by id`
	sqlUnprojected = `delete from platform.request_projection where tenant_id = $1`
)

// project tells the platform what it may know of the commune's requests.
func project(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	return r.config.DB.Read(ctx, t, system, func(tx *tenants.Tx) error {
		list, err := tx.Query(ctx, sqlProjected)
		if err != nil {
			return err
		}
		defer list.Close()
		err = pgx.BeginFunc(ctx, r.config.Platform, func(platform pgx.Tx) error {
			if _, err := platform.Exec(ctx, sqlUnprojected, t.ID); err != nil {
				return err
			}
			_, err := platform.CopyFrom(ctx, pgx.Identifier{"platform", "request_projection"},
				[]string{"tenant_id", "number", "procedure", "channel", "state", "received_on", "due_on", "closed_on", "version"}, &projected{list, t.ID})
			return err
		})
		return errors.Join(err, list.Err())
	})
}

// projected hands rows of requests on with their commune's key.
type projected struct {
	pgx.Rows
	tenant int64
}

// Values gives a row of the projection.
func (p *projected) Values() ([]any, error) {
	values, err := p.Rows.Values()
	return append([]any{p.tenant}, values...), err
}

func welcome(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err == nil && r.config.Welcome != nil {
		r.op.Data.Agents, err = r.config.Welcome(ctx, t)
	}
	return err
}

func live(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	_, err = r.config.Registry.GoLive(ctx, r.op.actor(), t, "tenant_imported", map[string]string{"insee": t.INSEE, "sha256": r.op.Data.SHA256})
	return err
}

// abandonImport takes away what an import left. A commune that is live was imported.
func abandonImport(ctx context.Context, r *run) error {
	t, err := r.config.Registry.ByINSEE(ctx, r.op.INSEE)
	if fault.Is(err, "not_found") || err == nil && t.State != tenants.StateOpening {
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.config.Files.Erase(ctx, t); err != nil {
		return err
	}
	return r.config.Registry.Abandon(ctx, t)
}
