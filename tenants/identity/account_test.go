package identity_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as authenticators speak it
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/parts"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func ports(t *testing.T, k *parts.Kratos) (public, admin int) {
	t.Helper()
	read := func(raw string) int {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(u.Port())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return read(k.PublicURL()), read(k.AdminURL())
}

// totp is the code of an authenticator (RFC 6238) for the 30 seconds at t.
func totp(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(at.Unix()/30)) //nolint:gosec // after 1970
	sum := mac.Sum(nil)
	at4 := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at4:])&0x7fffffff)%1000000)
}

func wrongDigits(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return "9" + code[1:]
}

func TestRegistrationNeedsProofOfTheAddress(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := "n" + random() + "@example.fr"
	flow, err := f.Register(t.Context(), identity.Claim{Email: email, Transient: identity.Transient{Tenant: 7}}, password)
	if err != nil {
		t.Fatal(err)
	}
	if l := f.signIn(t, email); l.Verified {
		t.Fatal("the address counts as proved before its code was given")
	}
	m := f.mail(t, email, 1)
	if m.Purpose != identity.PurposeRegistration || m.Tenant != 7 || m.Recipient != email {
		t.Errorf("mail %+v", m)
	}
	wantFault(t, f.ConfirmEmail(t.Context(), flow, wrongDigits(m.Code)), fault.Invalid, "code_wrong")
	wantFault(t, f.ConfirmEmail(t.Context(), flow, "abc"), fault.Invalid, "code_wrong")
	wantFault(t, f.ConfirmEmail(t.Context(), "../admin", m.Code), fault.Invalid, "code_wrong")
	if err := f.ConfirmEmail(t.Context(), flow, " "+m.Code[:3]+" "+m.Code[3:]); err != nil {
		t.Fatal(err)
	}
	if l := f.signIn(t, email); !l.Verified {
		t.Error("the address does not count as proved after its code was given")
	}
}

func TestProofCanBeAskedAgain(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := "n" + random() + "@example.fr"
	if _, err := f.Register(t.Context(), identity.Claim{Email: email}, password); err != nil {
		t.Fatal(err)
	}
	f.mail(t, email, 1)
	flow, err := f.StartVerification(t.Context(), identity.Claim{Email: email, Transient: identity.Transient{Tenant: 7}})
	if err != nil {
		t.Fatal(err)
	}
	m := f.mail(t, email, 2)
	if m.Purpose != identity.PurposeVerification || m.Tenant != 7 {
		t.Errorf("mail %+v", m)
	}
	if err := f.ConfirmEmail(t.Context(), flow, m.Code); err != nil {
		t.Fatal(err)
	}
}

func TestRegisteringAnAddressThatHasAnAccountTellsNothing(t *testing.T) {
	t.Parallel()
	f := provider(t, 300*time.Millisecond)
	email := f.account(t)
	start := time.Now()
	flow, err := f.Register(t.Context(), identity.Claim{Email: strings.ToUpper(email), Transient: identity.Transient{Tenant: 7}}, "le mot de passe d'un autre")
	known := time.Since(start)
	if err != nil || len(flow) != 36 {
		t.Fatalf("flow %q, %v; want what a new account gets", flow, err)
	}
	fresh := "n" + random() + "@example.fr"
	start = time.Now()
	if _, err := f.Register(t.Context(), identity.Claim{Email: fresh}, "le mot de passe d'un autre"); err != nil {
		t.Fatal(err)
	}
	if other := time.Since(start); known.Round(600*time.Millisecond) != other.Round(600*time.Millisecond) && known > 2*other {
		t.Errorf("answered after %v where there was an account, after %v where there was none", known, other)
	}
	m := f.mail(t, email, 1)
	if m.Purpose != identity.PurposeAlreadyRegistered || m.Tenant != 7 {
		t.Errorf("the owner is told %+v", m)
	}
	wantFault(t, f.ConfirmEmail(t.Context(), flow, m.Code), fault.Invalid, "code_wrong")
	if l := f.signIn(t, email); l.Email != email { // the owner's password still holds
		t.Errorf("login %+v", l)
	}
}

