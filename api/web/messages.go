package web

import (
	"maps"
	"slices"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// headings are the titles of the plain pages, one a kind.
var headings = map[fault.Kind]string{
	fault.Internal:     "Un problème de notre côté",
	fault.Invalid:      "Il y a quelque chose à corriger",
	fault.NotFound:     "Cette page n’existe pas",
	fault.Unauthorized: "Connectez-vous pour continuer",
	fault.Forbidden:    "Vous n’avez pas accès à cette page",
	fault.Conflict:     "La situation a changé entre-temps",
	fault.TooLarge:     "C’est trop volumineux",
	fault.TooMany:      "Un peu trop vite",
	fault.Unavailable:  "Le service est momentanément indisponible",
}

// general is what a fault says when its code has no sentence of its own.
var general = map[fault.Kind]string{
	fault.Internal:     "Ce n’est pas de votre fait, et rien n’a été enregistré à moitié. Réessayez dans quelques minutes.",
	fault.Invalid:      "Revenez en arrière, corrigez ce qui est signalé, puis envoyez de nouveau.",
	fault.NotFound:     "L’adresse est peut-être incomplète, ou la page a été retirée.",
	fault.Unauthorized: "Cette page est réservée aux personnes connectées.",
	fault.Forbidden:    "Si vous pensez que c’est une erreur, adressez-vous à la mairie.",
	fault.Conflict:     "Quelqu’un d’autre a modifié la même chose. Rechargez la page pour voir ce qui a changé, puis recommencez si c’est encore utile.",
	fault.TooLarge:     "Réduisez la taille de ce que vous envoyez, puis recommencez.",
	fault.TooMany:      "Vous avez fait beaucoup d’essais en peu de temps. Attendez une minute, puis réessayez.",
	fault.Unavailable:  "Rien n’est perdu. Réessayez dans une minute ; le service revient de lui-même.",
}

// sentences say, for each code of a fault, what happened and what to do.
var sentences = map[string]string{
	// The door
	"unknown_host":      "Aucune commune ne se trouve à cette adresse. Vérifiez-la, ou passez par le site internet de votre mairie.",
	"not_found":         "L’adresse est peut-être incomplète, ou la page a été retirée.",
	"cross_site":        "Par sécurité, nous n’acceptons pas un envoi venu d’un autre site. Ouvrez la page de la commune et recommencez.",
	"form_expired":      "Par sécurité, cette page a expiré. Rien n’a été envoyé : revenez en arrière, rechargez la page et envoyez de nouveau.",
	"form_unreadable":   "Nous n’avons pas pu lire votre envoi. Revenez en arrière et envoyez de nouveau.",
	"form_too_large":    "Le texte envoyé est trop long. Raccourcissez-le, puis envoyez de nouveau.",
	"upload_too_large":  "L’ensemble des fichiers dépasse 64 Mo. Envoyez-les en plusieurs fois.",
	"too_many":          "Vous avez fait beaucoup d’essais en peu de temps. Attendez une minute, puis réessayez.",
	"too_many_attempts": "Trop d’essais. Attendez quelques minutes avant de réessayer.",
	"too_slow":          "La réponse a mis trop de temps à venir. Rien n’est perdu : réessayez dans une minute.",
	"database_away":     "Rien n’est perdu. Le service revient de lui-même : réessayez dans une minute.",
	"identity_away":     "La connexion est momentanément indisponible. Vous pouvez faire votre démarche sans compte, ou réessayer dans une minute.",
	"identity_answer":   "La connexion est momentanément indisponible. Vous pouvez faire votre démarche sans compte, ou réessayer dans une minute.",
	"storage_away":      "L’enregistrement des fichiers est momentanément indisponible. Réessayez dans une minute.",
	"not_allowed":       "Votre profil ne permet pas cette action. Adressez-vous à l’administrateur de votre mairie.",
	"admin_only":        "Cette page est réservée aux administrateurs de la mairie.",
	"hub_only":          "Cette page est réservée à l’intercommunalité.",

	// Signing in
	"credentials":          "Adresse électronique ou mot de passe incorrect. Vérifiez les deux, ou choisissez « Mot de passe oublié ».",
	"second_factor":        "Ce code n’est pas le bon. Saisissez le code à six chiffres affiché en ce moment par votre application.",
	"second_factor_needed": "Saisissez le code à six chiffres affiché par votre application.",
	"sign_in_again":        "Par sécurité, connectez-vous de nouveau avant de continuer.",
	"session_over":         "Votre session est terminée. Connectez-vous de nouveau ; ce que vous aviez enregistré est toujours là.",
	"code_wrong":           "Ce code n’est pas le bon. Recopiez le dernier code reçu par courriel.",
	"code_expired":         "Ce code n’est plus valable. Demandez-en un nouveau.",
	"flow_expired":         "Cette étape a expiré. Recommencez depuis le début.",
	"password":             "Choisissez un mot de passe d’au moins 12 caractères, que vous n’utilisez nulle part ailleurs.",
	"email":                "Saisissez une adresse électronique complète, par exemple nom@exemple.fr",
	"email_invalid":        "Saisissez une adresse électronique complète, par exemple nom@exemple.fr",
	"email_taken":          "Un compte existe déjà avec cette adresse. Connectez-vous, ou choisissez « Mot de passe oublié ».",
	"email_unverified":     "Confirmez d’abord votre adresse : suivez le lien reçu par courriel.",
	"totp_exists":          "La double authentification est déjà active sur ce compte.",

	// Forms and files
	"required":           "Répondez à cette question.",
	"answers_invalid":    "Certaines réponses sont à corriger.",
	"answers_too_large":  "Les réponses sont trop longues. Raccourcissez-les, puis envoyez de nouveau.",
	"value_unreadable":   "Nous n’avons pas pu lire cette réponse. Saisissez-la de nouveau.",
	"wrong_type":         "Cette réponse n’a pas la forme attendue. Corrigez-la.",
	"out_of_range":       "Cette valeur est en dehors de ce qui est accepté. Corrigez-la.",
	"too_long":           "Cette réponse est trop longue. Raccourcissez-la.",
	"too_many_fields":    "Il y a trop de réponses. Retirez celles qui ne servent pas.",
	"unknown_field":      "Cette réponse ne correspond à aucune question. Retirez-la.",
	"form_step_unknown":  "Cette étape n’existe pas, ou elle ne vous concerne pas.",
	"invalid_date":       "Saisissez une date qui existe, par exemple 21 11 2026.",
	"file_too_large":     "Ce fichier dépasse 20 Mo. Réduisez-le ou photographiez le document, puis envoyez-le de nouveau.",
	"file_empty":         "Ce fichier est vide. Choisissez-en un autre.",
	"file_type_refused":  "Ce type de fichier n’est pas accepté. Envoyez un PDF ou une photo (JPEG, PNG).",
	"file_unreadable":    "Ce fichier n’a pas pu être lu. Envoyez-le de nouveau, ou dans un autre format.",
	"file_macros":        "Ce document contient des macros. Enregistrez-le en PDF, puis envoyez-le de nouveau.",
	"photo_unreadable":   "Cette photo n’a pas pu être lue. Envoyez-en une autre.",
	"photo_type_refused": "Envoyez une photo au format JPEG ou PNG.",
	"too_many_files":     "Il y a trop de fichiers. Retirez-en avant d’en ajouter un autre.",
	"document_unknown":   "Ce document n’existe pas, ou il a été retiré.",
	"colour_invalid":     "Saisissez une couleur sous la forme #1f6b5c.",

	// Requests
	"request_or_code_unknown": "Aucune demande ne correspond à ce numéro et à ce code. Vérifiez les deux sur votre accusé de réception.",
	"request_unknown":         "Cette demande n’existe pas.",
	"request_changed":         "Quelqu’un d’autre a modifié cette demande pendant que vous y travailliez. Relisez ce qui a changé, puis recommencez si c’est encore utile.",
	"action_not_possible":     "L’état de la demande ne permet plus cette action. Rechargez la page pour voir où elle en est.",
	"idempotency_mismatch":    "Cette demande a déjà été envoyée avec d’autres réponses. Commencez une nouvelle demande.",
	"notice_too_late":         "Le délai pour demander des pièces est passé.",
	"procedure_unknown":       "Cette démarche n’existe pas dans votre commune.",
	"procedure_closed":        "Cette démarche n’est pas ouverte en ligne pour le moment. Vous pouvez la faire au guichet, par téléphone ou par courrier.",
	"draft_unknown":           "Ce brouillon n’existe plus. Recommencez la démarche.",

	// Running the town's pages
	"mentions_missing":           "Il manque des mentions obligatoires. Complétez-les dans les réglages, puis ouvrez la démarche.",
	"settings_invalid":           "Certains réglages sont à corriger.",
	"settings_changed":           "Quelqu’un d’autre a modifié les réglages entre-temps. Rechargez la page, puis reprenez vos changements.",
	"service_invalid":            "Donnez un nom au service.",
	"hour_invalid":               "Choisissez une heure entre 0 et 23.",
	"tenant_exists":              "Cette commune est déjà ouverte.",
	"hub_exists":                 "Cette intercommunalité existe déjà.",
	"commune_unknown":            "Aucune commune ne porte ce nom ou ce code. Vérifiez l’orthographe, ou saisissez le code INSEE.",
	"local_holidays_not_allowed": "Ces jours fériés ne s’appliquent pas à ce territoire.",
}

// Sentence says in French what an error means and what to do; what is unknown says
// something general and true.
func Sentence(err error) string {
	f := fault.Of(err)
	if f == nil {
		return ""
	}
	if s, ok := sentences[f.Code]; ok {
		return s
	}
	return general[f.Kind]
}

// fieldSentence says what to correct in one field.
func fieldSentence(f fault.Field) string {
	if f.Message != "" {
		return f.Message
	}
	if s, ok := sentences[f.Code]; ok {
		return s
	}
	return "Cette réponse est à corriger."
}

// FieldErrors gives the sentence of each field of a fault, by path; the first one
// where a path has several.
func FieldErrors(err error) map[string]string {
	f := fault.Of(err)
	if f == nil {
		return map[string]string{}
	}
	out := make(map[string]string, len(f.Fields))
	for _, field := range f.Fields {
		if _, known := out[field.Path]; !known {
			out[field.Path] = fieldSentence(field)
		}
	}
	return out
}

// Codes lists the codes that have a sentence of their own, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(sentences)) }
