package requests

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// The alerts, each given once a request: 20, 10 and 5 working days before the
// day that the law sets, once it is late, once the limit of a notice has passed, and once a
// posted decision is not known to have arrived before the last day.
const (
	alertJ20        = "j20"
	alertJ10        = "j10"
	alertJ5         = "j5"
	alertLate       = "late"
	alertLimit      = "limit"
	alertUnnotified = "unnotified"

	// Of a receipt that could not leave at once; kept in its own row ([watchReceipts]).
	alertReceiptNear = "receipt_near"
	alertReceiptLate = "receipt_late"
)

const (
	sqlToWatch = `select r.id, r.version, r.procedure_slug, r.kind, r.silence_last_day, r.due_on,
			exists (select 1 from document_request n where n.request_id = r.id and n.completed_on is null and n.limit_on < $1) as limit_passed,
			array(select a.kind from deadline_alert a where a.request_id = r.id) as given
		from request r where r.closed_on is null and (coalesce(r.due_on, 'infinity'::date) <= $2 or r.waiting)`
	sqlUnnotified = `select r.id, r.version, r.procedure_slug, r.kind, r.silence_last_day, r.due_on, false as limit_passed, array(select a.kind from deadline_alert a where a.request_id = r.id) as given
		from decision d join request r on r.id = d.request_id
		where d.notified_on is null and not d.implicit and r.silence_last_day is not null and r.silence_last_day <= $1`
	sqlAlert = `insert into deadline_alert (request_id, kind, on_day) values ($1, $2, $3) on conflict do nothing`
)

type watched struct {
	ID             tenants.ID
	Version        int64
	ProcedureSlug  string
	Kind           Kind
	SilenceLastDay calendar.Date
	DueOn          calendar.Date
	LimitPassed    bool
	Given          []string

	legal calendar.Date `db:"-"` // the day that the law sets; none: DueOn is the town's own promise
}

func (w watched) was(kind string) bool {
	for _, g := range w.Given {
		if g == kind {
			return true
		}
	}
	return false
}

// furthest is how many days ahead a last day can be and still be 20 working days
// away: more than any run of holidays.
const furthest = 60

// Watch gives the alerts that are due, each once, and gives their number. An alert is
// an event of the request and a line of the morning digest, never a mail of its own: a
// registry office that is alerted all day stops looking. Where several are due at once,
// after an outage, the most pressing one is told and the others count as given. Only a
// job of ours may.
func Watch(ctx context.Context, tx *tenants.Tx) (int, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return 0, fault.New(fault.Forbidden, "not_allowed")
	}
	today := tx.Today()
	list, err := tenants.All[watched](ctx, tx, sqlToWatch, today, today.AddDays(furthest))
	if err != nil {
		return 0, err
	}
	alerts := &pgx.Batch{}
	told := 0
	answers := answers{}
	for _, w := range list {
		if w.legal, err = answers.legalDay(ctx, tx, w); err != nil {
			return told, err
		}
		n, err := w.alert(ctx, tx, alerts, w.dueAlerts(today, tx.Territory()))
		if err != nil {
			return told, err
		}
		told += n
	}
	posted, err := tenants.All[watched](ctx, tx, sqlUnnotified, tx.Territory().AddWorkingDays(today, 5))
	if err != nil {
		return told, err
	}
	for _, w := range posted {
		n, err := w.alert(ctx, tx, alerts, []string{alertUnnotified})
		if err != nil {
			return told, err
		}
		told += n
	}
	if err := tx.SendBatch(ctx, alerts).Close(); err != nil {
		return told, err
	}
	receipts, err := watchReceipts(ctx, tx)
	if err != nil {
		return told, err
	}
	return told + receipts, forgetSources(ctx, tx)
}

// answers remembers which procedures want an answer by a day that a text sets, although
// their silence decides nothing.
type answers map[string]bool

// legalDay gives the day by which the law wants something done about a request.
func (a answers) legalDay(ctx context.Context, tx *tenants.Tx, w watched) (calendar.Date, error) {
	if !w.SilenceLastDay.IsZero() || w.DueOn.IsZero() || w.Kind == KindInformation {
		return w.SilenceLastDay, nil
	}
	wants, known := a[w.ProcedureSlug]
	if !known {
		e, err := catalogue.BySlug(ctx, tx, w.ProcedureSlug)
		if err != nil {
			return calendar.Date{}, err
		}
		wants = e.Procedure().Silence.WantsAnswer()
		a[w.ProcedureSlug] = wants
	}
	if !wants {
		return calendar.Date{}, nil
	}
	return w.DueOn, nil
}

// dueAlerts gives the alerts of an open request that are due, the most pressing
// first.
func (w watched) dueAlerts(today calendar.Date, t calendar.Territory) []string {
	var due []string
	switch {
	case w.LimitPassed && w.SilenceLastDay.IsZero(): // nothing will decide: a refusal or a closure has to
		due = append(due, alertLimit)
	case !w.DueOn.IsZero() && w.DueOn.Before(today):
		due = append(due, alertLate)
	}
	if !w.legal.IsZero() {
		j20, j10, j5 := calendar.AlertDays(w.legal, t)
		for _, a := range []struct {
			day  calendar.Date
			kind string
		}{{j5, alertJ5}, {j10, alertJ10}, {j20, alertJ20}} {
			if !a.day.After(today) {
				due = append(due, a.kind)
			}
		}
	}
	if w.LimitPassed && len(due) == 0 {
		due = append(due, alertLimit)
	}
	return due
}

// alert writes the alerts that were not given yet, and tells the first of them
// unless a more pressing one had been told.
func (w watched) alert(ctx context.Context, tx *tenants.Tx, batch *pgx.Batch, due []string) (int, error) {
	for _, kind := range due {
		if !w.was(kind) {
			batch.Queue(sqlAlert, w.ID, kind, tx.Today())
		}
	}
	if len(due) == 0 || w.was(due[0]) {
		return 0, nil
	}
	return 1, tx.Record(ctx, tenants.Event{
		SubjectKind: subjectRequest, SubjectID: string(w.ID), Kind: "deadline_alert",
		Data: EventData{Version: w.Version, Alert: due[0], LastDay: w.SilenceLastDay, On: w.DueOn},
	})
}