// Six figures are guessed in a million tries: a flow allows a handful, and answers
// like one to which no code was ever mailed.
func TestCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	f := provider(t, 10*time.Millisecond)
	email := f.account(t)
	recovery, err := f.RequestRecovery(t.Context(), identity.Claim{Email: email})
	if err != nil {
		t.Fatal(err)
	}
	nobodys, err := f.RequestRecovery(t.Context(), identity.Claim{Email: "u" + random() + "@example.fr"})
	if err != nil {
		t.Fatal(err)
	}
	fresh := "n" + random() + "@example.fr"
	proof, err := f.Register(t.Context(), identity.Claim{Email: fresh}, password)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := f.Register(t.Context(), identity.Claim{Email: email}, password)
	if err != nil {
		t.Fatal(err)
	}
	recoveryCode, proofCode := f.mail(t, email, 1).Code, f.mail(t, fresh, 1).Code
	recover := func(flow, code string) error {
		_, err := f.CompleteRecovery(t.Context(), email, flow, code, "la nouvelle phrase de passe")
		return err
	}
	confirm := func(flow, code string) error { return f.ConfirmEmail(t.Context(), flow, code) }
	for n := range 8 {
		a, b := recover(recovery, wrongDigits(recoveryCode)), recover(nobodys, wrongDigits(recoveryCode))
		if a == nil || b == nil || a.Error() != b.Error() {
			t.Errorf("recovery, try %d: %v for an account, %v for nobody", n, a, b)
		}
		a, b = confirm(proof, wrongDigits(proofCode)), confirm(taken, wrongDigits(proofCode))
		if a == nil || b == nil || a.Error() != b.Error() {
			t.Errorf("proof, try %d: %v for a new account, %v for one that exists", n, a, b)
		}
	}
	if recover(recovery, recoveryCode) == nil {
		t.Error("the right recovery code passes after eight wrong ones")
	}
	if confirm(proof, proofCode) == nil {
		t.Error("the right proof passes after eight wrong ones")
	}
}

func TestRecoveryChangesThePassword(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := f.account(t)
	old := f.signIn(t, email)
	flow, err := f.RequestRecovery(t.Context(), identity.Claim{Email: email, Transient: identity.Transient{Hub: 3}})
	if err != nil {
		t.Fatal(err)
	}
	m := f.mail(t, email, 1)
	if m.Purpose != identity.PurposeRecovery || m.Hub != 3 {
		t.Errorf("mail %+v", m)
	}
	const changed = "la nouvelle phrase de passe"
	_, err = f.CompleteRecovery(t.Context(), email, flow, m.Code, "court")
	wantFault(t, err, fault.Invalid, "password")
	_, err = f.CompleteRecovery(t.Context(), email, flow, wrongDigits(m.Code), changed)
	wantFault(t, err, fault.Invalid, "code_wrong")
	l, err := f.CompleteRecovery(t.Context(), email, flow, m.Code, changed)
	if err != nil {
		t.Fatal(err)
	}
	if l.ProviderID != old.ProviderID || !l.Verified || l.Token == "" {
		t.Errorf("login %+v", l)
	}
	_, err = f.CompleteRecovery(t.Context(), email, flow, m.Code, changed)
	if err == nil {
		t.Error("a code was accepted twice")
	}
	_, err = f.StartTOTP(t.Context(), old)
	wantFault(t, err, fault.Unauthorized, "sign_in_again") // the other sessions ended
	_, err = f.SignIn(t.Context(), identity.Attempt{Email: email, Password: password})
	wantFault(t, err, fault.Unauthorized, "credentials")
	if _, err := f.SignIn(t.Context(), identity.Attempt{Email: email, Password: changed}); err != nil {
		t.Error(err)
	}
}

func TestRecoveryOfAnUnknownAddressTellsNothing(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := "u" + random() + "@example.fr"
	flow, err := f.RequestRecovery(t.Context(), identity.Claim{Email: email})
	if err != nil || len(flow) != 36 {
		t.Fatalf("flow %q, %v", flow, err)
	}
	_, err = f.CompleteRecovery(t.Context(), email, flow, "123456", password)
	wantFault(t, err, fault.Invalid, "code_wrong")
	if n := f.count(email); n != 0 {
		t.Errorf("%d mails to an unknown address", n)
	}
}

