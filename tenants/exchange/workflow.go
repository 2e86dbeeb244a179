package exchange

import (
	"strings"

	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// notYet is why the steps of a workflow stay behind.
const notYet = "Le circuit de l’autre plateforme n’est pas repris\u00a0: il est décrit pour être refait"

// placeholdersOfWCS are the words of Publik's letters that ours have too.
var placeholdersOfWCS = map[string]string{
	"form_name": "{{demarche}}", "form_number": "{{numero}}", "form_display_id": "{{numero}}", "form_receipt_date": "{{recu_le}}",
	"form_comment": "{{motifs}}", "form_user_name": "{{demandeur}}", "form_user_display_name": "{{demandeur}}",
}

// verbs say in French what an action of Publik does.
var verbs = map[string]string{
	"sendmail": "envoyer un courriel", "notification": "prévenir sur le portail", "sms": "envoyer un SMS", "choice": "changer d’état par un bouton", "jump": "changer d’état tout seul",
	"jumponsubmit": "changer d’état à l’envoi", "commentable": "écrire un commentaire", "displaymsg": "afficher un message", "register-comment": "noter dans l’historique",
	"webservice_call": "appeler un autre logiciel", "form": "remplir un formulaire", "set-backoffice-fields": "remplir des champs des agents", "export_to_model": "produire un document",
	"editable": "corriger la demande", "addattachment": "joindre un document", "remove": "supprimer", "anonymise": "anonymiser", "assign_carddef": "lier une fiche", "dispatch": "confier",
}

// workflow lists the states and actions of Publik, and takes over the letters that answer to
// outcomes of ours.
func (r *wcs) workflow(root *source) {
	root.carry("")
	r.line(root.kid("name"), maxLabel)
	for _, part := range root.kids {
		if part.name != "possible_status" {
			if part.fate == fateNone && !part.empty() && !strings.HasPrefix(part.name, "@") && part.name != "slug" {
				part.lose(notYet)
			}
			continue
		}
		for _, status := range part.kids {
			r.state(status)
		}
	}
	root.kid("possible_status").lose(notYet)
}

func (r *wcs) state(status *source) {
	if status.name != "status" {
		return
	}
	name := plain(status.peek("name"), " ")
	status.about(shortened(name, 80))
	state := State{Name: shortened(name, maxLabel)}
	outcome := outcomeOf(name)
	for _, action := range status.kid("items").children() {
		kind := action.kid("@type")
		if kind == nil {
			continue
		}
		verb := verbs[kind.text]
		if verb == "" {
			verb = shortened(kind.text, 40)
		}
		if label := plain(action.peek("label"), " "); label != "" {
			verb += " («\u00a0" + shortened(label, 60) + "\u00a0»)"
		}
		if next := action.peek("status"); next != "" {
			verb += " → " + shortened(next, 40)
		}
		state.Actions = append(state.Actions, verb)
		if kind.text == "sendmail" && outcome != "" && r.toCitizen(action) {
			r.letter(action, outcome)
		}
	}
	r.report.States = append(r.report.States, state)
}

// toCitizen tells whether a mail goes to whoever filed.
func (r *wcs) toCitizen(mail *source) bool {
	to := ""
	for _, k := range mail.kid("to").children() {
		to += " " + k.text
	}
	return strings.Contains(to, "_submitter") || strings.Contains(to, "form_var_")
}

// letter takes a mail over as the letter of an outcome, where it says something without
// programming. One letter an outcome: the first.
func (r *wcs) letter(mail *source, outcome catalogue.Outcome) {
	if _, there := r.p.Letters[outcome]; there {
		return
	}
	subject, ok1 := wording(mail.peek("subject"))
	body, ok2 := wording(mail.peek("body"))
	if subject == "" || body == "" || !ok1 || !ok2 {
		reason := "Cette lettre est programmée ({% … %})\u00a0: réécrivez-la dans les modèles de lettres"
		mail.kid("subject").lose(reason)
		mail.kid("body").lose(reason)
		return
	}
	r.p.Letters[outcome] = catalogue.Letter{Subject: strings.ReplaceAll(shortened(subject, maxLabel), "\n", " "), Body: strings.Split(body, "\n")}
	to := "letters/" + string(outcome)
	mail.kid("subject").change(to, "Le courriel devient la lettre de cette issue\u00a0: relisez-la, et ajoutez motifs et voies de recours")
	mail.kid("body").change(to, "Le courriel devient la lettre de cette issue\u00a0: relisez-la, et ajoutez motifs et voies de recours")
}

// wording brings the placeholders of Publik to ours; false where one has no equal.
func wording(text string) (string, bool) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "{{")
		if strings.Contains(before, "{%") || strings.Contains(before, "}}") {
			return "", false
		}
		out.WriteString(before)
		if !found {
			return plain(out.String(), "\n"), true
		}
		name, rest, closed := strings.Cut(after, "}}")
		ours := placeholdersOfWCS[strings.TrimSpace(name)]
		if !closed || ours == "" {
			return "", false
		}
		out.WriteString(ours)
		text = rest
	}
}
