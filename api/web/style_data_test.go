package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/forms"
)

const styleForm = `{"version":1,"recipients":["Service voirie"],"retention":"2 ans","steps":[
{"id":"vous","title":"Vous","sections":[{"id":"s1","fields":[{"id":"x","kind":"text","label":"X","purpose":"p","legal_basis":"b"}]}]},
{"id":"demenagement","title":"Votre déménagement","intro":"Nous posons les panneaux nous-mêmes.","sections":[
{"id":"coord","title":"Vos coordonnées","fields":[
{"id":"prenom","kind":"text","label":"Prénom","autocomplete":"given-name","purpose":"p","legal_basis":"b"},
{"id":"courriel","kind":"email","label":"Adresse électronique","help":"Pour recevoir l’arrêté et les rappels.","autocomplete":"email","purpose":"p","legal_basis":"b"},
{"id":"tel","kind":"phone","label":"Téléphone portable","optional":true,"autocomplete":"tel","purpose":"p","legal_basis":"b"},
{"id":"debut","kind":"date","label":"Date de début","min_days":15,"purpose":"p","legal_basis":"b"},
{"id":"vehicule","kind":"choice","label":"Votre véhicule","choices":[{"value":"v","label":"Voiture"},{"value":"c","label":"Camion","help":"Jusqu’à 20 m³"},{"value":"m","label":"Camion avec monte-meubles"}],"purpose":"p","legal_basis":"b"},
{"id":"hauteur","kind":"number","label":"Hauteur du monte-meubles","unit":"mètres","if":{"field":"vehicule","equals":"m"},"purpose":"p","legal_basis":"b"},
{"id":"adresse","kind":"address","label":"Adresse du stationnement","in_commune":true,"purpose":"p","legal_basis":"b"},
{"id":"devis","kind":"file","label":"Devis ou contrat de location","optional":true,"max_files":2,"accept":["application/pdf"],"purpose":"p","legal_basis":"b"},
{"id":"details","kind":"longtext","label":"Précisions","optional":true,"purpose":"p","legal_basis":"b"},
{"id":"honneur","kind":"declaration","label":"Engagement","declaration":"Je laisserai libre le passage des piétons.","purpose":"p","legal_basis":"b"}]}]},
{"id":"pieces","title":"Pièces","sections":[{"id":"s3","fields":[{"id":"y","kind":"text","label":"Y","purpose":"p","legal_basis":"b"}]}]}]}`

// styleDefinition is the form above.
func styleDefinition() *forms.Definition {
	d, err := forms.Parse([]byte(styleForm))
	if err != nil {
		panic(err)
	}
	return d
}

func formPage(ui *web.UI, w http.ResponseWriter, r *http.Request, s web.Site) formStyle {
	d := styleDefinition()
	today := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	answers := forms.Answers{
		"prenom": forms.Text("Aminata"), "courriel": forms.Text("aminata.lefevre@"),
		"devis": forms.Files(forms.FileRef{ID: "f1", Name: "devis-camion.pdf", Size: 284_000}),
	}
	errs := d.Validate(answers, today, forms.Options{Step: "demenagement", Town: s.Name})
	step, err := d.View("demenagement", forms.ViewInput{Answers: answers, Errors: errs, Today: today})
	if err != nil {
		panic(err)
	}
	p := formStyle{
		Frame: ui.Frame(w, r, s, "Réserver un stationnement pour un déménagement"),
		Facts: web.Facts{{Icon: "clock", Text: "5 minutes"}, {Icon: "circle-check", Text: "Gratuit"}, {Icon: "calendar-days", Text: "Réponse sous 5 jours"}},
		Stepper: web.Stepper{
			Steps: []web.Step{{Label: "Vous", URL: "/"}, {Label: "Déménagement"}, {Label: "Pièces"}, {Label: "Récapitulatif"}}, Current: 1, Title: "Votre déménagement",
		},
		Step: step,
		Questions: []web.Disclosure{
			{Title: "Quel délai prévoir ?", Text: "Quinze jours avant la date."}, {Title: "Faut-il payer ?", Text: "Non."}, {Title: "Qui pose les panneaux ?", Lines: []string{"La commune", "Sept jours avant"}},
		},
	}
	p.Errors = web.StepErrors(step)
	p.Current = "/"
	p.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Vie quotidienne", URL: "/"}, {Label: "Déménagement"}}
	return p
}

