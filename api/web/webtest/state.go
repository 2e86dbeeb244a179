package webtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/identity/oidc"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// theState are the providers of identity that the tests of a program share.
var theState = struct {
	sync.Mutex
	running map[oidc.Kind]*parts.StateLogin
}{running: map[oidc.Kind]*parts.StateLogin{}}

// StateLogin gives a provider that plays FranceConnect or ProConnect honestly.
func StateLogin(t testing.TB, kind oidc.Kind) *parts.StateLogin {
	t.Helper()
	theState.Lock()
	defer theState.Unlock()
	if p := theState.running[kind]; p != nil {
		return p
	}
	dir, err := os.MkdirTemp("", "parvis-state-")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parts.StartStateLogin(context.Background(), parts.StateLoginOptions{ // outlives the test that starts it
		Kind: string(kind), Dir: dir, Progress: func(line string) { fmt.Fprintln(os.Stderr, line) },
	})
	if err != nil {
		t.Fatalf("a real provider of identity is needed: %v", err)
	}
	theState.running[kind] = p
	return p
}

// stopState ends them.
func stopState() {
	theState.Lock()
	defer theState.Unlock()
	for _, p := range theState.running {
		p.Stop()
	}
}

// WithState has the deployment speak to these providers in the State's place, as their
// integration environments. They are never asked for anything longer than a second.
func WithState(issuers map[oidc.Kind]string) Option {
	return func(o *options) {
		places := map[oidc.Place]string{}
		for kind, issuer := range issuers {
			places[oidc.Place{Kind: kind, Environment: oidc.Integration}] = issuer
		}
		o.state = oidc.Config{Issuers: places, Now: time.Now, Timeout: time.Second}
	}
}

// StateSecret is the secret of every client that OpenState sets up.
const StateSecret = "the secret of a client in the tests" //nolint:gosec // of a server of the tests alone

// OpenState opens the commune's client at a provider, under an identifier of its own, and
// changes what else a test wants of the ways in. It gives the identifier.
func (d *Deployment) OpenState(t testing.TB, tenant tenants.Tenant, kind oidc.Kind, change func(*tenants.Settings)) string {
	t.Helper()
	id := tenant.Slug + "-" + random()
	d.Write(t, tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		settings, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		sealed, err := identity.SealSecret(tx.Key, kind, id, StateSecret)
		if err != nil {
			return err
		}
		client := tenants.StateClient{Open: true, Environment: string(oidc.Integration), ID: id, Sealed: sealed}
		if kind == oidc.ProConnect {
			settings.SignIn.ProConnect = client
		} else {
			settings.SignIn.FranceConnect = client
		}
		if change != nil {
			change(&settings)
		}
		return tenants.PutSettings(ctx, tx, settings, version)
	})
	return id
}
