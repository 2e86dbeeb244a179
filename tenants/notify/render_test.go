package notify_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/branding"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

var (
	castanet = tenants.Tenant{ID: 7, INSEE: "31113", Name: "Castanet-Tolosan", Colour: "#1f6b5c"}
	town     = tenants.Settings{PostalAddress: "29 avenue de Toulouse\n31320 Castanet-Tolosan", Phone: "05 61 71 89 89", Email: "mairie@castanet.example"}
	monday   = calendar.NewDate(2026, time.November, 23)
)

// personal is what must stand in no subject: names, addresses, codes, procedures.
var personal = []string{"Camille", "Durand", "Nour", "ABCD-EFGH-JKMN", "427199", "Buvette", "Objet secret", "Corps"}

func mentions() []notify.Paragraph {
	return []notify.Paragraph{
		{Title: "Réception", Text: []string{"Reçue le lundi 23 novembre 2026."}},
		{Title: "Service chargé de votre demande", Text: []string{"Service état civil\n29 avenue de Toulouse", "05 61 71 89 89"}},
		{Title: "Sans réponse de notre part", Text: []string{"Votre demande sera acceptée."}, Items: []string{"Première pièce", "Seconde pièce"}},
		{Text: []string{"Sous réserve que la demande soit complète."}},
	}
}

