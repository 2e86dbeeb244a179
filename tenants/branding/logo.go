package branding

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"image"
	"image/color"
	_ "image/jpeg" // a format that logos come in
	"image/png"
	"slices"
	"strings"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // likewise

	"github.com/parvis-gru/parvis/tenants/branding/svg"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Limits of a logo that somebody sends.
const (
	MaxLogo   = 2 << 20    // bytes of the file
	maxPixels = 16_000_000 // of a photo, before it is decoded: 64 MB of memory
	minPixels = 48         // of its longer side
)

// The pictures that are made of a logo. Each is served under its name and the logo's
// hash ("/marque/icone-192-….png").
const (
	LogoVector = "blason.svg"     // of a drawing alone
	LogoLarge  = "blason.png"     // at most 256 pixels, for paper
	LogoHeader = "entete.png"     // 100 pixels high, a few KB: heads of pages and mails
	Icon32     = "icone-32.png"   // tabs
	Icon180    = "icone-180.png"  // iOS: on white, with a margin
	Icon192    = "icone-192.png"  // home screens
	Icon512    = "icone-512.png"  // splash screens
	IconMask   = "masque-512.png" // on white, the outer fifth may be cut away (W3C manifest, "maskable")
)

// LogoFiles are the names of all of them.
var LogoFiles = []string{LogoVector, LogoLarge, LogoHeader, Icon32, Icon180, Icon192, Icon512, IconMask}

// heaviest is what a picture may weigh, in bytes; beyond it, it keeps fewer colours.
var heaviest = map[string]int{LogoLarge: 60 << 10, LogoHeader: 6 << 10, Icon32: 3 << 10, Icon180: 24 << 10, Icon192: 24 << 10, Icon512: 80 << 10, IconMask: 60 << 10}

// LogoFile is one picture made of a logo.
type LogoFile struct {
	Name      string // one of LogoFiles
	MediaType string
	Body      []byte
}

// Logo is a town's arms or sign as its pages, mails and letters show it.
type Logo struct {
	Hash          string // of its content and of how it is drawn: 16 letters and figures
	Width, Height int    // of LogoHeader, in pixels
	Files         []LogoFile
}

// drawn is counted up when the pictures of a same file would come out otherwise.
const drawn = "1"

// ReadLogo makes a logo's pictures of the SVG, PNG, JPEG or WebP that somebody sent;
// nothing of the file itself is kept but the drawing. It is refused as fault.Invalid: "logo_too_large",
// "logo_format", "logo_pixels" (more than 16 million), "logo_small", "logo_unreadable",
// "logo_blank" (nothing to see), or, of an SVG, the code of its [svg.Error], which is wrapped.
func ReadLogo(source []byte) (Logo, error) {
	if len(source) > MaxLogo {
		return Logo{}, fault.New(fault.Invalid, "logo_too_large")
	}
	a, err := readArt(source)
	if err != nil {
		return Logo{}, err
	}
	logo := Logo{Hash: hashOf(a.seed)}
	for _, name := range LogoFiles {
		if name == LogoVector && a.picture == nil {
			continue
		}
		f, err := a.file(name)
		if err != nil {
			return Logo{}, err
		}
		logo.Files = append(logo.Files, f)
	}
	b := a.fit(240, 100)
	logo.Width, logo.Height = b.Dx(), b.Dy()
	return logo, nil
}

// CheckLogoFile tells of a picture that was kept whether it is one that ReadLogo makes;
// what is not is fault.NotFound "not_found".
func CheckLogoFile(name string, body []byte) (LogoFile, error) {
	f := LogoFile{Name: name, MediaType: "image/png", Body: body}
	switch {
	case !slices.Contains(LogoFiles, name):
	case name != LogoVector:
		if _, kind, err := image.DecodeConfig(bytes.NewReader(body)); err == nil && kind == "png" {
			return f, nil
		}
	default:
		if p, err := svg.Clean(body); err == nil {
			f.MediaType, f.Body = "image/svg+xml", p.Bytes()
			return f, nil
		}
	}
	return LogoFile{}, fault.New(fault.NotFound, "not_found")
}

// Placeholder draws one picture of the arms that a commune without a logo has
// ([Blazon]). The error is of the picture's name: fault.NotFound "not_found".
func Placeholder(code string, c Colour, name string) (LogoFile, error) {
	p, err := svg.Clean([]byte(Blazon(code, "", c)))
	if err != nil {
		return LogoFile{}, fault.Wrap(fault.Internal, "internal", err) // we drew it
	}
	return art{picture: p}.file(name)
}

// PlaceholderHash is the hash that the placeholder's pictures are served under.
func PlaceholderHash(code string, c Colour) string { return hashOf([]byte(code + " " + c.String())) }

func hashOf(seed []byte) string {
	sum := sha256.Sum256(append([]byte(drawn), seed...))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:16]
}

// art is what a logo is drawn from: a drawing, or pixels.
type art struct {
	picture *svg.Picture
	pixels  image.Image
	seed    []byte
}

