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

// modelOrder is the order in which a portal lists the procedures of a new tenant.
var modelOrder = []string{
	"copie-acte-naissance", "cantine", "signalement-voirie", "courrier-maire", "salle-association", "pret-materiel",
	"subvention-association", "buvette-temporaire", "vide-grenier", "terrasse", "permission-voirie", "documents-administratifs",
}

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
		if p.text, err = json.Marshal(p); err != nil {
			panic(err) // it was read from JSON
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b *Procedure) int { return rank(a.Slug) - rank(b.Slug) })
	return all
})

func rank(slug string) int {
	if i := slices.Index(modelOrder, slug); i >= 0 {
		return i
	}
	return len(modelOrder)
}

// Models gives the library of ready procedures, in the order of a new portal. The
// slice is the caller's, the procedures are shared and never changed.
func Models() []*Procedure { return slices.Clone(models()) }

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
		{"enfance", "Enfants et école", "Cantine et inscriptions", "graduation-cap"},
		{"voirie", "Rue et travaux", "Signaler, faire des travaux", "hammer"},
		{"associations", "Associations et fêtes", "Salle, matériel, buvette, subvention", "users"},
		{"commerces", "Commerces et entreprises", "Terrasse, étalage", "store"},
		{"mairie", "Écrire à la mairie", "Questions, réclamations, documents", "landmark"},
	}
}

func knownLifeEvent(slug string) bool {
	return slices.ContainsFunc(LifeEvents(), func(e LifeEvent) bool { return e.Slug == slug })
}

// ServiceNames gives the default services that the models need, in their order.
func ServiceNames() []string {
	return strings.Split("Accueil|État civil|Scolaire|Vie associative|Voirie|Secrétariat général", "|")
}
