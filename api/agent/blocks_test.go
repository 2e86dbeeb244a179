package agent

import (
	"net/http"
	"strings"
	"testing"
)

// An administrator makes a block of a section that she likes, sees where it is asked, and throws it away.
func TestABlockIsMadeOfASection(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	p := b.Get("/agents/demarches").Follow("Blocs de questions").Want(http.StatusOK, blocksPath)
	if said := p.Text("table"); !strings.Contains(said, "Identité de l’enfant") || !strings.Contains(said, "La bibliothèque") {
		t.Errorf("the library is not there: %s", said)
	}
	bad := p.Form("form:has([name=rubrique])").Fill(map[string]string{"rubrique": "cantine/enfant"}).Submit().Want(http.StatusUnprocessableEntity, blocksPath)
	if said := bad.Text(".error-summary"); !strings.Contains(said, "Donnez au bloc un nom") || bad.Form("form:has([name=rubrique])").Value("rubrique") != "cantine/enfant" {
		t.Errorf("without a name: %s", said)
	}
	made := bad.Form("form:has([name=rubrique])").Fill(map[string]string{"titre": "Enfant de la cantine"}).Submit().Want(http.StatusOK, blockPath+"/enfant-de-la-cantine")
	if said := made.Text("main"); !strings.Contains(said, "Date de naissance de l’enfant") || !strings.Contains(said, "Aucune.") {
		t.Errorf("the block: %s", said)
	}
	again := made.Form("form:has([name=rubrique])").Fill(map[string]string{"rubrique": "cantine/repas"}).Submit().Want(http.StatusOK, blockPath+"/enfant-de-la-cantine")
	if said := again.Text("table"); !strings.Contains(said, "Premier repas le") || strings.Contains(said, "naissance") {
		t.Errorf("replaced by %s", said)
	}
	again.Form("form:has([value=supprimer])").Press("Supprimer le bloc").Want(http.StatusOK, blocksPath)
	b.Get(blockPath+"/enfant-de-la-cantine").Want(http.StatusNotFound, "")
	library := b.Get(blockPath+"/identite-enfant").Want(http.StatusOK, "")
	draft := library.Form("form:has([name=vers])").Fill(map[string]string{"vers": "cantine/repas"}).Press("Ajouter au brouillon").Want(http.StatusOK, "/agents/demarches/cantine/brouillon")
	if file := string(draft.Follow("Télécharger le brouillon").Body); !strings.Contains(file, `"identite_enfant_naissance"`) || strings.Contains(file, `"kind": "block"`) {
		t.Error("the questions are not in the draft")
	}
	if library.Has("[value=supprimer]") {
		t.Error("the library's block can be deleted")
	}
	o.signed(t, o.front).Get(blocksPath).Want(http.StatusForbidden, "")
}
