package citizen

import (
	"context"
	"net/http"
	"slices"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	store "github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// letterBox is a message as the conversation shows it.
type letterBox struct {
	Mine             bool
	Who, When, Words string
}

// asked is a notice of missing pieces, with a form for each one.
type asked struct {
	Text  string
	Limit string
	Items []askedItem
}

type askedItem struct {
	ID, Label, Basis string
	Indispensable    bool
	Received         bool
	File             web.File
}

type requestPage struct {
	web.Frame
	Number, Procedure string
	Status            web.Status
	State             web.Notice
	Asked             []asked
	Warnings          []string
	Papers            []web.Link // receipts, letters, attestation
	Messages          []letterBox
	Message           web.Textarea
	Files             []web.FileItem
	File              web.File
	Summary           []part
	Timeline          web.Timeline
	Appeal            []string
	CanWithdraw       bool
	CanClaim          bool
	Guest             bool
	Problem           string
}

var requestTemplate = web.MustParse[requestPage](web.Citizen, files, "request.html")

func (s *Server) request(v *visit) error { return s.showRequest(v, requestState{}) }

// requestState is a form of the page that was sent and refused.
type requestState struct {
	message   string // as typed
	problem   string
	item      string // of the file that was refused
	file      string // why it was
	expired   error
	forbidden bool
}

func (s *Server) showRequest(v *visit, at requestState) error {
	var d requests.Detail
	var today calendar.Date
	unread := false
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		today = tx.Today()
		d, err = requests.Get(ctx, tx, number)
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range d.Messages {
		unread = unread || !m.Incoming && m.ReadAt == nil
	}
	if unread {
		err := s.write(v, func(ctx context.Context, tx *tenants.Tx) error {
			tx, number, err := s.holder(ctx, tx, v)
			if err != nil {
				return err
			}
			return requests.MarkRead(ctx, tx, number)
		})
		if err != nil {
			return err
		}
	}
	page := s.requestPage(v, d, today, at)
	status := http.StatusOK
	if len(page.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return requestTemplate.Render(v.w, v.r, status, page)
}

func (s *Server) requestPage(v *visit, d requests.Detail, today calendar.Date, at requestState) requestPage {
	p := requestPage{
		Frame: s.frame(v, d.Title, "/suivi"), Number: d.Number, Procedure: d.Title, Status: web.RequestStatus(string(d.State)),
		State: stateNotice(d, today), Warnings: d.Warnings, Timeline: s.timeline(v, d), Papers: papers(d),
		Message:     web.Textarea{Name: "message", Label: "Votre message à la mairie", Value: at.message, Error: at.problem, MaxLength: 5000, Rows: 4},
		File:        web.File{Name: "fichier", Label: "Choisir un fichier", Hint: "PDF ou photo, 20 Mo au plus.", Accept: accepted},
		CanWithdraw: slices.Contains(d.Actions, requests.ActionWithdraw),
		CanClaim:    v.signedIn() && d.CitizenID == "", Guest: d.CitizenID == "" || !v.signedIn(),
	}
	if p.Guest {
		p.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Suivre une demande", URL: "/suivi"}, {Label: d.Number}}
	} else {
		p.Current = "/mon-espace"
		p.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Mon espace", URL: "/mon-espace"}, {Label: d.Number}}
	}
	for _, m := range d.Messages {
		p.Messages = append(p.Messages, letterBox{Mine: m.Incoming, Who: m.AuthorName, When: web.DateTime(m.CreatedAt.In(v.scope.Tenant.Zone())), Words: m.Body})
	}
	for _, f := range d.Documents {
		p.Files = append(p.Files, web.FileItem{Name: f.Name, Size: f.Size, URL: "/demandes/" + d.Number + "/documents/" + string(f.ID)})
	}
	for _, step := range d.Summary {
		p.Summary = append(p.Summary, part{Title: step.Title, List: web.SummaryOf(step, "")})
	}
	p.asked(d, at)
	p.appeal(d)
	p.problems(at)
	return p
}

// accepted are the files that a browser offers first.
const accepted = ".pdf,image/jpeg,image/png"

// asked shows what the town still waits for, piece by piece.
func (p *requestPage) asked(d requests.Detail, at requestState) {
	for _, n := range d.DocumentRequests {
		if !n.CompletedOn.IsZero() {
			continue
		}
		a := asked{Text: n.Text, Limit: n.LimitOn.French()}
		for _, item := range n.Items {
			f := web.File{Name: "fichier-" + string(item.ID), Label: "Envoyer\u00a0: " + item.Label, Accept: accepted}
			if at.item == string(item.ID) {
				f.Error = at.file
			}
			a.Items = append(a.Items, askedItem{ID: string(item.ID), Label: item.Label, Basis: item.LegalBasis, Indispensable: item.Indispensable, Received: item.Received, File: f})
		}
		p.Asked = append(p.Asked, a)
	}
}

// problems puts what was refused at the head of the page.
func (p *requestPage) problems(at requestState) {
	if at.problem != "" {
		p.Errors = append(p.Errors, web.ErrorLink{ID: p.Message.Name, Message: at.problem})
	}
	if at.file != "" {
		id := p.File.Name
		if at.item != "" {
			id += "-" + at.item
		} else {
			p.File.Error = at.file
		}
		p.Errors = append(p.Errors, web.ErrorLink{ID: id, Message: at.file})
	}
	if at.expired != nil {
		p.Errors = expiredNotice(p.Errors)
	}
}

// appeal says how a refusal is contested, and until when.
func (p *requestPage) appeal(d requests.Detail) {
	if d.Appeal.From.IsZero() {
		return
	}
	if d.Appeal.Opposable && !d.Appeal.LastDay.IsZero() {
		p.Appeal = append(p.Appeal, "Vous pouvez contester ce refus devant le tribunal administratif jusqu’au "+d.Appeal.LastDay.French()+". La marche à suivre est dans la lettre ou dans l’accusé de réception.")
	}
	p.Appeal = append(p.Appeal, d.Appeal.Warnings...)
}

// papers are what the town issued, to be read, printed and kept.
func papers(d requests.Detail) []web.Link {
	var out []web.Link
	base := "/demandes/" + d.Number
	for _, r := range d.Receipts {
		out = append(out, web.Link{Label: "Accusé de réception du " + r.IssuedOn.FrenchShort(), URL: base + "/accuse/" + string(r.ID)})
	}
	for _, x := range d.Decisions {
		if x.Letter != "" {
			out = append(out, web.Link{Label: "Lettre de réponse du " + x.DecidedOn.FrenchShort(), URL: base + "/reponse/" + string(x.ID)})
		}
	}
	if d.State == requests.StateImplicitAcceptance {
		out = append(out, web.Link{Label: "Attestation d’acceptation", URL: base + "/attestation"})
	}
	return out
}

// stateNotice says in plain words where the request stands, and what comes next.
func stateNotice(d requests.Detail, today calendar.Date) web.Notice {
	if d.State.Open() {
		return openNotice(d, today)
	}
	var last requests.Decision
	if len(d.Decisions) > 0 {
		last = d.Decisions[len(d.Decisions)-1]
	}
	letter := "La lettre de réponse est plus bas, à lire ou à imprimer."
	switch d.State {
	case requests.StateAccepted:
		return web.Notice{Tone: web.Success, Title: "Votre demande est acceptée", Text: "Décision du " + last.DecidedOn.French() + ". " + letter}
	case requests.StateRefused:
		return web.Notice{Tone: web.Danger, Title: "Votre demande est refusée", Text: "Décision du " + last.DecidedOn.French() + ". La lettre plus bas dit pourquoi, et comment contester."}
	case requests.StateAnswered:
		return web.Notice{Tone: web.Success, Title: "La mairie vous a répondu", Text: "Le " + last.DecidedOn.French() + ". " + letter}
	case requests.StateRegistered:
		return web.Notice{Tone: web.Success, Title: "Votre déclaration est enregistrée", Text: "Le " + last.DecidedOn.French() + ". Le récépissé est plus bas."}
	case requests.StateImplicitAcceptance:
		return web.Notice{Tone: web.Success, Title: "Votre demande est acceptée", Text: "La mairie n’a pas répondu dans le délai\u00a0: depuis le " + last.DecidedOn.French() + ", son silence vaut acceptation. Vous pouvez imprimer une attestation."}
	case requests.StateImplicitRejection:
		return web.Notice{Tone: web.Danger, Title: "Votre demande est considérée comme refusée", Text: "La mairie n’a pas répondu dans le délai\u00a0: depuis le " + last.DecidedOn.French() + ", son silence vaut rejet. Elle peut encore vous répondre, et vous pouvez lui demander ses raisons."}
	case requests.StateWithdrawn:
		return web.Notice{Tone: web.Info, Title: "Vous avez retiré votre demande", Text: "Elle ne sera pas étudiée. Vous pouvez en faire une autre."}
	default:
		return web.Notice{Tone: web.Info, Title: "Votre demande est classée", Text: "La mairie l’a close sans décision. La lettre dit pourquoi."}
	}
}

// openNotice says until when an answer is due, and what silence would mean.
func openNotice(d requests.Detail, today calendar.Date) web.Notice {
	n := web.Notice{Tone: web.Info, Title: "La mairie a bien reçu " + nounOf(catalogue.Kind(d.Kind)).your}
	if d.State == requests.StateReview {
		n.Title = "La mairie étudie " + nounOf(catalogue.Kind(d.Kind)).your
	}
	if d.State == requests.StateWaiting {
		return waitingNotice(d)
	}
	last := d.SilenceLastDay
	if !last.IsZero() && last.Before(today) {
		if d.Silence.Effect == calendar.Acceptance {
			return web.Notice{Tone: web.Success, Title: "Le délai est passé", Text: "La mairie n’a pas répondu avant le " + last.French() + "\u00a0: son silence vaut acceptation. L’attestation sera ici demain."}
		}
		return web.Notice{Tone: web.Danger, Title: "Le délai est passé", Text: "La mairie n’a pas répondu avant le " + last.French() + "\u00a0: son silence vaut rejet. Elle peut encore vous répondre."}
	}
	if !d.DueOn.IsZero() && d.DueOn != last {
		if d.DueOn.Before(today) {
			n.Items = append(n.Items, "La mairie pensait vous répondre le "+d.DueOn.French()+"\u00a0: elle a du retard. Vous pouvez la relancer par un message ou un appel.")
		} else {
			n.Items = append(n.Items, "Réponse prévue au plus tard le "+d.DueOn.French()+" ("+inDays(today, d.DueOn)+").")
		}
	}
	switch {
	case last.IsZero():
		n.Items = append(n.Items, d.Procedure.SilenceText())
	case d.Silence.Effect == calendar.Acceptance:
		n.Items = append(n.Items, "Sans réponse le "+last.French()+" au soir, votre demande sera acceptée ("+inDays(today, last)+"), si elle est complète.")
	case catalogue.Kind(d.Kind) == catalogue.KindReport:
		n.Items = append(n.Items, "Réponse au plus tard le "+last.French()+" ("+inDays(today, last)+"). Sans réponse ce jour-là, ce que vous demandez sera considéré comme refusé.")
	default:
		n.Items = append(n.Items, "Réponse au plus tard le "+last.French()+" ("+inDays(today, last)+"). Sans réponse ce jour-là, votre demande sera considérée comme refusée et vous pourrez contester ce refus.")
	}
	return n
}

func waitingNotice(d requests.Detail) web.Notice {
	n := web.Notice{Tone: web.Warning, Title: "La mairie attend des pièces de votre part"}
	for _, a := range d.DocumentRequests {
		if a.CompletedOn.IsZero() {
			n.Items = append(n.Items, "À envoyer au plus tard le "+a.LimitOn.French()+".")
		}
	}
	switch d.Silence.Effect {
	case calendar.Acceptance:
		n.Items = append(n.Items, "Le délai de réponse commencera le jour où toutes les pièces seront arrivées.")
	case calendar.Rejection:
		n.Items = append(n.Items, "Le délai de réponse est suspendu jusque-là.")
	}
	return n
}

// timeline writes the request's public history, the latest first.
func (s *Server) timeline(v *visit, d requests.Detail) web.Timeline {
	var out web.Timeline
	for _, e := range slices.Backward(d.History) {
		line, ok := eventLine(e.Kind, requests.ReadEvent(e), d)
		if !ok {
			continue
		}
		line.When = web.DateTime(e.At.In(v.scope.Tenant.Zone()))
		out = append(out, line)
	}
	return out
}

// eventLine words an event of the history.
func eventLine(kind string, e requests.EventData, d requests.Detail) (web.Event, bool) {
	k := nounOf(catalogue.Kind(d.Kind))
	switch kind {
	case "submitted":
		return web.Event{Title: "Vous avez envoyé " + k.your}, true
	case "receipt_issued":
		return web.Event{Title: "Accusé de réception émis", Law: "CRPA, article\u00a0L.112-11"}, true
	case "taken":
		return web.Event{Title: "Un agent a pris en charge " + k.your, Who: e.Agent}, true
	case "service_changed":
		return web.Event{Title: "Transmission au service " + e.Service}, true
	case "message_sent":
		return web.Event{Title: "La mairie vous a écrit"}, true
	case "message_received":
		return web.Event{Title: "Vous avez écrit à la mairie"}, true
	case "documents_asked":
		return web.Event{Title: "La mairie a demandé " + web.Plural(e.Count, "pièce", "pièces"), Text: "À envoyer au plus tard le " + e.LimitOn.French() + ".", Law: "CRPA, article\u00a0L.114-5"}, true
	case "document_added":
		return web.Event{Title: "Document ajouté", Text: e.Label}, true
	case "documents_completed":
		return web.Event{Title: "Toutes les pièces sont arrivées", Law: "CRPA, article\u00a0L.114-5"}, true
	case "deadline_moved":
		if e.To.IsZero() {
			return web.Event{Title: "Le délai de réponse attend vos pièces"}, true
		}
		return web.Event{Title: "Nouvelle date limite de réponse", Text: "Le " + e.To.French() + "."}, true
	case "decided":
		return web.Event{Title: "La mairie a répondu", Tone: web.Success}, true
	case "decision_notified":
		return web.Event{Title: "La réponse vous est parvenue", Text: "Le " + e.On.French() + "."}, true
	case "lapsed":
		if catalogue.Outcome(e.Outcome) == catalogue.OutcomeImplicitAcceptance || e.Outcome == string(catalogue.OutcomeAccept) {
			return web.Event{Title: "Le silence de la mairie vaut acceptation", Law: d.Procedure.Silence.Source, Tone: web.Success}, true
		}
		return web.Event{Title: "Le silence de la mairie vaut rejet", Law: d.Procedure.Silence.Source, Tone: web.Danger}, true
	case "withdrawn":
		return web.Event{Title: "Vous avez retiré " + k.your}, true
	default:
		return web.Event{}, false
	}
}

// document serves a document of the request, to be saved.
func (s *Server) document(v *visit) error {
	id, err := tenants.ParseID(v.r.PathValue("document"))
	if err != nil {
		return err
	}
	var doc store.Document
	err = s.read(v, func(ctx context.Context, tx *tenants.Tx) error {
		tx, number, err := s.holder(ctx, tx, v)
		if err != nil {
			return err
		}
		doc, err = requests.DocumentOf(ctx, tx, number, id)
		return err
	})
	if err != nil {
		return err
	}
	return web.ServeDocument(v.w, v.r, s.Files, v.scope.Tenant, doc)
}
