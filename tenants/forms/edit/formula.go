package edit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// The bounds of a written formula.
const (
	maxFormula = 8000 // bytes
	maxNesting = 40   // brackets within brackets
)

// Formula writes a formula as a town reads it: « 2,5 * nuits + somme(enfants; si(age < 4; 0; 1)) ». One
// that has no such form (a row of a table, a condition of several tests) is written as its JSON.
func Formula(e *forms.Expr) string {
	if e == nil {
		return ""
	}
	if text, ok := written(e, 0); ok {
		return text
	}
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return ""
	}
	return string(data)
}

// How strongly operations bind.
const (
	bindSum = iota + 1
	bindProduct
)

// operation is what stands between terms.
type operation struct {
	sign  string
	binds int
	terms func(*forms.Expr) *[]forms.Expr
}

var operations = []operation{
	{"+", bindSum, func(e *forms.Expr) *[]forms.Expr { return &e.Add }},
	{"-", bindSum, func(e *forms.Expr) *[]forms.Expr { return &e.Sub }},
	{"*", bindProduct, func(e *forms.Expr) *[]forms.Expr { return &e.Mul }},
	{"/", bindProduct, func(e *forms.Expr) *[]forms.Expr { return &e.Div }},
}

// written gives the text of a formula that stands in one that binds so strongly.
func written(e *forms.Expr, within int) (string, bool) {
	switch {
	case e.Value != nil:
		return strings.Replace(strconv.FormatFloat(*e.Value, 'f', -1, 64), ".", ",", 1), *e.Value >= 0
	case e.Field != "":
		return e.Field, true
	}
	for _, op := range operations {
		terms := *op.terms(e)
		if len(terms) == 0 {
			continue
		}
		parts := make([]string, len(terms))
		for i := range terms {
			around := op.binds
			if i == 0 && (op.sign == "-" || op.sign == "/") {
				around-- // what comes first is worked out first
			}
			text, ok := written(&terms[i], around)
			if !ok {
				return "", false
			}
			parts[i] = text
		}
		text := strings.Join(parts, " "+op.sign+" ")
		if op.binds <= within || len(terms) < 2 {
			text = "(" + text + ")"
		}
		return text, len(terms) > 1
	}
	return writtenCall(e)
}

func writtenCall(e *forms.Expr) (string, bool) {
	call := func(name string, args ...*forms.Expr) (string, bool) {
		texts := make([]string, len(args))
		for i, arg := range args {
			if arg == nil {
				return "", false
			}
			text, ok := written(arg, 0)
			if !ok {
				return "", false
			}
			texts[i] = text
		}
		return name + "(" + strings.Join(texts, "; ") + ")", true
	}
	rounded := func(name string, of *forms.Expr) (string, bool) {
		text, ok := call(name, of)
		if e.Digits != 0 {
			text = strings.TrimSuffix(text, ")") + "; " + strconv.Itoa(e.Digits) + ")"
		}
		return text, ok
	}
	switch {
	case len(e.Min) > 0:
		return call("min", pointers(e.Min)...)
	case len(e.Max) > 0:
		return call("max", pointers(e.Max)...)
	case e.Round != nil:
		return rounded("arrondi", e.Round)
	case e.Floor != nil:
		return rounded("plancher", e.Floor)
	case e.Ceil != nil:
		return rounded("plafond", e.Ceil)
	case e.Count != "":
		return "nombre(" + e.Count + ")", true
	case e.Sum != "" && e.Of != nil:
		text, ok := written(e.Of, 0)
		return "somme(" + e.Sum + "; " + text + ")", ok
	case e.Days != nil:
		return writtenSpan("jours", e.Days)
	case e.Years != nil:
		return writtenSpan("annees", e.Years)
	case e.If != nil:
		test, ok := writtenTest(e.If)
		text, fine := call("si", e.Then, e.Else)
		return strings.Replace(text, "(", "("+test+"; ", 1), ok && fine
	}
	return "", false
}

