package exchange

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// Reasons why a condition stays behind.
const (
	tooClever   = "Cette condition emploie des fonctions que nos conditions n’ont pas"
	notAsked    = "Cette condition porte sur une question qui n’est pas reprise, ou posée plus loin"
	notOurs     = "Cette condition porte sur un réglage de l’autre plateforme"
	noSuchValue = "Cette condition compare avec une valeur que la réponse ne peut pas prendre"
)

// maxTests bounds the comparisons, and maxDepth the nesting, of a condition that is read.
const (
	maxTests = forms.MaxConditionLeaves
	maxDepth = forms.MaxDepth - 2
)

// django reads a condition of Publik, in Django's or Python's words, where it is simple and
// certain; otherwise it says why it stays behind. A text that is always false gives
// never.
func (b *builder) django(text string) (c *forms.Condition, never bool, reason string) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "false", "0":
		return nil, true, ""
	case "true", "1":
		return nil, false, ""
	}
	tokens, ok := scan(text)
	if !ok {
		return nil, false, tooClever
	}
	p := expression{b: b, tokens: tokens}
	c = p.or(0)
	if p.at < len(p.tokens) && p.reason == "" {
		p.reason = tooClever
	}
	if p.reason != "" {
		return nil, false, p.reason
	}
	return c, false, ""
}

// token is one word of an expression.
type token struct {
	kind byte // 'n' name, 's' string, '0' number, 'o' operator
	text string
}

var operators = []string{"==", "!=", "<=", ">=", "<", ">", "(", ")"}

