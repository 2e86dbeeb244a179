package tenants

import (
	"regexp"
	"strings"
)

// intercommunal puts what is said of a town hall, its mayor and its commune in the words of
// an intercommunal body, whose gender is the same: the rest of the sentence stands.
var intercommunal = strings.NewReplacer(
	"la mairie", "l’intercommunalité", "La mairie", "L’intercommunalité", "votre mairie", "votre intercommunalité", "Votre mairie", "Votre intercommunalité",
	"cette mairie", "cette intercommunalité", "Cette mairie", "Cette intercommunalité", "une mairie", "une administration", "Mairie\u00a0: ", "", "Mairie : ", "",
	"secrétaire de mairie", "secrétaire",
	"le maire", "le président", "Le maire", "Le président", "du maire", "du président", "au maire", "au président", "son maire", "son président", ", maire", ", président",
	"la commune ", "l’intercommunalité ", "la commune.", "l’intercommunalité.", "la commune,", "l’intercommunalité,", "La commune ", "L’intercommunalité ",
	"votre commune", "votre intercommunalité", "Votre commune", "Votre intercommunalité", "cette commune", "cette intercommunalité",
	"conseil municipal", "conseil communautaire", "règlement communal", "règlement intercommunal",
)

// named finds a town hall, mayor or commune that is named: it is another than the one who speaks.
var named = regexp.MustCompile(`(?:[Ll]a mairie|[Ll]a commune|[Ll]e maire) (?:de (?:la |l’)?|d’|du |des )[\p{Lu}{]`)

// Say puts a French sentence of ours, which is written for a commune, in the words of the
// kind of tenant. It is for our own words, never for what people wrote.
func (k TenantKind) Say(ours string) string {
	if k != KindEPCI {
		return ours
	}
	var said strings.Builder
	from := 0
	for _, at := range named.FindAllStringIndex(ours, -1) {
		said.WriteString(intercommunal.Replace(ours[from:at[0]]) + ours[at[0]:at[1]])
		from = at[1]
	}
	said.WriteString(intercommunal.Replace(ours[from:]))
	return said.String()
}
