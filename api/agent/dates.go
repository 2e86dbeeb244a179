package agent

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// datesPage says why the dates of a request are what they are, and lets an agent correct
// the facts that they are counted from.
type datesPage struct {
	web.Frame
	Number, Subject, URL, Version string
	Conflict                      *conflict
	Due                           string
	Reasons                       web.Timeline
	Warnings                      []string
	Drifts                        []driftForm
	Reopen                        *reopenForm
	Fix                           *fixForm
}

// reopenForm undoes a silence that the corrected facts no longer give.
type reopenForm struct {
	Text   string
	Reason web.Textarea
}

// driftForm asks about a day that was told and that the rules no longer give.
type driftForm struct {
	ID, Title, Text, Kept string
	Reason                web.Textarea
	Wait                  bool // nobody has decided yet
}

// fixForm corrects a fact.
type fixForm struct {
	Fact          web.Select
	On, Until     web.Input
	Never, Accept web.Checkbox
	Reason        web.Textarea
	Open          bool
}

var datesTemplate = web.MustParse[datesPage](web.Agent, pages, "dates.html")

// What the buttons of the page ask for.
const (
	actFix   = "corriger"
	actKeep  = "garder"
	actAdopt = "adopter"

	actReopen = "rouvrir"
)

func datesPath(number string) string { return requestPath(number) + "/dates" }

func (s *Server) dates(v visit) error { return s.showDates(v, url.Values{}, nil) }

func (s *Server) showDates(v visit, typed url.Values, refused error) error {
	var why requests.Why
	var changes []tenants.RecordedEvent
	var today calendar.Date
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		today = tx.Today()
		if why, err = requests.GetWhy(ctx, tx, v.number()); err != nil {
			return err
		}
		if seen := since(typed, refused); seen > 0 && seen < why.Version {
			changes, err = requests.Changes(ctx, tx, v.number(), seen)
		}
		return err
	})
	if err != nil {
		return err
	}
	zone := v.scope.Tenant.Zone()
	p := datesPage{
		Frame: s.frame(v, me, "Pourquoi ces dates", home), Number: why.Number, Subject: why.Title, URL: datesPath(why.Number), Version: strconv.FormatInt(why.Version, 10),
		Due: dueSentence(why.Detail, today), Reasons: reasons(why.Reasons, zone), Warnings: why.Dates.Warnings,
	}
	p.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: why.Number, URL: requestPath(why.Number)}, {Label: "Pourquoi ces dates"}}
	if fault.Is(refused, "request_changed") {
		p.Conflict = conflictOf(refused, changes, zone)
	}
	if me.Actor.IsAgent() {
		p.drifts(why, typed)
		p.fix(why, today, typed)
		p.reopen(why.Detail, typed)
		p.wrong(typed, refused)
	}
	return datesTemplate.Render(v.w, v.r, web.StatusOf(refused), p)
}

// reasons are the steps of the computation, with what was corrected struck out.
func reasons(list []requests.Reason, zone *time.Location) web.Timeline {
	out := make(web.Timeline, 0, len(list))
	for _, r := range list {
		line := web.Event{When: web.Unsaid(r.Date, r.Text), Title: r.Text, Text: r.Said, Law: r.Article}
		if line.Title == "" {
			line.Title = "Cela ne s’est pas produit."
		}
		for _, was := range r.Was {
			line.Was = append(line.Was, wasWords(was))
		}
		if len(r.Was) > 0 {
			line.Text = strings.TrimSpace(line.Text + "\n\n" + correctedWords(r, zone))
		}
		out = append(out, line)
	}
	return out
}

// wasWords say what had been noted; of a suspension its end too.
func wasWords(f requests.Fact) string {
	words := capital(factNames[f.Kind]) + "\u00a0: " + f.On.French()
	if f.Kind == requests.FactSuspension {
		words += ", jusqu’au " + f.Until.French()
	}
	return words
}

