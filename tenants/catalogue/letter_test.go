package catalogue_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

var everyOutcome = []catalogue.Outcome{
	catalogue.OutcomeAccept, catalogue.OutcomeRefuse, catalogue.OutcomeAnswer, catalogue.OutcomeRegister, catalogue.OutcomeClose,
	catalogue.OutcomeImplicitAcceptance, catalogue.OutcomeImplicitRejection, catalogue.OutcomeDocuments,
}

func letterFacts(p *catalogue.Procedure) catalogue.LetterFacts {
	f := catalogue.LetterFacts{
		Commune: "Castanet-Tolosan", Applicant: "Aminata Lefèvre", Number: "26-000123",
		ReceivedOn: calendar.NewDate(2026, 12, 1), DecidedOn: calendar.NewDate(2026, 12, 8), LastDay: calendar.NewDate(2027, 2, 1),
		LimitOn: calendar.NewDate(2026, 12, 23), Agent: "Jean Durand, responsable du service", Reasons: "Parce que {{numero}}.",
		Pieces: []catalogue.Piece{{Label: "Un plan coté", LegalBasis: "CGPPP, article L.2122-1", Indispensable: true}}, Answers: map[string]string{},
	}
	if p.Form == nil {
		return f
	}
	for _, field := range p.Form.Privacy() {
		f.Answers[field.FieldID] = "réponse à " + field.FieldID
	}
	return f
}

// Every letter of every model can be written, and no placeholder is left in it.
func TestEveryLetterResolves(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		e := entry(t, p.Slug)
		for _, o := range everyOutcome {
			if _, has := p.Letters[o]; !has {
				if _, err := catalogue.Compose(e, complete(), o, letterFacts(p)); !fault.Is(err, "letter_unknown") {
					t.Errorf("%s %s: %v", p.Slug, o, err)
				}
				continue
			}
			l, err := catalogue.Compose(e, complete(), o, letterFacts(p))
			if err != nil {
				t.Fatalf("%s %s: %v", p.Slug, o, err)
			}
			// What the agent wrote goes in as it is; nothing else keeps a brace.
			if rest := strings.ReplaceAll(l.Subject+l.Body, "Parce que {{numero}}.", ""); strings.ContainsAny(rest, "{}") {
				t.Errorf("%s %s: a placeholder is left:\n%s", p.Slug, o, rest)
			}
			for _, want := range []string{"Castanet-Tolosan, le 8 décembre 2026", "26-000123", "Bonjour Aminata Lefèvre,", "Camille Exemple\nMaire", "Jean Durand"} {
				if !strings.Contains(l.Body, want) {
					t.Errorf("%s %s: no %q", p.Slug, o, want)
				}
			}
			if l.Subject == "" || strings.Contains(l.Body, "\n\n\n") || strings.Contains(l.Body, "  ") {
				t.Errorf("%s %s: untidy letter:\n%s", p.Slug, o, l.Body)
			}
		}
	}
}

// An express refusal names the ways and times of appeal (CJA R.421-5) and its reasons (CRPA L.211-2).
func TestRefusalNamesTheAppeal(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		if _, refuses := p.Letters[catalogue.OutcomeRefuse]; !refuses {
			continue
		}
		e := entry(t, p.Slug)
		l, err := catalogue.Compose(e, complete(), catalogue.OutcomeRefuse, letterFacts(p))
		if err != nil {
			t.Fatal(err)
		}
		want := "Si vous contestez cette décision"
		switch {
		case p.Silence.Code == calendar.Privacy:
			want = "Cnil" // GDPR art. 12.4
		case p.Silence.Code == calendar.Preemption:
			want = "tribunal administratif"
		case p.Route == catalogue.RouteNone && p.Slug != "concession-funeraire": // whose letter names the court itself
			want = "procureur de la République"
		}
		if !strings.Contains(l.Body, want) || !strings.Contains(l.Body, "Parce que") {
			t.Errorf("%s:\n%s", p.Slug, l.Body)
		}
		if p.Route == catalogue.RouteCADA != strings.Contains(l.Body, "CADA") {
			t.Errorf("%s: CADA", p.Slug)
		}
		blank := letterFacts(p)
		blank.Reasons = " \n"
		if _, err := catalogue.Compose(e, complete(), catalogue.OutcomeRefuse, blank); !fault.Is(err, "reasons_required") {
			t.Errorf("%s: a refusal without reasons: %v", p.Slug, err)
		}
		_, err = catalogue.Compose(e, without(complete(), "court"), catalogue.OutcomeRefuse, letterFacts(p))
		if blocked := fault.Is(err, "mentions_missing"); blocked != (p.Route != catalogue.RouteNone) {
			t.Errorf("%s: without a court: %v", p.Slug, err)
		}
	}
}

