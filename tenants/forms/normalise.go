package forms

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

// cleanLine makes one line of text fit to be kept: valid UTF-8, NFC, no control character, no
// direction override, no space around.
func cleanLine(s string) string {
	return strings.TrimSpace(norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))))
}

// cleanText does the same for several lines, which end with a single line feed.
func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.TrimSpace(norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case hidden(r):
			return -1
		}
		return r
	}, s)))
}

// hidden tells the characters that only mislead: controls (Postgres refuses NUL), direction
// overrides, byte order marks.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r == '\ufeff' || (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069')
}

// cleanEmail trims an e-mail address, and writes its domain in lower case.
func cleanEmail(s string) string {
	s = cleanLine(s)
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		return s[:at] + strings.ToLower(s[at:])
	}
	return s
}

// plausibleEmail is a light check: the only proof of an address is a mail that arrives.
func plausibleEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || len(s) > 254 || strings.Contains(domain, "@") {
		return false
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if unicode.IsSpace(r) || hidden(r) || strings.ContainsRune(`"(),:;<>[\]`, r) {
			return false
		}
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				return false
			}
		}
	}
	return len(labels) >= 2 && utf8.RuneCountInString(labels[len(labels)-1]) >= 2
}

// phoneRegions are tried in this order for a number typed without its country: the mainland, then the
// overseas territories whose numbers cannot be mistaken for one of it. Saint-Pierre-et-Miquelon, New
// Caledonia and Wallis-et-Futuna all have numbers of six digits: there the country code is asked.
var phoneRegions = [...]string{"FR", "GP", "RE", "MQ", "GF", "YT", "PF"}

var phoneShape = regexp.MustCompile(`^[+0-9(][0-9 .()/\-\x{00a0}\x{202f}]{4,30}$`)

// Phone gives the E.164 form of a number that was typed, French or international. A
// number without its country is read as one of the region that is named (as "RE";
// empty: none in particular), then of the mainland, then of the overseas territories.
// A French number that the library's tables do not know is taken as well: tables are
// older than the newest ranges, and a real number must not be refused.
func Phone(s, region string) (e164 string, ok bool) {
	if !phoneShape.MatchString(s) {
		return "", false
	}
	regions := phoneRegions[:]
	if region != "" {
		regions = append([]string{region}, regions...)
	}
	for _, region := range regions {
		n, err := phonenumbers.Parse(s, region)
		if err == nil && phonenumbers.IsValidNumber(n) {
			return phonenumbers.Format(n, phonenumbers.E164), true
		}
	}
	if n, err := phonenumbers.Parse(s, "FR"); err == nil && french(n) {
		return phonenumbers.Format(n, phonenumbers.E164), true
	}
	return "", false
}

// french tells whether a number fits the mainland's plan: nine digits, the first no zero.
func french(n *phonenumbers.PhoneNumber) bool {
	return n.GetCountryCode() == 33 && n.GetNationalNumber() >= 100_000_000 && n.GetNationalNumber() <= 999_999_999
}

// textCountries are the country codes whose mobiles get text messages: France, its
// overseas territories, and Europe. Anybody may leave a number, and each text costs the
// commune: elsewhere it may cost many times more, which is what fraud lives on.
var textCountries = []int32{
	33, 262, 508, 590, 594, 596, 681, 687, 689,
	30, 31, 32, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 350, 351, 352, 353, 354, 356, 357, 358, 359,
	370, 371, 372, 376, 377, 378, 385, 386, 420, 421, 423,
}

// Textable tells whether a number, in the form that Phone gives, is a mobile that
// text messages are sent to.
func Textable(e164 string) bool {
	n := storedPhone(e164)
	if n == nil || !slices.Contains(textCountries, n.GetCountryCode()) {
		return false
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	}
	first := n.GetNationalNumber() / 100_000_000 // a range newer than the tables
	return french(n) && (first == 6 || first == 7)
}

// cleanPhone gives the E.164 form where there is one, and else the line as typed.
func cleanPhone(s string) string {
	s = cleanLine(s)
	if e164, ok := Phone(s, ""); ok {
		return e164
	}
	return s
}

var e164Shape = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// isPhone tells whether a stored number is the E.164 form that Phone gives.
func isPhone(s string) bool {
	n := storedPhone(s)
	return n != nil && (phonenumbers.IsValidNumber(n) || french(n))
}

// storedPhone takes an E.164 number apart, or gives nil. Country codes begin no other country code, so that
// this needs none of the work that reading a typed number takes; a national number that begins with zeros
// (Italy) leaves it to the library.
func storedPhone(s string) *phonenumbers.PhoneNumber {
	if !e164Shape.MatchString(s) {
		return nil
	}
	for end := 2; end <= 4 && end < len(s); end++ {
		code, err := strconv.ParseInt(s[1:end], 10, 32)
		if err != nil || phonenumbers.GetRegionCodeForCountryCode(int(code)) == phonenumbers.UNKNOWN_REGION {
			continue
		}
		national, err := strconv.ParseUint(s[end:], 10, 64)
		if err != nil || s[end] == '0' {
			break
		}
		country := int32(code)
		return &phonenumbers.PhoneNumber{CountryCode: &country, NationalNumber: &national}
	}
	n, err := phonenumbers.Parse(s, "")
	if err != nil || phonenumbers.Format(n, phonenumbers.E164) != s {
		return nil
	}
	return n
}

