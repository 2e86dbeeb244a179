package catalogue

import "github.com/parvis-gru/parvis/tenants"

// ComposeRegularisation invites to put a flaw of form right (CRPA L.114-6): the formalities
// (f.Reasons), the texts that want them, and the day given, f.LimitOn.
func ComposeRegularisation(e Entry, s tenants.Settings, f LetterFacts, basis string) ComposedLetter {
	body := []string{
		"Votre demande «\u00a0" + e.Procedure().Title + "\u00a0», reçue le " + f.ReceivedOn.FrenchShort() + ", ne peut pas être examinée en l’état\u00a0: il y manque une formalité. Vous pouvez la régulariser au plus tard le " +
			f.LimitOn.FrenchShort() + " (CRPA, article\u00a0L.114-6). Voici ce qu’il faut faire\u00a0:",
		f.Reasons,
		"Texte qui le prévoit\u00a0: " + basis + ".",
		"Vous pouvez le faire depuis la page de suivi, par courrier ou au guichet. Sans cela, votre demande peut être refusée pour cette raison.",
	}
	if sentence := f.unanswered(e.Procedure()); sentence != "" {
		body = append(body, "Le délai de réponse ne change pas. "+sentence)
	}
	return ComposedLetter{Subject: "Votre demande n°\u00a0" + f.Number + " est à régulariser", Body: f.page(e, s, body, false)}
}
