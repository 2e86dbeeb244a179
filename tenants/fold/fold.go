// Package fold owns how texts are compared when people search: without accents, case or
// marks. It refuses nothing: any text folds.
package fold

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Words brings a text to lower-case letters and digits without accents, its words parted
// by single spaces, so that « Œuvres » is found by "oeuvre" and « Éléonore » by
// "eleonore". Everything else (a hyphen, an apostrophe, a bracket) parts words.
func Words(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToLower(r)
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		if letters, ok := ligatures[r]; ok {
			b.WriteString(letters)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ligatures become the letters that people type for them.
var ligatures = map[rune]string{'œ': "oe", 'æ': "ae", 'ß': "ss"}
