package catalogue

import (
	"strconv"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// ApplicantField is one question of the common step that asks who applies.
type ApplicantField struct {
	Name       string // given_name, family_name, email, phone, postal_address
	Label      string
	Optional   bool
	Purpose    string
	LegalBasis string // empty where the answer is optional
}

// ApplicantFields gives the questions of the common step « Vous ». Electronically, a
// name, a postal and an e-mail address identify a person (CRPA R.112-9-1); at the
// counter, by phone or by letter nobody has to have an e-mail address; an anonymous
// procedure asks for nothing.
func (p *Procedure) ApplicantFields(channel string) []ApplicantField {
	const identified = "CRPA, article\u00a0R.112-9-1"
	anonymous := p.Identity == IdentityNone
	basis := func(optional bool) string {
		if optional {
			return ""
		}
		return identified
	}
	noMail := anonymous || !electronic(channel)
	return []ApplicantField{
		{"given_name", "Prénom", anonymous, "Savoir à qui nous répondons", basis(anonymous)},
		{"family_name", "Nom", anonymous, "Savoir à qui nous répondons", basis(anonymous)},
		{"email", "Adresse électronique", noMail, "Vous envoyer l’accusé de réception et la réponse", basis(noMail)},
		{"phone", "Téléphone", true, "Vous joindre s’il nous manque quelque chose", ""},
		{"postal_address", "Adresse postale", anonymous, "Vous envoyer la réponse par courrier", basis(anonymous)},
	}
}

// EventDate gives the day that the answers are for, if the procedure has one and
// it was answered; none otherwise.
func (p *Procedure) EventDate(a forms.Answers) calendar.Date {
	if p.Event == nil {
		return calendar.Date{}
	}
	return dateOf(a, p.Event.Field)
}

// ContestedOn gives the day from which the decision that a recours gracieux contests can be
// taken to court, as the applicant dated it; none where the form does not ask.
func (p *Procedure) ContestedOn(a forms.Answers) calendar.Contested {
	if p.Contested == nil {
		return calendar.Contested{}
	}
	if on := dateOf(a, p.Contested.Notified); !on.IsZero() {
		return calendar.Contested{On: on}
	}
	seen := dateOf(a, p.Contested.Displayed)
	return calendar.Contested{On: seen, Displayed: !seen.IsZero()}
}

// PlanningReview tells whether it is a recours gracieux against a decision of urban planning:
// the time for going to court runs from that decision (C. urb. L.600-12-2).
func (p *Procedure) PlanningReview() bool { return p.Review && p.Route == RoutePlanning }

// dateOf reads the answer to a date field; none where there is none.
func dateOf(a forms.Answers, field string) calendar.Date {
	text, ok := a[field].Text()
	if !ok {
		return calendar.Date{}
	}
	day, err := calendar.ParseDate(text)
	if err != nil {
		return calendar.Date{}
	}
	return day
}

// Warnings tells, in French, that an event comes too soon: before the time that
// the procedure wants, or before the silence can mean anything; or so late that the law does
// not take the filing yet. They never keep
// anyone from filing: the law lets the late apply, and the agent must see it.
func (p *Procedure) Warnings(a forms.Answers, received, lastDay calendar.Date) []string {
	day := p.EventDate(a)
	if day.IsZero() || received.IsZero() {
		return nil
	}
	var out []string
	ahead := received.DaysUntil(day)
	if p.Event.Clear {
		ahead--
	}
	switch {
	case p.Event.MinDays > 0 && ahead < p.Event.MinDays:
		out = append(out, p.Event.Late)
	case p.Event.MaxDays > 0 && ahead > p.Event.MaxDays:
		out = append(out, p.Event.Early)
	}
	if !lastDay.IsZero() && !day.After(lastDay) {
		out = append(out, "La date demandée ("+day.FrenchShort()+") arrive avant la fin du délai de réponse ("+lastDay.FrenchShort()+
			")\u00a0: n’attendez pas l’effet du silence, il vous faut une réponse écrite avant.")
	}
	return out
}

var months = map[int]string{1: "un mois", 2: "deux mois", 3: "trois mois", 4: "quatre mois", 6: "six mois"}

func inMonths(n int) string {
	if s, ok := months[n]; ok {
		return s
	}
	return strconv.Itoa(n) + "\u00a0mois"
}

// SilenceAdvice says to whom relies on a date what is sure of it; nothing where silence
// decides nothing. What is not settled in law is said to agents (SilenceWarning, ToVerify).
func (p *Procedure) SilenceAdvice() string {
	if !p.Silence.Effect.Decides() {
		return ""
	}
	if p.Kind == KindReport {
		return "Un signalement ne demande pas toujours une décision\u00a0: ce délai compte si vous demandez une intervention et que vous donnez votre nom."
	}
	text := "La date exacte est dans votre accusé de réception."
	if p.Event != nil {
		return text + " Si la date que vous prévoyez arrive avant, n’attendez pas\u00a0: demandez-nous une réponse écrite."
	}
	return text + " Si une date vous presse, n’attendez pas la fin du délai\u00a0: demandez-nous une réponse écrite."
}

// SilenceText says in one French sentence what no answer means.
func (p *Procedure) SilenceText() string {
	switch p.Silence.Effect {
	case calendar.Acceptance:
		if p.Silence.Means != "" {
			return "Sans réponse au bout de " + inMonths(p.Silence.Months) + ", notre silence vaut " + p.Silence.Means + ", si votre dossier est complet."
		}
		return "Sans réponse au bout de " + inMonths(p.Silence.Months) + ", votre demande est acceptée, si elle est complète."
	case calendar.Rejection:
		if p.Kind == KindReport {
			return "Sans réponse au bout de " + inMonths(p.Silence.Months) + ", ce que vous demandez est considéré comme refusé."
		}
		text := "Sans réponse au bout de " + inMonths(p.Silence.Months) + ", votre demande est refusée et vous pouvez contester ce refus."
		if p.Nature != nil {
			text += " Une simple question n’appelle pas de décision\u00a0: ce délai ne la concerne pas."
		}
		return text
	case calendar.Declaration:
		return "C’est une déclaration\u00a0: nous l’enregistrons et vous remettons un récépissé. Le silence ne vaut ni accord ni refus."
	case calendar.None:
		if p.Silence.Code == calendar.Privacy {
			return "Nous répondons dans le mois, ou dans les trois mois si votre demande est complexe\u00a0: nous vous le disons alors dans le premier mois. Le silence ne décide rien."
		}
		return "Le silence n’a pas d’effet\u00a0: votre demande n’est ni acceptée ni refusée tant que nous n’avons pas répondu."
	}
	return ""
}
