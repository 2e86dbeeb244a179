package identity

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Purpose is why a code is mailed: it chooses the text.
type Purpose string

// The purposes of a mail.
const (
	PurposeRegistration      Purpose = "registration"       // prove the address of a new account
	PurposeVerification      Purpose = "verification"       // the same, asked for again
	PurposeRecovery          Purpose = "recovery"           // a forgotten password
	PurposeInvitation        Purpose = "invitation"         // an agent or a hub's administrator sets a first password
	PurposeAlreadyRegistered Purpose = "already_registered" // somebody registered an address that has an account; carries a recovery code, to be ignored
)

// Transient travels through Kratos with a flow and comes back with its mail, so
// that the mail wears the commune's colours. Tenant or Hub is set.
type Transient struct {
	Tenant  int64   `json:"tenant,omitempty"`
	Hub     int64   `json:"hub,omitempty"`
	Purpose Purpose `json:"purpose,omitempty"`
}

func (t Transient) payload() map[string]any {
	m := map[string]any{"purpose": string(t.Purpose)}
	if t.Tenant != 0 {
		m["tenant"] = t.Tenant
	}
	if t.Hub != 0 {
		m["hub"] = t.Hub
	}
	return m
}

// CourierMessage is what Kratos asks us to mail.
type CourierMessage struct {
	Recipient string
	Purpose   Purpose
	Code      string // six digits
	Tenant    int64  // platform's number of the commune; 0 where a hub or nobody asked
	Hub       int64
}

// MaxCourierBody bounds what ParseCourier reads, in bytes.
const MaxCourierBody = 64 << 10

// CourierAuthorized compares an Authorization header with the token that Kratos was
// given, in constant time. An empty token authorises nobody.
func CourierAuthorized(header, token string) bool {
	given, ok := strings.CutPrefix(header, "Bearer ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && ok && token != ""
}

// ParseCourier reads the body that Kratos' http courier posts. What is not a code
// to a known kind of mail is fault.Invalid "courier_message"; nothing of it is echoed.
func ParseCourier(body []byte) (CourierMessage, error) {
	bad := fault.New(fault.Invalid, "courier_message")
	if len(body) > MaxCourierBody {
		return CourierMessage{}, bad
	}
	var in struct {
		Recipient    string `json:"recipient"`
		TemplateType string `json:"template_type"`
		TemplateData struct {
			RecoveryCode     string          `json:"recovery_code"`
			VerificationCode string          `json:"verification_code"`
			Transient        json.RawMessage `json:"transient_payload"`
		} `json:"template_data"`
	}
	if json.Unmarshal(body, &in) != nil {
		return CourierMessage{}, bad
	}
	var t Transient
	if raw := bytes.TrimSpace(in.TemplateData.Transient); len(raw) > 0 {
		if json.Unmarshal(raw, &t) != nil {
			return CourierMessage{}, bad
		}
	}
	m := CourierMessage{Recipient: in.Recipient, Purpose: t.Purpose, Tenant: t.Tenant, Hub: t.Hub}
	recovery := false
	switch in.TemplateType {
	case "recovery_code_valid":
		m.Code, recovery = in.TemplateData.RecoveryCode, true
	case "verification_code_valid":
		m.Code = in.TemplateData.VerificationCode
	default:
		return CourierMessage{}, bad
	}
	if !m.Purpose.fits(recovery) {
		m.Purpose = PurposeVerification
		if recovery {
			m.Purpose = PurposeRecovery
		}
	}
	if !sixDigits.MatchString(m.Code) || CheckEmail(m.Recipient) != nil || strings.TrimSpace(m.Recipient) != m.Recipient ||
		m.Tenant < 0 || m.Hub < 0 {
		return CourierMessage{}, bad
	}
	return m, nil
}

// fits tells whether a purpose goes with a code that can recover an account, or
// with one that only proves an address: their texts must not be exchanged.
func (p Purpose) fits(recovery bool) bool {
	switch p {
	case PurposeRecovery, PurposeInvitation, PurposeAlreadyRegistered:
		return recovery
	case PurposeRegistration, PurposeVerification:
		return !recovery
	default:
		return false
	}
}
