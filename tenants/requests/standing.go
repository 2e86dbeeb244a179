package requests

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Standing says where the receipt of a request stands, for its agents (law.md R2 to R4).
type Standing struct {
	Awaited []AwaitedReceipt
	Lacking []catalogue.MissingMention // what keeps them from leaving
	// Exempt says in French why no receipt was due; "" where one was.
	Exempt string
	// Consequence says in French, with its article, what a receipt that is missing or did not
	// arrive changes, and Advice what to do about it; both "" where nothing does.
	Consequence, Advice string
	// Returned is the request's receipt whose mail came back, ToPost the one that waits in the
	// print queue; "" for none.
	Returned, ToPost tenants.ID
}

// receiptProof tells whether the request's receipt was sent, and bore every mention: only
// then does the time for appeal run against the person (CRPA L.112-6, L.112-12). One that came
// back, and that no page had shown, was not sent; neither was one whose letter waits to be
// posted, or left after silence had refused.
func receiptProof(r Request, receipts []Receipt) (sent, complete bool) {
	for _, x := range receipts {
		if x.Kind != receiptOfRequest || x.Outdated || x.Returned && r.Channel != ChannelWeb || x.ToPost || x.sentAfter(r.SilenceLastDay) {
			continue
		}
		sent, complete = true, complete || x.Complete
	}
	return sent, complete
}

// sentAfter tells whether the receipt left on paper after a day, if there is one.
func (r Receipt) sentAfter(day calendar.Date) bool {
	return !day.IsZero() && r.SentOn.After(day)
}

// stand says where the receipt stands.
func (d *Detail) stand(ctx context.Context, tx *tenants.Tx) error {
	today := tx.Today()
	if len(d.Standing.Awaited) > 0 {
		settings, _, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		for _, a := range d.Standing.Awaited {
			m := catalogue.SendingMentions(d.Entry, settings, catalogue.Kind(a.About), a.Label, a.ReceivedOn)
			if a.About == AboutRequest {
				m = receiptMentions(tx, d.Entry, settings, d.Request, d.DocumentRequests)
			}
			for _, l := range m.Lacking() {
				if !slices.Contains(d.Standing.Lacking, l) {
					d.Standing.Lacking = append(d.Standing.Lacking, l)
				}
			}
		}
	}
	own := slices.IndexFunc(d.Receipts, func(x Receipt) bool { return x.Kind == receiptOfRequest })
	if own >= 0 {
		d.Standing.Exempt = catalogue.ExemptionText(d.Receipts[own].Exemption())
	} else if a := catalogue.Acknowledge(d.Procedure, catalogue.Facts{Channel: d.Channel, Abusive: d.abusive()}); !a.Due {
		d.Standing.Exempt = catalogue.ExemptionText(a.Exemption)
	}
	for _, x := range d.Receipts {
		switch {
		case x.Kind != receiptOfRequest || x.Outdated:
		case x.Returned:
			d.Standing.Returned = x.ID
		case x.ToPost:
			d.Standing.ToPost = x.ID
		}
	}
	d.oppose(today)
	if s := &d.Standing; s.Returned != "" && s.Consequence == "" && d.State.Open() {
		s.Consequence = "Le courriel de l’accusé de réception n’est pas arrivé. La personne a pu le lire à l’écran\u00a0; sans preuve qu’il lui est parvenu, le délai de recours peut ne pas courir contre elle (CRPA, articles\u00a0L.112-6 et L.112-12)."
		s.Advice = "Imprimez-le, remettez-le à la personne ou postez-le, puis notez-le ici."
	}
	return nil
}

// abusive tells whether the request was taken in without a receipt because its source sent
// too much.
func (d *Detail) abusive() bool {
	return slices.ContainsFunc(d.History, func(e tenants.RecordedEvent) bool { return e.Kind == "receipt_exempt" })
}

// oppose says what a missing receipt changes in the time for appeal (law.md R4).
func (d *Detail) oppose(today calendar.Date) {
	if sent, complete := receiptProof(d.Request, d.Receipts); sent && complete || d.Silence.Effect != calendar.Rejection || d.abusive() {
		return
	}
	article := "CRPA, article\u00a0L.112-6"
	if electronic(d.Channel) {
		article = "CRPA, article\u00a0L.112-12"
	}
	what := "aucun accusé de réception complet n’a été délivré"
	s := &d.Standing
	switch {
	case s.Returned != "":
		what = "l’accusé de réception est revenu, et rien ne dit qu’il a été remis autrement"
	case s.ToPost != "":
		what = "l’accusé de réception n’a pas été posté"
	}
	switch last := d.SilenceLastDay; {
	case d.State.Open() && !last.IsZero() && !last.Before(today):
		s.Consequence = "Délai de recours non opposable\u00a0: " + what + " (" + article + "). Si le silence vaut refus le " + last.FrenchShort() +
			", la personne pourra le contester au-delà de deux mois, dans un délai raisonnable d’environ un an."
		s.Advice = "Délivrez l’accusé de réception avant cette date, ou notifiez avant elle une décision écrite qui dit les voies et délais de recours."
		switch {
		case s.Returned != "":
			s.Advice = "Imprimez l’accusé de réception, remettez-le à la personne ou postez-le, puis notez-le ici avant cette date."
		case s.ToPost != "":
			s.Advice = "Imprimez-le et postez-le avant cette date, depuis la page «\u00a0Courriers\u00a0»\u00a0; ou remettez-le à la personne, et notez-le ici."
		}
	case d.State == StateImplicitRejection, d.State.Open() && !last.IsZero():
		s.Consequence = "Délai de recours non opposable\u00a0: " + what + " avant que le silence vaille refus, le " + last.FrenchShort() + " (" + article + ")."
		s.Advice = "Un accusé délivré maintenant n’y change rien. Acceptez un recours tardif comme recevable, ou reprenez la demande\u00a0: une décision favorable reste possible."
	}
}

const sqlHandedOver = `select exists (select 1 from receipt where request_id = $1 and id = $2 and kind = 'receipt')`

// HandOverReceipt notes that a receipt whose mail came back, or whose letter waits to be
// posted, was handed over to the person. Agents of the service may, as long as no silence has decided: after it, that
// changes nothing (fault.Conflict "action_not_possible"). Another receipt is fault.NotFound
// "receipt_unknown".
func HandOverReceipt(ctx context.Context, tx *tenants.Tx, number string, receipt tenants.ID, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	switch {
	case err != nil:
		return Request{}, err
	case c.who&agents == 0:
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	case !c.r.State.Open() || c.r.silenceActed(tx.Today()):
		return Request{}, fault.New(fault.Conflict, "action_not_possible")
	}
	known, err := tenants.One[bool](ctx, tx, sqlHandedOver, c.r.ID, receipt.OrNull())
	if err == nil && !known {
		err = fault.New(fault.NotFound, "receipt_unknown")
	}
	if err != nil {
		return Request{}, err
	}
	if err := c.letterArrived(ctx, receipt, tx.Today()); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "receipt_delivered", EventData{ReceiptID: receipt, On: tx.Today()}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}
