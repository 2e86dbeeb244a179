package calendar

import "cmp"

// The sentences below are read by agents and citizens: French, plain, with the
// article beside them. \u00a0 is the non-breaking space that French puts before
// ":" and ";".

func receptionSteps(f Facts) []Step {
	steps := []Step{{Article: "CRPA L.114-3", Date: f.FirstReceived, Text: "Demande reçue le " + f.FirstReceived.French() + "."}}
	if f.CompetentReceived != f.FirstReceived && !f.CompetentReceived.IsZero() {
		step := Step{Article: "CRPA L.114-2", Date: f.CompetentReceived,
			Text: "Demande transmise\u00a0: l’administration compétente l’a reçue le " + f.CompetentReceived.French() + "."}
		if f.Rule.Effect == Acceptance {
			step.Days = f.FirstReceived.DaysUntil(f.CompetentReceived)
		}
		steps = append(steps, step)
	}
	return steps
}

func noticeText(n Notice) string {
	text := "Documents manquants demandés le " + n.Notified.French()
	if !n.Limit.IsZero() {
		text += ", à fournir au plus tard le " + n.Limit.French()
	}
	return text
}

// suspensionSteps explains a notice under a rejection rule. The days stand with
// the event that ends the suspension, or with the notice while none has.
func suspensionSteps(n Notice, days int) []Step {
	notice := Step{Article: "CRPA L.114-5", Date: n.Notified, Text: noticeText(n) + "\u00a0: le délai est suspendu."}
	if n.Complete.IsZero() || n.Complete.After(n.Limit) {
		limit := Step{Article: "CRPA L.114-5", Date: n.Limit, Days: days,
			Text: "Sans les documents, le délai reprend le " + n.Limit.French() + ", terme fixé."}
		steps := []Step{notice, limit}
		if !n.Complete.IsZero() {
			steps = append(steps, Step{Article: "CRPA L.114-5", Date: n.Complete,
				Text: "Documents reçus le " + n.Complete.French() + ", après le terme fixé\u00a0: le délai avait déjà repris."})
		}
		return steps
	}
	return []Step{notice, {Article: "CRPA L.114-5", Date: n.Complete, Days: days,
		Text: "Documents reçus le " + n.Complete.French() + "\u00a0: le délai reprend."}}
}

// restartSteps explains a notice under an acceptance rule.
func restartSteps(n Notice, days int) []Step {
	notice := Step{Article: "CRPA L.114-5", Date: n.Notified,
		Text: noticeText(n) + "\u00a0: le délai ne court qu’à partir de leur réception."}
	if n.Complete.IsZero() {
		return []Step{notice}
	}
	return []Step{notice, {Article: "CRPA L.114-5", Date: n.Complete, Days: days,
		Text: "Documents tous reçus le " + n.Complete.French() + "\u00a0: le délai court à partir de ce jour."}}
}

func dispensableStep(n Notice) Step {
	return Step{Article: "CRPA L.114-5-1", Date: n.Notified,
		Text: "Documents demandés le " + n.Notified.French() + ", non indispensables\u00a0: l’examen de la demande continue, aucun délai ne change."}
}

func fraudStep(p pause, days int) Step {
	return Step{Article: "CRPA L.115-3", Date: p.notified, Days: days,
		Text: "Examen suspendu jusqu’au " + p.until.French() + " pour vérifier un soupçon de fraude."}
}

func waitingStep() Step {
	return Step{Article: "CRPA L.114-5",
		Text: "Le dossier est incomplet\u00a0: le délai au bout duquel le silence vaut acceptation n’a pas commencé à courir."}
}

func silenceSteps(r Rule, d Deadline) []Step {
	article, last, acquired := "CRPA L.231-1", "le silence vaudra acceptation", "l’acceptation est acquise"
	if r.Effect == Rejection {
		article, last, acquired = "CRPA L.231-4", "le silence vaudra refus", "le refus implicite est né"
	}
	article = cmp.Or(r.Source, article)
	return []Step{
		{Article: article, Date: d.LastDay, Text: "Sans réponse notifiée au plus tard le " + d.LastDay.French() + ", " + last + "."},
		{Article: article, Date: d.AcquiredOn, Text: "À partir du " + d.AcquiredOn.French() + " à 0 heure, " + acquired + "."},
	}
}

func undecidedStep(e Effect) Step {
	if e == Declaration {
		return Step{Text: "C’est une déclaration\u00a0: le silence de l’administration n’a pas d’effet."}
	}
	return Step{Text: "Le silence de l’administration n’a pas d’effet\u00a0: une réponse est toujours nécessaire."}
}

func (c *count) warnings(d Deadline) []string {
	list := c.facts.Territory.Uncertain()
	if d.NeverAcquired {
		list = append(list, "Tant que les documents manquent, le silence ne vaut ni acceptation ni refus\u00a0: une réponse écrite est toujours nécessaire.")
	}
	if len(c.spans) > 0 {
		list = append(list, "La suspension est comptée à partir du jour de la notification\u00a0: c’est une convention, à vérifier si la date est discutée.")
	}
	if event := c.facts.Event; !event.IsZero() && d.AcquiredOn.After(event) {
		list = append(list, "Le silence n’aura d’effet qu’à partir du "+d.AcquiredOn.FrenchShort()+", après la date prévue ("+event.FrenchShort()+")\u00a0: une réponse écrite est nécessaire avant.")
	}
	return list
}
