package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// TLSMode says how a connection to the SMTP server is protected.
type TLSMode string

// The modes. The certificate is checked, but in TLSOpportunistic without a user:
// who could forge it could as well take the offer of STARTTLS away (RFC 7435), and
// there is no password to protect.
const (
	TLSMandatory     TLSMode = "mandatory"     // STARTTLS, or nothing is sent
	TLSOpportunistic TLSMode = "opportunistic" // STARTTLS where the server offers it
	TLSImplicit      TLSMode = "implicit"      // TLS from the first byte (port 465)
	TLSNone          TLSMode = "none"          // for a server on the same machine
)

// MailerConfig says how mail is sent.
type MailerConfig struct {
	Host           string
	Port           int
	TLS            TLSMode     // empty: TLSMandatory
	TLSConfig      *tls.Config // nil: the system's authorities, TLS 1.2 or later
	User, Password string      // no AUTH where the user is empty
	From           string      // address of the envelope and of the From header, "no-reply@parvis.fr"
	Helo           string      // our name to the server; empty: the machine's
	Timeout        time.Duration
	MaxIdle        int              // connections kept open for the next mail
	Clock          func() time.Time // dates the mails that are sent at once
}

// defaults of a MailerConfig.
const (
	mailTimeout = 15 * time.Second
	mailMaxIdle = 8
)

// Mailer sends mails to one SMTP server and keeps some connections open between
// them. It may be used by many goroutines.
type Mailer struct {
	config MailerConfig
	from   string
	domain string
	idle   chan *mailConn
}

// mailConn is one open connection.
type mailConn struct {
	client *mail.Client
	smtp   *smtp.Client

	mu     sync.Mutex
	raw    net.Conn
	closed bool
}

// NewMailer checks the configuration; it connects to nothing yet.
func NewMailer(c MailerConfig) (*Mailer, error) {
	from, err := mailAddress(c.From)
	if err != nil {
		return nil, errors.New("notify: the sender's address is none")
	}
	if c.Clock == nil {
		return nil, errors.New("notify: a mailer needs a clock")
	}
	if c.Host == "" || c.Port <= 0 || c.Port > 65535 {
		return nil, errors.New("notify: the SMTP server needs a host and a port")
	}
	if c.TLS == "" {
		c.TLS = TLSMandatory
	}
	switch c.TLS {
	case TLSMandatory, TLSOpportunistic, TLSImplicit, TLSNone:
	default:
		return nil, errors.New("notify: unknown TLS mode")
	}
	if c.TLSConfig == nil {
		c.TLSConfig = &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
		c.TLSConfig.InsecureSkipVerify = c.TLS == TLSOpportunistic && c.User == "" //nolint:gosec // see the modes
	}
	if c.Timeout <= 0 {
		c.Timeout = mailTimeout
	}
	if c.MaxIdle <= 0 {
		c.MaxIdle = mailMaxIdle
	}
	_, domain, _ := strings.Cut(from, "@")
	m := &Mailer{config: c, from: from, domain: domain, idle: make(chan *mailConn, c.MaxIdle)}
	if _, err := m.newClient(&mailConn{}); err != nil {
		return nil, errors.New("notify: the SMTP configuration is refused")
	}
	return m, nil
}

// Close ends the connections that wait for a next mail.
func (m *Mailer) Close() {
	for {
		select {
		case c := <-m.idle:
			c.close()
		default:
			return
		}
	}
}

// newClient makes a client for one connection, which it keeps in into, so that it
// can be closed whatever happens.
func (m *Mailer) newClient(into *mailConn) (*mail.Client, error) {
	c := m.config
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		into.keep(conn)
		if c.TLS != TLSImplicit {
			return conn, nil
		}
		secure := tls.Client(conn, c.TLSConfig)
		return secure, secure.HandshakeContext(ctx)
	}
	options := []mail.Option{
		mail.WithPort(c.Port), mail.WithTimeout(c.Timeout), mail.WithDialContextFunc(dial), mail.WithTLSConfig(c.TLSConfig),
	}
	switch c.TLS {
	case TLSMandatory:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLSOpportunistic:
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	case TLSImplicit:
		options = append(options, mail.WithSSL())
	case TLSNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if c.Helo != "" {
		options = append(options, mail.WithHELO(c.Helo))
	}
	if c.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(c.User), mail.WithPassword(c.Password))
	}
	return mail.NewClient(c.Host, options...)
}

