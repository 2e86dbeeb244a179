package agent

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
)

const (
	newStepForm = ".editor-steps form"
	partsForm   = ".editor-list > form:first-of-type"
	newWayForm  = "#passage"
)

// A secretary draws a circuit: two steps, a way between them, an opinion, a wait; what is wrong is said, and nothing is lost.
func TestATownWritesACircuit(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, _ := o.editing(t)
	p := b.Get("/agents/demarches/terrasse/circuit").Want(http.StatusOK, "")
	if p.Has("svg[role=img]") || !strings.Contains(p.Text("main"), "Sans circuit") {
		t.Fatalf("without a circuit: %q", p.Text("main"))
	}
	p = p.Form(newStepForm).Press("Ajouter l’étape")
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "Donnez un titre") {
		t.Fatalf("a step without a title: %d %q", p.Status, p.Text("main"))
	}
	p = p.Form(newStepForm).Set("nouvelle_etape", "Décision du maire").Press("Ajouter l’étape").Want(http.StatusOK, "")
	p = p.Form(newStepForm).Set("nouvelle_etape", "Examen").Press("Ajouter l’étape").Want(http.StatusOK, "")
	if said := p.Text("#obstacles"); !strings.Contains(said, "Circuit, étape « Examen »") || !strings.Contains(said, "aucune demande n’y arrive") || len(p.All(".circuit rect.circuit-wrong")) != 1 {
		t.Fatalf("the proof says %q", said)
	}
	p = p.Form(panelForm).Press("Monter").Want(http.StatusOK, "")
	if got := p.Texts(".editor-nav a"); len(got) != 2 || got[0] != "1. Examen" {
		t.Errorf("the steps are %q", got)
	}
	p = p.Form(newWayForm).Fill(map[string]string{"nouveau_passage": "Transmettre au maire", "nouveau_vers": "decision_du_maire"}).Press("Ajouter le passage").Want(http.StatusOK, "")
	f := p.Form(panelForm).Set("qui-assigned", "1").Fill(map[string]string{"si-0-0-question": "nature", "si-0-0-test": "equals", "si-0-0-valeur": "Un étalage"})
	p = f.Press("Enregistrer").Want(http.StatusOK, "")
	if about := p.Text(".editor-questions li[aria-current]"); !strings.Contains(about, "Vers « Décision du maire », par les agents du service ou l’agent chargé de la demande, sous condition") {
		t.Errorf("the way is said %q", about)
	}
	if !strings.Contains(p.Text("#obstacles"), "avec certaines réponses, la demande y resterait") {
		t.Errorf("a way for some answers alone: %q", p.Text("#obstacles"))
	}
	p = p.Form(panelForm).Set("si-0-0-question", "").Press("Enregistrer").Want(http.StatusOK, "")
	if p.Has("#obstacles") || len(p.All(".circuit path.circuit-way")) != 1 || len(p.All(".circuit rect")) != 2 {
		t.Fatalf("it is whole now: %q", p.Text("main"))
	}
	p = o.circuitParts(t, p)
	if c := b.Get("/agents/demarches/terrasse/differences").Text("main"); !strings.Contains(c, "La démarche a désormais un circuit de traitement.") {
		t.Errorf("the differences say %q", c)
	}
	p = p.Form(".editor-bar form").Press("Annuler").Want(http.StatusOK, "")
	late := o.signed(t, o.admin).Get("/agents/demarches/terrasse/circuit")
	p.Form(newStepForm).Set("nouvelle_etape", "Autre").Press("Ajouter l’étape").Want(http.StatusOK, "")
	late = late.Form(newStepForm).Set("nouvelle_etape", "Contrôle").Press("Ajouter l’étape")
	if late.Status != http.StatusConflict || !strings.Contains(late.Text(".notice.warning"), "L’étape du circuit « Autre » est ajoutée") || late.Form(newStepForm).Value("nouvelle_etape") != "Contrôle" {
		t.Errorf("the second is told %d %q", late.Status, late.Text("main"))
	}
	b.Get("/agents/demarches/terrasse/verifier").Want(http.StatusOK, "")
}

// circuitParts gives the first step an opinion to wait for, and a rule.
func (o *office) circuitParts(t *testing.T, p *webtest.Page) *webtest.Page {
	t.Helper()
	p = p.Form(partsForm).Press("Demander un avis").Want(http.StatusOK, "")
	if !strings.Contains(p.Text("#obstacles"), "action « Demander un avis »") {
		t.Errorf("an opinion of nobody: %q", p.Text("#obstacles"))
	}
	p = p.Form(panelForm).Fill(map[string]string{"service": "Scolaire", "texte": "Que dites-vous de {{reponse.enseigne}} ?", "delai": "dix"}).Press("Enregistrer")
	if p.Status != http.StatusUnprocessableEntity || p.Form(panelForm).Value("texte") != "Que dites-vous de {{reponse.enseigne}} ?" {
		t.Fatalf("ten in letters: %d %q", p.Status, p.Text("main"))
	}
	p = p.Form(panelForm).Set("delai", "10").Press("Enregistrer").Want(http.StatusOK, "")
	p = p.Follow("1. Examen")
	p = p.Form(panelForm).Fill(map[string]string{"attente": waitOpinions, "attente_jours": "20", "delai": "15"}).Press("Enregistrer").Want(http.StatusOK, "")
	if !strings.Contains(p.Text("#obstacles"), "elle attend, puis ne va nulle part") {
		t.Errorf("a wait that leads nowhere: %q", p.Text("#obstacles"))
	}
	p = p.Follow("Transmettre au maire")
	p = p.Form(panelForm).Set("auto", "1").Press("Enregistrer").Want(http.StatusOK, "")
	p = p.Form("#orientation").Press("Ajouter une règle").Want(http.StatusOK, "")
	p = p.Form(panelForm).Fill(map[string]string{"table": "rues", "question": "adresse", "colonne": "Rue", "donne": "Service"}).Press("Enregistrer").Want(http.StatusOK, "")
	if said := p.Text("#obstacles"); !strings.Contains(said, "Créez d’abord la table « rues »") {
		t.Errorf("a table that is not there: %q", said)
	}
	p = p.Form(panelForm).Press("Retirer").Want(http.StatusOK, "")
	if p.Has("#obstacles") || p.Form(panelForm).Value("attente") != waitOpinions || p.Form(panelForm).Value("attente_jours") != "20" {
		t.Errorf("in the end %q", p.Text("#obstacles"))
	}
	return p
}
