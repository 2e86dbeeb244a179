package citizen

import (
	"context"
	"net/http"
	"slices"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

type procedurePage struct {
	web.Frame
	Kicker       string
	Procedure    *catalogue.Procedure
	Slug         string
	Open         bool
	Facts        web.Facts
	Commitment   string
	Silence      string
	Source       string
	Advice       string
	Alternatives []catalogue.Alternative
	Questions    []web.Disclosure
	Begun        bool // a draft of this browser waits
	Yours        string
	Published    string // where its requests are published (CRPA L.232-2); empty where they are not
}

var procedureTemplate = web.MustParse[procedurePage](web.Citizen, files, "procedure.html")

func (s *Server) procedure(v *visit) error {
	e, begun, err := s.presented(v, v.r.PathValue("slug"))
	if err != nil {
		return err
	}
	p := e.Procedure()
	page := procedurePage{
		Frame: s.frame(v, p.Title, "/"), Procedure: p, Slug: e.Slug, Open: e.Open && !subscription.Closed(v.scope.Tenant, v.scope.Tenant.Territory().Today(s.Clock())), Facts: facts(p), Silence: p.SilenceText(), Source: p.Silence.Source,
		Advice:       p.SilenceAdvice(),
		Alternatives: catalogue.AlternativesFor(e, v.scope.Settings),
		Questions:    []web.Disclosure{notice(e, v.scope.Settings, v.scope.Tenant.Title())},
		Begun:        begun, Yours: nounOf(p.Kind).yours,
	}
	page.Description = p.Summary
	if _, publishes := p.Publishes(); publishes {
		page.Published = publishedPath
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: p.Title}}
	if l, ok := lifeEvent(p.LifeEvent); ok {
		page.Kicker = l.Title
		page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: l.Title, URL: "/demarches?theme=" + l.Slug}, {Label: p.Title}}
	}
	if p.Commitment > 0 {
		page.Commitment = "La mairie s’engage à vous répondre sous " + web.Plural(p.Commitment, "jour ouvré", "jours ouvrés") + ". C’est un engagement de service, distinct du délai de la loi."
	}
	return procedureTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// presented gives the procedure of a page, and whether a draft of it waits in this
// browser. An open one is known to everyone; only who has a session or a draft costs a
// transaction.
func (s *Server) presented(v *visit, slug string) (e catalogue.Entry, begun bool, err error) {
	_, drafting := s.UI.Cookie(v.r, draftCookie(slug))
	at := slices.IndexFunc(v.scope.Open, func(e catalogue.Entry) bool { return e.Slug == slug })
	if at >= 0 && !drafting {
		return v.scope.Open[at], false, s.meet(v)
	}
	err = s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		if e, err = catalogue.BySlug(ctx, tx, slug); err != nil {
			return err
		}
		_, err = s.draft(ctx, tx, v, e.Slug, requests.DraftByToken)
		begun = err == nil
		if fault.Is(err, "draft_unknown") {
			err = nil
		}
		return err
	})
	return e, begun, err
}
