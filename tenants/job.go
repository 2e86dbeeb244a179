package tenants

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// Job is the arguments of a job, as the domain sees it: the same method as
// River's JobArgs. They are written as JSON outside the tenants' schemas, where
// erasure does not reach: they hold keys, and no personal data.
type Job interface {
	Kind() string
}

// Queued is a job with the time before which it must not run (zero: at once).
type Queued struct {
	Job Job
	At  time.Time
}

// Enqueuer writes jobs in the transaction of the change that asks for them: it queues
// its statements in a batch of that transaction.
type Enqueuer interface {
	Queue(batch *pgx.Batch, t Tenant, jobs []Queued) error
}

// EnqueueOption changes how a job is queued.
type EnqueueOption func(*Queued)

// At lets a job wait until a time.
func At(at time.Time) EnqueueOption { return func(q *Queued) { q.At = at } }