func TestLetterLeavesOutWhatIsEmpty(t *testing.T) {
	t.Parallel()
	e := entry(t, "pret-materiel")
	f := letterFacts(e.Procedure())
	f.Reasons, f.Applicant, f.Agent = "", "", ""
	f.Answers = map[string]string{"nombre_tables": "10", "manifestation": "la fête du quai"}
	l, err := catalogue.Compose(e, tenants.Settings{Phone: "05 61 00 00 00", Mayor: "Camille Exemple"}, catalogue.OutcomeAccept, f)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(l.Body, "Camille Exemple\nMaire") {
		t.Errorf("the mayor signs what nobody else is named for:\n%s", l.Body)
	}
	if !strings.Contains(l.Body, "- Tables\u00a0: 10") || strings.Contains(l.Body, "Chaises") || !strings.Contains(l.Body, "\n\nBonjour,\n\n") || !strings.Contains(l.Body, "pour la fête du quai") {
		t.Errorf("letter:\n%s", l.Body)
	}
	if _, err := catalogue.Compose(e, complete(), catalogue.OutcomeDocuments, f); err != nil {
		t.Errorf("a notice without a word of the agent: %v", err)
	}
	f.Pieces = nil
	if _, err := catalogue.Compose(e, complete(), catalogue.OutcomeDocuments, f); !fault.Is(err, "pieces_required") {
		t.Errorf("a notice without pieces: %v", err)
	}
}

