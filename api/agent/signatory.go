package agent

import (
	"context"
	"net/url"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// signers are those who may sign a decision, and who does.
type signers struct {
	all    []requests.Signatory
	chosen tenants.ID
	waits  bool // the decision is theirs to sign, and not the reader's
}

func readSigners(ctx context.Context, tx *tenants.Tx, number string, typed url.Values) (out signers, err error) {
	if out.all, out.chosen, err = requests.Signatories(ctx, tx, number); err != nil {
		return out, err
	}
	for _, s := range out.all {
		if string(s.ID) == typed.Get("signataire") {
			out.chosen = s.ID
		}
	}
	if out.waits, err = requests.NeedsSignature(ctx, tx, number, out.chosen); out.waits && !typed.Has("signataire") {
		out.chosen = out.all[1].ID // who can sign here, rather than the mayor on paper
	}
	return out, err
}

// choice asks who signs, where more than one may.
func (s signers) choice() *web.Select {
	if len(s.all) < 2 {
		return nil
	}
	out := &web.Select{Name: "signataire", Label: "Signée par", Hint: "Pour changer la signature dans la lettre, recomposez-la ensuite."}
	for _, x := range s.all {
		label := strings.Trim(x.Name+", "+x.Title, ", ")
		if x.Words != "" {
			label += " (par délégation)"
		}
		out.Items = append(out.Items, web.Choice{Value: string(x.ID), Label: label, Checked: x.ID == s.chosen})
	}
	return out
}

// residences name where somebody lives, seen from the court (CJA R.421-7).
var residences = []struct{ value, label, words string }{
	{"", "Comme le dit son adresse postale", "d’après l’adresse postale"},
	{"near", "Du même côté de la mer que la commune\u00a0: deux mois", "du même côté de la mer que la commune"},
	{"overseas", "De l’autre côté d’une mer\u00a0: un mois de plus", "de l’autre côté d’une mer"},
	{"abroad", "À l’étranger\u00a0: deux mois de plus", "à l’étranger"},
}

func residenceWords(value string) string {
	for _, r := range residences {
		if r.value == value {
			return r.words
		}
	}
	return value
}

// residenceValue is how forms name where somebody lives.
func residenceValue(r requests.Residence) string {
	switch r.Lives {
	case calendar.LivesAcross:
		return "overseas"
	case calendar.LivesAbroad:
		return "abroad"
	default:
		return "near"
	}
}

// appealWhy says why the time for appeal ends on its day, and asks where the person lives
// where that may be wrong.
type appealWhy struct {
	Text  string
	Lives web.Select
}

func appealReasons(d requests.Detail, x requests.Decision) *appealWhy {
	if !x.Outcome.Refuses() && x.Outcome != catalogue.OutcomeImplicitRejection {
		return nil
	}
	if d.Procedure.Route != catalogue.RouteCourt && d.Procedure.Route != catalogue.RoutePlanning {
		return nil
	}
	if d.Procedure.PlanningReview() {
		return reviewReasons(d)
	}
	why := &appealWhy{Text: "Deux mois francs (CJA R.421-1)"}
	switch {
	case x.Implicit:
		why.Text += " depuis le jour où le silence a décidé, le " + x.DecidedOn.FrenchShort()
	case x.NotifiedOn.IsZero():
		why.Text += ", qui courront du jour où la lettre est reçue"
	default:
		why.Text += " depuis le jour où la lettre a été reçue, le " + x.NotifiedOn.FrenchShort()
	}
	switch d.Residence.Lives {
	case calendar.LivesAcross:
		why.Text += ", et un mois de plus\u00a0: la personne demeure de l’autre côté d’une mer (CJA R.421-7)"
	case calendar.LivesAbroad:
		why.Text += ", et deux mois de plus\u00a0: la personne demeure à l’étranger (CJA R.421-7)"
	}
	why.Text += "."
	if !d.Residence.Known {
		why.Text += " Son adresse postale ne dit pas où elle demeure\u00a0: à vérifier."
	}
	if x.AppealLastDay.IsZero() && (x.Implicit || !x.NotifiedOn.IsZero()) {
		why.Text = "Délai de recours non opposable."
	}
	for _, w := range d.Appeal.Warnings {
		why.Text += " " + w
	}
	why.Lives = livesSelect(d)
	return why
}

// reviewReasons say that the court is seized of the decision that a recours gracieux in urban
// planning contests.
func reviewReasons(d requests.Detail) *appealWhy {
	text := []string{"Le délai pour saisir le tribunal court depuis la décision d’urbanisme contestée\u00a0: la réponse à ce recours gracieux ne le prolonge pas (C. urb. L.600-12-2)."}
	return &appealWhy{Text: strings.Join(append(text, d.Appeal.Warnings...), " "), Lives: livesSelect(d)}
}

// livesSelect asks where the person lives.
func livesSelect(d requests.Detail) web.Select {
	chosen := ""
	if d.Residence.Said {
		chosen = residenceValue(d.Residence)
	}
	list := web.Select{Name: "demeure", Label: "La personne demeure"}
	for _, r := range residences {
		list.Items = append(list.Items, web.Choice{Value: r.value, Label: r.label, Checked: r.value == chosen})
	}
	return list
}
