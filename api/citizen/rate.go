package citizen

import (
	"context"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// opinion is a button by which the holder says how they found the procedure.
type opinion struct {
	Value requests.Rating
	Label string
}

var opinions = []opinion{{requests.RatingGood, "Bien"}, {requests.RatingFair, "Moyen"}, {requests.RatingPoor, "Mal"}}

// rate counts what the holder says of the procedure. One who taps twice is thanked twice.
func (s *Server) rate(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil {
		return s.showRequest(v, requestState{expired: expired})
	}
	err = s.held(v, func(ctx context.Context, tx *tenants.Tx, number string) error {
		return requests.Rate(ctx, tx, number, requests.Rating(form.Get("avis")))
	})
	if err != nil && !fault.Is(err, "already_rated") {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Merci de votre avis\u00a0: il aide la mairie à améliorer cette démarche.")
	web.Redirect(v.w, v.r, here(v))
	return nil
}
