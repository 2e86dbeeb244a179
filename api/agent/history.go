package agent

import (
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// timeline writes a request's history in words, the latest first.
func timeline(events []tenants.RecordedEvent, zone *time.Location) web.Timeline {
	out := make(web.Timeline, 0, len(events))
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		line := eventWords(e.Kind, requests.ReadEvent(e))
		line.When, line.Who = web.DateTime(e.At.In(zone)), actorWords(e)
		out = append(out, line)
	}
	return out
}

// actorWords says who acted.
func actorWords(e tenants.RecordedEvent) string {
	switch {
	case e.ActorKind == tenants.ActorSystem:
		return "automatiquement"
	case e.ActorKind == tenants.ActorGuest && e.ActorName == "":
		return "la personne"
	case e.ActorKind == tenants.ActorCitizen || e.ActorKind == tenants.ActorGuest:
		return e.ActorName + ", la personne"
	default:
		return e.ActorName
	}
}

// plainEvents are those that say the same whatever their data.
var plainEvents = map[string]string{
	"taken": "Prise en charge", "note_added": "Note interne ajoutée", "message_sent": "Message envoyé à la personne",
	"message_received": "Message reçu de la personne", "documents_completed": "Pièces au complet", "withdrawn": "Demande retirée",
	"claimed": "Rattachée au compte de la personne", "notification_bounced": "Un envoi a été refusé par la messagerie de la personne",
	"notification_failed": "Un envoi n’a pas pu partir", "notification_sent": "Un envoi est parti",
}

// eventWords says in French what happened, with the article where there is one.
func eventWords(kind string, d requests.EventData) web.Event {
	if title, ok := plainEvents[kind]; ok {
		return web.Event{Title: title}
	}
	switch kind {
	case "submitted":
		return web.Event{Title: "Demande reçue", Text: "Canal\u00a0: " + channelLabels[d.Channel]}
	case "receipt_issued", "receipt_awaited", "receipt_delivered", "receipt_exempt":
		return receiptWords(kind, d)
	case "assigned":
		if d.Agent == "" {
			return web.Event{Title: "Plus confiée à personne"}
		}
		return web.Event{Title: "Confiée à " + d.Agent}
	case "service_changed":
		return web.Event{Title: "Transmise au service " + d.Service}
	case "documents_asked":
		return web.Event{Title: web.Plural(d.Count, "pièce demandée", "pièces demandées"), Text: "À fournir au plus tard le " + d.LimitOn.French(), Law: "CRPA L.114-5"}
	case "document_added":
		return web.Event{Title: "Document ajouté", Text: d.Label}
	case "notice_arrived":
		return web.Event{Title: "Demande de pièces reçue par la personne", Text: "Le " + d.On.French()}
	case "reasons_asked", "reasons_given", "attestation_issued", "attestation_mailed":
		return afterSilenceWords(kind, d)
	case "heard", "hearing_arrived", "observed":
		return hearingWords(kind, d)
	case "residence_set":
		return web.Event{Title: "Lieu où demeure la personne\u00a0: " + residenceWords(d.Label), Law: "CJA R.421-7"}
	case "letter_posted":
		return web.Event{Title: "Courrier posté : " + lower(letterLabels[d.Label]), Text: "Le " + d.On.French()}
	case "decision_email":
		if d.Agreed {
			return web.Event{Title: "Accord pour recevoir la décision par courriel"}
		}
		return web.Event{Title: "Plus d’accord pour la décision par courriel\u00a0: elle part sur papier"}
	case "rated":
		return web.Event{Title: "La personne a donné son avis sur la démarche", Text: "Ce qu’elle en dit est compté à part, sans sa demande."}
	case "applicant_corrected":
		return web.Event{Title: "Coordonnées corrigées", Text: capital(strings.Join(fieldNames(d.Fields), ", "))}
	case "date_kept":
		return web.Event{Title: "Date annoncée conservée\u00a0: " + d.From.French(), Text: "La règle actuelle donnerait le " + d.To.French() + "."}
	case "date_adopted":
		return web.Event{Title: "Nouvelle date retenue\u00a0: " + d.To.French(), Text: "La personne avait été informée du " + d.From.French() + "."}
	case "suspended", "suspension_renewed", "suspension_ended", "suspension_arrived":
		return suspensionWords(kind, d)
	case "fact_corrected", "reclassified", "extended", "recourse_noted", "regularisation_asked":
		return factWords(kind, d)
	case "transmission_asked", "transmission_recalled", "transmission_failed", "transmitted", "transmission_received", "transmission_dated", "transmission_opened":
		return transmissionWords(kind, d)
	case "deadline_moved", "deadline_alert":
		return deadlineWords(kind, d)
	case "decided", "decision_notified", "lapsed", "decision_prepared", "decision_returned", "silence_undone":
		return decisionWords(kind, d)
	}
	return treatmentWords(kind, d)
}

