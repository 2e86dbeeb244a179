package calendar_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

var (
	wordsOfChannel = map[string]calendar.Channel{"portail": calendar.ByPortal, "courriel": calendar.ByEmail, "courrier": calendar.ByPost, "guichet": calendar.ByCounter}
	wordsOfEffect  = map[string]calendar.Effect{"acceptation": calendar.Acceptance, "refus": calendar.Rejection, "déclaration": calendar.Declaration, "aucun": calendar.None}
	wordsOfReceipt = map[string]calendar.Receipt{"complet": calendar.ReceiptComplete, "incomplet": calendar.ReceiptIncomplete, "absent": calendar.ReceiptMissing}
)

// after gives the date that follows a word in a clause; none where the word is missing.
func after(t *testing.T, words []string, word string) calendar.Date {
	t.Helper()
	if i := slices.Index(words, word); i >= 0 && i+1 < len(words) {
		return mustDate(t, words[i+1])
	}
	return calendar.Date{}
}

// storyOf reads a line of cas.csv as facts.
func storyOf(t *testing.T, r row) calendar.Facts {
	t.Helper()
	f := calendar.Facts{Channel: wordsOfChannel[r.text("canal")], Refusal: calendar.Refusal{}}
	if s, ok := calendar.StatuteOf(r.text("demarche")); ok {
		f.Rule, f.Route, f.Review, f.Sending, f.Delivery = s.Rule, s.Route, s.Review, s.Sending, s.Delivery
	} else {
		effect, months, _ := strings.Cut(r.text("demarche"), " ")
		n, err := strconv.Atoi(months)
		if err != nil {
			t.Fatal(err)
		}
		f.Rule = calendar.Rule{Effect: wordsOfEffect[effect], Months: n}
		if f.Rule.Effect.Decides() {
			f.Route = calendar.RouteCourt
		}
	}
	insee, temple, _ := strings.Cut(r.text("territoire"), " ")
	territory, err := calendar.TerritoryOf(insee)
	if err != nil {
		t.Fatal(err)
	}
	f.Territory = territory.WithTemple(temple != "")
	for clause := range strings.SplitSeq(r.text("faits"), ";") {
		addFact(t, &f, strings.Fields(clause))
	}
	return f
}

func addFact(t *testing.T, f *calendar.Facts, words []string) {
	t.Helper()
	on := func(word string) calendar.Date { return after(t, words, word) }
	switch words[0] {
	case "reçu":
		f.FirstReceived = on("reçu")
	case "transmis":
		f.CompetentReceived = on("transmis")
	case "pièces":
		f.Notices = append(f.Notices, calendar.Notice{Notified: on("le"), Limit: on("avant"), Complete: on("reçues")})
	case "facultatives":
		f.Notices = append(f.Notices, calendar.Notice{Notified: on("le"), Dispensable: true})
	case "fraude":
		f.Suspensions = append(f.Suspensions, calendar.Suspension{Notified: on("le"), Until: on("jusqu")})
	case "événement":
		f.Event = on("événement")
	case "panne":
		f.Incidents = append(f.Incidents, calendar.Incident{From: on("du"), Until: on("au"), Cause: "panne de l’hébergeur"})
	case "accusé":
		f.Receipt = wordsOfReceipt[words[1]]
	case "refus":
		f.Refusal = calendar.Refusal{Notified: on("le"), Regular: !slices.Contains(words, "voies")}
	case "motifs":
		f.Reasons = calendar.Reasons{Asked: on("demandés"), Given: on("communiqués")}
	case "gracieux":
		f.Gracious, f.GraciousAnswered = on("gracieux"), on("rejeté")
	case "contesté":
		f.Contested = calendar.Contested{On: on("notifié"), Displayed: slices.Contains(words, "affiché")}
		if f.Contested.Displayed {
			f.Contested.On = on("affiché")
		}
	case "préalable":
		f.Prior = calendar.Prior{Seized: on("le"), Registered: on("enregistré")}
	case "prolongé":
		f.Extended = on("prolongé")
	case "outre-mer":
		f.Residence = calendar.LivesAcross
	case "étranger":
		f.Residence = calendar.LivesAbroad
	case "abusif":
		f.Abusive = true
	case "paiement":
		f.Sending = calendar.SentPayment
	default:
		t.Fatalf("no fact %q", words)
	}
}

