package web

import (
	"embed"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets/dist
var distFiles embed.FS

// dist is assets/dist; assetNames maps "citizen.css" to its hashed file name.
var (
	dist       = must(fs.Sub(distFiles, "assets/dist"))
	assetNames = loadAssetNames()
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func loadAssetNames() map[string]string {
	names := map[string]string{}
	if err := json.Unmarshal(must(fs.ReadFile(dist, "index.json")), &names); err != nil {
		panic(err)
	}
	return names
}

// Asset gives the address of a built asset ("icons.svg" → "/assets/icons-….svg").
// An unknown name panics: it is a fault of the program, seen when a template is
// first drawn.
func Asset(name string) string {
	hashed, ok := assetNames[name]
	if !ok {
		panic("web: no asset is called " + name)
	}
	return "/assets/" + hashed
}

// AssetPaths are the ServeMux patterns that Assets answers.
var AssetPaths = []string{"GET /assets/{file}", "GET /sw.js"}

// forever is said of what bears the hash of its content in its address.
const forever = "public, max-age=31536000, immutable"

// Assets serves the built assets: ready compressed, with their type, for ever. The
// service worker alone is asked for anew each time.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		cache := "no-cache"
		if name != "sw.js" {
			name, cache = strings.TrimPrefix(name, "assets/"), forever
		}
		ext := path.Ext(name)
		kind := contentTypes[ext]
		if kind == "" || name == "index.json" || strings.Contains(name, "/") { // .br, .gz and index.json are no addresses
			http.NotFound(w, r)
			return
		}
		body, err := fs.ReadFile(dist, name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Cache-Control", cache)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if ext != ".woff2" {
			h.Add("Vary", "Accept-Encoding")
			if encoding := negotiate(r); encoding != "" {
				if packed, err := fs.ReadFile(dist, name+encodingExt[encoding]); err == nil {
					h.Set("Content-Encoding", encoding)
					body = packed
				}
			}
		}
		writeBody(w, r, http.StatusOK, body)
	})
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
	".json": "application/speculationrules+json",
}

var encodingExt = map[string]string{"br": ".br", "gzip": ".gz"}

// negotiate picks br, gzip or nothing from Accept-Encoding (RFC 9110, 12.5.3).
func negotiate(r *http.Request) string {
	best := ""
	for offer := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, err := mime.ParseMediaType(strings.TrimSpace(offer))
		if err != nil || strings.Trim(params["q"], "0.") == "" && params["q"] != "" {
			continue
		}
		if name == "br" || name == "gzip" && best == "" {
			best = name
		}
	}
	return best
}
