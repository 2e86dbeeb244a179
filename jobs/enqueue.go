package jobs

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/parvis-gru/parvis/tenants"
)

// Enqueuer writes jobs in a tenant's transaction; it satisfies tenants.Enqueuer.
type Enqueuer struct {
	woken atomic.Int64 // when workers were last told, in Unix milliseconds
}

// NewEnqueuer makes an Enqueuer; it needs no connection of its own.
func NewEnqueuer() *Enqueuer { return &Enqueuer{} }

const (
	// River's row, as its own client writes it (enqueue_test.go compares them), in one
	// statement with what decides its priority: how many of the tenant's jobs wait, no
	// further than it matters. The tenant's own jobs alone are visible to its role:
	// row-level security counts.
	sqlNewJobs = `insert into river.river_job (kind, args, metadata, scheduled_at, state, max_attempts, priority)
		select j.kind, j.args, $4::jsonb, coalesce(j.at, now()), (case when j.at is null then 'available' else 'scheduled' end)::river.river_job_state, $5::smallint,
			case when waiting.jobs + j.i <= 20 then 1 when waiting.jobs + j.i <= 50 then 2 when waiting.jobs + j.i <= 100 then 3 else 4 end
		from unnest($1::text[], $2::jsonb[], $3::timestamptz[]) with ordinality as j (kind, args, at, i), (
			select count(*) as jobs from (
				select 1 from river.river_job where state = 'available' limit 100) as counted) as waiting`
	sqlWake = `select pg_notify('river.river_insert', '{"queue": "` + river.QueueDefault + `"}')`
)

// wakeEvery bounds how often workers are told of new jobs, as River does: whoever
// tells holds a lock of the whole database until its commit. In between they look
// by themselves twice a second.
const wakeEvery = 100 * time.Millisecond

// Queue queues the writing of the jobs, with the tenant's name on them and a
// priority (1 is first, 4 last) that falls as its backlog grows.
func (e *Enqueuer) Queue(batch *pgx.Batch, t tenants.Tenant, jobs []tenants.Queued) error {
	metadata, err := json.Marshal(map[string]string{"tenant": t.Schema})
	if err != nil {
		return err
	}
	kinds, args, at := make([]string, len(jobs)), make([][]byte, len(jobs)), make([]*time.Time, len(jobs))
	for i, q := range jobs {
		if args[i], err = json.Marshal(q.Job); err != nil {
			return err
		}
		kinds[i] = q.Job.Kind()
		if !q.At.IsZero() {
			at[i] = &q.At
		}
	}
	batch.Queue(sqlNewJobs, kinds, args, at, metadata, river.MaxAttemptsDefault)
	now, last := time.Now().UnixMilli(), e.woken.Load()
	if now-last >= wakeEvery.Milliseconds() && e.woken.CompareAndSwap(last, now) {
		batch.Queue(sqlWake)
	}
	return nil
}
