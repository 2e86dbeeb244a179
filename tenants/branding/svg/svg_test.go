package svg_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/branding/svg"
)

func drawing(inner string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 48">` + inner + `</svg>`
}

// TestHostilePicturesAreRefused holds the corpus: the name of a file begins with the
// reason for which it is refused, up to the first dot; "ok" ones are taken.
func TestHostilePicturesAreRefused(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/hostile/*.svg")
	if err != nil || len(files) < 30 {
		t.Fatalf("the corpus holds %d files (%v)", len(files), err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := strings.Cut(filepath.Base(file), ".")
		p, err := svg.Clean(source)
		var refused *svg.Error
		switch {
		case want == "ok" && err != nil:
			t.Errorf("%s: %v", file, err)
		case want == "ok":
			inert(t, file, p.Bytes())
		case !errors.As(err, &refused):
			t.Errorf("%s is taken: %s", file, p.Bytes())
		case refused.Code != "svg_"+want:
			t.Errorf("%s: refused for %q", file, refused.Code)
		case refused.Line == 0 && want != "too_large" && want != "not_svg":
			t.Errorf("%s: no place is told", file)
		}
	}
}

// allowed is said here once more, by hand: what the cleaner may ever write.
var allowed = map[string]bool{
	"svg": true, "g": true, "defs": true, "use": true, "path": true, "rect": true, "circle": true, "ellipse": true, "line": true,
	"polyline": true, "polygon": true, "linearGradient": true, "radialGradient": true, "stop": true, "clipPath": true,
}

// inert reads what was written as a browser would, and finds nothing in it that could act.
func inert(t *testing.T, name string, out []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(out))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%s: what is written is not well-formed: %v", name, err)
			return
		}
		switch x := token.(type) {
		case xml.StartElement:
			if !allowed[x.Name.Local] || x.Name.Space != "http://www.w3.org/2000/svg" {
				t.Errorf("%s: an element %q is written", name, x.Name)
			}
			for _, a := range x.Attr {
				value := strings.ToLower(a.Value)
				bad := strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || a.Name.Local == "class" ||
					a.Name.Local == "href" && !strings.HasPrefix(value, "#i") ||
					strings.Contains(value, "url(") && !strings.HasPrefix(value, "url(#i") || strings.Contains(value, "script:")
				if bad {
					t.Errorf("%s: an attribute %s=%q is written", name, a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			if strings.TrimSpace(string(x)) != "" {
				t.Errorf("%s: text %q is written", name, x)
			}
		case xml.Directive, xml.ProcInst, xml.Comment:
			t.Errorf("%s: %T is written", name, x)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, pattern := range []string{"testdata/hostile/*.svg", "../../../cmd/parvis/blasons/*.svg"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		p, err := svg.Clean(source)
		if err != nil {
			if _, ok := errors.AsType[*svg.Error](err); !ok {
				t.Fatalf("another kind of error: %v", err)
			}
			return
		}
		out := p.Bytes()
		inert(t, "fuzz", out)
		again, err := svg.Clean(out)
		if err != nil {
			t.Fatalf("what was written is refused: %v\n%s", err, out)
		}
		if !bytes.Equal(again.Bytes(), out) {
			t.Fatalf("cleaning twice is not cleaning once:\n%s\n%s", out, again.Bytes())
		}
		start := time.Now()
		_, _ = p.Draw(64, 64) // too much work is no fault
		if took := time.Since(start); took > 20*time.Second {
			t.Fatalf("drawing took %s", took)
		}
	})
}

func TestStylesBecomeAttributes(t *testing.T) {
	t.Parallel()
	p, err := svg.Clean([]byte(drawing(`<style>/* Illustrator */ .a,.b{fill:#f00} .b{fill:#00f !important;} path.c{stroke:lime}</style>
		<path class="a" d="M0 0h1v1z"/><path class="b a" d="M0 0h1v1z"/><path class="c" style="fill:none;-inkscape-x:y" d="M0 0h1v1z"/><g style="display:none"><path d="M0 0h9"/></g>`)))
	if err != nil {
		t.Fatal(err)
	}
	want := `<svg xmlns="http://www.w3.org/2000/svg" height="48" viewBox="0 0 40 48" width="40"><path d="M0 0h1v1z" fill="#f00"/><path d="M0 0h1v1z" fill="#00f"/><path d="M0 0h1v1z" fill="none" stroke="lime"/></svg>`
	if got := string(p.Bytes()); got != want {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
}

func TestReferencesStayInside(t *testing.T) {
	t.Parallel()
	p, err := svg.Clean([]byte(drawing(`<defs><linearGradient id="Dégradé 1"><stop offset="0"/></linearGradient><linearGradient id="never"/><clipPath id="c"><rect width="9" height="9"/></clipPath><path id="star" d="M0 0h1z"/></defs>
		<rect width="9" height="9" fill="url(#Dégradé 1)" clip-path="url('#c')"/><use xlink:href="#star"/><use href="#nowhere"/><rect width="1" height="1" stroke="url(#nowhere)"/>`)))
	if err != nil {
		t.Fatal(err)
	}
	want := `<svg xmlns="http://www.w3.org/2000/svg" height="48" viewBox="0 0 40 48" width="40"><defs><linearGradient id="i1"><stop offset="0"/></linearGradient><clipPath id="i2"><rect height="9" width="9"/></clipPath><path d="M0 0h1z" id="i3"/></defs><rect clip-path="url(#i2)" fill="url(#i1)" height="9" width="9"/><use href="#i3"/><rect height="1" width="1"/></svg>`
	if got := string(p.Bytes()); got != want {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
}

func TestDrawnPixels(t *testing.T) {
	t.Parallel()
	red, blue, none := color.RGBA{R: 255, A: 255}, color.RGBA{B: 255, A: 255}, color.RGBA{}
	for _, c := range []struct {
		name, inner string
		x, y        int
		want        color.RGBA
	}{
		{"a fill", `<rect width="20" height="48" fill="red"/>`, 5, 5, red},
		{"beside it", `<rect width="20" height="48" fill="red"/>`, 25, 5, none},
		{"even-odd leaves a hole", `<path fill="red" fill-rule="evenodd" d="M0 0h40v48h-40zM10 10h20v20h-20z"/>`, 20, 20, none},
		{"non-zero does not", `<path fill="red" d="M0 0h40v48h-40zM10 10h20v20h-20z"/>`, 20, 20, red},
		{"a clip path", `<clipPath id="c"><circle cx="20" cy="24" r="8"/></clipPath><rect width="40" height="48" fill="red" clip-path="url(#c)"/>`, 20, 24, red},
		{"outside it", `<clipPath id="c"><circle cx="20" cy="24" r="8"/></clipPath><rect width="40" height="48" fill="red" clip-path="url(#c)"/>`, 2, 2, none},
		{"a stroke", `<path d="M0 24H40" stroke="blue" stroke-width="6"/>`, 20, 25, blue},
		{"above it", `<path d="M0 24H40" stroke="blue" stroke-width="6"/>`, 20, 19, none},
		{"used elsewhere", `<defs><rect id="r" width="4" height="4" fill="blue"/></defs><use xlink:href="#r" x="30" y="40"/>`, 32, 42, blue},
		{"turned", `<rect width="10" height="2" fill="blue" transform="translate(20 20) rotate(90)"/>`, 19, 25, blue},
		{"a gradient's end", `<linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset=".5" stop-color="blue"/></linearGradient><rect width="40" height="48" fill="url(#g)"/>`, 30, 9, blue},
		{"an arc", `<path fill="red" d="M30 24a10 10 0 1 1-20 0 10 10 0 1120 0"/>`, 20, 24, red},
		{"a mitre", `<path d="M10 40V10H40" fill="none" stroke="red" stroke-width="8"/>`, 7, 7, red},
		{"a bevel", `<path d="M10 40V10H40" fill="none" stroke="red" stroke-width="8" stroke-linejoin="bevel"/>`, 6, 6, none},
	} {
		p, err := svg.Clean([]byte(drawing(c.inner)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		drawn, err := p.Draw(40, 48)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := drawn.RGBAAt(c.x, c.y); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestWhatAsksForTooMuchIsNotDrawn(t *testing.T) {
	t.Parallel()
	p, err := svg.Clean([]byte(drawing(strings.Repeat(`<g opacity=".5"><rect width="40" height="48"/></g>`, 2900))))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = p.Draw(512, 512)
	refused, ok := errors.AsType[*svg.Error](err)
	if !ok || refused.Code != svg.TooComplex {
		t.Errorf("drawn: %v", err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("refused after %s", took)
	}
}
