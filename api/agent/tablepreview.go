package agent

import (
	"context"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// tablePreviewPage shows a file before it becomes a table.
type tablePreviewPage struct {
	web.Frame
	Title, Self    string
	Version        tenants.ID
	New            bool
	Size           int
	Added, Removed int
	Same           int
	Lacks          []string // what procedures in use would miss
	Rows           web.Table
	More           int // rows that are not shown
	Refused        string
}

var tablePreviewTemplate = web.MustParse[tablePreviewPage](web.Agent, pages, "tablepreview.html")

// previewRows is how many rows of a file are shown.
const previewRows = 20

func (s *Server) tablePreview(v visit) error { return s.showTablePreview(v, nil) }

func (s *Server) showTablePreview(v visit, refused error) error {
	name := v.r.PathValue("name")
	var p catalogue.TablePreview
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		p, err = catalogue.Preview(ctx, tx, name)
		return err
	})
	if fault.Is(err, "preview_unknown") {
		s.UI.SetFlash(v.w, v.r, web.Info, "Ce fichier n’attend plus\u00a0: il a été confirmé, abandonné, ou il attendait depuis plus d’un jour.")
		web.Redirect(v.w, v.r, tablesPath)
		return nil
	}
	if err != nil {
		return err
	}
	page := tablePreviewPage{
		Frame: s.frame(v, me, "Vérifier la table", proceduresPath), Title: p.Title, Self: tablePath + "/" + name + "/apercu", Version: p.Version, New: p.Now == nil,
		Size: p.Size, Added: p.Added, Removed: p.Removed, Same: p.Same, Refused: sentence(refused), More: max(p.Size-previewRows, 0),
		Rows: rowsOf(&forms.Table{Columns: p.Content.Columns, Rows: p.Content.Rows[:min(p.Size, previewRows)]}, "Premières lignes du fichier"),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: "Tables de référence", URL: tablesPath}, {Label: "Vérifier la table"}}
	for _, lack := range p.Lacks {
		page.Lacks = append(page.Lacks, lack.Message+".")
	}
	return tablePreviewTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// confirmTable makes the file the table, or throws it away.
func (s *Server) confirmTable(v visit) error {
	form, err := s.UI.Form(v.w, v.r)
	if err != nil {
		return err
	}
	name, drop := v.r.PathValue("name"), form.Get("action") == "abandonner"
	_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
		if drop {
			return catalogue.DropPreview(ctx, tx, name)
		}
		return catalogue.ReplaceTable(ctx, tx, name, tenants.ID(form.Get("version")))
	})
	switch {
	case fault.Is(err, "preview_unknown"), fault.Is(err, "preview_changed"), fault.Is(err, "table_columns_used"):
		return s.showTablePreview(v, err)
	case err != nil:
		return err
	case drop:
		return s.done(v, "Le fichier est abandonné. Rien n’a changé.", tablesPath)
	}
	return s.done(v, "La table est en place. Les formulaires proposent ses lignes dès maintenant\u00a0; les demandes déjà reçues ne changent pas.", tablePath+"/"+name)
}
