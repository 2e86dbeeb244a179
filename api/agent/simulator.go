package agent

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

const simulatorPath = "/agents/simulateur"

type simulatorPage struct {
	web.Frame
	simulatorForm
	Title    string // of what was computed; empty: nothing was
	Dates    web.SummaryList
	Warnings []string
	Steps    web.Timeline
	JSON     string
}

var simulatorTemplate = web.MustParse[simulatorPage](web.Agent, pages, "simulator.html")

// simulator computes the dates of a request that does not exist: any procedure of the
// commune or of the law, any facts. It reads its form from the address, so that a
// computation can be kept and passed on; no person is in it.
func (s *Server) simulator(v visit) error {
	typed := v.r.URL.Query()
	page := simulatorPage{}
	var d calendar.Dates
	var refused error
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		entries, err := catalogue.List(ctx, tx)
		if err != nil {
			return err
		}
		page.simulatorForm = drawSimulator(typed, entries, tx.Territory(), tx.Today())
		if typed.Has("recu") {
			d, refused = simulation(ctx, tx, typed)
		}
		if refused != nil && !web.ComesBack(refused) && !fault.Is(refused, "procedure_unknown") {
			return refused
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Frame = s.frame(v, me, "Simulateur d’échéances", proceduresPath)
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: "Simulateur d’échéances"}}
	switch {
	case refused != nil:
		page.wrong(refused)
	case typed.Has("recu"):
		page.answer(d)
		page.JSON = simulatorPath + ".json?" + typed.Encode()
	}
	return simulatorTemplate.Render(v.w, v.r, simulatorStatus(refused), page)
}

func simulatorStatus(refused error) int {
	if refused == nil {
		return http.StatusOK
	}
	return http.StatusUnprocessableEntity
}

// simulatorJSON is the same answer for programs, as the API gives it.
func (s *Server) simulatorJSON(v visit) error {
	var d calendar.Dates
	if _, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		d, err = simulation(ctx, tx, v.r.URL.Query())
		return err
	}); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(v.w).Encode(web.LegalDatesOf(d))
}

// simulatedProcedures are the commune's procedures, then what the law knows beside them.
func simulatedProcedures(entries []catalogue.Entry) []web.Choice {
	items := []web.Choice{{Label: "Une règle de mon choix"}}
	own := map[string]bool{}
	for _, e := range entries {
		items = append(items, web.Choice{Value: e.Slug, Label: e.Procedure().Title})
		own[e.Slug] = true
	}
	for _, s := range calendar.Statutes() {
		if !own[s.Slug] {
			items = append(items, web.Choice{Value: s.Slug, Label: s.Title + " (hors du portail)"})
		}
	}
	return items
}

// answer shows what was computed: the dates first, then why.
func (p *simulatorPage) answer(d calendar.Dates) {
	p.Title = "Ce que dit la loi"
	line := func(key string, on calendar.Date) {
		if !on.IsZero() {
			p.Dates = append(p.Dates, web.SummaryItem{Key: key, Value: capital(on.French())})
		}
	}
	line("Accusé d’enregistrement, s’il le faut, au plus tard le", d.RegistrationDue)
	line("Accusé de réception au plus tard le", d.ReceiptDue)
	line("À déposer à partir du", d.FileFrom)
	line("À déposer au plus tard le", d.FileBy)
	line("Réponse due au plus tard le", d.AnswerDue)
	line("Dernier jour pour répondre", d.LastDay)
	line(effectLabel(d.Effect), d.AcquiredOn)
	line("Motifs à communiquer au plus tard le", d.ReasonsDue)
	line("Recours possible jusqu’au", d.Appeal.LastDay)
	line("Recours gracieux possible jusqu’au", d.GraciousBy)
	line("Retrait possible jusqu’au", d.WithdrawalLastDay)
	p.Warnings = d.Warnings
	for _, step := range d.Steps {
		p.Steps = append(p.Steps, web.Event{Title: step.Text, When: capital(web.Unsaid(step.Date, step.Text)), Law: step.Article})
	}
}

func effectLabel(e calendar.Effect) string {
	if e == calendar.Rejection {
		return "Refus né du silence à partir du"
	}
	return "Acceptation née du silence à partir du"
}
