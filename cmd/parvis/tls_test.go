package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/parts"
)

const ownName = "demarches.mairie-x.fr"

// secured is a site that ends TLS itself, with certificates of a real ACME server.
type secured struct {
	*site
	pebble *parts.Pebble
	roots  *x509.CertPool
	first  string // where the first instance serves TLS
	second string // and the second
}

// newSecured starts Pebble and two instances of the program. Pebble looks for the
// answers to its challenges at the first.
func newSecured(t *testing.T) *secured {
	t.Helper()
	s := &secured{site: newSite(t), first: fmt.Sprintf("127.0.0.1:%d", port(t)), second: fmt.Sprintf("127.0.0.1:%d", port(t)), roots: x509.NewCertPool()}
	number := func(addr string) (n int) { _, _ = fmt.Sscanf(addr, "127.0.0.1:%d", &n); return n }
	var err error
	s.pebble, err = parts.StartPebble(t.Context(), parts.PebbleOptions{DataDir: t.TempDir(), HTTPPort: number(s.pages), TLSPort: number(s.first)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.pebble.Stop)
	root, err := s.pebble.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.roots.AddCert(root)
	set := func(name, value string) {
		s.environment = slices.DeleteFunc(s.environment, func(line string) bool { return strings.HasPrefix(line, name+"=") })
		s.environment = append(s.environment, name+"="+value)
		s.values[name] = value
	}
	set("PARVIS_PUBLIC_URL", fmt.Sprintf("https://%s:%d", base, number(s.first)))
	set("PARVIS_TLS_ADDR", s.first)
	set("PARVIS_ACME_DIRECTORY", s.pebble.Directory())
	set("PARVIS_ACME_ROOTS", s.pebble.RootsFile())
	set("PARVIS_ACME_EMAIL", "exploitation@parvis.example")
	set("PARVIS_DNS_RESOLVER", s.pebble.DNS())
	set("PARVIS_PUBLIC_ADDRESSES", "127.0.0.1")
	must(t, s.environment, "migrate")
	must(t, s.environment, "tenant", "create", "--insee", "31113")
	for _, host := range []string{town, ownName} {
		if err := s.pebble.SetDNS(t.Context(), "add-a", map[string]any{"host": host + ".", "addresses": []string{"127.0.0.1"}}); err != nil {
			t.Fatal(err)
		}
	}
	s.checked()
	s.run("serve")
	other := slices.Clone(s.environment)
	for i, line := range other {
		switch name, _, _ := strings.Cut(line, "="); name {
		case "PARVIS_ADDR", "PARVIS_METRICS_ADDR":
			other[i] = name + "=127.0.0.1:0"
		case "PARVIS_TLS_ADDR":
			other[i] = name + "=" + s.second
		}
	}
	start(t, other, "serve")
	eventually(t, "readiness", func() bool {
		a, err := tryAsk("GET", s.operator, "x", "/readyz", "")
		return err == nil && a.status == 200
	})
	return s
}

// checked holds that a check of the configuration tells of the authority and the DNS.
func (s *secured) checked() {
	s.t.Helper()
	if out := must(s.t, s.environment, "config", "check"); !strings.Contains(out, "the certificate authority    there") || !strings.Contains(out, "hosts below "+base+" ") || strings.Contains(out, "AWAY") {
		s.t.Errorf("config check: %s", out)
	}
	for name, c := range map[string]struct{ variable, value, words string }{
		"another port":  {"PARVIS_ACME_DIRECTORY", "https://127.0.0.1:1/dir", "does not answer at"},
		"no directory":  {"PARVIS_ACME_DIRECTORY", s.values["PARVIS_KRATOS_PUBLIC_URL"], "no ACME directory"},
		"untrusted":     {"PARVIS_ACME_ROOTS", "", "does not trust"},
		"no DNS server": {"PARVIS_DNS_RESOLVER", "127.0.0.1:1", "cannot be checked"},
	} {
		environment := slices.DeleteFunc(slices.Clone(s.environment), func(line string) bool { return strings.HasPrefix(line, c.variable+"=") })
		if c.value != "" {
			environment = append(environment, c.variable+"="+c.value)
		}
		if out, err := parvis(s.t, environment, "config", "check"); err == nil || !strings.Contains(out, c.words) {
			s.t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// over asks an instance over TLS for a host, on a connection opened under a name.
func (s *secured) over(addr, name, host, path string) (answered, error) {
	s.t.Helper()
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 20 * time.Second}, Config: &tls.Config{ServerName: name, RootCAs: s.roots, MinVersion: tls.VersionTLS12}}
	transport := &http.Transport{DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, addr)
	}}
	defer transport.CloseIdleConnections()
	own := &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: client.CheckRedirect}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "https://"+addr+path, nil)
	if err != nil {
		return answered{}, err
	}
	r.Host = host
	response, err := own.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header, string(text)}, err
}

