package requests

import (
	"context"
	"slices"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/notify"
)

type reader struct {
	ID       tenants.ID
	Name     string
	Email    string
	Role     tenants.Role
	Services []string
}

type digestRow struct {
	Number    string
	Title     string
	ServiceID tenants.ID
	AgentID   tenants.ID
	DueOn     calendar.Date
	Late      bool
	Due       bool
	Fresh     bool
	Lapsed    bool
	Posted    bool
}

const (
	sqlReaders = `select a.id, a.given_name || ' ' || a.family_name as name, a.email, a.role,
			array(select s.service_id::text from agent_service s where s.agent_id = a.id) as services
		from agent a where a.active and a.digest and a.role in ('instructor', 'admin') order by a.id`
	// What somebody should know this morning: late, due in five working days, come
	// since yesterday, decided by silence since yesterday, posted and not known to have arrived.
	sqlDigest = `select r.number, r.title, r.service_id, r.agent_id, r.due_on,
			r.closed_on is null and r.due_on < $1 as late, r.closed_on is null and r.due_on >= $1 and r.due_on <= $2 as due,
			r.closed_on is null and r.received_at >= $3 as fresh,
			r.state in ('implicitly_accepted', 'implicitly_rejected') and r.closed_at >= $3 as lapsed,
			exists (select 1 from decision d where d.request_id = r.id and d.notified_on is null and not d.implicit) as posted
		from request r
		where r.closed_on is null and (coalesce(r.due_on, 'infinity'::date) <= $2 or r.received_at >= $3)
			or r.closed_on >= $4 and (r.closed_at >= $3 and r.state in ('implicitly_accepted', 'implicitly_rejected')
				or exists (select 1 from decision d where d.request_id = r.id and d.notified_on is null and not d.implicit))
		order by coalesce(r.due_on, 'infinity'::date), r.id limit 2000`
	sqlDigested = `select count(*) from event where subject_id = $1 and kind = 'digest_sent'`
)

const (
	digestLines = 10 // of each part of the mail
	digestDue   = 5  // working days
	digestBack  = 60 // days that an unconfirmed letter is recalled
	oneDay      = 24 * time.Hour
)

// Digest writes each agent's morning mail, once a day, and gives their number. It
// names no citizen. Who has nothing to do gets none. Only a job of ours may; it runs it at
// the hour that the settings say, on working days.
func Digest(ctx context.Context, tx *tenants.Tx) (int, error) {
	if tx.Actor().Kind != tenants.ActorSystem {
		return 0, fault.New(fault.Forbidden, "not_allowed")
	}
	today := tx.Today()
	if !tx.Territory().IsWorkingDay(today) {
		return 0, nil
	}
	subject := "digest:" + today.String()
	before, err := tenants.One[int64](ctx, tx, sqlDigested, subject)
	if err != nil || before > 0 {
		return 0, err
	}
	since := tx.Territory().AddWorkingDays(today, -1).Start(tx.Tenant().Zone())
	rows, err := tenants.All[digestRow](ctx, tx, sqlDigest, today, tx.Territory().AddWorkingDays(today, digestDue), since, today.AddDays(-digestBack))
	if err != nil {
		return 0, err
	}
	reasons, err := tenants.All[digestRow](ctx, tx, sqlReasonsDue, today, tx.Territory().AddWorkingDays(today, digestDue))
	if err != nil {
		return 0, err
	}
	recourses, err := tenants.All[digestRow](ctx, tx, sqlRecourseDue, today, tx.Territory().AddWorkingDays(today, digestDue))
	if err != nil {
		return 0, err
	}
	rows = slices.Concat(rows, reasons, recourses)
	readers, err := tenants.All[reader](ctx, tx, sqlReaders)
	if err != nil {
		return 0, err
	}
	awaited, err := allAwaited(ctx, tx)
	if err != nil {
		return 0, err
	}
	settings, _, err := tenants.GetSettings(ctx, tx)
	if err != nil {
		return 0, err
	}
	sent := 0
	for _, a := range readers {
		mail, any := a.digest(today, rows, awaited)
		if !any || notify.CheckEmail(a.Email) != nil {
			continue
		}
		m, err := notify.Render(tx.Tenant(), settings, mail)
		if err != nil {
			return sent, err
		}
		if err := notify.Enqueue(ctx, tx, notify.Message{Channel: "email", Template: notify.TemplateOf(mail), To: a.Email, Subject: m.Subject, Text: m.Text, HTML: m.HTML}); err != nil {
			return sent, err
		}
		sent++
	}
	return sent, tx.Record(ctx, tenants.Event{SubjectKind: "digest", SubjectID: subject, Kind: "digest_sent", Data: EventData{Count: sent}})
}

// digest picks what concerns an agent: what is assigned to them, and what is
// assigned to nobody in the services that they cover.
func (a reader) digest(today calendar.Date, rows []digestRow, awaited []Awaited) (notify.AgentDigest, bool) {
	d := notify.AgentDigest{Agent: a.Name, Day: today, Path: "/agents"}
	covers := assignee{Role: a.Role, Services: a.Services}
	add := func(list *[]notify.DigestLine, count *int, is bool, r digestRow) {
		if !is {
			return
		}
		*count++
		if len(*list) < digestLines {
			*list = append(*list, notify.DigestLine{Number: r.Number, Title: r.Title, DueOn: r.DueOn, Path: "/agents/demandes/" + r.Number})
		}
	}
	var lapsed, posted int
	for _, r := range rows {
		if r.AgentID != a.ID && (r.AgentID != "" || !covers.covers(r.ServiceID)) {
			continue
		}
		add(&d.Late, &d.LateCount, r.Late, r)
		add(&d.Due, &d.DueCount, r.Due, r)
		add(&d.Fresh, &d.FreshCount, r.Fresh && !r.Late && !r.Due, r)
		add(&d.Lapsed, &lapsed, r.Lapsed, r)
		add(&d.Unnotified, &posted, r.Posted, r)
	}
	receipts := map[string]bool{}
	for _, r := range awaited {
		if receipts[r.Number] || r.AgentID != a.ID && (r.AgentID != "" || !covers.covers(r.ServiceID)) {
			continue
		}
		receipts[r.Number] = true
		add(&d.Receipts, &d.ReceiptCount, true, digestRow{Number: r.Number, Title: r.Title, DueOn: r.DueOn})
	}
	return d, d.LateCount+d.DueCount+d.FreshCount+lapsed+posted+d.ReceiptCount > 0
}
