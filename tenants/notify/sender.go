package notify

import (
	"context"
	"errors"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Config is what a Sender needs.
type Config struct {
	Mailer *Mailer
	SMS    *SMS // nil: text messages end as failed, "sms off"
	// BaseURL and HubURL give the address of a commune's and of a hub's site, without
	// a path: "https://castanet-tolosan.parvis.fr".
	BaseURL func(tenants.Tenant) string
	HubURL  func(tenants.Hub) string
	// MaxAttempts is how often a message is tried; 0 means 18, which River's backoff
	// spreads over five days, as mail servers do (RFC 5321, 4.5.4.1).
	MaxAttempts int
	Metrics     prometheus.Registerer
}

// Sender sends what is queued. It may be used by many goroutines.
type Sender struct {
	mailer  *Mailer
	sms     *SMS
	baseURL func(tenants.Tenant) string
	hubURL  func(tenants.Hub) string
	max     int
	total   *prometheus.CounterVec
}

const maxAttempts = 18

// The results of the metric.
const (
	resultSent      = "sent"
	resultDelivered = "delivered" // text messages
	resultRetried   = "retried"
	resultBounced   = "bounced"
	resultFailed    = "failed"
)

// New makes a Sender and registers its metric, parvis_notifications_total by
// channel and result.
func New(c Config) (*Sender, error) {
	if c.Mailer == nil || c.BaseURL == nil || c.HubURL == nil || c.Metrics == nil {
		return nil, errors.New("notify: a sender needs a mailer, the sites' addresses and a registry of metrics")
	}
	if c.MaxAttempts <= 0 {
		c.MaxAttempts = maxAttempts
	}
	s := &Sender{mailer: c.Mailer, sms: c.SMS, baseURL: c.BaseURL, hubURL: c.HubURL, max: c.MaxAttempts}
	s.total = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parvis_notifications_total", Help: "Attempts to send e-mails and text messages, by what came of them.",
	}, []string{"channel", "result"})
	for _, result := range []string{resultSent, resultRetried, resultBounced, resultFailed} {
		s.total.WithLabelValues(channelEmail, result)
		s.total.WithLabelValues(channelSMS, result)
	}
	s.total.WithLabelValues(channelSMS, resultDelivered)
	return s, c.Metrics.Register(s.total)
}

func (s *Sender) count(channel, result string) { s.total.WithLabelValues(channel, result).Inc() }

// SendNow renders and sends a mail of a commune at once and stores nothing of it:
// for codes, which are not to lie in a table. An address that cannot be one is
// fault.Invalid "recipient_invalid", a mail that the server refuses for good
// fault.Invalid "mail_refused": neither is worth another try. A server that is away
// or busy is fault.Unavailable "mail_away".
func (s *Sender) SendNow(ctx context.Context, t tenants.Tenant, head Head, to string, d Data) error {
	r, err := Render(t, head.Settings, d)
	if err != nil {
		return err
	}
	return s.sendNow(ctx, r, s.baseURL(t), letter{FromName: t.Name, ReplyTo: head.Settings.Email, To: to, Logo: head.Logo})
}

// SendNowHub does the same for a hub.
func (s *Sender) SendNowHub(ctx context.Context, h tenants.Hub, to string, d Data) error {
	r, err := RenderHub(h, d)
	if err != nil {
		return err
	}
	return s.sendNow(ctx, r, s.hubURL(h), letter{FromName: h.Name, To: to})
}

func (s *Sender) sendNow(ctx context.Context, r Rendered, site string, l letter) error {
	if r.HTML == "" {
		return fault.New(fault.Internal, "not_a_mail")
	}
	if err := CheckEmail(l.To); err != nil {
		return err
	}
	l.ID, l.Date = tenants.NewID(), s.mailer.config.Clock()
	l.Rendered = Rendered{Subject: r.Subject, Text: Absolute(r.Text, site), HTML: Absolute(r.HTML, site)}
	err := s.mailer.send(ctx, l)
	failed, isFailure := errors.AsType[*sendError](err)
	switch {
	case err == nil:
		s.count(channelEmail, resultSent)
		return nil
	case isFailure && failed.end != "":
		s.count(channelEmail, resultBounced)
		return fault.Wrap(fault.Invalid, "mail_refused", err)
	default:
		s.count(channelEmail, resultRetried)
		return fault.Wrap(fault.Unavailable, "mail_away", err)
	}
}

// site gives the address of a commune's site without a slash at its end.
func (s *Sender) site(t tenants.Tenant) string { return strings.TrimRight(s.baseURL(t), "/") }
