package requests

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Why a receipt could not leave at once.
const (
	awaitsMentions = "mentions" // something that it must bear is not set
	awaitsSorting  = "later"    // a free letter, of which the agent wants to find the service first
	awaitsPosting  = "posting"  // it is made, and waits in the print queue: no row, but its letter
)

// AwaitedReceipt is a receipt that is due and could not leave at once (CRPA R.112-11-2).
type AwaitedReceipt struct {
	RequestID  tenants.ID
	ID         tenants.ID
	About      string // AboutRequest, AboutDocument, AboutMessage
	Label      string // the document's name
	Reason     string
	ReceivedAt time.Time
	ReceivedOn calendar.Date
	DueOn      calendar.Date // ten working days after the reception; on paper advice, for no text sets a time
}

// Sorting tells whether the receipt waits for an agent who wanted to sort the letter first,
// and for no mention.
func (a AwaitedReceipt) Sorting() bool { return a.Reason == awaitsSorting }

// Posting tells whether the receipt is a letter that is made and was not posted yet.
func (a AwaitedReceipt) Posting() bool { return a.Reason == awaitsPosting }

// Near tells whether little time is left: two working days, or none.
func (a AwaitedReceipt) Near(today calendar.Date, t calendar.Territory) bool {
	return !t.AddWorkingDays(today, nearReceipt).Before(a.DueOn)
}

// Late tells whether the time is past.
func (a AwaitedReceipt) Late(today calendar.Date) bool { return a.DueOn.Before(today) }

// nearReceipt is how many working days before its last day a receipt is said to be near.
const nearReceipt = 2

