package communes_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/communes"
)

func TestSearchBestFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ q, first string }{
		{"Castanet-Tolosan", "31113"},
		{"castanet tolosan", "31113"},
		{"CASTANETTOLOSAN", "31113"},
		{"castanet tol", "31113"},
		{"tolosan castanet", "31113"},
		{"31113", "31113"},
		{"31320 castanet", "31113"},
		{"31 castanet", "31113"},
		{"213101132", "31113"},
		{"2a004", "2A004"},
		{"2A004", "2A004"},
		{"l'haÿ-les-roses", "94038"},
		{"L’Hay les Roses", "94038"},
		{"lhay", "94038"},
		{"hay les roses", "94038"},
		{"st denis", "97411"}, // the one of La Réunion has more inhabitants
		{"93 st-denis", "93066"},
		{"ste foy les lyon", "69202"},
		{"Sainte-Foy-lès-Lyon", "69202"},
		{"Ramonville St Agne", "31446"},
		{"labege", "31254"},
		{"y", "80829"},     // the commune of one letter, before Yerres
		{"paris", "75056"}, // exact before « Parisot »
		{"oeting", "57521"},
		{"œting", "57521"},
	} {
		got := communes.Search(c.q, 5)
		if len(got) == 0 {
			t.Errorf("Search(%q) finds nothing, want %s", c.q, c.first)
		} else if got[0].INSEE != c.first {
			t.Errorf("Search(%q) gives %s %s first, want %s", c.q, got[0].INSEE, got[0].Name, c.first)
		}
	}
}

func TestSearchByPostalCode(t *testing.T) {
	t.Parallel()
	got := communes.Search("31320", 50)
	if len(got) < 2 || got[0].Name != "Marquefave" {
		t.Fatalf("31320 is also the INSEE code of Marquefave, which goes first; got %v", got)
	}
	names := map[string]bool{}
	for i, c := range got {
		names[c.Name] = true
		if i > 1 && c.Population > got[i-1].Population {
			t.Errorf("%s stands after the smaller %s", c.Name, got[i-1].Name)
		}
	}
	for _, n := range []string{"Castanet-Tolosan", "Auzeville-Tolosane", "Pechbusque", "Vigoulet-Auzil"} {
		if !names[n] {
			t.Errorf("31320 does not find %s", n)
		}
	}
}

func TestSearchLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		q     string
		limit int
		want  int
	}{
		{"saint", 7, 7}, {"saint", 1, 1}, {"saint", 1_000_000, communes.MaxResults},
		{"saint", 0, 0}, {"saint", -1, 0}, {"", 10, 0}, {" -’- ", 10, 0}, {"zzzz", 10, 0}, {"日本", 10, 0},
	} {
		if got := len(communes.Search(c.q, c.limit)); got != c.want {
			t.Errorf("Search(%q, %d) gives %d, want %d", c.q, c.limit, got, c.want)
		}
	}
}

// TestEveryNameFindsItself: who types a commune's full name and its code in front
// gets that commune.
func TestEveryNameFindsItself(t *testing.T) {
	t.Parallel()
	for i, c := range all(t) {
		if i%97 != 0 { // every 97th is enough: one search reads all of France
			continue
		}
		got := communes.Search(c.INSEE+" "+strings.ToUpper(c.Name), 1)
		if len(got) != 1 || got[0].INSEE != c.INSEE {
			t.Errorf("%s %s is not found by its code and name", c.INSEE, c.Name)
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Castanet-Tolosan":        "castanet-tolosan",
		"L'Haÿ-les-Roses":         "l-hay-les-roses",
		"L’Haÿ-les-Roses":         "l-hay-les-roses",
		"Œting":                   "oeting",
		"Cœuvres-et-Valsery":      "coeuvres-et-valsery",
		"Château-Chinon (Ville)":  "chateau-chinon-ville",
		"CA du Sicoval":           "ca-du-sicoval",
		"Y":                       "y",
		"St-Denis":                "st-denis",
		"  --Île d’Yeu--  ":       "ile-d-yeu",
		"日本":                      "",
		strings.Repeat("ab-", 40): strings.TrimSuffix(strings.Repeat("ab-", 21), "-"),
	} {
		if got := communes.Slug(name); got != want {
			t.Errorf("Slug(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"castanet", "31320", "st denis", "l'haÿ", "2A", "\xff\xfe", "œ", strings.Repeat("a ", 300), "ﬁ", "İ", "\t\n#E"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, q string) {
		got := communes.Search(q, 5)
		if len(got) > 5 {
			t.Fatalf("%d results of at most 5", len(got))
		}
		for _, c := range got {
			if len(c.INSEE) != 5 || c.Name == "" || !utf8.ValidString(c.Name) {
				t.Fatalf("broken commune %+v", c)
			}
		}
		s := communes.Slug(q)
		if len(s) > 63 || strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-") || strings.Contains(s, "--") || communes.Slug(s) != s {
			t.Fatalf("Slug(%q) = %q", q, s)
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	for b.Loop() {
		communes.Search("saint denis", 10)
	}
}
