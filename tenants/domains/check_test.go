package domains_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

// What the DNS says, on Pebble's own DNS server, and what is made of it.
func TestCheckSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newTown(t, closed, closed, 0)
	alias := func(host, target string) {
		w.dns("set-cname", map[string]any{"host": host + ".", "target": target + "."})
	}
	target, foreign := w.book.Target(w.Tenant), w.book.Target(w.Other)
	caa := func(host, value string) {
		w.dns("add-caa", map[string]any{"host": host + ".", "policies": []map[string]any{{"tag": "issue", "value": value}}})
	}
	for host, c := range map[string]struct {
		records func(host string)
		want    domains.Problem
		seen    []string
	}{
		"rien.mairie-x.fr":       {func(string) {}, domains.NoRecord, nil},
		"alias.mairie-x.fr":      {func(h string) { alias(h, target) }, "", nil},
		"voisine.mairie-x.fr":    {func(h string) { alias(h, foreign) }, domains.OtherTarget, []string{foreign}},
		"parking.mairie-x.fr":    {func(h string) { alias(h, "parking.registrar.fr") }, domains.Elsewhere, []string{"parking.registrar.fr"}},
		"ailleurs.mairie-x.fr":   {func(h string) { w.addresses(h, "192.0.2.7") }, domains.Elsewhere, []string{"192.0.2.7"}},
		"mixte.mairie-x.fr":      {func(h string) { w.addresses(h, here.String(), "192.0.2.7") }, domains.Partly, []string{"192.0.2.7"}},
		"six.mairie-x.fr":        {func(h string) { w.addresses(h, here.String(), "2001:db8::7") }, domains.IPv6, []string{"2001:db8::7"}},
		"sans-preuve.fr":         {func(h string) { w.addresses(h, here.String()) }, domains.NoProof, nil},
		"preuve-fausse.fr":       {func(h string) { w.addresses(h, here.String()); w.prove(w.Other, h) }, domains.WrongProof, nil},
		"mairie-preuve.fr":       {func(h string) { w.addresses(h, here.String()); w.prove(w.Tenant, h) }, "", nil},
		"demarches.caa-autre.fr": {func(h string) { alias(h, target); caa("caa-autre.fr", "sectigo.com") }, domains.Forbidden, []string{"caa-autre.fr"}},
		"demarches.caa-rien.fr":  {func(h string) { alias(h, target); caa("caa-rien.fr", ";") }, domains.Forbidden, []string{"caa-rien.fr"}},
		"demarches.caa-nous.fr":  {func(h string) { alias(h, target); caa("caa-nous.fr", parts.PebbleIdentity) }, "", nil},
		"panne.mairie-x.fr":      {func(h string) { w.dns("set-servfail", map[string]any{"host": h + "."}) }, domains.Failing, nil},
	} {
		c.records(host)
		if _, err := w.Pool.Exec(t.Context(), `delete from platform.domain`); err != nil { // a commune has few names
			t.Fatal(err)
		}
		w.add(w.Tenant, host)
		d := w.check(w.Tenant, host)
		state := domains.Pending
		if c.want == "" {
			state = domains.Verified
		}
		if d.Problem != c.want || !slices.Equal(d.Seen, c.seen) && len(d.Seen)+len(c.seen) > 0 || d.State != state || d.CheckedAt == nil {
			t.Errorf("%s: %s, %q %q; want %q %q", host, d.State, d.Problem, d.Seen, c.want, c.seen)
		}
	}
}

