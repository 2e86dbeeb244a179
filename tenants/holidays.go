package tenants

import (
	"context"
	"strings"

	"github.com/parvis-gru/parvis/tenants/fault"
)

const sqlHolidays = `update platform.tenant set temple = $2, local_holidays = $3 where id = $1`

// SetHolidays says which public holidays the commune of the transaction keeps beside those
// of the law: Good Friday, where it has a temple in Alsace-Moselle (C. trav. L.3134-13), and
// its own, where the law leaves them unsettled (calendar.Territory.WithLocalHolidays, whose
// faults it gives). Every date is counted with them from then on; a day that somebody was
// told stays until an agent decides. Administrators only. Like [Registry.SetColour] it is
// called last in the transaction.
func (r *Registry) SetHolidays(ctx context.Context, tx *Tx, temple bool, list string) error {
	if !tx.Actor().MayConfigure() {
		return fault.New(fault.Forbidden, "admin_only")
	}
	before := tx.Tenant()
	list = strings.TrimSpace(strings.ReplaceAll(list, "\r\n", "\n"))
	if _, err := before.Territory().WithLocalHolidays(list); err != nil {
		return err
	}
	if temple == before.Temple && list == before.LocalHolidays {
		return nil
	}
	data := map[string]any{"from": before.LocalHolidays, "to": list, "temple": temple}
	if err := tx.Record(ctx, Event{SubjectKind: "settings", SubjectID: "settings", Kind: "holidays_changed", Data: data}); err != nil {
		return err
	}
	if err := tx.flush(ctx); err != nil {
		return err
	}
	touched, err := r.pool.Exec(ctx, sqlHolidays, before.ID, temple, list)
	if err != nil {
		return classify(err)
	}
	if touched.RowsAffected() == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	r.ForgetHosts(before, before.MainHost)
	return nil
}
