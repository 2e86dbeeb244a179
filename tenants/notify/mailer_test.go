package notify_test

import (
	"bytes"
	"crypto/tls"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/parts"
)

func TestTheConnectionIsProtectedAsAsked(t *testing.T) {
	t.Parallel()
	stranger := &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12} // does not know the server's certificate
	for _, c := range []struct {
		name      string
		configure func(*notify.MailerConfig)
		detail    string // of the failure; "" where it is sent
		tls       bool
	}{
		{"mandatory", func(c *notify.MailerConfig) {}, "", true},
		{"mandatory, unknown certificate", func(c *notify.MailerConfig) { c.TLSConfig = stranger }, "smtp certificate", false},
		{"opportunistic", func(c *notify.MailerConfig) { c.TLS = notify.TLSOpportunistic }, "", true},
		{"opportunistic, unknown certificate", func(c *notify.MailerConfig) { c.TLS, c.TLSConfig = notify.TLSOpportunistic, nil }, "", true},
		{"opportunistic with a password, unknown certificate", func(c *notify.MailerConfig) {
			c.TLS, c.TLSConfig, c.User, c.Password = notify.TLSOpportunistic, nil, "parvis", "secret"
		}, "smtp certificate", false},
		{"none", func(c *notify.MailerConfig) { c.TLS = notify.TLSNone }, "", false},
		{"implicit, where the server speaks first", func(c *notify.MailerConfig) { c.TLS = notify.TLSImplicit }, "smtp away", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, options{mailer: c.configure})
			id := r.mail(t, "", "camille@example.org")
			err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id)
			if c.detail != "" {
				if !fault.Is(err, "mail_away") || len(r.sink.Messages()) != 0 {
					t.Errorf("%v, %d mails", err, len(r.sink.Messages()))
				}
				r.expect(t, id, "queued", c.detail, 1)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if m := r.sink.Messages(); len(m) != 1 || m[0].TLS != c.tls {
				t.Errorf("TLS %v, want %v", m[0].TLS, c.tls)
			}
		})
	}
}

func TestAWrongPasswordIsOursToMend(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{smtp: parts.SMTPOptions{User: "parvis", Password: "secret"}, mailer: func(c *notify.MailerConfig) { c.User, c.Password = "parvis", "wrong" }})
	id := r.mail(t, r.request(t), "camille@example.org")
	err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id)
	if !fault.Is(err, "mail_away") || strings.Contains(err.Error(), "wrong") {
		t.Fatal(err)
	}
	r.expect(t, id, "queued", "smtp 535", 1)

	open := newRig(t, options{smtp: parts.SMTPOptions{User: "parvis", Password: "secret"}})
	id = open.mail(t, "", "camille@example.org")
	if err := open.sender.Deliver(t.Context(), open.DB, open.Tenant, id); !fault.Is(err, "mail_away") {
		t.Errorf("a server that wants AUTH: %v", err)
	}
	if row := open.rows(t)[id]; row.State != "queued" {
		t.Errorf("the row says %q", row.State)
	}
}

func TestCodesAreSentAtOnceAndStoredNowhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	for name, d := range every() {
		code, ok := d.(notify.CourierMail)
		if !ok {
			continue
		}
		r.sink.Clear()
		if err := r.sender.SendNow(t.Context(), r.Tenant, notify.Head{Settings: town}, "camille@example.org", code); err != nil {
			t.Fatal(err)
		}
		if err := r.sender.SendNowHub(t.Context(), r.Hub, "camille@example.org", code); err != nil {
			t.Fatal(err)
		}
		mails := r.sink.Messages()
		if len(mails) != 2 || mails[0].Headers.Get("Message-Id") == mails[1].Headers.Get("Message-Id") {
			t.Fatalf("%s: %d mails", name, len(mails))
		}
		for i, want := range []string{"https://castanet-tolosan.parvis.example/mot-de-passe", "https://sicoval.parvis.example/mot-de-passe"} {
			if !strings.Contains(mails[i].Text, want) {
				t.Errorf("%s: no link to %s:\n%s", name, want, mails[i].Text)
			}
		}
		if mails[0].Headers.Get("Reply-To") == "" || mails[1].Headers.Get("Reply-To") != "" || !strings.Contains(mails[1].Headers.Get("From"), "Sicoval") {
			t.Errorf("%s: headers %v", name, mails[1].Headers)
		}
	}
	if n := len(r.rows(t)); n != 0 {
		t.Errorf("%d rows", n)
	}
	code := every()["recovery code"]
	for to, want := range map[string]string{"bounce@example.org": "mail_refused", "busy@example.org": "mail_away", "a\r\nBcc: b@example.org": "recipient_invalid"} {
		err := r.sender.SendNow(t.Context(), r.Tenant, notify.Head{Settings: town}, to, code)
		if !fault.Is(err, want) || strings.Contains(err.Error(), "@") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := r.sender.SendNow(t.Context(), r.Tenant, notify.Head{Settings: town}, "camille@example.org", notify.SMSMessage{}); !fault.Is(err, "not_a_mail") {
		t.Errorf("a text message by mail: %v", err)
	}
	if got := r.counted(t); !maps.Equal(got, map[string]int{"email sent": 10, "email bounced": 1, "email retried": 1}) {
		t.Errorf("counted %v", got)
	}
}