func pointers(list []forms.Expr) []*forms.Expr {
	out := make([]*forms.Expr, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

func writtenSpan(name string, s *forms.Span) (string, bool) {
	day := func(ref string) string {
		if ref == "" || ref == forms.FactToday {
			return "aujourdhui"
		}
		return ref
	}
	return name + "(" + day(s.From) + "; " + day(s.To) + ")", true
}

// signs are the tests of si(…).
var signs = []struct {
	sign string
	test Test
}{{"<=", AtMost}, {">=", AtLeast}, {"<>", IsNot}, {"=", Is}, {"<", Below}, {">", Above}}

// writtenTest writes a condition of one plain test.
func writtenTest(c *forms.Condition) (string, bool) {
	groups, ok := Rules(c)
	if !ok || len(groups) != 1 || len(groups[0]) != 1 {
		return "", false
	}
	line := groups[0][0]
	if line.Not || line.As != "" || strings.ContainsAny(line.Value, `"`) {
		return "", false
	}
	for _, s := range signs {
		if s.test == line.Test {
			value := strings.Replace(line.Value, ".", ",", 1)
			if !line.numerical {
				value = `"` + line.Value + `"`
			}
			return line.Field + " " + s.sign + " " + value, line.Value != "true"
		}
	}
	return "", false
}

// ReadFormula reads what [Formula] writes, or a formula's JSON; nil of nothing. Where it cannot be
// read it is fault.Invalid "formula_unreadable", whose one field has the French sentence that says
// where and why.
func ReadFormula(text string) (*forms.Expr, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, nil //nolint:nilnil // nothing is written
	case len(text) > maxFormula:
		return nil, unreadable("La formule est trop longue.")
	case text[0] == '{':
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		var e forms.Expr
		if err := dec.Decode(&e); err != nil {
			return nil, unreadable("Cette formule en JSON ne peut pas être lue.")
		}
		return &e, nil
	}
	r := reader{text: text}
	e := r.sum()
	r.skip()
	if r.wrong == "" && r.at < len(r.text) {
		r.fail("un signe + - * / ou la fin")
	}
	if r.wrong != "" {
		return nil, unreadable(r.wrong)
	}
	return &e, nil
}

func unreadable(sentence string) error {
	return fault.New(fault.Invalid, "formula_unreadable", fault.Field{Path: "formule", Code: "unreadable", Message: sentence})
}

// reader reads a formula from left to right; after the first fault it reads nothing more.
type reader struct {
	text  string
	at    int
	depth int
	wrong string
}

func (r *reader) skip() {
	for r.at < len(r.text) {
		c, size := utf8.DecodeRuneInString(r.text[r.at:])
		if !unicode.IsSpace(c) {
			return
		}
		r.at += size
	}
}

// fail says what was wanted, and where.
func (r *reader) fail(wanted string) {
	if r.wrong == "" {
		r.wrong = fmt.Sprintf("Caractère %d de la formule\u00a0: il faut %s.", utf8.RuneCountInString(r.text[:r.at])+1, wanted)
	}
	r.at = len(r.text)
}

// take reads one of the texts, if it comes next.
func (r *reader) take(texts ...string) string {
	r.skip()
	for _, text := range texts {
		if strings.HasPrefix(r.text[r.at:], text) {
			r.at += len(text)
			return text
		}
	}
	return ""
}

func (r *reader) want(text string) {
	if r.take(text) == "" {
		r.fail("«\u00a0" + text + "\u00a0»")
	}
}

func (r *reader) sum() forms.Expr     { return r.chain(r.product, "+", "-") }
func (r *reader) product() forms.Expr { return r.chain(r.factor, "*", "×", "/") }

// chain reads terms with signs between them; the same sign again goes on with the same operation.
func (r *reader) chain(term func() forms.Expr, wanted ...string) forms.Expr {
	left := term()
	last := ""
	for {
		sign := r.take(wanted...)
		if sign == "" || r.wrong != "" {
			return left
		}
		if sign == "×" {
			sign = "*"
		}
		right := term()
		i := slices.IndexFunc(operations, func(op operation) bool { return op.sign == sign })
		if sign != last || sign == "/" {
			whole := forms.Expr{}
			*operations[i].terms(&whole) = []forms.Expr{left}
			left, last = whole, sign
		}
		terms := operations[i].terms(&left)
		*terms = append(*terms, right)
	}
}

func (r *reader) factor() forms.Expr {
	if r.depth++; r.depth > maxNesting {
		r.fail("moins de parenthèses")
	}
	defer func() { r.depth-- }()
	if r.take("(") != "" {
		e := r.sum()
		r.want(")")
		return e
	}
	if n, ok := r.number(); ok {
		return forms.Expr{Value: &n}
	}
	name := r.name()
	if name == "" {
		r.fail("un nombre, le nom d’une question ou une parenthèse")
		return forms.Expr{}
	}
	if r.take("(") == "" {
		return forms.Expr{Field: name}
	}
	e := r.call(name)
	r.want(")")
	return e
}

// number reads « 2,5 » or « 2.5 ».
func (r *reader) number() (float64, bool) {
	r.skip()
	end := r.at
	for end < len(r.text) && (r.text[end] >= '0' && r.text[end] <= '9' || end > r.at && (r.text[end] == ',' || r.text[end] == '.')) {
		end++
	}
	if end == r.at {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.Replace(r.text[r.at:end], ",", ".", 1), 64)
	if err != nil {
		r.fail("un nombre, comme 2,5")
		return 0, false
	}
	r.at = end
	return n, true
}

// name reads the name of a question, of a fact or of a function.
func (r *reader) name() string {
	r.skip()
	end := r.at
	for end < len(r.text) && (r.text[end] == '_' || r.text[end] == '@' && end == r.at || r.text[end] >= 'a' && r.text[end] <= 'z' || r.text[end] >= '0' && r.text[end] <= '9') {
		end++
	}
	name := r.text[r.at:end]
	r.at = end
	return name
}

func (r *reader) call(name string) forms.Expr {
	switch name {
	case "min":
		return forms.Expr{Min: r.list()}
	case "max":
		return forms.Expr{Max: r.list()}
	case "arrondi", "plancher", "plafond":
		of := r.sum()
		e := forms.Expr{}
		if r.take(";") != "" {
			digits, _ := r.number()
			e.Digits = int(digits)
		}
		switch name {
		case "arrondi":
			e.Round = &of
		case "plancher":
			e.Floor = &of
		default:
			e.Ceil = &of
		}
		return e
	case "nombre":
		return forms.Expr{Count: r.name()}
	case "somme":
		group := r.name()
		r.want(";")
		of := r.sum()
		return forms.Expr{Sum: group, Of: &of}
	case "jours":
		return forms.Expr{Days: r.span()}
	case "annees":
		return forms.Expr{Years: r.span()}
	case "si":
		return r.choice()
	}
	r.fail("une fonction\u00a0: min, max, arrondi, plancher, plafond, nombre, somme, jours, annees ou si")
	return forms.Expr{}
}

func (r *reader) list() []forms.Expr {
	out := []forms.Expr{r.sum()}
	for r.take(";") != "" {
		out = append(out, r.sum())
	}
	return out
}

// span reads two dates: questions, or written as 2026-12-31.
func (r *reader) span() *forms.Span {
	s := &forms.Span{From: r.day()}
	r.want(";")
	s.To = r.day()
	return s
}

func (r *reader) day() string {
	r.skip()
	if end := r.at + len("2026-12-31"); end <= len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		day := r.text[r.at:end]
		r.at = end
		return day
	}
	switch name := r.name(); name {
	case "":
		r.fail("une date, comme 2026-12-31, ou le nom d’une question")
		return ""
	case "aujourdhui":
		return forms.FactToday
	default:
		return name
	}
}

