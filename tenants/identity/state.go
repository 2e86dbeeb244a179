package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
)

// Names of the State's providers where a subject is made (Subject).
const (
	ProviderFranceConnect = string(oidc.FranceConnect)
	ProviderProConnect    = string(oidc.ProConnect)
)

// JourneyFor is how long a person may take at FranceConnect or ProConnect.
const JourneyFor = 15 * time.Minute

const (
	journeyKey = "oidc.journey"
	secretKey  = "oidc.secret"
)

// Journey is somebody on their way to the State's provider and back. It is kept sealed
// in a short-lived cookie of one host, and opens on this commune alone.
type Journey struct {
	Kind     oidc.Kind   `json:"kind"`
	Redirect string      `json:"redirect"`
	Ticket   oidc.Ticket `json:"ticket"`
	Return   string      `json:"return,omitempty"`  // a path of ours to go on to
	Citizen  tenants.ID  `json:"citizen,omitempty"` // whose account to link; empty: sign in
	Until    time.Time   `json:"until"`
}

// Keys derive a commune's key for one purpose: tenants.Tx.Key, or
// tenants.MasterKey.Tenant where no transaction is open.
type Keys func(purpose string) []byte

// SealJourney makes the cookie's text.
func SealJourney(keys Keys, now time.Time, j Journey) (string, error) {
	j.Until = now.Add(JourneyFor)
	text, err := json.Marshal(j)
	if err != nil {
		return "", err
	}
	sealed, err := tenants.Seal(keys(journeyKey), text, []byte(j.Kind))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// OpenJourney opens what SealJourney made; too old, altered, another commune's or
// another kind's is fault.Forbidden "oidc_state".
func OpenJourney(keys Keys, now time.Time, kind oidc.Kind, sealed string) (Journey, error) {
	lost := fault.New(fault.Forbidden, "oidc_state")
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return Journey{}, lost
	}
	text, err := tenants.Unseal(keys(journeyKey), raw, []byte(kind))
	if err != nil {
		return Journey{}, lost
	}
	var j Journey
	if json.Unmarshal(text, &j) != nil || j.Kind != kind || now.After(j.Until) {
		return Journey{}, lost
	}
	return j, nil
}

// clientOf picks the commune's client of a kind.
func clientOf(s tenants.SignIn, kind oidc.Kind) tenants.StateClient {
	if kind == oidc.ProConnect {
		return s.ProConnect
	}
	return s.FranceConnect
}

// bound is what a sealed secret belongs to.
func bound(kind oidc.Kind, id string) []byte { return []byte(string(kind) + " " + id) }

// SealSecret seals the secret of the commune's client for its settings.
func SealSecret(keys Keys, kind oidc.Kind, id, secret string) ([]byte, error) {
	return tenants.Seal(keys(secretKey), []byte(secret), bound(kind, id))
}

// StateClient gives the commune's own client. One that is closed or incomplete, and one
// whose secret was sealed elsewhere (a commune brought from another deployment), is
// fault.NotFound "oidc_unset".
func StateClient(keys Keys, s tenants.SignIn, kind oidc.Kind, redirect string) (oidc.Client, error) {
	c := clientOf(s, kind)
	unset := fault.New(fault.NotFound, "oidc_unset")
	if !c.Ready() {
		return oidc.Client{}, unset
	}
	secret, err := tenants.Unseal(keys(secretKey), c.Sealed, bound(kind, c.ID))
	if err != nil {
		return oidc.Client{}, unset
	}
	return oidc.Client{
		Place: oidc.Place{Kind: kind, Environment: oidc.Environment(c.Environment)}, ID: c.ID, Secret: string(secret), Redirect: redirect,
	}, nil
}

// PasswordOpen tells whether agents may come with a password: they may wherever nothing
// else would let them in.
func PasswordOpen(keys Keys, s tenants.SignIn) bool {
	if !s.NoPassword {
		return true
	}
	_, err := StateClient(keys, s, oidc.ProConnect, "")
	return err != nil
}

