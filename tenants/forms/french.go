package forms

import (
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// French typography: a no-break space before : ; ? ! » and after «, a narrow one between thousands.
const (
	nbsp  = "\u00a0"
	nnbsp = "\u202f"
)

var months = [...]string{
	"janvier", "février", "mars", "avril", "mai", "juin",
	"juillet", "août", "septembre", "octobre", "novembre", "décembre",
}

func quote(s string) string { return "«" + nbsp + s + nbsp + "»" }

// frenchDate writes « 1er décembre 2026 ».
func frenchDate(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return day + nbsp + months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// frenchNumber writes « 1 234,5 », with its unit where it has one.
func frenchNumber(n float64, unit string) string {
	whole, fraction, decimal := strings.Cut(strconv.FormatFloat(n, 'f', -1, 64), ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "−", whole[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(nnbsp)
		}
		b.WriteByte(whole[i])
	}
	if decimal {
		b.WriteString("," + fraction)
	}
	if unit != "" {
		b.WriteString(nbsp + unit)
	}
	return b.String()
}

// typedNumber writes a number as a person would type it, to fill an input.
func typedNumber(n float64) string {
	return strings.Replace(strconv.FormatFloat(n, 'f', -1, 64), ".", ",", 1)
}

// FrenchPhone writes a stored number (E.164) as people read it: a French one by pairs,
// overseas ones included, and others internationally. What is none stays.
func FrenchPhone(e164 string) string {
	n := storedPhone(e164)
	if n == nil {
		return e164
	}
	format := phonenumbers.INTERNATIONAL
	switch n.GetCountryCode() {
	case 33, 262, 590, 594, 596:
		format = phonenumbers.NATIONAL
	}
	return strings.ReplaceAll(phonenumbers.Format(n, format), " ", nbsp)
}

// frenchSize writes a file's size with one decimal: « 1,2 Mo ».
func frenchSize(bytes int64) string {
	switch {
	case bytes >= 1_000_000:
		return oneDecimal(float64(bytes)/1_000_000) + nbsp + "Mo"
	case bytes >= 1_000:
		return oneDecimal(float64(bytes)/1_000) + nbsp + "Ko"
	}
	return strconv.FormatInt(bytes, 10) + nbsp + "octets"
}

func oneDecimal(n float64) string {
	s := strings.TrimSuffix(strconv.FormatFloat(n, 'f', 1, 64), ".0")
	return strings.Replace(s, ".", ",", 1)
}

// mimeNames lists the types that a file field may accept, with the name people know.
var mimeNames = map[string]string{
	"application/pdf": "PDF",
	"image/jpeg":      "JPEG",
	"image/png":       "PNG",
	"image/webp":      "WebP",
	"image/heic":      "HEIC",
	"image/tiff":      "TIFF",
	"text/plain":      "texte",
	"text/csv":        "CSV",
	"application/vnd.oasis.opendocument.text":                                 "OpenDocument texte",
	"application/vnd.oasis.opendocument.spreadsheet":                          "OpenDocument tableur",
	"application/msword":                                                      "Word ancien",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "Excel",
}

// enumerate writes « A, B ou C ».
func enumerate(items []string, conjunction string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + conjunction + " " + items[last]
}

// frenchMoney writes cents as « 1 234,50 € ».
func frenchMoney(cents float64) string {
	sign, n := "", int64(cents)
	if n < 0 {
		sign, n = "−", -n
	}
	rest := strconv.FormatInt(100+n%100, 10)[1:]
	return sign + frenchNumber(float64(n/100), "") + "," + rest + nbsp + "€"
}
