package agent

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/statistics"
)

type statisticsPage struct {
	web.Frame
	From, To web.Input
	CSV      string
	Notice   *web.Notice
	Counted  string
	Figures  []figure
	Chart    *chart
	Months   web.Table
	ByType   web.Table
	ByWay    web.Table
	Delays   web.Table
	Opinions web.Table
	Title    string
}

// figure is one number with its name.
type figure struct {
	Name, Value, Note string
}

var statisticsTemplate = web.MustParse[statisticsPage](web.Agent, pages, "statistics.html")

const statisticsPath = "/agents/statistiques"

// period reads the months that are asked for; the last twelve by default.
func period(r *http.Request, today calendar.Date) (from, to calendar.Date) {
	to = calendar.NewDate(today.Year, today.Month, 1)
	from = to.AddMonths(-11)
	if d, err := calendar.ParseDate(r.URL.Query().Get("du") + "-01"); err == nil {
		from = d
	}
	if d, err := calendar.ParseDate(r.URL.Query().Get("au") + "-01"); err == nil {
		to = d
	}
	return from, to
}

// monthValue writes a month as inputs and addresses have it: 2026-11.
func monthValue(d calendar.Date) string { return d.String()[:7] }

func (s *Server) statistics(v visit) error {
	var report statistics.Report
	var experiences []statistics.Experience
	titles := map[string]string{}
	from, to := period(v.r, v.scope.Tenant.Territory().Today(s.Clock()))
	var refused error
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		var err error
		report, err = statistics.Read(ctx, tx, from, to)
		if refused = nil; web.ComesBack(err) {
			refused, err = err, nil
		}
		if err != nil {
			return err
		}
		if refused == nil {
			if experiences, err = statistics.Experiences(ctx, tx, from, to); err != nil {
				return err
			}
		}
		entries, err := catalogue.List(ctx, tx)
		for _, e := range entries {
			titles[e.Slug] = e.Procedure().Title
		}
		return err
	})
	if err != nil {
		return err
	}
	page := statisticsPage{
		Frame: s.frame(v, me, "Statistiques", statisticsPath),
		From:  web.Input{Name: "du", Label: "De", Type: "month", Value: monthValue(from), Hint: "AAAA-MM"},
		To:    web.Input{Name: "au", Label: "À", Type: "month", Value: monthValue(to), Hint: "AAAA-MM"},
		CSV:   statisticsPath + ".csv?du=" + monthValue(from) + "&au=" + monthValue(to),
	}
	page.Wide = true
	if refused != nil {
		page.From.Error = sentence(refused)
		page.Errors = web.ErrorSummary{{ID: "du", Message: sentence(refused)}}
		return statisticsTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
	}
	page.fill(report, titles)
	page.Opinions = opinionsTable(experiences, titles)
	return statisticsTemplate.Render(v.w, v.r, http.StatusOK, page)
}

func (p *statisticsPage) fill(r statistics.Report, titles map[string]string) {
	p.Counted = "Comptées le " + r.RefreshedOn.French() + ". Le compte est refait chaque nuit."
	if r.RefreshedOn.IsZero() {
		p.Counted = ""
		p.Notice = &web.Notice{Tone: web.Info, Text: "Les chiffres sont comptés chaque nuit. Les premiers seront là demain."}
	}
	p.Title = "De " + monthName(r.From) + " à " + monthName(r.To)
	t := r.Total
	p.Figures = []figure{
		{"Demandes reçues", web.Number(t.Received), ""},
		{"Répondues dans les temps", percent(t.ShareInTime()), "Sur " + web.Plural(t.Due, "réponse due", "réponses dues") + "\u00a0; un silence n’est jamais compté comme une réponse."},
		{"Délai moyen de réponse", days(t.MeanDays()), "Jours de calendrier, de la réception à la réponse."},
		{"Décisions nées du silence", web.Number(t.Silent), ""},
	}
	p.Chart = newChart(r.Months, p.Title)
	p.Months = figuresTable("Demandes par mois", "Mois", r.Months, monthLabel)
	p.ByType = figuresTable("Demandes par démarche", "Démarche", r.Procedures, func(slug string) string { return cmp.Or(titles[slug], slug) })
	p.ByWay = figuresTable("Demandes par canal", "Canal", r.Channels, func(c string) string { return channelLabels[c] })
	p.Delays = web.Table{Caption: "Délais de réponse", Columns: []web.Column{{Label: "Répondues en"}, {Label: "Demandes", Numeric: true}, {Label: "Part", Numeric: true}}}
	for _, x := range []struct {
		label string
		n     int
	}{{"5 jours ou moins", t.Within5}, {"15 jours ou moins", t.Within15}, {"30 jours ou moins", t.Within30}, {"60 jours ou moins", t.Within60}, {"Toutes les réponses", t.Answered}} {
		share := "—"
		if t.Answered > 0 {
			share = percent(100*float64(x.n)/float64(t.Answered), true)
		}
		p.Delays.Rows = append(p.Delays.Rows, web.Row{Cells: []web.Cell{{Text: x.label}, {Text: web.Number(x.n)}, {Text: share}}})
	}
}

