package communes

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxLabel is the longest label of a host name, in octets (RFC 1035 §2.3.4).
const maxLabel = 63

// Slug gives a name as a label of a host name: lower case, without accents, its
// words joined by hyphens, at most 63 octets ("L'Haÿ-les-Roses" → l-hay-les-roses,
// "Œting" → oeting). A name without any Latin letter or digit gives "".
func Slug(name string) string {
	s := strings.ReplaceAll(fold(name), " ", "-")
	if len(s) > maxLabel {
		s = strings.TrimRight(s[:maxLabel], "-")
	}
	return s
}

// fold brings a text to lower-case Latin letters and digits, its words parted by
// single spaces: accents go, œ and æ become two letters, everything else (hyphen,
// apostrophe, bracket) parts words.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	put := func(r string) {
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteString(r)
	}
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToLower(r)
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			put(string(r))
		case r == 'œ':
			put("oe")
		case r == 'æ':
			put("ae")
		case unicode.Is(unicode.Mn, r):
		default:
			gap = true
		}
	}
	return b.String()
}

// shortWords are the abbreviations that people type for a word of a commune's name.
var shortWords = map[string]string{"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}

// foldQuery folds what somebody typed and writes its short words in full.
func foldQuery(q string) []string {
	words := strings.Fields(fold(q))
	for i, w := range words {
		if long, ok := shortWords[w]; ok {
			words[i] = long
		}
	}
	return words
}
