package agent

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
)

// editing opens the questions of a new draft of the procedure about terraces.
func (o *office) editing(t *testing.T) (*webtest.Browser, *webtest.Page) {
	t.Helper()
	b := o.signed(t, o.admin)
	b.Get("/agents/demarches/terrasse/brouillon").Form("form:has(button[value=commencer])").Press("Commencer")
	return b, b.Get("/agents/demarches/terrasse/questions").Want(http.StatusOK, "")
}

const (
	listForm  = "form:has(.editor-questions)"
	panelForm = ".editor-panel form"
	addForm   = "form:has(.editor-kinds)"
)

// A secretary adds a question, words it, says when it is asked, and the citizen who tries the
// form meets it.
func TestATownWritesAQuestion(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.editing(t)
	first := p.Texts(".editor-questions a")
	p = p.Form(addForm).Set("nouvelle", "Combien de parasols ?").Press("Nombre").Want(http.StatusOK, "")
	f := p.Form(panelForm)
	if f.Value("libelle") != "Combien de parasols ?" || f.Value("obligatoire") == "" {
		t.Fatalf("the new question is %q", p.Text(".editor-panel"))
	}
	f.Fill(map[string]string{"unite": "parasols", "min": "1", "max": "beaucoup", "aide": "Comptez les grands seulement."})
	p = f.Press("Enregistrer")
	if p.Status != http.StatusUnprocessableEntity || p.Form(panelForm).Value("aide") != "Comptez les grands seulement." || !strings.Contains(p.Text(".error-summary"), "écrivez un nombre") {
		t.Fatalf("a number that is none: %d %s", p.Status, p.Text("main"))
	}
	p = p.Form(panelForm).Set("max", "12,5").Press("Enregistrer").Want(http.StatusOK, "")
	if said := p.Text(".editor-questions li[aria-current]"); !strings.Contains(said, "en parasols") || p.Form(panelForm).Value("max") != "12,5" {
		t.Errorf("it is kept as %q, at most %q", said, p.Form(panelForm).Value("max"))
	}
	question := p.Form(panelForm).Value("question")
	if question != "combien_de_parasols" {
		t.Errorf("its name is %q", question)
	}
	if got := p.Texts(".editor-questions a"); len(got) != len(first)+1 {
		t.Errorf("the step's questions are %q", got)
	}
	p = p.Form(listForm).Press("Monter : Combien de parasols").Want(http.StatusOK, "")
	if got := p.Texts(".editor-questions a"); got[len(got)-1] == "Combien de parasols ?" {
		t.Errorf("it did not move: %q", got)
	}
	page := p.Form(".editor-bar form").Press("Annuler").Want(http.StatusOK, "")
	if got := page.Texts(".editor-questions a"); len(got) == 0 {
		t.Error("undoing shows nothing")
	}
	if tried := b.Get("/agents/demarches/terrasse/essayer"); !strings.Contains(tried.Text("main"), "Essayer") {
		t.Errorf("the form cannot be tried: %s", tried.Text("main"))
	}
}

func TestAConditionIsWrittenInLines(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.editing(t)
	p = p.Form(addForm).Set("nouvelle", "Avez-vous un chauffage ?").Press("Choix unique").Want(http.StatusOK, "")
	p = p.Form(addForm).Set("nouvelle", "Quelle énergie ?").Press("Texte court").Want(http.StatusOK, "")
	f := p.Form(panelForm).Fill(map[string]string{"si-0-0-question": "avez_vous_un_chauffage", "si-0-0-test": "equals", "si-0-0-valeur": "OUI"})
	p = f.Press("Enregistrer").Want(http.StatusOK, "")
	if said := p.Text(".editor-questions li[aria-current]"); !strings.Contains(said, "Affichée si « Avez-vous un chauffage ? » est « Oui »") {
		t.Fatalf("the list says %q", said)
	}
	// Another group: either of both.
	f = p.Form(panelForm).Fill(map[string]string{"si-1-0-question": "@applicant", "si-1-0-test": "equals", "si-1-0-valeur": "Un organisme"})
	p = f.Press("Enregistrer").Want(http.StatusOK, "")
	if said := p.Text(".editor-questions li[aria-current]"); !strings.Contains(said, ", ou si « Nature du demandeur » est « Un organisme »") {
		t.Errorf("the list says %q", said)
	}
	// What others look at is not removed, and they are named.
	p = b.Get("/agents/demarches/terrasse/questions?question=avez_vous_un_chauffage").Form(panelForm).Press("Retirer")
	if p.Status != http.StatusConflict || !strings.Contains(p.Text("[role=alert]"), "Quelle énergie ?") {
		t.Errorf("removed: %d %s", p.Status, p.Text("main"))
	}
	// Other words for an answer keep the condition.
	p = p.Form(panelForm).Set("reponses", "Bien sûr\nNon").Press("Enregistrer").Want(http.StatusOK, "")
	if said := p.Text(".editor-questions"); !strings.Contains(said, "est « Bien sûr »") {
		t.Errorf("the condition is %q", said)
	}
	p = b.Get("/agents/demarches/terrasse/questions?question=quelle_energie").Form(panelForm).Press("Copier").Want(http.StatusOK, "")
	if f := p.Form(panelForm); f.Value("question") != "quelle_energie_2" || f.Value("si-0-0-question") != "avez_vous_un_chauffage" {
		t.Errorf("the copy is %q asked if %q", f.Value("question"), f.Value("si-0-0-question"))
	}
	p.Form(panelForm).Press("Retirer").Want(http.StatusOK, "")
}

