package agent

import (
	"context"
	"net/url"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// incidentsPage is the register of outages, and the form that adds one.
type incidentsPage struct {
	web.Frame
	Incidents []incidentLine
	FromDay   web.Input
	FromHour  web.Input
	ToDay     web.Input
	ToHour    web.Input
	What      web.Input
	May       bool
}

type incidentLine struct {
	ID, What, When, Who, Withdrawn string
}

var incidentsTemplate = web.MustParse[incidentsPage](web.Agent, pages, "incidents.html")

const incidentsPath = "/agents/incidents"

func (s *Server) incidents(v visit) error { return s.showIncidents(v, url.Values{}, nil) }

func (s *Server) showIncidents(v visit, typed url.Values, refused error) error {
	var list []requests.Incident
	today := ""
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		today = tx.Today().String()
		list, err = requests.Incidents(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	zone := v.scope.Tenant.Zone()
	p := incidentsPage{
		Frame: s.frame(v, me, "Incidents et pannes", settingsPath), May: me.Actor.IsAgent(),
		FromDay:  web.Input{Name: "debut-jour", Label: "Début, le", Type: "date", Width: "medium", Max: today, Value: typed.Get("debut-jour")},
		FromHour: web.Input{Name: "debut-heure", Label: "Début, à", Type: "time", Width: "short", Value: typed.Get("debut-heure")},
		ToDay:    web.Input{Name: "fin-jour", Label: "Fin, le", Type: "date", Width: "medium", Max: today, Value: typed.Get("fin-jour")},
		ToHour:   web.Input{Name: "fin-heure", Label: "Fin, à", Type: "time", Width: "short", Value: typed.Get("fin-heure")},
		What:     web.Input{Name: "quoi", Label: "Ce qui s’est passé", Hint: "En quelques mots\u00a0: les habitants concernés le lisent. Par exemple «\u00a0panne du site\u00a0» ou «\u00a0mairie fermée pour inondation\u00a0».", MaxLength: 200, Value: typed.Get("quoi")},
	}
	p.Breadcrumbs = web.Breadcrumbs{{Label: "Réglages", URL: settingsPath}, {Label: "Incidents et pannes"}}
	for _, i := range list {
		line := incidentLine{ID: string(i.ID), What: capital(i.What), When: "Du " + web.DateTime(i.FromAt.In(zone)) + " au " + web.DateTime(i.ToAt.In(zone)), Who: "noté par " + i.ActorName}
		if i.ByProgram() {
			line.Who = "détecté automatiquement"
		}
		if i.WithdrawnAt != nil {
			line.Withdrawn = "Écarté par " + i.WithdrawnBy + " le " + web.DateTime(i.WithdrawnAt.In(zone))
		}
		p.Incidents = append(p.Incidents, line)
	}
	if refused != nil {
		text, id := sentence(refused), p.ToDay.Name
		if fault.Is(refused, "incident_what") {
			p.What.Error, id = text, p.What.Name
		} else {
			p.ToDay.Error = text
		}
		p.Errors = web.ErrorSummary{{ID: id, Message: text}}
	}
	return incidentsTemplate.Render(v.w, v.r, web.StatusOf(refused), p)
}

// changeIncidents adds an incident, or says that one was none.
func (s *Server) changeIncidents(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	done := "L’incident est enregistré. Ce que les habitants devaient envoyer pendant ce temps est accepté jusqu’au premier jour ouvré qui suit."
	if err == nil {
		_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
			if id := form.Get("ecarter"); id != "" {
				done = "L’incident est écarté\u00a0: il ne protège plus aucun délai."
				return requests.WithdrawIncident(ctx, tx, tenants.ID(id))
			}
			zone := tx.Tenant().Zone()
			from, wrong := time.ParseInLocation("2006-01-02 15:04", form.Get("debut-jour")+" "+form.Get("debut-heure"), zone)
			to, late := time.ParseInLocation("2006-01-02 15:04", form.Get("fin-jour")+" "+form.Get("fin-heure"), zone)
			if wrong != nil || late != nil {
				return fault.New(fault.Invalid, "incident_times", fault.Field{Path: "to", Code: "incident_times"})
			}
			return requests.RecordIncident(ctx, tx, from, to, form.Get("quoi"))
		})
	}
	switch {
	case form != nil && web.ComesBack(err):
		return s.showIncidents(v, form, err)
	case err != nil:
		return err
	}
	return s.done(v, done, incidentsPath)
}
