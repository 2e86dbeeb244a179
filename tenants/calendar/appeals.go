package calendar

// refusedOn gives the day of the refusal that can be contested: none, nothing can.
func (f *Facts) refusedOn(d *Dates) Date {
	switch {
	case !f.Refusal.Notified.IsZero():
		return f.Refusal.Notified
	case d.Effect == Rejection:
		return d.LastDay
	default:
		return Date{}
	}
}

// contestedTooEarly refuses an appeal that came before there was a refusal, silent or express.
func (f *Facts) contestedTooEarly(d *Dates) error {
	first := f.refusedOn(d)
	if d.Effect == Rejection && d.LastDay.Before(first) {
		first = d.LastDay
	}
	for _, appeal := range [...]struct {
		path string
		on   Date
	}{{"gracious", f.Gracious}, {"prior/seized", f.Prior.Seized}} {
		if !appeal.on.IsZero() && (first.IsZero() || appeal.on.Before(first)) {
			return Contradiction(appeal.path, "before_refusal")
		}
	}
	return nil
}

// appeals gives the time for going against a refusal, and what interrupts it.
func (f *Facts) appeals(d *Dates) error {
	if f.Route == RouteNone || f.refusedOn(d).IsZero() {
		return f.contestedTooEarly(d)
	}
	if !f.Refusal.Notified.IsZero() {
		d.add(Step{Kind: StepRefused, Article: "CJA R.421-5", Date: f.Refusal.Notified, Text: tell("Refus notifié le %.", f.Refusal.Notified)})
	}
	if err := f.contestedTooEarly(d); err != nil {
		return err
	}
	if f.planningReview() {
		f.contested(d)
		return f.reasons(d)
	}
	a, err := Opposable(AppealFacts{
		Silence: d.Deadline, ReceiptSent: f.Receipt != ReceiptMissing, ReceiptComplete: f.Receipt == ReceiptComplete || f.Receipt == ReceiptSupposed,
		ExpressNotified: f.Refusal.Notified, ExpressRegular: f.Refusal.Regular, Territory: f.Territory, Residence: f.Residence,
	})
	if err != nil {
		return err
	}
	if f.prior() && a.Opposable {
		a = priorAppeal(a, f)
	}
	d.Appeal = a
	d.Warnings = append(d.Warnings, a.Warnings...)
	f.appealStep(d)
	if err := f.reasons(d); err != nil {
		return err
	}
	f.gracious(d)
	f.confirmation(d)
	return nil
}

// prior tells whether another authority comes before the court.
func (f *Facts) prior() bool { return f.Route == RouteCADA || f.Route == RoutePrefect }

// priorAppeal counts the time to seize the authority that comes before the court.
func priorAppeal(a Appeal, f *Facts) Appeal {
	if f.Route == RouteCADA {
		cada := DocumentAccessAppeal(a.From, f.Territory)
		cada.Warnings = append(a.Warnings, cada.Warnings...)
		return cada
	}
	a.LastDay = a.From.AddMonths(priorMonths)
	a.Warnings = append(a.Warnings, "Le délai pour saisir le préfet, et son report quand il finit un jour non ouvré, restent à vérifier.")
	return a
}

const priorMonths = 2 // to seize the CADA (CRPA R.343-1) or the prefect

func (f *Facts) appealStep(d *Dates) {
	a := d.Appeal
	if !a.Opposable {
		article := "CRPA L.112-12"
		if d.Regime == RegimePaper {
			article = "CRPA L.112-6"
		}
		if len(a.Warnings) > 0 {
			d.add(Step{Kind: StepNoAppeal, Article: article, From: a.From, Text: a.Warnings[0]})
		}
		return
	}
	step := Step{Kind: StepAppeal, Date: a.LastDay, From: a.From, Amount: priorMonths, Unit: UnitMonths}
	switch f.Route {
	case RouteCADA:
		step.Article, step.Text = "CRPA R.343-1", tell("Le refus peut être soumis à la CADA jusqu’au % inclus.", a.LastDay)
	case RoutePrefect:
		step.Article, step.Text = "CESEDA R.313-12 s.", tell("Le refus peut être contesté devant le préfet jusqu’au % inclus.", a.LastDay)
	case RouteCourt, RoutePlanning, RouteNone:
		step.Amount, _ = f.Residence.months()
		step.Unit = UnitClearMonths
		step.Article, step.Text = f.Residence.article(), tell("Le refus peut être contesté devant le tribunal administratif jusqu’au % inclus ("+plural(step.Amount, "mois franc", "mois francs")+").", a.LastDay)
	}
	d.add(step)
}