// every gives each kind of mail with data in each field.
func every() map[string]notify.Data {
	at := time.Date(2026, 11, 23, 10, 4, 0, 0, time.FixedZone("", 3600))
	letter := func(kind string) notify.Data {
		return notify.Letter{Kind: kind, Number: "26-000123", Title: "Buvette", Applicant: "Camille Durand", Subject: "Objet secret", Body: "Corps un,\nsuite\n\nCorps deux", Path: "/demandes/26-000123"}
	}
	receipt := notify.Receipt{
		Electronic: true, Number: "26-000123", TrackingCode: "ABCD-EFGH-JKMN", Title: "Buvette", Applicant: "Camille Durand", OnBehalfOf: "Nour Durand",
		ReceivedOn: monday, ReceivedAt: at, Mentions: mentions(), Warnings: []string{"Votre fête a lieu avant la fin du délai."}, Path: "/suivi?numero=26-000123",
	}
	paper, declared, document := receipt, receipt, receipt
	paper.Electronic, declared.Declaration, document.Document = false, true, true
	lines := []notify.DigestLine{{Number: "26-000123", Title: "Buvette", DueOn: monday, Path: "/agents?demande=26-000123"}, {Number: "26-000124", Title: "Terrasse", Path: "/agents?demande=26-000124"}}
	mail := func(purpose string) notify.Data {
		return notify.CourierMail{Purpose: purpose, Code: "427199", Path: "/mot-de-passe", Minutes: 15}
	}
	return map[string]notify.Data{
		"receipt": receipt, "receipt on paper": paper, "receipt of a declaration": declared, "receipt of a document": document,
		"registration":    notify.Registration{Number: "26-000123", TrackingCode: "ABCD-EFGH-JKMN", Title: "Buvette", Applicant: "Camille Durand", ReceivedOn: monday, ReceivedAt: at, Path: "/suivi"},
		"opening code":    notify.OpeningCode{Commune: "Castanet-Tolosan", Applicant: "Camille Durand", Position: "secrétaire générale", Email: "camille@castanet.example", Code: "42719900", Minutes: 15},
		"opening asked":   notify.OpeningAsked{Commune: "Castanet-Tolosan", Path: "/ouvertures"},
		"opening refused": notify.OpeningRefused{Applicant: "Camille Durand", Commune: "Castanet-Tolosan", By: "Le Sicoval", Reason: "Corps", Path: "/ouvrir"},
		"trial":           notify.TrialEnding{Agent: "Camille Durand", EndsOn: monday, ClosesOn: monday.AddDays(30), Path: "/agents/reglages"},
		"trial over":      notify.TrialEnding{Agent: "Camille Durand", EndsOn: monday, ClosesOn: monday.AddDays(30), Over: true, Path: "/agents/reglages"},
		"message":         notify.CitizenMessage{Number: "26-000123", Title: "Buvette", Applicant: "Camille Durand", Author: "Nour Alami", AuthorTitle: "Instructrice", Service: "Vie associative", Body: "Corps un\n\nCorps deux", Path: "/demandes/26-000123"},
		"documents":       letter(notify.LetterDocuments), "decision": letter(notify.LetterDecision), "implicit": letter(notify.LetterImplicit),
		"complete": letter(notify.LetterComplete), "new date": letter(notify.LetterNewDate), "suspended": letter(notify.LetterSuspended), "resumed": letter(notify.LetterResumed), "regularise": letter(notify.LetterRegularise), "hearing": letter(notify.LetterHearing), "attestation": letter(notify.LetterAttestation),
		"reasons": letter(notify.LetterReasons), "posted": notify.DecisionPosted{Number: "26-000123", Title: "Buvette", Applicant: "Camille Durand", DecidedOn: monday, Binds: true, Path: "/demandes/26-000123"},
		"transmitted": notify.Transmitted{Number: "26-000123", Title: "Buvette", Applicant: "Camille Durand", To: "Communauté d’agglomération du Sicoval", Address: "65 rue du Chêne Vert\n31670 Labège", Email: "dechets@sicoval.example", Phone: "05 62 00 00 00",
			There: "26-000012", FirstReceivedOn: monday, ReceivedOn: monday.AddDays(2), Reason: "La collecte est à elle.", Rule: "Sans réponse de sa part…", Receipt: true, Path: "/demandes/26-000123"},
		"transmission file": notify.TransmissionFile{Number: "26-000123", Title: "Buvette", To: "Préfecture de la Haute-Garonne", Reason: "Compétence du préfet.", Code: "ABCD-EFGH-JKMN", FirstReceivedOn: monday, Until: monday.AddDays(30), Path: "/transmissions/x"},
		"step":              notify.StepNews{Number: "26-000123", Subject: "Votre dossier avance", Body: "Corps un\n\nCorps deux", Path: "/demandes/26-000123", Citizen: true},
		"step inside":       notify.StepNews{Number: "26-000123", Subject: "Un dossier à valider", Body: "Corps", Path: "/agents/demandes/26-000123"},
		"opinion":           notify.OpinionAsked{Number: "26-000123", Title: "Buvette", Service: "Vie associative", Body: "Corps", DueOn: monday, Path: "/agents/demandes/26-000123#avis"},
		"opinion outside":   notify.OpinionAsked{Number: "26-000123", Title: "Buvette", Body: "Corps", Outside: true, Path: "/agents/demandes/26-000123#avis"},
		"closed":            notify.Closed{Number: "26-000123", Title: "Buvette", Applicant: "Camille Durand", Path: "/demandes/26-000123"},
		"digest":            notify.AgentDigest{Agent: "Nour Alami", Day: monday, Late: lines, Due: lines, Fresh: lines, Lapsed: lines[:1], Unnotified: lines[:1], LateCount: 14, DueCount: 3, FreshCount: 2, Path: "/agents"},
		"support asked":     notify.SupportNotice{Agent: "Nour Alami", Step: "asked", Admin: "Hélène Garrigues", Hub: "Sicoval", Commune: "Castanet-Tolosan", Reason: "Une liste incomplète", Hours: 2, Path: "/agents/assistance"},
		"support granted":   notify.SupportNotice{Agent: "Hélène Garrigues", Step: "granted", Admin: "Hélène Garrigues", Hub: "Sicoval", Commune: "Castanet-Tolosan", Reason: "Une liste incomplète", Until: "15 h 04", By: "Nour Alami"},
		"support refused":   notify.SupportNotice{Agent: "Nour Alami", Step: "refused", Admin: "Hélène Garrigues", Hub: "Sicoval", By: "Nour Alami", Path: "/agents/assistance"},
		"support ended":     notify.SupportNotice{Agent: "Nour Alami", Step: "ended", Admin: "Hélène Garrigues", Hub: "Sicoval", Commune: "Castanet-Tolosan", Path: "/agents/assistance"},
		"invited":           notify.AgentInvited{Agent: "Nour Alami", Path: "/agents/mot-de-passe"},
		"domain lost":       notify.DomainWarning{Kind: "lost_dns", Agent: "Nour Alami", Host: "demarches.mairie-x.fr", Path: "/agents/reglages/adresse"},
		"domain given up":   notify.DomainWarning{Kind: "given_up", Agent: "Nour Alami", Host: "demarches.mairie-x.fr", Path: "/agents/reglages/adresse"},
		"domain expiring":   notify.DomainWarning{Kind: "expiring", Agent: "Nour Alami", Host: "demarches.mairie-x.fr", EndsOn: monday, Path: "/agents/reglages/adresse"},
		"source warned":     notify.SourceWarning{Count: 400, Day: monday},
		"resume":            notify.ResumeCode{Title: "Buvette", Code: "ABCD-EFGH-JKMN", ExpiresOn: monday, Path: "/reprendre"},
		"registration code": mail("registration"), "verification code": mail("verification"), "recovery code": mail("recovery"),
		"invitation": mail("invitation"), "account exists": mail("already_registered"),
	}
}

