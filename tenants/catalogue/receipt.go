package catalogue

import (
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Paragraph is a titled part of a text that people read. Items, where there are
// any, are a list after the text.
type Paragraph struct {
	Title string
	Text  []string
	Items []string
}

// Paragraphs gives the receipt's mentions in French, for the page, the e-mail and the
// letter alike. It does not hold the number, the tracking code or a greeting.
func (m Mentions) Paragraphs() []Paragraph {
	received := Paragraph{Title: "Réception", Text: []string{
		"Nous avons reçu " + m.noun() + " «\u00a0" + m.Title + "\u00a0» le " + m.ReceivedOn.French() + ".",
	}}
	switch m.Kind {
	case KindReport:
		received.Text[0] = "Nous avons reçu votre signalement le " + m.ReceivedOn.French() + "."
	case KindDocument:
		received.Text[0] = "Nous avons reçu votre document «\u00a0" + m.Title + "\u00a0» le " + m.ReceivedOn.French() + "."
	case KindMessage:
		received.Text[0] = "Nous avons reçu votre message le " + m.ReceivedOn.French() + "."
	case kindRegistration:
		received.Text[0] = "Nous avons enregistré votre envoi le " + m.ReceivedOn.French() + "."
		return []Paragraph{received}
	}
	out := []Paragraph{received, m.servicePart()}
	if m.Incomplete != nil {
		out = append(out, m.incompletePart())
	}
	switch {
	case m.Silence == calendar.Acceptance:
		out = append(out, m.acceptancePart())
	case m.Silence == calendar.Rejection:
		out = append(out, m.rejectionPart(), Paragraph{Title: "Vos recours", Text: m.Appeal.Paragraphs(false, m.LastDay, m.AppealLastDay)})
	}
	return out
}

func (m Mentions) noun() string {
	switch m.Kind {
	case KindDeclaration:
		return "votre déclaration"
	case KindInformation:
		return "votre demande d’information"
	default:
		return "votre demande"
	}
}

func (m Mentions) servicePart() Paragraph {
	p := Paragraph{Title: "Qui s’en occupe", Text: []string{"Service chargé du dossier\u00a0: " + m.Service.Name + "."}}
	if m.Commitment > 0 {
		p.Text = append(p.Text, "Il s’engage à vous répondre sous "+strconv.Itoa(m.Commitment)+"\u00a0jours ouvrés.")
	}
	if m.Service.Phone != "" {
		p.Items = append(p.Items, "Téléphone\u00a0: "+m.Service.Phone)
	}
	if m.Service.Email != "" {
		p.Items = append(p.Items, "Courriel\u00a0: "+m.Service.Email)
	}
	if m.Service.PostalAddress != "" {
		p.Items = append(p.Items, "Adresse\u00a0: "+oneLine(m.Service.PostalAddress))
	}
	return p
}

func (m Mentions) incompletePart() Paragraph {
	p := Paragraph{Title: "Pièces manquantes", Text: []string{
		"Pour traiter votre demande, il nous manque les pièces suivantes, à envoyer au plus tard le " + m.Incomplete.Limit.French() + " (CRPA, article\u00a0L.114-5)\u00a0:",
	}, Items: noticeLines(m.Incomplete.Pieces)}
	switch {
	case m.Rule.Code == calendar.Planning:
		p.Text = append(p.Text, planningNotice(m.Rule))
	case m.Silence == calendar.Acceptance:
		p.Text = append(p.Text, "Le délai au terme duquel le silence vaut "+m.Rule.Grant()+" ne court qu’à partir de la réception de toutes ces pièces.")
	case m.Silence == calendar.Rejection:
		p.Text = append(p.Text, "Le délai au terme duquel le silence vaut rejet est suspendu jusqu’à la réception de ces pièces, et au plus tard jusqu’à cette date.")
	}
	return p
}

// reserve is « sous réserve que la demande soit complète » (R.112-11-1), electronic alone.
func (m Mentions) reserve() string {
	if m.SubjectToCompleteness {
		return ", sous réserve que la demande soit complète"
	}
	return ""
}

func (m Mentions) acceptancePart() Paragraph {
	text := "Si vous n’avez pas reçu de réponse au plus tard le " + m.LastDay.French() + ", " + willGrant(m.Rule, m.reserve())
	if m.LastDay.IsZero() {
		text = "Si vous n’avez pas reçu de réponse " + inMonths(m.Months) + " après la réception de toutes les pièces, " + willGrant(m.Rule, "")
	}
	return Paragraph{Title: "Si nous ne répondons pas", Text: []string{text, attestationAdvice(m.Rule)}}
}

func (m Mentions) rejectionPart() Paragraph {
	what := "votre demande sera considérée comme refusée"
	if m.Kind == KindReport {
		what = "ce que vous demandez sera considéré comme refusé"
	}
	return Paragraph{Title: "Si nous ne répondons pas", Text: []string{
		"Si vous n’avez pas reçu de réponse au plus tard le " + m.LastDay.French() + ", " + what + m.reserve() +
			"\u00a0: le silence vaut rejet (" + m.Source + ").",
	}}
}

// PieceLines gives pieces as lines of a list, each with the text that requires it.
func PieceLines(pieces []Piece) []string {
	lines := make([]string, 0, len(pieces))
	for _, p := range pieces {
		line := p.Label
		if p.LegalBasis != "" {
			line += " (" + p.LegalBasis + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// oneLine joins the lines of an address with commas.
func oneLine(s string) string {
	var parts []string
	for line := range strings.Lines(s) {
		if line = strings.Trim(line, " \t\r\n,"); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, ", ")
}
