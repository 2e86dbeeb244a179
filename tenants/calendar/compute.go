package calendar

import "strconv"

// Compute gives every date that the law draws from the facts, with the steps that lead
// to them: the receipts' due dates (CRPA R.112-11-2), silence (L.114-2, L.114-3, L.114-5,
// L.231-1, L.231-4; CE 17 Sept. 2010 for the quantième), the answer that a text wants,
// the time for appeal (L.112-6, L.112-12, L.411-2; CJA R.421-1 to -7) and for withdrawal
// (L.242-1; C. urb. L.424-5).
//
// An acceptance counts from the day the competent administration holds every
// paper that was asked for. A rejection counts from the first reception, and is
// suspended from each notice until the papers came or the day given passed;
// days covered twice count once. That the day of notification is the first day
// suspended is a convention, and a warning says so. A rule's special [Code] counts in
// its own way.
//
// A notice or a suspension notified when it can change nothing any more is the
// fault "notice_too_late" (a conflict): the silent decision exists, or the month of
// urban planning is over. Facts that contradict each other are the fault "invalid_facts";
// each field ("first_received", "competent_received", "notices/0/limit", "rule/months"…)
// bears a code, the sentence that says which fact and why, and the article. The order of
// the notices does not matter; fields bear the caller's indices.
func Compute(f Facts) (Dates, error) {
	if err := f.ready(); err != nil {
		return Dates{}, err
	}
	d := Dates{Regime: f.Channel.Regime(), ReceivedOn: f.FirstReceived}
	if f.CompetentReceived != f.FirstReceived {
		d.CompetentOn = f.CompetentReceived
	}
	steps := f.receptionSteps(make([]Step, 0, 16))
	steps = f.receipts(&d, steps)
	steps = f.filing(&d, steps)
	var err error
	if d.Deadline, err = f.silence(steps); err != nil {
		return Dates{}, err
	}
	d.Warnings = append(d.Warnings, f.filingWarnings(d)...)
	f.answer(&d)
	f.withdrawal(&d)
	if err := f.appeals(&d); err != nil {
		return Dates{}, err
	}
	return d, nil
}

// add adds a step.
func (d *Dates) add(s Step) { d.Steps = append(d.Steps, s) }

// warn adds a warning.
func (d *Dates) warn(text string) { d.Warnings = append(d.Warnings, text) }

// answerDue gives the day by which a text wants an answer that no silence replaces.
func (f *Facts) answerDue() Date {
	switch {
	case f.Rule.Code == Privacy:
		return GDPRDue(f.FirstReceived, f.Territory, !f.Extended.IsZero())
	case f.Rule.Answer.Amount > 0:
		return f.Rule.Answer.after(f.CompetentReceived, f.Territory)
	default:
		return Date{}
	}
}

// answer explains the day by which a text wants an answer.
func (f *Facts) answer(d *Dates) {
	r := f.Rule
	switch {
	case r.Code == Privacy:
		f.privacyAnswer(d)
	case r.Answer.Amount > 0:
		d.add(Step{Kind: StepAnswerDue, Article: r.Source, Date: d.AnswerDue, From: f.CompetentReceived, Amount: r.Answer.Amount, Unit: r.Answer.Unit,
			Text: tell("Réponse attendue au plus tard le % ("+r.Answer.french()+").", d.AnswerDue)})
	}
}

func (p Period) french() string {
	switch p.Unit {
	case UnitMonths:
		return plural(p.Amount, "mois", "mois")
	case UnitWorkingDays:
		return plural(p.Amount, "jour ouvré", "jours ouvrés")
	default:
		return plural(p.Amount, "jour", "jours")
	}
}

// withdrawal gives the last day to withdraw a silent acceptance that is illegal.
func (f *Facts) withdrawal(d *Dates) {
	if d.Effect != Acceptance || d.LastDay.IsZero() || f.Rule.Code == Preemption {
		return
	}
	if f.Rule.Code == Planning {
		d.WithdrawalLastDay = PlanningWithdrawalLastDay(d.LastDay)
		d.add(Step{Kind: StepWithdrawal, Article: "C. urb. L.424-5", Date: d.WithdrawalLastDay, From: d.LastDay, Amount: planningWithdrawal, Unit: UnitMonths,
			Text: tell("Si la décision tacite est illégale, elle peut être retirée jusqu’au %, après que le demandeur a pu répondre.", d.WithdrawalLastDay)})
		return
	}
	d.WithdrawalLastDay = WithdrawalLastDay(d.LastDay)
	d.add(Step{Kind: StepWithdrawal, Article: "CRPA L.242-1", Date: d.WithdrawalLastDay, From: d.LastDay, Amount: withdrawalMonths, Unit: UnitMonths,
		Text: tell("Si l’acceptation est illégale, elle peut être retirée jusqu’au %, après que la personne a pu répondre.", d.WithdrawalLastDay)})
}

// filing gives the days between which a declaration has to come.
func (f *Facts) filing(d *Dates, steps []Step) []Step {
	r := f.Rule.Filing
	if f.Event.IsZero() || r == (Filing{}) {
		return steps
	}
	unit, clear, words := UnitDays, 0, "jours"
	if r.Clear {
		unit, clear, words = UnitClearDays, 1, "jours francs"
	}
	if r.MaxDays > 0 {
		d.FileFrom = f.Event.AddDays(-r.MaxDays - clear)
		d.FiledEarly = f.FirstReceived.Before(d.FileFrom)
		steps = append(steps, Step{Kind: StepFileFrom, Article: f.Rule.Source, Date: d.FileFrom, From: f.Event, Amount: -r.MaxDays, Unit: unit,
			Text: tell("Premier jour pour la déposer\u00a0: le %, "+strconv.Itoa(r.MaxDays)+"\u00a0"+words+" avant l’événement.", d.FileFrom)})
	}
	if r.MinDays > 0 {
		d.FileBy = f.Event.AddDays(-r.MinDays - clear)
		steps = append(steps, Step{Kind: StepFileBy, Article: f.Rule.Source, Date: d.FileBy, From: f.Event, Amount: -r.MinDays, Unit: unit,
			Text: tell("Dernier jour pour la déposer\u00a0: le %, "+strconv.Itoa(r.MinDays)+"\u00a0"+words+" avant l’événement.", d.FileBy)})
		until, by := f.spared(d.FileBy)
		if until != d.FileBy && f.FirstReceived.After(d.FileBy) {
			steps = append(steps, by.step(until))
		}
		d.FiledLate = f.FirstReceived.After(until)
	}
	return steps
}

func (f *Facts) filingWarnings(d Dates) []string {
	var list []string
	if d.FiledEarly {
		list = append(list, "Le dépôt est venu trop tôt\u00a0: il fallait attendre le "+d.FileFrom.FrenchShort()+".")
	}
	if d.FiledLate {
		text := "Le dépôt est venu trop tard\u00a0: le dernier jour était le " + d.FileBy.FrenchShort() + "."
		if f.Channel == ByPost {
			text += " Le cachet de la poste fait foi (CRPA L.112-1)\u00a0: vérifiez-le."
		}
		list = append(list, text)
	}
	return list
}
