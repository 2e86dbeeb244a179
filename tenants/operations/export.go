package operations

import (
	"context"
	"io"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// exportLife is how long an archive that the workers made is kept to be fetched, and how
// long one lets a commune be erased.
const exportLife = 30 * 24 * time.Hour

// Export asks that an archive be made and kept for the commune to fetch
// ([Service.Fetch]). A hub may ask, and cannot fetch.
func (s *Service) Export(ctx context.Context, a tenants.Actor, t tenants.Tenant) (Operation, error) {
	if err := mayDirect(a, t); err != nil {
		return Operation{}, err
	}
	if err := s.noExport(ctx, t); err != nil {
		return Operation{}, err
	}
	return s.start(ctx, a, of(Export, t))
}

// noExport refuses a second archive while one is being made.
func (s *Service) noExport(ctx context.Context, t tenants.Tenant) error {
	_, err := s.one(ctx, sqlOpenOf, t.INSEE, Export)
	if fault.Is(err, "operation_unknown") {
		return nil
	}
	if err == nil {
		err = fault.New(fault.Conflict, "operation_pending")
	}
	return err
}

// ExportTo writes a commune's archive where it is wanted, at once. The operator, and the
// commune's own administrators.
func (s *Service) ExportTo(ctx context.Context, a tenants.Actor, t tenants.Tenant, w io.Writer, passphrase string) (Operation, error) {
	if !a.MayAdminister() {
		return Operation{}, fault.New(fault.Forbidden, "admin_only")
	}
	o := of(Export, t)
	o.Data.Inline = true
	return s.begin(ctx, a, o, func(r *run) { r.out, r.passphrase = w, passphrase })
}

// Fetch opens an archive that was kept. The commune's own administrators, and the operator.
// One that was thrown away is fault.NotFound "archive_unknown".
func (s *Service) Fetch(ctx context.Context, a tenants.Actor, t tenants.Tenant, id tenants.ID) (io.ReadCloser, Operation, error) {
	if !a.MayAdminister() {
		return nil, Operation{}, fault.New(fault.Forbidden, "admin_only")
	}
	o, err := s.Get(ctx, id)
	if err != nil || o.TenantID != t.ID || o.Kind != Export || o.State != Done || o.Data.Inline {
		return nil, o, fault.New(fault.NotFound, "archive_unknown")
	}
	if err := s.config.DB.Write(ctx, t, a, exported(ctx, "archive_fetched")); err != nil {
		return nil, o, err
	}
	r, err := s.config.Files.OpenArchive(ctx, t, id)
	return r, o, err
}

func exported(ctx context.Context, kind string) func(*tenants.Tx) error {
	return func(tx *tenants.Tx) error {
		return tx.Record(ctx, tenants.Event{SubjectKind: "tenant", SubjectID: "tenant", Kind: kind})
	}
}

// write makes the archive. That it is made stands in the commune's history, before the
// moment at which its rows are read.
func write(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	if r.op.Data.Inline && r.out == nil {
		return fault.New(fault.Conflict, "export_interrupted") // whoever read it is gone
	}
	if err := r.config.DB.Write(ctx, t, r.op.actor(), exported(ctx, "archive_made")); err != nil {
		return err
	}
	fill := func(w io.Writer) error {
		made, err := r.source().Export(ctx, t, w, archive.Options{Passphrase: r.passphrase, Progress: func(what string, done, total int) {
			_ = r.at(ctx, what, done, total) //nolint:errcheck // a watcher who wants to stop does so between steps
		}})
		if err != nil {
			return err
		}
		summary := made.Manifest.Summary()
		r.op.Data.SHA256, r.op.Data.ExportedAt, r.op.Data.Export = made.SHA256, &made.Manifest.ExportedAt, &summary
		return nil
	}
	if r.out != nil {
		return fill(r.out)
	}
	r.op.Data.Bytes, err = r.config.Files.KeepArchive(ctx, t, r.op.ID, fill)
	return err
}

// LastExport gives the last archive of a commune that was made; none is fault.NotFound
// "operation_unknown".
func (s *Service) LastExport(ctx context.Context, t tenants.Tenant) (Operation, error) {
	return s.one(ctx, sqlLastExport, t.ID)
}

const sqlStaleExports = `select ` + columns + ` from platform.operation where kind = 'export' and state = 'done' and ended_at < $1 and data->>'bytes' is not null`

// dropStale throws away the archives that nobody needs any more.
func (s *Service) dropStale(ctx context.Context) error {
	list, err := s.query(ctx, sqlStaleExports, s.now().Add(-exportLife))
	if err != nil {
		return err
	}
	for _, o := range list {
		t, err := s.config.Registry.ByID(ctx, o.TenantID)
		if err != nil {
			return err
		}
		if err := s.config.Files.DropArchive(ctx, t, o.ID); err != nil {
			return err
		}
		o.Data.Bytes = 0
		if err := s.save(ctx, &o); err != nil {
			return err
		}
	}
	return nil
}
