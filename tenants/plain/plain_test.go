package plain_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/plain"
)

func TestTextsAreJudged(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("mot ", 60)
	for _, c := range []struct {
		name, text string
		kind       plain.Kind
		want       string // codes; with ! what blocks
	}{
		{"plain", "Demandez un acte. La mairie répond en cinq jours\u00a0!", plain.Prose, ""},
		{"html", "Un <b>titre</b>", plain.Prose, "html!"},
		{"script", "x <script src=y>", plain.Prose, "html!"},
		{"a comparison is no mark", "si 3 < 5 et 7 > 2", plain.Prose, ""},
		{"headings in order", "# Un\n## Deux\n### Trois\n# Quatre", plain.Prose, ""},
		{"heading that jumps", "# Un\n### Trois", plain.Prose, "heading_order!"},
		{"empty heading", "# \nx", plain.Prose, "heading_order!"},
		{"good link", "Voir [le règlement de la cantine](https://exemple.fr/r).", plain.Prose, ""},
		{"vague link", "Pour le règlement, [cliquez ici](https://exemple.fr/r).", plain.Prose, "link_words!"},
		{"same words elsewhere", "[le plan](https://a.fr) ou [le plan](https://b.fr)", plain.Prose, "link_words!"},
		{"script address", "[le plan](javascript:alert)", plain.Prose, "link_address!"},
		{"told to click", "Cliquez ici pour payer", plain.Prose, "link_words"},
		{"bare address", "Voir https://exemple.fr/a/b/c", plain.Prose, "bare_address"},
		{"bare address in a letter is printed", "Voir https://exemple.fr/a/b/c", plain.Letter, ""},
		{"image", "![Le plan du marché, trois rangées](https://a.fr/x.png)", plain.Prose, ""},
		{"image without words", "![](https://a.fr/x.png)", plain.Prose, "image_alt!"},
		{"image named by its file", "![plan.png](https://a.fr/plan.png)", plain.Prose, "image_alt!"},
		{"table", "| Jour | Heure |\n|---|---|\n| Lundi | 9 h |", plain.Prose, ""},
		{"table without headings", "| Lundi | 9 h |\n| Mardi | 9 h |", plain.Prose, "table_header!"},
		{"uneven table", "| Jour | Heure |\n|---|---|\n| Lundi |", plain.Prose, "table_header!"},
		{"long sentence", long, plain.Prose, "long_sentence"},
		{"long sentence of a letter", strings.Repeat("mot ", 40), plain.Letter, ""},
		{"abbreviations end nothing", strings.Repeat("l’art. 5 ", 20), plain.Prose, "long_sentence"},
		{"fields count for a word", strings.Repeat("{{reponse.a}} ", 30), plain.Prose, ""},
		{"long title", strings.Repeat("mot ", 21), plain.Title, "long_title"},
		{"shouting", "DOSSIER COMPLET EXIGÉ", plain.Title, "shouting"},
		{"one long shout", "C’est OBLIGATOIRE", plain.Prose, "shouting"},
		{"acronyms do not shout", "La DGFIP et la CNIL, le RGPD, une CNI", plain.Prose, ""},
		{"marks", "Attention !!", plain.Prose, "punctuation"},
		{"jargon", "Les pièces susmentionnées", plain.Prose, "jargon"},
		{"no jargon inside a word", "un relevé", plain.Prose, ""},
	} {
		var got []string
		for _, i := range plain.Check(c.text, c.kind) {
			code := i.Code
			if i.Blocks {
				code += "!"
			}
			if got = append(got, code); !strings.HasSuffix(i.Text, ".") {
				t.Errorf("%s: %q is no sentence", c.name, i.Text)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v; want %q", c.name, got, c.want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("# Un\n![](x)\n| a |\n|-|\n[ici](javascript:x) {{ <b> !!", 1)
	f.Fuzz(func(t *testing.T, text string, kind int) {
		issues := plain.Check(text, plain.Kind(kind))
		if len(issues) > 12 {
			t.Errorf("%d issues", len(issues))
		}
	})
}
