package requests

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
)

// Notification is what was sent to the person, and whether it arrived: agents see a
// bounce here.
type Notification struct {
	ID        tenants.ID
	Channel   string
	Template  string
	Subject   string
	State     string // queued, sent, delivered, bounced, failed
	Detail    string
	Attempts  int
	CreatedAt time.Time
	SentAt    *time.Time
}

// Detail is everything of a request that the actor may see.
type Detail struct {
	Request
	Entry            catalogue.Entry // at the request's version
	Procedure        *catalogue.Procedure
	Service          tenants.Service
	Summary          []forms.SummaryStep
	Messages         []Message
	Notes            []Note // agents alone
	Documents        []files.Document
	DocumentRequests []DocumentRequest
	Receipts         []Receipt
	Decisions        []Decision
	Facts            []Fact         // what the dates are counted from, and what was corrected
	Drifts           []Drift        // days that were told and that the rules no longer give
	Notifications    []Notification // agents alone
	Transmissions    []Transmission // to whom it went, and from whom it came
	History          []tenants.RecordedEvent
	Deadline         calendar.Deadline
	Dates            calendar.Dates      // everything that the law draws from the facts, as [GetWhy] explains it
	Appeal           calendar.Appeal     // of Dates, where there is a refusal that was notified or born
	Residence        Residence           // of the applicant, for the time for appeal
	Hearings         []Hearing           // before what was granted is taken back
	Acts             []Act               // what may still be done to what was decided: for agents
	Actions          []Action            // what the actor may do now
	Outcomes         []catalogue.Outcome // what the actor may decide now
	Warnings         []string            // French, to be shown beside the dates
	Standing         Standing            // of the receipts; agents alone
	Reopening        *Reopening          // the facts no longer give the silence that ended it; agents alone
	Prepared         *Prepared           // a decision that waits for who signs it; agents alone
	Treatment        *Treatment          // where it stands in its workflow; agents alone
	Opinions         []Opinion           // asked and given; agents alone
	Consulted        bool                // the acting agent sees it for its opinion alone
	MayRate          bool                // the holder can say how they found the procedure

	Reasons []ReasonsRequest // why silence refused, as it was asked for
}

const sqlNotifications = `select id, channel, template, subject, state, detail, attempts, created_at, sent_at from notification where request_id = $1 order by created_at, id`

// Get gives a request to its owner, or to agents who cover its service. For anyone
// else it is fault.NotFound "request_unknown".
func Get(ctx context.Context, tx *tenants.Tx, number string) (Detail, error) {
	r, who, err := visible(ctx, tx, number)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Request: r, Consulted: who == Consulted}
	if err := d.load(ctx, tx, who); err != nil {
		return Detail{}, err
	}
	if d.Entry, err = entryOf(ctx, tx, r); err != nil {
		return Detail{}, err
	}
	d.Procedure, d.Service = d.Entry.Procedure(), d.Entry.Service
	if d.Consulted { // an opinion wants no correspondence
		d.Messages = nil
	}
	if err := d.loadReasons(ctx, tx); err != nil {
		return Detail{}, err
	}
	d.Summary = d.Procedure.Form.Summary(r.Answers)
	if d.Documents, err = files.ForRequest(ctx, tx, r.ID); err != nil {
		return Detail{}, err
	}
	history, err := tx.History(ctx, string(r.ID))
	if err != nil {
		return Detail{}, err
	}
	d.History = publicHistory(history, who)
	d.MayRate = who == Owner && d.rateable() && !rated(history)
	if err := d.judge(tx, who); err != nil || who == Owner {
		return d, err
	}
	c := &change{tx: tx, before: r, r: r, who: who}
	if d.Prepared, err = c.prepared(ctx); err != nil {
		return d, err
	}
	if err := d.treated(ctx, c); err != nil {
		return d, err
	}
	return d, d.stand(ctx, tx)
}

// load reads the request's own tables in one round trip.
func (d *Detail) load(ctx context.Context, tx *tenants.Tx, who Who) error {
	var notices []noticeRow
	var items []DocumentItem
	var rows []factRow
	id := d.ID
	batch := &pgx.Batch{}
	queueAll(batch, &d.Messages, sqlMessages, id)
	queueAll(batch, &notices, sqlNotices, id)
	queueAll(batch, &items, sqlItems, id)
	queueAll(batch, &d.Receipts, sqlReceipts, id)
	queueAll(batch, &d.Decisions, sqlDecisions, id)
	if who&(agents|System|Supporter) != 0 {
		queueAll(batch, &d.Notes, sqlNotes, id)
		queueAll(batch, &d.Notifications, sqlNotifications, id)
		queueAll(batch, &d.Standing.Awaited, sqlAwaited, id)
	}
	queueAll(batch, &rows, sqlFacts, id)
	queueAll(batch, &d.Hearings, sqlHearings, id)
	var transmissions []transmissionRow
	queueAll(batch, &transmissions, sqlTransmissions, id)
	lives := ""
	batch.Queue(sqlResidence, id).QueryRow(func(row pgx.Row) error { return row.Scan(&lives) })
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	d.Residence = d.residence(lives, tx.Tenant().INSEE)
	d.DocumentRequests = noticesOf(notices, items)
	d.Transmissions = transmissionsOf(transmissions)
	d.Facts = withOutside(factsOf(d.Request, d.DocumentRequests, d.Decisions, rows), d.Transmissions)
	return nil
}

// judge says what the law and the lifecycle make of the facts.
func (d *Detail) judge(tx *tenants.Tx, who Who) error {
	deadline, err := silence(tx, d.Procedure, d.Request, d.DocumentRequests, d.Facts)
	if err != nil {
		return err
	}
	d.Deadline = deadline
	d.Drifts = drifts(tx, d)
	if who == Owner { // what lawyers have to settle is said to agents
		d.Warnings = d.Procedure.Warnings(d.Answers, d.ReceivedOn, d.SilenceLastDay)
	} else {
		d.Warnings = append(slices.Clone(deadline.Warnings), d.Procedure.Warnings(d.Answers, d.ReceivedOn, calendar.Date{})...) // the silence that comes too late is the deadline’s
	}
	if d.Dates, err = d.compute(tx); err != nil { // [GetWhy] says it; the request is read all the same
		d.Dates = calendar.Dates{Deadline: deadline}
	}
	d.appeal()
	if who&agents != 0 {
		d.Warnings = append(d.Warnings, d.notificationWarnings(tx.Today(), tx.Territory())...)
	}
	if who != Owner {
		if d.Reopening, err = reopening(tx, d.Procedure, d.Request, slices.Clone(d.DocumentRequests), d.Decisions, d.Facts); err != nil {
			return err
		}
	}
	d.Actions = allowed(d.stateInLaw(tx.Today()), d.Kind, who)
	if d.Reopening == nil {
		d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool { return a == ActionReopen })
	}
	if !d.Procedure.Aid() {
		d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool { return a == ActionSuspend })
	}
	if !d.Extendable() {
		d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool { return a == ActionExtend })
	}
	if d.Procedure.Route == catalogue.RouteNone || d.Procedure.Review {
		d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool { return a == ActionContest })
	}
	if who&agents != 0 {
		d.Acts = d.acts(tx.Today())
	}
	for _, o := range d.Procedure.Outcomes() {
		if a, ok := actionOf(o); ok && slices.Contains(d.Actions, a) {
			d.Outcomes = append(d.Outcomes, o)
		}
	}
	return nil
}
