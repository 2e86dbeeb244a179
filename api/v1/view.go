package v1

import (
	"encoding/json"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// RequestRow is a request in the list.
type RequestRow struct {
	Number     string     `json:"number"`
	Procedure  string     `json:"procedure"`
	Title      string     `json:"title"`
	Kind       string     `json:"kind"`
	Channel    string     `json:"channel"`
	State      string     `json:"state"`
	Applicant  string     `json:"applicant"`
	Service    string     `json:"service,omitempty"`
	Agent      string     `json:"agent,omitempty"`
	ReceivedOn string     `json:"received_on" format:"date"`
	DueOn      string     `json:"due_on,omitempty" format:"date"`
	Waiting    bool       `json:"waiting" doc:"Documents are waited for"`
	Silence    SilenceDay `json:"silence"`
	Unread     int        `json:"unread" doc:"Messages of the citizen that no agent read"`
	Version    int64      `json:"version"`
}

// RequestDetail is a request as its reader may see it.
type RequestDetail struct {
	Number           string            `json:"number"`
	Procedure        string            `json:"procedure"`
	Title            string            `json:"title"`
	Kind             string            `json:"kind"`
	Channel          string            `json:"channel"`
	State            string            `json:"state"`
	ReceivedAt       time.Time         `json:"received_at"`
	ReceivedOn       string            `json:"received_on" format:"date"`
	DueOn            string            `json:"due_on,omitempty" format:"date"`
	ClosedOn         string            `json:"closed_on,omitempty" format:"date"`
	Waiting          bool              `json:"waiting"`
	Silence          SilenceDay        `json:"silence"`
	Service          string            `json:"service,omitempty"`
	Agent            string            `json:"agent,omitempty"`
	Regular          bool              `json:"regular" doc:"Identified as R.112-9-1 wants"`
	Applicant        Applicant         `json:"applicant"`
	Answers          json.RawMessage   `json:"answers"`
	Steps            []DeadlineStep    `json:"deadline_steps" doc:"Why the last day is what it is"`
	Messages         []Message         `json:"messages"`
	Notes            []Written         `json:"notes,omitempty" doc:"Agents alone"`
	DocumentRequests []DocumentRequest `json:"document_requests"`
	Documents        []Document        `json:"documents"`
	Decisions        []Decision        `json:"decisions"`
	Prepared         *PreparedDecision `json:"prepared_decision,omitempty" doc:"Waits for its signature; agents alone"`
	Transmissions    []Transmission    `json:"transmissions" doc:"To whom the request went, and from whom it came (L.114-2)"`
	Actions          []string          `json:"actions" doc:"What the caller may do now"`
	Version          int64             `json:"version"`
}

// DeadlineStep is one step of a legal date, with its article.
type DeadlineStep struct {
	On      string `json:"on,omitempty" format:"date"`
	Article string `json:"article"`
	Text    string `json:"text"`
}

// Message is a message between the town and the citizen.
type Message struct {
	ID        string    `json:"id"`
	Incoming  bool      `json:"incoming" doc:"From the citizen"`
	Author    string    `json:"author"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
}

// DocumentRequest is a notice of missing documents.
type DocumentRequest struct {
	NotifiedOn  string         `json:"notified_on" format:"date"`
	LimitOn     string         `json:"limit_on" format:"date"`
	CompletedOn string         `json:"completed_on,omitempty" format:"date"`
	Delivery    string         `json:"delivery,omitempty" doc:"email, counter or post"`
	ArrivedOn   string         `json:"arrived_on,omitempty" format:"date" doc:"The day on which a posted one reached the person, as an agent noted it"`
	Items       []DocumentItem `json:"items"`
}

// DocumentItem is a document that was asked for.
type DocumentItem struct {
	ID            string `json:"id"`
	Label         string `json:"label"`
	LegalBasis    string `json:"legal_basis"`
	Indispensable bool   `json:"indispensable"`
	Received      bool   `json:"received"`
}

// Document is a file of a request.
type Document struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	MediaType string    `json:"media_type"`
	Size      int64     `json:"size" doc:"Bytes"`
	Incoming  bool      `json:"incoming"`
	CreatedAt time.Time `json:"created_at"`
}

// Transmission is a request's way to another administration, or from one.
type Transmission struct {
	Way        string `json:"way" enum:"out,outside,in" doc:"out: to a portal here; outside: by e-mail or post; in: it came"`
	State      string `json:"state" enum:"pending,sending,arrived,recalled,failed"`
	Party      string `json:"party" doc:"The other administration"`
	Code       string `json:"code,omitempty" doc:"Its INSEE code or SIREN"`
	Number     string `json:"number,omitempty" doc:"The request's number there"`
	ReceivedOn string `json:"received_on,omitempty" format:"date" doc:"By the other administration"`
	Problem    string `json:"problem,omitempty" doc:"Code of what it waits for, or why it failed"`
}

// Decision is what was decided, expressly or by silence.
type Decision struct {
	Outcome       string `json:"outcome"`
	Implicit      bool   `json:"implicit"`
	Undone        bool   `json:"undone,omitempty" doc:"A silence that was written down and never decided: a date of the file was wrong"`
	Reasons       string `json:"reasons,omitempty"`
	Letter        string `json:"letter"`
	Signatory     string `json:"signatory"`
	DecidedOn     string `json:"decided_on" format:"date"`
	NotifiedOn    string `json:"notified_on,omitempty" format:"date"`
	AppealLastDay string `json:"appeal_last_day,omitempty" format:"date"`
}

func silenceDay(effect calendar.Effect, lastDay calendar.Date) SilenceDay {
	return SilenceDay{Effect: effectOf(effect), LastDay: web.DayOrNull(lastDay)}
}

func rowsOf(rows []requests.Row) []RequestRow {
	out := make([]RequestRow, len(rows))
	for i, r := range rows {
		out[i] = RequestRow{
			Number: r.Number, Procedure: r.ProcedureSlug, Title: r.Title, Kind: string(r.Kind), Channel: r.Channel, State: string(r.State),
			Applicant: r.ApplicantName, Service: r.ServiceName, Agent: r.AgentName, ReceivedOn: r.ReceivedOn.String(), DueOn: r.DueOn.String(),
			Waiting: r.Waiting, Silence: silenceDay(r.Silence, r.SilenceLastDay), Unread: r.Unread, Version: r.Version,
		}
	}
	return out
}

func detailOfRequest(d requests.Detail, agent bool) RequestDetail {
	out := RequestDetail{
		Number: d.Number, Procedure: d.ProcedureSlug, Title: d.Title, Kind: string(d.Kind), Channel: d.Channel, State: string(d.State),
		ReceivedAt: d.ReceivedAt.UTC(), ReceivedOn: d.ReceivedOn.String(), DueOn: d.DueOn.String(), ClosedOn: d.ClosedOn.String(), Waiting: d.Waiting,
		Silence: silenceDay(d.Silence.Effect, d.SilenceLastDay), Service: d.Service.Name, Agent: d.AgentName, Regular: d.Regular,
		Applicant: Applicant{
			GivenName: d.Applicant.GivenName, FamilyName: d.Applicant.FamilyName, Email: d.Applicant.Email, Phone: d.Applicant.Phone,
			PostalAddress: d.Applicant.PostalAddress, SMS: d.Applicant.SMS, OnBehalfOf: d.Applicant.OnBehalfOf,
			Organisation: d.Applicant.Organisation, OrganisationID: d.Applicant.OrganisationID, EmailAgreed: d.Applicant.EmailAgreed, DecisionEmail: d.Applicant.DecisionEmail,
		},
		Answers: json.RawMessage("{}"), Version: d.Version,
		Steps: []DeadlineStep{}, Messages: []Message{}, DocumentRequests: []DocumentRequest{}, Documents: []Document{}, Decisions: []Decision{}, Transmissions: []Transmission{}, Actions: []string{},
	}
	if answers, err := json.Marshal(d.Answers); err == nil && len(d.Answers) > 0 {
		out.Answers = answers
	}
	for _, s := range d.Deadline.Steps {
		out.Steps = append(out.Steps, DeadlineStep{On: s.Date.String(), Article: s.Article, Text: s.Text})
	}
	for _, m := range d.Messages {
		out.Messages = append(out.Messages, Message{ID: string(m.ID), Incoming: m.Incoming, Author: m.AuthorName, Body: m.Body, CreatedAt: m.CreatedAt.UTC()})
	}
	if agent {
		out.Prepared = preparedOf(d.Prepared)
		for _, n := range d.Notes {
			out.Notes = append(out.Notes, Written{ID: string(n.ID), Author: n.AuthorName, Body: n.Body, CreatedAt: n.CreatedAt.UTC()})
		}
	}
	for _, n := range d.DocumentRequests {
		notice := DocumentRequest{NotifiedOn: n.NotifiedOn.String(), LimitOn: n.LimitOn.String(), CompletedOn: n.CompletedOn.String(), Delivery: n.Delivery, ArrivedOn: n.ArrivedOn.String(), Items: []DocumentItem{}}
		for _, i := range n.Items {
			notice.Items = append(notice.Items, DocumentItem{ID: string(i.ID), Label: i.Label, LegalBasis: i.LegalBasis, Indispensable: i.Indispensable, Received: i.Received})
		}
		out.DocumentRequests = append(out.DocumentRequests, notice)
	}
	for _, f := range d.Documents {
		out.Documents = append(out.Documents, Document{ID: string(f.ID), Name: f.Name, MediaType: f.MediaType, Size: f.Size, Incoming: f.Incoming, CreatedAt: f.CreatedAt.UTC()})
	}
	for _, x := range d.Decisions {
		out.Decisions = append(out.Decisions, Decision{
			Outcome: string(x.Outcome), Implicit: x.Implicit, Undone: x.Undone, Reasons: x.Reasons, Letter: x.Letter, Signatory: x.Signatory,
			DecidedOn: x.DecidedOn.String(), NotifiedOn: x.NotifiedOn.String(), AppealLastDay: x.AppealLastDay.String(),
		})
	}
	for _, t := range d.Transmissions {
		out.Transmissions = append(out.Transmissions, Transmission{
			Way: string(t.Way), State: string(t.State), Party: t.Party.Name, Code: t.Party.Code, Number: t.Number, ReceivedOn: t.ReceivedOn.String(), Problem: t.Problem,
		})
	}
	for _, a := range d.Actions {
		out.Actions = append(out.Actions, string(a))
	}
	return out
}
