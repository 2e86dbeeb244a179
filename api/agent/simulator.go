package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

const (
	simulatorPath    = "/agents/simulateur"
	simulatorNotices = 2
)

type simulatorPage struct {
	web.Frame
	Procedure, Effect, Territory, Channel, Receipt, Residence web.Select
	Months                                                    web.Input
	Received, Competent, Event                                web.Input
	Temple                                                    web.Checkbox
	Notices                                                   []simulatedNotice
	NoticesOpen, AfterOpen                                    bool
	OutageFrom, OutageUntil, Refused, Gracious                web.Input
	Title                                                     string // of what was computed; empty: nothing was
	Dates                                                     web.SummaryList
	Warnings                                                  []string
	Steps                                                     web.Timeline
	JSON                                                      string
}

// simulatedNotice is one request for papers.
type simulatedNotice struct {
	Notified, Limit, Complete web.Input
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
		page.fields(typed, entries, tx.Territory(), tx.Today())
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

// simulation reads the form and computes.
func simulation(ctx context.Context, tx *tenants.Tx, typed url.Values) (calendar.Dates, error) {
	var fields []fault.Field
	on := func(name string) calendar.Date {
		value := strings.TrimSpace(typed.Get(name))
		if value == "" {
			return calendar.Date{}
		}
		d, err := calendar.ParseDate(value)
		if err != nil {
			fields = append(fields, fault.Field{Path: name, Code: "invalid_date"})
		}
		return d
	}
	territory := tx.Territory()
	if code := typed.Get("territoire"); code != "" && code != territory.Code() {
		var err error
		if territory, err = calendar.TerritoryNamed(code); err != nil {
			return calendar.Dates{}, err
		}
	}
	if typed.Get("temple") != "" {
		territory = territory.WithTemple(true)
	}
	f := calendar.Facts{
		Territory: territory, Channel: calendar.Channel(typed.Get("canal")), FirstReceived: on("recu"), CompetentReceived: on("competente"), Event: on("evenement"),
		Receipt: calendar.Receipt(typed.Get("accuse")), Residence: calendar.Residence(typed.Get("residence")),
		Refusal: calendar.Refusal{Notified: on("refus"), Regular: true}, Gracious: on("gracieux"),
	}
	if typed.Get("demarche") == "" {
		months, _ := strconv.Atoi(strings.TrimSpace(typed.Get("mois"))) // what is no number is outside the limits
		f.Rule, f.Route = calendar.Rule{Effect: calendar.Effect(typed.Get("effet")), Months: months}, calendar.RouteCourt
	}
	for i := range simulatorNotices {
		n := "-" + strconv.Itoa(i+1)
		if notice := (calendar.Notice{Notified: on("demande" + n), Limit: on("limite" + n), Complete: on("pieces" + n)}); notice != (calendar.Notice{}) {
			f.Notices = append(f.Notices, notice)
		}
	}
	if outage := (calendar.Incident{From: on("panne-du"), Until: on("panne-au")}); outage != (calendar.Incident{}) {
		f.Incidents = []calendar.Incident{outage}
	}
	if len(fields) > 0 {
		return calendar.Dates{}, fault.New(fault.Invalid, "invalid_facts", fields...)
	}
	return requests.Simulate(ctx, tx, requests.Simulation{Procedure: typed.Get("demarche"), Facts: f})
}

// fields draws the form with what was typed.
func (p *simulatorPage) fields(typed url.Values, entries []catalogue.Entry, own calendar.Territory, today calendar.Date) {
	chosen := func(name, label string, items ...web.Choice) web.Select {
		for i := range items {
			items[i].Checked = items[i].Value == typed.Get(name)
		}
		return web.Select{Name: name, Label: label, Items: items}
	}
	date := func(name, label string) web.Input {
		return web.Input{Name: name, Label: label, Type: "date", Width: "medium", Value: typed.Get(name), Optional: true}
	}
	p.Procedure = chosen("demarche", "Démarche", simulatedProcedures(entries)...)
	p.Procedure.Hint = "« Une règle de mon choix »\u00a0: donnez l’effet du silence et le délai."
	p.Effect = chosen("effet", "Le silence vaut", web.Choice{Value: "rejection", Label: "Refus"}, web.Choice{Value: "acceptance", Label: "Acceptation"}, web.Choice{Value: "declaration", Label: "Rien\u00a0: c’est une déclaration"}, web.Choice{Value: "none", Label: "Rien\u00a0: une réponse est toujours due"})
	p.Months = web.Input{Name: "mois", Label: "Au bout de", Unit: "mois", Type: "number", Width: "short", Min: "0", Max: "24", Value: typed.Get("mois")}
	if !typed.Has("mois") {
		p.Months.Value = "2"
	}
	var places []web.Choice
	for _, code := range calendar.TerritoryCodes() {
		if t, err := calendar.TerritoryNamed(code); err == nil {
			places = append(places, web.Choice{Value: code, Label: t.Name()})
		}
	}
	p.Territory = chosen("territoire", "Territoire", places...)
	if !typed.Has("territoire") {
		for i := range p.Territory.Items {
			p.Territory.Items[i].Checked = p.Territory.Items[i].Value == own.Code()
		}
	}
	p.Temple = web.Checkbox{Name: "temple", Label: "La commune a un temple ou une église mixte (Vendredi saint férié)", Checked: typed.Get("temple") != ""}
	p.Channel = chosen("canal", "Arrivée par", web.Choice{Value: "portal", Label: "Le portail"}, web.Choice{Value: "email", Label: "Courriel"}, web.Choice{Value: "post", Label: "Courrier"}, web.Choice{Value: "counter", Label: "Guichet ou téléphone"})
	p.Received = date("recu", "Reçue le")
	p.Received.Optional = false
	if !typed.Has("recu") {
		p.Received.Value = today.String()
	}
	p.Competent, p.Event = date("competente", "Reçue par l’administration compétente le"), date("evenement", "Date de la fête, de la vente, de l’événement")
	for i := range simulatorNotices {
		n := "-" + strconv.Itoa(i+1)
		notice := simulatedNotice{date("demande"+n, "Pièces demandées le"), date("limite"+n, "À fournir au plus tard le"), date("pieces"+n, "Toutes reçues le")}
		p.Notices = append(p.Notices, notice)
		p.NoticesOpen = p.NoticesOpen || notice.Notified.Value+notice.Limit.Value+notice.Complete.Value != ""
	}
	p.OutageFrom, p.OutageUntil = date("panne-du", "Panne du service, du"), date("panne-au", "Panne du service, au")
	p.Refused, p.Gracious = date("refus", "Refus écrit notifié le"), date("gracieux", "Recours gracieux reçu le")
	p.Receipt = chosen("accuse", "Accusé de réception", web.Choice{Label: "Envoyé, complet"}, web.Choice{Value: "incomplete", Label: "Envoyé, incomplet"}, web.Choice{Value: "missing", Label: "Pas envoyé"})
	p.Residence = chosen("residence", "La personne habite", web.Choice{Label: "Sur place"}, web.Choice{Value: "overseas", Label: "Outre-mer, loin du tribunal"}, web.Choice{Value: "abroad", Label: "À l’étranger"})
	for _, name := range []string{"panne-du", "panne-au", "refus", "gracieux", "accuse", "residence"} {
		p.AfterOpen = p.AfterOpen || typed.Get(name) != ""
	}
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

// simulatorInputs are the fields of the form by the facts of a refusal.
var simulatorInputs = map[string]string{
	"first_received": "recu", "competent_received": "competente", "event": "evenement", "rule/effect": "effet", "rule/months": "mois", "rule": "demarche",
	"territory": "territoire", "channel": "canal", "receipt": "accuse", "residence": "residence", "refusal/notified": "refus", "gracious": "gracieux",
	"incidents/0/from": "panne-du", "incidents/0/until": "panne-au",
	"notices/0/notified": "demande-1", "notices/0/limit": "limite-1", "notices/0/complete": "pieces-1",
	"notices/1/notified": "demande-2", "notices/1/limit": "limite-2", "notices/1/complete": "pieces-2",
}

// wrong shows what is refused at its field.
func (p *simulatorPage) wrong(refused error) {
	messages := web.FieldErrors(refused)
	f := fault.Of(refused)
	if len(f.Fields) == 0 {
		p.Procedure.Error = sentence(refused)
		p.Errors = web.ErrorSummary{{ID: "demarche", Message: p.Procedure.Error}}
		return
	}
	inputs := map[string]*web.Input{"recu": &p.Received, "competente": &p.Competent, "evenement": &p.Event, "mois": &p.Months,
		"refus": &p.Refused, "gracieux": &p.Gracious, "panne-du": &p.OutageFrom, "panne-au": &p.OutageUntil}
	for i := range p.Notices {
		n := "-" + strconv.Itoa(i+1)
		inputs["demande"+n], inputs["limite"+n], inputs["pieces"+n] = &p.Notices[i].Notified, &p.Notices[i].Limit, &p.Notices[i].Complete
	}
	selects := map[string]*web.Select{"demarche": &p.Procedure, "effet": &p.Effect, "territoire": &p.Territory, "canal": &p.Channel, "accuse": &p.Receipt, "residence": &p.Residence}
	for _, field := range f.Fields {
		id, message := field.Path, messages[field.Path]
		if named, ok := simulatorInputs[id]; ok {
			id = named
		}
		if input := inputs[id]; input != nil {
			input.Error = message
		} else if list := selects[id]; list != nil {
			list.Error = message
		} else {
			id = "demarche"
		}
		p.Errors = append(p.Errors, web.ErrorLink{ID: id, Message: message})
	}
}
