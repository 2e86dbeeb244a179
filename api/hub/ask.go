package hub

import (
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
)

type asksPage struct {
	web.Frame
	Waiting web.Table
	Decided web.Table
}

type askPage struct {
	web.Frame
	Name   string
	Facts  web.SummaryList
	Status web.Status
	Action string
	Open   bool // it waits for an answer
	Reason web.Textarea
	Portal string
}

var (
	asksTemplate = web.MustParse[asksPage](web.Hub, files, "asks.html")
	askTemplate  = web.MustParse[askPage](web.Hub, files, "ask.html")
)

// askStates are the words for where a request stands.
var askStates = map[opening.State]web.Status{
	opening.Asked: {Tone: web.Warning, Label: "À décider"}, opening.Approved: {Tone: web.Info, Label: "Ouverture en cours"},
	opening.Opened: {Tone: web.Success, Label: "Ouverte"}, opening.Refused: {Tone: web.Danger, Label: "Refusée"},
	opening.Overtaken: {Tone: web.Neutral, Label: "Ouverte autrement"},
}

// asks lists the communes that ask to be opened with the hub.
func (s *Server) asks(v visit) error {
	waiting, err := s.Openings.Waiting(v.r.Context(), v.scope.Hub.ID)
	if err != nil {
		return err
	}
	decided, err := s.Openings.Decided(v.r.Context(), v.scope.Hub.ID)
	if err != nil {
		return err
	}
	page := asksPage{
		Frame:   s.frame(v, "Demandes d’ouverture", opening.OpeningsPath),
		Waiting: s.askTable("Demandes à décider", "Aucune demande n’attend de réponse. Les mairies de votre périmètre peuvent demander leur portail à l’adresse "+s.URL(s.Registry.BaseDomain())+opening.OpenPath+".", waiting),
		Decided: s.askTable("Demandes décidées depuis un mois", "Aucune demande n’a été décidée depuis un mois.", decided),
	}
	return asksTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (s *Server) askTable(caption, empty string, list []opening.Request) web.Table {
	table := web.Table{Caption: caption, Empty: empty, Columns: []web.Column{{Label: "Commune"}, {Label: "Demandée par"}, {Label: "Reçue le"}, {Label: "État"}}}
	for _, r := range list {
		status := askStates[r.State]
		table.Rows = append(table.Rows, web.Row{Cells: []web.Cell{
			{Text: r.Commune().Name, URL: opening.OpeningsPath + "/" + string(r.ID)}, {Text: r.Name()}, {Text: short(&r.CreatedAt)}, {Status: &status},
		}})
	}
	return table
}

func (s *Server) askOf(v visit) (opening.Request, error) {
	id, err := tenants.ParseID(v.r.PathValue("id"))
	if err != nil {
		return opening.Request{}, fault.New(fault.NotFound, "opening_unknown")
	}
	return s.Openings.OfHub(v.r.Context(), v.scope.Hub.ID, id)
}

func (s *Server) ask(v visit) error { return s.showAsk(v, "", nil) }

func (s *Server) showAsk(v visit, reason string, refused error) error {
	r, err := s.askOf(v)
	if err != nil {
		return err
	}
	c := r.Commune()
	page := askPage{
		Frame: s.frame(v, c.Name, opening.OpeningsPath), Name: c.Name, Status: askStates[r.State], Action: opening.OpeningsPath + "/" + string(r.ID), Open: r.State == opening.Asked,
		Reason: web.Textarea{Name: "reason", Label: "Pourquoi vous refusez", Hint: "Seulement pour refuser\u00a0: la personne lira ces mots.", Value: reason, Rows: 3, MaxLength: 1000},
		Facts: web.SummaryList{
			{Key: "Commune", Value: c.Name + " (" + c.INSEE + "), " + web.Plural(c.Population, "habitant", "habitants")},
			{Key: "Demandée par", Value: r.Name()}, {Key: "Fonction", Value: opening.PositionLabel(r.Position)},
			{Key: "Courriel", Value: r.Email}, {Key: "Reçue le", Value: web.DateTime(r.CreatedAt.In(calendar.Territory{}.Zone()))},
		},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Demandes d’ouverture", URL: opening.OpeningsPath}, {Label: c.Name}}
	if r.Reason != "" {
		page.Facts = append(page.Facts, web.SummaryItem{Key: "Motif du refus", Value: r.Reason})
	}
	if t, err := s.Registry.ByINSEE(v.r.Context(), r.INSEE); err == nil {
		page.Portal = s.URL(s.Registry.HostOf(t))
	} else if !fault.Is(err, "not_found") {
		return err
	}
	code := http.StatusOK
	if refused != nil {
		code = http.StatusUnprocessableEntity
		page.Reason.Error = web.Sentence(refused)
		page.Errors = web.ErrorSummary{{ID: "reason", Message: web.Sentence(refused)}}
	}
	return askTemplate.Render(v.w, v.r, code, page)
}

// decide answers a request: yes opens the commune as one of the hub's, no says why.
func (s *Server) decide(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	r, err := s.askOf(v)
	if err != nil {
		return err
	}
	who := opening.Decider{Actor: v.admin.Actor(), HubID: v.scope.Hub.ID, Name: v.scope.Hub.Name}
	done := "La demande est refusée. La mairie en reçoit la raison par courriel."
	switch form.Get("action") {
	case "accepter":
		done = "La commune est en ligne. La personne qui l’a demandée reçoit son invitation."
		_, err = s.Openings.Approve(v.r.Context(), who, r.ID)
		if f := fault.Of(err); f != nil && f.Kind == fault.Unavailable {
			done, err = "Votre accord est enregistré. L’ouverture se termine d’elle-même dans quelques minutes.", nil
		}
	case "refuser":
		_, err = s.Openings.Refuse(v.r.Context(), who, r.ID, strings.ReplaceAll(form.Get("reason"), "\r\n", "\n"))
	default:
		return fault.New(fault.Invalid, "form_unreadable")
	}
	switch {
	case fault.Is(err, "opening_reason"):
		return s.showAsk(v, form.Get("reason"), err)
	case fault.Is(err, "opening_decided"), fault.Is(err, "tenant_exists"):
		s.UI.SetFlash(v.w, v.r, web.Info, web.Sentence(err))
	case err != nil:
		return err
	default:
		s.UI.SetFlash(v.w, v.r, web.Success, done)
	}
	web.Redirect(v.w, v.r, opening.OpeningsPath+"/"+string(r.ID))
	return nil
}