func figuresTable(caption, first string, lines []statistics.Line, label func(string) string) web.Table {
	t := web.Table{Caption: caption, Empty: "Rien n’a été reçu dans cette période.", Columns: []web.Column{
		{Label: first}, {Label: "Reçues", Numeric: true}, {Label: "Terminées", Numeric: true}, {Label: "Délai moyen", Numeric: true}, {Label: "Dans les temps", Numeric: true},
	}}
	for _, l := range lines {
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{
			{Text: label(l.Key)}, {Text: web.Number(l.Received)}, {Text: web.Number(l.Closed)}, {Text: days(l.MeanDays())}, {Text: percent(l.ShareInTime())},
		}})
	}
	return t
}

// maxStops is how many questions are named at which a form was given up.
const maxStops = 3

// opinionsTable says what people think of each procedure, and where they give it up.
func opinionsTable(all []statistics.Experience, titles map[string]string) web.Table {
	t := web.Table{Caption: "Ce qu’en pensent les habitants", Empty: "Personne n’a encore commencé de démarche en ligne dans cette période.", Columns: []web.Column{
		{Label: "Démarche"}, {Label: "Avis", Numeric: true}, {Label: "Bien", Numeric: true}, {Label: "Moyen", Numeric: true}, {Label: "Mal", Numeric: true},
		{Label: "Abandons", Numeric: true}, {Label: "Où l’on s’arrête"},
	}}
	for _, e := range all {
		share := func(n int) string {
			return percent(100*float64(n)/float64(max(e.Ratings(), 1)), e.Ratings() >= statistics.FewestRatings)
		}
		count := web.Number(e.Ratings())
		if e.Ratings() > 0 && e.Ratings() < statistics.FewestRatings {
			count = "moins de " + web.Number(statistics.FewestRatings)
		}
		var stops []string
		for _, s := range e.Stops[:min(len(e.Stops), maxStops)] {
			stops = append(stops, s.Label+" ("+web.Number(s.Drafts)+")")
		}
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{
			{Text: cmp.Or(titles[e.ProcedureSlug], e.ProcedureSlug)}, {Text: count}, {Text: share(e.Good)}, {Text: share(e.Fair)}, {Text: share(e.Poor)}, {Text: percent(e.ShareGivenUp())}, {Text: cmp.Or(strings.Join(stops, " · "), "—")},
		}})
	}
	return t
}

func days(mean float64, ok bool) string {
	if !ok {
		return "—"
	}
	return strings.Replace(strconv.FormatFloat(mean, 'f', 1, 64), ".", ",", 1) + "\u00a0j"
}

func percent(share float64, ok bool) string {
	if !ok {
		return "—"
	}
	return strconv.FormatFloat(share, 'f', 0, 64) + "\u00a0%"
}

var monthNames = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

func monthName(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return monthNames[d.Month-1] + " " + strconv.Itoa(d.Year)
}

func monthLabel(key string) string {
	d, err := calendar.ParseDate(key + "-01")
	if err != nil {
		return key
	}
	return capital(monthName(d))
}

func (s *Server) statisticsCSV(v visit) error {
	from, to := period(v.r, v.scope.Tenant.Territory().Today(s.Clock()))
	var facts []statistics.Fact
	if _, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		facts, err = statistics.Facts(ctx, tx, from, to)
		return err
	}); err != nil {
		return err
	}
	w, err := web.CSV(v.w, "statistiques-"+v.scope.Tenant.Slug+"-"+monthValue(from)+"-"+monthValue(to)+".csv")
	if err != nil {
		return err
	}
	return statistics.WriteCSV(w, facts)
}
