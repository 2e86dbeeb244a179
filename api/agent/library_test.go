package agent

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A town takes a ready procedure from the library: it comes closed, once, and is no longer
// on the shelf.
func TestATownTakesAProcedureFromTheLibrary(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	p := b.Get("/agents/demarches").Follow("Bibliothèque").Want(http.StatusOK, libraryPath)
	const wanted = `form:has(button[value="creche"])`
	if p.Has(`button[value="terrasse"]`) || !p.Has(wanted) {
		t.Fatalf("on the shelves: %q", p.Texts("main h3"))
	}
	taken := p.Form(wanted)
	p = taken.Press("Ajouter : Demander une place en crèche").Want(http.StatusOK, "/agents/demarches/creche")
	if said := p.Text("main"); !strings.Contains(said, "Fermée") {
		t.Errorf("it comes as %s", said)
	}
	taken.Press("Ajouter : Demander une place en crèche").Want(http.StatusOK, "/agents/demarches/creche") // pressed twice
	shelves := b.Get(libraryPath).Want(http.StatusOK, "")
	if shelves.Has(wanted) {
		t.Error("it is still on the shelf")
	}
	token := shelves.Form("main form").Value("_csrf")
	if none := b.Post(libraryPath, url.Values{"_csrf": {token}, "modele": {"rien"}}); none.Status != http.StatusNotFound {
		t.Errorf("a model that there is not: %d", none.Status)
	}
	o.signed(t, o.front).Get(libraryPath).Want(http.StatusForbidden, "")
}
