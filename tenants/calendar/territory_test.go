package calendar_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// territories draws every kind of territory.
func territories() *rapid.Generator[calendar.Territory] {
	codes := []string{"31113", "2A004", "67482", "97120", "97209", "97302", "97411", "97611", "97502", "97701", "97801", "98613", "98735", "98818"}
	return rapid.Custom(func(t *rapid.T) calendar.Territory {
		territory, err := calendar.TerritoryOf(rapid.SampledFrom(codes).Draw(t, "insee"))
		if err != nil {
			t.Fatal(err)
		}
		return territory.WithTemple(rapid.Bool().Draw(t, "temple"))
	})
}

func TestTerritoryOfACommune(t *testing.T) {
	t.Parallel()
	eachCase(t, "territoires.csv", func(t *testing.T, r row) {
		territory, err := calendar.TerritoryOf(r.text("insee"))
		if r.wantFault(err) {
			return
		}
		if territory.Code() != r.text("code") || territory.Zone().String() != r.text("fuseau") {
			t.Errorf("got %s, %s", territory.Code(), territory.Zone())
		}
		if got := territory.Uncertain(); len(got) != r.number("avertissements") {
			t.Errorf("warnings %q", got)
		}
		if territory.Name() == "" {
			t.Error("the territory has no name")
		}
	})
}

func TestTheZeroTerritoryIsMetropolitan(t *testing.T) {
	t.Parallel()
	var zero calendar.Territory
	castanet, err := calendar.TerritoryOf("31113")
	if err != nil {
		t.Fatal(err)
	}
	if zero.Code() != castanet.Code() || zero.Zone() != castanet.Zone() || !slices.Equal(zero.Holidays(2027), castanet.Holidays(2027)) {
		t.Errorf("got %s, %s", zero.Code(), zero.Zone())
	}
}

func TestATempleChangesNothingOutsideAlsaceMoselle(t *testing.T) {
	t.Parallel()
	for insee, changes := range map[string]bool{"31113": false, "97120": false, "67482": true, "57463": true, "68066": true} {
		territory, err := calendar.TerritoryOf(insee)
		if err != nil {
			t.Fatal(err)
		}
		with := territory.WithTemple(true)
		if (with != territory) != changes || with.WithTemple(false) != territory {
			t.Errorf("%s: a temple changes it: %v", insee, with != territory)
		}
	}
}

func TestNationalHolidaysAgainstTheHandTable(t *testing.T) {
	t.Parallel()
	weekdays := map[string]time.Weekday{"dimanche": 0, "lundi": 1, "mardi": 2, "mercredi": 3, "jeudi": 4, "vendredi": 5, "samedi": 6}
	want := map[int][]calendar.Holiday{}
	for _, values := range readCases(t, "feries.csv") {
		h := calendar.Holiday{Date: mustDate(t, values["date"]), Name: values["nom"]}
		want[h.Date.Year] = append(want[h.Date.Year], h)
		if h.Date.Weekday() != weekdays[values["jour"]] {
			t.Errorf("%v is no %s", h.Date, values["jour"])
		}
	}
	for _, year := range []int{2026, 2027, 2028} {
		if got := (calendar.Territory{}).Holidays(year); len(want[year]) != 11 || !slices.Equal(got, want[year]) {
			t.Errorf("%d: got %v, want %v", year, got, want[year])
		}
	}
}

func TestLocalHolidaysOfEachTerritory(t *testing.T) {
	t.Parallel()
	eachCase(t, "feries_locaux.csv", func(t *testing.T, r row) {
		year := r.number("annee")
		national := (calendar.Territory{}).Holidays(year)
		var added []string
		for _, h := range r.territory().Holidays(year) {
			if !slices.Contains(national, h) {
				added = append(added, h.Date.String())
			}
		}
		if got := strings.Join(added, " "); got != r.text("ajouts") {
			t.Errorf("got %q, want %q", got, r.text("ajouts"))
		}
	})
}

func TestEasterMondayFollowsKnownEasters(t *testing.T) {
	t.Parallel()
	eachCase(t, "paques.csv", func(t *testing.T, r row) {
		sunday := r.date("date")
		want := calendar.Holiday{Date: sunday.AddDays(1), Name: "Lundi de Pâques"}
		if !slices.Contains((calendar.Territory{}).Holidays(sunday.Year), want) {
			t.Errorf("no Easter Monday on %v", want.Date)
		}
	})
}

