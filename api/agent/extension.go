package agent

import (
	"context"
	"net/url"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// extensionPage gives the answer about somebody's data two months more (GDPR art. 12.3).
type extensionPage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	Now, Then            string // the day that binds, and the one that would
	Reason               web.Textarea
}

var extensionTemplate = web.MustParse[extensionPage](web.Agent, pages, "extension.html")

func extensionPath(number string) string { return requestPath(number) + "/prolongation" }

func (s *Server) extensionPage(v visit) error { return s.showExtension(v, url.Values{}, nil) }

func (s *Server) showExtension(v visit, typed url.Values, refused error) error {
	var t calendar.Territory
	o, me, err := s.opened(v, typed, refused, func(_ context.Context, tx *tenants.Tx) error { t = tx.Territory(); return nil })
	if err != nil {
		return err
	}
	d := o.detail
	if refused == nil {
		if d.State.Open() && !d.Extendable() {
			return fault.New(fault.Conflict, "extension_not_possible")
		}
		if err := possible(d, requests.ActionExtend); err != nil {
			return err
		}
	}
	page := extensionPage{
		Frame: s.frame(v, me, "Prolonger le délai de réponse", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()),
		Now:      d.Deadline.AnswerDue.French(), Then: calendar.GDPRDue(d.FirstReceivedOn, t, true).French(),
		Reason: web.Textarea{Name: "motif", Label: "Pourquoi deux mois de plus sont nécessaires", Hint: "La complexité de la demande, ou le nombre de demandes. La personne le lit dans la lettre.", Rows: 4, MaxLength: maxText, Value: typed.Get("motif")},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Prolonger le délai"}}
	if refused != nil && page.Conflict == nil {
		text := sentence(refused)
		if f := fault.Of(refused); f.Code == "invalid_facts" && len(f.Fields) > 0 {
			text = web.FieldErrors(refused)[f.Fields[0].Path]
		}
		page.Reason.Error = text
		page.Errors = web.ErrorSummary{{ID: page.Reason.Name, Message: text}}
	}
	return extensionTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// extend extends the time, and tells the person.
func (s *Server) extend(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			_, err := requests.Extend(ctx, tx, v.number(), form.Get("motif"), version(form))
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showExtension(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "Le délai est prolongé de deux mois. La lettre à la personne est prête.", requestPath(v.number()))
}
