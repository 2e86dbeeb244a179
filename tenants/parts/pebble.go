package parts

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// PebbleVersion is the release of Let's Encrypt's Pebble that cmd/pebble pins.
const PebbleVersion = "v2.10.1"

const pebbleStartLimit = 30 * time.Second

// PebbleOptions say how Pebble is started.
type PebbleOptions struct {
	// DataDir keeps its configuration, its certificate and its log.
	DataDir string
	// HTTPPort and TLSPort are where it looks for the answers to its challenges
	// HTTP-01 and TLS-ALPN-01, in place of 80 and 443.
	HTTPPort, TLSPort int
	// Validity of the certificates; 0 means 90 days.
	Validity time.Duration
	Progress Progress
}

// Pebble is a running ACME server with the DNS that it asks: an authority of its own
// that nobody trusts. Each start is another authority.
type Pebble struct {
	acme, dns     *process
	directory     string
	dnsAddr       string
	dnsManagement string
	rootURL       string
	rootsFile     string
	client        *http.Client
}

// StartPebble builds Pebble where that was not done yet (some ten seconds, once),
// starts it and its DNS server, and waits until both answer. They end with this
// process.
func StartPebble(ctx context.Context, opts PebbleOptions) (*Pebble, error) {
	if opts.DataDir == "" || opts.HTTPPort == 0 || opts.TLSPort == 0 {
		return nil, errors.New("start Pebble: its folder or the ports of its challenges are missing")
	}
	bin, err := nestedModule{
		folder: "pebble", name: "Pebble", version: PebbleVersion, takes: "some ten seconds",
		programs: []string{"github.com/letsencrypt/pebble/v2/cmd/pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv"},
	}.build(ctx, "", "", opts.Progress)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, pebbleStartLimit)
	defer cancel()
	if opts.DataDir, err = filepath.Abs(opts.DataDir); err != nil {
		return nil, fmt.Errorf("start Pebble: %w", err)
	}
	if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("start Pebble: %w", err)
	}
	p := &Pebble{client: &http.Client{Timeout: 5 * time.Second}}
	if err := p.startDNS(ctx, bin, opts); err != nil {
		return nil, err
	}
	if err := p.startACME(ctx, bin, opts); err != nil {
		p.dns.end()
		return nil, err
	}
	return p, nil
}

func (p *Pebble) startDNS(ctx context.Context, bin string, opts PebbleOptions) error {
	addresses, err := freeAddresses(2)
	if err != nil {
		return err
	}
	p.dnsAddr, p.dnsManagement = addresses[0], "http://"+addresses[1]
	cmd := exec.Command(filepath.Join(bin, "pebble-challtestsrv"), // it outlives the context of its start
		"-dnsserver", addresses[0], "-management", addresses[1], "-defaultIPv4", "", "-defaultIPv6", "",
		"-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	logPath := filepath.Join(opts.DataDir, "dns.log")
	p.dns, err = startProcess(cmd, processOptions{name: "Pebble's DNS server", logPath: logPath, stop: syscall.SIGTERM, grace: 2 * time.Second})
	if err != nil {
		return err
	}
	err = p.dns.waitReady(ctx, 0, func(ctx context.Context) error { return p.SetDNS(ctx, "clear-txt", map[string]any{"host": "ready."}) })
	if err != nil {
		p.dns.end()
	}
	return err
}

func (p *Pebble) startACME(ctx context.Context, bin string, opts PebbleOptions) error {
	addresses, err := freeAddresses(2)
	if err != nil {
		return err
	}
	config, err := p.configure(opts, addresses)
	if err != nil {
		return fmt.Errorf("start Pebble: %w", err)
	}
	cmd := exec.Command(filepath.Join(bin, "pebble"), "-config", config, "-dnsserver", p.dnsAddr) // it outlives the context of its start
	cmd.Env = []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0"}
	logPath := filepath.Join(opts.DataDir, "pebble.log")
	p.acme, err = startProcess(cmd, processOptions{name: "Pebble", logPath: logPath, stop: syscall.SIGTERM, grace: 2 * time.Second})
	if err != nil {
		return err
	}
	err = p.acme.waitReady(ctx, 0, func(ctx context.Context) error {
		_, err := p.fetch(ctx, p.directory)
		return err
	})
	if err != nil {
		p.acme.end()
	}
	return err
}

// configure writes the configuration, and a certificate for Pebble's own address.
func (p *Pebble) configure(opts PebbleOptions, addresses []string) (string, error) {
	own, err := selfSigned(time.Now())
	if err != nil {
		return "", err
	}
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		return "", err
	}
	p.rootsFile = filepath.Join(opts.DataDir, "roots.pem")
	keyFile := filepath.Join(opts.DataDir, "key.pem")
	if err := writeFileAtomic(p.rootsFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})); err != nil {
		return "", err
	}
	if err := writeFileAtomic(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})); err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	roots.AddCert(own.Leaf)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	p.client.Transport = transport
	p.directory, p.rootURL = "https://"+addresses[0]+"/dir", "https://"+addresses[1]+"/roots/0"
	if opts.Validity == 0 {
		opts.Validity = 90 * 24 * time.Hour
	}
	text, err := json.Marshal(object{"pebble": object{
		"listenAddress": addresses[0], "managementListenAddress": addresses[1], "certificate": p.rootsFile, "privateKey": keyFile,
		"httpPort": opts.HTTPPort, "tlsPort": opts.TLSPort, "keyAlgorithm": "ecdsa", "caaIdentities": []string{PebbleIdentity},
		"retryAfter": object{"authz": 1, "order": 1},
		"profiles":   object{"default": object{"description": "for tests", "validityPeriod": int(opts.Validity / time.Second)}},
	}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(opts.DataDir, "pebble.json")
	return path, writeFileAtomic(path, text)
}

// PebbleIdentity is the authority's name in CAA records.
const PebbleIdentity = "pebble.letsencrypt.org"

// Directory is the address of the ACME directory.
func (p *Pebble) Directory() string { return p.directory }

// RootsFile is a PEM file with the certificate that the directory's own address is
// served with.
func (p *Pebble) RootsFile() string { return p.rootsFile }

// DNS is the address, host:port, of the DNS server.
func (p *Pebble) DNS() string { return p.dnsAddr }

// Root gives the certificate that all it issues lead to.
func (p *Pebble) Root(ctx context.Context) (*x509.Certificate, error) {
	text, err := p.fetch(ctx, p.rootURL)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("Pebble's root cannot be read")
	}
	return x509.ParseCertificate(block.Bytes)
}

// SetDNS changes what the DNS server says: an action of pebble-challtestsrv
// ("add-a", "set-cname", "set-servfail"…) with its arguments.
func (p *Pebble) SetDNS(ctx context.Context, action string, arguments map[string]any) error {
	text, err := json.Marshal(arguments)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.dnsManagement+"/"+action, bytes.NewReader(text))
	if err != nil {
		return err
	}
	_, err = p.do(request)
	return err
}

// Stop ends both programs. It can be called twice.
func (p *Pebble) Stop() {
	p.acme.end()
	p.dns.end()
}

func (p *Pebble) fetch(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return p.do(request)
}

func (p *Pebble) do(request *http.Request) ([]byte, error) {
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d", request.URL.Path, response.StatusCode)
	}
	return text, err
}

// freeAddresses finds ports of 127.0.0.1 that nobody uses now.
func freeAddresses(n int) ([]string, error) {
	var out []string
	for range n {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		out = append(out, net.JoinHostPort("127.0.0.1", itoa(port)))
	}
	return out, nil
}
