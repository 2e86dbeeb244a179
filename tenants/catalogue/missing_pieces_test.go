package catalogue_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// A notice of missing pieces says what it does to the time for answering, and says
// nothing of a time that it does not change.
func TestANoticeSaysItsEffect(t *testing.T) {
	t.Parallel()
	for _, c := range table(t, "notices.csv") {
		e := entry(t, c["slug"])
		f := letterFacts(e.Procedure())
		f.Pieces[0].Indispensable = c["indispensable"] == "yes"
		f.LastDay = calendar.Date{}
		if c["last_day"] != "" {
			day, err := calendar.ParseDate(c["last_day"])
			if err != nil {
				t.Fatal(err)
			}
			f.LastDay = day
		}
		l, err := catalogue.Compose(e, complete(), catalogue.OutcomeDocuments, f)
		if err != nil {
			t.Fatalf("%s: %v", c["case"], err)
		}
		if !strings.Contains(l.Body, c["says"]) || strings.Contains(l.Body, c["never"]) {
			t.Errorf("%s:\n%s", c["case"], l.Body)
		}
	}
}

// A decision that nobody signs is none (CRPA L.212-1); the mayor signs what is not
// delegated.
func TestADecisionHasASignatory(t *testing.T) {
	t.Parallel()
	e := entry(t, "terrasse")
	for name, c := range map[string]struct {
		change func(*tenants.Settings)
		signed string
	}{
		"named":           {func(*tenants.Settings) {}, "Camille Exemple\nMaire"},
		"the mayor":       {func(s *tenants.Settings) { s.SignatoryName, s.SignatoryTitle = "", "" }, "Camille Exemple\nMaire"},
		"nobody":          {func(s *tenants.Settings) { s.SignatoryName, s.SignatoryTitle, s.Mayor = "", "", "" }, ""},
		"without quality": {func(s *tenants.Settings) { s.SignatoryTitle = "" }, ""},
	} {
		s := complete()
		c.change(&s)
		for _, o := range []catalogue.Outcome{catalogue.OutcomeAccept, catalogue.OutcomeRefuse} {
			l, err := catalogue.Compose(e, s, o, letterFacts(e.Procedure()))
			if c.signed == "" {
				if !fault.Is(err, "mentions_missing") {
					t.Errorf("%s, %s: %v", name, o, err)
				}
				continue
			}
			if err != nil || !strings.Contains(l.Body, c.signed) {
				t.Errorf("%s, %s: %v\n%s", name, o, err, l.Body)
			}
		}
	}
}

// An agent may change the words of a refusal, not take its appeal away (CJA R.421-5).
func TestAChangedRefusalKeepsItsAppeal(t *testing.T) {
	t.Parallel()
	for slug, kept := range map[string]string{
		"terrasse":                 "Vous pouvez saisir le Tribunal\nadministratif de Toulouse dans les deux mois.",
		"documents-administratifs": "Saisissez d’abord la CADA, dans un délai de deux mois.",
	} {
		e := entry(t, slug)
		l, err := catalogue.Compose(e, complete(), catalogue.OutcomeRefuse, letterFacts(e.Procedure()))
		if err != nil || !catalogue.KeepsAppeal(e, complete(), l.Body) || !catalogue.KeepsAppeal(e, complete(), kept) {
			t.Errorf("%s: %v\n%s", slug, err, l.Body)
		}
		for _, lost := range []string{"", "Non.", "Vous avez deux mois.", "Voyez le tribunal administratif de Toulouse ou la CADA."} {
			if catalogue.KeepsAppeal(e, complete(), lost) {
				t.Errorf("%s: %q names no appeal", slug, lost)
			}
		}
	}
	if e := entry(t, "copie-acte-naissance"); !catalogue.KeepsAppeal(e, complete(), "Non.") {
		t.Error("a refusal of civil status has no route of ours")
	}
}
