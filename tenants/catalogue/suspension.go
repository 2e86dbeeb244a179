package catalogue

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Aid tells whether the procedure asks for a public aid, whose instruction a suspicion of
// fraud can suspend (CRPA L.115-3), as it declares, or as the library's procedure of the same
// name does: a version of before there was a word for it does not say.
func (p *Procedure) Aid() bool {
	m, ok := Model(p.Slug)
	return p.Kind == KindRequest && (p.PublicAid || ok && m.PublicAid)
}

// ComposeSuspension writes that the instruction of an aid is suspended on a suspicion of
// fraud (CRPA L.115-3), or goes on being so on new elements: f.Reasons, until f.LimitOn, and
// the new last day f.LastDay, if there is one; with the ways of appeal.
func ComposeSuspension(e Entry, s tenants.Settings, f LetterFacts, renewed bool) ComposedLetter {
	p := e.Procedure()
	subject, first := "L’examen de votre demande est suspendu", "L’examen de votre demande «\u00a0"+p.Title+"\u00a0», reçue le "+f.ReceivedOn.FrenchShort()+
		", est suspendu jusqu’au "+f.LimitOn.FrenchShort()+", le temps d’une vérification (CRPA, articles\u00a0L.115-3 et R.115-5). En voici les raisons\u00a0:"
	if renewed {
		subject, first = "La suspension de votre demande est prolongée", "L’examen de votre demande «\u00a0"+p.Title+"\u00a0», reçue le "+f.ReceivedOn.FrenchShort()+
			", reste suspendu jusqu’au "+f.LimitOn.FrenchShort()+"\u00a0: des éléments nouveaux sont à vérifier (CRPA, articles\u00a0L.115-3 et R.115-5). Les voici\u00a0:"
	}
	clock := "Le délai pour vous répondre ne court pas pendant ce temps."
	if sentence := f.unanswered(p); sentence != "" {
		clock += " " + sentence
		if f.Posted { // the suspension begins on the day on which it comes
			clock += " Ce jour est compté comme si vous aviez reçu cette lettre le " + f.DecidedOn.FrenchShort() + "\u00a0: chaque jour qu’elle met à vous parvenir le rapproche d’un jour."
		}
	}
	body := []string{
		first, f.Reasons, clock,
		"Une suspension n’est pas un refus. Vous pouvez nous répondre et nous envoyer tout document utile\u00a0: si la vérification finit plus tôt, l’examen reprend aussitôt et nous vous l’écrirons.",
	}
	body = append(body, f.appeal(e, s).Paragraphs(true, calendar.Date{}, calendar.Date{})...)
	return ComposedLetter{Subject: subject, Body: f.page(e, s, body, true)}
}

// ComposeResumption writes that a suspension has ended before its day, why (f.Reasons), and
// the new last day f.LastDay, if there is one.
func ComposeResumption(e Entry, s tenants.Settings, f LetterFacts) ComposedLetter {
	body := slices.DeleteFunc([]string{
		"La vérification est terminée\u00a0: l’examen de votre demande «\u00a0" + e.Procedure().Title + "\u00a0», reçue le " + f.ReceivedOn.FrenchShort() + ", reprend depuis le " + f.DecidedOn.FrenchShort() + ".",
		f.Reasons, f.unanswered(e.Procedure()),
	}, func(text string) bool { return text == "" })
	return ComposedLetter{Subject: "L’examen de votre demande reprend", Body: f.page(e, s, body, false)}
}

// unanswered says what no answer by the last day makes; nothing where no day is known, or
// where silence makes nothing.
func (f LetterFacts) unanswered(p *Procedure) string {
	if f.LastDay.IsZero() {
		return ""
	}
	by := "Si vous n’avez pas reçu de réponse au plus tard le " + f.LastDay.FrenchShort() + ", "
	switch p.Silence.Effect {
	case calendar.Acceptance:
		return by + willGrant(p.Silence, "")
	case calendar.Rejection:
		return by + "votre demande sera considérée comme refusée\u00a0: le silence vaut rejet (" + p.Silence.Source + "). Les voies de recours sont celles de votre accusé de réception."
	case calendar.Declaration, calendar.None:
	}
	return ""
}
