package communes

import (
	"sort"
	"strings"
	"sync"

	"github.com/parvis-gru/parvis/tenants/fold"
)

// MaxResults is the most that one [Search] gives.
const MaxResults = 100

// maxQuery is the length, in bytes, past which a query is cut: the longest name has
// 45 letters.
const maxQuery = 200

// How well a commune fits a query, best first.
const (
	exactCode   = iota // the INSEE code itself
	exactName          // the whole name, with or without its article
	startOfName        // the name begins so, with or without its article
	wordsOfName        // each typed word begins a word of the name, or a code
	noFit
)

// Search gives the communes that fit what somebody typed, best first: by exactness,
// then by population. Accents, case, hyphens and apostrophes do not matter; "st"
// stands for "saint". An INSEE code, a postal code or its beginning may be typed
// instead of a name or beside it ("31320", "31 castanet"); where a number is both,
// the commune of that INSEE code goes first. At most limit results,
// and never more than [MaxResults]; nothing for an empty query.
func Search(q string, limit int) []Commune {
	if len(q) > maxQuery {
		q = q[:maxQuery]
	}
	words := foldQuery(q)
	limit = min(limit, MaxResults)
	if len(words) == 0 || limit <= 0 {
		return nil
	}
	a, names := load(), foldedNames()
	best := ranking{limit: limit}
	query := query{words: words, joined: strings.Join(words, " "), squeezed: strings.Join(words, "")}
	for i := range a.lines {
		if fit := query.fit(a, i, names.name(i)); fit < noFit {
			best.offer(hit{fit: fit, population: a.populations[i], at: i})
		}
	}
	out := make([]Commune, len(best.hits))
	for i, h := range best.hits {
		out[i] = a.commune(h.at)
	}
	return out
}

type query struct {
	words            []string
	joined, squeezed string
}

func (q query) fit(a *atlas, i int, name string) int {
	if len(q.words) == 1 && strings.EqualFold(a.insee(i), q.joined) {
		return exactCode
	}
	bare := withoutArticle(name)
	if name == q.joined || bare == q.joined {
		return exactName
	}
	if strings.HasPrefix(name, q.joined) || strings.HasPrefix(bare, q.joined) {
		return startOfName
	}
	if beginsSqueezed(name, q.squeezed) {
		return wordsOfName
	}
	for _, w := range q.words {
		if !beginsWord(name, w) && !(isCode(w) && a.beginsCode(i, w)) {
			return noFit
		}
	}
	return wordsOfName
}

// beginsCode tells whether a folded word begins the INSEE code, the SIREN or one of
// the postal codes of a commune. A single digit says too little.
func (a *atlas) beginsCode(i int, word string) bool {
	f := a.columns(i)
	if strings.HasPrefix(strings.ToLower(f[colINSEE]), word) || f[colSIREN] == word {
		return true
	}
	for rest := f[colPostal]; rest != ""; {
		var code string
		code, rest, _ = strings.Cut(rest, " ")
		if strings.HasPrefix(code, word) {
			return true
		}
	}
	return false
}

func isCode(word string) bool {
	return len(word) >= 2 && word[0] >= '0' && word[0] <= '9'
}

// withoutArticle takes the definite article off the front of a folded name.
func withoutArticle(name string) string {
	for _, article := range [...]string{"l ", "le ", "la ", "les "} {
		if rest, ok := strings.CutPrefix(name, article); ok {
			return rest
		}
	}
	return name
}

// beginsWord tells whether a word of a folded name begins with w.
func beginsWord(name, w string) bool {
	for {
		if strings.HasPrefix(name, w) {
			return true
		}
		gap := strings.IndexByte(name, ' ')
		if gap < 0 {
			return false
		}
		name = name[gap+1:]
	}
}

// beginsSqueezed tells whether a folded name, its spaces left out, begins with s:
// people type "castanettolosan" and "lhay".
func beginsSqueezed(name, s string) bool {
	for len(s) > 0 {
		if name == "" {
			return false
		}
		if name[0] == s[0] {
			s = s[1:]
		} else if name[0] != ' ' {
			return false
		}
		name = name[1:]
	}
	return true
}

type hit struct {
	fit        int
	population int32
	at         int
}

func (h hit) before(o hit) bool {
	switch {
	case h.fit != o.fit:
		return h.fit < o.fit
	case h.population != o.population:
		return h.population > o.population
	}
	return h.at < o.at
}

// ranking keeps the best hits, in order.
type ranking struct {
	limit int
	hits  []hit
}

func (r *ranking) offer(h hit) {
	if len(r.hits) == r.limit {
		if !h.before(r.hits[r.limit-1]) {
			return
		}
		r.hits = r.hits[:r.limit-1]
	}
	at := sort.Search(len(r.hits), func(i int) bool { return h.before(r.hits[i]) })
	r.hits = append(r.hits, hit{})
	copy(r.hits[at+1:], r.hits[at:])
	r.hits[at] = h
}

// folded holds every commune's folded name in one text.
type folded struct {
	text string
	ends []uint32
}

func (f *folded) name(i int) string {
	start := uint32(0)
	if i > 0 {
		start = f.ends[i-1]
	}
	return f.text[start:f.ends[i]]
}

// foldedNames is made on the first search: a program that only looks codes up does
// without.
var foldedNames = sync.OnceValue(func() *folded {
	a := load()
	f := &folded{ends: make([]uint32, len(a.lines))}
	var b strings.Builder
	b.Grow(500 << 10)
	for i := range a.lines {
		b.WriteString(fold.Words(a.columns(i)[colName]))
		f.ends[i] = uint32(b.Len())
	}
	f.text = b.String()
	return f
})
