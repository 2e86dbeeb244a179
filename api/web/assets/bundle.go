package assets

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/parvis-gru/parvis/tenants/branding"
)

// engines are the oldest browsers that pages are written for: those of 2022.
var engines = []api.Engine{
	{Name: api.EngineChrome, Version: "105"}, {Name: api.EngineFirefox, Version: "104"}, {Name: api.EngineSafari, Version: "15.4"},
}

// bundle runs esbuild over one entry and gives its single output.
func bundle(o api.BuildOptions) ([]byte, error) {
	o.Bundle, o.MinifySyntax, o.MinifyWhitespace, o.Write, o.LogLevel = true, true, true, false, api.LogLevelSilent
	o.External, o.Engines, o.Charset = []string{"/assets/*"}, engines, api.CharsetUTF8
	o.LegalComments = api.LegalCommentsNone
	result := api.Build(o)
	if len(result.Errors) > 0 {
		messages := make([]error, len(result.Errors))
		for i, e := range result.Errors {
			messages[i] = errors.New(e.Text)
			if e.Location != nil {
				messages[i] = fmt.Errorf("%s:%d: %s", e.Location.File, e.Location.Line, e.Text)
			}
		}
		return nil, errors.Join(messages...)
	}
	return result.OutputFiles[0].Contents, nil
}

// usedVariable finds the custom properties that a style sheet reads.
var (
	usedVariable     = regexp.MustCompile(`var\((--[a-z0-9-]+)`)
	declaredVariable = regexp.MustCompile(`(--(?:neutral|danger|success|warning|info)-[a-z-]+):#[0-9a-f]{6};`)
)

// styles bundles one sheet per area, each with those shared colours that it uses.
func (b *builder) styles() error {
	for _, entry := range []string{"citizen.css", "agent.css", "appearance.css"} {
		tokens := func(css string) func(api.PluginBuild) {
			return func(p api.PluginBuild) {
				p.OnResolve(api.OnResolveOptions{Filter: `tokens\.css$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
					return api.OnResolveResult{Path: "tokens.css", Namespace: "branding"}, nil
				})
				p.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "branding"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
					return api.OnLoadResult{Contents: &css, Loader: api.LoaderCSS}, nil
				})
			}
		}
		options := api.BuildOptions{EntryPoints: []string{filepath.Join(b.src, "css", entry)}}
		options.Plugins = []api.Plugin{{Name: "tokens", Setup: tokens("")}}
		bare, err := bundle(options)
		if err != nil {
			return err
		}
		options.Plugins = []api.Plugin{{Name: "tokens", Setup: tokens(keepUsed(branding.CommonCSS(), bare))}}
		body, err := bundle(options)
		if err != nil {
			return err
		}
		if err := b.add(entry, b.hashed(body)); err != nil {
			return err
		}
	}
	return nil
}

// keepUsed drops the declarations of shared colours that no rule reads.
func keepUsed(declarations string, rules []byte) string {
	used := map[string]bool{}
	for _, m := range usedVariable.FindAllSubmatch(rules, -1) {
		used[string(m[1])] = true
	}
	return declaredVariable.ReplaceAllStringFunc(declarations, func(d string) string {
		if name, _, _ := strings.Cut(d, ":"); used[name] {
			return d
		}
		return ""
	})
}

// scripts bundles one module per area.
func (b *builder) scripts() error {
	for _, entry := range []string{"citizen.js", "agent.js", "open.js"} {
		body, err := bundle(api.BuildOptions{
			EntryPoints: []string{filepath.Join(b.src, "js", entry)}, Format: api.FormatESModule, MinifyIdentifiers: true,
		})
		if err != nil {
			return err
		}
		if err := b.add(entry, body); err != nil {
			return err
		}
	}
	return nil
}

// worker builds the service worker: the only file with a fixed name, since its
// address is its identity. Its version is the hash of every asset's name:
// one that changes empties what it kept.
func (b *builder) worker() error {
	list, err := json.Marshal(b.names)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(list)
	body, err := bundle(api.BuildOptions{
		EntryPoints: []string{filepath.Join(b.src, "js", "sw.js")}, Format: api.FormatIIFE, MinifyIdentifiers: true,
		Define: map[string]string{"VERSION": `"` + hex.EncodeToString(sum[:4]) + `"`},
	})
	if err != nil {
		return err
	}
	b.names["sw.js"] = "sw.js"
	return b.store("sw.js", body)
}

// sprite puts the icons of icons.txt in one file.
func (b *builder) sprite() error {
	list, err := os.ReadFile(filepath.Join(b.src, "icons.txt"))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for line := range strings.Lines(string(list)) {
		name := strings.TrimSpace(line)
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(b.src, "icons", name+".svg"))
		if err != nil {
			return err
		}
		inner, err := shapes(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(&out, `<symbol id="%s" viewBox="0 0 24 24">%s</symbol>`, name, inner)
	}
	out.WriteString(`</svg>`)
	return b.add("icons.svg", out.Bytes())
}

// shapes gives what stands inside a picture's <svg>, attribute by attribute.
func shapes(svg []byte) (string, error) {
	var out strings.Builder
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err != nil {
			return "", err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local == "svg" {
			continue
		}
		out.WriteString("<" + start.Name.Local)
		for _, a := range start.Attr {
			fmt.Fprintf(&out, ` %s="%s"`, a.Name.Local, a.Value)
		}
		out.WriteString("/>")
	}
}
