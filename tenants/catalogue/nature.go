package catalogue

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants"
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
	p.Kind, p.Route, p.SilenceWarning = k, RouteNone, ""
	p.Silence = calendar.Rule{Effect: calendar.None, Source: "CRPA, article\u00a0L.112-11"}
	e.Version.Procedure = &p
	return e
}

// ComposeNature writes that what somebody sent is treated as another kind than they had said,
// and why; f.LastDay is the last day for the answer, none of a mere question, and told the one
// that had been announced, if any.
func ComposeNature(e Entry, s tenants.Settings, f LetterFacts, reason string, told calendar.Date) ComposedLetter {
	p := e.Procedure()
	sent := "Nous avons relu ce que vous nous avez envoyé («\u00a0" + p.Title + "\u00a0»), reçu le " + f.ReceivedOn.FrenchShort() + "\u00a0: "
	if p.Kind != KindInformation {
		body := []string{sent + "nous le traitons comme une demande, qui appelle une décision.", reason}
		if !f.LastDay.IsZero() && f.LastDay.Before(f.DecidedOn) {
			body = append(body, "Nous n’y avons pas répondu au plus tard le "+f.LastDay.FrenchShort()+"\u00a0: notre silence vaut refus à cette date ("+p.Silence.Source+"). Une réponse favorable reste possible.")
		} else {
			body = append(body, f.unanswered(p), "Un nouvel accusé de réception remplace le précédent.")
		}
		return ComposedLetter{Subject: "Nous traitons votre message comme une demande", Body: f.page(e, s, body, false)}
	}
	body := []string{sent + "nous le traitons comme une question, à laquelle nous répondons sans prendre de décision.", reason}
	if !told.IsZero() {
		body = append(body, "La date du "+told.FrenchShort()+", donnée dans l’accusé de réception, ne compte donc plus\u00a0: le silence ne vaut pas refus.")
	}
	body = append(body, "Si vous attendez une décision, répondez-nous\u00a0: nous y reviendrons.")
	return ComposedLetter{Subject: "Nous traitons votre message comme une question", Body: f.page(e, s, body, false)}
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
