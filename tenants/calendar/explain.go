package calendar

import (
	"strconv"
	"strings"
)

// The sentences below are read by agents and citizens: French, plain, with the
// article beside them. \u00a0 is the non-breaking space that French puts before
// ":" and ";".

// tell writes a sentence: each % is the next day, as a letter writes it.
func tell(sentence string, days ...Date) string {
	buffer := make([]byte, 0, 256)
	for _, day := range days {
		before, after, found := strings.Cut(sentence, "%")
		if !found {
			break
		}
		buffer = day.appendFrench(append(buffer, before...))
		sentence = after
	}
	return string(append(buffer, sentence...))
}

// receptionSteps explains the receptions.
func (f *Facts) receptionSteps(steps []Step) []Step {
	noun := "Demande reçue"
	switch f.Sending {
	case SentDeclaration:
		noun = "Déclaration reçue"
	case SentDocument:
		noun = "Document reçu"
	case SentInformation:
		noun = "Message reçu"
	case SentPayment:
		noun = "Paiement reçu"
	case SentRequest, "":
	}
	steps = append(steps, Step{Kind: StepReceived, Article: "CRPA L.114-3", Date: f.FirstReceived, Text: tell(noun+" le %.", f.FirstReceived)})
	if f.CompetentReceived != f.FirstReceived {
		step := TransmittedStep(f.CompetentReceived)
		if f.Rule.runsFromCompetent() {
			step.Days = f.FirstReceived.DaysUntil(f.CompetentReceived)
		}
		steps = append(steps, step)
	}
	return steps
}

// TransmittedStep explains on which day the competent administration received what was
// transmitted to it. It moves no date by itself where it was the day of the first reception.
func TransmittedStep(on Date) Step {
	return Step{Kind: StepTransmitted, Article: "CRPA L.114-2", Date: on,
		Text: tell("Demande transmise\u00a0: l’administration compétente l’a reçue le %.", on)}
}

func noticeText(n Notice) string {
	if n.Limit.IsZero() {
		return tell("Documents manquants demandés le %", n.Notified)
	}
	return tell("Documents manquants demandés le %, à fournir au plus tard le %", n.Notified, n.Limit)
}

func (c *count) noticeStep(n Notice, article, effect string) Step {
	return Step{Kind: StepNotice, Article: article, Date: n.Notified, Text: noticeText(n) + "\u00a0: " + effect + "."}
}

// suspensionSteps explains a notice under a rejection rule. The days stand with
// the event that ends the suspension, or with the notice while none has.
func (c *count) suspensionSteps(n Notice, days int) {
	const article = "CRPA L.114-5"
	c.steps = append(c.steps, c.noticeStep(n, article, "le délai est suspendu"))
	end := Step{Kind: StepPapers, Article: article, Days: days, From: n.Notified, Amount: n.Notified.DaysUntil(resumes(n)), Unit: UnitDays}
	if !n.Complete.IsZero() && !n.Complete.After(n.Limit) {
		end.Date, end.Text = n.Complete, tell("Documents reçus le %\u00a0: le délai reprend.", n.Complete)
		c.steps = append(c.steps, end)
		return
	}
	end.Date, end.Text = n.Limit, tell("Sans les documents, le délai reprend le %, terme fixé.", n.Limit)
	c.steps = append(c.steps, end)
	until, by := c.facts.spared(n.Limit)
	if until != n.Limit {
		c.steps = append(c.steps, by.step(until))
	}
	if n.Complete.IsZero() {
		return
	}
	late := Step{Kind: StepPapers, Article: article, Date: n.Complete,
		Text: tell("Documents reçus le %, après le terme fixé\u00a0: le délai avait déjà repris.", n.Complete)}
	if !n.Complete.After(until) {
		late.Text = tell("Documents reçus le %, à temps malgré la panne\u00a0: le délai avait repris.", n.Complete)
	}
	c.steps = append(c.steps, late)
}

// restartSteps explains a notice under an acceptance rule.
func (c *count) restartSteps(n Notice, days int) {
	const article = "CRPA L.114-5"
	c.steps = append(c.steps, c.noticeStep(n, article, "le délai ne court qu’à partir de leur réception"))
	if n.Limit.IsZero() || n.Complete.IsZero() || n.Complete.After(n.Limit) {
		if until, by := c.facts.spared(n.Limit); until != n.Limit {
			c.steps = append(c.steps, by.step(until))
		}
	}
	if !n.Complete.IsZero() {
		c.steps = append(c.steps, Step{Kind: StepPapers, Article: article, Date: n.Complete, Days: days,
			Text: tell("Documents tous reçus le %\u00a0: le délai court à partir de ce jour.", n.Complete)})
	}
}

