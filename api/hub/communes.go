package hub

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

type communesPage struct {
	web.Frame
	Totals     web.Facts
	Orders     web.Tabs
	Name       web.Input
	Department web.Input
	State      web.Select
	Cell       web.Select
	Only       web.Choices
	Order      string
	Filtered   bool
	Table      web.Table
	Pages      web.Pagination
	CSV        string
}

var communesTemplate = web.MustParse[communesPage](web.Hub, files, "communes.html")

// orders are the ways in which the list may be read.
var orders = []struct {
	order tenants.CommuneOrder
	label string
}{
	{tenants.ByName, "Par nom"}, {tenants.ByLate, "En retard d’abord"}, {tenants.ByOpen, "Les plus demandées d’abord"}, {tenants.ByAsleep, "Sans activité d’abord"},
}

// stateLabels are the states of a commune, as the list says them.
var stateLabels = map[tenants.TenantState]web.Status{
	tenants.StateOpening: {Tone: web.Info, Label: "En ouverture"}, tenants.StateLive: {Tone: web.Success, Label: "En ligne"},
	tenants.StateSuspended: {Tone: web.Warning, Label: "Suspendue"},
}

func stateOf(s tenants.TenantState) *web.Status {
	if l, ok := stateLabels[s]; ok {
		return &l
	}
	return &web.Status{Tone: web.Neutral, Label: string(s)}
}

// What the boxes of the filter ask for.
const (
	onlyLate   = "retard"
	onlyUnsent = "courriels"
	onlyBehind = "version"
)

// filterOf reads what the address asks for.
func filterOf(hub int64, q url.Values) tenants.CommuneFilter {
	f := tenants.CommuneFilter{
		Hub: hub, Name: strings.TrimSpace(q.Get("nom")), Department: strings.ToUpper(strings.TrimSpace(q.Get("departement"))), State: tenants.TenantState(q.Get("etat")),
		Cell: q.Get("cellule"), Order: tenants.CommuneOrder(q.Get("ordre")), After: q.Get("apres"),
	}
	for _, only := range q["seulement"] {
		switch only {
		case onlyLate:
			f.Late = true
		case onlyUnsent:
			f.Unsent = true
		case onlyBehind:
			f.Behind = migrations.Tenant.Version()
		}
	}
	return f
}

// with gives an address of this list with one parameter changed; pages begin anew.
func with(path string, q url.Values, key, value string) string {
	next := url.Values{}
	for k, v := range q {
		if k != "apres" && k != key && v[0] != "" {
			next[k] = v
		}
	}
	if value != "" {
		next.Set(key, value)
	}
	if len(next) == 0 {
		return path
	}
	return path + "?" + next.Encode()
}