// zone is a DNS server that a test makes say what Pebble's cannot.
func zone(t *testing.T, answer func(q dns.Question, r *dns.Msg, m *dns.Msg)) string {
	t.Helper()
	var conn net.PacketConn
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	for range 20 { // until a port is free for both
		if err == nil {
			if conn, err = net.ListenPacket("udp", tcp.Addr().String()); err == nil {
				break
			}
			_ = tcp.Close()
		}
		tcp, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil || conn == nil {
		t.Fatal(err)
	}
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		answer(r.Question[0], r, m)
		if m.Rcode == -1 {
			return
		}
		if w.LocalAddr().Network() == "udp" {
			m.Truncate(dns.MinMsgSize)
		}
		_ = w.WriteMsg(m)
	})
	for _, s := range []*dns.Server{{PacketConn: conn, Handler: handler}, {Listener: tcp, Handler: handler}} {
		go func() { _ = s.ActivateAndServe() }()
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return conn.LocalAddr().String()
}

func rr(t *testing.T, text string) dns.RR {
	t.Helper()
	record, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestCheckUnderstandsTheDNSItself(t *testing.T) {
	t.Parallel()
	env := pgtest.Schema(t)
	for name, c := range map[string]struct {
		answer func(q dns.Question, r, m *dns.Msg)
		want   domains.Problem
		wait   int
	}{
		"broken signatures": {func(_ dns.Question, r, m *dns.Msg) {
			if !r.CheckingDisabled {
				m.Rcode = dns.RcodeServerFailure
			}
		}, domains.Unsigned, 0},
		"a missing name is remembered": {func(_ dns.Question, _, m *dns.Msg) {
			m.Rcode = dns.RcodeNameError
			m.Ns = []dns.RR{rr(t, "mairie-x.fr. 7200 IN SOA ns.x. root.x. 1 2 3 4 1800")}
		}, domains.NoRecord, 1800},
		"an old answer is remembered": {func(q dns.Question, _, m *dns.Msg) {
			if q.Qtype == dns.TypeA {
				m.Answer = []dns.RR{rr(t, own+". 3600 IN A 192.0.2.9")}
			}
		}, domains.Elsewhere, 3600},
		"too much for a datagram": {func(q dns.Question, _, m *dns.Msg) {
			if q.Qtype == dns.TypeA {
				for range 60 {
					m.Answer = append(m.Answer, rr(t, own+". 60 IN A 192.0.2.9"))
				}
				m.Answer = append(m.Answer, rr(t, own+". 60 IN A 127.0.0.1"))
			}
		}, domains.Partly, 60},
		"an alias of an alias": {func(q dns.Question, _, m *dns.Msg) {
			if q.Qtype == dns.TypeA {
				m.Answer = []dns.RR{rr(t, own+". 60 IN CNAME www.mairie-x.fr."), rr(t, "www.mairie-x.fr. 60 IN CNAME "+env.Registry.Host(env.Tenant.Slug)+".")}
			}
		}, "", 0},
		"refused": {func(_ dns.Question, _, m *dns.Msg) { m.Rcode = dns.RcodeRefused }, domains.Failing, 0},
	} {
		book := domains.New(domains.Config{Platform: env.Pool, Registry: env.Registry, Master: pgtest.Master, Clock: env.Clock.Now, Resolver: zone(t, c.answer), Addresses: []netip.Addr{here}})
		env.Write(t, env.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := book.Add(ctx, tx, own)
			return err
		})
		d, err := book.Check(t.Context(), env.Tenant, own)
		if err != nil || d.Problem != c.want || d.WaitSeconds != c.wait {
			t.Errorf("%s: %q, %d s (%v); want %q, %d s", name, d.Problem, d.WaitSeconds, err, c.want, c.wait)
		}
	}
}

