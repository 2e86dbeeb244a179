package forms

import (
	"cmp"
	"strings"
	"time"
)

// Condition decides whether a section or a field is shown. Exactly one of And, Or, Not, or Field with
// one operator is set; the package comment shows the JSON. A nil condition holds; an empty And holds
// and an empty Or does not, which ShowIf uses as constants.
type Condition struct {
	And []Condition `json:"and,omitempty"`
	Or  []Condition `json:"or,omitempty"`
	Not *Condition  `json:"not,omitempty"`

	Field     string  `json:"field,omitempty"` // a question, or a fact (FactToday…)
	As        string  `json:"as,omitempty"`    // of a date: AsDays or AsAge, a number that is compared in its place
	At        string  `json:"at,omitempty"`    // what As counts from: a date, an earlier date question, FactToday by default
	Equals    *Value  `json:"equals,omitempty"`
	NotEquals *Value  `json:"not_equals,omitempty"`
	In        []Value `json:"in,omitempty"`
	Contains  string  `json:"contains,omitempty"`
	Gt        *Value  `json:"gt,omitempty"`
	Ge        *Value  `json:"ge,omitempty"`
	Lt        *Value  `json:"lt,omitempty"`
	Le        *Value  `json:"le,omitempty"`
	Filled    bool    `json:"filled,omitempty"`
}

// What a condition can count of a date.
const (
	AsDays = "days" // days from At to the date; negative before it
	AsAge  = "age"  // whole years from the date to At
)

// getter gives the answer or the fact of that name; the zero value where there is none.
type getter = func(id string) Value

// Holds evaluates the condition on answers, as they stand: it does not know which fields are hidden
// (Definition.Visible does). Time is bounded by MaxDepth and MaxConditionLeaves; deeper parts do
// not hold.
func (c *Condition) Holds(a Answers) bool {
	return c.holds(func(id string) Value { return a[id] }, MaxDepth)
}

func (c *Condition) holds(get getter, depth int) bool {
	if c == nil {
		return true
	}
	if depth <= 0 {
		return false
	}
	switch {
	case c.Field != "":
		return c.test(get)
	case c.Not != nil:
		return !c.Not.holds(get, depth-1)
	case c.Or != nil:
		for i := range c.Or {
			if c.Or[i].holds(get, depth-1) {
				return true
			}
		}
		return false
	default:
		for i := range c.And {
			if !c.And[i].holds(get, depth-1) {
				return false
			}
		}
		return c.And != nil
	}
}

func (c *Condition) test(get getter) bool {
	v := get(c.Field)
	if c.As != "" {
		v = c.counted(get)
	}
	if v.Empty() {
		return false
	}
	switch {
	case c.Equals != nil:
		return v.Equal(*c.Equals)
	case c.NotEquals != nil:
		return !v.Equal(*c.NotEquals)
	case c.In != nil:
		for i := range c.In {
			if v.Equal(c.In[i]) {
				return true
			}
		}
		return false
	case c.Contains != "":
		for _, s := range v.list {
			if s == c.Contains {
				return true
			}
		}
		return false
	case c.Gt != nil:
		order, ok := compare(v, *c.Gt)
		return ok && order > 0
	case c.Ge != nil:
		order, ok := compare(v, *c.Ge)
		return ok && order >= 0
	case c.Lt != nil:
		order, ok := compare(v, *c.Lt)
		return ok && order < 0
	case c.Le != nil:
		order, ok := compare(v, *c.Le)
		return ok && order <= 0
	default:
		return c.Filled
	}
}

// counted gives the number that As makes of the date, or no value.
func (c *Condition) counted(get getter) Value {
	day, ok := dateOf(c.Field, get)
	at, okAt := dateOf(c.at(), get)
	switch {
	case !ok || !okAt:
		return Value{}
	case c.As == AsAge:
		return Number(float64(age(day, at)))
	default:
		return Number(float64(daysBetween(at, day)))
	}
}

func (c *Condition) at() string {
	if c.At == "" {
		return FactToday
	}
	return c.At
}

// dateOf reads a date that is written, or the answer that the reference names.
func dateOf(ref string, get getter) (time.Time, bool) {
	if t, ok := parseISO(ref); ok {
		return t, true
	}
	return parseISO(get(ref).text)
}

