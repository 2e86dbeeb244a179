package web_test

import (
	"net/http"
	"testing"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// astray is an area with a fault: its handler takes another commune for its own.
type astray struct{ router *web.Router }

func (a astray) Serve(w http.ResponseWriter, r *http.Request, s web.Scope) { a.router.Serve(w, r, s) }

func TestAHandlerThatTakesAnotherCommuneGetsNothing(t *testing.T) {
	t.Parallel()
	d := webtest.New(t)
	var met error
	router := web.NewRouter(func(w http.ResponseWriter, r *http.Request, s web.Scope, err error) {
		met = err
		d.Deps.UI.Fail(w, r, s.Site, fault.New(fault.NotFound, "not_found")) // the log is no fault of this test
	})
	read := func(r *http.Request, t tenants.Tenant) error {
		return d.DB.Read(r.Context(), t, tenants.Guest(), func(tx *tenants.Tx) error {
			_, _, err := tenants.GetSettings(r.Context(), tx)
			return err
		})
	}
	router.Handle("GET /astray", func(w http.ResponseWriter, r *http.Request, s web.Scope) error {
		if err := read(r, s.Tenant); err != nil {
			t.Errorf("its own: %v", err)
		}
		return read(r, d.Other)
	})
	d.Serve(t, astray{router})
	if d.Browser(t).Get("/astray").Want(404, ""); !fault.Is(met, "tenant_mixed") {
		t.Errorf("the handler met %v", met)
	}
}
