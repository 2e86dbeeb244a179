package notify

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
)

// SMSConfig says how text messages are sent: through the HTTP interface of a Kannel
// gateway (sendsms), or of what speaks like one.
type SMSConfig struct {
	SendURL        string // "http://127.0.0.1:13013/cgi-bin/sendsms"
	User, Password string
	From           string       // sender that telephones show: 11 letters or figures at most
	ReportURL      string       // our own address for delivery reports, absolute; "" asks for none
	ReportKey      []byte       // signs what stands in that address; 32 bytes or more
	Client         *http.Client // nil: one of its own, that waits 15 seconds
}

// SMS sends text messages. It may be used by many goroutines.
type SMS struct {
	config SMSConfig
	client *http.Client
}

const (
	smsTimeout = 15 * time.Second
	// dlrMask asks Kannel for reports of delivery (1), failure (2) and refusal (16).
	dlrMask = "19"
	// maxSender is the length of an alphanumeric sender (3GPP TS 23.040).
	maxSender = 11
)

// NewSMS checks the configuration; it connects to nothing yet.
func NewSMS(c SMSConfig) (*SMS, error) {
	if u, err := url.Parse(c.SendURL); err != nil || u.Host == "" || u.RawQuery != "" {
		return nil, errors.New("notify: the address of the SMS gateway cannot be read")
	}
	if c.ReportURL != "" {
		if u, err := url.Parse(c.ReportURL); err != nil || u.Host == "" || u.RawQuery != "" || strings.Contains(c.ReportURL, "%") {
			return nil, errors.New("notify: the address of delivery reports cannot be read")
		}
		if len(c.ReportKey) < 32 {
			return nil, errors.New("notify: delivery reports need a key of 32 bytes")
		}
	}
	if c.From == "" || len(c.From) > maxSender || strings.ContainsFunc(c.From, func(r rune) bool { return r > 'z' || r < ' ' }) {
		return nil, errors.New("notify: the sender of text messages is 1 to 11 plain letters")
	}
	client := c.Client
	if client == nil {
		client = &http.Client{
			Timeout:   smsTimeout,
			Transport: &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}, // no proxy: the gateway is ours
		}
	}
	return &SMS{config: c, client: client}, nil
}

// send gives a text to the gateway. An error is a *sendError: never the client's,
// which repeats the address, and in it the password and the number.
func (s *SMS) send(ctx context.Context, tenant int64, id tenants.ID, to, text string) error {
	text = toGSM(text)
	coding := "0"
	if _, gsm := septets(text); !gsm {
		coding = "2"
	}
	q := url.Values{
		"username": {s.config.User}, "password": {s.config.Password}, "from": {s.config.From}, "to": {to},
		"text": {text}, "charset": {"UTF-8"}, "coding": {coding},
	}
	if s.config.ReportURL != "" {
		q.Set("dlr-mask", dlrMask)
		q.Set("dlr-url", s.config.ReportURL+"?m="+reportToken(s.config.ReportKey, tenant, id)+"&status=%d")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.config.SendURL+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return later("sms request")
	}
	response, err := s.client.Do(request)
	if err != nil {
		return later("sms away")
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 4096)); err != nil && response.StatusCode != http.StatusAccepted {
		return later("sms away")
	}
	detail := "sms " + strconv.Itoa(response.StatusCode)
	switch response.StatusCode {
	case http.StatusAccepted, http.StatusOK:
		return nil
	case http.StatusBadRequest: // the number or the text, for ever
		return refused(detail)
	default: // 403: our password; 503: busy
		return later(detail)
	}
}
