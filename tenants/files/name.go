package files

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxNameRunes = 100
	nameless     = "document"
)

// reserved are the names that Windows keeps for its devices, with any extension.
var reserved = []string{"con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"}

// SafeName makes a sender's file name harmless: no folder, no control or invisible
// character (the override that shows "gpj.exe" as "exe.jpg" among them), no
// character or name that an operating system keeps for itself, at most 100
// characters, and an extension that agrees with the type of the content. Accents
// and spaces stay: it is the name that the person knows.
func SafeName(name, mediaType string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, ""))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(harmless, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	stem, ext := splitExtension(name, mediaType)
	stem = strings.Trim(stem, ". ")
	first, _, _ := strings.Cut(stem, ".")
	if stem == "" || slices.Contains(reserved, strings.ToLower(strings.TrimSpace(first))) {
		stem = strings.Trim(nameless+"_"+stem, "_")
	}
	if utf8.RuneCountInString(stem) > maxNameRunes {
		stem = strings.TrimRight(string([]rune(stem)[:maxNameRunes]), ". ")
	}
	return stem + ext
}

// harmless maps a character of a name: dropped (-1), replaced or kept.
func harmless(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.C, r), r == utf8.RuneError, r == '\u2028', r == '\u2029':
		return -1
	case strings.ContainsRune(`<>:"|?*%;`+"`$", r):
		return '_'
	default:
		return r
	}
}

// splitExtension parts a name from its extension, and gives the extension that the
// content deserves: what looked like another one goes.
func splitExtension(name, mediaType string) (stem, ext string) {
	kind, ok := acceptedType(mediaType)
	if !ok {
		return name, ""
	}
	given := path.Ext(name)
	switch {
	case slices.Contains(kind.extensions, strings.ToLower(given)):
		return strings.TrimSuffix(name, given), strings.ToLower(given)
	case looksLikeExtension(given):
		return strings.TrimSuffix(name, given), kind.extensions[0]
	default:
		return name, kind.extensions[0]
	}
}

// looksLikeExtension tells ".exe" and ".docm" from the end of a sentence.
func looksLikeExtension(ext string) bool {
	if len(ext) < 2 || len(ext) > 6 {
		return false
	}
	letters := false
	for _, r := range ext[1:] {
		if r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
		letters = letters || unicode.IsLetter(r)
	}
	return letters
}
