package requests

import (
	"context"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

const (
	sqlOpenDays = `select distinct silence_last_day, due_on, waiting from request where closed_on is null`
	// What the digest tells of each morning beside the open requests.
	sqlUnrest = `select exists (select 1 from request where closed_on is null and received_at >= $1
			or closed_on >= $2 and closed_at >= $1 and state in ('implicitly_accepted', 'implicitly_rejected'))
		or exists (select 1 from decision d join request r on r.id = d.request_id where d.notified_on is null and not d.implicit and r.closed_on >= $2)`
)

type openDays struct {
	SilenceLastDay, DueOn calendar.Date
	Waiting               bool
}

// longestRest is after how many days a commune is looked at in any case.
const longestRest = 7

// NextMorning gives the next day on which [Watch] or [Digest] can have something to say,
// if nothing happens until then: at the latest in a week. A commune where nothing is due
// needs no look before. Only a job of ours may.
func NextMorning(ctx context.Context, tx *tenants.Tx) (calendar.Date, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return calendar.Date{}, fault.New(fault.Forbidden, "not_allowed")
	}
	today, t := tx.Today(), tx.Territory()
	tomorrow, next := today.AddDays(1), today.AddDays(longestRest)
	unrest, err := tenants.One[bool](ctx, tx, sqlUnrest, t.AddWorkingDays(tomorrow, -1).Start(tx.Tenant().Zone()), today.AddDays(-digestBack))
	if err != nil || unrest {
		return tomorrow, err
	}
	if pending, err := tenants.One[bool](ctx, tx, sqlRecoursePending, today); err != nil || pending {
		return tomorrow, err
	}
	awaited, err := allAwaited(ctx, tx)
	if err != nil || len(awaited) > 0 {
		return tomorrow, err
	}
	open, err := tenants.All[openDays](ctx, tx, sqlOpenDays)
	if err != nil {
		return tomorrow, err
	}
	near := t.AddWorkingDays(today, digestDue+1)
	for _, o := range open {
		if o.Waiting || !o.DueOn.IsZero() && !o.DueOn.After(near) {
			return tomorrow, nil
		}
		if o.DueOn.IsZero() || o.DueOn.DaysUntil(today) < -2*furthest {
			continue // its alerts are more than a week away
		}
		j20, j10, j5 := calendar.AlertDays(o.DueOn, t)
		for _, day := range [...]calendar.Date{j20, j10, j5} {
			if day.After(today) && day.Before(next) {
				next = day
			}
		}
	}
	return next, nil
}

// morningOf gives the first morning that can tell of what happens now.
func morningOf(tx *tenants.Tx) calendar.Date {
	if tx.Now().In(tx.Tenant().Zone()).Hour() < firstMorningHour {
		return tx.Today()
	}
	return tx.Today().AddDays(1)
}

// firstMorningHour is when the first mornings' work begins; what comes later is the next one's.
const firstMorningHour = 5