func componentsPage(ui *web.UI, w http.ResponseWriter, r *http.Request, s web.Site) componentsStyle {
	yesNo := []web.Choice{{Value: "1", Label: "Oui", Checked: true}, {Value: "0", Label: "Non", Hint: "Vous pourrez changer d’avis."}}
	p := componentsStyle{
		Frame:  ui.Frame(w, r, s, "Composants"),
		Search: web.Search{Action: "/", Label: "Que voulez-vous faire ?"},
		Tiles: web.Tiles{
			{Title: "Réserver un stationnement", Text: "Pour un déménagement ou des travaux.", URL: "/formulaire", Icon: "map-pin", Meta: "5 minutes · gratuit"},
			{Title: "Demander un acte de naissance", Text: "Né à Castanet-Tolosan.", URL: "/", Icon: "baby"}, {Title: "S’inscrire sur les listes électorales", URL: "/", Icon: "vote", Text: "Toute l’année."},
		},
		Inputs: []web.Input{
			{Name: "prenom", Label: "Prénom", Value: "Aminata", Autocomplete: "given-name"},
			{Name: "courriel", Label: "Adresse électronique", Hint: "Pour recevoir l’arrêté et les rappels.", Error: "Saisissez une adresse électronique complète, par exemple nom@exemple.fr", Value: "aminata.lefevre@", Type: "email"},
			{Name: "surface", Label: "Surface", Unit: "m²", Width: "short", InputMode: "decimal", Optional: true},
		},
		Textarea: web.Textarea{Name: "motif", Label: "Motif", Hint: "Une phrase suffit.", MaxLength: 400},
		Radios:   web.Choices{Name: "sms", Legend: "Vous prévenir par SMS ?", Items: yesNo, Error: "Choisissez une réponse."},
		Checks:   web.Choices{Name: "jours", Legend: "Jours souhaités", Items: []web.Choice{{Value: "l", Label: "Lundi"}, {Value: "m", Label: "Mardi", Checked: true}}, Inline: true, Optional: true},
		Checkbox: web.Checkbox{Name: "copie", Label: "M’envoyer une copie", Checked: true},
		Select:   web.Select{Name: "service", Label: "Service", Items: []web.Choice{{Value: "", Label: "Tous"}, {Value: "v", Label: "Voirie", Checked: true}}},
		Date:     web.Date{Name: "naissance", Legend: "Date de naissance", Hint: "Par exemple : 31 3 1980", Error: "Indiquez une date qui existe.", Day: "31", Month: "2", Year: "1980", Birth: true},
		Address:  web.Address{Name: "adresse", Legend: "Votre adresse", Street: "18 rue des Tilleuls", Errors: map[string]string{"postal_code": "Saisissez les 5 chiffres du code postal."}},
		File: web.File{Name: "piece", Label: "Justificatif de domicile", Hint: "PDF, JPEG ou PNG, 20 Mo au plus.", Accept: ".pdf", Multiple: true, Files: []web.FileItem{{
			Name: "facture-electricite-novembre.pdf", Size: 1_240_000, RemoveName: "_remove", RemoveValue: "1",
		}}},
		Declaration: web.Declaration{Name: "honneur", Legend: "Sur l’honneur", Text: "Je déclare que ces renseignements sont exacts."},
		Notices: []web.Notice{
			{Tone: web.Info, Title: "Bon à savoir", Text: "La mairie est fermée le 11 novembre."}, {Tone: web.Success, Text: "Votre message est envoyé."},
			{Tone: web.Warning, Title: "Pièces attendues", Text: "Deux pièces manquent.", Items: []string{"Plan", "Devis"}, Link: web.Link{Label: "Les ajouter", URL: "/"}}, {Tone: web.Danger, Text: "Ce délai est dépassé."},
		},
		Summary: web.SummaryList{
			{Key: "Prénom", Value: "Aminata", Action: web.Link{Label: "Modifier", URL: "/"}}, {Key: "Adresse", Lines: []string{"18 rue des Tilleuls", "31320 Castanet-Tolosan"}, Action: web.Link{Label: "Modifier", URL: "/"}},
		},
		Timeline: web.Timeline{
			{When: "16 novembre 2026 à 9 h 12", Title: "Demande déposée", Who: "Vous"}, {When: "17 novembre 2026", Title: "Pièces demandées", Who: "Service voirie", Text: "Il manque le plan.\nMerci.", Law: "Article L. 114-5 du code des relations entre le public et l’administration"},
		},
		Tabs: web.Tabs{Label: "Demandes", Items: []web.Tab{{Label: "À traiter", URL: "/", Count: 186, Current: true}, {Label: "Mes dossiers", URL: "/", Count: 14}, {Label: "Terminées", URL: "/", Count: -1}}},
		Table: web.Table{
			Caption: "Demandes par mois", Columns: []web.Column{{Label: "Mois"}, {Label: "Demandes", Numeric: true}, {Label: "État"}},
			Rows: []web.Row{{Cells: []web.Cell{{Text: "Novembre", URL: "/"}, {Text: "1 204"}, {Status: &web.Status{Tone: web.Success, Label: "Complet"}}}}, {Cells: []web.Cell{{Text: "Octobre"}, {Text: "998", Strong: true}, {Text: "18/11", Late: true}}}},
		},
		Pagination: web.Pagination{Summary: "1 à 20 sur 186", Next: "/?page=2", Previous: "/?page=0"},
	}
	for _, s := range []string{"received", "in_review", "waiting_documents", "accepted", "refused", "withdrawn", "implicitly_accepted"} {
		p.Statuses = append(p.Statuses, web.RequestStatus(s))
	}
	p.Errors = web.ErrorSummary{{ID: "courriel", Message: "Saisissez une adresse électronique complète"}, {ID: "naissance-day", Message: "Indiquez une date qui existe"}}
	p.Flash = &web.Notice{Tone: web.Success, Text: "Le message est envoyé."}
	p.User = &web.User{Name: "Aminata Lefèvre", URL: "/mon-espace", SignOut: "/deconnexion"}
	return p
}

