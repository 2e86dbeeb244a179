package requests

import (
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// postDays are the working days in which a letter may well not arrive.
const postDays = 5

// notificationWarnings tells agents what depends on the day on which something reaches
// the person, which the law counts and which only they can know (law.md R7, R8).
func (d *Detail) notificationWarnings(today calendar.Date, t calendar.Territory) []string {
	var out []string
	last, accepts := d.SilenceLastDay, d.Silence.Effect == calendar.Acceptance
	if d.State.Open() && accepts && !last.IsZero() && !today.After(last) && t.AddWorkingDays(today, postDays).After(last) {
		out = append(out, "Un refus n’empêche l’acceptation que s’il est notifié au plus tard le "+last.FrenchShort()+
			"\u00a0: un courrier envoyé maintenant peut arriver trop tard.")
	}
	for _, n := range d.DocumentRequests {
		switch {
		case !d.State.Open() || !n.indispensable():
		case n.late:
			out = append(out, "La demande de pièces est arrivée après le dernier jour\u00a0: elle ne change rien à la décision née du silence.")
		case n.CompletedOn.IsZero() && n.AwaitsArrival(d.Applicant):
			out = append(out, "La demande de pièces part par courrier\u00a0: l’échéance est comptée comme si elle était reçue le jour où vous l’avez faite. Notez le jour où elle arrive, dans «\u00a0Documents\u00a0».")
		}
	}
	switch until := d.Deadline.SuspendedUntil; {
	case !d.State.Open() || !d.Deadline.NeverAcquired:
	case until.Before(today):
		out = append(out, "Les pièces demandées ne sont pas venues au "+until.FrenchShort()+". Le silence n’accepte ni ne refuse un dossier incomplet\u00a0: notifiez un refus motivé, ou classez la demande (CRPA, article\u00a0L.114-5).")
	default:
		out = append(out, "Si le dossier reste incomplet après la date donnée, notifiez un refus ou un classement.")
	}
	for _, x := range d.Decisions {
		if x.Implicit || x.Outcome != catalogue.OutcomeRefuse && x.Outcome != catalogue.OutcomePartial {
			continue
		}
		switch {
		case x.NotifiedOn.IsZero() && accepts && !last.IsZero():
			out = append(out, "Le refus n’est pas noté comme reçu. S’il n’est pas notifié au plus tard le "+last.FrenchShort()+", l’acceptation est acquise et le refus ne vaut plus (à vérifier).")
		case x.Delivery == DeliveryEmail:
			out = append(out, "Le refus est parti par courriel, qui ne prouve pas le jour de sa réception\u00a0: la date de fin des recours est à vérifier si elle est discutée.")
		}
	}
	return out
}

// completedText tells the person the last day that the papers just received give, or
// nothing where they moved none.
func (c *change) completedText(p *catalogue.Procedure) string {
	last := c.r.SilenceLastDay
	if c.r.Waiting || !c.before.Waiting || !c.r.State.Open() || last.IsZero() {
		return ""
	}
	text := "Nous avons maintenant toutes les pièces demandées. Si vous n’avez pas reçu de réponse au plus tard le " + last.French() + ", "
	if c.r.Silence.Effect == calendar.Acceptance {
		return text + "votre demande sera acceptée\u00a0: le silence vaut acceptation (" + p.Silence.Source + ")."
	}
	return text + "votre demande sera considérée comme refusée\u00a0: le silence vaut rejet (" + p.Silence.Source + ")."
}
