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
	Text   string
	Limit  string
	Spared string // an outage fell on that day
	Items  []askedItem
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
	Hearing           *web.Notice // what was granted may be taken back
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
	Decision          *decisionWay // how the decision will come, while one can
	CanWithdraw       bool
	CanClaim          bool
	Guest             bool
	Problem           string
	Why               *whyBox
	Opinions          []opinion // while the holder can still say how they found the procedure
}

var requestTemplate = web.MustParse[requestPage](web.Citizen, files, "request.html")

func (s *Server) request(v *visit) error { return s.showRequest(v, requestState{}) }

// requestState is a form of the page that was sent and refused.
type requestState struct {
	message string // as typed
	problem string
	item    string // of the file that was refused
	file    string // why it was
	expired error
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
		State: stateNotice(d, today), Hearing: hearingNotice(d, today), Warnings: d.Warnings, Timeline: s.timeline(v, d), Papers: papers(d),
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
	p.Why = whyOf(d, today)
	if d.MayRate {
		p.Opinions = opinions
	}
	p.asked(d, at)
	p.decision(d)
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
		if !n.SparedUntil.IsZero() {
			a.Spared = "Une panne a touché ce jour-là (" + n.SparedFor + ")\u00a0: vos pièces sont acceptées jusqu’au " + n.SparedUntil.French() + "."
		}
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
	switch {
	case d.Procedure.PlanningReview():
		p.planningReview(d)
	case d.Appeal.From.IsZero() || d.State == requests.StateAccepted:
	default:
		if d.Appeal.Opposable && !d.Appeal.LastDay.IsZero() {
			p.Appeal = append(p.Appeal, "Vous pouvez contester ce refus "+appealBodies[d.Procedure.Route]+" jusqu’au "+d.Appeal.LastDay.French()+". La marche à suivre est dans la lettre ou dans l’accusé de réception.")
		}
		p.Appeal = append(p.Appeal, d.Appeal.Warnings...)
	}
}

// appealBodies name who is seized first of a refusal.
var appealBodies = map[catalogue.Route]string{
	catalogue.RouteCourt: "devant le tribunal administratif", catalogue.RoutePlanning: "devant le tribunal administratif",
	catalogue.RouteCADA: "devant la CADA, gratuitement,", catalogue.RoutePrefect: "devant le préfet, gratuitement,",
}

// planningReview says until when the decision of urban planning itself is taken to court: the
// answer to a recours gracieux changes nothing to that (C. urb. L.600-12-2).
func (p *requestPage) planningReview(d requests.Detail) {
	switch {
	case len(d.Appeal.Warnings) == 0: // nothing was refused
	case d.Appeal.LastDay.IsZero():
		p.Appeal = []string{"Le tribunal administratif se saisit dans les deux mois de la décision d’urbanisme elle-même, ou de son affichage pour un voisin\u00a0: votre recours gracieux n’a pas prolongé ce délai."}
	default:
		p.Appeal = []string{"Dernier jour pour saisir le tribunal administratif contre la décision d’urbanisme elle-même\u00a0: le " + d.Appeal.LastDay.French() + ", compté depuis la date que vous avez donnée. Votre recours gracieux n’a pas prolongé ce délai. La marche à suivre est dans l’accusé de réception."}
	}
}

// paperNames name receipts, before their day.
var paperNames = map[string]string{
	requests.AboutRequest: "Accusé de réception du ", requests.AboutRegistration: "Accusé d’enregistrement du ",
	requests.AboutDocument: "Accusé de réception d’un document, ", requests.AboutMessage: "Accusé de réception d’un message, ",
}

// papers are what the town issued, to be read, printed and kept.
func papers(d requests.Detail) []web.Link {
	var out []web.Link
	base := "/demandes/" + d.Number
	for _, r := range d.Receipts {
		what := paperNames[r.About()]
		out = append(out, web.Link{Label: what + r.IssuedOn.FrenchShort(), URL: base + "/accuse/" + string(r.ID)})
	}
	for _, x := range d.Decisions {
		if x.Letter != "" {
			label := "Lettre de réponse du " + x.DecidedOn.FrenchShort()
			if x.Delivery == requests.DeliveryPost {
				label += " (copie de la lettre envoyée par courrier)"
			}
			out = append(out, web.Link{Label: label, URL: base + "/reponse/" + string(x.ID)})
		}
	}
	for _, q := range d.Reasons {
		if q.Letter != "" {
			out = append(out, web.Link{Label: "Motifs de la décision, lettre du " + q.AnsweredOn.FrenchShort(), URL: base + "/motifs/" + string(q.ID)})
		}
	}
	if d.State == requests.StateImplicitAcceptance {
		out = append(out, web.Link{Label: "Attestation d’acceptation", URL: base + "/attestation"})
	}
	return out
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