func TestNoHeaderCanBeAdded(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	evil := "x\r\nBcc: spy@example.org\r\n\r\nbody"
	place := r.Tenant
	place.Name = evil
	settings := town
	settings.Email = evil
	if err := r.sender.SendNow(t.Context(), place, notify.Head{Settings: settings}, "camille@example.org", every()["recovery code"]); err != nil {
		t.Fatal(err)
	}
	m := r.sink.Messages()[0]
	if len(m.To) != 1 || m.Headers.Get("Bcc") != "" || m.Headers.Get("Reply-To") != "" || !strings.Contains(m.Headers.Get("Content-Type"), "multipart") {
		t.Errorf("headers %v", m.Headers)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"camille@example.org", "camille.durand+mairie@sous.example.org", "o'neil@example.org", "été@example.org", "camille@mairie-été.example"} {
		if err := notify.CheckEmail(good); err != nil {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "camille", "@example.org", "camille@", "camille@localhost", "camille@example.org, b@example.org", "Camille <camille@example.org>", "a b@example.org", "a..b@example.org",
		"camille@example..org", "camille@.example.org", "camille@example.org.", "camille@example.org\n", "\"a b\"@example.org", "a@b@example.org", "camille@exa mple.org", strings.Repeat("a", 65) + "@example.org",
	} {
		if err := notify.CheckEmail(bad); !fault.Is(err, "recipient_invalid") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzCheckEmail(f *testing.F) {
	for _, s := range []string{"camille@example.org", "a\r\nRCPT TO:<b@example.org>@example.org", "<a>@example.org", "é@é.fr"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if notify.CheckEmail(s) == nil && (strings.ContainsAny(s, "\r\n\t <>,;:\"()") || strings.Count(s, "@") != 1) {
			t.Errorf("%q can break out of its place", s)
		}
	})
}

func TestPhones(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ insee, typed, want string }{
		{"31113", "06 12 34 56 78", "+33612345678"}, {"31113", "+33 6 12 34 56 78", "+33612345678"}, {"31113", "0033612345678", "+33612345678"}, {"31113", "+34 612 34 56 78", "+34612345678"},
		{"97411", "0692 12 34 56", "+262692123456"}, {"97411", "06 12 34 56 78", "+33612345678"}, {"98735", "87 12 34 56", "+68987123456"}, {"97209", "0696 12 34 56", "+596696123456"},
	} {
		if got, err := notify.CheckPhone(tenants.Tenant{INSEE: c.insee}, c.typed); err != nil || got != c.want {
			t.Errorf("%s in %s: %q, %v; want %s", c.typed, c.insee, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "12", "abc", "06 12 34 56", "+33612345678&to=+33600000000"} {
		if got, err := notify.CheckPhone(castanet, bad); !fault.Is(err, "recipient_invalid") {
			t.Errorf("%q is read as %q, %v", bad, got, err)
		}
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	good := notify.MailerConfig{Host: "localhost", Port: 25, From: "a@example.org", Clock: time.Now}
	if _, err := notify.NewMailer(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*notify.MailerConfig){
		"no host": func(c *notify.MailerConfig) { c.Host = "" }, "no port": func(c *notify.MailerConfig) { c.Port = 0 }, "no sender": func(c *notify.MailerConfig) { c.From = "Mairie" },
		"no such mode": func(c *notify.MailerConfig) { c.TLS = "yes" }, "no clock": func(c *notify.MailerConfig) { c.Clock = nil },
	} {
		bad := good
		spoil(&bad)
		if _, err := notify.NewMailer(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for name, c := range map[string]notify.SMSConfig{
		"no address": {From: "Parvis"}, "a long sender": {SendURL: "http://localhost/s", From: "Castanet-Tolosan"}, "reports without a key": {SendURL: "http://localhost/s", From: "Parvis", ReportURL: "http://localhost/r"},
		"an address with a query": {SendURL: "http://localhost/s?a=b", From: "Parvis"},
	} {
		if _, err := notify.NewSMS(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := notify.New(notify.Config{}); err == nil {
		t.Error("a sender without anything: taken")
	}
}

// A code waits for nothing, and yet comes under the town's own arms.
func TestACodeBearsTheTownsArms(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	logo, err := branding.ReadLogo([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 48"><path fill="#a3232b" d="M0 0h40v30L20 48 0 30z"/></svg>`))
	if err != nil {
		t.Fatal(err)
	}
	var before, head notify.Head
	err = r.DB.Write(t.Context(), r.Tenant, tenants.System("test"), func(tx *tenants.Tx) error {
		if before, err = notify.HeadOf(t.Context(), tx); err != nil {
			return err
		}
		own, version, err := tenants.GetSettings(t.Context(), tx)
		if err != nil {
			return err
		}
		if own.Brand.Logo, err = tenants.KeepLogo(t.Context(), tx, logo); err != nil {
			return err
		}
		if err := tenants.PutSettings(t.Context(), tx, own, version); err != nil {
			return err
		}
		head, err = notify.HeadOf(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(before.Logo) == 0 || len(head.Logo) == 0 || bytes.Equal(before.Logo, head.Logo) {
		t.Errorf("%d bytes of arms, %d of what stands for them", len(head.Logo), len(before.Logo))
	}
	if err := r.sender.SendNow(t.Context(), r.Tenant, head, "camille@example.org", every()["recovery code"]); err != nil {
		t.Fatal(err)
	}
	m := r.sink.Messages()[0]
	if n := len(all(parse(t, m.HTML), `.head img[src="cid:logo@parvis"]`)); n != 1 || !strings.HasPrefix(m.Headers.Get("Content-Type"), "multipart/related") {
		t.Errorf("%d pictures in %s", n, m.Headers.Get("Content-Type"))
	}
}