func daysBetween(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }

// age counts whole years; who is born on 29 February turns older on 1 March.
func age(born, at time.Time) int {
	years := at.Year() - born.Year()
	if at.Month() < born.Month() || at.Month() == born.Month() && at.Day() < born.Day() {
		years--
	}
	return years
}

// compare orders two numbers or two ISO dates; anything else has no order.
func compare(v, w Value) (int, bool) {
	switch {
	case v.shape == shapeNumber && w.shape == shapeNumber:
		switch {
		case v.num < w.num:
			return -1, true
		case v.num > w.num:
			return 1, true
		}
		return 0, true
	case v.shape == shapeText && w.shape == shapeText:
		_, okV := parseISO(v.text)
		_, okW := parseISO(w.text)
		return strings.Compare(v.text, w.text), okV && okW
	}
	return 0, false
}

// walk visits every part of the condition, and tells where depth runs out.
func (c *Condition) walk(path string, depth int, visit func(path string, part *Condition, tooDeep bool)) {
	if c == nil {
		return
	}
	visit(path, c, depth <= 0)
	if depth <= 0 {
		return
	}
	for i := range c.And {
		c.And[i].walk(joinIndex(path+"/and", i), depth-1, visit)
	}
	for i := range c.Or {
		c.Or[i].walk(joinIndex(path+"/or", i), depth-1, visit)
	}
	c.Not.walk(path+"/not", depth-1, visit)
}

// bounded tells whether the condition is within MaxDepth and MaxConditionLeaves.
func (c *Condition) bounded() bool {
	parts, deep := 0, false
	c.walk("", MaxDepth, func(_ string, _ *Condition, tooDeep bool) {
		parts++
		deep = deep || tooDeep
	})
	return !deep && parts <= 2*MaxConditionLeaves
}

// resolve replaces the tests on fields for which known is true by their outcome.
func (c *Condition) resolve(known func(id string) bool, get getter, depth int) *Condition {
	if c == nil || depth <= 0 {
		return constant(depth > 0)
	}
	out := *c
	switch {
	case c.Field != "":
		return c.resolveLeaf(known, get)
	case c.Not != nil:
		out.Not = c.Not.resolve(known, get, depth-1)
		if out.Not.isConstant() {
			return constant(!out.Not.holds(get, depth))
		}
	case c.Or != nil:
		out.Or = nil
		for i := range c.Or {
			part := c.Or[i].resolve(known, get, depth-1)
			if !part.isConstant() {
				out.Or = append(out.Or, *part)
			} else if part.And != nil {
				return constant(true)
			}
		}
		if out.Or == nil {
			return constant(false)
		}
	default:
		out.And = nil
		for i := range c.And {
			part := c.And[i].resolve(known, get, depth-1)
			if !part.isConstant() {
				out.And = append(out.And, *part)
			} else if part.Or != nil {
				return constant(false)
			}
		}
		if out.And == nil {
			return constant(c.And != nil)
		}
	}
	return &out
}

// resolveLeaf decides a test that rests on known answers alone; of one on two dates it writes the
// known one out.
func (c *Condition) resolveLeaf(known func(id string) bool, get getter) *Condition {
	field := known(c.Field)
	if c.As == "" {
		if field {
			return constant(c.test(get))
		}
		return c
	}
	at := known(c.at())
	if field && at {
		return constant(c.test(get))
	}
	out := *c
	for _, side := range []struct {
		known bool
		ref   *string
	}{{field, &out.Field}, {at, &out.At}} {
		if !side.known {
			continue
		}
		*side.ref = cmp.Or(*side.ref, FactToday)
		day, ok := dateOf(*side.ref, get)
		if !ok {
			return constant(false)
		}
		*side.ref = day.Format(time.DateOnly)
	}
	return &out
}

func constant(value bool) *Condition {
	if value {
		return &Condition{And: []Condition{}}
	}
	return &Condition{Or: []Condition{}}
}

func (c *Condition) isConstant() bool {
	return c.Field == "" && c.Not == nil && len(c.And) == 0 && len(c.Or) == 0
}
