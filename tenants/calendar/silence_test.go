package calendar_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

// clauses reads "le J avant J recu J; le J": each clause as its words and dates.
func clauses(t *testing.T, s string) []map[string]calendar.Date {
	t.Helper()
	var list []map[string]calendar.Date
	for clause := range strings.SplitSeq(s, ";") {
		words := strings.Fields(clause)
		if len(words) == 0 {
			continue
		}
		read := map[string]calendar.Date{}
		for len(words) > 0 {
			if words[0] == "facultatif" {
				read[words[0]] = calendar.Date{}
				words = words[1:]
				continue
			}
			read[words[0]] = mustDate(t, words[1])
			words = words[2:]
		}
		list = append(list, read)
	}
	return list
}

func factsOf(t *testing.T, r row) calendar.Facts {
	t.Helper()
	f := calendar.Facts{
		Rule:              calendar.Rule{Effect: calendar.Effect(r.text("effet")), Months: r.number("mois")},
		Territory:         r.territory(),
		FirstReceived:     r.date("recu"),
		CompetentReceived: r.date("recu_competent"),
		Event:             r.date("evenement"),
	}
	for _, c := range clauses(t, r.text("pieces")) {
		_, dispensable := c["facultatif"]
		f.Notices = append(f.Notices, calendar.Notice{Notified: c["le"], Limit: c["avant"], Complete: c["recu"], Dispensable: dispensable})
	}
	for _, c := range clauses(t, r.text("fraude")) {
		f.Suspensions = append(f.Suspensions, calendar.Suspension{Notified: c["le"], Until: c["jusqu"]})
	}
	return f
}

func TestSilence(t *testing.T) {
	t.Parallel()
	eachCase(t, "silence.csv", func(t *testing.T, r row) {
		d, err := calendar.Silence(factsOf(t, r))
		if r.wantFault(err) {
			if d.Effect != "" {
				t.Errorf("an error came with %+v", d)
			}
			return
		}
		same(t, "last day", d.LastDay, r.date("dernier_jour"))
		same(t, "acquired on", d.AcquiredOn, r.date("acquis_le"))
		if string(d.Effect) != r.text("effet") {
			t.Errorf("effect %s", d.Effect)
		}
		if state := r.text("etat"); d.Suspended != (state != "") || d.NeverAcquired != (state == "incomplet") {
			t.Errorf("suspended %v, never acquired %v, want %q", d.Suspended, d.NeverAcquired, state)
		}
		if len(d.Warnings) != r.number("avertissements") {
			t.Errorf("warnings %q", d.Warnings)
		}
		if len(d.Steps) < 2 {
			t.Errorf("steps %+v", d.Steps)
		}
		for _, s := range d.Steps {
			if s.Text == "" || strings.Contains(s.Text, "le  ") || strings.Contains(s.Text, "le .") {
				t.Errorf("step %+v", s)
			}
		}
	})
}