func TestOneCommuneAloneHasAName(t *testing.T) {
	t.Parallel()
	w := newTown(t, closed, closed, 0)
	// Both may ask: asking blocks nobody.
	w.add(w.Other, own)
	w.addresses(own, here.String())
	if d := w.check(w.Other, own); d.Problem != domains.NoProof {
		t.Errorf("a name that leads here is another commune's without a proof: %+v", d)
	}
	w.add(w.Tenant, own)
	w.prove(w.Tenant, own)
	if d := w.check(w.Tenant, own); d.State != domains.Verified {
		t.Fatalf("the name is %+v", d)
	}
	site, err := w.Registry.ByHost(t.Context(), "Demarches.Mairie-X.fr.:443")
	if err != nil || site.Tenant.ID != w.Tenant.ID || !site.Own {
		t.Errorf("the name leads to %+v (%v)", site, err)
	}
	w.prove(w.Other, own)
	if d := w.check(w.Other, own); d.State != domains.Pending || d.Problem != domains.Taken {
		t.Errorf("the second to prove it is told %+v", d)
	}
	for name, refused := range map[string]struct {
		tenant tenants.Tenant
		actor  tenants.Actor
		host   string
		code   string
	}{
		"taken":               {w.Other, admin, "autre." + own, ""},
		"no administrator":    {w.Tenant, tenants.Actor{Kind: tenants.ActorAgent, Role: tenants.RoleFront}, "x.fr", "admin_only"},
		"no name of theirs":   {w.Tenant, admin, w.Registry.Host("x"), "host_invalid"},
		"the very same again": {w.Tenant, admin, own, ""},
	} {
		err := w.DB.Write(t.Context(), refused.tenant, refused.actor, func(tx *tenants.Tx) error {
			_, err := w.book.Add(t.Context(), tx, refused.host)
			return err
		})
		if refused.code == "" && err != nil || refused.code != "" && !fault.Is(err, refused.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Write(t, w.Other, admin, func(ctx context.Context, tx *tenants.Tx) error { return w.book.Remove(ctx, tx, own) })
	err = w.DB.Write(t.Context(), w.Other, admin, func(tx *tenants.Tx) error {
		_, err := w.book.Add(t.Context(), tx, own)
		return err
	})
	if !fault.Is(err, "host_taken") {
		t.Errorf("a name that another has proved: %v", err)
	}
	if _, err := w.Registry.ByHost(t.Context(), own); err != nil {
		t.Errorf("its loser's removal took the name from its holder: %v", err)
	}
}

// moving is a commune with a name whose records change.
type moving struct {
	*pgtest.Env
	t     *testing.T
	book  *domains.Book
	where atomic.Value // of string: the address that the name has; ours: an alias
	dead  atomic.Bool  // the DNS does not answer
}

const ours = "127.0.0.1"

func newMoving(t *testing.T) *moving {
	t.Helper()
	w := &moving{Env: pgtest.Schema(t), t: t}
	w.where.Store(ours)
	server := zone(t, func(q dns.Question, _, m *dns.Msg) {
		switch {
		case w.dead.Load():
			m.Rcode = -1
		case q.Qtype != dns.TypeA:
		case q.Name != own+".":
			m.Answer = []dns.RR{rr(t, q.Name+" 60 IN A "+ours)}
		case w.where.Load() == ours:
			m.Answer = []dns.RR{rr(t, own+". 60 IN CNAME "+w.Registry.Host(w.Tenant.Slug)+".")}
		default:
			m.Answer = []dns.RR{rr(t, fmt.Sprint(own, ". 60 IN A ", w.where.Load()))}
		}
	})
	w.book = domains.New(domains.Config{Platform: w.Pool, Registry: w.Registry, Master: pgtest.Master, Clock: w.Clock.Now, Resolver: server})
	w.Write(t, w.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := w.book.Add(ctx, tx, own)
		return err
	})
	return w
}

// look checks the name, and gives the commune's main address with it.
func (w *moving) look() (domains.Domain, string) {
	w.t.Helper()
	d, err := w.book.Check(w.t.Context(), w.Tenant, own)
	if err != nil {
		w.t.Fatal(err)
	}
	tenant, err := w.Registry.ByID(w.t.Context(), w.Tenant.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return d, tenant.MainHost
}

// told passes every warning on, and lists them.
func (w *moving) told() []domains.WarningKind {
	w.t.Helper()
	list, err := w.book.Warnings(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var kinds []domains.WarningKind
	for _, x := range list {
		kinds = append(kinds, x.Kind)
		if err := w.book.Told(w.t.Context(), x); err != nil {
			w.t.Fatal(err)
		}
	}
	return kinds
}

func (w *moving) later(d time.Duration) { w.Clock.Set(w.Clock.Now().Add(d)) }

// A name that stops leading here: no main address at once, told of once, given up in the end.
func TestANameThatLeavesIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newMoving(t)
	if d, main := w.look(); d.State != domains.Active || main != own {
		t.Fatalf("where TLS ends in front of us the name is %+v, the address %q", d, main)
	}
	w.dead.Store(true)
	if d, main := w.look(); d.Problem != "" || main != own {
		t.Errorf("a resolver that is away changes something: %+v, %q", d, main)
	}
	w.dead.Store(false)
	w.where.Store("192.0.2.1")
	if d, main := w.look(); d.State != domains.Active || d.Problem != domains.Elsewhere || main != "" || len(w.told()) > 0 {
		t.Errorf("a name that left is %+v, the address %q", d, main)
	}
	w.later(2 * time.Hour)
	if got := w.told(); !slices.Equal(got, []domains.WarningKind{domains.LostDNS}) || len(w.told()) > 0 {
		t.Errorf("told: %q", got)
	}
	w.later(8 * 24 * time.Hour)
	due, err := w.book.Due(t.Context())
	if err != nil || len(due) != 1 || due[0].Host != own {
		t.Errorf("due: %v (%v)", due, err)
	}
	if again, err := w.book.Due(t.Context()); err != nil || len(again) > 0 {
		t.Errorf("due twice: %v (%v)", again, err)
	}
	if d, _ := w.look(); d.State != domains.Failed {
		t.Errorf("after a week the name is %+v", d)
	}
	if got := w.told(); !slices.Equal(got, []domains.WarningKind{domains.GivenUp}) || len(w.told()) > 0 {
		t.Errorf("told: %q", got)
	}
	if _, err := w.Registry.ByHost(t.Context(), own); !fault.Is(err, "unknown_host") {
		t.Errorf("a name that was given up is served: %v", err)
	}
	w.where.Store(ours)
	if d, main := w.look(); d.State != domains.Active || main != own {
		t.Errorf("a name that came back is %+v, the address %q", d, main)
	}
}

func TestTheEndOfACertificateIsToldOf(t *testing.T) {
	t.Parallel()
	env := newMoving(t)
	book := env.book
	env.look()
	start := env.Clock.Now()
	if _, err := env.Pool.Exec(t.Context(), `insert into platform.certificate_blob (key, value, size, modified_at, host, not_before, not_after)
		values ('certificates/ca/x/x.crt', '', 0, now(), $1, $2::timestamptz - interval '50 days', $2::timestamptz + interval '40 days')`, own, start); err != nil {
		t.Fatal(err)
	}
	days := func(n int) (told int) {
		env.Clock.Set(start.Add(time.Duration(40-n) * 24 * time.Hour))
		list, err := book.Warnings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if x.Kind != domains.Expiring || !x.Until.Equal(start.Add(40*24*time.Hour)) {
				t.Errorf("told: %+v", x)
			}
			if err := book.Told(t.Context(), x); err != nil {
				t.Fatal(err)
			}
			told++
		}
		return told
	}
	if days(29) != 0 {
		t.Error("told of an end while nothing fails")
	}
	if _, err := env.Pool.Exec(t.Context(), `insert into platform.certificate_try (host, tried_at, failures, problem) values ($1, now(), 3, 'unreachable')`, own); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ left, want int }{{31, 0}, {30, 1}, {29, 0}, {15, 0}, {14, 1}, {8, 0}, {6, 1}, {1, 0}} {
		if got := days(c.left); got != c.want {
			t.Errorf("%d days before the end: told %d times, want %d", c.left, got, c.want)
		}
	}
}
