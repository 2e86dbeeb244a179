package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// journal is a log that a test can read while a server writes it.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// served starts a real server around routes and gives a browser-like client.
func served(t *testing.T, routes func(*web.UI, *http.ServeMux)) (*httptest.Server, *http.Client, *journal) {
	t.Helper()
	log := &journal{}
	ui := newUI(t, slog.New(slog.NewJSONHandler(log, nil)))
	mux := http.NewServeMux()
	for _, p := range web.AssetPaths {
		mux.Handle(p, web.Assets())
	}
	routes(ui, mux)
	server := httptest.NewServer(ui.Wrap(mux))
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return server, client, log
}

func do(t *testing.T, client *http.Client, method, address string, body io.Reader, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// find gives the elements that a selector matches.
func find(t *testing.T, page, selector string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return cascadia.QueryAll(doc, cascadia.MustCompile(selector))
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}

const formType = "application/x-www-form-urlencoded"

// formRoutes is a page with a form, and the handlers it is sent to.
func formRoutes(ui *web.UI, mux *http.ServeMux) {
	site := styleSite("#1f6b5c")
	mux.HandleFunc("GET /dossier/{code}", func(w http.ResponseWriter, r *http.Request) {
		if err := componentsTemplate.Render(w, r, http.StatusOK, componentsPage(ui, w, r, site)); err != nil {
			ui.Fail(w, r, site, err)
		}
	})
	mux.HandleFunc("POST /dossier/{code}", func(w http.ResponseWriter, r *http.Request) {
		form, err := ui.Form(w, r)
		if err != nil {
			w.Header().Set("X-Kept", form.Get("motif"))
			ui.Fail(w, r, site, err)
			return
		}
		ui.SetFlash(w, r, web.Success, "Enregistré.")
		w.Header().Set("X-Motif", form.Get("motif"))
		web.Redirect(w, r, "/dossier/x")
	})
	mux.HandleFunc("POST /connexion", func(w http.ResponseWriter, r *http.Request) {
		ui.SetSession(w, r, "un-jeton", time.Hour)
	})
	mux.HandleFunc("POST /fichiers", func(w http.ResponseWriter, r *http.Request) {
		var names []string
		form, err := ui.Upload(w, r, func(p web.Part) error {
			body, err := io.ReadAll(p)
			if err != nil {
				return err
			}
			if len(body) == 0 {
				return fault.New(fault.Invalid, "file_empty")
			}
			names = append(names, p.Name+"="+p.Filename)
			return nil
		})
		w.Header().Set("X-Files", strings.Join(names, ","))
		w.Header().Set("X-Kept", form.Get("motif"))
		if err != nil {
			ui.Fail(w, r, site, err)
		}
	})
}

// formToken opens the form and gives its token.
func formToken(t *testing.T, client *http.Client, base string) string {
	t.Helper()
	_, page := do(t, client, http.MethodGet, base+"/dossier/K7QF-3MPX", nil)
	found := find(t, page, `main form input[name=_csrf]`)
	if len(found) != 1 || attr(found[0], "value") == "" {
		t.Fatalf("the form carries %d tokens", len(found))
	}
	return attr(found[0], "value")
}

func TestFormTakesOnlyItsOwnToken(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, formRoutes)
	good := formToken(t, client, server.URL)
	again := formToken(t, client, server.URL)
	if good == again {
		t.Error("two pages carry the same token: a compressed page tells its bytes")
	}
	for _, c := range []struct {
		name, token string
		status      int
	}{
		{"own", good, http.StatusSeeOther}, {"own, masked otherwise", again, http.StatusSeeOther},
		{"none", "", http.StatusForbidden}, {"cut", good[:20], http.StatusForbidden}, {"no base64", "%%%", http.StatusForbidden},
	} {
		res, _ := do(t, client, http.MethodPost, server.URL+"/dossier/x", strings.NewReader(url.Values{"_csrf": {c.token}, "motif": {"bonjour"}}.Encode()), "Content-Type", formType)
		if res.StatusCode != c.status {
			t.Errorf("%s token: %d; want %d", c.name, res.StatusCode, c.status)
		}
		if c.status == http.StatusForbidden && res.Header.Get("X-Kept") != "bonjour" {
			t.Errorf("%s token: what was typed is lost", c.name)
		}
	}
	other := &http.Client{CheckRedirect: client.CheckRedirect}
	res, _ := do(t, other, http.MethodPost, server.URL+"/dossier/x", strings.NewReader(url.Values{"_csrf": {good}}.Encode()), "Content-Type", formType)
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("another browser's token: %d; want 403", res.StatusCode)
	}
}

