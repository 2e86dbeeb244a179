package hub_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/operations"
)

// limit changes a cell's limits.
func limit(t *testing.T, d *webtest.Deployment, cell string, soft, hard int) {
	t.Helper()
	if err := d.Registry.Cells().Limit(t.Context(), tenants.Cell{Name: cell, Soft: soft, Hard: hard}); err != nil {
		t.Fatal(err)
	}
}

func TestAHubMovesACommuneToAnotherCell(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithCells(4))
	// Not the deployment's own commune, whose role and password every test's deployment has.
	town, err := d.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{HubID: d.Hub.ID, INSEE: "31254"})
	if err != nil {
		t.Fatal(err)
	}
	limit(t, d, "cell-3", 0, 1)
	if err := d.Registry.Cells().Drain(t.Context(), "cell-4", true); err != nil {
		t.Fatal(err)
	}
	b, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	path := "/communes/" + town.INSEE + "/base"
	p := b.Get("/communes/"+town.INSEE+"/vie").Follow("Changer de base").Want(200, path)
	rows := strings.Join(p.Texts("table tr"), "|")
	for _, reason := range []string{"Base actuelle", "vide cette base", "au-dessus de sa charge"} {
		if !strings.Contains(rows, reason) {
			t.Errorf("no cell is %q: %s", reason, rows)
		}
	}
	if offered := p.All("[name=vers]"); len(offered) != 1 || !p.Has("[name=vers][value=cell-1]") {
		t.Errorf("%d cells are offered", len(offered))
	}

	// Nothing goes without being chosen, nor to a cell that is not offered.
	p.Form("form:has([name=vers])").Press("Continuer").Want(422, "")
	for _, cell := range []string{"cell-3", "cell-4", town.Cell} {
		if b.Get(path+"?etape=confirmer&vers="+cell).Want(409, "").Has("main [name=_csrf]") {
			t.Errorf("%s waits for a confirmation", cell)
		}
	}
	b.Get(path+"?etape=confirmer&vers=cell-9").Want(404, "")
	p = p.Form("form:has([name=vers])").Set("vers", "cell-1").Press("Continuer").Want(200, "")
	if list, err := d.Deps.Operations.OfTenant(t.Context(), town.ID, 9); err != nil || len(list) > 0 {
		t.Fatalf("before it is confirmed: %+v %v", list, err)
	}
	confirm := p.Form("main form:has([name=_csrf])")
	confirm.Break("vers", "cell-4").Press("Confirmer le changement de base").Want(409, "")
	p = p.Form("main form:has([name=_csrf])").Press("Confirmer le changement de base").Want(200, path)
	if !p.Has(".stepper") || p.Has("[name=vers]") {
		t.Error("the move does not show how far it is, or another one is offered")
	}

	carryOut(t, d)
	p = b.Get(path).Want(200, "")
	if cells := strings.Join(p.Texts("table td"), "|"); !strings.Contains(cells, "Terminé") || p.Has(".stepper") {
		t.Errorf("when it is over: %s", cells)
	}
	moved, err := d.Registry.ByID(t.Context(), town.ID)
	if err != nil || moved.Cell != "cell-1" || moved.Epoch != town.Epoch+1 {
		t.Errorf("the commune is at %+v, %v", moved, err)
	}
}

func TestWhoMayNotMoveACommune(t *testing.T) {
	t.Parallel()
	d := deploy(t, webtest.WithCells(2))
	path := "/communes/" + d.Tenant.INSEE + "/base"
	manager, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	for _, role := range []tenants.HubRole{tenants.HubKeeper, tenants.HubReader} {
		b, _ := d.HubAdmin(t, tenants.HubAdmin{Role: role})
		p := b.Get(path+"?etape=confirmer&vers=cell-2").Want(200, "")
		if p.Has("[name=vers]") {
			t.Errorf("a %s is offered it", role)
		}
		b.Post(path, url.Values{"_csrf": {p.Attr("[name=_csrf]", "value")}, "vers": {"cell-2"}}).Want(403, "")
	}
	// One at a time.
	if _, err := d.Deps.Operations.Suspend(t.Context(), tenants.System("test"), d.Tenant); err != nil {
		t.Fatal(err)
	}
	if manager.Get(path).Want(200, "").Has("[name=vers]") {
		t.Error("a commune that is being suspended may be moved")
	}
	carryOut(t, d)
	if !manager.Get(path).Want(200, "").Has("[name=vers]") {
		t.Error("a suspended commune may not be moved")
	}
	limit(t, d, "cell-2", 0, 1)
	if manager.Get(path).Want(200, "").Has("[name=vers]") {
		t.Error("a cell that is more loaded than its aim is offered while another has room")
	}
	if list, err := d.Deps.Operations.OfTenant(t.Context(), d.Tenant.ID, 9); err != nil || len(list) != 1 || list[0].Kind != operations.Suspend {
		t.Errorf("done: %+v %v", list, err)
	}
	other, err := d.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{INSEE: "31506"})
	if err != nil {
		t.Fatal(err)
	}
	manager.Get("/communes/"+other.INSEE+"/base").Want(404, "")
}
