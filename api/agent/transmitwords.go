package agent

import (
	"net/url"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// transmissionLine is one way of a request, to another administration or from one.
type transmissionLine struct {
	ID, Title, Reason string
	Lines             []string
	Recall            bool
	Received          *web.Input // asks on which day an outside administration received it
}

// ways tells where a request went, and where it came from.
func (p *requestPage) ways(d requests.Detail, today calendar.Date, typed url.Values) {
	for _, t := range d.Transmissions {
		w := transmissionLine{ID: string(t.ID), Reason: t.Reason}
		switch {
		case t.Way == requests.WayIn:
			w.came(d, t)
		case t.Going():
			w.Title = "En route vers " + t.Party.Name
			w.Recall = t.State == requests.TransmissionPending && slices.Contains(d.Actions, requests.ActionRecall)
			w.Lines = []string{"Elle n’y est pas encore arrivée. Jusque-là, elle est à vous, et ses délais courent."}
			if t.Problem != "" {
				w.Lines = append(w.Lines, "Elle attend\u00a0: "+problemWords(t.Problem)+".")
			}
		case t.State == requests.TransmissionArrived:
			w.Title = "Transmise à " + t.Party.Name
			w.arrived(t, today, typed)
		case t.State == requests.TransmissionFailed:
			w.Title = "Non transmise à " + t.Party.Name
			w.Lines = []string{"Elle n’a pas pu y arriver\u00a0: " + problemWords(t.Problem) + "."}
		default:
			w.Title = "Transmission annulée, vers " + t.Party.Name
		}
		p.Ways = append(p.Ways, w)
	}
}

// came tells who had the request before, and when.
func (w *transmissionLine) came(d requests.Detail, t requests.Transmission) {
	w.Title = "Reçue de " + t.Party.Name
	w.Lines = []string{"Elle y portait le numéro " + t.Number + ". Première réception le " + d.FirstReceivedOn.French() + ", ici le " + d.ReceivedOn.French() + "."}
	if len(t.Stops) > 1 {
		var stops []string
		for _, s := range t.Stops {
			stops = append(stops, s.Name+" le "+s.ReceivedOn.FrenchShort())
		}
		w.Lines = append(w.Lines, "Elle est passée par\u00a0: "+strings.Join(stops, ", puis ")+".")
	}
	w.Lines = append(w.Lines, contactLine(t.Party))
}

func (w *transmissionLine) arrived(t requests.Transmission, today calendar.Date, typed url.Values) {
	if t.Number != "" {
		w.Lines = append(w.Lines, "Elle y porte le numéro "+t.Number+", reçue le "+t.ReceivedOn.French()+".")
	}
	if t.Way == requests.WayOutside {
		how := "par courrier"
		if t.Delivery == requests.DeliveryEmail {
			how = "par courriel"
		}
		w.Lines = append(w.Lines, "Envoyée "+how+" par "+t.CreatedBy+".")
		if !t.ReceivedOn.IsZero() {
			w.Lines = append(w.Lines, "Reçue là-bas le "+t.ReceivedOn.French()+".")
		}
		name := "la-bas-" + w.ID
		w.Received = &web.Input{Name: name, Label: "Reçue par cette administration le", Type: "date", Width: "medium", Value: typed.Get(name), Max: today.String()}
	}
	if len(t.Documents) > 0 {
		w.Lines = append(w.Lines, "Documents partis\u00a0: "+strings.Join(t.Documents, ", ")+".")
	}
	w.Lines = append(w.Lines, contactLine(t.Party))
}

func contactLine(p requests.Party) string {
	var parts []string
	for _, s := range []string{strings.ReplaceAll(p.PostalAddress, "\n", ", "), p.Phone, p.Email} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " · ")
}

// problems are why a transmission waits, or did not arrive.
var problems = map[string]string{
	"tenant_suspended":    "son portail est suspendu pour le moment",
	"tenant_updating":     "son portail est en cours de mise à jour",
	"database_away":       "son portail ne répond pas pour le moment",
	"storage_away":        "les documents ne peuvent pas être copiés pour le moment",
	"recipient_unknown":   "cette administration n’a plus de portail ici",
	"procedure_closed":    "elle a fermé cette démarche",
	"procedure_unknown":   "elle n’a plus cette démarche",
	"mentions_missing":    "il lui manque des mentions que la loi exige sur l’accusé de réception",
	"document_damaged":    "un document ne peut plus être lu",
	"silence_acquired":    "le silence avait déjà décidé",
	"transmission_self":   "c’est la commune elle-même",
	"transmission_waits":  "elle ne reçoit rien pour le moment",
	"recipient_suspended": "son portail est suspendu pour le moment",
}

// problemWords say in French why a transmission waits, or did not arrive.
func problemWords(code string) string {
	if s, ok := problems[code]; ok {
		return s
	}
	return "une erreur technique, qui est signalée à l’équipe"
}
