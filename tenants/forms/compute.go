package forms

import (
	"math/big"
	"slices"
	"strconv"
	"time"
)

// The limits of formulas.
const (
	MaxComputed     = 40  // computed values of a form
	MaxFormulaParts = 100 // parts of one formula
)

// KindComputed is a value that the program works out of earlier answers: a fee, a surface, an age.
const KindComputed Kind = "computed"

// Expr is a formula. Exactly one of its shapes is set; the package comment shows the JSON. It is worked out exactly, in
// decimal numbers; what lacks an answer, divides by zero or finds no row is not known, and never a wrong figure.
type Expr struct {
	Value *float64 `json:"value,omitempty"`
	Field string   `json:"field,omitempty"` // a number, or an earlier computed value: of money, in euros

	Add   []Expr `json:"add,omitempty"`
	Sub   []Expr `json:"sub,omitempty"` // the first, less the others
	Mul   []Expr `json:"mul,omitempty"`
	Div   []Expr `json:"div,omitempty"` // the first by the second
	Min   []Expr `json:"min,omitempty"`
	Max   []Expr `json:"max,omitempty"`
	Round *Expr  `json:"round,omitempty"` // half up, to Digits
	Floor *Expr  `json:"floor,omitempty"`
	Ceil  *Expr  `json:"ceil,omitempty"`

	Digits int `json:"digits,omitempty"` // after the decimal point, of Round, Floor and Ceil

	If   *Condition `json:"if,omitempty"`
	Then *Expr      `json:"then,omitempty"`
	Else *Expr      `json:"else,omitempty"`

	Count string `json:"count,omitempty"` // rows of a repeated section
	Sum   string `json:"sum,omitempty"`   // over the rows of a repeated section, of Of
	Of    *Expr  `json:"of,omitempty"`

	Days   *Span   `json:"days,omitempty"`  // days between two dates
	Years  *Span   `json:"years,omitempty"` // whole years between two dates
	Lookup *Lookup `json:"lookup,omitempty"`
}

// Span is the time between two dates, each written ("2026-12-31"), a date question or FactToday, which is the default.
type Span struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// maxBits bounds the numbers on the way: what grows past it is not known.
const maxBits = 4096

// reckoner works formulas out.
type reckoner struct {
	x      *index // whose questions are meant
	get    getter
	outer  *reckoner // of the form around a repeated section
	tables Tables
}

func (r *reckoner) eval(e *Expr, depth int) (*big.Rat, bool) {
	if e == nil || depth <= 0 {
		return nil, false
	}
	n, ok := r.shape(e, depth-1)
	if !ok || n == nil || n.Num().BitLen() > maxBits || n.Denom().BitLen() > maxBits {
		return nil, false
	}
	return n, true
}

func (r *reckoner) shape(e *Expr, depth int) (*big.Rat, bool) {
	switch {
	case e.Value != nil:
		return decimal(*e.Value)
	case e.Field != "":
		return r.field(e.Field)
	case e.If != nil:
		if e.If.holds(r.get, MaxDepth) {
			return r.eval(e.Then, depth)
		}
		return r.eval(e.Else, depth)
	case e.Count != "":
		rows, _, ok := r.rows(e.Count)
		return big.NewRat(int64(len(rows)), 1), ok
	case e.Sum != "":
		return r.sum(e, depth)
	case e.Days != nil:
		return r.span(e.Days, daysBetween)
	case e.Years != nil:
		return r.span(e.Years, age)
	case e.Lookup != nil:
		return r.lookup(e.Lookup)
	case e.Round != nil:
		return r.rounded(e.Round, e.Digits, depth, halfUp)
	case e.Floor != nil:
		return r.rounded(e.Floor, e.Digits, depth, floor)
	case e.Ceil != nil:
		return r.rounded(e.Ceil, e.Digits, depth, ceil)
	}
	return r.operation(e, depth)
}

func (r *reckoner) operation(e *Expr, depth int) (*big.Rat, bool) {
	for _, op := range []struct {
		terms []Expr
		do    func(z, y *big.Rat) bool
	}{
		{e.Add, func(z, y *big.Rat) bool { z.Add(z, y); return true }},
		{e.Sub, func(z, y *big.Rat) bool { z.Sub(z, y); return true }},
		{e.Mul, func(z, y *big.Rat) bool { z.Mul(z, y); return true }},
		{e.Div, func(z, y *big.Rat) bool {
			if y.Sign() == 0 {
				return false
			}
			z.Quo(z, y)
			return true
		}},
		{e.Min, func(z, y *big.Rat) bool {
			if y.Cmp(z) < 0 {
				z.Set(y)
			}
			return true
		}},
		{e.Max, func(z, y *big.Rat) bool {
			if y.Cmp(z) > 0 {
				z.Set(y)
			}
			return true
		}},
	} {
		if len(op.terms) == 0 {
			continue
		}
		first, ok := r.eval(&op.terms[0], depth)
		if !ok {
			return nil, false
		}
		z := new(big.Rat).Set(first)
		for i := 1; i < len(op.terms); i++ {
			y, ok := r.eval(&op.terms[i], depth)
			if !ok || !op.do(z, y) || z.Num().BitLen() > maxBits {
				return nil, false
			}
		}
		return z, true
	}
	return nil, false
}

func (r *reckoner) field(id string) (*big.Rat, bool) {
	n, ok := r.get(id).Number()
	if !ok {
		return nil, false
	}
	z, ok := decimal(n)
	if f := r.fieldOf(id); ok && f != nil && f.Money {
		z.Quo(z, big.NewRat(100, 1))
	}
	return z, ok
}

