package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/communes"
)

// sample fills in a procedure as somebody plausible would.
type sample func(r *rand.Rand, c communes.Commune, p person, day time.Time) map[string]any

// weighted is a procedure with how often it is asked for.
type weighted struct {
	slug   string
	weight int
	fill   sample
}

func in(day time.Time, days int) string { return day.AddDate(0, 0, days).Format(time.DateOnly) }

func addressIn(r *rand.Rand, c communes.Commune) map[string]any {
	a := map[string]any{"street": fmt.Sprintf("%d %s", 1+r.IntN(60), pick(r, streets)), "town": c.Name}
	if len(c.PostalCodes) > 0 {
		a["postal_code"] = c.PostalCodes[0]
	}
	return a
}

var (
	clubs  = []string{"Amis de l’école", "Comité des fêtes", "Rugby club", "Chorale À tout vent", "Club de l’âge d’or", "Les Jardins partagés", "Judo club", "Théâtre de poche", "Cyclotourisme", "Parents d’élèves"}
	events = []string{"Loto", "Vide-dressing", "Fête de la musique", "Tournoi de rugby", "Concert de Noël", "Soirée théâtre", "Repas de quartier", "Course des coteaux", "Marché de producteurs"}
	shops  = []string{"Café de la Place", "Le Fournil", "Chez Lucette", "La Cantine du Canal", "Pizzeria Bella", "L’Atelier des saveurs", "Brasserie du Marché", "Fleurs et jardins"}
	rooms  = []string{"Salle des fêtes", "Salle Jacques-Brel", "Foyer rural", "Maison des associations", "Salle polyvalente"}
)

// Each report is a category of the form with what people write of it.
var reports = []struct{ category, text string }{
	{"chaussee", "Un nid-de-poule s’est formé, les vélos doivent l’éviter au dernier moment."},
	{"trottoir", "Les racines soulèvent le trottoir, une poussette ne passe plus."},
	{"eclairage", "Le lampadaire est éteint depuis une semaine."},
	{"proprete", "Des sacs ont été laissés à côté des conteneurs."},
	{"vegetation", "La haie déborde sur le passage, on marche sur la route."},
	{"signalisation", "Le panneau stop est tourné, on ne le voit plus."},
	{"mobilier", "Le banc de l’arrêt de bus est cassé."},
	{"eau", "L’avaloir est bouché, la rue est inondée à chaque pluie."},
}

var letters = []struct{ kind, subject, text string }{
	{"question", "Horaires de la médiathèque", "Bonjour, la médiathèque sera-t-elle ouverte pendant les vacances ? Je n’ai pas trouvé l’information sur le site."},
	{"reclamation", "Bruit le soir", "Bonjour, la salle voisine reste ouverte après 23 heures plusieurs soirs par semaine. Pouvez-vous rappeler le règlement aux occupants ?"},
	{"suggestion", "Un arceau à vélos devant l’école", "Bonjour, beaucoup d’enfants viennent à vélo. Quelques arceaux devant l’école rendraient service à tous."},
	{"reclamation", "Vitesse des voitures", "Bonjour, les voitures roulent trop vite dans notre rue. Un ralentisseur est-il prévu ?"},
	{"remerciement", "Merci aux agents", "Bonjour, merci aux agents qui ont dégagé si vite l’arbre tombé après l’orage."},
	{"question", "Composteur", "Bonjour, comment obtenir un composteur individuel, et à quel prix ?"},
}

var papersAsked = []string{
	"Le compte rendu de la commission d’urbanisme de septembre et le plan qui y est annexé.",
	"Les trois derniers rapports annuels du service de l’eau.",
	"L’arrêté qui fixe les horaires de l’éclairage public.",
	"Les devis retenus pour la réfection de la salle des fêtes.",
}

// demoProcedures are the twelve models, with how often each is asked for.
func demoProcedures() []weighted {
	return []weighted{
		{"copie-acte-naissance", 22, birthCertificate}, {"signalement-voirie", 22, streetReport}, {"cantine", 12, canteen},
		{"courrier-maire", 12, letterToMayor}, {"salle-association", 8, room}, {"pret-materiel", 6, loan}, {"terrasse", 5, terrace},
		{"buvette-temporaire", 5, bar}, {"vide-grenier", 4, fleaMarket}, {"documents-administratifs", 3, publicDocument},
		{"permission-voirie", 3, roadWorks}, {"subvention-association", 4, grant},
	}
}

// demoProceduresOf are those that are asked for in a tenant: an EPCI keeps no civil register,
// and lets no fair be held.
func demoProceduresOf(t tenants.Tenant) []weighted {
	all := demoProcedures()
	if t.Kind == tenants.KindEPCI {
		theirs := []string{"signalement-voirie", "courrier-maire", "pret-materiel", "documents-administratifs", "permission-voirie", "subvention-association"}
		all = slices.DeleteFunc(all, func(w weighted) bool { return !slices.Contains(theirs, w.slug) })
	}
	return all
}

func birthCertificate(r *rand.Rand, _ communes.Commune, p person, _ time.Time) map[string]any {
	a := map[string]any{
		"type_acte": "extrait_sans_filiation", "exemplaires": 1 + r.IntN(2), "nom_naissance": p.family, "prenoms": p.given,
		"date_naissance": fmt.Sprintf("%d-%02d-%02d", 1945+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28)), "remise": pick(r, []string{"courrier", "courrier", "guichet"}),
	}
	if r.IntN(2) == 0 {
		a["type_acte"], a["qualite"] = "copie_integrale", "titulaire"
		a["parent1_nom"], a["parent1_prenoms"] = p.family, pick(r, givenNames)
		a["parent2_nom"], a["parent2_prenoms"] = pick(r, familyNames), pick(r, givenNames)
	}
	return a
}

