package oidc

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"slices"

	"golang.org/x/oauth2"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Client is a commune's own client at a provider.
type Client struct {
	Place    Place
	ID       string
	Secret   string
	Redirect string // where the provider sends browsers back to; declared there
}

// Ticket is what must come back unchanged from the way out. It is kept sealed.
type Ticket struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier,omitempty"` // of PKCE, where the provider takes it
}

// level is the assurance that both providers are asked for: eIDAS "low". A higher one
// is taken too.
const level = "eidas1"

// levels are the assurances in their order (Regulation (EU) 910/2014, art. 8).
var levels = []string{"eidas1", "eidas2", "eidas3"}

// scopes are what is asked of each provider: see the package's doc.
var scopes = map[Kind][]string{
	FranceConnect: {oidc.ScopeOpenID, "given_name", "family_name", "preferred_username", "email"},
	ProConnect:    {oidc.ScopeOpenID, "given_name", "usual_name", "email", "uid", "siret"},
}

// Scopes gives the scopes that a client has to be granted.
func Scopes(k Kind) []string { return slices.Clone(scopes[k]) }

// wantedAMR asks ProConnect how the agent proved who they are: it tells in the ID
// token, when asked, whether a second factor was used.
const wantedAMR = `{"id_token":{"amr":{"essential":true}}}`

// secret makes 43 random characters; both providers want 32 or more.
func secret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Begin gives the address that a person is sent to, and the ticket to keep for
// [Directory.Finish]. fault.Unavailable "oidc_away".
func (d *Directory) Begin(ctx context.Context, c Client) (string, Ticket, error) {
	p, err := d.at(ctx, c.Place)
	if err != nil {
		return "", Ticket{}, err
	}
	t := Ticket{State: secret(), Nonce: secret()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(t.Nonce), oauth2.SetAuthURLParam("acr_values", level)}
	if c.Place.Kind == ProConnect {
		options = append(options, oauth2.SetAuthURLParam("claims", wantedAMR))
	}
	if slices.Contains(p.says.PKCE, "S256") { // else the parameter would be an unknown one, which ProConnect refuses
		t.Verifier = oauth2.GenerateVerifier()
		options = append(options, oauth2.S256ChallengeOption(t.Verifier))
	}
	config := p.oauth(c)
	return config.AuthCodeURL(t.State, options...), t, nil
}

// Logout gives the address that ends a person's session at the provider and comes back
// to an address declared there, with the state. Neither provider may be asked by our
// server: its session is a cookie of the browser's.
func (d *Directory) Logout(ctx context.Context, c Client, idToken, back string) (address, state string, err error) {
	p, err := d.at(ctx, c.Place)
	if err != nil {
		return "", "", err
	}
	u, err := url.Parse(p.says.EndSession)
	if err != nil {
		return "", "", away("unreadable", err)
	}
	state = secret()
	q := u.Query()
	q.Set("id_token_hint", idToken)
	q.Set("state", state)
	q.Set("post_logout_redirect_uri", back)
	u.RawQuery = q.Encode()
	return u.String(), state, nil
}
