package catalogue_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// complete is what a commune has set when nothing is missing.
func complete() tenants.Settings {
	return tenants.Settings{
		PostalAddress: "Mairie\n1 place de la Mairie\n31320 Castanet-Tolosan", Email: "mairie@castanet.example.fr", Phone: "05 61 00 00 00",
		OpeningHours: "Lundi : 9 h – 12 h\nMardi : 9 h – 12 h", Mayor: "Camille Exemple", SignatoryName: "Camille Exemple", SignatoryTitle: "Maire",
		Court: tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond-IV\n31000 Toulouse"},
		DPO:   tenants.DPO{Name: "Alix Protection", Email: "dpo@sicoval.example.fr"},
	}
}

func without(s tenants.Settings, what string) tenants.Settings {
	for _, w := range strings.Fields(what) {
		switch w {
		case "court":
			s.Court = tenants.Court{}
		case "court_address":
			s.Court.PostalAddress = ""
		case "postal":
			s.PostalAddress = ""
		case "email":
			s.Email = ""
		case "phone":
			s.Phone = ""
		}
	}
	return s
}

// entry makes an installed procedure of a model; "information" is a simple question,
// as an e-mail that asks for the opening hours (M3).
func entry(t *testing.T, slug string) catalogue.Entry {
	t.Helper()
	service := tenants.Service{Name: "Accueil"}
	if slug == "information" {
		p, err := model(t, "courrier-maire").Copy()
		if err != nil {
			t.Fatal(err)
		}
		p.Kind, p.Silence, p.Route = catalogue.KindInformation, calendar.Rule{Effect: calendar.None}, catalogue.RouteNone
		return catalogue.Entry{Slug: slug, Service: service, Version: catalogue.Version{Procedure: p}}
	}
	p := model(t, slug)
	service.Name = p.Service
	return catalogue.Entry{Slug: slug, Service: service, Version: catalogue.Version{Procedure: p}}
}

func facts(p *catalogue.Procedure, channel string) catalogue.Facts {
	f := catalogue.Facts{Channel: channel, ReceivedOn: calendar.NewDate(2026, 12, 1)}
	if p.Silence.Effect.Decides() {
		f.LastDay = f.ReceivedOn.AddMonths(p.Silence.Months)
	}
	return f
}

func codes(missing []catalogue.MissingMention) string {
	var out []string
	for _, m := range missing {
		out = append(out, m.Code)
	}
	return strings.Join(out, " ")
}

// text joins what a receipt says.
func text(paragraphs []catalogue.Paragraph) string {
	var b strings.Builder
	for _, p := range paragraphs {
		b.WriteString(p.Title + "\n" + strings.Join(p.Text, "\n") + "\n" + strings.Join(p.Items, "\n") + "\n")
	}
	return b.String()
}

func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	for _, row := range table(t, "acknowledgement.csv") {
		e := entry(t, row["slug"])
		f := facts(e.Procedure(), row["channel"])
		f.Payment, f.Abusive = row["payment"] == "yes", row["abusive"] == "yes"
		m := catalogue.ReceiptMentions(e, complete(), f)
		if string(m.Regime) != row["regime"] || m.Due != (row["due"] == "yes") || m.Exemption != row["exemption"] {
			t.Errorf("%s: %s due %v exempt %q", row["case"], m.Regime, m.Due, m.Exemption)
		}
		if got := m.Silence.Decides(); got != (row["silence_mention"] == "yes") {
			t.Errorf("%s: silence mention %v", row["case"], got)
		}
		if m.Due && !m.Complete() {
			t.Errorf("%s: lacks %s", row["case"], codes(m.Lacking()))
		}
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	for _, row := range table(t, "mentions.csv") {
		e := entry(t, row["slug"])
		s := without(complete(), row["without"])
		m := catalogue.ReceiptMentions(e, s, facts(e.Procedure(), row["channel"]))
		if m.Attestation != (row["attestation"] == "yes") || (m.Appeal != nil) != (row["appeal"] == "yes") || m.SubjectToCompleteness != (row["completeness"] == "yes") {
			t.Errorf("%s: attestation %v, appeal %v, subject to completeness %v", row["case"], m.Attestation, m.Appeal != nil, m.SubjectToCompleteness)
		}
		if got := codes(m.Lacking()); got != row["lacking"] || m.Complete() != (row["lacking"] == "") {
			t.Errorf("%s: lacks %q, not %q", row["case"], got, row["lacking"])
		}
	}
}

