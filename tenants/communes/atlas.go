package communes

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the data
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// packed is the gzipped text that `go run ./cmd/dev communes` writes:
//
//	# comment lines: what made it, from which source, under which licence
//	E <TAB> SIREN <TAB> kind <TAB> name                               one line per EPCI, ascending by SIREN
//	C <TAB> INSEE <TAB> name <TAB> SIREN <TAB> postal codes, spaced <TAB> population <TAB> SIREN of EPCI <TAB> department <TAB> region
//	                                                                  one line per commune, ascending by INSEE
//
//go:embed communes.tsv.gz
var packed []byte

// Columns of a commune's line.
const (
	colINSEE = iota + 1
	colName
	colSIREN
	colPostal
	colPopulation
	colEPCI
	colDepartment
	colRegion
	columns
)

const inseeLen = 5

// atlas is the unpacked text with the places where its lines begin.
type atlas struct {
	text        string
	lines       []uint32 // where each commune's line begins in text, ascending by INSEE
	populations []int32  // of each commune, for ranking
	epcis       []epciRow
}

type epciRow struct {
	siren, kind, name string
	members           []int32 // positions in lines
}

// load unpacks the embedded text on first use. The file is part of the program and
// its test reads every line, so a broken one is a broken build: it panics.
var load = sync.OnceValue(func() *atlas {
	a, err := unpack(packed)
	if err != nil {
		panic("communes: embedded data: " + err.Error())
	}
	return a
})

func unpack(gz []byte) (*atlas, error) {
	r, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	var b strings.Builder
	b.Grow(2 << 20)
	if _, err := io.Copy(&b, r); err != nil { //nolint:gosec // our own embedded file, of a size known when it was made
		return nil, fmt.Errorf("unpack: %w", err)
	}
	a := &atlas{text: b.String(), lines: make([]uint32, 0, 35_000), populations: make([]int32, 0, 35_000)}
	bySIREN := map[string]int{}
	for start := 0; start < len(a.text); {
		end := start + strings.IndexByte(a.text[start:], '\n')
		if end < start {
			return nil, fmt.Errorf("last line has no end")
		}
		if err := a.add(start, a.text[start:end], bySIREN); err != nil {
			return nil, err
		}
		start = end + 1
	}
	return a, nil
}

func (a *atlas) add(start int, line string, bySIREN map[string]int) error {
	switch {
	case strings.HasPrefix(line, "#"):
		return nil
	case strings.HasPrefix(line, "E\t"):
		f := strings.SplitN(line, "\t", 5)
		if len(f) != 4 {
			return fmt.Errorf("EPCI line at byte %d has %d columns", start, len(f))
		}
		bySIREN[f[1]] = len(a.epcis)
		a.epcis = append(a.epcis, epciRow{siren: f[1], kind: f[2], name: f[3]})
		return nil
	case strings.HasPrefix(line, "C\t"):
		f, ok := cut(line)
		if !ok {
			return fmt.Errorf("commune line at byte %d has too few columns", start)
		}
		population, err := strconv.ParseInt(f[colPopulation], 10, 32)
		if err != nil {
			return fmt.Errorf("commune line at byte %d: population: %w", start, err)
		}
		if siren := f[colEPCI]; siren != "" {
			e, ok := bySIREN[siren]
			if !ok {
				return fmt.Errorf("commune line at byte %d names an unknown EPCI", start)
			}
			a.epcis[e].members = append(a.epcis[e].members, int32(len(a.lines)))
		}
		a.lines = append(a.lines, uint32(start))
		a.populations = append(a.populations, int32(population))
		return nil
	}
	return fmt.Errorf("line at byte %d is neither comment, EPCI nor commune", start)
}

// cut parts a commune's line into its columns without allocating.
func cut(line string) (f [columns]string, ok bool) {
	for i := range columns - 1 {
		f[i], line, ok = strings.Cut(line, "\t")
		if !ok {
			return f, false
		}
	}
	f[columns-1] = line
	return f, !strings.Contains(line, "\t")
}

func (a *atlas) insee(i int) string {
	at := int(a.lines[i]) + len("C\t")
	return a.text[at : at+inseeLen]
}

func (a *atlas) find(code string) (int, bool) {
	if len(code) != inseeLen {
		return 0, false
	}
	i := sort.Search(len(a.lines), func(i int) bool { return a.insee(i) >= code })
	return i, i < len(a.lines) && a.insee(i) == code
}

func (a *atlas) columns(i int) [columns]string {
	line, _, _ := strings.Cut(a.text[a.lines[i]:], "\n")
	f, _ := cut(line)
	return f
}

func (a *atlas) commune(i int) Commune {
	f := a.columns(i)
	return Commune{
		INSEE: f[colINSEE], Name: f[colName], SIREN: f[colSIREN], PostalCodes: strings.Fields(f[colPostal]),
		Population: int(a.populations[i]), EPCI: f[colEPCI], Department: f[colDepartment], Region: f[colRegion],
	}
}