// afterSilenceWords say what a person asked for once silence had decided, and got.
func afterSilenceWords(kind string, d requests.EventData) web.Event {
	switch kind {
	case "reasons_asked":
		return web.Event{Title: "Motifs du refus demandés", Text: "À communiquer au plus tard le " + d.LimitOn.French(), Law: "CRPA L.232-4"}
	case "reasons_given":
		return web.Event{Title: "Motifs du refus communiqués", Law: "CRPA L.232-4"}
	case "attestation_mailed":
		return web.Event{Title: "Attestation envoyée par courriel", Text: "N°\u00a0" + d.Label}
	default:
		return web.Event{Title: "Attestation d’acceptation délivrée", Text: "N°\u00a0" + d.Label, Law: "CRPA L.232-3"}
	}
}

// hearingWords say how a person was heard before a decision was taken back.
func hearingWords(kind string, d requests.EventData) web.Event {
	switch kind {
	case "hearing_arrived":
		return web.Event{Title: "Invitation reçue par la personne", Text: "Le " + d.On.French()}
	case "observed":
		return web.Event{Title: "Observations de la personne notées", Text: "Le " + d.On.French()}
	default:
		return web.Event{Title: "Invitation à présenter des observations, avant de revenir sur la décision", Text: "Jusqu’au " + d.LimitOn.French(), Law: "CRPA L.121-1 et L.122-1"}
	}
}

// transmissionWords say how a request went to another administration, or came from one.
func transmissionWords(kind string, d requests.EventData) web.Event {
	const law = "CRPA L.114-2"
	switch kind {
	case "transmission_asked":
		return web.Event{Title: "Envoyée à " + d.Label, Text: "Elle reste ici tant qu’elle n’y est pas arrivée.", Law: law}
	case "transmission_recalled":
		return web.Event{Title: "Transmission annulée", Text: d.Label}
	case "transmission_failed":
		return web.Event{Title: "Transmission impossible", Text: d.Label + "\u00a0: " + problemWords(d.Problem)}
	case "transmission_received":
		return web.Event{Title: "Transmise par " + d.Label, Text: "Elle y portait le numéro " + d.Number + "\u00a0; première réception le " + d.On.French() + ".", Law: law}
	case "transmission_dated":
		return web.Event{Title: "Reçue par " + d.Label, Text: "Le " + d.On.French(), Law: law}
	case "transmission_opened":
		return web.Event{Title: "Dossier consulté par " + d.Label}
	}
	out := web.Event{Title: "Transmise à " + d.Label, Law: law}
	if d.Number != "" {
		out.Text = "Elle y porte le numéro " + d.Number + ", reçue le " + d.On.French() + "."
	}
	return out
}

var alertTitles = map[string]string{
	"j20": "Alerte\u00a0: 20 jours ouvrés avant l’échéance", "j10": "Alerte\u00a0: 10 jours ouvrés avant l’échéance", "j5": "Alerte\u00a0: 5 jours ouvrés avant l’échéance",
	"late": "Alerte\u00a0: échéance dépassée", "unnotified": "Alerte\u00a0: décision pas encore notifiée", "limit": "Alerte\u00a0: le délai donné pour les pièces est passé",
	"receipt_near": "Alerte\u00a0: accusé de réception à délivrer", "receipt_late": "Alerte\u00a0: accusé de réception en retard",
}

