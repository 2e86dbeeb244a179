package agent

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"github.com/parvis-gru/parvis/api/web/webtest"
)

// zone is a DNS server whose records a test changes: a line each.
type zone struct {
	mu      sync.Mutex
	records []dns.RR
	addr    string
}

func newZone(t *testing.T) *zone {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zone{addr: conn.LocalAddr().String()}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		z.mu.Lock()
		defer z.mu.Unlock()
		m := new(dns.Msg).SetReply(r)
		for _, record := range z.records {
			if h := record.Header(); h.Name == r.Question[0].Name && (h.Rrtype == r.Question[0].Qtype || h.Rrtype == dns.TypeCNAME) {
				m.Answer = append(m.Answer, record)
			}
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return z
}

func (z *zone) set(t *testing.T, lines ...string) {
	t.Helper()
	z.mu.Lock()
	defer z.mu.Unlock()
	z.records = nil
	for _, line := range lines {
		record, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		z.records = append(z.records, record)
	}
}

const ownName = "demarches.castanet-tolosan.fr"

func TestTheSitesAddressIsExplainedAndChanged(t *testing.T) {
	t.Parallel()
	z := newZone(t)
	o := newOffice(t, webtest.WithResolver(z.addr))
	target := o.Registry.Host(o.Tenant.Slug)
	z.set(t, target+". 60 IN A 127.0.0.1")
	b := o.signed(t, o.admin)
	p := b.Get("/agents/reglages").Follow("Adresse du site").Want(http.StatusOK, "/agents/reglages/adresse")
	wrong := p.Form("form.card").Set("host", "192.0.2.1").Submit().Want(http.StatusUnprocessableEntity, "")
	if !wrong.Has(`.error-summary a[href="#host"]`) || wrong.Form("form.card").Value("host") != "192.0.2.1" {
		t.Errorf("the errors are %q", wrong.Texts(".error-summary li"))
	}

	p = p.Form("form.card").Set("host", "https://"+strings.ToUpper(ownName)+"/").Submit().Want(http.StatusOK, "/agents/reglages/adresse")
	if got := p.Text("section.card .status"); got != "En attente" || !strings.Contains(p.Text("section.card .notice"), "Aucun enregistrement n’existe") {
		t.Errorf("a name without records is %q: %q", got, p.Text("section.card .notice"))
	}
	cells := p.Texts("section.card table td")
	if !slices.Contains(cells, "CNAME") || !slices.Contains(cells, ownName+".") || !slices.Contains(cells, target+".") {
		t.Errorf("the table says %q", cells)
	}
	if mail := p.Text("section.card textarea"); !strings.Contains(mail, ownName+". CNAME "+target+".") {
		t.Errorf("the message says %q", mail)
	}

	verify := func() *webtest.Page {
		t.Helper()
		return b.Get("/agents/reglages/adresse").Form(`section.card form:has(button[value="verifier"])`).Press("Vérifier maintenant").Want(http.StatusOK, "/agents/reglages/adresse")
	}
	z.set(t, target+". 60 IN A 127.0.0.1", ownName+". 3600 IN A 192.0.2.7")
	if got := verify().Text("section.card .notice"); !strings.Contains(got, "mène à 192.0.2.7") || !strings.Contains(got, "60 minutes") {
		t.Errorf("a name that leads elsewhere: %q", got)
	}
	z.set(t, target+". 60 IN A 127.0.0.1", ownName+". 60 IN A 127.0.0.1")
	p = verify()
	if got := p.Text("section.card .notice"); !strings.Contains(got, "Il manque la preuve") {
		t.Errorf("a name without its proof: %q", got)
	}
	z.set(t, ownName+". 60 IN CNAME "+target+".")
	p = verify()
	if got := p.Text("section.card .status"); got != "En service" || p.Has("section.card table") {
		t.Errorf("a name that is right is %q", got)
	}
	if got := p.Text("main"); !strings.Contains(got, "à l’adresse http://"+ownName) {
		t.Errorf("the page says %q", got)
	}

	p = p.Form(`section.card form:has(button[value="plateforme"])`).Press("Garder l’adresse").Want(http.StatusOK, "")
	if got := p.Text("main"); !strings.Contains(got, "à l’adresse http://"+target) {
		t.Errorf("the page says %q", got)
	}
	p.Form(`section.card form:has(button[value="principale"])`).Press("En faire l’adresse").Want(http.StatusOK, "")
	p = b.Get("/agents/reglages/adresse").Form(`section.card form:has(button[value="retirer"])`).Press("Retirer").Want(http.StatusOK, "/agents/reglages/adresse")
	if p.Has("section.card") {
		t.Error("a removed name is still listed")
	}
}

func TestTheSitesAddressIsForAdministrators(t *testing.T) {
	t.Parallel()
	o := newOffice(t, webtest.WithResolver(newZone(t).addr))
	o.signed(t, o.front).Get("/agents/reglages/adresse").Want(http.StatusForbidden, "")
	o.Browser(t).Get("/agents/reglages/adresse").Want(http.StatusOK, "/agents/connexion")
	// A domain itself has no alias: addresses, and a proof.
	p := o.signed(t, o.admin).Get("/agents/reglages/adresse").Form("form.card").Set("host", "castanet-tolosan.fr").Submit().Want(http.StatusOK, "")
	if cells := p.Texts("section.card table td"); !slices.Contains(cells, "_parvis.castanet-tolosan.fr.") || slices.Contains(cells, "CNAME") {
		t.Errorf("the table says %q", cells)
	}
}
