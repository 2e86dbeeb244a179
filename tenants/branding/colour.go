package branding

import (
	"math"

	"github.com/lucasb-eyer/go-colorful"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Colour is an opaque sRGB colour of 8 bits a channel.
type Colour struct {
	R, G, B uint8
}

// Parse reads "#1f6b5c" or "#abc", in either case. Anything else is a
// fault.Invalid with the code "colour_invalid".
func Parse(s string) (Colour, error) {
	if len(s) != 4 && len(s) != 7 || s[0] != '#' {
		return Colour{}, fault.New(fault.Invalid, "colour_invalid")
	}
	var digits [6]uint8
	for i := range digits {
		at := i + 1
		if len(s) == 4 {
			at = i/2 + 1
		}
		v, ok := hexDigit(s[at])
		if !ok {
			return Colour{}, fault.New(fault.Invalid, "colour_invalid")
		}
		digits[i] = v
	}
	return Colour{digits[0]<<4 | digits[1], digits[2]<<4 | digits[3], digits[4]<<4 | digits[5]}, nil
}

func hexDigit(c byte) (uint8, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// String gives the colour as CSS writes it: "#1f6b5c".
func (c Colour) String() string {
	const digits = "0123456789abcdef"
	out := [7]byte{'#'}
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		out[1+2*i], out[2+2*i] = digits[v>>4], digits[v&15]
	}
	return string(out[:])
}

// linear holds the linear-light value of each 8-bit channel (WCAG 2.2,
// definition of relative luminance).
var linear = func() (t [256]float64) {
	for i := range t {
		v := float64(i) / 255
		if v <= 0.04045 {
			t[i] = v / 12.92
			continue
		}
		t[i] = math.Pow((v+0.055)/1.055, 2.4)
	}
	return t
}()

// Luminance is the relative luminance of WCAG 2.2, from 0 (black) to 1 (white).
func (c Colour) Luminance() float64 {
	return 0.2126*linear[c.R] + 0.7152*linear[c.G] + 0.0722*linear[c.B]
}

// Contrast is the contrast ratio of WCAG 2.2 between two colours, from 1 to 21.
func Contrast(a, b Colour) float64 {
	la, lb := a.Luminance(), b.Luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// black and white bound every scale.
var (
	black = Colour{}
	white = Colour{255, 255, 255}
)

// mix goes from a (t=0) to b (t=1) in gamma-coded sRGB.
func mix(a, b Colour, t float64) Colour {
	m := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*t)) }
	return Colour{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B)}
}

// atLuminance moves a colour towards white or black until its luminance is the
// target's, keeping its hue.
func (c Colour) atLuminance(target float64) Colour {
	from, to := black, c
	if c.Luminance() < target {
		from, to = c, white
	}
	low, high := 0.0, 1.0
	for range 12 {
		mid := (low + high) / 2
		if mix(from, to, mid).Luminance() < target {
			low = mid
		} else {
			high = mid
		}
	}
	return mix(from, to, (low+high)/2)
}

func (c Colour) colorful() colorful.Color {
	return colorful.Color{R: float64(c.R) / 255, G: float64(c.G) / 255, B: float64(c.B) / 255}
}

func fromColorful(c colorful.Color) Colour {
	r, g, b := c.Clamped().RGB255()
	return Colour{r, g, b}
}

// lightness is the HSLuv lightness, from 0 to 100.
func (c Colour) lightness() float64 {
	_, _, l := c.colorful().HSLuv()
	return l * 100
}

// withLightness keeps the HSLuv hue and saturation and sets the lightness.
func (c Colour) withLightness(l float64) Colour {
	h, s, _ := c.colorful().HSLuv()
	return fromColorful(colorful.HSLuv(h, s, min(100, max(0, l))/100))
}

// calmer keeps the OKLCH lightness and hue and this share of the chroma.
func (c Colour) calmer(share float64) Colour {
	l, chroma, h := c.colorful().OkLch()
	return fromColorful(colorful.OkLch(l, chroma*share, h))
}
