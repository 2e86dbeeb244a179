package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// days draws dates of the years in which Parvis counts, leap years included.
func days() *rapid.Generator[calendar.Date] {
	return rapid.Custom(func(t *rapid.T) calendar.Date {
		return calendar.NewDate(2020, time.January, 1).AddDays(rapid.IntRange(0, 366*90).Draw(t, "day"))
	})
}

func TestReceptionDayIsTheCommunesCivilDay(t *testing.T) {
	t.Parallel()
	eachCase(t, "jour_de_reception.csv", func(t *testing.T, r row) {
		at, err := time.Parse(time.RFC3339, r.text("instant_utc"))
		if err != nil {
			t.Fatal(err)
		}
		territory := r.territory()
		want := r.date("jour")
		same(t, "On", calendar.On(at, territory.Zone()), want)
		same(t, "Today", territory.Today(at), want)
		start, next := want.Start(territory.Zone()), want.AddDays(1).Start(territory.Zone())
		if at.Before(start) || !at.Before(next) {
			t.Errorf("%v lies outside [%v, %v)", at, start, next)
		}
	})
}

func TestMonths(t *testing.T) {
	t.Parallel()
	eachCase(t, "mois.csv", func(t *testing.T, r row) {
		from, n := r.date("depart"), r.number("mois")
		switch r.text("compte") {
		case "quantième":
			same(t, "AddMonths", from.AddMonths(n), r.date("attendu"))
		case "franc":
			same(t, "FrancMonths", r.territory().FrancMonths(from, n), r.date("attendu"))
			same(t, "AppealLastDay", calendar.AppealLastDay(from, r.territory(), n), r.date("attendu"))
		default:
			t.Fatalf("unknown count %q", r.text("compte"))
		}
	})
}

func TestDateIsWrittenInFrench(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ iso, long, short string }{
		{"2027-01-02", "samedi 2 janvier 2027", "2 janvier 2027"},
		{"2027-01-01", "vendredi 1er janvier 2027", "1er janvier 2027"},
		{"2028-02-29", "mardi 29 février 2028", "29 février 2028"},
		{"2026-08-31", "lundi 31 août 2026", "31 août 2026"},
		{"2026-12-20", "dimanche 20 décembre 2026", "20 décembre 2026"},
		{"", "", ""},
	} {
		d := mustDate(t, c.iso)
		if d.String() != c.iso || d.French() != c.long || d.FrenchShort() != c.short {
			t.Errorf("%q: got %q, %q, %q", c.iso, d.String(), d.French(), d.FrenchShort())
		}
	}
}

func TestParseDateRefusesWhatIsNoDay(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2026-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-1-1", "01/12/2026",
		"0000-01-01", "-001-01-01", "12026-01-01", "2026-12-01T00:00:00Z", " 2026-12-01", "２０２６-12-01"} {
		if _, err := calendar.ParseDate(s); !fault.Is(err, "invalid_date") {
			t.Errorf("%q: got %v, want invalid_date", s, err)
		}
	}
}

func TestNoDateStaysNone(t *testing.T) {
	t.Parallel()
	var none calendar.Date
	for what, d := range map[string]calendar.Date{
		"AddDays": none.AddDays(3), "AddMonths": none.AddMonths(2), "On": calendar.On(time.Time{}, time.UTC),
		"AddWorkingDays": calendar.Territory{}.AddWorkingDays(none, 10),
		"FrancMonths":    calendar.Territory{}.FrancMonths(none, 2),
		"GDPRDue":        calendar.GDPRDue(none, calendar.Territory{}, true),
	} {
		if !d.IsZero() {
			t.Errorf("%s of no date gave %v", what, d)
		}
	}
	if !none.Start(time.UTC).IsZero() || none.DaysUntil(calendar.NewDate(2027, 1, 1)) != 0 {
		t.Error("no date has neither a start nor a distance")
	}
	if !none.Before(calendar.NewDate(1, 1, 1)) {
		t.Error("no date sorts first")
	}
}

func TestNewDateCarriesOn(t *testing.T) {
	t.Parallel()
	same(t, "31 April", calendar.NewDate(2027, time.April, 31), mustDate(t, "2027-05-01"))
	same(t, "29 February 2100", calendar.NewDate(2100, time.February, 29), mustDate(t, "2100-03-01"))
}

func TestDateArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := days().Draw(t, "a"), days().Draw(t, "b")
		n, months := rapid.IntRange(-400, 400).Draw(t, "n"), rapid.IntRange(0, 48).Draw(t, "months")
		if got := a.AddDays(n); a.DaysUntil(got) != n || got.AddDays(-n) != a {
			t.Fatalf("%v + %d days = %v", a, n, got)
		}
		if (a.DaysUntil(b) > 0) != a.Before(b) || a.Before(b) != b.After(a) || a.Compare(b) != -b.Compare(a) {
			t.Fatalf("the order of %v and %v", a, b)
		}
		got := a.AddMonths(months)
		if got.Day > a.Day || (got.Day < a.Day && got.AddDays(1).Day != 1) {
			t.Fatalf("%v + %d months = %v", a, months, got)
		}
		if distance := (got.Year-a.Year)*12 + int(got.Month-a.Month); distance != months {
			t.Fatalf("%v + %d months = %v", a, months, got)
		}
		if a.Before(b) && b.AddMonths(months).Before(got) {
			t.Fatalf("%d months reverse %v and %v", months, a, b)
		}
		paris := calendar.Territory{}.Zone()
		if calendar.On(a.Start(paris), paris) != a || calendar.On(a.Start(paris).Add(-time.Nanosecond), paris) != a.AddDays(-1) {
			t.Fatalf("%v does not start at midnight", a)
		}
	})
}

func TestDateTravelsAsJSON(t *testing.T) {
	t.Parallel()
	type page struct {
		Day  calendar.Date `json:"day"`
		None calendar.Date `json:"none"`
	}
	sent := page{Day: calendar.NewDate(2028, time.February, 29)}
	raw, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != `{"day":"2028-02-29","none":""}` {
		t.Errorf("got %s", raw)
	}
	read := page{None: calendar.NewDate(2027, 1, 1)}
	if err := json.Unmarshal(raw, &read); err != nil || read != sent {
		t.Errorf("got %+v, %v", read, err)
	}
	if err := json.Unmarshal([]byte(`{"day":"2027-02-29"}`), &read); !fault.Is(err, "invalid_date") {
		t.Errorf("got %v, want invalid_date", err)
	}
}

func TestDateTravelsAsSQLDate(t *testing.T) {
	t.Parallel()
	types := pgtype.NewMap()
	for _, format := range []int16{pgtype.BinaryFormatCode, pgtype.TextFormatCode} {
		for _, d := range []calendar.Date{calendar.NewDate(2028, time.February, 29), calendar.NewDate(1969, time.December, 31), {}} {
			raw, err := types.Encode(pgtype.DateOID, format, d, nil)
			if err != nil {
				t.Fatal(err)
			}
			if (raw == nil) != d.IsZero() {
				t.Errorf("%q is sent as %v", d, raw)
			}
			got := calendar.NewDate(2000, 1, 1)
			if err := types.Scan(pgtype.DateOID, format, raw, &got); err != nil || got != d {
				t.Errorf("got %v, %v, want %v", got, err, d)
			}
		}
		var d calendar.Date
		raw, err := types.Encode(pgtype.DateOID, format, pgtype.Date{InfinityModifier: pgtype.Infinity, Valid: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := types.Scan(pgtype.DateOID, format, raw, &d); !fault.Is(err, "infinite_date") {
			t.Errorf("infinity: got %v", err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2026-12-01", "2028-02-29", "", "0000-00-00", "9999-12-31", "2026-2-3", "+026-01-01"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.ParseDate(s)
		if err != nil {
			if !d.IsZero() || !fault.Is(err, "invalid_date") {
				t.Fatalf("%q: %v, %v", s, d, err)
			}
			return
		}
		if d.IsZero() || d.String() != s || d != calendar.NewDate(d.Year, d.Month, d.Day) {
			t.Fatalf("%q was read as %v", s, d)
		}
	})
}

// The counts of days are those of the library, over eight centuries of the calendar, and a
// day beyond its month is carried on.
func TestDaysAreCountedAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	epoch := calendar.NewDate(1970, time.January, 1)
	at := time.Date(1600, time.January, 1, 0, 0, 0, 0, time.UTC)
	for ; at.Year() < 2400; at = at.AddDate(0, 0, 1) {
		d := calendar.NewDate(at.Year(), at.Month(), at.Day())
		if d.Weekday() != at.Weekday() || epoch.DaysUntil(d) != int(at.Unix()/86_400) {
			t.Fatalf("%s: %s, %d days", d, d.Weekday(), epoch.DaysUntil(d))
		}
	}
	odd := calendar.Date{Year: 2026, Month: 13, Day: 32} // 1 February 2027
	if odd.Weekday() != time.Monday || epoch.DaysUntil(odd) != epoch.DaysUntil(calendar.NewDate(2027, time.February, 1)) {
		t.Errorf("%v falls on a %s", odd, odd.Weekday())
	}
}
