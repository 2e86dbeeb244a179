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

// FactExtension says that the person was told, with the reason, that the answer about their
// data takes two months more (GDPR art. 12.3).
const FactExtension FactKind = "extension"

// Extendable tells whether the time for the answer can still be extended: a right over one's
// data, not extended yet.
func (d Detail) Extendable() bool {
	return d.Procedure.Silence.Code == calendar.Privacy && dayOf(d.Facts, FactExtension, "").IsZero()
}

// Extend gives the answer about somebody's data two months more, for its complexity or the
// number of the requests, and tells the person why and until when (GDPR art. 12.3).
// Instructors of the service and administrators may, within the first month: afterwards it is
// fault.Invalid "invalid_facts" with the sentence. Another procedure's request, or one that was
// extended, is fault.Conflict "extension_not_possible"; without a reason it is fault.Invalid
// "reason_required".
func Extend(ctx context.Context, tx *tenants.Tx, number, reason string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if err := c.act(ActionExtend); err != nil {
		return Request{}, err
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return Request{}, err
	}
	facts, _, err := c.facts(ctx)
	if err != nil {
		return Request{}, err
	}
	if now := (Detail{Procedure: e.Procedure(), Facts: facts}); !now.Extendable() {
		return Request{}, fault.New(fault.Conflict, "extension_not_possible")
	}
	fact := Fact{Kind: FactExtension, On: tx.Today(), Reason: cleanText(reason)}
	switch {
	case fact.Reason == "":
		return Request{}, fault.New(fault.Invalid, "reason_required", fault.Field{Path: "reason", Code: "reason_required"})
	case utf8.RuneCountInString(fact.Reason) > maxBody:
		return Request{}, fault.New(fault.Invalid, "body_too_long", fault.Field{Path: "reason", Code: "too_long"})
	}
	if old, withdrawn := latest(facts, fact.Key()); withdrawn {
		_, err = c.supersede(ctx, old, fact)
	} else {
		_, err = c.keep(ctx, fact)
	}
	if err != nil {
		return Request{}, err
	}
	if err := c.agrees(ctx); err != nil {
		return Request{}, err
	}
	if err := c.recount(ctx); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "extended", EventData{On: fact.On, LimitOn: c.r.DueOn}); err != nil {
		return Request{}, err
	}
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		f.Reasons, f.LimitOn = fact.Reason, c.r.DueOn
		return catalogue.ComposeExtension(e, s, f, c.before.DueOn), nil
	})
	if err != nil {
		return Request{}, err
	}
	if err := c.tellOrPost(ctx, Outgoing{Kind: LetterMessage}, c.letter(notify.LetterNewDate, letter), nil); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}
