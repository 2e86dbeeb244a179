package citizen

import (
	"context"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// decisionField is the agreement to receive the decision itself by e-mail: a box that
// nothing ticks but the person (CRPA L.112-14 speaks of answers, not of what starts a
// time limit).
const decisionField = "decision_courriel"

func decisionByEmail(checked bool) *web.Checkbox {
	return &web.Checkbox{
		Name: decisionField, Label: "J’accepte de recevoir la décision par courriel", Checked: checked,
		Hint: "Facultatif. Sinon, elle vient par courrier, ou vous est remise à la mairie. L’accusé de réception et les messages viennent par courriel dans tous les cas. Vous pourrez changer d’avis depuis la page de suivi.",
	}
}

// decisionWay is how the decision will come, and the button that changes it.
type decisionWay struct {
	Text, Button, Value string
}

// decision offers the choice as long as a decision can come and there is an address.
func (p *requestPage) decision(d requests.Detail) {
	switch {
	case !d.MayStillBeDecided() || d.Applicant.Email == "":
	case d.Applicant.DecisionEmail:
		p.Decision = &decisionWay{
			Text: "Vous avez accepté de recevoir la décision par courriel, à " + d.Applicant.Email + ".", Button: "Finalement, la recevoir par courrier",
		}
	default:
		p.Decision = &decisionWay{
			Text:   "La décision viendra par courrier, ou vous sera remise à la mairie.",
			Button: "J’accepte de la recevoir par courriel", Value: "1",
		}
		if d.Applicant.PostalAddress == "" {
			p.Decision.Text = "La décision vous sera remise à la mairie\u00a0: nous n’avons pas votre adresse postale. Vous pouvez nous l’écrire dans un message."
		}
	}
}

// agreeDecision keeps the person's choice.
func (s *Server) agreeDecision(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil {
		return s.showRequest(v, requestState{expired: expired})
	}
	agreed := form.Get(decisionField) != ""
	if err := s.held(v, func(ctx context.Context, tx *tenants.Tx, number string) error {
		return requests.AgreeDecision(ctx, tx, number, agreed)
	}); err != nil {
		return err
	}
	said := "C’est noté\u00a0: la décision viendra par courrier, ou vous sera remise à la mairie."
	if agreed {
		said = "C’est noté\u00a0: la décision viendra par courriel."
	}
	s.UI.SetFlash(v.w, v.r, web.Success, said)
	web.Redirect(v.w, v.r, here(v))
	return nil
}
