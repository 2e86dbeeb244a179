package inherit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Work is what is to be done with a hub's model in a commune.
type Work string

// The works. Both show the commune what changed; WorkDraft begins a draft with all of it where the commune changed
// nothing and prepares nothing: what it chose itself, and what it publishes, stay its own.
const (
	WorkPropose Work = "propose"
	WorkDraft   Work = "draft"
)

// CommuneState is how a hub's model stands in a commune, when it was last looked at.
type CommuneState struct {
	TenantID    int64
	INSEE, Name string
	Wanted      Work   // "": nothing is to be done
	Error       string // a fault's code
	Number      int    // the version that the commune has; 0: it was not proposed
	State       string // absent, current, waiting, conflicts; "": not proposed
	Waiting     int
	Conflicts   int
	Drafted     bool
	CheckedAt   *time.Time
}

const (
	sqlCommuneStates = `select t.id as tenant_id, t.insee, t.name, coalesce(c.wanted, '') as wanted, coalesce(c.error, '') as error, coalesce(c.number, 0) as number,
			coalesce(c.state, '') as state, coalesce(c.waiting, 0) as waiting, coalesce(c.conflicts, 0) as conflicts, coalesce(c.drafted, false) as drafted, c.checked_at
		from platform.tenant t left join platform.hub_model_commune c on c.tenant_id = t.id and c.hub_id = $1 and c.slug = $2
		where t.hub_id = $1 and t.state in ('live', 'suspended') order by t.name, t.insee`
	// An empty list is every commune of the hub.
	sqlAsk = `insert into platform.hub_model_commune (hub_id, slug, tenant_id, wanted, asked_at, asked_by, not_before)
		select $1, $2, t.id, $3, $4, $5, $4 from platform.tenant t where t.hub_id = $1 and t.state in ('live', 'suspended') and (cardinality($6::text[]) = 0 or t.insee = any($6::text[]))
		on conflict (hub_id, slug, tenant_id) do update set wanted = excluded.wanted, asked_at = excluded.asked_at, asked_by = excluded.asked_by, not_before = excluded.not_before, attempts = 0, error = ''`
	// Taken for a while: what an ended program had taken is free again afterwards.
	sqlNextWork = `update platform.hub_model_commune c set not_before = $2 from (
			select hub_id, slug, tenant_id from platform.hub_model_commune where wanted <> '' and not_before <= $1 order by not_before, tenant_id limit 1 for update skip locked) n
		where c.hub_id = n.hub_id and c.slug = n.slug and c.tenant_id = n.tenant_id returning c.hub_id, c.slug, c.tenant_id, c.wanted, c.attempts, c.asked_at`
	// Asked for again meanwhile: it stays to be done.
	sqlWorked = `update platform.hub_model_commune set wanted = case when asked_at = $10 then '' else wanted end, attempts = 0, error = '', number = $4, state = $5, waiting = $6, conflicts = $7, drafted = $8, checked_at = $9
		where hub_id = $1 and slug = $2 and tenant_id = $3`
	sqlWorkFailed = `update platform.hub_model_commune set wanted = case when $6 then '' else wanted end, attempts = attempts + 1, error = $4, not_before = $5
		where hub_id = $1 and slug = $2 and tenant_id = $3 and asked_at = $7`
	// A commune that opens after its hub wrote a version is proposed it; those before wait for the hub's word.
	sqlNewcomer = `insert into platform.hub_model_commune (hub_id, slug, tenant_id, wanted, asked_at, asked_by, not_before)
		select distinct m.hub_id, m.slug, t.id, 'propose', $2::timestamptz, h.name, $2::timestamptz from platform.hub_model m join platform.tenant t on t.hub_id = m.hub_id join platform.hub h on h.id = m.hub_id
		where t.id = $1 and m.created_at <= t.created_at on conflict do nothing`
	sqlProposedTo = `select hub_id, slug, number from platform.hub_model_commune where tenant_id = $1 and number > 0`
	sqlOfModel    = `select slug from procedure where model = $1 and version_id is not null order by position, slug limit 1`
	sqlLooked     = `update platform.hub_model_commune set state = $4, waiting = $5, conflicts = $6, drafted = $7, checked_at = $8
		where hub_id = $1 and slug = $2 and tenant_id = $3 and (state, waiting, conflicts, drafted) is distinct from ($4, $5::integer, $6::integer, $7::boolean)`
)

// Communes lists a hub's communes with how its model stands there, by name.
func (s *Service) Communes(ctx context.Context, hub int64, slug string) ([]CommuneState, error) {
	rows, err := s.config.Platform.Query(ctx, sqlCommuneStates, hub, slug)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[CommuneState])
}

// Ask asks for work in communes of the hub, by their INSEE codes; none: in all of them. It gives in how
// many, and is done by [Service.Tick]. Who keeps what the hub shares may. No such model is
// fault.NotFound "model_unknown".
func (s *Service) Ask(ctx context.Context, by tenants.Actor, m HubModel, w Work, insee []string) (int, error) {
	if !by.MayKeep() {
		return 0, fault.New(fault.Forbidden, "hub_keeper_only")
	}
	if _, err := s.Model(ctx, m.HubID, m.Slug); err != nil {
		return 0, err
	}
	if insee == nil {
		insee = []string{}
	}
	tag, err := s.config.Platform.Exec(ctx, sqlAsk, m.HubID, m.Slug, w, s.now(), by.Name, insee)
	return int(tag.RowsAffected()), err
}

type workRow struct {
	HubID    int64
	Slug     string
	TenantID int64
	Wanted   Work
	Attempts int
	AskedAt  time.Time
}

