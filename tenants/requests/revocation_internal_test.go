package requests

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// What the law leaves open to do to an agreement, as the table that a jurist can read says.
func TestTakingBackFollowsItsTable(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/retrait.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil || len(lines) < 10 {
		t.Fatal(len(lines), err)
	}
	day := func(s string) calendar.Date {
		d, err := calendar.ParseDate(s)
		if s != "" && err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, l := range lines[1:] {
		found := 0
		for _, a := range actsOn(calendar.Code(l[1]), day(l[2]), day(l[3])) {
			if a.Outcome != catalogue.Outcome(l[4]) || a.Ground != Ground(l[5]) {
				continue
			}
			found++
			if a.Open != (l[6] == "oui") || a.Until != day(l[7]) || !strings.Contains(a.Article, l[8]) || a.Why == "" {
				t.Errorf("%s: %+v", l[0], a)
			}
		}
		if found != 1 {
			t.Errorf("%s: %d acts", l[0], found)
		}
	}
}

// Where the applicant lives, from the address that they gave.
func TestResidenceIsReadFromTheAddress(t *testing.T) {
	t.Parallel()
	const castanet, pointe, marigot, papeete = "31113", "97120", "97801", "98735"
	for _, c := range []struct {
		address, commune string
		lives            calendar.Residence
		known            bool
	}{
		{"3 rue des Lilas\n31320 Castanet-Tolosan", castanet, calendar.LivesNear, true},
		{"3 rue des Lilas, 20000 Ajaccio", castanet, calendar.LivesNear, true},
		{"3 rue des Lilas\n31068 Toulouse Cedex 7", castanet, calendar.LivesNear, true},
		{"4 rue Frébault\n97110 Pointe-à-Pitre", castanet, calendar.LivesAcross, true},
		{"BP 20\n98713 Papeete", castanet, calendar.LivesAcross, true},
		{"BP 20\n98713 Papeete", papeete, calendar.LivesNear, true},
		{"4 rue Frébault\n97110 Pointe-à-Pitre", pointe, calendar.LivesNear, true},
		{"1 rue du Fort\n97150 Saint-Martin", pointe, calendar.LivesAcross, true},
		{"1 rue du Fort\n97150 Saint-Martin", marigot, calendar.LivesNear, true},
		{"12 rue de Rivoli\n75001 Paris", pointe, calendar.LivesAcross, true},
		{"5 rue Longue\n1000 Bruxelles\nBelgique", castanet, calendar.LivesAbroad, true},
		{"Hauptstr. 3\n10115 Berlin, ALLEMAGNE", castanet, calendar.LivesAbroad, true},
		{"10 Downing Street\nLondon\nRoyaume-Uni", pointe, calendar.LivesAbroad, true},
		{"2 avenue Princesse Grace\n98000 Monaco", castanet, calendar.LivesAbroad, true},
		{"3 rue des Lilas", castanet, calendar.LivesNear, false},
		{"", castanet, calendar.LivesNear, false},
	} {
		if got := residenceOf(c.address, c.commune); got.Lives != c.lives || got.Known != c.known {
			t.Errorf("%q seen from %s: %+v", c.address, c.commune, got)
		}
	}
}
