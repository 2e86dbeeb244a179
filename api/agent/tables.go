package agent

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// tablesPage lists the tables that forms draw from, and takes in another.
type tablesPage struct {
	web.Frame
	List web.Table
	Add  tableUpload
}

// tableUpload is the form that takes a table's file, on the list's page and on a table's own.
type tableUpload struct {
	Page          web.Frame
	Action, Label string
	Title         web.Input
	File          web.File
	Faults        []string // what is to be corrected in the file that came
}

var tablesTemplate = web.MustParse[tablesPage](web.Agent, pages, "tables.html")

const (
	tablesPath = "/agents/demarches/tables"
	// tablePath is a table's own: below tablesPath a procedure might be meant.
	tablePath = "/agents/tables"
)

func (s *Server) tableRoutes() {
	s.handle("GET "+tablesPath, s.tables)
	s.handle("POST "+tablesPath, s.addTable)
	s.handle("GET "+tablePath+"/{name}", s.table)
	s.handle("POST "+tablePath+"/{name}", s.changeTable)
	s.handle("GET "+tablePath+"/{name}/table.csv", s.tableCSV)
	s.handle("GET "+tablePath+"/{name}/apercu", s.tablePreview)
	s.handle("POST "+tablePath+"/{name}/apercu", s.confirmTable)
}

func (s *Server) tables(v visit) error { return s.showTables(v, tableSent{}, nil) }

