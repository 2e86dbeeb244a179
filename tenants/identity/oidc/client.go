package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// maxAnswer is the longest answer of a provider that is read, in bytes: key sets and
// metadata take a few thousand.
const maxAnswer = 256 << 10

var (
	errTooLong    = errors.New("the answer is too long")
	errRedirected = errors.New("the answer leads elsewhere")
	errElsewhere  = errors.New("the address is not on the issuer's host")
)

// newClient makes the client that asks one issuer: on its own host alone, without
// following redirects, for short answers, and not for long.
func newClient(issuer string, timeout time.Duration) (*http.Client, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("the issuer %q is no address", issuer)
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 32 << 10,
		DialContext: (&net.Dialer{Timeout: timeout}).DialContext,
	}
	return &http.Client{
		Timeout: timeout, Transport: fenced{next: transport, scheme: u.Scheme, host: u.Host},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirected },
	}, nil
}

// fenced refuses other hosts and long answers.
type fenced struct {
	next         http.RoundTripper
	scheme, host string
}

// RoundTrip implements http.RoundTripper.
func (f fenced) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != f.scheme || r.URL.Host != f.host {
		return nil, errElsewhere
	}
	answer, err := f.next.RoundTrip(r)
	if err == nil {
		answer.Body = &short{ReadCloser: answer.Body, left: maxAnswer}
	}
	return answer, err
}

// short is a body that fails past its length, rather than ending as if it were whole.
type short struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (s *short) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, errTooLong
	}
	n, err := s.ReadCloser.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}

// causeOf names why an issuer cannot be asked.
func causeOf(err error) string {
	var dns *net.DNSError
	var network net.Error
	switch {
	case errors.Is(err, errTooLong):
		return "too_long"
	case errors.Is(err, errRedirected), errors.Is(err, errElsewhere):
		return "redirect"
	case errors.As(err, &dns):
		return "name"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.As(err, &network):
		return "network"
	}
	return "answer"
}