// correctedWords say who noted something else, when and why. The end of a suspension and
// the day on which its letter came correct nothing.
func correctedWords(r requests.Reason, zone *time.Location) string {
	who := " par " + r.By.ActorName + " le " + web.DateTime(r.By.At.In(zone))
	last := r.Was[len(r.Was)-1]
	switch {
	case r.By.Reason == "": // the arrival of what was posted
		return "Arrivée notée" + who + "."
	case r.By.Kind == requests.FactSuspension && r.By.On == last.On && r.By.Until.Before(last.Until):
		return "Fin avancée" + who + "\u00a0: " + r.By.Reason
	}
	return "Corrigé" + who + "\u00a0: " + r.By.Reason
}

func (p *datesPage) drifts(why requests.Why, typed url.Values) {
	for _, d := range why.Drifts {
		f := driftForm{
			ID: string(d.Decision), Title: "Dernier jour pour répondre", Wait: d.Kept == nil,
			Text:   "La personne a été informée du " + d.Told.French() + ". La règle actuelle donnerait le " + d.Now.French() + ".",
			Reason: web.Textarea{Name: "pourquoi-" + string(d.Decision), Label: "Pourquoi", Hint: "Ce qui a été annoncé vaut tant que personne n’en décide autrement. En cas de doute, prenez la date la plus favorable à la personne.", Rows: 2, MaxLength: maxText},
		}
		if d.Decision != "" {
			f.Title = "Dernier jour pour contester la décision"
		}
		if d.Kept != nil {
			f.Kept = "Date annoncée conservée par " + d.Kept.ActorName + "\u00a0: " + d.Kept.Reason
		}
		if typed.Get("decision") == f.ID {
			f.Reason.Value = typed.Get(f.Reason.Name)
		}
		p.Drifts = append(p.Drifts, f)
	}
}

func (p *datesPage) reopen(d requests.Detail, typed url.Values) {
	if d.Reopening == nil || possible(d, requests.ActionReopen) != nil {
		return
	}
	p.Reopen = &reopenForm{
		Text:   reopenWords(d),
		Reason: web.Textarea{Name: "pourquoi-rouvrir", Label: "Pourquoi", Hint: "Vos collègues le liront. La personne, elle, est prévenue par une lettre qui s’excuse et donne la nouvelle date.", Rows: 2, MaxLength: maxText, Value: typed.Get("pourquoi-rouvrir")},
	}
}

// reopenWords say that the facts no longer give the silence that was written down.
func reopenWords(d requests.Detail) string {
	text := "Le silence a été enregistré au " + d.Reopening.Decision.DecidedOn.French() + ". D’après les dates corrigées, "
	if d.Reopening.LastDay.IsZero() {
		return text + "le délai ne courait pas encore ce jour-là\u00a0: cette décision n’est pas née."
	}
	return text + "le dernier jour pour répondre était le " + d.Reopening.LastDay.French() + "\u00a0: cette décision n’était pas née ce jour-là."
}

func (p *datesPage) fix(why requests.Why, today calendar.Date, typed url.Values) {
	facts := why.Correctable()
	if len(facts) == 0 && !why.State.Open() {
		return
	}
	f := &fixForm{
		Fact:   web.Select{Name: "fait", Label: "Ce qui est mal noté"},
		On:     web.Input{Name: "jour", Label: "Le bon jour", Type: "date", Width: "medium", Value: typed.Get("jour"), Max: today.String(), Optional: true},
		Until:  web.Input{Name: "fin", Label: "Le bon terme", Hint: "Pour une demande de pièces ou une suspension seulement\u00a0: le dernier jour donné. Laissez vide s’il est juste.", Type: "date", Width: "medium", Value: typed.Get("fin"), Optional: true},
		Never:  web.Checkbox{Name: "jamais", Label: "Cela ne s’est pas produit", Checked: typed.Get("jamais") != ""},
		Reason: web.Textarea{Name: "motif", Label: "Pourquoi vous corrigez", Hint: "Par exemple ce que dit le cachet de la poste. Vos collègues le liront à côté des deux dates.", Rows: 2, MaxLength: maxText, Value: typed.Get("motif")},
		Open:   typed.Get("action") == actFix,
	}
	chosen := typed.Get("fait")
	first := false
	for _, x := range facts {
		first = first || x.Kind == requests.FactFirstReception
		label := capital(factNames[x.Kind])
		if x.Withdrawn() {
			label += " (notée comme ne s’étant pas produite)"
		} else {
			label += "\u00a0: " + x.On.FrenchShort()
		}
		f.Fact.Items = append(f.Fact.Items, web.Choice{Value: x.Key(), Label: label, Checked: x.Key() == chosen})
	}
	if !first && why.State.Open() {
		key := requests.Fact{Kind: requests.FactFirstReception}.Key()
		f.Fact.Items = append(f.Fact.Items, web.Choice{Value: key, Label: "Reçue d’abord par une autre administration (à ajouter)", Checked: key == chosen})
	}
	p.Fix = f
}

