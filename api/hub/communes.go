package hub

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/communes"
)

type communesPage struct {
	web.Frame
	Totals web.Facts
	Orders web.Tabs
	Table  web.Table
}

var communesTemplate = web.MustParse[communesPage](web.Hub, files, "communes.html")

// line is a commune of the list.
type line struct {
	tenants.Tenant
	tenants.TenantCounts
	population int
}

// orders are the ways in which the list may be read.
var orders = []struct {
	key, label string
	compare    func(a, b line) int
}{
	{"", "Par nom", func(a, b line) int { return cmp.Compare(a.Slug, b.Slug) }},
	{"retard", "En retard d’abord", func(a, b line) int { return cmp.Or(cmp.Compare(b.Late, a.Late), cmp.Compare(b.DueSoon, a.DueSoon)) }},
	{"ouvertes", "Les plus demandées d’abord", func(a, b line) int { return cmp.Compare(b.TenantCounts.Open, a.TenantCounts.Open) }},
}

func (s *Server) communes(v visit) error {
	list, err := s.Registry.TenantsOf(v.r.Context(), v.scope.Hub.ID)
	if err != nil {
		return err
	}
	counts, err := s.Registry.Overview(v.r.Context(), v.scope.Hub.ID, s.today())
	if err != nil {
		return err
	}
	lines := make([]line, 0, len(list))
	for _, t := range list {
		l := line{Tenant: t, TenantCounts: counts[t.ID]}
		if c, err := communes.ByINSEE(t.INSEE); err == nil {
			l.population = c.Population
		}
		lines = append(lines, l)
	}
	page := communesPage{Frame: s.frame(v, "Communes", "/"), Orders: web.Tabs{Label: "Ordre de la liste"}}
	page.Wide = true
	for i, o := range orders {
		current := v.r.URL.Query().Get("ordre") == o.key
		address := "/"
		if o.key != "" {
			address = "/?ordre=" + o.key
		}
		page.Orders.Items = append(page.Orders.Items, web.Tab{Label: o.label, URL: address, Count: -1, Current: current})
		if current {
			slices.SortStableFunc(lines, orders[i].compare)
		}
	}
	page.Table, page.Totals = s.table(lines)
	return communesTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (s *Server) table(lines []line) (web.Table, web.Facts) {
	table := web.Table{
		Caption: "Demandes de chaque commune",
		Columns: []web.Column{
			{Label: "Commune"}, {Label: "En retard", Numeric: true}, {Label: "Sous 7 jours", Numeric: true},
			{Label: "En cours", Numeric: true}, {Label: "Reçues cette année", Numeric: true},
			{Label: "Dernière demande"}, {Label: "Habitants", Numeric: true},
		},
		Empty: "Aucune commune n’est encore ouverte. Commencez par « Ouvrir une commune ».",
	}
	var open, soon, late int
	for _, l := range lines {
		open, soon, late = open+l.TenantCounts.Open, soon+l.DueSoon, late+l.Late
		last := "—"
		if !l.LastReceived.IsZero() {
			last = strings.ReplaceAll(l.LastReceived.FrenchShort(), " ", "\u00a0")
		}
		table.Rows = append(table.Rows, web.Row{Cells: []web.Cell{
			{Text: l.Name, URL: "/communes/" + l.INSEE}, {Text: web.Number(l.Late), Late: l.Late > 0}, {Text: web.Number(l.DueSoon)},
			{Text: web.Number(l.TenantCounts.Open)}, {Text: web.Number(l.Received)}, {Text: last}, {Text: web.Number(l.population)},
		}})
	}
	return table, web.Facts{
		{Icon: "building-2", Text: web.Plural(len(lines), "commune", "communes")},
		{Icon: "inbox", Text: web.Plural(open, "demande en cours", "demandes en cours")},
		{Icon: "calendar-days", Text: web.Number(soon) + " à répondre sous 7 jours"},
		{Icon: "circle-alert", Text: web.Number(late) + " en retard"},
	}
}

// today is the civil date in the capital: a hub may span no two zones.
func (s *Server) today() calendar.Date { return calendar.Territory{}.Today(s.Clock()) }
