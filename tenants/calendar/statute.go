package calendar

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed data/regimes.csv
var regimesCSV string

// Certainty says how far a rule was checked.
type Certainty string

// The certainties, from law.md.
const (
	Checked    Certainty = ""  // the CRPA in force
	Verified   Certainty = "V" // the text in force
	Secondary  Certainty = "S" // a secondary source
	Remembered Certainty = "M" // from general knowledge, to be read again
	Unsettled  Certainty = "?" // à vérifier
)

// warning gives the sentence that a rule of this certainty bears; "" for none.
func (c Certainty) warning() string {
	switch c {
	case Secondary:
		return "Règle connue par une source secondaire\u00a0: à vérifier avant de vous y fier."
	case Remembered:
		return "Règle notée de mémoire\u00a0: à relire dans le texte avant de vous y fier."
	case Unsettled:
		return "Règle à vérifier\u00a0: ce n’est qu’une proposition, que la commune règle dans sa démarche."
	default:
		return ""
	}
}

// Statute is what the law says of a kind of procedure: a line of data/regimes.csv.
type Statute struct {
	Number    string // of the catalogue, "37 bis"
	Slug      string // of the procedure; Parvis's model of that name says the same
	Title     string
	Sending   Sending
	Rule      Rule
	Route     Route
	Review    bool // itself a recours gracieux
	Delivery  bool // mere delivery of a document: no receipt on paper (R.112-4 2°)
	Certainty Certainty
	Note      string // French; may be empty
}

// Warnings gives the French sentences that every date of the statute must bear; none
// where its rule was checked.
func (s Statute) Warnings() []string {
	w := s.Certainty.warning()
	if w == "" {
		return nil
	}
	if s.Note != "" {
		w += " " + s.Note
	}
	return []string{w}
}

// Statutes gives every known statute, in the order of the catalogue. The slice is the
// caller's.
func Statutes() []Statute { return slices.Clone(law.statutes) }

// StatuteOf gives the statute of that slug, and whether there is one.
func StatuteOf(slug string) (Statute, bool) {
	i := slices.IndexFunc(law.statutes, func(s Statute) bool { return s.Slug == slug })
	if i < 0 {
		return Statute{}, false
	}
	return law.statutes[i], true
}

// The French words of data/regimes.csv.
var (
	wordsOfSending = map[string]Sending{"demande": SentRequest, "déclaration": SentDeclaration}
	wordsOfEffect  = map[string]Effect{"acceptation": Acceptance, "refus": Rejection, "déclaration": Declaration, "aucun": None}
	wordsOfCode    = map[string]Code{"": General, "urbanisme": Planning, "préemption": Preemption, "rgpd": Privacy}
	wordsOfRoute   = map[string]Route{"": RouteNone, "tribunal": RouteCourt, "urbanisme": RoutePlanning, "cada": RouteCADA, "préfet": RoutePrefect}
	wordsOfUnit    = map[string]Unit{"mois": UnitMonths, "jours": UnitDays, "jours ouvrés": UnitWorkingDays}
)

// loadStatutes reads data/regimes.csv; a word that it does not know is an error.
func loadStatutes(text string) ([]Statute, error) {
	lines, err := readTable(text, 15)
	if err != nil {
		return nil, err
	}
	list := make([]Statute, 0, len(lines))
	for _, l := range lines {
		s, err := parseStatute(l)
		if err != nil {
			return nil, fmt.Errorf("statute %s: %w", l[1], err)
		}
		if slices.ContainsFunc(list, func(known Statute) bool { return known.Slug == s.Slug }) {
			return nil, fmt.Errorf("statute %s stands twice", s.Slug)
		}
		list = append(list, s)
	}
	return list, nil
}

func parseStatute(l []string) (Statute, error) {
	months, err := strconv.Atoi(l[5])
	if err != nil {
		return Statute{}, fmt.Errorf("months: %w", err)
	}
	s := Statute{Number: l[0], Slug: l[1], Title: l[2], Delivery: l[11] == "oui", Certainty: Certainty(l[13]), Note: l[14]}
	s.Rule = Rule{Months: months, Means: l[7], Source: l[12]}
	var known [4]bool
	s.Sending, known[0] = wordsOfSending[l[3]]
	s.Rule.Effect, known[1] = wordsOfEffect[l[4]]
	s.Rule.Code, known[2] = wordsOfCode[l[6]]
	route, review := strings.CutSuffix(l[10], ", sans nouveau recours gracieux")
	s.Route, known[3] = wordsOfRoute[route]
	s.Review = review
	if slices.Contains(known[:], false) || !slices.Contains([]Certainty{Checked, Verified, Secondary, Remembered, Unsettled}, s.Certainty) {
		return Statute{}, fmt.Errorf("a word is not known: %q", l)
	}
	if s.Rule.Answer, err = parsePeriod(l[8]); err != nil {
		return Statute{}, err
	}
	if s.Rule.Filing, err = parseFiling(l[9]); err != nil {
		return Statute{}, err
	}
	return s, s.Rule.Check()
}

// parsePeriod reads "5 jours", "1 mois", or nothing.
func parsePeriod(text string) (Period, error) {
	if text == "" {
		return Period{}, nil
	}
	amount, unit, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(amount)
	u, known := wordsOfUnit[unit]
	if err != nil || !known {
		return Period{}, fmt.Errorf("no period: %q", text)
	}
	return Period{Amount: n, Unit: u}, nil
}

// parseFiling reads "15", "3-15 francs", or nothing.
func parseFiling(text string) (Filing, error) {
	if text == "" {
		return Filing{}, nil
	}
	days, clear := strings.CutSuffix(text, " francs")
	least, most, two := strings.Cut(days, "-")
	f := Filing{Clear: clear}
	var err error
	if f.MinDays, err = strconv.Atoi(least); err != nil {
		return Filing{}, fmt.Errorf("days before: %w", err)
	}
	if two {
		if f.MaxDays, err = strconv.Atoi(most); err != nil {
			return Filing{}, fmt.Errorf("days before: %w", err)
		}
	}
	return f, nil
}
