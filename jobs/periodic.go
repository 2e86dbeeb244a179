package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/requests"
	"github.com/parvis-gru/parvis/tenants/staff"
	"github.com/parvis-gru/parvis/tenants/statistics"
	"github.com/parvis-gru/parvis/tenants/subscription"
)

// quarterArgs looks, every quarter of an hour, which tenants have something due by
// their own clock. A quarter, for there are zones of half an hour (the Marquesas),
// and so that a silence takes effect soon after midnight.
type quarterArgs struct{}

func (quarterArgs) Kind() string { return "platform_quarter" }

// nightArgs and morningArgs are a tenant's work of one civil day, done once: after
// its midnight, and at its digest hour.
type nightArgs struct {
	Tenant int64         `json:"tenant"`
	Day    calendar.Date `json:"day"`
}

func (nightArgs) Kind() string { return "tenant_night" }

// healthArgs tells the platform how a tenant is, every quarter of an hour: counts,
// no person.
type healthArgs struct {
	Tenant int64 `json:"tenant"`
}

func (healthArgs) Kind() string { return "tenant_health" }

// waiting lets one job of the same arguments wait at a time: a commune that is behind
// is looked at once, however many quarters went by.
var waiting = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}}

type morningArgs struct {
	Tenant int64         `json:"tenant"`
	Day    calendar.Date `json:"day"`
}

func (morningArgs) Kind() string { return "tenant_morning" }

// once lets one job of the same arguments exist, whatever its state: a day's work
// is not begun twice while River remembers it, which it does for longer than a day.
var once = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStateCancelled, rivertype.JobStateCompleted, rivertype.JobStateDiscarded,
	rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}}

// remembered is how long River keeps ended jobs: a civil day, its zones, and more.
const remembered = 72 * time.Hour

const quarter = 15 * time.Minute

// onTheQuarter runs at :00, :15, :30 and :45.
type onTheQuarter struct{}

// Next gives the next quarter after a time.
func (onTheQuarter) Next(after time.Time) time.Time { return after.Truncate(quarter).Add(quarter) }

// lastPriority lets everybody's jobs go first.
const lastPriority = 4

