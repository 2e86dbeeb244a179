package communes_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/communes"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Castanet-Tolosan": "de Castanet-Tolosan", "Issus": "d’Issus", "Espanès": "d’Espanès", "Le Havre": "du Havre", "Les Lilas": "des Lilas",
		"La Rochelle": "de La Rochelle", "Hyères": "d’Hyères", "Le Haillan": "du Haillan", "Ys": "d’Ys", "Yerres": "de Yerres", "Œuilly": "d’Œuilly", "": "de ",
	} {
		if got := communes.Of(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
