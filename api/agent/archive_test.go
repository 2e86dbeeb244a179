package agent

import (
	"net/http"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
)

// A commune leaves with all that it owns, by its own hand; and is not erased without its
// word or another's.
func TestACommuneFetchesItsArchive(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.ask(t, "courrier-maire", letterToMayor)
	b := o.signed(t, o.admin)
	const path = "/agents/reglages/archive"
	tick := func() {
		t.Helper()
		if err := o.Deps.Operations.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p := b.Get("/agents/reglages").Follow("Archive de la commune").Want(http.StatusOK, path)
	p.Form("form:has([value=archiver])").Press("Préparer une archive").Want(http.StatusOK, path)
	tick()
	b.Get(path).Follow("Archive").Want(http.StatusOK, "")
	o.signed(t, o.front).Get(path).Want(http.StatusForbidden, "")
	o.Browser(t).Get(path).Want(http.StatusOK, "/agents/connexion")

	hub := tenants.Actor{Kind: tenants.ActorHub, ID: tenants.NewID(), Name: "Claire Martin", HubRole: tenants.HubManager}
	if _, err := o.Deps.Operations.Delete(t.Context(), hub, o.Tenant, 30); err != nil {
		t.Fatal(err)
	}
	confirm := b.Get(path).Form("form:has([value=confirmer])")
	confirm.Press("Confirmer l’effacement").Want(http.StatusUnprocessableEntity, "")
	confirm.Set("visa", "La commune conserve l’archive").Press("Confirmer l’effacement").Want(http.StatusOK, path)
	if now, err := o.Registry.ByID(t.Context(), o.Tenant.ID); err != nil || now.State != tenants.StateSuspended {
		t.Errorf("once confirmed: %+v %v", now, err)
	}
	b.Get(path).Form("form:has([value=annuler])").Press("Annuler l’effacement").Want(http.StatusOK, path)
	if now, err := o.Registry.ByID(t.Context(), o.Tenant.ID); err != nil || now.State != tenants.StateLive {
		t.Errorf("once called off: %+v %v", now, err)
	}
}
