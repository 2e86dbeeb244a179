package calendar

// GDPRDue gives the last day to answer a person who uses a right over their data
// (GDPR art. 12.3): one month after reception, three where the answer was
// extended for its complexity (the extension itself being notified within the
// first month). A last day that is a Saturday, Sunday or holiday moves to the
// next working day (Regulation 1182/71 art. 3.4), unlike silence.
func GDPRDue(received Date, t Territory, extended bool) Date {
	if received.IsZero() {
		return received
	}
	months := privacyMonths
	if extended {
		months = privacyExtended
	}
	return t.roll(received.AddMonths(months))
}

// PortalPurge gives the day on which the portal's copy of a closed request is
// purged: three months after (RU-030, arrêté of 4 July 2013, kept by the CNIL as
// guidance: a default, not a duty). The proof of receipts and decisions is kept
// longer, through the appeals.
func PortalPurge(closed Date) Date { return closed.AddMonths(3) }

// TracePurge gives the day on which the trace of a call to API Particulier or
// API Entreprise is purged: 36 months after.
func TracePurge(traced Date) Date { return traced.AddMonths(36) }

const (
	privacyMonths   = 1
	privacyExtended = 3
)

// privacyAnswer explains the day by which a right over one's data is answered.
func (f *Facts) privacyAnswer(d *Dates) {
	months := privacyMonths
	if !f.Extended.IsZero() {
		months = privacyExtended
		d.add(Step{Kind: StepExtended, Article: "RGPD art. 12.3", Date: f.Extended,
			Text: tell("Prolongation de deux mois annoncée le %, dans le premier mois.", f.Extended)})
	}
	d.add(Step{Kind: StepAnswerDue, Article: "RGPD art. 12.3, règlement 1182/71", Date: d.AnswerDue, From: f.FirstReceived, Amount: months, Unit: UnitMonths,
		Text: tell("Réponse due au plus tard le % ("+plural(months, "mois", "mois")+", reporté au jour ouvré suivant s’il le faut).", d.AnswerDue)})
}
