package notify

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Lengths of a text message (3GPP TS 23.038): 160 septets in the GSM alphabet, 70
// letters in UCS-2.
const oneSMS = 160

// gsmBasic is the GSM 03.38 default alphabet, gsmExtended its second table, whose
// characters take two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€"
)

// typography is what French writes and the GSM alphabet lacks.
var typography = strings.NewReplacer(
	"’", "'", "‘", "'", "“", `"`, "”", `"`, "«\u00a0", `"`, "\u00a0»", `"`, "«", `"`, "»", `"`,
	"\u00a0", " ", "\u202f", " ", "\u2009", " ", "–", "-", "—", "-", "‑", "-", "…", "...", "•", "-", "·", "-",
	"œ", "oe", "Œ", "OE", "ﬁ", "fi", "ﬂ", "fl", "n°", "no", "N°", "No", "°", "o", "`", "'", "\t", " ",
)

// septets gives the length of a text in the GSM alphabet; false where a letter of
// it is not there.
func septets(text string) (int, bool) {
	n := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			n++
		case strings.ContainsRune(gsmExtended, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}

// toGSM writes a text in the GSM alphabet as well as can be: typography made plain,
// accents that it lacks taken off (« reçu » → « recu », « forêt » → « foret »; è, é,
// à, ù stay). What has no plain form (another script) stays as it is, and the text
// is then sent in UCS-2.
func toGSM(text string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(typography.Replace(text)) {
		if strings.ContainsRune(gsmBasic, r) || strings.ContainsRune(gsmExtended, r) {
			b.WriteRune(r)
			continue
		}
		plain := r
		for _, d := range norm.NFD.String(string(r)) {
			if !unicode.Is(unicode.Mn, d) {
				plain = d
				break
			}
		}
		b.WriteRune(plain)
	}
	return b.String()
}
