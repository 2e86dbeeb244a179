package catalogue

import (
	"cmp"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fold"
)

// emptyWords are left out of a question, unless it has no others.
var emptyWords = map[string]bool{
	"le": true, "la": true, "les": true, "l": true, "un": true, "une": true, "des": true, "de": true, "du": true, "d": true,
	"a": true, "au": true, "aux": true, "en": true, "et": true, "ou": true, "pour": true, "dans": true, "sur": true, "par": true, "mon": true, "ma": true, "mes": true,
	"je": true, "j": true, "veux": true, "voudrais": true, "comment": true, "faire": true, "demander": true, "demande": true,
}

const (
	maxQuery   = 200 // bytes of a question that are looked at
	scoreTitle = 9
	scoreKey   = 5
	scoreText  = 1
	scoreWhole = 2 // more, for the whole word: « bar » is rather a bar than a barrier
)

// Search gives the procedures that a question finds, the best first: each of its words
// must begin a word of the title, the keywords or the text, whatever the accents
// and the plural. An empty question gives all of them, in their order.
func Search(entries []Entry, q string) []Entry {
	if len(q) > maxQuery {
		q = strings.ToValidUTF8(q[:maxQuery], "")
	}
	all := strings.Fields(fold.Words(q))
	words := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return emptyWords[w] })
	if len(words) == 0 {
		words = all
	}
	if len(words) == 0 {
		return slices.Clone(entries)
	}
	type hit struct {
		e     Entry
		score int
	}
	var hits []hit
	for _, e := range entries {
		if score := e.Procedure().score(words); score > 0 {
			hits = append(hits, hit{e, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	out := make([]Entry, len(hits))
	for i, h := range hits {
		out[i] = h.e
	}
	return out
}

// score sums what each word of a question is worth; 0 where one of them is nowhere.
func (p *Procedure) score(words []string) int {
	total := 0
	for _, w := range words {
		best := max(worth(p.searchTitle, w, scoreTitle), worth(p.searchKeywords, w, scoreKey), worth(p.searchEverything, w, scoreText))
		if best == 0 {
			return 0
		}
		total += best
	}
	return total
}

// worth gives what a text is worth for a word: nothing unless one of its words
// begins with it, or with its singular; more where that is the whole word.
func worth(text, w string, score int) int {
	short := w
	if len(w) > 3 {
		short = strings.TrimRight(w, "sx")
	}
	found := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case word == w || word == short:
			return score + scoreWhole
		case strings.HasPrefix(word, short):
			found = score
		}
	}
	return found
}