func TestAnInvitedPersonSetsAPassword(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := "a" + random() + "@mairie.example.fr"
	id, created, err := f.EnsureIdentity(t.Context(), email, "")
	if err != nil || !created {
		t.Fatal(created, err)
	}
	flow, err := f.RequestRecovery(t.Context(), identity.Claim{Email: email, Transient: identity.Transient{Tenant: 7, Purpose: identity.PurposeInvitation}})
	if err != nil {
		t.Fatal(err)
	}
	m := f.mail(t, email, 1)
	if m.Purpose != identity.PurposeInvitation {
		t.Errorf("mail %+v", m)
	}
	if l, err := f.CompleteRecovery(t.Context(), email, flow, m.Code, password); err != nil || l.ProviderID != id {
		t.Fatal(l.ProviderID, err)
	}
	if l := f.signIn(t, email); !l.Verified {
		t.Error("the address is not proved")
	}
}

func TestMailsToOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	f := provider(t, 10*time.Millisecond)
	email := f.account(t)
	for n := range 20 {
		_, err := f.RequestRecovery(t.Context(), identity.Claim{Email: email, Address: fmt.Sprintf("192.0.2.%d", n)})
		if fault.Is(err, "too_many_attempts") {
			if n < 3 || identity.RetryAfter(err) <= 0 {
				t.Errorf("refused at mail %d for %v", n, identity.RetryAfter(err))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Error("twenty mails were asked for one address without a wait")
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := f.account(t)
	l := f.signIn(t, email)
	e, err := f.StartTOTP(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	if !contains(e.URL, "secret="+e.Secret) || len(e.PNG) == 0 || e.Size < 29 || !strings.HasPrefix(e.Path, "M4 4h1v1h-1zM5 4h1") {
		t.Errorf("enrolment %q, size %d, path %.40q", e.URL, e.Size, e.Path)
	}
	_, err = f.ConfirmTOTP(t.Context(), l, e.Flow, wrongDigits(totp(t, e.Secret, time.Now())))
	wantFault(t, err, fault.Invalid, "code_wrong")
	l, err = f.ConfirmTOTP(t.Context(), l, e.Flow, totp(t, e.Secret, time.Now()))
	if err != nil || l.AAL != 2 {
		t.Fatal(l.AAL, err)
	}
	codes, err := f.RecoveryCodes(t.Context(), l)
	if err != nil || len(codes) < 8 {
		t.Fatal(len(codes), err)
	}
	_, err = f.StartTOTP(t.Context(), l)
	wantFault(t, err, fault.Conflict, "totp_exists")

	first := f.signIn(t, email)
	if !first.NeedsTOTP || first.AAL != 1 {
		t.Fatalf("login %+v needs no second factor", first)
	}
	_, err = f.CompleteTOTP(t.Context(), first, wrongDigits(totp(t, e.Secret, time.Now())), "")
	wantFault(t, err, fault.Unauthorized, "second_factor")
	wantFault(t, f.SetPassword(t.Context(), first, "la nouvelle phrase de passe"), fault.Unauthorized, "second_factor_needed")
	full, err := f.CompleteTOTP(t.Context(), first, totp(t, e.Secret, time.Now()), "")
	if err != nil || full.AAL != 2 || full.NeedsTOTP || !full.HasTOTP {
		t.Fatal(full, err)
	}
	// Asked for the password again, the session keeps what its second factor gave.
	if full, err = f.Confirm(t.Context(), full.Token, identity.Attempt{Email: email, Password: password}); err != nil || full.NeedsTOTP || full.AAL != 2 {
		t.Fatal(full.AAL, err)
	}
	byCode, err := f.CompleteTOTP(t.Context(), f.signIn(t, email), codes[0], "")
	if err != nil || byCode.AAL != 2 {
		t.Fatal(byCode.AAL, err)
	}
	_, err = f.CompleteTOTP(t.Context(), f.signIn(t, email), codes[0], "")
	wantFault(t, err, fault.Unauthorized, "second_factor")

	if err := f.DisableTOTP(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	if l := f.signIn(t, email); l.HasTOTP || l.NeedsTOTP {
		t.Errorf("login %+v still needs a second factor", l)
	}
}

func TestSecondFactorCannotBeGuessed(t *testing.T) {
	t.Parallel()
	f := provider(t, 10*time.Millisecond)
	email := f.account(t)
	l := f.signIn(t, email)
	e, err := f.StartTOTP(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ConfirmTOTP(t.Context(), l, e.Flow, totp(t, e.Secret, time.Now())); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		_, err := f.CompleteTOTP(t.Context(), f.signIn(t, email), wrongDigits(totp(t, e.Secret, time.Now())), "")
		if fault.Is(err, "too_many_attempts") {
			return
		}
		wantFault(t, err, fault.Unauthorized, "second_factor")
	}
	t.Error("twenty second factors were tried without a wait")
}

// A forgotten password alone does not pass the second factor by.
func TestRecoveryKeepsTheSecondFactor(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := f.account(t)
	l := f.signIn(t, email)
	e, err := f.StartTOTP(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ConfirmTOTP(t.Context(), l, e.Flow, totp(t, e.Secret, time.Now())); err != nil {
		t.Fatal(err)
	}
	flow, err := f.RequestRecovery(t.Context(), identity.Claim{Email: email})
	if err != nil {
		t.Fatal(err)
	}
	const changed = "la nouvelle phrase de passe"
	half, err := f.CompleteRecovery(t.Context(), email, flow, f.mail(t, email, 1).Code, changed)
	if err != nil || !half.NeedsTOTP {
		t.Fatal(half.NeedsTOTP, err)
	}
	f.signIn(t, email) // by the old password: it was not changed yet
	full, err := f.CompleteTOTP(t.Context(), half, totp(t, e.Secret, time.Now()), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetPassword(t.Context(), full, changed); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SignIn(t.Context(), identity.Attempt{Email: email, Password: changed}); err != nil {
		t.Error(err)
	}
}

func TestChangeOfPasswordAsksForTheOldOne(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := f.account(t)
	mine, other := f.signIn(t, email), f.signIn(t, email)
	_, err := f.Confirm(t.Context(), mine.Token, identity.Attempt{Email: email, Password: "une autre phrase de passe"})
	wantFault(t, err, fault.Unauthorized, "credentials")
	l, err := f.Confirm(t.Context(), mine.Token, identity.Attempt{Email: email, Password: password})
	if err != nil || l.ProviderID != mine.ProviderID {
		t.Fatal(l.ProviderID, err)
	}
	wantFault(t, f.SetPassword(t.Context(), l, "court"), fault.Invalid, "password")
	if err := f.SetPassword(t.Context(), l, "la nouvelle phrase de passe"); err != nil {
		t.Fatal(err)
	}
	_, err = f.StartTOTP(t.Context(), other)
	wantFault(t, err, fault.Unauthorized, "sign_in_again")
	// Where Kratos' session is over, the password opens a new one.
	if err := f.SignOut(t.Context(), l.Token); err != nil {
		t.Fatal(err)
	}
	again, err := f.Confirm(t.Context(), l.Token, identity.Attempt{Email: email, Password: "la nouvelle phrase de passe"})
	if err != nil || again.Token == l.Token || again.Token == "" {
		t.Fatal(again.Token == l.Token, err)
	}
}

func TestWhatCannotBeAnAccount(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"", "a", "a@", "a@b", "@b.fr", "a b@c.fr", "A <a@b.fr>", "a@b.fr\r\nBcc: c@d.fr", strings.Repeat("a", 250) + "@b.fr", "a@b.fr."} {
		wantFault(t, identity.CheckEmail(email), fault.Invalid, "email")
	}
	for _, email := range []string{"a@b.fr", " Prenom.Nom+x@Mairie.Example.FR "} {
		if err := identity.CheckEmail(email); err != nil {
			t.Errorf("%q: %v", email, err)
		}
	}
	for bad, code := range map[string]string{
		"onze lettre":                    "password_short",
		strings.Repeat("é", 37):          "password_long",
		"jeanne.durand2026":              "password_similar",
		"motdepasse123":                  "password_weak",
		"AzertyUiop1234!":                "password_weak",
		"ababababababab":                 "password_weak",
		"123456789012":                   "password_weak",
		"jeanne.durand@example.fr-2026!": "password_similar",
	} {
		err := identity.CheckPassword("Jeanne.Durand@example.fr", bad)
		wantFault(t, err, fault.Invalid, "password")
		if f := fault.Of(err); len(f.Fields) != 1 || f.Fields[0].Code != code {
			t.Errorf("%q: fields %v; want %s", bad, f.Fields, code)
		}
	}
	if err := identity.CheckPassword("jeanne.durand@example.fr", password); err != nil {
		t.Error(err)
	}
}
