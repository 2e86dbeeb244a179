package citizen

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// withdrawPage asks whether a request is really to be withdrawn.
type withdrawPage struct {
	web.Frame
	Number, Procedure string
	Version           int64
	Reason            web.Textarea
}

var withdrawTemplate = web.MustParse[withdrawPage](web.Citizen, files, "withdraw.html")

func (s *Server) withdrawPage(v *visit) error { return s.showWithdraw(v, "", nil) }

func (s *Server) showWithdraw(v *visit, reason string, refused error) error {
	var d requests.Detail
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		if d, err = requests.Get(ctx, tx, number); err == nil && !slices.Contains(d.Actions, requests.ActionWithdraw) {
			err = fault.New(fault.Conflict, "action_not_possible")
		}
		return err
	})
	if err != nil {
		return err
	}
	page := withdrawPage{
		Frame: s.frame(v, "Retirer ma demande", "/suivi"), Number: d.Number, Procedure: d.Title, Version: d.Version,
		Reason: web.Textarea{Name: "raison", Label: "Pourquoi", Hint: "Si vous voulez le dire à la mairie.", Value: reason, Optional: true, MaxLength: 2000, Rows: 3},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: d.Number, URL: here(v)}, {Label: "Retirer"}}
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
		page.Errors = web.ErrorSummary{{Message: web.Sentence(refused)}}
	}
	return withdrawTemplate.Render(v.w, v.r, status, page)
}

// withdraw ends the request at its holder's wish.
func (s *Server) withdraw(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil {
		return s.showWithdraw(v, form.Get("raison"), expired)
	}
	version, err := strconv.ParseInt(form.Get("version"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "form_unreadable")
	}
	err = s.held(v, func(ctx context.Context, tx *tenants.Tx, number string) error {
		_, err := requests.Withdraw(ctx, tx, number, form.Get("raison"), version)
		return err
	})
	if fault.Is(err, "request_changed") {
		return s.showWithdraw(v, form.Get("raison"), err)
	}
	if err != nil {
		return err
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Votre demande est retirée.")
	web.Redirect(v.w, v.r, here(v))
	return nil
}

// proof writes a hash so that it can be compared by eye.
func proof(sum []byte) string {
	const shown = 16 // bytes: enough to tell two texts apart
	return hex.EncodeToString(sum[:min(shown, len(sum))])
}
