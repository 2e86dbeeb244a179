package agent

import (
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// sentences are what a fault says to an agent, where that differs from what it says
// to a citizen.
var sentences = map[string]string{
	"transmission_reason":     "Dites pourquoi cette administration est compétente, en mille caractères au plus\u00a0: la personne le lit.",
	"transmission_self":       "C’est votre propre portail. Choisissez une autre administration, ou confiez la demande à un autre service.",
	"transmission_going":      "Cette demande est déjà en route vers une autre administration. Annulez d’abord cette transmission.",
	"transmission_arriving":   "La demande est en train d’arriver là-bas. Attendez quelques minutes, puis voyez où elle en est.",
	"transmission_unknown":    "Cette transmission n’existe pas.",
	"recipient_unknown":       "Cette administration n’a pas de portail ici. Choisissez-en une autre, ou l’envoi par courriel ou par courrier.",
	"recipient_suspended":     "Le portail de cette administration est suspendu\u00a0: elle ne reçoit rien pour le moment. Envoyez la demande par courriel ou par courrier, ou attendez.",
	"recipient_procedure":     "Cette administration n’offre pas cette démarche. Choisissez-en une de la liste.",
	"outside_name":            "Donnez le nom de l’administration.",
	"outside_address":         "Donnez l’adresse électronique pour un courriel, l’adresse postale pour un courrier.",
	"request_transmitted":     "Cette demande est transmise à une autre administration, qui ne verrait pas ce document. Envoyez-le-lui directement.",
	"signature_needed":        "Cette décision est à signer par quelqu’un d’autre.",
	"nothing_to_sign":         "Aucune décision n’attend de signature pour cette demande : elle a été signée, renvoyée, ou le silence a décidé.",
	"granted_required":        "Écrivez ce qui est accordé\u00a0: la personne doit savoir quelle part de sa demande est acceptée.",
	"silence_stands":          "D’après les dates du dossier, ce silence a bien décidé à la date notée\u00a0: la demande ne peut pas être rouverte. Si une date est fausse, corrigez-la d’abord.",
	"silence_acquired":        "Trop tard\u00a0: le délai légal est écoulé et la décision née du silence existe déjà. La demande ne peut plus être traitée ainsi (CRPA L.231-1 ou L.231-4).",
	"action_not_possible":     "L’état de la demande ne permet plus cette action. Voyez ci-dessous où elle en est.",
	"documents_limit_running": "La demande ne peut pas être classée tant que le délai donné pour les pièces court encore.",
	"request_changed":         "Quelqu’un d’autre a modifié cette demande pendant que vous y travailliez. Rien n’a été enregistré\u00a0; ce que vous avez saisi est encore là.",
	"form_expired":            "Par sécurité, cette page a expiré. Rien n’a été enregistré\u00a0; ce que vous avez saisi est encore là\u00a0: envoyez de nouveau.",
	"reasons_required":        "Écrivez les motifs\u00a0: la loi les exige pour cette décision (CRPA L.211-2).",
	"letter_required":         "La lettre est vide. Recomposez-la, ou écrivez-la.",
	"outcome_invalid":         "Choisissez une décision.",
	"delivery_invalid":        "Cette personne n’a pas accepté de recevoir la décision par courriel. Choisissez la remise au guichet ou le courrier.",
	"items_required":          "Choisissez au moins une pièce. Pour une pièce ajoutée, indiquez aussi le texte qui l’exige\u00a0: on ne peut rien demander d’autre (CRPA L.114-5).",
	"limit_invalid":           "Choisissez une date après aujourd’hui, et dans l’année qui vient.",
	"body_required":           "Écrivez un texte avant de l’enregistrer.",
	"body_too_long":           "Ce texte est trop long. Raccourcissez-le.",
	"agent_invalid":           "Cet agent ne peut pas recevoir cette demande\u00a0: il n’est plus actif, ou n’est pas de ce service.",
	"service_unknown":         "Choisissez un service de la liste.",
	"notified_on_invalid":     "Indiquez le jour où la lettre a été reçue\u00a0: au plus tôt celui de la lettre, au plus tard aujourd’hui.",
	"signatory_not_entitled":  "Cette personne n’a pas, ou n’a plus, de délégation pour signer cette décision. Choisissez quelqu’un d’autre, puis recomposez la lettre.",
	"residence_unknown":       "Choisissez où demeure la personne.",
	"revocation_closed":       "La loi ne permet plus cet acte sur cette décision. Voyez ci-dessous ceux qui restent possibles.",
	"revocation_unknown":      "Choisissez un des actes de la liste.",
	"hearing_required":        "La personne doit d’abord être invitée à présenter ses observations, et le temps que vous lui avez donné doit être passé (CRPA L.121-1 et L.122-1).",
	"hearing_needless":        "Cet acte ne demande pas d’inviter d’abord la personne\u00a0: elle l’a demandé elle-même.",
	"hearing_limit_invalid":   "Choisissez un jour après aujourd’hui, dans les trois mois, et avant le dernier jour pour revenir sur la décision.",
	"hearing_unknown":         "Cette invitation n’attend pas de date d’arrivée.",
	"delegation_invalid":      "La délégation est à compléter.",
	"delegation_unknown":      "Cette délégation n’existe pas, ou elle est déjà finie.",
	"letter_invalid":          "La lettre est à corriger.",
	"letters_none":            "Cochez au moins un courrier, et cent au plus.",
	"letter_unaddressed":      "L’adresse postale d’un des courriers cochés n’est pas connue. Complétez-la, ou décochez-le : rien n’a été noté.",
	"letter_not_found":        "Un des courriers cochés n’est plus dans la liste. Rouvrez la page « Courriers ».",
	"posted_on_invalid":       "Indiquez le jour où les courriers ont été postés : au plus tôt celui de la lettre, au plus tard aujourd’hui.",
	"notice_arrived_late":     "La lettre est arrivée après la date qu’elle donnait\u00a0: la personne n’a pas eu de délai. Demandez les pièces de nouveau.",
	"decision_unknown":        "La date de réception de cette lettre est déjà enregistrée.",
	"received_on_invalid":     "Indiquez le jour de réception\u00a0: aujourd’hui ou avant, dans l’année écoulée.",
	"applicant_invalid":       "Il manque quelque chose pour pouvoir répondre à cette personne.",
	"channel_invalid":         "Dites comment la demande vous est parvenue.",
	"procedure_closed":        "Cette démarche n’est pas ouverte. Un administrateur peut l’ouvrir depuis la page «\u00a0Démarches\u00a0».",
	"mentions_missing":        "Il manque des mentions que la loi exige\u00a0: signataire, tribunal ou coordonnées. Un administrateur peut les compléter dans les réglages.",
	"letter_unknown":          "Cette démarche n’a pas de lettre pour cette décision.",
	"settings_changed":        "Quelqu’un d’autre a modifié les réglages entre-temps. Rien n’a été enregistré\u00a0; ce que vous avez saisi est encore là.",
	"agent_exists":            "Un agent a déjà cette adresse ou ce compte.",
	"last_admin":              "La commune doit garder au moins un administrateur. Donnez d’abord ce rôle à quelqu’un d’autre.",
	"token_invalid":           "Donnez un nom à cette clé, par exemple «\u00a0Logiciel de la voirie\u00a0».",
	"period_invalid":          "Choisissez une période qui commence avant de finir, de dix ans au plus.",
	"cursor_invalid":          "Cette page de la liste n’existe plus.",
	"draft_unknown":           "Les fichiers joints ont expiré. Rouvrez la démarche et recommencez.",
}

// fieldSentences say what to correct in one field.
var fieldSentences = map[string]string{
	"family_name": "Saisissez le nom de la personne, ou celui de son organisme.",
	"given_name":  "Saisissez le prénom de la personne.",
	"email":       "Saisissez une adresse électronique complète, par exemple nom@exemple.fr.",
	"phone":       "Saisissez un numéro de téléphone complet, par exemple 06 12 34 56 78.",
}

// sentence says in French what an error means to an agent.
func sentence(err error) string {
	f := fault.Of(err)
	if f == nil {
		return ""
	}
	if s, ok := sentences[f.Code]; ok {
		return s
	}
	return web.Sentence(err)
}

// fieldErrors gives the sentence of each field of a fault, by the last part of its
// path.
func fieldErrors(err error) map[string]string {
	out := map[string]string{}
	f := fault.Of(err)
	if f == nil {
		return out
	}
	for path, text := range web.FieldErrors(err) {
		name := path[strings.LastIndexByte(path, '/')+1:]
		if s, ok := fieldSentences[name]; ok && strings.HasPrefix(path, "applicant/") {
			text = s
		}
		out[name] = text
	}
	return out
}

// channelLabels are how a request came.
var channelLabels = map[string]string{
	requests.ChannelWeb: "Internet", requests.ChannelAPI: "Logiciel", requests.ChannelCounter: "Guichet",
	requests.ChannelPhone: "Téléphone", requests.ChannelPost: "Courrier", requests.ChannelEmail: "Courriel",
}

// outcomeLabels name decisions as a verb on a button, and as a fact.
var outcomeLabels = map[catalogue.Outcome]struct{ do, done string }{
	catalogue.OutcomeAccept:             {"Accepter", "Acceptée"},
	catalogue.OutcomePartial:            {"Accepter en partie", "Acceptée en partie"},
	catalogue.OutcomeRefuse:             {"Refuser", "Refusée"},
	catalogue.OutcomeAnswer:             {"Répondre", "Réponse donnée"},
	catalogue.OutcomeRegister:           {"Enregistrer", "Enregistrée"},
	catalogue.OutcomeClose:              {"Classer sans suite", "Classée sans suite"},
	catalogue.OutcomeWithdrawal:         {"Retirer l’accord", "Accord retiré"},
	catalogue.OutcomeRepeal:             {"Abroger l’accord", "Accord abrogé"},
	catalogue.OutcomeImplicitAcceptance: {"", "Acceptée par le silence"},
	catalogue.OutcomeImplicitRejection:  {"", "Refusée par le silence"},
}

var deliveryLabels = map[string]string{
	requests.DeliveryEmail: "par courriel", requests.DeliveryCounter: "remise au guichet", requests.DeliveryPost: "par courrier",
}

var roleLabels = map[tenants.Role]string{
	tenants.RoleFront: "Accueil", tenants.RoleInstructor: "Instruction", tenants.RoleAdmin: "Administration",
}

// silenceWords say what no answer would mean.
func silenceWords(e calendar.Effect, rule calendar.Rule) string {
	switch e {
	case calendar.Acceptance:
		return "le silence vaudra " + rule.Grant()
	case calendar.Rejection:
		if rule.Effect == calendar.Acceptance {
			return "faute des pièces, ce sera une décision tacite de " + rule.Denial()
		}
		return "le silence vaudra rejet"
	default:
		return ""
	}
}

// notificationStates are how far something that was sent has come.
var notificationStates = map[string]web.Status{
	"queued": {Tone: web.Info, Label: "À envoyer"}, "sent": {Tone: web.Success, Label: "Envoyé"}, "delivered": {Tone: web.Success, Label: "Reçu"},
	"bounced": {Tone: web.Danger, Label: "Refusé"}, "failed": {Tone: web.Danger, Label: "Non envoyé"},
}

func notificationStatus(state string) web.Status {
	if s, ok := notificationStates[state]; ok {
		return s
	}
	return web.Status{Tone: web.Neutral, Label: "En cours"}
}

// shortDay writes a date as lists have room for it: 18/11, or 18/11/27 in another year.
func shortDay(d, today calendar.Date) string {
	if d.IsZero() {
		return "—"
	}
	text := two(d.Day) + "/" + two(int(d.Month))
	if d.Year != today.Year {
		text += "/" + two(d.Year%100)
	}
	return text
}

func two(n int) string { return string([]byte{byte('0' + n/10%10), byte('0' + n%10)}) }

// capital begins a sentence.
func capital(s string) string {
	for i, r := range s {
		if i == 0 {
			return strings.ToUpper(string(r)) + s[len(string(r)):]
		}
	}
	return s
}
