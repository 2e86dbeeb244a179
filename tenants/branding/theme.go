package branding

import (
	"fmt"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Theme is a commune's whole set of colours: its scale in both schemes and the
// dark tinted bar of its agents' pages.
type Theme struct {
	Colour      Colour // what the commune chose
	Light, Dark Scale
	LightBar    Bar
	DarkBar     Bar
}

// Bar is the agents' top bar: dark in both schemes.
type Bar struct {
	Fill, Hover, Line, Text, TextSubtle Colour
}

// New computes the theme of a colour. It is pure: the same colour gives the same
// theme, so that its CSS can be cached for ever under its hash.
func New(c Colour) Theme {
	return Theme{
		Colour: c,
		Light:  NewScale(c, false), Dark: NewScale(c, true),
		LightBar: newBar(c, .024, .055), DarkBar: newBar(c.calmer(darkChroma), .03, .06),
	}
}

func newBar(c Colour, fill, hover float64) Bar {
	return Bar{
		Fill: c.atLuminance(fill), Hover: c.atLuminance(hover), Line: c.atLuminance(.25),
		Text: white, TextSubtle: c.atLuminance(.62),
	}
}

// CSS writes the theme as custom properties: the light ones on :root, the dark
// ones for readers whose system is dark (unless the page says
// data-theme="light") and for data-theme="dark".
func (t Theme) CSS() string {
	light := declarations("brand", &t.Light) + t.LightBar.declarations()
	dark := declarations("brand", &t.Dark) + t.DarkBar.declarations()
	return schemes(light, dark)
}

// Scoped writes the theme's colours and the shared neutral ones for two selectors, the
// light look and the dark one, for a page that shows both side by side.
func (t Theme) Scoped(light, dark string) string {
	bright, dim := paper(false), paper(true)
	return light + "{" + declarations("brand", &t.Light) + declarations("neutral", &bright) + "}\n" +
		dark + "{" + declarations("brand", &t.Dark) + declarations("neutral", &dim) + "}\n"
}

// schemes lays light and dark declarations out for every way to ask for them.
func schemes(light, dark string) string {
	return ":root{" + light + "}\n" +
		"@media (prefers-color-scheme:dark){:root:not([data-theme=light]){" + dark + "}}\n" +
		"[data-theme=dark]{" + dark + "}\n"
}

// declarations writes one scale as "--prefix-step:#hex;" pairs.
func declarations(prefix string, s *Scale) string {
	var b strings.Builder
	for _, n := range s.named() {
		fmt.Fprintf(&b, "--%s-%s:%s;", prefix, n.name, n.colour)
	}
	return b.String()
}

func (b Bar) declarations() string {
	return fmt.Sprintf("--bar:%s;--bar-hover:%s;--bar-line:%s;--bar-text:%s;--bar-text-subtle:%s;",
		b.Fill, b.Hover, b.Line, b.Text, b.TextSubtle)
}

// common are the colours that every commune shares: the warm ink and paper, and
// what danger, success, warning and information look like.
var common = [...]namedColour{
	{"neutral", Colour{0x7d, 0x69, 0x44}},
	{"danger", Colour{0xb3, 0x23, 0x1f}},
	{"success", Colour{0x1b, 0x6e, 0x3c}},
	{"warning", Colour{0x9a, 0x57, 0x06}},
	{"info", Colour{0x1d, 0x5a, 0xa6}},
}

// CommonCSS writes the colours that do not depend on the commune: --neutral-*,
// --danger-*, --success-*, --warning-* and --info-*, in both schemes. It is part
// of the style sheet that all communes share.
func CommonCSS() string {
	var light, dark strings.Builder
	for _, c := range common {
		l, d := NewScale(c.colour, false), NewScale(c.colour, true)
		if c.name == "neutral" {
			l, d = paper(false), paper(true)
		}
		light.WriteString(declarations(c.name, &l))
		dark.WriteString(declarations(c.name, &d))
	}
	return schemes(light.String(), dark.String())
}

// paper is the neutral scale: its light steps keep very little chroma (paper),
// its dark ones more (warm ink).
func paper(dark bool) Scale {
	ink := NewScale(common[0].colour, dark)
	sheet := NewScale(common[0].colour.calmer(0.7), dark)
	if dark {
		sheet.TextSubtle, sheet.TextDefault = ink.TextSubtle, ink.TextDefault
		return sheet
	}
	ink.BackgroundTinted, ink.SurfaceTinted, ink.SurfaceHover = sheet.BackgroundTinted, sheet.SurfaceTinted, sheet.SurfaceHover
	ink.SurfaceActive, ink.BorderSubtle = sheet.SurfaceActive, sheet.BorderSubtle
	return ink
}

// pair is a foreground on a background with the least ratio it must reach.
type pair struct {
	name  string
	front Colour
	back  Colour
	least float64
}

// pairs lists every combination that pages are allowed to use.
func (s *Scale) pairs() []pair {
	backs := []namedColour{
		{"background-default", s.BackgroundDefault}, {"background-tinted", s.BackgroundTinted},
		{"surface-default", s.SurfaceDefault}, {"surface-tinted", s.SurfaceTinted},
		{"surface-hover", s.SurfaceHover}, {"surface-active", s.SurfaceActive},
	}
	var out []pair
	for i, b := range backs {
		last := i == len(backs)-1
		out = append(out, pair{"text-default on " + b.name, s.TextDefault, b.colour, 7})
		if !last { // text-subtle and lines never stand on surface-active
			out = append(out,
				pair{"text-subtle on " + b.name, s.TextSubtle, b.colour, minText},
				pair{"border-strong on " + b.name, s.BorderStrong, b.colour, minText},
				pair{"border-default on " + b.name, s.BorderDefault, b.colour, minLine})
		}
	}
	for _, b := range []namedColour{{"base", s.Base}, {"base-hover", s.BaseHover}, {"base-active", s.BaseActive}} {
		out = append(out,
			pair{"base-contrast on " + b.name, s.BaseContrast, b.colour, minText},
			pair{"base-contrast-subtle on " + b.name, s.BaseContrastSubtle, b.colour, minText})
	}
	return out
}

func (b Bar) pairs() []pair {
	return []pair{
		{"bar-text on bar", b.Text, b.Fill, 7}, {"bar-text on bar-hover", b.Text, b.Hover, 7},
		{"bar-text-subtle on bar", b.TextSubtle, b.Fill, minText}, {"bar-line on bar", b.Line, b.Fill, minLine},
		{"bar-text-subtle on bar-hover", b.TextSubtle, b.Hover, minText},
	}
}

// Pairs counts the combinations that Check looks at.
func (t Theme) Pairs() int {
	return len(t.Light.pairs()) + len(t.Dark.pairs()) + len(t.LightBar.pairs()) + len(t.DarkBar.pairs())
}

// Check computes the contrast of every allowed pair (text 4.5:1, main text 7:1,
// lines 3:1; WCAG 2.2, 1.4.3, 1.4.6 and 1.4.11). A theme made by New passes for
// every colour; the error, a fault.Internal with the code "theme_contrast", names
// the first pair that does not.
func (t Theme) Check() error {
	groups := [...][]pair{t.Light.pairs(), t.Dark.pairs(), t.LightBar.pairs(), t.DarkBar.pairs()}
	for i, scheme := range [...]string{"light", "dark", "light bar", "dark bar"} {
		for _, p := range groups[i] {
			if got := Contrast(p.front, p.back); got < p.least {
				return fault.Wrap(fault.Internal, "theme_contrast",
					fmt.Errorf("%s of %s: %s is %.2f:1, under %.1f:1", scheme, t.Colour, p.name, got, p.least))
			}
		}
	}
	return nil
}
