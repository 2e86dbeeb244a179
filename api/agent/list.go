package agent

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

type listPage struct {
	web.Frame
	Views     web.Tabs
	View      string // hidden in the filters
	Search    web.Input
	Service   web.Select
	State     web.Select
	Procedure web.Select
	Channel   web.Select
	Due       web.Input
	Filtered  string // where the filters are taken away; empty: none is set
	Notice    *web.Notice
	Attention []web.Notice // what must not be overlooked
	Summary   string
	Rows      []listRow
	Empty     string
	Pages     web.Pagination
	Panel     *panel
}

// listRow is one request of the list.
type listRow struct {
	Number, URL, Title, Applicant, Service, Agent string
	Status                                        web.Status
	Due                                           string
	DueTitle                                      string // said in full to screen readers
	Late                                          bool
	Current                                       bool
	Unread                                        int
}

var listTemplate = web.MustParse[listPage](web.Agent, pages, "list.html")

// pageRows is how many requests a page of the list holds (design: 75 KB, 395 nodes).
const pageRows = 20

// views are the tabs of the list.
var views = []struct {
	key, label string
	view       requests.View
	count      func(requests.Counts) int
}{
	{"", "À traiter", requests.ViewTodo, func(c requests.Counts) int { return c.Todo }},
	{"miens", "Mes dossiers", requests.ViewMine, func(c requests.Counts) int { return c.Mine }},
	{"attente", "En attente", requests.ViewWaiting, func(c requests.Counts) int { return c.Waiting }},
	{"retard", "En retard", requests.ViewLate, func(c requests.Counts) int { return c.Late }},
	{"terminees", "Terminées", requests.ViewClosed, func(requests.Counts) int { return -1 }},
}

// listQuery is what the address of the list says.
type listQuery struct {
	values url.Values
	filter requests.Filter
}

// listParameters are those of the address, in the order of the page.
var listParameters = []string{"vue", "q", "service", "etat", "demarche", "canal", "echeance", "suite", "demande"}

func readList(r *http.Request) listQuery {
	given, q := r.URL.Query(), listQuery{values: url.Values{}}
	for _, name := range listParameters {
		if v := given.Get(name); v != "" {
			q.values.Set(name, v)
		}
	}
	q.filter = requests.Filter{
		Q: q.values.Get("q"), Service: tenants.ID(q.values.Get("service")), State: requests.State(q.values.Get("etat")),
		Procedure: q.values.Get("demarche"), Channel: q.values.Get("canal"), Cursor: q.values.Get("suite"), Limit: pageRows, View: requests.ViewTodo,
	}
	for _, v := range views {
		if v.key != "" && v.key == q.values.Get("vue") {
			q.filter.View = v.view
		}
	}
	if due, err := calendar.ParseDate(q.values.Get("echeance")); err == nil {
		q.filter.DueBefore = due
	}
	return q
}

// with gives the address of the list with one thing changed, the page's place kept
// only where the rows stay the same.
func (q listQuery) with(name, value string) string {
	values := url.Values{}
	for k, v := range q.values {
		values[k] = v
	}
	if name != "demande" {
		values.Del("suite")
		values.Del("demande")
	}
	values.Set(name, value)
	if value == "" {
		values.Del(name)
	}
	return listURL(values)
}

func listURL(values url.Values) string {
	if len(values) == 0 {
		return home
	}
	return home + "?" + values.Encode()
}

// narrowed tells whether any filter is set.
func (q listQuery) narrowed() bool {
	for _, name := range []string{"q", "service", "etat", "demarche", "canal", "echeance"} {
		if q.values.Get(name) != "" {
			return true
		}
	}
	return false
}

// listed is what the list is made of.
type listed struct {
	page     requests.Page
	counts   requests.Counts
	services []tenants.Service
	entries  []catalogue.Entry
	detail   *requests.Detail
	today    calendar.Date

	attention requests.Attention
	toSign    int
	opinions  int
}

