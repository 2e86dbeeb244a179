package agent

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/forms/edit"
)

// conditionBox is a condition as lines to fill in: it holds where all lines of one group do. A
// condition that takes too many lines is said so, and stays as it is.
type conditionBox struct {
	Legend, Hint string
	Groups       []conditionGroup
	Long         bool
}

type conditionGroup struct {
	Legend string
	Lines  []conditionLine
}

type conditionLine struct {
	Field, Test web.Select
	Value       web.Input
	Not         web.Checkbox
	At          string // name and value of what a date is counted from, kept as it is
	AtName      string
	Removable   bool
}

// comparison is what a line may compare with: how it is posted and said. With as it counts a date.
type comparison struct {
	value, label string
	test         edit.Test
	as           string
}

var tests = []comparison{
	{"equals", "est", edit.Is, ""}, {"not_equals", "n’est pas", edit.IsNot, ""}, {"contains", "comprend", edit.Contains, ""},
	{"filled", "a une réponse", edit.Answered, ""},
	{"ge", "est au moins (ou à partir du)", edit.AtLeast, ""}, {"gt", "est plus que (ou après le)", edit.Above, ""},
	{"le", "est au plus (ou jusqu’au)", edit.AtMost, ""}, {"lt", "est moins que (ou avant le)", edit.Below, ""},
	{"age-ge", "donne un âge d’au moins, en années", edit.AtLeast, forms.AsAge}, {"age-lt", "donne un âge de moins de, en années", edit.Below, forms.AsAge},
	{"age-equals", "donne un âge de, en années", edit.Is, forms.AsAge}, {"age-le", "donne un âge d’au plus, en années", edit.AtMost, forms.AsAge}, {"age-gt", "donne un âge de plus de, en années", edit.Above, forms.AsAge},
	{"days-ge", "tombe au moins tant de jours plus tard", edit.AtLeast, forms.AsDays}, {"days-lt", "tombe moins de tant de jours plus tard", edit.Below, forms.AsDays},
	{"days-equals", "tombe tant de jours plus tard", edit.Is, forms.AsDays}, {"days-le", "tombe au plus tant de jours plus tard", edit.AtMost, forms.AsDays}, {"days-gt", "tombe plus de tant de jours plus tard", edit.Above, forms.AsDays},
	{"age-not_equals", "donne un autre âge que, en années", edit.IsNot, forms.AsAge}, {"days-not_equals", "ne tombe pas tant de jours plus tard", edit.IsNot, forms.AsDays},
	{"age-filled", "donne un âge", edit.Answered, forms.AsAge}, {"days-filled", "est une date connue", edit.Answered, forms.AsDays},
}

// asked gives the question, or the fact, that a line looks at; nil for none.
func asked(f *edit.Form, id string) *forms.Field {
	for _, fact := range forms.FactFields() {
		if fact.ID == id {
			return &fact
		}
	}
	field, _ := f.Find(id)
	return field
}

// extraLines are the empty lines that wait at the end of each group.
const extraLines = 1

// putCondition writes a condition into values, as a page posts it.
func putCondition(to url.Values, name string, f *edit.Form, c *forms.Condition) {
	groups, _ := edit.Rules(c)
	for g, group := range groups {
		for l, line := range group {
			at := lineName(name, g, l)
			to.Set(at+"-question", line.Field)
			to.Set(at+"-test", testName(line))
			to.Set(at+"-valeur", spoken(f, line))
			to.Set(at+"-date", line.At)
			if line.Not {
				to.Set(at+"-sauf", "1")
			}
		}
	}
}

func lineName(name string, group, line int) string {
	return name + "-" + strconv.Itoa(group) + "-" + strconv.Itoa(line)
}

func testName(line edit.Rule) string {
	for _, t := range tests {
		if t.test == line.Test && t.as == line.As {
			return t.value
		}
	}
	return ""
}

