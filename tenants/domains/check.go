package domains

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"
)

// Problem is what keeps a name from being served; empty: nothing.
type Problem string

// The problems. Seen of a [Finding] holds what the words need.
const (
	NoRecord    Problem = "no_record"    // there is no such name, or it has neither address nor alias
	Elsewhere   Problem = "elsewhere"    // it leads to other machines: Seen
	Partly      Problem = "partly"       // some of its addresses are ours, Seen are not
	IPv6        Problem = "ipv6"         // its IPv4 address is right, its IPv6 ones, Seen, are not
	OtherTarget Problem = "other_target" // it leads to another commune of the platform: Seen
	NoProof     Problem = "no_proof"     // its addresses are right; the TXT record is missing
	WrongProof  Problem = "wrong_proof"  // a TXT record is there, with another value
	Forbidden   Problem = "caa"          // CAA records of the zone Seen forbid our authority
	Failing     Problem = "servfail"     // its own DNS server fails
	Unsigned    Problem = "dnssec"       // its signatures do not match
	Taken       Problem = "taken"        // another commune has proved it
	Away        Problem = "away"         // our own resolver does not answer: nothing is known
)

// Finding is what a look at the DNS found.
type Finding struct {
	Problem Problem
	Seen    []string      // names of hosts, or addresses of machines
	Wait    time.Duration // how long the DNS keeps the answer: a change shows after it
}

// maxSeen bounds what is kept of somebody's records.
const maxSeen = 8

// wanted is what the records must say.
type wanted struct {
	target     string       // the commune's own host here
	base       string       // our domain
	ours       []netip.Addr // where our machines are; empty: wherever target leads
	proof      string       // what the TXT record says
	identities []string     // our authority's names in CAA records; empty: not known
}

// ProofLabel is the name, before the host, of the TXT record.
const ProofLabel = "_parvis."

// look asks the DNS about a host. It gives up at the first problem, in the order in
// which they are put right.
func (r resolver) look(ctx context.Context, host string, w wanted) Finding {
	v4, v6, err := r.both(ctx, host)
	if err != nil {
		return Finding{Problem: Away}
	}
	for _, a := range []answer{v4, v6} {
		if f := failing(a); f.Problem != "" {
			return f
		}
	}
	found := r.leads(ctx, host, w, v4, v6)
	if found.Problem != "" {
		found.Seen = found.Seen[:min(len(found.Seen), maxSeen)]
		return found
	}
	return r.allowed(ctx, host, w.identities)
}

func failing(a answer) Finding {
	switch {
	case a.code == dns.RcodeSuccess || a.code == dns.RcodeNameError:
		return Finding{}
	case a.signed:
		return Finding{Problem: Unsigned}
	}
	return Finding{Problem: Failing}
}

// leads tells whether a host leads here, and is proved to be the commune's.
func (r resolver) leads(ctx context.Context, host string, w wanted, v4, v6 answer) Finding {
	aliases := slices.Concat(v4.names, v6.names)
	if slices.Contains(aliases, w.target) {
		return Finding{} // a proof in itself
	}
	wait := max(v4.wait, v6.wait)
	for _, name := range aliases {
		if name == w.base || strings.HasSuffix(name, "."+w.base) {
			return Finding{Problem: OtherTarget, Seen: []string{name}, Wait: wait}
		}
	}
	if len(v4.addrs)+len(v6.addrs) == 0 {
		if len(aliases) > 0 {
			return Finding{Problem: Elsewhere, Seen: aliases[len(aliases)-1:], Wait: wait}
		}
		return Finding{Problem: NoRecord, Wait: wait}
	}
	ours := w.ours
	if len(ours) == 0 {
		target4, target6, err := r.both(ctx, w.target)
		if err != nil {
			return Finding{Problem: Away}
		}
		ours = slices.Concat(target4.addrs, target6.addrs)
	}
	foreign4, foreign6 := foreign(v4.addrs, ours), foreign(v6.addrs, ours)
	switch total := len(v4.addrs) + len(v6.addrs); {
	case len(foreign4)+len(foreign6) == 0:
		return r.proved(ctx, host, w.proof)
	case len(foreign4)+len(foreign6) == total && len(aliases) > 0:
		return Finding{Problem: Elsewhere, Seen: append(aliases[len(aliases)-1:], slices.Concat(foreign4, foreign6)...), Wait: wait}
	case len(foreign4)+len(foreign6) == total:
		return Finding{Problem: Elsewhere, Seen: slices.Concat(foreign4, foreign6), Wait: wait}
	case len(foreign4) == 0:
		return Finding{Problem: IPv6, Seen: foreign6, Wait: v6.wait}
	default:
		return Finding{Problem: Partly, Seen: slices.Concat(foreign4, foreign6), Wait: wait}
	}
}

func foreign(found, ours []netip.Addr) []string {
	var out []string
	for _, a := range found {
		if !slices.Contains(ours, a) {
			out = append(out, a.String())
		}
	}
	return out
}

// proved looks for the TXT record.
func (r resolver) proved(ctx context.Context, host, proof string) Finding {
	a, err := r.ask(ctx, ProofLabel+host, dns.TypeTXT)
	if err != nil {
		return Finding{Problem: Away}
	}
	if f := failing(a); f.Problem != "" {
		return f
	}
	for _, text := range a.texts {
		if strings.TrimSpace(text) == proof {
			return Finding{}
		}
	}
	if len(a.texts) > 0 {
		return Finding{Problem: WrongProof, Wait: a.wait}
	}
	return Finding{Problem: NoProof, Wait: a.wait}
}

// allowed tells whether CAA records let our authority issue: those of the name, or
// else of the nearest name above it that has some (RFC 8659, 3).
func (r resolver) allowed(ctx context.Context, host string, identities []string) Finding {
	suffix, _ := publicsuffix.PublicSuffix(host)
	for zone := host; zone != suffix && zone != ""; _, zone, _ = strings.Cut(zone, ".") {
		a, err := r.ask(ctx, zone, dns.TypeCAA)
		if err != nil {
			return Finding{Problem: Away}
		}
		if f := failing(a); f.Problem != "" {
			return f // an authority refuses then (RFC 8659, 3)
		}
		if len(a.caa) == 0 {
			continue
		}
		if forbids(a.caa, identities) {
			return Finding{Problem: Forbidden, Seen: []string{zone}, Wait: a.wait}
		}
		break
	}
	return Finding{}
}

func forbids(records []*dns.CAA, identities []string) bool {
	restricted := false
	for _, record := range records {
		if !strings.EqualFold(record.Tag, "issue") {
			continue
		}
		restricted = true
		name, _, _ := strings.Cut(record.Value, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "" && (len(identities) == 0 || slices.Contains(identities, name)) {
			return false
		}
	}
	return restricted
}