func render(t *testing.T, d notify.Data) (notify.Rendered, *html.Node) {
	t.Helper()
	r, err := notify.Render(castanet, town, d)
	if err != nil {
		t.Fatal(err)
	}
	return r, parse(t, r.HTML)
}

func parse(t *testing.T, page string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func all(doc *html.Node, selector string) []*html.Node {
	return cascadia.QueryAll(doc, cascadia.MustCompile(selector))
}

func words(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestEveryTemplateIsRenderedByATest(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"layout": true}
	for _, d := range every() {
		used[notify.TemplateOf(d)] = true
	}
	for _, d := range everySMS() {
		used[notify.TemplateOf(d)] = true
	}
	entries, err := fs.ReadDir(os.DirFS("templates"), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name, _, _ := strings.Cut(e.Name(), ".")
		if !used[name] {
			t.Errorf("no data renders %s", e.Name())
		}
	}
}

func TestEveryMailIsAccessibleAndWhole(t *testing.T) {
	t.Parallel()
	for name, d := range every() {
		r, doc := render(t, d)
		if r.Subject == "" || len([]rune(r.Subject)) > 70 || strings.ContainsAny(r.Subject, "\r\n") {
			t.Errorf("%s: subject %q", name, r.Subject)
		}
		for _, p := range personal {
			if strings.Contains(r.Subject, p) {
				t.Errorf("%s: the subject holds %q", name, p)
			}
		}
		for _, selector := range []string{`html[lang="fr"]`, `head > title`, `meta[name="color-scheme"]`, `body > div[lang="fr"][role="article"][aria-label]`, "h1", `.foot`} {
			if n := len(all(doc, selector)); n != 1 {
				t.Errorf("%s: %d × %s", name, n, selector)
			}
		}
		if title := words(all(doc, "title")[0]); strings.ReplaceAll(title, "\u00a0", " ") != strings.ReplaceAll(r.Subject, "\u00a0", " ") {
			t.Errorf("%s: title %q, subject %q", name, title, r.Subject)
		}
		for _, selector := range []string{"table", "img:not(.logo)", "img:not([alt=''])", "img:not([src^='cid:'])", "script", "link", "iframe", "form", "[onclick]", "[style*=url]"} {
			if n := len(all(doc, selector)); n != 0 {
				t.Errorf("%s: %d × %s", name, n, selector)
			}
		}
		if got := words(all(doc, ".head")[0]); got != "Mairie de Castanet-Tolosan" {
			t.Errorf("%s: headed %q", name, got)
		}
		for _, a := range all(doc, "a") {
			if href := attribute(a, "href"); !strings.HasPrefix(href, "https://commune.parvis.invalid/") && href != "mailto:mairie@castanet.example" || words(a) == "" {
				t.Errorf("%s: link %q to %q", name, words(a), href)
			}
		}
		if strings.Contains(r.Text, "<") || strings.Contains(r.Text, "\n\n\n") || strings.Contains(r.Text, "&#") || strings.Contains(r.Text, "ZgotmplZ") || strings.Contains(r.HTML, "ZgotmplZ") {
			t.Errorf("%s: the text is not plain:\n%s", name, r.Text)
		}
		sameWords(t, name, r, doc)
	}
}

// sameWords holds that the text part says all that the HTML says.
func sameWords(t *testing.T, name string, r notify.Rendered, doc *html.Node) {
	t.Helper()
	text := strings.Join(strings.Fields(r.Text), " ")
	for _, n := range all(doc, "p, li, dd, h1, h2") {
		if len(all(n, "br, a, strong")) > 0 {
			continue // their parts stand on lines of their own
		}
		if said := words(n); !strings.Contains(text, said) && !strings.Contains(text, strings.TrimSuffix(said, ",")) {
			t.Errorf("%s: the text part lacks %q", name, said)
		}
	}
	for _, a := range all(doc, "a.button, li a") {
		if !strings.Contains(r.Text, attribute(a, "href")) {
			t.Errorf("%s: the text part lacks the link %q", name, attribute(a, "href"))
		}
	}
}

func TestAReceiptPrintsEveryMentionInOrder(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"receipt", "receipt on paper", "receipt of a declaration", "receipt of a document"} {
		r, doc := render(t, every()[kind])
		page := words(doc)
		for form, text := range map[string]string{"text": strings.Join(strings.Fields(r.Text), " "), "page": page} {
			at := 0
			for _, want := range []string{
				"Réception", "Reçue le lundi 23 novembre 2026.", "Service chargé de votre demande", "Service état civil", "29 avenue de Toulouse", "05 61 71 89 89",
				"Sans réponse de notre part", "Votre demande sera acceptée.", "Première pièce", "Seconde pièce", "Sous réserve que la demande soit complète.",
			} {
				i := strings.Index(text[at:], want)
				if i < 0 {
					t.Fatalf("%s, %s: %q is missing or out of order:\n%s", kind, form, want, text)
				}
				at += i + len(want)
			}
			for _, want := range []string{"26-000123", "ABCD-EFGH-JKMN", "Buvette", "Camille Durand", "Nour Durand", "lundi 23 novembre 2026 à 10 h 04", "Votre fête a lieu avant la fin du délai."} {
				if !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), want) {
					t.Errorf("%s, %s lacks %q", kind, form, want)
				}
			}
		}
	}
	headings := map[string]string{
		"receipt": "Accusé de réception électronique", "receipt on paper": "Accusé de réception", "receipt of a declaration": "Accusé de réception de votre déclaration",
		"receipt of a document": "Accusé de réception de votre document",
		"registration":          "Accusé d’enregistrement électronique",
	}
	for kind, want := range headings {
		_, doc := render(t, every()[kind])
		if got := words(all(doc, "h1")[0]); got != want {
			t.Errorf("%s is headed %q, want %q", kind, got, want)
		}
	}
}