// suspensionWords say how the instruction of an aid was suspended, and taken up again.
func suspensionWords(kind string, d requests.EventData) web.Event {
	const law = "CRPA L.115-3"
	switch kind {
	case "suspension_renewed":
		return web.Event{Title: "Suspension prolongée sur des éléments nouveaux", Text: "Jusqu’au " + d.LimitOn.French(), Law: law}
	case "suspension_ended":
		return web.Event{Title: "Fin de la suspension\u00a0: l’examen reprend", Law: law}
	case "suspension_arrived":
		return web.Event{Title: "Suspension reçue par la personne", Text: "Le " + d.On.French()}
	default:
		return web.Event{Title: "Examen suspendu pour vérifier un soupçon de fraude", Text: "Jusqu’au " + d.LimitOn.French(), Law: law}
	}
}

func deadlineWords(kind string, d requests.EventData) web.Event {
	if kind == "deadline_alert" {
		title := alertTitles[d.Alert]
		if title == "" {
			title = "Alerte d’échéance"
		}
		return web.Event{Title: title}
	}
	law := "CRPA L.114-5"
	switch d.Fact {
	case requests.FactSuspension:
		law = "CRPA L.115-3"
	case requests.FactAsRequest:
		law = "CRPA L.114-3"
	}
	switch {
	case d.Fact == requests.FactAsInformation:
		return web.Event{Title: "Plus d’échéance légale", Text: "Elle était au " + d.From.French() + "."}
	case d.To.IsZero():
		return web.Event{Title: "Délai suspendu", Text: "Il ne court plus tant que les pièces manquent.", Law: "CRPA L.114-5"}
	case d.From.IsZero():
		return web.Event{Title: "Échéance fixée au " + d.To.French(), Law: law}
	case d.From == d.To:
		return web.Event{Title: "Échéance inchangée\u00a0: " + d.To.French()}
	}
	return web.Event{Title: "Échéance déplacée au " + d.To.French(), Text: "Elle était au " + d.From.French() + ".", Law: law}
}

// receiptWords tell what became of a receipt.
func receiptWords(kind string, d requests.EventData) web.Event {
	law := "CRPA L.112-3 et R.112-5"
	if d.Regime == string(catalogue.RegimeElectronic) {
		law = "CRPA L.112-11 et R.112-11-1"
	}
	switch {
	case kind == "receipt_awaited":
		return web.Event{Title: "Accusé de réception à délivrer", Text: "Au plus tard le " + d.LimitOn.French() + ".", Law: "CRPA R.112-11-2"}
	case kind == "receipt_delivered":
		return web.Event{Title: "Accusé de réception remis autrement à la personne", Text: "Le " + d.On.French()}
	case kind == "receipt_exempt":
		return web.Event{Title: "Sans accusé de réception", Text: "Envoi abusif par son nombre ou sa répétition.", Law: "CRPA L.112-11"}
	case d.Receipt == requests.AboutRegistration:
		return web.Event{Title: "Accusé d’enregistrement délivré", Text: "L’accusé de réception complet suit.", Law: "CRPA L.112-11 et R.112-11-2"}
	case d.Receipt == requests.AboutDocument:
		return web.Event{Title: "Accusé de réception d’un document délivré", Text: d.Label, Law: law}
	case d.Receipt == requests.AboutMessage:
		return web.Event{Title: "Accusé de réception d’un message délivré", Law: law}
	}
	return web.Event{Title: "Accusé de réception délivré", Law: law}
}

