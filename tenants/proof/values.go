package proof

import (
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// maxValues bounds the answers that are tried for one question.
const maxValues = 24

// candidates gives one answer for each way in which the conditions can tell answers to a
// question apart, beside what was answered before; "no answer" is the zero Value.
func (m *model) candidates(it *item, a forms.Answers) []forms.Value {
	raw := append(m.example(it.field, a), m.named(it, a)...)
	var out []forms.Value
	seen := map[string]bool{}
	for _, v := range raw {
		if !v.Empty() && !m.allowed(it.field, v, a) {
			continue
		}
		if key := m.tells(it.field.ID, v, a); !seen[key] && len(out) < maxValues {
			seen[key] = true
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		out = append(out, forms.Value{}) // no answer is allowed: trying the path says so
	}
	return out
}

// tells writes down how the tests that look at a question judge an answer.
func (m *model) tells(id string, v forms.Value, a forms.Answers) string {
	if m.feeds[id] { // a formula looks at the value itself
		text, err := v.MarshalJSON()
		if err != nil {
			return ""
		}
		return string(text)
	}
	old, had := a[id]
	a[id] = v
	var key strings.Builder
	open := false // a test waits for a later question, and needs the value itself
	for _, l := range m.read[id] {
		for _, other := range l.reads() {
			if _, known := a[other]; !known && other != id && m.byID[other] > m.byID[id] {
				open = true
			}
		}
		if l.test.Holds(a) {
			key.WriteByte('1')
		} else {
			key.WriteByte('0')
		}
	}
	if open {
		if text, err := v.MarshalJSON(); err == nil {
			key.Write(text)
		}
	}
	if had {
		a[id] = old
	} else {
		delete(a, id)
	}
	return key.String()
}

// named gives the answers that conditions name or come close to.
func (m *model) named(it *item, a forms.Answers) []forms.Value {
	f := it.field
	var out []forms.Value
	switch f.Kind {
	case forms.KindChoice:
		for _, c := range f.Choices {
			out = append(out, forms.Text(c.Value))
		}
	case forms.KindChoices:
		out = m.subsets(f)
	case forms.KindNumber:
		out = m.numbers(f)
	case forms.KindDate:
		out = m.dates(f, a)
	case forms.KindComputed:
		return nil
	}
	for _, l := range m.read[f.ID] {
		if l.test.Field != f.ID || l.test.As != "" {
			continue
		}
		for _, v := range append(slices.Clone(l.test.In), deref(l.test.Equals, l.test.NotEquals)...) {
			if !slices.ContainsFunc(out, v.Equal) {
				out = append(out, v)
			}
		}
	}
	if f.Optional || it.fact && f.ID == forms.FactResidence {
		out = append(out, forms.Value{})
	}
	return out
}

func deref(list ...*forms.Value) []forms.Value {
	var out []forms.Value
	for _, v := range list {
		if v != nil {
			out = append(out, *v)
		}
	}
	return out
}

// subsets gives the combinations of the choices that conditions name: all of them while they
// are few, otherwise each alone, every pair of neighbours and all together.
func (m *model) subsets(f *forms.Field) []forms.Value {
	var named []string
	for _, l := range m.read[f.ID] {
		if l.test.Contains != "" && !slices.Contains(named, l.test.Contains) {
			named = append(named, l.test.Contains)
		}
	}
	var out []forms.Value
	for _, c := range f.Choices { // one that no condition names
		if !slices.Contains(named, c.Value) {
			out = append(out, forms.List(c.Value))
			break
		}
	}
	if len(named) <= 4 {
		for bits := 1; bits < 1<<len(named); bits++ {
			var chosen []string
			for i, n := range named {
				if bits>>i&1 == 1 {
					chosen = append(chosen, n)
				}
			}
			out = append(out, forms.List(chosen...))
		}
		return out
	}
	for i, n := range named {
		out = append(out, forms.List(n))
		if i > 0 {
			out = append(out, forms.List(named[i-1], n))
		}
	}
	return append(out, forms.List(named...))
}

// numbers gives both sides of each bound.
func (m *model) numbers(f *forms.Field) []forms.Value {
	unit := math.Pow(10, -float64(f.Decimals))
	var at []float64
	for _, l := range m.read[f.ID] {
		for _, v := range deref(l.test.Gt, l.test.Ge, l.test.Lt, l.test.Le, l.test.Equals, l.test.NotEquals) {
			if n, ok := v.Number(); ok {
				at = append(at, n-unit, n, n+unit, math.Floor(n), math.Ceil(n))
			}
		}
	}
	if m.feeds[f.ID] {
		at = append(at, 0, 1, 2, 5, 10, 50, 100, 1000, 10_000)
	}
	for _, bound := range []*float64{f.Min, f.Max} {
		if bound != nil {
			at = append(at, *bound)
		}
	}
	var out []forms.Value
	for _, n := range at {
		out = append(out, forms.Number(math.Round(n/unit)*unit))
	}
	return out
}

// dates gives both sides of each bound, written or counted.
func (m *model) dates(f *forms.Field, a forms.Answers) []forms.Value {
	var at []time.Time
	around := func(t time.Time) { at = append(at, t, t.AddDate(0, 0, -1), t.AddDate(0, 0, 1)) }
	for _, l := range m.read[f.ID] {
		for _, v := range deref(l.test.Gt, l.test.Ge, l.test.Lt, l.test.Le, l.test.Equals, l.test.NotEquals) {
			n, counts := v.Number()
			if !counts {
				if t, ok := m.day(v, a); ok {
					around(t)
				}
				continue
			}
			if l.test.Field == f.ID {
				base, ok := m.base(l, a)
				if !ok {
					continue
				}
				if l.test.As == forms.AsAge {
					around(base.AddDate(-int(n), 0, 0))
					around(base.AddDate(-int(n)-1, 0, 0))
				} else {
					around(base.AddDate(0, 0, int(n)))
				}
			} else if t, ok := m.day(a[l.test.Field], a); ok { // this date is what the count starts from
				if l.test.As == forms.AsAge {
					around(t.AddDate(int(n), 0, 0))
				} else {
					around(t.AddDate(0, 0, -int(n)))
				}
			}
		}
	}
	if m.feeds[f.ID] {
		for _, days := range []int{0, 1, 30, 365, -30, -365 * 20, -365 * 40} {
			at = append(at, m.now(a).AddDate(0, 0, days))
		}
	}
	if f.MinDays != nil {
		at = append(at, m.now(a).AddDate(0, 0, *f.MinDays))
	}
	if f.MaxDays != nil {
		at = append(at, m.now(a).AddDate(0, 0, *f.MaxDays))
	}
	out := make([]forms.Value, 0, len(at))
	for _, t := range at {
		if t.Year() >= 1 && t.Year() <= 9999 {
			out = append(out, forms.Text(t.Format(time.DateOnly)))
		}
	}
	return out
}

// base is the day that a count starts from.
func (m *model) base(l *leaf, a forms.Answers) (time.Time, bool) {
	if l.test.At == "" {
		return m.now(a), true
	}
	if t, err := time.Parse(time.DateOnly, l.test.At); err == nil {
		return t, true
	}
	return m.day(a[l.test.At], a)
}

func (m *model) day(v forms.Value, _ forms.Answers) (time.Time, bool) {
	text, _ := v.Text()
	t, err := time.Parse(time.DateOnly, text)
	return t, err == nil
}

// now is the day on which the form is filled in.
func (m *model) now(a forms.Answers) time.Time {
	if t, ok := m.day(a[forms.FactToday], a); ok {
		return t
	}
	y, month, d := m.today.Date()
	return time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
}

// allowed tells whether the question itself takes an answer.
func (m *model) allowed(f *forms.Field, v forms.Value, a forms.Answers) bool {
	switch f.Kind {
	case forms.KindNumber:
		n, ok := v.Number()
		return ok && (f.Min == nil || n >= *f.Min) && (f.Max == nil || n <= *f.Max)
	case forms.KindDate:
		t, ok := m.day(v, a)
		if f.ID == forms.FactToday {
			return ok && !t.Before(m.now(forms.Answers{}))
		}
		from, to := m.span(f, a)
		return ok && (from.IsZero() || !t.Before(from)) && (to.IsZero() || !t.After(to))
	case forms.KindText, forms.KindLongText:
		text, _ := v.Text()
		n := utf8.RuneCountInString(text)
		if n < f.MinLength || f.MaxLength > 0 && n > f.MaxLength {
			return false
		}
		if f.Pattern == "" {
			return true
		}
		re, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		return err == nil && re.MatchString(text)
	}
	return true
}

// span gives the days that a date may lie between.
func (m *model) span(f *forms.Field, a forms.Answers) (from, to time.Time) {
	if f.MinDays != nil {
		from = m.now(a).AddDate(0, 0, *f.MinDays)
	}
	if f.MaxDays != nil {
		to = m.now(a).AddDate(0, 0, *f.MaxDays)
	}
	if t, ok := m.day(a[f.After], a); ok && t.After(from) {
		from = t
	}
	if t, ok := m.day(a[f.Before], a); ok && (to.IsZero() || t.Before(to)) {
		to = t
	}
	return from, to
}

// example gives an answer that the question takes, if one comes to mind.
func (m *model) example(f *forms.Field, a forms.Answers) []forms.Value {
	switch f.Kind {
	case forms.KindText, forms.KindLongText:
		return texts(f)
	case forms.KindEmail:
		return []forms.Value{forms.Text("camille.martin@exemple.fr")}
	case forms.KindPhone:
		return []forms.Value{forms.Text("+33561000000")}
	case forms.KindNumber:
		n := 1.0
		if f.Min != nil {
			n = max(n, *f.Min)
		}
		if f.Max != nil {
			n = min(n, *f.Max)
		}
		return []forms.Value{forms.Number(n)}
	case forms.KindDate:
		t := m.now(a)
		from, to := m.span(f, a)
		if !from.IsZero() && t.Before(from) {
			t = from
		}
		if !to.IsZero() && t.After(to) {
			t = to
		}
		return []forms.Value{forms.Text(t.Format(time.DateOnly))}
	case forms.KindChoice:
		if f.Table != nil {
			return []forms.Value{forms.Text(m.cell(f.Table, a))}
		}
		if len(f.Choices) > 0 {
			return []forms.Value{forms.Text(f.Choices[0].Value)}
		}
	case forms.KindChoices:
		if len(f.Choices) > 0 {
			return []forms.Value{forms.List(f.Choices[0].Value)}
		}
	case forms.KindAddress:
		at := forms.Address{Street: "1 place de la Mairie", PostalCode: "31320", Town: m.opts.Town}
		if len(m.opts.PostalCodes) > 0 {
			at.PostalCode = m.opts.PostalCodes[0]
		}
		if at.Town == "" {
			at.Town = "Castanet-Tolosan"
		}
		return []forms.Value{forms.AddressOf(at)}
	case forms.KindFile:
		return []forms.Value{forms.Files(forms.FileRef{ID: "exemple", Name: "exemple.pdf", Size: 1000})}
	case forms.KindDeclaration:
		return []forms.Value{forms.Bool(true)}
	}
	return nil
}

// cell finds a choice of a table that fits the answers.
func (m *model) cell(t *forms.TableChoice, a forms.Answers) string {
	table := m.opts.Tables[t.Table]
	if table == nil {
		return "Exemple"
	}
	column := slices.Index(table.Columns, t.Column)
	for _, row := range table.Rows {
		fits := column >= 0 && column < len(row) && row[column] != ""
		for _, w := range t.Where {
			at := slices.Index(table.Columns, w.Column)
			text, ok := a[w.Field].Text()
			fits = fits && (!ok || w.Op != "" || at >= 0 && at < len(row) && row[at] == text)
		}
		if fits {
			return row[column]
		}
	}
	return "Exemple"
}

// texts gives lines that a question of text takes.
func texts(f *forms.Field) []forms.Value {
	if f.Pattern != "" {
		parsed, err := syntax.Parse(f.Pattern, syntax.Perl)
		if err != nil {
			return nil
		}
		var out []forms.Value
		for _, more := range []int{0, 1, 3} {
			out = append(out, forms.Text(match(parsed.Simplify(), more, 0)))
		}
		return out
	}
	text := map[string]string{"given-name": "Camille", "family-name": "Martin", "name": "Camille Martin", "organization": "Association des exemples"}[f.Autocomplete]
	if text == "" {
		text = "Exemple"
	}
	for n := utf8.RuneCountInString(text); n < f.MinLength && n < forms.MaxTextLength; n = utf8.RuneCountInString(text) {
		text += " exemple"
	}
	if f.MaxLength > 0 && utf8.RuneCountInString(text) > f.MaxLength {
		text = strings.TrimSpace(string([]rune(text)[:f.MaxLength]))
	}
	return []forms.Value{forms.Text(text)}
}

// match writes a text that an expression takes, with some repetitions more than it asks for.
func match(re *syntax.Regexp, more, depth int) string {
	if depth > 50 {
		return ""
	}
	all := func(list []*syntax.Regexp) string {
		var b strings.Builder
		for _, sub := range list {
			if b.WriteString(match(sub, more, depth+1)); b.Len() > forms.MaxTextLength {
				break
			}
		}
		return b.String()
	}
	times := func(n int) string {
		one := match(re.Sub[0], more, depth+1)
		if len(one)*n > forms.MaxTextLength {
			return ""
		}
		return strings.Repeat(one, n)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for _, want := range "a1A .-" { // what people type, where it is allowed
			for i := 0; i+1 < len(re.Rune); i += 2 {
				if re.Rune[i] <= want && want <= re.Rune[i+1] {
					return string(want)
				}
			}
		}
		if len(re.Rune) > 0 {
			return string(re.Rune[0])
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpCapture, syntax.OpConcat:
		return all(re.Sub)
	case syntax.OpAlternate:
		return match(re.Sub[more%len(re.Sub)], more, depth+1)
	case syntax.OpStar:
		return times(more)
	case syntax.OpPlus:
		return times(more + 1)
	case syntax.OpQuest:
		return times(min(more, 1))
	case syntax.OpRepeat:
		n := re.Min + more
		if re.Max >= 0 {
			n = min(n, re.Max)
		}
		return times(n)
	}
	return ""
}
