package branding_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/branding/svg"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// noise is the picture that compresses worst.
func noise(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same picture each time
	for i := range img.Pix {
		img.Pix[i] = uint8(r.IntN(256)) //nolint:gosec // under 256
	}
	return img
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fileOf(t *testing.T, l branding.Logo, name string) branding.LogoFile {
	t.Helper()
	for _, f := range l.Files {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("the logo has no %s", name)
	return branding.LogoFile{}
}

// TestLogosKeepWithinTheirSizes: whatever is sent, what is served fits a page and a row.
func TestLogosKeepWithinTheirSizes(t *testing.T) {
	t.Parallel()
	drawing, err := os.ReadFile(filepath.Join("..", "..", "cmd", "parvis", "blasons", "chataignier.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string][]byte{"noise": asPNG(t, noise(700, 500)), "small": asPNG(t, noise(60, 20)), "drawing": drawing} {
		l, err := branding.ReadLogo(source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		total := 0
		for _, f := range l.Files {
			total += len(f.Body)
			if f.Name == branding.LogoVector {
				continue
			}
			c, kind, err := image.DecodeConfig(bytes.NewReader(f.Body))
			if err != nil || kind != "png" {
				t.Errorf("%s: %s is %s (%v)", name, f.Name, kind, err)
			}
			if f.Name == branding.LogoHeader && (c.Height > 100 || c.Width > 240 || c.Width != l.Width || c.Height != l.Height || len(f.Body) > 7<<10) {
				t.Errorf("%s: the head is %d × %d of %d bytes, said to be %d × %d", name, c.Width, c.Height, len(f.Body), l.Width, l.Height)
			}
			if strings.Contains(f.Name, "512") && (c.Width != 512 || c.Height != 512) {
				t.Errorf("%s: %s is %d × %d", name, f.Name, c.Width, c.Height)
			}
		}
		if total > 400<<10 {
			t.Errorf("%s: %d bytes in all", name, total)
		}
		if again, err := branding.ReadLogo(source); err != nil || again.Hash != l.Hash || !bytes.Equal(again.Files[0].Body, l.Files[0].Body) {
			t.Errorf("%s: the same file gives another logo", name)
		}
	}
}

func TestMaskableIconsAreOpaqueToTheirBorder(t *testing.T) {
	t.Parallel()
	f, err := branding.Placeholder("31113", branding.Suggest("31113"), branding.IconMask)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(f.Body))
	if err != nil {
		t.Fatal(err)
	}
	white := color.RGBAModel.Convert(color.White)
	for _, p := range []image.Point{{0, 0}, {511, 511}, {40, 256}, {256, 40}} { // outside the circle of 80 %
		if got := color.RGBAModel.Convert(img.At(p.X, p.Y)); got != white {
			t.Errorf("%v is %v", p, got)
		}
	}
	painted := 0
	for i := range 100 {
		if color.RGBAModel.Convert(img.At(206+i, 150)) != white {
			painted++
		}
	}
	if painted == 0 {
		t.Error("nothing is drawn in the middle")
	}
	if _, err := branding.Placeholder("31113", branding.Suggest("31113"), "../x"); !fault.Is(err, "not_found") {
		t.Errorf("a picture that is none: %v", err)
	}
}

func TestLogosThatAreRefused(t *testing.T) {
	t.Parallel()
	huge := asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(huge[16:], 60_000) // the header alone claims it: nothing is decoded
	binary.BigEndian.PutUint32(huge[20:], 60_000)
	for name, c := range map[string]struct {
		source []byte
		code   string
	}{
		"a bomb of pixels":    {fixed(huge), "logo_pixels"},
		"too heavy":           {make([]byte, branding.MaxLogo+1), "logo_too_large"},
		"a PDF":               {[]byte("%PDF-1.4 …"), "logo_format"},
		"a GIF":               {[]byte("GIF89a\x01\x00\x01\x00"), "logo_format"},
		"nothing":             {nil, "logo_format"},
		"cut":                 {asPNG(t, noise(100, 100))[:500], "logo_unreadable"},
		"a pixel":             {asPNG(t, noise(1, 1)), "logo_small"},
		"transparent":         {asPNG(t, image.NewNRGBA(image.Rect(0, 0, 100, 100))), "logo_blank"},
		"an empty drawing":    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>`), "logo_blank"},
		"a drawing in UTF-16": {[]byte("\xff\xfe<\x00s\x00v\x00g\x00"), "svg_unreadable"},
	} {
		if _, err := branding.ReadLogo(c.source); !fault.Is(err, c.code) || fault.Of(err).Kind != fault.Invalid {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	_, err := branding.ReadLogo([]byte("\n <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">\n<script/></svg>"))
	refused, ok := errors.AsType[*svg.Error](err)
	if !fault.Is(err, "svg_script") || !ok || refused.Line != 3 || refused.Name != "script" {
		t.Errorf("a script: %v", err)
	}
}

// fixed makes the checksum of a PNG's header right again.
func fixed(b []byte) []byte {
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func TestPhotosAreTurnedUpright(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 100, 60)) // red above, blue below, as the sensor saw it
	for y := range 60 {
		for x := range 100 {
			img.SetRGBA(x, y, color.RGBA{R: 255, A: 255})
			if y >= 30 {
				img.SetRGBA(x, y, color.RGBA{B: 255, A: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	turned := append(append([]byte("\xff\xd8"), exif...), b.Bytes()[2:]...)
	l, err := branding.ReadLogo(turned)
	if err != nil {
		t.Fatal(err)
	}
	if l.Width != 60 || l.Height != 100 {
		t.Fatalf("the photo is %d × %d", l.Width, l.Height)
	}
	out, err := png.Decode(bytes.NewReader(fileOf(t, l, branding.LogoLarge).Body))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, blue, _ := out.At(50, 50).RGBA(); r < 0xc000 || blue > 0x4000 { // a quarter turn clockwise: red on the right
		t.Errorf("right of the middle: %v", out.At(50, 50))
	}
	if bytes.Contains(fileOf(t, l, branding.LogoLarge).Body, []byte("Exif")) {
		t.Error("what the camera wrote is kept")
	}
}

func FuzzReadLogo(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II\x2a\x00\x08\x00\x00\x00"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8L"))
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>`))
	f.Fuzz(func(t *testing.T, source []byte) {
		if _, err := branding.ReadLogo(source); err != nil && fault.Of(err).Kind != fault.Invalid {
			t.Errorf("another kind of error: %v", err)
		}
	})
}
