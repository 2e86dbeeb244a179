package calendar_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// someRule draws a rule of the table, or one of one's own.
func someRule(t *rapid.T) (calendar.Rule, calendar.Route, calendar.Sending) {
	if rapid.Bool().Draw(t, "statute") {
		s := rapid.SampledFrom(calendar.Statutes()).Draw(t, "which")
		return s.Rule, s.Route, s.Sending
	}
	return calendar.Rule{Effect: effects().Draw(t, "effect"), Months: rapid.IntRange(1, 6).Draw(t, "months")}, routes().Draw(t, "route"), calendar.SentRequest
}

// someStory draws facts of every kind; they may contradict each other.
func someStory(t *rapid.T) calendar.Facts {
	f := someFacts(t, calendar.Acceptance)
	f.Rule, f.Route, f.Sending = someRule(t)
	f.Channel = rapid.SampledFrom([]calendar.Channel{calendar.ByPortal, calendar.ByEmail, calendar.ByPost, calendar.ByCounter}).Draw(t, "channel")
	later := func(label string, most int) calendar.Date {
		if !rapid.Bool().Draw(t, "has "+label) {
			return calendar.Date{}
		}
		return f.FirstReceived.AddDays(rapid.IntRange(-3, most).Draw(t, label))
	}
	if f.Rule.Code == calendar.Planning {
		for i := range f.Notices {
			f.Notices[i].Limit = calendar.Date{}
		}
	}
	if from := later("outage", 120); !from.IsZero() {
		f.Incidents = []calendar.Incident{{From: from, Until: from.AddDays(rapid.IntRange(0, 9).Draw(t, "long"))}}
	}
	f.Event = later("event", 120)
	f.Receipt = rapid.SampledFrom([]calendar.Receipt{calendar.ReceiptSupposed, calendar.ReceiptComplete, calendar.ReceiptIncomplete, calendar.ReceiptMissing}).Draw(t, "receipt")
	f.Residence = rapid.SampledFrom([]calendar.Residence{calendar.LivesNear, calendar.LivesAcross, calendar.LivesAbroad}).Draw(t, "residence")
	f.Refusal = calendar.Refusal{Notified: later("refusal", 200), Regular: rapid.Bool().Draw(t, "regular")}
	f.Reasons.Asked = later("asked", 200)
	if !f.Reasons.Asked.IsZero() {
		f.Reasons.Given = later("given", 300)
	}
	f.Prior.Seized = later("seized", 200)
	if !f.Prior.Seized.IsZero() {
		f.Prior.Registered = f.Prior.Seized.AddDays(rapid.IntRange(0, 9).Draw(t, "registered"))
	}
	f.Gracious, f.GraciousAnswered, f.Extended = later("gracious", 200), later("answered", 400), later("extended", 40)
	f.Abusive = rapid.IntRange(0, 9).Draw(t, "abusive") == 0
	return f
}

func TestEveryStoryIsReasonedAndIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := someStory(t)
		d, err := calendar.Compute(f)
		if err != nil {
			refused(t, err)
			return
		}
		reasoned(t, d)
		again, err := calendar.Compute(f)
		if err != nil || !slices.Equal(d.Steps, again.Steps) || !slices.Equal(d.Warnings, again.Warnings) {
			t.Fatalf("computed again: %+v, %v", again, err)
		}
	})
}

// refused fails where a refusal does not say which fact, and why.
func refused(t *rapid.T, err error) {
	if !fault.Is(err, "invalid_facts") && !fault.Is(err, "notice_too_late") {
		t.Fatalf("refused by %v", err)
	}
	for _, field := range fault.Of(err).Fields {
		if field.Path == "" || field.Code == "" || field.Message == "" {
			t.Fatalf("refused without a sentence: %+v", field)
		}
	}
}

// Where nothing else differs, no date comes earlier because the request came later.
func TestALaterReceptionGivesNoEarlierDateOfAnyKind(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := calendar.Facts{Territory: territories().Draw(t, "territory"), FirstReceived: days().Draw(t, "received"), Channel: calendar.ByPortal}
		f.Rule, f.Route, f.Sending = someRule(t)
		transmission := rapid.IntRange(0, 40).Draw(t, "transmission")
		f.CompetentReceived = f.FirstReceived.AddDays(transmission)
		moved := f
		moved.FirstReceived = f.FirstReceived.AddDays(rapid.IntRange(1, 90).Draw(t, "later"))
		moved.CompetentReceived = moved.FirstReceived.AddDays(transmission)
		a, errA := calendar.Compute(f)
		b, errB := calendar.Compute(moved)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		after := given(b)
		for kind, date := range given(a) {
			if after[kind].Before(date) {
				t.Fatalf("%s: %s became %s", kind, date, after[kind])
			}
		}
	})
}

