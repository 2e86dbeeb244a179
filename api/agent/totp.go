package agent

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
)

type totpPage struct {
	web.Frame
	On       bool
	Required bool
	Password web.Input
	Code     *web.Input
}

// enrolPage shows the secret, to be read by an authenticator.
type enrolPage struct {
	web.Frame
	Flow, Secret, Drawing string
	Size                  int
	Code                  web.Input
}

type codesPage struct {
	web.Frame
	Codes []string
}

var (
	totpTemplate  = web.MustParse[totpPage](web.Agent, pages, "totp.html")
	enrolTemplate = web.MustParse[enrolPage](web.Agent, pages, "enrol.html")
	codesTemplate = web.MustParse[codesPage](web.Agent, pages, "codes.html")
)

const (
	totpPath = "/agents/compte/double-authentification"

	// enrolCookie holds, sealed, the sign-in in whose name the factor is set up.
	enrolCookie = "agent-enrol"
)

// half finds an agent who may still have to set up the second factor: the pages of
// this file are open to them.
func (s *Server) half(v visit) (me web.Visitor, err error) {
	err = s.Read(v.r, v.scope, func(_ context.Context, _ *tenants.Tx, visitor web.Visitor) error {
		if me = visitor; me.Agent.ID == "" {
			return fault.New(fault.Unauthorized, "sign_in")
		}
		return nil
	})
	return me, err
}

func (s *Server) totpFrame(v visit, me web.Visitor, title string) web.Frame {
	f := s.frame(v, me, title, accountPath)
	f.Breadcrumbs = web.Breadcrumbs{{Label: "Mon compte", URL: accountPath}, {Label: title}}
	if me.Session.MustEnrol(v.scope.Settings) {
		f.Nav, f.Breadcrumbs, f.User.URL = []web.NavItem{}, nil, "" // nothing else is open yet
	}
	return f
}

func (s *Server) showTOTP(v visit, refused error) error {
	me, err := s.half(v)
	if err != nil {
		return err
	}
	page := totpPage{
		Frame: s.totpFrame(v, me, "Double authentification"), On: me.Session.AAL > 1, Required: v.scope.Settings.RequireAgentTOTP,
		Password: web.Input{Name: "current", Label: "Mot de passe actuel", Type: "password", Autocomplete: "current-password"},
	}
	if page.On {
		page.Code = &web.Input{Name: "code", Label: "Code à six chiffres", Hint: "De l’application d’authentification, s’il vous est demandé.", Autocomplete: "one-time-code", Width: "medium", Optional: true}
	}
	if refused != nil {
		field := &page.Password
		if page.Code != nil && (fault.Is(refused, "second_factor") || fault.Is(refused, "second_factor_needed")) {
			field = page.Code
		}
		field.Error = passwordSentence(refused)
		page.Errors = web.ErrorSummary{{ID: field.Name, Message: field.Error}}
	}
	return totpTemplate.Render(v.w, v.r, doorStatus(refused), page)
}

// startTOTP shows the secret to whoever gave the password again.
func (s *Server) startTOTP(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	var me web.Visitor
	var login identity.Login
	var e identity.TOTPEnrolment
	if err == nil {
		me, login, err = s.confirmed(v, form)
	}
	if err == nil {
		e, err = s.Identity.StartTOTP(v.r.Context(), login)
	}
	switch {
	case form != nil && comesBack(err):
		return s.showTOTP(v, err)
	case err != nil:
		return err
	}
	var sealed string
	err = s.Read(v.r, v.scope, func(_ context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		sealed, err = identity.Suspend(tx, login)
		return err
	})
	if err != nil {
		return err
	}
	s.UI.SetCookie(v.w, v.r, enrolCookie, sealed, identity.PendingFor)
	return s.showEnrol(v, me, e, nil)
}

func (s *Server) showEnrol(v visit, me web.Visitor, e identity.TOTPEnrolment, refused error) error {
	page := enrolPage{
		Frame: s.totpFrame(v, me, "Double authentification"), Flow: e.Flow, Secret: e.Secret, Drawing: e.Path, Size: e.Size,
		Code: web.Input{Name: "code", Label: "Code à six chiffres que l’application affiche", Autocomplete: "one-time-code", InputMode: "numeric", MaxLength: 8, Width: "short"},
	}
	if refused != nil {
		page.Code.Error = web.Sentence(fault.New(fault.Unauthorized, "second_factor"))
		page.Errors = web.ErrorSummary{{ID: "code", Message: page.Code.Error}}
	}
	return enrolTemplate.Render(v.w, v.r, doorStatus(refused), page)
}

func (s *Server) confirmTOTP(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	me, err := s.half(v)
	if err != nil {
		return err
	}
	sealed, _ := s.UI.Cookie(v.r, enrolCookie)
	var login identity.Login
	err = s.Read(v.r, v.scope, func(_ context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		login, err = identity.Resume(tx, sealed)
		return err
	})
	if err != nil {
		return s.orTOTP(v, err)
	}
	login, err = s.Identity.ConfirmTOTP(v.r.Context(), login, form.Get("flow"), form.Get("code"))
	if fault.Is(err, "code_wrong") {
		size, _ := strconv.Atoi(form.Get("size")) // of the picture alone
		return s.showEnrol(v, me, identity.TOTPEnrolment{Flow: form.Get("flow"), Secret: form.Get("secret"), Path: form.Get("path"), Size: size}, err)
	}
	if err != nil {
		return s.orTOTP(v, err)
	}
	s.UI.SetCookie(v.w, v.r, enrolCookie, "", -time.Second)
	if err := s.renew(v, me, login); err != nil {
		return err
	}
	return s.showCodes(v, login)
}

// orTOTP leads back to the beginning where the sign-in is too old.
func (s *Server) orTOTP(v visit, err error) error {
	if f := fault.Of(err); f.Kind == fault.Unauthorized || f.Kind == fault.Conflict || f.Kind == fault.Invalid {
		return s.showTOTP(v, err)
	}
	return err
}

// showCodes makes new recovery codes and shows them, once.
func (s *Server) showCodes(v visit, login identity.Login) error {
	codes, err := s.Identity.RecoveryCodes(v.r.Context(), login)
	if err != nil {
		return err
	}
	me, err := s.half(v)
	if err != nil {
		return err
	}
	return codesTemplate.Render(v.w, v.r, http.StatusOK, codesPage{Frame: s.totpFrame(v, me, "Codes de secours"), Codes: codes})
}

func (s *Server) newCodes(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	var me web.Visitor
	var login identity.Login
	if err == nil {
		me, login, err = s.confirmed(v, form)
	}
	if err == nil {
		err = s.renew(v, me, login)
	}
	switch {
	case form != nil && comesBack(err):
		return s.showTOTP(v, err)
	case err != nil:
		return err
	}
	return s.showCodes(v, login)
}

func (s *Server) disableTOTP(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	var me web.Visitor
	var login identity.Login
	if err == nil && v.scope.Settings.RequireAgentTOTP {
		err = fault.New(fault.Forbidden, "not_allowed")
	}
	if err == nil {
		me, login, err = s.confirmed(v, form)
	}
	if err == nil {
		err = s.Identity.DisableTOTP(v.r.Context(), login)
	}
	if err == nil {
		login.AAL, login.HasTOTP = 1, false
		err = s.renew(v, me, login)
	}
	switch {
	case form != nil && comesBack(err):
		return s.showTOTP(v, err)
	case err != nil:
		return err
	}
	return s.done(v, "La double authentification est retirée.", accountPath)
}