func (s *Server) showTables(v visit, sent tableSent, refused error) error {
	var list []catalogue.Table
	var uses map[string][]catalogue.Use
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if err := mayConfigure(tx.Actor()); err != nil {
			return err
		}
		if list, err = catalogue.Tables(ctx, tx); err != nil {
			return err
		}
		uses, err = catalogue.TableUses(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	page := tablesPage{
		Frame: s.frame(v, me, "Tables de référence", proceduresPath),
		List: web.Table{Caption: "Tables de la commune", Columns: []web.Column{{Label: "Table"}, {Label: "Lignes", Numeric: true}, {Label: "Démarches"}, {Label: "Modifiée"}},
			Empty: "Vous n’avez pas encore de table."},
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: "Tables de référence"}}
	for _, t := range list {
		used := "Aucune"
		if n := len(procedureLinks(uses[t.Name])); n > 0 {
			used = web.Number(n)
		}
		page.List.Rows = append(page.List.Rows, web.Row{Cells: []web.Cell{
			{Text: t.Title, URL: tablePath + "/" + t.Name}, {Text: web.Number(t.Size)}, {Text: used}, {Text: s.changed(v, t)},
		}})
	}
	page.Add = sent.form(page.Frame, tablesPath, "Voir avant d’ajouter", refused)
	page.Errors = page.Add.errors()
	return tablesTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// changed says who changed a table, and when.
func (s *Server) changed(v visit, t catalogue.Table) string {
	return web.DateTime(t.ChangedAt.In(v.scope.Tenant.Zone())) + ", " + t.ChangedBy
}

// procedureLinks names each procedure among uses once.
func procedureLinks(uses []catalogue.Use) []web.Link {
	var out []web.Link
	seen := map[string]bool{}
	for _, u := range uses {
		if !seen[u.Slug] {
			seen[u.Slug] = true
			out = append(out, web.Link{Label: u.Title, URL: proceduresPath + "/" + u.Slug})
		}
	}
	return out
}

// tableSent is a table's file as it was sent.
type tableSent struct {
	title  string
	file   catalogue.TableFile
	faults []catalogue.TableFault
}

// form shows what was sent again, with what is wrong with it.
func (t tableSent) form(page web.Frame, action, label string, refused error) tableUpload {
	out := tableUpload{
		Page: page, Action: action, Label: label,
		Title: web.Input{Name: "titre", Label: "Nom de la table", Hint: "Par exemple «\u00a0Rues\u00a0», «\u00a0Écoles\u00a0» ou «\u00a0Tarifs de la cantine\u00a0».", Value: t.title, MaxLength: 120},
		File: web.File{Name: "fichier", Label: "Le fichier CSV", Accept: ".csv,text/csv,text/plain",
			Hint: "Depuis un tableur\u00a0: «\u00a0Enregistrer sous\u00a0», «\u00a0CSV UTF-8\u00a0». Les noms des colonnes sont sur la première ligne. 5\u202f000\u00a0lignes et 1\u00a0Mo au plus."},
	}
	for _, f := range t.faults {
		said := f.Message + "."
		if f.Line > 0 {
			said = "Ligne\u00a0" + strconv.Itoa(f.Line) + "\u00a0: " + said
		}
		out.Faults = append(out.Faults, said)
	}
	switch {
	case fault.Is(refused, "table_title"):
		out.Title.Error = web.Sentence(refused)
	case refused != nil:
		out.File.Error = web.Sentence(refused)
	}
	return out
}

func (u tableUpload) errors() web.ErrorSummary {
	switch {
	case u.Title.Error != "":
		return web.ErrorSummary{{ID: u.Title.Name, Message: u.Title.Error}}
	case u.File.Error != "":
		return web.ErrorSummary{{ID: u.File.Name, Message: u.File.Error}}
	}
	return nil
}

func (s *Server) addTable(v visit) error {
	sent, name, err := s.receiveTable(v, "")
	switch {
	case err != nil && (web.ComesBack(err) || fault.Of(err).Kind == fault.TooLarge):
		return s.showTables(v, sent, err)
	case err != nil:
		return err
	}
	return s.toPreview(v, sent, name)
}

// toPreview leads to the file as it was read, and says how.
func (s *Server) toPreview(v visit, sent tableSent, name string) error {
	said := ""
	if sent.file.Latin {
		said = "Ce fichier est en Windows-1252, et nous l’avons converti\u00a0: vérifiez les accents. "
	}
	if n := sent.file.Skipped; n > 0 {
		said += "Nous avons passé " + web.Plural(n, "ligne vide", "lignes vides") + "."
	}
	if said != "" {
		s.UI.SetFlash(v.w, v.r, web.Info, strings.TrimSpace(said))
	}
	web.Redirect(v.w, v.r, tablePath+"/"+name+"/apercu")
	return nil
}

// receiveTable reads a table's file, and keeps it until it is confirmed: under its name, or under a new one. Who may is
// asked before a byte is read.
func (s *Server) receiveTable(v visit, name string) (tableSent, string, error) {
	var sent tableSent
	if _, err := s.read(v, func(_ context.Context, tx *tenants.Tx, _ web.Visitor) error { return mayConfigure(tx.Actor()) }); err != nil {
		return sent, "", err
	}
	var data []byte
	form, err := s.UI.Upload(v.w, v.r, func(p web.Part) (err error) {
		data, err = io.ReadAll(io.LimitReader(p, catalogue.MaxTableFile+1))
		return err
	})
	if form == nil {
		form = url.Values{}
	}
	sent.title = form.Get("titre")
	if err != nil {
		return sent, "", err
	}
	if len(data) == 0 {
		return sent, "", fault.New(fault.Invalid, "table_file_missing")
	}
	if sent.file, sent.faults = catalogue.ReadTable(data); len(sent.faults) > 0 {
		return sent, "", fault.New(fault.Invalid, "table_invalid")
	}
	_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		name, err = catalogue.PreviewTable(ctx, tx, name, sent.title, sent.file.Content)
		return err
	})
	return sent, name, err
}

// tableCSV gives a table as a file for a spreadsheet.
func (s *Server) tableCSV(v visit) error {
	var t catalogue.Table
	if _, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if err := mayConfigure(tx.Actor()); err != nil {
			return err
		}
		t, err = catalogue.TableByName(ctx, tx, v.r.PathValue("name"))
		return err
	}); err != nil {
		return err
	}
	text, err := t.CSV()
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+t.Name+`.csv"`)
	h.Set("Cache-Control", "no-store")
	v.w.WriteHeader(http.StatusOK)
	_, err = v.w.Write(text)
	return err
}
