package agent

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheRegisterOfIncidents(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.front)
	p := b.Get(incidentsPath).Want(http.StatusOK, "")
	const form = `form:has(input[name="quoi"])`
	bad := p.Form(form).Set("debut-jour", "2026-11-22").Set("debut-heure", "09:00").Set("fin-jour", "2026-11-21").Set("fin-heure", "12:00").Set("quoi", "panne").Submit().Want(http.StatusUnprocessableEntity, "")
	if !bad.Has(`.error-summary a[href="#fin-jour"]`) || bad.Form(form).Value("quoi") != "panne" {
		t.Errorf("the errors are %q", bad.Texts(".error-summary li"))
	}
	p = bad.Form(form).Set("fin-jour", "2026-11-22").Submit().Want(http.StatusOK, incidentsPath)
	if said := p.Text("article"); !strings.Contains(said, "Panne") || !strings.Contains(said, "Sacha Petit") {
		t.Errorf("the register says %q", said)
	}
	p = p.Form(`form:has(button[name="ecarter"])`).Press("Écarter").Want(http.StatusOK, incidentsPath)
	if said := p.Text("article"); !strings.Contains(said, "Écarté par Sacha Petit") {
		t.Errorf("the register says %q", said)
	}
}
