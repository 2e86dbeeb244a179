package agent

import (
	"cmp"
	"encoding/hex"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// receiptCard says where the receipt of a request stands, and what can be done about it.
type receiptCard struct {
	Lines               []string
	Exempt              string
	Lacking             []mention // what keeps it from leaving
	Consequence, Advice string
	Issue               bool   // it can leave now
	Returned            string // the one to be handed over
}

// receiptNames name what was issued.
var receiptNames = map[string]string{
	requests.AboutRequest: "Accusé de réception", requests.AboutRegistration: "Accusé d’enregistrement",
	requests.AboutDocument: "Accusé de réception d’un document", requests.AboutMessage: "Accusé de réception d’un message",
}

func receiptCardOf(d requests.Detail, today calendar.Date, t calendar.Territory, configures bool) receiptCard {
	s := d.Standing
	c := receiptCard{Exempt: s.Exempt, Consequence: s.Consequence, Advice: s.Advice, Returned: string(cmp.Or(s.Returned, s.ToPost))}
	for _, r := range d.Receipts {
		c.Lines = append(c.Lines, receiptNames[r.About()]+issuedWords(r)+". Empreinte SHA-256\u00a0: "+hex.EncodeToString(r.SHA256)[:16]+"…")
	}
	for _, a := range s.Awaited {
		c.Lines = append(c.Lines, awaitedSentence(a, d.Channel, today, t))
	}
	if len(c.Lines) == 0 && c.Exempt == "" {
		c.Lines = []string{"Aucun accusé de réception n’a été délivré."}
	}
	c.Lacking = mentions(s.Lacking, d.Service)
	for i := range c.Lacking {
		if !configures { // who cannot fill it in tells somebody who can
			c.Lacking[i].URL = ""
		}
	}
	open := d.State.Open() && (d.SilenceLastDay.IsZero() || !d.SilenceLastDay.Before(today))
	c.Issue = open && len(s.Awaited) > 0 && len(s.Lacking) == 0
	if !open {
		c.Returned = ""
	}
	return c
}

// issuedWords say when a receipt was issued, and, on paper, whether it has left.
func issuedWords(r requests.Receipt) string {
	switch made := " établi le " + r.IssuedOn.FrenchShort(); {
	case r.Outdated && r.ToPost:
		return made + "\u00a0: remplacé avant d’être posté"
	case r.Outdated:
		return made + "\u00a0: remplacé depuis, car la nature de l’envoi a changé"
	case r.ToPost:
		return made + "\u00a0: il attend d’être posté, dans «\u00a0Courriers\u00a0»"
	case !r.SentOn.IsZero():
		return made + ", posté ou remis le " + r.SentOn.FrenchShort()
	default:
		return " délivré le " + r.IssuedOn.FrenchShort()
	}
}

// awaitedSentence says until when a receipt has to leave.
func awaitedSentence(a requests.AwaitedReceipt, channel string, today calendar.Date, t calendar.Territory) string {
	what := "L’accusé de réception complet est à délivrer"
	switch a.About {
	case requests.AboutDocument:
		what = "L’accusé de réception du document «\u00a0" + a.Label + "\u00a0» est à délivrer"
	case requests.AboutMessage:
		what = "L’accusé de réception d’un message est à délivrer"
	}
	text := what + " au plus tard le " + a.DueOn.French() + " (10 jours ouvrés, CRPA R.112-11-2)."
	if !isElectronic(channel) && a.About == requests.AboutRequest {
		text = what + "\u00a0; aucun texte ne fixe de délai sur papier, le " + a.DueOn.French() + " (10 jours ouvrés) est conseillé (CRPA L.112-3)."
	}
	switch {
	case a.Late(today):
		text += " Il est en retard."
	case a.Near(today, t):
		text += " Il presse."
	}
	return text
}

// receiptNotices are what an agent must see of a receipt before anything else.
func receiptNotices(d requests.Detail) []web.Notice {
	var out []web.Notice
	link := web.Link{Label: "Voir l’accusé de réception", URL: requestPath(d.Number) + "#accuse"}
	if n := len(d.Standing.Awaited); n > 0 && d.State.Open() {
		out = append(out, web.Notice{Tone: web.Warning, Text: "Un accusé de réception reste à délivrer, au plus tard le " + d.Standing.Awaited[0].DueOn.French() + ".", Link: link})
	}
	if c := d.Standing.Consequence; c != "" {
		out = append(out, web.Notice{Tone: web.Warning, Text: c, Link: link})
	}
	return out
}
