package catalogue

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// A commune is opened while somebody waits for it: what is installed goes in by one
// statement a table.
const (
	sqlSlugs       = `select slug from procedure`
	sqlNewServices = `insert into service (id, name, position)
		select n.id, n.name, n.position from unnest($1::uuid[], $2::text[], $3::integer[]) as n (id, name, position)`
	sqlNewProcedures = `insert into procedure (id, slug, model, service_id, open, position, updated_at)
		select n.id, n.slug, n.slug, n.service, false, n.position, $5
		from unnest($1::uuid[], $2::text[], $3::uuid[], $4::integer[]) as n (id, slug, service, position)`
	sqlNewVersions = `insert into procedure_version (id, procedure_id, number, definition, checksum, created_at, created_by)
		select n.id, n.procedure, 1, n.definition::jsonb, n.checksum, $5, $6
		from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) as n (id, procedure, definition, checksum)`
	sqlFirstVersions = `update procedure p set version_id = v.id from procedure_version v where v.id = any($1::uuid[]) and p.id = v.procedure_id`
)

// Install puts models (none given: the [Starter]) into a commune's catalogue: each with
// a first version, closed until its mentions are complete, and the services that
// they name. What is there already is left as it is, so that it can be run again: a
// service is made only for a procedure that is new, and one that was renamed does
// not come back. Administrators and our own jobs only. A procedure that Check
// objects to is fault.Invalid "procedure_invalid".
func Install(ctx context.Context, tx *tenants.Tx, wanted ...*Procedure) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	if len(wanted) == 0 {
		wanted = Starter()
	}
	slugs, err := tenants.All[string](ctx, tx, sqlSlugs)
	if err != nil {
		return err
	}
	in := installation{first: len(slugs)}
	for _, p := range wanted {
		if slices.Contains(slugs, p.Slug) {
			continue
		}
		if p.text == nil { // a test holds the library to Check
			if err := p.refusal(); err != nil {
				return err
			}
		}
		slugs = append(slugs, p.Slug)
		in.procedures = append(in.procedures, p)
	}
	if len(in.procedures) == 0 {
		return nil
	}
	return in.run(ctx, tx)
}

// For gives the procedure in the words of such a tenant: an EPCI has no town hall.
func (p *Procedure) For(kind tenants.TenantKind) (*Procedure, error) {
	text, err := p.json()
	if err != nil {
		return nil, err
	}
	said := kind.Say(string(text))
	if said == string(text) {
		return p, nil
	}
	return ParseProcedure([]byte(said))
}

type installation struct {
	first      int // position of the first new procedure
	procedures []*Procedure
}

func (in installation) run(ctx context.Context, tx *tenants.Tx) error {
	services, err := in.services(ctx, tx)
	if err != nil {
		return err
	}
	n := len(in.procedures)
	ids, versions, owners := make([]string, n), make([]string, n), make([]string, n)
	slugs, texts, sums, positions := make([]string, n), make([]string, n), make([]string, n), make([]int, n)
	for i, p := range in.procedures {
		p, err := p.For(tx.Tenant().Kind)
		if err != nil {
			return err
		}
		text, err := p.json()
		if err != nil {
			return err
		}
		v := Version{ID: tenants.NewID(), ProcedureID: tenants.NewID(), Number: 1, Procedure: p, Checksum: p.checksum}
		ids[i], versions[i], owners[i] = string(v.ProcedureID), string(v.ID), services[p.Service]
		slugs[i], texts[i], sums[i], positions[i] = p.Slug, string(text), p.checksum, in.first+i
		if err := v.record(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, sqlNewProcedures, ids, slugs, owners, positions, tx.Now()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlNewVersions, versions, ids, texts, sums, tx.Now(), tx.Actor().Name); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlFirstVersions, versions)
	return err
}

// services gives the keys of the services that the new procedures name, and makes
// those that there are not.
func (in installation) services(ctx context.Context, tx *tenants.Tx) (map[string]string, error) {
	all, err := tenants.Services(ctx, tx)
	if err != nil {
		return nil, err
	}
	by := map[string]string{}
	for _, s := range all {
		by[s.Name] = string(s.ID)
	}
	var ids, names []string
	var positions []int
	var wanted []string
	for _, p := range in.procedures {
		wanted = append(append(wanted, p.Service), p.Workflow.Services()...)
	}
	for _, name := range wanted {
		if _, ok := by[name]; ok {
			continue
		}
		id := tenants.NewID()
		by[name] = string(id)
		position := slices.Index(ServiceNames(), name)
		if position < 0 {
			position = len(ServiceNames())
		}
		ids, names, positions = append(ids, string(id)), append(names, name), append(positions, position)
		if err := tx.Record(ctx, tenants.Event{SubjectKind: "service", SubjectID: string(id), Kind: "service_changed"}); err != nil {
			return nil, err
		}
	}
	if len(ids) == 0 {
		return by, nil
	}
	_, err = tx.Exec(ctx, sqlNewServices, ids, names, positions)
	return by, err
}
