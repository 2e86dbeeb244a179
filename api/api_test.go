package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
)

// serve opens the handler of every host over a deployment.
func serve(t *testing.T, platform http.Handler) (*webtest.Deployment, func(method, host, path string) (int, http.Header, string)) {
	t.Helper()
	d := webtest.New(t)
	server := httptest.NewServer(api.New(api.Config{Deps: d.Deps, Platform: platform}))
	t.Cleanup(server.Close)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return d, func(method, host, path string) (int, http.Header, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header, string(text)
	}
}

func TestUnknownHosts(t *testing.T) {
	t.Parallel()
	_, get := serve(t, nil)
	for _, host := range []string{"nobody.localhost", "castanet-tolosan.example", "127.0.0.1", "a.castanet-tolosan.localhost", "castanet-tolosan.localhost.example", "", "xn--.localhost"} {
		for _, path := range []string{"/", "/api/v1/procedures", "/agents", "/manifest.webmanifest", "/demo/accounts.json"} {
			status, header, body := get("GET", host, path)
			if status != 404 && status != 400 || strings.Contains(body, "Castanet") || strings.Contains(body, "05 61") {
				t.Errorf("%q%s answers %d: %.200s", host, path, status, body)
			}
			if strings.HasPrefix(path, "/api/") && status == 404 && header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%q%s answers %s", host, path, header.Get("Content-Type"))
			}
		}
	}
}

func TestAreas(t *testing.T) {
	t.Parallel()
	platform := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the platform") })
	d, get := serve(t, platform)
	commune, hub := d.Registry.Host(d.Tenant.Slug), d.Registry.Host(d.Hub.Slug)
	for _, c := range []struct {
		host, path string
		status     int
		holds      string
	}{
		{commune, "/", 200, "Castanet-Tolosan"}, {strings.ToUpper(commune), "/", 200, "Castanet-Tolosan"}, {commune + ".", "/", 200, "Castanet-Tolosan"}, {commune + ":8080", "/", 200, "Castanet-Tolosan"},
		{commune, "/demarches", 200, "Castanet-Tolosan"}, {commune, "/agents", 303, ""}, {commune, "/agents/connexion", 200, "mot de passe"}, {commune, "/agentsx", 404, ""},
		{commune, "/api/v1/procedures", 200, `"items"`}, {commune, "/api/v2", 404, `"code":"not_found"`}, {commune, "/apix", 404, "<html"},
		{commune, "/%00", 404, ""}, {commune, "/demarches/%ff", 404, ""}, {hub, "/", 303, ""}, {hub, "/connexion", 200, "mot de passe"}, {hub, "/api/v1/procedures", 404, ""}, {hub, "/agents", 404, ""},
		{"localhost", "/", 200, "the platform"}, {commune, "/sw.js", 200, ""},
	} {
		status, _, body := get("GET", c.host, c.path)
		if status != c.status || !strings.Contains(strings.ToLower(body), strings.ToLower(c.holds)) {
			t.Errorf("%s%s answers %d: %.300s; want %d with %q", c.host, c.path, status, body, c.status, c.holds)
		}
	}
}

// What an agent changes in the settings shows at once where it was changed, and
// elsewhere within seconds.
func TestSettingsAreForgotten(t *testing.T) {
	t.Parallel()
	d, get := serve(t, nil)
	host := d.Registry.Host(d.Tenant.Slug)
	change := func(phone string) {
		d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
			s, version, err := tenants.GetSettings(ctx, tx)
			if err != nil {
				return err
			}
			s.Phone = phone
			return tenants.PutSettings(ctx, tx, s, version)
		})
	}
	shows := func(phone string) bool {
		_, _, body := get("GET", host, "/")
		return strings.Contains(strings.ReplaceAll(body, "\u00a0", " "), phone)
	}
	change("05 61 11 11 11")
	if !shows("05 61 11 11 11") {
		t.Fatal("the first page does not show the settings")
	}
	change("05 61 22 22 22")
	d.Clock.Set(d.Clock.Now().Add(4e9))
	if shows("05 61 22 22 22") {
		t.Error("the settings are read for each page")
	}
	d.Clock.Set(d.Clock.Now().Add(2e9))
	if !shows("05 61 22 22 22") {
		t.Error("after six seconds the old settings are shown")
	}
}

func TestSuspendedTenant(t *testing.T) {
	t.Parallel()
	d, get := serve(t, nil)
	if _, err := d.Pool.Exec(t.Context(), `update platform.tenant set state = 'suspended' where id = $1`, d.Other.ID); err != nil {
		t.Fatal(err)
	}
	host := d.Registry.Host(d.Other.Slug)
	for _, path := range []string{"/", "/demarches", "/suivi"} {
		if status, _, body := get("GET", host, path); status != 503 || !strings.Contains(body, "Portail suspendu") || !strings.Contains(body, "05 61 00 00 00") || !strings.Contains(body, "1 place de la Liberté") {
			t.Errorf("a suspended commune's %s answers %d: %s", path, status, body)
		}
	}
	if status, header, _ := get("GET", host, "/api/v1/procedures"); status != 503 || header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a suspended commune's API answers %d", status)
	}
	if status, _, _ := get("GET", host, "/agents"); status != 303 {
		t.Errorf("a suspended commune's agents' door answers %d", status)
	}
	if status, _, _ := get("GET", d.Registry.Host(d.Tenant.Slug), "/"); status != 200 {
		t.Errorf("its neighbour answers %d", status)
	}
}

func TestACommunesOwnNameIsItsAddress(t *testing.T) {
	t.Parallel()
	d, get := serve(t, nil)
	const own, second = "demarches.castanet-tolosan.fr", "castanet-tolosan.fr"
	commune := d.Registry.Host(d.Tenant.Slug)
	for _, sql := range []string{
		`insert into platform.domain (tenant_id, host, state, main, created_at) values ($1, '` + own + `', 'active', true, now()), ($1, '` + second + `', 'verified', false, now())`,
		`update platform.tenant set main_host = '` + own + `' where id = $1`,
	} {
		if _, err := d.Pool.Exec(t.Context(), sql, d.Tenant.ID); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		method, host, path string
		status             int
		leads              string
	}{
		{"GET", own, "/", 200, ""}, {"GET", strings.ToUpper(own) + ":443", "/demarches", 200, ""}, {"GET", own, "/api/v1/procedures", 200, ""},
		{"GET", commune, "/demarches?q=a%20b", 308, "http://" + own + "/demarches?q=a%20b"}, {"HEAD", commune, "/", 308, "http://" + own + "/"},
		{"GET", second, "/", 308, "http://" + own + "/"},
		{"GET", commune, "/api/v1/procedures", 200, ""}, {"POST", commune, "/suivi", 422, ""}, {"GET", commune, "/manifest.webmanifest", 200, ""}, {"GET", commune, "/sw.js", 200, ""},
		{"GET", "autre." + own, "/", 404, ""},
	} {
		status, header, _ := get(c.method, c.host, c.path)
		if status != c.status || header.Get("Location") != c.leads {
			t.Errorf("%s %s%s answers %d to %q; want %d to %q", c.method, c.host, c.path, status, header.Get("Location"), c.status, c.leads)
		}
		if status == 308 && header.Get("Cache-Control") != "max-age=300" {
			t.Errorf("a browser keeps it for %q", header.Get("Cache-Control"))
		}
	}
}