// What a receipt says follows the mentions: an acceptance speaks of the attestation
// and of no court, a rejection the other way round, a declaration of neither.
func TestReceiptText(t *testing.T) {
	t.Parallel()
	cases := []struct {
		slug, channel    string
		contains, avoids []string
	}{
		{"buvette-temporaire", "web", []string{"mardi 1er décembre 2026", "lundi 1er février 2027", "sera acceptée, sous réserve que la demande soit complète", "L.232-3", "05 61 00 00 00", "L.231-1"}, []string{"tribunal", "considérée comme refusée"}},
		{"terrasse", "web", []string{"sera considérée comme refusée, sous réserve", "Tribunal administratif de Toulouse, 68 rue Raymond-IV, 31000 Toulouse", "à compter du 1er février 2027", "R.421-1", "L.411-2", "Défenseur des droits", "telerecours"}, []string{"L.232-3", "CADA"}},
		{"terrasse", "post", []string{"sera considérée comme refusée\u00a0:"}, []string{"sous réserve"}},
		{"documents-administratifs", "web", []string{"1er janvier 2027", "d’abord saisir la CADA", "R.343-1", "L.342-1", "Tribunal administratif de Toulouse"}, []string{"recours gracieux"}},
		{"copie-acte-naissance", "web", []string{"État civil", "05 61 00 00 00"}, []string{"tribunal", "silence", "acceptée"}},
		{"vide-grenier", "web", []string{"votre déclaration", "Vie associative"}, []string{"tribunal", "silence"}},
		{"signalement-voirie", "web", []string{"votre signalement", "considéré comme refusé"}, nil},
	}
	for _, c := range cases {
		e := entry(t, c.slug)
		got := text(catalogue.ReceiptMentions(e, complete(), facts(e.Procedure(), c.channel)).Paragraphs())
		for _, want := range c.contains {
			if !strings.Contains(got, want) {
				t.Errorf("%s %s: no %q in\n%s", c.slug, c.channel, want, got)
			}
		}
		for _, never := range c.avoids {
			if strings.Contains(strings.ToLower(got), strings.ToLower(never)) {
				t.Errorf("%s %s: %q in\n%s", c.slug, c.channel, never, got)
			}
		}
		for line := range strings.Lines(got) {
			if loose.MatchString(strings.ReplaceAll(line, "https:", "")) && !strings.Contains(line, " h – ") || straight.MatchString(line) {
				t.Errorf("%s: typography of %q", c.slug, line)
			}
		}
	}
}

// L.114-5: an acceptance has no date while pieces are awaited; a rejection has one, counted anew.
func TestIncompleteReceipt(t *testing.T) {
	t.Parallel()
	e := entry(t, "buvette-temporaire")
	f := facts(e.Procedure(), "web")
	f.LastDay = calendar.Date{}
	if got := codes(catalogue.ReceiptMentions(e, complete(), f).Lacking()); got != "last_day" {
		t.Errorf("an acceptance without a date lacks %q", got)
	}
	f.Incomplete = &catalogue.Incomplete{Pieces: []catalogue.Piece{{Label: "Les statuts", LegalBasis: "CSP, article L.3334-2"}}, Limit: calendar.NewDate(2026, 12, 20)}
	m := catalogue.ReceiptMentions(e, complete(), f)
	got := text(m.Paragraphs())
	if !m.Complete() || !strings.Contains(got, "Les statuts (CSP, article L.3334-2)") || !strings.Contains(got, "deux mois après la réception de toutes les pièces") {
		t.Errorf("lacks %q:\n%s", codes(m.Lacking()), got)
	}
	f.Incomplete = &catalogue.Incomplete{}
	if got := codes(catalogue.ReceiptMentions(e, complete(), f).Lacking()); got != "incomplete" {
		t.Errorf("a notice without pieces lacks %q", got)
	}
}

