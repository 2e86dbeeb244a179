package web

import (
	"strings"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

// Tone says how a state or a notice is meant; each has a shape, a word and a
// colour, never a colour alone (WCAG 1.4.1).
type Tone string

// The tones.
const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	Success Tone = "success"
	Warning Tone = "warning"
	Danger  Tone = "danger"
)

// Status is a state as a pill: a shape, a word and a colour.
type Status struct {
	Tone  Tone
	Label string
}

// requestStates are the words for the states of a request (package requests).
var requestStates = map[string]Status{
	"received":            {Info, "Reçue"},
	"in_review":           {Info, "En cours"},
	"waiting_documents":   {Warning, "Pièces attendues"},
	"accepted":            {Success, "Acceptée"},
	"partly_accepted":     {Warning, "Acceptée en partie"},
	"refused":             {Danger, "Refusée"},
	"answered":            {Success, "Répondue"},
	"registered":          {Success, "Enregistrée"},
	"implicitly_accepted": {Success, "Acceptée par silence"},
	"implicitly_rejected": {Danger, "Rejetée par silence"},
	"withdrawn":           {Neutral, "Retirée"},
	"closed":              {Neutral, "Classée"},
	"revoked":             {Danger, "Accord retiré"},
	"transmitting":        {Info, "En transmission"},
	"transmitted":         {Neutral, "Transmise"},
}

// RequestStatus gives the pill of a request's state; one it does not know is shown
// as neutral and unnamed rather than wrongly.
func RequestStatus(state string) Status {
	if s, ok := requestStates[state]; ok {
		return s
	}
	return Status{Neutral, "État inconnu"}
}

// Notice tells something beside the page's matter.
type Notice struct {
	Tone        Tone
	Title, Text string
	Items       []string
	Link        Link
}

// Breadcrumbs lead back; the last one, without URL, is this page.
type Breadcrumbs []Link

// Fact is one of the three facts under a title (« 5 minutes »).
type Fact struct {
	Icon, Text string
}

// Facts stand under a title.
type Facts []Fact

// ErrorLink is one thing to correct; ID is the input's.
type ErrorLink struct {
	ID, Message string
}

// ErrorSummary stands first on a page that must be corrected, and takes the focus.
type ErrorSummary []ErrorLink

// Step is one step of a form; one that was done leads back.
type Step struct {
	Label, URL string
}

// Stepper shows where one stands in a form.
type Stepper struct {
	Steps   []Step
	Current int    // from 0
	Title   string // of the current step; its label by default
}

// Number is the current step as people count.
func (s Stepper) Number() int { return s.Current + 1 }

// Heading is the current step's title.
func (s Stepper) Heading() string {
	if s.Title == "" && s.Current >= 0 && s.Current < len(s.Steps) {
		return s.Steps[s.Current].Label
	}
	return s.Title
}

// Column is one column of a table.
type Column struct {
	Label   string
	Numeric bool
	Whole   bool // its words stay on one line
}

// Cell is one cell of a table.
type Cell struct {
	Text, URL    string
	Status       *Status
	Strong, Late bool
	Copy         string // what the text is: it is to be taken elsewhere whole, and a script gives it a button
}

// Row is one row; Current marks the one that is open.
type Row struct {
	Cells   []Cell
	Current bool
}

// Table is a table of data with its caption.
type Table struct {
	Caption string
	Columns []Column
	Rows    []Row
	Empty   string // said instead where there is no row
}

// Numeric says whether a column holds figures.
func (t Table) Numeric(column int) bool { return column < len(t.Columns) && t.Columns[column].Numeric }

// Whole tells whether a column's words stay on one line.
func (t Table) Whole(column int) bool { return column < len(t.Columns) && t.Columns[column].Whole }

// Pagination leads to the rows before and after; Previous and Next are URLs.
type Pagination struct {
	Summary, Previous, Next string
}

// SummaryItem is one answer, to be read again before it is sent.
type SummaryItem struct {
	Key, Value string
	Lines      []string
	Action     Link // « Modifier »
}

// SummaryList is a list of answers.
type SummaryList []SummaryItem

// Tab is one view of the same matter. A Count below 0 is not shown.
type Tab struct {
	Label, URL string
	Count      int
	Current    bool
}

// Tabs lead from one view to another; they are links, not a widget.
type Tabs struct {
	Label string // what the tabs choose between, for screen readers
	Items []Tab
}

// Event is one thing that happened. When is written out, Law cites its article. Was is
// what was written in its place before, and is struck out.
type Event struct {
	When, Title, Who, Text, Law string
	Was                         []string
	Tone                        Tone
}

// Unsaid gives a day as a timeline shows it beside a sentence; nothing where the sentence says
// it already.
func Unsaid(day calendar.Date, sentence string) string {
	if strings.Contains(sentence, day.French()) {
		return ""
	}
	return day.French()
}

// Timeline is a history, oldest or newest first as the page says.
type Timeline []Event

// Button sends a form, or, with a URL, is a link that looks like one. Kind is ""
// (the page's one main action), "secondary", "quiet" or "danger".
type Button struct {
	Label, Kind, Icon, Name, Value, URL, FormAction string
}

// Disclosure is a question that unfolds its answer.
type Disclosure struct {
	Title, Text string
	Lines       []string
}

// Search is a form of one field, sent by GET as q.
type Search struct {
	Action, Label, Value string
}

// Tile is a card that leads somewhere.
type Tile struct {
	Title, Text, URL, Icon, Meta string
}

// Tiles are cards side by side.
type Tiles []Tile