func TestTheHourIsPrintedOnTheDayOfReceptionAlone(t *testing.T) {
	t.Parallel()
	d := every()["registration"].(notify.Registration)
	d.ReceivedOn = monday.AddDays(-3) // a letter that lay over the weekend
	r, _ := render(t, d)
	if !strings.Contains(r.Text, "vendredi 20 novembre 2026\n") {
		t.Errorf("the day of reception is wrong:\n%s", r.Text)
	}
}

func TestAPlaceholderSurvivesAsItIs(t *testing.T) {
	t.Parallel()
	mark := "N0196f2c4a5b07d3e8f90a1b2c3d4e5f6N"
	d := every()["receipt"].(notify.Receipt)
	d.Number, d.Path = mark, "/suivi?numero="+mark
	marked, _ := render(t, d)
	d.Number, d.Path = "26-000123", "/suivi?numero=26-000123"
	plain, _ := render(t, d)
	swap := strings.NewReplacer(mark, "26-000123")
	if swap.Replace(marked.Text) != plain.Text || swap.Replace(marked.HTML) != plain.HTML || swap.Replace(marked.Subject) != plain.Subject {
		t.Error("a number put in afterwards gives another message")
	}
}

func TestWhatPeopleWriteStaysText(t *testing.T) {
	t.Parallel()
	evil := `<script>alert(1)</script><img src=x> {{.Subject}} & "`
	r, doc := render(t, notify.CitizenMessage{Number: "26-1\r\nBcc: x@y.z", Title: evil, Applicant: evil, Author: evil, Body: evil + "\r\n\r\n" + evil, Path: `/a"><b>`})
	if len(all(doc, "script, img:not(.logo), b")) != 0 {
		t.Error("markup of a person's is in the page")
	}
	if n := strings.Count(words(doc), `<script>alert(1)</script><img src=x> {{.Subject}} & "`); n != 5 {
		t.Errorf("the person's words stand %d times in the page, want 5", n)
	}
	if strings.ContainsAny(r.Subject, "\r\n") {
		t.Errorf("the subject has lines: %q", r.Subject)
	}
}

