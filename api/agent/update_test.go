package agent

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/drafts"
)

// behind makes the commune's procedure one of before its model was changed, with a choice of its own.
func (o *office) behind(t *testing.T, slug string, before, own func(*catalogue.Procedure)) {
	t.Helper()
	m, ok := catalogue.Model(slug)
	if !ok {
		t.Fatal("no model", slug)
	}
	made := func(change ...func(*catalogue.Procedure)) *catalogue.Procedure {
		p, err := m.Copy()
		must(t, err)
		for _, f := range change {
			f(p)
		}
		p, err = p.Copy()
		must(t, err)
		return p
	}
	must(t, o.DB.Write(t.Context(), o.Tenant, tenants.System("essai"), func(tx *tenants.Tx) error {
		v, err := catalogue.Publish(t.Context(), tx, slug, made(before, own))
		if err != nil {
			return err
		}
		return drafts.SetBase(t.Context(), tx, v.ProcedureID, made(before))
	}))
}

// An administrator sees what changed in a model, takes a part of it over into a draft, and keeps her
// version of the rest.
func TestAModelsUpdateIsTakenOverChangeByChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	const path = "/agents/demarches/terrasse"
	says(t, b.Get(path+"/modele").Want(http.StatusOK, ""), "Rien de nouveau")
	o.behind(t, "terrasse", func(p *catalogue.Procedure) {
		p.Title, p.Cost, p.Form.Steps[0].Sections[0].Fields[0].Help = "Une terrasse", "Gratuit", "Une aide d’avant"
	}, func(p *catalogue.Procedure) { p.Title = "Ma terrasse" })

	says(t, b.Get("/agents/demarches"), "3 changements du modèle")
	page := b.Get("/agents/demarches").Follow("3 changements du modèle").Want(http.StatusOK, path+"/modele")
	says(t, page, "2 changements que vous pouvez reprendre", "Le coût change.", "L’aide de la question",
		"1 changement là où vous avez fait un autre choix", "Le modèle a changé le titre ; vous l’aviez modifié.", "Ma terrasse")
	form := page.Form("form.stack")
	if form.Value("changement-2") == "" || form.Value("changement-3") == "" {
		t.Error("nothing is ticked")
	}

	none := b.Post(path+"/modele", url.Values{"_csrf": {form.Value("_csrf")}, "modele": {form.Value("modele")}, "edition": {"0"}, "action": {"reprendre"}})
	if none.Status != http.StatusUnprocessableEntity {
		t.Errorf("nothing was ticked: %d", none.Status)
	}
	taken := b.Post(path+"/modele", url.Values{"_csrf": {form.Value("_csrf")}, "modele": {form.Value("modele")}, "edition": {"0"}, "action": {"reprendre"}, "changement-1": {"@cost"}})
	says(t, taken.Want(http.StatusOK, path+"/brouillon"), "1 changement est dans le brouillon")
	says(t, b.Get(path+"/differences"), "1 différence", "Le coût change.")
	stale := b.Post(path+"/modele", url.Values{"_csrf": {form.Value("_csrf")}, "modele": {form.Value("modele")}, "edition": {"0"}, "action": {"garder"}})
	if stale.Status != http.StatusConflict {
		t.Errorf("decided without having seen the draft: %d", stale.Status)
	}

	// Undone with the draft's edit, it waits again.
	b.Get(path+"/brouillon").Form("form:has([value=annuler])").Press("Annuler la dernière modification").Want(http.StatusOK, "")
	says(t, b.Get(path+"/modele"), "2 changements que vous pouvez reprendre")
	b.Get(path+"/brouillon").Form("form:has([value=retablir])").Press("Rétablir").Want(http.StatusOK, "")
	says(t, b.Get(path+"/modele"), "1 changement que vous pouvez reprendre")

	b.Get(path+"/brouillon").Form("form:has([value=publier])").Press("Publier").Want(http.StatusOK, path+"/versions")
	left := b.Get(path + "/modele")
	says(t, left, "1 changement que vous pouvez reprendre", "vous l’aviez modifié")
	says(t, left.Form("form.stack").Press("Garder ma version").Want(http.StatusOK, path), "Vous gardez votre version")
	says(t, b.Get(path+"/modele"), "Rien de nouveau")
	if p := b.Get("/agents/demarches"); p.Has("a[href$=modele]") {
		t.Error("what was seen is still shown")
	}
	o.signed(t, o.front).Get(path+"/modele").Want(http.StatusForbidden, "")
}
