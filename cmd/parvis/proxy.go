package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// behindProxies believes X-Forwarded-For where it comes from a trusted proxy: the
// client is the last address in it that is no trusted proxy. The header is not
// believed of anybody else. The client's address slows down guesses; it is never
// logged.
func behindProxies(networks []string, next http.Handler) (http.Handler, error) {
	var trusted []netip.Prefix
	for _, n := range networks {
		prefix, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, fmt.Errorf("PARVIS_TRUSTED_PROXIES: %w", err)
		}
		trusted = append(trusted, prefix.Masked())
	}
	if len(trusted) == 0 {
		return next, nil
	}
	isProxy := func(a netip.Addr) bool {
		for _, prefix := range trusted {
			if prefix.Contains(a.Unmap()) {
				return true
			}
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err == nil && isProxy(peer.Addr()) {
			hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
			for i := len(hops) - 1; i >= 0; i-- {
				hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
				if err != nil {
					break
				}
				r.RemoteAddr = net.JoinHostPort(hop.Unmap().String(), "0")
				if !isProxy(hop) {
					break
				}
			}
		}
		next.ServeHTTP(w, r)
	}), nil
}
