package agent

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// simulatorForm is the form of the simulator: facts of any kind.
type simulatorForm struct {
	Procedure              web.Select
	Rule                   []web.Select // effect, route: of a rule of one's own
	Months                 web.Input
	Review                 web.Checkbox
	Sent                   []web.Select // kind, channel, territory
	Received, Event        web.Input
	Competent              web.Input
	Abusive, Temple        web.Checkbox
	Notices                [][]web.Input
	After                  []web.Select // receipt, residence
	Later                  []web.Input
	Displayed              web.Checkbox
	NoticesOpen, AfterOpen bool
}

// simulatorNotices is how many requests for papers the form has room for.
const simulatorNotices = 2

// laterDates are what can have happened afterwards: the field, its label, and the fact.
var laterDates = []struct{ name, label, fact string }{
	{"fraude-du", "Examen suspendu pour soupçon de fraude, le", "suspensions/0/notified"},
	{"fraude-au", "Suspension jusqu’au", "suspensions/0/until"},
	{"prolongation", "Prolongation annoncée le (droits sur les données)", "extended"},
	{"refus", "Refus écrit notifié le", "refusal/notified"},
	{"motifs-demandes", "Motifs du refus né du silence, demandés le", "reasons/asked"},
	{"motifs", "Motifs communiqués le", "reasons/given"},
	{"gracieux", "Recours gracieux reçu le", "gracious"},
	{"contestee", "Ce recours conteste une décision d’urbanisme du", "contested"},
	{"prealable", "Recours préalable obligatoire (CADA, préfet) formé le", "prior/seized"},
	{"enregistre", "Recours préalable enregistré le", "prior/registered"},
	{"panne-du", "Panne du service, du", "incidents/0/from"},
	{"panne-au", "Panne du service, au", "incidents/0/until"},
}

// typedFacts reads the dates of the form.
type typedFacts struct {
	url.Values
	wrong []fault.Field
}

func (t *typedFacts) on(name string) calendar.Date {
	value := strings.TrimSpace(t.Get(name))
	if value == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(value)
	if err != nil {
		t.wrong = append(t.wrong, fault.Field{Path: name, Code: "invalid_date"})
	}
	return d
}

// simulation reads the form and computes.
func simulation(ctx context.Context, tx *tenants.Tx, values url.Values) (calendar.Dates, error) {
	typed := &typedFacts{Values: values}
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
		Territory: territory, Sending: calendar.Sending(typed.Get("nature")), Channel: calendar.Channel(typed.Get("canal")), Abusive: typed.Get("abusive") != "",
		FirstReceived: typed.on("recu"), CompetentReceived: typed.on("competente"), Event: typed.on("evenement"),
		Receipt: calendar.Receipt(typed.Get("accuse")), Residence: calendar.Residence(typed.Get("residence")),
	}
	if typed.Get("demarche") == "" {
		months, _ := strconv.Atoi(strings.TrimSpace(typed.Get("mois"))) // what is no number is outside the limits
		f.Rule, f.Route, f.Review = calendar.Rule{Effect: calendar.Effect(typed.Get("effet")), Months: months}, calendar.RouteCourt, typed.Get("recours") != ""
		if route := typed.Get("voie"); route != "" {
			f.Route = calendar.Route(route)
		}
		if !f.Rule.Effect.Decides() {
			f.Rule.Months = 0 // the field is there all the same
		}
		f.Rule.Code = calendar.Code(typed.Get("code"))
	}
	typed.followed(&f)
	if len(typed.wrong) > 0 {
		return calendar.Dates{}, fault.New(fault.Invalid, "invalid_facts", typed.wrong...)
	}
	return requests.Simulate(ctx, tx, requests.Simulation{Procedure: typed.Get("demarche"), Facts: f})
}

