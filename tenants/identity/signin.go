package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"

	ory "github.com/ory/client-go"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Attempt is one try of a password. Address is the client's network address, for
// the throttle; empty where there is none.
type Attempt struct {
	Email    string
	Password string
	Address  string
}

// Login is what a successful sign-in proves. Token is Kratos' session token: it
// never reaches a browser in clear.
type Login struct {
	ProviderID string // Kratos' identity; becomes a pairwise subject
	Email      string
	Verified   bool // the address was proved by a code
	Token      string
	AAL        int  // 1: password or mailed code; 2: a second factor too
	HasTOTP    bool // a second factor is set up
	NeedsTOTP  bool // and was not given yet: see CompleteTOTP
}

// SignIn checks a password. Unknown account and wrong password are the same
// fault.Unauthorized "credentials", on the same beat; too many tries give
// fault.TooMany "too_many_attempts" (see RetryAfter); without Kratos,
// fault.Unavailable "identity_away".
func (p *Provider) SignIn(ctx context.Context, a Attempt) (Login, error) {
	email := normalEmail(a.Email)
	try, err := p.throttle.take(kindPassword, email, a.Address)
	if err != nil {
		return Login{}, err
	}
	b := p.beat(1)
	defer b.stop()
	login, err := p.signIn(ctx, email, a.Password)
	switch {
	case err == nil:
		try.succeed()
	case fault.Is(err, "credentials"):
		b.wait(ctx)
	default:
		try.giveBack() // Kratos away is nobody's wrong password
	}
	return login, err
}

func (p *Provider) signIn(ctx context.Context, email, password string) (Login, error) {
	who, err := p.lookup(ctx, email)
	if err != nil {
		return Login{}, err
	}
	identifier := email
	if !who.password {
		if err := p.ensureDecoy(ctx); err != nil {
			return Login{}, err
		}
		identifier = decoyEmail
	}
	login, err := p.submitPassword(ctx, "", identifier, password)
	if err != nil {
		return Login{}, err
	}
	if !who.password || login.ProviderID != who.id {
		return Login{}, wrongCredentials()
	}
	login.HasTOTP = who.totp
	login.NeedsTOTP = who.totp && login.AAL < 2
	return login, nil
}

// submitPassword runs one login flow. With a session token it confirms that
// session's owner again instead of opening a new session.
func (p *Provider) submitPassword(ctx context.Context, token, identifier, password string) (Login, error) {
	create := p.front.CreateNativeLoginFlow(ctx)
	if token != "" {
		create = create.XSessionToken(token).Refresh(true)
	}
	flow, resp, err := create.Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return Login{}, err
	}
	if r.status == http.StatusUnauthorized || r.status == http.StatusForbidden {
		return Login{}, signInAgain()
	}
	if err := r.unless(http.StatusOK); err != nil {
		return Login{}, err
	}
	body := ory.NewUpdateLoginFlowWithPasswordMethod(identifier, "password", password)
	update := p.front.UpdateLoginFlow(ctx).Flow(flow.GetId()).
		UpdateLoginFlowBody(ory.UpdateLoginFlowWithPasswordMethodAsUpdateLoginFlowBody(body))
	if token != "" {
		update = update.XSessionToken(token)
	}
	done, resp, err := update.Execute()
	r, err = outcome(resp, err)
	if err != nil {
		return Login{}, err
	}
	if !r.ok() {
		// 400: wrong; 401: an identity switched off. Both read the same from outside.
		if err := r.unless(http.StatusBadRequest, http.StatusUnauthorized); err != nil {
			return Login{}, err
		}
		return Login{}, wrongCredentials()
	}
	return loginOf(done.GetSession(), done.GetSessionToken()), nil
}