func TestRegistrationNoticeNeedsItsDateAlone(t *testing.T) {
	t.Parallel()
	m := catalogue.RegistrationMentions(calendar.NewDate(2026, 10, 30))
	if !m.Complete() || len(m.Paragraphs()) != 1 || !strings.Contains(text(m.Paragraphs()), "vendredi 30 octobre 2026") {
		t.Errorf("%v %q", m.Lacking(), text(m.Paragraphs()))
	}
	if catalogue.RegistrationMentions(calendar.Date{}).Complete() {
		t.Error("complete without a date")
	}
}

func TestMissingBlocksOpening(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		e := entry(t, p.Slug)
		if got := catalogue.Missing(complete(), e); len(got) > 0 {
			t.Errorf("%s: complete settings lack %s", p.Slug, codes(got))
		}
		if got := catalogue.Advice(complete(), e); len(got) > 0 {
			t.Errorf("%s: complete settings want %s", p.Slug, codes(got))
		}
		nothing := codes(catalogue.Missing(tenants.Settings{}, e))
		want := "service_phone service_address controller_contact dpo_contact"
		if p.Silence.Effect == calendar.Rejection {
			want = "service_phone service_address court_name court_address controller_contact dpo_contact"
		}
		if nothing != want {
			t.Errorf("%s: empty settings lack %q", p.Slug, nothing)
		}
	}
	e := entry(t, "cantine")
	e.Service = tenants.Service{Name: "Scolaire", Phone: "05 61 11 11 11", Email: "ecole@castanet.example.fr"}
	s := complete()
	s.Phone, s.Email, s.PostalAddress = "", "", "1 place de la Mairie"
	if got := catalogue.Missing(s, e); len(got) > 0 {
		t.Errorf("the service's own contacts do not count: %s", codes(got))
	}
	if c := catalogue.ContactFor(e, s); c.Phone != "05 61 11 11 11" || c.PostalAddress != "1 place de la Mairie" {
		t.Errorf("contact %+v", c)
	}
}

func TestNoticeAndAlternatives(t *testing.T) {
	t.Parallel()
	for _, p := range catalogue.Models() {
		e := entry(t, p.Slug)
		notice := text(catalogue.NoticeFor(e, complete(), "Commune de Castanet-Tolosan"))
		for _, want := range []string{"Camille Exemple", "Alix Protection, dpo@sicoval.example.fr", p.Notice.Purpose, "RGPD, article\u00a0" + p.Notice.Basis, p.Notice.Retention, p.Notice.Consequence, "Cnil"} {
			if !strings.Contains(notice, want) {
				t.Errorf("%s: the notice lacks %q", p.Slug, want)
			}
		}
		if opposes := strings.Contains(notice, "vous opposer"); opposes != (p.Notice.Basis == "6.1.e") {
			t.Errorf("%s: right to object %v under %s", p.Slug, opposes, p.Notice.Basis)
		}
		ways := catalogue.AlternativesFor(e, complete())
		if len(ways) != 3 || ways[0].Value != "05 61 00 00 00" || len(ways[1].Lines) != 2 {
			t.Errorf("%s: %+v", p.Slug, ways)
		}
		if len(catalogue.AlternativesFor(e, tenants.Settings{})) != 0 {
			t.Errorf("%s: a way without a contact", p.Slug)
		}
	}
}

// Electronically a person is identified by name, postal and e-mail address (R.112-9-1);
// nobody at a counter needs an e-mail address, and a pothole needs nobody.
func TestApplicantFields(t *testing.T) {
	t.Parallel()
	required := func(slug, channel string) string {
		var names []string
		for _, f := range model(t, slug).ApplicantFields(channel) {
			if !f.Optional {
				names = append(names, f.Name)
			}
			if f.Optional == (f.LegalBasis != "") || f.Purpose == "" || f.Label == "" {
				t.Errorf("%s %s: %+v", slug, channel, f)
			}
		}
		return strings.Join(names, " ")
	}
	if got := required("terrasse", "web"); got != "given_name family_name email postal_address" {
		t.Errorf("web: %s", got)
	}
	if got := required("terrasse", "counter"); got != "given_name family_name postal_address" {
		t.Errorf("counter: %s", got)
	}
	if got := required("signalement-voirie", "web"); got != "" {
		t.Errorf("report: %s", got)
	}
}
