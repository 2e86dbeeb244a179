package communes

import (
	"sort"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Commune is one commune as it exists at the date of the [Source].
type Commune struct {
	INSEE       string   // official code, 5 characters ("31113", "2A004")
	Name        string   // official name, with its article ("L'Haÿ-les-Roses") and the straight apostrophe of the source
	SIREN       string   // 9 digits; empty where the source knows none (collectivities overseas)
	PostalCodes []string // 5 digits each, in the source's order; empty for the uninhabited territories
	Population  int      // population municipale, inhabitants; 0 where nobody is counted
	EPCI        string   // SIREN of its EPCI à fiscalité propre; empty for the 98 communes that belong to none
	Department  string   // code of the department or collectivity ("31", "2A", "971")
	Region      string   // code of the region ("76"), or of the collectivity where there is none ("975", "988")
}

// EPCI is an intercommunal body with its own tax (établissement public de
// coopération intercommunale à fiscalité propre, CGCT art. L. 5210-1-1 A).
type EPCI struct {
	SIREN   string   // 9 digits
	Name    string   // as the DGCL writes it ("CA du Sicoval")
	Kind    string   // CC, CA, CU, METRO, or MET69 for the Métropole de Lyon
	Members []string // INSEE codes of its communes, ascending
}

// kinds of EPCI as the DGCL abbreviates them, and in full.
var epciKinds = map[string]string{"CA ": "Communauté d’agglomération ", "CC ": "Communauté de communes ", "CU ": "Communauté urbaine "}

// LongName writes the name out: « Communauté d’agglomération du Sicoval ».
func (e EPCI) LongName() string {
	for short, long := range epciKinds {
		if rest, ok := strings.CutPrefix(e.Name, short); ok {
			return long + rest
		}
	}
	return e.Name
}

// ShortName leaves out what kind it is, and the article: « Sicoval ».
func (e EPCI) ShortName() string {
	for short := range epciKinds {
		if rest, ok := strings.CutPrefix(e.Name, short); ok {
			for _, article := range []string{"du ", "des ", "de la ", "de l'", "de l’", "de ", "d'", "d’"} {
				if name, ok := strings.CutPrefix(rest, article); ok {
					return name
				}
			}
			return rest
		}
	}
	return e.Name
}

// Faults of this package, as they stand in fault.Error.Code.
const (
	codeCommuneUnknown = "commune_unknown"
	codeEPCIUnknown    = "epci_unknown"
)

// ByINSEE gives the commune of an official code; the letter of a Corsican code may
// be in either case. An unknown code is fault.NotFound "commune_unknown".
func ByINSEE(code string) (Commune, error) {
	a := load()
	i, ok := a.find(strings.ToUpper(code))
	if !ok {
		return Commune{}, fault.New(fault.NotFound, codeCommuneUnknown)
	}
	return a.commune(i), nil
}

// EPCIBySIREN gives the EPCI of a SIREN number (9 digits). An unknown one is
// fault.NotFound "epci_unknown".
func EPCIBySIREN(siren string) (EPCI, error) {
	a := load()
	i := sort.Search(len(a.epcis), func(i int) bool { return a.epcis[i].siren >= siren })
	if i == len(a.epcis) || a.epcis[i].siren != siren {
		return EPCI{}, fault.New(fault.NotFound, codeEPCIUnknown)
	}
	e := a.epcis[i]
	members := make([]string, len(e.members))
	for j, m := range e.members {
		members[j] = a.insee(int(m))
	}
	return EPCI{SIREN: e.siren, Name: e.name, Kind: e.kind, Members: members}, nil
}

// All gives every commune of France, ascending by INSEE code: some 35,000, made
// anew at each call, for tools and tests; a request has [ByINSEE] and [Search].
func All() []Commune {
	a := load()
	out := make([]Commune, len(a.lines))
	for i := range out {
		out[i] = a.commune(i)
	}
	return out
}

// Members gives the communes of an EPCI, ascending by INSEE code. An unknown SIREN
// has none; [EPCIBySIREN] tells the two cases apart.
func Members(siren string) []Commune {
	e, err := EPCIBySIREN(siren)
	if err != nil {
		return nil
	}
	a := load()
	out := make([]Commune, 0, len(e.Members))
	for _, code := range e.Members {
		if i, ok := a.find(code); ok {
			out = append(out, a.commune(i))
		}
	}
	return out
}
