package transmission

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// Recipient is an administration of the deployment that a request can go to.
type Recipient struct {
	Code      string // INSEE, or SIREN of an EPCI
	Name      string // « Commune de Labège »
	EPCI      bool
	Near      bool // of the same hub, or the commune's own EPCI
	Suspended bool // takes nothing for now
}

// maxFound is how many recipients a search by name gives.
const maxFound = 20

// Recipients gives whom a tenant can transmit to: its EPCI first, then the communes of its
// hub, and by words of their name every other. Without words, the near ones alone.
func (s *Service) Recipients(ctx context.Context, from tenants.Tenant, words string) ([]Recipient, error) {
	list, err := s.config.Registry.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	epci := ""
	if c, err := communes.ByINSEE(from.INSEE); err == nil {
		epci = c.EPCI
	}
	wanted := strings.Fields(fold.Words(words))
	var out []Recipient
	for _, t := range list {
		r := Recipient{
			Code: t.INSEE, Name: t.Title(), EPCI: t.Kind == tenants.KindEPCI, Suspended: t.State == tenants.StateSuspended,
			Near: t.HubID != 0 && t.HubID == from.HubID || epci != "" && t.SIREN == epci,
		}
		if t.ID == from.ID || t.State == tenants.StateOpening || len(wanted) == 0 && !r.Near || !holds(fold.Words(t.Name+" "+t.INSEE), wanted) {
			continue
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b Recipient) int {
		return cmp.Or(first(a.EPCI && a.Near, b.EPCI && b.Near), first(a.Near, b.Near), cmp.Compare(fold.Words(a.Name), fold.Words(b.Name)))
	})
	if len(wanted) > 0 && len(out) > maxFound {
		out = out[:maxFound]
	}
	return out, nil
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// holds tells whether each word begins one of the text's.
func holds(text string, words []string) bool {
	in := strings.Fields(text)
	for _, w := range words {
		if !slices.ContainsFunc(in, func(s string) bool { return strings.HasPrefix(s, w) }) {
			return false
		}
	}
	return true
}

// Offer is what a recipient takes, as its portal shows it to anybody.
type Offer struct {
	Party      requests.Party
	Suspended  bool
	Procedures []catalogue.Entry // open ones
	Same       string            // slug of the request's own procedure, where it is among them; otherwise of the letter to the mayor, or ""
}

// letters is the procedure that takes whatever has none of its own.
const letters = "courrier-maire"

// Offer gives what a recipient takes. One that is not here is fault.NotFound
// "recipient_unknown"; the sender itself is fault.Invalid "transmission_self".
func (s *Service) Offer(ctx context.Context, from tenants.Tenant, code, slug string) (Offer, error) {
	t, err := s.recipient(ctx, from, code)
	if err != nil {
		return Offer{}, err
	}
	o := Offer{Suspended: t.State == tenants.StateSuspended}
	// As anybody reads its portal: the sender's role could not.
	err = s.config.DB.Read(tenants.Across(ctx), t, tenants.Guest(), func(tx *tenants.Tx) error {
		settings, _, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		o.Party = requests.PartyOf(t, settings)
		all, err := catalogue.List(ctx, tx)
		o.Procedures = slices.DeleteFunc(all, func(e catalogue.Entry) bool { return !e.Open || e.Procedure().Form == nil })
		return err
	})
	for _, wanted := range []string{letters, slug} {
		if slices.ContainsFunc(o.Procedures, func(e catalogue.Entry) bool { return e.Slug == wanted }) {
			o.Same = wanted
		}
	}
	return o, err
}

func (s *Service) recipient(ctx context.Context, from tenants.Tenant, code string) (tenants.Tenant, error) {
	t, err := s.config.Registry.ByINSEE(ctx, strings.ToUpper(strings.TrimSpace(code)))
	switch {
	case fault.Is(err, "not_found"), err == nil && t.State == tenants.StateOpening:
		return t, fault.New(fault.NotFound, "recipient_unknown", fault.Field{Path: "to", Code: "unknown"})
	case err != nil:
		return t, err
	case t.ID == from.ID:
		return t, fault.New(fault.Invalid, "transmission_self", fault.Field{Path: "to", Code: "invalid"})
	}
	return t, nil
}

// Address makes a transmittal that its recipient can take now: it asks there, before the
// sender's transaction is opened. A suspended one is fault.Conflict "recipient_suspended", a
// procedure that it does not offer fault.Invalid "recipient_procedure"; else as [Service.Offer].
// No slug asks for the request's own procedure, or else the letter to the mayor.
func (s *Service) Address(ctx context.Context, from tenants.Tenant, code, own string, in requests.Transmittal) (requests.Transmittal, error) {
	o, err := s.Offer(ctx, from, code, own)
	if err != nil {
		return in, err
	}
	if o.Suspended {
		return in, fault.New(fault.Conflict, "recipient_suspended", fault.Field{Path: "to", Code: "invalid"})
	}
	if in.ProcedureSlug == "" {
		in.ProcedureSlug = o.Same
	}
	if !slices.ContainsFunc(o.Procedures, func(e catalogue.Entry) bool { return e.Slug == in.ProcedureSlug }) {
		return in, fault.New(fault.Invalid, "recipient_procedure", fault.Field{Path: "procedure", Code: "invalid"})
	}
	in.To = requests.Party{Code: o.Party.Code, Name: o.Party.Name}
	return in, nil
}
