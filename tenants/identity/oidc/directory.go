package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Kind is one of the State's identity providers.
type Kind string

// The providers.
const (
	FranceConnect Kind = "franceconnect" // of citizens
	ProConnect    Kind = "proconnect"    // of agents
)

// Environment is one of the two deployments that each provider has.
type Environment string

// The environments.
const (
	Production  Environment = "production"
	Integration Environment = "integration" // with persons that do not exist
)

// Place is where a client was registered.
type Place struct {
	Kind        Kind
	Environment Environment
}

// Issuers gives the official addresses (partenaires.franceconnect.gouv.fr and
// partenaires.proconnect.gouv.fr; to be checked again when a commune is the first).
func Issuers() map[Place]string {
	return map[Place]string{
		{FranceConnect, Production}:  "https://oidc.franceconnect.gouv.fr/api/v2",
		{FranceConnect, Integration}: "https://fcp-low.sbx.dev-franceconnect.fr/api/v2",
		{ProConnect, Production}:     "https://auth.agentconnect.gouv.fr/api/v2",
		{ProConnect, Integration}:    "https://fca.integ01.dev-agentconnect.fr/api/v2",
	}
}

// Config is what a Directory is made with.
type Config struct {
	// Issuers by place; nil takes the official ones. Tests name servers of their own.
	Issuers map[Place]string
	// Now is the clock that tokens expire by.
	Now func() time.Time
	// Timeout of one question to a provider; 0 means eight seconds.
	Timeout time.Duration
}

// Directory knows the providers, and keeps what they say of themselves.
type Directory struct {
	issuers map[Place]string
	now     func() time.Time
	timeout time.Duration

	mu    sync.Mutex
	found map[string]found // by issuer: four at most
}

// found is a provider's description of itself.
type found struct {
	*provider
	until time.Time
}

// How long a provider's description is kept. An older one is used on while the
// provider does not give another.
const keptFor = time.Hour

// New makes a directory; it asks nobody anything yet.
func New(c Config) *Directory {
	if c.Issuers == nil {
		c.Issuers = Issuers()
	}
	if c.Timeout == 0 {
		c.Timeout = 8 * time.Second
	}
	return &Directory{issuers: c.Issuers, now: c.Now, timeout: c.Timeout, found: map[string]found{}}
}

// provider is an issuer that described itself soundly.
type provider struct {
	*oidc.Provider
	issuer string
	client *http.Client
	says   description
}

// description is what we need of a provider's metadata (OpenID Connect Discovery, 3)
// beside what go-oidc reads.
type description struct {
	JWKS         string   `json:"jwks_uri"`
	EndSession   string   `json:"end_session_endpoint"`
	Algorithms   []string `json:"id_token_signing_alg_values_supported"`
	PKCE         []string `json:"code_challenge_methods_supported"`
	TokenSecrets []string `json:"token_endpoint_auth_methods_supported"`
}

// algorithms are those that a token may be signed with.
func algorithms() []string { return []string{oidc.ES256, oidc.RS256} }

// at gives the provider of a place. fault.Unavailable "oidc_away" where it does not
// answer or makes no sense; its field "cause" says which.
func (d *Directory) at(ctx context.Context, place Place) (*provider, error) {
	issuer, known := d.issuers[place]
	if !known {
		return nil, fault.New(fault.NotFound, "oidc_unset")
	}
	d.mu.Lock()
	kept, ok := d.found[issuer]
	d.mu.Unlock()
	if ok && d.now().Before(kept.until) {
		return kept.provider, nil
	}
	fresh, err := d.discover(ctx, issuer)
	if err != nil {
		if ok {
			return kept.provider, nil
		}
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.found[issuer] = found{fresh, d.now().Add(keptFor)}
	return fresh, nil
}

// discover asks an issuer to describe itself, and judges what it says.
func (d *Directory) discover(ctx context.Context, issuer string) (*provider, error) {
	client, err := newClient(issuer, d.timeout)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "oidc_issuer", err)
	}
	p := &provider{issuer: issuer, client: client}
	if p.Provider, err = oidc.NewProvider(oidc.ClientContext(ctx, client), issuer); err != nil {
		if _, other := errors.AsType[*oidc.IssuerMismatchError](err); other {
			return nil, away("issuer", err)
		}
		return nil, away(causeOf(err), err)
	}
	if err := p.Claims(&p.says); err != nil {
		return nil, away("unreadable", err)
	}
	endpoint := p.Endpoint()
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL, p.UserInfoEndpoint(), p.says.JWKS, p.says.EndSession} {
		if !sameHost(issuer, address) {
			return nil, away("host", nil)
		}
	}
	if !slices.ContainsFunc(algorithms(), func(a string) bool { return slices.Contains(p.says.Algorithms, a) }) {
		return nil, away("algorithms", nil)
	}
	return p, nil
}

// sameHost tells whether an address is the issuer's own.
func sameHost(issuer, address string) bool {
	a, errA := url.Parse(issuer)
	b, errB := url.Parse(address)
	return errA == nil && errB == nil && a.Scheme == b.Scheme && a.Host == b.Host && b.User == nil
}

// oauth is the client of a provider. Both providers take the secret in the body
// (client_secret_post).
func (p *provider) oauth(c Client) oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	return oauth2.Config{ClientID: c.ID, ClientSecret: c.Secret, Endpoint: endpoint, RedirectURL: c.Redirect, Scopes: scopes[c.Place.Kind]}
}

// away says that a provider cannot be used now, and why.
func away(cause string, err error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: "oidc_away", Fields: []fault.Field{{Path: "cause", Code: cause}}, Err: err}
}