// A commune's own name, from the DNS to a page over TLS, on two instances of the real
// program, with a real authority.
func TestOwnNamesOverTLS(t *testing.T) {
	t.Parallel()
	s := newSecured(t)
	if a, err := s.over(s.first, town, town, "/"); err != nil || a.status != 200 || !strings.Contains(a.body, "Castanet-Tolosan") {
		t.Errorf("the platform's own host: %d (%v)", a.status, err)
	}
	p, ctx := s.program(), t.Context()
	commune, err := p.registry.BySlug(ctx, "castanet-tolosan")
	if err != nil {
		t.Fatal(err)
	}
	s.claim(p, commune)
	eventually(t, "the name over TLS", func() bool {
		a, err := s.over(s.first, ownName, ownName, "/")
		return err == nil && a.status == 200 && strings.Contains(a.body, "Castanet-Tolosan")
	})
	a, err := s.over(s.second, ownName, ownName, "/")
	if err != nil || a.status != 200 || a.header.Get("Strict-Transport-Security") != "max-age=31536000" {
		t.Errorf("the second instance: %d, %q (%v)", a.status, a.header.Get("Strict-Transport-Security"), err)
	}
	_, number, err := net.SplitHostPort(s.first)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the main address", func() bool {
		a, err := s.over(s.second, town, town, "/demarches")
		return err == nil && a.status == 308 && a.header.Get("Location") == "https://"+net.JoinHostPort(ownName, number)+"/demarches"
	})
	if a, err := s.over(s.first, ownName, town, "/"); err != nil || a.status != 421 {
		t.Errorf("another host than the connection's: %d (%v)", a.status, err)
	}
	for _, name := range []string{"autre.mairie-x.fr", "personne." + base} {
		if a, err := s.over(s.first, name, name, "/"); err == nil {
			t.Errorf("%s is served: %d", name, a.status)
		}
	}
	if a := ask(t, "GET", s.pages, ownName, "/demarches?q=a%2Fb", ""); a.status != 308 || a.header.Get("Location") != "https://"+net.JoinHostPort(ownName, number)+"/demarches?q=a%2Fb" {
		t.Errorf("plain HTTP leads to %d %q", a.status, a.header.Get("Location"))
	}
	if a := ask(t, "POST", s.pages, ownName, "/agents/connexion", `{}`); a.status != 403 {
		t.Errorf("what is sent in clear: %d", a.status)
	}
	if text := ask(t, "GET", s.operator, "x", "/metrics", "").body; !strings.Contains(text, `parvis_certificates{days="more"} 2`) || !strings.Contains(text, `parvis_domains{state="active"} 1`) {
		t.Error("the metrics know of no certificate")
	}
	err = p.db.Write(ctx, commune, tenants.System("test"), func(tx *tenants.Tx) error { return p.domains.Remove(ctx, tx, ownName) })
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a removed name to be refused", func() bool {
		_, err := s.over(s.second, ownName, ownName, "/")
		return err != nil
	})
}

// claim adds the commune's own name, with the record that proves it.
func (s *secured) claim(p *program, commune tenants.Tenant) {
	s.t.Helper()
	ctx := s.t.Context()
	err := s.pebble.SetDNS(ctx, "set-txt", map[string]any{"host": domains.ProofLabel + ownName + ".", "value": p.domains.Proof(commune, ownName)})
	if err != nil {
		s.t.Fatal(err)
	}
	err = p.db.Write(ctx, commune, tenants.System("test"), func(tx *tenants.Tx) error {
		_, err := p.domains.Add(ctx, tx, ownName)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if d, err := p.domains.Check(ctx, commune, ownName); err != nil || d.Problem != "" {
		s.t.Fatalf("the records are wrong: %q %q (%v)", d.Problem, d.Seen, err)
	}
}