func (s *Server) communes(v visit) error {
	q := v.r.URL.Query()
	f := filterOf(v.scope.Hub.ID, q)
	list, err := s.Registry.Communes(v.r.Context(), f)
	if err != nil {
		return err
	}
	totals, err := s.Registry.CommuneTotals(v.r.Context(), f.Hub)
	if err != nil {
		return err
	}
	cells, err := s.Registry.Cells().List(v.r.Context())
	if err != nil {
		return err
	}
	page := communesPage{
		Frame: s.frame(v, "Communes", "/"), Order: string(f.Order), CSV: with("/communes.csv", q, "", ""),
		Name:       web.Input{Name: "nom", Label: "Nom ou code Insee", Value: f.Name, MaxLength: 80},
		Department: web.Input{Name: "departement", Label: "Département", Value: f.Department, MaxLength: 3, Width: "short"},
		State:      web.Select{Name: "etat", Label: "État", Items: []web.Choice{{Label: "Tous"}}},
		Cell:       web.Select{Name: "cellule", Label: "Base", Items: []web.Choice{{Label: "Toutes"}}},
		Only: web.Choices{Name: "seulement", Legend: "Seulement", Inline: true, Items: []web.Choice{
			{Value: onlyLate, Label: "en retard", Checked: f.Late}, {Value: onlyUnsent, Label: "courriels non remis", Checked: f.Unsent},
			{Value: onlyBehind, Label: "version ancienne", Checked: f.Behind > 0},
		}},
	}
	page.Wide = true
	page.Filtered = with("/", q, "ordre", "") != "/"
	for _, state := range []tenants.TenantState{tenants.StateOpening, tenants.StateLive, tenants.StateSuspended} {
		page.State.Items = append(page.State.Items, web.Choice{Value: string(state), Label: stateLabels[state].Label, Checked: state == f.State})
	}
	for _, c := range cells {
		page.Cell.Items = append(page.Cell.Items, web.Choice{Value: c.Name, Label: c.Name, Checked: c.Name == f.Cell})
	}
	page.Orders = web.Tabs{Label: "Ordre de la liste"}
	for _, o := range orders {
		page.Orders.Items = append(page.Orders.Items, web.Tab{Label: o.label, URL: with("/", q, "ordre", string(o.order)), Count: -1, Current: o.order == f.Order})
	}
	page.Table = table(list.Lines, page.Filtered)
	page.Totals = web.Facts{
		{Icon: "building-2", Text: web.Plural(totals.Communes, "commune", "communes")},
		{Icon: "inbox", Text: web.Plural(totals.Open, "demande en cours", "demandes en cours")},
		{Icon: "calendar-days", Text: web.Number(totals.DueSoon) + " à répondre sous 7 jours"},
		{Icon: "circle-alert", Text: web.Number(totals.Late) + " en retard"},
	}
	if list.Next != "" {
		page.Pages.Next = following("/", q, list.Next)
	}
	if f.After != "" {
		page.Pages.Previous = with("/", q, "", "")
	}
	return communesTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// following is the address of the next page.
func following(path string, q url.Values, next string) string {
	address := with(path, q, "", "")
	if strings.Contains(address, "?") {
		return address + "&apres=" + url.QueryEscape(next)
	}
	return address + "?apres=" + url.QueryEscape(next)
}

func table(lines []tenants.CommuneLine, filtered bool) web.Table {
	t := web.Table{
		Caption: "Communes et leurs demandes",
		Columns: []web.Column{
			{Label: "Commune"}, {Label: "En retard", Numeric: true}, {Label: "Sous 7 jours", Numeric: true}, {Label: "En cours", Numeric: true},
			{Label: "Reçues cette année", Numeric: true}, {Label: "Dernière activité"}, {Label: "Courriels non remis", Numeric: true}, {Label: "État"},
			{Label: "Base"}, {Label: "Version", Numeric: true},
		},
		Empty: "Aucune commune n’est encore ouverte. Commencez par «\u00a0Ouvrir une commune\u00a0».",
	}
	if filtered {
		t.Empty = "Aucune commune ne correspond. Effacez un filtre."
	}
	for _, l := range lines {
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{
			{Text: l.Name, URL: "/communes/" + l.INSEE}, {Text: web.Number(l.Late), Late: l.Late > 0}, {Text: web.Number(l.DueSoon)}, {Text: web.Number(l.Open)},
			{Text: web.Number(l.Received)}, {Text: short(l.LastActivity)}, {Text: web.Number(l.MailFailures), Late: l.MailFailures > 0}, {Status: stateOf(l.State)},
			{Text: web.CellName(l.Cell)}, {Text: versionOf(l)},
		}})
	}
	return t
}

func versionOf(l tenants.CommuneLine) string {
	if l.Version == 0 {
		return "—"
	}
	return strconv.Itoa(l.Version)
}

// short writes the day of a moment, for a hub may span no two zones.
func short(at *time.Time) string {
	if at == nil {
		return "—"
	}
	return strings.ReplaceAll(calendar.On(*at, calendar.Territory{}.Zone()).FrenchShort(), " ", "\u00a0")
}

// exportLimit bounds what a spreadsheet is given at once: more than there are communes.
const exportLimit = 50_000

func (s *Server) communesCSV(v visit) error {
	f := filterOf(v.scope.Hub.ID, v.r.URL.Query())
	f.After, f.Limit = "", exportLimit
	list, err := s.Registry.Communes(v.r.Context(), f)
	if err != nil {
		return err
	}
	out, err := web.CSV(v.w, "communes-"+v.scope.Hub.Slug+".csv")
	if err != nil {
		return err
	}
	w := csv.NewWriter(out)
	w.Comma = ';'
	rows := [][]string{{"commune", "insee", "etat", "base", "version", "agents", "en_retard", "sous_7_jours", "en_cours", "recues_cette_annee", "derniere_demande", "derniere_activite", "courriels_non_remis", "releve"}}
	for _, l := range list.Lines {
		rows = append(rows, []string{
			l.Name, l.INSEE, string(l.State), l.Cell, strconv.Itoa(l.Version), strconv.Itoa(l.Agents), strconv.Itoa(l.Late), strconv.Itoa(l.DueSoon), strconv.Itoa(l.Open),
			strconv.Itoa(l.Received), dateOrNone(l.LastReceived), dayOrNone(l.LastActivity), strconv.Itoa(l.MailFailures), dayOrNone(l.RefreshedAt),
		})
	}
	return w.WriteAll(rows)
}

func dateOrNone(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func dayOrNone(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// today is the civil date in the capital: a hub may span no two zones.
func (s *Server) today() calendar.Date { return calendar.Territory{}.Today(s.Clock()) }
