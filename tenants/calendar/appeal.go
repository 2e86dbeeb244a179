package calendar

import "github.com/parvis-gru/parvis/tenants/fault"

// Residence is where the applicant lives, seen from the court (CJA R.421-7):
// the appeal is longer from afar.
type Residence string

// The residences.
const (
	LivesNear   Residence = ""         // in the court's territory: two months
	LivesAcross Residence = "overseas" // on the other side of a sea: one month more
	LivesAbroad Residence = "abroad"   // two months more
)

const appealMonths = 2 // CJA R.421-1

// article gives the article of the time to go to court.
func (r Residence) article() string {
	if r == LivesNear {
		return "CJA R.421-1"
	}
	return "CJA R.421-1, R.421-7"
}

func (r Residence) months() (int, bool) {
	switch r {
	case LivesNear:
		return appealMonths, true
	case LivesAcross:
		return appealMonths + 1, true
	case LivesAbroad:
		return appealMonths + 2, true
	default:
		return 0, false
	}
}

// AppealLastDay gives the last day of an appeal of so many months, a délai
// franc (CJA R.421-1: two months), from the notification of a decision or from
// the date of a silent rejection ([Deadline.LastDay]).
func AppealLastDay(from Date, t Territory, months int) Date { return t.FrancMonths(from, months) }

// AppealFacts is what an appeal against a refusal depends on.
type AppealFacts struct {
	// Silence is the request's deadline as [Silence] gave it.
	Silence Deadline
	// ReceiptSent and ReceiptComplete: was the receipt (AR, ARE) sent to the
	// applicant, and did it bear every mention of CRPA R.112-5 or R.112-11-1?
	ReceiptSent, ReceiptComplete bool
	// ExpressNotified is the day on which an express refusal was notified; none, no such refusal.
	ExpressNotified Date
	// ExpressRegular: did the notification name the ways and times of appeal (CJA R.421-5)?
	ExpressRegular bool
	Territory      Territory
	Residence      Residence
}

// Appeal is the time for going to court against a refusal.
type Appeal struct {
	// From is the date of the refusal that the time runs from: the notification
	// of an express one, the last day of a silent one. None: nothing to appeal yet.
	From Date
	// Opposable tells whether the two months bind the applicant.
	Opposable bool
	// LastDay is the last day to seize the court; none if no such day binds.
	LastDay Date
	// Warnings are French sentences to be shown beside the date.
	Warnings []string
}

// Opposable gives the time for appeal against a refusal (CRPA L.112-6, L.112-12;
// CJA R.421-1, R.421-2, R.421-5, R.421-7).
//
// A silent rejection binds only if a complete receipt was sent. An express
// refusal binds if it was regularly notified before the silence took effect, or
// if a complete receipt was sent; notified within the appeal against the silent
// rejection, it opens the time anew, and after that time it changes nothing.
// Otherwise no date is given and a warning says why: only a reasonable time, of
// about one year, then limits the appeal (CE Ass. 13 July 2016, n° 387763).
// Appeals before the prefect or CADA, and the special rule of urban planning
// (C. urb. L.600-12-2), are not this function's. An unknown residence is the
// fault "invalid_facts".
func Opposable(f AppealFacts) (Appeal, error) {
	months, ok := f.Residence.months()
	if !ok {
		return Appeal{}, fault.New(fault.Invalid, "invalid_facts", fault.Field{Path: "residence", Code: "unknown_residence"})
	}
	if f.ExpressNotified.IsZero() {
		return f.silent(months), nil
	}
	return f.express(months), nil
}

const reasonable = " Le délai de deux mois ne s’applique donc pas\u00a0: seul un délai raisonnable, d’environ un an, limite le recours."