func (c *count) preemptionSteps(n Notice, days int) {
	c.steps = append(c.steps, c.noticeStep(n, preemptionBasis, "le délai est suspendu"), Step{
		Kind: StepPapers, Article: preemptionBasis, Date: n.Complete, Days: days, From: n.Complete, Amount: 1, Unit: UnitMonths,
		Text: tell("Documents reçus le %\u00a0: le délai reprend, et il reste au moins un mois.", n.Complete),
	})
}

func dispensableStep(n Notice) Step {
	return Step{Kind: StepDispensable, Article: "CRPA L.114-5-1", Date: n.Notified,
		Text: tell("Documents demandés le %, non indispensables\u00a0: l’examen de la demande continue, aucun délai ne change.", n.Notified)}
}

func fraudStep(p pause, days int) Step {
	return Step{Kind: StepFraud, Article: "CRPA L.115-3", Date: p.notified, Days: days, From: p.notified, Amount: p.notified.DaysUntil(p.until), Unit: UnitDays,
		Text: tell("Examen suspendu jusqu’au % pour vérifier un soupçon de fraude.", p.until)}
}

func (c *count) waitingStep() Step {
	if c.facts.Rule.Code == Preemption {
		return Step{Kind: StepWaiting, Article: preemptionBasis, Text: "Des documents sont attendus\u00a0: le délai est arrêté jusqu’à leur réception."}
	}
	return Step{Kind: StepWaiting, Article: "CRPA L.114-5",
		Text: "Le dossier est incomplet\u00a0: le délai au bout duquel le silence vaut acceptation n’a pas commencé à courir."}
}

// silenceSteps explains the last day and the day after.
func (c *count) silenceSteps(d Deadline) {
	rule := c.facts.Rule
	last, acquired := "le silence vaudra acceptation", "l’acceptation est acquise"
	switch {
	case rule.Effect == Rejection:
		last, acquired = "le silence vaudra refus", "le refus implicite est né"
	case rule.Means != "":
		last, acquired = "le silence vaudra "+rule.Means, "la décision tacite est acquise ("+rule.Means+")"
	}
	c.steps = append(c.steps, Step{Kind: StepLastDay, Article: rule.basis(), Date: d.LastDay, From: d.Start, Amount: rule.Months, Unit: UnitMonths,
		Text: tell("Sans réponse notifiée au plus tard le %, "+last+".", d.LastDay)},
		effectiveStep(rule.basis(), d.AcquiredOn, acquired))
}

func effectiveStep(article string, on Date, what string) Step {
	return Step{Kind: StepEffective, Article: article, Date: on, From: on.AddDays(-1), Amount: 1, Unit: UnitDays,
		Text: tell("À partir du % à 0 heure, "+what+".", on)}
}

func undecidedStep(r Rule) Step {
	if r.Effect == Declaration {
		return Step{Kind: StepNoEffect, Article: r.Source, Text: "C’est une déclaration\u00a0: le silence de l’administration n’a pas d’effet."}
	}
	return Step{Kind: StepNoEffect, Article: r.Source, Text: "Le silence de l’administration n’a pas d’effet\u00a0: une réponse est toujours nécessaire."}
}

func (c *count) warnings(d Deadline) []string {
	list := c.facts.Territory.Uncertain()
	switch {
	case d.NeverAcquired && c.facts.Rule.Code == General:
		list = append(list, "Tant que les documents manquent, le silence ne vaut ni acceptation ni refus\u00a0: une réponse écrite est toujours nécessaire.")
	case c.facts.Rule.Code == Preemption && len(c.facts.Notices) > 0:
		list = append(list, "L’effet d’une demande de documents sur le délai de préemption reste à vérifier (C. urb. L.213-2).")
	}
	if len(c.spans) > 0 && c.facts.Rule.Code == General {
		list = append(list, "La suspension est comptée à partir du jour de la notification\u00a0: c’est une convention, à vérifier si la date est discutée.")
	}
	if event := c.facts.Event; !event.IsZero() && d.AcquiredOn.After(event) {
		list = append(list, "Le silence n’aura d’effet qu’à partir du "+d.AcquiredOn.FrenchShort()+", après la date prévue ("+event.FrenchShort()+")\u00a0: une réponse écrite est nécessaire avant.")
	}
	return list
}

// plural writes a number and a noun that takes an s ("jour ouvré" takes two).
func plural(n int, one, many string) string {
	if n == 1 {
		return "un " + one
	}
	return strconv.Itoa(n) + "\u00a0" + many
}
