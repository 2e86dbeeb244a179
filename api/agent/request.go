package agent

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// sentLine is something that was sent to the person.
type sentLine struct {
	What, How string
	Status    web.Status
}

type requestPage struct {
	web.Frame
	dossier
	Ways      []transmissionLine
	Conflict  *conflict
	Messages  []messageLine
	Message   web.Textarea
	Silent    string // why a message reaches the person in no other way than their page
	Notes     []messageLine
	Note      web.Textarea
	Asked     []askedNotice
	Complete  bool
	Item      web.Select
	File      web.File
	Decisions []decisionLine
	Sent      []sentLine
	Assign    *web.Select
	Service   *web.Select
	Withdraw  *web.Textarea
	Nature    string // what it can be reclassified as
	Correct   bool   // who applies, and where they are reached
	Receipt   receiptCard
	Treatment *treatmentCard
	Opinions  []opinionCard
	Asks      bool        // of a service that was asked for its opinion alone: it reads, and gives it
	Why       *reasonsBox // asked why silence refused (L.232-4)
}

// conflict is what somebody else did meanwhile.
type conflict struct {
	Text    string
	Changes web.Timeline
}

type messageLine struct {
	When, Who, Body string
	Out, Unread     bool
}

// askedNotice is a notice of missing papers, and how far it was answered.
type askedNotice struct {
	ID, Title, Text string
	Items           []askedItem
	Done            bool
	Letters         []web.Link // to be printed
	Arrived         *web.Input // asks on which day the letter came
}

type askedItem struct {
	Label, Law string
	Received   bool
	Optional   bool
}

type decisionLine struct {
	ID, Title, Text, Reasons, Letter, Subject string
	Notify                                    *web.Input // asks on which day the letter arrived
	Print                                     string     // where its letter is printed
	Attest, AttestMail                        bool       // an attestation can be had, and mailed (L.232-3)
	Why                                       *appealWhy // of a refusal: how its time for appeal is counted
}

var requestTemplate = web.MustParse[requestPage](web.Agent, pages, "request.html")

// opened is what a request's page is made of.
type opened struct {
	detail   requests.Detail
	agents   []staff.Agent
	services []tenants.Service
	changes  []tenants.RecordedEvent
	today    calendar.Date
}

func open(ctx context.Context, tx *tenants.Tx, number string, since int64) (o opened, err error) {
	o.today = tx.Today()
	if o.detail, err = requests.Get(ctx, tx, number); err != nil {
		return o, err
	}
	if since > 0 && since < o.detail.Version {
		if o.changes, err = requests.Changes(ctx, tx, number, since); err != nil {
			return o, err
		}
	}
	if o.agents, err = staff.List(ctx, tx); err != nil {
		return o, err
	}
	o.services, err = tenants.Services(ctx, tx)
	return o, err
}

// opened opens the request of the page's address, after an action that was refused with
// what changed since it was typed.
func (s *Server) opened(v visit, typed url.Values, refused error, also ...func(context.Context, *tenants.Tx) error) (o opened, me web.Visitor, err error) {
	me, err = s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		o, err = open(ctx, tx, v.number(), since(typed, refused))
		for _, read := range also {
			if err == nil {
				err = read(ctx, tx)
			}
		}
		return err
	})
	return o, me, err
}

func (s *Server) request(v visit) error { return s.showRequest(v, url.Values{}, nil) }