func (r *reckoner) fieldOf(id string) *Field {
	if i, ok := r.x.byID[id]; ok {
		return r.x.entries[i].field
	}
	if r.outer != nil {
		return r.outer.fieldOf(id)
	}
	return nil
}

// rows gives the rows of a repeated section that answer something.
func (r *reckoner) rows(id string) ([]Answers, *index, bool) {
	i, ok := r.x.byID[id]
	if !ok || r.x.entries[i].group == nil {
		return nil, nil, false
	}
	return r.get(id).full(), r.x.entries[i].group, true
}

func (r *reckoner) sum(e *Expr, depth int) (*big.Rat, bool) {
	rows, sub, ok := r.rows(e.Sum)
	if !ok {
		return nil, false
	}
	total := new(big.Rat)
	for n, row := range rows {
		if n >= MaxRows {
			return nil, false
		}
		visible := sub.sightIn(row, r.get, nil)
		inner := reckoner{x: sub, get: sub.seenIn(row, visible, r.get), outer: r, tables: r.tables}
		y, ok := inner.eval(e.Of, depth)
		if !ok {
			return nil, false
		}
		if total.Add(total, y); total.Denom().BitLen() > maxBits {
			return nil, false
		}
	}
	return total, true
}

func (r *reckoner) span(s *Span, between func(from, to time.Time) int) (*big.Rat, bool) {
	from, okFrom := dateOf(orToday(s.From), r.get)
	to, okTo := dateOf(orToday(s.To), r.get)
	if !okFrom || !okTo {
		return nil, false
	}
	return big.NewRat(int64(between(from, to)), 1), true
}

func orToday(ref string) string {
	if ref == "" {
		return FactToday
	}
	return ref
}

func (r *reckoner) lookup(l *Lookup) (*big.Rat, bool) {
	cell, ok := r.tables[l.Table].find(l.Column, l.Where, r.get)
	if !ok {
		return nil, false
	}
	n, ok := parseNumber(cell, "")
	if !ok {
		return nil, false
	}
	return decimal(n)
}

func (r *reckoner) rounded(e *Expr, digits, depth int, how rounding) (*big.Rat, bool) {
	n, ok := r.eval(e, depth)
	if !ok {
		return nil, false
	}
	return round(n, digits, how), true
}

// rounding chooses between the whole number below and the one above.
type rounding func(n *big.Rat, below *big.Int) *big.Int

func floor(_ *big.Rat, below *big.Int) *big.Int { return below }

func ceil(n *big.Rat, below *big.Int) *big.Int {
	if n.IsInt() {
		return below
	}
	return new(big.Int).Add(below, big.NewInt(1))
}

// halfUp rounds as money is: 0.5 to 1, -0.5 to -1.
func halfUp(n *big.Rat, below *big.Int) *big.Int {
	rest := new(big.Rat).Sub(n, new(big.Rat).SetInt(below))
	half := rest.Cmp(big.NewRat(1, 2))
	if half > 0 || half == 0 && n.Sign() > 0 {
		return new(big.Int).Add(below, big.NewInt(1))
	}
	return below
}

func round(n *big.Rat, digits int, how rounding) *big.Rat {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(min(max(digits, 0), maxDecimals))), nil))
	scaled := new(big.Rat).Mul(n, scale)
	below := new(big.Int).Div(scaled.Num(), scaled.Denom()) // Euclidean: towards minus infinity
	return new(big.Rat).Quo(new(big.Rat).SetInt(how(scaled, below)), scale)
}

// decimal is the number as it is written, and not the binary fraction that stands for it.
func decimal(n float64) (*big.Rat, bool) {
	if n > maxNumber || n < -maxNumber {
		return nil, false
	}
	return new(big.Rat).SetString(strconv.FormatFloat(n, 'f', -1, 64))
}

// result gives a field's computed value: cents of money, else a number with the field's decimals. Not known is no value.
func (r *reckoner) result(f *Field) Value {
	n, ok := r.eval(f.Compute, MaxDepth)
	if !ok {
		return Value{}
	}
	digits := f.Decimals
	if f.Money {
		n, digits = new(big.Rat).Mul(n, big.NewRat(100, 1)), 0
	}
	out, _ := round(n, digits, halfUp).Float64()
	if out > maxNumber || out < -maxNumber {
		return Value{}
	}
	return Number(out)
}

// parts visits every part of a formula within MaxDepth, and tells where depth runs out.
func (e *Expr) walk(path string, depth int, visit func(path string, part *Expr, tooDeep bool)) {
	if e == nil {
		return
	}
	visit(path, e, depth <= 0)
	if depth <= 0 {
		return
	}
	for _, list := range e.lists() {
		for i := range list.terms {
			list.terms[i].walk(joinIndex(path+"/"+list.key, i), depth-1, visit)
		}
	}
	for _, one := range []struct {
		key string
		sub *Expr
	}{{"round", e.Round}, {"floor", e.Floor}, {"ceil", e.Ceil}, {"then", e.Then}, {"else", e.Else}, {"of", e.Of}} {
		one.sub.walk(path+"/"+one.key, depth-1, visit)
	}
}

type terms struct {
	key   string
	terms []Expr
}

func (e *Expr) lists() []terms {
	all := []terms{{"add", e.Add}, {"sub", e.Sub}, {"mul", e.Mul}, {"div", e.Div}, {"min", e.Min}, {"max", e.Max}}
	return slices.DeleteFunc(all, func(t terms) bool { return len(t.terms) == 0 })
}

// bounded tells whether the formula is within the limits.
func (e *Expr) bounded() bool {
	parts, deep := 0, false
	e.walk("", MaxDepth, func(_ string, part *Expr, tooDeep bool) {
		parts++
		deep = deep || tooDeep || !part.If.bounded()
	})
	return !deep && parts <= MaxFormulaParts
}