const (
	awaitedColumns = `d.request_id, d.id, d.about, d.label, d.reason, d.received_at, d.received_on, d.due_on`

	sqlAwait      = `insert into receipt_due (request_id, id, about, label, reason, received_at, received_on, due_on) values ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlAwaited    = `select ` + awaitedColumns + ` from receipt_due d where d.request_id = $1 order by d.received_at, d.id`
	sqlNotAwaited = `delete from receipt_due where request_id = $1 and id = $2`
	// The table holds only what is awaited, which is next to nothing: it is read whole.
	sqlAwaitedAll = `select r.number, r.title, r.service_id, r.agent_id, coalesce(s.name, '') as service, r.channel, r.version, ` + awaitedColumns + `
		from receipt_due d join request r on r.id = d.request_id left join service s on s.id = r.service_id
		where r.closed_on is null and ($1::text[] is null or r.service_id = any($1::text[]::uuid[])) and ($2::uuid is null or r.service_id = $2)
		order by d.due_on, d.id limit $3`
	// Receipts on paper wait in the print queue until the day of their posting is noted.
	sqlReceiptsToPost = `select r.number, r.title, r.service_id, r.agent_id, coalesce(s.name, '') as service, r.channel, r.version,
			l.request_id, l.id, 'request' as about, '' as label, 'posting' as reason, r.received_at, r.received_on, null::date as due_on
		from letter l join request r on r.id = l.request_id left join service s on s.id = r.service_id
		where l.kind = 'receipt' and l.arrived_on is null and l.posted_on is null` + letterStands + ` and r.closed_on is null
			and ($1::text[] is null or r.service_id = any($1::text[]::uuid[])) and ($2::uuid is null or r.service_id = $2)
		order by r.received_on, l.id limit $3`
	sqlAwaitedToTell = `select d.request_id, d.id, d.due_on, r.version, d.near_on is not null as told_near
		from receipt_due d join request r on r.id = d.request_id
		where r.closed_on is null and (d.due_on < $1 and d.late_on is null or d.due_on <= $2 and d.near_on is null)`
	sqlToldNear = `update receipt_due set near_on = $3 where request_id = $1 and id = $2`
	sqlToldLate = `update receipt_due set near_on = coalesce(near_on, $3), late_on = $3 where request_id = $1 and id = $2`
)

// queueAwaited keeps, with the request, that its receipt is still to leave.
func (in *intake) queueAwaited(batch *pgx.Batch) {
	if in.awaits == "" {
		return
	}
	batch.Queue(sqlAwait, in.id, tenants.NewID(), AboutRequest, "", in.awaits, in.r.ReceivedAt, in.r.ReceivedOn, calendar.ReceiptDue(in.r.ReceivedOn, in.tx.Territory()))
}

// await keeps that the receipt of a document or a message is still to leave.
func (c *change) await(ctx context.Context, s sent, reason string) error {
	due := calendar.ReceiptDue(s.on, c.tx.Territory())
	if _, err := c.tx.Exec(ctx, sqlAwait, c.r.ID, tenants.NewID(), s.about, s.label, reason, s.at, s.on, due); err != nil {
		return err
	}
	return c.record(ctx, "receipt_awaited", EventData{Receipt: s.about, LimitOn: due, Label: s.label})
}

// IssueReceipt issues, whole, what is awaited about a request: its receipt, and those of
// what was sent later. Agents of its service may, while the request is open: once silence
// has decided, a receipt can announce nothing (fault.Conflict "action_not_possible"). A
// mention that is still missing blocks it and is named: fault.Conflict "mentions_missing".
// Where nothing is awaited it is fault.NotFound "receipt_unknown".
func IssueReceipt(ctx context.Context, tx *tenants.Tx, number string, expect int64) (Request, error) {
	c, err := begin(ctx, tx, number, expect)
	switch {
	case err != nil:
		return Request{}, err
	case c.who&agents == 0:
		return Request{}, fault.New(fault.Forbidden, "not_allowed")
	case !c.r.State.Open() || c.r.silenceActed(tx.Today()):
		return Request{}, fault.New(fault.Conflict, "action_not_possible")
	}
	awaited, err := tenants.All[AwaitedReceipt](ctx, tx, sqlAwaited, c.r.ID)
	if err != nil {
		return Request{}, err
	}
	if len(awaited) == 0 {
		return Request{}, fault.New(fault.NotFound, "receipt_unknown")
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return Request{}, err
	}
	for _, a := range awaited {
		if err := c.issueAwaited(ctx, settings, a); err != nil {
			return Request{}, err
		}
	}
	return c.save(ctx)
}

func (c *change) issueAwaited(ctx context.Context, settings tenants.Settings, a AwaitedReceipt) error {
	e, err := c.procedure(ctx)
	if err != nil {
		return err
	}
	if a.About == AboutRequest {
		err = c.issueRequest(ctx, e, settings)
	} else {
		m := catalogue.SendingMentions(e, settings, catalogue.Kind(a.About), a.Label, a.ReceivedOn)
		if lacking := m.Lacking(); len(lacking) > 0 {
			return mentionsMissing(lacking)
		}
		err = c.issueSent(ctx, e, m, sent{about: a.About, label: a.Label, at: a.ReceivedAt, on: a.ReceivedOn})
	}
	if err != nil {
		return err
	}
	_, err = c.tx.Exec(ctx, sqlNotAwaited, c.r.ID, a.ID)
	return err
}

// issueRequest issues the receipt of the request as it now stands: with the pieces that
// were asked for meanwhile, and the last day that they give (R.112-11-4).
func (c *change) issueRequest(ctx context.Context, e catalogue.Entry, settings tenants.Settings) error {
	notices, err := documentRequests(ctx, c.tx, c.r.ID)
	if err != nil {
		return err
	}
	m := receiptMentions(c.tx, e, settings, c.r, notices)
	if lacking := m.Lacking(); len(lacking) > 0 {
		return mentionsMissing(lacking)
	}
	mail := receiptMail(m, c.r, e.Procedure(), c.tx)
	mail.Number, mail.Path = c.r.Number, c.path()
	if mail.TrackingCode, err = codeOf(ctx, c.tx, c.r); err != nil {
		return err
	}
	return c.issue(ctx, issued{kind: receiptOfRequest, about: AboutRequest, mentions: m, mail: mail, complete: true})
}

// Awaited is a receipt that is due, with the request that it is of.
type Awaited struct {
	Number    string
	Title     string
	ServiceID tenants.ID
	AgentID   tenants.ID
	Service   string
	Channel   string
	Version   int64
	AwaitedReceipt
}

// maxAwaited is how many awaited receipts are listed.
const maxAwaited = 200

// AwaitedReceipts gives the receipts that are still to leave, those that are printed or to be
// printed and not posted among them, the soonest due first, of what
// the agent covers. Only agents may.
func AwaitedReceipts(ctx context.Context, tx *tenants.Tx) ([]Awaited, error) {
	if !tx.Actor().MayRead() {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	awaited, err := allAwaited(ctx, tx)
	if err != nil {
		return nil, err
	}
	several, service := covered(tx.Actor())
	posting, err := tenants.All[Awaited](ctx, tx, sqlReceiptsToPost, several, service.OrNull(), maxAwaited)
	for i := range posting {
		posting[i].DueOn = calendar.ReceiptDue(posting[i].ReceivedOn, tx.Territory())
	}
	awaited = append(awaited, posting...)
	slices.SortStableFunc(awaited, func(a, b Awaited) int { return a.DueOn.Compare(b.DueOn) })
	return awaited, err
}

func allAwaited(ctx context.Context, tx *tenants.Tx) ([]Awaited, error) {
	several, service := covered(tx.Actor())
	return tenants.All[Awaited](ctx, tx, sqlAwaitedAll, several, service.OrNull(), maxAwaited)
}

// Attention is what agents must not overlook beside the list of requests.
type Attention struct {
	Receipts      int           // still to leave, but for those to post
	ReceiptsDueOn calendar.Date // the soonest
	ToPost        int           // receipts on paper that are made and not posted
	PostOn        calendar.Date // the soonest of these days
	Sources       int           // that sent a significant number since yesterday, and that nobody has judged
}

const sqlAttention = `select count(*)::int as receipts, min(d.due_on) as receipts_due_on,
		(select count(*) from letter l join request q on q.id = l.request_id
			where l.kind = 'receipt' and l.arrived_on is null and l.posted_on is null` + letterStands + `
				and q.closed_on is null and ($1::text[] is null or q.service_id = any($1::text[]::uuid[])) and ($2::uuid is null or q.service_id = $2))::int as to_post,
		(select min(q.received_on) from letter l join request q on q.id = l.request_id
			where l.kind = 'receipt' and l.arrived_on is null and l.posted_on is null` + letterStands + `
				and q.closed_on is null and ($1::text[] is null or q.service_id = any($1::text[]::uuid[])) and ($2::uuid is null or q.service_id = $2)) as post_on,
		(select count(*) from sending_source x where x.day >= $3 and x.exempt_on is null and x.blocked_until is null)::int as sources
	from receipt_due d join request r on r.id = d.request_id
	where r.closed_on is null and ($1::text[] is null or r.service_id = any($1::text[]::uuid[])) and ($2::uuid is null or r.service_id = $2)`

// NeedsAttention gives what an agent must not overlook. Only agents may.
func NeedsAttention(ctx context.Context, tx *tenants.Tx) (Attention, error) {
	if !tx.Actor().MayRead() {
		return Attention{}, fault.New(fault.Forbidden, "not_allowed")
	}
	several, service := covered(tx.Actor())
	a, err := tenants.One[Attention](ctx, tx, sqlAttention, several, service.OrNull(), tx.Today().AddDays(-1))
	if a.ToPost > 0 {
		a.PostOn = calendar.ReceiptDue(a.PostOn, tx.Territory())
	}
	return a, err
}

type awaitedToTell struct {
	RequestID tenants.ID
	ID        tenants.ID
	DueOn     calendar.Date
	Version   int64
	ToldNear  bool
}

// watchReceipts alerts the agents of the receipts whose last day is near, then past, once each.
func watchReceipts(ctx context.Context, tx *tenants.Tx) (int, error) {
	today := tx.Today()
	list, err := tenants.All[awaitedToTell](ctx, tx, sqlAwaitedToTell, today, tx.Territory().AddWorkingDays(today, nearReceipt))
	if err != nil {
		return 0, err
	}
	for _, a := range list {
		alert, told := alertReceiptNear, sqlToldNear
		if a.DueOn.Before(today) {
			alert, told = alertReceiptLate, sqlToldLate
		}
		if _, err := tx.Exec(ctx, told, a.RequestID, a.ID, today); err != nil {
			return 0, err
		}
		err := tx.Record(ctx, tenants.Event{
			SubjectKind: subjectRequest, SubjectID: string(a.RequestID), Kind: "deadline_alert",
			Data: EventData{Version: a.Version, Alert: alert, On: a.DueOn},
		})
		if err != nil {
			return 0, err
		}
	}
	return len(list), nil
}
