package inherit

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/proof"
)

// Config is what a Service works with.
type Config struct {
	Platform *pgxpool.Pool
	Registry *tenants.Registry
	DB       *tenants.DB
	Clock    func() time.Time
}

// Service keeps what hubs propose to their communes, and brings it there.
type Service struct{ config Config }

// New makes a service.
func New(c Config) *Service { return &Service{config: c} }

func (s *Service) now() time.Time { return s.config.Clock().UTC() }

// HubModel is a hub's own version of a procedure.
type HubModel struct {
	HubID     int64
	Slug      string
	Number    int
	Title     string
	Source    string // the commune that it was taken from
	CreatedAt time.Time
	CreatedBy string
	Procedure *catalogue.Procedure

	base *catalogue.Procedure // the library's that it was last brought to
}

// Counts are how a hub's model stands in its communes.
type Counts struct{ Proposed, Current, Waiting, Conflicts, Absent, Working int }

// ListedModel is a model in a hub's list.
type ListedModel struct {
	Slug, Title string
	Number      int
	CreatedAt   time.Time
	CreatedBy   string
	Counts
}

const (
	sqlHubModels = `select m.slug, m.title, m.number, m.created_at, m.created_by,
			count(c.tenant_id) filter (where c.number > 0) as proposed, count(c.tenant_id) filter (where c.state = 'current') as current,
			count(c.tenant_id) filter (where c.state = 'waiting') as waiting, count(c.tenant_id) filter (where c.state = 'conflicts') as conflicts,
			count(c.tenant_id) filter (where c.state = 'absent') as absent, count(c.tenant_id) filter (where c.wanted <> '') as working
		from platform.hub_model m left join platform.hub_model_commune c on c.hub_id = m.hub_id and c.slug = m.slug
		where m.hub_id = $1 and m.number = (select max(n.number) from platform.hub_model n where n.hub_id = m.hub_id and n.slug = m.slug)
		group by m.hub_id, m.slug, m.number order by m.title, m.slug`
	sqlHubModel = `select hub_id, slug, number, title, source, created_at, created_by, definition, base from platform.hub_model
		where hub_id = $1 and slug = $2 order by number desc limit 1`
	sqlNewHubModel = `insert into platform.hub_model (hub_id, slug, number, title, definition, checksum, base, source, created_at, created_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlRebaseHub = `update platform.hub_model set base = $4 where hub_id = $1 and slug = $2 and number = $3`
)

type hubRow struct {
	HubID            int64
	Slug             string
	Number           int
	Title, Source    string
	CreatedAt        time.Time
	CreatedBy        string
	Definition, Base json.RawMessage
}

// Models lists what a hub proposes, by title.
func (s *Service) Models(ctx context.Context, hub int64) ([]ListedModel, error) {
	rows, err := s.config.Platform.Query(ctx, sqlHubModels, hub)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[ListedModel])
}

// Model gives what a hub proposes under a name. None is fault.NotFound "model_unknown".
func (s *Service) Model(ctx context.Context, hub int64, slug string) (HubModel, error) {
	rows, err := s.config.Platform.Query(ctx, sqlHubModel, hub, slug)
	if err != nil {
		return HubModel{}, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[hubRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return HubModel{}, fault.New(fault.NotFound, "model_unknown")
	}
	if err != nil {
		return HubModel{}, err
	}
	m := HubModel{HubID: r.HubID, Slug: r.Slug, Number: r.Number, Title: r.Title, Source: r.Source, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy}
	if m.Procedure, err = catalogue.Stored(r.Definition); err == nil && len(r.Base) > 0 {
		m.base, err = catalogue.Stored(r.Base)
	}
	if err != nil {
		return m, fault.Wrap(fault.Internal, "version_unreadable", err)
	}
	return m, nil
}

// Put makes a procedure the hub's version of the model of its name; communes get it when it is proposed
// to them. Who keeps what the hub shares may. What the proof objects to is fault.Invalid
// "proof_blocks" with a field for each. The same content again changes nothing.
func (s *Service) Put(ctx context.Context, by tenants.Actor, hub tenants.Hub, p *catalogue.Procedure) (HubModel, error) {
	return s.put(ctx, by, hub.ID, p, "", nil)
}

func (s *Service) put(ctx context.Context, by tenants.Actor, hub int64, p *catalogue.Procedure, source string, base *catalogue.Procedure) (HubModel, error) {
	if !by.MayKeep() {
		return HubModel{}, fault.New(fault.Forbidden, "hub_keeper_only")
	}
	plain := *p
	plain.Tables = nil
	own, err := plain.Copy()
	if err != nil {
		return HubModel{}, err
	}
	if err := refusal(proof.Prove(proof.Input{Procedure: own, Today: s.now()})); err != nil {
		return HubModel{}, err
	}
	before, err := s.Model(ctx, hub, own.Slug)
	switch {
	case err == nil && before.Procedure.Checksum() == own.Checksum() && base == nil:
		return before, nil
	case err == nil && base == nil:
		base = before.base
	case err != nil && !fault.Is(err, "model_unknown"):
		return HubModel{}, err
	}
	if m, ok := catalogue.Model(own.Slug); ok && base == nil {
		base = m
	}
	text, err := json.Marshal(own)
	if err != nil {
		return HubModel{}, err
	}
	var from []byte
	if base != nil {
		if from, err = json.Marshal(base); err != nil {
			return HubModel{}, err
		}
	}
	_, err = s.config.Platform.Exec(ctx, sqlNewHubModel, hub, own.Slug, before.Number+1, own.Title, text, own.Checksum(), from, source, s.now(), by.Name)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return HubModel{}, fault.New(fault.Conflict, "update_changed")
	}
	if err != nil {
		return HubModel{}, err
	}
	return s.Model(ctx, hub, own.Slug)
}

// refusal makes the fault of what blocks, or nil.
func refusal(r proof.Report) error {
	var fields []fault.Field
	for _, f := range r.Findings {
		if f.Blocks {
			fields = append(fields, fault.Field{Path: f.Path, Code: f.Code, Message: f.Text})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "proof_blocks", fields...)
}

// PutFrom makes what a commune of the hub published, and shows to everyone, the hub's version: under the name
// of the model that it came from. Errors as in [Service.Put]; a procedure that the commune does not
// offer is fault.NotFound "procedure_unknown".
func (s *Service) PutFrom(ctx context.Context, by tenants.Actor, t tenants.Tenant, slug string) (HubModel, error) {
	if !by.MayKeep() {
		return HubModel{}, fault.New(fault.Forbidden, "hub_keeper_only")
	}
	var e catalogue.Entry
	err := s.config.DB.Read(ctx, t, tenants.Guest(), func(tx *tenants.Tx) (err error) { // as anybody reads it
		e, err = catalogue.BySlug(ctx, tx, slug)
		return err
	})
	if err == nil && !e.Open {
		err = fault.New(fault.NotFound, "procedure_unknown")
	}
	if err != nil {
		return HubModel{}, err
	}
	own, err := e.Procedure().Copy()
	if err != nil {
		return HubModel{}, err
	}
	if e.Model != "" {
		own.Slug = e.Model
	}
	return s.put(ctx, by, t.HubID, own, t.Name, nil)
}

// Library compares a hub's version with the library's model: what the library changed since. nil: there
// is no such model.
func (m HubModel) Library() (*Merge, error) {
	theirs, ok := catalogue.Model(m.Slug)
	if !ok || m.base == nil {
		return nil, nil //nolint:nilnil // a procedure of the hub's own has none, which is no error
	}
	return Compare(m.base, theirs, m.Procedure)
}

// TakeLibrary takes changes of the library's over into a new version of the hub's; none: the hub keeps its
// own, and they are not shown again. number is the version that was seen: another one since is
// fault.Conflict "update_changed". held as in [Take]; otherwise the errors of [Service.Put].
func (s *Service) TakeLibrary(ctx context.Context, by tenants.Actor, hub tenants.Hub, seen HubModel, ids []string) (held []string, err error) {
	if !by.MayKeep() {
		return nil, fault.New(fault.Forbidden, "hub_keeper_only")
	}
	m, err := s.Model(ctx, hub.ID, seen.Slug)
	if err != nil {
		return nil, err
	}
	if m.Number != seen.Number {
		return nil, fault.New(fault.Conflict, "update_changed")
	}
	merge, err := m.Library()
	if err != nil {
		return nil, err
	}
	if merge == nil {
		return nil, fault.New(fault.NotFound, "model_unknown")
	}
	if len(ids) == 0 {
		text, err := json.Marshal(merge.to)
		if err != nil {
			return nil, err
		}
		_, err = s.config.Platform.Exec(ctx, sqlRebaseHub, hub.ID, m.Slug, m.Number, text)
		return nil, err
	}
	p, held, err := merge.Apply(ids...)
	if err != nil {
		return nil, err
	}
	base, err := merge.Advance(without(ids, held)...)
	if err != nil {
		return nil, err
	}
	_, err = s.put(ctx, by, hub.ID, p, m.Source, base)
	return held, err
}