// reasons gives the time to answer who asks why a silent rejection was made, and the
// time for appeal that begins with the answer (L.232-4).
func (f *Facts) reasons(d *Dates) error {
	asked := f.Reasons.Asked
	if asked.IsZero() {
		return nil
	}
	if !f.Refusal.Notified.IsZero() || !f.planningReview() && !d.Appeal.LastDay.IsZero() && asked.After(d.Appeal.LastDay) || asked.Before(d.AcquiredOn) {
		return Contradiction("reasons/asked", "outside_appeal")
	}
	d.ReasonsDue = ReasonsDue(asked)
	d.add(Step{Kind: StepReasonsDue, Article: "CRPA L.232-4", Date: d.ReasonsDue, From: asked, Amount: 1, Unit: UnitMonths,
		Text: tell("Motifs demandés le %\u00a0: ils sont communiqués au plus tard le %.", asked, d.ReasonsDue)})
	switch given := f.Reasons.Given; {
	case given.IsZero() || f.planningReview():
	case f.prior():
		f.priorAgain(d, given)
	default:
		f.again(d, given, "CRPA L.232-4", "Motifs communiqués le %\u00a0: le recours devant le tribunal est possible jusqu’au % inclus.")
	}
	return nil
}

// priorAgain lets the time to seize the CADA or the prefect run anew from the reasons: the
// law speaks of the time before the court alone.
func (f *Facts) priorAgain(d *Dates, given Date) {
	if !d.Appeal.Opposable {
		return
	}
	d.Appeal.From, d.Appeal.LastDay = given, given.AddMonths(priorMonths)
	d.add(Step{Kind: StepAppeal, Article: "CRPA L.232-4", Date: d.Appeal.LastDay, From: given, Amount: priorMonths, Unit: UnitMonths,
		Text: tell("Motifs communiqués le %\u00a0: le recours préalable est possible jusqu’au % inclus.", given, d.Appeal.LastDay)})
	d.warn("Que la communication des motifs rouvre aussi le délai du recours préalable reste à vérifier.")
}

// again lets the time for going to court run anew, where it binds.
func (f *Facts) again(d *Dates, from Date, article, sentence string) {
	if !d.Appeal.Opposable {
		return
	}
	months, _ := f.Residence.months()
	d.Appeal.From, d.Appeal.LastDay = from, AppealLastDay(from, f.Territory, months)
	d.add(Step{Kind: StepAppeal, Article: article, Date: d.Appeal.LastDay, From: from, Amount: months, Unit: UnitClearMonths, Text: tell(sentence, from, d.Appeal.LastDay)})
}

const (
	graciousMonths         = 2 // of silence that reject a recours gracieux, L.411-7
	planningGraciousMonths = 1 // to ask for one in urban planning, C. urb. L.600-12-2
)

// gracious gives the time for a recours gracieux, and what one does to the appeal: it
// interrupts it (L.411-2), but not in urban planning, nor where another authority comes
// before the court, nor a second time.
func (f *Facts) gracious(d *Dates) {
	switch {
	case f.prior():
		f.graciousReceived(d, "CRPA L.412-3", "il n’interrompt aucun délai, il faut d’abord saisir l’autorité que la loi désigne")
		return
	case f.Review:
		f.graciousReceived(d, "CRPA L.411-2", "c’en était déjà un, un second n’interrompt rien")
		return
	case !d.Appeal.Opposable:
		f.graciousReceived(d, "CRPA L.411-2", "aucun délai de recours ne s’impose à la personne, il n’en interrompt donc pas")
		return
	case f.Route == RoutePlanning:
		f.planningGracious(d)
		return
	}
	d.GraciousBy = d.Appeal.LastDay
	d.add(Step{Kind: StepGracious, Article: "CRPA L.411-2", Date: d.GraciousBy, From: d.Appeal.From, Amount: 2, Unit: UnitClearMonths,
		Text: tell("Recours gracieux possible jusqu’au %\u00a0: il interrompt le délai pour saisir le tribunal.", d.GraciousBy)})
	switch {
	case f.Gracious.IsZero():
	case f.Gracious.After(d.GraciousBy):
		f.graciousReceived(d, "CRPA L.411-2", "il est venu après le délai et ne l’interrompt pas")
		d.warn("Le recours gracieux est venu après le délai\u00a0: il ne change rien au recours devant le tribunal.")
	default:
		f.graciousReceived(d, "CRPA L.411-2", "il interrompt le délai pour saisir le tribunal")
		f.graciousEnds(d)
	}
}

