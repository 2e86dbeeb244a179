package agent

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// sourcesPage is the register of the sources that sent a significant number in a day
// (CRPA L.112-11).
type sourcesPage struct {
	web.Frame
	Path    string
	Refused string
	Lines   []sourceLine
	Limits  []web.Input // for administrators
	Version string
	May     bool // judge
}

type sourceLine struct {
	ID, URL, Title, Text, Block string
	Status                      web.Status
	Warn, Unblock               bool
	Days                        web.Select
	Reason                      web.Input
	CanBlock                    bool
	History                     web.Timeline
}

var sourcesTemplate = web.MustParse[sourcesPage](web.Agent, pages, "sources.html")

const sourcesPath = "/agents/envois-abusifs"

func (s *Server) sources(v visit) error { return s.showSources(v, nil, nil) }

func (s *Server) showSources(v visit, typed url.Values, refused error) error {
	var list []requests.Source
	var settings tenants.Settings
	var version int
	var now time.Time
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, me web.Visitor) (err error) {
		now = tx.Now()
		if list, err = requests.Sources(ctx, tx); err != nil {
			return err
		}
		settings, version, err = tenants.GetSettings(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	page := sourcesPage{Frame: s.frame(v, me, "Envois abusifs", home), Path: sourcesPath, Refused: sentence(refused), May: me.Actor.MayDecide(), Version: strconv.Itoa(version)}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: "Envois abusifs"}}
	for _, x := range list {
		page.Lines = append(page.Lines, sourceLineOf(x, now, v.scope.Tenant.Zone(), typed, page.May))
	}
	if me.Actor.MayConfigure() {
		page.limits(settings.Abuse.Thresholds(), typed, web.FieldErrors(refused))
	}
	return sourcesTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// limits ask for the thresholds.
func (p *sourcesPage) limits(a tenants.Abuse, typed url.Values, errors map[string]string) {
	for _, l := range []struct {
		name, label, path string
		value             int
	}{
		{"seuil_personne", "Envois d’une même adresse ou d’un même compte", "abuse/sender", a.Sender},
		{"seuil_identiques", "Envois identiques d’une même adresse ou d’un même compte", "abuse/identical", a.Identical},
		{"seuil_reseau", "Envois d’un même réseau (école, médiathèque, entreprise…)", "abuse/network", a.Network},
	} {
		in := web.Input{Name: l.name, Label: l.label, Type: "number", Width: "short", Min: "5", Max: "10000", Unit: "par jour", Value: strconv.Itoa(l.value), Error: errors[l.path]}
		if typed.Has(l.name) {
			in.Value = typed.Get(l.name)
		}
		if in.Error != "" {
			p.Errors = append(p.Errors, web.ErrorLink{ID: in.Name, Message: in.Error})
		}
		p.Limits = append(p.Limits, in)
	}
}

