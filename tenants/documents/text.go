package documents

import (
	"embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

//go:embed fonts/*.ttf
var fontFiles embed.FS

// fonts gives the fonts' bytes, in a fixed order.
var fonts = sync.OnceValue(func() [][]byte {
	entries, err := fontFiles.ReadDir("fonts")
	if err != nil {
		panic(err) // they are embedded
	}
	var out [][]byte
	for _, e := range entries {
		body, err := fontFiles.ReadFile("fonts/" + e.Name())
		if err != nil {
			panic(err)
		}
		out = append(out, body)
	}
	return out
})

// shown are the fonts that any text may be set in.
var shown = sync.OnceValue(func() []*sfnt.Font {
	var out []*sfnt.Font
	for _, name := range []string{"atkinson-regular", "fallback"} {
		body, err := fontFiles.ReadFile("fonts/" + name + ".ttf")
		if err != nil {
			panic(err) // they are embedded
		}
		font, err := sfnt.Parse(body)
		if err != nil {
			panic(err)
		}
		out = append(out, font)
	}
	return out
})

var known sync.Map // rune → bool: whether a font of ours shows it

func visible(r rune) bool {
	if r >= ' ' && r < 0x7f {
		return true
	}
	if kept, there := known.Load(r); there {
		ok, _ := kept.(bool)
		return ok
	}
	ok := false
	for _, f := range shown() {
		var b sfnt.Buffer
		if i, err := f.GlyphIndex(&b, r); err == nil && i != 0 {
			ok = true
		}
	}
	known.Store(r, ok)
	return ok
}

const (
	maxMarks = 4  // accents on one letter
	maxWord  = 60 // letters without a place to break a line; the widest line has 90
	narrow   = 24 // likewise in a table's first column
	wide     = 34 // likewise in its second

	missing  = '□'
	softStop = '\u200b' // a line may break here
)

// printable gives a text as it can be set: what no font shows is □, what is only there to
// deceive or to break (controls, changes of direction, heaps of accents) is left out, and
// a word longer than a line may be broken.
func printable(text string, word int) string {
	var b strings.Builder
	run, marks := 0, 0
	for _, r := range norm.NFC.String(strings.ReplaceAll(text, "\r\n", "\n")) {
		switch {
		case r == '\n':
			run, marks = 0, 0
			b.WriteRune(r)
			continue
		case r == '\t':
			r = ' '
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Noncharacter_Code_Point, r):
			continue
		case unicode.Is(unicode.M, r):
			if marks++; marks > maxMarks || !visible(r) {
				continue
			}
			b.WriteRune(r)
			continue
		case unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			r = ' '
		case !visible(r):
			r = missing
		}
		marks = 0
		if unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' {
			run = 0
		} else if run++; run > word {
			b.WriteRune(softStop)
			run = 1
		}
		b.WriteRune(r)
	}
	return b.String()
}

func addressLines(text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
