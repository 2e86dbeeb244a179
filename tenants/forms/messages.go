package forms

import (
	"strings"
	"time"
)

// notice carries what a sentence needs beside the field itself.
type notice struct {
	part     string
	count    int
	from, to time.Time
	missing  []string
	town     string
	codes    []string
}

// technical codes keep our sentence even where the town has its own, which was written about the
// answer's meaning.
var technical = map[string]bool{
	CodeUnknownField: true, CodeWrongType: true, CodeTooLong: true, CodeNotAChoice: true,
	CodeTooManyFiles: true, CodeTooFewRows: true, CodeTooManyRows: true, CodeInvalidFile: true, CodeIncompleteDate: true,
}

// message writes the sentence that says what to do, from the field's label and its constraint.
func message(e *entry, code string, n notice) string {
	f := e.field
	if f.Message != "" && !technical[code] {
		return f.Message
	}
	switch code {
	case CodeRequired:
		if f.Kind == KindAddress {
			return addressMessage(e, n.part)
		}
		return requiredMessage(e)
	case CodeTooShort:
		return "Écrivez au moins " + count(n.count, "caractère") + about(e)
	case CodeTooLong:
		return "Écrivez " + count(n.count, "caractère") + " au plus" + about(e)
	case CodePattern:
		return "Vérifiez " + quote(f.Label) + nbsp + ": la réponse n’a pas la forme attendue"
	case CodeInvalidEmail:
		return emailSentence + about(e)
	case CodeInvalidPhone:
		return "Saisissez un numéro de téléphone complet, par exemple 06" + nbsp + "12" + nbsp + "34" + nbsp + "56" + nbsp + "78 ou +32" + nbsp + "470" + nbsp + "12" + nbsp + "34" + nbsp + "56" + about(e)
	case CodeInvalidNumber:
		return "Saisissez un nombre en chiffres, par exemple " + exampleNumber(f) + about(e)
	case CodeTooManyDigits:
		if n.count == 0 {
			return "Saisissez un nombre entier, sans virgule" + about(e)
		}
		return "Saisissez un nombre avec " + count(n.count, "chiffre") + " au plus après la virgule" + about(e)
	case CodeTooSmall, CodeTooLarge:
		return "Saisissez un nombre " + rangeOf(f) + about(e)
	case CodeInvalidDate:
		return "Indiquez une date qui existe, par exemple 27" + nbsp + "3" + nbsp + "2026, avec l’année en quatre chiffres" + about(e)
	case CodeIncompleteDate:
		return "Complétez la date" + nbsp + ": il manque " + enumerate(n.missing, "et") + about(e)
	case CodeTooEarly, CodeTooLate:
		return "Indiquez une date " + period(n) + about(e)
	default:
		return choiceOrFileMessage(e, code, n)
	}
}

func choiceOrFileMessage(e *entry, code string, n notice) string {
	f := e.field
	switch code {
	case CodeNotAChoice:
		return "Choisissez parmi les réponses proposées à " + quote(f.Label)
	case CodeInvalidPostal:
		return "Saisissez un code postal de cinq chiffres, par exemple 31320" + about(e)
	case CodeOutsideCommune:
		place := strings.Join(n.codes, ", ")
		if n.town != "" {
			place = n.town + ", " + place
		}
		return "Indiquez une adresse de la commune (" + place + ")" + about(e)
	case CodeTooManyFiles:
		return "Gardez " + count(n.count, "document") + " au plus pour " + quote(f.Label)
	case CodeInvalidFile:
		return "Ajoutez de nouveau le document de " + quote(f.Label)
	case CodeTooFewRows:
		return "Complétez " + quote(f.Label) + nbsp + ": il en faut " + frenchNumber(float64(n.count), "") + " au moins"
	case CodeTooManyRows:
		return "Gardez-en " + frenchNumber(float64(n.count), "") + " au plus dans " + quote(f.Label)
	case CodeUnknownField:
		return "Retirez cette partie de " + quote(f.Label) + nbsp + ": la démarche ne la demande pas"
	default:
		return "Répondez de nouveau à " + quote(f.Label)
	}
}

const emailSentence = "Saisissez une adresse électronique complète, par exemple nom@exemple.fr"

func requiredMessage(e *entry) string {
	label := quote(e.field.Label)
	switch e.field.Kind {
	case KindEmail:
		return emailSentence + about(e)
	case KindDate:
		return "Indiquez une date pour " + label
	case KindChoice:
		return "Choisissez une réponse à " + label
	case KindChoices:
		return "Choisissez au moins une réponse à " + label
	case KindFile:
		return "Ajoutez un document pour " + label
	case KindDeclaration:
		return "Cochez la case " + label + " pour continuer"
	default:
		if strings.HasSuffix(strings.TrimSpace(e.field.Label), "?") {
			return "Répondez à " + label
		}
		return "Renseignez " + label
	}
}

// addressMessage says which part of an address is missing.
func addressMessage(e *entry, part string) string {
	switch part {
	case PartStreet:
		return "Indiquez le numéro et la rue" + about(e)
	case PartPostalCode:
		return "Indiquez le code postal" + about(e)
	default:
		return "Indiquez la ville ou le village" + about(e)
	}
}

// about names the field where another one of the same step could be meant.
func about(e *entry) string {
	if e.alone {
		return ""
	}
	return " (" + quote(e.field.Label) + ")"
}

func count(n int, noun string) string {
	if n > 1 {
		noun += "s"
	}
	return frenchNumber(float64(n), "") + nbsp + noun
}

func exampleNumber(f *Field) string {
	switch {
	case f.Min != nil && decimals(*f.Min) <= f.Decimals:
		return frenchNumber(*f.Min, "")
	case f.Max != nil && decimals(*f.Max) <= f.Decimals:
		return frenchNumber(*f.Max, "")
	case f.Decimals > 0:
		return "12,5"
	}
	return "12"
}

// rangeOf writes « entre 1 et 12 m » for a number's bounds.
func rangeOf(f *Field) string {
	switch {
	case f.Min != nil && f.Max != nil:
		return "entre " + frenchNumber(*f.Min, "") + " et " + frenchNumber(*f.Max, f.Unit)
	case f.Min != nil:
		return "à partir de " + frenchNumber(*f.Min, f.Unit)
	case f.Max != nil:
		return "jusqu’à " + frenchNumber(*f.Max, f.Unit)
	}
	return "jusqu’à " + frenchNumber(maxNumber, f.Unit)
}

// period writes « à partir du 6 décembre 2026 » for a date's bounds.
func period(n notice) string {
	switch {
	case !n.from.IsZero() && !n.to.IsZero() && !n.from.After(n.to):
		if n.from.Equal(n.to) {
			return "égale au " + frenchDate(n.from)
		}
		return "entre le " + frenchDate(n.from) + " et le " + frenchDate(n.to)
	case !n.from.IsZero():
		return "à partir du " + frenchDate(n.from)
	}
	return "jusqu’au " + frenchDate(n.to)
}