// showRequest draws a request; after an action that was refused, with what was typed.
func (s *Server) showRequest(v visit, typed url.Values, refused error) error {
	o, me, err := s.opened(v, typed, refused)
	if err != nil {
		return err
	}
	d, zone := o.detail, v.scope.Tenant.Zone()
	page := requestPage{Frame: s.frame(v, me, "Demande "+d.Number, home), dossier: newDossier(d, me.Agent.ID, zone, o.today)}
	page.Wide, page.Frame.Title = true, "Demande "+d.Number+" – "+d.Title
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes", URL: home}, {Label: d.Number}}
	page.Conflict = conflictOf(refused, o.changes, zone)
	page.Notices = append(preparedNotice(d, o.today, v.scope.Tenant.Territory()), page.Notices...)
	page.Receipt = receiptCardOf(d, o.today, v.scope.Tenant.Territory(), me.Actor.MayConfigure())
	page.talk(d, zone)
	page.papers(d, o.today, typed)
	page.decisions(d, o.today, typed)
	page.ways(d, o.today, typed)
	page.Why = whyRefused(d, o.today, typed)
	page.Treatment, page.Opinions, page.Asks = treatmentOf(d, zone, o.today, typed), opinionCards(d, zone, typed, refused), d.Consulted
	page.handOver(d, o, typed)
	page.retype(typed, refused)
	if err := s.markRead(v, d); err != nil {
		return err
	}
	return requestTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// since is the version that a form was drawn with, where somebody was faster.
func since(typed url.Values, refused error) int64 {
	if !fault.Is(refused, "request_changed") && !fault.Is(refused, "action_not_possible") {
		return 0
	}
	return version(typed)
}

// version is the one that the form's agent saw; none is one that no request has.
func version(form url.Values) int64 {
	n, err := strconv.ParseInt(form.Get("version"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func conflictOf(refused error, changes []tenants.RecordedEvent, zone *time.Location) *conflict {
	if refused == nil || fault.Of(refused).Kind != fault.Conflict && fault.Of(refused).Kind != fault.Forbidden {
		return nil
	}
	return &conflict{Text: sentence(refused), Changes: timeline(changes, zone)}
}

func (p *requestPage) talk(d requests.Detail, zone *time.Location) {
	for _, m := range d.Messages {
		line := messageLine{When: web.DateTime(m.CreatedAt.In(zone)), Who: m.AuthorName, Body: m.Body, Out: !m.Incoming, Unread: m.Incoming && m.ReadAt == nil}
		p.Messages = append(p.Messages, line)
	}
	for _, n := range d.Notes {
		p.Notes = append(p.Notes, messageLine{When: web.DateTime(n.CreatedAt.In(zone)), Who: n.AuthorName, Body: n.Body})
	}
	p.Message = web.Textarea{Name: "message", Label: "Écrire à la personne", Rows: 3, MaxLength: maxText}
	p.Note = web.Textarea{Name: "note", Label: "Ajouter une note interne", Hint: "La personne ne la voit jamais.", Rows: 2, MaxLength: maxText}
	if a := d.Applicant; (a.Email == "" || !a.EmailAgreed) && d.CitizenID == "" {
		p.Silent = "Cette personne n’est pas jointe par courriel\u00a0: elle lira ce message avec son numéro et son code de suivi. Téléphonez-lui si c’est pressé."
	}
	for _, n := range d.Notifications {
		when := n.CreatedAt
		if n.SentAt != nil {
			when = *n.SentAt
		}
		line := sentLine{What: n.Subject, How: "Par courriel, le " + web.DateTime(when.In(zone)), Status: notificationStatus(n.State)}
		if n.Channel == "sms" {
			line.How = "Par SMS, le " + web.DateTime(when.In(zone))
		}
		if line.What == "" {
			line.What = "Message court"
		}
		p.Sent = append(p.Sent, line)
	}
}

// maxText is how much may be typed in a message or a note, in characters.
const maxText = 5000

func (p *requestPage) papers(d requests.Detail, today calendar.Date, typed url.Values) {
	p.Complete = slices.Contains(d.Actions, requests.ActionDocumentsComplete)
	p.File = web.File{Name: "fichier", Label: "Ajouter un document", Hint: "PDF ou photo, 20 Mo au plus."}
	p.Item = web.Select{Name: "piece", Label: "Ce document est", Items: []web.Choice{{Label: "Pour la personne (elle le verra dans sa demande)"}}}
	for _, n := range d.DocumentRequests {
		a := askedNotice{ID: string(n.ID), Title: "Demandées le " + n.NotifiedOn.FrenchShort() + " par " + n.CreatedBy, Text: "À fournir au plus tard le " + n.LimitOn.French() + ".", Done: !n.CompletedOn.IsZero()}
		if !n.SparedUntil.IsZero() {
			a.Text += " Un incident (" + n.SparedFor + ") a touché ce jour\u00a0: elles sont acceptées jusqu’au " + n.SparedUntil.French() + "."
		}
		if a.Done {
			a.Text = "Au complet le " + n.CompletedOn.French() + "."
		}
		if n.Letter != "" {
			a.Text += " Lettre " + askedBy[n.Delivery] + "."
			a.Letters = append(a.Letters, web.Link{Label: "Imprimer la demande de pièces", URL: letterPath(d.Number, letterAsked, n.ID)})
		}
		if n.CompleteLetter != "" {
			a.Letters = append(a.Letters, web.Link{Label: "Imprimer la lettre «\u00a0dossier complet\u00a0»", URL: letterPath(d.Number, letterComplete, n.ID)})
		}
		switch {
		case !n.ArrivedOn.IsZero():
			a.Text += " Reçue par la personne le " + n.ArrivedOn.French() + "."
		case d.State.Open() && n.AwaitsArrival(d.Applicant):
			name := "arrivee-" + string(n.ID)
			a.Arrived = &web.Input{Name: name, Label: "Lettre reçue par la personne le", Type: "date", Width: "medium", Value: typed.Get(name), Min: n.NotifiedOn.String(), Max: today.String()}
		}
		for _, i := range n.Items {
			a.Items = append(a.Items, askedItem{Label: i.Label, Law: i.LegalBasis, Received: i.Received, Optional: !i.Indispensable})
			if !a.Done && !i.Received {
				p.Item.Items = append(p.Item.Items, web.Choice{Value: string(i.ID), Label: "La pièce attendue\u00a0: " + i.Label})
			}
		}
		p.Asked = append(p.Asked, a)
	}
}

func (p *requestPage) decisions(d requests.Detail, today calendar.Date, typed url.Values) {
	for _, x := range d.Decisions {
		line := decisionLine{ID: string(x.ID), Title: outcomeLabels[x.Outcome].done, Reasons: x.Reasons, Letter: x.Letter, Subject: x.Subject}
		if x.Letter != "" {
			line.Print = letterPath(d.Number, letterDecision, x.ID)
		}
		switch {
		case x.Undone:
			line.Title, line.Text = line.Title+" (décision jamais née)", "Enregistrée au "+x.DecidedOn.French()+" d’après une date mal notée, puis écartée\u00a0: le délai n’était pas écoulé."
			p.Decisions = append(p.Decisions, line)
			continue
		case x.Implicit:
			line.Text = "Décision née du silence, datée du " + x.DecidedOn.French() + "."
			paper, due := d.Attestation(today)
			line.Attest = due && paper.ID == x.ID
			line.AttestMail = line.Attest && d.Applicant.Email != "" && d.Applicant.EmailAgreed
		case x.NotifiedOn.IsZero():
			line.Text = "Lettre du " + x.DecidedOn.French() + ", " + deliveryLabels[x.Delivery] + ", signée " + x.Signatory + ". Sa réception n’est pas encore notée."
			line.Notify = &web.Input{Name: "recue", Label: "Reçue par la personne le", Type: "date", Width: "medium", Value: typed.Get("recue"), Min: x.DecidedOn.String(), Max: today.String()}
		default:
			line.Text = "Lettre du " + x.DecidedOn.French() + ", " + deliveryLabels[x.Delivery] + ", signée " + x.Signatory + ". Notifiée le " + x.NotifiedOn.French() + "."
		}
		if !x.AppealLastDay.IsZero() {
			line.Text += appealWords(d.Procedure, x.AppealLastDay)
		}
		line.Why = appealReasons(d, x)
		p.Decisions = append(p.Decisions, line)
	}
}

// askedBy says how a notice of missing papers left.
var askedBy = map[string]string{requests.DeliveryEmail: "partie par courriel", requests.DeliveryCounter: "remise au guichet", requests.DeliveryPost: "partie par courrier"}

// appealWords say until when, and before whom, a refusal can be contested.
func appealWords(p *catalogue.Procedure, last calendar.Date) string {
	if p.PlanningReview() {
		return " Dernier jour pour saisir le tribunal contre la décision d’urbanisme elle-même\u00a0: " + last.French() + "."
	}
	if p.Route == catalogue.RouteCADA {
		return " La personne peut saisir la CADA jusqu’au " + last.French() + ", puis le tribunal administratif\u00a0: sans la CADA d’abord, le tribunal ne juge pas (CRPA L.342-1 et R.343-1)."
	}
	return " Recours possible jusqu’au " + last.French() + "."
}

func (p *requestPage) handOver(d requests.Detail, o opened, typed url.Values) {
	may := func(a requests.Action) bool { return slices.Contains(d.Actions, a) }
	p.Correct = may(requests.ActionCorrect)
	if kind, ok := d.Reclassifiable(); ok && p.Correct {
		p.Nature = "C’est une question"
		if kind == requests.KindRequest {
			p.Nature = "C’est une demande"
		}
	}
	if may(requests.ActionAssign) {
		chosen := string(d.AgentID)
		if typed.Has("agent") {
			chosen = typed.Get("agent")
		}
		list := &web.Select{Name: "agent", Label: "Confier à", Items: []web.Choice{{Label: "Personne"}}}
		for _, a := range o.agents {
			if a.Active && a.Actor().Covers(d.ServiceID) {
				list.Items = append(list.Items, web.Choice{Value: string(a.ID), Label: a.Name(), Checked: string(a.ID) == chosen})
			}
		}
		p.Assign = list
	}
	if may(requests.ActionTransfer) {
		chosen := string(d.ServiceID)
		if typed.Has("service") {
			chosen = typed.Get("service")
		}
		list := &web.Select{Name: "service", Label: "Transmettre au service"}
		for _, x := range o.services {
			list.Items = append(list.Items, web.Choice{Value: string(x.ID), Label: x.Name, Checked: string(x.ID) == chosen})
		}
		p.Service = list
	}
	if may(requests.ActionWithdraw) {
		p.Withdraw = &web.Textarea{Name: "motif", Label: "Ce que la personne a dit", Optional: true, Rows: 2, Value: typed.Get("motif"), MaxLength: maxText}
	}
}

// retype puts back what was typed, with what is to be corrected.
func (p *requestPage) retype(typed url.Values, refused error) {
	p.Message.Value, p.Note.Value = typed.Get("message"), typed.Get("note")
	if refused == nil || p.Conflict != nil {
		return
	}
	text := sentence(refused)
	id := ""
	switch typed.Get("action") {
	case actMessage:
		p.Message.Error, id = text, "message"
	case actNote:
		p.Note.Error, id = text, "note"
	case actNotified:
		id = "recue"
		for i := range p.Decisions {
			if p.Decisions[i].Notify != nil {
				p.Decisions[i].Notify.Error = text
			}
		}
	case actArrived:
		for i := range p.Asked {
			if a := &p.Asked[i]; a.Arrived != nil && a.ID == typed.Get("demande_pieces") {
				a.Arrived.Error, id = text, a.Arrived.Name
			}
		}
	case actDated:
		for i := range p.Ways {
			if w := &p.Ways[i]; w.Received != nil && w.ID == typed.Get("transmission") {
				w.Received.Error, id = text, w.Received.Name
			}
		}
	case "paye":
		if p.Treatment != nil && p.Treatment.Paid != nil {
			p.Treatment.Paid.Error, id = text, "paye"
		}
	case "avis":
		id = "avis-" + typed.Get("avis")
	case actReasons:
		if p.Why != nil {
			p.Why.Text.Error, id = text, p.Why.Text.Name
		}
	case actAssign:
		if p.Assign != nil {
			p.Assign.Error, id = text, "agent"
		}
	case actUpload:
		p.File.Error, id = text, "fichier"
	}
	p.Errors = web.ErrorSummary{{ID: id, Message: text}}
}

// markRead notes that an agent has seen the person's messages.
func (s *Server) markRead(v visit, d requests.Detail) error {
	unread := slices.ContainsFunc(d.Messages, func(m requests.Message) bool { return m.Incoming && m.ReadAt == nil })
	if !unread || v.r.Method != http.MethodGet || v.r.Header.Get("Sec-Purpose") != "" {
		return nil
	}
	_, err := s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		return requests.MarkRead(ctx, tx, d.Number)
	})
	return err
}

// possible refuses the page of an action that the request no longer allows, or that
// its agent may not do.
func possible(d requests.Detail, a requests.Action) error {
	switch {
	case slices.Contains(d.Actions, a):
		return nil
	case d.State.Open():
		return fault.New(fault.Forbidden, "not_allowed")
	default:
		return fault.New(fault.Conflict, "action_not_possible")
	}
}

// outcomeOf reads a decision from an address or a form.
func outcomeOf(value string, among []catalogue.Outcome) (catalogue.Outcome, bool) {
	o := catalogue.Outcome(value)
	return o, slices.Contains(among, o)
}
