package catalogue

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Nature lets who writes say what they send, by a choice of the form: a question, a thanks or
// a suggestion is information (CRPA L.112-11), whose receipt announces no refusal (R.112-11-1);
// everything else is what the procedure is.
type Nature struct {
	Field       string   `json:"field"`       // choice of the form
	Information []string `json:"information"` // its values that ask for no decision
}

// KindFor gives the kind of what is sent with these answers.
func (p *Procedure) KindFor(a forms.Answers) Kind {
	if p.Nature == nil {
		return p.Kind
	}
	if chosen, ok := a[p.Nature.Field].Text(); ok && slices.Contains(p.Nature.Information, chosen) {
		return KindInformation
	}
	return p.Kind
}

// For gives the entry as it is for what was sent as another kind than the procedure's
// ([Procedure.KindFor]): a piece of information is answered, silence decides nothing of it,
// and nothing can be contested.
func (e Entry) For(k Kind) Entry {
	if k != KindInformation || e.Procedure().Kind == KindInformation {
		return e
	}
	p := *e.Procedure()
	p.Kind, p.Route, p.SilenceWarning, p.Nature = k, RouteNone, "", nil
	p.Silence = calendar.Rule{Effect: calendar.None, Source: "CRPA, article\u00a0L.112-11"}
	e.Version.Procedure = &p
	return e
}

// nature holds the choice to the form's own, and wants a letter to answer with.
func (c *checker) nature() {
	n := c.p.Nature
	if n == nil {
		return
	}
	if !c.isField(n.Field, forms.KindChoice) {
		c.add("nature/field", "unknown", "La nature de l’envoi doit être un choix du formulaire")
		return
	}
	f, _ := c.p.Form.Field(n.Field)
	for _, v := range n.Information {
		if !slices.ContainsFunc(f.Choices, func(x forms.Choice) bool { return x.Value == v }) {
			c.add("nature/information", "unknown", "Cette réponse n’existe pas dans le formulaire\u00a0: "+v)
		}
	}
	_, answers := c.p.Letters[OutcomeAnswer]
	c.want(answers, "letters/answer", "Écrivez la lettre qui répond à une question")
}
