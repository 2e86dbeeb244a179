package notify

import (
	"context"
	"sync"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// placeholders keeps the pictures that stand for a logo: one a commune and colour.
var placeholders sync.Map // PlaceholderHash → []byte

// placeholder gives the picture for the head of a mail of a commune without a logo.
func placeholder(t tenants.Tenant) []byte {
	c, err := branding.Parse(t.Colour)
	if err != nil {
		return nil // the mail goes without
	}
	key := branding.PlaceholderHash(t.INSEE, c)
	if kept, ok := placeholders.Load(key); ok {
		if body, ok := kept.([]byte); ok {
			return body
		}
	}
	f, err := branding.Placeholder(t.INSEE, c, branding.LogoHeader)
	if err != nil {
		return nil
	}
	placeholders.Store(key, f.Body)
	return f.Body
}

// logoOf gives the picture for the head of a commune's mail; nil where its logo is gone.
func logoOf(ctx context.Context, tx *tenants.Tx, s tenants.Settings) ([]byte, error) {
	if s.Brand.Logo.Hash == "" {
		return placeholder(tx.Tenant()), nil
	}
	f, err := tenants.LogoImage(ctx, tx, s.Brand.Logo.Hash, branding.LogoHeader)
	if fault.Is(err, "not_found") {
		return nil, nil
	}
	return f.Body, err
}