// The attestation of L.232-3 and the notice of a silent refusal bear the right days: the
// decision is of the last day, and exists from the day after.
func TestImplicitLetters(t *testing.T) {
	t.Parallel()
	e := entry(t, "buvette-temporaire")
	l, err := catalogue.Compose(e, complete(), catalogue.OutcomeImplicitAcceptance, letterFacts(e.Procedure()))
	if err != nil || !strings.Contains(l.Body, "acceptée depuis le 2 février 2027, au terme du délai qui s’achevait le 1er février 2027") || !strings.Contains(l.Body, "L.232-3") {
		t.Errorf("%v\n%s", err, l.Body)
	}
	e = entry(t, "terrasse")
	f := letterFacts(e.Procedure())
	f.AppealLastDay = calendar.NewDate(2027, 4, 2)
	l, err = catalogue.Compose(e, complete(), catalogue.OutcomeImplicitRejection, f)
	if err != nil || !strings.Contains(l.Body, "à compter du 1er février 2027, soit jusqu’au 2 avril 2027 inclus") || !strings.Contains(l.Body, "L.232-4") {
		t.Errorf("%v\n%s", err, l.Body)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for slug, want := range map[string][]catalogue.Outcome{
		"terrasse":           {catalogue.OutcomeAccept, catalogue.OutcomePartial, catalogue.OutcomeRefuse, catalogue.OutcomeClose},
		"vide-grenier":       {catalogue.OutcomeRegister, catalogue.OutcomeClose},
		"signalement-voirie": {catalogue.OutcomeAnswer, catalogue.OutcomeRefuse, catalogue.OutcomeClose},
		"courrier-maire":     {catalogue.OutcomeAnswer, catalogue.OutcomeRefuse, catalogue.OutcomeClose},
	} {
		if got := model(t, slug).Outcomes(); !slices.Equal(got, want) {
			t.Errorf("%s: %v", slug, got)
		}
	}
}

// Check objects to what the law forbids to publish, and says where.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*catalogue.Procedure)
		path   string
	}{
		"a piece without a text":        {func(p *catalogue.Procedure) { p.Bring[0].LegalBasis = "" }, "bring/0/legal_basis"},
		"a piece that is no file":       {func(p *catalogue.Procedure) { p.Bring[0].Field = "enseigne" }, "bring/0/field"},
		"silence without months":        {func(p *catalogue.Procedure) { p.Silence.Months = 0 }, "silence"},
		"silence without its article":   {func(p *catalogue.Procedure) { p.Silence.Source = "" }, "silence/source"},
		"a rejection without appeal":    {func(p *catalogue.Procedure) { p.Route = catalogue.RouteNone }, "route"},
		"a declaration that is refused": {func(p *catalogue.Procedure) { p.Kind = catalogue.KindDeclaration }, "silence/effect"},
		"the screen as the only way":    {func(p *catalogue.Procedure) { p.Alternatives.Phone = "" }, "alternatives"},
		"no implied rejection's letter": {func(p *catalogue.Procedure) { delete(p.Letters, catalogue.OutcomeImplicitRejection) }, "letters/implicit_rejection"},
		"a refusal that hides the appeal": {func(p *catalogue.Procedure) {
			p.Letters[catalogue.OutcomeRefuse] = catalogue.Letter{Subject: "Non", Body: []string{"{{motifs}}"}}
		}, "letters/refuse"},
		"an unknown placeholder": {func(p *catalogue.Procedure) {
			p.Letters[catalogue.OutcomeAccept] = catalogue.Letter{Subject: "Oui", Body: []string{"Bien.", "{{reponse.inconnu}}"}}
		}, "letters/accept/body/1"},
		"a broken placeholder": {func(p *catalogue.Procedure) {
			p.Letters[catalogue.OutcomeAccept] = catalogue.Letter{Subject: "Oui", Body: []string{"{{ Numéro }}"}}
		}, "letters/accept/body/0"},
		"an unknown outcome":       {func(p *catalogue.Procedure) { p.Letters["shrug"] = catalogue.Letter{Subject: "?", Body: []string{"?"}} }, "letters/shrug"},
		"consent as a basis":       {func(p *catalogue.Procedure) { p.Notice.Basis = "6.1.a" }, "notice/basis"},
		"no form":                  {func(p *catalogue.Procedure) { p.Form = nil; p.Event = nil; p.Bring = nil }, "form"},
		"a form and another place": {func(p *catalogue.Procedure) { p.Redirect = "https://www.service-public.fr" }, "form"},
		"an unsafe other place":    {func(p *catalogue.Procedure) { p.Redirect = "http://example.fr" }, "redirect"},
		"an event that is no date": {func(p *catalogue.Procedure) { p.Event.Field = "enseigne" }, "event/field"},
		"an unknown group":         {func(p *catalogue.Procedure) { p.LifeEvent = "ailleurs" }, "life_event"},
		"a hostile slug":           {func(p *catalogue.Procedure) { p.Slug = "../terrasse" }, "slug"},
	}
	for name, c := range cases {
		p, err := model(t, "terrasse").Copy()
		if err != nil {
			t.Fatal(err)
		}
		c.change(p)
		if !slices.ContainsFunc(p.Check(), func(problem forms.Problem) bool { return problem.Path == c.path && problem.Message != "" }) {
			t.Errorf("%s: %v", name, p.Check())
		}
	}
}

