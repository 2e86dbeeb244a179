package agent

import (
	"net/http"
	"strings"
	"testing"
)

// An administrator words a letter, and the next decision leaves in those words; what nothing
// will fill in, and what the law wants and is left out, is refused with its place.
func TestALetterIsWordedByTheCommune(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.ask(t, "salle-association", room)
	b := o.signed(t, o.admin)
	p := b.Get("/agents/demarches/salle-association").Follow("Refus").Want(http.StatusOK, "/agents/demarches/salle-association/lettres/refuse")
	if said := p.Text(".letter"); !strings.Contains(said, "[motifs à compléter]") || !strings.Contains(said, "[nom de la personne]") {
		t.Errorf("the preview is %q", said)
	}
	f := p.Form("form.card")
	text := f.Value("texte")
	back := f.Set("texte", "Bonjour {{prenom}}.\n\n"+text).Press("Enregistrer").Want(http.StatusUnprocessableEntity, "")
	if said := back.Text(".error-summary"); !strings.Contains(said, "Paragraphe 1") || !strings.Contains(said, "{{prenom}}") {
		t.Errorf("an unknown name is refused as %q", said)
	}
	back = f.Set("texte", "Non.").Press("Enregistrer").Want(http.StatusUnprocessableEntity, "")
	if said := back.Text(".error-summary"); !strings.Contains(said, "{{motifs}}") || !strings.Contains(said, "{{voies_recours}}") {
		t.Errorf("what the law wants is asked for as %q", said)
	}
	words := "La mairie, {{mairie_telephone}}, vous remercie de votre demande du {{recu_le}}."
	seen := f.Set("texte", words+"\n\n"+text).Press("Voir l’aperçu").Want(http.StatusOK, "")
	if !strings.Contains(seen.Text(".letter"), "vous remercie de votre demande") {
		t.Error("the preview does not show what was typed")
	}
	seen.Form("form.card").Press("Enregistrer").Want(http.StatusOK, "/agents/demarches/salle-association/lettres/refuse")
	letter := b.Get(requestPath(r.Number) + "/decision?issue=refuse").Form("form.card").Value("lettre")
	if !strings.Contains(letter, "vous remercie de votre demande") {
		t.Errorf("a request of before is answered with %q", letter)
	}
	o.signed(t, o.instructor).Get("/agents/demarches/salle-association/lettres/refuse").Want(http.StatusForbidden, "")
	b.Get("/agents/demarches/salle-association/lettres/lune").Want(http.StatusNotFound, "")
}
