package tenants_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants"
)

func TestAnIntercommunalBodySaysWhatItIs(t *testing.T) {
	t.Parallel()
	for ours, theirs := range map[string]string{
		"La mairie vous écrit":                          "L’intercommunalité vous écrit",
		"Demandez à la mairie de revoir sa position.":   "Demandez à l’intercommunalité de revoir sa position.",
		"Pour le maire et par délégation":               "Pour le président et par délégation",
		"Aucun document de la commune ne porte ce code": "Aucun document de l’intercommunalité ne porte ce code",
		"Une communauté de communes":                    "Une communauté de communes",
		"La mairie de L’Union, et la mairie":            "La mairie de L’Union, et l’intercommunalité",
		"Transmise par la commune de Labège":            "Transmise par la commune de Labège",
		"Le service de son maire":                       "Le service de son président",
		"{{maire}}, {{mairie_adresse}}":                 "{{maire}}, {{mairie_adresse}}",
	} {
		if got := tenants.KindCommune.Say(ours); got != ours {
			t.Errorf("a commune says %q; want %q", got, ours)
		}
		if got := tenants.KindEPCI.Say(ours); got != theirs {
			t.Errorf("an EPCI says %q; want %q", got, theirs)
		}
	}
}
