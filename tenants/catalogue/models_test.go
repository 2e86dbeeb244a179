package catalogue_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// table reads a CSV file of testdata as records by their columns' names.
func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, column := range rows[0] {
			record[column] = row[i]
		}
		out = append(out, record)
	}
	return out
}

// steps gives the pages of a model's form; none where it only sends people elsewhere.
func steps(p *catalogue.Procedure) []forms.Step {
	if p.Form == nil {
		return nil
	}
	return p.Form.Steps
}

func model(t *testing.T, slug string) *catalogue.Procedure {
	t.Helper()
	p, ok := catalogue.Model(slug)
	if !ok {
		t.Fatalf("no model %s", slug)
	}
	return p
}

func TestEveryModelCanBePublished(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		for _, problem := range p.Check() {
			t.Errorf("%s: %s: %s (%s)", p.Slug, problem.Path, problem.Message, problem.Code)
		}
	}
}

// What the law says of each procedure stands in calendar's table of statutes, alone:
// every model says the same.
func TestSilenceIsTheLaws(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		law, known := calendar.StatuteOf(p.Slug)
		if !known {
			t.Errorf("%s has no statute", p.Slug)
			continue
		}
		if p.Silence.Effect != law.Rule.Effect || p.Silence.Months != law.Rule.Months || p.Silence.Source != law.Rule.Source || p.Silence.Code != law.Rule.Code || p.Silence.Answer != law.Rule.Answer {
			t.Errorf("%s: %+v, the statute says %+v", p.Slug, p.Silence, law.Rule)
		}
		if string(p.Route) != string(law.Route) || (p.PaperExemption != "") != law.Delivery || (p.Kind == catalogue.KindDeclaration) != (law.Sending == calendar.SentDeclaration) {
			t.Errorf("%s: %s by %q, exempt by %q, the statute says %+v", p.Slug, p.Kind, p.Route, p.PaperExemption, law)
		}
		if when := law.Rule.Filing; when != (calendar.Filing{}) && (p.Event == nil || when != calendar.Filing{MinDays: p.Event.MinDays, MaxDays: p.Event.MaxDays, Clear: p.Event.Clear}) {
			t.Errorf("%s: wanted %+v before its day, the statute says %+v", p.Slug, p.Event, when)
		}
		doubtful := law.Certainty == calendar.Secondary || law.Certainty == calendar.Unsettled
		if doubtful && p.SilenceWarning == "" && !slices.ContainsFunc(p.ToVerify, func(d catalogue.Doubt) bool { return strings.Contains(d.Text, "à vérifier") }) {
			t.Errorf("%s: nothing says that its rule is to be checked (%s)", p.Slug, law.Certainty)
		}
		if p.SilenceText() == "" {
			t.Errorf("%s: no sentence on silence", p.Slug)
		}
	}
}

func TestModelsPromiseAndKeep(t *testing.T) {
	t.Parallel()
	rows := table(t, "silence.csv")
	if len(rows) != len(catalogue.Models()) {
		t.Fatalf("%d rows for %d models", len(rows), len(catalogue.Models()))
	}
	for _, row := range rows {
		p := model(t, row["slug"])
		if identity, retention := atoi(t, row["identity"]), atoi(t, row["retention_months"]); p.Identity != identity || p.Retention.Months != retention {
			t.Errorf("%s: identity %d, retention %d months", p.Slug, p.Identity, p.Retention.Months)
		}
		if row["service_commitment"] != "" && p.Commitment != atoi(t, row["service_commitment"]) {
			t.Errorf("%s: commitment %d", p.Slug, p.Commitment)
		}
	}
}