// followed reads what happened after the reception.
func (t *typedFacts) followed(f *calendar.Facts) {
	for i := range simulatorNotices {
		n := "-" + strconv.Itoa(i+1)
		if notice := (calendar.Notice{Notified: t.on("demande" + n), Limit: t.on("limite" + n), Complete: t.on("pieces" + n)}); notice != (calendar.Notice{}) {
			f.Notices = append(f.Notices, notice)
		}
	}
	if fraud := (calendar.Suspension{Notified: t.on("fraude-du"), Until: t.on("fraude-au")}); fraud != (calendar.Suspension{}) {
		f.Suspensions = []calendar.Suspension{fraud}
	}
	if outage := (calendar.Incident{From: t.on("panne-du"), Until: t.on("panne-au")}); outage != (calendar.Incident{}) {
		f.Incidents = []calendar.Incident{outage}
	}
	f.Extended, f.Gracious = t.on("prolongation"), t.on("gracieux")
	f.Refusal = calendar.Refusal{Notified: t.on("refus"), Regular: true}
	f.Reasons = calendar.Reasons{Asked: t.on("motifs-demandes"), Given: t.on("motifs")}
	f.Prior = calendar.Prior{Seized: t.on("prealable"), Registered: t.on("enregistre")}
	f.Contested = calendar.Contested{On: t.on("contestee"), Displayed: t.Get("affichee") != ""}
}

// drawSimulator draws the form with what was typed.
func drawSimulator(typed url.Values, entries []catalogue.Entry, own calendar.Territory, today calendar.Date) simulatorForm {
	chosen := func(name, label string, items ...web.Choice) web.Select {
		for i := range items {
			items[i].Checked = items[i].Value == typed.Get(name)
		}
		return web.Select{Name: name, Label: label, Items: items}
	}
	date := func(name, label string) web.Input {
		return web.Input{Name: name, Label: label, Type: "date", Width: "medium", Value: typed.Get(name), Optional: true}
	}
	ticked := func(name, label string) web.Checkbox {
		return web.Checkbox{Name: name, Label: label, Checked: typed.Get(name) != ""}
	}
	f := simulatorForm{
		Procedure: chosen("demarche", "Démarche", simulatedProcedures(entries)...), Received: date("recu", "Reçue le"),
		Competent: date("competente", "Reçue par l’administration compétente le"), Event: date("evenement", "Date de la fête, de la vente, de l’événement"),
		Temple:  ticked("temple", "La commune a un temple ou une église mixte (Vendredi saint férié)"),
		Abusive: ticked("abusive", "Demande abusive, répétitive ou systématique\u00a0: aucun accusé de réception n’est dû"),
		Review:  ticked("recours", "La demande est elle-même un recours gracieux"), Displayed: ticked("affichee", "Décision d’urbanisme vue sur le panneau du terrain, et non notifiée"),
		Months: web.Input{Name: "mois", Label: "Au bout de", Unit: "mois", Type: "number", Width: "short", Min: "0", Max: "24", Value: typed.Get("mois")},
	}
	f.Procedure.Hint = "« Une règle de mon choix »\u00a0: donnez l’effet du silence et le délai."
	f.Received.Optional = false
	if !typed.Has("recu") {
		f.Received.Value = today.String()
	}
	if !typed.Has("mois") {
		f.Months.Value = "2"
	}
	f.lists(typed, own, chosen)
	for i := range simulatorNotices {
		n := "-" + strconv.Itoa(i+1)
		f.Notices = append(f.Notices, []web.Input{date("demande"+n, "Pièces demandées le"), date("limite"+n, "À fournir au plus tard le"), date("pieces"+n, "Toutes reçues le")})
	}
	for _, d := range laterDates {
		f.Later = append(f.Later, date(d.name, d.label))
	}
	filled := func(in web.Input) bool { return in.Value != "" }
	f.NoticesOpen = slices.ContainsFunc(slices.Concat(f.Notices...), filled)
	f.AfterOpen = typed.Get("accuse")+typed.Get("residence")+typed.Get("affichee") != "" || slices.ContainsFunc(f.Later, filled)
	return f
}