// wrong says beside each field what is to be corrected.
func (p *datesPage) wrong(typed url.Values, refused error) {
	if refused == nil || p.Conflict != nil {
		return
	}
	text, id := sentence(refused), ""
	if f := fault.Of(refused); len(f.Fields) > 0 {
		text = web.FieldErrors(refused)[f.Fields[0].Path]
	}
	if typed.Get("action") == actReopen && p.Reopen != nil {
		p.Reopen.Reason.Error, id = text, p.Reopen.Reason.Name
		p.Errors = web.ErrorSummary{{ID: id, Message: text}}
		return
	}
	if typed.Get("action") != actFix {
		for i := range p.Drifts {
			if d := &p.Drifts[i]; d.ID == typed.Get("decision") {
				d.Reason.Error, id = text, d.Reason.Name
			}
		}
		p.Errors = web.ErrorSummary{{ID: id, Message: text}}
		return
	}
	if p.Fix == nil {
		p.Errors = web.ErrorSummary{{Message: text}}
		return
	}
	switch fault.Of(refused).Code {
	case "reason_required", "body_too_long":
		p.Fix.Reason.Error, id = text, p.Fix.Reason.Name
	case "limit_shortened":
		p.Fix.Until.Error, id = text, p.Fix.Until.Name
	case "fact_decides":
		p.Fix.Accept = web.Checkbox{Name: "confirme", Label: "Je le sais\u00a0: le silence aura décidé", Error: text}
		id = "confirme"
	case "fact_fixed", "fact_unknown":
		p.Fix.Fact.Error, id = text, p.Fix.Fact.Name
	default:
		p.Fix.On.Error, id = text, p.Fix.On.Name
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

// changeDates corrects a fact, or settles a day that was told.
func (s *Server) changeDates(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done := "La date est corrigée et l’échéance recalculée. Si elle a changé, la personne en est prévenue."
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			switch form.Get("action") {
			case actReopen:
				done = "La demande est rouverte et le délai repart. La personne en est prévenue."
				_, err := requests.Reopen(ctx, tx, v.number(), form.Get("pourquoi-rouvrir"), version(form))
				return err
			case actKeep, actAdopt:
				adopt := form.Get("action") == actAdopt
				done = "La date annoncée est conservée."
				if adopt {
					done = "La nouvelle date est enregistrée. La personne en est prévenue."
				}
				id := form.Get("decision")
				_, err := requests.SettleDate(ctx, tx, v.number(), requests.Settlement{Decision: tenants.ID(id), Adopt: adopt, Reason: form.Get("pourquoi-" + id)}, version(form))
				return err
			}
			in, err := readCorrection(form)
			if err == nil {
				_, err = requests.CorrectFact(ctx, tx, v.number(), in, version(form))
			}
			return err
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showDates(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, datesPath(v.number()))
}

func readCorrection(form url.Values) (requests.Correction, error) {
	in := requests.Correction{Key: form.Get("fait"), Reason: form.Get("motif"), Accepted: form.Get("confirme") != ""}
	wrong := func(path string) error {
		return fault.New(fault.Invalid, "fact_day_required", fault.Field{Path: path, Code: "fact_day_required"})
	}
	if form.Get("jamais") != "" {
		return in, nil
	}
	on, err := calendar.ParseDate(form.Get("jour"))
	if err != nil || on.IsZero() {
		return in, wrong("on")
	}
	in.On = on
	if form.Get("fin") != "" {
		if in.Until, err = calendar.ParseDate(form.Get("fin")); err != nil {
			return in, fault.New(fault.Invalid, "limit_shortened", fault.Field{Path: "until", Code: "limit_shortened"})
		}
	}
	return in, nil
}
