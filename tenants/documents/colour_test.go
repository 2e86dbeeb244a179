package documents_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"testing"

	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/documents"
)

var (
	streamInPDF = regexp.MustCompile(`(?s)stream\r?\n(.*?)endstream`)
	fillInPDF   = regexp.MustCompile(`([\d.]+) ([\d.]+) ([\d.]+) (?:scn|SCN|rg|RG)\b`)
)

// painted gives the colours that a PDF paints with, as "#rrggbb".
func painted(t *testing.T, pdf []byte) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, m := range streamInPDF.FindAllSubmatch(pdf, -1) {
		r, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue // metadata, in the clear
		}
		text, err := io.ReadAll(r)
		if err != nil && len(text) == 0 {
			continue
		}
		for _, colour := range fillInPDF.FindAllSubmatch(text, -1) {
			hex := "#"
			for _, part := range colour[1:] {
				value, err := strconv.ParseFloat(string(part), 64)
				if err != nil {
					t.Fatal(err)
				}
				hex += fmt.Sprintf("%02x", int(value*255+.5))
			}
			found[hex] = true
		}
	}
	return found
}

// Every kind of document is in the commune's colour, dark enough to be read on white; and in
// no other commune's.
func TestADocumentIsInTheCommunesColour(t *testing.T) {
	t.Parallel()
	r := renderer(t, nil)
	accents := map[string]string{}
	for _, colour := range []string{"#1b6e3c", "#9c1f2e", "#f7e017"} {
		c, err := branding.Parse(colour)
		if err != nil {
			t.Fatal(err)
		}
		accent := branding.NewScale(c, false).TextSubtle
		if ratio := branding.Contrast(accent, branding.Colour{R: 255, G: 255, B: 255}); ratio < 4.5 {
			t.Errorf("%s is printed at %.1f:1", colour, ratio)
		}
		accents[colour] = accent.String()
	}
	for _, k := range []documents.Kind{documents.Letter, documents.Receipt, documents.Attestation, documents.Facts} {
		for colour, accent := range accents {
			pdf, err := r.Render(t.Context(), content(k), documents.Look{Colour: colour, Site: "x.example"})
			if err != nil {
				t.Fatal(err)
			}
			found := painted(t, pdf)
			for other, theirs := range accents {
				if found[theirs] != (other == colour) {
					t.Errorf("%s of %s: painted with %s (%s): %t; all: %v", k, colour, theirs, other, found[theirs], found)
				}
			}
			if found[accent] && len(found) < 2 {
				t.Errorf("%s: all is painted with %s", k, accent)
			}
		}
	}
}
