package requests

import (
	"context"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

const sqlLapseDue = `select number from request where closed_on is null and silence_last_day < $1 order by silence_last_day, id limit 500`

// LapseDue gives the numbers of the requests whose silence has decided and is not
// written yet, the oldest first, at most 500: after an outage the next run goes on.
// Only a job of ours may.
func LapseDue(ctx context.Context, tx *tenants.Tx) ([]string, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	return tenants.All[string](ctx, tx, sqlLapseDue, tx.Today())
}

// Lapse lets the silence take effect, once its last day is over in the commune
// (law.md R8): the decision bears the date of that day, whenever it is written. It
// does nothing to a request that was answered, or whose day is not over: running it
// again changes nothing. Only a job of ours may.
func Lapse(ctx context.Context, tx *tenants.Tx, number string) error {
	if tx.Actor().Kind != tenants.ActorSystem {
		return fault.New(fault.Forbidden, "not_allowed")
	}
	c, err := lock(ctx, tx, number)
	if err != nil {
		return err
	}
	if !c.r.silenceActed(tx.Today()) {
		return nil
	}
	if err := c.lapse(ctx); err != nil {
		if fault.Is(err, "transmission_arriving") {
			return nil // it is elsewhere, or comes back: then the next run writes it
		}
		return err
	}
	_, err = c.save(ctx)
	return err
}

// lapse writes the silent decision: its row, its state, and the news of it.
func (c *change) lapse(ctx context.Context) error {
	if err := c.stopTransmission(ctx); err != nil {
		return err
	}
	action, outcome := ActionLapseAcceptance, catalogue.OutcomeImplicitAcceptance
	if c.r.Silence.Effect == calendar.Rejection {
		action, outcome = ActionLapseRejection, catalogue.OutcomeImplicitRejection
	}
	to, err := Next(c.r.State, c.r.Kind, action, System)
	if err != nil {
		return err
	}
	appeal, err := c.impliedAppeal(ctx)
	if err != nil {
		return err
	}
	letter, err := c.composeLapse(ctx, outcome, appeal)
	if fault.Is(err, "letter_unknown") || fault.Is(err, "mentions_missing") {
		letter, err = c.plainLetter(ctx, outcome) // the law does not wait for the town's settings
	}
	if err != nil {
		return err
	}
	last := c.r.SilenceLastDay
	d := Decision{
		ID: tenants.NewID(), Outcome: outcome, Implicit: true, Subject: letter.Subject, DecidedOn: last, AppealLastDay: appeal, CreatedAt: c.tx.Now(),
	}
	if err := c.insertDecision(ctx, d); err != nil {
		return err
	}
	c.r.State = to
	c.close(last)
	c.r.DecidedOn = last
	if err := c.record(ctx, "lapsed", EventData{DecisionID: d.ID, Outcome: string(outcome), On: last}); err != nil {
		return err
	}
	d.Letter = letter.Body
	news := c.letter(notify.LetterImplicit, catalogue.ComposedLetter{Subject: d.Subject, Body: d.Letter})
	return c.tellOrPost(ctx, Outgoing{Kind: LetterImplicit, About: d.ID}, news, notify.SMSLapsed{Number: c.r.Number})
}

// composeLapse writes the news in the procedure's words. One whose silence grants may have
// none for papers that never came (urban planning): fault.NotFound "letter_unknown".
func (c *change) composeLapse(ctx context.Context, o catalogue.Outcome, appeal calendar.Date) (catalogue.ComposedLetter, error) {
	e, err := c.procedure(ctx)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	_, own := e.Procedure().Letters[o]
	if !own && o == catalogue.OutcomeImplicitRejection && e.Procedure().Silence.Effect == calendar.Acceptance {
		return catalogue.ComposedLetter{}, fault.New(fault.NotFound, "letter_unknown")
	}
	return c.compose(ctx, o, func(f *catalogue.LetterFacts) { f.AppealLastDay = appeal })
}

// impliedAppeal gives the last day to appeal against the silent rejection: only if
// a complete receipt told the person of it (L.112-6, L.112-12).
func (c *change) impliedAppeal(ctx context.Context) (calendar.Date, error) {
	e, err := c.procedure(ctx)
	if err != nil {
		return calendar.Date{}, err
	}
	// A receipt that announced an acceptance told nobody how to contest the rejection that
	// the lack of papers makes in urban planning.
	if c.r.Silence.Effect != calendar.Rejection || ruleOf(e.Procedure(), c.r).Effect != calendar.Rejection {
		return calendar.Date{}, nil
	}
	receipts, err := tenants.All[Receipt](ctx, c.tx, sqlReceipts, c.r.ID)
	if err != nil {
		return calendar.Date{}, err
	}
	if sent, complete := receiptProof(c.r, receipts); !sent || !complete {
		return calendar.Date{}, nil
	}
	lives, err := c.residence(ctx)
	if err != nil {
		return calendar.Date{}, err
	}
	return appealDay(e.Procedure(), c.r, c.r.SilenceLastDay, c.tx.Territory(), lives.Lives)
}

// plainLetter is what is written where the procedure has no letter for a silence,
// or the settings lack what it names.
func (c *change) plainLetter(ctx context.Context, o catalogue.Outcome) (catalogue.ComposedLetter, error) {
	e, err := c.procedure(ctx)
	if err != nil {
		return catalogue.ComposedLetter{}, err
	}
	rule, last := e.Procedure().Silence, c.r.SilenceLastDay.FrenchShort()
	begins := "Votre demande «\u00a0" + c.r.Title + "\u00a0», reçue le " + c.r.ReceivedOn.FrenchShort() + ", "
	text := begins + "n’a pas reçu de réponse au plus tard le " + last + ". Elle est donc acceptée à cette date."
	switch {
	case o == catalogue.OutcomeImplicitRejection && rule.Code == calendar.Planning && rule.Effect == calendar.Acceptance:
		text = begins + "est restée incomplète\u00a0: les pièces que nous vous avions demandées ne sont pas toutes venues au plus tard le " + last +
			", trois mois après leur demande. Elle fait donc l’objet d’une décision tacite de " + rule.Denial() + " à cette date (code de l’urbanisme, article\u00a0R*423-39)." +
			" Vous pouvez déposer un nouveau dossier, complet."
	case o == catalogue.OutcomeImplicitRejection:
		text = begins + "n’a pas reçu de réponse au plus tard le " + last + ". Elle est donc refusée à cette date."
	case rule.Means != "":
		text = begins + "n’a pas reçu de réponse au plus tard le " + last + c.tx.Tenant().Kind.Say(". Le silence de la commune vaut donc ") + rule.Means + " à cette date (" + rule.Source + ")."
	}
	return catalogue.ComposedLetter{
		Subject: "Votre demande n°\u00a0" + c.r.Number,
		Body:    strings.Join([]string{"Bonjour,", text, c.tx.Tenant().Office()}, "\n\n"),
	}, nil
}
