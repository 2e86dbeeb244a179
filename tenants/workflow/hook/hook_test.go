package hook_test

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/workflow/hook"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
		"::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1"} {
		if hook.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is public", a)
		}
	}
	for _, a := range []string{"93.184.216.34", "2a00:1450:4007:80c::200e", "::ffff:93.184.216.34"} {
		if !hook.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is not public", a)
		}
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_780_000_000, 0)
	status := make(chan int, 1)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get(hook.HeaderKey) != "once" ||
			r.Header.Get(hook.HeaderSignature) != hook.Sign([]byte("key"), body, now) || string(body) != `{"number":"26-000001"}` {
			t.Errorf("%s %v %s", r.Method, r.Header, body)
		}
		w.Header().Set("Location", "https://127.0.0.1/")
		w.WriteHeader(<-status)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	clock := func() time.Time { return now }
	c := hook.New(hook.Config{Roots: roots, Clock: clock, Allow: func(a netip.Addr) bool { return a.IsLoopback() }})
	for code, want := range map[int]string{200: "", 204: "", 302: "hopeless", 404: "hopeless", 410: "hopeless", 429: "later", 500: "later", 503: "later"} {
		status <- code
		if got := ended(c.Post(t.Context(), server.URL, []byte("key"), []byte(`{"number":"26-000001"}`), "once")); got != want {
			t.Errorf("%d ends %q; want %q", code, got, want)
		}
	}
	guarded := hook.New(hook.Config{Roots: roots, Clock: clock})
	for _, address := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1), strings.Replace(server.URL, "https", "http", 1), "https://a:b@example.org/"} {
		if got := ended(guarded.Post(t.Context(), address, nil, nil, "once")); got != "hopeless" {
			t.Errorf("%s ends %q", address, got)
		}
	}
	server.Close()
	if got := ended(c.Post(t.Context(), server.URL, nil, nil, "once")); got != "later" {
		t.Errorf("nobody there ends %q", got)
	}
}

func ended(err error) string {
	p, ok := errors.AsType[*hook.Problem](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		return err.Error()
	case p.Hopeless:
		return "hopeless"
	}
	return "later"
}
