package branding

import (
	"encoding/xml"
	"hash/fnv"
	"strconv"
	"strings"
)

// SVG is a whole, self-contained picture: no script, no style, no reference to
// anything else, and presentation attributes only, so that it can stand in a page
// under a strict content security policy.
type SVG string

// The shield is 40 wide and 48 high, with straight sides down to 26.
const (
	shield      = "M3 2H37V26C37 37 29 42.5 20 46 11 42.5 3 37 3 26Z"
	shieldRight = "M20 2H37V26C37 37 29 42.5 20 46Z"
	shieldLow   = "M3 25H37V26C37 37 29 42.5 20 46 11 42.5 3 37 3 26Z"
)

// fields divide the shield in two tones; an empty one is plain.
var fields = [...]string{
	"",
	shieldRight,
	shieldLow,
	"M3 2H37V12.500H3Z",
	"M3 2H12L37 20V28.500L34.5 34.5 3 10.500Z",
	"M3 27 20 12 37 27V31L36 35 20 20.5 4 35 3 31Z",
	"M3 2H37V26C37 37 29 42.5 20 46 11 42.5 3 37 3 26ZM6.5 5.500V26C6.5 34.5 12.5 39 20 42.2 27.5 39 33.5 34.5 33.5 26V5.500Z",
	"M5.3 34C12 29 28 29 34.7 34 31.5 40.5 26 43.6 20 46 14 43.6 8.5 40.5 5.3 34Z",
	"M20 2H37V24H20ZM3 24H20V46C11 42.5 3 37 3 26Z",
}

// charges are the abstract motifs, drawn in a box of 20 around (20, 25). "@" is
// replaced by the fill, "~" by the tone below (to cut windows).
var charges = [...]string{
	`<path d="M11 35V17h4v3h3v-3h4v3h3v-3h4v18h-6v-6a3 3 0 0 0-6 0v6Z" fill="@"/>`,
	`<circle cx="20" cy="25" r="5.5" fill="@"/><path d="M20 14v4M20 32v4M9 25h4M27 25h4M12.2 17.200l2.8 2.800M25 30l2.8 2.800M27.8 17.2 25 20M15 30l-2.8 2.8" stroke="@" stroke-width="2.4" stroke-linecap="round"/>`,
	`<path d="M18.5 37v-7a7 7 0 0 1-7-7.5 5.5 5.5 0 0 1 3.5-5 5.5 5.5 0 0 1 10 0 5.5 5.5 0 0 1 3.5 5 7 7 0 0 1-7 7.500v7Z" fill="@"/>`,
	`<path d="M9 20c3.7-4 7.3-4 11 0s7.3 4 11 0M9 26.500c3.7-4 7.3-4 11 0s7.3 4 11 0M11.5 33c3-3.5 5.5-3.5 8.5 0s5.5 3.5 8.5 0" fill="none" stroke="@" stroke-width="2.6" stroke-linecap="round"/>`,
	`<path d="m20 14 3.2 7.3 7.9.8-6 5.2 1.8 7.800L20 31l-6.9 4.1 1.8-7.8-6-5.2 7.9-.8Z" fill="@"/>`,
	`<path d="M8 20h24v4h-2.500v10H26v-3a6 6 0 0 0-12 0v3h-3.500V24H8Z" fill="@"/>`,
	`<path d="M20 37V17" stroke="@" stroke-width="2"/><path d="M20 19c-2.5-2-2.5-4 0-6.5 2.5 2.5 2.5 4.5 0 6.500ZM19 25c-4 .4-6-1.4-6-5 4-.4 6 1.4 6 5ZM21 25c0-3.6 2-5.4 6-5 0 3.6-2 5.4-6 5ZM19 32c-4 .4-6-1.4-6-5 4-.4 6 1.4 6 5ZM21 32c0-3.6 2-5.4 6-5 0 3.6-2 5.4-6 5Z" fill="@"/>`,
	`<path d="M8 34c2-7 5-11 8.5-11 2 0 3.6 1.6 4.8 4 1-1.3 2.1-2 3.3-2 2.9 0 5.4 3.4 7.4 9Z" fill="@"/><circle cx="24.5" cy="18" r="3.5" fill="@"/>`,
	`<path d="M17.5 38 18.6 27h2.800l1.1 11Z" fill="@"/><path d="m20 25-8-8 3-3 5 11 5-11 3 3-8 8 8 8-3 1.500L20 25l-5 9.5-3-1.500Z" fill="@"/><circle cx="20" cy="25" r="2" fill="~"/>`,
	`<path d="M8 25c3-5 7-7 11.5-7 3.4 0 6 2 8 4.500L32 19v12l-4.5-3.500c-2 2.5-4.6 4.5-8 4.500C15 32 11 30 8 25Z" fill="@"/><circle cx="14" cy="24" r="1.5" fill="~"/>`,
	`<path d="M11 36c1-13 6-20 18-21 .8 12-5 18.5-14 18.500Z" fill="@"/><path d="m13 36 9-12" stroke="~" stroke-width="1.5" stroke-linecap="round"/>`,
	`<path d="M20 14a2 2 0 0 1 2 2c4 1 5.5 4.5 5.5 9 0 3 1 5 3 7h-21c2-2 3-4 3-7 0-4.5 1.5-8 5.5-9a2 2 0 0 1 2-2Z" fill="@"/><circle cx="20" cy="34.5" r="2.5" fill="@"/>`,
	`<path d="M20 13v5c3-4 6-4 8-3-1 3-4 4-8 3Z" fill="@" stroke="@" stroke-width="1"/><circle cx="14" cy="22" r="3" fill="@"/><circle cx="20" cy="22" r="3" fill="@"/><circle cx="26" cy="22" r="3" fill="@"/><circle cx="17" cy="27.5" r="3" fill="@"/><circle cx="23" cy="27.5" r="3" fill="@"/><circle cx="20" cy="33" r="3" fill="@"/>`,
	`<path d="M10 35V25l5-3.500V19l4-7 4 7v2.500l7 4.500v9H22v-5a2 2 0 0 0-4 0v5Z" fill="@"/>`,
}

