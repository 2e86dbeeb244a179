package citizen

import (
	"context"
	"net/http"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// publishedPage lists the requests that silence would accept and that third parties may
// contest (CRPA L.232-2).
type publishedPage struct {
	web.Frame
	Table web.Table
}

const publishedPath = "/demandes-publiees"

var publishedTemplate = web.MustParse[publishedPage](web.Citizen, files, "published.html")

func (s *Server) published(v *visit) error {
	var list []requests.Published
	err := s.read(v, func(ctx context.Context, tx *tenants.Tx) (err error) {
		list, err = requests.ListPublished(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	page := publishedPage{Frame: s.frame(v, "Demandes publiées", "/"), Table: web.Table{
		Caption: "Demandes en cours d’examen, et acceptées par le silence depuis moins de deux mois", Empty: "Aucune demande n’est à publier en ce moment.",
		Columns: []web.Column{{Label: "Numéro", Whole: true}, {Label: "Demande"}, {Label: "Où, quoi"}, {Label: "Reçue le", Whole: true}, {Label: "Réputée acceptée le"}},
	}}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Accueil", URL: "/"}, {Label: "Demandes publiées"}}
	for _, r := range list {
		deemed := "pas de date\u00a0: des pièces sont attendues"
		switch {
		case r.Accepted:
			deemed = "acceptée par le silence le " + r.DeemedOn.FrenchShort()
		case !r.DeemedOn.IsZero():
			deemed = r.DeemedOn.FrenchShort()
		}
		page.Table.Rows = append(page.Table.Rows, web.Row{Cells: []web.Cell{
			{Text: r.Number}, {Text: r.Title}, {Text: strings.Join(r.Said, ", ")}, {Text: r.ReceivedOn.FrenchShort()}, {Text: deemed},
		}})
	}
	return publishedTemplate.Render(v.w, v.r, http.StatusOK, page)
}
