package catalogue

import (
	"embed"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

//go:embed models/*.json
var modelFiles embed.FS

// starter names the models that a new commune begins with, in the order in which its portal
// lists them. The others wait in the library until the commune adopts them.
var starter = []string{
	"copie-acte-naissance", "cantine", "signalement-voirie", "courrier-maire", "salle-association", "pret-materiel",
	"subvention-association", "buvette-temporaire", "vide-grenier", "terrasse", "permission-voirie", "documents-administratifs",
}

// modelOrder is the order of the library: the starter first, then by what people look for.
var modelOrder = slices.Concat(starter, []string{
	"copie-acte-mariage", "copie-acte-deces", "duplicata-livret", "cni-passeport", "liste-electorale", "recensement-citoyen",
	"attestation-accueil", "legalisation-signature",
	"dossier-mariage", "pacs", "parrainage-civil", "changement-prenom",
	"inscription-scolaire", "derogation-scolaire", "periscolaire", "creche",
	"concession-funeraire", "inhumer-exhumer",
	"logement-social", "certificat-urbanisme-information", "certificat-urbanisme-operationnel", "declaration-prealable",
	"permis-maison-individuelle", "permis-construire", "permis-amenager", "permis-demolir", "declaration-intention-aliener", "meuble-tourisme",
	"arrete-circulation", "encombrants", "chien-categorise", "manifestation", "salle-particulier",
	"licence-debit-boissons", "travaux-erp", "taxi",
	"recours-gracieux", "recours-gracieux-urbanisme", "droits-rgpd", "emploi-stage",
})

var models = sync.OnceValue(func() []*Procedure {
	names, err := fs.Glob(modelFiles, "models/*.json")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	all := make([]*Procedure, 0, len(names))
	for _, name := range names {
		text, err := modelFiles.ReadFile(name)
		if err != nil {
			panic(err) // embedded: it is there
		}
		p, err := ParseProcedure(text)
		if err != nil {
			panic("catalogue: " + name + ": " + err.Error()) // held by a test over every model
		}
		if name != "models/"+p.Slug+".json" {
			panic("catalogue: " + name + " holds " + p.Slug)
		}
		if !slices.Contains(modelOrder, p.Slug) {
			panic("catalogue: " + p.Slug + " has no place in the library")
		}
		if p.text, err = json.Marshal(p); err != nil {
			panic(err) // it was read from JSON
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *Procedure) int {
		return slices.Index(modelOrder, a.Slug) - slices.Index(modelOrder, b.Slug)
	})
	return all
})

// Models gives the whole library of ready procedures, the [Starter] first. The slice is
// the caller's, the procedures are shared and never changed.
func Models() []*Procedure { return slices.Clone(models()) }

// Starter gives the models that a new commune begins with, in the order of its portal. The
// slice is the caller's, the procedures are shared and never changed.
func Starter() []*Procedure { return slices.Clone(models()[:len(starter)]) }

// Model gives the model of that slug, and whether there is one.
func Model(slug string) (*Procedure, bool) {
	i := slices.IndexFunc(models(), func(p *Procedure) bool { return p.Slug == slug })
	if i < 0 {
		return nil, false
	}
	return models()[i], true
}

// LifeEvent groups procedures as people look for them.
type LifeEvent struct {
	Slug    string
	Title   string
	Summary string
	Icon    string // name of a Lucide icon
}

// LifeEvents gives the groups of the portal, in their order.
func LifeEvents() []LifeEvent {
	return []LifeEvent{
		{"papiers", "Papiers et état civil", "Actes, copies, extraits", "file-text"},
		{"famille", "Mariage, Pacs et famille", "Se marier, se pacser, changer de prénom", "heart"},
		{"enfance", "Enfants et école", "Cantine et inscriptions", "graduation-cap"},
		{"logement", "Logement et urbanisme", "Se loger, construire, faire des travaux", "house"},
		{"voirie", "Rue et travaux", "Signaler, faire des travaux", "hammer"},
		{"associations", "Associations et fêtes", "Salle, matériel, buvette, subvention", "users"},
		{"commerces", "Commerces et entreprises", "Terrasse, étalage", "store"},
		{"deces", "Décès et cimetière", "Concession, inhumation", "trees"},
		{"mairie", "Écrire à la mairie", "Questions, réclamations, documents", "landmark"},
	}
}

func knownLifeEvent(slug string) bool {
	return slices.ContainsFunc(LifeEvents(), func(e LifeEvent) bool { return e.Slug == slug })
}

// ServiceNames gives the default services that the models need, in their order: those of the
// [Starter] first.
func ServiceNames() []string {
	return strings.Split("Accueil|État civil|Scolaire|Vie associative|Voirie|Secrétariat général|Population|Petite enfance|Cimetière|Urbanisme", "|")
}