// datesOf gives the dates of an answer by the words of cas.csv.
func datesOf(d calendar.Dates) map[string]calendar.Date {
	return map[string]calendar.Date{
		"aee": d.RegistrationDue, "are": d.ReceiptDue, "dernier_jour": d.LastDay, "effet": d.AcquiredOn, "réponse": d.AnswerDue,
		"du": d.FileFrom, "au": d.FileBy, "recours": d.Appeal.LastDay, "gracieux": d.GraciousBy, "motifs": d.ReasonsDue, "silence_gracieux": d.GraciousSilence,
		"confirmé": d.ConfirmedOn, "retrait": d.WithdrawalLastDay,
	}
}

// statesOf gives what an answer says otherwise, by the words of cas.csv.
func statesOf(d calendar.Dates) map[string]bool {
	return map[string]bool{
		"incomplet": d.NeverAcquired, "rejet": d.Effect == calendar.Rejection, "en retard": d.FiledLate, "trop tôt": d.FiledEarly,
		"non opposable": !d.Appeal.Opposable, "exemption": d.Exemption != "",
		"panne": slices.ContainsFunc(d.Steps, func(s calendar.Step) bool { return s.Kind == calendar.StepIncident }),
	}
}

func expect(t *testing.T, d calendar.Dates, clause string) {
	t.Helper()
	words := strings.Fields(clause)
	if len(words) == 0 {
		return
	}
	if text, ok := strings.CutPrefix(strings.TrimSpace(clause), "avertit "); ok {
		if !strings.Contains(strings.Join(d.Warnings, "\n"), text) {
			t.Errorf("no warning of %q: %q", text, d.Warnings)
		}
		return
	}
	if article, ok := strings.CutPrefix(strings.TrimSpace(clause), "exemption "); ok {
		if d.Exemption != article {
			t.Errorf("exempt by %q, want %q", d.Exemption, article)
		}
		return
	}
	if words[0] == "pas" {
		name := strings.TrimPrefix(strings.TrimPrefix(strings.Join(words[1:], " "), "de "), "d’")
		if date, ok := datesOf(d)[name]; ok {
			same(t, name, date, calendar.Date{})
		} else if state, ok := statesOf(d)[name]; !ok || state {
			t.Errorf("%q: %v (known %v)", clause, state, ok)
		}
		return
	}
	if date, ok := datesOf(d)[words[0]]; ok && len(words) == 2 {
		same(t, words[0], date, mustDate(t, words[1]))
	} else if state, ok := statesOf(d)[strings.Join(words, " ")]; !ok || !state {
		t.Errorf("%q: %v (known %v)", clause, state, ok)
	}
}

func TestCases(t *testing.T) {
	t.Parallel()
	eachCase(t, "cas.csv", func(t *testing.T, r row) {
		d, err := calendar.Compute(storyOf(t, r))
		if r.wantFault(err) {
			f, _ := errors.AsType[*fault.Error](err)
			for _, field := range f.Fields {
				if field.Message == "" || strings.Contains(field.Message, "%") || !strings.HasSuffix(field.Message, ".") {
					t.Errorf("%s says %q", field.Path, field.Message)
				}
			}
			return
		}
		for clause := range strings.SplitSeq(r.text("attendu"), ";") {
			expect(t, d, clause)
		}
		reasoned(t, d)
		again, err := calendar.Compute(storyOf(t, r))
		if err != nil || !slices.Equal(again.Steps, d.Steps) {
			t.Errorf("computed again it is %+v, %v", again, err)
		}
	})
}
