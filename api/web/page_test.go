package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// drawn fetches one style page.
func drawn(t *testing.T, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	styleHandler(newUI(t, slog.New(slog.DiscardHandler))).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://castanet-tolosan.localhost"+path, nil))
	return w.Code, w.Body.String()
}

func TestEveryPageIsWellBuilt(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/formulaire", "/agents", "/agents/connexion", "/fautes/unavailable"} {
		_, page := drawn(t, path)
		if n := len(find(t, page, "h1")); n != 1 {
			t.Errorf("%s has %d main headings", path, n)
		}
		if n := len(find(t, page, "main#contenu")); n != 1 {
			t.Errorf("%s has %d main landmarks", path, n)
		}
		if n := len(find(t, page, "html[lang=fr]")); n != 1 {
			t.Errorf("%s does not say that it is French", path)
		}
		seen := map[string]bool{}
		for _, n := range find(t, page, "[id]") {
			if id := attr(n, "id"); seen[id] {
				t.Errorf("%s: the id %s stands twice", path, id)
			} else {
				seen[id] = true
			}
		}
		for _, selector := range []string{"label[for]", "a[href^='#']", "[aria-describedby]", "[aria-labelledby]"} {
			for _, n := range find(t, page, selector) {
				for id := range strings.FieldsSeq(attr(n, "for") + " " + strings.TrimPrefix(attr(n, "href"), "#") + " " + attr(n, "aria-describedby") + " " + attr(n, "aria-labelledby")) {
					if !strings.HasPrefix(id, "/") && !seen[id] {
						t.Errorf("%s: %s leads to %q, which is nowhere", path, selector, id)
					}
				}
			}
		}
		for _, n := range find(t, page, "input:not([type=hidden]), select, textarea") {
			if len(find(t, page, `label[for="`+attr(n, "id")+`"]`)) != 1 {
				t.Errorf("%s: the field %s has no label", path, attr(n, "name"))
			}
		}
	}
}

func TestAFormToCorrectSaysSo(t *testing.T) {
	t.Parallel()
	status, page := drawn(t, "/formulaire")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("status %d; want 422", status)
	}
	if got := text(find(t, page, "title")[0]); !strings.HasPrefix(got, "Erreur\u00a0: Réserver") || !strings.HasSuffix(got, "– Castanet-Tolosan") {
		t.Errorf("the title is %q", got)
	}
	if n := len(find(t, page, ".error-summary[role=alert] a")); n != 7 {
		t.Errorf("the summary lists %d errors; want 7", n)
	}
	email := find(t, page, "input[name=courriel]")
	if len(email) != 1 || attr(email[0], "aria-invalid") != "true" || attr(email[0], "value") != "aminata.lefevre@" || attr(email[0], "type") != "email" {
		t.Error("the address to correct is not shown as typed, and as wrong")
	}
	if hidden := find(t, page, "fieldset[hidden][disabled][data-show-if] input[name=hauteur]"); len(hidden) != 1 {
		t.Error("the question that depends on another answer is not hidden")
	}
}

type brokenPage struct {
	web.Frame
	Known string
	Items []struct{ Name string }
}