func TestALetterKeepsItsParagraphsAndLines(t *testing.T) {
	t.Parallel()
	r, doc := render(t, every()["decision"])
	var got []string
	for _, p := range all(doc, ".letter p") {
		got = append(got, words(p))
	}
	if want := []string{"Objet : Objet secret", "Corps un, suite", "Corps deux"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(r.Text, "Objet\u00a0: Objet secret\n\nCorps un,\nsuite\n\nCorps deux\n") {
		t.Errorf("the text part:\n%s", r.Text)
	}
}

func TestTheDigestCountsWhatItDoesNotList(t *testing.T) {
	t.Parallel()
	r, doc := render(t, every()["digest"])
	if got := len(all(doc, "ul > li > a")); got != 8 {
		t.Errorf("%d lines, want 8", got)
	}
	for _, want := range []string{"En retard\u00a0: 14", "et 12 autres", "et une autre", "échéance le lundi 23 novembre 2026"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("it lacks %q:\n%s", want, r.Text)
		}
	}
	if r.Subject != "Vos demandes\u00a0: 14 en retard" {
		t.Errorf("subject %q", r.Subject)
	}
	if quiet, _ := render(t, notify.AgentDigest{Day: monday}); quiet.Subject != "Vos demandes du jour" {
		t.Errorf("subject without lateness %q", quiet.Subject)
	}
}

func TestCodesAreShownToThoseWhoAskedAlone(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string]bool{"registration code": true, "verification code": true, "recovery code": true, "invitation": true, "account exists": false} {
		r, doc := render(t, every()[name])
		if strings.Contains(r.Text, "427199") != shown || strings.Contains(words(doc), "427199") != shown {
			t.Errorf("%s: code shown: %v, want %v", name, !shown, shown)
		}
		if shown && !strings.Contains(r.Text, "Ne donnez ce code à personne") {
			t.Errorf("%s does not warn", name)
		}
	}
	for _, d := range []notify.Data{notify.CourierMail{Purpose: "other"}, notify.Letter{Kind: "other"}} {
		if _, err := notify.Render(castanet, town, d); !fault.Is(err, "template_unknown") {
			t.Errorf("%T of no kind: %v", d, err)
		}
	}
}

