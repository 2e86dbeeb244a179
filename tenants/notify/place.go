package notify

import (
	"strings"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/communes"
)

// letterhead is who writes.
type letterhead struct {
	Name    string // "Castanet-Tolosan"
	Office  string // "Mairie de Castanet-Tolosan"
	Kind    tenants.TenantKind
	Address []string
	Phone   string
	Email   string
	Hub     bool
	Colour  string
	Logo    picture // zero: none
}

// picture is the logo in a mail's head, in CSS pixels.
type picture struct{ Width, Height int }

// logoSource is where the head of a mail finds the logo: in the mail itself, as a part
// of a few KB. One on our site would be blocked by many programs until the reader says
// otherwise, and would tell us who reads what, and when.
const logoSource = "logo@parvis"

// logoHeight is how high it stands; one much wider than high is smaller.
const (
	logoHeight = 48
	logoWidth  = 140
)

func pictureOf(l tenants.Logo) picture {
	w, h := l.Width, l.Height
	if l.Hash == "" { // the placeholder's proportions
		w, h = 40, 48
	}
	if w*logoHeight > logoWidth*h {
		return picture{logoWidth, max(1, h*logoWidth/w)}
	}
	return picture{max(1, w*logoHeight/max(h, 1)), logoHeight}
}

func ofTenant(t tenants.Tenant, s tenants.Settings) letterhead {
	office := t.Office()
	address := lines(s.PostalAddress)
	if len(address) > 0 && sameName(address[0], office) { // written above it already
		address = address[1:]
	}
	return letterhead{
		Name: t.Name, Office: office, Kind: t.Kind, Colour: t.Colour,
		Address: address, Phone: oneLine(s.Phone), Email: oneLine(s.Email), Logo: pictureOf(s.Brand.Logo),
	}
}

// sameName tells whether the first line of an address only says what the office is
// called: « Mairie », or its whole name, typed with whichever apostrophes and hyphens.
func sameName(line, office string) bool {
	line, office = communes.Slug(line), communes.Slug(office)
	return line == "mairie" || line == "hotel-de-ville" || line == office
}

func ofHub(h tenants.Hub) letterhead {
	return letterhead{Name: h.Name, Office: h.Name, Colour: h.Colour, Hub: true}
}

// base stands for the commune's own address in rendered texts: a name that leads
// nowhere, should it ever be sent as it is.
const base = "https://commune.parvis.invalid"

// Absolute replaces the placeholder of links by a site's address, which has no
// path ("https://castanet-tolosan.parvis.fr"); "" leaves paths, for a page of that
// very site.
func Absolute(text, site string) string {
	return strings.ReplaceAll(text, base, strings.TrimRight(site, "/"))
}

// palette is the few colours of a mail.
type palette struct{ Page, Card, Text, Muted, Line, Brand, OnBrand, Link, Tint string }

// ink is the warm neutral of our pages.
var ink = branding.Colour{R: 0x76, G: 0x6c, B: 0x5c}

// unbranded is the colour of a place that has none.
const unbranded = "#1d5a8c"

func palettes(colour string) (light, dark palette, err error) {
	if colour == "" {
		colour = unbranded
	}
	c, err := branding.Parse(colour)
	if err != nil {
		return palette{}, palette{}, err
	}
	return paletteOf(c, false), paletteOf(c, true), nil
}

func paletteOf(c branding.Colour, dark bool) palette {
	brand, neutral := branding.NewScale(c, dark), branding.NewScale(ink, dark)
	return palette{
		Page: neutral.BackgroundTinted.String(), Card: neutral.SurfaceDefault.String(), Text: neutral.TextDefault.String(),
		Muted: neutral.TextSubtle.String(), Line: neutral.BorderSubtle.String(),
		Brand: brand.Base.String(), OnBrand: brand.BaseContrast.String(), Link: brand.TextSubtle.String(), Tint: brand.BackgroundTinted.String(),
	}
}
