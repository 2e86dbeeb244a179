package oidc

import (
	"context"
	"slices"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// probeCode is a code that no provider ever gave.
const probeCode = "parvis-essai"

// Probe tries a commune's client without anybody signing in: the provider is asked to
// describe itself anew, and then to exchange a code that it never gave. It has to
// refuse that code, and not the client. The address to come back to cannot be tried
// so. Beside the faults of [Directory.Begin], fault.Conflict "oidc_client" where the
// provider does not know the client or its secret.
func (d *Directory) Probe(ctx context.Context, c Client) error {
	issuer, known := d.issuers[c.Place]
	if !known {
		return fault.New(fault.NotFound, "oidc_unset")
	}
	p, err := d.discover(ctx, issuer)
	if err != nil {
		return err
	}
	if len(p.says.TokenSecrets) > 0 && !slices.Contains(p.says.TokenSecrets, "client_secret_post") {
		return away("secret", nil)
	}
	_, err = p.exchange(ctx, c, Ticket{}, probeCode)
	switch {
	case err == nil:
		return untrusted("exchange")
	case fault.Is(err, "oidc_expired"), fault.Is(err, "oidc_untrusted"):
		return nil // the client was recognised, the code was not
	}
	return err
}