func TestColoursAreTheCommunesAndReadable(t *testing.T) {
	t.Parallel()
	for _, colour := range []string{"#1f6b5c", "#ffcc00", "#fefefe", "#000000"} {
		place := castanet
		place.Colour = colour
		r, err := notify.Render(place, town, every()["receipt"])
		if err != nil {
			t.Fatal(err)
		}
		c, err := branding.Parse(colour)
		if err != nil {
			t.Fatal(err)
		}
		theme := branding.New(c)
		for _, want := range []branding.Colour{theme.Light.Base, theme.Light.BaseContrast, theme.Light.TextSubtle, theme.Dark.Base, theme.Dark.BaseContrast} {
			if !strings.Contains(r.HTML, want.String()) {
				t.Errorf("%s: the page lacks %s", colour, want)
			}
		}
		readable(t, colour, parse(t, r.HTML))
	}
	place := castanet
	place.Colour = "red"
	if _, err := notify.Render(place, town, every()["receipt"]); !fault.Is(err, "colour_invalid") {
		t.Errorf("a colour that is none: %v", err)
	}
}

// readable checks the pairs of the style sheet: each rule's colour on its own
// background, and the text, muted and link colours on the card, in both schemes.
func readable(t *testing.T, name string, doc *html.Node) {
	t.Helper()
	light, dark, _ := strings.Cut(words(all(doc, "style")[0]), "@media (prefers-color-scheme")
	for scheme, css := range map[string]string{"light": light, "dark": dark} {
		value := func(rule, property string) branding.Colour {
			t.Helper()
			_, after, found := strings.Cut(css, rule+" {")
			body, _, _ := strings.Cut(after, "}")
			_, after, hasProperty := strings.Cut(" "+body, " "+property+": ")
			if !found || !hasProperty || len(after) < 7 {
				t.Fatalf("%s %s: no %s in %q", name, scheme, property, rule)
			}
			c, err := branding.Parse(after[:7])
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		card, page, box := ".card", "body", "dl"
		if scheme == "dark" {
			card, page, box = ".head, .card", "body, .page", "dl, .warn"
		}
		foot, link := ".foot a", "} a"
		for what, pair := range map[string][2]branding.Colour{
			"text": {value(page, "color"), value(card, "background-color")}, "link": {value(link, "color"), value(card, "background-color")},
			"button": {value(".button", "color"), value(".button", "background-color")}, "box": {value(box, "color"), value(box, "background-color")},
			"foot": {value(foot, "color"), value(page, "background-color")},
		} {
			if ratio := branding.Contrast(pair[0], pair[1]); ratio < 4.5 {
				t.Errorf("%s %s: %s has %.2f:1", name, scheme, what, ratio)
			}
		}
	}
}

func TestAHubWritesInItsOwnName(t *testing.T) {
	t.Parallel()
	for _, hub := range []tenants.Hub{{Name: "Sicoval", Colour: "#5b4a8f"}, {Name: "Parvis"}} {
		r, err := notify.RenderHub(hub, notify.CourierMail{Purpose: "recovery", Code: "427199"})
		if err != nil {
			t.Fatal(err)
		}
		doc := parse(t, r.HTML)
		if got := words(all(doc, ".head")[0]); got != hub.Name {
			t.Errorf("headed %q", got)
		}
		if len(all(doc, "a")) != 0 || strings.Contains(r.Text, "mairie") {
			t.Errorf("a hub's mail speaks as a town hall:\n%s", r.Text)
		}
	}
}

func TestAbsolute(t *testing.T) {
	t.Parallel()
	r, _ := render(t, every()["receipt"])
	for site, want := range map[string]string{
		"https://castanet-tolosan.parvis.fr": "https://castanet-tolosan.parvis.fr/suivi?numero=26-000123", "http://castanet.localhost:8080/": "http://castanet.localhost:8080/suivi?numero=26-000123",
		"": "\u00a0: /suivi?numero=26-000123",
	} {
		got := notify.Absolute(r.Text, site)
		if !strings.Contains(got, want) || strings.Contains(got, ".invalid") {
			t.Errorf("%q: no link %q in\n%s", site, want, got)
		}
	}
}
