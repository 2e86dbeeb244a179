package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Person is who a provider says came. Nothing of it is stored but what the callers
// need: see citizens and staff.
type Person struct {
	Subject    string // of this client alone: pairwise
	GivenName  string
	FamilyName string // at birth (FranceConnect), in use (ProConnect)
	UsageName  string // nom d'usage, if any (FranceConnect)
	Email      string // as the provider knows it
	SIRET      string // of the agent's employer (ProConnect)
	Factors    []string
	IDToken    string // to sign out with
}

// Multifactor tells whether a second factor was used (RFC 8176).
func (p Person) Multifactor() bool { return slices.Contains(p.Factors, "mfa") }

// What is refused. A refusal never repeats what the other side wrote.
func untrusted(reason string) error {
	return fault.New(fault.Forbidden, "oidc_untrusted", fault.Field{Path: "reason", Code: reason})
}

// skew is by how much the provider's clock may be ahead of ours.
const skew = 2 * time.Minute

// Finish judges what a person comes back with, and says who they are. Whatever is not
// as it must be is a fault, and nobody is known:
//
//   - fault.Conflict "oidc_cancelled": they said no at the provider;
//   - fault.Forbidden "oidc_state": not the answer to this browser's question;
//   - fault.Conflict "oidc_expired": the code is used, or too old (30 seconds);
//   - fault.Forbidden "oidc_untrusted": a token that is not sound, or of somebody else;
//   - fault.Forbidden "oidc_level": known less well than asked for;
//   - fault.Conflict "oidc_client": the provider refuses the commune's client;
//   - fault.Unavailable "oidc_away".
func (d *Directory) Finish(ctx context.Context, c Client, t Ticket, answer url.Values) (Person, error) {
	if t.State == "" || subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(t.State)) != 1 {
		return Person{}, fault.New(fault.Forbidden, "oidc_state")
	}
	if code := answer.Get("error"); code != "" {
		return Person{}, refusedAtProvider(code)
	}
	p, err := d.at(ctx, c.Place)
	if err != nil {
		return Person{}, err
	}
	if iss := answer.Get("iss"); iss != "" && iss != p.issuer { // RFC 9207
		return Person{}, untrusted("issuer")
	}
	token, err := p.exchange(ctx, c, t, answer.Get("code"))
	if err != nil {
		return Person{}, err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := d.idToken(ctx, p, c, t, raw)
	if err != nil {
		return Person{}, err
	}
	person := Person{Subject: id.Subject, Factors: id.factors, IDToken: raw}
	return person, d.userInfo(ctx, p, c, token.AccessToken, &person)
}

// refusedAtProvider reads the error that a person comes back with (RFC 6749, 4.1.2.1).
func refusedAtProvider(code string) error {
	switch code {
	case "access_denied", "login_required", "consent_required", "interaction_required":
		return fault.New(fault.Conflict, "oidc_cancelled")
	case "temporarily_unavailable", "server_error":
		return away("answer", nil)
	case "invalid_request", "unauthorized_client", "invalid_scope", "unsupported_response_type", "invalid_client":
		return fault.New(fault.Conflict, "oidc_client")
	}
	return untrusted("answer")
}

// exchange gives the code for tokens.
func (p *provider) exchange(ctx context.Context, c Client, t Ticket, code string) (*oauth2.Token, error) {
	if code == "" || len(code) > 2048 {
		return nil, untrusted("answer")
	}
	var options []oauth2.AuthCodeOption
	if t.Verifier != "" {
		options = append(options, oauth2.VerifierOption(t.Verifier))
	}
	config := p.oauth(c)
	token, err := config.Exchange(oidc.ClientContext(ctx, p.client), code, options...)
	if err != nil {
		return nil, refusedExchange(err)
	}
	return token, nil
}