func TestSigningInEndsOlderForms(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, formRoutes)
	before := formToken(t, client, server.URL)
	do(t, client, http.MethodPost, server.URL+"/connexion", nil)
	res, _ := do(t, client, http.MethodPost, server.URL+"/dossier/x", strings.NewReader(url.Values{"_csrf": {before}}.Encode()), "Content-Type", formType)
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a form drawn before signing in: %d; want 403", res.StatusCode)
	}
	res, _ = do(t, client, http.MethodPost, server.URL+"/dossier/x", strings.NewReader(url.Values{"_csrf": {formToken(t, client, server.URL)}}.Encode()), "Content-Type", formType)
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("a form drawn after: %d; want 303", res.StatusCode)
	}
}

func TestCrossSitePostsAreRefused(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, formRoutes)
	body := url.Values{"_csrf": {formToken(t, client, server.URL)}}.Encode()
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://ailleurs.example"}} {
		res, page := do(t, client, http.MethodPost, server.URL+"/dossier/x", strings.NewReader(body), append(headers, "Content-Type", formType)...)
		if res.StatusCode != http.StatusForbidden || len(find(t, page, "main h1")) != 1 {
			t.Errorf("%v: %d; want a plain page with 403", headers, res.StatusCode)
		}
	}
}

func TestFlashIsShownOnce(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, func(ui *web.UI, mux *http.ServeMux) {
		mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
			p := signInStyle{Frame: ui.Frame(w, r, styleSite("#1f6b5c"), "Accueil")}
			if err := signInTemplate.Render(w, r, http.StatusOK, p); err != nil {
				t.Error(err)
			}
		})
		mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
			ui.SetFlash(w, r, web.Success, "Le message est envoyé.")
			web.Redirect(w, r, "//ailleurs.example")
		})
	})
	res, _ := do(t, client, http.MethodPost, server.URL+"/", nil)
	if got := res.Header.Get("Location"); got != "/" {
		t.Errorf("a redirect to another host leads to %q; want home", got)
	}
	do(t, client, http.MethodGet, server.URL+"/", nil, "Sec-Purpose", "prefetch")
	for i, want := range []int{1, 0} {
		_, page := do(t, client, http.MethodGet, server.URL+"/", nil)
		if got := len(find(t, page, "[role=status] .notice.success")); got != want {
			t.Errorf("page %d shows %d messages; want %d", i+1, got, want)
		}
	}
}

func TestUploadKeepsTheRestOfTheDraft(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, formRoutes)
	good := formToken(t, client, server.URL)
	send := func(token string) *http.Response {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		write := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		write(w.WriteField("_csrf", token))
		for _, f := range []struct{ name, file, body string }{{"vide", "vide.pdf", ""}, {"plan", "plan.pdf", "%PDF-1.7"}, {"rien", "", ""}} {
			part, err := w.CreateFormFile(f.name, f.file)
			write(err)
			_, err = io.WriteString(part, f.body)
			write(err)
		}
		write(w.WriteField("motif", "mon motif"))
		write(w.Close())
		res, _ := do(t, client, http.MethodPost, server.URL+"/fichiers", &b, "Content-Type", w.FormDataContentType())
		return res
	}
	res := send(good)
	if res.StatusCode != http.StatusUnprocessableEntity || res.Header.Get("X-Files") != "plan=plan.pdf" || res.Header.Get("X-Kept") != "mon motif" {
		t.Errorf("with an empty file: %d, files %q, kept %q; want 422, the other file and the text", res.StatusCode, res.Header.Get("X-Files"), res.Header.Get("X-Kept"))
	}
	res = send("faux")
	if res.StatusCode != http.StatusForbidden || res.Header.Get("X-Files") != "" {
		t.Errorf("with a false token: %d, files %q; want 403 and none taken", res.StatusCode, res.Header.Get("X-Files"))
	}
}