// A fee is written as people reckon, and what cannot be read says where.
func TestAFeeIsWrittenAsPeopleReckon(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, p := o.editing(t)
	p = p.Form(addForm).Set("nouvelle", "Mètres carrés").Press("Nombre").Want(http.StatusOK, "")
	p = p.Form(addForm).Set("nouvelle", "Redevance").Press("Calcul").Want(http.StatusOK, "")
	p = p.Form(panelForm).Set("formule", "12,5 * (metres_carres").Press("Enregistrer")
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), "Caractère") || p.Form(panelForm).Value("formule") != "12,5 * (metres_carres" {
		t.Fatalf("%d: %s", p.Status, p.Text("main"))
	}
	p = p.Form(panelForm).Set("formule", "12,5*metres_carres").Set("monnaie", "1").Press("Enregistrer").Want(http.StatusOK, "")
	if f := p.Form(panelForm); f.Value("formule") != "12,5 * metres_carres" || f.Value("monnaie") == "" {
		t.Errorf("it is kept as %q", f.Value("formule"))
	}
}

// Two who write at once: the second is told what changed, and what she typed stands.
func TestTwoEditorsAreTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.editing(t)
	mine := p.Form(".editor-panel form").Set("libelle", "Mon titre")
	b.Get("/agents/demarches/terrasse/questions").Form(addForm).Set("nouvelle", "Une question de plus ?").Press("Texte court").Want(http.StatusOK, "")
	p = mine.Press("Enregistrer")
	if p.Status != http.StatusConflict || !strings.Contains(p.Text("main"), "Une question de plus ?") || p.Form(panelForm).Value("libelle") != "Mon titre" {
		t.Fatalf("%d: %s", p.Status, p.Text("main"))
	}
	p = p.Form(panelForm).Press("Enregistrer").Want(http.StatusOK, "")
	if said := p.Text(".editor-nav"); !strings.Contains(said, "Mon titre") {
		t.Errorf("the steps are %q", said)
	}
}

func TestStepsAndSections(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, p := o.editing(t)
	p = p.Form("form:has([name=nouvelle_etape])").Press("Ajouter l")
	if p.Status != http.StatusUnprocessableEntity {
		t.Fatalf("a step without a title: %d", p.Status)
	}
	p = p.Form("form:has([name=nouvelle_etape])").Set("nouvelle_etape", "Vos enfants").Press("Ajouter l").Want(http.StatusOK, "")
	p = p.Follow("Rubrique 1").Want(http.StatusOK, "")
	p = p.Form(panelForm).Fill(map[string]string{"libelle": "Les enfants", "fois": "Enfant", "fois_max": "0"}).Press("Enregistrer")
	if p.Status != http.StatusUnprocessableEntity || p.Form(panelForm).Value("fois") != "Enfant" {
		t.Fatalf("repeated never: %d", p.Status)
	}
	p = p.Form(panelForm).Set("fois_max", "6").Press("Enregistrer").Want(http.StatusOK, "")
	if said := p.Text(".editor-section"); !strings.Contains(said, "Les enfants") || !strings.Contains(said, "Répétée : Enfant, 6 au plus") {
		t.Errorf("the section is %q", said)
	}
	p = p.Form(addForm).Set("nouvelle", "Prénom").Press("Texte court").Want(http.StatusOK, "")
	p = p.Follow("4. Vos enfants").Form(panelForm).Press("Copier").Want(http.StatusOK, "")
	if got := p.Texts(".editor-nav a"); len(got) < 2 || !strings.Contains(got[len(got)-1], "Vos enfants") {
		t.Errorf("the steps are %q", got)
	}
	p.Form(panelForm).Press("Retirer").Want(http.StatusOK, "")
}

func TestOnlyAdministratorsWriteForms(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.editing(t)
	o.signed(t, o.instructor).Get("/agents/demarches/terrasse/questions").Want(http.StatusForbidden, "")
	token := p.Form(addForm).Value("_csrf")
	for action, status := range map[string]int{"inconnue": http.StatusUnprocessableEntity, "ajouter:script": http.StatusUnprocessableEntity, "monter:rien": http.StatusNotFound} {
		got := b.Post("/agents/demarches/terrasse/questions", url.Values{"_csrf": {token}, "edition": {"1"}, "nouvelle": {"x"}, "action": {action}})
		if got.Status != status {
			t.Errorf("%s: %d; want %d", action, got.Status, status)
		}
	}
}

// What a question draws from is chosen among what the town has.
func TestAQuestionNamesABlockThatThereIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.editing(t)
	p = p.Form(addForm).Set("nouvelle", "Qui prévenir ?").Press("Bloc de questions").Want(http.StatusOK, "")
	if !p.Has(`select[name=bloc] option[value=personne-a-prevenir]`) {
		t.Fatalf("the blocks offered: %q", p.Texts("select[name=bloc] option"))
	}
	p.Form(panelForm).Set("bloc", "personne-a-prevenir").Press("Enregistrer").Want(http.StatusOK, "")
	if said := b.Get("/agents/demarches/terrasse/essayer").Text("main"); !strings.Contains(said, "prévenir") {
		t.Errorf("the block's questions are not asked: %s", said)
	}
}
