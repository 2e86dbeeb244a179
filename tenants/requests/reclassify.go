package requests

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// Reclassification says what was really sent, where who wrote chose wrongly between a question
// and a request (case M3 of the law).
type Reclassification struct {
	Kind   Kind
	Reason string // compulsory: the person reads it
	// Accepted says that the agent knows that silence will then have decided already.
	Accepted bool
}

// Reclassifiable gives the kind that the request can be reclassified as, if it can: where the
// procedure takes both (catalogue.Nature), and it is open and waits for no papers.
func (d Detail) Reclassifiable() (Kind, bool) {
	if d.Procedure.Nature == nil || d.State != StateReceived && d.State != StateReview {
		return "", false
	}
	if d.Kind == KindInformation {
		return KindRequest, true
	}
	return KindInformation, d.Kind == KindRequest
}

const sqlReclassify = `update request set kind = $2, silence_effect = $3, silence_months = $4 where id = $1`

// Reclassify treats what was sent as a request, or as a mere question, instead of what who
// wrote said it was. The choice itself stays in the answers; what the agent says is a fact,
// with its reason. The dates are counted from the reception, as if it had always been so. What
// was issued before stays as it is, and proves nothing of the new dates: a new receipt
// leaves, and a letter that says why. Agents of the service may.
//
// Without a reason it is fault.Invalid "reason_required". A procedure that takes one kind
// alone, and a request that is closed or waits for papers, is fault.Conflict "nature_fixed";
// the kind that it has already is "nature_unchanged". Once silence has decided it is
// "silence_acquired"; where it would then have decided, "fact_decides" until that is accepted.
func Reclassify(ctx context.Context, tx *tenants.Tx, number string, in Reclassification, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	if err := c.beforeSilence(); err != nil {
		return Request{}, err
	}
	in.Reason = cleanText(in.Reason)
	if in.Reason == "" || utf8.RuneCountInString(in.Reason) > maxBody {
		return Request{}, fault.New(fault.Invalid, "reason_required", fault.Field{Path: "reason", Code: "reason_required"})
	}
	if err := c.reclassify(ctx, in.Kind, in.Reason); err != nil {
		return Request{}, err
	}
	if c.r.silenceActed(tx.Today()) && !in.Accepted {
		return Request{}, fault.New(fault.Conflict, "fact_decides")
	}
	if err := c.record(ctx, "reclassified", EventData{Label: string(in.Kind), From: c.before.SilenceLastDay, To: c.r.SilenceLastDay}); err != nil {
		return Request{}, err
	}
	if err := c.tellKind(ctx, in.Reason); err != nil {
		return Request{}, err
	}
	if err := c.receiptAgain(ctx); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}

// ForeseeKind gives the request with the dates that it would have as another kind, and
// writes nothing. Its faults are those of [Reclassify].
func ForeseeKind(ctx context.Context, tx *tenants.Tx, number string, kind Kind) (Request, error) {
	d, err := Get(ctx, tx, number)
	if err != nil {
		return Request{}, err
	}
	if to, ok := d.Reclassifiable(); !ok || to != kind {
		return Request{}, fault.New(fault.Conflict, "nature_fixed")
	}
	e, err := baseEntry(ctx, tx, d.Request)
	if err != nil {
		return Request{}, err
	}
	r, p := d.Request, e.For(catalogue.Kind(kind)).Procedure()
	r.Kind, r.Silence = kind, p.Silence
	dates, err := silence(tx, p, r, d.DocumentRequests, d.Facts)
	if err != nil {
		return Request{}, err
	}
	r.apply(dates, p.Commitment, tx.Territory())
	return r, nil
}

