package requests

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// View is a way of looking at the agents' list.
type View string

// The views. All but the last two hold open requests, by due date.
const (
	ViewTodo    View = "todo"    // not waiting for the person
	ViewMine    View = "mine"    // assigned to the agent who asks
	ViewWaiting View = "waiting" // for papers
	ViewLate    View = "late"    // due before today
	ViewOpen    View = "open"    // all that is open
	ViewClosed  View = "closed"  // answered, latest first
	ViewAll     View = "all"     // found by search, open or closed, latest first
)

// Filter narrows the agents' list. Zero fields do not.
type Filter struct {
	View      View // empty: todo
	State     State
	Service   tenants.ID
	Agent     tenants.ID
	Procedure string // slug
	Channel   string
	Q         string // number, name or procedure
	DueBefore calendar.Date
	Limit     int    // 1 to 100; 0 is 20
	Cursor    string // of the page before, opaque
}

// Page is a part of the list.
type Page struct {
	Items []Row
	Next  string // cursor of the next page; "" on the last
	Total int    // at most CountCap
	More  bool   // Total is a floor: there are more
}

// Row is a line of a list.
type Row struct {
	ID             tenants.ID
	Number         string
	ProcedureSlug  string
	Title          string
	Kind           Kind
	Channel        string
	State          State
	ServiceID      tenants.ID
	AgentID        tenants.ID
	ServiceName    string
	AgentName      string
	ApplicantName  string
	ReceivedOn     calendar.Date
	DueOn          calendar.Date
	SilenceLastDay calendar.Date
	Silence        calendar.Effect
	Waiting        bool
	ClosedOn       calendar.Date
	Unread         int // messages from the other side
	Version        int64
}

// Late tells whether the request should have been answered before today.
func (r Row) Late(today calendar.Date) bool {
	return r.State.Open() && !r.DueOn.IsZero() && r.DueOn.Before(today)
}

// Counts is how much stands in each view, each at most [CountCap].
type Counts struct{ Todo, Mine, Waiting, Late int }

// Open is how much is open in all, at most [CountCap].
func (c Counts) Open() int { return min(c.Todo+c.Waiting, CountCap) }

// CountCap is where counting stops: beyond it a figure helps nobody, and costs.
const CountCap = 500

const (
	rowColumns = `r.id, r.number, r.procedure_slug, r.title, r.kind, r.channel, r.state, r.service_id, r.agent_id,
		coalesce(s.name, '') as service_name, coalesce(a.given_name || ' ' || a.family_name, '') as agent_name,
		case when r.organisation <> '' then r.organisation else trim(r.given_name || ' ' || r.family_name) end as applicant_name,
		r.received_on, r.due_on, r.silence_last_day, r.silence_effect as silence, r.waiting, r.closed_on, r.version, `
	rowUnread = `(select count(*) from message m where m.request_id = r.id and m.incoming and m.read_at is null)::int as unread`

	// $1 services seen, $2 state, $3 service, $4 agent, $5 procedure, $6 channel, $7 tsquery, $8 number, $9 due before, $10 waiting.
	// They are planned with their values (see planned): a null one costs nothing.
	filters = ` and ($1::text[] is null or r.service_id = any($1::text[]::uuid[]))
		and ($2::text is null or r.state = $2) and ($3::uuid is null or r.service_id = $3) and ($4::uuid is null or r.agent_id = $4)
		and ($5::text is null or r.procedure_slug = $5) and ($6::text is null or r.channel = $6)
		and ($7::text is null or to_tsvector('simple'::regconfig, r.search) @@ to_tsquery('simple'::regconfig, $7))
		and ($8::text is null or r.number = $8)
		and ($9::date is null or r.due_on < $9) and ($10::boolean is null or r.waiting = $10)`
	joined = ` left join service s on s.id = r.service_id left join agent a on a.id = r.agent_id`

	sqlListOpen = `select ` + rowColumns + rowUnread + ` from request r` + joined + ` where r.closed_on is null` + filters + `
		and ($11::text is null or (coalesce(r.due_on, 'infinity'::date), r.id) > ($11::text::date, $12::uuid))
		order by coalesce(r.due_on, 'infinity'::date), r.id limit $13`
	sqlListClosed = `select ` + rowColumns + rowUnread + ` from request r` + joined + ` where r.closed_on is not null` + filters + `
		and ($11::text is null or (r.closed_on, r.id) < ($11::text::date, $12::uuid))
		order by r.closed_on desc, r.id desc limit $13`
	sqlListAll = `select ` + rowColumns + rowUnread + ` from request r` + joined + ` where true` + filters + `
		and ($11::text is null or r.id < $12::uuid)
		order by r.id desc limit $13`
	sqlCountOpen   = `select count(*) from (select 1 from request r where r.closed_on is null` + filters + ` limit $11) counted`
	sqlCountClosed = `select count(*) from (select 1 from request r where r.closed_on is not null` + filters + ` limit $11) counted`
	sqlCountAll    = `select count(*) from (select 1 from request r where true` + filters + ` limit $11) counted`

	seen      = `and ($1::text[] is null or r.service_id = any($1::text[]::uuid[])) and ($5::uuid is null or r.service_id = $5)`
	sqlCounts = `select
		(select count(*) from (select 1 from request r where r.closed_on is null and not r.waiting ` + seen + ` limit $4) c) as todo,
		(select count(*) from (select 1 from request r where r.closed_on is null and r.agent_id = $2 ` + seen + ` limit $4) c) as mine,
		(select count(*) from (select 1 from request r where r.closed_on is null and r.waiting ` + seen + ` limit $4) c) as waiting,
		(select count(*) from (select 1 from request r where r.closed_on is null and coalesce(r.due_on, 'infinity'::date) < $3 ` + seen + ` limit $4) c) as late`
	sqlMine = `select ` + rowColumns + `(select count(*) from message m where m.request_id = r.id and not m.incoming and m.read_at is null)::int as unread
		from request r` + joined + ` where r.citizen_id = $1 order by r.received_at desc, r.id desc limit 200`
)