func TestTooLargeAFormIsRefused(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, formRoutes)
	body := url.Values{"_csrf": {formToken(t, client, server.URL)}, "motif": {strings.Repeat("a", web.MaxForm)}}.Encode()
	res, _ := do(t, client, http.MethodPost, server.URL+"/dossier/x", strings.NewReader(body), "Content-Type", formType)
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d; want 413", res.StatusCode)
	}
}

func TestLogsNameNobody(t *testing.T) {
	t.Parallel()
	server, client, log := served(t, formRoutes)
	res, _ := do(t, client, http.MethodGet, server.URL+"/dossier/K7QF-3MPX?nom=Lefevre", nil)
	got := log.String()
	for _, secret := range []string{"K7QF", "Lefevre", "127.0.0.1:0"} {
		if strings.Contains(got, secret) {
			t.Errorf("the log holds %q: %s", secret, got)
		}
	}
	if !strings.Contains(got, `"route":"GET /dossier/{code}"`) || !strings.Contains(got, res.Header.Get("X-Request-Id")) || res.Header.Get("X-Request-Id") == "" {
		t.Errorf("the log lacks the route or the request id: %s", got)
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, formRoutes)
	res, page := do(t, client, http.MethodGet, server.URL+"/dossier/x", nil)
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=()", "Cache-Control": "no-cache",
	} {
		if got := res.Header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q lacks %q", name, got, want)
		}
	}
	if csp := res.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("the policy is not strict: %s", csp)
	}
	if got := find(t, page, "[style], style, script:not([src]), [onclick], [tabindex='1']"); len(got) > 0 {
		t.Errorf("the page holds %d inline styles, scripts or positive tab indexes", len(got))
	}
	for _, c := range res.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie %s is not host-only, HttpOnly and Lax", c.Name)
		}
	}
}

func TestSecureCookiesBearTheHostPrefix(t *testing.T) {
	t.Parallel()
	ui, err := web.New(web.Config{Key: make([]byte, 32), Secure: true, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	ui.SetSession(w, httptest.NewRequest(http.MethodGet, "/", nil), "jeton", time.Hour)
	for _, c := range w.Result().Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-parvis") || !c.Secure || c.Domain != "" || c.Path != "/" {
			t.Errorf("%v is no __Host- cookie", c)
		}
	}
	if _, err := web.New(web.Config{Key: make([]byte, 31), Log: slog.New(slog.DiscardHandler), Now: time.Now}); err == nil {
		t.Error("a short key is accepted")
	}
}

func TestPagesTravelCompressed(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, formRoutes)
	client.Transport = &http.Transport{DisableCompression: true}
	_, plain := do(t, client, http.MethodGet, server.URL+"/dossier/x", nil)
	for encoding, open := range map[string]func(io.Reader) (io.Reader, error){
		"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	} {
		res, body := do(t, client, http.MethodGet, server.URL+"/dossier/x", nil, "Accept-Encoding", encoding)
		r, err := open(strings.NewReader(body))
		if err != nil || res.Header.Get("Content-Encoding") != encoding {
			t.Fatalf("%s: encoding %q, %v", encoding, res.Header.Get("Content-Encoding"), err)
		}
		page, err := io.ReadAll(r)
		if err != nil || len(page) != len(plain) || len(body)*2 > len(page) {
			t.Errorf("%s: %d bytes for %d (%d plain), %v", encoding, len(body), len(page), len(plain), err)
		}
	}
	res, _ := do(t, client, http.MethodGet, server.URL+"/dossier/x", nil, "Accept-Encoding", "br;q=0, gzip;q=0.0")
	if got := res.Header.Get("Content-Encoding"); got != "" {
		t.Errorf("a client that refuses both gets %q", got)
	}
}

