package catalogue

import (
	"cmp"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// noticeEffect says what a notice of missing pieces does to the time for answering
// (CRPA L.114-5, R.112-11-4): nothing where the instruction can go on without them
// (L.114-5-1). For a rejection it gives the new last day, if they never come.
func (f LetterFacts) noticeEffect(p *Procedure) string {
	if len(f.Pieces) > 0 && !anyIndispensable(f.Pieces) {
		return "Ces pièces ne sont pas indispensables\u00a0: nous continuons d’étudier votre demande en les attendant, et aucun délai ne change (CRPA, article\u00a0L.114-5-1)."
	}
	if p.Silence.Code == calendar.Planning {
		return planningNotice(p.Silence)
	}
	switch p.Silence.Effect {
	case calendar.Acceptance:
		if p.Silence.Code == calendar.Preemption {
			return "Le délai pour décider est suspendu jusqu’à la réception de ces documents\u00a0; il en restera au moins un mois (code de l’urbanisme, article\u00a0L.213-2)."
		}
		return "Le délai à l’issue duquel notre silence vaudrait accord commencera à courir le jour où nous aurons reçu toutes ces pièces (CRPA, articles\u00a0L.114-5 et R.112-11-4). Sans elles, aucun accord ne peut naître de notre silence."
	case calendar.Rejection:
		text := "Le délai à l’issue duquel notre silence vaudrait refus est suspendu jusqu’à la réception de ces pièces, et au plus tard jusqu’à cette date (CRPA, articles\u00a0L.114-5 et R.112-11-4)."
		if !f.LastDay.IsZero() {
			text += " Si nous ne vous avons pas répondu le " + f.LastDay.FrenchShort() + ", votre demande sera considérée comme refusée\u00a0; ce jour sera plus proche si vous envoyez les pièces plus tôt."
			if f.Posted { // the suspension begins on the day on which it comes
				text += " Il est compté comme si vous aviez reçu cette lettre le " + f.DecidedOn.FrenchShort() + "\u00a0: chaque jour qu’elle met à vous parvenir le rapproche d’un jour."
			}
		}
		return text
	case calendar.Declaration:
		return "Nous pourrons vous remettre le récépissé dès que nous les aurons reçues (CRPA, article\u00a0L.114-5)."
	case calendar.None:
	}
	return "Nous traiterons votre demande dès que nous les aurons reçues (CRPA, article\u00a0L.114-5)."
}

// ComposeComplete writes that everything that was asked for has come, and what that does to
// the time for answering: the new last day (CRPA L.114-5, R.112-11-4), which is
// f.LastDay. f.DecidedOn is the day on which the last piece came.
func ComposeComplete(e Entry, s tenants.Settings, f LetterFacts) ComposedLetter {
	p := e.Procedure()
	body := []string{
		"Nous avons maintenant toutes les pièces demandées pour votre demande «\u00a0" + p.Title + "\u00a0», reçue le " + f.ReceivedOn.FrenchShort() + ". Votre dossier est complet depuis le " + f.DecidedOn.FrenchShort() + ".",
	}
	switch by := f.unanswered(p); {
	case by == "":
		body = append(body, "Nous continuons d’étudier votre demande, et vous écrirons dès qu’elle sera traitée.")
	case p.Silence.Effect == calendar.Acceptance:
		body = append(body, "Le délai pour vous répondre court depuis ce jour. "+by+" "+attestationAdvice(p.Silence))
	default:
		body = append(body, "Le délai pour vous répondre court de nouveau. "+by)
	}
	return ComposedLetter{Subject: "Votre dossier est complet", Body: f.page(e, s, body, false)}
}

// ComposeNewDate writes that the last day for answering is another one than the person was
// told, f.LastDay, or none for now: a date of the file was wrong, or is counted otherwise.
func ComposeNewDate(e Entry, s tenants.Settings, f LetterFacts) ComposedLetter {
	p := e.Procedure()
	body := []string{
		"La date qui vous avait été donnée pour votre demande «\u00a0" + p.Title + "\u00a0», reçue le " + f.ReceivedOn.FrenchShort() + ", a changé\u00a0: nous avons revu les dates de votre dossier.",
	}
	body = append(body, cmp.Or(f.unanswered(p), "Le délai pour vous répondre ne court pas tant que des pièces manquent à votre dossier (CRPA, article\u00a0L.114-5)."))
	body = append(body, "Le détail du calcul est sur la page de votre demande. Si cette date vous paraît fausse, répondez-nous.")
	return ComposedLetter{Subject: "La date de réponse à votre demande a changé", Body: f.page(e, s, body, false)}
}

// ComposeNewAppeal writes that a refusal can be contested until another day than the
// person was told: f.AppealLastDay.
func ComposeNewAppeal(e Entry, s tenants.Settings, f LetterFacts) ComposedLetter {
	return ComposedLetter{Subject: "Le délai pour contester notre décision a changé", Body: f.page(e, s, []string{
		"La date donnée pour contester la décision prise sur votre demande «\u00a0" + e.Procedure().Title + "\u00a0» a changé\u00a0: nous l’avons comptée de nouveau.",
		"Vous pouvez contester cette décision jusqu’au " + f.AppealLastDay.FrenchShort() + ". La marche à suivre reste celle de la lettre ou de l’accusé de réception que vous avez reçus.",
	}, false)}
}

// noticeLines gives the pieces of a notice as lines. Where some are indispensable and others
// are not, the others say that no time depends on them (CRPA L.114-5-1).
func noticeLines(pieces []Piece) []string {
	lines := PieceLines(pieces)
	if !anyIndispensable(pieces) {
		return lines
	}
	for i, p := range pieces {
		if !p.Indispensable {
			lines[i] += ", utile mais pas indispensable\u00a0: aucun délai n’en dépend (CRPA, article\u00a0L.114-5-1)"
		}
	}
	return lines
}

func anyIndispensable(pieces []Piece) bool {
	for _, p := range pieces {
		if p.Indispensable {
			return true
		}
	}
	return false
}

// KeepsAppeal tells whether the letter of a refusal, as an agent changed it, still
// names the ways and times of appeal: without them no time binds the person (CJA
// R.421-5), and the court by its name. A procedure without a route of ours has none to name.
func KeepsAppeal(e Entry, s tenants.Settings, letter string) bool {
	a := AppealFor(e, s)
	if a == nil {
		return true
	}
	court := a.Route == RouteCourt || a.Route == RoutePlanning
	return NamesAppeal(e.Procedure(), letter) && (!court || strings.Contains(flat(letter), flat(a.Court.Name)))
}

// NamesAppeal tells whether the letter of a refusal names the ways and times of appeal (CJA
// R.421-5), whatever the court is called today.
func NamesAppeal(p *Procedure, letter string) bool {
	body := "tribunal"
	switch p.Route {
	case RouteNone:
		return true
	case RouteCADA:
		body = "cada"
	case RoutePrefect:
		body = "préfet"
	}
	text := flat(letter)
	return strings.Contains(text, "deux mois") && strings.Contains(text, body)
}

// flat writes a text on one line, in small letters.
func flat(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// ComposeReopened writes that a silence which had been told, of a day, never decided: a date of
// the file was wrong. The file is examined on, until f.LastDay, or none for now.
func ComposeReopened(e Entry, s tenants.Settings, f LetterFacts, told Outcome, of calendar.Date) ComposedLetter {
	p, said := e.Procedure(), "refusée"
	if told == OutcomeImplicitAcceptance {
		said = "acceptée"
	}
	body := []string{
		"Nous vous avions écrit que votre demande «\u00a0" + p.Title + "\u00a0», reçue le " + f.ReceivedOn.FrenchShort() + ", était " + said + " par notre silence depuis le " + of.FrenchShort() + ".",
		"C’était une erreur\u00a0: une date de votre dossier avait été mal notée. Une fois cette date corrigée, le délai n’était pas écoulé ce jour-là, et cette décision n’a jamais existé. Nous vous prions de nous en excuser. L’examen de votre demande continue.",
	}
	body = append(body, cmp.Or(f.unanswered(p), "Le délai pour vous répondre ne court pas tant que des pièces manquent à votre dossier (CRPA, article\u00a0L.114-5)."))
	body = append(body, "Le détail du calcul est sur la page de votre demande. Si vous avez déjà agi sur la foi de cette décision, ou si cette date vous paraît fausse, répondez-nous.")
	return ComposedLetter{Subject: "Votre demande n’a pas été décidée par notre silence", Body: f.page(e, s, body, false)}
}
