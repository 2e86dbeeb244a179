package calendar

// Urban planning counts its papers otherwise than the CRPA (C. urb. R*423-19 to
// R*423-41): they are asked for within a month of the deposit, or the demand changes
// nothing; three months are given to bring them; the months of instruction run from the
// complete file; and what does not come is a tacit rejection, or an opposition.
const (
	planningAsk    = 1 // months to ask for papers, R*423-38
	planningSupply = 3 // months to bring them, R*423-39
	planningBasis  = "C. urb. R*423-39"

	preemptionBasis = "C. urb. L.213-2"
)

// PlanningLimit gives the last day to bring papers that were asked for on a day: the law's,
// in urban planning (C. urb. R*423-39).
func PlanningLimit(notified Date) Date { return notified.AddMonths(planningSupply) }

func planningLimit(n Notice) Date { return PlanningLimit(n.Notified) }

// planning lets a notice act: the file runs from the papers, or dies on their last day.
func (c *count) planning(n Notice) {
	n.Limit = planningLimit(n)
	limit, spared := c.facts.spared(n.Limit)
	c.steps = append(c.steps, Step{Kind: StepNotice, Article: "C. urb. R*423-38", Date: n.Notified,
		Text: tell("Pièces manquantes demandées le %, dans le mois du dépôt\u00a0: le délai ne court qu’à partir de leur réception.", n.Notified)})
	if !n.Complete.IsZero() && !n.Complete.After(limit) {
		if n.Complete.After(n.Limit) {
			c.steps = append(c.steps, spared.step(limit))
		}
		c.steps = append(c.steps, Step{Kind: StepPapers, Article: planningBasis, Date: n.Complete, Days: c.moveStart(n.Complete),
			Text: tell("Pièces toutes reçues le %, dans les trois mois\u00a0: le délai court à partir de ce jour.", n.Complete)})
		return
	}
	c.await(n)
	c.until = later(c.until, limit)
	if c.tacit.IsZero() || limit.Before(c.tacit) {
		c.tacit = limit
	}
	c.steps = append(c.steps, Step{Kind: StepLastDay, Article: planningBasis, Date: limit, From: n.Notified, Amount: planningSupply, Unit: UnitMonths,
		Text: tell("Sans toutes les pièces au plus tard le %, trois mois après leur demande, la demande est rejetée tacitement (ou il est fait opposition à la déclaration).", limit)})
	if !n.Complete.IsZero() {
		c.steps = append(c.steps, Step{Kind: StepPapers, Article: planningBasis, Date: n.Complete,
			Text: tell("Pièces reçues le %, après les trois mois\u00a0: la demande était déjà rejetée.", n.Complete)})
	}
}

// spared moves an applicant's own last day past an outage that it fell in, to the first
// working day after it; it gives the outage too.
func (f *Facts) spared(d Date) (Date, Incident) {
	var by Incident
	for again := !d.IsZero(); again; {
		again = false
		for _, o := range f.Incidents {
			if !d.Before(o.From) && !d.After(o.Until) {
				d, by, again = f.Territory.AddWorkingDays(o.Until, 1), o, true
			}
		}
	}
	return d, by
}

// Spared gives an applicant's own last day, moved past the outage that it fell in, and the
// outage; the same day where it fell in none.
func (f Facts) Spared(d Date) (Date, Incident) { return f.spared(d) }

// step says that an outage moved an applicant's last day.
func (o Incident) step(until Date) Step {
	cause := "Le service était en panne"
	if o.Cause != "" {
		cause += " (" + o.Cause + ")"
	}
	return Step{Kind: StepIncident, Article: "CRPA L.112-13", Date: until, From: o.Until, Amount: 1, Unit: UnitWorkingDays,
		Text: cause + tell(" du % au %\u00a0: ce qui devait arriver pendant ce temps est accepté jusqu’au %.", o.From, o.Until, until)}
}
