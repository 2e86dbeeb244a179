package domains

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// resolver asks a DNS server over UDP, and over TCP where an answer does not fit.
type resolver struct {
	server string // host:port; empty: the first of /etc/resolv.conf
}

const (
	dnsTimeout = 2 * time.Second
	dnsTries   = 2
	resolvConf = "/etc/resolv.conf"
)

// errNoAnswer says that the DNS server did not answer at all: the fault is not the
// commune's, and nothing is known of its records.
var errNoAnswer = errors.New("domains: the DNS server does not answer")

// answer is what the DNS says of a name and a type.
type answer struct {
	code   int // dns.RcodeSuccess, …
	names  []string
	addrs  []netip.Addr
	texts  []string
	caa    []*dns.CAA
	wait   time.Duration // how long the answer is kept on the way
	signed bool          // it fails only where signatures are looked at (DNSSEC)
}

func (r resolver) address() (string, error) {
	if r.server != "" {
		return r.server, nil
	}
	config, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil || len(config.Servers) == 0 {
		return "", errNoAnswer
	}
	return net.JoinHostPort(config.Servers[0], config.Port), nil
}

// ask asks for the records of one type. A server's failure is asked again with
// signatures unchecked: where that works, they are what is wrong.
func (r resolver) ask(ctx context.Context, name string, kind uint16) (answer, error) {
	a, err := r.exchange(ctx, name, kind, false)
	if err != nil || a.code != dns.RcodeServerFailure {
		return a, err
	}
	unchecked, err := r.exchange(ctx, name, kind, true)
	if err == nil && unchecked.code != dns.RcodeServerFailure {
		a.signed = true
	}
	return a, nil
}

// both asks for a name's addresses of either kind, at once.
func (r resolver) both(ctx context.Context, name string) (v4, v6 answer, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { v4, err = r.ask(ctx, name, dns.TypeA); return err })
	group.Go(func() (err error) { v6, err = r.ask(ctx, name, dns.TypeAAAA); return err })
	err = group.Wait()
	return v4, v6, err
}

// leadsLimit bounds a question of Leads.
const leadsLimit = 5 * time.Second

// Leads asks a DNS server (host:port; empty: the machine's) where a name leads, for five
// seconds at most. Nowhere is an empty list; no answer, or one that says only that the
// server failed, is an error.
func Leads(ctx context.Context, server, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, leadsLimit)
	defer cancel()
	v4, v6, err := resolver{server: server}.both(ctx, host)
	if err == nil && (failing(v4).Problem != "" || failing(v6).Problem != "") {
		err = errNoAnswer
	}
	return slices.Concat(v4.addrs, v6.addrs), err
}

func (r resolver) exchange(ctx context.Context, name string, kind uint16, unchecked bool) (answer, error) {
	server, err := r.address()
	if err != nil {
		return answer{}, err
	}
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind)
	question.RecursionDesired, question.CheckingDisabled = true, unchecked
	question.SetEdns0(1232, false)
	client := &dns.Client{Timeout: dnsTimeout}
	for range dnsTries {
		reply, _, err := client.ExchangeContext(ctx, question, server)
		if err == nil && reply.Truncated {
			reply, _, err = (&dns.Client{Net: "tcp", Timeout: dnsTimeout}).ExchangeContext(ctx, question, server)
		}
		if err == nil {
			return read(reply), nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return answer{}, errNoAnswer
}

// maxWait bounds what is said of an answer's life: resolvers keep none longer than days.
const maxWait = 48 * time.Hour

func read(reply *dns.Msg) answer {
	a := answer{code: reply.Rcode}
	lives := make([]uint32, 0, len(reply.Answer))
	for _, record := range reply.Answer {
		lives = append(lives, record.Header().Ttl)
		switch record := record.(type) {
		case *dns.CNAME:
			a.names = append(a.names, strings.ToLower(strings.TrimSuffix(record.Target, ".")))
		case *dns.A:
			a.addr(record.A)
		case *dns.AAAA:
			a.addr(record.AAAA)
		case *dns.TXT:
			a.texts = append(a.texts, strings.Join(record.Txt, ""))
		case *dns.CAA:
			a.caa = append(a.caa, record)
		}
	}
	for _, record := range reply.Ns { // a missing record is remembered too (RFC 2308, 5)
		if soa, ok := record.(*dns.SOA); ok && len(reply.Answer) == 0 {
			lives = append(lives, min(soa.Minttl, soa.Hdr.Ttl))
		}
	}
	if len(lives) > 0 {
		a.wait = min(time.Duration(slices.Max(lives))*time.Second, maxWait)
	}
	return a
}

func (a *answer) addr(ip net.IP) {
	if addr, ok := netip.AddrFromSlice(ip); ok {
		a.addrs = append(a.addrs, addr.Unmap())
	}
}
