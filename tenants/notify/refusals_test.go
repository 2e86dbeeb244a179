package notify_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// refusing is a server that refuses at one step of each conversation.
type refusing struct {
	mail, data *smtp.SMTPError
	hangUp     bool // after the mail was read, before the answer
	conn       *smtp.Conn
	mails      *atomic.Int32
}

func (r refusing) NewSession(c *smtp.Conn) (smtp.Session, error) {
	r.conn = c
	return &r, nil
}

func (r refusing) Mail(string, *smtp.MailOptions) error { return orNil(r.mail) }
func (refusing) Rcpt(string, *smtp.RcptOptions) error   { return nil }
func (refusing) Reset()                                 {}
func (refusing) Logout() error                          { return nil }

func (r refusing) Data(body io.Reader) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return err
	}
	r.mails.Add(1)
	if r.hangUp {
		return errors.Join(r.conn.Conn().Close(), io.ErrClosedPipe)
	}
	return orNil(r.data)
}

func orNil(e *smtp.SMTPError) error {
	if e == nil {
		return nil
	}
	return e
}

// point sends the rig's mail to another address.
func point(t *testing.T, address string) func(*notify.MailerConfig) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *notify.MailerConfig) { c.Host, c.Port, c.TLS = host, number, notify.TLSNone }
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func TestEachRefusalHasItsMeaning(t *testing.T) {
	t.Parallel()
	words := "camille@example.org is not wanted here"
	for _, c := range []struct {
		name          string
		server        refusing
		state, detail string
	}{
		{"the text, for good", refusing{data: &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: words}}, "bounced", "smtp 554 5.7.1"},
		{"the text, for now", refusing{data: &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: words}}, "queued", "smtp 452 4.3.1"},
		{"us as a sender", refusing{mail: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: words}}, "queued", "smtp 550 5.7.1"},
		{"no answer at the end", refusing{hangUp: true}, "queued", "smtp interrupted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.server.mails = &atomic.Int32{}
			server := smtp.NewServer(c.server)
			server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
			listener := listen(t)
			go func() { _ = server.Serve(listener) }()
			t.Cleanup(func() { _ = server.Close() })
			r := newRig(t, options{mailer: point(t, listener.Addr().String())})
			id := r.mail(t, "", "camille@example.org")
			err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id)
			if (err == nil) != (c.state == "bounced") || err != nil && (!fault.Is(err, "mail_away") || strings.Contains(err.Error(), "camille")) {
				t.Errorf("got %v", err)
			}
			r.expect(t, id, c.state, c.detail, 1)
			if n := c.server.mails.Load(); n > 1 {
				t.Errorf("it was sent %d times", n)
			}
		})
	}
}

func TestAServerThatSaysNothingIsLeft(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	go func() {
		for { // takes calls, and is silent
			if _, err := listener.Accept(); err != nil {
				return
			}
		}
	}()
	r := newRig(t, options{mailer: func(c *notify.MailerConfig) {
		point(t, listener.Addr().String())(c)
		c.Timeout = 300 * time.Millisecond
	}})
	id := r.mail(t, "", "camille@example.org")
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); !fault.Is(err, "mail_away") {
		t.Errorf("got %v", err)
	}
	r.expect(t, id, "queued", "smtp timeout", 1)
}

func TestAWorkerThatIsStoppedGivesItsMailBack(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	called := make(chan struct{}, 1)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "220 localhost\r\n")
			called <- struct{}{} // and never answers EHLO
		}
	}()
	r := newRig(t, options{mailer: point(t, listener.Addr().String())})
	id := r.mail(t, "", "camille@example.org")
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-called
		stop()
	}()
	began := time.Now()
	if err := r.sender.Deliver(ctx, r.DB, r.Tenant, id); !fault.Is(err, "mail_away") {
		t.Errorf("got %v", err)
	}
	if waited := time.Since(began); waited > 4*time.Second {
		t.Errorf("it went on for %v", waited)
	}
	if got := r.rows(t)[id]; got.State != "queued" || got.ClaimedAt != nil {
		t.Errorf("the row says %+v", got)
	}
}

func BenchmarkRenderReceipt(b *testing.B) {
	d := every()["receipt"]
	for b.Loop() {
		if _, err := notify.Render(castanet, town, d); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAMailThatWentOutIsWrittenDownHoweverLongItTakes(t *testing.T) {
	t.Parallel()
	var r *rig
	taken := make(chan struct{})
	r = newRig(t, options{smtp: parts.SMTPOptions{OnMessage: func(parts.Mail) {
		held := make(chan struct{})
		go func() {
			defer close(taken)
			ctx := context.Background()
			tx, err := r.Pool.Begin(ctx)
			if err == nil {
				_, err = tx.Exec(ctx, `select 1 from `+r.Tenant.Schema+`.notification for update`)
			}
			close(held)
			if err != nil {
				t.Error(err)
				return
			}
			time.Sleep(5500 * time.Millisecond) // longer than a transaction waits for a lock
			if err := tx.Rollback(ctx); err != nil {
				t.Error(err)
			}
		}()
		<-held
	}}})
	id := r.mail(t, "", "camille@example.org")
	if err := r.sender.Deliver(t.Context(), r.DB, r.Tenant, id); err != nil {
		t.Fatal(err)
	}
	<-taken
	r.expect(t, id, "sent", "", 1)
	if n := len(r.sink.Messages()); n != 1 {
		t.Errorf("%d mails", n)
	}
}
