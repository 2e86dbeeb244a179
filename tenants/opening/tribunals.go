package opening

import (
	_ "embed" // the courts
	"strings"

	"github.com/parvis-gru/parvis/tenants"
)

//go:embed tribunals.tsv
var tribunalsText string

// telerecours is the way to every administrative court for citizens (CJA R.414-2).
const telerecours = "https://citoyens.telerecours.fr"

type department struct {
	name  string
	court tenants.Court
}

// departments by code.
var departments = func() map[string]department {
	courts, out := map[string]tenants.Court{}, map[string]department{}
	for line := range strings.Lines(tribunalsText) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case len(f) == 4 && f[0] == "T":
			courts[f[1]] = tenants.Court{Name: f[2], PostalAddress: f[3], Telerecours: telerecours}
		case len(f) == 4 && f[0] == "D":
			out[f[1]] = department{f[2], courts[f[3]]}
		default:
			panic("opening: tribunals.tsv cannot be read: " + line) // it is part of the program
		}
	}
	return out
}()

// CourtOf gives the administrative court of a department or collectivité by its code
// (CJA R.221-3), and whether there is one. Its address is to be checked by whoever uses
// it. [à vérifier]
func CourtOf(code string) (tenants.Court, bool) {
	d, ok := departments[code]
	return d.court, ok
}

// DepartmentName gives the French name of a department or collectivité by its code; the
// code itself where it is unknown.
func DepartmentName(code string) string {
	if d, ok := departments[code]; ok {
		return d.name
	}
	return code
}
