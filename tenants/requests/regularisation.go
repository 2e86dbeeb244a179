package requests

import (
	"context"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// FactRegularisation says that the person was invited to put a flaw of form right (L.114-6):
// Until is the day given. It moves no date by itself.
const FactRegularisation FactKind = "regularisation"

// Regularisation invites who asks to put right a flaw of form or of procedure that keeps the
// town from examining their request, and that can be (CRPA L.114-6): a signature, a mandate.
type Regularisation struct {
	What       string        // the formalities to be met, in the agent's words
	LegalBasis string        // the texts that want them: the person reads them
	LimitOn    calendar.Date // until when
}

// InviteToRegularise sends the invitation, with the texts and the day given. Agents of the service
// may, while the request is open. It moves no date: the law suspends the clock for missing papers
// alone (L.114-5). Without the formality or the text it is fault.Invalid "regularisation_required"
// or "legal_basis_required"; a day that is not after today, or a year away, "limit_invalid".
func InviteToRegularise(ctx context.Context, tx *tenants.Tx, number string, in Regularisation, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.beforeSilence(); err != nil {
		return Request{}, err
	}
	if err := c.act(ActionRegularise); err != nil {
		return Request{}, err
	}
	in.What, in.LegalBasis = cleanText(in.What), clean(in.LegalBasis, false)
	wrong := func(path, code string) error {
		return fault.New(fault.Invalid, code, fault.Field{Path: path, Code: code})
	}
	switch today := tx.Today(); {
	case in.What == "":
		return Request{}, wrong("what", "regularisation_required")
	case in.LegalBasis == "":
		return Request{}, wrong("legal_basis", "legal_basis_required")
	case utf8.RuneCountInString(in.What) > maxBody, utf8.RuneCountInString(in.LegalBasis) > maxLabel:
		return Request{}, wrong("what", "body_too_long")
	case !in.LimitOn.After(today), in.LimitOn.After(today.AddMonths(monthsOfAYear)):
		return Request{}, wrong("limit", "limit_invalid")
	}
	fact, err := c.keep(ctx, Fact{Kind: FactRegularisation, On: tx.Today(), Until: in.LimitOn, RefersTo: tenants.NewID(), Reason: in.What + "\n\n" + in.LegalBasis})
	if err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "regularisation_asked", EventData{On: fact.On, LimitOn: fact.Until}); err != nil {
		return Request{}, err
	}
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		f.Reasons, f.LimitOn = in.What, in.LimitOn
		return catalogue.ComposeRegularisation(e, s, f, in.LegalBasis), nil
	})
	if err != nil {
		return Request{}, err
	}
	if err := c.tellOrPost(ctx, Outgoing{Kind: LetterMessage}, c.letter(notify.LetterRegularise, letter), nil); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

const monthsOfAYear = 12
