package catalogue

import (
	"cmp"
	"strings"

	"github.com/parvis-gru/parvis/tenants"
)

// NoticeFor gives the information of GDPR art. 13 for a procedure: controller, DPO,
// purpose, basis, recipients, retention, rights, complaint, what is compulsory.
// Title is that of the administration (tenants.Tenant.Title).
func NoticeFor(e Entry, s tenants.Settings, title string) []Paragraph {
	n := e.Procedure().Notice
	controller := title + ", représentée par son maire"
	if s.Mayor != "" {
		controller += ", " + s.Mayor
	}
	contact := joined(oneLine(s.PostalAddress), s.Phone, s.Email)
	if contact != "" {
		controller += "\u00a0: " + contact
	}
	dpo := joined(s.DPO.Name, s.DPO.Email, s.DPO.Phone, oneLine(s.DPO.PostalAddress))
	rights := "Vous pouvez demander l’accès à vos données, leur rectification, la limitation de leur usage"
	if n.Basis == "6.1.e" {
		rights += ", et vous opposer à leur usage pour des raisons tenant à votre situation"
	}
	rights += ". L’effacement n’est possible que dans les cas prévus par la loi, car la commune doit garder ses dossiers le temps prévu. Écrivez au délégué à la protection des données\u00a0: la réponse est gratuite et vient dans le mois."
	return []Paragraph{
		{Title: "Qui est responsable de vos données", Text: []string{controller + "."}},
		{Title: "Délégué à la protection des données", Text: []string{dpo + "."}},
		{Title: "À quoi elles servent", Text: []string{n.Purpose}},
		{Title: "Ce qui nous y autorise", Text: []string{n.BasisText + " RGPD, article\u00a0" + n.Basis + "."}},
		{Title: "Qui les voit", Text: []string{"Seulement ceux qui en ont besoin, et l’hébergeur de la plateforme, qui agit pour la commune. Elles ne quittent pas l’Union européenne et aucune décision n’est prise par un algorithme seul."}, Items: n.Recipients},
		{Title: "Combien de temps", Text: []string{n.Retention, "Elles ne sont détruites qu’avec l’accord des Archives départementales."}},
		{Title: "Ce qui est obligatoire", Text: []string{n.Consequence}},
		{Title: "Vos droits", Text: []string{rights, "Si la réponse ne vous convient pas, vous pouvez vous plaindre à la Cnil\u00a0: 3\u00a0place de Fontenoy, TSA\u00a080715, 75334\u00a0Paris Cedex\u00a007, www.cnil.fr."}},
	}
}

func joined(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ", ")
}

// Alternative is a way to do the procedure without a screen, or with help.
type Alternative struct {
	Kind  string // phone, counter, post, email
	Icon  string // name of a Lucide icon
	Title string
	Text  string
	Value string   // number or address; empty: look at Lines
	Lines []string // opening hours
}

// AlternativesFor gives the ways to do the procedure without a screen, from the
// service's contacts and the commune's settings; one without a contact is left out.
func AlternativesFor(e Entry, s tenants.Settings) []Alternative {
	p, c := e.Procedure(), ContactFor(e, s)
	var out []Alternative
	if c.Phone != "" {
		out = append(out, Alternative{Kind: "phone", Icon: "phone", Title: "Par téléphone", Text: p.Alternatives.Phone, Value: c.Phone})
	}
	if place := cmp.Or(s.PostalAddress, c.PostalAddress); place != "" {
		var hours []string
		for line := range strings.Lines(s.OpeningHours) {
			if line = strings.TrimSpace(line); line != "" {
				hours = append(hours, line)
			}
		}
		out = append(out, Alternative{Kind: "counter", Icon: "landmark", Title: "Au guichet", Text: p.Alternatives.Counter, Value: oneLine(place), Lines: hours})
	}
	if c.PostalAddress != "" {
		out = append(out, Alternative{Kind: "post", Icon: "mail", Title: "Par courrier", Text: p.Alternatives.Post, Value: oneLine(c.PostalAddress)})
	}
	return out
}
