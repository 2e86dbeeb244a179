package tenants

import (
	"context"
	"sync"

	"github.com/parvis-gru/parvis/tenants/branding"
)

// placeholders keeps the pictures that stand for a logo: one a commune, colour and name.
var placeholders sync.Map // name/PlaceholderHash → []byte

// LogoFor gives one picture (PNG, of branding.LogoFiles) of the commune's logo, or of the
// arms that stand for it; where its own is gone, fault.NotFound "not_found".
func LogoFor(ctx context.Context, tx *Tx, s Settings, name string) ([]byte, error) {
	if s.Brand.Logo.Hash == "" {
		return PlaceholderFor(tx.tenant, name)
	}
	f, err := LogoImage(ctx, tx, s.Brand.Logo.Hash, name)
	return f.Body, err
}

// PlaceholderFor gives one picture of the arms that stand for a commune's logo.
func PlaceholderFor(t Tenant, name string) ([]byte, error) {
	c, err := branding.Parse(t.Colour)
	if err != nil {
		return nil, err
	}
	key := name + "/" + branding.PlaceholderHash(t.INSEE, c)
	if kept, ok := placeholders.Load(key); ok {
		if body, ok := kept.([]byte); ok {
			return body, nil
		}
	}
	f, err := branding.Placeholder(t.INSEE, c, name)
	if err != nil {
		return nil, err
	}
	placeholders.Store(key, f.Body)
	return f.Body, nil
}
