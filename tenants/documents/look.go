package documents

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Look is how a commune's documents look today; it is no part of what is kept.
type Look struct {
	Colour string // the commune's own; what is printed in it keeps a contrast of 4.5:1 on white
	Logo   []byte // PNG; nil: none
	Alt    string // the logo's text for those who do not see it
	Site   string // the commune's host with its port, where /verifier stands; "" for none
}

// LookOf reads a commune's colour and arms. Site is its host, as browsers reach it.
func LookOf(ctx context.Context, tx *tenants.Tx, s tenants.Settings, site string) (Look, error) {
	look := Look{Colour: tx.Tenant().Colour, Alt: "Blason de la commune " + communes.Of(tx.Tenant().Name), Site: site}
	logo, err := tenants.LogoFor(ctx, tx, s, branding.LogoLarge)
	if fault.Is(err, "not_found") {
		return look, nil
	}
	look.Logo = logo
	return look, err
}

// SenderOf gives the letterhead of a commune: its office, address and how to reach it.
func SenderOf(t tenants.Tenant, s tenants.Settings) Sender {
	sender := Sender{Office: "Mairie " + communes.Of(t.Name)}
	for _, line := range addressLines(s.PostalAddress) {
		if slug := communes.Slug(line); slug != "mairie" && slug != "hotel-de-ville" && slug != communes.Slug(sender.Office) {
			sender.Lines = append(sender.Lines, line)
		}
	}
	for _, line := range []string{s.Phone, s.Email} {
		if line != "" {
			sender.Lines = append(sender.Lines, line)
		}
	}
	return sender
}

// paint are a look's colours on paper, as "#rrggbb".
func (l Look) paint() (accent, tint string) {
	c, err := branding.Parse(l.Colour)
	if err != nil {
		c = branding.Colour{R: 0x1d, G: 0x5a, B: 0x8c}
	}
	scale := branding.NewScale(c, false)
	return scale.TextSubtle.String(), scale.BackgroundTinted.String()
}
