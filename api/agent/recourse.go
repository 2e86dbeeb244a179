package agent

import (
	"context"
	"net/url"
	"strconv"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// recoursePage notes the steps of an appeal against a refusal: a recours gracieux, the CADA or
// the prefect seized.
type recoursePage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	Appeal               string // until when, as things stand
	Law                  string // what such an appeal does
	Kind                 *web.Choices
	On                   web.Input
	Said                 web.Input
}

var recourseTemplate = web.MustParse[recoursePage](web.Agent, pages, "recourse.html")

func recoursePath(number string) string { return requestPath(number) + "/recours" }

func (s *Server) recoursePage(v visit) error { return s.showRecourse(v, url.Values{}, nil) }

func (s *Server) showRecourse(v visit, typed url.Values, refused error) error {
	o, me, err := s.opened(v, typed, refused)
	if err != nil {
		return err
	}
	d := o.detail
	if refused == nil {
		if err := possible(d, requests.ActionContest); err != nil {
			return err
		}
	}
	page := recoursePage{
		Frame: s.frame(v, me, "Noter un recours", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()), Law: recourseLaw(d.Procedure.Route),
		On:   web.Input{Name: "jour", Label: "Quel jour", Hint: "Le jour où cela s’est produit, d’après le cachet, le courriel ou la lettre.", Type: "date", Width: "medium", Max: o.today.String(), Value: typed.Get("jour")},
		Said: web.Input{Name: "reference", Label: "Référence", Hint: "Le numéro de la demande enregistrée pour ce recours, ou celui de la CADA. La personne le lit aussi.", Value: typed.Get("reference"), Optional: true},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Noter un recours"}}
	if d.Appeal.Opposable && !d.Appeal.LastDay.IsZero() {
		page.Appeal = "Dernier jour pour contester, d’après ce qui est noté\u00a0: le " + d.Appeal.LastDay.French() + "."
	}
	page.kinds(d, typed.Get("etape"))
	page.wrong(refused)
	return recourseTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// kinds asks which step it is, of those that can come now.
func (p *recoursePage) kinds(d requests.Detail, chosen string) {
	labels := recourseLabels(d.Procedure.Route)
	c := &web.Choices{Name: "etape", Legend: "Ce que vous notez"}
	for _, k := range d.Recourses() {
		c.Items = append(c.Items, web.Choice{Value: string(k), Label: labels[k], Checked: string(k) == chosen})
	}
	if len(c.Items) == 1 {
		c.Items[0].Checked = true
	}
	if len(c.Items) > 0 {
		p.Kind = c
	}
}

// recourseLabels name the steps, before the authority that comes first.
func recourseLabels(r catalogue.Route) map[requests.FactKind]string {
	seized, registered := "Le préfet a été saisi", "Le préfet a reçu le recours"
	if r == catalogue.RouteCADA {
		seized, registered = "La CADA a été saisie", "La CADA a enregistré la saisine"
	}
	return map[requests.FactKind]string{
		requests.FactGracious: "Un recours gracieux est arrivé", requests.FactGraciousRejected: "La personne a reçu le rejet de son recours gracieux",
		requests.FactPriorSeized: seized, requests.FactPriorRegistered: registered,
	}
}

func recourseLaw(r catalogue.Route) string {
	switch r {
	case catalogue.RouteCADA:
		return "Un refus de communiquer un document se conteste d’abord devant la CADA, dans les deux mois (CRPA, article\u00a0R.343-1). Deux mois après l’enregistrement, le silence confirme le refus, et le tribunal peut être saisi (article\u00a0R.343-5)."
	case catalogue.RoutePrefect:
		return "Ce refus se conteste d’abord devant le préfet (CESEDA, articles\u00a0R.313-12 et suivants). Un mois après, son silence confirme le refus, et le tribunal peut être saisi."
	case catalogue.RoutePlanning:
		return "En urbanisme, un recours gracieux n’allonge pas le délai pour saisir le tribunal (code de l’urbanisme, article\u00a0L.600-12-2). Sans réponse dans les deux mois, il est rejeté."
	case catalogue.RouteCourt, catalogue.RouteNone:
	}
	return "Un recours gracieux reçu à temps interrompt le délai pour saisir le tribunal (CRPA, article\u00a0L.411-2). Sans réponse dans les deux mois, il est rejeté (article\u00a0L.411-7)."
}

func (p *recoursePage) wrong(refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), p.On.Name
	if f := fault.Of(refused); f.Code == "invalid_facts" && len(f.Fields) > 0 {
		text = web.FieldErrors(refused)[f.Fields[0].Path]
	}
	switch {
	case fault.Is(refused, "recourse_noted"), fault.Is(refused, "recourse_unknown"):
		id = "etape"
		if p.Kind != nil {
			p.Kind.Error = text
		}
	case fault.Is(refused, "body_too_long"):
		p.Said.Error, id = text, p.Said.Name
	default:
		p.On.Error = text
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

// noteRecourse notes a step.
func (s *Server) noteRecourse(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			_, err := requests.NoteRecourse(ctx, tx, v.number(), requests.Recourse{Kind: requests.FactKind(form.Get("etape")), On: dayOf(form.Get("jour")), Said: form.Get("reference")}, version(form))
			return err
		})
	}
	switch {
	case form != nil && (web.ComesBack(err) || fault.Is(err, "recourse_unknown") || fault.Is(err, "recourse_noted")):
		return s.showRecourse(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "C’est noté, et le délai de recours est recalculé.", datesPath(v.number()))
}

// recourseNotice reminds of a recours gracieux that nobody has answered.
func recourseNotice(d requests.Detail, today calendar.Date) (web.Notice, bool) {
	silent := d.Dates.GraciousSilence
	if silent.IsZero() || d.State == requests.StateAccepted {
		return web.Notice{}, false
	}
	n := web.Notice{Tone: web.Warning, Link: web.Link{Label: "Noter la réponse", URL: recoursePath(d.Number)},
		Text: "Un recours gracieux est arrivé contre ce refus. Sans réponse notifiée au plus tard le " + silent.FrenchShort() + ", il est rejeté (CRPA L.411-7)."}
	if silent.Before(today) {
		n.Tone, n.Text = web.Info, "Le silence a rejeté le recours gracieux le "+silent.FrenchShort()+". Le tribunal peut être saisi jusqu’au "+d.Appeal.LastDay.FrenchShort()+"."
	}
	return n, !d.Appeal.LastDay.IsZero()
}
