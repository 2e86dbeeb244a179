package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/exchange"
)

// wrote puts a file into a folder of the test.
func wrote(t *testing.T, dir, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProceduresAreCheckedAsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model, _ := catalogue.Model("terrasse")
	good, err := exchange.Export(model)
	if err != nil {
		t.Fatal(err)
	}
	right := wrote(t, dir, "right.json", good)
	loud := wrote(t, dir, "markup.json", bytes.Replace(good, []byte(`"cost": "`), []byte(`"cost": "<b>`), 1))
	bare := wrote(t, dir, "bare.json", []byte(`{"format":1,"slug":"Nom","title":"T"}`))
	broken := wrote(t, dir, "broken.json", []byte("{\"format\":1,\n"))
	var out bytes.Buffer
	if err := run(t.Context(), []string{"catalogue", "check", right}, &out); err != nil || out.Len() > 0 {
		t.Errorf("a good file: %v %s", err, &out)
	}
	if err := run(t.Context(), []string{"catalogue", "check", right, bare, loud, broken, filepath.Join(dir, "nowhere")}, &out); err == nil {
		t.Error("faults end well")
	}
	for _, line := range []string{
		loud + ": cost: Retirez le code HTML", bare + ": slug: Donnez un nom d’adresse", bare + ": form: Ajoutez un formulaire", bare + ": notice: Complétez l’information",
		broken + ": ligne 2, colonne 1: Corrigez le JSON", filepath.Join(dir, "nowhere") + ": ",
	} {
		if !strings.Contains("\n"+out.String(), "\n"+line) {
			t.Errorf("no line begins with %q:\n%s", line, &out)
		}
	}
	if strings.Contains(out.String(), right) {
		t.Errorf("a good file is named:\n%s", &out)
	}
	out.Reset()
	if err := run(t.Context(), []string{"catalogue", "schema"}, &out); err != nil || !json.Valid(out.Bytes()) {
		t.Errorf("the schema: %v", err)
	}
	if err := run(t.Context(), []string{"catalogue"}, &out); err == nil {
		t.Error("no verb ends well")
	}
}

func TestOtherSystemsProceduresAreReported(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "tenants", "exchange", "testdata")
	for from, names := range map[string][]string{"wcs": {"concession.wcs", "defunts.wcs"}, "ds": {"projet.ds.json"}, "formio": {"salle.formio.json"}} {
		args := []string{"catalogue", "import", "--from", from}
		for _, name := range names {
			args = append(args, filepath.Join(folder, name))
		}
		var out bytes.Buffer
		if err := run(t.Context(), args, &out); err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		var report struct {
			Carried, Changed, Lost []struct{ Path, Reason string }
			Procedure              json.RawMessage
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil || len(report.Carried) == 0 || len(report.Changed) == 0 || len(report.Lost) == 0 {
			t.Errorf("%s: %v: %s", from, err, &out)
		}
		for _, lost := range report.Lost {
			if lost.Path == "" || lost.Reason == "" {
				t.Errorf("%s: %+v", from, lost)
			}
		}
		if p, _ := exchange.Check(report.Procedure); p == nil {
			t.Errorf("%s: the procedure is not of our format", from)
		}
	}
	var out bytes.Buffer
	broken := wrote(t, t.TempDir(), "x.wcs", []byte("<formdef>"))
	for _, args := range [][]string{{"--from", "wcs", broken}, {"--from", "abc", broken}, {"--from", "wcs", "nowhere"}, {"--from", "wcs"}, {}} {
		if err := run(t.Context(), append([]string{"catalogue", "import"}, args...), &out); err == nil {
			t.Errorf("%v ends well", args)
		}
	}
}
