package main

import (
	"context"
	"embed"
	"hash/fnv"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/communes"
)

// blasons are arms of our own invention: no real commune bears them.
//
//go:embed blasons/*.svg
var blasons embed.FS

// demoLook is how a commune of the demonstration looks where it differs from what it
// would have got by itself.
type demoLook struct{ blason, colour, silhouette, tagline, welcome string }

// demoLooks are those of the larger communes, by INSEE code: yellow and near-white are the
// colours that break themes elsewhere.
var demoLooks = map[string]demoLook{
	"31113": {"chataignier", "#1f6b5c", "village", "Entre canal et coteaux", ""},
	"31446": {"tour", "#a3232b", "ville", "", "Bienvenue sur le guichet en ligne de Ramonville. Une question\u00a0? L’accueil vous répond du lundi au samedi."},
	"31254": {"moulin", "#1d4f91", "ville", "", ""},
	"31169": {"epis", "#2f6f3a", "campagne", "La mairie au village", ""},
	"31035": {"canal", "#0f6677", "campagne", "", ""},
	"31048": {"pont", "#9a4d12", "village", "", ""},
	"31409": {"", "#ffcc00", "campagne", "", ""},
	"31161": {"", "#fefefe", "montagne", "", ""},

	sicoval: {"", "#0b5c8a", branding.NoSilhouette, "Les services communs des 36 communes", ""},
}

// dress gives a commune of the demonstration its look, before it is filled.
func (d *demonstration) dress(ctx context.Context, t tenants.Tenant, c communes.Commune) error {
	look, ok := demoLooks[t.INSEE]
	if !ok {
		h := fnv.New32a()
		_, _ = h.Write([]byte(t.INSEE)) // a hash never fails
		look.silhouette = []string{"village", "campagne", "campagne", "montagne", branding.NoSilhouette}[h.Sum32()%5]
		if c.Population > 5000 {
			look.silhouette = "ville"
		}
	}
	var logo branding.Logo
	if look.blason != "" {
		source, err := blasons.ReadFile("blasons/" + look.blason + ".svg")
		if err != nil {
			return err
		}
		if logo, err = branding.ReadLogo(source); err != nil {
			return err
		}
	}
	return d.db.Write(ctx, t, tenants.System("démonstration"), func(tx *tenants.Tx) error {
		own, version, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		own.Tagline = look.tagline
		own.Brand = tenants.Brand{Silhouette: look.silhouette, Welcome: look.welcome, Footer: "Hôtel de ville accessible à tous.\nParking et arrêt de bus devant la mairie."}
		if t.Kind == tenants.KindEPCI {
			own.Brand.Footer = "Accueil accessible à tous, parking et arrêt de bus devant."
		}
		if look.blason != "" {
			if own.Brand.Logo, err = tenants.KeepLogo(ctx, tx, logo); err != nil {
				return err
			}
		}
		if err := tenants.PutSettings(ctx, tx, own, version); err != nil || look.colour == "" {
			return err
		}
		return d.registry.SetColour(ctx, tx, look.colour)
	})
}
