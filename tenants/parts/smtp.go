package parts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// maxMailBytes is the largest message that the SMTP server takes: 25 MiB.
const maxMailBytes = 25 << 20

// SMTPOptions say how the SMTP server is started.
type SMTPOptions struct {
	// Addr to listen on; empty means a free port of 127.0.0.1.
	Addr string
	// Now is the clock of what is kept.
	Now func() time.Time
	// User and Password, where set, must be given (AUTH PLAIN or LOGIN) before a mail is taken.
	User, Password string
	// OnMessage, where set, is called with each message that was taken.
	OnMessage func(Mail)
}

// SMTPSink is a real SMTP server that delivers nothing and keeps what it takes: the
// last 5,000 messages. STARTTLS and AUTH are offered and not required (unless a user
// is set). A recipient bounce@… is refused for good (550), busy@… for now (451).
type SMTPSink struct {
	opts   SMTPOptions
	server *smtp.Server
	addr   string
	cert   *x509.Certificate
	ended  chan struct{}

	mu    sync.Mutex
	mails []Mail
}

// StartSMTP starts the server.
func StartSMTP(opts SMTPOptions) (*SMTPSink, error) {
	if opts.Now == nil {
		return nil, errors.New("start SMTP: it needs a clock")
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	s := &SMTPSink{opts: opts, ended: make(chan struct{})}
	pair, err := selfSigned(opts.Now())
	if err != nil {
		return nil, fmt.Errorf("start SMTP: %w", err)
	}
	s.cert = pair.Leaf
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &smtpSession{sink: s, conn: c}, nil
	}))
	s.server.Domain = "localhost"
	s.server.MaxMessageBytes = maxMailBytes
	s.server.MaxRecipients = 100
	s.server.AllowInsecureAuth = true // it listens on this machine alone
	s.server.EnableSMTPUTF8 = true
	s.server.ReadTimeout = time.Minute
	s.server.WriteTimeout = time.Minute
	s.server.ErrorLog = log.New(io.Discard, "", 0) // its lines carry addresses
	s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	listener, err := net.Listen("tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("start SMTP: %w", err)
	}
	s.addr = listener.Addr().String()
	go func() {
		defer close(s.ended)
		_ = s.server.Serve(listener)
	}()
	return s, nil
}

// Addr gives the address that it listens on, host:port.
func (s *SMTPSink) Addr() string { return s.addr }

// Certificate gives the self-signed certificate (localhost, 127.0.0.1) of STARTTLS.
func (s *SMTPSink) Certificate() *x509.Certificate { return s.cert }

// Messages gives what was taken, oldest first.
func (s *SMTPSink) Messages() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Clear forgets what was taken.
func (s *SMTPSink) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = nil
}

// Stop closes the server and every connection. It can be called twice.
func (s *SMTPSink) Stop() {
	_ = s.server.Close()
	<-s.ended
}

func (s *SMTPSink) keep(m Mail) {
	s.mu.Lock()
	s.mails = append(s.mails, m)
	if len(s.mails) > maxKept {
		s.mails = append([]Mail(nil), s.mails[len(s.mails)-maxKept:]...)
	}
	s.mu.Unlock()
	if s.opts.OnMessage != nil {
		s.opts.OnMessage(m)
	}
}

// smtpSession is one client's conversation.
type smtpSession struct {
	sink *SMTPSink
	conn *smtp.Conn
	user string
	from string
	to   []string
}

// AuthMechanisms lists what a client may sign in with.
func (s *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

// Auth starts signing in.
func (s *smtpSession) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		want := s.sink.opts
		if want.User != "" && (subtle.ConstantTimeCompare([]byte(user), []byte(want.User)) != 1 ||
			subtle.ConstantTimeCompare([]byte(password), []byte(want.Password)) != 1) {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}
	if mechanism == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// Mail begins a message.
func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.sink.opts.User != "" && s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.from, s.to = from, nil
	return nil
}

// Rcpt takes a recipient, or refuses it where its name asks for that.
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch name, _, _ := strings.Cut(strings.ToLower(to), "@"); name {
	case "bounce":
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"}
	case "busy":
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Try again later"}
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the message.
func (s *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := parseMail(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "The message cannot be read"}
	}
	_, m.TLS = s.conn.TLSConnectionState()
	m.From, m.To, m.User, m.At = s.from, s.to, s.user, s.sink.opts.Now()
	s.sink.keep(m)
	return nil
}

// Reset forgets the message that was begun.
func (s *smtpSession) Reset() { s.from, s.to = "", nil }

// Logout ends the conversation.
func (s *smtpSession) Logout() error { return nil }

// loginServer is AUTH LOGIN, which many clients still speak.
type loginServer struct {
	check func(user, password string) error
	user  string
	step  int
}

// Next takes the client's answer and gives the next question.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch {
	case l.step == 1 && response == nil:
		return []byte("Username:"), false, nil
	case l.step == 1, l.step == 2 && l.user == "":
		l.step = 2
		l.user = string(response)
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.check(l.user, string(response))
	}
}

// selfSigned makes a certificate for localhost, valid for ten years around now.
func selfSigned(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
