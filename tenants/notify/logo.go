package notify

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Head is what stands at the head of a commune's mail.
type Head struct {
	Settings tenants.Settings
	Logo     []byte // PNG; nil: the mail goes without
}

// HeadOf reads the commune's.
func HeadOf(ctx context.Context, tx *tenants.Tx) (h Head, err error) {
	if h.Settings, _, err = tenants.GetSettings(ctx, tx); err == nil {
		h.Logo, err = logoOf(ctx, tx, h.Settings)
	}
	return h, err
}

// logoOf gives the picture for the head of a commune's mail; nil where there is none: the
// mail goes without.
func logoOf(ctx context.Context, tx *tenants.Tx, s tenants.Settings) ([]byte, error) {
	body, err := tenants.LogoFor(ctx, tx, s, branding.LogoHeader)
	if fault.Is(err, "not_found") || fault.Is(err, "colour_invalid") {
		return nil, nil
	}
	return body, err
}
