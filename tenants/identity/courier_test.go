package identity_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

const courierMail = `{"recipient":"a@example.fr","template_type":"recovery_code_valid","template_data":{"to":"a@example.fr",
	"recovery_code":"123456","identity":{"id":"x","traits":{"email":"a@example.fr"}},"transient_payload":{"tenant":7,"purpose":"invitation"}},
	"transient_payload":{"tenant":7,"purpose":"invitation"}}`

func TestParseCourier(t *testing.T) {
	t.Parallel()
	m, err := identity.ParseCourier([]byte(courierMail))
	want := identity.CourierMessage{Recipient: "a@example.fr", Purpose: identity.PurposeInvitation, Code: "123456", Tenant: 7}
	if err != nil || m != want {
		t.Errorf("%+v, %v; want %+v", m, err, want)
	}
	for name, c := range map[string]struct {
		old, new string
		want     identity.Purpose // empty: refused
	}{
		"no payload":             {`{"tenant":7,"purpose":"invitation"}`, `null`, identity.PurposeRecovery},
		"purpose of another":     {`"purpose":"invitation"`, `"purpose":"registration"`, identity.PurposeRecovery},
		"unknown purpose":        {`"purpose":"invitation"`, `"purpose":"gift"`, identity.PurposeRecovery},
		"not JSON":               {`{"recipient"`, `{recipient`, ""},
		"unknown kind":           {`recovery_code_valid`, `login_code_valid`, ""},
		"an unknown address":     {`recovery_code_valid`, `recovery_code_invalid`, ""},
		"no code":                {`"123456"`, `""`, ""},
		"a code that is a link":  {`"123456"`, `"https://example.fr/"`, ""},
		"code of the other kind": {`"recovery_code"`, `"verification_code"`, ""},
		"two recipients":         {`"recipient":"a@example.fr"`, `"recipient":"a@example.fr, b@example.fr"`, ""},
		"a header":               {`"recipient":"a@example.fr"`, `"recipient":"a@example.fr\r\nBcc: b@example.fr"`, ""},
		"tenant that is text":    {`"tenant":7`, `"tenant":"7"`, ""},
		"tenant below nought":    {`"tenant":7`, `"tenant":-7`, ""},
	} {
		m, err := identity.ParseCourier([]byte(strings.ReplaceAll(courierMail, c.old, c.new)))
		if c.want == "" {
			if fault.Of(err) == nil || fault.Of(err).Code != "courier_message" {
				t.Errorf("%s: %+v, %v; want courier_message", name, m, err)
			}
			continue
		}
		if err != nil || m.Purpose != c.want {
			t.Errorf("%s: %+v, %v; want %s", name, m, err, c.want)
		}
	}
	_, err = identity.ParseCourier([]byte(courierMail + strings.Repeat(" ", identity.MaxCourierBody)))
	wantFault(t, err, fault.Invalid, "courier_message")
}

func FuzzParseCourier(f *testing.F) {
	f.Add([]byte(courierMail))
	f.Add([]byte(`{"template_data":{"transient_payload":[]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := identity.ParseCourier(body)
		if err != nil {
			if m != (identity.CourierMessage{}) || err.Error() != "invalid: courier_message" {
				t.Fatalf("%+v, %v", m, err)
			}
			return
		}
		if len(m.Code) != 6 || identity.CheckEmail(m.Recipient) != nil || m.Purpose == "" || strings.ContainsAny(m.Recipient, "\r\n ,") {
			t.Fatalf("accepted %+v", m)
		}
	})
}

func TestCourierAuthorized(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header, token string
		want          bool
	}{
		{"Bearer secret", "secret", true},
		{"Bearer secreT", "secret", false},
		{"Bearer secret ", "secret", false},
		{"Basic secret", "secret", false},
		{"secret", "secret", false},
		{"", "secret", false},
		{"Bearer ", "", false},
		{"", "", false},
	} {
		if got := identity.CourierAuthorized(c.header, c.token); got != c.want {
			t.Errorf("header %q, token %q: %v", c.header, c.token, got)
		}
	}
}