func TestTemplatesAreCheckedAgainstTheirStruct(t *testing.T) {
	t.Parallel()
	parse := func(body string) (fault any) {
		defer func() { fault = recover() }()
		web.MustParse[brokenPage](web.Citizen, fstest.MapFS{"p.html": {Data: []byte(`{{define "main"}}` + body + `{{end}}`)}}, "p.html")
		return nil
	}
	for _, good := range []string{
		`{{.Known}}{{.Site.Name}}{{range .Items}}{{.Name}}{{$.Known}}{{end}}`, `{{with $x := .Known}}{{$x}}{{else}}{{.Title}}{{end}}`,
		`{{range $i, $e := .Items}}{{$i}}{{$e.Name}}{{end}}`, `{{template "button" button .Known}}`, `{{plural (len .Items) "a" "b"}}{{template "csrf" .}}`,
	} {
		if fault := parse(good); fault != nil {
			t.Errorf("%s is refused: %v", good, fault)
		}
	}
	for _, bad := range []string{
		`{{.Unknown}}`, `{{if false}}{{.Unknown}}{{end}}`, `{{range .Items}}{{.Label}}{{end}}`, `{{range .Items}}{{.Known}}{{end}}`, `{{range .Known}}{{end}}`,
		`{{template "input" .Known}}`, `{{template "absent" .}}`, `{{.Site.Nom}}`, `{{button .Items}}`, `{{plural .Known "a" "b"}}`, `{{.Site.frame}}`, `{{icon "licorne"}}`,
	} {
		if parse(bad) == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestSiteFiles(t *testing.T) {
	t.Parallel()
	handler := styleHandler(newUI(t, slog.New(slog.DiscardHandler)))
	get := func(host, path string) *http.Response {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
		handler.ServeHTTP(w, r)
		return w.Result()
	}
	green, yellow := styleSite("#1f6b5c").ThemeURL("citizen"), styleSite("#ffcc00").ThemeURL("citizen")
	if green == yellow {
		t.Fatal("two colours share one address")
	}
	if res := get("castanet.localhost", green); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("its own theme: %d %v", res.StatusCode, res.Header)
	}
	if res := get("castanet.localhost", yellow); res.StatusCode != http.StatusFound || res.Header.Get("Location") != green {
		t.Errorf("an old theme: %d to %q; want a redirect to %s", res.StatusCode, res.Header.Get("Location"), green)
	}
	for path, kind := range map[string]string{"/manifest.webmanifest": "application/manifest+json", "/hors-ligne": "text/html; charset=utf-8"} {
		if res := get("castanet.localhost", path); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
}

func TestFrenchWords(t *testing.T) {
	t.Parallel()
	day := calendar.NewDate(2026, time.November, 21)
	for got, want := range map[string]string{
		web.Number(1234567): "1\u202f234\u202f567", web.Number(-12): "−12", web.Plural(0, "demande", "demandes"): "0\u00a0demande", web.Plural(2, "demande", "demandes"): "2\u00a0demandes",
		web.Size(1_240_000): "1,2\u00a0Mo", web.Size(820_000): "820\u00a0Ko", web.DateTime(time.Date(2026, 11, 21, 14, 5, 0, 0, time.UTC)): day.French() + " à 14\u00a0h\u00a005",
		web.Sentence(fault.New(fault.Invalid, "file_empty")): "Ce fichier est vide. Choisissez-en un autre.", web.Sentence(fault.New(fault.NotFound, "jamais_vu")): "L’adresse est peut-être incomplète, ou la page a été retirée.",
	} {
		if got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/": true, "/demandes/26-000123?x=1#y": true, "": false, "//ailleurs.example": false, "https://ailleurs.example": false, `/\ailleurs`: false, "javascript:alert(1)": false, "/a\r\nb": false,
	} {
		if web.LocalPath(path) != want {
			t.Errorf("LocalPath(%q) = %v", path, !want)
		}
	}
}

func TestAttachmentsNeverRun(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"plan.pdf": `attachment; filename=plan.pdf`, "../../été \"x\".html": "attachment; filename*=utf-8''.._.._%C3%A9t%C3%A9%20_x_.html"} {
		w := httptest.NewRecorder()
		web.Attachment(w, name, "application/pdf", 12)
		if got := w.Header().Get("Content-Disposition"); got != want {
			t.Errorf("%s: %s; want %s", name, got, want)
		}
		if !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "sandbox") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v could run on our host", name, w.Header())
		}
	}
}

func TestLimiterSlowsEachKeyAlone(t *testing.T) {
	t.Parallel()
	l := web.NewLimiter(1, 3)
	for i := range 3 {
		if ok, _ := l.Allow("a"); !ok {
			t.Fatalf("try %d is refused", i+1)
		}
	}
	if ok, wait := l.Allow("a"); ok || wait <= 0 || wait > time.Minute {
		t.Errorf("the fourth try: %v, %v", ok, wait)
	}
	if ok, _ := l.Allow("b"); !ok {
		t.Error("another key is slowed down too")
	}
	for i := range 100_000 {
		l.Allow(string(rune(i)))
	}
}

func TestLimiterTakesSeveralAtOnce(t *testing.T) {
	t.Parallel()
	l := web.NewLimiter(1, 10)
	if ok, _ := l.AllowN("a", 8); !ok {
		t.Error("eight of ten are refused")
	}
	if ok, wait := l.AllowN("a", 8); ok || wait < 5*time.Minute || wait > 6*time.Minute {
		t.Errorf("eight more: %v, %v", ok, wait)
	}
	if ok, _ := l.AllowN("a", 2); !ok {
		t.Error("a refusal has cost something")
	}
	if ok, _ := l.AllowN("b", 11); ok {
		t.Error("more than the burst")
	}
}

func TestClientNetworkIsOneSubscriber(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1:4711": "192.0.2.1", "[::ffff:192.0.2.1]:1": "192.0.2.1", "[2001:db8:1:2:aaaa::1]:9": "2001:db8:1:2::/64",
		"[2001:db8:1:2:bbbb::7]:80": "2001:db8:1:2::/64", "@": "@",
	} {
		if got := web.ClientNetwork(&http.Request{RemoteAddr: address}); got != want {
			t.Errorf("%s: %s; want %s", address, got, want)
		}
	}
}
