package web

import (
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"

	"github.com/parvis-gru/parvis/tenants"
)

// nbsp and thin are the spaces that French typography puts where no line may
// break.
const (
	nbsp = "\u00a0"
	thin = "\u202f"
)

// funcs are what every template may call.
var funcs = template.FuncMap{
	"icon":            icon,
	"asset":           Asset,
	"number":          Number[int],
	"plural":          Plural,
	"date":            frenchDate,
	"dateShort":       frenchDateShort,
	"datetime":        DateTime,
	"size":            Size,
	"paragraphs":      paragraphs,
	"say":             tenants.KindCommune.Say, // its own in the pages of an EPCI
	"tel":             telephone,
	"list":            func(items ...string) []string { return items },
	"button":          func(label string) Button { return Button{Label: label} },
	"buttonSecondary": func(label string) Button { return Button{Label: label, Kind: "secondary"} },
	"buttonDanger":    func(label string) Button { return Button{Label: label, Kind: "danger"} },
	"buttonLink":      func(label, url string) Button { return Button{Label: label, Kind: "quiet", URL: url} },
	"add":             func(a, b int) int { return a + b },
	"toneIcon":        toneIcon,
}

// icon draws one icon of the sprite; it is decoration, the words beside it speak.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true"><use href="` + iconSprite + `#` + html.EscapeString(name) + `"/></svg>`) //nolint:gosec // both parts are escaped
}

var iconSprite = Asset("icons.svg")

// spriteID finds the names of the sprite's icons.
var spriteID = regexp.MustCompile(`<symbol id="([a-z0-9-]+)"`)

// iconNames are the icons that can be drawn; check refuses any other in a template.
var iconNames = func() map[string]bool {
	names := map[string]bool{}
	for _, m := range spriteID.FindAllStringSubmatch(string(must(fs.ReadFile(dist, assetNames["icons.svg"]))), -1) {
		names[m[1]] = true
	}
	return names
}()

// Number writes a whole number as the French do: 12 345.
func Number[N ~int | ~int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + thin + digits[i:]
	}
	return sign + digits
}

// Plural writes a count with its noun: French counts 0 and 1 in the singular.
func Plural(n int, one, many string) string {
	if n > -2 && n < 2 {
		return Number(n) + nbsp + one
	}
	return Number(n) + nbsp + many
}

// frenchDate writes "21 novembre 2026"; a time must already be in the commune's zone.
func frenchDate(v any) (string, error) {
	d, err := civil(v)
	return d.French(), err
}

// frenchDateShort writes "21/11/2026".
func frenchDateShort(v any) (string, error) {
	d, err := civil(v)
	return d.FrenchShort(), err
}

func civil(v any) (calendar.Date, error) {
	switch d := v.(type) {
	case calendar.Date:
		return d, nil
	case *calendar.Date:
		if d != nil {
			return *d, nil
		}
	case time.Time:
		return calendar.On(d, d.Location()), nil
	}
	return calendar.Date{}, fmt.Errorf("web: %T is no date", v)
}

// DateTime writes "21 novembre 2026 à 14 h 32" in the time's own zone.
func DateTime(t time.Time) string {
	return calendar.On(t, t.Location()).French() + " à " + Clock(t)
}

// Clock writes a time of day: 7 h 05.
func Clock(t time.Time) string {
	return fmt.Sprintf("%d%sh%s%02d", t.Hour(), nbsp, nbsp, t.Minute())
}

// Size writes a number of bytes: 820 Ko, 1,2 Mo.
func Size(bytes int64) string {
	switch {
	case bytes < 1000:
		return strconv.FormatInt(bytes, 10) + nbsp + "octets"
	case bytes < 1_000_000:
		return strconv.FormatInt((bytes+500)/1000, 10) + nbsp + "Ko"
	}
	return strings.Replace(strconv.FormatFloat(float64(bytes)/1e6, 'f', 1, 64), ".", ",", 1) + nbsp + "Mo"
}

// paragraphs turns plain text into paragraphs: blank lines part them, newlines
// break lines, and everything is escaped.
func paragraphs(text string) template.HTML {
	var b strings.Builder
	for block := range strings.SplitSeq(strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n"), "\n\n") {
		if block = strings.TrimSpace(block); block != "" {
			b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(block), "\n", "<br>") + "</p>")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // escaped above
}

// telephone gives what a tel: link holds: digits and a leading plus.
func telephone(number string) template.URL {
	kept := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
	return template.URL("tel:" + kept) //nolint:gosec // digits and plus alone
}

// toneIcon is the icon of a notice.
func toneIcon(t Tone) string {
	switch t {
	case Success:
		return "circle-check"
	case Warning:
		return "triangle-alert"
	case Danger:
		return "circle-alert"
	}
	return "info"
}
