package catalogue

import (
	"cmp"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

const (
	appealMonths  = 2 // CJA R.421-1; CRPA R.343-1 for the CADA
	telerecours   = "https://citoyens.telerecours.fr"
	rightsAgency  = "Défenseur des droits, Libre réponse 71120, 75342\u00a0Paris Cedex\u00a007, tél.\u00a009\u00a069\u00a039\u00a000\u00a000, www.defenseurdesdroits.fr"
	prefectBody   = "le préfet du département"
	accessAgency  = "Commission d’accès aux documents administratifs (CADA), TSA\u00a050730, 75334\u00a0Paris Cedex\u00a007, www.cada.fr"
	gracieuxBasis = "CRPA, article\u00a0L.411-2"
)

// Appeal is the ways and times of appeal against a refusal, express or silent
// (voies et délais de recours: CRPA R.112-5, R.112-11-1; CJA R.421-5).
type Appeal struct {
	Route  Route
	Court  tenants.Court
	Months int
	// Prior: an administrative appeal must come first (RAPO, CRPA L.412-1 ff.): the CADA.
	Prior bool
	// PriorBody names the authority of the prior appeal and its address.
	PriorBody string
	// Informal: asking the commune to think again interrupts the time (recours
	// gracieux, L.411-2).
	Informal bool
	// Review: what is refused was itself a recours gracieux. Another one interrupts nothing.
	Review       bool
	Mediator     string
	RightsAgency string // Défenseur des droits
	// Residence is where the person lives, where that makes the time before the court longer
	// (CJA R.421-7).
	Residence calendar.Residence
}

// AppealFor gives the ways of appeal against a refusal; nil where the procedure
// has none. Its court is the settings' one, and may be missing.
func AppealFor(e Entry, s tenants.Settings) *Appeal {
	p := e.Procedure()
	if p.Route == RouteNone {
		return nil
	}
	a := &Appeal{
		Route: p.Route, Court: s.Court, Months: appealMonths, Informal: p.Route == RouteCourt && !p.Review, Review: p.Review,
		Mediator: s.Mediator, RightsAgency: rightsAgency,
	}
	a.Court.Telerecours = cmp.Or(a.Court.Telerecours, telerecours)
	switch p.Route {
	case RouteCADA:
		a.Prior, a.PriorBody = true, accessAgency
	case RoutePrefect:
		a.Prior, a.PriorBody = true, prefectBody
	}
	return a
}

// Paragraphs gives the text of the appeal in French. Express: against a decision
// that is being notified; otherwise against the silence whose last day is given.
// Last is the last day for the first appeal, if known. None for a nil Appeal.
func (a *Appeal) Paragraphs(express bool, silence, last calendar.Date) []string {
	if a == nil {
		return nil
	}
	contest, from := "Si vous contestez cette décision", "à compter de sa notification"
	if !express {
		contest = "Si vous contestez ce refus"
		from = "à compter de sa date"
		if !silence.IsZero() {
			from = "à compter du " + silence.FrenchShort()
		}
	}
	until := ""
	if !last.IsZero() {
		until = ", soit jusqu’au " + last.FrenchShort() + " inclus"
	}
	switch a.Route {
	case RouteCADA:
		return a.access(contest, from, until)
	case RoutePrefect:
		return a.prefect(contest, from, until)
	case RoutePlanning:
		return a.planning(contest, from, until)
	}
	return a.court(contest, from, until)
}

// longer says that the time before the court is longer for whom lives far away.
func (a *Appeal) longer() string {
	switch a.Residence {
	case calendar.LivesAcross:
		return ", augmenté d’un mois car vous demeurez de l’autre côté d’une mer (article\u00a0R.421-7),"
	case calendar.LivesAbroad:
		return ", augmenté de deux mois car vous demeurez à l’étranger (article\u00a0R.421-7),"
	}
	return ""
}

// seize says how the court is seized.
func (a *Appeal) seize(contest, from, until string) string {
	return contest + ", vous pouvez saisir le tribunal dans un délai de deux mois" + a.longer() + " " + from + until +
		" (code de justice administrative, articles\u00a0R.421-1 et R.421-2)\u00a0: " + a.courtAddress()
}

func (a *Appeal) planning(contest, from, until string) []string {
	if a.Review {
		dated := ""
		if until != "" {
			dated = until + " d’après la date que vous avez donnée,"
		}
		return append([]string{
			contest + ", attention\u00a0: votre recours gracieux n’a pas prolongé le délai pour saisir le tribunal. Ce délai est de deux mois" + a.longer() + " depuis la notification de la décision d’urbanisme elle-même ou, pour un voisin, depuis le premier jour de son affichage sur le terrain" + dated + " (code de l’urbanisme, articles\u00a0L.600-12-2 et R*600-2). S’il n’est pas passé, vous pouvez saisir\u00a0: " + a.courtAddress(),
		}, a.others()...)
	}
	out := []string{
		a.seize(contest, from, until),
		"Vous pouvez aussi, dans un délai d’un mois " + from + ", nous demander de revoir notre position (recours gracieux)\u00a0; sans réponse de notre part dans les deux mois, c’est un refus. Attention\u00a0: ce recours ne prolonge pas le délai de deux mois pour saisir le tribunal (code de l’urbanisme, article\u00a0L.600-12-2).",
	}
	return append(out, a.others()...)
}

func (a *Appeal) prefect(contest, from, until string) []string {
	out := []string{
		contest + ", vous devez d’abord saisir " + a.PriorBody + ", gratuitement, dans un délai de deux mois " + from + until + " (CESEDA, articles\u00a0R.313-12 et suivants).",
		"S’il maintient le refus, ou ne répond pas dans le mois, vous pouvez ensuite saisir le tribunal dans un délai de deux mois\u00a0: " + a.courtAddress(),
	}
	return append(out, a.others()...)
}

func (a *Appeal) court(contest, from, until string) []string {
	if a.Review {
		return append([]string{
			a.seize(contest, from, until),
			"Un nouveau recours gracieux n’interromprait pas ce délai une seconde fois (" + gracieuxBasis + ").",
		}, a.others()...)
	}
	out := []string{
		a.seize(contest, from, until),
		"Dans ce même délai, vous pouvez nous demander de revoir notre position (recours gracieux). Cela interrompt le délai pour saisir le tribunal\u00a0: il repart pour deux mois à notre réponse ou, si nous ne répondons pas, deux mois après votre demande (" + gracieuxBasis + ").",
	}
	return append(out, a.others()...)
}

func (a *Appeal) access(contest, from, until string) []string {
	out := []string{
		contest + ", vous devez d’abord saisir la CADA, gratuitement, dans un délai de deux mois " + from + until +
			" (CRPA, articles\u00a0L.342-1 et R.343-1)\u00a0: " + a.PriorBody + ".",
		"Si nous maintenons notre refus, ou ne répondons pas dans les deux mois qui suivent l’enregistrement de votre demande par la CADA (CRPA, articles\u00a0R.343-4 et R.343-5), vous pouvez ensuite saisir le tribunal dans un délai de deux mois\u00a0: " + a.courtAddress(),
	}
	return append(out, a.others()...)
}

func (a *Appeal) courtAddress() string {
	return a.Court.Name + ", " + oneLine(a.Court.PostalAddress) + ", ou en ligne sur " + a.Court.Telerecours + "."
}

func (a *Appeal) others() []string {
	mediation := "Vous pouvez aussi proposer une médiation (CRPA, article\u00a0L.421-1\u00a0; code de justice administrative, articles\u00a0L.213-1 et suivants)."
	if a.Mediator != "" {
		mediation = "Vous pouvez aussi demander une médiation\u00a0: " + oneLine(a.Mediator) + " (CRPA, article\u00a0L.421-1\u00a0; code de justice administrative, articles\u00a0L.213-1 et suivants)."
	}
	out := []string{
		mediation,
		"Le Défenseur des droits peut vous aider gratuitement, sans que cela arrête le délai\u00a0: " + a.RightsAgency + ".",
	}
	if a.Residence == calendar.LivesNear {
		out = append(out, "Un délai plus long peut s’appliquer si vous demeurez outre-mer ou à l’étranger (code de justice administrative, article\u00a0R.421-7).")
	}
	return out
}