// The rule of each model is the first match of law.md R5 on its ground, as
// tenants/calendar asks the questions.
func TestSilenceFollowsFromItsGround(t *testing.T) {
	t.Parallel()
	for _, row := range table(t, "silence.csv") {
		p := model(t, row["slug"])
		c := calendar.Procedure{
			SpecialText: calendar.No, OwnAgent: calendar.No, Individual: calendar.Yes, Grievance: calendar.No, TextProcedure: calendar.Yes,
			Financial: calendar.No, Annex: calendar.AnnexNone, LocalLimited: calendar.No, OpinionRequired: calendar.No, OtherDelay: calendar.No,
		}
		switch row["ground"] {
		case "special":
			c.SpecialText, c.Special = calendar.Yes, p.Silence
		case "grievance":
			c.Grievance = calendar.Yes
		case "textless":
			c.TextProcedure = calendar.No
		case "financial":
			c.Financial = calendar.Yes
		case "annex":
			c.Annex = calendar.AnnexGoodAdmin
		case "local":
			c.LocalLimited = calendar.Yes
		case "principle":
		default:
			t.Fatalf("%s: ground %q", p.Slug, row["ground"])
		}
		rule, reason, err := calendar.SilenceEffect(c)
		if err != nil || rule.Effect != p.Silence.Effect || rule.Months != p.Silence.Months || reason == "" {
			t.Errorf("%s: by %s %+v (%v), the model says %+v", p.Slug, row["ground"], rule, err, p.Silence)
		}
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Of what law.md marks [S] or [à vérifier], the model must say so where it is relied on.
func TestDoubtsAreVisible(t *testing.T) {
	t.Parallel()
	for _, slug := range []string{
		"copie-acte-naissance", "cantine", "terrasse", "permission-voirie", "buvette-temporaire", "salle-association", "pret-materiel", "signalement-voirie", "vide-grenier",
	} {
		if p := model(t, slug); !strings.Contains(strings.ToLower(p.SilenceWarning), "à vérifier") {
			t.Errorf("%s: its silence rule is not marked", slug)
		}
	}
	doubts := func(slug, subject string) {
		if !slices.ContainsFunc(model(t, slug).ToVerify, func(d catalogue.Doubt) bool { return d.Subject == subject }) {
			t.Errorf("%s: « %s » is not said to be unsettled", slug, subject)
		}
	}
	for _, slug := range []string{"signalement-voirie", "courrier-maire", "documents-administratifs"} { // rows 30, 31, 33
		doubts(slug, "Pièces manquantes")
	}
	doubts("buvette-temporaire", "Boissons du quatrième groupe outre-mer")
	for _, p := range catalogue.Models() {
		if p.Silence.Effect == calendar.Rejection {
			doubts(p.Slug, "Refus exprès après le silence")
		}
		dua := false
		for _, d := range p.ToVerify {
			dua = dua || strings.Contains(d.Text, "Archives départementales")
			if d.Subject == "" || d.Text == "" {
				t.Errorf("%s: an empty doubt", p.Slug)
			}
		}
		if !dua {
			t.Errorf("%s: the proposed retention is not marked as such", p.Slug)
		}
	}
}

// What must never be asked (law.md §5): an identity card's number for an acte, proof
// of domicile outside R.113-8, certified copies (R.113-10), the Kbis that a SIRET gives.
func TestForbiddenQuestionsAreNotAsked(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)numéro (de|du|d’) ?(la |votre )?(carte|cni|passeport|pièce d’identité)|justificatif de domicile|certifiée? conforme|sécurité sociale|casier|nationalité|profession|situation (de famille|maritale)`)
	for _, p := range catalogue.Models() {
		for _, step := range steps(p) {
			for _, section := range step.Sections {
				for _, f := range section.Fields {
					if forbidden.MatchString(f.Label + " " + f.Help + " " + f.Declaration) {
						t.Errorf("%s asks %q", p.Slug, f.Label)
					}
					if f.Kind == forms.KindFile && regexp.MustCompile(`(?i)kbis|livret de famille`).MatchString(f.Label) {
						t.Errorf("%s asks for the file %q", p.Slug, f.Label)
					}
				}
			}
		}
		for _, piece := range p.Bring {
			if forbidden.MatchString(piece.Label) {
				t.Errorf("%s wants %q", p.Slug, piece.Label)
			}
		}
	}
	acte := model(t, "copie-acte-naissance")
	for _, f := range acte.Form.Privacy() {
		if f.Sensitivity != "" {
			t.Errorf("an acte asks the sensitive %s", f.Label)
		}
	}
}

// Every question that must be answered names the text that requires it, and each says why,
// who receives it and how long it is kept (GDPR art. 5.1.c, 30.1).
func TestEveryFieldIsAccountedFor(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		if p.Form == nil {
			continue
		}
		for _, f := range p.Form.Privacy() {
			if f.Purpose == "" || len(f.Recipients) == 0 || f.Retention == "" || f.Obligatory && f.LegalBasis == "" {
				t.Errorf("%s: %s lacks its register entry", p.Slug, f.Label)
			}
		}
	}
}

// An express or implied decision cannot come from a date field that its event names
// wrongly: the day is read from the answers.
func TestEvents(t *testing.T) {
	t.Parallel()
	for _, row := range table(t, "events.csv") {
		p := model(t, row["slug"])
		received, _ := calendar.ParseDate(row["received"])
		last, _ := calendar.ParseDate(row["last_day"])
		answers := forms.Answers{p.Event.Field: forms.Text(row["event"])}
		if got := p.EventDate(answers).String(); got != row["event"] {
			t.Errorf("%s: event on %s", row["case"], got)
		}
		warnings := strings.Join(p.Warnings(answers, received, last), "\n")
		if late := p.Event.Late != "" && strings.Contains(warnings, p.Event.Late); late != (row["late"] == "yes") {
			t.Errorf("%s: late %v: %s", row["case"], late, warnings)
		}
		if early := p.Event.Early != "" && strings.Contains(warnings, p.Event.Early); early != (row["early"] == "yes") {
			t.Errorf("%s: early %v: %s", row["case"], early, warnings)
		}
		if after := strings.Contains(warnings, "n’attendez pas l’effet du silence"); after != (row["after_silence"] == "yes") {
			t.Errorf("%s: after silence %v: %s", row["case"], after, warnings)
		}
	}
	if w := model(t, "vide-grenier").Warnings(forms.Answers{}, calendar.NewDate(2026, 12, 1), calendar.Date{}); w != nil {
		t.Errorf("without an event: %v", w)
	}
}

var straight = regexp.MustCompile(`[a-zà-ÿ]'[a-zà-ÿ]`)
var loose = regexp.MustCompile(`[^\x{00a0}] ?[;?!»]|[^\x{00a0}\s]:\s| :|«[^\x{00a0}]`)

// Everything that people read is plain, and typeset the French way.
func TestFrenchIsPlainAndTypeset(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("models/*.json")
	if err != nil || len(files) != len(catalogue.Models()) {
		t.Fatalf("%d files for %d models, %v", len(files), len(catalogue.Models()), err)
	}
	jargon := regexp.MustCompile(`(?i)\((e|s|ne)\)|cliquez|cliquer|ci-dessous|ci-joint|veuillez|afin de|\bsusvisé|pétitionnaire|nonobstant|usager|et/ou|dans les meilleurs délais|merci de (bien )?[a-zé]+er\b`)
	for _, name := range files {
		data, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		eachText(tree, "", func(path, text string) {
			if m := jargon.FindString(text); m != "" {
				t.Errorf("%s %s: %q in %q", name, path, m, text)
			}
			if straight.MatchString(text) || loose.MatchString(text) || strings.Contains(text, "  ") {
				t.Errorf("%s %s: typography of %q", name, path, text)
			}
		})
	}
}

// eachText visits the strings of a JSON tree that people read.
func eachText(tree any, path string, visit func(path, text string)) {
	switch v := tree.(type) {
	case map[string]any:
		for key, sub := range v {
			switch key {
			case "id", "pattern", "value", "autocomplete", "redirect", "field", "if":
			default:
				if _, types := sub.([]any); !types || key != "accept" { // of a file; of the letters it is one
					eachText(sub, path+"/"+key, visit)
				}
			}
		}
	case []any:
		for i, sub := range v {
			eachText(sub, path+"/"+strconv.Itoa(i), visit)
		}
	case string:
		visit(path, v)
	}
}

// A sentence that people must understand at once is short.
func TestSentencesAreShort(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		texts := append([]string{p.Summary, p.SilenceText(), p.Alternatives.Counter, p.Alternatives.Phone}, p.Intro...)
		for _, text := range texts {
			for _, sentence := range regexp.MustCompile(`[.?!] `).Split(text, -1) {
				if n := len(strings.Fields(sentence)); n > 45 {
					t.Errorf("%s: %d words: %s", p.Slug, n, sentence)
				}
			}
		}
		if len([]rune(p.Title)) > 60 || len([]rune(p.Summary)) > 110 {
			t.Errorf("%s: title or summary too long", p.Slug)
		}
	}
}

func TestLifeEventsAndServicesCoverTheModels(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, p := range catalogue.Models() {
		used[p.LifeEvent], used[p.Service] = true, true
		if !slices.Contains(catalogue.ServiceNames(), p.Service) {
			t.Errorf("%s: service %s has no place", p.Slug, p.Service)
		}
	}
	for _, e := range catalogue.LifeEvents() {
		if !used[e.Slug] || e.Title == "" || e.Icon == "" {
			t.Errorf("life event %+v is empty", e)
		}
	}
	for _, name := range catalogue.ServiceNames() {
		if !used[name] {
			t.Errorf("service %s has no procedure", name)
		}
	}
}

// A new commune begins with twelve procedures; what else the library holds comes after them.
func TestTheStarterComesFirst(t *testing.T) {
	t.Parallel()
	all, starter := catalogue.Models(), catalogue.Starter()
	if len(starter) != 12 || starter[0].Slug != "copie-acte-naissance" || starter[11].Slug != "documents-administratifs" || !slices.Equal(all[:12], starter) {
		t.Errorf("a new commune begins with %d procedures", len(starter))
	}
}