func loginOf(s ory.Session, token string) Login {
	l := Login{Token: token, AAL: 1}
	if s.GetAuthenticatorAssuranceLevel() == ory.AUTHENTICATORASSURANCELEVEL_AAL2 {
		l.AAL = 2
	}
	id := s.GetIdentity()
	l.ProviderID = id.GetId()
	l.Email = emailOf(&id)
	l.Verified = verified(&id, l.Email)
	return l
}

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// CompleteTOTP gives the second factor of a Login that NeedsTOTP: six digits of the
// authenticator, or one of the recovery codes. Wrong: fault.Unauthorized
// "second_factor", throttled; a login too old: fault.Unauthorized "sign_in_again".
func (p *Provider) CompleteTOTP(ctx context.Context, l Login, code, address string) (Login, error) {
	try, err := p.throttle.take(kindTOTP, l.ProviderID, address)
	if err != nil {
		return Login{}, err
	}
	done, err := p.completeTOTP(ctx, l, strings.Join(strings.Fields(code), ""))
	switch {
	case err == nil:
		try.succeed()
	case !fault.Is(err, "second_factor"):
		try.giveBack()
	}
	return done, err
}

func (p *Provider) completeTOTP(ctx context.Context, l Login, code string) (Login, error) {
	flow, resp, err := p.front.CreateNativeLoginFlow(ctx).XSessionToken(l.Token).Aal("aal2").Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return Login{}, err
	}
	if r.status == http.StatusUnauthorized || r.status == http.StatusForbidden {
		return Login{}, signInAgain()
	}
	if err := r.unless(http.StatusOK); err != nil {
		return Login{}, err
	}
	body := ory.UpdateLoginFlowWithLookupSecretMethodAsUpdateLoginFlowBody(
		ory.NewUpdateLoginFlowWithLookupSecretMethod(code, "lookup_secret"))
	if sixDigits.MatchString(code) {
		body = ory.UpdateLoginFlowWithTotpMethodAsUpdateLoginFlowBody(ory.NewUpdateLoginFlowWithTotpMethod("totp", code))
	}
	done, resp, err := p.front.UpdateLoginFlow(ctx).Flow(flow.GetId()).XSessionToken(l.Token).UpdateLoginFlowBody(body).Execute()
	r, err = outcome(resp, err)
	if err != nil {
		return Login{}, err
	}
	switch r.status {
	case http.StatusOK:
	case http.StatusBadRequest:
		return Login{}, fault.New(fault.Unauthorized, "second_factor", fault.Field{Path: "code", Code: "second_factor"})
	case http.StatusUnauthorized, http.StatusForbidden:
		return Login{}, signInAgain()
	default:
		return Login{}, r.unless()
	}
	out := loginOf(done.GetSession(), done.GetSessionToken())
	if out.Token == "" {
		out.Token = l.Token
	}
	if out.ProviderID != l.ProviderID || out.AAL < 2 {
		return Login{}, signInAgain()
	}
	out.HasTOTP = true
	return out, nil
}

// SignOut ends a session at Kratos. A token that is already dead is no error.
func (p *Provider) SignOut(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	resp, err := p.front.PerformNativeLogout(ctx).
		PerformNativeLogoutBody(*ory.NewPerformNativeLogoutBody(token)).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return err
	}
	return r.unless(http.StatusNoContent, http.StatusOK, http.StatusForbidden, http.StatusUnauthorized)
}

func wrongCredentials() error { return fault.New(fault.Unauthorized, "credentials") }

func signInAgain() error { return fault.New(fault.Unauthorized, "sign_in_again") }

// decoyEmail is the identity against which the password of an unknown account is
// compared. ".invalid" is reserved (RFC 2606): no person can have it.
const decoyEmail = "personne@parvis.invalid"

// ensureDecoy makes the decoy, once per process; its password is forgotten at once.
func (p *Provider) ensureDecoy(ctx context.Context) error {
	p.decoyMu.Lock()
	defer p.decoyMu.Unlock()
	if p.decoyReady {
		return nil
	}
	if _, _, err := p.EnsureIdentity(ctx, decoyEmail, randomPassword()); err != nil {
		return err
	}
	p.decoyReady = true
	return nil
}

func randomPassword() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
