package domains_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// closed is a port that nobody answers at: the challenge of that kind must fail.
const closed = 1

func TestCertificatesByEitherChallenge(t *testing.T) {
	t.Parallel()
	for name, only := range map[string]func(p ports) (int, int){
		"HTTP-01":     func(p ports) (int, int) { return port(p.plain), closed },
		"TLS-ALPN-01": func(p ports) (int, int) { return closed, port(p.tls) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := listen(t)
			httpPort, tlsPort := only(p)
			w := newTown(t, httpPort, tlsPort, 0)
			i := w.instance(p)
			w.ready(w.Tenant, w.own)
			for range 3 { // an authority may be asked again after one kind failed
				w.round(i)
			}
			if c := w.wantCertificate(i, w.own); c.DNSNames[0] != w.own {
				t.Errorf("the certificate is %q's", c.DNSNames)
			}
		})
	}
}

func TestInstancesShareCertificates(t *testing.T) {
	t.Parallel()
	p := listen(t)
	w := newTown(t, port(p.plain), port(p.tls), 0)
	first, second := w.instance(p), w.instance(listen(t))
	w.ready(w.Tenant, w.own)
	if _, err := w.certificate(first, w.own); err == nil {
		t.Error("a handshake obtained a commune's own name")
	}
	// The challenge of the second instance is answered by the first, where Pebble looks.
	w.round(second)
	a, b := w.wantCertificate(first, w.own), w.wantCertificate(second, w.own)
	if a.SerialNumber.Cmp(b.SerialNumber) != 0 {
		t.Error("two instances obtained a certificate each")
	}
	if d := w.check(w.Tenant, w.own); d.State != domains.Active || d.CertificateUntil == nil || !d.Main {
		t.Errorf("the name is %+v", d)
	}
	tenant, err := w.Registry.ByID(t.Context(), w.Tenant.ID)
	if err != nil || w.Registry.HostOf(tenant) != w.own {
		t.Errorf("the commune's address is %s (%v)", w.Registry.HostOf(tenant), err)
	}
	if got := testutil.CollectAndCount(second.metrics, "parvis_certificates", "parvis_domains"); got != 9 {
		t.Errorf("%d series", got)
	}
	if err := testutil.GatherAndCompare(second.metrics, strings.NewReader(`
# HELP parvis_certificates Certificates, by the days that they still have: fewer than so many (0: ended).
# TYPE parvis_certificates gauge
parvis_certificates{days="0"} 0
parvis_certificates{days="7"} 0
parvis_certificates{days="14"} 0
parvis_certificates{days="30"} 0
parvis_certificates{days="more"} 1
`), "parvis_certificates"); err != nil {
		t.Error(err)
	}
}

func TestOurOwnHostsGetTheirsAtTheFirstVisit(t *testing.T) {
	t.Parallel()
	p := listen(t)
	w := newTown(t, port(p.plain), port(p.tls), 0)
	i := w.instance(p)
	host := w.Registry.Host(w.Tenant.Slug)
	w.addresses(host, here.String())
	if c := w.wantCertificate(i, host); c.DNSNames[0] != host {
		t.Errorf("the certificate is %q's", c.DNSNames)
	}
	for _, name := range []string{"nobody.localhost", "autre-commune.fr", ""} {
		if _, err := w.certificate(i, name); err == nil {
			t.Errorf("%q is served", name)
		}
	}
	var stored int
	if err := w.Pool.QueryRow(t.Context(), `select count(distinct host) from platform.certificate_blob where host is not null`).Scan(&stored); err != nil || stored != 1 {
		t.Errorf("%d hosts have certificates (%v)", stored, err)
	}
}

func TestCertificatesAreRenewed(t *testing.T) {
	t.Parallel()
	p := listen(t)
	w := newTown(t, port(p.plain), port(p.tls), 15*time.Second)
	first, second := w.instance(p), w.instance(listen(t))
	w.ready(w.Tenant, w.own)
	w.round(first)
	before := w.wantCertificate(second, w.own)
	// Two thirds of its life later; what was tried is long ago.
	time.Sleep(time.Until(before.NotBefore.Add(11 * time.Second)))
	if _, err := w.Pool.Exec(t.Context(), `update platform.certificate_try set tried_at = tried_at - interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	w.round(first)
	after := w.wantCertificate(second, w.own)
	if before.SerialNumber.Cmp(after.SerialNumber) == 0 {
		t.Error("the other instance serves the old certificate")
	}
	if !after.NotAfter.After(before.NotAfter) {
		t.Error("the new one lives no longer")
	}
}

func TestARemovedNameIsRefused(t *testing.T) {
	t.Parallel()
	p := listen(t)
	w := newTown(t, port(p.plain), port(p.tls), 0)
	i := w.instance(p)
	w.ready(w.Tenant, w.own)
	w.round(i)
	w.wantCertificate(i, w.own)
	w.Write(t, w.Tenant, admin, func(ctx context.Context, tx *tenants.Tx) error { return w.book.Remove(ctx, tx, w.own) })
	if _, err := w.certificate(i, w.own); err == nil {
		t.Error("a removed name is served from memory")
	}
	if _, err := w.Registry.ByHost(t.Context(), w.own); !fault.Is(err, "unknown_host") {
		t.Errorf("a removed name leads somewhere: %v", err)
	}
	var left int
	if err := w.Pool.QueryRow(t.Context(), `select count(*) from platform.certificate_blob where key like 'certificates/%'`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d of its files are left (%v)", left, err)
	}
	tenant, err := w.Registry.ByID(t.Context(), w.Tenant.ID)
	if err != nil || tenant.MainHost != "" {
		t.Errorf("a removed name is the main address: %q (%v)", tenant.MainHost, err)
	}
}

func TestAFailureIsToldAndNotRepeated(t *testing.T) {
	t.Parallel()
	p := listen(t)
	w := newTown(t, closed, closed, 0)
	i := w.instance(p)
	w.ready(w.Tenant, w.own)
	w.round(i)
	d, err := w.book.Get(t.Context(), w.Tenant, w.own)
	if err != nil || d.State != domains.Verified || d.CertificateFailures == 0 || d.CertificateProblem != domains.CertificateUnreachable {
		t.Errorf("the name is %+v (%v)", d, err)
	}
	failures := d.CertificateFailures
	w.round(i)
	if d, err = w.book.Get(t.Context(), w.Tenant, w.own); err != nil || d.CertificateFailures != failures {
		t.Errorf("it is tried again at once: %+v (%v)", d, err)
	}
	got, err := i.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range got {
		for _, m := range family.GetMetric() {
			if family.GetName() == "parvis_certificate_failures_total" && m.GetLabel()[0].GetValue() == string(domains.CertificateUnreachable) && m.GetCounter().GetValue() == 0 {
				t.Error("the failure is not counted")
			}
		}
	}
}
