package agent

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// An administrator takes in another system's form: it comes as a draft, with a report of what
// became of it, and cannot be published while the law is not written into it.
func TestAFormOfAnotherSystemIsImported(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	source := func(name string) []byte {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("..", "..", "tenants", "exchange", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	send := func(name string, text []byte) *webtest.Page {
		t.Helper()
		f := b.Get(importPath).Want(http.StatusOK, importPath).Form("form[enctype]")
		if text != nil {
			f = f.File("fichiers", name, text)
		}
		return f.Press("Importer")
	}
	b.Get("/agents/demarches").Follow("Importer une démarche").Want(http.StatusOK, importPath)
	p := send("concession.wcs", source("concession.wcs")).Want(http.StatusOK, importPath)
	said := p.Text("main")
	for _, want := range []string{"« Demande de concession » est importée, en brouillon", "Citez le texte qui exige cette réponse", "est dans un autre fichier", "toujours fausse"} {
		if !strings.Contains(strings.ReplaceAll(said, "\u00a0", " "), want) {
			t.Errorf("the report does not say %q:\n%s", want, said)
		}
	}
	page := p.Follow("Ouvrir le brouillon").Want(http.StatusOK, "/agents/demarches/demande-de-concession/brouillon")
	if said := page.Text("main"); !strings.Contains(said, "empêchent de publier") || page.Has("button[value=publier]") {
		t.Errorf("what is not complete can be published: %s", said)
	}
	b.Get("/agents/demarches/demande-de-concession").Want(http.StatusOK, "/agents/demarches/demande-de-concession/brouillon")
	b.Get("/agents/demarches").Follow("Demande de concession").Want(http.StatusOK, "/agents/demarches/demande-de-concession/brouillon")
	o.Browser(t).Get("/demarches/demande-de-concession").Want(http.StatusNotFound, "")
	if sent := b.Post("/agents/demarches/demande-de-concession/brouillon", url.Values{"_csrf": {page.Form("form").Value("_csrf")}, "edition": {"1"}, "action": {"publier"}}); sent.Status != http.StatusUnprocessableEntity {
		t.Errorf("published all the same: %d", sent.Status)
	}
	for name, says := range map[string]string{"": "Choisissez le fichier", "x.txt": "ne vient d’aucun outil", "x.json": "n’a pas pu être lue", "x.wcs": "n’a pas pu être lu"} {
		text := map[string][]byte{"x.txt": []byte("bonjour"), "x.json": []byte(`{"format":1,"titre":"x"}`), "x.wcs": []byte(`<!DOCTYPE a [<!ENTITY x "y">]><formdef/>`)}[name]
		if p := send(name, text); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(".error-summary"), says) {
			t.Errorf("%q: %d %q", name, p.Status, p.Text("main"))
		}
	}
	o.signed(t, o.front).Get(importPath).Want(http.StatusForbidden, "")
	o.Browser(t).Get(importPath).Want(http.StatusOK, "/agents/connexion")
}

// What a commune exports, it can take in again: the same, under a name that is free.
func TestAProcedureIsExportedAndComesBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	file := b.Get("/agents/demarches/terrasse").Follow("Exporter cette démarche").Want(http.StatusOK, "")
	p, err := catalogue.ParseProcedure(file.Body)
	if model, _ := catalogue.Model("terrasse"); err != nil || p.Checksum() != model.Checksum() {
		t.Fatalf("the export is not what was there: %v", err)
	}
	b.Get("/agents/demarches/terrasse/export.json?version=9").Want(http.StatusNotFound, "")
	done := b.Get(importPath).Form("form[enctype]").File("fichiers", "terrasse-v1.json", file.Body).Press("Importer").Want(http.StatusOK, importPath)
	again := done.Follow("Ouvrir le brouillon").Want(http.StatusOK, "/agents/demarches/terrasse-2/brouillon").Follow("Télécharger le brouillon").Want(http.StatusOK, "")
	back := bytes.Replace(again.Body, []byte(`"slug": "terrasse-2"`), []byte(`"slug": "terrasse"`), 1)
	if !json.Valid(back) || !bytes.Equal(back, file.Body) {
		t.Error("it came back changed")
	}
}
