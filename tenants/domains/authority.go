package domains

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"
)

// Authority is who issues our certificates, by ACME (RFC 8555).
type Authority struct {
	Directory string         // address of its directory
	Email     string         // whom it may write to; may be empty
	Roots     *x509.CertPool // that its own address is trusted by; nil: the machine's

	mu    sync.Mutex
	known []string
	asked bool
}

const directoryLimit = 10 * time.Second

// identities gives the names by which CAA records know the authority, as its directory
// says; nil while it does not answer.
func (a *Authority) identities(ctx context.Context) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked {
		return a.known
	}
	directory, err := a.directory(ctx)
	if err != nil {
		return nil
	}
	a.known, a.asked = directory.Meta.Identities, true
	return a.known
}

// directory is what an authority says of itself (RFC 8555, 7.1.1), as far as we read it.
type directory struct {
	NewOrder string `json:"newOrder"`
	Meta     struct {
		Identities []string `json:"caaIdentities"`
	} `json:"meta"`
}

var errNoDirectory = errors.New("what answers is no ACME directory")

func (a *Authority) directory(ctx context.Context) (d directory, err error) {
	ctx, cancel := context.WithTimeout(ctx, directoryLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Directory, nil)
	if err != nil {
		return d, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: a.Roots, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return d, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK || json.NewDecoder(http.MaxBytesReader(nil, response.Body, 1<<20)).Decode(&d) != nil || d.NewOrder == "" {
		return d, errNoDirectory
	}
	return d, nil
}

// Why an authority cannot be used, for an operator.
var (
	ErrAway      = errors.New("domains: the authority does not answer")
	ErrUntrusted = errors.New("domains: the authority's own address is not trusted")
	ErrOther     = errors.New("domains: what answers is no certificate authority")
)

// Reach asks the authority whether it is there, for ten seconds at most: nil, ErrAway,
// ErrUntrusted or ErrOther.
func (a *Authority) Reach(ctx context.Context) error {
	_, err := a.directory(ctx)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case err == nil:
		return nil
	case untrusted:
		return ErrUntrusted
	case errors.Is(err, errNoDirectory):
		return ErrOther
	}
	return ErrAway
}

// remembered gives the same without asking anybody.
func (a *Authority) remembered() []string {
	if !a.mu.TryLock() { // it is being asked just now
		return nil
	}
	defer a.mu.Unlock()
	return a.known
}

var errNoRoots = errors.New("the file holds no certificate in PEM")

// Roots reads a file of certificates in PEM, for an authority that the machine does not
// trust (one within the organisation, or a test's).
func Roots(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errNoRoots
	}
	return pool, nil
}
