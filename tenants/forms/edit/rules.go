package edit

import (
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// MaxRules is how many lines a condition may have to be shown as such.
const MaxRules = 24

// Test is how a line compares a question with a value.
type Test string

// The tests.
const (
	Is       Test = "equals"
	IsNot    Test = "not_equals"
	Contains Test = "contains" // of several choices
	Above    Test = "gt"
	AtLeast  Test = "ge"
	Below    Test = "lt"
	AtMost   Test = "le"
	Answered Test = "filled" // has no value
)

// Rule is one line of a condition: a question or a fact, a test, a value as it is typed.
// Not turns it round; it then holds too while nobody answered the question.
type Rule struct {
	Not       bool
	Field     string
	As, At    string // of a date: see forms.Condition
	Test      Test
	Value     string // a date as 2026-12-31; a number with a point; "true" for a declaration
	numerical bool
}

// Rules shows a condition as groups of lines: it holds where all the lines of one group do.
// None for no condition. Where it would take more than MaxRules lines, there are none and ok is false.
func Rules(c *forms.Condition) (groups [][]Rule, ok bool) {
	if c == nil {
		return nil, true
	}
	groups = spread(c, false)
	lines := 0
	for _, group := range groups {
		lines += len(group)
	}
	if lines == 0 || lines > MaxRules {
		return nil, false
	}
	return groups, true
}

// spread gives the groups of a condition, or of its contrary; nil past the bounds.
func spread(c *forms.Condition, not bool) [][]Rule {
	switch {
	case c.Field != "":
		return leaf(c, not)
	case c.Not != nil:
		return spread(c.Not, !not)
	case len(c.Or) > 0 && !not, len(c.And) > 0 && not:
		var out [][]Rule
		for _, part := range parts(c) {
			inner := spread(part, not)
			if inner == nil {
				return nil
			}
			if out = append(out, inner...); len(out) > MaxRules {
				return nil
			}
		}
		return out
	default:
		return product(parts(c), not)
	}
}

func parts(c *forms.Condition) []*forms.Condition {
	list := c.And
	if len(c.Or) > 0 {
		list = c.Or
	}
	out := make([]*forms.Condition, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// product gives the groups of conditions that must hold together: one of each, in every way.
func product(all []*forms.Condition, not bool) [][]Rule {
	out := [][]Rule{{}}
	for _, part := range all {
		inner := spread(part, not)
		if inner == nil || len(out)*len(inner) > MaxRules {
			return nil
		}
		var next [][]Rule
		for _, before := range out {
			for _, group := range inner {
				next = append(next, append(append([]Rule{}, before...), group...))
			}
		}
		out = next
	}
	return out
}

// leaf gives the line of one test; a list of values is a group each, or, turned round, a line each.
func leaf(c *forms.Condition, not bool) [][]Rule {
	line := Rule{Not: not, Field: c.Field, As: c.As, At: c.At}
	with := func(test Test, v *forms.Value) [][]Rule {
		line.Test = test
		line.Value, line.numerical = typed(v)
		return [][]Rule{{line}}
	}
	switch {
	case c.Equals != nil:
		return with(Is, c.Equals)
	case c.NotEquals != nil:
		return with(IsNot, c.NotEquals)
	case c.Gt != nil:
		return with(Above, c.Gt)
	case c.Ge != nil:
		return with(AtLeast, c.Ge)
	case c.Lt != nil:
		return with(Below, c.Lt)
	case c.Le != nil:
		return with(AtMost, c.Le)
	case c.Contains != "":
		line.Test, line.Value = Contains, c.Contains
	case c.Filled:
		line.Test = Answered
	case len(c.In) > 0:
		return oneOf(line, c.In)
	}
	return [][]Rule{{line}}
}

func oneOf(line Rule, values []forms.Value) [][]Rule {
	var out [][]Rule
	for i := range values {
		line.Test = Is
		line.Value, line.numerical = typed(&values[i])
		if line.Not && i > 0 {
			out[0] = append(out[0], line)
			continue
		}
		out = append(out, []Rule{line})
	}
	return out
}

func typed(v *forms.Value) (text string, numerical bool) {
	if n, ok := v.Number(); ok {
		return strconv.FormatFloat(n, 'f', -1, 64), true
	}
	if b, ok := v.Bool(); ok {
		return strconv.FormatBool(b), false
	}
	text, _ = v.Text()
	return text, false
}

// Condition makes a condition of groups of lines, the contrary of [Rules]: nil of none. Groups and
// lines without a question are left out. Form tells of which kind a question is: what the value of
// a line means. A value that does not fit stays text, for forms.Check to say so.
func (f *Form) Condition(groups [][]Rule) *forms.Condition {
	var or []forms.Condition
	for _, group := range groups {
		var and []forms.Condition
		for _, line := range group {
			if line.Field != "" {
				and = append(and, f.test(line))
			}
		}
		switch len(and) {
		case 0:
		case 1:
			or = append(or, and[0])
		default:
			or = append(or, forms.Condition{And: and})
		}
	}
	switch len(or) {
	case 0:
		return nil
	case 1:
		return &or[0]
	}
	return &forms.Condition{Or: or}
}

func (f *Form) test(line Rule) forms.Condition {
	c := forms.Condition{Field: line.Field, As: line.As, At: line.At}
	v := f.value(line)
	switch line.Test {
	case Is:
		c.Equals = &v
	case IsNot:
		c.NotEquals = &v
	case Contains:
		c.Contains = line.Value
	case Above:
		c.Gt = &v
	case AtLeast:
		c.Ge = &v
	case Below:
		c.Lt = &v
	case AtMost:
		c.Le = &v
	default:
		c.Filled = true
	}
	if line.Not {
		return forms.Condition{Not: &c}
	}
	return c
}

// value reads what was typed as the question's answers are.
func (f *Form) value(line Rule) forms.Value {
	kind := forms.KindText
	if field, _ := f.Find(line.Field); field != nil {
		kind = field.Kind
	}
	if kind == forms.KindDeclaration {
		return forms.Bool(line.Value != "false")
	}
	if line.As != "" || line.numerical || kind == forms.KindNumber || kind == forms.KindComputed || line.Field == forms.FactIdentity {
		if n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(line.Value), ",", ".", 1), 64); err == nil {
			return forms.Number(n)
		}
	}
	return forms.Text(line.Value)
}
