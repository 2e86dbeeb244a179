package exchange_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/exchange"
)

func TestWhatIsWrongIsSaidWithItsPlace(t *testing.T) {
	t.Parallel()
	model, _ := catalogue.Model("vide-grenier")
	good, err := exchange.Export(model)
	if err != nil {
		t.Fatal(err)
	}
	if p, problems := exchange.Check(good); p == nil || len(problems) > 0 {
		t.Fatalf("a model: %v", problems)
	}
	swap := func(old, by string) []byte {
		if !strings.Contains(string(good), old) {
			t.Fatalf("no %q", old)
		}
		return []byte(strings.Replace(string(good), old, by, 1))
	}
	for name, c := range map[string]struct {
		text       []byte
		path, says string
		read       bool
	}{
		"nothing":         {nil, "ligne 1, colonne 1", "Corrigez le JSON", false},
		"no JSON":         {[]byte("{\n  oops"), "ligne 2, colonne 3", "Corrigez le JSON", false},
		"two values":      {[]byte("{}\n{}"), "ligne 2, colonne 1", "Corrigez le JSON", false},
		"another format":  {swap(`"format": 1`, `"format": 2`), "format", "Écrivez 1", false},
		"a wrong type":    {swap(`"minutes": 6`, `"minutes": "six"`), "minutes", "du genre attendu", false},
		"a key of ours":   {swap(`"minutes": 6`, `"Minutes": 6`), "*", "Retirez cette clé", false},
		"twice":           {swap(`"minutes": 6`, `"minutes": 6, "minutes": 7`), "", "deux fois", false},
		"not UTF-8":       {swap(`"minutes": 6`, "\"cost\": \"\xff\""), "", "UTF-8", false},
		"too large":       {append(good, []byte(strings.Repeat(" ", 1<<20))...), "", "512", false},
		"a field's typo":  {swap(`"kind": "choice"`, `"kinds": "choice"`), "form/steps/0/sections/0/fields/0/kinds", "Retirez cette clé", false},
		"no purpose":      {swap(`"purpose": "Identifier l’organisme"`, `"purpose": ""`), "form/steps/0/sections/0/fields/2/purpose", "Dites à quoi sert", true},
		"an unknown kind": {swap(`"kind": "choice"`, `"kind": "colour"`), "form/steps/0/sections/0/fields/0/kind", "Choisissez un type de question", true},
	} {
		p, problems := exchange.Check(c.text)
		if (p != nil) != c.read || len(problems) == 0 {
			t.Errorf("%s: read %t, %v", name, p != nil, problems)
			continue
		}
		if first := problems[0]; first.Path != c.path || !strings.Contains(first.Message, c.says) {
			t.Errorf("%s: %+v", name, first)
		}
	}
}
