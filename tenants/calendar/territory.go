package calendar

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Territory is what a commune's place decides: its clock and its public
// holidays. Values compare with ==. The zero Territory is metropolitan France.
type Territory struct {
	code, zone string
	temple     bool
	local      string // canonical list of WithLocalHolidays
}

const mainland = "metropole"

// TerritoryOf finds the territory of a commune by its INSEE code (code
// officiel géographique: "31113", "2A004", "97209"). A code that is no commune's is the fault
// "unknown_territory"; whether the commune exists is the registry's to say.
func TerritoryOf(insee string) (Territory, error) {
	if !isINSEE(insee) {
		return Territory{}, fault.New(fault.Invalid, "unknown_territory")
	}
	for length := len(insee); length >= 2; length-- {
		if row, ok := law.byPrefix[insee[:length]]; ok {
			return Territory{code: row.code, zone: row.zone}, nil
		}
	}
	return Territory{}, fault.New(fault.Invalid, "unknown_territory")
}

// TerritoryNamed finds a territory by its stable name ([Territory.Code]), at its main
// zone. An unknown name is the fault "unknown_territory".
func TerritoryNamed(code string) (Territory, error) {
	row, ok := law.byCode[code]
	if !ok {
		return Territory{}, fault.New(fault.Invalid, "unknown_territory", contradiction("territory", "unknown_territory"))
	}
	return Territory{code: row.code, zone: row.zone}, nil
}

// TerritoryCodes gives the stable names of every territory, in the order of the table.
func TerritoryCodes() []string { return slices.Clone(law.codes) }

// isINSEE checks the form: five digits, or 2A and 2B with three, and not the
// number 000 within its department.
func isINSEE(s string) bool {
	if len(s) != 5 || s[2:] == "000" {
		return false
	}
	for i := range len(s) {
		digit := s[i] >= '0' && s[i] <= '9'
		corsican := i == 1 && s[0] == '2' && (s[i] == 'A' || s[i] == 'B')
		if !digit && !corsican {
			return false
		}
	}
	return true
}

// WithTemple says whether the commune has a protestant temple or a "mixed"
// church, which makes Good Friday a holiday in Alsace-Moselle alone
// (C. trav. L.3134-13). It changes nothing elsewhere.
func (t Territory) WithTemple(has bool) Territory {
	t.temple = has && t.TempleCounts()
	return t
}

// Code gives the territory's stable name ("metropole", "alsace-moselle",
// "guadeloupe", "reunion", "polynesie-francaise"…).
func (t Territory) Code() string { return cmp.Or(t.code, mainland) }

// Name gives the territory's French name, to be shown.
func (t Territory) Name() string { return law.byCode[t.Code()].name }

// Zone gives the commune's time zone: every legal date is a day of this zone.
func (t Territory) Zone() *time.Location {
	return law.zones[cmp.Or(t.zone, law.byCode[t.Code()].zone)]
}

// Today gives the civil date of an instant in the territory.
func (t Territory) Today(now time.Time) Date { return On(now, t.Zone()) }

// Uncertain gives the French warnings that every date of this territory must
// bear: local holidays that are not settled and that the commune has not given,
// or a code whose application is to be checked. None for most communes.
func (t Territory) Uncertain() []string {
	row := law.byCode[t.Code()]
	var warnings []string
	if row.uncertainHolidays && t.local == "" {
		warnings = append(warnings, "Les jours fériés propres à "+inFrench(row.name)+
			" restent à vérifier\u00a0: seuls les jours fériés nationaux sont comptés tant que la commune n’a pas indiqué les siens dans ses paramètres.")
	}
	if row.uncertainLaw {
		warnings = append(warnings, "L’application du code des relations entre le public et l’administration à "+inFrench(row.name)+
			" reste à vérifier\u00a0: faites contrôler les délais avant de vous y fier.")
	}
	return warnings
}

// inFrench puts the article that a territory's name takes after "à".
func inFrench(name string) string {
	switch name {
	case "Polynésie française", "Nouvelle-Calédonie":
		return "la " + name
	default:
		return name
	}
}

// WithLocalHolidays gives the territory the commune's own fixed holidays, one a
// line as "28/05 Abolition de l’esclavage" (day/month, then its name). It is the
// editable table of the places whose holidays the law leaves unsettled
// (Saint-Martin, Saint-Barthélemy, Saint-Pierre-et-Miquelon, the Pacific);
// elsewhere the law is known and the list must be empty: the fault
// "local_holidays_not_allowed". A line that cannot be read is the fault
// "invalid_holidays", whose field "lines/0" names it; more than 15 lines are
// "too_many_holidays", so that working days always come.
func (t Territory) WithLocalHolidays(list string) (Territory, error) {
	var kept []localHoliday
	for i, line := range strings.Split(list, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		h, ok := parseLocal(line)
		if !ok {
			return Territory{}, fault.New(fault.Invalid, "invalid_holidays",
				fault.Field{Path: "lines/" + strconv.Itoa(i), Code: "invalid_holiday"})
		}
		kept = append(kept, h)
	}
	if len(kept) > maxLocal {
		return Territory{}, fault.New(fault.Invalid, "too_many_holidays")
	}
	if len(kept) > 0 && !law.byCode[t.Code()].uncertainHolidays {
		return Territory{}, fault.New(fault.Invalid, "local_holidays_not_allowed")
	}
	slices.SortFunc(kept, func(a, b localHoliday) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.name, b.name)) })
	kept = slices.Compact(kept)
	lines := make([]string, len(kept))
	for i, h := range kept {
		lines[i] = h.key + h.name
	}
	t.local = strings.Join(lines, "\n")
	return t, nil
}

const maxLocal = 15

// localHoliday is a fixed day that a commune gave: its key is "0528".
type localHoliday struct{ key, name string }

func parseLocal(line string) (localHoliday, bool) {
	day, name, found := strings.Cut(line, " ")
	name = strings.TrimSpace(name)
	// A leap year, so that 29 February can be read.
	t, err := time.Parse("02/01/2006", day+"/2028")
	if !found || err != nil || name == "" || len(name) > 120 {
		return localHoliday{}, false
	}
	return localHoliday{key: t.Format("0102"), name: name}, true
}

// OwnHolidays tells whether the law leaves the territory's public holidays unsettled, so
// that the commune can give its own ([Territory.WithLocalHolidays]).
func (t Territory) OwnHolidays() bool { return law.byCode[t.Code()].uncertainHolidays }

// TempleCounts tells whether a temple makes Good Friday a holiday ([Territory.WithTemple]).
func (t Territory) TempleCounts() bool { return t.Code() == "alsace-moselle" }
