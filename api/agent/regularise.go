package agent

import (
	"context"
	"net/url"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// regularisePage invites to put a flaw of form right (CRPA L.114-6).
type regularisePage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	What                 web.Textarea
	Basis, Limit         web.Input
}

var regulariseTemplate = web.MustParse[regularisePage](web.Agent, pages, "regularise.html")

func regularisePath(number string) string { return requestPath(number) + "/regularisation" }

func (s *Server) regularisePage(v visit) error { return s.showRegularise(v, url.Values{}, nil) }

func (s *Server) showRegularise(v visit, typed url.Values, refused error) error {
	o, me, err := s.opened(v, typed, refused)
	if err != nil {
		return err
	}
	d := o.detail
	if refused == nil {
		if err := possible(d, requests.ActionRegularise); err != nil {
			return err
		}
	}
	page := regularisePage{
		Frame: s.frame(v, me, "Inviter à régulariser", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()),
		What:     web.Textarea{Name: "formalite", Label: "Ce qu’il faut régulariser", Hint: "Par exemple\u00a0: la demande doit être signée par le président de l’association. La personne le lit.", Rows: 4, MaxLength: maxText, Value: typed.Get("formalite")},
		Basis:    web.Input{Name: "texte", Label: "Le texte qui l’exige", Hint: "L’article et le code\u00a0: la loi veut qu’il soit cité.", Value: typed.Get("texte")},
		Limit:    web.Input{Name: "limite", Label: "À régulariser au plus tard le", Type: "date", Width: "medium", Min: o.today.AddDays(1).String(), Value: typed.Get("limite")},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Inviter à régulariser"}}
	page.wrong(refused)
	return regulariseTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func (p *regularisePage) wrong(refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), p.What.Name
	switch {
	case fault.Is(refused, "legal_basis_required"):
		p.Basis.Error, id = text, p.Basis.Name
	case fault.Is(refused, "limit_invalid"):
		p.Limit.Error, id = text, p.Limit.Name
	default:
		p.What.Error = text
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

// regularise sends the invitation.
func (s *Server) regularise(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			_, err := requests.InviteToRegularise(ctx, tx, v.number(), requests.Regularisation{What: form.Get("formalite"), LegalBasis: form.Get("texte"), LimitOn: dayOf(form.Get("limite"))}, version(form))
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showRegularise(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "L’invitation à régulariser est prête.", requestPath(v.number()))
}
