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

// naturePage treats what was sent as a request, or as a question, whatever who wrote said.
type naturePage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	Title, Button, Kind  string
	Changes              web.SummaryList
	Reason               web.Textarea
	Accept               web.Checkbox
}

var natureTemplate = web.MustParse[naturePage](web.Agent, pages, "nature.html")

func naturePath(number string) string { return requestPath(number) + "/nature" }

func (s *Server) naturePage(v visit) error { return s.showNature(v, nil, nil) }

func (s *Server) showNature(v visit, typed url.Values, refused error) error {
	var foreseen requests.Request
	o, me, err := s.opened(v, typed, refused)
	if err != nil {
		return err
	}
	d := o.detail
	kind, ok := d.Reclassifiable()
	if !ok {
		return fault.New(fault.Conflict, "nature_fixed")
	}
	if _, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		foreseen, err = requests.ForeseeKind(ctx, tx, d.Number, kind)
		return err
	}); err != nil {
		return err
	}
	page := naturePage{
		Frame: s.frame(v, me, "Changer la nature de l’envoi", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()), Title: "La traiter comme une question", Button: "Traiter comme une question et prévenir la personne",
		Reason: web.Textarea{Name: "motif", Label: "Pourquoi", Hint: "La personne le lit. Par exemple\u00a0: vous demandez que la rue soit fermée le soir, ce qui appelle une décision.", Rows: 3, MaxLength: maxText, Value: typed.Get("motif")},
	}
	if kind == requests.KindRequest {
		page.Title, page.Button = "La traiter comme une demande", "Traiter comme une demande et prévenir la personne"
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Nature de l’envoi"}}
	page.Kind = string(kind)
	page.Changes = web.SummaryList{
		{Key: "Aujourd’hui", Value: natureWords(d.Request)},
		{Key: "Ensuite", Value: natureWords(foreseen)},
	}
	page.wrong(refused)
	return natureTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// natureWords say what silence means of a request, and when.
func natureWords(r requests.Request) string {
	switch {
	case r.Kind == requests.KindInformation && r.DueOn.IsZero():
		return "Une question\u00a0: le silence ne décide rien."
	case r.Kind == requests.KindInformation:
		return "Une question\u00a0: le silence ne décide rien. Réponse promise avant le " + r.DueOn.French() + "."
	case r.SilenceLastDay.IsZero():
		return "Une demande."
	default:
		return "Une demande, reçue le " + r.FirstReceivedOn.French() + "\u00a0: à notifier au plus tard le " + r.SilenceLastDay.French() + "\u00a0; ensuite, " + silenceWords(r.Silence.Effect, r.Silence) + "."
	}
}

func (p *naturePage) wrong(refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), p.Reason.Name
	if fault.Is(refused, "fact_decides") {
		p.Accept = web.Checkbox{Name: "confirme", Label: "Je le sais\u00a0: le silence aura décidé", Error: text}
		id = p.Accept.Name
	} else {
		p.Reason.Error = text
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

func (s *Server) reclassify(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			_, err := requests.Reclassify(ctx, tx, v.number(), requests.Reclassification{
				Kind: requests.Kind(form.Get("nature")), Reason: form.Get("motif"), Accepted: form.Get("confirme") != "",
			}, version(form))
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showNature(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "La nature de l’envoi est changée. La personne en est prévenue, et reçoit un nouvel accusé de réception.", requestPath(v.number()))
}