// crests are the small figures above the charge; an empty one is none.
var crests = [...]string{
	``,
	`<circle cx="12" cy="8" r="1.9" fill="@"/><circle cx="20" cy="8" r="1.9" fill="@"/><circle cx="28" cy="8" r="1.9" fill="@"/>`,
	`<path d="M10 8.500c3.3-3 6.7-3 10 0s6.7 3 10 0" fill="none" stroke="@" stroke-width="2" stroke-linecap="round"/>`,
	`<path d="m9.5 5 1.1 2.3 2.5.3-1.9 1.7.6 2.5-2.3-1.3-2.3 1.3.6-2.500L5.9 7.600l2.5-.3ZM30.5 5l1.1 2.3 2.5.3-1.9 1.7.6 2.5-2.3-1.3-2.3 1.3.6-2.5-1.9-1.7 2.5-.3Z" fill="@"/>`,
	`<path d="M9 8h22" stroke="@" stroke-width="2.2" stroke-linecap="round"/>`,
	`<path d="m12 5.5 2.5 2.5-2.5 2.500L9.5 8ZM20 5.500l2.5 2.5-2.5 2.500L17.5 8ZM28 5.500l2.5 2.5-2.5 2.500L25.5 8Z" fill="@"/>`,
	`<path d="M9.5 10a3 3 0 1 1 3.5-4.500A3.4 3.4 0 0 0 9.5 10ZM30.5 10A3 3 0 1 0 27 5.5 3.4 3.4 0 0 1 30.5 10Z" fill="@"/>`,
	`<path d="M8 10.5 11 6l3 4.500ZM17 10.5 20 6l3 4.500ZM26 10.5 29 6l3 4.500Z" fill="@"/>`,
}

// stride spreads neighbouring INSEE codes over the designs; it shares no factor
// with their number, so that any run of as many codes never repeats one.
const stride = 605

// Blazon draws a placeholder for the arms of the commune with this INSEE code, in
// this colour. The same code always gives the same shield, and no two codes of one
// department give the same one. title is the picture's text for those who do not
// see it ("Blason de Castanet-Tolosan"); empty makes it decorative.
func Blazon(code, title string, c Colour) SVG {
	design := designOf(code)
	s := NewScale(c, false)
	fill := s.BaseContrast.String()
	field := fields[design%len(fields)]
	charge := charges[design/len(fields)%len(charges)]
	crest := crests[design/(len(fields)*len(charges))]

	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 48" width="40" height="48"`)
	if title == "" {
		b.WriteString(` aria-hidden="true">`)
	} else {
		b.WriteString(` role="img"><title>`)
		_ = xml.EscapeText(&b, []byte(title)) // a strings.Builder never fails
		b.WriteString(`</title>`)
	}
	b.WriteString(`<path d="` + shield + `" fill="` + s.Base.String() + `"/>`)
	if field != "" {
		b.WriteString(`<path d="` + field + `" fill="` + s.BaseActive.String() + `" fill-rule="evenodd"/>`)
	}
	paint := strings.NewReplacer("@", fill, "~", s.BaseActive.String())
	b.WriteString(paint.Replace(crest))
	b.WriteString(paint.Replace(charge))
	if s.Base.Luminance() > .5 { // a pale shield keeps its outline on white
		b.WriteString(`<path d="` + shield + `" fill="none" stroke="` + s.BorderStrong.String() + `"/>`)
	}
	b.WriteString(`</svg>`)
	return SVG(b.String())
}

// designOf numbers the designs. A code that is no number (2A004, a hub's name) is
// hashed.
func designOf(code string) int {
	count := len(fields) * len(charges) * len(crests)
	n, err := strconv.ParseUint(code, 10, 32)
	if err != nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(code)) // a hash never fails
		n = h.Sum64() % uint64(count)
	}
	return int((n%uint64(count))*stride) % count //nolint:gosec // both are under 1,100
}

// suggestions are fills that hold white text and sit well on paper.
var suggestions = [...]Colour{
	{0x1f, 0x6b, 0x5c}, {0x1d, 0x5a, 0x8c}, {0x8a, 0x3b, 0x2f}, {0x5b, 0x4a, 0x8f}, {0x2f, 0x6f, 0x3a}, {0x9a, 0x4d, 0x12},
	{0x0f, 0x66, 0x77}, {0x8c, 0x2f, 0x5a}, {0x4a, 0x5d, 0x23}, {0x3a, 0x4f, 0x9b}, {0x7a, 0x5a, 0x10}, {0xa3, 0x2a, 0x3a},
}

// Suggest gives a commune that has chosen no colour yet a calm one of its own,
// always the same for the same INSEE code.
func Suggest(code string) Colour {
	h := fnv.New32a()
	_, _ = h.Write([]byte(code)) // a hash never fails
	return suggestions[h.Sum32()%uint32(len(suggestions))]
}