func sourceLineOf(x requests.Source, now time.Time, zone *time.Location, typed url.Values, may bool) sourceLine {
	l := sourceLine{ID: x.ID, URL: sourcesPath + "/" + x.ID, Title: x.Label, Status: web.Status{Tone: web.Warning, Label: "À juger"}}
	switch x.Kind {
	case requests.SourceAccount:
		l.Title = "Compte de " + x.Label
	case requests.SourceNetwork:
		l.Title = "Un même réseau (empreinte " + x.ID[:8] + ")"
	}
	l.Text = web.Plural(x.Count, "envoi", "envois") + " le " + x.Day.French()
	if x.Identical > 1 {
		l.Text += ", dont " + strconv.Itoa(x.Identical) + " identiques"
	}
	l.Text += "."
	blocked := x.Blocked(now)
	if !x.WarnedAt.IsZero() {
		l.Status = web.Status{Tone: web.Info, Label: "Prévenue"}
	}
	if blocked {
		l.Status = web.Status{Tone: web.Danger, Label: "Bloquée"}
		l.Block = "Bloquée par " + x.BlockedBy + " jusqu’au " + calendar.On(x.BlockedUntil, zone).French() + ". Motif\u00a0: " + x.BlockedReason
	}
	l.Warn, l.Unblock, l.CanBlock = may && x.WarnedAt.IsZero(), may && blocked, may && !blocked && !x.WarnedAt.IsZero()
	l.Reason = web.Input{Name: "motif-" + x.ID, Label: "Motif", Hint: "La personne le lira.", Value: typed.Get("motif-" + x.ID), MaxLength: 300}
	l.Days = web.Select{Name: "jours-" + x.ID, Label: "Pendant"}
	for _, n := range []int{1, 3, 7, 15, 30} {
		if x.Kind == requests.SourceNetwork && n > 7 {
			break
		}
		value := strconv.Itoa(n)
		l.Days.Items = append(l.Days.Items, web.Choice{Value: value, Label: web.Plural(n, "jour", "jours"), Checked: typed.Get("jours-"+x.ID) == value})
	}
	for i := len(x.History) - 1; i >= 0; i-- {
		e := x.History[i]
		event := sourceWords(e)
		event.When, event.Who = web.DateTime(e.At.In(zone)), actorWords(e)
		l.History = append(l.History, event)
	}
	return l
}

// sourceWords tell what was done about a source.
func sourceWords(e tenants.RecordedEvent) web.Event {
	var d requests.SourceEvent
	if json.Unmarshal(e.Data, &d) != nil {
		d = requests.SourceEvent{} // an event of another kind: its title says enough
	}
	const law = "CRPA L.112-11"
	switch e.Kind {
	case "source_noticed":
		return web.Event{Title: "Remarquée\u00a0: " + web.Plural(d.Count, "envoi", "envois") + " dans la journée"}
	case "source_warned":
		text := "Elle n’a pas d’adresse où écrire."
		if d.Mailed {
			text = "Un courriel lui est envoyé."
		}
		return web.Event{Title: "Source prévenue", Text: text, Law: law}
	case "source_blocked":
		return web.Event{Title: "Bloquée jusqu’au " + d.Until.French(), Text: "Motif\u00a0: " + d.Reason, Law: law}
	case "source_unblocked":
		return web.Event{Title: "Débloquée"}
	}
	return web.Event{Title: "Autre événement"}
}

// judgeSource warns a source, blocks it for a time, or lets it send again.
func (s *Server) judgeSource(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	id, done := v.r.PathValue("id"), ""
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			switch form.Get("action") {
			case "prevenir":
				done = "La source est prévenue. Ses autres envois d’aujourd’hui sont enregistrés sans accusé de réception."
				return requests.WarnSource(ctx, tx, id)
			case "bloquer":
				done = "La source est bloquée. Elle lit le motif, la date et comment vous joindre."
				days, err := strconv.Atoi(form.Get("jours-" + id))
				if err != nil {
					days = 0 // refused by the domain
				}
				return requests.BlockSource(ctx, tx, id, days, form.Get("motif-"+id))
			case "debloquer":
				done = "La source peut de nouveau envoyer."
				return requests.UnblockSource(ctx, tx, id)
			}
			return fault.New(fault.Invalid, "form_unreadable")
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showSources(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, sourcesPath)
}

// saveThresholds keeps from how many sendings in a day a source is shown.
func (s *Server) saveThresholds(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.write(v, admins(func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			now, seen, err := settingsSeen(ctx, tx, form)
			if err != nil {
				return err
			}
			for name, into := range map[string]*int{"seuil_personne": &now.Abuse.Sender, "seuil_identiques": &now.Abuse.Identical, "seuil_reseau": &now.Abuse.Network} {
				if *into, err = strconv.Atoi(form.Get(name)); err != nil {
					*into = -1 // no number: the settings refuse it
				}
			}
			return tenants.PutSettings(ctx, tx, now, seen)
		}))
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showSources(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, "Les seuils sont enregistrés.", sourcesPath)
}
