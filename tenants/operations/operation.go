package operations

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Kind is what is done to a commune.
type Kind string

// The kinds. A cleanup removes what a move left behind.
const (
	Create  Kind = "create"
	Export  Kind = "export"
	Import  Kind = "import"
	Move    Kind = "move"
	Suspend Kind = "suspend"
	Resume  Kind = "resume"
	Delete  Kind = "delete"
	Cleanup Kind = "cleanup"
)

// State is how far an operation is.
type State string

// The states. A waiting one waits for a confirmation or for its time.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Operation is what is, was or will be done to a commune.
type Operation struct {
	ID            tenants.ID
	Kind          Kind
	State         State
	Step          string // the next one, or within it how far it is
	Done, Total   int    // of what the step counts; 0: it counts nothing
	Attempts      int
	Error         string // the fault's code; empty: none
	TenantID      int64  // 0: not yet
	HubID         int64  // 0: of no hub
	INSEE         string
	Name          string // of the commune
	Data          Details
	AskedKind     string
	AskedID       string
	AskedName     string
	ConfirmedKind string
	ConfirmedID   string
	ConfirmedName string
	ConfirmedAt   *time.Time
	NotBefore     *time.Time
	CreatedAt     time.Time
	UpdatedAt     time.Time
	EndedAt       *time.Time
}

// Details are what some kinds need or gave.
type Details struct {
	Colour   string `json:"colour,omitempty"` // create
	Temple   bool   `json:"temple,omitempty"`
	Holidays string `json:"holidays,omitempty"` // import
	Slug     string `json:"slug,omitempty"`
	Hub      int64  `json:"hub,omitempty"`
	Mayor    string `json:"mayor,omitempty"`
	Ready    bool   `json:"ready,omitempty"`

	From   string `json:"from,omitempty"` // move: the cells
	To     string `json:"to,omitempty"`
	Epoch  int    `json:"epoch,omitempty"` // of the placement that a move ends
	Schema string `json:"schema,omitempty"`
	Cell   string `json:"cell,omitempty"`
	Mark   string `json:"mark,omitempty"`      // up to where a move has copied (archive.Copy)
	Paused int64  `json:"paused_ms,omitempty"` // how long writes waited

	SHA256     string           `json:"sha256,omitempty"` // of an archive's manifest
	ExportedAt *time.Time       `json:"exported_at,omitempty"`
	Bytes      int64            `json:"bytes,omitempty"`
	Key        string           `json:"key,omitempty"`      // of the archive in the store
	Received   bool             `json:"received,omitempty"` // import: the archive lies in the store
	Sealed     []byte           `json:"sealed,omitempty"`   // import: the passphrase of its tracking codes
	Inline     bool             `json:"inline,omitempty"`   // the archive went to somebody's standard output
	Export     *archive.Summary `json:"export,omitempty"`

	Delay   int              `json:"delay_days,omitempty"` // delete
	Visa    string           `json:"visa,omitempty"`
	Tables  map[string]int64 `json:"tables,omitempty"`
	Copied  []archive.Copied `json:"copied,omitempty"` // move: what was compared when it was copied
	Caught  []archive.Copied `json:"caught,omitempty"` // move: and of what was written since
	Files   int              `json:"files,omitempty"`
	Jobs    int              `json:"jobs,omitempty"`
	Agents  int              `json:"agents,omitempty"` // import: invited again
	Codes   int              `json:"codes,omitempty"`  // import: tracking codes that can be told again
	Resumes bool             `json:"resumes,omitempty"`
}

const (
	columns = `id, kind, state, step, done, total, attempts, error, tenant_id, hub_id, insee, name, data, asked_kind, asked_id, asked_name,
		confirmed_kind, confirmed_id, confirmed_name, confirmed_at, not_before, created_at, updated_at, ended_at`
	sqlNew = `insert into platform.operation (id, kind, state, step, tenant_id, hub_id, insee, name, data, asked_kind, asked_id, asked_name, not_before, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)`
	sqlGet    = `select ` + columns + ` from platform.operation where id = $1`
	sqlOpenOf = `select ` + columns + ` from platform.operation where insee = $1 and kind = $2 and state in ('waiting', 'running')`
	sqlList   = `select ` + columns + ` from platform.operation where ($1::bigint is null or hub_id = $1) and ($2::bigint is null or tenant_id = $2) and kind <> 'cleanup'
		order by created_at desc, id desc limit $3`
	sqlDue = `select id from platform.operation where state = 'running' or state = 'waiting' and not_before <= $1 and (kind <> 'delete' or confirmed_at is not null)
		order by created_at, id`
	sqlSave = `update platform.operation set state = $2, step = $3, done = $4, total = $5, attempts = $6, error = $7, tenant_id = $8, hub_id = $9, data = $10, updated_at = $11, ended_at = $12
		where id = $1`
	sqlProgress = `update platform.operation set step = $2, done = $3, total = $4, updated_at = $5 where id = $1`
	sqlConfirm  = `update platform.operation set confirmed_kind = $2, confirmed_id = $3, confirmed_name = $4, confirmed_at = $5, not_before = $6, data = $7, updated_at = $5
		where id = $1 and state = 'waiting' and confirmed_at is null`
	sqlCancel     = `update platform.operation set state = 'cancelled', ended_at = $2, updated_at = $2 where id = $1 and state = 'waiting'`
	sqlLastExport = `select ` + columns + ` from platform.operation where tenant_id = $1 and kind = 'export' and state = 'done' order by ended_at desc limit 1`
	sqlForget     = `delete from platform.operation where tenant_id = $1 and id <> $2`
	sqlForgetOne  = `delete from platform.operation where id = $1`
	// A row's lock is held until the transaction ends, with the connection and the program at
	// the latest. It is no lock of the operation itself, whose progress is written meanwhile.
	sqlMayHold = `insert into platform.operation_hold (id) values ($1) on conflict do nothing`
	sqlHold    = `select id from platform.operation_hold where id = $1 for update skip locked`
	sqlLetIdle = `set local idle_in_transaction_session_timeout = 0`
	sqlNoHolds = `delete from platform.operation_hold h where h.id in (select h.id from platform.operation_hold h left join platform.operation o on o.id = h.id and o.state in ('waiting', 'running')
		where o.id is null for update of h skip locked)`
)