// BeginState sends somebody to the State's provider: the address, and the journey to
// keep sealed. It asks the network: outside any transaction.
func (p *Provider) BeginState(ctx context.Context, c oidc.Client, j Journey) (string, Journey, error) {
	address, ticket, err := p.state.Begin(ctx, c)
	j.Kind, j.Redirect, j.Ticket = c.Place.Kind, c.Redirect, ticket
	return address, j, err
}

// FinishState judges what somebody comes back with (see [oidc.Directory.Finish]).
func (p *Provider) FinishState(ctx context.Context, c oidc.Client, j Journey, answer url.Values) (oidc.Person, error) {
	return p.state.Finish(ctx, c, j.Ticket, answer)
}

// LeaveState gives the address that ends somebody's session at the State's provider and
// comes back to an address of ours with the state.
func (p *Provider) LeaveState(ctx context.Context, c oidc.Client, idToken, back string) (address, state string, err error) {
	return p.state.Logout(ctx, c, idToken, back)
}

// ProbeState tries a client without anybody signing in (see [oidc.Directory.Probe]).
func (p *Provider) ProbeState(ctx context.Context, c oidc.Client) error { return p.state.Probe(ctx, c) }

// LifeOf is how long a session of a person lasts at most in the commune.
func LifeOf(who Person, s tenants.SignIn) time.Duration {
	if who.AgentID != "" {
		return s.Agents().Life
	}
	return s.Citizens().Life
}

// CreateStateSession opens a session of somebody whom the State's provider vouches for.
func CreateStateSession(ctx context.Context, tx *tenants.Tx, who Person, p oidc.Person) (token string, err error) {
	o := opening{way: WayFranceConnect, level: LevelState, aal: 1, secret: p.IDToken}
	switch {
	case (who.AgentID == "") == (who.CitizenID == ""):
		return "", fault.New(fault.Internal, "session_person")
	case who.AgentID != "":
		o.way = WayProConnect
	}
	if p.Multifactor() {
		o.aal = 2
	}
	return openSession(ctx, tx, who, o)
}

// MayEnter tells whether an agent whom ProConnect vouches for may come in: from an
// establishment of the commune's (fault.Forbidden "proconnect_siret"), and with a second
// factor where the commune wants one (fault.Forbidden "proconnect_factor").
func MayEnter(s tenants.Settings, p oidc.Person) error {
	switch {
	case !slices.Contains(s.SignIn.SIRETs, p.SIRET):
		return fault.New(fault.Forbidden, "proconnect_siret")
	case s.RequireAgentTOTP && !p.Multifactor():
		return fault.New(fault.Forbidden, "proconnect_factor")
	}
	return nil
}

// PutSignIn changes the ways in and whether agents need a second factor. Administrators
// only. Beside what PutSettings refuses:
//
//   - a SIRET that is neither the commune's nor its hub's (hub is its SIREN, or "");
//   - closing the password while the acting administrator came by it: whoever closes a
//     door has just come through the other.
func PutSignIn(ctx context.Context, tx *tenants.Tx, s tenants.Settings, version int, hub string, session Session) error {
	var fields []fault.Field
	wrong := func(path, code string) { fields = append(fields, fault.Field{Path: "sign_in/" + path, Code: code}) }
	for _, n := range s.SignIn.SIRETs {
		if tenants.ValidSIREN(n) && !strings.HasPrefix(n, tx.Tenant().SIREN) && (hub == "" || !strings.HasPrefix(n, hub)) {
			wrong("sirets", "siret_stranger")
			break
		}
	}
	before, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return err
	}
	if s.SignIn.NoPassword && !before.SignIn.NoPassword && session.Way != WayProConnect {
		wrong("no_password", "untried")
	}
	if len(fields) > 0 {
		return fault.New(fault.Invalid, "settings_invalid", fields...)
	}
	return tenants.PutSettings(ctx, tx, s, version)
}
