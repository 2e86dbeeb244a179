package webtest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// Browser is a browser without script: it keeps cookies, follows redirects and
// sends forms as they stand.
type Browser struct {
	t      testing.TB
	host   string
	client *http.Client
}

func newBrowser(t testing.TB, d *Deployment, host string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	target := strings.TrimPrefix(d.URL(), "http://")
	host, _, _ = strings.Cut(host, ":")
	transport := d.server.Client().Transport.(*http.Transport).Clone() //nolint:forcetypeassert // httptest's is one
	dialer := &net.Dialer{}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if outside(address) {
			return dialer.DialContext(ctx, network, address)
		}
		return dialer.DialContext(ctx, network, target)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &Browser{t: t, host: host, client: &http.Client{Jar: jar, Transport: transport}}
}

// outside tells whether a host is another server of the tests, as FranceConnect is one:
// the deployment's own are names, those are addresses of this machine.
func outside(host string) bool {
	name, _, err := net.SplitHostPort(host)
	return err == nil && name == "127.0.0.1"
}

// Get fetches a page and follows redirects.
func (b *Browser) Get(path string) *Page {
	b.t.Helper()
	return b.send(http.MethodGet, path, "", nil)
}

// Post sends a form that no page showed (a forger's).
func (b *Browser) Post(path string, form url.Values) *Page {
	b.t.Helper()
	return b.send(http.MethodPost, path, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// Forget drops every cookie, as a closed browser does.
func (b *Browser) Forget() {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar = jar
}

// Cookies are those that the browser would send now.
func (b *Browser) Cookies() []*http.Cookie { return b.client.Jar.Cookies(b.url("/")) }

// SetCookies plants cookies, as somebody who stole them would.
func (b *Browser) SetCookies(cookies []*http.Cookie) { b.client.Jar.SetCookies(b.url("/"), cookies) }

func (b *Browser) url(path string) *url.URL {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = "http://" + b.host + path
	}
	u, err := url.Parse(path)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

func (b *Browser) send(method, path, contentType string, body []byte) *Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url(path).String(), bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	p := &Page{t: b.t, browser: b, Status: answer.StatusCode, Header: answer.Header, Body: text, Path: answer.Request.URL.Path, Query: answer.Request.URL.Query(), Host: answer.Request.URL.Host}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		if p.root, err = html.Parse(bytes.NewReader(text)); err != nil {
			b.t.Fatal(err)
		}
	}
	return p
}

// Page is what the browser shows, after redirects.
type Page struct {
	t       testing.TB
	browser *Browser
	root    *html.Node

	Status int
	Header http.Header
	Body   []byte
	Path   string
	Query  url.Values
	Host   string
}

// Want fails the test unless the page has this status and stands at this path.
func (p *Page) Want(status int, path string) *Page {
	p.t.Helper()
	if p.Status != status || path != "" && p.Path != path {
		p.t.Fatalf("the page is %d at %s (%q; %q); want %d at %s", p.Status, p.Path, p.Title(), p.Texts(".error-summary li"), status, path)
	}
	return p
}

// Title is the text of the page's first heading.
func (p *Page) Title() string {
	if found := p.All("h1"); len(found) > 0 {
		return text(found[0])
	}
	return ""
}

// All gives the elements that a CSS selector finds.
func (p *Page) All(selector string) []*html.Node {
	p.t.Helper()
	s, err := cascadia.ParseGroup(selector)
	if err != nil {
		p.t.Fatalf("%q: %v", selector, err)
	}
	if p.root == nil {
		return nil
	}
	return cascadia.QueryAll(p.root, s)
}

// Has tells whether a selector finds something.
func (p *Page) Has(selector string) bool {
	p.t.Helper()
	return len(p.All(selector)) > 0
}

// One gives the first element that a selector finds; none fails the test.
func (p *Page) One(selector string) *html.Node {
	p.t.Helper()
	found := p.All(selector)
	if len(found) == 0 {
		p.t.Fatalf("no %q on %s (%d, %q)", selector, p.Path, p.Status, p.Title())
	}
	return found[0]
}

// Text gives the words of the first element that a selector finds, spaces joined
// (non-breaking ones too).
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return text(p.One(selector))
}

// Texts gives the words of each element that a selector finds.
func (p *Page) Texts(selector string) []string {
	p.t.Helper()
	var out []string
	for _, n := range p.All(selector) {
		out = append(out, text(n))
	}
	return out
}

// Attr gives an attribute of the first element that a selector finds.
func (p *Page) Attr(selector, name string) string {
	p.t.Helper()
	return attr(p.One(selector), name)
}

// Follow follows the link whose words begin so.
func (p *Page) Follow(label string) *Page {
	p.t.Helper()
	for _, a := range p.All("a[href]") {
		if strings.HasPrefix(text(a), label) {
			return p.browser.Get(p.resolve(attr(a, "href")))
		}
	}
	p.t.Fatalf("no link %q on %s (%q)", label, p.Path, p.Texts("a[href]"))
	return nil
}

// Reload fetches the page again.
func (p *Page) Reload() *Page {
	p.t.Helper()
	path := p.Path
	if len(p.Query) > 0 {
		path += "?" + p.Query.Encode()
	}
	return p.browser.Get(path)
}

func (p *Page) resolve(reference string) string {
	p.t.Helper()
	base := p.browser.url(p.Path)
	base.Host, base.RawQuery = p.Host, p.Query.Encode()
	u, err := base.Parse(reference)
	if err != nil {
		p.t.Fatal(err)
	}
	if u.Host != p.browser.host && !outside(u.Host) {
		p.t.Fatalf("%s leads to another host", reference)
	}
	return u.String()
}

// text gives the words inside an element.
func text(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if n.Type == html.ElementNode && n.Data == "br" {
			b.WriteByte(' ')
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func attr(n *html.Node, name string) string {
	v, _ := attribute(n, name)
	return v
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// Stop asks for a page and gives where it leads, without going there.
func (b *Browser) Stop(path string) string {
	b.t.Helper()
	still := *b.client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url(path).String(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	answer, err := still.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.Header.Get("Location")
}
