package agent

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// says tells whether a page says something, whatever its spaces.
func says(t *testing.T, p *webtest.Page, wanted ...string) {
	t.Helper()
	said := strings.Join(strings.Fields(strings.ReplaceAll(p.Text("main"), "\u00a0", " ")), " ")
	for _, want := range wanted {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
}

// withFile changes the file of a draft and puts it back.
func withFile(t *testing.T, b *webtest.Browser, path, old, replacement string) *webtest.Page {
	t.Helper()
	page := b.Get(path+"/brouillon").Want(http.StatusOK, "")
	file := page.Follow("Télécharger le brouillon").Want(http.StatusOK, "")
	changed := bytes.Replace(file.Body, []byte(old), []byte(replacement), 1)
	if bytes.Equal(changed, file.Body) {
		t.Fatalf("%q does not stand in the draft", old)
	}
	return page.Form("form[enctype]").File("fichier", "terrasse.json", changed).Press("Remplacer le contenu")
}

// An administrator begins a draft, changes it, reads what differs, has it verified, tries it out
// and publishes it, now or on a day to come; then goes back.
func TestAProcedureIsPreparedAndPublished(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	const path = "/agents/demarches/terrasse"
	says(t, b.Get(path).Follow("Modifier").Want(http.StatusOK, path+"/brouillon"), "Il n’y a pas de brouillon")
	page := b.Get(path+"/brouillon").Form("form[action$=brouillon]").Press("Commencer un brouillon").Want(http.StatusOK, path+"/brouillon")
	says(t, page, "La version 1", "Rien n’empêche de publier")

	page = withFile(t, b, path, `"minutes": `, `"minutes": 1`).Want(http.StatusOK, path+"/brouillon")
	says(t, b.Get(path+"/differences"), "Le temps pour remplir change.")
	page.Form("form:has([value=annuler])").Press("Annuler la dernière modification").Want(http.StatusOK, path+"/brouillon")
	says(t, b.Get(path+"/differences"), "Aucune différence")
	b.Get(path+"/brouillon").Form("form:has([value=retablir])").Press("Rétablir").Want(http.StatusOK, path+"/brouillon")

	broken := withFile(t, b, path, `"cost": "`, `"cost": "<b>`).Want(http.StatusOK, "")
	says(t, broken, "1 point empêche de publier")
	if broken.Has("button[value=publier]") {
		t.Error("what blocks can be published")
	}
	says(t, broken.Follow("Vérifier").Want(http.StatusOK, path+"/verifier"), "Coût", "Retirez le code HTML", "parcours essayés", "Arrive au bout")
	b.Get(path+"/brouillon").Form("form:has([value=annuler])").Press("Annuler la dernière modification").Want(http.StatusOK, "")

	// Somebody else saved: nothing of mine is kept, and I am told what they did.
	stale := b.Get(path + "/brouillon")
	withFile(t, b, path, `"commitment": `, `"commitment": 1`).Want(http.StatusOK, "")
	lost := b.Post(path+"/brouillon", url.Values{"_csrf": {stale.Form("form[enctype]").Value("_csrf")}, "edition": {stale.Form("form[enctype]").Value("edition")}, "action": {"publier"}})
	if lost.Status != http.StatusConflict {
		t.Errorf("published over another's work: %d", lost.Status)
	}
	says(t, lost, "Quelqu’un d’autre", "La réponse promise change.")

	published := b.Get(path+"/brouillon").Form("form:has([value=publier])").Press("Publier").Want(http.StatusOK, path+"/versions")
	says(t, published, "Version 2 En vigueur", "Version 1 Remplacée")

	past := b.Get(path+"/versions").Form("form:has([value=revenir])").Set("le-1", "2020-01-01").Press("Revenir à cette version")
	if past.Status != http.StatusUnprocessableEntity || !strings.Contains(past.Text(".error-summary"), "jour à venir") {
		t.Errorf("%d %s", past.Status, past.Text("main"))
	}
	day := calendar.On(o.Clock.Now(), o.Tenant.Zone()).AddDays(10)
	planned := b.Get(path+"/versions").Form("form:has([value=revenir])").Set("le-1", day.String()).Press("Revenir à cette version").Want(http.StatusOK, path+"/versions")
	says(t, planned, "Version 3 Prévue", "Elle reprend la version 1", day.French())
	says(t, b.Get(path), "Une nouvelle version entre en vigueur le "+day.French())
	says(t, planned.Form("form:has([value=annuler])").Press("Annuler cette publication").Want(http.StatusOK, path+"/versions"), "Annulée avant son jour")

	for _, page := range []string{"brouillon", "verifier", "differences", "essayer", "versions"} {
		o.signed(t, o.front).Get(path+"/"+page).Want(http.StatusForbidden, "")
	}
}

// Who tries a form out meets its questions and its checks, and creates nothing.
func TestTryingOutCreatesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	const path = "/agents/demarches/copie-acte-naissance/essayer"
	page := b.Get(path).Want(http.StatusOK, path)
	says(t, page, "Rien n’est envoyé ni enregistré")
	empty := page.Form("form.card").Press("Continuer")
	if empty.Status != http.StatusUnprocessableEntity || !empty.Has(".error-summary") {
		t.Errorf("an empty step: %d", empty.Status)
	}
	next := page.Form("form.card").Set("type_acte", "extrait_sans_filiation").Set("exemplaires", "1").Press("Continuer")
	if next.Status != http.StatusOK {
		next = next.Form("form.card").Press("Continuer")
	}
	if next.Status != http.StatusOK || !strings.Contains(next.Text(".stepper"), "2") {
		t.Fatalf("%d %s", next.Status, next.Text("main"))
	}
	back := next.Form("form.card").Press("Retour").Want(http.StatusOK, "")
	if got := back.Form("form.card").Value("type_acte"); got != "extrait_sans_filiation" {
		t.Errorf("the answer was lost: %q", got)
	}
	bad := b.Post(path+"/acte", url.Values{"_csrf": {page.Form("form.card").Value("_csrf")}, "_reponses": {`{"x":`}})
	if bad.Status != http.StatusUnprocessableEntity {
		t.Errorf("broken answers: %d", bad.Status)
	}
}
