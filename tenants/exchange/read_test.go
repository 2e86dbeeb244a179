package exchange_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/exchange"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// given reads files of testdata.
func given(t testing.TB, names ...string) []exchange.File {
	t.Helper()
	var out []exchange.File
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, exchange.File{Name: name, Data: text})
	}
	return out
}

// zipped packs files as Open Forms does.
func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sources are what every test of the readers walks.
func sources(t testing.TB) map[string][]exchange.File {
	t.Helper()
	form := given(t, "salle.formio.json")[0]
	return map[string][]exchange.File{
		"wcs: a form with all that it calls": given(t, "concession.wcs", "defunts.wcs", "langues.wcs", "circuit.wcs"),
		"wcs: a form alone":                  given(t, "concession.wcs"),
		"wcs: a block alone":                 given(t, "defunts.wcs"),
		"wcs: a table alone":                 given(t, "langues.wcs"),
		"wcs: a workflow alone":              given(t, "circuit.wcs"),
		"ds: a procedure":                    given(t, "projet.ds.json"),
		"formio: a form":                     {form},
		"formio: an export": {{Name: "export.zip", Data: zipped(t, map[string]string{
			"forms.json": `[{"uuid":"1","name":"Une salle","explanation_template":"<p>Lisez ceci.</p>","active":true}]`,
			"formSteps.json": `[{"uuid":"2","index":0,"slug":"a","form_definition":"http://localhost/d/1","name":"La salle","configuration":` + string(form.Data) + `},
				{"uuid":"3","index":1,"slug":"b","form_definition":"http://localhost/d/2","name":"Le reste"}]`,
			"formDefinitions.json": `[{"url":"http://localhost/d/1","name":"La salle","slug":"a","configuration":` + string(form.Data) + `},
				{"url":"http://localhost/d/2","name":"Le reste","slug":"b","configuration":{"components":[{"type":"textfield","key":"reste","label":"Autre chose ?"}]}}]`,
			"formLogic.json": `[{"json_logic_trigger":{">":[1,2]},"actions":[{"component":"x"}]}]`, "formVariables.json": `[]`, "_meta.json": `{"of_release":"2.0"}`,
		})}},
	}
}

