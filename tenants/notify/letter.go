package notify

import (
	"bytes"
	"cmp"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// letter is a mail about to be sent.
type letter struct {
	ID       tenants.ID // of the notification; makes the Message-ID
	FromName string
	ReplyTo  string // "" for none
	To       string
	Date     time.Time
	Logo     []byte // PNG; nil where it is not at hand: the mail is sent without
	Rendered
}

// logoTag is the picture in the head of a mail, whatever its size.
var logoTag = regexp.MustCompile(`<img class="logo"[^>]*> `)

// compose writes the message. Whatever is in the letter, it cannot add a header.
func (m *Mailer) compose(l letter) (*gomail.Msg, error) {
	to, err := mailAddress(l.To)
	if err != nil {
		return nil, refused("recipient")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&mail.Address{Name: oneLine(l.FromName), Address: m.from})
	msg.ToMailAddress(&mail.Address{Address: to})
	if reply, err := mailAddress(l.ReplyTo); err == nil {
		msg.ReplyToMailAddress(&mail.Address{Name: oneLine(l.FromName), Address: reply})
	}
	msg.Subject(oneLine(l.Subject))
	msg.SetDateWithValue(l.Date)
	msg.SetMessageIDWithValue(string(l.ID) + "@" + m.domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no robot answers it
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", "fr")
	msg.SetBodyString(gomail.TypeTextPlain, l.Text)
	switch {
	case l.HTML == "":
	case l.Logo == nil || !logoTag.MatchString(l.HTML):
		msg.AddAlternativeString(gomail.TypeTextHTML, logoTag.ReplaceAllString(l.HTML, ""))
	default:
		msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
		msg.EmbedReadSeeker("logo.png", bytes.NewReader(l.Logo), gomail.WithFileContentID(logoSource), gomail.WithFileContentType("image/png"))
	}
	return msg, nil
}

// localPart is what we take before the @ (RFC 5321 dot-string, and letters of other
// alphabets, RFC 6531): no quoted string, no comment, no white space.
var localPart = regexp.MustCompile("^[\\pL\\pM\\pN!#$%&'*+/=?^_`{|}~-]+(\\.[\\pL\\pM\\pN!#$%&'*+/=?^_`{|}~-]+)*$")

// mailAddress reads an address alone, without a name, and writes its domain in
// ASCII (IDNA).
func mailAddress(s string) (string, error) {
	bad := fault.New(fault.Invalid, "recipient_invalid")
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > 254 || strings.ContainsFunc(s, unicode.IsControl) || !localPart.MatchString(s[:at]) || at > 64 {
		return "", bad
	}
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || !strings.Contains(domain, ".") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") || strings.Contains(domain, "..") {
		return "", bad
	}
	return s[:at+1] + domain, nil
}

// CheckEmail tells whether mail can be sent to an address: fault.Invalid
// "recipient_invalid" where not. It does not tell whether somebody reads it.
func CheckEmail(s string) error {
	_, err := mailAddress(s)
	return err
}

// regions are the telephone plans overseas by the first three figures of the INSEE
// code; France elsewhere.
var regions = map[string]string{
	"971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT", "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC",
}

// CheckPhone gives a telephone number as SMS gateways want it ("+33612345678"); one
// written without its country is read as one of the commune's territory, then as
// one of mainland France. What is no number is fault.Invalid "recipient_invalid".
func CheckPhone(t tenants.Tenant, s string) (string, error) {
	region := ""
	if place := cmp.Or(t.Seat, t.INSEE); len(place) >= 3 {
		region = regions[place[:3]]
	}
	if e164, ok := forms.Phone(s, region); ok {
		return e164, nil
	}
	return "", fault.New(fault.Invalid, "recipient_invalid")
}
