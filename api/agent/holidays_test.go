package agent

import (
	"net/http"
	"strings"
	"testing"
)

// On Saint-Martin the law leaves the local holidays open: what the commune gives reaches the
// simulator, the dates of its requests and the list of the page at once.
func TestTheCommuneGivesItsOwnHolidays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if _, err := o.Pool.Exec(t.Context(), `update platform.tenant set seat = '97801' where id = $1`, o.Tenant.ID); err != nil {
		t.Fatal(err)
	}
	b := o.signed(t, o.admin)
	const simulated = "/agents/simulateur.json?demarche=terrasse&recu=2027-05-20&canal=portal"
	if got := string(b.Get(simulated).Want(http.StatusOK, "").Body); !strings.Contains(got, `"receipt_due_on":"2027-06-03"`) {
		t.Errorf("before, the simulator says %s", got)
	}
	p := b.Get(settingsPath).Follow("Jours fériés").Want(http.StatusOK, holidaysPath)
	bad := p.Form("form.card").Set("propres", "le 28 mai").Submit().Want(http.StatusUnprocessableEntity, "")
	if !bad.Has(`.error-summary a[href="#propres"]`) || bad.Form("form.card").Value("propres") != "le 28 mai" {
		t.Errorf("the errors are %q", bad.Texts(".error-summary li"))
	}
	p = bad.Form("form.card").Set("propres", "28/05 Abolition de l’esclavage").Submit().Want(http.StatusOK, holidaysPath)
	if !strings.Contains(p.Text("main"), "Abolition de l’esclavage") {
		t.Error("the page does not list the new holiday")
	}
	if got := string(b.Get(simulated).Want(http.StatusOK, "").Body); !strings.Contains(got, `"receipt_due_on":"2027-06-04"`) {
		t.Errorf("after, the simulator says %s", got)
	}
	fresh, err := o.Registry.ByID(t.Context(), o.Tenant.ID)
	if err != nil || len(fresh.Territory().Uncertain()) != 0 {
		t.Errorf("the warning of unknown holidays stays: %q (%v)", fresh.Territory().Uncertain(), err)
	}
	o.signed(t, o.front).Get(holidaysPath).Want(http.StatusForbidden, "")
}

func TestWhereTheLawSettlesTheHolidaysThereIsNothingToGive(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.signed(t, o.admin)
	p := b.Get(holidaysPath).Want(http.StatusOK, "")
	if p.Has("form.card") || !strings.Contains(p.Text("main"), "Victoire de 1918") {
		t.Errorf("the page says %q", p.Text("main"))
	}
}