const (
	maxNumber   = 1e15 // beyond, a float64 no longer holds cents
	maxDecimals = 4
)

var numberShape = regexp.MustCompile(`^-?([0-9]{1,16})(\.[0-9]{1,10})?$`)

// parseNumber reads a number as people type it in French: « 1 234,50 », « 12.5 », « 30 m² » where the unit
// is the field's. A dot is a decimal point unless a comma follows it.
func parseNumber(s, unit string) (float64, bool) {
	s = cleanLine(s)
	if unit != "" {
		s = strings.TrimSuffix(s, unit)
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u202f':
			return -1
		case r == '−':
			return '-'
		}
		return r
	}, s)
	if comma := strings.IndexByte(s, ','); comma >= 0 {
		s = strings.ReplaceAll(s[:comma], ".", "") + "." + s[comma+1:]
	}
	if !numberShape.MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && n <= maxNumber && n >= -maxNumber
}

// decimals counts the digits after the point of the number's shortest form.
func decimals(n float64) int {
	s := strconv.FormatFloat(n, 'f', -1, 64)
	if _, after, ok := strings.Cut(s, "."); ok {
		return len(after)
	}
	return 0
}

// The years that a date may have: older ones stand in no register that a town asks about.
const (
	minYear = 1500
	maxYear = 2999
)

// parseISO reads a date as it is stored, 2026-12-06, at midnight UTC. Only that writing is accepted.
func parseISO(s string) (time.Time, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return time.Time{}, false
	}
	y, okY := digits(s[:4])
	m, okM := digits(s[5:7])
	d, okD := digits(s[8:])
	if !okY || !okM || !okD {
		return time.Time{}, false
	}
	return civil(y, m, d)
}

// civil gives a date that exists in the calendar, within the years that we accept.
func civil(y, m, d int) (time.Time, bool) {
	if y < minYear || y > maxYear || m < 1 || m > 12 || d < 1 || d > 31 {
		return time.Time{}, false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == d
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || i > 5 {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
}

// cleanDate makes an ISO date of the three parts a person typed; where they are none, it keeps them
// as "day/month/year", so that a draft shows them again.
func cleanDate(day, month, year string) string {
	day, month, year = cleanLine(day), cleanLine(month), cleanLine(year)
	if day == "" && month == "" && year == "" {
		return ""
	}
	d, okD := digits(strings.TrimSuffix(day, "er"))
	m, okM := monthNumber(month)
	y, okY := digits(year)
	if okD && okM && okY {
		if t, ok := civil(y, m, d); ok {
			return t.Format(time.DateOnly)
		}
	}
	for _, part := range []*string{&day, &month, &year} {
		*part = strings.ReplaceAll(*part, "/", " ")
	}
	return day + "/" + month + "/" + year
}

// monthNumber reads a month in digits or by its French name, or the beginning of it.
func monthNumber(s string) (int, bool) {
	if m, ok := digits(s); ok {
		return m, true
	}
	s = strings.TrimSuffix(fold(s), ".")
	found := 0
	for i, name := range months {
		if len(s) >= 3 && strings.HasPrefix(fold(name), s) {
			if found > 0 {
				return 0, false // « jui » is June or July
			}
			found = i + 1
		}
	}
	return found, found > 0
}

// dateParts takes a stored date apart, ISO or as cleanDate kept it.
func dateParts(s string) (day, month, year string) {
	if t, ok := parseISO(s); ok {
		return strconv.Itoa(t.Day()), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Year())
	}
	parts := strings.SplitN(s, "/", 3)
	if len(parts) != 3 {
		return s, "", ""
	}
	return parts[0], parts[1], parts[2]
}

// fold brings a name to lower case without accents, for comparison only.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == '-' || r == '\'' || r == '’' || unicode.IsSpace(r):
			return ' '
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// cleanPostalCode takes the spaces out of a French postal code, and leaves foreign ones as typed.
func cleanPostalCode(s string) string {
	s = cleanLine(s)
	if packed := strings.Join(strings.Fields(s), ""); frenchPostalCode(packed) {
		return packed
	}
	return s
}

func frenchPostalCode(s string) bool {
	_, ok := digits(s)
	return ok && len(s) == 5 && s[:2] != "00"
}

// cleanCountry leaves the country empty for France.
func cleanCountry(s string) string {
	s = cleanLine(s)
	if fold(s) == "france" {
		return ""
	}
	return s
}

// foldTown folds a town's name, with « St » and « Ste » in full.
func foldTown(s string) string {
	words := strings.Fields(fold(s))
	for i, word := range words {
		switch word {
		case "st":
			words[i] = "saint"
		case "ste":
			words[i] = "sainte"
		}
	}
	return strings.Join(words, " ")
}

func hasWordPrefix(s, prefix string) bool {
	return s == prefix || strings.HasPrefix(s, prefix+" ")
}
