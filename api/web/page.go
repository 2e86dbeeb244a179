package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"reflect"
	"slices"
	"sync"
	"text/template/parse"

	"github.com/parvis-gru/parvis/tenants"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Layout names the frame that a page is drawn in.
type Layout string

// The layouts. SignIn is a bare card, for the doors of agents and hub.
const (
	Citizen Layout = "citizen"
	Agent   Layout = "agent"
	Hub     Layout = "hub"
	SignIn  Layout = "signin"
	bare    Layout = "plain"
)

// shared holds the layouts and components in the words of each kind of tenant; every page
// has a copy of those that it uses.
var shared = map[tenants.TenantKind]*template.Template{
	tenants.KindCommune: parseShared(templateFiles, "templates/*.html", tenants.KindCommune),
	tenants.KindEPCI:    parseShared(templateFiles, "templates/*.html", tenants.KindEPCI),
}

// framer is any struct that embeds Frame.
type framer interface{ frame() Frame }

// Template is a page tied to the struct it is drawn from.
type Template[T framer] struct {
	layout   Layout
	file     string
	template *template.Template
	epci     func() *template.Template // the same in an EPCI’s words, parsed where one asks
}

// Registered names one page of the program.
type Registered struct {
	Layout Layout
	File   string
	Type   reflect.Type
}

var registry struct {
	sync.Mutex
	pages []Registered
}

// MustParse parses a page's template in its layout, checks every field and method
// that it names against T, typesets its French ([typeset]) and registers the pair. It panics on a template that
// could not be drawn: pages are package variables, so a fault is seen by any test
// and at start, never by a citizen.
func MustParse[T framer](layout Layout, files fs.FS, file string) *Template[T] {
	kind := reflect.TypeFor[T]()
	parse := func(whose tenants.TenantKind) *template.Template {
		t, err := parsePage(files, file, layout, kind, whose)
		if err != nil {
			panic(fmt.Errorf("web: %s: %w", file, err))
		}
		return t
	}
	t := parse(tenants.KindCommune)
	registry.Lock()
	registry.pages = append(registry.pages, Registered{layout, file, kind})
	registry.Unlock()
	// Few tenants are EPCI: a second copy of every page would be for nobody in most programs.
	return &Template[T]{layout: layout, file: file, template: t, epci: sync.OnceValue(func() *template.Template { return parse(tenants.KindEPCI) })}
}

// parsePage parses a page and what it reaches of the shared templates, in the words of a
// kind of tenant.
func parsePage(files fs.FS, file string, layout Layout, data reflect.Type, whose tenants.TenantKind) (*template.Template, error) {
	source, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, err
	}
	own, err := template.New(path.Base(file)).Funcs(funcs).Parse(typeset(whose.Say(string(source))))
	if err != nil {
		return nil, err
	}
	if own.Lookup("main") == nil {
		return nil, errors.New(`it defines no "main"`)
	}
	if own.Lookup("aside") != nil {
		template.Must(own.New("aside-wrap").Parse(`<aside class="aside" aria-label="À savoir">{{template "aside" .}}</aside>`))
	}
	reached, err := check(func(name string) *parse.Tree { return treeIn(name, own, shared[whose]) }, string(layout), data)
	if err != nil {
		return nil, err
	}
	// Copies of all the components for each page were half of the program's memory.
	t := template.New(file).Funcs(funcs).Funcs(template.FuncMap{"say": whose.Say})
	for name, tree := range reached {
		template.Must(t.AddParseTree(name, tree.Copy()))
	}
	return t, nil
}

// treeIn finds a template by its name in the first set that has it.
func treeIn(name string, sets ...*template.Template) *parse.Tree {
	for _, set := range sets {
		if t := set.Lookup(name); t != nil && t.Tree != nil {
			return t.Tree
		}
	}
	return nil
}

// Pages lists every page parsed so far.
func Pages() []Registered {
	registry.Lock()
	defer registry.Unlock()
	return slices.Clone(registry.pages)
}

// Unregistered names the .html files of a folder that no page parses; a package of
// pages asserts that there is none.
func Unregistered(files fs.FS) ([]string, error) {
	all, err := fs.Glob(files, "*.html")
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, p := range Pages() {
		known[p.File] = true
	}
	return slices.DeleteFunc(all, func(f string) bool { return known[f] }), nil
}

// Render draws the page in memory, then sends it with its status. An error means
// that nothing was sent.
func (p *Template[T]) Render(w http.ResponseWriter, r *http.Request, status int, data T) error {
	body, err := p.draw(data, status == http.StatusUnprocessableEntity)
	if err != nil {
		return err
	}
	if p.layout == Citizen && r.Header.Get("Sec-Fetch-Site") == "same-origin" && !personal(r) {
		// From the second page on: the first one of a visit does not pay for it.
		w.Header().Set("Speculation-Rules", `"`+Asset("speculation.json")+`"`)
	}
	send(w, r, status, body)
	return nil
}

// draw executes the layout over the data.
func (p *Template[T]) draw(data T, failed bool) ([]byte, error) {
	if failed {
		markFailed(reflect.ValueOf(&data).Elem())
	}
	words := p.template
	if data.frame().Site.Kind == tenants.KindEPCI {
		words = p.epci()
	}
	var b bytes.Buffer
	if err := words.ExecuteTemplate(&b, string(p.layout), data); err != nil {
		return nil, fmt.Errorf("web: drawing %s: %w", p.file, err)
	}
	return b.Bytes(), nil
}

// markFailed finds the embedded Frame and says that the page must be corrected.
func markFailed(v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if f, ok := v.Addr().Interface().(*Frame); ok {
		f.failed = true
		return
	}
	if field := v.FieldByName("Frame"); field.IsValid() {
		if f, ok := field.Addr().Interface().(*Frame); ok {
			f.failed = true
		}
	}
}

// send writes a finished page. Pages hold what one person may see: nobody else's
// cache keeps them.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		if personal(r) {
			h.Set("Cache-Control", "no-store")
		} else {
			h.Set("Cache-Control", "private, no-cache")
		}
	}
	if status == http.StatusOK && r.Method == http.MethodGet && h.Get("Cache-Control") != "no-store" && len(h.Values("Set-Cookie")) == 0 {
		sum := sha256.Sum256(body)
		tag := `W/"` + hex.EncodeToString(sum[:9]) + `"`
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			h.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	writeBody(w, r, status, body)
}

// writeBody sends bytes; the reader having gone away is nobody's fault.
func writeBody(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