func TestCommuneGivesItsOwnHolidaysWhereTheLawIsUnsettled(t *testing.T) {
	t.Parallel()
	marigot, err := calendar.TerritoryOf("97801")
	if err != nil {
		t.Fatal(err)
	}
	own, err := marigot.WithLocalHolidays("28/05 Abolition de l’esclavage\r\n\n 29/02 Jour rare \n28/05 Abolition de l’esclavage")
	if err != nil {
		t.Fatal(err)
	}
	friday := calendar.NewDate(2027, time.May, 28)
	if marigot.IsHoliday(friday) || !own.IsHoliday(friday) || own.IsWorkingDay(friday) {
		t.Error("28 May 2027 is a holiday once the commune said so")
	}
	if len(own.Holidays(2027)) != 12 || len(own.Holidays(2028)) != 13 {
		t.Errorf("29 February only in leap years: %v", own.Holidays(2027))
	}
	if len(own.Uncertain()) != 0 {
		t.Errorf("nothing is uncertain any more: %q", own.Uncertain())
	}
	again, err := marigot.WithLocalHolidays("29/02 Jour rare\n28/05 Abolition de l’esclavage")
	if err != nil || again != own {
		t.Error("the order of the lines does not matter")
	}
	for list, code := range map[string]string{
		"31/04 Rien": "invalid_holidays", "28-05 Rien": "invalid_holidays", "28/05": "invalid_holidays", "28/05 ": "invalid_holidays",
		"01/02 A\n01/03 B\n01/04 C\n01/06 D\n01/07 E\n01/08 F\n01/09 G\n01/10 H\n" +
			"02/02 A\n02/03 B\n02/04 C\n02/06 D\n02/07 E\n02/08 F\n02/09 G\n02/10 H": "too_many_holidays",
	} {
		if _, err := marigot.WithLocalHolidays(list); !fault.Is(err, code) {
			t.Errorf("%q: got %v, want %s", list, err, code)
		}
	}
	if _, err := (calendar.Territory{}).WithLocalHolidays("28/05 Rien"); !fault.Is(err, "local_holidays_not_allowed") {
		t.Errorf("got %v", err)
	}
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	eachCase(t, "accuses.csv", func(t *testing.T, r row) {
		received, territory := r.date("recu"), r.territory()
		same(t, "AEE", calendar.RegistrationDue(received, territory), r.date("aee_au_plus_tard"))
		same(t, "ARE", calendar.ReceiptDue(received, territory), r.date("are_au_plus_tard"))
	})
}

func TestWorkingDaysProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		territory := territories().Draw(t, "territory")
		a, b := days().Draw(t, "a"), days().Draw(t, "b")
		n := rapid.IntRange(1, 40).Draw(t, "n")
		last := territory.AddWorkingDays(a, n)
		counted := 0
		for d := a.AddDays(1); !d.After(last); d = d.AddDays(1) {
			if territory.IsWorkingDay(d) {
				counted++
			}
		}
		if counted != n || !territory.IsWorkingDay(last) {
			t.Fatalf("%d working days after %v: %v", n, a, last)
		}
		if territory.AddWorkingDays(last, -n).After(a) && territory.IsWorkingDay(a) {
			t.Fatalf("%v - %d does not come back to %v", last, n, a)
		}
		if a.Before(b) && territory.AddWorkingDays(b, n).Before(last) {
			t.Fatal("a later reception gave an earlier date")
		}
		franc := territory.FrancMonths(a, n)
		if !territory.IsWorkingDay(franc) || !franc.After(a.AddMonths(n)) {
			t.Fatalf("%d months from %v: %v", n, a, franc)
		}
		if a.Before(b) && territory.FrancMonths(b, n).Before(franc) {
			t.Fatal("a later decision gave an earlier appeal")
		}
		if !calendar.RegistrationDue(a, territory).Before(calendar.ReceiptDue(a, territory)) {
			t.Fatal("the registration notice comes first")
		}
		j20, j10, j5 := calendar.AlertDays(a, territory)
		if !j20.Before(j10) || !j10.Before(j5) || !j5.Before(a) {
			t.Fatalf("alerts %v %v %v before %v", j20, j10, j5, a)
		}
	})
}

func FuzzWithLocalHolidays(f *testing.F) {
	f.Add("28/05 Abolition de l’esclavage\n09/10 Autre")
	f.Add("29/02 x")
	f.Add("\r\n \n")
	f.Fuzz(func(t *testing.T, list string) {
		papeete, err := calendar.TerritoryOf("98735")
		if err != nil {
			t.Fatal(err)
		}
		own, err := papeete.WithLocalHolidays(list)
		if err != nil {
			return
		}
		if len(own.Holidays(2028)) < 11 {
			t.Fatalf("%q lost a national holiday", list)
		}
		if d := calendar.NewDate(2028, 1, 1); !own.AddWorkingDays(d, 10).After(d) {
			t.Fatalf("%q stops working days", list)
		}
	})
}
