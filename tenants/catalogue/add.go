package catalogue

import (
	"context"
	"slices"
	"strconv"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// reserved are slugs that pages of the agents' area bear.
var reserved = []string{"importer", "bibliotheque", "nouvelle", "tables", "blocs"}

// sqlReserve makes a procedure without a version.
const sqlReserve = `insert into procedure (id, slug, model, service_id, open, position, updated_at) values ($1, $2, '', $3, false, $4, $5)`

// Reserve makes the place of a procedure that comes from a file: without a version, so that
// nobody but its draft knows of it. Where its slug is taken it gets another; where it names no
// service, the first of the commune's takes it. The tables that it carries join the commune's,
// but for names that are taken: the commune's own stay. What it gives is the procedure as it
// then is. Administrators only. A table that cannot be read is fault.Invalid "table_invalid",
// too many fault.TooLarge "tables_full", a block that is not there fault.Invalid "procedure_invalid".
func Reserve(ctx context.Context, tx *tenants.Tx, p *Procedure) (Shell, *Procedure, error) {
	if !tx.Actor().MayConfigure() {
		return Shell{}, nil, fault.New(fault.Forbidden, "admin_only")
	}
	slugs, err := tenants.All[string](ctx, tx, sqlSlugs)
	if err != nil {
		return Shell{}, nil, err
	}
	own, err := Unpack(ctx, tx, p)
	if err != nil {
		return Shell{}, nil, err
	}
	own.Slug = free(own.Slug, slices.Concat(slugs, reserved, modelOrder)) // a model's name stays free for it
	if own.Service == "" {
		own.Service = ServiceNames()[0]
	}
	if own, err = own.Copy(); err != nil { // its checksum is that of what is kept
		return Shell{}, nil, err
	}
	services, err := installation{procedures: []*Procedure{own}}.services(ctx, tx)
	if err != nil {
		return Shell{}, nil, err
	}
	shell := Shell{ID: tenants.NewID(), Slug: own.Slug}
	_, err = tx.Exec(ctx, sqlReserve, shell.ID, shell.Slug, services[own.Service], len(slugs), tx.Now())
	return shell, own, err
}

// Unpack puts the tables that a procedure's file carries into the commune's, but for those that
// it has already, and gives a copy of the procedure without them, with the questions of its blocks
// in their place. Administrators only; errors as in [Reserve].
func Unpack(ctx context.Context, tx *tenants.Tx, p *Procedure) (*Procedure, error) {
	if !tx.Actor().MayConfigure() {
		return nil, fault.New(fault.Forbidden, "admin_only")
	}
	if err := carried(ctx, tx, p.Tables); err != nil {
		return nil, err
	}
	own, err := p.Copy()
	if err != nil {
		return nil, err
	}
	return selfContained(ctx, tx, own)
}

// free gives a slug that nothing has.
func free(slug string, taken []string) string {
	if !slugPattern.MatchString(slug) {
		slug = "demarche"
	}
	slug = slug[:min(len(slug), maxSlug-4)]
	name := slug
	for n := 2; slices.Contains(taken, name); n++ {
		name = slug + "-" + strconv.Itoa(n)
	}
	return name
}

// Incomplete gives what keeps the entry's version from being opened: nothing for a model
// of the library, which was judged before it came.
func (e Entry) Incomplete() []forms.Problem {
	p := e.Procedure()
	if m, ok := Model(e.Model); ok && m.checksum == p.checksum {
		return nil
	}
	return p.Check()
}