// start writes an operation. Another one that is open for the commune is fault.Conflict
// "operation_pending".
func (s *Service) start(ctx context.Context, a tenants.Actor, o Operation) (Operation, error) {
	if o.ID == "" {
		o.ID = tenants.NewID()
	}
	if o.State == "" {
		o.State = Running
	}
	if o.Step == "" {
		o.Step = ways[o.Kind].steps[0].name
	}
	_, err := s.config.Platform.Exec(ctx, sqlNew, o.ID, o.Kind, o.State, o.Step, o.TenantID, o.HubID, o.INSEE, o.Name, o.Data, a.Kind, string(a.ID), a.Name, o.NotBefore, s.now())
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return Operation{}, fault.New(fault.Conflict, "operation_pending")
	}
	if err != nil {
		return Operation{}, away(err)
	}
	return s.Get(ctx, o.ID)
}

// of is an operation on a commune that is open.
func of(kind Kind, t tenants.Tenant) Operation {
	return Operation{Kind: kind, TenantID: t.ID, HubID: t.HubID, INSEE: t.INSEE, Name: t.Name}
}

// Get gives an operation; none is fault.NotFound "operation_unknown".
func (s *Service) Get(ctx context.Context, id tenants.ID) (Operation, error) {
	return s.one(ctx, sqlGet, id.OrNull())
}

func (s *Service) one(ctx context.Context, sql string, args ...any) (Operation, error) {
	rows, err := s.config.Platform.Query(ctx, sql, args...)
	if err != nil {
		return Operation{}, away(err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Operation])
	if errors.Is(err, pgx.ErrNoRows) {
		return o, fault.New(fault.NotFound, "operation_unknown")
	}
	return o, away(err)
}

// OfHub lists the last operations on a hub's communes, the latest first.
func (s *Service) OfHub(ctx context.Context, hub int64, limit int) ([]Operation, error) {
	return s.list(ctx, hub, nil, limit)
}

// OfTenant lists the last operations on a commune, the latest first.
func (s *Service) OfTenant(ctx context.Context, tenant int64, limit int) ([]Operation, error) {
	return s.list(ctx, nil, tenant, limit)
}

func (s *Service) list(ctx context.Context, hub, tenant any, limit int) ([]Operation, error) {
	return s.query(ctx, sqlList, hub, tenant, limit)
}

func (s *Service) query(ctx context.Context, sql string, args ...any) ([]Operation, error) {
	rows, err := s.config.Platform.Query(ctx, sql, args...)
	if err != nil {
		return nil, away(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Operation])
	return list, away(err)
}

// save writes how an operation stands.
func (s *Service) save(ctx context.Context, o *Operation) error {
	o.UpdatedAt = s.now()
	_, err := s.config.Platform.Exec(ctx, sqlSave, o.ID, o.State, o.Step, o.Done, o.Total, o.Attempts, o.Error, o.TenantID, o.HubID, o.Data, o.UpdatedAt, o.EndedAt)
	return away(err)
}

// away tells a platform whose database does not answer.
func away(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code[:2] != "57" && pg.Code[:2] != "53" && pg.Code[:2] != "08" {
		return err
	}
	return fault.Wrap(fault.Unavailable, "database_away", err)
}

// Open tells whether an operation is not over.
func (o Operation) Open() bool { return o.State == Waiting || o.State == Running }

// NeedsConfirmation tells whether a second person has to confirm it.
func (o Operation) NeedsConfirmation() bool {
	return o.Kind == Delete && o.State == Waiting && o.ConfirmedAt == nil
}