func TestParseIsStrict(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{
		``:                               "procedure_unreadable",
		`{`:                              "procedure_unreadable",
		`{"format":1,"surprise":true}`:   "procedure_unreadable",
		`{"format":1}{}`:                 "procedure_unreadable",
		`{"format":2}`:                   "procedure_format",
		`{"format":1,"form":{"oops":1}}`: "form_unreadable",
	} {
		if _, err := catalogue.ParseProcedure([]byte(text)); !fault.Is(err, code) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := catalogue.ParseProcedure(make([]byte, 600<<10)); !fault.Is(err, "procedure_too_large") {
		t.Errorf("too large: %v", err)
	}
}

func FuzzParseProcedure(f *testing.F) {
	f.Add([]byte(`{"format":1,"slug":"x","letters":{"accept":{"subject":"{{numero}}","body":["{{"]}}}`))
	f.Add([]byte(`{"format":1,"form":{"version":1,"steps":[]},"event":{"field":"x"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := catalogue.ParseProcedure(data)
		if err != nil {
			return
		}
		_ = p.Check()
		again, err := p.Copy()
		if err != nil || again.Checksum() != p.Checksum() {
			t.Fatalf("what was read is not written the same: %v", err)
		}
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	var all []catalogue.Entry
	for _, p := range catalogue.Models() {
		all = append(all, entry(t, p.Slug))
	}
	for q, want := range map[string]string{
		"cantine": "cantine", "ÉCOLE": "inscription-scolaire", "acte de naissance": "copie-acte-naissance", "actes naissances": "copie-acte-naissance",
		"nid de poule": "signalement-voirie", "lampadaires": "signalement-voirie", "vide greniers": "vide-grenier", "brocante": "vide-grenier",
		"bar": "buvette-temporaire", "je veux une salle": "salle-association", "subvention": "subvention-association", "chaises": "pret-materiel",
		"réclamation": "courrier-maire", "cada": "documents-administratifs", "tranchee": "permission-voirie", "terrase": "", "café": "terrasse", "xyz": "",
		"déménagement": "arrete-circulation", "licence IV": "licence-debit-boissons", "matelas": "encombrants", "hlm": "logement-social", "airbnb": "meuble-tourisme",
		"pitbull": "chien-categorise", "clôture": "declaration-prealable", "construire une maison": "permis-maison-individuelle", "lotissement": "permis-amenager",
		"démolir": "permis-demolir", "préemption": "declaration-intention-aliener", "accessibilité": "travaux-erp", "taxi": "taxi", "rgpd": "droits-rgpd",
		"stage": "emploi-stage", "contester un permis": "recours-gracieux-urbanisme", "recours gracieux": "recours-gracieux", "salle mariage": "salle-particulier",
	} {
		got := ""
		if found := catalogue.Search(all, q); len(found) > 0 {
			got = found[0].Slug
		}
		if got != want {
			t.Errorf("%q finds %q, not %q", q, got, want)
		}
	}
	if got := catalogue.Search(all, "  "); len(got) != len(all) {
		t.Errorf("an empty question gives %d", len(got))
	}
	if got := catalogue.Search(all, strings.Repeat("é", 5000)); len(got) != 0 {
		t.Errorf("noise gives %d", len(got))
	}
}

// Each letter of each model can be worded anew, and shown to whoever words it.
func TestEveryWordingHasItsSample(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		e := entry(t, p.Slug)
		for _, o := range p.Wordings() {
			l, ok := e.Wording(o)
			own, err := p.Reword(o, l)
			if !ok || err != nil {
				t.Errorf("%s %s: %v", p.Slug, o, err)
				continue
			}
			s, err := catalogue.Sample(entry(t, p.Slug).With(catalogue.Version{Procedure: own}), complete(), o, "Castanet-Tolosan", calendar.NewDate(2026, 12, 8))
			if err != nil || strings.ContainsAny(s.Subject+s.Body, "{}") {
				t.Errorf("%s %s: %v\n%s", p.Slug, o, err, s.Body)
			}
			if _, err := p.Reword(o, catalogue.Letter{Subject: "{{lune}}", Body: l.Body}); !fault.Is(err, "letter_invalid") || fault.Of(err).Fields[0].Path != "letters/"+string(o)+"/subject" {
				t.Errorf("%s %s: an unknown name: %v", p.Slug, o, err)
			}
		}
	}
}

// Whoever asked the town to think again is not told to ask once more: it would interrupt
// nothing (CRPA L.411-2), and in planning the first one did not either (C. urb. L.600-12-2).
func TestAReviewIsNotReviewedAgain(t *testing.T) {
	t.Parallel()
	last, appeal := calendar.NewDate(2027, 2, 1), calendar.NewDate(2027, 4, 2)
	for slug, want := range map[string][]string{
		"recours-gracieux":           {"à compter du 1er février 2027, soit jusqu’au 2 avril 2027 inclus", "n’interromprait pas ce délai"},
		"recours-gracieux-urbanisme": {"n’a pas prolongé le délai", "deux mois depuis la notification de la décision d’urbanisme", "jusqu’au 2 avril 2027 inclus d’après la date que vous avez donnée"},
	} {
		text := strings.Join(catalogue.AppealFor(entry(t, slug), complete()).Paragraphs(false, last, appeal), "\n")
		for _, part := range append(want, "Tribunal administratif de Toulouse", "deux mois", "Défenseur des droits") {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %q in\n%s", slug, part, text)
			}
		}
		if strings.Contains(text, "nous demander de revoir") {
			t.Errorf("%s:\n%s", slug, text)
		}
	}
}
