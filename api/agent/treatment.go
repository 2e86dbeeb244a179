package agent

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/workflow"
)

const opinionsPath = "/agents/avis"

// treatmentCard shows where a request stands in its procedure's workflow, and the ways on.
type treatmentCard struct {
	Steps   []treatmentStep
	Lines   []string
	Moves   []requests.Move // the agent's own
	Others  []string        // who else can move it, and by what
	Paid    *web.Input      // asks on which day the payment came
	Elapsed bool            // the request is closed
}

type treatmentStep struct {
	Title   string
	Current bool
}

// opinionCard is an opinion that was asked for, and what it says.
type opinionCard struct {
	ID, Title, Asked, Question string
	Status                     web.Status
	Body                       string
	Sense                      *web.Choices // to give it
	Text                       web.Textarea
}

func treatmentOf(d requests.Detail, zone *time.Location, today calendar.Date, typed url.Values) *treatmentCard {
	t := d.Treatment
	if t == nil || d.Consulted {
		return nil
	}
	card := &treatmentCard{Elapsed: !d.State.Open()}
	for _, s := range t.Workflow.Steps {
		card.Steps = append(card.Steps, treatmentStep{s.Title, s.Name == t.Step.Name && !card.Elapsed})
	}
	if card.Elapsed {
		card.Lines = []string{"La demande est close\u00a0: le circuit s’est arrêté à l’étape «\u00a0" + t.Step.Title + "\u00a0»."}
		return card
	}
	since := "À cette étape depuis le " + calendar.On(t.EnteredAt, zone).FrenchShort() + "."
	if !t.DueOn.IsZero() {
		since += " À faire au plus tard le " + t.DueOn.FrenchShort() + "."
	}
	card.Lines = append(card.Lines, since)
	if line := waitsWords(d); line != "" {
		card.Lines = append(card.Lines, line)
	}
	if t.Waits == requests.WaitsPayment && len(d.Actions) > 0 {
		card.Paid = &web.Input{Name: "paye", Label: "Paiement reçu le", Type: "date", Width: "medium", Value: typed.Get("paye"), Min: d.ReceivedOn.String(), Max: today.String()}
	}
	for _, m := range t.Moves {
		if m.May {
			card.Moves = append(card.Moves, m)
		} else if !t.Held {
			card.Others = append(card.Others, "«\u00a0"+m.Transition.Label+"\u00a0» attend "+whoWords(m.Transition.Who)+".")
		}
	}
	if !t.Step.Decides && len(d.Outcomes) < len(d.Procedure.Outcomes()) {
		card.Lines = append(card.Lines, "La décision se prend plus loin dans le circuit.")
	}
	return card
}

func waitsWords(d requests.Detail) string {
	t := d.Treatment
	if t.Held {
		return "Le circuit est arrêté\u00a0: " + lower(d.State.Label()) + "."
	}
	switch t.Waits {
	case requests.WaitsDay:
		return "Elle continue toute seule le " + t.WakesOn.French() + "."
	case requests.WaitsOpinions:
		var from []string
		for _, o := range d.Opinions {
			if o.GivenAt == nil && o.Step == t.Step.Name {
				from = append(from, o.From())
			}
		}
		text := "Elle attend l’avis de\u00a0: " + strings.Join(from, ", ") + "."
		if !t.WakesOn.IsZero() {
			text += " Sans lui, elle continue le " + t.WakesOn.French() + "."
		}
		return text
	case requests.WaitsPayment:
		return "Elle attend un paiement. Notez-le quand il est arrivé."
	}
	return ""
}

func whoWords(who []workflow.Who) string {
	var out []string
	for _, w := range who {
		out = append(out, w.Label())
	}
	return strings.Join(out, " ou ")
}

var senseTones = map[requests.Sense]web.Tone{requests.SenseFavourable: web.Success, requests.SenseReserved: web.Warning, requests.SenseUnfavourable: web.Danger}

