package catalogue

import "github.com/parvis-gru/parvis/tenants/calendar"

// willGrant says what no answer will make, with the article: an acceptance, or what a special
// text gives it for (a "permis tacite", a "non-opposition", a "renonciation à préempter").
// The reserve stands after it (R.112-11-1); it may be empty.
func willGrant(r calendar.Rule, reserve string) string {
	if r.Means == "" {
		return "votre demande sera acceptée" + reserve + "\u00a0: le silence vaut acceptation (" + r.Source + ")."
	}
	return "notre silence vaudra " + r.Means + reserve + " (" + r.Source + ")."
}

// attestationAdvice says how a silent acceptance is proved (CRPA L.232-3; C. urb. R*424-13).
func attestationAdvice(r calendar.Rule) string {
	switch r.Code {
	case calendar.Planning:
		return "Vous pourrez alors nous demander un certificat qui l’atteste (code de l’urbanisme, article\u00a0R*424-13)."
	default:
		return "Vous pourrez alors nous demander une attestation de cette acceptation (CRPA, article\u00a0L.232-3)."
	}
}

// planningNotice says what missing papers do in urban planning (C. urb. R*423-38, R*423-39).
func planningNotice(r calendar.Rule) string {
	return "Vous avez trois mois à compter de la réception de cette demande pour nous les faire parvenir. Le délai d’instruction commencera à courir quand nous les aurons toutes reçues. " +
		"Sans elles dans ces trois mois, votre demande fera l’objet d’une décision tacite de " + r.Denial() + " (code de l’urbanisme, articles\u00a0R*423-38 et R*423-39)."
}
