package forms_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

var castanet = forms.Options{Town: "Castanet-Tolosan", PostalCodes: []string{"31320"}}

// plain turns no-break spaces into ordinary ones, so that expectations can be read.
func plain(s string) string {
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s)
}

func told(errs []forms.FieldError) []string {
	var out []string
	for _, e := range errs {
		out = append(out, fmt.Sprintf("%s %s: %s", e.Path, e.Code, plain(e.Message)))
	}
	return out
}

func TestValidateAcceptsCompleteAnswers(t *testing.T) {
	t.Parallel()
	if errs := terrasse(t).Validate(complete(), today, castanet); len(errs) > 0 {
		t.Error(told(errs))
	}
}

func TestValidateSaysWhatToDo(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	set := func(id string, v forms.Value) forms.Answers {
		return with(func(a forms.Answers) { a[id] = v })
	}
	address := func(street, code, town string) forms.Value {
		return forms.AddressOf(forms.Address{Street: street, PostalCode: code, Town: town})
	}
	for _, c := range []struct {
		answers forms.Answers
		want    string
	}{
		{set("qualite", forms.Value{}), "qualite required: Choisissez une réponse à « Vous demandez en tant que »"},
		{set("qualite", forms.Text("roi")), "qualite not_a_choice: Choisissez parmi les réponses proposées à « Vous demandez en tant que »"},
		{set("nom", forms.Text("")), "nom required: Renseignez « Nom »"},
		{set("nom", forms.Text(strings.Repeat("é", 201))), "nom too_long: Écrivez 200 caractères au plus (« Nom »)"},
		{set("nom", forms.Number(3)), "nom wrong_type: Répondez de nouveau à « Nom »"},
		{set("siret", forms.Text("123")), "siret pattern: Saisissez les 14 chiffres du SIRET, sans espace"},
		{set("siret", forms.Text("123456789012345")), "siret pattern: Saisissez les 14 chiffres du SIRET, sans espace"},
		{set("courriel", forms.Text("nom@exemple")), "courriel invalid_email: Saisissez une adresse électronique complète, par exemple nom@exemple.fr"},
		{set("courriel", forms.Value{}), "courriel required: Saisissez une adresse électronique complète, par exemple nom@exemple.fr"},
		{set("telephone", forms.Text("12")), "telephone invalid_phone: Saisissez un numéro de téléphone complet, par exemple 06 12 34 56 78 ou +32 470 12 34 56"},
		{set("telephone", forms.Text("+33000000000")), "telephone invalid_phone: Saisissez un numéro de téléphone complet, par exemple 06 12 34 56 78 ou +32 470 12 34 56"},
		{set("naissance", forms.Text("2026-11-22")), "naissance too_late: Indiquez une date jusqu’au 21 novembre 2026"},
		{set("naissance", forms.Text("29/2/2027")), "naissance invalid_date: Indiquez une date qui existe, par exemple 27 3 2026, avec l’année en quatre chiffres"},
		{set("naissance", forms.Text("6//2026")), "naissance incomplete_date: Complétez la date : il manque le mois"},
		{set("naissance", forms.Text("6//")), "naissance incomplete_date: Complétez la date : il manque le mois et l’année"},
		{set("surface", forms.Number(0.5)), "surface too_small: Saisissez un nombre entre 1 et 200 m² (« Surface »)"},
		{with(func(a forms.Answers) { a["surface"], a["precision"] = forms.Number(201), forms.Text("Bacs") }), "surface too_large: Saisissez un nombre entre 1 et 200 m² (« Surface »)"},
		{set("surface", forms.Number(2.125)), "surface too_many_decimals: Saisissez un nombre avec 2 chiffres au plus après la virgule (« Surface »)"},
		{set("surface", forms.Text("douze")), "surface invalid_number: Saisissez un nombre en chiffres, par exemple 1 (« Surface »)"},
		{set("debut", forms.Text("2026-12-05")), "debut too_early: Indiquez une date à partir du 6 décembre 2026 (« Date de début »)"},
		{set("fin", forms.Text("2026-12-05")), "fin too_early: Indiquez une date à partir du 6 décembre 2026 (« Date de fin »)"},
		{set("fin", forms.Value{}), "fin required: Indiquez une date pour « Date de fin »"},
		{set("mobilier", forms.Value{}), "mobilier required: Choisissez au moins une réponse à « Quel mobilier installez-vous ? »"},
		{set("mobilier", forms.List("chauffage", "chauffage")), "mobilier not_a_choice: Choisissez parmi les réponses proposées à « Quel mobilier installez-vous ? »"},
		{set("mobilier", forms.List("autre")), "precision required: Renseignez « Précisez le mobilier »"},
		{set("puissance", forms.Number(1.5)), "puissance too_many_decimals: Saisissez un nombre entier, sans virgule (« Puissance du chauffage »)"},
		{set("plan", forms.Value{}), "plan required: Ajoutez un document pour « Plan de la terrasse »"},
		{set("plan", forms.Files(forms.FileRef{ID: "a", Name: "vide.pdf"})), "plan/0 invalid_file: Ajoutez de nouveau le document de « Plan de la terrasse »"},
		{set("plan", forms.Files(make([]forms.FileRef, 4)...)), "plan too_many_files: Gardez 3 documents au plus pour « Plan de la terrasse »"},
		{set("engagement", forms.Bool(false)), "engagement required: Cochez la case « Engagement » pour continuer"},
		{set("adresse", address("3 rue", "3132", "Castanet")), "adresse/postal_code invalid_postal_code: Saisissez un code postal de cinq chiffres, par exemple 31320"},
		{set("adresse", address("3 rue", "", "Castanet")), "adresse/postal_code required: Indiquez le code postal"},
		{set("adresse", address("", "31320", "Castanet")), "adresse/street required: Indiquez le numéro et la rue"},
		{set("emplacement", address("3 rue", "31000", "Toulouse")), "emplacement outside_commune: Indiquez une adresse de la commune (Castanet-Tolosan, 31320)"},
		{set("emplacement", address("3 rue", "31320", "Pechbusque")), "emplacement outside_commune: Indiquez une adresse de la commune (Castanet-Tolosan, 31320)"},
		{set("inconnu", forms.Text("x")), "inconnu unknown_field: Retirez ce champ : la démarche ne le demande pas"},
	} {
		got := told(d.Validate(c.answers, today, castanet))
		want := strings.Replace(c.want, "emplacement outside", "emplacement/town outside", 1)
		if len(got) != 1 || got[0] != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
}

func TestValidateAcceptsAtTheBounds(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	for name, change := range map[string]func(forms.Answers){
		"200 characters":        func(a forms.Answers) { a["nom"] = forms.Text(strings.Repeat("é", 200)) },
		"smallest number":       func(a forms.Answers) { a["surface"] = forms.Number(1) },
		"born today":            func(a forms.Answers) { a["naissance"] = forms.Text("2026-11-21") },
		"ends as it begins":     func(a forms.Answers) { a["fin"] = a["debut"] },
		"optional left out":     func(a forms.Answers) { delete(a, "telephone") },
		"hidden and nonsense":   func(a forms.Answers) { a["rna"] = forms.Number(1) },
		"hidden and unanswered": func(a forms.Answers) { a["mobilier"] = forms.List("tables"); delete(a, "puissance") },
		"town in capitals": func(a forms.Answers) {
			a["emplacement"] = forms.AddressOf(forms.Address{Street: "1 rue", PostalCode: "31320", Town: "CASTANET TOLOSAN CEDEX"})
		},
		"abroad": func(a forms.Answers) {
			a["adresse"] = forms.AddressOf(forms.Address{Street: "1 rue Haute", Town: "Bruxelles", Country: "Belgique"})
		},
	} {
		if errs := d.Validate(with(change), today, castanet); len(errs) > 0 {
			t.Errorf("%s: %v", name, told(errs))
		}
	}
}

func TestValidateOneStep(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	if errs := d.Validate(forms.Answers{"inconnu": forms.Text("x")}, today, forms.Options{Step: "pieces"}); len(errs) != 2 {
		t.Errorf("got %v", told(errs))
	}
	if errs := d.Validate(complete(), today, forms.Options{Step: "vous"}); len(errs) != 0 {
		t.Errorf("got %v", told(errs))
	}
}

func TestValidateTodayIsTheCommunesDate(t *testing.T) {
	t.Parallel()
	d := one(t, field(`"id":"a","kind":"date","min_days":0`))
	instant := time.Date(2026, 11, 30, 21, 30, 0, 0, time.UTC) // law.md C1: 1 December in Réunion
	a := forms.Answers{"a": forms.Text("2026-11-30")}
	if errs := d.Validate(a, instant, forms.Options{}); len(errs) != 0 {
		t.Errorf("got %v", told(errs))
	}
	if errs := d.Validate(a, instant.In(time.FixedZone("Réunion", 4*3600)), forms.Options{}); len(errs) != 1 {
		t.Errorf("got %v", told(errs))
	}
}

func TestValidateRefusesTooMuchText(t *testing.T) {
	t.Parallel()
	var fields []string
	a := forms.Answers{}
	for i := range 15 {
		fields = append(fields, field(fmt.Sprintf(`"id":"a%d","kind":"longtext","max_length":20000`, i)))
		a[fmt.Sprintf("a%d", i)] = forms.Text(strings.Repeat("x", 20_000))
	}
	errs := one(t, strings.Join(fields, ",")).Validate(a, today, forms.Options{})
	if len(errs) != 1 || errs[0].Code != forms.CodeAnswersTooBig {
		t.Errorf("got %v", told(errs))
	}
}

func TestEmailAddresses(t *testing.T) {
	t.Parallel()
	d := one(t, field(`"id":"a","kind":"email"`))
	for address, good := range map[string]bool{
		"a@b.fr": true, "jean.dupont+mairie@exemple.gouv.fr": true, "o'brien@exemple.ie": true, "élise@café.fr": true,
		"a@b": false, "a@@b.fr": false, "@b.fr": false, "a@": false, "a b@c.fr": false, "a@b..fr": false, "a@-b.fr": false,
		"a@b.f": false, "a.@b.fr": false, "a,c@b.fr": false, "<a@b.fr>": false, "a@b_c.fr": false, "a@b.fr.": false,
		strings.Repeat("a", 65) + "@b.fr": false, strings.Repeat("a", 260): false,
	} {
		a, _, err := d.FromForm("e", url.Values{"a": {address}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(d.Validate(a, today, forms.Options{})) == 0; got != good {
			t.Errorf("%s: got %v", address, got)
		}
	}
}

func TestPhoneNumbers(t *testing.T) {
	t.Parallel()
	d := one(t, field(`"id":"a","kind":"phone"`))
	for typed, want := range map[string]string{
		"06 12 34 56 78": "06 12 34 56 78", "0690 30 12 34": "0690 30 12 34", "+32 470 12 34 56": "+32 470 12 34 56",
		"+39 06 698 12345": "+39 06 6981 2345", "+1 514 555 0123": "+1 514-555-0123", "+687 75 12 34": "+687 75.12.34",
		"06 12 34 56": "", "+33 6 12": "", "0033": "", "appelez-moi": "", "06 12 34 56 78 poste 3": "",
	} {
		a, _, err := d.FromForm("e", url.Values{"a": {typed}})
		if err != nil {
			t.Fatal(err)
		}
		good := len(d.Validate(a, today, forms.Options{})) == 0
		if good != (want != "") || good && plain(d.Placeholders(a)["a"]) != want {
			t.Errorf("%s: got %v, %q", typed, good, d.Placeholders(a)["a"])
		}
	}
}

func TestTextsGoToMobilesOfFranceAndEurope(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{
		"+33612345678": true, "+33756789012": true, "+33561717000": false, "+33899123456": false, "+262692123456": true, "+687751234": true,
		"+32470123456": true, "+41791234567": true, "+4915112345678": true, "+3225123456": false,
		"+8801712345678": false, "+2250701234567": false, "+12425550123": false, "+882161234567": false, "": false, "0612345678": false, "+": false,
	} {
		if got := forms.Textable(number); got != want {
			t.Errorf("%s: %v", number, got)
		}
	}
}

func TestFaultsNeverEchoes(t *testing.T) {
	t.Parallel()
	d := terrasse(t)
	secret := "Ménard-7731"
	a := forms.Answers{}
	for _, id := range []string{"qualite", "nom", "siret", "courriel", "telephone", "adresse", "naissance", "surface", "debut", "mobilier", "plan", "engagement"} {
		a[id] = forms.Text(secret)
	}
	a[secret] = forms.Text(secret)
	err := forms.Faults(d.Validate(a, today, castanet))
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Invalid || len(f.Fields) < 8 {
		t.Fatalf("got %v", err)
	}
	for _, field := range f.Fields {
		if strings.Contains(field.Path+field.Message, secret) || !strings.HasPrefix(field.Path, "answers/") || field.Message == "" {
			t.Errorf("got %v", field)
		}
	}
	if forms.Faults(nil) != nil {
		t.Error("no error became one")
	}
}

func TestAHiddenAnswerDecidesNothing(t *testing.T) {
	t.Parallel()
	yes := `"choices":[{"value":"o","label":"Oui"},{"value":"n","label":"Non"}]`
	d := one(t, field(`"id":"a","kind":"choice",`+yes)+","+
		field(`"id":"b","kind":"choice","if":{"field":"a","equals":"o"},`+yes)+","+
		field(`"id":"c","kind":"text","if":{"field":"b","equals":"o"}`)+","+
		field(`"id":"z","kind":"text","if":{"not":{"field":"b","equals":"o"}}`))
	a := forms.Answers{"a": forms.Text("n"), "b": forms.Text("o"), "c": forms.Text("reste"), "z": forms.Text("vu")}
	pruned := d.Prune(a)
	if len(pruned) != 2 || pruned["z"].Empty() || pruned["a"].Empty() {
		t.Errorf("got %v", pruned)
	}
	var seen []string
	for _, step := range d.Visible(a) {
		for _, section := range step.Sections {
			for _, f := range section.Fields {
				seen = append(seen, f.ID)
			}
		}
	}
	if !slices.Equal(seen, []string{"a", "z"}) {
		t.Errorf("got %v", seen)
	}
	if errs := d.Validate(a, today, forms.Options{}); len(errs) != 0 {
		t.Errorf("got %v", told(errs))
	}
}

func TestVisibleSkipsAStepWithNothingToAsk(t *testing.T) {
	t.Parallel()
	d, err := forms.Parse([]byte(`{"version":1,"steps":[
		{"id":"a","title":"A","sections":[{"id":"s","fields":[` + field(`"id":"n","kind":"number"`) + `]}]},
		{"id":"b","title":"B","sections":[{"id":"t","if":{"field":"n","gt":3},"fields":[` + field(`"id":"m","kind":"text"`) + `]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for n, steps := range map[float64]int{3: 1, 4: 2} {
		if got := len(d.Visible(forms.Answers{"n": forms.Number(n)})); got != steps {
			t.Errorf("%v: got %d steps", n, got)
		}
	}
	if _, err := d.View("b", forms.ViewInput{Answers: forms.Answers{"n": forms.Number(3)}}); fault.Of(err).Kind != fault.NotFound {
		t.Errorf("got %v", err)
	}
}

func TestConditionsHold(t *testing.T) {
	t.Parallel()
	a := forms.Answers{
		"text": forms.Text("x"), "n": forms.Number(3), "date": forms.Text("2026-12-06"), "list": forms.List("a", "b"),
		"box": forms.Bool(true), "off": forms.Bool(false), "addr": forms.AddressOf(forms.Address{Town: "Belberaud"}), "none": forms.List(),
	}
	for cond, want := range map[string]bool{
		`{"field":"text","equals":"x"}`: true, `{"field":"text","equals":"y"}`: false, `{"field":"none","equals":"x"}`: false,
		`{"field":"n","equals":3}`: true, `{"field":"n","equals":"3"}`: false, `{"field":"box","equals":true}`: true,
		`{"field":"off","equals":false}`: false, `{"field":"text","in":["w","x"]}`: true, `{"field":"text","in":[]}`: false,
		`{"field":"list","contains":"b"}`: true, `{"field":"list","contains":"c"}`: false,
		`{"field":"n","gt":2}`: true, `{"field":"n","gt":3}`: false, `{"field":"n","lt":4}`: true, `{"field":"n","lt":3}`: false,
		`{"field":"date","gt":"2026-12-05"}`: true, `{"field":"date","lt":"2026-12-06"}`: false, `{"field":"date","gt":5}`: false,
		`{"field":"text","gt":"a"}`: false, `{"field":"addr","filled":true}`: true, `{"field":"off","filled":true}`: false,
		`{"field":"missing","filled":true}`: false, `{"not":{"field":"missing","filled":true}}`: true,
		`{"and":[{"field":"box","filled":true},{"field":"n","gt":9}]}`: false, `{"or":[{"field":"n","gt":9},{"field":"box","filled":true}]}`: true,
		`{"and":[]}`: true, `{"or":[]}`: false, `{}`: false,
	} {
		d := one(t, field(`"id":"f","kind":"text","if":`+cond))
		f, _ := d.Field("f")
		if got := f.If.Holds(a); got != want {
			t.Errorf("%s: got %v", cond, got)
		}
	}
}

// TestPapersMayComeLater holds that a request without a paper is incomplete, not
// inadmissible, where the page could not insist.
func TestPapersMayComeLater(t *testing.T) {
	t.Parallel()
	d, err := forms.Build(forms.Definition{Version: 1, Steps: []forms.Step{{ID: "a", Title: "A", Sections: []forms.Section{{ID: "b", Fields: []forms.Field{
		{ID: "plan", Kind: forms.KindFile, Label: "Plan", Purpose: "Situer", LegalBasis: "CGPPP"},
		{ID: "nom", Kind: forms.KindText, Label: "Nom", Purpose: "Répondre", LegalBasis: "CRPA"},
	}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if errs := d.Validate(forms.Answers{}, today, forms.Options{}); len(errs) != 2 {
		t.Errorf("a page lets a paper be missing: %v", errs)
	}
	if errs := d.Validate(forms.Answers{}, today, forms.Options{PapersLater: true}); len(errs) != 1 || errs[0].Field != "nom" {
		t.Errorf("where papers may come later, the name alone is missing: %v", errs)
	}
}
