package main

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/notify"
)

// codeMinutes is how long Kratos' codes are good for, as its configuration says.
const codeMinutes = 15

// newSender makes what sends mails and text messages.
func (p *program) newSender() (*notify.Sender, error) {
	c := p.config
	tls := notify.TLSOpportunistic
	port := 25
	switch c.SMTPURL.Scheme {
	case "smtp+starttls":
		tls, port = notify.TLSMandatory, 587
	case "smtps":
		tls, port = notify.TLSImplicit, 465
	}
	if explicit, err := strconv.Atoi(c.SMTPURL.Port()); err == nil {
		port = explicit
	}
	password, _ := c.SMTPURL.User.Password()
	mailer, err := notify.NewMailer(notify.MailerConfig{
		Host: c.SMTPURL.Hostname(), Port: port, TLS: tls, User: c.SMTPURL.User.Username(), Password: password,
		From: c.MailFrom, Helo: c.BaseDomain, Clock: time.Now,
	})
	if err != nil {
		return nil, err
	}
	var sms *notify.SMS
	if c.SMSURL != "" {
		sms, err = notify.NewSMS(notify.SMSConfig{
			SendURL: c.SMSURL, User: c.SMSUser, Password: c.SMSPassword, From: "Parvis",
			ReportURL: c.InternalURL + "/kannel/report", ReportKey: c.MasterKey.Platform("sms dlr"),
		})
		if err != nil {
			return nil, err
		}
	}
	return notify.New(notify.Config{
		Mailer: mailer, SMS: sms, Metrics: p.metrics,
		BaseURL: func(t tenants.Tenant) string { return p.url(p.registry.HostOf(t)) },
		HubURL: func(h tenants.Hub) string {
			if h.Slug == "" { // the platform itself
				return p.url(p.registry.BaseDomain())
			}
			return p.url(p.registry.Host(h.Slug))
		},
	})
}

// courier takes the mails that Kratos wants sent, and sends them at once in the
// commune's or the hub's colours; a code is stored nowhere by us.
func (p *program) courier(w http.ResponseWriter, r *http.Request) {
	if !identity.CourierAuthorized(r.Header.Get("Authorization"), p.config.CourierToken) {
		answer(w, http.StatusUnauthorized, "")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, identity.MaxCourierBody))
	if err != nil {
		answer(w, http.StatusRequestEntityTooLarge, "")
		return
	}
	message, err := identity.ParseCourier(body)
	if err != nil {
		p.logger.Warn("a mail of Kratos cannot be read", "error", err.Error())
		answer(w, http.StatusOK, "") // for good: asking again would not help
		return
	}
	err = p.mailCode(r.Context(), message)
	switch {
	case err == nil:
		answer(w, http.StatusOK, "")
	case fault.Of(err).Kind == fault.Unavailable:
		answer(w, http.StatusServiceUnavailable, "")
	default:
		p.logger.Warn("a mail of Kratos cannot be sent", "error", err.Error())
		answer(w, http.StatusOK, "")
	}
}

func (p *program) mailCode(ctx context.Context, m identity.CourierMessage) error {
	data := notify.CourierMail{Purpose: string(m.Purpose), Code: m.Code, Minutes: codeMinutes}
	if m.Tenant == 0 {
		hub := tenants.Hub{Name: "Parvis"}
		if m.Hub != 0 {
			var err error
			if hub, err = p.registry.HubByID(ctx, m.Hub); err != nil {
				return err
			}
		}
		return p.sender.SendNowHub(ctx, hub, m.Recipient, data)
	}
	t, err := p.registry.ByID(ctx, m.Tenant)
	if err != nil {
		return err
	}
	var head notify.Head
	err = p.db.Read(ctx, t, tenants.System("courrier"), func(tx *tenants.Tx) (err error) {
		head, err = notify.HeadOf(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	return p.sender.SendNow(ctx, t, head, m.Recipient, data)
}

// report takes Kannel's delivery reports.
func (p *program) report(w http.ResponseWriter, r *http.Request) {
	report, err := p.sender.ParseReport(r.URL.Query())
	if err == nil {
		var t tenants.Tenant
		if t, err = p.registry.ByID(r.Context(), report.Tenant); err == nil {
			err = p.sender.DeliveryReport(r.Context(), p.db, t, report)
		}
	}
	switch {
	case err == nil:
		answer(w, http.StatusNoContent, "")
	case fault.Of(err).Kind == fault.Unavailable:
		answer(w, http.StatusServiceUnavailable, "")
	default:
		answer(w, http.StatusNotFound, "")
	}
}
