package communes_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

const sicoval = "243100633"

// all gives every commune of France.
func all(t *testing.T) []communes.Commune {
	t.Helper()
	list := communes.All()
	if len(list) != 34_969 {
		t.Fatalf("%d communes, want the 34,969 of 1 January 2026", len(list))
	}
	return list
}

func TestByINSEE(t *testing.T) {
	t.Parallel()
	got, err := communes.ByINSEE("31113")
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "Castanet-Tolosan" || got.SIREN != "213101132" || got.EPCI != sicoval ||
		got.Population != 15_317 || got.Department != "31" || got.Region != "76" || !slices.Equal(got.PostalCodes, []string{"31320"}) {
		t.Errorf("Castanet-Tolosan reads %+v", got)
	}
	if c, err := communes.ByINSEE("2a004"); err != nil || c.Name != "Ajaccio" {
		t.Errorf("2a004 gives %q, %v; want Ajaccio", c.Name, err)
	}
	if c, err := communes.ByINSEE("98818"); err != nil || c.SIREN != "" || c.EPCI != "" || c.Department != "988" {
		t.Errorf("Nouméa reads %+v, %v", c, err)
	}
}

func TestUnknownCodes(t *testing.T) {
	t.Parallel()
	// 00000 and 99999 are no codes, 75101 is an arrondissement, 01015 was merged into
	// another commune; the rest is nonsense.
	for _, code := range []string{"", "0", "00000", "99999", "75101", "01091", "31113 ", "311133", "é1113", "E\t243"} {
		if _, err := communes.ByINSEE(code); !fault.Is(err, "commune_unknown") || fault.Of(err).Kind != fault.NotFound {
			t.Errorf("ByINSEE(%q): %v, want commune_unknown", code, err)
		}
	}
	for _, siren := range []string{"", "213101132", "999999999", "24310063"} {
		if _, err := communes.EPCIBySIREN(siren); !fault.Is(err, "epci_unknown") || fault.Of(err).Kind != fault.NotFound {
			t.Errorf("EPCIBySIREN(%q): %v, want epci_unknown", siren, err)
		}
		if m := communes.Members(siren); len(m) > 0 {
			t.Errorf("Members(%q) gives %d communes", siren, len(m))
		}
	}
}

func TestSicoval(t *testing.T) {
	t.Parallel()
	e, err := communes.EPCIBySIREN(sicoval)
	if err != nil {
		t.Fatal(err)
	}
	if e.Name != "CA du Sicoval" || e.Kind != "CA" || len(e.Members) != 36 || !slices.IsSorted(e.Members) {
		t.Errorf("Sicoval reads %+v", e)
	}
	members := communes.Members(sicoval)
	if len(members) != 36 {
		t.Fatalf("%d members, want 36", len(members))
	}
	for i, c := range members {
		if c.INSEE != e.Members[i] || c.EPCI != sicoval || c.Department != "31" {
			t.Errorf("member %d reads %+v", i, c)
		}
	}
}

// TestEveryCommune holds the whole of the data against the rules of its codes.
func TestEveryCommune(t *testing.T) {
	t.Parallel()
	var (
		insee     = regexp.MustCompile(`^(\d|2[AB])\d{3,4}$`)
		region    = regexp.MustCompile(`^\d{2,3}$`)
		postal    = regexp.MustCompile(`^\d{5}$`)
		label     = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
		withoutID int
		free      int
		before    string
	)
	for _, c := range all(t) {
		if c.INSEE <= before || len(c.INSEE) != 5 || !insee.MatchString(c.INSEE) {
			t.Errorf("INSEE code %q after %q", c.INSEE, before)
		}
		before = c.INSEE
		if c.INSEE[:len(c.Department)] != c.Department || !region.MatchString(c.Region) {
			t.Errorf("%s: department %q, region %q", c.INSEE, c.Department, c.Region)
		}
		if c.SIREN == "" {
			withoutID++
		} else if !luhn(c.SIREN) {
			t.Errorf("%s: SIREN %q does not hold its key", c.INSEE, c.SIREN)
		}
		for _, p := range c.PostalCodes {
			if !postal.MatchString(p) {
				t.Errorf("%s: postal code %q", c.INSEE, p)
			}
		}
		if c.EPCI == "" {
			free++
		} else if e, err := communes.EPCIBySIREN(c.EPCI); err != nil || !slices.Contains(e.Members, c.INSEE) {
			t.Errorf("%s says it is of %s, which does not list it (%v)", c.INSEE, c.EPCI, err)
		}
		if c.Population < 0 || c.Population > 2_200_000 {
			t.Errorf("%s: population %d", c.INSEE, c.Population)
		}
		if s := communes.Slug(c.Name); !label.MatchString(s) {
			t.Errorf("%s: slug %q is no label of a host name", c.INSEE, s)
		}
	}
	if withoutID != 94 || free != 98 {
		t.Errorf("%d communes without SIREN, %d without EPCI; want 94 and 98", withoutID, free)
	}
}

func TestEveryEPCI(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, c := range all(t) {
		if c.EPCI != "" {
			seen[c.EPCI]++
		}
	}
	if len(seen) != 1255 {
		t.Errorf("%d EPCI, want 1,255", len(seen))
	}
	kinds := map[string]int{}
	for siren, n := range seen {
		e, err := communes.EPCIBySIREN(siren)
		if err != nil || len(e.Members) != n || e.Name == "" || !luhn(siren) {
			t.Errorf("EPCI %s: %v, %d members of %d", siren, err, len(e.Members), n)
		}
		kinds[e.Kind]++
	}
	want := map[string]int{"CC": 989, "CA": 230, "CU": 14, "METRO": 21, "MET69": 1}
	for k, n := range want {
		if kinds[k] != n {
			t.Errorf("%d EPCI of kind %s, want %d", kinds[k], k, n)
		}
	}
}

// TestAnswersAreCopies: a caller that changes what it was given changes nothing for
// the next one.
func TestAnswersAreCopies(t *testing.T) {
	t.Parallel()
	c, err := communes.ByINSEE("69123")
	if err != nil {
		t.Fatal(err)
	}
	c.PostalCodes[0] = "00000"
	if again, _ := communes.ByINSEE("69123"); again.PostalCodes[0] == "00000" {
		t.Error("the postal codes are shared between callers")
	}
	communes.Members(sicoval)[0].PostalCodes[0] = "00000"
	if communes.Members(sicoval)[0].PostalCodes[0] == "00000" {
		t.Error("the members are shared between callers")
	}
}

// luhn tells whether a number's last digit is its key (ISO/IEC 7812-1, used by SIREN).
func luhn(s string) bool {
	sum := 0
	for i := range s {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return len(s) == 9 && sum%10 == 0
}

func BenchmarkByINSEE(b *testing.B) {
	for b.Loop() {
		if _, err := communes.ByINSEE("31113"); err != nil {
			b.Fatal(err)
		}
	}
}
