package web

import (
	"encoding/json"
	"html/template"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// TenantSite is a commune's site as its settings have it.
func TenantSite(t tenants.Tenant, s tenants.Settings) Site {
	c, err := branding.Parse(t.Colour)
	if err != nil { // the registry checked it when it was set
		c = branding.Suggest(t.INSEE)
	}
	return Site{
		Kind: t.Kind, Name: t.Name, Slug: t.Slug, Code: t.INSEE, Colour: c, Tagline: s.Tagline,
		Phone: s.Phone, Email: s.Email, Address: s.PostalAddress, OpeningHours: s.OpeningHours, Accessibility: s.AccessibilityLevel(),
		Logo: s.Brand.Logo, Silhouette: s.Brand.Silhouette, Welcome: s.Brand.Welcome, Footer: s.Brand.Footer,
	}
}

// Blazon is the placeholder arms, drawn inside the page.
func (s Site) Blazon() template.HTML {
	return template.HTML(branding.Blazon(s.Code, "", s.colour())) //nolint:gosec // drawn by branding, which escapes
}

// Skyline gives the shapes along the footer; "" where the town wants none.
func (s Site) Skyline() template.HTML {
	return template.HTML(branding.Silhouette(s.Silhouette)) //nolint:gosec // one of branding's own drawings
}

// brandPath is where the pictures of a site's logo stand.
const brandPath = "/marque/"

// Picture gives the address of a picture of the site's logo, or of its placeholder, by
// its name ("icone-32.png"). It holds the logo's hash, and can be kept for ever.
func (s Site) Picture(name string) string {
	hash := s.Logo.Hash
	if hash == "" {
		hash = branding.PlaceholderHash(s.Code, s.colour())
	}
	ext := path.Ext(name)
	return brandPath + strings.TrimSuffix(name, ext) + "-" + hash + ext
}

// LogoURL is what the head of a page shows: the drawing itself where it is light.
func (s Site) LogoURL() string {
	if s.Logo.Light {
		return s.Picture(branding.LogoVector)
	}
	return s.Picture(branding.LogoHeader)
}

// logoHeight is how high the logo stands in the head of a page, in CSS pixels.
const logoHeight = 50

// LogoWidth is how wide it stands there.
func (s Site) LogoWidth() int {
	return (s.Logo.Width*logoHeight + s.Logo.Height/2) / max(s.Logo.Height, 1)
}

// LogoHeight is how high it stands there.
func (s Site) LogoHeight() int { return logoHeight }

// Icon is what a tab shows.
func (s Site) Icon() string {
	if s.Logo.Hash == "" || s.Logo.Light {
		return s.Picture(branding.LogoVector)
	}
	return s.Picture(branding.Icon32)
}

// ThemeColour is what a telephone paints around the page, in its light or its dark look.
func (s Site) ThemeColour(dark bool) string {
	sheet := themes.of("citizen", s.colour())
	if dark {
		return sheet.dark
	}
	return sheet.light
}

// ServeSite answers what belongs to a commune's site rather than to a page, as
// [UI.ServeSite] does, and the pictures of its own logo.
func (d Deps) ServeSite(w http.ResponseWriter, r *http.Request, s Scope) bool {
	if d.UI.ServeSite(w, r, s.Site) {
		return true
	}
	name, hash, ok := picturePath(r)
	if !ok || s.Site.Logo.Hash == "" {
		return false
	}
	SetRoute(r, "GET "+brandPath)
	d.servePicture(w, r, s, name, hash)
	return true
}

// servePicture sends a picture of the logo in use, or of one that an administrator
// tries. An address with an old hash leads to the present picture.
func (d Deps) servePicture(w http.ResponseWriter, r *http.Request, s Scope, name, hash string) {
	key := s.Site.Slug + " " + hash + " " + name
	f, err := pictures.get(key, func() (f branding.LogoFile, err error) {
		err = d.DB.Read(r.Context(), s.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
			f, err = tenants.LogoImage(r.Context(), tx, hash, name)
			return err
		})
		return f, err
	})
	switch {
	case fault.Is(err, "not_found") && hash != s.Site.Logo.Hash && name != branding.LogoVector:
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, s.Site.Picture(name), http.StatusFound) //nolint:gosec // below brandPath of this host
	case err != nil:
		d.UI.Fail(w, r, s.Site, err)
	default:
		sendPicture(w, r, f)
	}
}

