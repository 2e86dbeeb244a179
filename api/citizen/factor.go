package citizen

import (
	"net/http"
	"net/url"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// factorPage asks for the second factor of somebody who has set one up.
type factorPage struct {
	web.Frame
	Code web.Input
}

var factorTemplate = web.MustParse[factorPage](web.Citizen, files, "factor.html")

func codeInput() web.Input {
	return web.Input{
		Name: "code", Label: "Code à six chiffres", Hint: "Il est affiché par votre application d’authentification. Un code de secours convient aussi.",
		Autocomplete: "one-time-code", InputMode: "numeric", MaxLength: 32, Width: "short",
	}
}

func (s *Server) factorPage(v *visit) error {
	if _, err := s.resumed(v, pendingCookie); err != nil {
		return err
	}
	return s.showFactor(v, nil)
}

func (s *Server) showFactor(v *visit, refused error) error {
	page := factorPage{Frame: s.frame(v, "Votre code", "/mon-espace"), Code: codeInput()}
	status := http.StatusOK
	if refused != nil {
		status = refusal(v, refused)
		wrong(&page.Errors, &page.Code, web.Sentence(refused))
	}
	return factorTemplate.Render(v.w, v.r, status, page)
}

func (s *Server) factor(v *visit) error {
	form, expired, err := s.form(v)
	if err != nil {
		return err
	}
	if expired != nil {
		return s.showFactor(v, expired)
	}
	login, err := s.resumed(v, pendingCookie)
	if err != nil {
		return err
	}
	login, err = s.Identity.CompleteTOTP(v.r.Context(), login, form.Get("code"), address(v.r))
	if err != nil {
		if shown(err) && !fault.Is(err, "sign_in_again") {
			return s.showFactor(v, err)
		}
		return err
	}
	s.UI.SetCookie(v.w, v.r, pendingCookie, "", 0)
	back, _ := s.UI.Cookie(v.r, returnCookie)
	s.UI.SetCookie(v.w, v.r, returnCookie, "", 0)
	if back, err = url.QueryUnescape(back); err != nil {
		back = ""
	}
	if back == newPasswordPath { // a recovery: the password is chosen now
		if err := s.suspend(v, resetCookie, login); err != nil {
			return err
		}
		web.Redirect(v.w, v.r, newPasswordPath)
		return nil
	}
	return s.enter(v, login, back)
}