func readArt(source []byte) (art, error) {
	if looksLikeText(source) {
		p, err := svg.Clean(source)
		if err != nil {
			code := svg.Unreadable
			if refused, ok := errors.AsType[*svg.Error](err); ok {
				code = refused.Code
			}
			return art{}, fault.Wrap(fault.Invalid, code, err)
		}
		return art{picture: p, seed: p.Bytes()}, nil
	}
	config, kind, err := image.DecodeConfig(bytes.NewReader(source))
	switch {
	case errors.Is(err, image.ErrFormat):
		return art{}, fault.New(fault.Invalid, "logo_format")
	case err != nil:
		return art{}, fault.New(fault.Invalid, "logo_unreadable")
	case config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height:
		return art{}, fault.New(fault.Invalid, "logo_pixels")
	case max(config.Width, config.Height) < minPixels || max(config.Width, config.Height) > 20*min(config.Width, config.Height):
		return art{}, fault.New(fault.Invalid, "logo_small")
	}
	pixels, _, err := image.Decode(bytes.NewReader(source))
	if err != nil {
		return art{}, fault.New(fault.Invalid, "logo_unreadable")
	}
	if kind == "jpeg" {
		pixels = upright(pixels, orientation(source))
	}
	return art{pixels: pixels, seed: source}, nil
}

// looksLikeText tells a file that begins as XML does.
func looksLikeText(source []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(source, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("<")) ||
		bytes.HasPrefix(source, []byte("\xfe\xff")) || bytes.HasPrefix(source, []byte("\xff\xfe"))
}

// fit gives the largest rectangle of the art's proportions within a box; pixels are
// not enlarged.
func (a art) fit(width, height int) image.Rectangle {
	var w, h float64
	if a.picture != nil {
		w, h = a.picture.Size()
	} else {
		w, h = float64(a.pixels.Bounds().Dx()), float64(a.pixels.Bounds().Dy())
	}
	scale := min(float64(width)/w, float64(height)/h)
	if a.picture == nil {
		scale = min(scale, 1)
	}
	return image.Rect(0, 0, max(1, int(w*scale+.5)), max(1, int(h*scale+.5)))
}

// file draws one of the pictures.
func (a art) file(name string) (LogoFile, error) {
	var sheet *image.RGBA
	var err error
	switch name {
	case LogoVector:
		if a.picture == nil {
			return LogoFile{}, fault.New(fault.NotFound, "not_found")
		}
		return LogoFile{Name: name, MediaType: "image/svg+xml", Body: a.picture.Bytes()}, nil
	case LogoLarge:
		sheet, err = a.alone(256, 256)
	case LogoHeader:
		sheet, err = a.alone(240, 100)
	case Icon32:
		sheet, err = a.square(32, 0, nil)
	case Icon180:
		sheet, err = a.square(180, 18, color.White)
	case Icon192:
		sheet, err = a.square(192, 4, nil)
	case Icon512:
		sheet, err = a.square(512, 12, nil)
	case IconMask:
		sheet, err = a.square(512, 100, color.White)
	default:
		return LogoFile{}, fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return LogoFile{}, err
	}
	if blank(sheet) {
		return LogoFile{}, fault.New(fault.Invalid, "logo_blank")
	}
	return LogoFile{Name: name, MediaType: "image/png", Body: encode(sheet, heaviest[name])}, nil
}

// alone draws the art within a box, without a margin.
func (a art) alone(width, height int) (*image.RGBA, error) {
	r := a.fit(width, height)
	return a.draw(r.Dx(), r.Dy())
}

func (a art) draw(width, height int) (*image.RGBA, error) {
	if a.picture != nil {
		sheet, err := a.picture.Draw(width, height)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, svg.TooComplex, err)
		}
		return sheet, nil
	}
	sheet := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(sheet, sheet.Bounds(), a.pixels, a.pixels.Bounds(), draw.Src, nil)
	return sheet, nil
}

// square draws the art in the middle of a square, on a ground or on none.
func (a art) square(size, margin int, ground color.Color) (*image.RGBA, error) {
	inner, err := a.alone(size-2*margin, size-2*margin)
	if err != nil {
		return nil, err
	}
	sheet := image.NewRGBA(image.Rect(0, 0, size, size))
	if ground != nil {
		draw.Draw(sheet, sheet.Bounds(), image.NewUniform(ground), image.Point{}, draw.Src)
	}
	at := image.Pt((size-inner.Bounds().Dx())/2, (size-inner.Bounds().Dy())/2)
	draw.Draw(sheet, inner.Bounds().Add(at), inner, image.Point{}, draw.Over)
	if ground != nil && blank(inner) {
		return inner, nil
	}
	return sheet, nil
}

// blank tells that nothing can be seen.
func blank(sheet *image.RGBA) bool {
	for i := 3; i < len(sheet.Pix); i += 4 {
		if sheet.Pix[i] > 16 {
			return false
		}
	}
	return true
}

// encode writes a PNG: its pixels and nothing else. One beyond the limit keeps 255
// colours, then fewer.
func encode(sheet *image.RGBA, limit int) []byte {
	write := func(img image.Image) []byte {
		var b bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&b, img); err != nil {
			panic(err) // a buffer never fails, and the sizes are ours
		}
		return b.Bytes()
	}
	out := write(sheet)
	for colours := 255; len(out) > limit && colours >= 15; colours /= 2 {
		out = write(fewer(sheet, colours))
	}
	return out
}
