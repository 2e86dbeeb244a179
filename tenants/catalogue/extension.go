package catalogue

import (
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// ComposeExtension writes that the answer about somebody's data takes two months more (GDPR
// art. 12.3): why (f.Reasons), until f.LimitOn instead of the day that held before, and that
// the CNIL can be turned to.
func ComposeExtension(e Entry, s tenants.Settings, f LetterFacts, before calendar.Date) ComposedLetter {
	body := []string{
		"Nous avons bien reçu le " + f.ReceivedOn.FrenchShort() + " votre demande «\u00a0" + e.Procedure().Title + "\u00a0». Nous ne pourrons pas y répondre complètement au plus tard le " + before.FrenchShort() +
			". Le règlement général sur la protection des données nous donne deux mois de plus (article\u00a012.3)\u00a0: nous vous répondrons au plus tard le " + f.LimitOn.FrenchShort() + ".",
		"En voici la raison\u00a0:", f.Reasons,
		"Si ce report ne vous paraît pas justifié, répondez-nous, ou adressez une réclamation à la Cnil, 3\u00a0place de Fontenoy, TSA\u00a080715, 75334\u00a0Paris Cedex\u00a007, www.cnil.fr.",
	}
	return ComposedLetter{Subject: "Nous vous répondrons au plus tard le " + f.LimitOn.FrenchShort(), Body: f.page(e, s, body, false)}
}