// The same where papers were asked for: on the same days although the request came later,
// or as long after it.
func TestALaterReceptionGivesNoEarlierDateWithNotices(t *testing.T) {
	t.Parallel()
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		f := calendar.Facts{Territory: territories().Draw(t, "territory"), FirstReceived: days().Draw(t, "received"), Channel: calendar.ByPortal}
		f.Rule, f.Route, f.Sending = someRule(t)
		f.CompetentReceived = f.FirstReceived.AddDays(rapid.IntRange(0, 10).Draw(t, "transmission"))
		for range rapid.IntRange(1, 3).Draw(t, "notices") {
			n := someNotice(t, f.CompetentReceived.AddDays(rapid.IntRange(0, 20).Draw(t, "after")))
			if f.Rule.Code == calendar.Planning {
				n.Limit = calendar.Date{}
			}
			f.Notices = append(f.Notices, n)
		}
		days, along := rapid.IntRange(1, 60).Draw(t, "later"), rapid.Bool().Draw(t, "notices come later too")
		moved := f
		moved.FirstReceived, moved.CompetentReceived = f.FirstReceived.AddDays(days), f.CompetentReceived.AddDays(days)
		moved.Notices = slices.Clone(f.Notices)
		for i := range moved.Notices {
			for _, day := range []*calendar.Date{&moved.Notices[i].Notified, &moved.Notices[i].Limit, &moved.Notices[i].Complete} {
				if along && !day.IsZero() {
					*day = day.AddDays(days)
				}
			}
		}
		a, errA := calendar.Silence(f)
		b, errB := calendar.Silence(moved)
		switch {
		case errA != nil:
			return // it came too late: there is nothing to compare
		case errB != nil && !along:
			refused(t, errB) // before the request, now
		case errB != nil:
			return // months are of several lengths: the last day for a notice may lie a day nearer
		case !a.NeverAcquired && !b.NeverAcquired && a.Effect == b.Effect && !notEarlier(a, b):
			t.Fatalf("%v became %v", a.LastDay, b.LastDay)
		default:
			compared++
		}
	})
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// Papers asked for, brought or not, never bring the end of urban planning's silence nearer,
// but that of a file that dies; of pre-emption's, never at all.
func TestPapersNeverShortenASpecialCode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]calendar.Code{calendar.Planning, calendar.Preemption}).Draw(t, "code")
		f := someFacts(t, calendar.Acceptance)
		f.Rule.Code = code
		for i := range f.Notices {
			f.Notices[i].Limit = calendar.Date{}
		}
		with, err := calendar.Silence(f)
		if err != nil {
			return
		}
		f.Notices = nil
		without, err := calendar.Silence(f)
		if err != nil {
			t.Fatal(err)
		}
		if with.Effect == calendar.Acceptance && !notEarlier(without, with) {
			t.Fatalf("%s became %s", without.LastDay, with.LastDay)
		}
	})
}

// Whatever is typed, the computation answers or says what is wrong.
func FuzzCompute(f *testing.F) {
	f.Add("rejection", "", "court", 2, 2026, 12, 1, 7, 22, 10, 5, 30)
	f.Add("acceptance", "planning", "planning", 3, 2027, 2, 29, 31, 93, -5, 0, 400)
	f.Add("none", "privacy", "", 0, 9999, 13, 45, 0, 0, 0, 0, 0)
	f.Fuzz(func(t *testing.T, effect, code, route string, months, year, month, day, notified, limit, complete, competent, event int) {
		received := calendar.Date{Year: year, Month: 1, Day: day}.AddMonths(month % 1200)
		facts := calendar.Facts{
			Rule: calendar.Rule{Effect: calendar.Effect(effect), Code: calendar.Code(code), Months: months}, Route: calendar.Route(route),
			Channel: calendar.ByPortal, FirstReceived: received, CompetentReceived: received.AddDays(competent % 100_000), Event: received.AddDays(event % 100_000),
			Notices: []calendar.Notice{{Notified: received.AddDays(notified % 100_000), Limit: received.AddDays(limit % 100_000), Complete: received.AddDays(complete % 100_000)}},
		}
		d, err := calendar.Compute(facts)
		if err == nil {
			reasoned(t, d)
		}
	})
}