// lists draws the lists of the form.
func (f *simulatorForm) lists(typed url.Values, own calendar.Territory, chosen func(name, label string, items ...web.Choice) web.Select) {
	f.Rule = []web.Select{
		chosen("effet", "Le silence vaut", web.Choice{Value: "rejection", Label: "Refus"}, web.Choice{Value: "acceptance", Label: "Acceptation"}, web.Choice{Value: "declaration", Label: "Rien\u00a0: c’est une déclaration"}, web.Choice{Value: "none", Label: "Rien\u00a0: une réponse est toujours due"}),
		chosen("voie", "Un refus se conteste devant", web.Choice{Label: "Le tribunal administratif"}, web.Choice{Value: "cada", Label: "La CADA d’abord"}, web.Choice{Value: "prefect", Label: "Le préfet d’abord"}, web.Choice{Value: "planning", Label: "Le tribunal, en urbanisme"}),
		chosen("code", "Règles particulières", web.Choice{Label: "Aucune"}, web.Choice{Value: "planning", Label: "Urbanisme"}, web.Choice{Value: "preemption", Label: "Préemption"}, web.Choice{Value: "privacy", Label: "Droits sur les données personnelles"}),
	}
	var places []web.Choice
	for _, code := range calendar.TerritoryCodes() {
		if t, err := calendar.TerritoryNamed(code); err == nil {
			places = append(places, web.Choice{Value: code, Label: t.Name()})
		}
	}
	f.Sent = []web.Select{
		chosen("nature", "Nature de l’envoi", web.Choice{Label: "Celle de la démarche"}, web.Choice{Value: "request", Label: "Demande, réclamation"}, web.Choice{Value: "declaration", Label: "Déclaration"}, web.Choice{Value: "document", Label: "Document"}, web.Choice{Value: "information", Label: "Question, information"}, web.Choice{Value: "payment", Label: "Paiement"}),
		chosen("canal", "Arrivée par", web.Choice{Value: "portal", Label: "Le portail"}, web.Choice{Value: "email", Label: "Courriel"}, web.Choice{Value: "post", Label: "Courrier"}, web.Choice{Value: "counter", Label: "Guichet ou téléphone"}),
		chosen("territoire", "Territoire", places...),
	}
	if here := f.Sent[2].Items; !typed.Has("territoire") {
		for i := range here {
			here[i].Checked = here[i].Value == own.Code()
		}
	}
	f.After = []web.Select{
		chosen("accuse", "Accusé de réception", web.Choice{Label: "Envoyé, complet"}, web.Choice{Value: "incomplete", Label: "Envoyé, incomplet"}, web.Choice{Value: "missing", Label: "Pas envoyé"}),
		chosen("residence", "La personne habite", web.Choice{Label: "Sur place"}, web.Choice{Value: "overseas", Label: "Outre-mer, loin du tribunal"}, web.Choice{Value: "abroad", Label: "À l’étranger"}),
	}
}

// simulatorField gives the field of the form that a fact of a refusal stands in.
func simulatorField(fact string) string {
	for _, d := range laterDates {
		if d.fact == fact {
			return d.name
		}
	}
	if list, rest, found := strings.Cut(fact, "/"); found && list == "notices" {
		i, what, _ := strings.Cut(rest, "/")
		if n, err := strconv.Atoi(i); err == nil {
			return map[string]string{"notified": "demande-", "limit": "limite-", "complete": "pieces-"}[what] + strconv.Itoa(n+1)
		}
	}
	if name, ok := simulatorFields[fact]; ok {
		return name
	}
	return fact
}

var simulatorFields = map[string]string{
	"first_received": "recu", "competent_received": "competente", "event": "evenement", "rule/effect": "effet", "rule/months": "mois", "rule/code": "code", "rule": "demarche", "kind": "nature",
	"territory": "territoire", "channel": "canal", "route": "voie", "receipt": "accuse", "residence": "residence",
}

// errors are where the errors of the fields stand, by the fields' names.
func (f *simulatorForm) errors() map[string]*string {
	at := map[string]*string{"demarche": &f.Procedure.Error}
	for _, in := range []*web.Input{&f.Received, &f.Competent, &f.Event, &f.Months} {
		at[in.Name] = &in.Error
	}
	for _, list := range append(slices.Clone(f.Notices), f.Later) {
		for i := range list {
			at[list[i].Name] = &list[i].Error
		}
	}
	for _, list := range [][]web.Select{f.Rule, f.Sent, f.After} {
		for i := range list {
			at[list[i].Name] = &list[i].Error
		}
	}
	return at
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
	at := p.errors()
	for _, field := range f.Fields {
		id, message := simulatorField(field.Path), messages[field.Path]
		if where := at[id]; where != nil {
			*where = message
		} else {
			id = "demarche"
		}
		p.Errors = append(p.Errors, web.ErrorLink{ID: id, Message: message})
	}
}
