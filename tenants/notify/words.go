package notify

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

// nbsp is the no-break space of French typography.
const nbsp = "\u00a0"

// link puts a path under the placeholder of the commune's address; "" is no link.
func link(path string) string {
	if path == "" {
		return ""
	}
	return base + path
}

// lines gives the lines of a text that are not blank.
func lines(text string) []string {
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// paragraphs gives the parts of a text between blank lines.
func paragraphs(text string) []string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var out, current []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			current = append(current, line)
			continue
		}
		if current != nil {
			out = append(out, strings.Join(current, "\n"))
			current = nil
		}
	}
	if current != nil {
		out = append(out, strings.Join(current, "\n"))
	}
	return out
}

// received writes a day, with the hour where it was that very day.
func received(on calendar.Date, at time.Time) string {
	if at.IsZero() || calendar.On(at, at.Location()) != on {
		return on.French()
	}
	minute := strconv.Itoa(at.Minute())
	if len(minute) == 1 {
		minute = "0" + minute
	}
	return on.French() + " à " + strconv.Itoa(at.Hour()) + nbsp + "h" + nbsp + minute
}

// numericDay is the short date of a text message: 02/01/2027.
func numericDay(d calendar.Date) string {
	iso := d.String()
	if len(iso) != 10 {
		return ""
	}
	return iso[8:] + "/" + iso[5:7] + "/" + iso[:4]
}

// more says how many lines of a list are not shown; "" where all are.
func more(count int, shown []DigestLine) string {
	switch rest := count - len(shown); {
	case rest <= 0:
		return ""
	case rest == 1:
		return "et une autre"
	default:
		return "et " + strconv.Itoa(rest) + " autres"
	}
}

// oneLine makes a text of one line, without control characters: nothing in it can
// begin another header.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}

// tidy takes away the blanks that templates leave: never two blank lines, none at
// the ends, no space before the end of a line.
func tidy(text string) string {
	var b strings.Builder
	blank := 0
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" {
			blank++
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
			if blank > 0 {
				b.WriteString("\n")
			}
		}
		blank = 0
		b.WriteString(line)
	}
	b.WriteString("\n")
	return b.String()
}
