package domains

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Normalize reads a host name as people type it: an address of a page, capitals,
// accents and a dot at the end are understood. The name comes back in the form that
// the DNS knows (IDNA 2008).
//
// What cannot be a commune's own name is fault.Invalid with the field "host":
// "host_required", "host_invalid", "host_address" (of a machine), "host_ours" (below our
// own domain, or above it), "host_suffix" (a public suffix such as fr or gouv.fr, or a
// name below no known one).
func Normalize(typed, base string) (string, error) {
	host := strings.TrimSpace(typed)
	if _, after, found := strings.Cut(host, "://"); found {
		host = after
	}
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	if host == "" {
		return "", refused("host_required")
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return "", refused("host_address")
	}
	if _, err := netip.ParseAddrPort(host); err == nil {
		return "", refused("host_address")
	}
	if name, _, found := strings.Cut(host, ":"); found {
		host = name
	}
	host, err := idna.Lookup.ToASCII(strings.ToLower(strings.TrimSuffix(host, ".")))
	if err != nil || !plain(host) {
		return "", refused("host_invalid")
	}
	if host == base || strings.HasSuffix(host, "."+base) || strings.HasSuffix(base, "."+host) {
		return "", refused("host_ours")
	}
	suffix, known := publicsuffix.PublicSuffix(host)
	if host == suffix || !known && !strings.Contains(suffix, ".") {
		return "", refused("host_suffix")
	}
	return host, nil
}

func refused(code string) error {
	return fault.New(fault.Invalid, "host_invalid", fault.Field{Path: "host", Code: code})
}

// plain tells whether a name is made of letters, figures and hyphens, in at least two
// labels of the lengths that the DNS allows (RFC 1035, 2.3.4).
func plain(host string) bool {
	if len(host) > 253 || !strings.Contains(host, ".") {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return true
}

// Unicode gives a name as people read it.
func Unicode(host string) string {
	if readable, err := idna.Lookup.ToUnicode(host); err == nil {
		return readable
	}
	return host
}

// IsApex tells whether a name is a registered domain itself ("mairie-x.fr"): there the
// DNS allows no CNAME (RFC 1912, 2.4).
func IsApex(host string) bool {
	apex, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err == nil && apex == host
}
