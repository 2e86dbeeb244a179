package operations

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// DefaultDelay is how long a commune waits for its erasure, in days.
const DefaultDelay = 30

const maxDelay = 365

// Delete asks that a commune be erased. Nothing happens until another person confirms it
// ([Service.Confirm]). Without an archive of the last thirty days it is fault.Conflict
// "export_missing", with one that something was changed after "export_outdated"; a delay
// that is not 0 to 365 days is fault.Invalid "delay_invalid".
func (s *Service) Delete(ctx context.Context, a tenants.Actor, t tenants.Tenant, days int) (Operation, error) {
	if err := mayDirect(a, t); err != nil {
		return Operation{}, err
	}
	if days < 0 || days > maxDelay {
		return Operation{}, fault.New(fault.Invalid, "delay_invalid")
	}
	if t.State == tenants.StateOpening {
		return Operation{}, fault.New(fault.Conflict, "tenant_state")
	}
	if _, err := s.freshExport(ctx, t, exportLife); err != nil {
		return Operation{}, err
	}
	o := of(Delete, t)
	o.State = Waiting
	o.Data = Details{Delay: days, Schema: t.Schema, Cell: t.Cell, Resumes: t.State == tenants.StateLive}
	return s.start(ctx, a, o)
}

// That an archive was made or fetched changes nothing that it would have to hold.
const sqlLastEvent = `select coalesce(max(at), to_timestamp(0)) from event where kind not in ('archive_made', 'archive_fetched')`

// freshExport gives the archive that lets a commune be erased: younger than an age, and
// nothing happened since.
func (s *Service) freshExport(ctx context.Context, t tenants.Tenant, age time.Duration) (Operation, error) {
	last, err := s.LastExport(ctx, t)
	if fault.Is(err, "operation_unknown") || err == nil && (last.Data.ExportedAt == nil || last.Data.ExportedAt.Before(s.now().Add(-age))) {
		return last, fault.New(fault.Conflict, "export_missing")
	}
	if err != nil {
		return last, err
	}
	err = s.config.DB.Read(ctx, t, tenants.System("effacement"), func(tx *tenants.Tx) error {
		changed, err := tenants.One[time.Time](ctx, tx, sqlLastEvent)
		if err == nil && changed.After(*last.Data.ExportedAt) {
			err = fault.New(fault.Conflict, "export_outdated")
		}
		return err
	})
	return last, err
}

// Confirm is a second person's word: the commune is suspended at once, and its erasure
// waits for its delay. Whoever asked is fault.Forbidden "same_person". visa says by what
// right public archives leave: that the commune keeps the exported ones, or the visa's
// number; without it, fault.Invalid "visa_missing".
func (s *Service) Confirm(ctx context.Context, a tenants.Actor, t tenants.Tenant, id tenants.ID, visa string) (Operation, error) {
	o, err := s.ofErasure(ctx, a, t, id)
	if err != nil {
		return o, err
	}
	visa = strings.Join(strings.Fields(visa), " ")
	switch {
	case !o.NeedsConfirmation():
		return o, fault.New(fault.Conflict, "operation_over")
	case samePerson(a, o):
		return o, fault.New(fault.Forbidden, "same_person")
	case visa == "" || len(visa) > 500:
		return o, fault.New(fault.Invalid, "visa_missing", fault.Field{Path: "visa", Code: "visa_missing"})
	}
	export, err := s.freshExport(ctx, t, exportLife)
	if err != nil {
		return o, err
	}
	if t.State == tenants.StateLive {
		if err := s.config.Registry.Suspend(ctx, t); err != nil {
			return o, err
		}
	}
	o.Data.Visa, o.Data.SHA256, o.Data.ExportedAt, o.Data.Export = visa, export.Data.SHA256, export.Data.ExportedAt, export.Data.Export
	due := s.now().AddDate(0, 0, o.Data.Delay)
	tag, err := s.config.Platform.Exec(ctx, sqlConfirm, o.ID, a.Kind, string(a.ID), a.Name, s.now(), due, o.Data)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Conflict, "operation_over")
	}
	if err != nil {
		return o, away(err)
	}
	return s.Get(ctx, id)
}

// Cancel calls an erasure off, until the moment at which it begins; the commune is then as
// it was before. Whoever may ask for one may.
func (s *Service) Cancel(ctx context.Context, a tenants.Actor, t tenants.Tenant, id tenants.ID) (Operation, error) {
	o, err := s.ofErasure(ctx, a, t, id)
	if err != nil {
		return o, err
	}
	unlock, err := s.lock(ctx, id)
	if err != nil {
		return o, err
	}
	defer unlock()
	if o, err = s.Get(ctx, id); err != nil {
		return o, err
	}
	if o.State != Waiting {
		return o, fault.New(fault.Conflict, "operation_over")
	}
	if o.Data.Resumes {
		if err := s.reopen(ctx, t); err != nil {
			return o, err
		}
	}
	if _, err := s.config.Platform.Exec(ctx, sqlCancel, o.ID, s.now()); err != nil {
		return o, away(err)
	}
	return s.Get(ctx, id)
}

