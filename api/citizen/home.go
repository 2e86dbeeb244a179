package citizen

import (
	"net/http"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

type homePage struct {
	web.Frame
	Search web.Search
	Tiles  web.Tiles
	Agent  bool
}

var homeTemplate = web.MustParse[homePage](web.Citizen, files, "home.html")

func (s *Server) home(v *visit) error {
	if err := s.meet(v); err != nil {
		return err
	}
	page := homePage{
		Frame:  s.frame(v, "Vos démarches", "/"),
		Search: web.Search{Action: "/demarches", Label: "Chercher une démarche"},
		Agent:  v.agent,
	}
	page.Description = "Les démarches en ligne de la commune\u00a0: " + v.scope.Site.Name + ". Faites une demande, suivez-la, ou contactez la mairie."
	for _, l := range catalogue.LifeEvents() {
		count := 0
		for _, e := range v.scope.Open {
			if e.Procedure().LifeEvent == l.Slug {
				count++
			}
		}
		if count > 0 {
			page.Tiles = append(page.Tiles, web.Tile{
				Title: l.Title, Text: l.Summary, Icon: l.Icon, URL: "/demarches?theme=" + l.Slug, Meta: web.Plural(count, "démarche", "démarches"),
			})
		}
	}
	return homeTemplate.Render(v.w, v.r, http.StatusOK, page)
}