// reclassify writes the kind, the rule of silence that goes with it and the fact, and counts
// the dates anew.
func (c *change) reclassify(ctx context.Context, kind Kind, reason string) error {
	e, err := baseEntry(ctx, c.tx, c.r)
	if err != nil {
		return err
	}
	now := Detail{Request: c.r, Procedure: e.Procedure()}
	switch to, ok := now.Reclassifiable(); {
	case kind == c.r.Kind:
		return fault.New(fault.Conflict, "nature_unchanged")
	case !ok || kind != to:
		return fault.New(fault.Conflict, "nature_fixed")
	}
	e = e.For(catalogue.Kind(kind))
	c.entry, c.r.Kind, c.r.Silence = &e, kind, e.Procedure().Silence
	if _, err := c.tx.Exec(ctx, sqlReclassify, c.r.ID, string(kind), string(c.r.Silence.Effect), c.r.Silence.Months); err != nil {
		return err
	}
	facts, _, err := c.facts(ctx)
	if err != nil {
		return err
	}
	fact := Fact{Kind: FactAsRequest, On: c.tx.Today(), Reason: reason}
	if kind == KindInformation {
		fact.Kind = FactAsInformation
	}
	c.cause = fact.Kind
	if i := slices.IndexFunc(facts, Fact.natured); i >= 0 {
		fact.Corrects = facts[i].ID
	}
	if _, err := c.keep(ctx, fact); err != nil {
		return err
	}
	return c.recount(ctx)
}

// natured tells whether it is the fact in force that says what was sent.
func (f Fact) natured() bool {
	return (f.Kind == FactAsRequest || f.Kind == FactAsInformation) && f.CorrectedBy == ""
}

// tellKind tells the person what their letter is now treated as, why, and what that changes.
func (c *change) tellKind(ctx context.Context, reason string) error {
	letter, err := c.write(ctx, func(e catalogue.Entry, s tenants.Settings, f catalogue.LetterFacts) (catalogue.ComposedLetter, error) {
		f.LastDay = c.r.SilenceLastDay
		return catalogue.ComposeNature(e, s, f, reason, c.before.SilenceLastDay), nil
	})
	if err != nil {
		return err
	}
	return c.tellOrPost(ctx, Outgoing{Kind: LetterMessage}, c.letter(notify.LetterNewDate, letter), nil)
}

// receiptAgain issues the receipt of what the request now is, or awaits it where a mention
// is missing. One that had not left yet will say it by itself; once silence has decided,
// none can announce anything.
func (c *change) receiptAgain(ctx context.Context) error {
	if c.r.silenceActed(c.tx.Today()) {
		return nil
	}
	awaited, err := tenants.All[AwaitedReceipt](ctx, c.tx, sqlAwaited, c.r.ID)
	if err != nil || slices.ContainsFunc(awaited, func(a AwaitedReceipt) bool { return a.About == AboutRequest }) {
		return err
	}
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	settings, _, err := tenants.GetSettings(ctx, c.tx)
	if err != nil {
		return err
	}
	err = c.issueRequest(ctx, e, settings)
	if fault.Is(err, "mentions_missing") {
		return c.await(ctx, sent{about: AboutRequest, at: c.r.ReceivedAt, on: c.r.ReceivedOn}, awaitsMentions)
	}
	return err
}

// kindSteps say, among the reasons of the dates, what the request was treated as and since when.
func (d *Detail) kindSteps() []Reason {
	var out []Reason
	for _, f := range d.Facts {
		text := "Traité comme une demande depuis le "
		switch f.Kind {
		case FactAsRequest:
		case FactAsInformation:
			text = "Traité comme une question, qui n’appelle pas de décision, depuis le "
		default:
			continue
		}
		if f.CorrectedBy != "" {
			text = "N’est plus t" + text[1:]
		}
		out = append(out, Reason{Step: calendar.Step{Kind: stepNature, Article: "CRPA L.110-1, L.112-11", Date: f.On, Text: text + f.On.French() + "."}, Said: f.Reason})
	}
	return out
}

// stepNature is the step of a reclassification.
const stepNature calendar.StepKind = "nature"
