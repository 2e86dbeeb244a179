package opening

import (
	"cmp"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
)

// Given is what is known of a commune before it says anything itself, beside what its
// hub provides (Registry.Provide).
type Given struct {
	Address Address // of the State's directory; the zero value: it is not there
	Hub     string  // name of the hub that it belongs to; empty: none
	Mayor   string  // where the mayor asked for the portal; else empty
}

// Known gathers what is known of a commune, and brings it what its hub provides.
func Known(ctx context.Context, platform *pgxpool.Pool, registry *tenants.Registry, t tenants.Tenant) (g Given, err error) {
	if err := registry.Provide(ctx, t); err != nil {
		return g, err
	}
	if g.Address, err = address(ctx, platform, t.INSEE); err != nil || t.HubID == 0 {
		return g, err
	}
	hub, err := registry.HubByID(ctx, t.HubID)
	g.Hub = hub.Name
	return g, err
}

// address gives what the directory says of a town hall; the zero value: nothing.
func address(ctx context.Context, platform *pgxpool.Pool, insee string) (a Address, err error) {
	err = platform.QueryRow(ctx, sqlAddress, insee).Scan(&a.INSEE, &a.Email, &a.Phone, &a.PostalAddress)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return a, tenants.Classify(err)
}

// Prefill writes what is known into settings that say nothing yet, with where each came
// from, so that an administrator looks at it (« Mise en route »). What is set is never
// changed, and it is done once: it may run again. For our own jobs, in the transaction
// of an opening.
func Prefill(ctx context.Context, tx *tenants.Tx, g Given) error {
	s, version, err := tenants.GetSettings(ctx, tx)
	if err != nil || s.Setup.Started {
		return err
	}
	c, err := communes.ByINSEE(cmp.Or(tx.Tenant().Seat, tx.Tenant().INSEE))
	if err != nil {
		return err
	}
	title := "maire"
	if tx.Tenant().Kind == tenants.KindEPCI {
		c.PostalCodes, title = nil, "président" // its own address is not its seat's town hall
	}
	hub := "votre intercommunalité (" + g.Hub + ")"
	s.Setup.Started = true
	fillContact(&s, c, g, hub)
	switch court, ok := CourtOf(c.Department); {
	case s.Court.Name != "":
		s.Setup.Court.From = hub
	case ok:
		s.Court = court
		s.Setup.Court.From = "la liste des tribunaux administratifs, d’après le département (" + DepartmentName(c.Department) + ")"
	}
	if s.DPO.Name != "" || s.DPO.Email != "" {
		s.Setup.DPO.From = hub + ", qui mutualise son délégué"
	}
	if g.Mayor != "" && s.Mayor == "" {
		s.Mayor, s.SignatoryName, s.SignatoryTitle = g.Mayor, g.Mayor, title
		s.Setup.Signature.From = "votre demande d’ouverture"
	}
	s.Setup.Accessibility.From = "la loi\u00a0: sans audit, un site se dit non conforme"
	return tenants.PutSettings(ctx, tx, s, version)
}

func fillContact(s *tenants.Settings, c communes.Commune, g Given, hub string) {
	a := g.Address
	switch {
	case a.Email != "" || a.Phone != "" || a.PostalAddress != "":
		s.Setup.Contact.From = "l’annuaire de l’administration"
	case s.Phone != "" || s.Email != "":
		s.Setup.Contact.From = hub
	default:
		s.Setup.Contact.From = "le nom et le code postal de la commune"
	}
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&s.Email, a.Email)
	fill(&s.Phone, a.Phone)
	fill(&s.PostalAddress, a.PostalAddress)
	if len(c.PostalCodes) > 0 {
		fill(&s.PostalAddress, "Mairie "+communes.Of(c.Name)+"\n"+c.PostalCodes[0]+" "+c.Name)
	}
}