func (s *Server) list(v visit) error {
	q := readList(v.r)
	var found listed
	var refused error
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		found, refused = listed{today: tx.Today()}, nil
		var err error
		found.page, err = requests.List(ctx, tx, q.filter)
		if f := fault.Of(err); f != nil && f.Kind == fault.Invalid { // an old or broken address: the list itself
			refused, found.page = err, requests.Page{}
		} else if err != nil {
			return err
		}
		if found.counts, err = requests.ListCounts(ctx, tx); err != nil {
			return err
		}
		if found.services, err = tenants.Services(ctx, tx); err != nil {
			return err
		}
		if found.entries, err = catalogue.List(ctx, tx); err != nil {
			return err
		}
		if found.opinions, err = requests.CountOpinions(ctx, tx); err != nil {
			return err
		}
		if found.toSign, err = requests.CountToSign(ctx, tx); err != nil {
			return err
		}
		if found.attention, err = requests.NeedsAttention(ctx, tx); err != nil {
			return err
		}
		if number := q.values.Get("demande"); number != "" {
			d, err := requests.Get(ctx, tx, number)
			if err != nil {
				return err
			}
			found.detail = &d
		}
		return nil
	})
	if err != nil {
		return err
	}
	page := listPage{Frame: s.frame(v, me, "Demandes", home)}
	page.Wide = true
	page.Nav[0].Count = found.counts.Open()
	if refused != nil {
		page.Notice = &web.Notice{Tone: web.Warning, Text: "Ces filtres ne se lisent pas. Effacez-les, puis choisissez de nouveau.", Link: web.Link{Label: "Revenir à la liste", URL: home}}
	}
	page.Attention = attentionNotices(found.attention, found.today, v.scope.Tenant.Territory())
	page.fill(q, found)
	if found.detail != nil {
		p := s.panel(v, *found.detail, me.Agent.ID, found.today, q)
		p.Page = page.Frame
		page.Panel = &p
		page.Title = "Demande " + found.detail.Number
	}
	return listTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (p *listPage) fill(q listQuery, found listed) {
	p.tabs(q, found.counts)
	if found.opinions > 0 {
		p.Views.Items = append(p.Views.Items, web.Tab{Label: "Avis demandés", URL: opinionsPath, Count: found.opinions})
	}
	if found.toSign > 0 {
		p.Views.Items = append(p.Views.Items, web.Tab{Label: "À signer", URL: toSignPath, Count: found.toSign})
	}
	p.filters(q, found)
	rows := found.page.Items
	p.Summary = web.Plural(found.page.Total, "demande", "demandes")
	if found.page.More {
		p.Summary = web.Number(requests.CountCap) + "+ demandes"
	}
	if q.filter.View == requests.ViewClosed {
		p.Summary += ", la plus récente d’abord"
	} else {
		p.Summary += ", échéance la plus proche d’abord"
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, row(r, q, found.today))
	}
	if len(rows) == 0 {
		p.Empty = "Aucune demande ici. Tout est à jour."
		if q.narrowed() {
			p.Empty = "Aucune demande ne correspond à ces filtres."
		}
	}
	if found.page.Next != "" {
		p.Pages.Next = q.with("suite", found.page.Next)
	}
	if q.filter.Cursor != "" {
		p.Pages.Previous = q.with("suite", "")
	}
}

func row(r requests.Row, q listQuery, today calendar.Date) listRow {
	out := listRow{
		Number: r.Number, URL: q.with("demande", r.Number), Title: r.Title, Applicant: r.ApplicantName, Service: r.ServiceName, Agent: shortName(r.AgentName),
		Status: web.RequestStatus(string(r.State)), Due: shortDay(r.DueOn, today), Late: r.Late(today),
		Current: r.Number == q.values.Get("demande"), Unread: r.Unread,
	}
	if out.Applicant == "" {
		out.Applicant = "Anonyme"
	}
	if r.Waiting && r.DueOn.IsZero() {
		out.Due = "suspendue"
	}
	if !r.ClosedOn.IsZero() {
		out.Due = shortDay(r.ClosedOn, today)
	}
	return out
}

// shortName writes a name as lists have room for it: K. Petit.
func shortName(name string) string {
	given, family, ok := strings.Cut(name, " ")
	if !ok {
		return name
	}
	initial, _ := utf8.DecodeRuneInString(given)
	return string(initial) + ".\u00a0" + family
}

func (p *listPage) tabs(q listQuery, counts requests.Counts) {
	p.Views = web.Tabs{Label: "Vues de la liste"}
	for _, v := range views {
		p.Views.Items = append(p.Views.Items, web.Tab{
			Label: v.label, URL: q.with("vue", v.key), Count: v.count(counts), Current: q.filter.View == v.view,
		})
	}
	p.View = q.values.Get("vue")
}

func (p *listPage) filters(q listQuery, found listed) {
	p.Search = web.Input{Name: "q", Label: "Rechercher", Type: "search", Value: q.filter.Q, MaxLength: 100}
	p.Due = web.Input{Name: "echeance", Label: "Échéance avant le", Type: "date", Value: q.values.Get("echeance")}
	choose := func(name, label string) web.Select {
		return web.Select{Name: name, Label: label, Items: []web.Choice{{Label: "Tous"}}}
	}
	p.Service, p.State, p.Procedure, p.Channel = choose("service", "Service"), choose("etat", "Statut"), choose("demarche", "Démarche"), choose("canal", "Canal")
	p.Procedure.Items[0].Label = "Toutes"
	for _, x := range found.services {
		p.Service.Items = append(p.Service.Items, web.Choice{Value: string(x.ID), Label: x.Name, Checked: x.ID == q.filter.Service})
	}
	closed := q.filter.View == requests.ViewClosed
	for _, x := range requests.States() {
		if x.Open() != closed {
			p.State.Items = append(p.State.Items, web.Choice{Value: string(x), Label: x.Label(), Checked: x == q.filter.State})
		}
	}
	for _, x := range found.entries {
		p.Procedure.Items = append(p.Procedure.Items, web.Choice{Value: x.Slug, Label: x.Procedure().Title, Checked: x.Slug == q.filter.Procedure})
	}
	for _, x := range requests.Channels() {
		p.Channel.Items = append(p.Channel.Items, web.Choice{Value: x, Label: channelLabels[x], Checked: x == q.filter.Channel})
	}
	if q.narrowed() {
		values := url.Values{}
		if p.View != "" {
			values.Set("vue", p.View)
		}
		p.Filtered = listURL(values)
	}
}