// spoken gives the value of a line as people say it: the words of a choice.
func spoken(f *edit.Form, line edit.Rule) string {
	field := asked(f, line.Field)
	if field == nil {
		return line.Value
	}
	for _, c := range field.Choices {
		if c.Value == line.Value {
			return c.Label
		}
	}
	if field.Kind == forms.KindDeclaration && line.Value == "true" {
		return "oui"
	}
	return line.Value
}

// meant reads a value as people say it.
func meant(f *edit.Form, id, said string) string {
	said = strings.TrimSpace(said)
	field := asked(f, id)
	if field == nil {
		return said
	}
	for _, c := range field.Choices {
		if c.Value == said || fold.Words(c.Label) == fold.Words(said) {
			return c.Value
		}
	}
	if field.Kind == forms.KindDeclaration {
		return strconv.FormatBool(fold.Words(said) != "non")
	}
	return said
}

// takeCondition reads the lines that a page posted. Lines without a question are left out.
func takeCondition(from url.Values, name string, f *edit.Form) *forms.Condition {
	var groups [][]edit.Rule
	for g := range edit.MaxRules {
		var group []edit.Rule
		for l := range edit.MaxRules {
			at := lineName(name, g, l)
			id := from.Get(at + "-question")
			i := slices.IndexFunc(tests, func(t comparison) bool { return t.value == from.Get(at+"-test") })
			if id == "" || i < 0 {
				continue
			}
			group = append(group, edit.Rule{
				Not: from.Get(at+"-sauf") != "", Field: id, Test: tests[i].test, As: tests[i].as, At: from.Get(at + "-date"), Value: meant(f, id, from.Get(at+"-valeur")),
			})
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	return f.Condition(groups)
}

// conditionLines shows the lines of values, with room for another in each group and another group.
// Before are the questions that may be looked at.
func conditionLines(values url.Values, name, legend, hint string, before []web.Choice) conditionBox {
	box := conditionBox{Legend: legend, Hint: hint}
	for g := range edit.MaxRules {
		last := -1
		for l := range edit.MaxRules {
			if values.Get(lineName(name, g, l)+"-question") != "" {
				last = l
			}
		}
		group := conditionGroup{Legend: "Toutes ces conditions à la fois"}
		if g > 0 {
			group.Legend = "Ou bien toutes celles-ci"
		}
		for l := range last + 1 + extraLines {
			group.Lines = append(group.Lines, oneLine(values, lineName(name, g, l), before, l <= last))
		}
		box.Groups = append(box.Groups, group)
		if last < 0 {
			break
		}
	}
	return box
}

func oneLine(values url.Values, name string, before []web.Choice, filled bool) conditionLine {
	line := conditionLine{
		Field: web.Select{Name: name + "-question", Label: "La question", Items: marked(append([]web.Choice{{Label: "(aucune)"}}, append(slices.Clone(before), facts()...)...), values.Get(name+"-question"))},
		Test:  web.Select{Name: name + "-test", Label: "Comparaison"},
		Value: web.Input{Name: name + "-valeur", Label: "Réponse, nombre ou date", Value: values.Get(name + "-valeur"), MaxLength: 200},
		Not:   web.Checkbox{Name: name + "-sauf", Label: "L’inverse\u00a0: sauf dans ce cas", Checked: values.Get(name+"-sauf") != ""},
		At:    values.Get(name + "-date"), AtName: name + "-date", Removable: filled,
	}
	for _, t := range tests {
		line.Test.Items = append(line.Test.Items, web.Choice{Value: t.value, Label: t.label, Checked: t.value == values.Get(name+"-test")})
	}
	return line
}

// facts are what a condition may look at beside questions.
func facts() []web.Choice {
	var out []web.Choice
	for _, fact := range forms.FactFields() {
		out = append(out, web.Choice{Value: fact.ID, Label: fact.Label})
	}
	return out
}

// marked marks the choice of that value.
func marked(items []web.Choice, value string) []web.Choice {
	for i := range items {
		items[i].Checked = items[i].Value == value
	}
	return items
}