func streetReport(r *rand.Rand, _ communes.Commune, _ person, _ time.Time) map[string]any {
	report := pick(r, reports)
	return map[string]any{
		"categorie": report.category, "danger": pick(r, []string{"non", "non", "non", "oui"}),
		"lieu": fmt.Sprintf("devant le %d %s", 1+r.IntN(60), pick(r, streets)), "description": report.text,
	}
}

func canteen(r *rand.Rand, c communes.Commune, p person, day time.Time) map[string]any {
	levels := []string{"ps", "ms", "gs", "cp", "ce1", "ce2", "cm1", "cm2"}
	level := r.IntN(len(levels))
	return map[string]any{
		"enfant_nom": p.family, "enfant_prenom": pick(r, givenNames), "enfant_naissance": fmt.Sprintf("%d-%02d-%02d", day.Year()-3-level, 1+r.IntN(12), 1+r.IntN(28)),
		"ecole": "École de " + c.Name, "niveau": levels[level], "date_debut": in(day, 14+r.IntN(30)), "rythme": "regulier",
		"jours": []string{"lundi", "mardi", "jeudi", "vendredi"}[:2+r.IntN(3)], "lien": "parent", "urgence_telephone": p.phone, "autorite": true,
	}
}

func letterToMayor(r *rand.Rand, _ communes.Commune, _ person, _ time.Time) map[string]any {
	l := pick(r, letters)
	return map[string]any{"nature": l.kind, "sujet": l.subject, "message": l.text}
}

func room(r *rand.Rand, _ communes.Commune, _ person, day time.Time) map[string]any {
	return map[string]any{
		"eligible": true, "organisme_nom": pick(r, clubs), "usage": pick(r, []string{"interne", "publique", "fete"}), "objet": pick(r, events),
		"salle": pick(r, rooms), "personnes": 20 + 10*r.IntN(15), "date_debut": in(day, 30+r.IntN(60)), "heure_debut": "14 h", "heure_fin": "23 h", "reglement": true,
	}
}

func loan(r *rand.Rand, c communes.Commune, _ person, day time.Time) map[string]any {
	start := 25 + r.IntN(40)
	return map[string]any{
		"emprunteur": "association", "organisme_nom": pick(r, clubs), "manifestation": pick(r, events), "lieu": addressIn(r, c),
		"date_debut": in(day, start), "date_fin": in(day, start+2), "materiel": []string{"tables", "chaises"}, "nombre_tables": 5 + r.IntN(20),
		"nombre_chaises": 20 + 10*r.IntN(12), "remise": "retrait", "engagement": true,
	}
}

func terrace(r *rand.Rand, c communes.Commune, _ person, day time.Time) map[string]any {
	return map[string]any{
		"enseigne": pick(r, shops), "siret": siret(r), "activite": pick(r, []string{"cafe", "restaurant"}), "adresse": addressIn(r, c), "nature": "terrasse",
		"longueur": 3 + r.IntN(6), "surface": 8 + r.IntN(30), "passage": 2, "mobilier": []string{"tables", "parasols"},
		"date_debut": in(day, 40), "date_fin": in(day, 220), "engagement": true,
	}
}

func bar(r *rand.Rand, _ communes.Commune, _ person, day time.Time) map[string]any {
	start := in(day, 65+r.IntN(30))
	return map[string]any{
		"type": "association", "organisme_nom": pick(r, clubs), "organisme_numero": fmt.Sprintf("W31%07d", r.IntN(10_000_000)), "autorisations": r.IntN(4),
		"manifestation": pick(r, events), "lieu": pick(r, rooms), "enceinte_sportive": "non",
		"date_debut": start, "heure_debut": "14 h", "date_fin": start, "heure_fin": "23 h", "groupes": true,
	}
}

func fleaMarket(r *rand.Rand, _ communes.Commune, _ person, day time.Time) map[string]any {
	start := in(day, 25+r.IntN(40))
	return map[string]any{
		"type": "association", "organisme_nom": pick(r, clubs), "nom_vente": "Vide-grenier", "lieu": "Place du Marché", "domaine": "public", "occupation": "avec",
		"date_debut": start, "date_fin": start, "marchandises": []string{"personnels"}, "exposants": 30 + r.IntN(120), "duree": true, "registre": true,
	}
}

func publicDocument(r *rand.Rand, _ communes.Commune, _ person, _ time.Time) map[string]any {
	return map[string]any{"description": pick(r, papersAsked), "mode": pick(r, []string{"courriel", "sur_place"})}
}

func roadWorks(r *rand.Rand, c communes.Commune, _ person, day time.Time) map[string]any {
	start := 30 + r.IntN(40)
	return map[string]any{
		"qualite": "particulier", "nature": pick(r, []string{"branchement", "acces", "ouvrage"}), "description": "Tranchée de raccordement au réseau, refermée le soir même.",
		"lieu": addressIn(r, c), "longueur": 2 + r.IntN(10), "largeur": 1, "date_debut": in(day, start), "date_fin": in(day, start+3), "circulation": "partielle",
	}
}

func grant(r *rand.Rand, _ communes.Commune, _ person, day time.Time) map[string]any {
	return map[string]any{
		"association_nom": pick(r, clubs), "association_siret": siret(r), "association_objet": "Faire vivre le sport et la culture dans le village.", "adherents": 30 + r.IntN(200),
		"fonction": "representant", "objet": "projet", "annee": day.Year() + 1, "montant": 300 + 100*r.IntN(25), "projet_titre": pick(r, events),
		"projet_description": "Une journée ouverte à tous, avec les écoles et les autres associations.", "autres_aides": "Aucune autre aide publique n’a été demandée.",
		"nouvelle": "non", "cer": true, "exactitude": true,
	}
}