func scan(text string) ([]token, bool) {
	var out []token
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if len(out) > 8*maxTests {
			return nil, false
		}
		if i := slices.IndexFunc(operators, func(o string) bool { return strings.HasPrefix(text, o) }); i >= 0 {
			out, text = append(out, token{'o', operators[i]}), text[len(operators[i]):]
			continue
		}
		switch c := text[0]; {
		case c == '"' || c == '\'':
			end := strings.IndexByte(text[1:], c)
			if end < 0 || strings.Contains(text[1:1+end], `\`) {
				return nil, false
			}
			out, text = append(out, token{'s', text[1 : 1+end]}), text[end+2:]
		case c >= '0' && c <= '9' || c == '-':
			end := 1 + len(text[1:]) - len(strings.TrimLeft(text[1:], "0123456789."))
			out, text = append(out, token{'0', text[:end]}), text[end:]
		case word(c):
			end := 0
			for end < len(text) && word(text[end]) {
				end++
			}
			out, text = append(out, token{'n', text[:end]}), text[end:]
		default:
			return nil, false // a filter, a call, an index
		}
	}
	return out, len(out) > 0
}

func word(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.'
}

// expression reads tokens: or binds least, then and, then not, then a comparison.
type expression struct {
	b      *builder
	tokens []token
	at     int
	tests  int
	reason string
}

func (p *expression) is(kind byte, text string) bool {
	if p.at < len(p.tokens) && p.tokens[p.at] == (token{kind, text}) {
		p.at++
		return true
	}
	return false
}

func (p *expression) fail(reason string) *forms.Condition {
	if p.reason == "" {
		p.reason = reason
	}
	p.at = len(p.tokens)
	return nil
}

func (p *expression) or(depth int) *forms.Condition {
	if depth > maxDepth {
		return p.fail(tooClever)
	}
	parts := p.list(depth, "or", p.and)
	if p.reason != "" {
		return nil
	}
	if len(parts) == 1 {
		return &parts[0]
	}
	return &forms.Condition{Or: parts}
}

func (p *expression) and(depth int) *forms.Condition {
	parts := p.list(depth, "and", p.not)
	if p.reason != "" {
		return nil
	}
	if len(parts) == 1 {
		return &parts[0]
	}
	return &forms.Condition{And: parts}
}

func (p *expression) list(depth int, between string, next func(int) *forms.Condition) []forms.Condition {
	var parts []forms.Condition
	for {
		c := next(depth + 1)
		if c == nil {
			p.fail(tooClever)
			return nil
		}
		parts = append(parts, *c)
		if !p.is('n', between) {
			return parts
		}
	}
}

func (p *expression) not(depth int) *forms.Condition {
	if depth > maxDepth {
		return p.fail(tooClever)
	}
	if p.is('n', "not") {
		if c := p.not(depth + 1); c != nil {
			return &forms.Condition{Not: c}
		}
		return nil
	}
	if p.is('o', "(") {
		c := p.or(depth + 1)
		if !p.is('o', ")") {
			return p.fail(tooClever)
		}
		return c
	}
	return p.comparison()
}

func (p *expression) comparison() *forms.Condition {
	if p.tests++; p.tests > maxTests || p.at >= len(p.tokens) {
		return p.fail(tooClever)
	}
	left := p.tokens[p.at]
	p.at++
	operator := ""
	switch {
	case p.is('n', "in"):
		operator = "in"
	case p.at+1 < len(p.tokens) && p.tokens[p.at] == token{'n', "not"} && p.tokens[p.at+1] == token{'n', "in"}:
		operator, p.at = "not in", p.at+2
	default:
		for _, o := range operators[:6] {
			if p.is('o', o) {
				operator = o
				break
			}
		}
	}
	if operator == "" {
		return p.truth(left)
	}
	if p.at >= len(p.tokens) {
		return p.fail(tooClever)
	}
	right := p.tokens[p.at]
	p.at++
	if strings.HasSuffix(operator, "in") {
		c := p.within(left, right)
		if c != nil && operator == "not in" {
			return &forms.Condition{Not: c}
		}
		return c
	}
	if left.kind != 'n' || literal(left) {
		left, right = right, left
		operator = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[operator] + map[string]string{"==": "==", "!=": "!="}[operator]
	}
	return p.compare(left, operator, right)
}

// literal tells whether a name is a value.
func literal(t token) bool { return t.kind == 'n' && (t.text == "True" || t.text == "False") }

// question finds the question that a name of Publik means.
func (p *expression) question(t token) *asked {
	name, ok := strings.CutPrefix(t.text, "form_var_")
	if t.kind != 'n' || !ok {
		if strings.HasPrefix(t.text, "form_option_") || strings.HasPrefix(t.text, "data_source") || strings.HasPrefix(t.text, "session_") {
			p.fail(notOurs)
		} else {
			p.fail(tooClever)
		}
		return nil
	}
	if q := p.b.known[name]; q != nil {
		return q
	}
	if q := p.b.known[strings.TrimSuffix(name, "_raw")]; q != nil {
		return q
	}
	p.fail(notAsked)
	return nil
}

// truth is a name alone: the question has an answer.
func (p *expression) truth(t token) *forms.Condition {
	q := p.question(t)
	if q == nil {
		return nil
	}
	return &forms.Condition{Field: q.id, Filled: true}
}

func (p *expression) compare(left token, operator string, right token) *forms.Condition {
	q := p.question(left)
	if q == nil {
		return nil
	}
	if right.kind == 'n' && !literal(right) {
		return p.fail(tooClever) // another question: ours compare with values
	}
	switch operator {
	case "==", "!=":
		c, reason := q.equals(right.text)
		if reason != "" {
			return p.fail(reason)
		}
		if operator == "!=" {
			return &forms.Condition{Not: c}
		}
		return c
	}
	n, err := strconv.ParseFloat(right.text, 64)
	if err != nil || right.kind != '0' || q.kind != forms.KindNumber {
		return p.fail(tooClever)
	}
	v := forms.Number(n)
	switch operator {
	case "<":
		return &forms.Condition{Field: q.id, Lt: &v}
	case ">":
		return &forms.Condition{Field: q.id, Gt: &v}
	case "<=":
		return &forms.Condition{Field: q.id, Le: &v}
	default:
		return &forms.Condition{Field: q.id, Ge: &v}
	}
}

// equals is the test that an answer is this value, as the source writes it.
func (q *asked) equals(text string) (*forms.Condition, string) {
	v := forms.Text(text)
	switch q.kind {
	case forms.KindChoice:
		value, ok := q.labels[plain(text, " ")]
		if !ok {
			return nil, noSuchValue
		}
		v = forms.Text(value)
	case forms.KindChoices:
		value, ok := q.labels[plain(text, " ")]
		if !ok {
			return nil, noSuchValue
		}
		return &forms.Condition{Field: q.id, Contains: value}, ""
	case forms.KindDeclaration:
		switch strings.ToLower(text) {
		case "true", "oui", "1":
			v = forms.Bool(true)
		case "false", "non", "0":
			v = forms.Bool(true)
			return &forms.Condition{Not: &forms.Condition{Field: q.id, Equals: &v}}, ""
		default:
			return nil, noSuchValue
		}
	case forms.KindNumber:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, noSuchValue
		}
		v = forms.Number(n)
	case forms.KindText, forms.KindLongText, forms.KindEmail, forms.KindPhone:
		if text == "" {
			return &forms.Condition{Not: &forms.Condition{Field: q.id, Filled: true}}, ""
		}
	default:
		return nil, tooClever
	}
	return &forms.Condition{Field: q.id, Equals: &v}, ""
}

// within is "text" in question, or question in "text": Django looks for a part of a text, which
// is certain where all answers are known.
func (p *expression) within(left, right token) *forms.Condition {
	text, name, found := left.text, right, strings.Contains
	if left.kind != 's' {
		text, name = right.text, left
		found = func(label, text string) bool { return strings.Contains(text, label) }
	}
	if left.kind == right.kind {
		return p.fail(tooClever)
	}
	q := p.question(name)
	if q == nil {
		return nil
	}
	if q.kind != forms.KindChoice && q.kind != forms.KindChoices {
		return p.fail(tooClever)
	}
	var values []forms.Value
	var any []forms.Condition
	for _, label := range q.ordered {
		value, ok := q.labels[label]
		if ok && found(label, text) {
			values, any = append(values, forms.Text(value)), append(any, forms.Condition{Field: q.id, Contains: value})
		}
	}
	if p.tests += len(values); len(values) == 0 || p.tests > maxTests {
		return p.fail(noSuchValue)
	}
	switch {
	case q.kind == forms.KindChoice:
		return &forms.Condition{Field: q.id, In: values}
	case left.kind != 's':
		return p.fail(tooClever)
	case len(any) == 1:
		return &any[0]
	}
	return &forms.Condition{Or: any}
}