// Bounds of work that fails: a commune whose database is away is tried again for two hours.
const (
	workAttempts = 8
	workWait     = time.Minute
	workLease    = 2 * time.Minute // longer than a commune takes
)

// workers is how many communes are worked on at once by one Tick.
const workers = 4

// Tick does the work that is due until none is left, and gives in how many communes it succeeded.
// Several may tick at once: a commune is taken for [workLease], and what an ended program leaves
// is taken up afterwards.
func (s *Service) Tick(ctx context.Context) (int, error) {
	var done atomic.Int64
	var mu sync.Mutex
	var failed []error
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				some, err := s.next(ctx)
				if err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				} else if some {
					done.Add(1)
				}
				if !some {
					return
				}
			}
		})
	}
	all.Wait()
	return int(done.Load()), errors.Join(failed...)
}

// next does one piece of work; some tells whether there was one.
func (s *Service) next(ctx context.Context) (some bool, err error) {
	rows, err := s.config.Platform.Query(ctx, sqlNextWork, s.now(), s.now().Add(workLease))
	if err != nil {
		return false, err
	}
	w, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[workRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m, state, failed := s.work(ctx, w)
	if failed == nil {
		_, err = s.config.Platform.Exec(ctx, sqlWorked, w.HubID, w.Slug, w.TenantID, m.Number, state.State, state.Waiting, state.Conflicts, state.Drafted, s.now(), w.AskedAt)
		return true, err
	}
	if ctx.Err() != nil {
		return true, failed // the program ends: it is taken up again
	}
	f := fault.Of(failed)
	passing := f.Kind == fault.Unavailable || f.Kind == fault.Internal || f.Kind == fault.Conflict
	given := !passing || w.Attempts+1 >= workAttempts
	_, err = s.config.Platform.Exec(ctx, sqlWorkFailed, w.HubID, w.Slug, w.TenantID, f.Code, s.now().Add(workWait<<w.Attempts), given, w.AskedAt)
	return true, errors.Join(failed, err)
}

// work brings a hub's model to a commune, by the commune's own role.
func (s *Service) work(ctx context.Context, w workRow) (m HubModel, state CommuneState, err error) {
	if m, err = s.Model(ctx, w.HubID, w.Slug); err != nil {
		return m, state, err
	}
	t, err := s.config.Registry.ByID(ctx, w.TenantID)
	if err != nil {
		return m, state, err
	}
	hub, err := s.config.Registry.HubByID(ctx, w.HubID)
	if err != nil {
		return m, state, err
	}
	if t.HubID != w.HubID {
		return m, state, fault.New(fault.NotFound, "commune_unknown")
	}
	err = s.config.DB.Write(ctx, t, tenants.System(hub.Name), func(tx *tenants.Tx) error {
		if !tx.SchemaAt(catalogue.SinceWorkflow) {
			return fault.New(fault.Unavailable, "update_later")
		}
		own, err := m.Procedure.For(t.Kind)
		if err != nil {
			return err
		}
		if err := Propose(ctx, tx, hub.Name, own); err != nil {
			return err
		}
		here, state1, err := look(ctx, tx, w.Slug)
		state = state1
		if err != nil || w.Wanted != WorkDraft || !here.plain() {
			return err
		}
		if _, err := Take(ctx, tx, here.Entry.Slug, here.Read(), here.Merge.IDs(Upstream)); err != nil {
			return err
		}
		_, state, err = look(ctx, tx, w.Slug)
		return err
	})
	return m, state, err
}

// plain tells whether changes wait in a commune that chose nothing itself and prepares nothing.
func (s Standing) plain() bool {
	return s.Merge != nil && s.All > 0 && s.Draft == nil && s.Merge.Untouched()
}

// look tells how a model stands in a commune.
func look(ctx context.Context, tx *tenants.Tx, model string) (Standing, CommuneState, error) {
	slug, err := tenants.One[string](ctx, tx, sqlOfModel, model)
	if fault.Is(err, "not_found") {
		return Standing{}, CommuneState{State: "absent"}, nil
	}
	if err != nil {
		return Standing{}, CommuneState{}, err
	}
	s, err := For(ctx, tx, slug)
	if err != nil {
		return s, CommuneState{}, err
	}
	state := CommuneState{State: "current", Waiting: s.All, Conflicts: s.Conflicts, Drafted: s.Draft != nil}
	switch {
	case s.Conflicts > 0:
		state.State = "conflicts"
	case s.All > 0:
		state.State = "waiting"
	}
	return s, state, nil
}

type proposedRow struct {
	HubID  int64
	Slug   string
	Number int
}

// Refresh looks again at how what was proposed to a commune stands there, and has what its hub had
// before the commune opened proposed to it.
func (s *Service) Refresh(ctx context.Context, t tenants.Tenant) error {
	if t.HubID != 0 {
		if _, err := s.config.Platform.Exec(ctx, sqlNewcomer, t.ID, s.now()); err != nil {
			return err
		}
	}
	rows, err := s.config.Platform.Query(ctx, sqlProposedTo, t.ID)
	if err != nil {
		return err
	}
	proposed, err := pgx.CollectRows(rows, pgx.RowToStructByName[proposedRow])
	if err != nil || len(proposed) == 0 {
		return err
	}
	states := make([]CommuneState, len(proposed))
	err = s.config.DB.Read(ctx, t, tenants.System("modèles"), func(tx *tenants.Tx) (err error) {
		for i, p := range proposed {
			if _, states[i], err = look(ctx, tx, p.Slug); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, p := range proposed {
		state := states[i]
		if _, err := s.config.Platform.Exec(ctx, sqlLooked, p.HubID, p.Slug, t.ID, state.State, state.Waiting, state.Conflicts, state.Drafted, s.now()); err != nil {
			return err
		}
	}
	return nil
}