// Erasure gives the erasure of a commune that waits; none is fault.NotFound
// "operation_unknown".
func (s *Service) Erasure(ctx context.Context, t tenants.Tenant) (Operation, error) {
	return s.one(ctx, sqlOpenOf, t.INSEE, Delete)
}

func (s *Service) ofErasure(ctx context.Context, a tenants.Actor, t tenants.Tenant, id tenants.ID) (Operation, error) {
	if err := mayDirect(a, t); err != nil {
		return Operation{}, err
	}
	o, err := s.Get(ctx, id)
	if err == nil && (o.Kind != Delete || o.TenantID != t.ID) {
		err = fault.New(fault.NotFound, "operation_unknown")
	}
	return o, err
}

// samePerson tells whether somebody confirms what they asked for. At the command line the
// operator says who; elsewhere people are known by their accounts.
func samePerson(a tenants.Actor, o Operation) bool {
	if string(a.Kind) == o.AskedKind && a.ID != "" {
		return string(a.ID) == o.AskedID
	}
	return strings.EqualFold(strings.Join(strings.Fields(a.Name), " "), strings.Join(strings.Fields(o.AskedName), " "))
}

// checkErasure is the last look before anything is erased.
func checkErasure(ctx context.Context, r *run) error {
	if r.op.ConfirmedAt == nil || r.op.NotBefore == nil || r.op.NotBefore.After(r.now()) {
		return fault.New(fault.Internal, "erasure_too_early")
	}
	t, err := r.tenant(ctx)
	if err != nil {
		return err
	}
	if t.State != tenants.StateSuspended {
		return fault.New(fault.Conflict, "tenant_state")
	}
	export, err := r.freshExport(ctx, t, exportLife+time.Duration(r.op.Data.Delay+1)*24*time.Hour)
	if err != nil {
		return err
	}
	d := &r.op.Data
	d.SHA256, d.ExportedAt, d.Export, d.Schema, d.Cell = export.Data.SHA256, export.Data.ExportedAt, export.Data.Export, t.Schema, t.Cell
	return nil
}

// count counts what will be erased, while it is still there.
func count(ctx context.Context, r *run) error {
	owner, err := r.config.Registry.Cells().Owner(ctx, r.op.Data.Cell)
	if err != nil {
		return err
	}
	d := &r.op.Data
	if d.Tables, err = archive.Counts(ctx, owner, d.Schema); err != nil {
		return err
	}
	if d.Jobs, err = r.config.Jobs.Count(ctx, owner, d.Schema); err != nil {
		return err
	}
	d.Files, err = r.config.Files.Count(ctx, tenants.Tenant{ID: r.op.TenantID, Schema: d.Schema})
	return err
}

const (
	// The keys and certificates of its own host names: nobody may speak in their name.
	sqlNoCertificates = `delete from platform.certificate_blob where host in (select host from platform.domain where tenant_id = $1)`
	sqlNoTries        = `delete from platform.certificate_try where host in (select host from platform.domain where tenant_id = $1)`
)

// remove takes the commune off the platform: from here on nothing leads to it.
func remove(ctx context.Context, r *run) error {
	t, err := r.tenant(ctx)
	if fault.Is(err, "not_found") {
		return nil
	}
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, r.config.Platform, func(tx pgx.Tx) error {
		for _, sql := range []string{sqlNoCertificates, sqlNoTries} {
			if _, err := tx.Exec(ctx, sql, t.ID); err != nil {
				return err
			}
		}
		return r.config.Registry.Remove(ctx, tx, t)
	})
}

func eraseJobs(ctx context.Context, r *run) error {
	owner, err := r.config.Registry.Cells().Owner(ctx, r.op.Data.Cell)
	if err != nil {
		return err
	}
	return r.config.Jobs.Erase(ctx, owner, r.op.Data.Schema)
}

const sqlLeftovers = `select ` + columns + ` from platform.operation where tenant_id = $1 and kind = 'cleanup' and state in ('waiting', 'running')`

// eraseSchema drops the schema and the role, and what a move left in another cell.
func eraseSchema(ctx context.Context, r *run) error {
	left, err := r.query(ctx, sqlLeftovers, r.op.TenantID)
	if err != nil {
		return err
	}
	for _, o := range left {
		if err := r.config.Registry.Unsettle(ctx, o.Data.Schema, o.Data.Cell); err != nil {
			return err
		}
	}
	r.config.DB.Flush(tenants.Tenant{ID: r.op.TenantID})
	return r.config.Registry.Unsettle(ctx, r.op.Data.Schema, r.op.Data.Cell)
}

func eraseDocuments(ctx context.Context, r *run) error {
	return r.config.Files.Erase(ctx, tenants.Tenant{ID: r.op.TenantID, Schema: r.op.Data.Schema})
}
