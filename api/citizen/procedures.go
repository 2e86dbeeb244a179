package citizen

import (
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

// group is the procedures of one event of life.
type group struct {
	Title string
	Tiles web.Tiles
}

type proceduresPage struct {
	web.Frame
	Heading string
	Search  web.Search
	Query   string
	Groups  []group
	Count   int
	Open    bool // the commune has open procedures
}

var proceduresTemplate = web.MustParse[proceduresPage](web.Citizen, files, "procedures.html")

// maxQuery is how many characters of a search count.
const maxQuery = 200

func (s *Server) procedures(v *visit) error {
	q := strings.TrimSpace(v.r.URL.Query().Get("q"))
	if r := []rune(q); len(r) > maxQuery {
		q = string(r[:maxQuery])
	}
	theme, themed := lifeEvent(v.r.URL.Query().Get("theme"))
	if err := s.meet(v); err != nil {
		return err
	}
	entries := v.scope.Open
	page := proceduresPage{
		Heading: "Toutes les démarches", Query: q, Open: len(entries) > 0,
		Search: web.Search{Action: "/demarches", Label: "Chercher une démarche", Value: q},
	}
	crumbs := web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Démarches"}}
	switch {
	case q != "":
		page.Heading = "Résultats de la recherche"
		found := catalogue.Search(entries, q)
		page.Count = len(found)
		page.Groups = []group{{Tiles: tiles(found)}}
	case themed:
		page.Heading = theme.Title
		crumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Démarches", URL: "/demarches"}, {Label: theme.Title}}
		page.Groups = byEvent(entries, theme.Slug)
		for i := range page.Groups {
			page.Groups[i].Title = ""
		}
	default:
		page.Groups = byEvent(entries, "")
	}
	page.Frame = s.frame(v, page.Heading, "/")
	page.Breadcrumbs = crumbs
	return proceduresTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// byEvent groups procedures by event of life; only keeps one group.
func byEvent(entries []catalogue.Entry, only string) []group {
	var out []group
	for _, l := range catalogue.LifeEvents() {
		var of []catalogue.Entry
		for _, e := range entries {
			if e.Procedure().LifeEvent == l.Slug && (only == "" || only == l.Slug) {
				of = append(of, e)
			}
		}
		if len(of) > 0 {
			out = append(out, group{l.Title, tiles(of)})
		}
	}
	return out
}

func tiles(entries []catalogue.Entry) web.Tiles {
	var out web.Tiles
	for _, e := range entries {
		p := e.Procedure()
		var meta []string
		for _, f := range facts(p) {
			meta = append(meta, f.Text)
		}
		out = append(out, web.Tile{Title: p.Title, Text: p.Summary, URL: "/demarches/" + e.Slug, Meta: strings.Join(meta, " · ")})
	}
	return out
}