// picturePath takes "/marque/icone-32-HASH.png" apart.
func picturePath(r *http.Request) (name, hash string, ok bool) {
	file, ok := strings.CutPrefix(r.URL.Path, brandPath)
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "", "", false
	}
	ext := path.Ext(file)
	stem := strings.TrimSuffix(file, ext)
	cut := strings.LastIndexByte(stem, '-')
	if cut < 0 {
		return "", "", false
	}
	return stem[:cut] + ext, stem[cut+1:], true
}

// servePlaceholder sends a picture of the arms that stand for a logo.
func (u *UI) servePlaceholder(w http.ResponseWriter, r *http.Request, site Site, name string) {
	f, err := pictures.get(site.Picture(name), func() (branding.LogoFile, error) {
		return branding.Placeholder(site.Code, site.colour(), name)
	})
	if err != nil {
		u.Fail(w, r, site, err)
		return
	}
	sendPicture(w, r, f)
}

// sendPicture sends a picture that can do nothing but be looked at, wherever it is
// opened.
func sendPicture(w http.ResponseWriter, r *http.Request, f branding.LogoFile) {
	h := w.Header()
	h.Set("Content-Type", f.MediaType)
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cache-Control", forever)
	writeBody(w, r, http.StatusOK, f.Body)
}

// album keeps pictures that were asked for; it is emptied when it has grown past its
// bound.
type album struct {
	mu    sync.Mutex
	kept  map[string]branding.LogoFile
	bytes int
}

const maxAlbum = 32 << 20

var pictures = album{kept: map[string]branding.LogoFile{}}

func (a *album) get(key string, find func() (branding.LogoFile, error)) (branding.LogoFile, error) {
	a.mu.Lock()
	f, ok := a.kept[key]
	a.mu.Unlock()
	if ok {
		return f, nil
	}
	f, err := find()
	if err != nil {
		return f, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bytes+len(f.Body) > maxAlbum {
		clear(a.kept)
		a.bytes = 0
	}
	if _, ok := a.kept[key]; !ok {
		a.bytes += len(f.Body)
	}
	a.kept[key] = f
	return f, nil
}

// manifestIcon is a picture for a home screen.
type manifestIcon struct {
	Source  string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose,omitempty"`
}

// serveManifest lets a telephone keep the commune's pages on its home screen.
func serveManifest(w http.ResponseWriter, r *http.Request, site Site) {
	icons := []manifestIcon{
		{Source: site.Picture(branding.Icon192), Sizes: "192x192", Type: "image/png"},
		{Source: site.Picture(branding.Icon512), Sizes: "512x512", Type: "image/png"},
		{Source: site.Picture(branding.IconMask), Sizes: "512x512", Type: "image/png", Purpose: "maskable"},
	}
	if icon := site.Icon(); path.Ext(icon) == ".svg" {
		icons = append(icons, manifestIcon{Source: icon, Sizes: "any", Type: "image/svg+xml"})
	}
	body, err := json.Marshal(struct {
		ID         string         `json:"id"`
		Name       string         `json:"name"`
		Short      string         `json:"short_name"`
		Start      string         `json:"start_url"`
		Display    string         `json:"display"`
		Lang       string         `json:"lang"`
		Background string         `json:"background_color"`
		Theme      string         `json:"theme_color"`
		Icons      []manifestIcon `json:"icons"`
	}{
		ID: "/", Name: site.Name + "\u00a0: démarches en ligne", Short: site.Name, Start: "/", Display: "minimal-ui", Lang: "fr",
		Background: "#f4f3f1", Theme: site.ThemeColour(false), Icons: icons,
	})
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/manifest+json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	writeBody(w, r, http.StatusOK, body)
}
