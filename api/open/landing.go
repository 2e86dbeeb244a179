package open

import (
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/opening"
)

type landingPage struct {
	web.Frame
	Search  web.Search
	Found   *web.Choices // nil: nothing was looked for, or nothing found
	Nothing bool
	More    bool // there are more than are shown
	Facts   web.Facts
}

var landingTemplate = web.MustParse[landingPage](web.Citizen, files, "landing.html")

// shown is how many communes a search shows; maxSearch how long one may be, in letters.
const (
	shown     = 10
	maxSearch = 100
)

func (s *Server) landing(v visit) error {
	query := v.r.URL.Query()
	if insee := query.Get("insee"); insee != "" {
		c, err := communes.ByINSEE(insee)
		if err != nil {
			return err
		}
		web.Redirect(v.w, v.r, placePath(c.INSEE))
		return nil
	}
	q := []rune(strings.TrimSpace(query.Get("q")))
	q = q[:min(len(q), maxSearch)]
	page := landingPage{
		Frame:  s.frame(v, "Ouvrir le portail de ma commune", opening.OpenPath),
		Search: web.Search{Action: opening.OpenPath, Label: "Votre commune\u00a0: son nom, ou son code postal", Value: string(q)},
		Facts: web.Facts{
			{Icon: "clock", Text: "Une minute pour ouvrir"}, {Icon: "calendar-days", Text: "Essai de 60 jours"},
			{Icon: "euro", Text: "Sans engagement, sans carte bancaire"},
		},
	}
	page.Description = "Ouvrez en une minute le portail de démarches en ligne de votre commune. Essai de 60 jours, sans engagement."
	if len(q) > 0 {
		if err := slow(s.searches, v.r); err != nil {
			return err
		}
		if err := s.find(v, string(q), &page); err != nil {
			return err
		}
	}
	if query.Get("choix") != "" { // sent without a choice
		page.choose()
		return landingTemplate.Render(v.w, v.r, http.StatusUnprocessableEntity, page)
	}
	return landingTemplate.Render(v.w, v.r, http.StatusOK, page)
}

// choose says that a commune is to be chosen, or looked for where none is shown.
func (p *landingPage) choose() {
	link := web.ErrorLink{ID: "q", Message: "Cherchez votre commune par son nom ou son code postal."}
	if p.Found != nil {
		link = web.ErrorLink{ID: p.Found.Name, Message: "Choisissez votre commune dans la liste."}
		p.Found.Error = link.Message
	}
	p.Errors = web.ErrorSummary{link}
}

// find lists the communes that answer a search, with what tells namesakes apart.
func (s *Server) find(v visit, q string, page *landingPage) error {
	list := communes.Search(q, shown+1)
	page.Nothing, page.More = len(list) == 0, len(list) > shown
	if page.Nothing {
		return nil
	}
	page.Found = &web.Choices{Name: "insee", Legend: "Laquelle est la vôtre\u00a0?"}
	for i, c := range list[:min(shown, len(list))] {
		hint := web.Plural(c.Population, "habitant", "habitants")
		if epci, err := communes.EPCIBySIREN(c.EPCI); err == nil {
			hint += " · " + epci.Name
		}
		_, err := s.Registry.ByINSEE(v.r.Context(), c.INSEE)
		switch {
		case err == nil:
			hint += " · a déjà son portail"
		case !fault.Is(err, "not_found"):
			return err
		}
		page.Found.Items = append(page.Found.Items, web.Choice{
			Value: c.INSEE, Label: c.Name + ", " + opening.DepartmentName(c.Department) + " (" + c.Department + ")", Hint: hint, Checked: i == 0 && len(list) == 1,
		})
	}
	return nil
}
