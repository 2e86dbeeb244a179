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

// Add puts a procedure that comes from a file into the commune's catalogue, complete or not:
// closed, and [SetOpen] keeps it so while Check objects. Where its slug is taken it gets
// another; where it names no service, the first of the commune's takes it. The tables that
// it carries join the commune's, but for names that are taken: the commune's own stay. It gives the slug. Administrators
// only. A table that cannot be read is fault.Invalid "table_invalid", too many fault.TooLarge "tables_full".
func Add(ctx context.Context, tx *tenants.Tx, p *Procedure) (string, error) {
	if !tx.Actor().MayConfigure() {
		return "", fault.New(fault.Forbidden, "admin_only")
	}
	slugs, err := tenants.All[string](ctx, tx, sqlSlugs)
	if err != nil {
		return "", err
	}
	if err := carried(ctx, tx, p.Tables); err != nil {
		return "", err
	}
	own, err := p.Copy()
	if err != nil {
		return "", err
	}
	if own, err = own.alone(); err != nil {
		return "", err
	}
	own.Slug = free(own.Slug, append(slugs, reserved...))
	if own.Service == "" {
		own.Service = ServiceNames()[0]
	}
	if own, err = own.Copy(); err != nil { // its checksum is that of what is kept
		return "", err
	}
	return own.Slug, installation{first: len(slugs), procedures: []*Procedure{own}}.run(ctx, tx)
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
