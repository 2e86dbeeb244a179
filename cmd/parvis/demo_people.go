package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/parvis-gru/parvis/tenants/communes"
)

// The demonstration's people are invented; first and family names are frequent
// ones, put together by chance.
var (
	givenNames = []string{
		"Aminata", "Bernard", "Camille", "Claire", "Daniel", "Élodie", "Emmanuel", "Fatou", "Fabien", "Gabriel", "Hélène", "Hugo",
		"Inès", "Jean-Marc", "Jeanne", "Julien", "Karima", "Laurent", "Léa", "Louis", "Lucie", "Malik", "Manon", "Marc", "Marie",
		"Mathilde", "Mehdi", "Nadia", "Nathalie", "Nicolas", "Noé", "Olivier", "Pascale", "Patrick", "Paul", "Rachid", "Romain",
		"Sandrine", "Sarah", "Sébastien", "Sofia", "Sylvie", "Théo", "Thomas", "Thuy", "Valérie", "Yasmine", "Yves", "Zoé",
	}
	familyNames = []string{
		"Abadie", "André", "Barthe", "Benali", "Bernard", "Blanc", "Bonnet", "Bousquet", "Carrère", "Castan", "Cazaux", "Cœuret",
		"Dedieu", "Delmas", "Diallo", "Dupuy", "Durand", "Espinasse", "Fabre", "Faure", "Ferrer", "Garcia", "Garrigues", "Gomez",
		"Haddad", "Lacoste", "Lafont", "Lagarde", "Lefèvre", "Lopez", "Martin", "Martinez", "Mercier", "Molinier", "N’Diaye",
		"Nguyên", "Ollivier", "Pagès", "Perez", "Petit", "Pujol", "Rey", "Rivière", "Roques", "Rousseau", "Sanchez", "Séguier",
		"Simon", "Tournier", "Vidal", "Vignes", "Zurawska",
	}
	streets = []string{
		"rue des Écoles", "avenue de Toulouse", "place de la Mairie", "chemin du Canal", "rue du Moulin", "impasse des Lilas",
		"rue de l’Église", "allée des Platanes", "chemin des Coteaux", "rue Jean-Jaurès", "avenue de Lauragais", "rue des Tilleuls",
		"chemin de la Fontaine", "rue Victor-Hugo", "place du Marché", "rue du Lavoir",
	}
)

// Numbers that the regulator keeps for works of fiction (Arcep, decision 2018-0881):
// they ring nowhere. Four figures follow.
const (
	fictionalPhone  = "05 36 49 "
	fictionalMobile = "06 39 98 "
)

// person is somebody who lives in a commune of the demonstration.
type person struct {
	given, family, email, phone, street, postalCode, town string
}

func (p person) name() string { return p.given + " " + p.family }

func (p person) postal() string { return p.street + "\n" + p.postalCode + " " + p.town }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func newPerson(r *rand.Rand, c communes.Commune) person {
	p := person{given: pick(r, givenNames), family: pick(r, familyNames), town: c.Name}
	p.street = fmt.Sprintf("%d %s", 1+r.IntN(80), pick(r, streets))
	if len(c.PostalCodes) > 0 {
		p.postalCode = c.PostalCodes[0]
	}
	p.email = communes.Slug(p.given) + "." + communes.Slug(p.family) + "@exemple.fr"
	p.phone = fmt.Sprintf(fictionalMobile+"%02d %02d", r.IntN(100), r.IntN(100))
	return p
}

// siret gives a number that looks like a business's and passes the checksum.
func siret(r *rand.Rand) string {
	digits := make([]int, 14)
	for {
		var b strings.Builder
		for i := range digits {
			digits[i] = r.IntN(10)
			fmt.Fprintf(&b, "%d", digits[i])
		}
		if digits[0] > 2 && luhn(digits[:9]) && luhn(digits) {
			return b.String()
		}
	}
}

func luhn(digits []int) bool {
	sum := 0
	for i, d := range digits {
		if (len(digits)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