func decisionWords(kind string, d requests.EventData) web.Event {
	done := outcomeLabels[catalogue.Outcome(d.Outcome)].done
	switch kind {
	case "silence_undone":
		line := web.Event{Title: "Demande rouverte\u00a0: le silence du " + d.From.French() + " n’avait pas décidé", Text: "Une date avait été mal notée."}
		if !d.LastDay.IsZero() {
			line.Text += " Le nouveau dernier jour est le " + d.LastDay.French() + "."
		}
		return line
	case "decision_prepared":
		return web.Event{Title: "Décision préparée\u00a0: " + strings.ToLower(outcomeLabels[catalogue.Outcome(d.Outcome)].do), Text: "Elle attend la signature de " + d.Agent + ". Rien n’est parti."}
	case "decision_returned":
		return web.Event{Title: "Décision renvoyée sans être signée", Text: "À " + d.Agent}
	case "decision_notified":
		return web.Event{Title: "Lettre reçue par la personne", Text: "Le " + d.On.French()}
	case "lapsed":
		law := "CRPA L.231-4"
		if d.Outcome == string(catalogue.OutcomeImplicitAcceptance) {
			law = "CRPA L.231-1"
		}
		return web.Event{Title: done, Text: "Décision née le " + d.On.French(), Law: law}
	}
	line := web.Event{Title: "Décision\u00a0: " + done}
	if d.Agent != "" {
		line.Text = "Signée. Elle avait été préparée par " + d.Agent + "."
	}
	return line
}

// factNames are the facts that the dates are counted from, as their history names them.
var factNames = map[requests.FactKind]string{
	requests.FactReception: "réception par la commune", requests.FactFirstReception: "première réception, par une autre administration",
	requests.FactNotice: "demande de pièces reçue par la personne", requests.FactPapers: "pièces au complet", requests.FactSuspension: "suspension pour vérification",
	requests.FactTransmission: "réception par l’administration extérieure", requests.FactDecisionNotified: "décision reçue par la personne",
	requests.FactExtension: "prolongation annoncée à la personne", requests.FactGracious: "recours gracieux reçu", requests.FactGraciousRejected: "rejet du recours gracieux reçu par la personne",
	requests.FactPriorSeized: "recours préalable formé", requests.FactPriorRegistered: "recours préalable enregistré",
}

func factWords(kind string, d requests.EventData) web.Event {
	switch kind {
	case "extended":
		return web.Event{Title: "Délai de réponse prolongé de deux mois", Text: "Réponse due au plus tard le " + d.LimitOn.French(), Law: "RGPD art. 12.3"}
	case "regularisation_asked":
		return web.Event{Title: "Personne invitée à régulariser sa demande", Text: "Au plus tard le " + d.LimitOn.French(), Law: "CRPA L.114-6"}
	case "recourse_noted":
		return web.Event{Title: capital(factNames[d.Fact]), Text: "Le " + d.On.French()}
	}
	switch {
	case kind == "fact_corrected":
	case d.Label == string(requests.KindInformation):
		return web.Event{Title: "Traitée comme une question", Law: "CRPA L.112-11"}
	default:
		return web.Event{Title: "Traitée comme une demande", Law: "CRPA L.112-3"}
	}
	line := web.Event{Title: "Date corrigée\u00a0: " + factNames[d.Fact]}
	switch {
	case d.To.IsZero():
		line.Text = "Noté au " + d.From.French() + ", cela ne s’est pas produit."
	case d.From.IsZero():
		line.Text = "Le " + d.To.French() + "."
	default:
		line.Text = "Le " + d.To.French() + ", et non le " + d.From.French() + "."
	}
	return line
}

var applicantNames = map[string]string{
	"given_name": "prénom", "family_name": "nom", "email": "adresse électronique", "phone": "téléphone", "postal_address": "adresse postale",
	"sms": "accord pour les SMS", "on_behalf_of": "personne représentée", "organisation": "organisme", "organisation_id": "numéro de l’organisme",
	"email_agreed": "accord pour le courriel", "decision_email": "accord pour la décision par courriel",
}

func fieldNames(fields []string) []string {
	out := make([]string, 0, len(fields))
	for _, f := range fields {
		if name := applicantNames[f]; name != "" {
			out = append(out, name)
		}
	}
	return out
}
