package agent

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/opening"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

func TestSettingACommuneUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t, webtest.Closed())
	o.Write(t, o.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		return opening.Prefill(ctx, tx, opening.Given{Address: opening.Address{Phone: "05 36 49 00 01", Email: "mairie@castanet.example"}})
	})
	b := o.signed(t, o.admin)
	p := b.Get("/agents").Follow("Mise en route").Want(http.StatusOK, "/agents/mise-en-route")
	states := p.Texts("section.card:first-of-type .status")
	if !slices.Equal(states, []string{"À vérifier", "À vérifier", "À faire", "Facultatif", "À vérifier"}) && !slices.Contains(states, "À faire") {
		t.Errorf("the steps stand at %q", states)
	}
	if p.Has(`button[value="ouvrir-tout"]`) {
		t.Error("a procedure can be opened without a data protection officer")
	}
	court := p.Follow("Tribunal administratif").Want(http.StatusOK, "")
	if f := court.Form("form.record"); f.Value("court-name") != "Tribunal administratif de Toulouse" || !strings.Contains(court.Text(".notice.warning"), "À vérifier") {
		t.Error("the court is not there to be checked")
	}
	court.Form("form.record").Submit().Want(http.StatusOK, setupPath)
	bad := b.Get(setupPath+"/dpo").Form("form.record").Set("dpo-email", "dpo").Submit().Want(http.StatusUnprocessableEntity, "")
	stale := b.Get(setupPath + "/dpo").Form("form.record")
	after := bad.Form("form.record").Set("dpo-email", "dpo@castanet.example").Submit().Want(http.StatusOK, setupPath)
	stale.Set("dpo-email", "autre@castanet.example").Submit().Want(http.StatusConflict, "")
	if !after.Has(`button[value="ouvrir-tout"]`) {
		t.Fatalf("nothing can be opened: %q", after.Text("main"))
	}
	one := after.Form(`form:has(ul)`).Press("Ouvrir Demander un acte de naissance").Want(http.StatusOK, setupPath)
	all := one.Form(`form:has(ul)`).Press("Ouvrir toutes").Want(http.StatusOK, setupPath)
	if all.Has(`button[value="ouvrir-tout"]`) {
		t.Error("something complete stays closed")
	}
	done := all.Form(`form:not(:has(ul))[action="/agents/mise-en-route"]`).Submit().Want(http.StatusOK, setupPath)
	if done.Has(`button[value="terminer"]`) || slices.Contains(done.Texts(".side-list a"), "Mise en route") {
		t.Error("it does not end")
	}
	b.Get("/agents/reglages").Follow("Mise en route").Want(http.StatusOK, setupPath)
	b.Get(setupPath+"/rien").Want(http.StatusNotFound, "")
	o.signed(t, o.front).Get(setupPath).Want(http.StatusForbidden, "")
}

func TestAdministratorsSeeTheTrialEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	today := calendar.On(o.Clock.Now(), o.Tenant.Zone())
	if err := subscription.Start(t.Context(), o.Pool, o.Tenant.ID, subscription.Later, today.AddDays(-subscription.WarnFrom)); err != nil {
		t.Fatal(err)
	}
	if got := o.signed(t, o.admin).Get("/agents").Text(".notice h2"); !strings.Contains(got, "essai finit le") {
		t.Errorf("an administrator reads %q", got)
	}
	if o.signed(t, o.front).Get("/agents").Has(".banner") {
		t.Error("the front desk is told")
	}
}
