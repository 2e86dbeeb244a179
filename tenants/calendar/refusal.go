package calendar

import "strings"

// refusalText is what a contradiction says, and the article that it offends.
type refusalText struct {
	article string
	text    string // %s stands for the fact
}

// sentence says which fact and why, in French.
func (r refusalText) sentence(path string) string {
	text := strings.Replace(r.text, "%s", factName(path), 1)
	if text == "" {
		return ""
	}
	if r.article != "" {
		text += " (" + r.article + ")"
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// refusals are the contradictions by their code.
var refusals = map[string]refusalText{
	"rule_required":       {"CRPA L.231-1, L.231-4", "donnez une démarche, ou l’effet du silence et son délai"},
	"rule_and_procedure":  {"CRPA L.231-1, L.231-4", "donnez une démarche ou une règle, pas les deux"},
	"unknown_territory":   {"CRPA, livre V", "%s n’est pas connu"},
	"required":            {"CRPA L.114-3", "il manque %s"},
	"limit_required":      {"CRPA L.114-5", "il manque %s\u00a0: sans lui, le délai ne peut pas être suspendu"},
	"too_far":             {"CRPA L.114-3", "%s est trop loin\u00a0: vérifiez l’année"},
	"before_reception":    {"CRPA L.114-3", "%s vient avant la réception de la demande"},
	"before_notice":       {"CRPA L.114-5", "%s vient avant le jour où les pièces ont été demandées"},
	"limit_is_the_laws":   {"C. urb. R*423-39", "%s ne se choisit pas\u00a0: la loi donne trois mois à partir de la demande de pièces"},
	"too_long":            {"CRPA L.115-3, R.115-5", "%s dépasse trois mois\u00a0: une suspension plus longue doit être renouvelée sur des éléments nouveaux"},
	"renewal_ends_before": {"CRPA L.115-3", "%s ne dépasse pas celle de la suspension en cours\u00a0: donnez un jour plus lointain"},
	"lengthened":          {"CRPA L.115-3, R.115-5", "%s ne peut pas être repoussée par une correction\u00a0: renouvelez la suspension, sur des éléments nouveaux que la personne apprend"},
	"ends_before":         {"", "%s vient avant son début"},
	"before_asked":        {"CRPA L.232-4", "%s vient avant le jour où ils ont été demandés"},
	"outside_appeal":      {"CRPA L.232-4", "%s n’est pas dans le délai de recours contre un refus né du silence"},
	"before_gracious":     {"CRPA L.411-2", "%s vient avant la réception de ce recours"},
	"before_refusal":      {"CRPA L.411-2, L.412-3", "%s vient avant le refus\u00a0: il n’y avait encore rien à contester"},
	"no_prior":            {"CRPA L.412-3", "%s n’a pas lieu d’être\u00a0: ce refus se conteste directement devant le tribunal"},
	"prior_first":         {"CRPA L.412-3", "%s n’interrompt rien ici\u00a0: ce refus se conteste d’abord devant la CADA ou le préfet"},
	"second_review":       {"CRPA L.411-2", "%s n’interrompt rien\u00a0: ce refus répond déjà à un recours gracieux"},
	"before_seized":       {"CRPA R.343-1", "%s vient avant la saisine"},
	"prior_unknown":       {"CRPA L.412-1", "%s n’a pas d’objet : ici, aucun recours préalable n’est obligatoire avant le tribunal"},
	"contested_unknown":   {"C. urb. L.600-12-2", "%s ne compte que pour un recours gracieux en urbanisme"},
	"after_reception":     {"CRPA L.411-2", "%s vient après la réception du recours qui la conteste"},
	"extension_unknown":   {"RGPD art. 12.3", "%s n’existe que pour les droits sur les données personnelles"},
	"extension_too_late":  {"RGPD art. 12.3", "%s doit être annoncée dans le premier mois"},
	"notice_too_late":     {"CRPA L.114-5", "%s vient après la date où le silence vaut déjà décision"},
	"planning_too_late":   {"C. urb. R*423-38, R*423-41", "%s vient plus d’un mois après le dépôt\u00a0: cette demande de pièces ne change plus aucun délai"},
	"declaration_decides": {"CRPA L.231-1", "%s contredit la nature de l’envoi\u00a0: une déclaration n’appelle pas de décision, le silence y est sans effet"},
	"out_of_range":        {"CRPA L.231-1, L.231-4", "%s sort des limites que les textes connaissent (1 à 24\u00a0mois)"},
	"unknown_effect":      {"CRPA L.231-1, L.231-4", "%s n’est pas connu\u00a0: acceptance, rejection, declaration ou none"},
	"unknown_code":        {"", "%s n’est pas connu"},
	"contradiction":       {"", "%s contredit l’effet du silence"},
	"unknown_sending":     {"", "%s n’est pas connue"},
	"unknown_channel":     {"", "%s n’est pas connu"},
	"unknown_route":       {"", "%s n’est pas connue"},
	"unknown_receipt":     {"", "%s n’est pas connu"},
	"unknown_residence":   {"CJA R.421-7", "%s n’est pas connu"},
}

// factNames are the facts as a sentence names them, by the last parts of their paths.
var factNames = map[string]string{
	"territory":            "ce territoire",
	"first_received":       "la date de réception",
	"competent_received":   "la réception par l’administration compétente",
	"event":                "la date de l’événement",
	"kind":                 "la nature de l’envoi",
	"channel":              "le canal",
	"route":                "la voie de recours",
	"receipt":              "l’état de l’accusé de réception",
	"residence":            "le lieu de résidence",
	"rule/effect":          "l’effet du silence",
	"rule/months":          "le délai",
	"rule/code":            "le code particulier",
	"rule/answer":          "le délai de réponse",
	"rule/filing":          "le délai de dépôt",
	"notices/notified":     "le jour de la demande de pièces",
	"notices/limit":        "le dernier jour donné pour les pièces",
	"notices/complete":     "la réception des pièces",
	"suspensions/notified": "le jour de la suspension",
	"suspensions/until":    "la fin de la suspension",
	"incidents/from":       "le début de la panne",
	"incidents/until":      "la fin de la panne",
	"refusal/notified":     "la notification du refus",
	"gracious":             "la réception du recours gracieux",
	"gracious_answered":    "la réponse au recours gracieux",
	"reasons/asked":        "le jour de la demande des motifs",
	"reasons/given":        "le jour de la communication des motifs",
	"prior/seized":         "le jour du recours préalable",
	"prior/registered":     "l’enregistrement du recours préalable",
	"contested":            "le jour de la décision contestée",
	"extended":             "la prolongation",
}

func factName(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) == 3 {
		path = parts[0] + "/" + parts[2] // without its index
	}
	return factNames[path]
}
