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

// suspensionPage suspends the instruction of an aid on a suspicion of fraud, renews that and
// ends it.
type suspensionPage struct {
	web.Frame
	Number, URL, Version string
	Conflict             *conflict
	Made                 web.Timeline
	Start                *suspensionForm
	End                  *web.Textarea // why it ends; nil where none runs
}

type suspensionForm struct {
	Title, Button string
	Reason        web.Textarea
	Until         web.Input
	Delivery      web.Choices
}

var suspensionTemplate = web.MustParse[suspensionPage](web.Agent, pages, "suspension.html")

// actResume is what the second form asks for.
const actResume = "reprendre"

func suspensionPath(number string) string { return requestPath(number) + "/suspension" }

func (s *Server) suspensionPage(v visit) error { return s.showSuspension(v, nil, nil) }

func (s *Server) showSuspension(v visit, typed url.Values, refused error) error {
	o, me, err := s.opened(v, typed, refused)
	if err != nil {
		return err
	}
	d := o.detail
	if refused == nil {
		if d.State.Open() && !d.Procedure.Aid() {
			return fault.New(fault.Conflict, "suspension_not_aid")
		}
		if err := possible(d, requests.ActionSuspend); err != nil {
			return err
		}
	}
	page := suspensionPage{
		Frame: s.frame(v, me, "Suspendre pour vérification", home), Number: d.Number, URL: requestPath(d.Number), Version: strconv.FormatInt(d.Version, 10),
		Conflict: conflictOf(refused, o.changes, v.scope.Tenant.Zone()),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number, URL: page.URL}, {Label: "Suspendre pour vérification"}}
	page.fields(d, o.today, typed)
	page.wrong(typed, refused)
	return suspensionTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

func (p *suspensionPage) fields(d requests.Detail, today calendar.Date, typed url.Values) {
	made := d.Suspensions()
	for _, f := range made {
		p.Made = append(p.Made, web.Event{When: f.On.French(), Title: "Suspendu jusqu’au " + f.Until.French(), Text: f.Reason})
	}
	f := &suspensionForm{
		Title: "Suspendre l’examen", Button: "Suspendre et prévenir la personne",
		Reason: web.Textarea{Name: "motif", Label: "Sur quoi repose le soupçon", Hint: "Des faits précis, en clair\u00a0: la personne les lit dans la lettre et sur sa page.", Rows: 4, MaxLength: maxText},
		Until:  web.Input{Name: "fin", Label: "Suspendu jusqu’au", Hint: "Trois mois au plus après le jour où la personne l’apprend.", Type: "date", Width: "medium", Min: today.AddDays(1).String(), Max: today.AddMonths(3).String(), Value: typed.Get("fin")},
	}
	if len(made) > 0 {
		f.Title, f.Button = "Prolonger la suspension", "Prolonger et prévenir la personne"
		f.Reason.Label, f.Reason.Hint = "Les éléments nouveaux", "La loi ne permet de prolonger que sur des éléments nouveaux. La personne les lit dans la lettre et sur sa page."
	}
	f.Delivery = suspensionDelivery(d, typed.Get("remise"))
	p.Start = f
	ends := web.Textarea{Name: "raison", Label: "Pourquoi l’examen reprend", Hint: "La personne le lit.", Rows: 3, MaxLength: maxText}
	if typed.Get("action") == actResume {
		ends.Value = typed.Get("raison")
	} else {
		f.Reason.Value = typed.Get("motif")
	}
	if !d.SuspendedUntil(today).IsZero() {
		p.End = &ends
	}
}

func suspensionDelivery(d requests.Detail, chosen string) web.Choices {
	out := web.Choices{Name: "remise", Legend: "Comment la lettre part"}
	if d.Applicant.Mailed() {
		out.Items = append(out.Items, web.Choice{Value: requests.DeliveryEmail, Label: "Par courriel, aussitôt", Checked: chosen != requests.DeliveryPost})
	}
	out.Items = append(out.Items, web.Choice{
		Value: requests.DeliveryPost, Label: "Par courrier, ou en main propre", Checked: chosen == requests.DeliveryPost || !d.Applicant.Mailed(),
		Hint: "Elle attend dans «\u00a0Courriers\u00a0» qu’on l’imprime. Notez-y ensuite le jour où elle est reçue\u00a0: le délai s’arrête ce jour-là.",
	})
	return out
}

func (p *suspensionPage) wrong(typed url.Values, refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), p.Start.Reason.Name
	if f := fault.Of(refused); f.Code == "invalid_facts" && len(f.Fields) > 0 {
		text = web.FieldErrors(refused)[f.Fields[0].Path]
	}
	switch {
	case typed.Get("action") == actResume && p.End != nil:
		p.End.Error, id = text, p.End.Name
	case fault.Is(refused, "suspension_end_past"), fault.Is(refused, "invalid_facts"):
		p.Start.Until.Error, id = text, p.Start.Until.Name
	case fault.Is(refused, "delivery_invalid"):
		p.Start.Delivery.Error, id = text, p.Start.Delivery.Name
	default:
		p.Start.Reason.Error = text
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

// suspend suspends, renews, or ends.
func (s *Server) suspend(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done := "L’examen est suspendu. La lettre à la personne est prête."
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
			if form.Get("action") == actResume {
				done = "L’examen reprend. La personne en est prévenue."
				_, err = requests.EndSuspension(ctx, tx, v.number(), form.Get("raison"), version(form))
				return err
			}
			_, err = requests.Suspend(ctx, tx, v.number(), requests.SuspensionInput{Until: dayOf(form.Get("fin")), Reason: form.Get("motif"), Delivery: form.Get("remise")}, version(form))
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showSuspension(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, requestPath(v.number()))
}
