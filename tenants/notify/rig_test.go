package notify_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/parts"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

// rig is a deployment with a sender and what it sends to.
type rig struct {
	*pgtest.Env
	sink    *parts.SMTPSink
	sender  *notify.Sender
	metrics *prometheus.Registry
}

// options change a rig before it is made.
type options struct {
	smtp        parts.SMTPOptions
	mailer      func(*notify.MailerConfig)
	sms         *notify.SMS
	maxAttempts int
}

func newRig(t *testing.T, o options) *rig {
	t.Helper()
	r := &rig{Env: pgtest.Schema(t), metrics: prometheus.NewRegistry()}
	o.smtp.Now = r.Clock.Now
	sink, err := parts.StartSMTP(o.smtp)
	if err != nil {
		t.Fatal(err)
	}
	r.sink = sink
	t.Cleanup(func() { r.sink.Stop() })
	r.sender = r.newSender(t, o)
	r.Write(t, r.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		settings, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		settings.Email = town.Email
		return tenants.PutSettings(ctx, tx, settings, version)
	})
	return r
}

func (r *rig) newSender(t *testing.T, o options) *notify.Sender {
	t.Helper()
	host, port, err := net.SplitHostPort(r.sink.Addr())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AddCert(r.sink.Certificate())
	config := notify.MailerConfig{
		Host: host, Port: number, From: "ne-pas-repondre@parvis.example", Timeout: 5 * time.Second, Clock: r.Clock.Now,
		TLSConfig: &tls.Config{RootCAs: authorities, ServerName: "localhost", MinVersion: tls.VersionTLS12},
	}
	if o.mailer != nil {
		o.mailer(&config)
	}
	mailer, err := notify.NewMailer(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mailer.Close)
	sender, err := notify.New(notify.Config{
		Mailer: mailer, SMS: o.sms, MaxAttempts: o.maxAttempts, Metrics: r.metrics,
		BaseURL: func(t tenants.Tenant) string { return "https://" + t.Slug + ".parvis.example/" },
		HubURL:  func(h tenants.Hub) string { return "https://" + h.Slug + ".parvis.example" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

// request puts a request into the commune, for its history to be written to.
func (r *rig) request(t *testing.T) tenants.ID {
	t.Helper()
	id := tenants.NewID()
	for _, sql := range []string{
		`insert into %[1]s.procedure (id, slug, model, updated_at) values ('%[2]s', '%[2]s', 'buvette', now())`,
		`insert into %[1]s.procedure_version (id, procedure_id, number, definition, checksum, created_at, created_by) values ('%[2]s', '%[2]s', 1, '{}', '', now(), '')`,
		`insert into %[1]s.request (id, number, procedure_id, version_id, procedure_slug, title, kind, channel, state, answers, tracking_hash, payload_hash, received_at, received_on, first_received_on, silence_effect)
			values ('%[2]s', '%[2]s', '%[2]s', '%[2]s', 'buvette', 'Buvette', 'request', 'web', 'received', '{}', '', '', now(), '2026-11-23', '2026-11-23', 'none')`,
	} {
		if _, err := r.Pool.Exec(t.Context(), fmt.Sprintf(sql, r.Tenant.Schema, id)); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// queue writes a message and gives its key.
func (r *rig) queue(t *testing.T, m notify.Message) tenants.ID {
	t.Helper()
	before := r.rows(t)
	r.Write(t, r.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error { return notify.Enqueue(ctx, tx, m) })
	for id := range r.rows(t) {
		if _, old := before[id]; !old {
			return id
		}
	}
	t.Fatal("nothing was queued")
	return ""
}

// mail queues a rendered receipt to somebody.
func (r *rig) mail(t *testing.T, request tenants.ID, to string) tenants.ID {
	t.Helper()
	d := every()["receipt"]
	m, err := notify.Render(r.Tenant, town, d)
	if err != nil {
		t.Fatal(err)
	}
	return r.queue(t, notify.Message{RequestID: request, Channel: "email", Template: notify.TemplateOf(d), To: to, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
}

func (r *rig) text(t *testing.T, request tenants.ID, to, text string) tenants.ID {
	t.Helper()
	return r.queue(t, notify.Message{RequestID: request, Channel: "sms", Template: "sms_received", To: to, Text: text})
}

type row struct {
	State, Detail, Text, Recipient string
	Attempts                       int
	SentAt, ClaimedAt              *time.Time
}

func (r *rig) rows(t *testing.T) map[tenants.ID]row {
	t.Helper()
	found, err := r.Pool.Query(t.Context(), fmt.Sprintf(`select id, state, detail, text, recipient, attempts, sent_at, claimed_at from %s.notification`, r.Tenant.Schema))
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	all := map[tenants.ID]row{}
	for found.Next() {
		var id tenants.ID
		var v row
		if err := found.Scan(&id, &v.State, &v.Detail, &v.Text, &v.Recipient, &v.Attempts, &v.SentAt, &v.ClaimedAt); err != nil {
			t.Fatal(err)
		}
		all[id] = v
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// expect holds a row to a state, a detail and a number of attempts, unclaimed.
func (r *rig) expect(t *testing.T, id tenants.ID, state, detail string, attempts int) row {
	t.Helper()
	got := r.rows(t)[id]
	if got.State != state || got.Detail != detail || got.Attempts != attempts || got.ClaimedAt != nil {
		t.Errorf("the row says %q %q after %d attempts (claimed %v), want %q %q after %d", got.State, got.Detail, got.Attempts, got.ClaimedAt, state, detail, attempts)
	}
	return got
}

// events gives the kinds of events of a request's history.
func (r *rig) events(t *testing.T, request tenants.ID) []string {
	t.Helper()
	kinds := []string{}
	r.Write(t, r.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		history, err := tx.History(ctx, string(request))
		for _, e := range history {
			kinds = append(kinds, e.Kind)
		}
		return err
	})
	return kinds
}

// counted gives the metric's values by "channel result", without the zeros.
func (r *rig) counted(t *testing.T) map[string]int {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]int{}
	for _, f := range families {
		if f.GetName() != "parvis_notifications_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if n := int(m.GetCounter().GetValue()); n > 0 {
				values[m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = n
			}
		}
	}
	return values
}

// bareSender sends nothing: for what only reads.
func bareSender(t testing.TB, sms *notify.SMS) *notify.Sender {
	t.Helper()
	mailer, err := notify.NewMailer(notify.MailerConfig{Host: "localhost", Port: 25, From: "a@example.org", Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	sender, err := notify.New(notify.Config{
		Mailer: mailer, SMS: sms, Metrics: prometheus.NewRegistry(),
		BaseURL: func(tenants.Tenant) string { return "" }, HubURL: func(tenants.Hub) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}
