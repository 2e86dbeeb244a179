package subscription

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/notify"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// TrialDays is how long a trial lasts, WarnFrom the day of it from which administrators
// see its end coming, and GraceDays how long after it the portal still takes requests.
const (
	TrialDays = 60
	WarnFrom  = 45
	GraceDays = 30
)

// noticeDays are the days of a trial at which a mail is sent.
var noticeDays = []int{WarnFrom, 55, TrialDays}

// Day is the day of the commune's trial, 0 the first; -1: no trial runs.
func Day(t tenants.Tenant, today calendar.Date) int {
	if t.TrialEndsOn.IsZero() {
		return -1
	}
	return TrialDays - today.DaysUntil(t.TrialEndsOn)
}

// ClosesOn is the day after which the portal takes no new request; zero: no trial runs.
func ClosesOn(t tenants.Tenant) calendar.Date {
	if t.TrialEndsOn.IsZero() {
		return calendar.Date{}
	}
	return t.TrialEndsOn.AddDays(GraceDays)
}

// Closed tells whether the portal takes no new request any more.
func Closed(t tenants.Tenant, today calendar.Date) bool {
	return !t.TrialEndsOn.IsZero() && today.After(ClosesOn(t))
}

// Due is the day of the last notice that a trial has reached; 0: none.
func Due(t tenants.Tenant, today calendar.Date) int {
	due := 0
	for _, n := range noticeDays {
		if Day(t, today) >= n {
			due = n
		}
	}
	return due
}

// subject is a trial's subject in the commune's history.
const subject = "subscription"

// settingsPath is where administrators read about their trial.
const settingsPath = "/agents/reglages"

// Remind mails each active administrator the notice that the trial has reached, once:
// that it was sent is written in the same transaction. After an outage the last notice
// alone is sent. For our own jobs.
func Remind(ctx context.Context, tx *tenants.Tx) error {
	t, due := tx.Tenant(), Due(tx.Tenant(), tx.Today())
	if due == 0 {
		return nil
	}
	history, err := tx.History(ctx, subject)
	if err != nil {
		return err
	}
	const prefix = "trial_notice_"
	for _, e := range history {
		var sent int
		if text, ok := strings.CutPrefix(e.Kind, prefix); ok {
			if _, err := fmt.Sscanf(text, "%d", &sent); err == nil && sent >= due {
				return nil
			}
		}
	}
	err = staff.MailAdmins(ctx, tx, func(a staff.Agent) notify.Data {
		return notify.TrialEnding{Agent: a.Name(), EndsOn: t.TrialEndsOn, ClosesOn: ClosesOn(t), Over: !tx.Today().Before(t.TrialEndsOn), Path: settingsPath}
	})
	if err != nil {
		return err
	}
	return tx.Record(ctx, tenants.Event{SubjectKind: subject, SubjectID: subject, Kind: fmt.Sprintf("%s%d", prefix, due)})
}

const (
	sqlStart   = `insert into platform.subscription (tenant_id, plan, started_on, trial_ends_on) values ($1, $2, $3, $4) on conflict (tenant_id) do nothing`
	sqlConfirm = `insert into platform.subscription (tenant_id, plan, started_on, trial_ends_on, confirmed_on) values ($1, $2, $3, $3, $3)
		on conflict (tenant_id) do update set plan = excluded.plan, confirmed_on = excluded.confirmed_on`
)

// Platform is the platform's database, or a transaction of it.
type Platform interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Start begins a commune's trial; one that runs already goes on as it is.
func Start(ctx context.Context, platform Platform, tenant int64, plan string, today calendar.Date) error {
	_, err := platform.Exec(ctx, sqlStart, tenant, plan, today, today.AddDays(TrialDays))
	return err
}

// Confirm notes that a commune subscribes: its trial is over, and nothing ends.
func Confirm(ctx context.Context, platform Platform, tenant int64, plan string, today calendar.Date) error {
	_, err := platform.Exec(ctx, sqlConfirm, tenant, plan, today)
	return err
}
