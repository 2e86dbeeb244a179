package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// complete is an environment that lacks nothing; each value that is secret holds
// the word.
func complete() map[string]string {
	return map[string]string{
		"PARVIS_PLATFORM_URL": "postgres://parvis:s3cret@127.0.0.1:5432/parvis", "PARVIS_CELL_URL": "postgres://parvis:s3cret@127.0.0.1:5432/parvis",
		"PARVIS_MASTER_KEY": strings.Repeat("5e", 32), "PARVIS_BASE_DOMAIN": "parvis.example", "PARVIS_PUBLIC_URL": "https://parvis.example",
		"PARVIS_KRATOS_PUBLIC_URL": "http://127.0.0.1:4433", "PARVIS_KRATOS_ADMIN_URL": "http://127.0.0.1:4434/",
		"PARVIS_COURIER_TOKEN": "s3cret" + strings.Repeat("x", 30), "PARVIS_SMTP_URL": "smtps://user:s3cret@mail.example", "PARVIS_MAIL_FROM": "ne-pas-repondre@parvis.example",
		"PARVIS_FILES_URL": "file:///var/lib/parvis/files",
	}
}

func read(environment map[string]string) (config, error) {
	return readConfig(func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
}

func TestCompleteConfiguration(t *testing.T) {
	t.Parallel()
	c, err := read(complete())
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:8080" || c.MetricsAddr != "127.0.0.1:9464" || c.InternalURL != "http://127.0.0.1:9464" || c.KratosAdminURL != "http://127.0.0.1:4434" || c.SMSURL != "" || len(c.MasterKey) == 0 {
		t.Errorf("read: %s, %s, %s, %s, %q", c.Addr, c.MetricsAddr, c.InternalURL, c.KratosAdminURL, c.SMSURL)
	}
}

func TestEverythingMissingIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := read(nil)
	if err == nil {
		t.Fatal("an empty environment is complete")
	}
	for _, v := range variables {
		line := ""
		for l := range strings.SplitSeq(err.Error(), "\n") {
			if strings.HasPrefix(l, "  "+v.name+":") {
				line = l
			}
		}
		needed := !v.optional && v.fallback == ""
		if needed != (line != "") || needed && !strings.Contains(line, "Example: "+v.name+"="+v.example) {
			t.Errorf("%s is told as %q", v.name, line)
		}
		if v.purpose == "" || v.example == "" {
			t.Errorf("%s is not explained", v.name)
		}
	}
}