// silent is the appeal against a silent rejection.
func (f AppealFacts) silent(months int) Appeal {
	if f.Silence.Effect != Rejection || f.Silence.LastDay.IsZero() {
		return Appeal{}
	}
	a := Appeal{From: f.Silence.LastDay}
	switch {
	case !f.ReceiptSent:
		a.Warnings = []string{"L’accusé de réception n’a pas été envoyé." + reasonable}
	case !f.ReceiptComplete:
		a.Warnings = []string{"L’accusé de réception est incomplet." + reasonable}
	default:
		a.Opposable = true
		a.LastDay = AppealLastDay(a.From, f.Territory, months)
	}
	return a
}

// express is the appeal once an express refusal was notified.
func (f AppealFacts) express(months int) Appeal {
	last := f.Silence.LastDay
	inTime := last.IsZero() || !f.ExpressNotified.After(last)
	if implied := f.silent(months); !inTime && implied.Opposable && f.ExpressNotified.After(implied.LastDay) {
		implied.Warnings = append(implied.Warnings,
			"Le refus exprès a été notifié après la fin du recours contre le refus implicite\u00a0: il ne rouvre pas le délai.")
		return implied
	}
	a := Appeal{From: f.ExpressNotified}
	switch {
	case !f.ExpressRegular:
		a.Warnings = []string{"La notification du refus n’indique pas les voies et délais de recours." + reasonable}
	case !inTime && (!f.ReceiptSent || !f.ReceiptComplete):
		a.Warnings = []string{"Le refus a été notifié après la date du silence, sans accusé de réception complet." + reasonable}
	default:
		a.Opposable = true
		a.LastDay = AppealLastDay(a.From, f.Territory, months)
	}
	if !inTime && f.Silence.Effect == Acceptance {
		a.Warnings = append(a.Warnings,
			"L’acceptation était déjà acquise\u00a0: un refus ne peut être qu’un retrait, aux conditions de l’article\u00a0L.242-1 du CRPA.")
	}
	return a
}

// WithdrawalLastDay gives the last day on which an illegal decision that created
// rights can be withdrawn or repealed: four months from the decision (CRPA
// L.242-1), a silent one being dated of its last day ([Deadline.LastDay]), after
// the applicant was heard (L.121-1). Fraud has no limit (L.241-2). It does not
// hold for urban planning: see [PlanningWithdrawalLastDay].
func WithdrawalLastDay(acquired Date) Date { return acquired.AddMonths(withdrawalMonths) }

// PlanningWithdrawalLastDay is the same for a permit of urban planning: three
// months (C. urb. L.424-5).
func PlanningWithdrawalLastDay(acquired Date) Date { return acquired.AddMonths(planningWithdrawal) }

const (
	withdrawalMonths   = 4 // CRPA L.242-1
	planningWithdrawal = 3 // C. urb. L.424-5
)

// ReasonsDue gives the last day to answer someone who asks why a silent rejection
// was made: one month after the request (CRPA L.232-4), which must come within
// the appeal; the appeal then runs two months from the answer ([AppealLastDay]).
func ReasonsDue(requested Date) Date { return requested.AddMonths(1) }

// DocumentAccessAppeal gives the last day to seize the CADA after a refusal to
// communicate documents: two months, de quantième à quantième (CRPA R.343-1).
// Whether a Saturday, Sunday or holiday extends it is not settled: the earlier
// day is given, with a warning in French.
func DocumentAccessAppeal(refused Date, t Territory) Appeal {
	a := Appeal{From: refused, Opposable: !refused.IsZero(), LastDay: refused.AddMonths(priorMonths)}
	if a.Opposable && !t.IsWorkingDay(a.LastDay) {
		a.Warnings = []string{"Le dernier jour pour saisir la CADA n’est pas un jour ouvré\u00a0: un report au jour ouvré suivant reste à vérifier."}
	}
	return a
}

// DocumentAccessConfirmed gives the day on which the silence of the commune
// confirms its refusal: two months after the CADA registered the complaint
// (CRPA R.343-4, R.343-5).
func DocumentAccessConfirmed(registered Date) Date { return registered.AddMonths(accessMonths) }
