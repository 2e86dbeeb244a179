package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// The commune that has FranceConnect in the demonstration (Ramonville-Saint-Agne), and
// the procedure that asks for it there.
const (
	vouched          = "31446"
	vouchedProcedure = "copie-acte-naissance"
)

// statePerson is who can sign in at the demonstration's FranceConnect, by typing « angela ».
var statePerson = parts.StatePerson{ID: "angela", Claims: map[string]any{
	"given_name": "Angela Claire", "family_name": "DUBOIS", "birthdate": "1962-08-24", "gender": "female",
	"birthplace": "75107", "birthcountry": "99100", "email": "angela.dubois@exemple.fr",
}}

// startState starts what plays FranceConnect, for --franceconnect.
func (p *demoParts) startState(ctx context.Context) (err error) {
	d := p.demo
	p.state, err = parts.StartStateLogin(ctx, parts.StateLoginOptions{Kind: string(oidc.FranceConnect), Dir: filepath.Join(d.data, "franceconnect"), Progress: d.say})
	if err != nil {
		return err
	}
	d.onStop(p.state.Stop)
	if err := p.state.PutPerson(ctx, statePerson); err != nil {
		return err
	}
	d.say("a FranceConnect of the demonstration's own runs")
	return nil
}

// issuers puts the demonstration's FranceConnect where communes try theirs out.
func (p *demoParts) issuers() oidc.Config {
	issuers := oidc.Issuers()
	if p.state != nil {
		issuers[oidc.Place{Kind: oidc.FranceConnect, Environment: oidc.Integration}] = p.state.Issuer()
	}
	return oidc.Config{Issuers: issuers, Now: time.Now}
}

// seedState opens FranceConnect in its commune where it runs, and closes it again where
// it does not.
func (d *demonstration) seedState(ctx context.Context, state *parts.StateLogin, t tenants.Tenant) error {
	id := "demonstration-" + t.Slug
	secret, err := d.secret("franceconnect.secret")
	if err != nil {
		return err
	}
	err = d.db.Write(ctx, t, tenants.System("démonstration"), func(tx *tenants.Tx) error {
		own, version, err := tenants.GetSettings(ctx, tx)
		if err != nil || own.SignIn.FranceConnect.Open == (state != nil) {
			return err
		}
		sealed, err := identity.SealSecret(tx.Key, oidc.FranceConnect, id, secret)
		if err != nil {
			return err
		}
		own.SignIn.FranceConnect = tenants.StateClient{Open: state != nil, Environment: string(oidc.Integration), ID: id, Sealed: sealed}
		if err := tenants.PutSettings(ctx, tx, own, version); err != nil {
			return err
		}
		var level *int // the definition's
		if state != nil {
			level = new(catalogue.IdentityState)
		}
		return catalogue.SetIdentity(ctx, tx, vouchedProcedure, level)
	})
	if err != nil || state == nil {
		return err
	}
	host := d.url(d.registry.HostOf(t))
	return state.PutClient(ctx, parts.StateClient{
		ID: id, Secret: secret, Redirect: []string{host + "/connexion/franceconnect/retour"}, Logout: []string{host + "/deconnexion/retour"},
	})
}
