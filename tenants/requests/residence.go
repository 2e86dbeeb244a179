package requests

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/fold"
)

// Residence is where an applicant lives, seen from the court that judges the commune (CJA
// R.421-7): it makes the time for appeal longer.
type Residence struct {
	Lives calendar.Residence
	// Said: an agent said so. Otherwise the postal address does, or nothing, where Known is
	// false: the nearest is then supposed.
	Said, Known bool
}

// seaOfCommune gives the territory overseas of an INSEE code, or "" for the mainland and
// Corsica: a court judges each.
func seaOfCommune(insee string) string {
	if len(insee) == 5 && (strings.HasPrefix(insee, "97") || strings.HasPrefix(insee, "98")) {
		return insee[:3]
	}
	return ""
}

// seaOfCode is the same of a postal code: Saint-Barthélemy and Saint-Martin have theirs
// among Guadeloupe's.
func seaOfCode(code string) string {
	switch code {
	case "97133":
		return "977"
	case "97150":
		return "978"
	}
	return seaOfCommune(code)
}

// monaco has a postal code that looks French.
const monaco = "98000"

var frenchPostalCode = regexp.MustCompile(`(?:^|\D)(\d{5})(?:\s+\D|$)`)

// foreign are the countries by their French names, as [fold.Words] writes them.
var foreign = sync.OnceValue(func() map[string]bool {
	names := display.Regions(language.French)
	all := map[string]bool{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			region, err := language.ParseRegion(string([]rune{a, b}))
			if err != nil || !region.IsCountry() || french[region.String()] {
				continue
			}
			if name := names.Name(region); name != "" {
				all[fold.Words(name)] = true
			}
		}
	}
	return all
})

// french are the regions of ISO 3166 that are French.
var french = map[string]bool{
	"FR": true, "GP": true, "MQ": true, "GF": true, "RE": true, "PM": true, "YT": true, "BL": true, "MF": true, "WF": true, "PF": true, "NC": true, "TF": true, "FX": true,
}

// residenceOf reads from a postal address where somebody lives, seen from a commune.
func residenceOf(address, insee string) Residence {
	lines := strings.Split(strings.TrimSpace(address), "\n")
	last := lines[len(lines)-1]
	if i := strings.LastIndexAny(last, ",("); i >= 0 && !foreign()[fold.Words(last)] {
		last = last[i+1:]
	}
	if foreign()[fold.Words(last)] {
		return Residence{Lives: calendar.LivesAbroad, Known: true}
	}
	for i := len(lines) - 1; i >= 0; i-- {
		m := frenchPostalCode.FindAllStringSubmatch(lines[i], -1)
		if len(m) == 0 {
			continue
		}
		switch code := m[len(m)-1][1]; {
		case code == monaco:
			return Residence{Lives: calendar.LivesAbroad, Known: true}
		case seaOfCode(code) != seaOfCommune(insee):
			return Residence{Lives: calendar.LivesAcross, Known: true}
		}
		return Residence{Known: true}
	}
	return Residence{}
}

// said are the words of the column residence.
var said = map[string]calendar.Residence{"near": calendar.LivesNear, "overseas": calendar.LivesAcross, "abroad": calendar.LivesAbroad}

const (
	sqlResidence    = `select coalesce(residence, '') from request where id = $1`
	sqlSetResidence = `update request set residence = nullif($2, '') where id = $1`
)

// residence gives where the applicant lives: as an agent said, or as the address says.
func (c *change) residence(ctx context.Context) (Residence, error) {
	own, err := tenants.One[string](ctx, c.tx, sqlResidence, c.r.ID)
	if err != nil {
		return Residence{}, err
	}
	return c.r.residence(own, c.tx.Tenant().INSEE), nil
}

// residence reads what an agent said, or else the address.
func (r Request) residence(own, insee string) Residence {
	if lives, ok := said[own]; ok {
		return Residence{Lives: lives, Said: true, Known: true}
	}
	return residenceOf(r.Applicant.PostalAddress, insee)
}

// SetResidence says where the applicant lives, seen from the court: "near", "overseas" or
// "abroad", or "" to read it from the postal address again. The times for appeal that run are
// computed anew. Agents of the service may. Another word is fault.Invalid "residence_unknown".
func SetResidence(ctx context.Context, tx *tenants.Tx, number, lives string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	if err != nil {
		return Request{}, err
	}
	if c.who&agents == 0 {
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	}
	if _, ok := said[lives]; !ok && lives != "" {
		return Request{}, fault.New(fault.Invalid, "residence_unknown", fault.Field{Path: "residence", Code: "unknown"})
	}
	if _, err := tx.Exec(ctx, sqlSetResidence, c.r.ID, lives); err != nil {
		return Request{}, err
	}
	if err := c.recountAppeals(ctx); err != nil {
		return Request{}, err
	}
	if err := c.record(ctx, "residence_set", EventData{Label: lives}); err != nil {
		return Request{}, err
	}
	return c.save(ctx)
}