// What each variable refuses is named, and never repeated: it may be secret.
func TestWrongValuesAreNamedAndNotRepeated(t *testing.T) {
	t.Parallel()
	wrong := map[string][]string{
		"PARVIS_PLATFORM_URL":      {"s3cret", "mysql://s3cret@x", "postgres://u:s3cret%zz@x/y", "postgres://u:s3cret@x:port/y"},
		"PARVIS_CELL_URL":          {"s3cret", "postgres://u:s3cret@x/y?sslmode=s3cret"},
		"PARVIS_MASTER_KEY":        {"s3cret", strings.Repeat("!", 64), strings.Repeat("5e", 31)},
		"PARVIS_BASE_DOMAIN":       {"https://s3cret", "s3 cret", "..", "s3cret:80"},
		"PARVIS_PUBLIC_URL":        {"s3cret", "ftp://s3cret", "https://", "https://s3cret.other", "http://parvis.example"},
		"PARVIS_ADDR":              {"s3cret"},
		"PARVIS_METRICS_ADDR":      {"s3cret"},
		"PARVIS_INTERNAL_URL":      {"s3cret:1"},
		"PARVIS_KRATOS_PUBLIC_URL": {"s3cret", "http://"},
		"PARVIS_KRATOS_ADMIN_URL":  {"//s3cret"},
		"PARVIS_COURIER_TOKEN":     {"s3cret"},
		"PARVIS_SMTP_URL":          {"s3cret", "http://s3cret", "smtp://"},
		"PARVIS_MAIL_FROM":         {"s3cret", "A <s3cret@b.example>"},
		"PARVIS_SMS_URL":           {"s3cret", "http://127.0.0.1/s3cret"}, // the second lacks user and password
		"PARVIS_FILES_URL":         {"s3cret", "s3://s3cret", "file://s3cret"},
		"PARVIS_OPERATOR":          {"s3cret", "s3cret|||", "a|b|c|d|s3cret"},
		"PARVIS_TLS_ADDR":          {"s3cret"},
		"PARVIS_ACME_DIRECTORY":    {"s3cret"},
		"PARVIS_ACME_EMAIL":        {"s3cret", "A <s3cret@b.example>"},
		"PARVIS_ACME_ROOTS":        {"/nowhere/s3cret.pem", "config_test.go"},
		"PARVIS_PUBLIC_ADDRESSES":  {"s3cret", "192.0.2.10,s3cret"},
		"PARVIS_DNS_RESOLVER":      {"s3cret"},
		"PARVIS_TYPST_DIR":         {"s3cret"},
		"PARVIS_NODE":              {"node/s3cret"},
		"PARVIS_TRUSTED_PROXIES":   {"s3cret", "10.0.0.1", "10.0.0.0/8,s3cret"},
	}
	for _, v := range variables {
		if len(wrong[v.name]) == 0 && !strings.HasPrefix(v.name, "PARVIS_SMS_") {
			t.Errorf("no wrong value of %s is tried", v.name)
		}
		for _, value := range wrong[v.name] {
			environment := maps.Clone(complete())
			environment[v.name] = value
			_, err := read(environment)
			switch {
			case err == nil:
				t.Errorf("%s=%s is taken", v.name, value)
			case strings.Contains(err.Error(), "s3cret"):
				t.Errorf("%s=%s is repeated: %v", v.name, value, err)
			case !strings.Contains(err.Error(), v.name) && v.name != "PARVIS_SMS_URL" || strings.Count(err.Error(), "\n") != 1:
				t.Errorf("%s=%s is told as %v", v.name, value, err)
			}
		}
	}
}

func TestBehindProxies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		trusted, peer string
		forwarded     []string
		want          string
	}{
		{"", "10.0.0.1:5", []string{"192.0.2.7"}, "10.0.0.1:5"},
		{"10.0.0.0/8", "10.0.0.1:5", nil, "10.0.0.1:5"},
		{"10.0.0.0/8", "10.0.0.1:5", []string{"192.0.2.7"}, "192.0.2.7:0"},
		{"10.0.0.0/8", "10.0.0.1:5", []string{"192.0.2.9, 192.0.2.7"}, "192.0.2.7:0"},           // what the client wrote itself is not believed
		{"10.0.0.0/8", "10.0.0.1:5", []string{"192.0.2.9, 192.0.2.7, 10.0.0.2"}, "192.0.2.7:0"}, // two proxies
		{"10.0.0.0/8", "10.0.0.1:5", []string{"192.0.2.9", "192.0.2.7"}, "192.0.2.7:0"},         // two headers
		{"10.0.0.0/8", "192.0.2.1:5", []string{"192.0.2.7"}, "192.0.2.1:5"},                     // not our proxy
		{"10.0.0.0/8", "10.0.0.1:5", []string{"nonsense"}, "10.0.0.1:5"},
		{"10.0.0.0/8", "10.0.0.1:5", []string{"192.0.2.9, nonsense"}, "10.0.0.1:5"},
		{"10.0.0.0/8", "10.0.0.1:5", []string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{"10.0.0.0/8,2001:db8::/32", "[2001:db8::1]:5", []string{"192.0.2.7"}, "192.0.2.7:0"},
		{"10.0.0.0/8", "[::ffff:10.0.0.1]:5", []string{"::ffff:192.0.2.7"}, "192.0.2.7:0"},
	} {
		var networks []string
		if c.trusted != "" {
			networks = strings.Split(c.trusted, ",")
		}
		got := ""
		h, err := behindProxies(networks, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = slices.Clone(c.forwarded)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("trusting %q, %s with %q is %s; want %s", c.trusted, c.peer, c.forwarded, got, c.want)
		}
	}
	if _, err := behindProxies([]string{"nonsense"}, http.NotFoundHandler()); err == nil {
		t.Error("a network that is none is trusted")
	}
}
