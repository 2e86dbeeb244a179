package tenants

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/communes"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// CommuneFilter chooses among a hub's communes. What is zero does not choose.
type CommuneFilter struct {
	Hub        int64
	Name       string // part of a name, or an INSEE code
	Department string // "31", "2A", "974"
	State      TenantState
	Cell       string
	Late       bool // has late requests
	Unsent     bool // mails did not arrive
	Behind     int  // the schema is older than this version
	Order      CommuneOrder
	After      string // Next of the page before
	Limit      int    // 0: 50
}

// CommuneOrder is the order of a list of communes.
type CommuneOrder string

// The orders.
const (
	ByName   CommuneOrder = ""
	ByLate   CommuneOrder = "retard"
	ByOpen   CommuneOrder = "ouvertes"
	ByAsleep CommuneOrder = "inactives" // the longest without activity first
)

// CommuneLine is a commune of a hub's list. The counts are those of RefreshedAt; nil:
// not counted yet.
type CommuneLine struct {
	ID           int64
	Slug         string
	INSEE        string
	Name         string
	State        TenantState
	Cell         string
	Version      int
	MailFailures int
	Agents       int
	LastActivity *time.Time
	Open         int
	DueSoon      int // due within seven days, the day of the count included
	Late         int
	Received     int // since the first of January
	LastReceived calendar.Date
	RefreshedAt  *time.Time
	Key          int64 // of the order
}

// CommunePage is a page of the list; Next is empty on the last one.
type CommunePage struct {
	Lines []CommuneLine
	Next  string
}

// CommuneTotals are sums over all communes of a hub, whatever a filter chooses.
type CommuneTotals struct{ Communes, Open, DueSoon, Late, MailFailures int }

const (
	sqlCommunes = `select c.id, c.slug, c.insee, c.name, c.state, c.cell, c.version, c.mail_failures, c.agents, c.last_activity, c.open, c.due_soon, c.late, c.received, c.last_received, c.refreshed_at, c.key from (
			select t.id, t.slug, t.insee, t.name, t.state, t.cell,
				coalesce(h.version, 0) as version, coalesce(h.mail_failures, 0) as mail_failures, coalesce(h.agents, 0) as agents, h.last_activity,
				coalesce(h.open, 0) as open, coalesce(h.due_soon, 0) as due_soon, coalesce(h.late, 0) as late, coalesce(h.received, 0) as received,
				h.last_received, h.refreshed_at,
				case $8::text when 'retard' then coalesce(h.late, 0)::bigint when 'ouvertes' then coalesce(h.open, 0)::bigint
					when 'inactives' then -coalesce(extract(epoch from h.last_activity), 0)::bigint else 0 end as key
			from platform.tenant t left join platform.tenant_health h on h.tenant_id = t.id
			where t.hub_id = $1 and ($2::text is null or t.slug like '%' || $2 || '%' or t.insee = upper($2))
				and ($3::text is null or t.insee like $3 || '%') and ($4::text is null or t.state = $4) and ($5::text is null or t.cell = $5)
				and (not $6::boolean or h.late > 0) and (not $7::boolean or h.mail_failures > 0)
				and ($9::int is null or coalesce(h.version, 0) < $9)) c
		where $10::text is null or c.key < $11 or c.key = $11 and c.slug > $10
		order by c.key desc, c.slug limit $12`
	sqlCommuneTotals = `select count(*) as communes, coalesce(sum(h.open), 0) as open, coalesce(sum(h.due_soon), 0) as due_soon,
			coalesce(sum(h.late), 0) as late, coalesce(sum(h.mail_failures), 0) as mail_failures
		from platform.tenant t left join platform.tenant_health h on h.tenant_id = t.id where t.hub_id = $1`
	sqlCommuneLine = `select t.id, t.slug, t.insee, t.name, t.state, t.cell,
			coalesce(h.version, 0) as version, coalesce(h.mail_failures, 0) as mail_failures, coalesce(h.agents, 0) as agents, h.last_activity,
			coalesce(h.open, 0) as open, coalesce(h.due_soon, 0) as due_soon, coalesce(h.late, 0) as late, coalesce(h.received, 0) as received,
			h.last_received, h.refreshed_at, 0::bigint as key
		from platform.tenant t left join platform.tenant_health h on h.tenant_id = t.id where t.id = $1`
)

// listLimit is the length of a page.
const listLimit = 50

// Communes lists a hub's communes with their health: one row each, however many.
// Hub administrators may. A page that no longer is one is fault.Invalid
// "cursor_invalid".
func (r *Registry) Communes(ctx context.Context, f CommuneFilter) (CommunePage, error) {
	var page CommunePage
	limit := f.Limit
	if limit <= 0 {
		limit = listLimit
	}
	var after any
	var key int64
	if f.After != "" {
		k, slug, ok := strings.Cut(f.After, "_")
		n, err := strconv.ParseInt(k, 10, 64)
		if !ok || err != nil {
			return page, fault.New(fault.Invalid, "cursor_invalid")
		}
		after, key = slug, n
	}
	var behind any
	if f.Behind > 0 {
		behind = f.Behind
	}
	lines, err := all[CommuneLine](ctx, r.pool, sqlCommunes, f.Hub, orNull(communes.Slug(f.Name)), orNull(f.Department), orNull(string(f.State)), orNull(f.Cell),
		f.Late, f.Unsent, string(f.Order), behind, after, key, limit+1)
	if err != nil {
		return page, err
	}
	if len(lines) > limit {
		lines = lines[:limit]
		last := lines[limit-1]
		page.Next = strconv.FormatInt(last.Key, 10) + "_" + last.Slug
	}
	page.Lines = lines
	return page, nil
}

// CommuneTotals sums what a hub's communes count.
func (r *Registry) CommuneTotals(ctx context.Context, hub int64) (CommuneTotals, error) {
	return one[CommuneTotals](ctx, r.pool, sqlCommuneTotals, hub)
}

// CommuneLine gives one commune with its health.
func (r *Registry) CommuneLine(ctx context.Context, tenant int64) (CommuneLine, error) {
	return one[CommuneLine](ctx, r.pool, sqlCommuneLine, tenant)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