func (r *reader) choice() forms.Expr {
	c := forms.Condition{Field: r.name()}
	if c.Field == "" {
		r.fail("le nom d’une question")
	}
	var sign []string
	for _, s := range signs {
		sign = append(sign, s.sign)
	}
	test := r.take(sign...)
	if test == "" {
		r.fail("une comparaison\u00a0: = <> < <= > >=")
	}
	v := r.value()
	switch test {
	case "=":
		c.Equals = &v
	case "<>":
		c.NotEquals = &v
	case "<":
		c.Lt = &v
	case "<=":
		c.Le = &v
	case ">":
		c.Gt = &v
	case ">=":
		c.Ge = &v
	}
	r.want(";")
	then := r.sum()
	r.want(";")
	otherwise := r.sum()
	return forms.Expr{If: &c, Then: &then, Else: &otherwise}
}

// value reads a number, or a text between quotation marks.
func (r *reader) value() forms.Value {
	if r.take(`"`) != "" {
		text, _, closed := strings.Cut(r.text[r.at:], `"`)
		r.at += len(text)
		if !closed {
			r.fail("un guillemet qui ferme")
			return forms.Value{}
		}
		r.at++
		return forms.Text(text)
	}
	n, ok := r.number()
	if !ok {
		r.fail("un nombre, ou un texte entre guillemets")
	}
	return forms.Number(n)
}
