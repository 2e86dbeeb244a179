package catalogue_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/pgtest"
)

// What towns really send: spreadsheets' exports in every dress, and files that are none.
func TestATableIsReadOrRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	want := &forms.Table{Columns: []string{"Voie", "Quartier"}, Rows: [][]string{{"Rue de l’Église", "Centre"}, {"Allée; du Parc", "Été"}}}
	for name, text := range map[string]string{
		"semicolons, BOM": "\ufeffVoie;Quartier\r\nRue de l’Église;Centre\r\n\"Allée; du Parc\";Été\r\n;\r\n",
		"commas":          "Voie,Quartier\nRue de l’Église,Centre\nAllée; du Parc , Été\n",
		"tabs":            "Voie\tQuartier\nRue de l’Église\tCentre\nAllée; du Parc\tÉté\n",
		"decomposed":      "Voie\tQuartier\nRue de l’E\u0301glise\tCentre\nAllée; du Parc\tÉté\n",
		"old Mac":         "Voie\tQuartier\rRue de l’Église\tCentre\rAllée; du Parc\tÉté\r",
		"Windows":         "Voie;Quartier\r\nRue de l\x92\xc9glise;Centre\r\n\"All\xe9e; du Parc\";\xc9t\xe9\r\n",
	} {
		got, problems := catalogue.ReadTable([]byte(text))
		if len(problems) > 0 || !reflect.DeepEqual(got.Content, want) || got.Latin != (name == "Windows") {
			t.Errorf("%s: %+v %+v", name, got, problems)
		}
	}
	for _, c := range []struct {
		name, text string
		line       int
		says       string
	}{
		{"empty", " \n\n", 0, "vide"},
		{"names alone", "Voie;Quartier\n", 0, "au moins une ligne"},
		{"doubled row", "Voie;Quartier\na;b\nc;d\na ; b\n", 4, "la même que la ligne\u00a02"},
		{"doubled column", "Voie;VOIE\na;b\n", 1, "y est déjà"},
		{"column without a name", "Voie;\na;b\n", 1, "donnez-lui un nom"},
		{"missing cell", "Voie;Quartier\n\na;b\nc\n", 4, "1\u00a0cases au lieu de 2"},
		{"cell too many", "Voie;Quartier\na;b;c\n", 2, "3\u00a0cases au lieu de 2"},
		{"formula", "Voie;Quartier\na;=1+2\n", 2, "formule"},
		{"script", "Voie;Quartier\na;<script>alert(1)</script>\n", 2, "HTML"},
		{"mangled", "Voie;Quartier\na;Ã©cole\n", 2, "accents"},
		{"neither encoding", "Voie;Quartier\na;b\n\x81;d\n", 3, "Windows-1252"},
		{"two encodings", "Voie;Quartier\né;b\n\xe9;d\n", 3, "UTF-8"},
		{"UTF-16", "\xff\xfeV\x00", 0, "UTF-16"},
		{"spreadsheet", "PK\x03\x04", 0, "CSV"},
		{"binary", "Voie\na\x00\n", 2, "pas du texte"},
		{"quotes", "Voie;Quartier\na;\"b\nc;d\n", 3, "guillemets"},
		{"long cell", "Voie\n" + strings.Repeat("x", 201) + "\n", 2, "200"},
		{"too large", strings.Repeat("x", catalogue.MaxTableFile+1), 0, "1\u00a0Mo"},
		{"too many columns", strings.Repeat("a;", 30) + "a\nb\n", 1, "20\u00a0colonnes"},
	} {
		_, problems := catalogue.ReadTable([]byte(c.text))
		if len(problems) == 0 || problems[0].Line != c.line && len(problems) == 1 || !strings.Contains(fmt.Sprint(problems), c.says) {
			t.Errorf("%s: %+v", c.name, problems)
		}
	}
	many := strings.Builder{}
	many.WriteString("n\n")
	for i := range forms.MaxTableRows + 1 {
		fmt.Fprintln(&many, i)
	}
	if _, problems := catalogue.ReadTable([]byte(many.String())); len(problems) != 1 || problems[0].Line != forms.MaxTableRows+2 {
		t.Errorf("too many rows: %+v", problems)
	}
	if _, problems := catalogue.ReadTable([]byte("n;m\n" + strings.Repeat("a;b\n", 100))); len(problems) != 21 {
		t.Errorf("told %d times", len(problems))
	}
}

