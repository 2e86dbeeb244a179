package domains_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

const own = "demarches.mairie-x.fr"

var (
	here  = netip.MustParseAddr("127.0.0.1")
	admin = tenants.Actor{Kind: tenants.ActorAgent, ID: "0198f000-0000-7000-8000-000000000001", Name: "Nour Alami", Role: tenants.RoleAdmin}
)

// town is two communes, an ACME server with its DNS, and instances of the program that
// serve them.
type town struct {
	*pgtest.Env
	t      *testing.T
	pebble *parts.Pebble
	book   *domains.Book
	auth   *domains.Authority
	// own is the commune's name: one a test, for handshakes under one name share, in a whole
	// process, the certificate that certmagic loads.
	own string
}

var towns atomic.Int64

// ports are where an instance answers.
type ports struct{ plain, tls net.Listener }

func listen(t *testing.T) ports {
	t.Helper()
	var p ports
	for _, l := range []*net.Listener{&p.plain, &p.tls} {
		var err error
		if *l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port } //nolint:forcetypeassert // it is one

// newTown starts Pebble, which looks for the answers to its challenges at these ports.
func newTown(t *testing.T, httpPort, tlsPort int, validity time.Duration) *town {
	t.Helper()
	w := &town{Env: pgtest.Schema(t), t: t, own: fmt.Sprintf("demarches.mairie-%d.fr", towns.Add(1))}
	w.Clock.Set(time.Now())
	var err error
	w.pebble, err = parts.StartPebble(t.Context(), parts.PebbleOptions{DataDir: t.TempDir(), HTTPPort: httpPort, TLSPort: tlsPort, Validity: validity})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.pebble.Stop)
	roots, err := domains.Roots(w.pebble.RootsFile())
	if err != nil {
		t.Fatal(err)
	}
	w.auth = &domains.Authority{Directory: w.pebble.Directory(), Email: "exploitation@parvis.example", Roots: roots}
	w.book = w.newBook(w.Pool)
	return w
}

func (w *town) newBook(pool *pgxpool.Pool) *domains.Book {
	return domains.New(domains.Config{
		Platform: pool, Registry: w.Registry, Master: pgtest.Master, Clock: time.Now, Resolver: w.pebble.DNS(), Addresses: []netip.Addr{here}, Authority: w.auth,
	})
}

// dns changes the DNS.
func (w *town) dns(action string, arguments map[string]any) {
	w.t.Helper()
	if err := w.pebble.SetDNS(w.t.Context(), action, arguments); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) addresses(host string, list ...string) {
	w.t.Helper()
	for _, a := range list {
		action := "add-a"
		if netip.MustParseAddr(a).Is6() {
			action = "add-aaaa"
		}
		w.dns(action, map[string]any{"host": host + ".", "addresses": []string{a}})
	}
}

// prove writes the TXT record.
func (w *town) prove(t tenants.Tenant, host string) {
	w.t.Helper()
	w.dns("set-txt", map[string]any{"host": domains.ProofLabel + host + ".", "value": w.book.Proof(t, host)})
}

func (w *town) add(t tenants.Tenant, host string) domains.Domain {
	w.t.Helper()
	var d domains.Domain
	w.Write(w.t, t, admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		d, err = w.book.Add(ctx, tx, host)
		return err
	})
	return d
}

func (w *town) check(t tenants.Tenant, host string) domains.Domain {
	w.t.Helper()
	d, err := w.book.Check(w.t.Context(), t, host)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// ready adds a name of the commune whose records are right.
func (w *town) ready(t tenants.Tenant, host string) {
	w.t.Helper()
	w.addresses(host, here.String())
	w.prove(t, host)
	w.add(t, host)
	if d := w.check(t, host); d.State != domains.Verified || d.Problem != "" {
		w.t.Fatalf("the name is %s, %q %q", d.State, d.Problem, d.Seen)
	}
}

// instance is one running program: its pages say the host that they were asked for.
type instance struct {
	*domains.Certificates
	metrics *prometheus.Registry
	addr    string
}

func (w *town) instance(p ports) *instance {
	w.t.Helper()
	pool, err := pgxpool.New(w.t.Context(), w.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(pool.Close)
	i := &instance{metrics: prometheus.NewRegistry(), addr: p.tls.Addr().String()}
	i.Certificates, err = domains.NewCertificates(domains.CertificatesConfig{
		Book: w.newBook(pool), Authority: w.auth, HTTPAddr: p.plain.Addr().String(), TLSAddr: i.addr, Logger: slog.New(slog.DiscardHandler), Metrics: i.metrics,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(i.Close)
	plain := &http.Server{Handler: i.Challenges(http.NotFoundHandler()), ReadHeaderTimeout: time.Second}
	secure := &http.Server{TLSConfig: i.TLS(), ReadHeaderTimeout: 20 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host)
	})}
	for _, s := range []*http.Server{plain, secure} {
		w.t.Cleanup(func() { _ = s.Close() })
	}
	go func() { _ = plain.Serve(p.plain) }()
	go func() { _ = secure.ServeTLS(p.tls, "", "") }()
	return i
}

var errNoCertificate = errors.New("no certificate")

// certificate shakes hands under a name, and holds the chain against Pebble's root.
func (w *town) certificate(i *instance, name string) (*x509.Certificate, error) {
	w.t.Helper()
	root, err := w.pebble.Root(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 20 * time.Second}, Config: &tls.Config{ServerName: name, RootCAs: roots, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(w.t.Context(), "tcp", i.addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	state := conn.(*tls.Conn).ConnectionState() //nolint:forcetypeassert // a tls.Dialer's is one
	if len(state.PeerCertificates) == 0 {
		return nil, errNoCertificate
	}
	return state.PeerCertificates[0], nil
}

func (w *town) wantCertificate(i *instance, name string) *x509.Certificate {
	w.t.Helper()
	c, err := w.certificate(i, name)
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return c
}

func (w *town) round(i *instance) {
	w.t.Helper()
	if err := i.Round(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}
