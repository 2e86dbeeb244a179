package calendar

// A recours gracieux against a decision of urban planning is asked for within a month and
// extends nothing: the time for going to court runs from the decision that it contests,
// whatever the town answers or does not (C. urb. L.600-12-2, in force since 28 November 2025).
const planningReviewBasis = "C. urb. L.600-12-2"

const planningReviewDoubt = "Recours gracieux en urbanisme\u00a0: la règle (loi 2025-1129) et son calcul restent à vérifier."

func (f *Facts) planningReview() bool { return f.Review && f.Route == RoutePlanning }

// ReviewAppeal gives the time for going to court against a decision of urban planning that a
// recours gracieux contests; none binds while nobody knows its day. An unknown residence
// counts as a near one.
func ReviewAppeal(c Contested, t Territory, r Residence) Appeal {
	if c.On.IsZero() {
		return Appeal{Warnings: []string{"Le délai de deux mois pour saisir le tribunal court depuis la décision d’urbanisme contestée, et ce recours gracieux ne le prolonge pas\u00a0: le jour de sa notification ou de son affichage n’est pas connu."}}
	}
	months, _ := r.months()
	a := Appeal{From: c.On, Opposable: true, LastDay: AppealLastDay(c.On, t, max(months, appealMonths))}
	a.Warnings = []string{"Le dernier jour pour saisir le tribunal est compté depuis la notification de la décision contestée, telle que le demandeur l’a datée\u00a0: à vérifier sur la décision, qui doit aussi dire les voies de recours."}
	if c.Displayed {
		a.Warnings = []string{"Le dernier jour pour saisir le tribunal est compté depuis le jour où le demandeur a vu le panneau\u00a0: s’il était affiché avant, le délai finit plus tôt (C. urb. R*600-2)."}
	}
	return a
}

// contested explains until when the decision that is contested can be taken to court, and
// until when it could be contested here.
func (f *Facts) contested(d *Dates) {
	c := f.Contested
	d.Appeal = ReviewAppeal(c, f.Territory, f.Residence)
	d.Warnings = append(d.Warnings, d.Appeal.Warnings...)
	d.warn(planningReviewDoubt)
	if c.On.IsZero() {
		d.add(Step{Kind: StepNoAppeal, Article: planningReviewBasis, Text: d.Appeal.Warnings[0]})
		return
	}
	began := "notifiée le %"
	article := planningReviewBasis + ", " + f.Residence.article()
	if c.Displayed {
		began, article = "affichée, et vue le %", planningReviewBasis+", R*600-2"
	}
	d.GraciousBy = c.On.AddMonths(planningGraciousMonths)
	d.add(Step{Kind: StepGracious, Article: planningReviewBasis, Date: d.GraciousBy, From: c.On, Amount: planningGraciousMonths, Unit: UnitMonths,
		Text: tell("Décision contestée "+began+"\u00a0: un recours gracieux pouvait être formé jusqu’au %.", c.On, d.GraciousBy)})
	if f.FirstReceived.After(d.GraciousBy) {
		d.warn(tell("Ce recours gracieux est arrivé le %, après le mois qui finissait le %. Par courrier, le cachet de la poste fait foi (CRPA L.112-1)\u00a0: vérifiez-le.", f.FirstReceived, d.GraciousBy))
	}
	months, _ := f.Residence.months()
	d.add(Step{Kind: StepAppeal, Article: article, Date: d.Appeal.LastDay, From: c.On, Amount: months, Unit: UnitClearMonths,
		Text: tell("La décision d’urbanisme contestée peut être portée devant le tribunal administratif jusqu’au % inclus ("+plural(months, "mois franc", "mois francs")+" depuis elle)\u00a0: ni ce recours gracieux ni sa réponse ne prolongent ce délai.", d.Appeal.LastDay)})
}