// A cell that a spreadsheet would run leaves behind an apostrophe, and comes back without it.
func TestATableLeavesHarmless(t *testing.T) {
	t.Parallel()
	table := catalogue.Table{Content: &forms.Table{Columns: []string{"a", "b"}, Rows: [][]string{{"@SUM(A1)", "-2,5"}, {"+33 5 61", "-x"}, {"'x", "l'eau"}}}}
	text, err := table.CSV()
	if err != nil || !bytes.Contains(text, []byte("\r\n'@SUM(A1);-2,5\r\n'+33 5 61;'-x\r\n'x;l'eau\r\n")) {
		t.Fatalf("%q %v", text, err)
	}
	back, problems := catalogue.ReadTable(text)
	if len(problems) > 0 || !reflect.DeepEqual(back.Content, table.Content) {
		t.Errorf("%+v %+v", back.Content, problems)
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add([]byte("Voie;Quartier\r\n\"a;b\";=c\r\n"))
	f.Add([]byte("\xef\xbb\xbfa,b\n'@x,\xe9\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, problems := catalogue.ReadTable(data)
		if (got.Content == nil) == (len(problems) == 0) {
			t.Fatalf("%q: neither a table nor a reason, or both", data)
		}
		if got.Content == nil {
			return
		}
		text, err := catalogue.Table{Content: got.Content}.CSV()
		if err != nil {
			t.Fatal(err)
		}
		if back, problems := catalogue.ReadTable(text); len(text) < catalogue.MaxTableFile && (len(problems) > 0 || !reflect.DeepEqual(back.Content, got.Content)) {
			t.Fatalf("%q came back as %+v, %+v", data, back.Content, problems)
		}
	})
}

// drawing gives a procedure whose form draws from two tables.
func drawing(t *testing.T) *catalogue.Procedure {
	t.Helper()
	m, _ := catalogue.Model("salle-association")
	p, err := m.Copy()
	if err != nil {
		t.Fatal(err)
	}
	d := *p.Form
	first := &d.Steps[0].Sections[0]
	first.Fields = append(first.Fields, forms.Field{
		ID: "rue", Kind: forms.KindChoice, Label: "Rue", Purpose: "Situer", LegalBasis: "CGCT L.2144-3", Table: &forms.TableChoice{Table: "rues", Column: "Voie"},
	}, forms.Field{
		ID: "jours", Kind: forms.KindNumber, Label: "Jours", Min: new(1.0), Purpose: "Compter", LegalBasis: "CGCT L.2144-3",
	}, forms.Field{
		ID: "prix", Kind: forms.KindComputed, Label: "Prix", Money: true, Purpose: "Annoncer", LegalBasis: "CGCT L.2144-3",
		Compute: &forms.Expr{Lookup: &forms.Lookup{Table: "tarifs", Column: "Prix", Where: []forms.Match{{Column: "De", Field: "jours", Op: forms.MatchFrom}}}},
	})
	if p.Form, err = forms.Build(d); err != nil {
		t.Fatal(err)
	}
	if p, err = p.Copy(); err != nil {
		t.Fatal(err)
	}
	return p
}

// put makes a CSV the commune's table of that name, as a page does: seen, then confirmed.
func put(t *testing.T, env *pgtest.Env, name, title, text string) error {
	t.Helper()
	f, problems := catalogue.ReadTable([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		if name, err = catalogue.PreviewTable(ctx, tx, name, title, f.Content); err != nil {
			return err
		}
		p, err := catalogue.Preview(ctx, tx, name)
		if err != nil {
			return err
		}
		return catalogue.ReplaceTable(ctx, tx, name, p.Version)
	})
}

func as(t *testing.T, env *pgtest.Env, actor tenants.Actor, do func(context.Context, *tenants.Tx) error) error {
	t.Helper()
	return env.DB.Write(t.Context(), env.Tenant, actor, func(tx *tenants.Tx) error { return do(t.Context(), tx) })
}

func TestAProcedureDrawsFromTheTablesOfItsCommune(t *testing.T) {
	t.Parallel()
	env := installed(t)
	p := drawing(t)
	publish := func() error {
		return as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) error {
			_, err := catalogue.Publish(ctx, tx, p.Slug, p)
			return err
		})
	}
	if err := publish(); !fault.Is(err, "procedure_invalid") || len(fault.Of(err).Fields) != 2 || fault.Of(err).Fields[0].Code != "table_missing" {
		t.Fatalf("published without its tables: %+v", err)
	}
	for _, table := range [][3]string{{"", "Rues", "Voie\nRue Haute\n"}, {"", "Tarifs", "De;Prix\n1;10,50\n3;25\n"}} {
		if err := put(t, env, table[0], table[1], table[2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := publish(); err != nil {
		t.Fatal(err)
	}
	offered := func() (texts []string) {
		err := as(t, env, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
			tables, err := catalogue.TablesFor(ctx, tx, p)
			if err == nil {
				for _, row := range tables["rues"].Rows {
					texts = append(texts, row[0])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return texts
	}
	if got := offered(); !reflect.DeepEqual(got, []string{"Rue Haute"}) {
		t.Errorf("offered %v", got)
	}
	if err := put(t, env, "rues", "Rues", "Voie;Quartier\nRue Basse;Centre\n"); err != nil {
		t.Fatal(err)
	}
	if got := offered(); !reflect.DeepEqual(got, []string{"Rue Basse"}) {
		t.Errorf("offered %v after another came", got)
	}
	if err := put(t, env, "rues", "Rues", "Rue\nRue Haute\n"); !fault.Is(err, "table_columns_used") {
		t.Errorf("a column in use went: %v", err)
	}
	for name, wants := range map[string]string{"rues": "table_used", "aucune": "table_unknown"} {
		err := as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) error { return catalogue.DeleteTable(ctx, tx, name) })
		if !fault.Is(err, wants) {
			t.Errorf("deleting %s: %v", name, err)
		}
	}
	for _, actor := range []tenants.Actor{front, tenants.Guest()} {
		err := as(t, env, actor, func(ctx context.Context, tx *tenants.Tx) error { return catalogue.DeleteTable(ctx, tx, "rues") })
		if !fault.Is(err, "admin_only") {
			t.Errorf("%v deleted a table: %v", actor.Kind, err)
		}
	}
	if err := as(t, env, tenants.Guest(), func(ctx context.Context, tx *tenants.Tx) error {
		_, err := catalogue.Tables(ctx, tx)
		return err
	}); !fault.Is(err, "not_allowed") {
		t.Errorf("a guest lists the tables: %v", err)
	}
}

// A procedure's file carries its tables; where it comes to they join the commune's, and never change one that is there.
func TestAProcedureCarriesItsTables(t *testing.T) {
	t.Parallel()
	env := installed(t)
	for _, table := range [][2]string{{"Rues", "Voie\nRue Haute\n"}, {"Tarifs", "De;Prix\n1;10,50\n"}, {"Sans emploi", "x\ny\n"}} {
		if err := put(t, env, "", table[0], table[1]); err != nil {
			t.Fatal(err)
		}
	}
	p := drawing(t)
	var whole *catalogue.Procedure
	if err := as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		whole, err = catalogue.WithTables(ctx, tx, p)
		return err
	}); err != nil || len(whole.Tables) != 2 {
		t.Fatalf("%+v %v", whole, err)
	}
	if problems := whole.Check(); len(problems) > 0 {
		t.Error(problems)
	}
	whole.Tables[1].Rows = [][]string{{"1", "12"}}
	if err := as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) error { return catalogue.DeleteTable(ctx, tx, "rues") }); err != nil {
		t.Fatal(err)
	}
	if err := as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) error {
		_, own, err := catalogue.Reserve(ctx, tx, whole)
		if err != nil {
			return err
		}
		if len(own.Tables) > 0 {
			t.Error("kept with its tables")
		}
		tables, err := catalogue.TablesFor(ctx, tx, p)
		if err != nil || tables["rues"].Rows[0][0] != "Rue Haute" || tables["tarifs"].Rows[0][1] != "10,50" {
			t.Errorf("%+v %v", tables, err)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	whole.Tables = append(whole.Tables, catalogue.PortableTable{Name: "Deux mots", Columns: []string{"a"}, Rows: [][]string{{"=1"}}})
	if problems := whole.Check(); len(problems) != 2 {
		t.Errorf("a bad table passes: %+v", problems)
	}
}

// Two people replace a table: the second is told that it is not the file that they saw.
func TestATableIsReplacedAsItWasSeen(t *testing.T) {
	t.Parallel()
	env := installed(t)
	if err := put(t, env, "", "Écoles", "Nom\nJules-Ferry\nJaurès\n"); err != nil {
		t.Fatal(err)
	}
	err := as(t, env, admin, func(ctx context.Context, tx *tenants.Tx) error {
		var seen []catalogue.TablePreview
		for _, rows := range [][][]string{{{"Jaurès"}, {"Pagnol"}}, {{"Curie"}}} {
			if _, err := catalogue.PreviewTable(ctx, tx, "ecoles", "Écoles", &forms.Table{Columns: []string{"Nom"}, Rows: rows}); err != nil {
				return err
			}
			p, err := catalogue.Preview(ctx, tx, "ecoles")
			if err != nil {
				return err
			}
			if p.Added != 1 || p.Same != len(rows)-1 || p.Removed != 3-len(rows) || p.Now.Size != 2 {
				t.Errorf("%+v", p)
			}
			seen = append(seen, p)
		}
		return catalogue.ReplaceTable(ctx, tx, "ecoles", seen[0].Version)
	})
	if !fault.Is(err, "preview_changed") {
		t.Errorf("a file that was not seen: %v", err)
	}
}
