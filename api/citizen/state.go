package citizen

import (
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// stateNotice says in plain words where the request stands, and what comes next.
func stateNotice(d requests.Detail, today calendar.Date) web.Notice {
	if d.State.Open() {
		return openNotice(d, today)
	}
	var last requests.Decision
	if len(d.Decisions) > 0 {
		last = d.Decisions[len(d.Decisions)-1]
	}
	letter, refusal := "La lettre de réponse est plus bas, à lire ou à imprimer.", "La lettre plus bas dit pourquoi, et comment contester."
	if last.Delivery == requests.DeliveryPost && last.NotifiedOn.IsZero() { // seen here, not notified yet
		letter = "La lettre vous est envoyée par courrier\u00a0; une copie est plus bas."
		refusal = "La lettre, qui dit pourquoi et comment contester, vous est envoyée par courrier\u00a0; une copie est plus bas. Le délai pour contester court à partir du jour où vous recevez la lettre."
	}
	switch d.State {
	case requests.StateAccepted:
		return web.Notice{Tone: web.Success, Title: "Votre demande est acceptée", Text: "Décision du " + last.DecidedOn.French() + ". " + letter}
	case requests.StatePartly:
		return web.Notice{Tone: web.Warning, Title: "Votre demande est acceptée en partie", Text: "Décision du " + last.DecidedOn.French() + ". La lettre plus bas dit ce qui est accordé, ce qui est refusé, pourquoi, et comment contester."}
	case requests.StateRefused:
		return web.Notice{Tone: web.Danger, Title: "Votre demande est refusée", Text: "Décision du " + last.DecidedOn.French() + ". " + refusal}
	case requests.StateAnswered:
		return web.Notice{Tone: web.Success, Title: "La mairie vous a répondu", Text: "Le " + last.DecidedOn.French() + ". " + letter}
	case requests.StateRegistered:
		return web.Notice{Tone: web.Success, Title: "Votre déclaration est enregistrée", Text: "Le " + last.DecidedOn.French() + ". Le récépissé est plus bas."}
	case requests.StateImplicitAcceptance:
		return web.Notice{Tone: web.Success, Title: grantedTitle(d), Text: "La mairie n’a pas répondu dans le délai\u00a0: depuis le " + last.DecidedOn.AddDays(1).French() + ", son silence vaut " + d.Procedure.Silence.Grant() + ". Vous pouvez imprimer une attestation."}
	case requests.StateImplicitRejection:
		if tacitly(d) {
			return web.Notice{Tone: web.Danger, Title: "Votre dossier est rejeté faute de pièces", Text: "Les pièces demandées ne sont pas toutes arrivées au plus tard le " + last.DecidedOn.French() + "\u00a0: c’est une décision tacite de " + d.Procedure.Silence.Denial() + " (code de l’urbanisme, article\u00a0R*423-39). Vous pouvez déposer un nouveau dossier."}
		}
		return web.Notice{Tone: web.Danger, Title: "Votre demande est considérée comme refusée", Text: "La mairie n’a pas répondu au plus tard le " + last.DecidedOn.French() + "\u00a0: son silence vaut refus. Elle peut encore vous répondre, et vous pouvez lui demander ses raisons."}
	case requests.StateRevoked:
		return web.Notice{Tone: web.Danger, Title: "La mairie est revenue sur son accord", Text: "Décision du " + last.DecidedOn.French() + ". " + refusal}
	case requests.StateTransmitted:
		return transmittedNotice(d)
	case requests.StateWithdrawn:
		return web.Notice{Tone: web.Info, Title: "Vous avez retiré votre demande", Text: "Elle ne sera pas étudiée. Vous pouvez en faire une autre."}
	default:
		return web.Notice{Tone: web.Info, Title: "Votre demande est classée", Text: "La mairie a arrêté son étude. La lettre dit pourquoi."}
	}
}

// transmittedNotice says who has the request now, and how to reach them.
func transmittedNotice(d requests.Detail) web.Notice {
	n := web.Notice{Tone: web.Info, Title: "Votre demande est transmise à l’administration compétente"}
	for _, t := range slices.Backward(d.Transmissions) {
		if t.Way == requests.WayIn || t.State != requests.TransmissionArrived {
			continue
		}
		n.Items = append(n.Items, t.Party.Name+".")
		for _, line := range []string{strings.ReplaceAll(t.Party.PostalAddress, "\n", ", "), t.Party.Phone, t.Party.Email} {
			if line != "" {
				n.Items = append(n.Items, line)
			}
		}
		if t.Number != "" {
			n.Items = append(n.Items, "Elle y porte le numéro "+t.Number+". L’accusé de réception que cette administration vous envoie donne le code pour la suivre.")
		}
		if !t.LastDay.IsZero() {
			n.Items = append(n.Items, transmittedRule(t))
		}
		break
	}
	n.Items = append(n.Items, "Pour la suite, adressez-vous à elle\u00a0: vos documents lui sont parvenus, mais pas les messages de cette page.")
	return n
}

func transmittedRule(t requests.Transmission) string {
	if t.Effect == calendar.Acceptance {
		return "Sans réponse de sa part le " + t.LastDay.French() + " au soir, votre demande sera acceptée, si elle est complète."
	}
	return "Sans réponse de sa part le " + t.LastDay.French() + " au soir, votre demande sera considérée comme refusée."
}

// openNotice says until when an answer is due, and what silence would mean.
func openNotice(d requests.Detail, today calendar.Date) web.Notice {
	n := web.Notice{Tone: web.Info, Title: "La mairie a bien reçu " + nounOf(catalogue.Kind(d.Kind)).your}
	if d.State == requests.StateReview {
		n.Title = "La mairie étudie " + nounOf(catalogue.Kind(d.Kind)).your
	}
	if until := d.SuspendedUntil(today); !until.IsZero() {
		n.Title = "La mairie vérifie " + nounOf(catalogue.Kind(d.Kind)).your
		n.Items = append(n.Items, "L’examen est suspendu jusqu’au "+until.French()+". La lettre que vous avez reçue, et «\u00a0Pourquoi ces dates\u00a0», disent pourquoi. Vous pouvez y répondre par un message.")
	}
	if d.State == requests.StateTransmitting {
		n.Title = "La mairie transmet " + nounOf(catalogue.Kind(d.Kind)).your + " à l’administration compétente"
	}
	if d.State == requests.StateWaiting {
		return waitingNotice(d)
	}
	last := d.SilenceLastDay
	if !last.IsZero() && last.Before(today) {
		if d.Silence.Effect == calendar.Acceptance {
			return web.Notice{Tone: web.Success, Title: "Le délai est passé", Text: "La mairie n’a pas répondu au plus tard le " + last.French() + "\u00a0: son silence vaut " + d.Procedure.Silence.Grant() + ". L’attestation sera bientôt ici."}
		}
		if tacitly(d) {
			return web.Notice{Tone: web.Danger, Title: "Le délai est passé", Text: "Les pièces demandées ne sont pas toutes arrivées au plus tard le " + last.French() + "\u00a0: votre dossier est rejeté tacitement (code de l’urbanisme, article\u00a0R*423-39)."}
		}
		return web.Notice{Tone: web.Danger, Title: "Le délai est passé", Text: "La mairie n’a pas répondu au plus tard le " + last.French() + "\u00a0: son silence vaut refus. Elle peut encore vous répondre."}
	}
	if !d.DueOn.IsZero() && d.DueOn != last {
		switch legal := d.Deadline.AnswerDue == d.DueOn; {
		case legal && d.DueOn.Before(today):
			n.Items = append(n.Items, "Nous devions vous répondre au plus tard le "+d.DueOn.French()+" ("+d.Procedure.Silence.Source+")\u00a0: relancez-nous par un message ou un appel.")
		case legal:
			n.Items = append(n.Items, "Nous devons vous répondre au plus tard le "+d.DueOn.French()+" ("+inDays(today, d.DueOn)+").")
		case d.DueOn.Before(today):
			n.Items = append(n.Items, "La mairie pensait vous répondre le "+d.DueOn.French()+"\u00a0: elle a du retard. Vous pouvez la relancer par un message ou un appel.")
		default:
			n.Items = append(n.Items, "Réponse prévue au plus tard le "+d.DueOn.French()+" ("+inDays(today, d.DueOn)+").")
		}
	}
	switch {
	case last.IsZero():
		n.Items = append(n.Items, d.Procedure.SilenceText())
	case d.Silence.Effect == calendar.Acceptance && d.Procedure.Silence.Means != "":
		n.Items = append(n.Items, "Sans réponse le "+last.French()+" au soir, notre silence vaudra "+d.Procedure.Silence.Means+" ("+inDays(today, last)+"), si votre dossier est complet.")
	case d.Silence.Effect == calendar.Acceptance:
		n.Items = append(n.Items, "Sans réponse le "+last.French()+" au soir, votre demande sera acceptée ("+inDays(today, last)+"), si elle est complète.")
	case catalogue.Kind(d.Kind) == catalogue.KindReport:
		n.Items = append(n.Items, "Réponse au plus tard le "+last.French()+" ("+inDays(today, last)+"). Sans réponse ce jour-là, ce que vous demandez sera considéré comme refusé.")
	default:
		n.Items = append(n.Items, "Réponse au plus tard le "+last.French()+" ("+inDays(today, last)+"). Sans réponse ce jour-là, votre demande sera considérée comme refusée et vous pourrez contester ce refus.")
	}
	return n
}

// tacitly tells whether papers that do not come make, or made, a rejection of what silence
// would have granted (C. urb. R*423-39).
func tacitly(d requests.Detail) bool {
	return d.Silence.Effect == calendar.Rejection && d.Procedure.Silence.Effect == calendar.Acceptance
}

// grantedTitle says what the silence gave.
func grantedTitle(d requests.Detail) string {
	if means := d.Procedure.Silence.Means; means != "" {
		return "Décision tacite\u00a0: " + means
	}
	return "Votre demande est acceptée"
}

func waitingNotice(d requests.Detail) web.Notice {
	n := web.Notice{Tone: web.Warning, Title: "La mairie attend des pièces de votre part"}
	for _, a := range d.DocumentRequests {
		if a.CompletedOn.IsZero() {
			n.Items = append(n.Items, "À envoyer au plus tard le "+a.LimitOn.French()+".")
		}
	}
	switch {
	case tacitly(d):
		n.Items = append(n.Items, "Le délai de réponse commencera le jour où toutes les pièces seront arrivées. Sans elles ce jour-là, votre dossier sera rejeté (code de l’urbanisme, article\u00a0R*423-39).")
	case d.Silence.Effect == calendar.Acceptance:
		n.Items = append(n.Items, "Le délai de réponse commencera le jour où toutes les pièces seront arrivées.")
	case d.Silence.Effect == calendar.Rejection:
		n.Items = append(n.Items, "Le délai de réponse est suspendu jusqu’à leur arrivée, et au plus tard jusqu’à cette date.")
	}
	return n
}

// timeline writes the request's public history, the latest first.
func (s *Server) timeline(v *visit, d requests.Detail) web.Timeline {
	var out web.Timeline
	for _, e := range slices.Backward(d.History) {
		line, ok := eventLine(e.Kind, requests.ReadEvent(e), d)
		if !ok {
			continue
		}
		line.When = web.DateTime(e.At.In(v.scope.Tenant.Zone()))
		out = append(out, line)
	}
	return out
}

const lawOfSuspension = "CRPA, article\u00a0L.115-3"

// eventLine words an event of the history.
func eventLine(kind string, e requests.EventData, d requests.Detail) (web.Event, bool) {
	k := nounOf(catalogue.Kind(d.Kind))
	switch kind {
	case "submitted":
		return web.Event{Title: "Vous avez envoyé " + k.your}, true
	case "receipt_issued":
		return receiptLine(e)
	case "taken":
		return web.Event{Title: "Un agent a pris en charge " + k.your, Who: e.Agent}, true
	case "service_changed":
		return web.Event{Title: "Transmission au service " + e.Service}, true
	case "message_sent":
		return web.Event{Title: "La mairie vous a écrit"}, true
	case "message_received":
		return web.Event{Title: "Vous avez écrit à la mairie"}, true
	case "documents_asked":
		return web.Event{Title: "La mairie a demandé " + web.Plural(e.Count, "pièce", "pièces"), Text: "À envoyer au plus tard le " + e.LimitOn.French() + ".", Law: "CRPA, article\u00a0L.114-5"}, true
	case "document_added":
		return web.Event{Title: "Document ajouté", Text: e.Label}, true
	case "documents_completed":
		return web.Event{Title: "Toutes les pièces sont arrivées", Law: "CRPA, article\u00a0L.114-5"}, true
	case "reclassified":
		return reclassifiedLine(e), true
	case "fact_corrected":
		return web.Event{Title: "La mairie a corrigé une date de votre dossier"}, true
	case "suspended", "suspension_renewed", "suspension_ended":
		return suspensionLine(kind, e, k.your), true
	case "deadline_moved":
		return movedLine(e)
	case "extended", "recourse_noted", "regularisation_asked":
		return recourseLine(kind, e), true
	case "heard":
		return web.Event{Title: "La mairie envisage de revenir sur son accord, et vous invite à répondre", Text: "Jusqu’au " + e.LimitOn.French() + ".", Law: "CRPA, articles\u00a0L.121-1 et L.122-1"}, true
	case "decided":
		return web.Event{Title: "La mairie a répondu", Tone: web.Success}, true
	case "decision_notified":
		return web.Event{Title: "La réponse vous est parvenue", Text: "Le " + e.On.French() + "."}, true
	case "lapsed", "silence_undone":
		return lapsedLine(kind, e, d), true
	case "decision_email":
		if e.Agreed {
			return web.Event{Title: "Accord pour recevoir la décision par courriel"}, true
		}
		return web.Event{Title: "La décision viendra sur papier"}, true
	case "transmission_asked", "transmission_recalled", "transmission_failed", "transmission_received", "transmitted", "transmission_dated":
		return transmissionLine(kind, e, k.your), true
	case "withdrawn":
		return web.Event{Title: "Vous avez retiré " + k.your}, true
	default:
		return web.Event{}, false
	}
}

// suspensionLine words how the examination of an aid was suspended, and taken up again.
func suspensionLine(kind string, e requests.EventData, your string) web.Event {
	switch kind {
	case "suspended":
		return web.Event{Title: "La mairie a suspendu l’examen de " + your + " pour une vérification", Text: "Jusqu’au " + e.LimitOn.French() + ".", Law: lawOfSuspension}
	case "suspension_renewed":
		return web.Event{Title: "La mairie a prolongé la suspension, pour vérifier des éléments nouveaux", Text: "Jusqu’au " + e.LimitOn.French() + ".", Law: lawOfSuspension}
	default:
		return web.Event{Title: "La vérification est terminée\u00a0: l’examen reprend"}
	}
}

// recourseLine words that the answer takes longer, or what followed a refusal.
func recourseLine(kind string, e requests.EventData) web.Event {
	if kind == "extended" {
		return web.Event{Title: "La mairie a besoin de deux mois de plus pour répondre", Text: "Réponse au plus tard le " + e.LimitOn.French() + ".", Law: "RGPD, article\u00a012.3"}
	}
	if kind == "regularisation_asked" {
		return web.Event{Title: "La mairie vous invite à régulariser votre demande", Text: "Au plus tard le " + e.LimitOn.French() + ".", Law: "CRPA, article\u00a0L.114-6"}
	}
	line := web.Event{Text: "Le " + e.On.French() + ".", Law: "CRPA, article\u00a0L.411-2"}
	switch e.Fact {
	case requests.FactGracious:
		line.Title = "La mairie a reçu votre recours gracieux"
	case requests.FactGraciousRejected:
		line.Title = "Votre recours gracieux est rejeté"
	case requests.FactPriorSeized:
		line.Title, line.Law = "Vous avez saisi l’autorité qui examine ce refus avant le tribunal", ""
	default:
		line.Title, line.Law = "Votre saisine est enregistrée", ""
	}
	return line
}

// lapsedLine words what silence decided, or had not decided after all.
func lapsedLine(kind string, e requests.EventData, d requests.Detail) web.Event {
	if kind == "silence_undone" {
		return web.Event{Title: "Le silence de la mairie n’avait pas décidé\u00a0: l’examen continue", Text: "Une date de votre dossier avait été mal notée."}
	}
	if catalogue.Outcome(e.Outcome) == catalogue.OutcomeImplicitAcceptance || e.Outcome == string(catalogue.OutcomeAccept) {
		return web.Event{Title: "Le silence de la mairie vaut " + d.Procedure.Silence.Grant(), Law: d.Procedure.Silence.Source, Tone: web.Success}
	}
	if tacitly(d) {
		return web.Event{Title: "Les pièces ne sont pas venues\u00a0: décision tacite de " + d.Procedure.Silence.Denial(), Law: "Code de l’urbanisme, article\u00a0R*423-39", Tone: web.Danger}
	}
	return web.Event{Title: "Le silence de la mairie vaut refus", Law: d.Procedure.Silence.Source, Tone: web.Danger}
}

// transmissionLine words how a request goes to another administration, or came from one.
func transmissionLine(kind string, e requests.EventData, your string) web.Event {
	const law = "CRPA, article\u00a0L.114-2"
	switch kind {
	case "transmission_asked":
		return web.Event{Title: "Transmission à " + e.Label, Law: law}
	case "transmission_received":
		return web.Event{Title: "Reçue de " + e.Label, Text: "Première réception le " + e.On.French() + ".", Law: law}
	case "transmitted":
		return web.Event{Title: "Transmise à " + e.Label, Law: law, Tone: web.Success}
	case "transmission_dated":
		return web.Event{Title: "Reçue par " + e.Label, Text: "Le " + e.On.French() + "."}
	default:
		return web.Event{Title: "La mairie garde " + your}
	}
}

// receiptLine words a receipt in the history; that of a message is said by the message.
func receiptLine(e requests.EventData) (web.Event, bool) {
	law := "CRPA, article\u00a0L.112-3"
	if e.Regime == string(catalogue.RegimeElectronic) {
		law = "CRPA, article\u00a0L.112-11"
	}
	switch e.Receipt {
	case requests.AboutRegistration:
		return web.Event{Title: "Accusé d’enregistrement émis", Text: "L’accusé de réception complet suit.", Law: law}, true
	case requests.AboutDocument:
		return web.Event{Title: "Accusé de réception d’un document émis", Law: law}, true
	case requests.AboutMessage:
		return web.Event{}, false
	default:
		return web.Event{Title: "Accusé de réception émis", Law: law}, true
	}
}

// reclassifiedLine says what the town treats a letter as.
func reclassifiedLine(e requests.EventData) web.Event {
	if e.Label == string(requests.KindInformation) {
		return web.Event{Title: "La mairie traite votre message comme une question"}
	}
	return web.Event{Title: "La mairie traite votre message comme une demande"}
}

// movedLine says what became of the last day; where silence decides nothing any more, that was said.
func movedLine(e requests.EventData) (web.Event, bool) {
	switch {
	case !e.To.IsZero():
		return web.Event{Title: "Nouvelle date limite de réponse", Text: "Le " + e.To.French() + "."}, true
	case e.Waiting:
		return web.Event{Title: "Le délai de réponse attend vos pièces"}, true
	default:
		return web.Event{}, false
	}
}

// hearingNotice says that the town thinks of taking back what it granted, and until when the
// person can answer.
func hearingNotice(d requests.Detail, today calendar.Date) *web.Notice {
	h, _, ok := d.UnderWay(today)
	if !ok {
		return nil
	}
	n := &web.Notice{Tone: web.Warning, Title: "La mairie envisage de revenir sur son accord", Items: []string{"Ses raisons\u00a0: " + h.Reasons}}
	if h.Over(today) {
		n.Items = append(n.Items, "Vous pouviez répondre jusqu’au "+h.LimitOn.French()+". La mairie n’a pas encore décidé.")
	} else {
		n.Items = append(n.Items, "Vous pouvez répondre jusqu’au "+h.LimitOn.French()+", par un message sur cette page, par courrier ou, si vous le demandez, de vive voix, avec un conseil ou un mandataire de votre choix (CRPA, articles\u00a0L.121-1 et L.122-1).")
	}
	n.Items = append(n.Items, "Tant que la mairie n’a pas décidé, l’accord reste valable.")
	return n
}