func listPage(ui *web.UI, w http.ResponseWriter, r *http.Request, s web.Site) listStyle {
	p := listStyle{
		Frame:   ui.Frame(w, r, s, "Demandes"),
		Tabs:    web.Tabs{Label: "Demandes", Items: []web.Tab{{Label: "À traiter", URL: "/agents", Count: 186, Current: true}, {Label: "Mes dossiers", URL: "/agents", Count: 14}, {Label: "En attente d’un tiers", URL: "/agents", Count: 31}, {Label: "Terminées", URL: "/agents", Count: -1}}},
		Selects: []web.Select{{Name: "service", Label: "Service", Items: []web.Choice{{Label: "Tous"}}}, {Name: "etat", Label: "Statut", Items: []web.Choice{{Label: "Tous"}}}},
		Due:     web.Input{Name: "echeance", Label: "Échéance avant le", Type: "date"},
		Panel:   web.RequestStatus("waiting_documents"), Pagination: web.Pagination{Next: "/agents?page=2"},
	}
	subjects := []string{"Réservation de stationnement", "Changement d’adresse scolaire", "Location de salle", "Inscription périscolaire", "Débit de boissons temporaire"}
	states := []string{"received", "waiting_documents", "accepted", "in_review"}
	for i := range 20 {
		p.Rows = append(p.Rows, listRow{
			Number: "26-00" + string(rune('4'+i/10)) + "8" + string(rune('0'+i%10)) + "5", Subject: subjects[i%5], Name: "Fatou N’Diaye", Service: "Petite enfance", Due: "23/11", Agent: "M. Roussel",
			Status: web.RequestStatus(states[i%4]), Current: i == 1, Late: i == 0,
		})
	}
	p.Area, p.Current = "Espace agents", "/agents"
	p.User = &web.User{Name: "Karima Petit", URL: "/agents/compte", SignOut: "/agents/deconnexion"}
	p.Nav = []web.NavItem{
		{Label: "Demandes", URL: "/agents", Icon: "inbox", Count: 186}, {Label: "Nouvelle demande", URL: "/agents/nouvelle", Icon: "plus"}, {Label: "Démarches", URL: "/agents/demarches", Icon: "folder-open"},
		{Label: "Statistiques", URL: "/agents/statistiques", Icon: "chart-column"}, {Label: "Réglages", URL: "/agents/reglages", Icon: "settings"},
	}
	return p
}

func checkStylePages(t *testing.T) {
	t.Helper()
	if missing, err := web.Unregistered(styleRoot); err != nil || len(missing) > 0 {
		t.Errorf("no page parses %v (%v)", missing, err)
	}
}
