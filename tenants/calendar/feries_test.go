package calendar_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// joursFeries is a library of the State's « fabrique numérique », which we did not write.
const joursFeries = "@socialgouv/jours-feries@2.0.0"

// joursFeriesScript prints the days of each year, and of Alsace-Moselle's, as ISO dates.
const joursFeriesScript = `const jours = require(process.argv[1]);
const days = (year, options) => Object.values(jours(year, options)).map((d) => d.toISOString().slice(0, 10)).sort();
const all = {};
for (let year = 2016; year <= 2100; year++) all[year] = { france: days(year), alsace: days(year, { alsace: true }) };
console.log(JSON.stringify(all));`

// What we know and the library does not: it has no overseas day, and gives Good Friday to
// the whole of Alsace-Moselle, though C. trav. L.3134-13 gives it only to the communes that
// have a protestant temple or a mixed church.
var beyondTheLibrary = map[string]string{"97120": "05-27", "97209": "05-22", "97302": "06-10", "97411": "12-20", "97611": "04-27"}

func TestHolidaysAreThoseOfTheStatesLibrary(t *testing.T) {
	t.Parallel()
	cache, err := parts.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "jours-feries")
	if err := parts.NPM(t.Context(), func(line string) { t.Log(line) }, dir, joursFeries); err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "-e", joursFeriesScript, filepath.Join(dir, "node_modules", "@socialgouv", "jours-feries")) //nolint:gosec // a pinned package
	node.Env = append(node.Environ(), "TZ=UTC")
	out, err := node.Output()
	if err != nil {
		t.Fatal(err)
	}
	var theirs map[string]struct{ France, Alsace []string }
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	for year := 2016; year <= 2100; year++ {
		library := theirs[strconv.Itoa(year)]
		for insee, temple := range map[string]bool{"31113": false, "2A004": false, "97701": false, "97801": false, "97502": false, "98735": false, "98818": false} {
			compareHolidays(t, insee, temple, year, library.France)
		}
		compareHolidays(t, "67482", true, year, library.Alsace)
		compareHolidays(t, "57463", false, year, slices.DeleteFunc(slices.Clone(library.Alsace), func(day string) bool {
			return day == goodFriday(t, year)
		}))
		for insee, own := range beyondTheLibrary {
			want := append(slices.Clone(library.France), strconv.Itoa(year)+"-"+own)
			slices.Sort(want)
			compareHolidays(t, insee, false, year, want)
		}
	}
}

func territoryIn(t *testing.T, insee string, temple bool) calendar.Territory {
	t.Helper()
	territory, err := calendar.TerritoryOf(insee)
	if err != nil {
		t.Fatal(err)
	}
	return territory.WithTemple(temple)
}

func goodFriday(t *testing.T, year int) string {
	t.Helper()
	for _, h := range territoryIn(t, "67482", true).Holidays(year) {
		if h.Name == "Vendredi saint" {
			return h.Date.String()
		}
	}
	t.Fatalf("%d has no Good Friday", year)
	return ""
}

func compareHolidays(t *testing.T, insee string, temple bool, year int, want []string) {
	t.Helper()
	var got []string
	for _, h := range territoryIn(t, insee, temple).Holidays(year) {
		got = append(got, h.Date.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s, %d: %v, the library says %v", insee, year, got, want)
	}
}
