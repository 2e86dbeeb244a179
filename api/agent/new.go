package agent

import (
	"context"
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

type choosePage struct {
	web.Frame
	Search  web.Search
	Found   []web.Tile
	Nothing bool
	NoneYet bool
}

var chooseTemplate = web.MustParse[choosePage](web.Agent, pages, "choose.html")

const newPath = "/agents/nouvelle"

// choose lists the open procedures, for a request that comes by counter, telephone,
// letter or e-mail.
func (s *Server) choose(v visit) error {
	q := strings.TrimSpace(v.r.URL.Query().Get("q"))
	var found []catalogue.Entry
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		all, err := catalogue.List(ctx, tx)
		found = catalogue.Search(all, q)
		return err
	})
	if err != nil {
		return err
	}
	page := choosePage{
		Frame:  s.frame(v, me, "Nouvelle demande", newPath),
		Search: web.Search{Action: newPath, Label: "Que demande la personne\u00a0?", Value: q},
	}
	for _, e := range found {
		p := e.Procedure()
		if !e.Open || p.Form == nil {
			continue
		}
		page.Found = append(page.Found, web.Tile{Title: p.Title, Text: p.Summary, Meta: e.Service.Name, URL: newPath + "/" + e.Slug})
	}
	page.Nothing = len(page.Found) == 0 && q != ""
	page.NoneYet = len(page.Found) == 0 && q == ""
	return chooseTemplate.Render(v.w, v.r, http.StatusOK, page)
}
