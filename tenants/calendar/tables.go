package calendar

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // The zones travel with the binary: a bare image has none.
)

//go:embed data/territories.csv
var territoriesCSV string

//go:embed data/holidays.csv
var holidaysCSV string

// territoryRow is one line of data/territories.csv.
type territoryRow struct {
	code, name, zone  string
	uncertainHolidays bool
	uncertainLaw      bool
}

// holidayRule is one line of data/holidays.csv: a fixed day of the year, or a
// number of days from Easter Sunday.
type holidayRule struct {
	name       string
	easter     bool
	offset     int // days from Easter Sunday, when easter
	month      time.Month
	day        int
	templeOnly bool
}

// on gives the rule's day in a year, whose Easter Sunday is known.
func (r holidayRule) on(year int, sunday Date) Date {
	if r.easter {
		return sunday.AddDays(r.offset)
	}
	return Date{Year: year, Month: r.month, Day: r.day}
}

type tables struct {
	byPrefix map[string]territoryRow
	byCode   map[string]territoryRow // the first line of each code
	codes    []string                // their order
	zones    map[string]*time.Location
	holidays map[string][]holidayRule // by code; "*" holds everywhere
	statutes []Statute
}

// law is read once from the embedded tables, which the tests read too: a
// mistake in them stops every program at start, rather than giving a wrong date.
var law = mustLoad(territoriesCSV, holidaysCSV, regimesCSV)

func mustLoad(territories, holidays, regimes string) tables {
	t, err := load(territories, holidays)
	if err == nil {
		t.statutes, err = loadStatutes(regimes)
	}
	if err != nil {
		panic("calendar: embedded tables: " + err.Error())
	}
	return t
}

func load(territories, holidays string) (tables, error) {
	t := tables{
		byPrefix: map[string]territoryRow{},
		byCode:   map[string]territoryRow{},
		zones:    map[string]*time.Location{},
		holidays: map[string][]holidayRule{},
	}
	lines, err := readTable(territories, 7)
	if err != nil {
		return tables{}, err
	}
	for _, l := range lines {
		zone, err := time.LoadLocation(l[3])
		if err != nil {
			return tables{}, fmt.Errorf("zone of %s: %w", l[1], err)
		}
		t.zones[l[3]] = zone
		row := territoryRow{code: l[1], name: l[2], zone: l[3], uncertainHolidays: l[5] != "", uncertainLaw: l[6] != ""}
		if _, seen := t.byCode[row.code]; !seen {
			t.byCode[row.code] = row
			t.codes = append(t.codes, row.code)
		}
		for prefix := range strings.FieldsSeq(l[0]) {
			t.byPrefix[prefix] = row
		}
	}
	lines, err = readTable(holidays, 5)
	if err != nil {
		return tables{}, err
	}
	for _, l := range lines {
		rule, err := parseRule(l[1])
		if err != nil {
			return tables{}, fmt.Errorf("holiday %s: %w", l[2], err)
		}
		rule.name, rule.templeOnly = l[2], l[3] == "temple"
		t.holidays[l[0]] = append(t.holidays[l[0]], rule)
	}
	return t, nil
}

// readTable gives a table's lines under its heading; # begins a comment.
func readTable(text string, columns int) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	r.FieldsPerRecord = columns
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	return lines[1:], nil
}

// parseRule reads "05-27" or "paques+39".
func parseRule(s string) (holidayRule, error) {
	if offset, found := strings.CutPrefix(s, "paques"); found {
		n, err := strconv.Atoi(offset)
		if err != nil {
			return holidayRule{}, fmt.Errorf("offset: %w", err)
		}
		return holidayRule{easter: true, offset: n}, nil
	}
	day, err := time.Parse("01-02", s)
	if err != nil {
		return holidayRule{}, fmt.Errorf("day: %w", err)
	}
	return holidayRule{month: day.Month(), day: day.Day()}, nil
}

// easter gives Easter Sunday of the Gregorian calendar (the anonymous
// algorithm of Meeus, Jones and Butcher), for years from 1583 on.
func easter(year int) Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return Date{Year: year, Month: time.Month(n / 31), Day: n%31 + 1}
}
