package agent

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/fold"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// tablePage shows a table, and takes in the file that replaces it.
type tablePage struct {
	web.Frame
	Name, Title, Changed string
	Self                 string
	Find                 web.Search
	Rows                 web.Table
	Pages                web.Pagination
	Uses                 []web.Link
	Replace              tableUpload
	History              web.Timeline
	Refused              string
}

var tableTemplate = web.MustParse[tablePage](web.Agent, pages, "table.html")

// rowsShown is how many rows of a table stand on a page.
const rowsShown = 100

func (s *Server) table(v visit) error { return s.showTable(v, tableSent{}, nil) }

func (s *Server) showTable(v visit, sent tableSent, refused error) error {
	name := v.r.PathValue("name")
	var t catalogue.Table
	var uses map[string][]catalogue.Use
	var history []tenants.RecordedEvent
	me, err := s.read(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) (err error) {
		if err := mayConfigure(tx.Actor()); err != nil {
			return err
		}
		if t, err = catalogue.TableByName(ctx, tx, name); err != nil {
			return err
		}
		if uses, err = catalogue.TableUses(ctx, tx); err != nil {
			return err
		}
		history, err = catalogue.TableHistory(ctx, tx, name)
		return err
	})
	if err != nil {
		return err
	}
	page := tablePage{
		Frame: s.frame(v, me, t.Title, proceduresPath), Name: t.Name, Title: t.Title, Changed: s.changed(v, t), Self: tablePath + "/" + t.Name, Uses: procedureLinks(uses[t.Name]),
	}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Démarches", URL: proceduresPath}, {Label: "Tables de référence", URL: tablesPath}, {Label: t.Title}}
	page.rows(t, v.r)
	if sent.title == "" {
		sent.title = t.Title
	}
	upload := refused
	if fault.Is(refused, "table_used") {
		upload, page.Refused = nil, sentence(refused)
	}
	page.Replace = sent.form(page.Frame, page.Self, "Voir avant de remplacer", upload)
	page.Errors = page.Replace.errors()
	for _, e := range slices.Backward(history) {
		page.History = append(page.History, web.Event{When: web.DateTime(e.At.In(v.scope.Tenant.Zone())), Title: tableEvents[e.Kind], Who: e.ActorName})
	}
	return tableTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

var tableEvents = map[string]string{"table_replaced": "Table importée", "table_deleted": "Table supprimée"}

// rows shows a page of the rows that hold the words that are looked for.
func (p *tablePage) rows(t catalogue.Table, r *http.Request) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	p.Find = web.Search{Action: p.Self, Label: "Chercher dans la table", Value: q}
	found := t.Content.Rows
	if words := fold.Words(q); words != "" {
		found = nil
		for _, row := range t.Content.Rows {
			if strings.Contains(fold.Words(strings.Join(row, " ")), words) {
				found = append(found, row)
			}
		}
	}
	from, err := strconv.Atoi(r.URL.Query().Get("depuis"))
	if err != nil || from < 0 || from >= len(found) {
		from = 0
	}
	to := min(from+rowsShown, len(found))
	p.Rows = rowsOf(&forms.Table{Columns: t.Content.Columns, Rows: found[from:to]}, "Lignes de la table")
	p.Rows.Empty = "Aucune ligne ne contient ces mots."
	if len(found) > rowsShown {
		p.Pages.Summary = web.Number(from+1) + " à " + web.Number(to) + " sur " + web.Number(len(found))
		link := func(at int) string { return p.Self + "?" + url.Values{"q": {q}, "depuis": {strconv.Itoa(at)}}.Encode() }
		if from > 0 {
			p.Pages.Previous = link(max(from-rowsShown, 0))
		}
		if to < len(found) {
			p.Pages.Next = link(to)
		}
	}
}

func rowsOf(t *forms.Table, caption string) web.Table {
	out := web.Table{Caption: caption}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, web.Column{Label: c})
	}
	for _, row := range t.Rows {
		cells := make([]web.Cell, len(row))
		for i, text := range row {
			cells[i].Text = text
		}
		out.Rows = append(out.Rows, web.Row{Cells: cells})
	}
	return out
}

// changeTable takes in the file that replaces a table, or deletes the table.
func (s *Server) changeTable(v visit) error {
	name := v.r.PathValue("name")
	if v.r.URL.Query().Has("supprimer") {
		_, err := s.UI.Form(v.w, v.r)
		if err == nil {
			_, err = s.write(v, func(ctx context.Context, tx *tenants.Tx, _ web.Visitor) error {
				return catalogue.DeleteTable(ctx, tx, name)
			})
		}
		switch {
		case fault.Is(err, "table_used"):
			return s.showTable(v, tableSent{}, err)
		case err != nil:
			return err
		}
		return s.done(v, "La table est supprimée. Les demandes déjà reçues gardent leurs réponses.", tablesPath)
	}
	sent, _, err := s.receiveTable(v, name)
	switch {
	case err != nil && (web.ComesBack(err) || fault.Of(err).Kind == fault.TooLarge):
		return s.showTable(v, sent, err)
	case err != nil:
		return err
	}
	return s.toPreview(v, sent, name)
}
