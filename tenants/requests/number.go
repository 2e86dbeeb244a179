package requests

import (
	"strings"
)

// The counter's row is locked by the statement that inserts the request, so that
// numbers follow each other without a gap: see doc.go.

// maxNumberInput is the most bytes that a number may be typed with.
const maxNumberInput = 32

// ReadNumber brings a number as somebody typed it ("n° 26 123", "26-000123") to its
// written form. What is no number gives "".
func ReadNumber(typed string) string {
	if len(typed) > maxNumberInput {
		return ""
	}
	typed = strings.TrimSpace(strings.ToLower(typed))
	for _, prefix := range []string{"n°", "nº", "no"} {
		typed = strings.TrimSpace(strings.TrimPrefix(typed, prefix))
	}
	typed = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "\u2011", "-", "\u2013", "-").Replace(typed)
	year, count, found := strings.Cut(typed, "-")
	if !found && len(typed) >= 8 {
		year, count = typed[:2], typed[2:]
	}
	count = strings.TrimLeft(count, "0")
	if len(year) != 2 || !digits(year) || count == "" || len(count) > 9 || !digits(count) {
		return ""
	}
	if len(count) < 6 {
		count = strings.Repeat("0", 6-len(count)) + count
	}
	return year + "-" + count
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