// refusedExchange reads why the token endpoint gave none. The answer itself is dropped:
// it could hold anything.
func refusedExchange(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok:
		return away(causeOf(err), nil)
	case refused.ErrorCode == "invalid_grant":
		return fault.New(fault.Conflict, "oidc_expired")
	case refused.ErrorCode == "invalid_client", refused.ErrorCode == "unauthorized_client":
		return fault.New(fault.Conflict, "oidc_client")
	case refused.Response != nil && refused.Response.StatusCode < http.StatusInternalServerError && refused.Response.StatusCode >= http.StatusBadRequest:
		return untrusted("exchange")
	}
	return away("answer", nil)
}

// identified is an ID token that everything is right with.
type identified struct {
	*oidc.IDToken
	factors []string
}

// idToken checks an ID token (OpenID Connect Core, 3.1.3.7).
func (d *Directory) idToken(ctx context.Context, p *provider, c Client, t Ticket, raw string) (identified, error) {
	verifier := p.Verifier(&oidc.Config{ClientID: c.ID, SupportedSigningAlgs: algorithms(), Now: d.now})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return identified{}, untrusted("token")
	}
	var claims struct {
		ACR string   `json:"acr"`
		AMR []string `json:"amr"`
		AZP string   `json:"azp"`
	}
	if err := token.Claims(&claims); err != nil {
		return identified{}, untrusted("claims")
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(t.Nonce)) != 1:
		return identified{}, untrusted("nonce")
	case len(token.Audience) > 1 && claims.AZP != c.ID, claims.AZP != "" && claims.AZP != c.ID:
		return identified{}, untrusted("audience")
	case token.IssuedAt.After(d.now().Add(skew)):
		return identified{}, untrusted("time")
	case token.Subject == "" || len(token.Subject) > 255:
		return identified{}, untrusted("subject")
	case !slices.Contains(levels, claims.ACR):
		return identified{}, fault.New(fault.Forbidden, "oidc_level")
	}
	return identified{token, claims.AMR}, nil
}

// userInfo asks who the person is. The answer is a signed token too, of the same
// person, for this client.
func (d *Directory) userInfo(ctx context.Context, p *provider, c Client, access string, person *Person) error {
	raw, err := p.fetch(ctx, access)
	if err != nil {
		return err
	}
	verifier := p.Verifier(&oidc.Config{ClientID: c.ID, SupportedSigningAlgs: algorithms(), Now: d.now, SkipExpiryCheck: true}) // it need not expire
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return untrusted("token")
	}
	if !token.Expiry.IsZero() && token.Expiry.Before(d.now()) {
		return untrusted("time")
	}
	if subtle.ConstantTimeCompare([]byte(token.Subject), []byte(person.Subject)) != 1 {
		return untrusted("subject")
	}
	var claims struct {
		GivenName  string `json:"given_name"`
		FamilyName string `json:"family_name"`
		UsualName  string `json:"usual_name"`
		UsageName  string `json:"preferred_username"`
		Email      string `json:"email"`
		SIRET      string `json:"siret"`
	}
	if err := token.Claims(&claims); err != nil {
		return untrusted("claims")
	}
	person.GivenName, person.FamilyName, person.UsageName = line(claims.GivenName), line(claims.FamilyName), line(claims.UsageName)
	person.Email, person.SIRET = line(claims.Email), claims.SIRET
	if c.Place.Kind == ProConnect {
		person.FamilyName, person.UsageName = line(claims.UsualName), ""
	}
	return nil
}

// fetch gives the signed user information.
func (p *provider) fetch(ctx context.Context, access string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.UserInfoEndpoint(), nil)
	if err != nil {
		return "", away("unreadable", nil)
	}
	r.Header.Set("Authorization", "Bearer "+access)
	answer, err := p.client.Do(r)
	if err != nil {
		return "", away(causeOf(err), nil)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", away(causeOf(err), nil)
	}
	if answer.StatusCode >= http.StatusInternalServerError {
		return "", away("answer", nil)
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode != http.StatusOK || kind != "application/jwt" {
		return "", untrusted("userinfo")
	}
	return string(body), nil
}
