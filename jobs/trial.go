package jobs

import (
	"context"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

// trialArgs tells a commune's administrators, once a day and on working days, that the
// trial ends.
type trialArgs struct {
	Tenant int64         `json:"tenant"`
	Day    calendar.Date `json:"day"`
}

func (trialArgs) Kind() string { return "tenant_trial" }

// trial sends the notice that is due, if it was not sent before. The portal closes by
// itself: that is a matter of the date alone (subscription.Closed).
func (r *Runner) trial(ctx context.Context, t tenants.Tenant, _ trialArgs) error {
	return r.deps.DB.Write(ctx, t, tenants.System("essai"), func(tx *tenants.Tx) error { return subscription.Remind(ctx, tx) })
}

// openingsArgs goes on with openings of communes that were cut short.
type openingsArgs struct{}

func (openingsArgs) Kind() string { return "platform_openings" }

// openingsEvery is how long an applicant waits at most for what a crash, or a part that
// was away, cut short.
const openingsEvery = time.Minute