func TestStepsExplainASuspendedRejection(t *testing.T) {
	t.Parallel()
	d, err := calendar.Silence(calendar.Facts{
		Rule:          calendar.Rule{Effect: calendar.Rejection, Months: 2, Source: "CRPA L.231-4 3°"},
		FirstReceived: mustDate(t, "2026-12-01"),
		Notices:       []calendar.Notice{{Notified: mustDate(t, "2026-12-08"), Limit: mustDate(t, "2026-12-23"), Complete: mustDate(t, "2026-12-18")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	day := func(s string) calendar.Date { return mustDate(t, s) }
	want := []calendar.Step{
		{Kind: calendar.StepReceived, Article: "CRPA L.114-3", Date: day("2026-12-01"), Text: "Demande reçue le mardi 1er décembre 2026."},
		{Kind: calendar.StepNotice, Article: "CRPA L.114-5", Date: day("2026-12-08"),
			Text: "Documents manquants demandés le mardi 8 décembre 2026, à fournir au plus tard le mercredi 23 décembre 2026\u00a0: le délai est suspendu."},
		{Kind: calendar.StepPapers, Article: "CRPA L.114-5", Date: day("2026-12-18"), Days: 10, From: day("2026-12-08"), Amount: 10, Unit: calendar.UnitDays,
			Text: "Documents reçus le vendredi 18 décembre 2026\u00a0: le délai reprend."},
		{Kind: calendar.StepLastDay, Article: "CRPA L.231-4 3°", Date: day("2027-02-11"), From: day("2026-12-01"), Amount: 2, Unit: calendar.UnitMonths,
			Text: "Sans réponse notifiée au plus tard le jeudi 11 février 2027, le silence vaudra refus."},
		{Kind: calendar.StepEffective, Article: "CRPA L.231-4 3°", Date: day("2027-02-12"), From: day("2027-02-11"), Amount: 1, Unit: calendar.UnitDays,
			Text: "À partir du vendredi 12 février 2027 à 0 heure, le refus implicite est né."},
	}
	if !slices.Equal(d.Steps, want) {
		t.Errorf("got %+v", d.Steps)
	}
}

func TestPendingNoticesSayUntilWhen(t *testing.T) {
	t.Parallel()
	f := calendar.Facts{
		Rule:          calendar.Rule{Effect: calendar.Rejection, Months: 2},
		FirstReceived: mustDate(t, "2026-12-01"),
		Notices: []calendar.Notice{
			{Notified: mustDate(t, "2026-12-08"), Limit: mustDate(t, "2026-12-30")},
			{Notified: mustDate(t, "2026-12-10"), Limit: mustDate(t, "2026-12-20")},
		},
	}
	for _, effect := range []calendar.Effect{calendar.Rejection, calendar.Acceptance, calendar.None} {
		f.Rule.Effect = effect
		d, err := calendar.Silence(f)
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(effect), d.SuspendedUntil, mustDate(t, "2026-12-30"))
	}
}

// someFacts draws facts without contradiction; a notice may still come too late.
func someFacts(t *rapid.T, effect calendar.Effect) calendar.Facts {
	f := calendar.Facts{
		Rule:          calendar.Rule{Effect: effect, Months: rapid.IntRange(1, 6).Draw(t, "months")},
		Territory:     territories().Draw(t, "territory"),
		FirstReceived: days().Draw(t, "received"),
	}
	f.CompetentReceived = f.FirstReceived.AddDays(rapid.IntRange(0, 40).Draw(t, "transmission"))
	for range rapid.IntRange(0, 4).Draw(t, "notices") {
		f.Notices = append(f.Notices, someNotice(t, f.CompetentReceived))
	}
	return f
}

func someNotice(t *rapid.T, from calendar.Date) calendar.Notice {
	n := calendar.Notice{Notified: from.AddDays(rapid.IntRange(0, 60).Draw(t, "notified"))}
	n.Limit = n.Notified.AddDays(rapid.IntRange(0, 60).Draw(t, "limit"))
	if rapid.Bool().Draw(t, "answered") {
		n.Complete = n.Notified.AddDays(rapid.IntRange(0, 90).Draw(t, "complete"))
	}
	return n
}

// notEarlier tells whether b's silence comes no earlier than a's; to wait for papers is latest.
func notEarlier(a, b calendar.Deadline) bool {
	return b.LastDay.IsZero() || (!a.LastDay.IsZero() && !b.LastDay.Before(a.LastDay))
}

func effects() *rapid.Generator[calendar.Effect] {
	return rapid.SampledFrom([]calendar.Effect{calendar.Acceptance, calendar.Rejection})
}

func TestALaterReceptionNeverGivesAnEarlierDate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts(t, effects().Draw(t, "effect"))
		later := f
		later.FirstReceived = f.FirstReceived.AddDays(rapid.IntRange(0, f.FirstReceived.DaysUntil(f.CompetentReceived)).Draw(t, "later"))
		first, err := calendar.Silence(f)
		if err != nil {
			return // a notice came too late: nothing to compare
		}
		second, err := calendar.Silence(later)
		if err != nil {
			t.Fatalf("a later reception made a notice late: %v", err)
		}
		if !notEarlier(first, second) {
			t.Fatalf("%v became %v", first.LastDay, second.LastDay)
		}
		plain := f
		plain.Notices = nil
		moved := plain
		days := rapid.IntRange(0, 90).Draw(t, "moved")
		moved.FirstReceived, moved.CompetentReceived = plain.FirstReceived.AddDays(days), plain.CompetentReceived.AddDays(days)
		a, errA := calendar.Silence(plain)
		b, errB := calendar.Silence(moved)
		if errA != nil || errB != nil || !notEarlier(a, b) {
			t.Fatalf("%v became %v (%v, %v)", a.LastDay, b.LastDay, errA, errB)
		}
	})
}

func TestASuspensionNeverShortens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts(t, effects().Draw(t, "effect"))
		before, err := calendar.Silence(f)
		if err != nil {
			return
		}
		longer := f
		if rapid.Bool().Draw(t, "fraud") {
			from := f.CompetentReceived.AddDays(rapid.IntRange(0, 60).Draw(t, "from"))
			longer.Suspensions = []calendar.Suspension{{Notified: from, Until: from.AddDays(rapid.IntRange(0, 80).Draw(t, "until"))}}
		} else {
			longer.Notices = append(slices.Clone(f.Notices), someNotice(t, f.CompetentReceived))
		}
		after, err := calendar.Silence(longer)
		if err != nil {
			return
		}
		if !notEarlier(before, after) {
			t.Fatalf("%v became %v", before.LastDay, after.LastDay)
		}
	})
}

func TestSilenceIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts(t, effects().Draw(t, "effect"))
		once, err := calendar.Silence(f)
		if err != nil {
			return
		}
		twice := f
		twice.Notices = append(slices.Clone(f.Notices), f.Notices...)
		slices.Reverse(twice.Notices)
		again, err := calendar.Silence(twice)
		if err != nil || again.LastDay != once.LastDay || again.Suspended != once.Suspended {
			t.Fatalf("%v became %v (%v)", once.LastDay, again.LastDay, err)
		}
	})
}

func TestStepsAddUpToTheDate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts(t, effects().Draw(t, "effect"))
		d, err := calendar.Silence(f)
		if err != nil || d.LastDay.IsZero() {
			return
		}
		total := 0
		for _, s := range d.Steps {
			total += s.Days
		}
		want := f.FirstReceived.DaysUntil(d.Start)
		if d.Effect == calendar.Rejection {
			want = f.FirstReceived.AddMonths(f.Rule.Months).DaysUntil(d.LastDay)
		}
		if total != want {
			t.Fatalf("the steps add up to %d days, not %d", total, want)
		}
		if d.AcquiredOn != d.LastDay.AddDays(1) {
			t.Fatalf("acquired on %v after %v", d.AcquiredOn, d.LastDay)
		}
	})
}
