package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// Runner works the jobs of a cell.
type Runner struct {
	cell   string
	client *river.Client[pgx.Tx]
	deps   Deps
}

// workers is how many jobs a process works at once: they wait for SMTP and
// Postgres more than they compute.
const workers = 16

// newRunner makes a runner with every worker; it works nothing until Start.
func newRunner(cell string, pool *pgxpool.Pool, d Deps, metrics *metrics) (*Runner, error) {
	registered := river.NewWorkers()
	r := &Runner{cell: cell, deps: d}
	r.register(registered)
	client, err := river.NewClient(driver{riverpgxv5.New(pool)}, &river.Config{
		Schema:                      schema,
		Logger:                      d.Logger,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:                     registered,
		PeriodicJobs:                periodic(),
		JobTimeout:                  jobTimeout,
		FetchPollInterval:           500 * time.Millisecond,
		FetchCooldown:               20 * time.Millisecond,
		Middleware:                  []rivertype.Middleware{&observed{metrics: metrics, logger: d.Logger}},
		CompletedJobRetentionPeriod: remembered,
		ReindexerIndexNames:         slices.DeleteFunc(river.ReindexerIndexNamesDefault(), func(name string) bool { return slices.Contains(unwanted, name) }),
		// A job that crashed with its program is taken up again after this, or after its
		// own timeout where that is longer.
		RescueStuckJobsAfter: 5 * time.Minute,
	})
	if err != nil {
		return nil, err
	}
	r.client = client
	return r, nil
}

// unwanted are the indexes of River's that Migrate drops.
var unwanted = []string{"river_job_args_index", "river_job_metadata_index"}

// Start begins to work jobs, until Stop; where Postgres is away it fails, and is tried
// again by its caller.
func (r *Runner) Start(ctx context.Context) error { return r.client.Start(context.WithoutCancel(ctx)) }

// Stop takes no further job and waits for those that run, until the context ends.
func (r *Runner) Stop(ctx context.Context) error { return r.client.Stop(ctx) }

// addOf registers a worker, made of a function, of jobs that belong to a tenant.
func addOf[T tenants.Job](workers *river.Workers, r *Runner, work func(context.Context, tenants.Tenant, T) error, timeout time.Duration) {
	river.AddWorker(workers, &worker[T]{runner: r, work: work, timeout: timeout})
}

type worker[T tenants.Job] struct {
	river.WorkerDefaults[T]
	runner  *Runner
	work    func(context.Context, tenants.Tenant, T) error
	timeout time.Duration
}

// Timeout is how long a job of this kind may run.
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return w.timeout }

// Work runs the function for the job's tenant. What cannot succeed later ends the
// job; every other error is tried again, ever later.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	t, err := w.runner.tenantOf(ctx, job.JobRow)
	if err != nil {
		return err
	}
	return w.work(ctx, t, job.Args)
}

// addPlatform registers a worker, made of a function, of the platform's own jobs; it
// refuses them from anybody else. Without a timeout River's own holds.
func addPlatform[T river.JobArgs](workers *river.Workers, work func(context.Context) error, timeout time.Duration) {
	river.AddWorker(workers, &platformWorker[T]{work: work, timeout: timeout})
}

type platformWorker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	work    func(context.Context) error
	timeout time.Duration
}

// Timeout is how long a job of this kind may run.
func (w *platformWorker[T]) Timeout(*river.Job[T]) time.Duration { return w.timeout }

// Work runs the function.
func (w *platformWorker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	if owner(job.JobRow) != "" {
		return river.JobCancel(errForeign)
	}
	return w.work(ctx)
}

// errForeign ends a job that names another tenant than the one that queued it.
var errForeign = errors.New("jobs: the job is not of the tenant that it names")

// afterMove is when a job is looked at again whose tenant is in another cell now: by
// then it has been taken there.
const afterMove = time.Minute

// tenantOf finds a job's tenant. One that is unknown ends the job; so does one that
// did not queue it, for what a commune's role writes in a job's arguments must not
// reach another's data. One that moved keeps them until they are taken after it.
func (r *Runner) tenantOf(ctx context.Context, job *rivertype.JobRow) (tenants.Tenant, error) {
	var args struct {
		Tenant int64 `json:"tenant"`
	}
	if err := json.Unmarshal(job.EncodedArgs, &args); err != nil {
		return tenants.Tenant{}, river.JobCancel(err)
	}
	t, err := r.deps.Registry.ByID(ctx, args.Tenant)
	switch {
	case fault.Is(err, "not_found"):
		return tenants.Tenant{}, river.JobCancel(err)
	case err != nil:
		return tenants.Tenant{}, err
	case t.Cell != r.cell:
		return tenants.Tenant{}, river.JobSnooze(afterMove)
	case owner(job) != t.Schema:
		return tenants.Tenant{}, river.JobCancel(errForeign)
	}
	return t, nil
}

// owner gives the name of the tenant that queued a job, as row-level security saw
// to; empty for the platform's own.
func owner(job *rivertype.JobRow) string {
	var metadata struct {
		Tenant string `json:"tenant"`
	}
	if json.Unmarshal(job.Metadata, &metadata) != nil {
		return ""
	}
	return metadata.Tenant
}

// observed counts and logs each run of a job.
type observed struct {
	river.MiddlewareDefaults
	metrics *metrics
	logger  *slog.Logger
}

// Work runs the job between two looks at the clock.
func (o *observed) Work(ctx context.Context, job *rivertype.JobRow, next func(context.Context) error) error {
	began := time.Now()
	err := next(ctx)
	result := "done"
	_, snoozed := errors.AsType[*river.JobSnoozeError](err)
	switch {
	case snoozed:
		result = "later"
	case err != nil:
		result = "failed"
		o.logger.WarnContext(ctx, "job failed", "kind", job.Kind, "job", job.ID, "attempt", job.Attempt, "error", err.Error())
	}
	o.metrics.runs.WithLabelValues(job.Kind, result).Inc()
	o.metrics.seconds.WithLabelValues(job.Kind).Observe(time.Since(began).Seconds())
	o.metrics.waited.Observe(began.Sub(job.ScheduledAt).Seconds())
	return err
}

type metrics struct {
	runs    *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	waited  prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		runs:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parvis_jobs_total", Help: "Runs of jobs by kind and result."}, []string{"kind", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "parvis_job_seconds", Help: "Time a job ran.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8)}, []string{"kind"}),
		waited:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "parvis_job_wait_seconds", Help: "Time a job waited beyond its due time.", Buckets: prometheus.ExponentialBuckets(0.01, 4, 10)}),
	}
	registry.MustRegister(m.runs, m.seconds, m.waited)
	return m
}
