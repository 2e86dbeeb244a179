package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
)

// Site is whose pages are shown: a commune, a hub, or (zero) nobody's, for an
// unknown host. It holds what layouts print and nothing that decides a right.
type Site struct {
	Kind          tenants.TenantKind // says in whose words the pages speak; none: a commune’s
	Name          string             // "Castanet-Tolosan"
	Slug          string             // "castanet-tolosan"
	Code          string             // INSEE code, or the hub's slug: chooses the placeholder blazon
	Tagline       string             // under the name; empty: « Vos démarches en ligne »
	Hub           string             // who runs the platform for the commune, in the footer
	Colour        branding.Colour    // the one colour of the theme
	Phone         string             // as printed: "05 61 00 00 00"
	Email         string
	Address       string       // lines of the postal address
	OpeningHours  string       // one line a day
	Accessibility string       // how far an audit found it accessible; empty: « non conforme »
	Logo          tenants.Logo // the town's own; zero: the placeholder
	Silhouette    string       // along the footer: one of branding.Silhouettes
	Welcome       string       // over the procedures, on the first page
	Footer        string       // a few lines at the foot of every page
	Demo          bool         // says on every page that nothing here is real
}

// colour is the site's, or a calm grey for the pages of nobody.
func (s Site) colour() branding.Colour {
	if s.Name == "" {
		return branding.Colour{R: 0x4a, G: 0x45, B: 0x3b}
	}
	return s.Colour
}

// Title names whose pages these are, in full: « Commune de Labège », or an EPCI’s own name.
func (s Site) Title() string { return tenants.Tenant{Kind: s.Kind, Name: s.Name}.Title() }

// Lines are the postal address, line by line.
func (s Site) Lines() []string { return lines(s.Address) }

// FooterLines are the town's own words at the foot, line by line.
func (s Site) FooterLines() []string { return lines(s.Footer) }

// Hours are the opening hours, line by line.
func (s Site) Hours() []string { return lines(s.OpeningHours) }

func lines(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// sheet is a site's whole style sheet for one area, compressed.
type sheet struct {
	url         string
	br, gzip    []byte
	light, dark string // the colour of the band on top
}

// sheets keeps the sheets of the colours in use; it is emptied when it has grown
// past its bound, about 10 MB, and fills again from what is asked for.
type sheets struct {
	mu   sync.Mutex
	made map[sheetKey]*sheet
}

type sheetKey struct {
	area   string
	colour branding.Colour
}

const maxSheets = 768

var themes = sheets{made: map[sheetKey]*sheet{}}

// ThemeURL is the address of the site's style sheet for an area ("citizen" or
// "agent"): its theme and the rules in one file, hashed.
func (s Site) ThemeURL(area string) string { return themes.of(area, s.colour()).url }

func (t *sheets) of(area string, c branding.Colour) *sheet {
	key := sheetKey{area, c}
	t.mu.Lock()
	defer t.mu.Unlock()
	if made, ok := t.made[key]; ok {
		return made
	}
	if len(t.made) >= maxSheets {
		clear(t.made)
	}
	made := newSheet(area, c)
	t.made[key] = made
	return made
}

func newSheet(area string, c branding.Colour) *sheet {
	theme := branding.New(c)
	body := append([]byte(theme.CSS()), must(fs.ReadFile(dist, assetNames[area+".css"]))...)
	sum := sha256.Sum256(body)
	hash := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:10]
	var br, gz bytes.Buffer
	b := brotli.NewWriterLevel(&br, 7)
	g := must(gzip.NewWriterLevel(&gz, 7))
	must(b.Write(body))
	must(g.Write(body))
	if err := b.Close(); err != nil {
		panic(err) // a buffer never fails
	}
	if err := g.Close(); err != nil {
		panic(err)
	}
	return &sheet{
		url: "/theme-" + area + "-" + hash + ".css", br: br.Bytes(), gzip: gz.Bytes(),
		light: theme.Light.Base.String(), dark: theme.Dark.Base.String(),
	}
}

// ServeSite answers what belongs to the site rather than to a page: its style
// sheets, manifest, placeholder pictures and offline page. It says whether it did.
func (u *UI) ServeSite(w http.ResponseWriter, r *http.Request, site Site) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	switch p := r.URL.Path; {
	case strings.HasPrefix(p, "/theme-"):
		SetRoute(r, "GET /theme")
		serveTheme(w, r, site)
	case p == "/manifest.webmanifest":
		SetRoute(r, "GET /manifest.webmanifest")
		serveManifest(w, r, site)
	case p == "/favicon.ico": // asked for by what reads no page
		SetRoute(r, "GET /favicon.ico")
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, site.Picture(branding.Icon32), http.StatusFound)
	case p == "/hors-ligne":
		SetRoute(r, "GET /hors-ligne")
		w.Header().Set("Cache-Control", "no-cache")
		u.plain(w, r, site, http.StatusOK, offline)
	case strings.HasPrefix(p, brandPath):
		name, hash, ok := picturePath(r)
		if !ok || site.Logo.Hash != "" && hash != branding.PlaceholderHash(site.Code, site.colour()) {
			return false
		}
		SetRoute(r, "GET "+brandPath)
		u.servePlaceholder(w, r, site, name)
	default:
		return false
	}
	return true
}

// serveTheme answers with the site's own sheet alone: an old address (the colour
// changed) is sent to the new one.
func serveTheme(w http.ResponseWriter, r *http.Request, site Site) {
	area, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/theme-"), "-")
	if area != "citizen" && area != "agent" {
		http.NotFound(w, r)
		return
	}
	s := themes.of(area, site.colour())
	h := w.Header()
	if r.URL.Path != s.url {
		h.Set("Cache-Control", "no-cache")
		http.Redirect(w, r, s.url, http.StatusFound)
		return
	}
	h.Set("Content-Type", contentTypes[".css"])
	h.Set("Cache-Control", forever)
	h.Add("Vary", "Accept-Encoding")
	switch negotiate(r) {
	case "br":
		h.Set("Content-Encoding", "br")
		writeBody(w, r, http.StatusOK, s.br)
	case "gzip":
		h.Set("Content-Encoding", "gzip")
		writeBody(w, r, http.StatusOK, s.gzip)
	default:
		writeBody(w, r, http.StatusOK, newPlainSheet(area, site.colour()))
	}
}

// newPlainSheet is the sheet for the rare client that unpacks nothing.
func newPlainSheet(area string, c branding.Colour) []byte {
	return append([]byte(branding.New(c).CSS()), must(fs.ReadFile(dist, assetNames[area+".css"]))...)
}
