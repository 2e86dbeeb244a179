// Package hook tells another program of a step of a workflow, by a signed POST over https, and refuses to be led into the
// deployment's own network.
//
// A name is resolved and its address judged in the same connection, so that no second answer of a name server can lead elsewhere;
// redirections are not followed, no proxy is used, and of the answer nothing is read but its status.
package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// timeout is for the whole of a call.
const timeout = 10 * time.Second

// The headers of a call.
const (
	HeaderSignature = "Parvis-Signature" // "t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">"
	HeaderKey       = "Idempotency-Key"  // the same at each try
)

// Config is what a client is made with.
type Config struct {
	Roots *x509.CertPool        // nil: the system's
	Allow func(netip.Addr) bool // nil: [Public]; whom a connection may go to
	Clock func() time.Time      // of signatures
}

// Client calls other programs.
type Client struct {
	http  *http.Client
	clock func() time.Time
}

// New makes a client.
func New(c Config) *Client {
	allow := c.Allow
	if allow == nil {
		allow = Public
	}
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !allow(at.Addr().Unmap()) {
			return errPrivate
		}
		return nil
	}}
	return &Client{clock: c.Clock, http: &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 64 << 10,
		},
	}}
}

var errPrivate = errors.New("hook: the address is not a public one")

// inner are the networks that Public leaves out beside those that netip knows: they lead into a provider's network, to other
// protocols' gateways, or are for documentation.
var inner = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// Public tells whether an address is anybody's on the Internet: not ours, not a neighbour's.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range inner {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Problem is why a call was not taken. Detail is French, for agents, and holds nothing of the answer.
type Problem struct {
	Detail   string
	Hopeless bool // another try would end the same
}

// Error gives the detail.
func (p *Problem) Error() string { return "hook: " + p.Detail }

// Post sends a body, signed with a key; what is not taken is a [Problem].
func (c *Client) Post(ctx context.Context, address string, key, body []byte, once string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return &Problem{"l’adresse ne commence pas par https://", true}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return &Problem{"l’adresse ne se lit pas", true}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Parvis")
	request.Header.Set(HeaderKey, once)
	request.Header.Set(HeaderSignature, Sign(key, body, c.clock()))
	response, err := c.http.Do(request)
	switch {
	case errors.Is(err, errPrivate):
		return &Problem{"l’adresse mène à un réseau privé", true}
	case err != nil:
		return &Problem{"l’autre logiciel ne répond pas", false}
	}
	_ = response.Body.Close()
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return &Problem{"l’autre logiciel a répondu " + strconv.Itoa(status), false}
	default:
		return &Problem{"l’autre logiciel a répondu " + strconv.Itoa(status), true}
	}
}

// Sign gives the header that proves who sent a body, and when.
func Sign(key, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	sum := hmac.New(sha256.New, key)
	_, _ = sum.Write([]byte(t + "."))
	_, _ = sum.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(sum.Sum(nil))
}
