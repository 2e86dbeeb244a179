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
