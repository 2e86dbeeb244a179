package catalogue

import (
	"container/list"
	"crypto/sha256"
	"sync"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/forms"
)

const (
	maxParsed   = 1_024   // parsed procedures; communes that share a model share one
	maxStored   = 128     // parsed definitions of drafts and of hubs' models
	maxTables   = 256     // reference tables; none is larger than MaxTableFile
	maxVersions = 200_000 // versions whose text is known, at some hundred bytes each
)

// versionKey names a version over all communes. The tenant is part of it, so that no
// row of one commune can stand for another's, whatever it holds.
type versionKey struct {
	tenant  int64
	version tenants.ID
}

// library keeps what was parsed, for the whole process. A version never changes, so
// that nothing in it grows old; equal texts, by their hash, are parsed once.
type library struct {
	mu       sync.Mutex
	versions *recent[versionKey, [sha256.Size]byte]
	parsed   *recent[[sha256.Size]byte, *Procedure]
}

func newLibrary(versions, parsed int) *library {
	return &library{
		versions: newRecent[versionKey, [sha256.Size]byte](versions),
		parsed:   newRecent[[sha256.Size]byte, *Procedure](parsed),
	}
}

var shared = newLibrary(maxVersions, maxParsed)

// drawer keeps the tables that forms draw from, for the whole process. What bears a version never changes, so that
// nothing in it grows old: a commune's next table has another.
type drawer struct {
	mu     sync.Mutex
	tables *recent[versionKey, *forms.Table]
}

var drawn = &drawer{tables: newRecent[versionKey, *forms.Table](maxTables)}

func (d *drawer) get(k versionKey) (*forms.Table, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tables.get(k)
}

func (d *drawer) put(k versionKey, t *forms.Table) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tables.put(k, t)
}

func (l *library) get(k versionKey) (*Procedure, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum, ok := l.versions.get(k)
	if !ok {
		return nil, false
	}
	return l.parsed.get(sum)
}

// read parses a version's text, unless an equal one was, and keeps it.
func (l *library) read(k versionKey, text []byte) (*Procedure, error) {
	sum := sha256.Sum256(text)
	l.mu.Lock()
	p, ok := l.parsed.get(sum)
	if ok {
		l.versions.put(k, sum)
	}
	l.mu.Unlock()
	if ok {
		return p, nil
	}
	p, err := ParseProcedure(text)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.versions.put(k, sum)
	l.parsed.put(sum, p)
	return p, nil
}

// stored keeps what was parsed of other texts of the database lately: drafts, and models that hubs propose.
var stored = newLibrary(1, maxStored)

// Stored parses a definition that the database keeps, unless an equal one was lately: it is shared, and
// never changed. Errors as in [ParseProcedure].
func Stored(text []byte) (*Procedure, error) {
	return stored.read(versionKey{}, text)
}

// recent is a bounded map that forgets what was used longest ago. It is not safe
// for concurrent use.
type recent[K comparable, V any] struct {
	limit int
	by    map[K]*list.Element
	order *list.List // most recent first; of pair[K, V]
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func newRecent[K comparable, V any](limit int) *recent[K, V] {
	return &recent[K, V]{limit: limit, by: map[K]*list.Element{}, order: list.New()}
}

func (r *recent[K, V]) get(k K) (V, bool) {
	e, ok := r.by[k]
	if !ok {
		var none V
		return none, false
	}
	r.order.MoveToFront(e)
	return e.Value.(pair[K, V]).value, true //nolint:errcheck // put alone writes, and writes pairs
}

func (r *recent[K, V]) put(k K, v V) {
	if e, ok := r.by[k]; ok {
		e.Value = pair[K, V]{k, v}
		r.order.MoveToFront(e)
		return
	}
	r.by[k] = r.order.PushFront(pair[K, V]{k, v})
	for r.order.Len() > r.limit {
		oldest := r.order.Back()
		r.order.Remove(oldest)
		delete(r.by, oldest.Value.(pair[K, V]).key) //nolint:errcheck // as above
	}
}