func opinionCards(d requests.Detail, zone *time.Location, typed url.Values, refused error) []opinionCard {
	var out []opinionCard
	for _, o := range d.Opinions {
		c := opinionCard{ID: string(o.ID), Title: "Avis\u00a0: " + o.From(), Question: o.Question, Body: o.Body, Status: web.Status{Tone: web.Info, Label: "Attendu"},
			Asked: "Demandé le " + calendar.On(o.AskedAt, zone).FrenchShort()}
		if !o.DueOn.IsZero() {
			c.Asked += ", à donner au plus tard le " + o.DueOn.FrenchShort()
		}
		if o.GivenAt != nil {
			c.Status = web.Status{Tone: senseTones[o.Sense], Label: o.Sense.Label()}
			c.Asked = "Donné le " + calendar.On(*o.GivenAt, zone).FrenchShort() + " par " + o.GivenBy
		}
		if o.May {
			mine := typed.Get("avis") == c.ID
			c.Sense = &web.Choices{Name: "sens-" + c.ID, Legend: "L’avis est"}
			for _, s := range requests.Senses() {
				c.Sense.Items = append(c.Sense.Items, web.Choice{Value: string(s), Label: s.Label(), Checked: typed.Get(c.Sense.Name) == string(s)})
			}
			c.Text = web.Textarea{Name: "avis-" + c.ID, Label: "Ce qu’il dit", Hint: "Indispensable pour un avis défavorable ou avec réserves.", Value: typed.Get("avis-" + c.ID), Rows: 4, MaxLength: maxText, Optional: true}
			switch {
			case mine && fault.Is(refused, "opinion_sense_required"):
				c.Sense.Error = sentence(refused)
			case mine && refused != nil:
				c.Text.Error = sentence(refused)
			}
		}
		out = append(out, c)
	}
	return out
}

// opinionsPage lists the opinions that the agent's services are asked for.
type opinionsPage struct {
	web.Frame
	Rows []opinionLine
}

type opinionLine struct {
	Request      web.Link
	Title, About string
	Late         bool
}

var opinionsTemplate = web.MustParse[opinionsPage](web.Agent, pages, "opinions.html")

func (s *Server) opinions(v visit) error {
	var list []requests.OpinionAsked
	var today calendar.Date
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		today = tx.Today()
		list, err = requests.ListOpinions(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	page := opinionsPage{Frame: s.frame(v, me, "Avis demandés", home)}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: "Avis demandés"}}
	for _, o := range list {
		line := opinionLine{Request: web.Link{Label: o.Number, URL: requestPath(o.Number) + "#avis"}, Title: o.Title, About: "Au service " + o.ServiceName + ", demandé le " + web.DateTime(o.AskedAt.In(v.scope.Tenant.Zone()))}
		if !o.DueOn.IsZero() {
			line.About += ", à donner au plus tard le " + o.DueOn.FrenchShort()
			line.Late = o.DueOn.Before(today)
		}
		page.Rows = append(page.Rows, line)
	}
	return opinionsTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// The buttons of the workflow on a request's page.
var treatmentActions = map[string]action{
	"passer": {done: "La demande est passée à l’étape suivante.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		_, err := requests.TakeTransition(ctx, tx, number, form.Get("passage"), version(form))
		return err
	}},
	"paye": {done: "Le paiement est noté.", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		on, err := calendar.ParseDate(form.Get("paye"))
		if err != nil {
			return fault.New(fault.Invalid, "paid_on_invalid")
		}
		_, err = requests.NotePayment(ctx, tx, number, on, version(form))
		return err
	}},
	"avis": {done: "L’avis est enregistré.", at: "#avis", do: func(ctx context.Context, tx *tenants.Tx, number string, form url.Values) error {
		id, err := tenants.ParseID(form.Get("avis"))
		if err != nil {
			return fault.New(fault.NotFound, "opinion_unknown")
		}
		return requests.GiveOpinion(ctx, tx, number, id, requests.Sense(form.Get("sens-"+string(id))), form.Get("avis-"+string(id)))
	}},
}

// actionOf finds what a button asks for.
func actionOf(name string) (action, bool) {
	if a, ok := actions[name]; ok {
		return a, true
	}
	a, ok := treatmentActions[name]
	return a, ok
}

// treatmentWords say what happened in the workflow, or that something else did.
func treatmentWords(kind string, d requests.EventData) web.Event {
	switch kind {
	case "step_entered":
		return web.Event{Title: "Étape «\u00a0" + d.Label + "\u00a0»", Text: d.Transition}
	case "opinion_asked":
		e := web.Event{Title: "Avis demandé\u00a0: " + d.Label}
		if !d.LimitOn.IsZero() {
			e.Text = "À donner au plus tard le " + d.LimitOn.French()
		}
		return e
	case "opinion_given":
		return web.Event{Title: "Avis donné\u00a0: " + d.Label, Text: requests.Sense(d.Outcome).Label()}
	case "payment_noted":
		return web.Event{Title: "Paiement reçu", Text: "Le " + d.On.French()}
	case "action_failed":
		return web.Event{Title: "Une action du circuit n’a pas pu être faite\u00a0: " + d.Label, Text: failedWords[d.Problem]}
	}
	return web.Event{Title: "Autre événement"}
}

var failedWords = map[string]string{
	"agent_invalid": "Cet agent n’est plus en activité, ou ne voit pas ce service.", "service_unknown": "La commune n’a pas ce service.",
	"no_address": "Aucune adresse électronique n’est connue.", "webhook": "L’autre logiciel n’a pas pris l’appel.",
}
