package requests

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/fold"
)

// cleanText takes out of a text what no text holds, and keeps its lines and
// paragraphs.
func cleanText(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, ""))
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.Is(unicode.C, r):
			return -1
		default:
			return r
		}
	}, s)
	lines := strings.Split(s, "\n")
	var kept []string
	for _, line := range lines {
		line = strings.TrimRight(line, " \u00a0")
		if line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue // at most one empty line between paragraphs
		}
		kept = append(kept, line)
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// searchText is what the list's search looks through beside the number: who applies,
// for whom, and for what.
func searchText(r Request) string {
	a := r.Applicant
	return fold.Words(strings.Join([]string{a.GivenName, a.FamilyName, a.Organisation, a.OnBehalfOf, r.Title}, " "))
}

const (
	maxQuery = 200 // bytes of a search that are looked at
	maxWords = 6
)

// searchQuery makes a tsquery of what somebody typed: every word, or the beginning
// of one. Nothing of it is syntax, for only letters and digits are left. "" is no search.
func searchQuery(typed string) string {
	if len(typed) > maxQuery {
		typed = strings.ToValidUTF8(typed[:maxQuery], "")
	}
	words := strings.Fields(fold.Words(typed))
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	for i, w := range words {
		words[i] = "'" + w + "':*"
	}
	return strings.Join(words, " & ")
}

// reasonGiven cleans why something is done that needs a reason: none is fault.Invalid
// "reason_required", one that is too long "body_too_long".
func reasonGiven(reason string) (string, error) {
	reason = cleanText(reason)
	switch {
	case reason == "":
		return "", fault.New(fault.Invalid, "reason_required", fault.Field{Path: "reason", Code: "reason_required"})
	case utf8.RuneCountInString(reason) > maxBody:
		return "", fault.New(fault.Invalid, "body_too_long", fault.Field{Path: "reason", Code: "too_long"})
	}
	return reason, nil
}
