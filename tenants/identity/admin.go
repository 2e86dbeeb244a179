package identity

import (
	"context"
	"net/http"

	ory "github.com/ory/client-go"
)

// person is what the admin API tells of an account; the zero value is nobody.
type person struct {
	id       string
	email    string
	verified bool
	password bool
	totp     bool
}

// lookup finds an account by its address: one call, whether it exists or not.
func (p *Provider) lookup(ctx context.Context, email string) (person, error) {
	found, resp, err := p.admin.ListIdentities(ctx).CredentialsIdentifier(email).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return person{}, err
	}
	if err := r.unless(http.StatusOK); err != nil || len(found) == 0 {
		return person{}, err
	}
	return personOf(&found[0]), nil
}

func personOf(i *ory.Identity) person {
	w := person{id: i.GetId(), email: emailOf(i)}
	w.verified = verified(i, w.email)
	for kind := range i.GetCredentials() {
		switch kind {
		case "password":
			w.password = true
		case "totp":
			w.totp = true
		}
	}
	return w
}

func emailOf(i *ory.Identity) string {
	traits, _ := i.GetTraits().(map[string]any)
	email, _ := traits["email"].(string)
	return email
}

func verified(i *ory.Identity, email string) bool {
	for _, a := range i.GetVerifiableAddresses() {
		if a.GetVerified() && normalEmail(a.GetValue()) == normalEmail(email) {
			return true
		}
	}
	return false
}

// EnsureIdentity makes the account of an invited agent, of a hub's administrator
// or of the demo, and tells whether it made it. An account that exists is left
// as it is. With a password (the demo) the address counts as proved. Without one the
// account gets a password that nobody knows; the person sets theirs by a recovery
// code (RequestRecovery with PurposeInvitation), which proves the address.
func (p *Provider) EnsureIdentity(ctx context.Context, email, password string) (providerID string, created bool, err error) {
	email = normalEmail(email)
	if err := CheckEmail(email); err != nil {
		return "", false, err
	}
	who, err := p.lookup(ctx, email)
	if err != nil || who.id != "" {
		return who.id, false, err
	}
	body := ory.NewCreateIdentityBody(p.schema, map[string]any{"email": email})
	if password == "" {
		body.SetCredentials(passwordOnly(randomPassword()))
	} else {
		body.SetCredentials(passwordOnly(password))
		body.SetVerifiableAddresses([]ory.VerifiableIdentityAddress{
			*ory.NewVerifiableIdentityAddress("completed", email, true, "email"),
		})
	}
	made, resp, err := p.admin.CreateIdentity(ctx).CreateIdentityBody(*body).Execute()
	r, err := outcome(resp, err)
	switch {
	case err != nil:
		return "", false, err
	case r.status == http.StatusConflict: // somebody made it meanwhile
		who, err := p.lookup(ctx, email)
		return who.id, false, err
	}
	if err := r.unless(http.StatusCreated, http.StatusOK); err != nil {
		return "", false, err
	}
	return made.GetId(), true, nil
}

func passwordOnly(password string) ory.IdentityWithCredentials {
	cfg := ory.NewIdentityWithCredentialsPasswordConfig()
	cfg.SetPassword(password)
	pw := ory.NewIdentityWithCredentialsPassword()
	pw.SetConfig(*cfg)
	creds := ory.NewIdentityWithCredentials()
	creds.SetPassword(*pw)
	return *creds
}

// scramble replaces a password by one that nobody knows.
func (p *Provider) scramble(ctx context.Context, id string) error {
	found, resp, err := p.admin.GetIdentity(ctx, id).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return err
	}
	if err := r.unless(http.StatusOK); err != nil {
		return err
	}
	traits, _ := found.GetTraits().(map[string]any)
	body := ory.NewUpdateIdentityBody(found.GetSchemaId(), found.GetState(), traits)
	body.SetCredentials(passwordOnly(randomPassword()))
	_, resp, err = p.admin.UpdateIdentity(ctx, id).UpdateIdentityBody(*body).Execute()
	r, err = outcome(resp, err)
	if err != nil {
		return err
	}
	return r.unless(http.StatusOK)
}

// identityOf tells whose session a Kratos token is.
func (p *Provider) identityOf(ctx context.Context, token string) (Login, error) {
	s, resp, err := p.front.ToSession(ctx).XSessionToken(token).Execute()
	r, err := outcome(resp, err)
	if err != nil {
		return Login{}, err
	}
	if !r.ok() {
		if err := r.unless(http.StatusUnauthorized, http.StatusForbidden); err != nil {
			return Login{}, err
		}
		return Login{}, signInAgain()
	}
	return loginOf(*s, token), nil
}
