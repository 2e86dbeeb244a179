package branding

// Scale is the 16 steps of one colour in one scheme.
type Scale struct {
	BackgroundDefault, BackgroundTinted       Colour
	SurfaceDefault, SurfaceTinted             Colour
	SurfaceHover, SurfaceActive               Colour
	BorderSubtle, BorderDefault, BorderStrong Colour
	TextSubtle, TextDefault                   Colour
	Base, BaseHover, BaseActive               Colour // fills under BaseContrast, nothing else
	BaseContrastSubtle, BaseContrast          Colour // text on the fills
}

// step is one target of relative luminance, light and dark.
type step struct {
	name        string
	light, dark float64
	in          func(*Scale) *Colour
}

// steps are the eleven steps found by luminance, in the order of the scale.
var steps = [...]step{
	{"background-default", 1, .009, func(s *Scale) *Colour { return &s.BackgroundDefault }},
	{"background-tinted", .9, .014, func(s *Scale) *Colour { return &s.BackgroundTinted }},
	{"surface-default", 1, .021, func(s *Scale) *Colour { return &s.SurfaceDefault }},
	{"surface-tinted", .81, .027, func(s *Scale) *Colour { return &s.SurfaceTinted }},
	{"surface-hover", .7, .036, func(s *Scale) *Colour { return &s.SurfaceHover }},
	{"surface-active", .59, .056, func(s *Scale) *Colour { return &s.SurfaceActive }},
	{"border-subtle", .5, .08, func(s *Scale) *Colour { return &s.BorderSubtle }},
	{"border-default", .19, .22, func(s *Scale) *Colour { return &s.BorderDefault }},
	{"border-strong", .11, .39, func(s *Scale) *Colour { return &s.BorderStrong }},
	{"text-subtle", .11, .39, func(s *Scale) *Colour { return &s.TextSubtle }},
	{"text-default", .022, .77, func(s *Scale) *Colour { return &s.TextDefault }},
}

// darkChroma is the share of the OKLCH chroma that dark steps keep: saturated
// colours vibrate on a dark page.
const darkChroma = 0.7

// NewScale computes the 16 steps of a colour for the light or the dark scheme.
func NewScale(c Colour, dark bool) Scale {
	var s Scale
	hue := c
	if dark {
		hue = c.calmer(darkChroma)
	}
	for _, st := range steps {
		target := st.light
		if dark {
			target = st.dark
		}
		*st.in(&s) = hue.atLuminance(target)
	}
	s.Base = c
	if dark {
		s.Base = c.withLightness(darkLightness(c.lightness()))
	}
	s.BaseContrast = readable(s.Base)
	s.BaseHover, s.BaseActive = moved(s.Base, s.BaseContrast)
	s.BaseContrastSubtle = subtle(s)
	return s
}

// darkLightness mirrors the fill's lightness; a very dark colour becomes 70
// rather than glaring.
func darkLightness(l float64) float64 {
	if l <= 30 {
		return 70
	}
	return 100 - l
}

// readable is white or black, whichever contrasts more; the worse case over all
// of sRGB is 4.58:1.
func readable(on Colour) Colour {
	if Contrast(on, white) >= Contrast(on, black) {
		return white
	}
	return black
}

// minText is the contrast ratio of text (WCAG 2.2, 1.4.3), minLine that of lines
// and icons that mean something (1.4.11).
const (
	minText = 4.5
	minLine = 3.0
)

// moved gives the hovered and pressed fills: 8 and 16 of HSLuv lightness away
// from the base; where the text on one would fall under 4.5:1, both move the
// other way.
func moved(base, text Colour) (hover, active Colour) {
	l := base.lightness()
	away := -8.0
	if l <= 30 {
		away = 8
	}
	for _, direction := range [...]float64{away, -away} {
		hover, active = base.withLightness(l+direction), base.withLightness(l+2*direction)
		if Contrast(hover, text) >= minText && Contrast(active, text) >= minText {
			return hover, active
		}
	}
	return base, base
}

// subtle is a second text colour on the base, tinted, and never below 4.5:1 on
// any of the three fills.
func subtle(s Scale) Colour {
	for t := 0.30; t > 0; t -= 0.05 {
		c := mix(s.BaseContrast, s.Base, t)
		if Contrast(c, s.Base) >= minText && Contrast(c, s.BaseHover) >= minText && Contrast(c, s.BaseActive) >= minText {
			return c
		}
	}
	return s.BaseContrast
}

// bases are the five steps that are not found by luminance.
func (s *Scale) bases() []namedColour {
	return []namedColour{
		{"base", s.Base}, {"base-hover", s.BaseHover}, {"base-active", s.BaseActive},
		{"base-contrast-subtle", s.BaseContrastSubtle}, {"base-contrast", s.BaseContrast},
	}
}

type namedColour struct {
	name   string
	colour Colour
}

// Named lists the 16 steps with the names that CSS gives them.
func (s *Scale) named() []namedColour {
	out := make([]namedColour, 0, 16)
	for _, st := range steps {
		out = append(out, namedColour{st.name, *st.in(s)})
	}
	return append(out, s.bases()...)
}