// graciousReceived says that a recours gracieux came, and what it does.
func (f *Facts) graciousReceived(d *Dates, article, effect string) {
	if f.Gracious.IsZero() {
		return
	}
	d.add(Step{Kind: StepGraciousReceived, Article: article, Date: f.Gracious, Text: tell("Recours gracieux reçu le %\u00a0: "+effect+".", f.Gracious)})
	if answered := f.GraciousAnswered; !answered.IsZero() {
		d.add(Step{Kind: StepGraciousRejected, Article: article, Date: answered, Text: tell("Rejet du recours gracieux notifié le %.", answered)})
	}
	if f.prior() || f.Review { // what silence makes of it is another text's
		return
	}
	if silent := f.Gracious.AddMonths(graciousMonths); f.GraciousAnswered.IsZero() || f.GraciousAnswered.After(silent) {
		d.GraciousSilence = silent
		d.add(Step{Kind: StepGraciousSilence, Article: "CRPA L.411-7", Date: silent, From: f.Gracious, Amount: graciousMonths, Unit: UnitMonths,
			Text: tell("Sans réponse notifiée au plus tard le %, le silence rejette le recours gracieux.", silent)})
	}
}

// planningGracious gives the time for a recours gracieux in urban planning: it changes nothing
// to the time for going to court.
func (f *Facts) planningGracious(d *Dates) {
	d.GraciousBy = d.Appeal.From.AddMonths(planningGraciousMonths)
	d.add(Step{Kind: StepGracious, Article: planningReviewBasis, Date: d.GraciousBy, From: d.Appeal.From, Amount: planningGraciousMonths, Unit: UnitMonths,
		Text: tell("Recours gracieux possible jusqu’au %\u00a0: il n’allonge pas le délai pour saisir le tribunal.", d.GraciousBy)})
	d.warn(planningReviewDoubt)
	f.graciousReceived(d, planningReviewBasis, "le délai pour saisir le tribunal continue de courir")
	if f.Gracious.After(d.GraciousBy) {
		d.warn(tell("Le recours gracieux est venu le %, après le mois qui finissait le %.", f.Gracious, d.GraciousBy))
	}
}

// graciousEnds lets the time for going to court run anew from the rejection of a recours
// gracieux: an express one, if it came before its silence rejected it or within the appeal
// against that, or else the silent one (L.411-2, L.411-7; CJA R.421-2).
func (f *Facts) graciousEnds(d *Dates) {
	months, _ := f.Residence.months()
	silent, answered := f.Gracious.AddMonths(graciousMonths), f.GraciousAnswered
	if !answered.IsZero() && !answered.After(AppealLastDay(silent, f.Territory, months)) {
		f.again(d, answered, "CRPA L.411-2", "Depuis le rejet du recours gracieux, notifié le %, le tribunal peut être saisi jusqu’au % inclus.")
		return
	}
	f.again(d, silent, "CRPA L.411-2, CJA R.421-2", "Depuis le rejet implicite du recours gracieux, le %, le tribunal peut être saisi jusqu’au % inclus.")
	d.warn("Le délai qui repart après un recours gracieux suppose que son accusé de réception dise ce que vaut le silence (CRPA, article\u00a0L.112-6)\u00a0: à vérifier.")
	if !answered.IsZero() {
		d.warn(tell("Le rejet du recours gracieux a été notifié le %, après la fin du recours contre son rejet implicite\u00a0: il ne rouvre pas le délai.", answered))
	}
}

// confirmation gives the day on which silence confirms a refusal taken to the CADA or to
// the prefect, and the time for going to court that begins then.
func (f *Facts) confirmation(d *Dates) {
	p := f.Prior
	if !f.prior() || p.Seized.IsZero() {
		return
	}
	who, article, months := "la CADA", "CRPA R.343-1", accessMonths
	if f.Route == RoutePrefect {
		who, article, months = "le préfet", "CESEDA R.313-12 s.", prefectMonths
	}
	if f.Route == RouteCADA {
		who += " a été saisie"
	} else {
		who += " a été saisi"
	}
	d.add(Step{Kind: StepPrior, Article: article, Date: p.Seized, Text: tell("Recours préalable\u00a0: "+who+" le %.", p.Seized)})
	if !d.Appeal.LastDay.IsZero() && p.Seized.After(d.Appeal.LastDay) {
		d.warn("Le recours préalable est venu après le délai\u00a0: il est irrecevable.")
		return
	}
	if p.Registered.IsZero() {
		return
	}
	d.add(Step{Kind: StepPriorRegistered, Article: article, Date: p.Registered, Text: tell("Recours préalable enregistré le %.", p.Registered)})
	d.ConfirmedOn = p.Registered.AddMonths(months)
	if f.Route == RouteCADA {
		article = "CRPA R.343-5"
	}
	d.add(Step{Kind: StepConfirmed, Article: article, Date: d.ConfirmedOn, From: p.Registered, Amount: months, Unit: UnitMonths,
		Text: tell("Sans nouvelle réponse, le refus est confirmé le %.", d.ConfirmedOn)})
	f.again(d, d.ConfirmedOn, f.Residence.article(), "Le refus confirmé le % peut être contesté devant le tribunal jusqu’au % inclus.")
}

// Months of silence after a prior appeal.
const (
	accessMonths  = 2 // from the CADA's registration, CRPA R.343-5
	prefectMonths = 1
)
