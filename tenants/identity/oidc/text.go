package oidc

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxClaim is the longest name or address that is believed, in characters.
const maxClaim = 120

// line brings a claim to one clean line; what is far too long is no name.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.C, r):
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "")))
	if s = strings.Join(strings.Fields(s), " "); utf8.RuneCountInString(s) > maxClaim {
		return ""
	}
	return s
}
