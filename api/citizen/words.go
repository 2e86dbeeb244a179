package citizen

import (
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// noun is how people call what they send.
type noun struct{ the, your, yours string }

func nounOf(k catalogue.Kind) noun {
	switch k {
	case catalogue.KindDeclaration:
		return noun{"la déclaration", "votre déclaration", "ma déclaration"}
	case catalogue.KindReport:
		return noun{"le signalement", "votre signalement", "mon signalement"}
	case catalogue.KindInformation:
		return noun{"le message", "votre message", "mon message"}
	default:
		return noun{"la demande", "votre demande", "ma demande"}
	}
}

// facts are the three facts under a procedure's title.
func facts(p *catalogue.Procedure) web.Facts {
	var out web.Facts
	if p.Minutes > 0 && p.Form != nil {
		out = append(out, web.Fact{Icon: "clock", Text: web.Plural(p.Minutes, "minute", "minutes")})
	}
	if p.Cost != "" {
		out = append(out, web.Fact{Icon: costIcon(p.Cost), Text: shortCost(p.Cost)})
	}
	switch {
	case p.Redirect != "":
		out = append(out, web.Fact{Icon: "landmark", Text: "Sur un site officiel"})
	case p.Commitment > 0:
		out = append(out, web.Fact{Icon: "calendar-days", Text: "Réponse sous " + web.Plural(p.Commitment, "jour ouvré", "jours ouvrés")})
	case p.Silence.Months > 0:
		out = append(out, web.Fact{Icon: "calendar-days", Text: "Réponse sous " + strconv.Itoa(p.Silence.Months) + "\u00a0mois"})
	}
	return out
}

// maxCost is how many characters of a cost fit under a title.
const maxCost = 32

// shortCost says a cost in few words; the page says the whole of it.
func shortCost(cost string) string {
	if len([]rune(cost)) <= maxCost {
		return cost
	}
	return "Payant selon le cas"
}

func costIcon(cost string) string {
	if len([]rune(cost)) <= maxCost {
		return "circle-check"
	}
	return "euro"
}

// goodToKnow are the questions beside a procedure and its form.
func goodToKnow(e catalogue.Entry, s tenants.Settings, title string) []web.Disclosure {
	p := e.Procedure()
	delay := p.SilenceText()
	if p.Commitment > 0 {
		delay = "La mairie s’engage à vous répondre sous " + web.Plural(p.Commitment, "jour ouvré", "jours ouvrés") + ".\n\n" + delay
	}
	out := []web.Disclosure{{Title: "Quel délai prévoir\u00a0?", Text: delay}}
	if p.Cost != "" {
		out = append(out, web.Disclosure{Title: "Faut-il payer\u00a0?", Text: p.Cost + "."})
	}
	var ways []string
	for _, a := range catalogue.AlternativesFor(e, s) {
		ways = append(ways, a.Title+"\u00a0: "+strings.TrimSuffix(a.Text, ".")+" ("+a.Value+").")
	}
	if len(ways) > 0 {
		out = append(out, web.Disclosure{Title: "Et sans écran\u00a0?", Lines: ways})
	}
	return append(out, notice(e, s, title))
}

// notice is the information of GDPR art. 13, folded.
func notice(e catalogue.Entry, s tenants.Settings, title string) web.Disclosure {
	var b strings.Builder
	for _, p := range catalogue.NoticeFor(e, s, title) {
		text := strings.Join(p.Text, " ")
		if len(p.Items) > 0 {
			text += " " + strings.Join(p.Items, "\u00a0; ") + "."
		}
		b.WriteString(p.Title + "\n" + text + "\n\n")
	}
	return web.Disclosure{Title: "Que deviennent mes données\u00a0?", Text: b.String()}
}

// inDays says how far a day is, in words.
func inDays(today, day calendar.Date) string {
	switch n := today.DaysUntil(day); {
	case n < 0:
		return ""
	case n == 0:
		return "aujourd’hui"
	case n == 1:
		return "demain"
	default:
		return "dans " + strconv.Itoa(n) + "\u00a0jours"
	}
}

// lifeEvent finds a group of the portal.
func lifeEvent(slug string) (catalogue.LifeEvent, bool) {
	for _, l := range catalogue.LifeEvents() {
		if l.Slug == slug {
			return l, true
		}
	}
	return catalogue.LifeEvent{}, false
}