func periodic() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(onTheQuarter{}, func() (river.JobArgs, *river.InsertOpts) { return quarterArgs{}, nil },
			&river.PeriodicJobOpts{ID: "quarter", RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(sparesEvery), func() (river.JobArgs, *river.InsertOpts) {
			return sparesArgs{}, &river.InsertOpts{Priority: lastPriority}
		}, &river.PeriodicJobOpts{ID: "spares", RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(openingsEvery), func() (river.JobArgs, *river.InsertOpts) { return openingsArgs{}, nil },
			&river.PeriodicJobOpts{ID: "openings", RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(domainsEvery), func() (river.JobArgs, *river.InsertOpts) { return domainsArgs{}, nil },
			&river.PeriodicJobOpts{ID: "domains", RunOnStart: true}),
	}
}

// morningHours: before, no digest; after, it is too late for a morning's.
const (
	firstHour = 5
	lastHour  = 20
)

// quarter asks for the day's work of each tenant whose clock says so. After an
// outage the work of the present day is still asked for, and catches up. A commune where
// nothing is due is not looked at in the morning.
func (r *Runner) quarter(ctx context.Context) error {
	list, err := r.deps.Registry.Tenants(ctx)
	if err != nil {
		return err
	}
	dues, err := r.deps.Registry.Dues(ctx)
	if err != nil {
		return err
	}
	now := r.deps.Clock()
	var params []river.InsertManyParams
	for _, t := range list {
		// A suspended commune's legal dates run on: the law does not stop.
		if t.State == tenants.StateOpening || t.Cell != r.cell {
			continue
		}
		metadata, err := json.Marshal(map[string]string{"tenant": t.Schema})
		if err != nil {
			return err
		}
		local := now.In(t.Zone())
		day := calendar.On(now, t.Zone())
		add := func(args river.JobArgs) {
			params = append(params, river.InsertManyParams{Args: args, InsertOpts: &river.InsertOpts{Metadata: metadata, UniqueOpts: once, Priority: 2}})
		}
		add(nightArgs{Tenant: t.ID, Day: day})
		params = append(params, river.InsertManyParams{Args: healthArgs{Tenant: t.ID}, InsertOpts: &river.InsertOpts{Metadata: metadata, UniqueOpts: waiting, Priority: lastPriority}})
		if local.Hour() >= firstHour && local.Hour() <= lastHour && t.Territory().IsWorkingDay(day) {
			if !dues[t.ID].NextOn.After(day) {
				add(morningArgs{Tenant: t.ID, Day: day})
			}
			if subscription.Due(t, day) > 0 {
				add(trialArgs{Tenant: t.ID, Day: day})
			}
		}
	}
	if len(params) == 0 {
		return nil
	}
	_, err = r.client.InsertMany(ctx, params)
	return err
}

// night lets the silences that ended take effect, forgets what is over, and counts
// the statistics anew. A step that fails does not keep the next from being done; the
// job is then run again.
func (r *Runner) night(ctx context.Context, t tenants.Tenant, _ nightArgs) error {
	write := func(name string, fn func(*tenants.Tx) error) error {
		return r.deps.DB.Write(ctx, t, tenants.System(name), fn)
	}
	lapsed := r.lapse(ctx, t)
	counted := write("statistiques", func(tx *tenants.Tx) error { return statistics.Refresh(ctx, tx) })
	purged := write("brouillons", func(tx *tenants.Tx) error {
		if t.State == tenants.StateSuspended {
			return nil // nobody can go on with theirs: they do not age
		}
		_, err := requests.PurgeDrafts(ctx, tx)
		return err
	})
	ended := write("sessions", func(tx *tenants.Tx) error {
		_, err := identity.SweepSessions(ctx, tx)
		return err
	})
	brought := write("transmission", func(tx *tenants.Tx) error { return requests.RequeueTransmissions(ctx, tx) })
	_, swept := r.deps.Files.Sweep(ctx, r.deps.DB, t)
	return errors.Join(lapsed, counted, purged, ended, brought, swept)
}

// lapse lets each silence that ended take effect, in a transaction of its own: one
// that fails leaves the others done. After an outage there may be more than one
// list of them: it goes on as long as the next one is another.
func (r *Runner) lapse(ctx context.Context, t tenants.Tenant) error {
	for before := []string(nil); ; {
		var due []string
		err := r.deps.DB.Read(ctx, t, tenants.System("silence"), func(tx *tenants.Tx) (err error) {
			due, err = requests.LapseDue(ctx, tx)
			return err
		})
		if err != nil || slices.Equal(due, before) {
			return err
		}
		before = due
		var failed []error
		for _, number := range due {
			err := r.deps.DB.Write(ctx, t, tenants.System("silence"), func(tx *tenants.Tx) error {
				return requests.Lapse(ctx, tx, number)
			})
			if err != nil {
				failed = append(failed, fmt.Errorf("silence of %s: %w", number, err))
			}
		}
		if len(failed) > 0 {
			return errors.Join(failed...)
		}
	}
}

// morning gives the day's alerts and digest; before the tenant's own hour it waits,
// and on another day it leaves them to that day's own job.
func (r *Runner) morning(ctx context.Context, t tenants.Tenant, a morningArgs) error {
	var wait time.Duration
	var next calendar.Date
	before, err := r.deps.Registry.DueOf(ctx, t.ID)
	if err != nil {
		return err
	}
	err = r.deps.DB.Write(ctx, t, tenants.System("échéances"), func(tx *tenants.Tx) error {
		if tx.Today() != a.Day {
			return nil
		}
		settings, _, err := tenants.GetSettings(ctx, tx)
		if err != nil {
			return err
		}
		hour := min(max(settings.DigestHour, firstHour), lastHour)
		if wait = time.Date(a.Day.Year, a.Day.Month, a.Day.Day, hour, 0, 0, 0, t.Zone()).Sub(tx.Now()); wait > 0 {
			return nil
		}
		if _, err := requests.Watch(ctx, tx); err != nil {
			return err
		}
		if _, err = requests.Digest(ctx, tx); err != nil {
			return err
		}
		next, err = requests.NextMorning(ctx, tx)
		return err
	})
	switch {
	case err == nil && wait > 0:
		return river.JobSnooze(wait)
	case err == nil && !next.IsZero():
		return r.deps.Registry.Sleep(ctx, before, next)
	}
	return err
}

// project copies what the platform may know of a request; one that is gone has
// nothing to tell.
func (r *Runner) project(ctx context.Context, t tenants.Tenant, a requests.ProjectArgs) error {
	var p tenants.Projection
	err := r.deps.DB.Read(ctx, t, tenants.System("projection"), func(tx *tenants.Tx) (err error) {
		p, err = requests.ProjectionOf(ctx, tx, a.Request)
		return err
	})
	if f := fault.Of(err); f != nil && f.Kind == fault.NotFound {
		return river.JobCancel(err)
	}
	if err != nil {
		return err
	}
	if requests.CountsSources(p.Number) {
		err := r.deps.DB.Write(ctx, t, tenants.System("envois"), func(tx *tenants.Tx) error {
			_, err := requests.NoticeSources(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := r.deps.Registry.Stir(ctx, t.ID, a.Morning); err != nil {
		return err
	}
	return r.deps.Registry.Project(ctx, p)
}

// takenFor is how long an outage of the deployment is looked for by communes that were
// not there, or not migrated, when it ended.
const takenFor = 7 * 24 * time.Hour

// health counts what the platform may know of a commune, and gives it what its hub
// provides; its hub sees how what it proposed stands there.
func (r *Runner) health(ctx context.Context, t tenants.Tenant, _ healthArgs) error {
	if err := r.deps.Registry.Provide(ctx, t); err != nil {
		return err
	}
	if r.deps.Models != nil {
		if err := r.deps.Models.Refresh(ctx, t); err != nil {
			return err
		}
	}
	outages, err := r.deps.Registry.Outages(ctx, r.deps.Clock().Add(-takenFor))
	if err != nil {
		return err
	}
	if len(outages) > 0 {
		if err := r.deps.DB.Write(ctx, t, tenants.System("incidents"), func(tx *tenants.Tx) error { return requests.TakeOutages(ctx, tx, outages) }); err != nil {
			return err
		}
	}
	if err := r.deps.DB.Write(ctx, t, tenants.System("assistance"), func(tx *tenants.Tx) error { return staff.ExpireSupports(ctx, tx) }); err != nil {
		return err
	}
	var h tenants.Health
	var today calendar.Date
	err = r.deps.DB.Read(ctx, t, tenants.System("relevé"), func(tx *tenants.Tx) (err error) {
		today = tx.Today()
		h, err = tenants.HealthOf(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	return r.deps.Registry.RefreshHealth(ctx, t, h, today)
}
