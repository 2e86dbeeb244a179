package hub

import (
	"math"
	"slices"
	"strings"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
)

// movePage shows in which cell a commune lies, and takes it to another: one is chosen, then
// confirmed, then followed until it is there.
type movePage struct {
	web.Frame
	Action  string
	Here    web.SummaryList
	Cells   web.Table
	Choice  web.Choices // none: nothing may be chosen
	Why     string      // nothing may
	Confirm *moveConfirm
	Going   *web.Stepper
	Moves   web.Table
}

// moveConfirm is the move that waits for its confirmation.
type moveConfirm struct{ From, To, Name string }

var moveTemplate = web.MustParse[movePage](web.Hub, files, "move.html")

func movePath(t tenants.Tenant) string { return "/communes/" + t.INSEE + "/base" }

// cell shows the page; with a cell in its address, what there is to confirm.
func (s *Server) cell(v visit) error {
	t, err := s.ours(v)
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	if q.Has("etape") && q.Get("vers") == "" {
		return s.showMove(v, t, "", fault.New(fault.Invalid, "cell_missing"))
	}
	return s.showMove(v, t, q.Get("vers"), nil)
}

func (s *Server) showMove(v visit, t tenants.Tenant, to string, refused error) error {
	ctx := v.r.Context()
	cells, err := s.Operations.Destinations(ctx, v.admin.Actor(), t)
	if err != nil {
		return err
	}
	list, err := s.Operations.OfTenant(ctx, t.ID, lifeShown)
	if err != nil {
		return err
	}
	page := movePage{Frame: s.frame(v, "Base de données", "/"), Action: movePath(t), Cells: cellsTable(cells)}
	page.Breadcrumbs = web.Breadcrumbs{{Label: "Communes", URL: "/"}, {Label: t.Name, URL: "/communes/" + t.INSEE}, {Label: "Vie de la commune", URL: lifePath(t)}, {Label: "Base de données"}}
	if !v.admin.Actor().MayManage() {
		page.Why = web.Sentence(fault.New(fault.Forbidden, "hub_manager_only"))
	}
	for _, o := range list {
		if o.Open() && o.Kind != operations.Export {
			page.Why = web.Sentence(fault.New(fault.Conflict, "operation_pending"))
		}
		if o.Open() && o.Kind == operations.Move {
			steps := web.OperationSteps(o)
			page.Going = &steps
		}
	}
	list = slices.DeleteFunc(list, func(o operations.Operation) bool { return o.Kind != operations.Move })
	page.Moves = web.OperationsTable(list, t.Zone(), func(operations.Operation) string { return "" })
	page.Moves.Caption, page.Moves.Empty = "Changements de base", "La commune n’a pas encore changé de base."
	for _, c := range cells {
		switch {
		case c.Name == t.Cell:
			page.Here = web.SummaryList{{Key: "Base actuelle", Value: web.CellName(c.Name)}, {Key: "Charge", Value: loadOf(c.Cell)}}
			if c.Draining {
				page.Here = append(page.Here, web.SummaryItem{Key: "À savoir", Value: "L’exploitant vide cette base\u00a0: la commune devra la quitter."})
			}
		case page.Why == "" && c.Refused == "":
			page.Choice.Items = append(page.Choice.Items, web.Choice{Value: c.Name, Label: web.CellName(c.Name), Hint: "Charge\u00a0: " + loadOf(c.Cell), Checked: c.Name == to})
		}
	}
	if refused == nil && to != "" && page.Why == "" {
		if refused = chosen(cells, to); refused == nil {
			page.Confirm = &moveConfirm{From: web.CellName(t.Cell), To: to, Name: web.CellName(to)}
		}
	}
	if page.Why == "" && len(page.Choice.Items) == 0 {
		page.Why = "Aucune autre base ne peut recevoir la commune\u00a0: le tableau dit pourquoi. L’exploitant de la plateforme peut en ajouter une."
	}
	page.Choice.Name, page.Choice.Legend = "vers", "Nouvelle base"
	if refused != nil {
		page.Errors = web.ErrorSummary{{Message: web.Sentence(refused)}}
		if len(page.Choice.Items) > 0 && fault.Is(refused, "cell_missing") {
			page.Choice.Error, page.Errors[0].ID = web.Sentence(refused), page.Choice.Name
		}
	}
	return moveTemplate.Render(v.w, v.r, web.StatusOf(refused), page)
}

// chosen tells why a cell cannot be chosen, if it cannot.
func chosen(cells []operations.Destination, name string) error {
	for _, c := range cells {
		if c.Name == name && c.Refused != "" {
			return fault.New(fault.Conflict, c.Refused)
		}
		if c.Name == name {
			return nil
		}
	}
	return fault.New(fault.NotFound, "cell_unknown")
}

// move begins it. Managers of the hub alone: the domain says so.
func (s *Server) move(v visit) error {
	t, err := s.ours(v)
	if err != nil {
		return err
	}
	form, err := s.UI.Form(v.w, v.r)
	if err == nil {
		_, err = s.Operations.Move(v.r.Context(), v.admin.Actor(), t, strings.TrimSpace(form.Get("vers")))
	}
	if err != nil {
		if f := fault.Of(err); f.Kind == fault.Internal || f.Kind == fault.Unavailable || f.Code == "hub_manager_only" {
			return err
		}
		return s.showMove(v, t, "", err)
	}
	s.UI.SetFlash(v.w, v.r, web.Success, "Le changement de base commence dans quelques secondes.")
	web.Redirect(v.w, v.r, movePath(t))
	return nil
}

// cellsTable lists the cells, and says of each that is not offered why.
func cellsTable(cells []operations.Destination) web.Table {
	t := web.Table{Caption: "Bases de la plateforme", Columns: []web.Column{{Label: "Base"}, {Label: "Charge"}, {Label: "État"}, {Label: "Pourquoi"}}}
	for _, c := range cells {
		status, why := web.Status{Tone: web.Success, Label: "Ouverte"}, ""
		switch {
		case c.Refused == "tenant_in_cell":
			status = web.Status{Tone: web.Info, Label: "Base actuelle"}
		case c.Refused != "":
			status, why = web.Status{Tone: web.Neutral, Label: "Fermée"}, web.Sentence(fault.New(fault.Conflict, c.Refused))
		case !c.Roomy():
			status, why = web.Status{Tone: web.Warning, Label: "Ouverte"}, "Au-dessus de sa charge prévue, comme toutes les autres."
		}
		t.Rows = append(t.Rows, web.Row{Cells: []web.Cell{{Text: web.CellName(c.Name)}, {Text: loadOf(c.Cell)}, {Status: &status}, {Text: why}}})
	}
	return t
}

// loadOf says how full a cell is: against what it is meant for, its soft limit.
func loadOf(c tenants.Cell) string {
	return web.Number(int(math.Round(100*c.Load()))) + "\u00a0% (" + web.Plural(c.Tenants, "commune", "communes") + ", " + web.Number(c.Soft) + " prévues)"
}
