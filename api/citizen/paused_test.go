package citizen_test

import (
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

// A commune that did not subscribe a month after its trial takes no new request in its
// portal, and says how to make one otherwise.
func TestAPortalWhoseTrialIsOver(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	today := calendar.On(d.Clock.Now(), d.Tenant.Zone())
	if err := subscription.Start(t.Context(), d.Pool, d.Tenant.ID, subscription.Later, today); err != nil {
		t.Fatal(err)
	}
	b := d.Browser(t)
	begin := b.Get("/demarches/copie-acte-naissance").Want(200, "").Form(`form[action$="/commencer"]`)
	d.Clock.Advance((subscription.TrialDays + subscription.GraceDays + 1) * 24 * time.Hour)
	begin.Submit().Want(409, "")
	p := b.Get("/demarches/copie-acte-naissance").Want(200, "")
	if p.Has(`form[action$="/commencer"]`) || !p.Has(".notice.info") {
		t.Error("the procedure can be begun")
	}
	b.Get("/suivi").Want(200, "/suivi")
}
