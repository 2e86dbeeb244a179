package calendar_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
)

func (r row) answer(column string) calendar.Answer {
	r.t.Helper()
	switch v := r.text(column); v {
	case "oui":
		return calendar.Yes
	case "non":
		return calendar.No
	case "":
		return calendar.Unknown
	default:
		r.t.Fatalf("%s: %q", column, v)
		return calendar.Unknown
	}
}

func procedureOf(t *testing.T, r row) calendar.Procedure {
	t.Helper()
	p := calendar.Procedure{}
	if special := strings.Fields(r.text("texte_particulier")); len(special) == 3 {
		months, err := strconv.Atoi(special[2])
		if err != nil {
			t.Fatal(err)
		}
		p.SpecialText = calendar.Yes
		p.Special = calendar.Rule{Effect: calendar.Effect(special[1]), Months: months, Source: "texte particulier"}
	} else {
		p.SpecialText = r.answer("texte_particulier")
	}
	p.OwnAgent, p.Individual, p.Grievance = r.answer("agent"), r.answer("individuelle"), r.answer("reclamation")
	p.TextProcedure, p.Financial = r.answer("prevue"), r.answer("financier")
	p.Annex, p.AnnexMonths = calendar.Annex(r.text("annexe")), r.number("mois_annexe")
	p.LocalLimited, p.OpinionRequired = r.answer("local_limite"), r.answer("avis")
	p.OtherDelay, p.AcceptanceMonths = r.answer("autre_delai"), r.number("mois_autre")
	return p
}

func TestSilenceEffect(t *testing.T) {
	t.Parallel()
	eachCase(t, "effets.csv", func(t *testing.T, r row) {
		rule, reason, err := calendar.SilenceEffect(procedureOf(t, r))
		if r.wantFault(err) {
			if reason != "" || rule != (calendar.Rule{}) {
				t.Errorf("an error came with %+v, %q", rule, reason)
			}
			return
		}
		want := calendar.Rule{Effect: calendar.Effect(r.text("effet")), Months: r.number("mois"), Source: r.text("source")}
		if rule != want {
			t.Errorf("got %+v, want %+v", rule, want)
		}
		if reason == "" {
			t.Error("no reason was given")
		}
	})
}
