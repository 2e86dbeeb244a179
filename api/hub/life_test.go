package hub_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
)

// carryOut does what the workers do.
func carryOut(t *testing.T, d *webtest.Deployment) {
	t.Helper()
	if err := d.Deps.Operations.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAHubLeadsTheLifeOfItsCommunes(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	b, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager})
	path := "/communes/" + d.Tenant.INSEE + "/vie"
	p := b.Get("/communes/"+d.Tenant.INSEE).Follow("Suspendre, archiver, effacer").Want(200, path)
	p.Form("form:has([value=suspendre])").Press("Suspendre le portail").Want(200, path)
	carryOut(t, d)
	p = b.Get(path).Want(200, "")
	if !p.Has(".notice.warning") || !p.Has("[value=reprendre]") {
		t.Error("the page does not say that the portal is suspended")
	}
	p.Form("form:has([value=reprendre])").Press("Reprendre le portail").Want(200, path)
	carryOut(t, d)

	// Nothing is erased that was not exported, and not by one person alone.
	p = b.Get(path)
	erase := func() *webtest.Page {
		return b.Get(path).Form("form:has([value=effacer])").Press("Demander l’effacement")
	}
	erase().Want(409, "")
	p.Form("form:has([value=archiver])").Press("Préparer une archive").Want(200, path)
	carryOut(t, d)
	if cells := b.Get(path).Texts("table td"); !strings.Contains(strings.Join(cells, "|"), "Archive|") {
		t.Errorf("the table says %q", cells)
	}
	if b.Get(path).Has(`table a`) {
		t.Error("the hub is offered the citizens' files")
	}
	p.Form("form:has([value=effacer])").Set("days", "mille").Press("Demander l’effacement").Want(422, "")
	p = erase().Want(200, path)
	if p.Has("[value=confirmer]") {
		t.Error("who asked may confirm")
	}
	p.Form("form:has([value=annuler])").Press("Annuler l’effacement").Want(200, path)
	if t2, err := d.Registry.ByINSEE(t.Context(), d.Tenant.INSEE); err != nil || t2.State != tenants.StateLive {
		t.Errorf("after it was called off: %+v %v", t2, err)
	}
	// Somebody else confirms, with the archives' visa; then it waits, suspended, and can be
	// called off by anybody who manages.
	d.Clock.Advance(time.Minute)
	b.Get(path).Form("form:has([value=archiver])").Press("Préparer une archive").Want(200, path)
	carryOut(t, d)
	b.Get(path).Form("form:has([value=effacer])").Set("days", "7").Press("Demander l’effacement").Want(200, path)
	forged := url.Values{"_csrf": {b.Get(path).Form("form:has([value=annuler])").Value("_csrf")}, "action": {"confirmer"}, "visa": {"visa n° 12"}}
	if p := b.Post(path, forged).Want(403, ""); !strings.Contains(p.Text(".error-summary"), "autre personne") {
		t.Errorf("who asked confirms by a forged form: %q", p.Text(".error-summary"))
	}
	keeper, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubKeeper})
	if keeper.Get(path).Has("[value=confirmer]") {
		t.Error("who may not manage is offered to confirm")
	}
	second, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager, Subject: "second"})
	confirm := func(visa string) *webtest.Page {
		return second.Get(path).Form("form:has([value=confirmer])").Set("visa", visa).Press("Confirmer l’effacement")
	}
	if p := confirm(" ").Want(422, ""); !p.Has("#visa[aria-invalid=true]") {
		t.Error("without the archives' visa the field is not marked")
	}
	if p := confirm("visa n° 12").Want(200, path); !strings.Contains(p.Text("#effacement"), "30/11/2026") || p.Has("[value=confirmer]") {
		t.Errorf("confirmed, the page says %q", p.Text("#effacement"))
	}
	if t2, err := d.Registry.ByINSEE(t.Context(), d.Tenant.INSEE); err != nil || t2.State != tenants.StateSuspended {
		t.Errorf("confirmed: %+v %v", t2, err)
	}
	d.Clock.Advance(6 * 24 * time.Hour)
	carryOut(t, d)                                                                     // not yet: tenants/operations has the rest
	b, _ = d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubManager, Subject: "third"}) // the first one's session is over
	b.Get(path).Form("form:has([value=annuler])").Press("Annuler l’effacement").Want(200, path)
	if t2, err := d.Registry.ByINSEE(t.Context(), d.Tenant.INSEE); err != nil || t2.State != tenants.StateLive {
		t.Errorf("called off after six days: %+v %v", t2, err)
	}
	b.Get("/").Follow("Communes effacées").Want(200, "/effacees")
	b.Get("/effacees/x.json").Want(404, "")

	reader, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubReader})
	if reader.Get(path).Want(200, "").Has("[name=action]") {
		t.Error("an observer is offered what only a manager may do")
	}
	other, err := d.Registry.Open(t.Context(), tenants.System("test"), tenants.Opening{INSEE: "31506"})
	if err != nil {
		t.Fatal(err)
	}
	b.Get("/communes/"+other.INSEE+"/vie").Want(404, "")
}
