package jobs_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

const ownHost = "demarches.castanet-tolosan.fr"

// domainsJob is the platform's own, as River's timetable queues it.
type domainsJob struct{}

func (domainsJob) Kind() string { return "platform_domains" }

// lookAround lets the platform look at its domains once.
func (r *rig) lookAround() {
	r.t.Helper()
	client, err := river.NewClient(riverpgxv5.New(r.Pool), &river.Config{Schema: "river", Logger: quiet})
	if err != nil {
		r.t.Fatal(err)
	}
	job, err := client.Insert(r.t.Context(), domainsJob{}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.until("the domains' job", func() bool { return r.state(job.Job.ID) == "completed" })
}

// aliases answers, while it leads here, that the commune's name is an alias of its host.
func aliases(t *testing.T, target string) (addr string, leads *atomic.Bool) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	leads = new(atomic.Bool)
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if leads.Load() && q.Question[0].Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: 60}, Target: target + "."}}
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return conn.LocalAddr().String(), leads
}

func TestDomainsAreWatched(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.furnish(r.Tenant)
	r.hire() // an instructor, who is told nothing
	r.exec(`insert into `+r.Tenant.Schema+`.agent (id, subject, email, given_name, family_name, title, role, created_at) values ($1, 'karima', 'secretariat@castanet.example', 'Karima', 'Petit', 'Secrétaire', 'admin', now())`, tenants.NewID())
	addr, leads := aliases(t, r.Registry.Host(r.Tenant.Slug))
	r.deps.Domains = domains.New(domains.Config{Platform: r.Pool, Registry: r.Registry, Master: pgtest.Master, Clock: r.Clock.Now, Resolver: addr})
	r.Write(t, r.Tenant, system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := r.deps.Domains.Add(ctx, tx, ownHost)
		return err
	})
	r.start()
	state := func() string {
		return value[string](r, `select state || ' ' || problem from platform.domain`)
	}
	r.lookAround()
	if got := state(); got != "pending no_record" {
		t.Errorf("a name without records is %q", got)
	}
	leads.Store(true)
	r.Clock.Set(r.Clock.Now().Add(10 * time.Minute))
	r.lookAround()
	if got := state(); got != "active " {
		t.Errorf("a name that is right is %q", got)
	}
	leads.Store(false)
	r.Clock.Set(r.Clock.Now().Add(25 * time.Hour))
	r.lookAround()
	r.Clock.Set(r.Clock.Now().Add(2 * time.Hour))
	r.lookAround()
	r.lookAround()
	mails := func() (n int) {
		for _, m := range r.sink.Messages() {
			if strings.Contains(m.Subject, ownHost) {
				n++
				if strings.Join(m.To, " ") != "secretariat@castanet.example" || !strings.Contains(m.Text, "/agents/reglages/adresse") {
					t.Errorf("to %q: %s", m.To, m.Text)
				}
			}
		}
		return n
	}
	r.until("a warning", func() bool { return mails() > 0 })
	if n := mails(); n != 1 {
		t.Errorf("told %d times", n)
	}
}
