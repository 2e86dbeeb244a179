package branding_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/branding"
)

func TestBlazonsOfADepartmentAllDiffer(t *testing.T) {
	t.Parallel()
	seen := map[branding.SVG]string{}
	c := branding.Colour{R: 0x1f, G: 0x6b, B: 0x5c}
	for n := range 1000 {
		code := fmt.Sprintf("31%03d", n)
		svg := branding.Blazon(code, "", c)
		if other, twice := seen[svg]; twice {
			t.Fatalf("%s and %s have the same blazon", code, other)
		}
		seen[svg] = code
		if svg != branding.Blazon(code, "", c) {
			t.Fatalf("the blazon of %s changes from one call to the next", code)
		}
	}
}

func TestBlazonIsSafeXML(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"31113", "2A004", "97411", "sicoval", ""} {
		svg := string(branding.Blazon(code, `Blason de <L’Union> & "Co"`, branding.Colour{R: 0xfe, G: 0xfe, B: 0xfe}))
		wellFormed(t, svg)
		for _, refused := range []string{"<script", "style=", "href", "url(", "<L’Union>"} {
			if strings.Contains(svg, refused) {
				t.Errorf("the blazon of %q holds %q", code, refused)
			}
		}
	}
	for _, name := range append([]string{"", "no such"}, branding.Silhouettes...) {
		shapes := string(branding.Silhouette(name))
		wellFormed(t, "<svg>"+shapes+"</svg>")
		if shapes == "" || len(shapes) > 2000 || strings.Contains(shapes, "#") {
			t.Errorf("the silhouette %q weighs %d bytes, or has a colour of its own", name, len(shapes))
		}
	}
	if branding.Silhouette(branding.NoSilhouette) != "" {
		t.Error("a footer without a drawing has one")
	}
}

func TestSuggestedColoursHoldWhiteText(t *testing.T) {
	t.Parallel()
	white := branding.Colour{R: 255, G: 255, B: 255}
	seen := map[branding.Colour]bool{}
	for n := range 1000 {
		c := branding.Suggest(fmt.Sprintf("31%03d", n))
		seen[c] = true
		if got := branding.Contrast(c, white); got < 4.5 {
			t.Fatalf("%s holds white text at %.2f:1 only", c, got)
		}
	}
	if len(seen) < 6 {
		t.Errorf("a department gets %d colours; want at least 6", len(seen))
	}
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("not well-formed: %v", err)
			return
		}
	}
}
