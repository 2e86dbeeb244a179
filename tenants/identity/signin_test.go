package identity_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func TestSignInProvesTheAccount(t *testing.T) {
	t.Parallel()
	f := provider(t, 50*time.Millisecond)
	email := f.account(t)
	l, err := f.SignIn(t.Context(), identity.Attempt{Email: "  " + email + " ", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	if l.Email != email || l.ProviderID == "" || l.Token == "" || l.AAL != 1 || !l.Verified || l.HasTOTP || l.NeedsTOTP {
		t.Errorf("login %+v", l)
	}
	again, created, err := f.EnsureIdentity(t.Context(), email, password)
	if err != nil || created || again != l.ProviderID {
		t.Errorf("EnsureIdentity again: %q, %v, %v; want %q", again, created, err, l.ProviderID)
	}
	if err := f.SignOut(t.Context(), l.Token); err != nil {
		t.Fatal(err)
	}
	if err := f.SignOut(t.Context(), l.Token); err != nil {
		t.Errorf("signing out twice: %v", err)
	}
	_, err = f.StartTOTP(t.Context(), l)
	wantFault(t, err, fault.Unauthorized, "sign_in_again")
}

// Unknown, invited and known accounts with a wrong password: the same answer, by the
// same number of calls to Kratos, on the same beat.
func TestWrongPasswordTellsNothing(t *testing.T) {
	t.Parallel()
	const pace = 600 * time.Millisecond
	f := provider(t, pace)
	known := f.account(t)
	invited := "i" + random() + "@example.fr"
	if _, _, err := f.EnsureIdentity(t.Context(), invited, ""); err != nil {
		t.Fatal(err)
	}
	// The decoy is made by the first unknown account: once per process.
	_, err := f.SignIn(t.Context(), identity.Attempt{Email: "x" + random() + "@example.fr", Password: password})
	wantFault(t, err, fault.Unauthorized, "credentials")
	for range 2 {
		for name, email := range map[string]string{"known": known, "unknown": "u" + random() + "@example.fr", "invited": invited} {
			before, start := f.calls.n.Load(), time.Now()
			_, err := f.SignIn(t.Context(), identity.Attempt{Email: email, Password: "une autre phrase de passe"})
			took := time.Since(start)
			wantFault(t, err, fault.Unauthorized, "credentials")
			if err.Error() != "unauthorized: credentials" {
				t.Errorf("%s: error %q tells more", name, err)
			}
			if n := f.calls.n.Load() - before; n != 3 {
				t.Errorf("%s: %d calls to Kratos; want 3", name, n)
			}
			// On a beat: a whole number of paces, but for the machine's delay in waking up.
			if off := took % pace; took < pace || off > pace/2 {
				t.Errorf("%s: answered after %v, %v off the beat", name, took, off)
			}
		}
	}
}

func TestWrongPasswordsAreSlowedDownAndForgotten(t *testing.T) {
	t.Parallel()
	f := provider(t, 10*time.Millisecond)
	email := f.account(t)
	wrong := identity.Attempt{Email: email, Password: "une autre phrase de passe", Address: "192.0.2.7"}
	var waits []time.Duration
	for len(waits) < 3 {
		_, err := f.SignIn(t.Context(), wrong)
		if !fault.Is(err, "too_many_attempts") {
			wantFault(t, err, fault.Unauthorized, "credentials")
			continue
		}
		wantFault(t, err, fault.TooMany, "too_many_attempts")
		wait := identity.RetryAfter(err)
		waits = append(waits, wait)
		before := f.calls.n.Load()
		if _, err := f.SignIn(t.Context(), wrong); identity.RetryAfter(err) != wait || f.calls.n.Load() != before {
			t.Fatalf("a refused try lengthened the wait to %v, or asked Kratos", identity.RetryAfter(err))
		}
		f.later(wait)
	}
	if !slices.IsSorted(waits) || waits[2] < 2*waits[0] {
		t.Errorf("waits %v do not grow", waits)
	}
	// The owner, from elsewhere, signs in; and from there later too.
	if _, err := f.SignIn(t.Context(), identity.Attempt{Email: email, Password: password, Address: "198.51.100.1"}); err != nil {
		t.Errorf("the owner from elsewhere: %v", err)
	}
	f.later(time.Hour)
	if _, err := f.SignIn(t.Context(), identity.Attempt{Email: email, Password: password, Address: "192.0.2.7"}); err != nil {
		t.Errorf("the owner later: %v", err)
	}
}

func TestKratosAwayIsUnavailableAndBackByItself(t *testing.T) {
	t.Parallel()
	shared := provider(t, 10*time.Millisecond)
	own, err := shared.start(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Stop)
	f := shared.provider(t, own, 10*time.Millisecond)
	email := f.account(t)
	env := pgtest.Schema(t)
	var cookie string
	login := f.signIn(t, email)
	env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		cookie, err = identity.CreateSession(ctx, tx, newCitizen(ctx, t, tx), login)
		return err
	})
	if err := f.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	public, admin := ports(t, own)
	own.Stop()
	for range 20 { // more than the throttle would allow to wrong passwords
		_, err := f.SignIn(t.Context(), identity.Attempt{Email: email, Password: password, Address: "192.0.2.9"})
		wantFault(t, err, fault.Unavailable, "identity_away")
		if contains(err.Error(), email) || contains(err.Error(), "credentials_identifier") {
			t.Fatalf("the error holds what was asked: %v", err)
		}
	}
	_, err = f.Register(t.Context(), identity.Claim{Email: "n" + random() + "@example.fr"}, password)
	wantFault(t, err, fault.Unavailable, "identity_away")
	wantFault(t, f.Ready(t.Context()), fault.Unavailable, "identity_away")
	// Who is signed in stays so, and can sign out.
	var token string
	env.Write(t, env.Tenant, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) (err error) {
		if _, err := identity.FindSession(ctx, tx, cookie); err != nil {
			t.Errorf("a session while Kratos is away: %v", err)
		}
		token, err = identity.EndSession(ctx, tx, cookie)
		return err
	})
	wantFault(t, f.SignOut(t.Context(), token), fault.Unavailable, "identity_away")
	again, err := shared.start(t.Context(), public, admin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Stop)
	if _, err := f.SignIn(t.Context(), identity.Attempt{Email: email, Password: password, Address: "192.0.2.9"}); err != nil {
		t.Errorf("after Kratos came back: %v", err)
	}
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	clock := func() time.Time { return time.Time{} }
	for name, c := range map[string]identity.Config{
		"no public": {AdminURL: "http://127.0.0.1:1", Now: clock},
		"no scheme": {PublicURL: "127.0.0.1:1", AdminURL: "http://127.0.0.1:1", Now: clock},
		"no clock":  {PublicURL: "http://127.0.0.1:1", AdminURL: "http://127.0.0.1:1"},
	} {
		if _, err := identity.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