func TestAssetsAreServedForEver(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, formRoutes)
	client.Transport = &http.Transport{DisableCompression: true}
	for name, kind := range map[string]string{
		"citizen.css": "text/css; charset=utf-8", "agent.js": "text/javascript; charset=utf-8", "icons.svg": "image/svg+xml", "bricolage.woff2": "font/woff2",
	} {
		res, body := do(t, client, http.MethodGet, server.URL+web.Asset(name), nil, "Accept-Encoding", "gzip, br")
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != kind || res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || body == "" {
			t.Errorf("%s: %d, %v", name, res.StatusCode, res.Header)
		}
		if want := map[bool]string{true: "", false: "br"}[name == "bricolage.woff2"]; res.Header.Get("Content-Encoding") != want {
			t.Errorf("%s is sent as %q; want %q", name, res.Header.Get("Content-Encoding"), want)
		}
	}
	for _, path := range []string{"/assets/index.json", "/assets/absent.css", web.Asset("citizen.css") + ".br", "/assets/..%2fbuild.go"} {
		if res, _ := do(t, client, http.MethodGet, server.URL+path, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d; want 404", path, res.StatusCode)
		}
	}
	if res, _ := do(t, client, http.MethodGet, server.URL+"/sw.js", nil); res.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("the service worker is kept: %v", res.Header)
	}
}

func TestFailSaysWhatToDo(t *testing.T) {
	t.Parallel()
	errs := map[string]error{
		"inconnu": errors.New("duplicate key (email)=(aminata@exemple.fr)"), "absent": fault.New(fault.NotFound, "not_found"), "pris": fault.New(fault.Conflict, "request_changed"),
		"gros": fault.New(fault.TooLarge, "file_too_large"), "vite": fault.New(fault.TooMany, "too_many"), "parti": fault.New(fault.Unavailable, "database_away"),
		"lent": context.DeadlineExceeded, "interdit": fault.New(fault.Forbidden, "not_allowed"), "faux": fault.New(fault.Invalid, "settings_invalid", fault.Field{Path: "email", Code: "email"}),
		"dehors": fault.New(fault.Unauthorized, "sign_in_again"),
	}
	server, client, log := served(t, func(ui *web.UI, mux *http.ServeMux) {
		mux.HandleFunc("GET /{code}", func(w http.ResponseWriter, r *http.Request) {
			if r.PathValue("code") == "panique" {
				panic("boum")
			}
			ui.Fail(w, r, styleSite("#1f6b5c"), errs[r.PathValue("code")])
		})
	})
	for path, want := range map[string]int{
		"inconnu": 500, "absent": 404, "pris": 409, "gros": 413, "vite": 429, "parti": 503, "lent": 503, "interdit": 403, "faux": 422, "dehors": 403, "panique": 500,
	} {
		res, page := do(t, client, http.MethodGet, server.URL+"/"+path, nil)
		if res.StatusCode != want {
			t.Errorf("%s: %d; want %d", path, res.StatusCode, want)
		}
		if h1, lede := find(t, page, "main h1"), find(t, page, "main .lede"); len(h1) != 1 || len(lede) != 1 || len(text(lede[0])) < 20 {
			t.Errorf("%s: no heading and sentence", path)
		}
		if strings.Contains(page, "aminata") || strings.Contains(page, "boum") {
			t.Errorf("%s: the page echoes the cause", path)
		}
		if needs := want == 503 || want == 429; (res.Header.Get("Retry-After") != "") != needs {
			t.Errorf("%s: Retry-After is %q", path, res.Header.Get("Retry-After"))
		}
	}
	if got := log.String(); strings.Count(got, `"msg":"fault"`) != 3 || strings.Count(got, `"msg":"panic"`) != 1 {
		t.Errorf("faults of ours are logged once each: %s", got)
	}
}

func TestUnchangedPagesAreNotSentAgain(t *testing.T) {
	t.Parallel()
	server, client, _ := served(t, func(ui *web.UI, mux *http.ServeMux) {
		mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
			if err := listTemplate.Render(w, r, http.StatusOK, listStyle{Frame: ui.Frame(w, r, styleSite("#1f6b5c"), "Liste")}); err != nil {
				t.Error(err)
			}
		})
	})
	res, _ := do(t, client, http.MethodGet, server.URL+"/", nil)
	tag := res.Header.Get("ETag")
	if tag == "" {
		t.Fatal("the page has no ETag")
	}
	res, body := do(t, client, http.MethodGet, server.URL+"/", nil, "If-None-Match", tag)
	if res.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("%d with %d bytes; want 304 with none", res.StatusCode, len(body))
	}
	res, _ = do(t, client, http.MethodGet, server.URL+"/", nil, "If-None-Match", tag, "Cookie", "parvis=jeton")
	if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("signed in: %d, %s; want a page that nobody keeps", res.StatusCode, res.Header.Get("Cache-Control"))
	}
}