func (m *Mailer) connect(ctx context.Context) (*mailConn, error) {
	c := &mailConn{}
	client, err := m.newClient(c)
	if err != nil {
		return nil, later("smtp configuration")
	}
	c.client = client
	stop := context.AfterFunc(ctx, c.close)
	c.smtp, err = client.DialToSMTPClientWithContext(ctx)
	if alive := stop(); err != nil || !alive {
		c.close()
		return nil, later("smtp " + describe(err, "away"))
	}
	return c, nil
}

// keep holds the connection below, or drops it where it was given up meanwhile.
func (c *mailConn) keep(raw net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = raw
	if c.closed {
		_ = raw.Close() // it is given up whatever it says
	}
}

// close drops the connection, whose last answer is not waited for.
func (c *mailConn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.raw != nil {
		_ = c.raw.Close() // it is given up whatever it says
	}
}

// send sends one mail. An error is a *sendError.
func (m *Mailer) send(ctx context.Context, l letter) error {
	message, err := m.compose(l)
	if err != nil {
		return err
	}
	for {
		c, kept, err := m.acquire(ctx)
		if err != nil {
			return err
		}
		stale, err := m.sendOn(ctx, c, message)
		if stale && kept {
			continue // the server closed a connection that waited: nothing was sent on it
		}
		return err
	}
}

func (m *Mailer) acquire(ctx context.Context) (c *mailConn, kept bool, err error) {
	select {
	case c := <-m.idle:
		if c.smtp.UpdateDeadline(m.config.Timeout) == nil {
			return c, true, nil
		}
		c.close()
	default:
	}
	c, err = m.connect(ctx)
	return c, false, err
}

// sendOn sends on a connection and keeps it where it may serve again. stale says
// that it was dead before anything of the mail was sent.
func (m *Mailer) sendOn(ctx context.Context, c *mailConn, message *mail.Msg) (stale bool, err error) {
	stop := context.AfterFunc(ctx, c.close)
	err = c.client.SendWithSMTPClient(c.smtp, message)
	alive := stop()
	if err == nil || message.IsDelivered() {
		m.release(c, alive && err == nil)
		return false, nil
	}
	failed, ok := errors.AsType[*mail.SendError](err)
	if !ok {
		m.release(c, false)
		return false, later("smtp " + describe(err, "interrupted"))
	}
	code := failed.ErrorCode()
	m.release(c, alive && code >= 400 && code != 421)
	detail := "smtp " + describe(err, "interrupted")
	if code >= 400 && code < 600 {
		detail = strings.TrimSpace("smtp " + strconv.Itoa(code) + " " + failed.EnhancedStatusCode())
	}
	switch {
	case failed.Reason == mail.ErrConnCheck:
		return true, later(detail)
	case code >= 500 && (failed.Reason == mail.ErrSMTPRcptTo || failed.Reason == mail.ErrSMTPDataClose):
		return false, refused(detail)
	default: // 4xx, no answer, or a 5xx for us rather than for this recipient or text
		return false, later(detail)
	}
}

func (m *Mailer) release(c *mailConn, alive bool) {
	if alive {
		select {
		case m.idle <- c:
			return
		default:
		}
	}
	c.close()
}

// describe says what went wrong with a server without its words, which often
// repeat the address.
func describe(err error, otherwise string) string {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return strconv.Itoa(reply.Code)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "certificate"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "timeout"
	}
	return otherwise
}

// sendError says why a message did not go. It names no address.
type sendError struct {
	detail string
	// end is the event that tells that there will be no other try; "" where there will.
	end string
}

// Error gives the server's code or what was wrong with it.
func (e *sendError) Error() string { return e.detail }

func later(detail string) *sendError   { return &sendError{detail: detail} }
func refused(detail string) *sendError { return &sendError{detail: detail, end: eventBounced} }
