package agent

import (
	"context"
	"net/http"
	"slices"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/inherit"
)

// libraryPage lists the ready procedures that the commune has not taken yet, as citizens
// look for them.
type libraryPage struct {
	web.Frame
	Action  string
	Hub     []shelved // what the commune's hub proposes beside
	HubName string
	Shelves []shelf
}

type shelf struct {
	Slug, Title string
	Models      []shelved
}

type shelved struct {
	Slug, Title, Summary, Service string
	Elsewhere                     bool // the law puts it on another site
	Doubts                        int
}

var libraryTemplate = web.MustParse[libraryPage](web.Agent, pages, "library.html")

const libraryPath = "/agents/demarches/bibliotheque"

func (s *Server) library(v visit) error {
	var entries []catalogue.Entry
	var proposed []inherit.Model
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if err := mayConfigure(tx.Actor()); err != nil {
			return err
		}
		if proposed, err = inherit.Proposed(ctx, tx); err != nil {
			return err
		}
		entries, err = catalogue.List(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	page := libraryPage{Frame: s.frame(v, me, "Bibliothèque de démarches", proceduresPath), Action: libraryPath}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: "Bibliothèque"}}
	taken := func(slug string) bool {
		return slices.ContainsFunc(entries, func(e catalogue.Entry) bool { return e.Slug == slug || e.Model == slug })
	}
	for _, m := range proposed {
		if p := m.Procedure; !taken(m.Slug) {
			page.HubName = m.Hub
			page.Hub = append(page.Hub, shelved{Slug: m.Slug, Title: p.Title, Summary: p.Summary, Service: p.Service, Elsewhere: p.Redirect != "", Doubts: len(p.ToVerify)})
		}
	}
	ours := func(slug string) bool {
		return slices.ContainsFunc(proposed, func(m inherit.Model) bool { return m.Slug == slug })
	}
	for _, l := range catalogue.LifeEvents() {
		on := shelf{Slug: l.Slug, Title: l.Title}
		for _, m := range catalogue.Models() {
			if m.LifeEvent == l.Slug && !taken(m.Slug) && !ours(m.Slug) {
				on.Models = append(on.Models, shelved{Slug: m.Slug, Title: m.Title, Summary: m.Summary, Service: m.Service, Elsewhere: m.Redirect != "", Doubts: len(m.ToVerify)})
			}
		}
		if len(on.Models) > 0 {
			page.Shelves = append(page.Shelves, on)
		}
	}
	return libraryTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// adopt puts a procedure of the library into the commune's catalogue, closed. One that is
// there already stays as it is.
func (s *Server) adopt(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	var p *catalogue.Procedure
	_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		p, err = inherit.Adopt(ctx, tx, form.Get("modele"))
		return err
	})
	if err != nil {
		return err
	}
	return s.done(v, "«\u00a0"+p.Title+"\u00a0» est dans vos démarches, fermée. Relisez-la, puis ouvrez-la aux habitants.", proceduresPath+"/"+p.Slug)
}
