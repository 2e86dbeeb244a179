package calendar

// Days within which the two electronic receipts leave (CRPA R.112-11-2).
const (
	registrationWorkingDays = 1
	receiptWorkingDays      = 10
)

// RegistrationDue gives the last day for the registration notice (accusé
// d’enregistrement électronique, AEE) where it did not leave at once: one
// working day after reception (R.112-11-2).
func RegistrationDue(received Date, t Territory) Date {
	return t.AddWorkingDays(received, registrationWorkingDays)
}

// ReceiptDue gives the last day for the receipt (accusé de réception
// électronique, ARE): ten working days after reception, or after the competent
// administration received what was transmitted to it (R.112-11-2). The law sets
// no time for a paper receipt; the same ten days are recommended.
func ReceiptDue(received Date, t Territory) Date {
	return t.AddWorkingDays(received, receiptWorkingDays)
}

// AlertDays gives the days on which agents are warned of a last day: 20, 10 and
// 5 working days before it. They may lie before the reception.
func AlertDays(last Date, t Territory) (j20, j10, j5 Date) {
	return t.AddWorkingDays(last, -20), t.AddWorkingDays(last, -10), t.AddWorkingDays(last, -5)
}

// ReceiptExemption gives the article by which no receipt is due, and why in French; "" where
// one is.
func (f Facts) ReceiptExemption() (article, why string) { return f.exemption() }

// exemption gives the article by which no receipt is due, and why; "" where one is
// (law.md R1). L.112-11 disapplies the exemptions of R.112-4 to what is electronic.
func (f *Facts) exemption() (article, why string) {
	paper := f.Channel.Regime() == RegimePaper
	switch {
	case f.Abusive && paper:
		return "CRPA R.112-4 1°", "l’envoi a été jugé abusif"
	case f.Abusive:
		return "CRPA L.112-11", "l’envoi a été jugé abusif"
	case paper && f.Sending != SentRequest && f.Sending != "":
		return "CRPA L.112-3", "sur papier, seules les demandes en ont un"
	case paper && f.Delivery:
		return "CRPA R.112-4 2°", "le document est remis à qui en remplit les conditions"
	default:
		return "", ""
	}
}

// receipts gives the days by which the receipts leave, or why none does.
func (f *Facts) receipts(d *Dates, steps []Step) []Step {
	if d.Regime == "" {
		return steps
	}
	article, why := f.exemption()
	if article != "" {
		d.Exemption = article
		return append(steps, Step{Kind: StepExempt, Article: article, Text: "Aucun accusé de réception n’est obligatoire\u00a0: " + why + "."})
	}
	d.ReceiptDue = ReceiptDue(f.CompetentReceived, f.Territory)
	due := Step{Kind: StepReceiptDue, Article: "CRPA R.112-11-2", Date: d.ReceiptDue, From: f.CompetentReceived, Amount: receiptWorkingDays, Unit: UnitWorkingDays}
	if d.Regime == RegimePaper {
		due.Article = "CRPA L.112-3"
		due.Text = tell("Accusé de réception conseillé au plus tard le % (dix jours ouvrés)\u00a0: aucun texte ne fixe de délai sur papier.", d.ReceiptDue)
		return append(steps, due)
	}
	d.RegistrationDue = RegistrationDue(f.FirstReceived, f.Territory)
	due.Text = tell("Accusé de réception électronique à envoyer au plus tard le % (dix jours ouvrés).", d.ReceiptDue)
	return append(steps, Step{Kind: StepRegistrationDue, Article: "CRPA R.112-11-2", Date: d.RegistrationDue, From: f.FirstReceived, Amount: registrationWorkingDays, Unit: UnitWorkingDays,
		Text: tell("Si l’accusé de réception ne part pas aussitôt, accusé d’enregistrement au plus tard le % (un jour ouvré).", d.RegistrationDue)}, due)
}
