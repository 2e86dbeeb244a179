package workflow

import (
	"strings"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Service gives the name of the service that routing sends a request to; "" where no rule fits, and it goes to the
// procedure's own.
func (w *Workflow) Service(a forms.Answers, f forms.Facts, tables forms.Tables) string {
	if w == nil {
		return ""
	}
	for _, r := range w.Routing {
		if !r.If.Met(a, f) {
			continue
		}
		if r.Table == "" {
			return r.Service
		}
		table := tables[r.Table]
		if table == nil {
			continue
		}
		answer := a[r.Field]
		if name, ok := table.Row(r.Column, r.Gives, func(cell string) bool { return agrees(answer, cell) }); ok && name != "" {
			return name
		}
	}
	return ""
}

// agrees compares an answer with a cell as people read them: an address by its street, with or without its number.
func agrees(v forms.Value, cell string) bool {
	text, ok := v.Text()
	if address, isAddress := v.Address(); isAddress {
		text, ok = address.Street, true
	}
	cell = fold.Words(cell)
	if text = fold.Words(text); !ok || text == "" || cell == "" {
		return false
	}
	return text == cell || streetOf(text) == streetOf(cell)
}

// streetOf leaves out the number that a street's line begins with: "12 bis rue des lilas".
func streetOf(line string) string {
	words := strings.Fields(line)
	for len(words) > 1 && number(words[0]) {
		words = words[1:]
		if len(words) > 1 && (words[0] == "bis" || words[0] == "ter" || words[0] == "quater") {
			words = words[1:]
		}
	}
	return strings.Join(words, " ")
}

func number(word string) bool { return word[0] >= '0' && word[0] <= '9' }

// Until gives the day on which a wait that began on a day ends by itself; ok is false where it does not: it waits for
// people, or for a date that was not answered and so is over.
func (w *Wait) Until(began calendar.Date, a forms.Answers) (day calendar.Date, ok bool) {
	switch {
	case w == nil, w.Payment, w.Opinions && w.Days == 0:
		return calendar.Date{}, false
	case w.Date != "":
		text, _ := a[w.Date].Text()
		on, err := calendar.ParseDate(text)
		if err != nil || on.IsZero() {
			return began, true
		}
		return on.AddDays(w.Days), true
	}
	return began.AddDays(w.Days), true
}

// ForPeople tells whether the wait ends when somebody does something.
func (w *Wait) ForPeople() bool { return w != nil && (w.Payment || w.Opinions) }