// planned makes Postgres plan the statement for these very values: with so many
// filters that may be null a plan for any values would be a bad one for most.
const planned = pgx.QueryExecModeCacheDescribe

// covered gives the services that an agent is limited to: several, or one, which an
// index then answers in order; none of both is no limit.
func covered(a tenants.Actor) (several []string, one tenants.ID) {
	if a.Role != tenants.RoleInstructor || len(a.Services) == 0 {
		return nil, ""
	}
	if len(a.Services) == 1 {
		return nil, a.Services[0]
	}
	for _, id := range a.Services {
		several = append(several, string(id))
	}
	return several, ""
}

// cursor is where a page ended.
type cursor struct {
	View View       `json:"v"`
	Day  string     `json:"d"`
	ID   tenants.ID `json:"i"`
}

const endless = "infinity" // sorts the requests without a due date last

var cursorDay = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2}|infinity)$`)

func (c cursor) String() string {
	data, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func readCursor(s string, view View) (*cursor, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // the first page has no cursor
	}
	invalid := fault.New(fault.Invalid, "cursor_invalid", fault.Field{Path: "cursor", Code: "invalid"})
	if len(s) > 300 {
		return nil, invalid
	}
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, invalid
	}
	var c cursor
	if json.Unmarshal(data, &c) != nil || c.View != view || !cursorDay.MatchString(c.Day) {
		return nil, invalid
	}
	if _, err := tenants.ParseID(string(c.ID)); err != nil {
		return nil, invalid
	}
	if _, err := calendar.ParseDate(c.Day); err != nil && c.Day != endless {
		return nil, invalid
	}
	return &c, nil
}

// query is a filter as the statements take it.
type query struct {
	view        View
	list, count string
	args        []any
	words       bool // looked for
	at          *cursor
	limit       int
}

func (f Filter) query(tx *tenants.Tx) (query, error) {
	q := query{view: f.View, limit: f.Limit}
	if q.view == "" {
		q.view = ViewTodo
	}
	if q.limit == 0 {
		q.limit = 20
	}
	if q.limit < 1 || q.limit > 100 || f.State != "" && !slices.Contains(States(), f.State) || f.Channel != "" && !slices.Contains(Channels(), f.Channel) {
		return q, filterInvalid()
	}
	for _, id := range []tenants.ID{f.Service, f.Agent} {
		if _, err := tenants.ParseID(string(id)); id != "" && err != nil {
			return q, filterInvalid()
		}
	}
	var err error
	if q.at, err = readCursor(f.Cursor, q.view); err != nil {
		return q, err
	}
	return q, q.choose(f, tx)
}

func filterInvalid() error {
	return fault.New(fault.Invalid, "filter_invalid", fault.Field{Path: "filter", Code: "invalid"})
}

// choose picks the statements of the view, and their arguments.
func (q *query) choose(f Filter, tx *tenants.Tx) error {
	agent, due := f.Agent, f.DueBefore
	var waiting any
	q.list, q.count = sqlListOpen, sqlCountOpen
	switch q.view {
	case ViewTodo:
		waiting = false
	case ViewMine:
		agent = tx.Actor().ID
	case ViewWaiting:
		waiting = true
	case ViewLate:
		if due.IsZero() || due.After(tx.Today()) {
			due = tx.Today()
		}
	case ViewOpen:
	case ViewClosed:
		q.list, q.count = sqlListClosed, sqlCountClosed
	case ViewAll:
		q.list, q.count = sqlListAll, sqlCountAll
	default:
		return filterInvalid()
	}
	if f.State != "" && !f.State.Open() && q.view == ViewTodo && f.View == "" {
		q.list, q.count, q.view, waiting = sqlListClosed, sqlCountClosed, ViewClosed, nil
	}
	if f.State == StateWaiting && q.view == ViewTodo {
		waiting = nil // asked for by name
	}
	var words, number any
	if n := ReadNumber(f.Q); n != "" {
		number = n
	} else if w := searchQuery(f.Q); w != "" {
		words = w
	} else if f.Q != "" {
		number = "" // nothing that could be found was typed
	}
	q.words = words != nil
	several, service := covered(tx.Actor())
	if f.Service != "" {
		if service != "" && service != f.Service {
			several = []string{} // both cannot hold
		}
		service = f.Service
	}
	q.args = []any{planned, several, orNone(string(f.State)), service.OrNull(), agent.OrNull(), orNone(f.Procedure), orNone(f.Channel),
		words, number, due, waiting}
	return nil
}

func orNone(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// List gives the agents' list, of what the agent covers. Only agents may. A filter
// or a cursor that says nothing is fault.Invalid "filter_invalid", "cursor_invalid".
func List(ctx context.Context, tx *tenants.Tx, f Filter) (Page, error) {
	if !tx.Actor().MayRead() {
		return Page{}, fault.New(fault.Forbidden, "not_allowed")
	}
	q, err := f.query(tx)
	if err != nil {
		return Page{}, err
	}
	if q.words && q.view == ViewAll {
		if page, all, err := q.search(ctx, tx); err != nil || all {
			return page, err
		}
	}
	var day, after any
	if q.at != nil {
		day, after = q.at.Day, q.at.ID
	}
	rows, err := tenants.All[Row](ctx, tx, q.list, append(slices.Clone(q.args), day, after, q.limit+1)...)
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: rows}
	if len(rows) > q.limit {
		page.Items = rows[:q.limit]
		page.Next = q.after(page.Items[q.limit-1])
	}
	if q.at == nil && page.Next == "" {
		page.Total = len(rows) // the only page: counted already
		return page, nil
	}
	total, err := tenants.One[int64](ctx, tx, q.count, append(slices.Clone(q.args), CountCap+1)...)
	page.Total, page.More = int(min(total, CountCap)), total > CountCap
	return page, err
}

func (q query) after(r Row) string {
	c := cursor{View: q.view, ID: r.ID, Day: endless}
	switch {
	case q.view == ViewClosed:
		c.Day = r.ClosedOn.String()
	case q.view != ViewAll && !r.DueOn.IsZero():
		c.Day = r.DueOn.String()
	}
	return c.String()
}

// ListCounts gives how much the agent has to do. Only agents may.
func ListCounts(ctx context.Context, tx *tenants.Tx) (Counts, error) {
	a := tx.Actor()
	if !a.MayRead() {
		return Counts{}, fault.New(fault.Forbidden, "not_allowed")
	}
	several, service := covered(a)
	return tenants.One[Counts](ctx, tx, sqlCounts, planned, several, a.ID.OrNull(), tx.Today(), CountCap, service.OrNull())
}

// Mine gives the requests of the signed-in citizen, latest first, at most 200. The
// unread messages are those from the town hall.
func Mine(ctx context.Context, tx *tenants.Tx) ([]Row, error) {
	a := tx.Actor()
	if a.Kind != tenants.ActorCitizen || a.ID == "" {
		return nil, fault.New(fault.Forbidden, "not_allowed")
	}
	return tenants.All[Row](ctx, tx, sqlMine, a.ID)
}
