package parts_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/parvis-gru/parvis/tenants/parts"
)

func startSMTP(t *testing.T, opts parts.SMTPOptions) *parts.SMTPSink {
	t.Helper()
	opts.Now = time.Now
	sink, err := parts.StartSMTP(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Stop)
	return sink
}

// post sends a mail of two parts and an attachment with the client that Parvis uses.
func post(t *testing.T, sink *parts.SMTPSink, to string, options ...mail.Option) error {
	t.Helper()
	host, portText, err := net.SplitHostPort(sink.Addr())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		t.Fatal(err)
	}
	client, err := mail.NewClient(host, append([]mail.Option{mail.WithPort(port)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	m := mail.NewMsg()
	if err := errors.Join(m.From("mairie@labege.example"), m.To(to)); err != nil {
		t.Fatal(err)
	}
	m.Subject("Accusé de réception n° 26-000123")
	m.SetBodyString(mail.TypeTextPlain, "Votre demande est reçue.\nÀ bientôt.")
	m.AddAlternativeString(mail.TypeTextHTML, "<p>Votre demande est reçue.</p>")
	if err := m.AttachReader("reçu.txt", strings.NewReader("un reçu")); err != nil {
		t.Fatal(err)
	}
	return client.DialAndSendWithContext(t.Context(), m)
}

func withTLS(sink *parts.SMTPSink) []mail.Option {
	pool := x509.NewCertPool()
	pool.AddCert(sink.Certificate())
	return []mail.Option{
		mail.WithTLSPolicy(mail.TLSMandatory),
		mail.WithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}),
	}
}

func TestSMTPKeepsWhatIsSent(t *testing.T) {
	t.Parallel()
	heard := make(chan parts.Mail, 1)
	sink := startSMTP(t, parts.SMTPOptions{User: "parvis", Password: "secret", OnMessage: func(m parts.Mail) { heard <- m }})
	options := append(withTLS(sink), mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername("parvis"), mail.WithPassword("secret"))
	if err := post(t, sink, "camille@example.org", options...); err != nil {
		t.Fatal(err)
	}
	got := <-heard
	if got.Subject != "Accusé de réception n° 26-000123" || got.Text != "Votre demande est reçue.\nÀ bientôt." || got.HTML != "<p>Votre demande est reçue.</p>" {
		t.Errorf("read as %q, %q, %q", got.Subject, got.Text, got.HTML)
	}
	if !got.TLS || got.User != "parvis" || got.From != "mairie@labege.example" || strings.Join(got.To, " ") != "camille@example.org" {
		t.Errorf("envelope: %v %q %q %q", got.TLS, got.User, got.From, got.To)
	}
	if strings.Join(got.Attachments, "|") != "reçu.txt" {
		t.Errorf("attachments %q", got.Attachments)
	}
	if n := len(sink.Messages()); n != 1 {
		t.Errorf("%d messages kept", n)
	}
	sink.Clear()
	if n := len(sink.Messages()); n != 0 {
		t.Errorf("%d messages kept after all were forgotten", n)
	}
}

func TestSMTPRefuses(t *testing.T) {
	t.Parallel()
	open := startSMTP(t, parts.SMTPOptions{})
	closed := startSMTP(t, parts.SMTPOptions{User: "parvis", Password: "secret"})
	for _, c := range []struct {
		name string
		sink *parts.SMTPSink
		to   string
		code int
	}{
		{"unknown mailbox", open, "bounce@example.org", 550},
		{"busy mailbox", open, "busy@example.org", 451},
		{"not signed in", closed, "camille@example.org", 502},
	} {
		client, err := smtp.Dial(c.sink.Addr())
		if err != nil {
			t.Fatal(err)
		}
		err = client.Mail("mairie@labege.example")
		if err == nil {
			err = client.Rcpt(c.to)
		}
		reply, ok := errors.AsType[*textproto.Error](err)
		if !ok || reply.Code != c.code {
			t.Errorf("%s: %v, want %d", c.name, err, c.code)
		}
		_ = client.Close()
	}
	options := append(withTLS(closed), mail.WithSMTPAuth(mail.SMTPAuthLogin), mail.WithUsername("parvis"), mail.WithPassword("wrong"))
	if err := post(t, closed, "camille@example.org", options...); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("wrong password: %v", err)
	}
	options = append(withTLS(closed), mail.WithSMTPAuth(mail.SMTPAuthLogin), mail.WithUsername("parvis"), mail.WithPassword("secret"))
	if err := post(t, closed, "camille@example.org", options...); err != nil {
		t.Errorf("AUTH LOGIN: %v", err)
	}
	if n := len(open.Messages()); n != 0 {
		t.Errorf("%d refused messages are kept", n)
	}
}
