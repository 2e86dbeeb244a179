package branding_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"#1f6b5c": "#1f6b5c", "#FFCC00": "#ffcc00", "#aBc": "#aabbcc"} {
		got, err := branding.Parse(in)
		if err != nil || got.String() != want {
			t.Errorf("Parse(%q) = %v, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "#", "1f6b5c", "#1f6b5", "#1f6b5cff", "#ggg", "red", "#é1é", "#1f6b5c;", " #1f6b5c"} {
		if _, err := branding.Parse(in); !fault.Is(err, "colour_invalid") || fault.Of(err).Kind != fault.Invalid {
			t.Errorf("Parse(%q) error = %v; want invalid colour_invalid", in, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"#1f6b5c", "#abc", "#", "rgb(0,0,0)", "#12345g"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := branding.Parse(s)
		if err != nil {
			return
		}
		again, err := branding.Parse(c.String())
		if err != nil || again != c {
			t.Errorf("Parse(%q) does not survive a round trip: %v, %v", s, again, err)
		}
	})
}

// TestEveryColourIsReadable checks every allowed pair of every colour of a grid
// that holds the extremes: no commune can choose an unreadable theme.
func TestEveryColourIsReadable(t *testing.T) {
	t.Parallel()
	levels := []uint8{0, 28, 51, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 254, 255}
	pairs := 0
	check := func(c branding.Colour) {
		theme := branding.New(c)
		if err := theme.Check(); err != nil {
			t.Error(err)
		}
		pairs += theme.Pairs()
	}
	for _, r := range levels {
		for _, g := range levels {
			for _, b := range levels {
				check(branding.Colour{R: r, G: g, B: b})
			}
		}
	}
	for _, s := range []string{"#ffcc00", "#fefefe", "#000000", "#ffffff", "#1f6b5c", "#777777", "#767676"} {
		c, err := branding.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		check(c)
	}
	if pairs < 100_000 {
		t.Errorf("%d pairs were checked; the grid must hold at least 100,000", pairs)
	}
}

func TestCheckFindsAnUnreadablePair(t *testing.T) {
	t.Parallel()
	theme := branding.New(branding.Colour{R: 0x1f, G: 0x6b, B: 0x5c})
	theme.Dark.TextSubtle = theme.Dark.SurfaceHover
	err := theme.Check()
	if !fault.Is(err, "theme_contrast") || !strings.Contains(err.Error(), "text-subtle") {
		t.Errorf("Check() = %v; want theme_contrast naming text-subtle", err)
	}
}

// TestScaleFollowsTheTargets holds the steps to the luminances of the design.
func TestScaleFollowsTheTargets(t *testing.T) {
	t.Parallel()
	theme := branding.New(branding.Colour{R: 0x1f, G: 0x6b, B: 0x5c})
	for _, c := range []struct {
		name   string
		colour branding.Colour
		want   float64
	}{
		{"light background-default", theme.Light.BackgroundDefault, 1},
		{"light background-tinted", theme.Light.BackgroundTinted, .9},
		{"light surface-hover", theme.Light.SurfaceHover, .7},
		{"light border-default", theme.Light.BorderDefault, .19},
		{"light text-default", theme.Light.TextDefault, .022},
		{"dark background-default", theme.Dark.BackgroundDefault, .009},
		{"dark surface-active", theme.Dark.SurfaceActive, .056},
		{"dark text-default", theme.Dark.TextDefault, .77},
	} {
		if got := c.colour.Luminance(); got < c.want-.012 || got > c.want+.012 {
			t.Errorf("%s has luminance %.4f; want about %.3f", c.name, got, c.want)
		}
	}
	if theme.Light.Base != theme.Colour {
		t.Errorf("the light fill is %s; want the commune's own %s", theme.Light.Base, theme.Colour)
	}
}

func TestCSSHoldsBothSchemes(t *testing.T) {
	t.Parallel()
	theme := branding.New(branding.Colour{R: 0x1f, G: 0x6b, B: 0x5c})
	css := theme.CSS()
	for want, times := range map[string]int{
		"--brand-base:":                      3,
		"--brand-base:#1f6b5c;":              1,
		"--bar:":                             3,
		"@media (prefers-color-scheme:dark)": 1,
		"[data-theme=dark]{":                 1,
		":root{":                             1,
	} {
		if got := strings.Count(css, want); got != times {
			t.Errorf("%q stands %d times in the theme; want %d", want, got, times)
		}
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("the theme's braces are not balanced")
	}
	if css != branding.New(theme.Colour).CSS() {
		t.Error("the same colour gave two themes: its hash could not be cached")
	}
}
