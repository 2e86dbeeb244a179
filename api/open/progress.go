package open

import (
	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

type progressPage struct {
	web.Frame
	Name     string
	Stepper  web.Stepper
	State    string // code, hub, operator; approved, opened, refused, overtaken
	Action   string
	Change   string // back to the form
	Code     web.Input
	Masked   string
	Sent     bool // a code that holds was mailed
	Hub      string
	Email    string
	Portal   string
	TrialEnd string
	Reason   string
}

var progressTemplate = web.MustParse[progressPage](web.Citizen, files, "progress.html")

func (s *Server) progress(v visit) error { return s.showProgress(v, nil) }

func (s *Server) showProgress(v visit, refused error) error {
	ctx := v.r.Context()
	r, err := s.Openings.Mine(ctx, s.holder(v), v.insee())
	if fault.Is(err, "opening_unknown") {
		web.Redirect(v.w, v.r, placePath(v.insee()))
		return nil
	}
	if err != nil {
		return err
	}
	place, err := s.Openings.Look(ctx, r.INSEE)
	if err != nil {
		return err
	}
	page := progressPage{
		Frame: s.frame(v, place.Name, ""), Name: place.Name, Stepper: steps(2, r.INSEE), State: string(r.State), Action: placePath(r.INSEE) + "/suite", Change: placePath(r.INSEE),
		Masked: place.Masked, Email: r.Email, Reason: r.Reason,
		Sent: s.Clock().Before(r.CodeUntil) && r.Tries < opening.MaxTries,
		Code: web.Input{Name: "code", Label: "Le code reçu par la mairie", Hint: "Huit chiffres.", InputMode: "numeric", Autocomplete: "one-time-code", Width: "medium", MaxLength: 20},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Ouvrir un portail", URL: opening.OpenPath}, {Label: place.Name}}
	if r.State == opening.Asked {
		page.State = string(r.Proof)
	} else {
		page.Stepper = steps(3, r.INSEE)
		page.Stepper.Steps[0].URL, page.Stepper.Steps[1].URL = "", ""
	}
	if place.Hub != nil {
		page.Hub = place.Hub.Name
	}
	if t := place.Tenant; t != nil {
		page.Portal = s.URL(s.Registry.HostOf(*t))
		if end := subscription.ClosesOn(*t); end != (calendar.Date{}) {
			page.TrialEnd = t.TrialEndsOn.French()
		}
	}
	if refused != nil {
		message := web.Sentence(refused)
		if fault.Is(refused, "opening_code_wrong") {
			message += " Il reste " + web.Plural(opening.MaxTries-r.Tries, "essai", "essais") + "."
		}
		if page.Sent {
			page.Code.Error = message
			page.Errors = web.ErrorSummary{{ID: "code", Message: message}}
		} else {
			page.Errors = web.ErrorSummary{{Message: message}}
		}
	}
	return progressTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// goOn takes the code, sends another, or gives the request up.
func (s *Server) goOn(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		err = slow(s.tries, v.r)
	}
	ctx := v.r.Context()
	if err == nil {
		switch form.Get("action") {
		case "renvoyer":
			if err = s.Openings.SendCode(ctx, s.holder(v), v.insee()); err == nil {
				s.UI.SetFlash(v.w, v.r, web.Success, "Un nouveau code est parti. Le précédent n’est plus valable.")
			}
		default:
			_, err = s.Openings.Confirm(ctx, s.holder(v), v.insee(), form.Get("code"))
			if again := fault.Of(err); again != nil && again.Kind == fault.Unavailable {
				err = nil // it is proved, and goes on by itself: the page says so
			}
		}
	}
	switch {
	case fault.Is(err, "opening_unknown"), fault.Is(err, "tenant_exists"), err == nil:
		web.Redirect(v.w, v.r, placePath(v.insee())+"/suite")
		return nil
	case form != nil && comesBack(err):
		return s.showProgress(v, err)
	}
	return err
}
