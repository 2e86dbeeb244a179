package communes

import (
	"strings"

	"github.com/parvis-gru/parvis/tenants/fold"
)

// maxLabel is the longest label of a host name, in octets (RFC 1035 §2.3.4).
const maxLabel = 63

// Slug gives a name as a label of a host name: lower case, without accents, its
// words joined by hyphens, at most 63 octets ("L'Haÿ-les-Roses" → l-hay-les-roses,
// "Œting" → oeting). A name without any Latin letter or digit gives "".
func Slug(name string) string {
	s := strings.Map(func(r rune) rune {
		if r == ' ' {
			return '-'
		}
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, fold.Words(name))
	s = strings.Trim(s, "-")
	if len(s) > maxLabel {
		s = strings.TrimRight(s[:maxLabel], "-")
	}
	return s
}

// shortWords are the abbreviations that people type for a word of a commune's name.
var shortWords = map[string]string{"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}

// foldQuery folds what somebody typed and writes its short words in full.
func foldQuery(q string) []string {
	words := strings.Fields(fold.Words(q))
	for i, w := range words {
		if long, ok := shortWords[w]; ok {
			words[i] = long
		}
	}
	return words
}
