package webtest

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Form is a form of a page while it is filled in.
type Form struct {
	t     testing.TB
	page  *Page
	node  *html.Node
	pairs []pair // in the order of the page
	files []upload
}

type pair struct {
	name, value string
	control     *html.Node
	on          bool // of a box or a radio button: ticked
}

type upload struct {
	field, name string
	body        []byte
}

// Form finds the form that a selector names, with what the page filled in.
func (p *Page) Form(selector string) *Form {
	p.t.Helper()
	n := p.One(selector)
	if n.Data != "form" {
		p.t.Fatalf("%q is no form but %s", selector, n.Data)
	}
	f := &Form{t: p.t, page: p, node: n}
	f.collect(n)
	return f
}

// collect lists the controls of the form that a browser would send.
func (f *Form) collect(n *html.Node) {
	for c := range n.ChildNodes() {
		if c.Type != html.ElementNode {
			continue
		}
		if _, off := attribute(c, "disabled"); off { // a fieldset with all that is in it
			continue
		}
		if name := attr(c, "name"); name != "" {
			f.add(c, name)
		}
		if c.Data != "select" && c.Data != "textarea" {
			f.collect(c)
		}
	}
}

func (f *Form) add(c *html.Node, name string) {
	switch c.Data {
	case "input":
		_, checked := attribute(c, "checked")
		switch kind := attr(c, "type"); kind {
		case "file", "submit", "button", "image":
		case "radio", "checkbox":
			f.pairs = append(f.pairs, pair{name, attr(c, "value"), c, checked})
		default:
			f.pairs = append(f.pairs, pair{name, attr(c, "value"), c, true})
		}
	case "textarea":
		f.pairs = append(f.pairs, pair{name, strings.TrimPrefix(rawText(c), "\n"), c, true})
	case "select":
		f.pairs = append(f.pairs, pair{name, selected(c), c, true})
	}
}

// selected gives the value of the option that is chosen, or of the first one.
func selected(n *html.Node) string {
	first, found := "", false
	for o := range n.Descendants() {
		if o.Type != html.ElementNode || o.Data != "option" {
			continue
		}
		value, _ := attribute(o, "value")
		if _, on := attribute(o, "selected"); on {
			return value
		}
		if !found {
			first, found = value, true
		}
	}
	return first
}

func rawText(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// Set types a value, chooses a radio button or an option, or ticks the box that has
// the value. What the page does not offer fails the test.
func (f *Form) Set(name, value string) *Form {
	f.t.Helper()
	done := false
	for i := range f.pairs {
		p := &f.pairs[i]
		if p.name != name {
			continue
		}
		switch kind := attr(p.control, "type"); {
		case kind == "radio":
			p.on = p.value == value
			done = done || p.on
		case kind == "checkbox":
			if p.value == value {
				p.on, done = true, true
			}
		case kind == "hidden":
			f.t.Fatalf("%s is hidden: nobody types there", name)
		default:
			p.value, done = value, true
		}
	}
	if !done {
		f.t.Fatalf("the form of %s offers no %s=%q; it has %q", f.page.Path, name, value, f.Names())
	}
	return f
}

// Fill sets several values.
func (f *Form) Fill(values map[string]string) *Form {
	f.t.Helper()
	for name, value := range values {
		f.Set(name, value)
	}
	return f
}

// Uncheck takes the tick from a box.
func (f *Form) Uncheck(name string) *Form {
	for i := range f.pairs {
		if f.pairs[i].name == name && attr(f.pairs[i].control, "type") == "checkbox" {
			f.pairs[i].on = false
		}
	}
	return f
}

// Value gives what a field holds; of radio buttons, the chosen one's value.
func (f *Form) Value(name string) string {
	for _, p := range f.pairs {
		if p.name == name && p.on {
			return p.value
		}
	}
	return ""
}

// Names lists the fields that the form offers now.
func (f *Form) Names() []string {
	var out []string
	for _, p := range f.pairs {
		if !slices.Contains(out, p.name) {
			out = append(out, p.name)
		}
	}
	return out
}

// Break changes a hidden field, as time or a forger does.
func (f *Form) Break(name, value string) *Form {
	for i := range f.pairs {
		if f.pairs[i].name == name {
			f.pairs[i].value = value
		}
	}
	return f
}

// File chooses a file; the page must ask for it.
func (f *Form) File(field, name string, body []byte) *Form {
	f.t.Helper()
	for n := range f.node.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "type") == "file" && attr(n, "name") == field {
			f.files = append(f.files, upload{field, name, body})
			return f
		}
	}
	f.t.Fatalf("the form of %s asks for no file %s", f.page.Path, field)
	return f
}

// Submit sends the form as the Enter key does: with its first button.
func (f *Form) Submit() *Page {
	f.t.Helper()
	for n := range f.node.Descendants() {
		if isButton(n) {
			return f.send(n)
		}
	}
	return f.send(nil)
}

// Press sends the form with the button whose words begin so.
func (f *Form) Press(label string) *Page {
	f.t.Helper()
	var labels []string
	for n := range f.node.Descendants() {
		if isButton(n) {
			if strings.HasPrefix(text(n), label) {
				return f.send(n)
			}
			labels = append(labels, text(n))
		}
	}
	f.t.Fatalf("the form of %s has no button %q but %q", f.page.Path, label, labels)
	return nil
}

func isButton(n *html.Node) bool {
	return n.Type == html.ElementNode && n.Data == "button" && attr(n, "type") != "button"
}

func (f *Form) send(button *html.Node) *Page {
	f.t.Helper()
	pairs := slices.Clone(f.pairs)
	action := attr(f.node, "action")
	if button != nil {
		if name := attr(button, "name"); name != "" {
			pairs = append(pairs, pair{name, attr(button, "value"), button, true})
		}
		if a := attr(button, "formaction"); a != "" {
			action = a
		}
	}
	if action == "" {
		action = f.page.Path
	}
	path := f.page.resolve(action)
	if !strings.EqualFold(attr(f.node, "method"), http.MethodPost) {
		query := url.Values{}
		for _, p := range pairs {
			if p.on {
				query.Add(p.name, p.value)
			}
		}
		path, _, _ = strings.Cut(path, "?")
		return f.page.browser.Get(path + "?" + query.Encode())
	}
	if attr(f.node, "enctype") == "multipart/form-data" {
		return f.sendMultipart(path, pairs)
	}
	if len(f.files) > 0 {
		f.t.Fatalf("the form of %s cannot send files: it is not multipart", f.page.Path)
	}
	form := url.Values{}
	for _, p := range pairs {
		if p.on {
			form.Add(p.name, p.value)
		}
	}
	return f.page.browser.Post(path, form)
}

func (f *Form) sendMultipart(path string, pairs []pair) *Page {
	f.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range pairs {
		if p.on {
			must(f.t, w.WriteField(p.name, p.value))
		}
	}
	for n := range f.node.Descendants() { // a file input that was left alone is sent empty
		if n.Type != html.ElementNode || n.Data != "input" || attr(n, "type") != "file" {
			continue
		}
		chosen := false
		for _, u := range f.files {
			if u.field == attr(n, "name") {
				part, err := w.CreateFormFile(u.field, u.name)
				must(f.t, err)
				_, err = part.Write(u.body)
				must(f.t, err)
				chosen = true
			}
		}
		if !chosen {
			_, err := w.CreateFormFile(attr(n, "name"), "")
			must(f.t, err)
		}
	}
	must(f.t, w.Close())
	return f.page.browser.send(http.MethodPost, path, w.FormDataContentType(), body.Bytes())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
