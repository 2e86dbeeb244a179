package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/parvis-gru/parvis/tenants/domains"
)

// authority is who issues our certificates; nil where TLS ends in front of us.
func (c config) authority() (*domains.Authority, error) {
	if c.TLSAddr == "" {
		return nil, nil //nolint:nilnil // none is an answer
	}
	a := &domains.Authority{Directory: c.ACMEDirectory, Email: c.ACMEEmail}
	if c.ACMERoots == "" {
		return a, nil
	}
	var err error
	if a.Roots, err = domains.Roots(c.ACMERoots); err != nil {
		return nil, fmt.Errorf("PARVIS_ACME_ROOTS: %w", err)
	}
	return a, nil
}

// public opens the ports that people reach: one with the pages where TLS ends in front
// of us; else one with TLS and the pages, and a plain one that leads there and answers
// the authority's challenges. Certificates are kept up until the context ends.
func (p *program) public(ctx context.Context, pages http.Handler) (ports []served, end func(), err error) {
	plain, err := listen(p.config.Addr)
	if err != nil || p.authority == nil {
		return []served{{plain, pages}}, func() {}, err
	}
	secure, err := listen(p.config.TLSAddr)
	if err != nil {
		return nil, nil, err
	}
	certificates, err := domains.NewCertificates(domains.CertificatesConfig{
		Book: p.domains, Authority: p.authority, HTTPAddr: plain.Addr().String(), TLSAddr: secure.Addr().String(), Logger: p.logger, Metrics: p.metrics,
	})
	if err != nil {
		return nil, nil, err
	}
	keeping, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); certificates.Keep(keeping) }()
	end = func() {
		stop()
		<-done
		certificates.Close()
	}
	return []served{
		{plain, certificates.Challenges(toHTTPS(p.config.PublicURL))},
		{tls.NewListener(secure, certificates.TLS()), sameName(pages)},
	}, end, nil
}

// toHTTPS leads a plain request to the same page over TLS. What sends something is
// refused rather than led: it was sent in clear already, and its sender must notice.
func toHTTPS(public *url.URL) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead || host == "" || strings.ContainsAny(host, "/@\\ ") || !strings.HasPrefix(r.URL.Path, "/") {
			http.Error(w, "https only", http.StatusForbidden)
			return
		}
		if port := public.Port(); port != "" {
			host = net.JoinHostPort(host, port)
		}
		target := url.URL{Scheme: "https", Host: host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, target.String(), http.StatusPermanentRedirect)
	})
}

// sameName refuses a request that names another host than the one whose certificate
// the connection was opened with (RFC 9110, 15.5.20).
func sameName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if r.TLS == nil || !strings.EqualFold(strings.TrimSuffix(host, "."), strings.TrimSuffix(r.TLS.ServerName, ".")) {
			http.Error(w, "misdirected request", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
