package hub

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type requestsPage struct {
	web.Frame
	Commune   web.Input
	Procedure web.Select
	State     web.Select
	Late      web.Checkbox
	Filtered  bool
	Table     web.Table
	Pages     web.Pagination
	CSV       string
}

var requestsTemplate = web.MustParse[requestsPage](web.Hub, files, "requests.html")

const requestsPath = "/demandes"

// procedureTitles are those of the library; a commune's own procedure goes by its
// short name.
func procedureTitles() map[string]string {
	titles := map[string]string{}
	for _, p := range catalogue.Models() {
		titles[p.Slug] = p.Title
	}
	return titles
}

func requestFilter(hub int64, q url.Values, today calendar.Date) tenants.RequestFilter {
	return tenants.RequestFilter{
		Hub: hub, Commune: q.Get("commune"), Procedure: q.Get("demarche"), State: q.Get("etat"), Late: q.Get("retard") != "",
		Today: today, After: q.Get("apres"),
	}
}

// requests lists the requests of every commune, from the projection: no person is in it.
func (s *Server) requests(v visit) error {
	q := v.r.URL.Query()
	f := requestFilter(v.scope.Hub.ID, q, s.today())
	list, err := s.Registry.Requests(v.r.Context(), f)
	if err != nil {
		return err
	}
	titles := procedureTitles()
	page := requestsPage{
		Frame:     s.frame(v, "Demandes", requestsPath),
		Commune:   web.Input{Name: "commune", Label: "Commune\u00a0: nom ou code Insee", Value: q.Get("commune"), MaxLength: 80},
		Procedure: web.Select{Name: "demarche", Label: "Démarche", Items: []web.Choice{{Label: "Toutes"}}},
		State:     web.Select{Name: "etat", Label: "Statut", Items: []web.Choice{{Label: "Tous"}}},
		Late:      web.Checkbox{Name: "retard", Label: "En retard seulement", Checked: f.Late},
		Filtered:  with(requestsPath, q, "", "") != requestsPath, CSV: with(requestsPath+".csv", q, "", ""),
		Table: web.Table{
			Caption: "Demandes des communes, les plus récentes d’abord", Empty: "Aucune demande ne correspond.",
			Columns: []web.Column{{Label: "Commune"}, {Label: "Numéro", Whole: true}, {Label: "Démarche"}, {Label: "Statut"}, {Label: "Reçue le"}, {Label: "Échéance"}, {Label: "Close le"}},
		},
	}
	page.Wide = true
	for _, p := range catalogue.Models() {
		page.Procedure.Items = append(page.Procedure.Items, web.Choice{Value: p.Slug, Label: p.Title, Checked: p.Slug == f.Procedure})
	}
	for _, state := range requests.States() {
		page.State.Items = append(page.State.Items, web.Choice{Value: string(state), Label: state.Label(), Checked: string(state) == f.State})
	}
	for _, l := range list.Lines {
		page.Table.Rows = append(page.Table.Rows, web.Row{Cells: []web.Cell{
			{Text: l.Commune, URL: "/communes/" + l.INSEE}, {Text: l.Number}, {Text: titleOf(titles, l.Procedure)}, {Text: requests.State(l.State).Label()},
			{Text: dayShort(l.ReceivedOn)}, {Text: dayShort(l.DueOn), Late: l.ClosedOn.IsZero() && !l.DueOn.IsZero() && l.DueOn.Before(f.Today)}, {Text: dayShort(l.ClosedOn)},
		}})
	}
	if list.Next != "" {
		page.Pages.Next = following(requestsPath, q, list.Next)
	}
	if f.After != "" {
		page.Pages.Previous = with(requestsPath, q, "", "")
	}
	return requestsTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func titleOf(titles map[string]string, slug string) string {
	if t := titles[slug]; t != "" {
		return t
	}
	return slug
}

func dayShort(d calendar.Date) string {
	if d.IsZero() {
		return "—"
	}
	return strings.ReplaceAll(d.FrenchShort(), " ", "\u00a0")
}

func (s *Server) requestsCSV(v visit) error {
	f := requestFilter(v.scope.Hub.ID, v.r.URL.Query(), s.today())
	f.After, f.Limit = "", exportLimit
	list, err := s.Registry.Requests(v.r.Context(), f)
	if err != nil {
		return err
	}
	out, err := web.CSV(v.w, "demandes-"+v.scope.Hub.Slug+".csv")
	if err != nil {
		return err
	}
	w := csv.NewWriter(out)
	w.Comma = ';'
	rows := [][]string{{"commune", "insee", "numero", "demarche", "statut", "recue_le", "echeance", "close_le"}}
	for _, l := range list.Lines {
		rows = append(rows, []string{l.Commune, l.INSEE, l.Number, l.Procedure, l.State, dateOrNone(l.ReceivedOn), dateOrNone(l.DueOn), dateOrNone(l.ClosedOn)})
	}
	return w.WriteAll(rows)
}