// read reads sources by the beginning of their name.
func read(t testing.TB, name string, files []exchange.File) *exchange.Report {
	t.Helper()
	from, _, _ := strings.Cut(name, ":")
	r, err := exchange.Read(from, files...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// Nothing is dropped in silence: each leaf of each source is in the report, once, by itself
// or with the branch that it stands on.
func TestEveryNodeOfASourceIsInTheReport(t *testing.T) {
	t.Parallel()
	for name, files := range sources(t) {
		accounted(t, name, files, read(t, name, files))
	}
}

// accounted walks sources on its own, and looks for each leaf in a report.
func accounted(t testing.TB, name string, files []exchange.File, r *exchange.Report) {
	t.Helper()
	type place struct{ file, path string }
	count, whole := map[place]int{}, map[place]int{}
	for _, list := range [][]exchange.Item{r.Carried, r.Changed, r.Lost} {
		for _, i := range list {
			count[place{i.File, i.Path}]++
			if i.Whole {
				whole[place{i.File, i.Path}]++
			}
		}
	}
	for _, list := range [][]exchange.Item{r.Changed, r.Lost} {
		for _, i := range list {
			if i.Reason == "" {
				t.Errorf("%s: %s of %s has no reason", name, i.Path, i.File)
			}
		}
	}
	seen := 0
	for _, f := range unpacked(t, files) {
		for _, leaf := range leaves(t, f.Data) {
			seen++
			found := count[place{f.Name, leaf}]
			for at := leaf; at != ""; {
				at = at[:strings.LastIndexByte(at, '/')]
				found += whole[place{f.Name, at}]
			}
			if found != 1 {
				t.Errorf("%s: %s of %s is %d times in the report", name, leaf, f.Name, found)
			}
		}
	}
	if seen == 0 {
		t.Errorf("%s: nothing was walked", name)
	}
}

func unpacked(t testing.TB, files []exchange.File) []exchange.File {
	t.Helper()
	var out []exchange.File
	for _, f := range files {
		z, err := zip.NewReader(bytes.NewReader(f.Data), int64(len(f.Data)))
		if err != nil {
			out = append(out, f)
			continue
		}
		for _, entry := range z.File {
			r, err := entry.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, exchange.File{Name: entry.Name, Data: text})
		}
	}
	return out
}

// leaves lists the places of all that a document says.
func leaves(t testing.TB, data []byte) []string {
	t.Helper()
	var out []string
	if !bytes.HasPrefix(data, []byte("<")) {
		var walk func(path string, v any)
		walk = func(path string, v any) {
			switch v := v.(type) {
			case map[string]any:
				for k, sub := range v {
					walk(path+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(k), sub)
				}
			case []any:
				for i, sub := range v {
					walk(path+"/"+strconv.Itoa(i), sub)
				}
			default:
				out = append(out, path)
			}
		}
		walk("", decode(t, data))
		return out
	}
	type element struct {
		Name  xml.Name
		Attrs []xml.Attr
		Kids  []*element
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	top := &element{}
	open := []*element{top}
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &element{Name: tok.Name, Attrs: tok.Copy().Attr}
			open[len(open)-1].Kids = append(open[len(open)-1].Kids, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	var walk func(path string, e *element)
	walk = func(path string, e *element) {
		for _, a := range e.Attrs {
			out = append(out, path+"/@"+a.Name.Local)
		}
		if len(e.Kids) == 0 {
			out = append(out, path)
		}
		count, seen := map[string]int{}, map[string]int{}
		for _, k := range e.Kids {
			count[k.Name.Local]++
		}
		for _, k := range e.Kids {
			at := path + "/" + k.Name.Local
			if seen[k.Name.Local]++; count[k.Name.Local] > 1 {
				at += "[" + strconv.Itoa(seen[k.Name.Local]) + "]"
			}
			walk(at, k)
		}
	}
	walk("/"+top.Kids[0].Name.Local, top.Kids[0])
	return out
}

// What comes out is a procedure of ours: it can be written, read again, and lacks only what
// no other system says.
func TestWhatIsReadIsAProcedureToComplete(t *testing.T) {
	t.Parallel()
	for name, files := range sources(t) {
		r := read(t, name, files)
		text, err := exchange.Export(r.Procedure)
		if err != nil {
			t.Fatal(err)
		}
		again, err := catalogue.ParseProcedure(text)
		if err != nil || again.Checksum() != r.Procedure.Checksum() {
			t.Errorf("%s: %v", name, err)
		}
		if len(r.Complete) == 0 {
			t.Errorf("%s: nothing to complete", name)
		}
		if r.Procedure.Form == nil {
			continue
		}
		for _, p := range r.Procedure.Form.Check() {
			switch p.Code {
			case "purpose", "legal_basis", "recipients", "retention", "pattern":
			default:
				t.Errorf("%s: %s: %s (%s)", name, p.Path, p.Message, p.Code)
			}
		}
		for _, i := range r.Carried {
			if strings.Contains(i.To, "/fields/") && !strings.Contains(string(text), `"fields"`) {
				t.Errorf("%s: %s leads nowhere", name, i.To)
			}
		}
	}
}

func TestAFormOfPublik(t *testing.T) {
	t.Parallel()
	r := read(t, "wcs", given(t, "concession.wcs", "defunts.wcs", "langues.wcs", "circuit.wcs"))
	p := r.Procedure
	if p.Slug != "demande-de-concession" || len(p.Form.Steps) != 2 {
		t.Fatalf("%s has %d steps", p.Slug, len(p.Form.Steps))
	}
	for id, want := range map[string]string{
		"nom":           `{"id":"nom","kind":"text","label":"Nom","help":"Comme à l’état civil","prefill":"family_name","max_length":60}`,
		"titulaire":     `{"id":"titulaire","kind":"choice","label":"Qui est titulaire ?","choices":[{"value":"Moi","label":"Moi"},{"value":"Un tiers","label":"Un tiers"}]}`,
		"lien":          `{"id":"lien","kind":"text","label":"Lien avec le titulaire","if":{"field":"titulaire","equals":"Un tiers"}}`,
		"langue":        `{"id":"langue","kind":"choice","label":"Langue","optional":true,"choices":[{"value":"fr","label":"Français"},{"value":"oc","label":"Occitan"}]}`,
		"motif_langue":  `{"id":"motif_langue","kind":"longtext","label":"Pourquoi ?","optional":true,"if":{"and":[{"field":"titulaire","in":["Moi","Un tiers"]},{"not":{"field":"langue","equals":"fr"}}]}}`,
		"reglement":     `{"id":"reglement","kind":"declaration","label":"Je respecte le règlement","if":{"or":[{"field":"lien","filled":true},{"field":"langue","equals":"oc"}]},"declaration":"Je respecte le règlement"}`,
		"tarif":         `{"id":"tarif","kind":"text","label":"Tarif","optional":true}`,
		"telephone":     `{"id":"telephone","kind":"phone","label":"Téléphone"}`,
		"date_du_deces": `{"id":"date_du_deces","kind":"date","label":"Date du décès","optional":true,"max_days":0}`,
	} {
		f, _, ok := asked(r, id)
		text, err := json.Marshal(f)
		if err != nil || !ok || string(text) != want {
			t.Errorf("%s is %s\n  not %s", id, text, want)
		}
	}
	if _, repeat, _ := asked(r, "date_du_deces"); repeat == nil || *repeat != (forms.Repeat{Min: 1, Max: 8, Item: "Les défunts"}) {
		t.Errorf("the block is asked %+v", repeat)
	}
	if _, ok := p.Form.Field("cachee"); ok {
		t.Error("a question that nobody ever saw is asked")
	}
	if accept := p.Letters[catalogue.OutcomeAccept]; accept.Subject != "Votre demande {{numero}} est acceptée" {
		t.Errorf("the letter is %+v", accept)
	}
	if _, ok := p.Letters[catalogue.OutcomeRefuse]; ok {
		t.Error("a letter with programming in it is taken over")
	}
	if len(r.States) != 3 || r.States[0].Name != "Reçue" {
		t.Errorf("states: %+v", r.States)
	}
	for what, reason := range map[string]string{"form_option_tarif": "réglage de l’autre plateforme", "Cachée": "toujours fausse", "Nouvelle": "circuit"} {
		if !lost(r, what, reason) {
			t.Errorf("%q is not lost because of %q", what, reason)
		}
	}
	if strings.Contains(p.Form.Steps[0].Intro, "<") || !strings.Contains(p.Form.Steps[0].Intro, "Lisez le règlement") || strings.Contains(p.Form.Steps[0].Intro, "alert") {
		t.Errorf("the text is %q", p.Form.Steps[0].Intro)
	}
}

// asked finds a question wherever it stands, and how often it is answered.
func asked(r *exchange.Report, id string) (*forms.Field, *forms.Repeat, bool) {
	for _, step := range r.Procedure.Form.Steps {
		for _, section := range step.Sections {
			for i := range section.Fields {
				if section.Fields[i].ID == id {
					return &section.Fields[i], section.Repeat, true
				}
			}
		}
	}
	return nil, nil, false
}

// lost tells whether something is lost, and why.
func lost(r *exchange.Report, what, reason string) bool {
	for _, i := range r.Lost {
		if (strings.Contains(i.Text, what) || strings.Contains(i.What, what)) && strings.Contains(i.Reason, reason) {
			return true
		}
	}
	return false
}

func TestAProcedureOfDemarchesSimplifiees(t *testing.T) {
	t.Parallel()
	r := read(t, "ds", given(t, "projet.ds.json"))
	want := map[string]forms.Kind{
		"nom_du_projet": forms.KindText, "avez_vous_un_siret": forms.KindChoice, "siret": forms.KindText, "superficie": forms.KindNumber, "commune": forms.KindText,
		"plan": forms.KindFile, "milieux": forms.KindChoices, "espece": forms.KindText,
	}
	for id, kind := range want {
		if f, _, ok := asked(r, id); !ok || f.Kind != kind {
			t.Errorf("%s: %+v", id, f)
		}
	}
	if _, repeat, _ := asked(r, "espece"); repeat == nil || repeat.Max != forms.MaxRows || repeat.Item == "" {
		t.Errorf("the list is asked %+v", repeat)
	}
	if f, _ := r.Procedure.Form.Field("siret"); f == nil || f.If == nil || f.If.Field != "avez_vous_un_siret" {
		t.Errorf("the condition of the SIRET is %+v", f)
	}
	if !lost(r, "Note de l’agent", "annotations privées") || !lost(r, "--Eau--", "groupées") {
		t.Error("annotations or titles of groups are not told")
	}
	if r.Questions.Carried+r.Questions.Changed+r.Questions.Lost != 11 {
		t.Errorf("the tally is %+v", r.Questions)
	}
}

func TestAFormOfFormIO(t *testing.T) {
	t.Parallel()
	r := read(t, "formio", given(t, "salle.formio.json"))
	if _, repeat, _ := asked(r, "qui"); repeat == nil || *repeat != (forms.Repeat{Max: forms.MaxRows, Item: "Personnes"}) {
		t.Errorf("the list is asked %+v", repeat)
	}
	for id, want := range map[string]string{
		"usage":    `{"id":"usage","kind":"choice","label":"Pour quoi faire ?","choices":[{"value":"fete","label":"Une fête"},{"value":"reunion","label":"Une réunion"}]}`,
		"convives": `{"id":"convives","kind":"number","label":"Convives","if":{"field":"usage","equals":"fete"},"min":1,"max":300}`,
		"materiel": `{"id":"materiel","kind":"choices","label":"Matériel","optional":true,"choices":[{"value":"tables","label":"Tables"},{"value":"sono","label":"Sonorisation"}]}`,
		"watts":    `{"id":"watts","kind":"number","label":"Puissance","if":{"field":"materiel","contains":"sono"},"decimals":2}`,
		"accord":   `{"id":"accord","kind":"declaration","label":"J’accepte le règlement","declaration":"J’accepte le règlement"}`,
	} {
		f, _ := r.Procedure.Form.Field(id)
		if text, err := json.Marshal(f); err != nil || string(text) != want {
			t.Errorf("%s is %s\n  not %s", id, text, want)
		}
	}
	if !lost(r, "data.a + 1", "calculées") || !lost(r, "show = data", "fonctions") || !lost(r, "Signature", "de ce type") {
		t.Error("a formula, a programmed condition or a signature is not told")
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	t.Parallel()
	bomb := zipped(t, map[string]string{"formSteps.json": strings.Repeat(" ", exchange.MaxSource+1)})
	many := map[string]string{}
	for i := range 200 {
		many[strconv.Itoa(i)] = "{}"
	}
	for name, c := range map[string]struct {
		from, text, code string
	}{
		"nothing":             {"wcs", "", "import_unreadable"},
		"no XML":              {"wcs", "bonjour", "import_unreadable"},
		"cut":                 {"wcs", "<formdef><name>a", "import_unreadable"},
		"another document":    {"wcs", "<html/>", "import_unreadable"},
		"two roots":           {"wcs", "<formdef/><formdef/>", "import_unreadable"},
		"a document type":     {"wcs", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><formdef><name>&x;</name></formdef>`, "import_unreadable"},
		"an unknown entity":   {"wcs", `<formdef><name>&x;</name></formdef>`, "import_unreadable"},
		"another encoding":    {"wcs", `<?xml version="1.0" encoding="UTF-16"?><formdef/>`, "import_unreadable"},
		"deep XML":            {"wcs", strings.Repeat("<a>", 100_000), "import_too_large"},
		"wide XML":            {"wcs", "<formdef>" + strings.Repeat("<a/>", 200_000) + "</formdef>", "import_too_large"},
		"large XML":           {"wcs", "<formdef>" + strings.Repeat(" ", exchange.MaxSource) + "</formdef>", "import_too_large"},
		"no JSON":             {"ds", "{", "import_unreadable"},
		"two values":          {"ds", `{"champDescriptors":[]}{}`, "import_unreadable"},
		"another JSON":        {"ds", `{"a":1}`, "import_unreadable"},
		"invalid UTF-8":       {"ds", "{\"champDescriptors\":[\"\xff\"]}", "import_unreadable"},
		"deep JSON":           {"ds", strings.Repeat("[", 100_000), "import_too_large"},
		"wide JSON":           {"ds", `{"champDescriptors":[` + strings.Repeat("1,", 200_000) + `1]}`, "import_too_large"},
		"no form":             {"formio", `{"display":"form"}`, "import_unreadable"},
		"a zip bomb":          {"formio", string(bomb), "import_too_large"},
		"a zip of many files": {"formio", string(zipped(t, many)), "import_too_large"},
		"a broken zip":        {"formio", "PK\x03\x04", "import_unreadable"},
		"a zip of nothing":    {"formio", string(zipped(t, map[string]string{"a.json": "{}"})), "import_unreadable"},
		"an unknown system":   {"xyz", "{}", "import_unknown"},
	} {
		if _, err := exchange.Read(c.from, exchange.File{Name: "x", Data: []byte(c.text)}); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := exchange.Read("wcs"); !fault.Is(err, "import_missing") {
		t.Errorf("no file: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for name, files := range sources(f) {
		from, _, _ := strings.Cut(name, ":")
		f.Add(from, files[0].Data)
	}
	f.Add("wcs", []byte(`<formdef><name>{{x}}</name><fields><field><type>item</type><condition><type>python</type><value>not (form_var_a == "b" or form_var_a in "c")</value></condition></field></fields></formdef>`))
	f.Fuzz(func(t *testing.T, from string, data []byte) {
		file := exchange.File{Name: "x", Data: data}
		exchange.Guess(file)
		r, err := exchange.Read(from, file)
		if err != nil {
			if k := fault.Of(err).Kind; k != fault.Invalid && k != fault.TooLarge {
				t.Fatal(err)
			}
			return
		}
		text, err := exchange.Export(r.Procedure)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := catalogue.ParseProcedure(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
