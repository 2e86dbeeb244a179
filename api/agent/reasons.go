package agent

import (
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// reasonsBox is the question why a silence refused (CRPA L.232-4), on the request's page.
type reasonsBox struct {
	Says     string
	Late     bool
	Ask      bool // the person may still ask, by telephone or at the counter
	Answer   bool
	Text     web.Textarea
	Delivery web.Select
	Letter   string // where the answer is printed
}

// whyRefused gives the box, or none where silence did not refuse.
func whyRefused(d requests.Detail, today calendar.Date, typed url.Values) *reasonsBox {
	if d.AsksReasons(today) {
		return &reasonsBox{Ask: true, Says: "La personne peut demander pourquoi le silence vaut refus\u00a0: la mairie a alors un mois pour répondre."}
	}
	if len(d.Reasons) == 0 {
		return nil
	}
	q := d.Reasons[len(d.Reasons)-1]
	box := &reasonsBox{Says: "Demandés le " + q.AskedOn.French() + " par " + q.AskedBy + ". ", Late: q.Late(today)}
	if !q.AnsweredOn.IsZero() {
		box.Says += "Communiqués le " + q.AnsweredOn.French() + ", " + deliveryLabels[q.Delivery] + "."
		switch {
		case q.NotifiedOn.IsZero():
			box.Says += " Notez la réception de la lettre dans «\u00a0Courriers\u00a0»\u00a0: le délai de recours court de ce jour."
		case !q.AppealLastDay.IsZero():
			box.Says += appealWords(d.Procedure, q.AppealLastDay)
		}
		box.Letter = letterPath(d.Number, letterReasons, q.ID)
		return box
	}
	box.Says += "À communiquer au plus tard le " + q.DueOn.French() + "\u00a0; le délai de recours repart alors."
	if box.Late {
		box.Says += " Ce jour est passé\u00a0: sans réponse, le refus est illégal. Répondez dès que possible."
	}
	if d.State != requests.StateImplicitRejection || len(d.Outcomes) == 0 {
		return box
	}
	box.Answer = true
	box.Text = web.Textarea{Name: "motifs", Label: "Motifs de la décision", Hint: "Les raisons de fait et les textes appliqués. Les voies de recours et la signature sont ajoutées.", Rows: 6, MaxLength: maxText, Value: typed.Get("motifs")}
	box.Delivery = web.Select{Name: "remise", Label: "Comment la lettre part"}
	add := func(value, label string) {
		box.Delivery.Items = append(box.Delivery.Items, web.Choice{Value: value, Label: label, Checked: typed.Get("remise") == value})
	}
	if d.Applicant.DecisionMail(catalogue.OutcomeRefuse) != "" {
		add(requests.DeliveryEmail, "Par courriel")
	}
	add(requests.DeliveryPost, "Par courrier (elle rejoint les courriers à poster)")
	add(requests.DeliveryCounter, "Remise au guichet aujourd’hui")
	return box
}
