package communes

import (
	"strings"
	"unicode/utf8"
)

// vowels that take the elision, as place names begin with them.
const vowels = "AEIOUÀÂÄÉÈÊËÎÏÔÖÙÛÜŒÆ"

// Of gives « de » and a commune's name: contracted with its article (« du Havre »,
// « des Lilas »), elided before a vowel (« d’Auzeville »). An initial h is taken as
// aspirated but before a y (« d’Hyères »), a y as a vowel before a consonant.
func Of(name string) string {
	if rest, ok := strings.CutPrefix(name, "Le "); ok {
		return "du " + rest
	}
	if rest, ok := strings.CutPrefix(name, "Les "); ok {
		return "des " + rest
	}
	first, size := utf8.DecodeRuneInString(name)
	second, _ := utf8.DecodeRuneInString(name[size:])
	small := strings.ContainsRune(strings.ToLower(vowels), second)
	switch {
	case strings.ContainsRune(vowels, first), first == 'H' && second == 'y', first == 'Y' && !small && second != utf8.RuneError:
		return "d’" + name
	default:
		return "de " + name
	}
}
